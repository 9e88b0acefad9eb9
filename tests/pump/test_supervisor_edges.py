"""The supervisor at the exact edge of a time, a count or a value, where one more or less decides."""

import pytest
from supervisor_rig import CONTINUOUS, DAY, FIGURES, HOUR, PULSE, T0, Pump, Store, digest, order

from thecal.pump.supervisor import (
    Action,
    Drive,
    Event,
    Fact,
    Guard,
    Heartbeat,
    Install,
    Limit,
    Open,
    Permit,
    Raise,
    Record,
    Refill,
    Request,
    Restart,
    State,
    Stop,
    Stroke,
    Tick,
    Veto,
    apply,
    judge,
    supervised,
)
from thecal.pump.supervisor.journal import Journal
from thecal.pump.supervisor.ledger import Ledger
from thecal.pump.supervisor.state import snapshot

MOST = 2**63 - 1


@pytest.mark.parametrize(("silence", "reason"), [(89_999, ""), (90_000, "watchdog")])
def test_a_heartbeat_counts_for_less_than_ninety_seconds(silence: int, reason: str) -> None:
    pump = Pump().start()
    pump.wait(HOUR)
    pump.now += silence
    assert pump.ask(1) == reason


@pytest.mark.parametrize(
    ("silence", "opened", "failed"), [(89_999, 0, 0), (90_000, 1, 0), (179_999, 1, 0), (180_000, 1, 1)]
)
def test_silence_opens_the_switch_at_ninety_seconds_and_is_told_at_180(silence: int, opened: int, failed: int) -> None:
    state = State(FIGURES, now=T0, beat=T0, closed=True)
    _, answer = judge(state, Tick(T0 + silence))
    assert (Open() in answer, Raise(9) in answer) == (bool(opened), bool(failed))


@pytest.mark.parametrize(
    ("own", "other", "alarm"),
    [
        (59_999, 30_000, 0),
        (60_000, 30_000, 1),
        (60_000, 59_400, 0),
        (60_000, 59_399, 1),
        (60_000, 60_600, 0),
        (60_000, 60_601, 1),
        (1_000, 0, 0),
        (1_000, 59_999, 0),
        (1_000, 60_000, 1),
        (1_000, -1, 1),
    ],
)
def test_clocks_are_compared_from_sixty_seconds_on_and_may_differ_by_one_in_a_hundred(
    own: int, other: int, alarm: int
) -> None:
    state, _ = judge(State(FIGURES, now=T0), Heartbeat(5, T0))
    _, answer = judge(state, Heartbeat(5 + other, T0 + own))
    assert (Raise(25) in answer) == bool(alarm)


@pytest.mark.parametrize(("after", "open_"), [(1_500, True), (1_501, False)])
def test_a_permission_waits_for_its_stroke_for_the_longest_drive_and_a_second(after: int, open_: bool) -> None:
    state = State(FIGURES, now=T0, beat=T0 + after, opened=T0, closed=True)
    state, answer = judge(state, Tick(T0 + after))
    assert (state.opened is not None, state.closed, Open() in answer) == (open_, open_, not open_)


@pytest.mark.parametrize(("after", "alarm"), [(500, False), (501, True)])
def test_a_drive_may_last_so_long_and_no_longer(after: int, alarm: bool) -> None:
    state = State(FIGURES, now=T0, beat=T0, opened=T0, closed=True)
    state, _ = judge(state, Drive(on=True, at=T0))
    state, _ = judge(state, Drive(on=True, at=T0 + 1))  # said twice: it began the first time
    _, answer = judge(state, Tick(T0 + after))
    assert (Raise(4) in answer) == alarm


def test_numbers_up_to_the_largest_are_permitted_and_none_beyond() -> None:
    pump = Pump().start()
    pump.wait(HOUR)
    assert pump.ask(MOST + 1) == "sequence"
    assert pump.ask(MOST) == ""
    lost = State(FIGURES, now=T0, seq=-1)
    assert [judge(lost, Request(seq, 0, "", T0))[0].seq for seq in (0, 1, MOST, MOST + 1)] == [-1, 1, MOST, -1]


def test_records_come_first_in_every_answer_and_in_their_order() -> None:
    state = State(FIGURES, now=T0, beat=T0, strays=1, volume=1_000, account=1_000, restarts=(T0,) * 4)
    for event in (Stroke(T0), Restart(T0), Drive(on=True, at=T0), Limit(4, T0), Tick(T0 + DAY)):
        _, answer = judge(state, event)
        kinds = [isinstance(action, Record) for action in answer]
        assert kinds == sorted(kinds, reverse=True) and True in kinds and False in kinds
    _, answer = judge(state, Stroke(T0))
    assert [action.fact.kind for action in answer if isinstance(action, Record)] == ["stray", "latch"]


