"""Promises of the controller: total, pure, never more than the cap and a pulse, nothing made up."""

from hypothesis import given, settings
from hypothesis import strategies as st

from thecal.pump.kernel import (
    EMPTY_LEDGER,
    Actuate,
    Alarm,
    Config,
    Doubt,
    Event,
    GapReason,
    Load,
    Mode,
    Outcome,
    Program,
    Record,
    RecordKind,
    Refill,
    Reject,
    Restart,
    Segment,
    State,
    Stop,
    Tick,
    add,
    apply,
    clear_time,
    entries,
    mass_after,
    start,
    state_from_bytes,
    state_to_bytes,
    step,
)

HOUR, DAY = 3_600_000, 86_400_000
T0 = 20_000 * DAY
PULSE = 250 * 10_000_000
CONFIG = Config(pulse_nl=250, flow_min=1_000, flow_max=48_000_000, low_nl=2_000_000, max_late_ms=1_000)


def program(per_day: int = 4 * 10**12, caps: tuple[tuple[int, int], ...] = ((HOUR, 10**15), (DAY, 10**16))) -> Program:
    return Program("morphine", PULSE, T0, DAY, (Segment(0, DAY, per_day),), caps)


def running(per_day: int = 4 * 10**12, reservoir: int = 20_000_000) -> State:
    state, actions = step(start(CONFIG, reservoir, T0), Load(program(per_day), T0))
    assert not any(isinstance(action, Reject) for action in actions)
    return state


def run(state: State, until: int) -> tuple[State, list[int]]:
    """Tick at every due time; each pulse succeeds."""
    fired = []
    while 0 <= state.due <= until:
        state, actions = step(state, Tick(state.due))
        for action in actions:
            if isinstance(action, Actuate):
                fired.append(state.now)
                state, _ = step(state, Outcome(action.seq, True))
    return state, fired


def test_the_intent_comes_before_the_pulse_and_the_outcome_after() -> None:
    state = running()
    state, actions = step(state, Tick(state.due))
    assert [type(action) for action in actions] == [Record, Actuate]
    assert isinstance(actions[0], Record) and actions[0].kind == RecordKind.INTENT
    again, nothing = step(state, Tick(state.now))
    assert (again, nothing) == (state, ())  # no second pulse while the first is under way
    state, actions = step(state, Outcome(1, True))
    assert isinstance(actions[0], Record) and actions[0].kind == RecordKind.OUTCOME
    assert state.given == 1


def test_an_answer_for_another_pulse_is_rejected() -> None:
    state = running()
    state, _ = step(state, Tick(state.due))
    after, actions = step(state, Outcome(7, True))
    assert after == state
    assert actions == (Reject("no_such_pulse", 1, 7),)


def test_missed_time_is_never_caught_up_and_the_gap_tells_its_interval() -> None:
    state, fired = run(running(), T0 + DAY)
    late = state.due + 5 * HOUR
    due = state.due
    state, actions = step(state, Tick(late))
    assert not any(isinstance(action, Actuate) for action in actions)
    gap = state.past.gaps[-1]
    assert (gap.start, gap.end, gap.reason) == (due, late, GapReason.LATE)
    assert gap.missed == 5 * HOUR * 1600 // DAY + 1
    assert state.due == late + 54_000  # one whole interval
    assert state.alarms & Alarm.GAP
    state, more = run(state, late + DAY)
    assert len(more) == len(fired) == 1600


def test_a_pulse_that_is_a_little_late_is_given_once() -> None:
    state = running()
    state, actions = step(state, Tick(state.due + 1_000))
    assert actions[-1] == Actuate(1)
    state, _ = step(state, Outcome(1, True))
    assert state.due == T0 + 2 * 54_000  # the lateness does not move what follows


def test_a_failed_stroke_is_not_repeated_and_raises_an_alarm() -> None:
    state = running()
    state, _ = step(state, Tick(state.due))
    state, _ = step(state, Outcome(1, False))
    assert (state.given, state.past.failed) == (0, 1)
    assert state.alarms & Alarm.STROKE_FAILED
    assert state.due == T0 + 2 * 54_000
    assert mass_after(state.ledger, T0) == PULSE  # it might have been given: caps count it


def test_an_empty_reservoir_ends_delivery_until_a_refill_and_the_gap_is_told() -> None:
    state, fired = run(running(reservoir=1_000), T0 + DAY)
    assert len(fired) == 4
    assert state.mode == Mode.EMPTY
    assert state.alarms & Alarm.EMPTY_RESERVOIR and state.alarms & Alarm.LOW_RESERVOIR
    empty = state.now
    state, _ = step(state, Refill(20_000_000, empty + 3 * HOUR))
    assert state.mode == Mode.RUNNING
    assert not state.alarms
    gap = state.past.gaps[-1]
    assert (gap.start, gap.end, gap.reason) == (empty, empty + 3 * HOUR, GapReason.EMPTY)
    assert gap.missed == 1 + 3 * HOUR // 54_000
    _, fired = run(state, empty + 4 * HOUR)
    assert len(fired) == HOUR // 54_000


