"""The controller at the exact edge of a time, a count or a value, where one more or less decides."""

import pytest
from kernel_rig import CONFIG, DAY, HOUR, INTERVAL, MG, PULSE, T0, loaded, program, reason, run

from thecal.pump.kernel import (
    EMPTY_LEDGER,
    GAPS_KEPT,
    NEVER,
    VETO,
    Alarm,
    Aside,
    Bolus,
    Config,
    Demand,
    Demanded,
    Doubt,
    Faults,
    GapReason,
    Ledger,
    Load,
    Mode,
    Once,
    Outcome,
    Part,
    Past,
    Plan,
    Program,
    Record,
    RecordKind,
    Refill,
    Reject,
    Restart,
    Resume,
    Rung,
    Segment,
    State,
    Stop,
    Stray,
    Tick,
    Train,
    add,
    apply,
    crowded,
    make_plan,
    mass_after,
    plan_for,
    start,
    step,
)
from thecal.pump.kernel.schedule import edges
from thecal.pump.kernel.windows import times_after

MINUTE = 60_000


def test_numbers_that_a_journal_holds_keep_their_meaning() -> None:
    def numbers(kinds: type[RecordKind | Mode | Rung | Train | Part | Alarm | GapReason | Doubt]) -> str:
        return " ".join(f"{each.name}={each.value}" for each in kinds)

    assert numbers(RecordKind) == (
        "PART=1 CHECKPOINT=2 LOAD=3 INTENT=4 OUTCOME=5 STOP=6 REFILL=7 GAP=8 EMPTY=9 DAMAGE=10 GRANT=11 STRAY=12 "
        "FAULTS=13 RESUME=14 PATH=15"
    )
    assert numbers(Mode) == "IDLE=0 RUNNING=1 STOPPED=2 EMPTY=3 FAULT=4"
    assert numbers(Rung) == "NORMAL=0 BASAL_ONLY=1 FALLBACK=2 MIN_RATE=3 STOP=4"
    assert numbers(Train) == "BASE=0 BOLUS=1 PRIME=2"
    assert numbers(Part) == "BOLUS=1 PRIME=2 BRIDGE=3 TEMPORARY=4"
    assert numbers(GapReason) == "LATE=1 RESTART=2 EMPTY=3 CAP=4 HALTED=5"
    assert numbers(Doubt) == "FAILED=0 GIVEN=1 DOUBTFUL=2 VETOED=3"
    assert numbers(Alarm) == (
        "LOW_RESERVOIR=1 EMPTY_RESERVOIR=2 STOPPED=4 GAP=8 CAP=16 STROKE_FAILED=32 JOURNAL_DAMAGED=64"
    )


def test_what_is_not_said_is_nothing() -> None:
    """The defaults of every value: no alarm, no bolus, no damage, no rung, nothing due."""
    assert Config(1, 2, 3, 4)[4:] == (1_000, 0, 0)
    assert Once(1, 2, 3)[3:] == ((), 0)
    assert Program("d", 1, 0, 1, (), ())[6:] == (b"", NEVER, (), 0, None, None)
    assert Bolus(1, 2, 3, 4).fired == 0
    assert Plan(program(), (), (), (), 0).head is None
    assert Refill(1, 2).label == b""
    assert Restart(1).damage == 0
    assert Record(1, 2)[2:] == (0, 0, 0, 0, b"")
    assert Reject("no")[1:] == (0, 0)
    assert Ledger() == (0, 0, (), (), (), ())
    assert Past() == (0, 0, 0, 0, (), NEVER, 0, 0)
    assert Aside() == (0, 0, NEVER, NEVER, 0, 0, (), EMPTY_LEDGER, 0, (), False)
    assert State(CONFIG)[1:] == (
        *(0, 0, None, 0, 0, NEVER, 0, 0, 0, 0),
        *(EMPTY_LEDGER, 0, Past(), None, Aside(), 0),
    )


def test_alarms_1_to_61_are_kept_and_no_other_bit() -> None:
    state, _ = step(loaded(program()), Faults(-1 & (1 << 70) - 1 & ~0b10110, 0, T0))
    assert state.aside.faults == sum(1 << number for number in range(1, 62)) & ~0b10110


def test_sixty_four_gaps_are_remembered_and_all_are_counted() -> None:
    state = loaded(program())
    for _ in range(66):
        state, _ = step(state, Tick(state.due + 2_000))
    assert (len(state.past.gaps), state.past.gap_count, GAPS_KEPT) == (64, 66, 64)


@pytest.mark.parametrize(("span", "rung"), [(HOUR - 1, Rung.FALLBACK), (HOUR, Rung.NORMAL)])
def test_restarts_count_for_exactly_one_hour(span: int, rung: Rung) -> None:
    state = loaded(program(reactions=((9, Rung.FALLBACK),), fallback=MG))
    for after in (1, 2, 3, 4, 1 + span):
        state, _ = step(state, Restart(T0 + after))
    assert state.aside.rung == rung


