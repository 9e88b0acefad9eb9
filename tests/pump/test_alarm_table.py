"""The alarms: every entry by name, what each does to the pump, and how a board of them behaves in a storm."""

import tomllib
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pump_orders import order

from thecal.pump.alarm_table import (
    ACTIONS,
    EMPTY,
    PRIORITIES,
    Alarm,
    Board,
    acknowledge,
    action,
    alarm,
    alarm_named,
    alarms,
    begin,
    bits,
    by_matrix,
    end,
    escalate,
    link_lost,
    locks_bolus,
    silence,
    tick,
)
from thecal.pump.compile import compile_order
from thecal.pump.kernel import ALWAYS_STOP
from thecal.pump.parts import FIXED
from thecal.quantity import Refused

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
NUMBERS = [each.number for each in alarms()]
every_alarm = pytest.mark.parametrize("each", alarms(), ids=lambda each: each.name)
PUMP_ACTION = {
    "stop": {1, 2, 4, 5, 6, 10, 13, 34},
    "fallback": {3, 8, 9, 25, 30},
    "basal_only": {11, 24},
}


def test_there_are_forty_five_each_with_its_own_number_and_name() -> None:
    assert len(alarms()) == 45
    assert len({each.number for each in alarms()}) == len({each.name for each in alarms()}) == 45


@every_alarm
def test_its_priority_is_what_harm_and_onset_ask_for_or_it_says_why(each: Alarm) -> None:
    asked = by_matrix(each.harm, each.onset)
    assert (
        each.priority == asked
        or (each.reason and PRIORITIES.index(each.priority) < PRIORITIES.index(asked))
        or (each.escalation is not None)
    )


@every_alarm
def test_its_words_sources_and_action_are_there(each: Alarm) -> None:
    sources = tomllib.loads((files("thecal.pump") / "data" / "alarms.toml").read_text("utf-8"))["sources"]
    assert each.condition and each.clears and each.patient and each.clinic and each.causes and each.hazards
    assert each.source and set(each.source) <= set(sources)
    assert each.action in ACTIONS


@every_alarm
def test_the_pump_does_what_the_table_says_while_it_is_active(each: Alarm) -> None:
    board = begin(EMPTY, each.number, 0)
    expected = next((name for name, numbers in PUMP_ACTION.items() if each.number in numbers), "continue")
    assert action(board) == expected
    assert locks_bolus(board) == each.locks_bolus
    assert bits(board) == (1 << each.number if each.of_the_pump else 0)


@every_alarm
def test_a_latching_alarm_stays_until_a_person_saw_it_and_another_goes_with_its_condition(each: Alarm) -> None:
    board = end(begin(EMPTY, each.number, 0), each.number, 10)
    assert bool(board) == each.latching
    assert acknowledge(board, each.number) == EMPTY
    still = acknowledge(begin(EMPTY, each.number, 0), each.number)
    assert len(still) == 1  # acknowledged, and its condition still holds
    assert end(still, each.number, 10) == EMPTY


@every_alarm
def test_it_sounds_at_once_and_again_by_the_rhythm_of_its_priority(each: Alarm) -> None:
    rhythm = {"high": (60, 600), "medium": (600, 3_600), "low": (3_600, 3_600)}[each.priority]
    board, signals = tick(begin(EMPTY, each.number, 5), 5)
    assert [signal.number for signal in signals] == [each.number]
    assert tick(board, 5 + rhythm[0] * 1_000 - 1)[1] == ()
    assert tick(board, 5 + rhythm[1] * 1_000)[1]


@every_alarm
def test_it_escalates_when_its_time_has_come_even_while_it_is_silent(each: Alarm) -> None:
    board = begin(EMPTY, each.number, 0)
    rule = each.escalation
    if rule is None:
        assert tick(board, 90 * DAY)[0][0].priority == each.priority
        return
    if rule.after is not None:
        board = silence(board, 0, 60_000, "implant")
        before, _ = tick(board, rule.after * 1_000 - 1)
        assert not before[0].escalated
        after, _ = tick(board, rule.after * 1_000)
    else:
        assert rule.when
        after = escalate(board, each.number, 5)
    if isinstance(rule.to, int):
        assert {entry.number for entry in after} == {each.number, rule.to}
    else:
        assert after[0].priority == rule.to and after[0].silent_until == 0
    assert escalate(after, each.number, DAY) == after  # once