def test_the_supervisor_s_bolus_count_is_that_of_each_whole_window_begun() -> None:
    patient = {"dose": 2 * PULSE, "over": 60_000, "lockout": 1, "from": "start", "count": 3, "window": 2 * HOUR}
    pump = Pump().start(order(patient_bolus=patient))
    pump.wait(HOUR)
    reasons = []
    for seq in range(1, 9):
        pump.now += 2_000
        reasons.append(pump.give(seq, 1))
    assert reasons == [""] * 6 + ["early"] * 2  # three boluses of two pulses
    pump.now = T0 + 2 * HOUR * 100 // 101 + 2  # with the margin two hours have passed
    assert [pump.give(20 + seq, 1) for seq in range(1)] == [""]


def test_a_week_later_a_full_block_of_the_ledger_is_forgotten_and_the_next_entry_counts() -> None:
    ledger = Ledger()
    for pulse in range(128):
        ledger = ledger.add(T0 + pulse, 1)
    later = ledger.to(T0 + 8 * DAY)
    assert later.entries() == () and later.room((0, 0, 0, 0))
    again = later.add(T0 + 8 * DAY, 5)
    assert again.entries() == ((T0 + 8 * DAY, 5),)
    assert [total for _, total in again.marks] == [5, 5, 5, 5]


def test_a_restart_told_to_a_running_supervisor_leaves_what_its_journal_would_give() -> None:
    store = Store()
    pump = Pump(store).start(order(once={"kind": "prime", "volume": 1_000, "over": 1}))
    running = pump.start().guard.state._replace(
        opened=T0, closed=True, drive=T0, beat=T0, heard=True, clocks=(T0, 5), prime=3
    )
    live, answer = judge(running, Restart(T0 + 7))
    read, _ = judge(Journal(store, FIGURES, T0 + 7).state, Restart(T0 + 7))
    assert live == read
    assert Open() in answer
    assert (live.opened, live.closed, live.drive, live.beat, live.heard, live.clocks, live.prime) == (
        *(None, False, None, T0 + 7, False, None, 0),
    )


@pytest.mark.parametrize("full", [None, 0, 5])
def test_a_snapshot_in_the_first_week_of_a_clock_is_read_as_it_was_written(full: int | None) -> None:
    state = State(FIGURES, now=1_000, ledger=Ledger(full=full), restarts=(1, 2), latched=(3,), volume=7)
    again = apply(State(FIGURES), snapshot(state))
    assert again.ledger.full == full
    assert again._replace(ledger=state.ledger) == state


def test_nothing_falls_below_an_empty_reservoir() -> None:
    state = State(FIGURES, now=T0, volume=100, account=200)
    after = apply(state, Fact("stray", T0))
    assert (after.volume, after.account, after.drawn) == (0, 0, 250)
    after = apply(state, Fact("damage", T0, (3, 1)))
    assert (after.volume, after.account, after.drawn, after.lost) == (0, 0, 750, 3)


def test_a_storage_that_nobody_called_new_is_expected_to_hold_a_journal() -> None:
    assert Journal(Store(), FIGURES, T0).state.seq == -1
    assert Journal(Store(), FIGURES, T0, new=True).state.seq == 0


def test_an_order_once_installed_is_refused_again_only_while_it_runs() -> None:
    data = order(once={"kind": "bolus", "dose": 4 * PULSE, "over": 1}, program=CONTINUOUS)
    state, _ = judge(State(FIGURES, now=T0), Refill(9_000, T0))
    state, answer = judge(state, Install(data, T0))
    assert not any(isinstance(action, Veto) for action in answer)
    _, answer = judge(state, Install(data, T0))
    assert answer == (Veto(0, "once: the order runs already"),)
    stopped = apply(state, Fact("stop", T0))
    assert judge(stopped, Install(data, T0))[0].stopped is False
    permitted, answer = judge(
        state._replace(heard=True, beat=T0 + HOUR, now=T0 + HOUR), Request(1, 1, digest(data), T0)
    )
    assert Permit(1) in answer and (permitted.bolus, permitted.base, permitted.given) == (1, 0, 1)


def test_current_after_a_permission_has_ended_is_a_fault_of_the_drive() -> None:
    state = State(FIGURES, now=T0, beat=T0, opened=T0, closed=True)
    _, answer = judge(state, Drive(on=True, at=T0 + 1_501))
    assert Raise(4) in answer
    silent = State(FIGURES, now=T0, beat=T0 - 89_000, opened=T0 + 500, closed=True)
    state, _ = judge(silent, Tick(T0 + 1_000))
    assert not state.closed and state.opened is not None  # the switch opened: nobody spoke for 90 s
    _, answer = judge(state, Drive(on=True, at=T0 + 1_001))
    assert Raise(4) in answer


