"""How a journal record changes the state: ``apply``. Units as in ``types``.

Recovery applies the same records as the controller did, so it cannot come to another state. Total over the records
that ``step`` wrote, in their order, even if some are lost. Records use their fields so:
LOAD a carried mass, blob program; INTENT a pulse number, b mass counted, c train; OUTCOME a pulse number, b Doubt,
c given so far; REFILL a volume, blob label; GAP a start, b missed, c reason, d when the schedule begins anew, 0 when it
goes on; DAMAGE a records lost so far, b of them new; GRANT a pulses, b length; STRAY a strokes; FAULTS a active alarms;
PATH a 1 when empty.
"""

from thecal.pump.kernel.codec import program_from_bytes
from thecal.pump.kernel.limits import ALWAYS_STOP, MAX_WINDOW_MS, bolus_of
from thecal.pump.kernel.schedule import bolus_due, due_at, mass_by, plan_for
from thecal.pump.kernel.types import (
    MS_PER_DAY,
    NEVER,
    Alarm,
    Bolus,
    Doubt,
    Gap,
    GapReason,
    Mode,
    Part,
    Program,
    Record,
    RecordKind,
    Rung,
    State,
    Train,
)
from thecal.pump.kernel.windows import EMPTY_LEDGER, add, mass_after

GAPS_KEPT = 64
FREE_FLOW, MOTOR_STALL, CONTROLLER_FAILED, UNDER_DELIVERY, RESTART_HELD = 2, 5, 9, 20, 30
STRAYS_ALLOWED = 1
RESUME_GAP_MS = MS_PER_DAY
RESETS, RESETS_WITHIN_MS = 5, 3_600_000
_KEEP_MS = MAX_WINDOW_MS
_FAILED_OF = 20  # three pulses of so many that moved nothing are under-delivery, three failed in a row are a stall

# plain ints: looking up a member of an enumeration costs more than the arithmetic around it
_INTENT, _OUTCOME = int(RecordKind.INTENT), int(RecordKind.OUTCOME)
_LOW, _STOPPED = int(Alarm.LOW_RESERVOIR), int(Alarm.STOPPED)
_SETTLED_BY_LOAD = ~int(Alarm.GAP | Alarm.CAP | Alarm.STROKE_FAILED | Alarm.STOPPED | Alarm.JOURNAL_DAMAGED)
_SETTLED_BY_REFILL = ~int(Alarm.LOW_RESERVOIR | Alarm.EMPTY_RESERVOIR | Alarm.GAP)


def _bits(*numbers: int) -> int:
    return sum(1 << number for number in numbers)


_SETTLED_BY_ORDER = ~_bits(MOTOR_STALL, CONTROLLER_FAILED, UNDER_DELIVERY, RESTART_HELD)
_SETTLED_BY_RESUME = _SETTLED_BY_ORDER & ~_bits(FREE_FLOW)


def apply(state: State, record: Record) -> State:
    """The state after ``record``."""
    kind = record.kind
    if kind == _INTENT:
        return apply_intent(state, record)
    if kind == _OUTCOME:
        return apply_outcome(state, record)
    return _APPLY[RecordKind(kind)](state, record)


def demanded(program: Program, faults: int) -> int:
    """The most restrictive rung that the active alarms ask for."""
    if faults & _bits(*ALWAYS_STOP):
        return int(Rung.STOP)
    return max((rung for number, rung in program.reactions if faults >> number & 1), default=0)