def test_the_low_reservoir_alarm_sounds_at_its_level() -> None:
    state, _ = run(running(reservoir=2_001_000), T0 + DAY - 1)
    assert state.alarms == Alarm.LOW_RESERVOIR
    state, _ = run(running(reservoir=3_000_000), T0 + DAY // 2)
    assert not state.alarms


def test_stop_is_obeyed_at_any_time_and_a_new_program_ends_it() -> None:
    state = running()
    state, _ = step(state, Tick(state.due))
    state, _ = step(state, Stop(T0))  # in the middle of a pulse, with a clock that went back
    assert state.mode == Mode.STOPPED and state.alarms == Alarm.STOPPED
    state, _ = step(state, Outcome(1, True))
    assert state.given == 1
    assert run(state, T0 + DAY)[1] == []
    state, _ = step(state, Load(program(), T0 + DAY))
    assert state.mode == Mode.RUNNING and not state.alarms
    assert state.due == T0 + DAY + 54_000


def test_a_new_rate_keeps_the_part_of_a_pulse_that_was_due() -> None:
    state, _ = run(running(), T0 + HOUR)
    half = state.now + 27_000
    state, _ = step(state, Load(program(8 * 10**12), half))
    assert state.due == half + 13_500


def test_a_rejected_event_changes_nothing() -> None:
    state, _ = run(running(), T0 + HOUR)
    events: tuple[Event, ...] = (
        Tick(T0),
        Load(program(), T0),
        Load(program(10**18), T0 + DAY),
        Refill(5, T0),
        Refill(-5, T0 + DAY),
        Outcome(99, True),
    )
    for event in events:
        after, actions = step(state, event)
        assert after == state
        assert len(actions) == 1 and isinstance(actions[0], Reject)


def test_a_restart_between_pulses_loses_nothing_and_is_told() -> None:
    state, _ = run(running(), T0 + HOUR)
    due = state.due
    state, _ = step(state, Restart(state.now + 1_000))
    assert state.due == due
    assert state.past.gaps[-1].missed == 0
    assert not state.alarms


def test_a_pulse_in_doubt_is_counted_for_caps_and_never_repeated() -> None:
    state = running()
    state, _ = step(state, Tick(state.due))
    state, actions = step(state, Restart(state.now))
    assert isinstance(actions[0], Record) and actions[0].b == Doubt.DOUBTFUL
    assert not any(isinstance(action, Actuate) for action in actions)
    assert (state.given, state.past.doubtful, state.pending) == (0, 1, 0)
    assert mass_after(state.ledger, T0) == PULSE
    assert state.due == T0 + 2 * 54_000
    assert step(state, Restart(state.now)) == (state, ())  # and again: nothing more


def test_damage_ends_delivery_until_a_program_is_loaded_and_counts_the_worst() -> None:
    state, _ = run(running(), T0 + HOUR)
    before = mass_after(state.ledger, T0)
    state, _ = step(state, Restart(T0 + HOUR + 1, 3))
    assert state.mode == Mode.FAULT and state.alarms & Alarm.JOURNAL_DAMAGED
    assert mass_after(state.ledger, T0) == before + 3 * PULSE
    assert run(state, T0 + DAY)[1] == []
    state, _ = step(state, Load(program(), T0 + DAY))
    assert state.mode == Mode.RUNNING


TIMES = st.integers(0, 3 * DAY)


@settings(max_examples=60, deadline=None)
@given(st.data(), st.integers(1, 40), st.integers(1, 400))
def test_caps_hold_over_every_sliding_window_through_changes_and_restarts(
    data: st.DataObject, hour_pulses: int, day_pulses: int
) -> None:
    caps = ((HOUR, hour_pulses * PULSE), (DAY, max(day_pulses, hour_pulses) * PULSE))
    rate = min(caps[0][1] * 24, caps[1][1])
    state, _ = step(start(CONFIG, 20_000_000, T0), Load(program(rate, caps), T0))
    intents: list[int] = []
    now = T0
    for _ in range(data.draw(st.integers(1, 12))):
        now += data.draw(st.integers(0, 8 * HOUR))
        while 0 <= state.due <= now:
            state, actions = step(state, Tick(state.due))
            if any(isinstance(action, Actuate) for action in actions):
                intents.append(state.now)
                state, _ = step(state, Outcome(state.seq, data.draw(st.booleans())))
        # a shifted anchor makes a burst possible that neither program allows alone
        burst = Program("morphine", PULSE, now, DAY, (Segment(0, HOUR // 4, min(caps[0][1], rate)),), caps)
        choices: list[Event] = [Load(burst, now), Load(program(rate, caps), now), Restart(now), Stop(now)]
        event = data.draw(st.sampled_from(choices))
        state, _ = step(state, event)
    for window, cap in caps:
        for end in intents:
            assert sum(PULSE for at in intents if end - window < at <= end) <= cap + PULSE


def test_a_program_at_its_cap_runs_for_weeks_without_being_held_back() -> None:
    per_day = 401 * PULSE - 7
    caps = ((HOUR, -(-per_day // 24)), (DAY, per_day))
    state, _ = step(start(CONFIG, 20_000_000, T0), Load(program(per_day, caps), T0))
    state, fired = run(state, T0 + 21 * DAY)
    assert len(fired) == per_day * 21 // PULSE
    assert state.past.gap_count == 0


def test_a_cap_that_holds_back_lets_go_when_the_window_has_room_and_makes_nothing_up() -> None:
    caps = ((HOUR, 10 * PULSE), (DAY, 400 * PULSE))
    burst = Program("morphine", PULSE, T0, DAY, (Segment(0, HOUR // 4, 10 * PULSE),), caps)
    state, _ = step(start(CONFIG, 20_000_000, T0), Load(burst, T0))
    state, fired = run(state, T0 + HOUR // 4)
    assert len(fired) == 10
    state, _ = step(state, Load(burst._replace(anchor=state.now), state.now))
    state, fired = run(state, T0 + HOUR)
    assert len(fired) == 1  # the cap and one pulse
    gap = state.past.gaps[-1]
    assert gap.reason == GapReason.CAP and gap.end - T0 <= HOUR + 2 * HOUR // 40
    assert state.alarms & Alarm.CAP
    assert state.due >= gap.end


@given(st.lists(st.tuples(st.integers(0, HOUR), st.integers(0, 5)), max_size=400), st.integers(1, 3 * HOUR))
def test_the_ledger_counts_a_window_exactly(steps: list[tuple[int, int]], window: int) -> None:
    ledger, at, known = EMPTY_LEDGER, 0, []
    for gap, mass in steps:
        at += gap
        ledger = add(ledger, at, mass, 3 * HOUR)
        known.append((at, mass))
        assert mass_after(ledger, at - window) == sum(m for when, m in known if when > at - window)
    clear = clear_time(ledger, window, 3, at)
    assert sum(m for when, m in known if clear - window < when) <= 3
    if clear > at:
        assert sum(m for when, m in known if clear - 1 - window < when) > 3
    kept = entries(ledger)
    assert list(kept) == known[len(known) - len(kept) :]


EVENTS = st.one_of(
    st.builds(Tick, TIMES.map(lambda t: T0 + t)),
    st.builds(
        Load, st.sampled_from([program(), program(10**13), program(0), program(10**18)]), TIMES.map(lambda t: T0 + t)
    ),
    st.builds(Stop, TIMES.map(lambda t: T0 + t)),
    st.builds(Refill, st.integers(-1, 30_000_000), TIMES.map(lambda t: T0 + t), st.binary(max_size=40)),
    st.builds(Restart, TIMES.map(lambda t: T0 + t), st.integers(0, 3)),
    st.builds(Outcome, st.integers(-1, 60), st.booleans()),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(EVENTS, max_size=60), st.integers(0, 3_000_000))
def test_any_events_in_any_order_leave_a_state_that_is_the_fold_of_its_records(events: list[Event], fill: int) -> None:
    state = folded = start(CONFIG, fill, T0)
    given_so_far = seq = 0
    for event in events:
        state, actions = step(state, event)
        for action in actions:
            if isinstance(action, Record):
                folded = apply(folded, action)
        assert folded == state
        assert state.given >= given_so_far and state.seq >= seq and state.reservoir_nl >= 0
        given_so_far, seq = state.given, state.seq
        assert (state.due >= 0) == (state.mode == Mode.RUNNING)
        assert state_from_bytes(state_to_bytes(state)) == state


def test_numbers_of_lost_records_are_never_used_again() -> None:
    config = Config(pulse_nl=250, flow_min=48_000, flow_max=24_000_000, low_nl=2_000_000)
    fresh = start(config, 18_000_000, 0)
    rotten = apply(fresh, Record(RecordKind.DAMAGE, 5, 3, 3))
    assert (rotten.seq, rotten.past.doubtful) == (fresh.seq + 3, 3)