def test_the_night_lets_medium_and_low_rest_and_never_high() -> None:
    for name, sounds in (("motor_stall", True), ("state_suspect", False), ("drug_expiry", False)):
        board, _ = tick(begin(EMPTY, alarm_named(name).number, 0), 0)
        assert bool(tick(board, 4 * HOUR, second_of_day=2 * 3_600)[1]) == sounds
        assert tick(board, 4 * HOUR, second_of_day=9 * 3_600)[1]


def test_the_same_alarm_again_is_counted_and_makes_no_new_sound() -> None:
    board, _ = tick(begin(EMPTY, 20, 0), 0)
    board = begin(end(board, 20, 1_000), 20, 2_000)
    assert (board[0].count, board[0].since, board[0].last) == (2, 0, 2_000)
    assert tick(board, 3_000)[1] == ()


def test_silence_is_bounded_covers_only_what_is_active_and_ends_with_the_link() -> None:
    board, _ = tick(begin(EMPTY, 5, 0), 0)
    with pytest.raises(Refused, match="not a silence"):
        silence(board, 0, 120_001, "external")
    with pytest.raises(Refused):
        silence(board, 0, 600_001, "implant")
    board = silence(board, 0, 600_000, "implant")
    assert tick(board, 599_000)[1] == ()
    later = begin(board, 6, 1_000)
    assert [signal.number for signal in tick(later, 1_000)[1]] == [6]
    assert [signal.number for signal in tick(link_lost(board), 60_000)[1]] == [5]


@given(st.permutations(NUMBERS))
def test_in_a_storm_none_is_masked_and_the_most_restrictive_action_wins(storm: list[int]) -> None:
    board: Board = EMPTY
    for at, number in enumerate(storm):
        board = begin(board, number, at)
        asked = [alarm(each).action for each in storm[: at + 1]]
        assert action(board) == max(asked, key=ACTIONS.index)
    assert sorted(entry.number for entry in board) == sorted(NUMBERS)
    ranks = [PRIORITIES.index(entry.priority) for entry in board]
    assert ranks == sorted(ranks)
    _, signals = tick(board, 100)
    assert {signal.number for signal in signals} == set(NUMBERS)
    assert signals[0].priority == "high"


@given(
    st.lists(st.tuples(st.sampled_from(["begin", "end", "acknowledge", "escalate", "tick"]), st.sampled_from(NUMBERS)))
)
def test_an_alarm_whose_condition_holds_is_on_the_board_whatever_was_done(steps: list[tuple[str, int]]) -> None:
    board: Board = EMPTY
    present = set[int]()
    for at, (what, number) in enumerate(steps):
        if what == "begin":
            board, present = begin(board, number, at), present | {number}
        elif what == "end":
            board, present = end(board, number, at), present - {number}
        elif what == "acknowledge":
            board = acknowledge(board, number)
        elif what == "escalate":
            board = escalate(board, number, at)
            rule = alarm(number).escalation
            if rule is not None and isinstance(rule.to, int) and any(e.number == rule.to for e in board):
                present |= {e.number for e in board if e.number == rule.to and e.present}
        else:
            board, _ = tick(board, at)
        assert present <= {entry.number for entry in board if entry.present}
        assert len({entry.number for entry in board}) == len(board)


def test_the_signed_reactions_take_the_place_of_the_table() -> None:
    board = begin(EMPTY, alarm_named("motor_stall").number, 0)
    assert action(board, {"motor_stall": "min_rate"}) == "min_rate"


def test_every_order_reacts_to_every_alarm_as_the_table_says_unless_it_signs_otherwise() -> None:
    program = compile_order(order(now=20_000 * DAY), 250)
    table = {
        each.number: ACTIONS.index(each.action)
        for each in alarms()
        if each.action != "continue" and each.name not in ("reservoir_empty", "therapy_stopped", "emergency_used")
    }
    assert dict(program.reactions) == table
    assert {alarm_named(name).number for name in FIXED[:3]} == set(ALWAYS_STOP)