def apply_intent(state: State, record: Record) -> State:
    """A pulse was begun: it is counted from now on, whatever becomes of it."""
    _, at, seq, mass, train, _, _ = record
    config, mode, _, plan, base, fired, due, _, _, given, left, ledger, alarms, past, bolus, aside, roomy = state
    if train:
        aside = aside._replace(boluses=add(aside.boluses, at, mass, _KEEP_MS))
        if bolus is not None:
            bolus = bolus._replace(fired=bolus.fired + 1) if bolus.fired + 1 < bolus.pulses else None
    else:
        fired += 1
    if plan is not None:
        due = due_at(plan, base + (fired + 1) * plan.program.pulse_fg)
        if bolus is not None:
            due = _sooner(due, bolus_due(bolus))
        if due != NEVER:
            due = max(due, at + config.pulse_nl * MS_PER_DAY // config.flow_max)
    left -= config.pulse_nl
    if left <= config.low_nl:
        alarms |= _LOW
    if due == NEVER:
        mode, alarms = int(Mode.STOPPED), alarms | _STOPPED
    ledger = add(ledger, at, mass, _KEEP_MS)
    if ledger.total > roomy and plan is not None:
        roomy = min(ledger.total - mass_after(ledger, at - window) + cap for window, cap in plan.program.caps)
    # in the order of the fields: this is done for every pulse, and naming them costs three times as much
    return State(
        config, mode, at, plan, base, fired, due, seq, seq, given, left, ledger, alarms, past, bolus, aside, roomy
    )


def apply_outcome(state: State, record: Record) -> State:
    """A pulse ended."""
    doubt, given = record.b, record.c
    if doubt == 1:
        config, mode, now, plan, base, fired, due, _, seq, _, left, ledger, alarms, past, bolus, aside, roomy = state
        return State(
            config, mode, now, plan, base, fired, due, 0, seq, given, left, ledger, alarms, past, bolus, aside, roomy
        )
    past, aside = state.past, state.aside
    state = state._replace(pending=0, given=given)
    if doubt == Doubt.DOUBTFUL:
        return state._replace(past=past._replace(doubtful=past.doubtful + 1))
    vetoed = doubt == Doubt.VETOED
    failed = (*aside.failed, -record.a if vetoed else record.a)[-3:]
    faults = aside.faults
    if len(failed) == 3 and record.a - abs(failed[0]) < _FAILED_OF:
        faults |= _bits(UNDER_DELIVERY)
    if failed == (record.a - 2, record.a - 1, record.a):
        faults |= _bits(MOTOR_STALL)
    state = state._replace(
        past=past._replace(failed=past.failed + (not vetoed), vetoed=past.vetoed + vetoed),
        alarms=state.alarms if vetoed else state.alarms | Alarm.STROKE_FAILED,
        aside=aside._replace(failed=failed),
    )
    return _climb(state, state.now, faults)


def _apply_load(state: State, record: Record) -> State:
    program, at = program_from_bytes(record.blob), record.at
    once, aside = program.once, state.aside
    # windows count the drug that the program names; another drug's pulses say nothing about its dose
    same = state.plan is not None and state.plan.program.drug == program.drug
    faults = aside.faults & _SETTLED_BY_ORDER
    bolus = None
    if once is not None and once.kind in (Part.BOLUS, Part.PRIME):
        bolus = bolus_of(program, once.mass, once.length, at, Train.PRIME if once.kind == Part.PRIME else Train.BOLUS)
    aside = aside._replace(
        rung=demanded(program, faults),
        faults=faults,
        head=at if once is not None and bolus is None else NEVER,
        done=0,
        free_at=at + (program.demand.lockout if program.demand else 0),
        boluses=aside.boluses if same else EMPTY_LEDGER,
        failed=(),
        path_empty=aside.path_empty and not (once is not None and once.kind == Part.PRIME),
    )
    state = state._replace(
        now=at,
        plan=(plan := plan_for(program, state.config, aside.rung, aside.head)),
        base=mass_by(plan, at) - record.a,
        fired=0,
        ledger=state.ledger if same else EMPTY_LEDGER,
        alarms=state.alarms & _SETTLED_BY_LOAD,
        past=state.past._replace(empty_since=NEVER),
        bolus=bolus,
        aside=aside,
        roomy=0,
    )
    return _begin(state, at)


def _apply_stop(state: State, record: Record) -> State:
    mode = Mode.FAULT if state.alarms & Alarm.JOURNAL_DAMAGED else Mode.STOPPED
    past = state.past._replace(empty_since=NEVER)
    alarms = state.alarms | Alarm.STOPPED
    aside = state.aside._replace(halted=NEVER)
    return state._replace(now=record.at, mode=mode, due=NEVER, past=past, alarms=alarms, bolus=None, aside=aside)


def _apply_refill(state: State, record: Record) -> State:
    alarms = state.alarms & _SETTLED_BY_REFILL
    if record.a <= state.config.low_nl:
        alarms |= _LOW
    state = _without_bolus(state._replace(now=record.at, reservoir_nl=record.a, alarms=alarms))
    state = _lock_out(state, record.at)
    if state.mode == Mode.EMPTY and state.plan is not None:
        state = state._replace(past=state.past._replace(empty_since=NEVER))
        return _begin(_rebased(state, record.at, state.aside.rung), record.at)
    return state


def _apply_gap(state: State, record: Record) -> State:
    _, at, begin, missed, reason, anew_at, _ = record
    end = anew_at or at
    past, aside, faults = state.past, state.aside, state.aside.faults
    past = past._replace(
        gaps=(*past.gaps, Gap(begin, end, missed, reason))[-GAPS_KEPT:],
        gap_count=past.gap_count + 1,
        missed=past.missed + missed,
        empty_since=at if state.mode == Mode.EMPTY else past.empty_since,
    )
    if reason == GapReason.RESTART:
        faults |= _bits(CONTROLLER_FAILED) if _resets(past.gaps, end) >= RESETS else 0
        if aside.free_at > begin:  # nobody vouches for the time without power
            aside = aside._replace(free_at=aside.free_at + end - begin)
    if reason != GapReason.CAP and end - begin > RESUME_GAP_MS:
        faults |= _bits(RESTART_HELD)
    alarms = state.alarms | (Alarm.CAP if reason == GapReason.CAP else Alarm.GAP) if anew_at else state.alarms
    state = state._replace(past=past, alarms=alarms, aside=aside)
    if anew_at and state.mode == Mode.RUNNING:
        state = _begin(_rebased(state._replace(bolus=None), end, aside.rung), end)
    else:
        state = _without_bolus(state)
    return _climb(state, at, faults)


def _apply_empty(state: State, record: Record) -> State:
    alarms = state.alarms | Alarm.EMPTY_RESERVOIR | _LOW
    past = state.past._replace(empty_since=record.at)
    return state._replace(now=record.at, mode=Mode.EMPTY, due=NEVER, past=past, alarms=alarms, bolus=None)


def _apply_damage(state: State, record: Record) -> State:
    """Each record lost may have been a pulse: counted for caps as if given just now, and delivery ends.

    Their numbers are used up as well, so that no later pulse can carry a number that a lost one had.
    """
    _, at, total, fresh, _, _, _ = record
    ledger = state.ledger
    if state.plan is not None:
        ledger = add(ledger, at, fresh * state.plan.program.pulse_fg, _KEEP_MS)
    return state._replace(
        now=at,
        mode=Mode.FAULT,
        due=NEVER,
        seq=state.seq + fresh,
        ledger=ledger,
        past=state.past._replace(doubtful=state.past.doubtful + fresh, damage=total),
        alarms=state.alarms | Alarm.JOURNAL_DAMAGED,
        bolus=None,
        aside=state.aside._replace(halted=NEVER, path_empty=False),
    )


def _apply_grant(state: State, record: Record) -> State:
    _, at, pulses, length, _, _, _ = record
    demand = state.plan.program.demand if state.plan is not None else None
    if demand is None:
        return state._replace(now=at)
    aside = state.aside
    aside = aside._replace(
        granted=(*aside.granted, at)[-demand.most :],
        free_at=at + demand.lockout + (length if demand.from_end else 0),
    )
    bolus = Bolus(Train.BOLUS, at, length, pulses)
    return state._replace(now=at, bolus=bolus, due=_spaced(state, _sooner(state.due, bolus_due(bolus))), aside=aside)


def _apply_stray(state: State, record: Record) -> State:
    at, strokes = record.at, record.a
    ledger, aside = state.ledger, state.aside
    if state.plan is not None:
        ledger = add(ledger, max(at, state.now), strokes * state.plan.program.pulse_fg, _KEEP_MS)
    left = max(state.reservoir_nl - strokes * state.config.pulse_nl, 0)
    aside = aside._replace(strays=aside.strays + strokes)
    alarms = state.alarms | (_LOW if left <= state.config.low_nl else 0)
    state = state._replace(ledger=ledger, given=state.given + strokes, reservoir_nl=left, alarms=alarms, aside=aside)
    return _climb(state, at, aside.faults | (_bits(FREE_FLOW) if aside.strays > STRAYS_ALLOWED else 0))


def _apply_faults(state: State, record: Record) -> State:
    return _climb(state, record.at, record.a)


def _apply_resume(state: State, record: Record) -> State:
    at, plan, aside = record.at, state.plan, state.aside
    faults = aside.faults & _SETTLED_BY_RESUME
    aside = aside._replace(faults=faults, strays=0, failed=())
    state = _lock_out(state._replace(now=at, aside=aside), at)
    if plan is None:
        return state
    rung = demanded(plan.program, faults)
    if aside.halted != NEVER:
        return _begin(_rebased(state, at, rung), at)
    return state if rung == aside.rung else _on_rung(state, at, rung)


def _apply_path(state: State, record: Record) -> State:
    return state._replace(now=record.at, aside=state.aside._replace(path_empty=record.a == 1))


def _climb(state: State, at: int, faults: int) -> State:
    """These alarms are active: the rung rises to what they ask for, and never falls."""
    state = state._replace(now=max(at, state.now), aside=state.aside._replace(faults=faults))
    if state.plan is None:
        return state
    program = state.plan.program
    rung = max(state.aside.rung, demanded(program, faults))
    if rung != state.aside.rung:
        return _on_rung(state, state.now, rung)
    return _without_bolus(state) if faults & program.locks else state


def _on_rung(state: State, at: int, rung: int) -> State:
    """The schedule of another rung from ``at`` on; the unfinished part of a pulse goes on."""
    state = state._replace(bolus=None)  # one runs on rung NORMAL alone
    if state.mode != Mode.RUNNING:
        return _rebased(state, at, rung)
    plan = state.plan
    assert plan is not None, "a running pump has a program"
    part = mass_by(plan, at) - state.base - state.fired * plan.program.pulse_fg
    return _begin(_rebased(state, at, rung, part), at)


def _rebased(state: State, at: int, rung: int, carried: int | None = None) -> State:
    """The schedule on ``rung`` from ``at`` on, ``carried`` fg already due; None after a gap.

    A bridge goes on with what is left of it: in a gap nothing was given.
    """
    plan, aside = state.plan, state.aside
    assert plan is not None, "without a program there is no schedule"
    head, once = plan.head, plan.program.once
    if once is not None and once.kind == Part.BRIDGE and head is not None:
        given = state.base + state.fired * plan.program.pulse_fg if carried is None else mass_by(plan, at)
        done = aside.done + min(max(given - head.low, 0), head.high - head.low)
        aside = aside._replace(head=at, done=done)
    plan = plan_for(plan.program, state.config, rung, aside.head, aside.done)
    base = mass_by(plan, at) - (carried or 0)
    return state._replace(plan=plan, base=base, fired=0, aside=aside._replace(rung=rung))


def _begin(state: State, at: int) -> State:
    """The pump runs its schedule, unless that gives nothing any more."""
    plan, aside, alarms = state.plan, state.aside, state.alarms & ~_STOPPED
    assert plan is not None, "without a program there is no schedule"
    due = due_at(plan, state.base + (state.fired + 1) * plan.program.pulse_fg)
    if state.bolus is not None:
        due = _sooner(due, bolus_due(state.bolus))
    mode, halted = Mode.RUNNING, NEVER
    if due == NEVER:
        alarms |= _STOPPED
        mode, halted = (Mode.FAULT, at) if aside.rung else (Mode.STOPPED, NEVER)
    aside = aside._replace(halted=halted)
    return state._replace(mode=int(mode), due=_spaced(state, due), alarms=alarms, aside=aside)


def _without_bolus(state: State) -> State:
    """A bolus that is running ends; the base goes on as if there had been none."""
    return state if state.bolus is None else _begin(state._replace(bolus=None), state.now)


def _lock_out(state: State, at: int) -> State:
    demand = state.plan.program.demand if state.plan is not None else None
    return state if demand is None else state._replace(aside=state.aside._replace(free_at=at + demand.lockout))


def _spaced(state: State, due: int) -> int:
    """``due``, but no sooner after the last pulse than the mechanism can."""
    last = state.ledger.times
    if due == NEVER or not last:
        return due
    return max(due, last[-1] + state.config.pulse_nl * MS_PER_DAY // state.config.flow_max)


def _sooner(one: int, other: int) -> int:
    return other if one == NEVER else min(one, other)


def _resets(gaps: tuple[Gap, ...], at: int) -> int:
    return sum(1 for gap in gaps if gap.reason == GapReason.RESTART and gap.end > at - RESETS_WITHIN_MS)


_APPLY = {
    RecordKind.LOAD: _apply_load,
    RecordKind.STOP: _apply_stop,
    RecordKind.REFILL: _apply_refill,
    RecordKind.GAP: _apply_gap,
    RecordKind.EMPTY: _apply_empty,
    RecordKind.DAMAGE: _apply_damage,
    RecordKind.GRANT: _apply_grant,
    RecordKind.STRAY: _apply_stray,
    RecordKind.FAULTS: _apply_faults,
    RecordKind.RESUME: _apply_resume,
    RecordKind.PATH: _apply_path,
}