# ---- what is carried from one order into the next


def test_a_pulse_that_waits_for_its_spacing_is_carried_as_less_than_one() -> None:
    """4 mg/day on a pump that makes a pulse each 54 s at most; after a bolus pulse the base one has to wait."""
    config = CONFIG._replace(flow_max=250 * 2_000)  # a pulse each 43.2 s
    slow = Demand(PULSE, 10 * MINUTE, 0, False, 9, DAY)
    state, _ = step(loaded(program(MG, demand=slow))._replace(config=config), Demanded(T0 + 1))
    base = 4 * INTERVAL
    state, _ = step(state._replace(bolus=Bolus(Train.BOLUS, base - 10_000 + T0, 1_000, 1)), Tick(T0 + 5))
    state = state._replace(due=T0 + base - 9_000)
    state, _ = step(state, Tick(state.due))
    state, _ = step(state, Outcome(state.pending, 1))
    assert state.due == T0 + base - 9_000 + 43_200
    at = T0 + base + 20_000  # 20 s after the base pulse became due, and before it may be given
    _, actions = step(state, Load(program(2 * MG), at))
    assert isinstance(actions[0], Record)
    assert (actions[0].kind, actions[0].a) == (RecordKind.LOAD, PULSE - 1)
    _, actions = step(state, Load(program(2 * MG, pulse_fg=2 * PULSE), at))
    assert isinstance(actions[0], Record)
    assert actions[0].a == 2 * PULSE - 2


def test_after_a_bolus_ended_the_next_pulse_still_keeps_its_spacing() -> None:
    config = CONFIG._replace(flow_max=250 * 2_000)
    state = loaded(program(MG))._replace(config=config)
    begin = T0 + 4 * INTERVAL - 1_000  # one pulse of base is due at T0 + 216 s
    state = state._replace(bolus=Bolus(Train.BOLUS, begin - 100_000, 200_000, 2), due=begin)
    state, fired = run(state, begin)
    assert fired == [(begin, Train.BOLUS)] and state.bolus is not None
    state, _ = step(state, Refill(18_000_000, begin + 500))
    assert (state.bolus, state.due) == (None, begin + 43_200)


def test_nothing_is_carried_out_of_a_cap_that_holds_back() -> None:
    state = held()
    _, actions = step(state, Load(program(), state.now + 1))
    assert isinstance(actions[0], Record)
    assert (actions[0].kind, actions[0].a) == (RecordKind.LOAD, 0)


# ---- windows


