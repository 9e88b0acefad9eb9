"""Boluses on top of the base, the patient's bolus, priming, bridges and temporary changes, as the kernel gives them."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from kernel_rig import CONFIG, DAY, HOUR, INTERVAL, MG, PULSE, T0, loaded, program, reason, run

from thecal.pump.kernel import (
    Demand,
    Demanded,
    Faults,
    Load,
    Once,
    Part,
    Path,
    Refill,
    Restart,
    Resume,
    Rung,
    Segment,
    State,
    Stop,
    Tick,
    entries,
    mass_after,
    step,
)

MINUTE = 60_000
DEMAND = Demand(mass=4 * PULSE, length=MINUTE, lockout=30 * MINUTE, from_end=False, most=3, window=DAY)
BOLUS = Once(Part.BOLUS, MINUTE, 4 * PULSE + 1)


def times(fired: list[tuple[int, int]], train: int) -> list[int]:
    return [at for at, which in fired if which == train]


def test_a_single_bolus_is_whole_pulses_spread_over_its_time_and_leaves_the_base_as_it_was() -> None:
    _, plain = run(loaded(program()), T0 + HOUR)
    _, fired = run(loaded(program(once=BOLUS), T0 + 1), T0 + HOUR)
    assert times(fired, 1) == [T0 + 1 + 15_000 * k for k in (1, 2, 3, 4)]
    assert times(fired, 0) == [at + 1 for at, _ in plain if at < T0 + HOUR]


def test_the_same_order_twice_gives_its_bolus_once() -> None:
    order = program(once=BOLUS)
    state, _ = run(loaded(order), T0 + HOUR)
    assert reason(state, Load(order, T0 + HOUR)) == "repeated"
    assert reason(state, Load(order._replace(label=b"another"), T0 + HOUR)) == ""


def test_a_bolus_that_cannot_be_given_refuses_the_whole_order() -> None:
    state = loaded(program())
    for once, why in (
        (Once(Part.BOLUS, MINUTE, PULSE - 1), "bolus_below_pulse"),
        (Once(Part.BOLUS, 1_000, 400 * PULSE), "flow_above_maximum"),
        (Once(Part.BOLUS, 0, PULSE), "once"),
        (Once(Part.PRIME, HOUR, 10 * PULSE), "path_not_empty"),
        (Once(Part.TEMPORARY, HOUR, 10**18), "rate_out_of_range"),
        (Once(Part.BRIDGE, HOUR, 0, (Segment(1, HOUR, PULSE),), PULSE), "once"),
    ):
        assert reason(state, Load(program(once=once), T0 + 1)) == why


def test_the_lockout_runs_from_the_start_or_from_the_end_and_anew_from_an_order_and_a_refill() -> None:
    for from_end, wait in ((False, 30 * MINUTE), (True, 31 * MINUTE)):
        state, _ = run(loaded(program(demand=DEMAND._replace(from_end=from_end))), T0 + 30 * MINUTE - 1)
        assert reason(state, Demanded(T0 + 30 * MINUTE - 1)) == "lockout"
        state, _ = run(state, T0 + 30 * MINUTE)
        state, _ = step(state, Demanded(T0 + 30 * MINUTE))
        assert reason(state, Demanded(T0 + 30 * MINUTE + 1)) == "something_runs"
        state, fired = run(state, T0 + 30 * MINUTE + wait - 1)
        assert len(times(fired, 1)) == 4
        assert reason(state, Demanded(T0 + 30 * MINUTE + wait - 1)) == "lockout"
        state, _ = run(state, T0 + 30 * MINUTE + wait)
        assert reason(state, Demanded(T0 + 30 * MINUTE + wait)) == ""
        state, _ = step(state, Refill(20_000_000, T0 + 30 * MINUTE + wait))
        state, _ = run(state, T0 + 31 * MINUTE + wait)
        assert reason(state, Demanded(T0 + 31 * MINUTE + wait)) == "lockout"


def test_the_count_is_over_a_sliding_window_not_a_clock_day() -> None:
    state, now = loaded(program(demand=DEMAND)), T0
    granted = list[int]()
    while len(granted) < 7:
        now += 30 * MINUTE
        state, _ = run(state, now)
        if reason(state, Demanded(now)) == "":
            state, _ = step(state, Demanded(now))
            granted.append(now - T0)
    first = [30 * MINUTE, HOUR, 90 * MINUTE]
    assert granted == [*first, *(at + DAY for at in first), first[0] + 2 * DAY]


def test_a_refused_request_starts_no_lockout_and_a_restart_stops_its_clock() -> None:
    state, _ = run(loaded(program(demand=DEMAND)), T0 + 20 * MINUTE)
    assert reason(state, Demanded(T0 + 20 * MINUTE)) == "lockout"
    now = state.now
    state, _ = step(state, Restart(now + HOUR))
    assert reason(state, Demanded(now + HOUR + 1)) == "lockout"
    assert state.aside.free_at == T0 + 30 * MINUTE + HOUR


def test_a_bolus_ends_at_a_stop_an_order_a_refill_and_a_restart_and_what_was_given_counts() -> None:
    for event in (Stop(T0 + 31_000), Load(program(), T0 + 31_000), Refill(10**7, T0 + 31_000), Restart(T0 + 31_000)):
        state, _ = run(loaded(program(once=BOLUS)), T0 + 30_000)
        state, _ = step(state, event)
        assert state.bolus is None
        state, fired = run(state, T0 + HOUR)
        assert times(fired, 1) == []
        assert mass_after(state.aside.boluses, T0) == 2 * PULSE


def test_a_patient_without_a_bolus_in_the_order_gets_none() -> None:
    assert reason(loaded(program()), Demanded(T0 + HOUR)) in ("no_patient_bolus", "not_running")
    state, _ = run(loaded(program()), T0 + HOUR)
    assert reason(state, Demanded(T0 + HOUR)) == "no_patient_bolus"


def test_priming_needs_a_path_marked_empty_fills_no_more_than_it_and_counts_in_no_window() -> None:
    prime = program(once=Once(Part.PRIME, HOUR, 400 * PULSE), caps=((HOUR, 200 * PULSE), (DAY, 1_700 * PULSE)))
    state = loaded(program())
    assert reason(state, Load(prime, T0 + 1)) == "path_not_empty"
    state, _ = step(state, Path(True, T0 + 1))
    assert reason(state, Load(program(once=Once(Part.PRIME, HOUR, 401 * PULSE)), T0 + 1)) == "path_not_empty"
    state, fired = run(loaded(prime, T0 + 1, state), T0 + 2 * HOUR)
    assert len(times(fired, 2)) == 400
    assert mass_after(state.ledger, T0) == len(times(fired, 0)) * PULSE
    assert state.reservoir_nl == 20_000_000 - 250 * len(fired)
    assert reason(state, Load(prime._replace(label=b"2"), state.now)) == "path_not_empty"


def bridge(*flows: tuple[int, int], counted: int = PULSE) -> Once:
    """Steps of (pulses, ms)."""
    spans, at = [], 0
    for pulses, length in flows:
        spans.append(Segment(at, length, pulses * PULSE))
        at += length
    return Once(Part.BRIDGE, at, 0, tuple(spans), counted)


def test_a_bridge_comes_before_the_program_and_counts_what_is_at_the_tip() -> None:
    order = program(once=bridge((10, HOUR), (40, 2 * HOUR), counted=PULSE // 2))
    state, fired = run(loaded(order), T0 + 3 * HOUR)
    assert [at for at, _ in fired] == [T0 + k * HOUR // 10 for k in range(1, 11)] + [
        T0 + HOUR + k * HOUR // 20 for k in range(1, 41)
    ]
    assert mass_after(state.ledger, T0) == 50 * PULSE // 2
    state, fired = run(state, T0 + 3 * HOUR + 10 * INTERVAL)
    assert len(fired) == 10
    assert mass_after(state.ledger, T0 + 3 * HOUR) == 10 * PULSE


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 5 * HOUR), st.integers(2_000, 3 * HOUR)), max_size=4), st.booleans())
def test_an_interrupted_bridge_resumes_with_what_is_left(gaps: list[tuple[int, int]], restarts: bool) -> None:
    state, total = loaded(program(once=bridge((10, HOUR), (40, 2 * HOUR), counted=PULSE // 2))), 0
    for after, length in gaps:
        state, fired = run(state, state.now + after)
        total += len(fired)
        late = state.due + length
        state, _ = step(state, Restart(late) if restarts else Tick(late))
    state, fired = run(state, state.now + DAY)
    total += len(fired)
    assert total > 50
    assert state.past.gap_count == len(gaps)
    low = [at for at, (_, mass) in enumerate(_ledger_masses(state)) if mass == PULSE // 2]
    assert len(low) == 50  # the whole old fluid, no more and no less, whatever came in between


def _ledger_masses(state: State) -> list[tuple[int, int]]:
    return list(entries(state.ledger))


def test_a_temporary_change_falls_back_by_itself_whatever_happened_in_between() -> None:
    order = program(once=Once(Part.TEMPORARY, 2 * HOUR, 8 * MG))
    state, fired = run(loaded(order), T0 + 4 * HOUR + 1)
    assert len([at for at, _ in fired if at <= T0 + 2 * HOUR]) == 266
    assert len(fired) == 400
    state, _ = run(loaded(order), T0 + HOUR)
    state, _ = step(state, Restart(T0 + 3 * HOUR))
    state, fired = run(state, T0 + 4 * HOUR)
    assert len(fired) == HOUR // INTERVAL


def test_a_temporary_stop_ends_by_itself() -> None:
    _, fired = run(loaded(program(once=Once(Part.TEMPORARY, 2 * HOUR, 0))), T0 + 3 * HOUR)
    assert [at for at, _ in fired] == [T0 + 2 * HOUR + k * INTERVAL for k in range(1, HOUR // INTERVAL + 1)]


def test_nothing_is_granted_while_a_temporary_change_or_a_bridge_runs() -> None:
    for once in (Once(Part.TEMPORARY, 2 * HOUR, 2 * MG), bridge((10, 2 * HOUR))):
        state, _ = run(loaded(program(once=once, demand=DEMAND)), T0 + HOUR)
        assert reason(state, Demanded(T0 + HOUR)) == "something_runs"
        state, _ = run(state, T0 + 2 * HOUR)
        assert reason(state, Demanded(T0 + 2 * HOUR)) == ""


def test_after_a_stop_the_room_that_the_base_will_need_is_not_given_away() -> None:
    """The rule that looks back alone would grant here: nothing was given in the past hour."""
    base = -(-HOUR * 4 * MG // DAY)
    caps = ((HOUR, base + 4 * PULSE), (DAY, 10**16))
    demand = DEMAND._replace(lockout=0, most=100)
    order = program(demand=demand, caps=caps)
    state, _ = step(loaded(order), Stop(T0 + 1))
    state = loaded(order, T0 + 2 * HOUR, state)
    assert mass_after(state.ledger, T0) == 0
    assert reason(state, Demanded(T0 + 2 * HOUR)) == ""  # one fits beside a whole hour of base
    state, _ = step(state, Demanded(T0 + 2 * HOUR))
    state, _ = run(state, T0 + 2 * HOUR + 2 * MINUTE)
    assert reason(state, Demanded(T0 + 2 * HOUR + 2 * MINUTE)) == "window_full"
    state, _ = run(state, T0 + 6 * HOUR)
    assert state.past.gap_count == 0  # and so the base was never held back


def test_pulses_come_no_closer_than_the_mechanism_can() -> None:
    state = loaded(program(once=Once(Part.BOLUS, HOUR, 3_000 * PULSE)))
    _, fired = run(state, T0 + HOUR + INTERVAL)
    gaps = [b - a for (a, _), (b, _) in pairwise(fired)]
    assert min(gaps) >= 250 * DAY // CONFIG.flow_max
    assert len(times(fired, 1)) == 3_000


def test_what_the_alarms_or_the_ladder_lock_is_refused_for_the_patient_and_for_an_order() -> None:
    order = program(demand=DEMAND, reactions=((24, Rung.BASAL_ONLY),), locks=1 << 24 | 1 << 36)
    for number in (24, 36):
        state, _ = run(loaded(order), T0 + HOUR)
        state, _ = step(state, Faults(1 << number, 0, T0 + HOUR))
        assert reason(state, Demanded(T0 + HOUR)) == "locked"
        assert reason(state, Load(order._replace(once=BOLUS), T0 + HOUR)) == "locked"
        state, _ = step(state, Faults(0, 1 << number, T0 + HOUR))
        assert reason(state, Demanded(T0 + HOUR)) == ("locked" if number == 24 else "")
        state, _ = step(state, Resume(T0 + HOUR))
        assert reason(state, Demanded(T0 + HOUR)) == "lockout"
        state, _ = run(state, T0 + 2 * HOUR)
        assert reason(state, Demanded(T0 + 2 * HOUR)) == ""


def test_windows_of_four_lengths_hold_through_a_storm_of_requests() -> None:
    caps = ((HOUR, 80 * PULSE), (4 * HOUR, 300 * PULSE), (DAY, 1_650 * PULSE), (7 * DAY, 11_300 * PULSE))
    state = loaded(program(demand=DEMAND._replace(lockout=0, most=512), caps=caps))
    fired: list[tuple[int, int]] = []
    now = T0
    while now < T0 + 30 * HOUR:
        now += 11 * MINUTE
        state, more = run(state, now)
        fired += more
        state, _ = step(state, Demanded(now))
    ats = [at for at, _ in fired]
    for window, cap in caps:
        low = 0
        for high, at in enumerate(ats):
            while ats[low] <= at - window:
                low += 1
            assert (high - low + 1) * PULSE <= cap + PULSE
    assert state.past.gap_count == 0
    assert times(fired, 1)
