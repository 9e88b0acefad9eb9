"""The ladder of safe states: what each rung gives, that it raises no rate by itself, and who takes it down again."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kernel_rig import CONFIG, DAY, HOUR, INTERVAL, MG, PULSE, T0, loaded, program, reason, run

from thecal.pump.kernel import (
    ALWAYS_STOP,
    NEVER,
    VETO,
    Alarm,
    Demand,
    Demanded,
    Event,
    Faults,
    GapReason,
    Load,
    Mode,
    Once,
    Outcome,
    Part,
    Path,
    Program,
    Record,
    Refill,
    Restart,
    Resume,
    Rung,
    Segment,
    State,
    Stop,
    Stray,
    Tick,
    apply,
    mass_by,
    plan_for,
    start,
    state_from_bytes,
    state_to_bytes,
    step,
)

BY_RUNG = {rung: 40 + rung for rung in Rung if rung}
REACTIONS = tuple((number, int(rung)) for rung, number in BY_RUNG.items())
DAYTIME = (Segment(0, 6 * HOUR, MG // 10), Segment(6 * HOUR, 12 * HOUR, 3 * MG), Segment(18 * HOUR, 6 * HOUR, MG))


def order(**fields: Any) -> Program:
    return program(**{"fallback": MG, "reactions": REACTIONS, **fields})


def climbed(state: State, rung: Rung, at: int) -> State:
    return step(state, Faults(1 << BY_RUNG[rung], 0, at))[0]


@pytest.mark.parametrize(("rung", "pulses"), [(1, 1_600), (2, 400), (3, 24), (4, 0)])
def test_each_rung_gives_its_rate_and_no_more(rung: int, pulses: int) -> None:
    state = climbed(loaded(order()), Rung(rung), T0)
    _, fired = run(state, T0 + DAY)
    assert len(fired) == pulses


def test_the_unfinished_part_of_a_pulse_goes_on_more_slowly() -> None:
    state = climbed(loaded(order()), Rung.FALLBACK, T0 + INTERVAL // 2)
    assert state.due == T0 + INTERVAL // 2 + 2 * INTERVAL


def test_without_a_signed_fallback_rate_the_mechanical_minimum_is_all_there_is() -> None:
    _, fired = run(climbed(loaded(order(fallback=NEVER)), Rung.FALLBACK, T0), T0 + DAY)
    assert len(fired) == 24
    config = CONFIG._replace(minimum=0)
    state, _ = step(start(config, 10**7, T0), Load(order(fallback=NEVER), T0))
    state = climbed(state, Rung.FALLBACK, T0)
    assert (state.mode, state.due) == (Mode.FAULT, NEVER)
    assert state.alarms & Alarm.STOPPED


@given(st.integers(0, 5 * MG), st.sampled_from([None, Once(Part.TEMPORARY, 5 * HOUR, 2 * MG)]), st.integers(0, DAY))
def test_a_higher_rung_never_gives_more_at_any_instant(fallback: int, once: Once | None, at: int) -> None:
    shape = order(segments=DAYTIME, fallback=fallback, once=once)
    head = T0 + 7 * HOUR if once else NEVER
    plans = [plan_for(shape, CONFIG, rung, head) for rung in Rung]
    rates = [mass_by(plan, T0 + at + 60_000) - mass_by(plan, T0 + at) for plan in plans]
    for low, high in pairwise(rates):
        assert high <= low + 2  # each is rounded to 1 fg at both ends


def test_what_ends_does_not_take_the_rung_down_and_a_person_does() -> None:
    state = climbed(loaded(order()), Rung.FALLBACK, T0)
    state, _ = step(state, Faults(0, 1 << BY_RUNG[Rung.FALLBACK], T0 + 1))
    assert state.aside.rung == Rung.FALLBACK
    state, _ = run(state, T0 + HOUR)
    back, _ = step(state, Resume(state.now))
    assert back.aside.rung == Rung.NORMAL
    back, _ = step(state, Load(order(label=b"new"), state.now))
    assert back.aside.rung == Rung.NORMAL


def test_a_person_cannot_take_it_below_what_is_still_active() -> None:
    state = climbed(climbed(loaded(order()), Rung.FALLBACK, T0), Rung.STOP, T0)
    assert state.mode == Mode.FAULT
    state, _ = step(state, Faults(0, 1 << BY_RUNG[Rung.STOP], T0 + HOUR))
    state, _ = step(state, Resume(T0 + HOUR))
    assert (state.aside.rung, state.mode) == (Rung.FALLBACK, Mode.RUNNING)
    gap = state.past.gaps[-1]
    assert (gap.start, gap.end, gap.reason) == (T0, T0 + HOUR, GapReason.HALTED)
    assert state.due > T0 + HOUR + INTERVAL  # nothing is made up


def test_the_most_restrictive_of_all_active_alarms_wins_in_any_order() -> None:
    for first in Rung:
        for second in Rung:
            state = loaded(order())
            for rung in (first, second):
                state = climbed(state, rung, T0) if rung else state
            assert state.aside.rung == max(first, second)


@pytest.mark.parametrize("number", ALWAYS_STOP)
def test_evidence_of_over_delivery_stops_under_every_order(number: int) -> None:
    state, _ = step(loaded(program()), Faults(1 << number, 0, T0 + 1))
    assert run(state, T0 + DAY)[1] == []
    again, _ = step(state, Load(program(label=b"new"), T0 + DAY))
    assert run(again, T0 + 2 * DAY)[1] == []
    assert reason(state, Load(program(reactions=((number, 1),)), T0 + DAY)) == "safety"


def test_two_strokes_that_nobody_asked_for_stop_the_pump_until_a_person_resumes_it() -> None:
    state, _ = step(loaded(program()), Stray(T0 + 1))
    assert state.mode == Mode.RUNNING
    state, _ = step(state, Stray(T0))  # heeded though the clock went back
    assert (state.mode, state.given) == (Mode.FAULT, 2)
    state, _ = step(state, Load(program(label=b"new"), T0 + HOUR))
    assert state.mode == Mode.FAULT
    state, _ = step(state, Resume(T0 + HOUR))
    assert state.mode == Mode.RUNNING


def test_two_strokes_too_many_in_one_pulse_are_counted_and_stop_the_pump() -> None:
    state, _ = step(loaded(program()), Tick(T0 + INTERVAL))
    left = state.reservoir_nl
    state, _ = step(state, Outcome(1, 3))
    assert (state.given, state.reservoir_nl, state.mode) == (3, left - 500, Mode.FAULT)


def test_three_pulses_in_a_row_without_a_stroke_are_a_stall_and_a_good_one_between_is_not() -> None:
    order_ = program(reactions=((5, Rung.STOP),))
    state, fired = run(loaded(order_), T0 + DAY, strokes=0)
    assert len(fired) == 3
    assert state.aside.faults == 1 << 5 | 1 << 20
    state = loaded(order_)
    for strokes in (0, 0, 1, 0, 0):
        state, _ = run(state, state.due, strokes)
    assert state.aside.faults == 1 << 20  # three of the last twenty: under-delivery, and delivery goes on
    assert state.mode == Mode.RUNNING


def test_a_vetoed_pulse_is_counted_for_caps_is_not_given_and_is_not_repeated() -> None:
    state, _ = step(loaded(program()), Tick(T0 + INTERVAL))
    state, _ = step(state, Outcome(1, VETO))
    assert (state.given, state.past.vetoed, state.ledger.total) == (0, 1, PULSE)
    assert state.due == T0 + 2 * INTERVAL


def test_a_long_interruption_goes_on_at_the_fallback_rate_until_a_person_says_otherwise() -> None:
    order_ = order(reactions=((30, Rung.FALLBACK),))
    for gap, rung in ((DAY, Rung.NORMAL), (DAY + 1, Rung.FALLBACK)):
        state, _ = run(loaded(order_), T0 + HOUR)
        state, _ = step(state, Restart(state.now + gap))
        assert state.aside.rung == rung
    resumed, _ = step(state, Resume(state.now))
    assert resumed.aside.rung == Rung.NORMAL


def test_five_restarts_in_an_hour_go_on_at_the_fallback_rate() -> None:
    state, _ = run(loaded(order(reactions=((9, Rung.FALLBACK),))), T0 + HOUR)
    for count in range(1, 6):
        state, _ = step(state, Restart(state.now + 60_000))
        assert state.aside.rung == (Rung.FALLBACK if count == 5 else Rung.NORMAL)


def test_a_refill_or_a_session_takes_no_rung_down_and_starts_nothing_that_was_halted() -> None:
    state = climbed(loaded(order()), Rung.STOP, T0 + HOUR)
    state, _ = step(state, Refill(20_000_000, T0 + 2 * HOUR))
    assert (state.mode, state.due) == (Mode.FAULT, NEVER)
    state, _ = step(state, Restart(T0 + 3 * HOUR))
    assert (state.mode, state.due) == (Mode.FAULT, NEVER)


def test_after_a_stop_by_command_only_an_order_starts_delivery_again() -> None:
    state, _ = step(climbed(loaded(order()), Rung.STOP, T0), Stop(T0 + 1))
    state, _ = step(state, Faults(0, 1 << BY_RUNG[Rung.STOP], T0 + 1))
    state, _ = step(state, Resume(T0 + 2))
    assert (state.mode, state.due) == (Mode.STOPPED, NEVER)
    state, _ = step(state, Load(order(label=b"new"), T0 + 3))
    assert state.mode == Mode.RUNNING


# ---- any events in any order

DEMAND = Demand(3 * PULSE, 60_000, 600_000, True, 5, DAY)
PARTS: list[Once | None] = [
    None,
    Once(Part.BOLUS, 600_000, 5 * PULSE),
    Once(Part.PRIME, 600_000, 50 * PULSE),
    Once(Part.BRIDGE, 3 * HOUR, 0, (Segment(0, HOUR, 9 * PULSE), Segment(HOUR, 2 * HOUR, 7 * PULSE)), PULSE // 3),
    Once(Part.TEMPORARY, 5 * HOUR, 9 * MG),
    Once(Part.TEMPORARY, 2 * HOUR, 0),
]
CAPS = ((HOUR, 120 * PULSE), (4 * HOUR, 400 * PULSE), (DAY, 2_000 * PULSE), (7 * DAY, 12_000 * PULSE))
ORDERS = st.builds(
    lambda once, rate, fallback, label: order(
        per_day=rate, once=once, fallback=fallback, demand=DEMAND, caps=CAPS, label=bytes([label]), locks=1 << 36
    ),
    st.sampled_from(PARTS),
    st.sampled_from([4 * MG, 2 * MG, 0]),
    st.sampled_from([NEVER, 0, MG]),
    st.integers(0, 9),
)
TIMES = st.integers(0, 3 * DAY).map(lambda t: T0 + t)
BITS = st.lists(st.sampled_from([1, 2, 4, 5, 24, 30, 36, *BY_RUNG.values()]), max_size=2).map(
    lambda numbers: sum(1 << n for n in set(numbers))
)
STEPS = st.integers(0, 8 * HOUR) | st.integers(0, 120_000)
EVENTS = st.one_of(
    st.builds(Load, ORDERS, TIMES),
    st.builds(Tick, TIMES),
    st.builds(Demanded, TIMES),
    st.builds(Stop, TIMES),
    st.builds(Refill, st.integers(-1, 30_000_000), TIMES, st.binary(max_size=40)),
    st.builds(Restart, TIMES, st.integers(0, 2)),
    st.builds(Stray, TIMES),
    st.builds(Faults, BITS, BITS, TIMES),
    st.builds(Resume, TIMES),
    st.builds(Path, st.booleans(), TIMES),
    st.builds(Outcome, st.integers(-1, 60), st.integers(-2, 3)),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(EVENTS, max_size=60), st.integers(0, 3_000_000))
def test_any_events_leave_a_state_that_is_the_fold_of_its_records(events: list[Event], fill: int) -> None:
    state = folded = start(CONFIG, fill, T0)
    for event in events:
        before = state
        state, actions = step(state, event)
        for action in actions:
            if isinstance(action, Record):
                folded = apply(folded, action)
        assert folded == state
        assert state.given >= before.given and state.seq >= before.seq and state.reservoir_nl >= 0
        assert (state.due >= 0) == (state.mode == Mode.RUNNING)
        assert state_from_bytes(state_to_bytes(state)) == state
        if not isinstance(event, Load | Resume):
            assert state.aside.rung >= before.aside.rung


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_no_window_holds_more_than_its_cap_and_a_pulse_whatever_happens(data: st.DataObject) -> None:
    state, given_at = start(CONFIG, 10**9, T0), list[tuple[int, int]]()
    strays = list[int]()
    for _ in range(data.draw(st.integers(1, 25))):
        now = state.now + data.draw(STEPS)
        while 0 <= state.due <= now:
            state, actions = step(state, Tick(state.due))
            given_at += [(r.at, r.b) for r in actions if isinstance(r, Record) and r.kind == 4]
            if state.pending:
                state, _ = step(state, Outcome(state.seq, data.draw(st.sampled_from([1, 1, 1, 1, 0, VETO]))))
        drawn = data.draw(EVENTS)
        event: Event = Demanded(now) if isinstance(drawn, Outcome) else drawn._replace(now=now)
        if isinstance(event, Restart):
            event = event._replace(damage=0)
        strays += [now] if isinstance(event, Stray) else []
        state, _ = step(state, event)
    for window, cap in CAPS:
        for end, _ in given_at:
            extra = sum(PULSE for at in strays if end - window < at <= end)
            assert sum(mass for at, mass in given_at if end - window < at <= end) <= cap + PULSE + extra