def held(hour: int = 4, day: int = 4) -> State:
    """A pump whose strays have filled its windows, at the ms at which a pulse is held back."""
    state = loaded(program(MG // 24, caps=((HOUR, hour * PULSE), (DAY, 20 * PULSE), (2 * HOUR, day * PULSE))))
    for _ in range(5):
        state, _ = step(state, Stray(T0 + HOUR))
        state, _ = step(state, Resume(T0 + HOUR))  # two together would be free flow
    state, actions = step(state, Tick(state.due))
    assert [action.a for action in actions if isinstance(action, Record)] == [state.past.gaps[-1].start]
    return state


def test_a_pulse_held_back_waits_for_the_last_window_to_have_room_and_time_goes_on() -> None:
    state = held()
    gap = state.past.gaps[-1]
    assert gap.reason == GapReason.CAP
    assert gap.end == T0 + 3 * HOUR  # two hours after the strays, and not one
    assert state.now == gap.start  # what happens before the end of the gap is still heard
    assert reason(state, Refill(18_000_000, state.now + 1)) == ""


def test_a_bolus_longer_than_a_window_is_looked_at_to_its_end() -> None:
    """The base rises an hour and a half from now, when the bolus is still running."""
    steps = (Segment(0, HOUR // 2 * 3, 3 * PULSE), Segment(HOUR // 2 * 3, HOUR, 20 * PULSE))
    for room, code in ((4, "window_full"), (6, "")):
        order = program(
            segments=steps,
            caps=((HOUR, (20 + room) * PULSE),),
            demand=Demand(20 * PULSE, 2 * HOUR, 0, False, 1, DAY),
        )
        assert reason(loaded(order), Demanded(T0 + 1)) == code


@pytest.mark.parametrize(("volume", "code"), [(999, "reservoir"), (1_000, "")])
def test_a_bolus_needs_its_whole_volume_in_the_reservoir(volume: int, code: str) -> None:
    state = loaded(program(demand=Demand(4 * PULSE, MINUTE, 0, False, 2, DAY)), reservoir=volume)
    assert reason(state, Demanded(T0 + 1)) == code


def test_a_pulse_of_the_base_goes_before_one_of_a_bolus_that_is_due_at_the_same_time() -> None:
    state = loaded(program(once=Once(Part.BOLUS, INTERVAL, PULSE)))
    spacing = 250 * DAY // CONFIG.flow_max
    assert run(state, T0 + 2 * INTERVAL - 1)[1] == [(T0 + INTERVAL, Train.BASE), (T0 + INTERVAL + spacing, Train.BOLUS)]


def test_the_ledger_drops_each_chunk_that_is_too_old_but_the_last_one() -> None:
    ledger = EMPTY_LEDGER
    for at in range(96):
        ledger = add(ledger, at, 1, 1_000)
    assert (len(ledger.chunks), ledger.before) == (2, 0)
    ledger = add(ledger, 10_000, 1, 1_000)
    assert (len(ledger.chunks), ledger.before, ledger.total) == (1, 64, 97)
    assert mass_after(ledger, -1) == 97 - 64


@pytest.mark.parametrize(("at", "before"), [(1_030, 0), (1_031, 32)])
def test_a_chunk_is_too_old_when_its_last_entry_is(at: int, before: int) -> None:
    ledger = EMPTY_LEDGER
    for each in range(96):
        ledger = add(ledger, each, 1, 1_000)
    assert add(ledger, at, 1, 1_000).before == before


def test_edges_at_both_ends_of_a_time_belong_to_it() -> None:
    plan = make_plan(program(segments=(Segment(0, HOUR, 1), Segment(2 * HOUR, HOUR, 1))))
    assert edges(plan, T0 + HOUR, T0 + DAY) == (T0 + HOUR, T0 + 2 * HOUR, T0 + 3 * HOUR, T0 + DAY)
    assert edges(plan, T0 + HOUR + 1, T0 + DAY - 1) == (T0 + 2 * HOUR, T0 + 3 * HOUR)
    bridge = Once(Part.BRIDGE, HOUR, 0, (Segment(0, HOUR, 5 * PULSE),), PULSE)
    headed = plan_for(program(once=bridge), CONFIG, Rung.NORMAL, T0 + 5)
    assert edges(headed, T0 + 5, T0 + 5 + HOUR) == (T0 + 5, T0 + 5 + HOUR)
    assert edges(headed, T0 + 6, T0 + 4 + HOUR) == ()


def test_a_stop_leaves_nothing_due() -> None:
    state, _ = step(loaded(program(demand=Demand(PULSE, MINUTE, 0, False, 1, DAY))), Stop(T0 + 5))
    assert (state.mode, state.due) == (Mode.STOPPED, NEVER)
    assert reason(state, Demanded(T0 + 6)) == "not_running"


def test_the_pulses_of_a_patient_s_bolus_are_spread_from_the_request_and_the_base_goes_on() -> None:
    state, _ = step(loaded(program(demand=Demand(4 * PULSE, MINUTE, 0, False, 2, DAY))), Demanded(T0 + 1))
    assert (state.now, state.due) == (T0 + 1, T0 + 15_001)
    bolus = [(T0 + 1 + 15_000 * k, Train.BOLUS) for k in (1, 2, 3, 4)]
    assert run(state, T0 + 2 * INTERVAL)[1] == sorted(
        [*bolus, (T0 + INTERVAL, Train.BASE), (T0 + 2 * INTERVAL, Train.BASE)]
    )


def test_an_empty_reservoir_ends_a_bolus() -> None:
    state = loaded(program(once=Once(Part.BOLUS, MINUTE, 4 * PULSE)), reservoir=1_000)
    state, _ = run(state._replace(reservoir_nl=500), T0 + INTERVAL)
    assert (state.mode, state.bolus) == (Mode.EMPTY, None)


# ---- pulses without a stroke


@pytest.mark.parametrize(("last", "alarms"), [(20, 1 << 20), (21, 0)])
def test_three_of_twenty_pulses_without_a_stroke_are_under_delivery(last: int, alarms: int) -> None:
    state = loaded(program())
    for seq in range(1, last + 1):
        state, _ = step(state, Tick(state.due))
        state, _ = step(state, Outcome(seq, 0 if seq in (1, 9, last) else 1))
    assert state.aside.faults == alarms


@pytest.mark.parametrize(("strokes", "alarms"), [((0, 0, 0), 1 << 20 | 1 << 5), ((0, VETO, 0), 1 << 20), ((0, 0), 0)])
def test_three_pulses_in_a_row_are_a_stall_unless_one_was_vetoed(strokes: tuple[int, ...], alarms: int) -> None:
    state = loaded(program())
    for each in (1, 1, *strokes):
        state, _ = step(state, Tick(state.due))
        state, _ = step(state, Outcome(state.pending, each))
    assert state.aside.faults == alarms


def test_what_an_outcome_says_was_given_so_far_holds_whatever_was_lost() -> None:
    for doubt in Doubt:
        assert apply(loaded(program()), Record(RecordKind.OUTCOME, T0, 1, doubt, 7)).given == 7


# ---- gaps


def test_no_pulse_is_missed_where_a_rung_halts_a_pump_that_a_cap_holds_back() -> None:
    state = held()
    state, _ = step(state, Faults(1 << 4, 0, state.now + 1))
    state, _ = step(state, Faults(0, 1 << 4, state.now + 1))
    state, _ = step(state, Resume(state.now + 60_000))
    gap = state.past.gaps[-1]
    assert (gap.reason, gap.missed) == (GapReason.HALTED, 0)


def test_a_pulse_that_waits_for_its_spacing_at_a_restart_is_not_missed() -> None:
    state = loaded(program(MG))._replace(due=T0 + 5 * INTERVAL)  # it was prescribed at the fourth
    state, _ = step(state, Restart(T0 + 4 * INTERVAL + 1))
    assert state.past.gaps[-1] == (T0, T0 + 4 * INTERVAL + 1, 0, GapReason.RESTART)
    assert (state.past.missed, state.due) == (0, T0 + 5 * INTERVAL)


def test_a_cap_that_holds_back_for_more_than_a_day_is_no_restart_that_is_held() -> None:
    state = loaded(program(MG // 24, caps=((2 * DAY, 40 * PULSE),), reactions=((30, Rung.FALLBACK),)))
    for _ in range(41):
        state, _ = step(state, Stray(T0 + HOUR))
        state, _ = step(state, Resume(T0 + HOUR))
    state, _ = step(state, Tick(state.due))
    gap = state.past.gaps[-1]
    assert gap.end - gap.start > DAY
    assert state.aside.faults == 0


@pytest.mark.parametrize(("free", "after"), [(50, 50), (51, 61)])
def test_a_lockout_that_was_over_when_power_went_is_over(free: int, after: int) -> None:
    state = loaded(program())
    state = state._replace(aside=state.aside._replace(free_at=T0 + free))
    gap = Record(RecordKind.GAP, T0 + 60, T0 + 50, 0, GapReason.RESTART)
    assert apply(state, gap).aside.free_at == T0 + after


def test_a_refill_of_a_pump_whose_order_was_lost_is_only_noted() -> None:
    state = apply(start(CONFIG, 100, T0), Record(RecordKind.EMPTY, T0))
    state = apply(state, Record(RecordKind.REFILL, T0 + 1, 9_000))
    assert (state.mode, state.reservoir_nl, state.alarms) == (Mode.EMPTY, 9_000, 0)


def test_a_bolus_too_many_in_its_window_names_the_count_and_the_window_slides() -> None:
    state = loaded(program(demand=Demand(PULSE, MINUTE, 0, False, 2, HOUR)))
    for at in (T0 + 1, T0 + 10 * MINUTE):
        state, _ = step(run(state, at)[0], Demanded(at))
    state, _ = run(state, T0 + HOUR)
    _, actions = step(state, Demanded(T0 + HOUR))
    assert actions == (Reject("count", 2, 2),)
    assert reason(state, Demanded(T0 + HOUR + 1)) == ""  # the first was an hour ago and is outside


def test_gaps_of_another_kind_are_no_restarts() -> None:
    state = loaded(program())
    for _ in range(6):
        state, _ = step(state, Tick(state.due + 2_000))
    state, _ = step(state, Restart(state.now + 1))
    assert (state.past.gap_count, state.aside.faults) == (7, 0)


@pytest.mark.parametrize(("cap", "admitted"), [(90, False), (92, True)])
def test_a_change_that_is_over_counts_in_the_windows_of_a_bolus_also_before_very_many_periods(
    cap: int, admitted: bool
) -> None:
    """60 pulses in the half hour from T0, then 120 in the two hours from 31 min on: most in the window up to 1 h."""
    change = Once(Part.TEMPORARY, HOUR // 2, 60 * 48 * PULSE)
    short = program(period=1_000, segments=(Segment(0, 1_000, PULSE // 1_000),), once=change)
    plan = plan_for(short._replace(caps=((HOUR, cap * PULSE),)), CONFIG, Rung.NORMAL, T0)
    at = T0 + 31 * MINUTE
    bolus = Bolus(Train.BOLUS, at, 2 * HOUR, 120)
    assert (crowded(plan, EMPTY_LEDGER, EMPTY_LEDGER, at, end=at + 2 * HOUR, new=bolus) is None) == admitted


def test_the_times_after_a_moment_are_those_later_than_it() -> None:
    ledger = EMPTY_LEDGER
    for at in range(0, 200, 2):
        ledger = add(ledger, at, 1, DAY)
    for since in (-1, 0, 1, 62, 63, 64, 100, 127, 128, 197, 198):
        assert times_after(ledger, since) == tuple(at for at in range(0, 200, 2) if at > since)