@pytest.mark.parametrize(("elapsed", "allowed"), [(51_999, 2), (52_000, 3), (534_653, 11), (534_654, 12)])
def test_base_pulses_may_come_two_seconds_or_one_in_a_hundred_and_one_pulse_early(elapsed: int, allowed: int) -> None:
    """4 mg/day, a pulse each 54 s, whole at 54 s and at 540 s."""
    pump = Pump().start()
    state = pump.guard.state._replace(now=T0 + elapsed, beat=T0 + elapsed, heard=True)
    for base, early in ((allowed - 1, False), (allowed, True)):
        _, answer = judge(state._replace(base=base), Request(99, 0, digest(pump.data), T0 + elapsed))
        assert (Veto(99, "early") in answer) == early


def test_on_the_minimum_rate_a_signed_fallback_allows_nothing_more() -> None:
    pump = Pump().start(order(safety={"fallback": 1_500 * PULSE, "reactions": []}))
    for rung, allowed in ((2, 65), (3, 10)):  # an hour at 62.5 or at 8 pulses and its margin, one begun, one early
        pump.tell(Limit(rung, pump.now))
        since = pump.guard.state.since
        state = pump.guard.state._replace(now=since + HOUR, beat=since + HOUR, heard=True)
        for base, early in ((allowed - 1, False), (allowed, True)):
            _, answer = judge(state._replace(base=base), Request(9, 0, digest(pump.data), since + HOUR))
            assert (Veto(9, "early") in answer) == early, (rung, base)


def test_a_bridge_before_a_program_that_gives_nothing_has_all_its_pulses() -> None:
    bridge = {"kind": "bridge", "concentration": 10_000_000, "steps": [[HOUR, 24_000]]}  # four pulses
    pump = Pump().start(order(once=bridge, program={"kind": "stopped"}))
    pump.wait(HOUR)
    reasons = []
    for seq in range(1, 6):
        pump.now += 1_000
        reasons.append(pump.give(seq))
    assert reasons == ["", "", "", "", "early"]


def test_a_ledger_keeps_its_entries_in_blocks_of_128() -> None:
    ledger = Ledger()
    for pulse in range(129):
        ledger = ledger.add(pulse, 1)
    assert [len(block) for block in ledger.blocks] == [128, 1]


def test_a_ledger_that_counts_as_full_frees_after_a_week_however_often_it_is_asked() -> None:
    ledger = Ledger(full=T0)
    for hours in range(0, 168, 5):
        ledger = ledger.to(T0 + hours * HOUR)
        assert not ledger.room((1, 1, 1, 1))
    assert ledger.to(T0 + 7 * DAY).room((1, 1, 1, 1))
    assert not ledger.add(T0 + 6 * DAY, 5).to(T0 + 7 * DAY - 1).room((9, 9, 9, 9))


@pytest.mark.parametrize(("after", "trips"), [(DAY - 1, 2), (DAY, 1)])
def test_a_veto_counts_against_the_controller_for_one_day(after: int, trips: int) -> None:
    state = apply(apply(State(FIGURES), Fact("trip", T0)), Fact("trip", T0 + after))
    assert len(state.trips) == trips


@pytest.mark.parametrize("strokes", [0, 1, 2])
def test_the_guard_hears_all_of_a_pulse_in_its_order(strokes: int) -> None:
    heard: list[Event] = []

    class Listening(Guard):
        def tell(self, event: Event) -> tuple[Action, ...]:
            heard.append(event)
            return super().tell(event)

    guard = Listening(FIGURES, Store(), T0, new=True)
    data, at = order(), T0 + HOUR
    guard.tell(Refill(9_000, T0))
    guard.tell(Install(data, T0))
    heard.clear()
    fire = supervised(lambda seq, at: strokes, guard, lambda seq: (0, digest(data)), clock=lambda at: at + 7)
    assert fire(1, at) == strokes
    now = at + 7
    asked = Request(1, 0, digest(data), now)
    assert heard == [
        *(Heartbeat(at, now), asked, Drive(on=True, at=now)),
        *([Stroke(now)] * strokes),
        Drive(on=False, at=now),
    ]


def test_a_storage_that_fails_vetoes_the_number_that_was_asked_for() -> None:
    pump = Pump().start()
    pump.wait(HOUR)
    pump.store.fails = True
    assert pump.guard.tell(Request(5, 0, digest(pump.data), pump.now)) == (Open(), Veto(5, "storage"))
    assert pump.guard.tell(Stop(T0 + 1)) == (Open(), Veto(0, "storage"))


@pytest.mark.parametrize("lockout", [0, 1])
def test_the_shortest_lockout_allows_a_bolus_each_ms(lockout: int) -> None:
    patient = {"dose": 2 * PULSE, "over": 1, "lockout": lockout, "from": "start", "count": 10**9, "window": HOUR}
    pump = Pump().start(order(patient_bolus=patient))
    state = pump.guard.state._replace(now=T0 + 60_000, beat=T0 + 60_000, heard=True)
    for given, early in ((2 * 62_000 - 1, False), (2 * 62_000, True)):
        _, answer = judge(state._replace(bolus=given), Request(1, 1, digest(pump.data), T0 + 60_000))
        assert (Veto(1, "early") in answer) == early
