"""The controller: ``step(state, event) -> (state, actions)``, and ``apply``, by which a record changes the state.

Units as in ``types``. Every change goes through a journal record: ``step`` decides which records to write, and the new
state is what ``apply`` makes of them. Recovery applies the same records, so it cannot come to another state.

A pulse is begun by an INTENT record, fired by Actuate, and ended by an OUTCOME record. Missed time is never made up:
the schedule begins anew after it and a GAP record tells the interval. Records use their fields so:
LOAD a carried mass, blob program; INTENT a pulse number, b mass; OUTCOME a pulse number, b Doubt, c given so far;
REFILL a volume, blob label; GAP a start, b missed, c reason, d 1 when the schedule begins anew, at the end of the gap;
DAMAGE a records lost so far, b of them new.
"""

from thecal.pump.kernel.codec import program_from_bytes, program_to_bytes
from thecal.pump.kernel.schedule import due_at, make_plan, mass_by, problem
from thecal.pump.kernel.types import (
    MS_PER_DAY,
    NEVER,
    Action,
    Actuate,
    Alarm,
    Config,
    Doubt,
    Event,
    Gap,
    GapReason,
    Load,
    Mode,
    Outcome,
    Plan,
    Program,
    Record,
    RecordKind,
    Refill,
    Reject,
    Restart,
    Sound,
    State,
    Stop,
    Tick,
)
from thecal.pump.kernel.windows import EMPTY_LEDGER, add, clear_time, mass_after

GAPS_KEPT = 64
_KEEP_MS = MS_PER_DAY

# plain ints: looking up a member of an enumeration costs more than the arithmetic around it
_INTENT, _OUTCOME = int(RecordKind.INTENT), int(RecordKind.OUTCOME)
_RUNNING = int(Mode.RUNNING)
_LOW = int(Alarm.LOW_RESERVOIR)
_SETTLED_BY_LOAD = ~int(Alarm.GAP | Alarm.CAP | Alarm.STROKE_FAILED | Alarm.STOPPED | Alarm.JOURNAL_DAMAGED)
_SETTLED_BY_REFILL = ~int(Alarm.LOW_RESERVOIR | Alarm.EMPTY_RESERVOIR | Alarm.GAP)

type Stepped = tuple[State, tuple[Action, ...]]


def start(config: Config, reservoir_nl: int, now: int) -> State:
    """A controller that has no program yet."""
    assert config.pulse_nl > 0, "a pulse has a volume"
    assert 0 <= config.flow_min <= config.flow_max, "flows are in order"
    alarms = _LOW if reservoir_nl <= config.low_nl else 0
    return State(config=config, now=now, reservoir_nl=reservoir_nl, alarms=alarms)


def step(state: State, event: Event) -> Stepped:
    """What follows from ``event``. Total: an event that cannot be accepted gives Reject and the same state."""
    if isinstance(event, Tick):
        return _tick(state, event.now)
    if isinstance(event, Outcome):
        return _outcome(state, event)
    if isinstance(event, Load):
        return _load(state, event)
    if isinstance(event, Stop):
        return _stop(state, event)
    if isinstance(event, Refill):
        return _refill(state, event)
    assert isinstance(event, Restart), "every event is known"
    return _restart(state, event)


def apply(state: State, record: Record) -> State:
    """The state after ``record``. Total over records that ``step`` wrote, in their order, even if some are lost."""
    kind = record.kind
    if kind == _INTENT:
        return _apply_intent(state, record)
    if kind == _OUTCOME:
        return _apply_outcome(state, record)
    return _APPLY[RecordKind(kind)](state, record)


def _tick(state: State, now: int) -> Stepped:
    if now < state.now:
        return state, (Reject("clock_backwards", state.now, now),)
    due = state.due
    if due > now or due == NEVER or state.pending:
        return state, ()
    assert state.mode == _RUNNING and state.plan is not None, "only a running program has a pulse due"
    config, program = state.config, state.plan.program
    if now - due > config.max_late_ms:
        return _settle(state, _gap(state, due, now, GapReason.LATE))
    if state.reservoir_nl < config.pulse_nl:
        return _settle(state, Record(RecordKind.EMPTY, now))
    ledger = state.ledger
    kept = ledger.total - ledger.before
    for window, cap in program.caps:
        # a program at its cap holds as many whole pulses as the cap does, and the one that is just being made
        if kept > cap and mass_after(ledger, now - window) > cap:
            return _held_back(state, program, now)
    seq = state.seq + 1
    record = Record(_INTENT, now, seq, program.pulse_fg)
    after = _apply_intent(state, record)
    if after.alarms != state.alarms:
        return after, (record, Actuate(seq), Sound(after.alarms & ~state.alarms))
    return after, (record, Actuate(seq))


def _held_back(state: State, program: Program, now: int) -> Stepped:
    """A cap holds the pulse back: nothing is delivered until every window has room, and nothing is made up then."""
    assert state.plan is not None, "a program is running"
    end = max(clear_time(state.ledger, window, cap, now) for window, cap in program.caps)
    return _settle(state, _gap(state, state.due, end, GapReason.CAP, at=now))


def _outcome(state: State, event: Outcome) -> Stepped:
    seq, ok = event
    if seq != state.pending or not seq:
        return state, (Reject("no_such_pulse", state.pending, seq),)
    record = Record(_OUTCOME, state.now, seq, 1 if ok else 0, state.given + 1 if ok else state.given)
    after = _apply_outcome(state, record)
    if after.alarms != state.alarms:
        return after, (record, Sound(after.alarms & ~state.alarms))
    return after, (record,)


def _load(state: State, event: Load) -> Stepped:
    refusal = _not_now(state, event.now) or problem(event.program, state.config)
    if refusal is not None:
        return state, (refusal,)
    now = event.now
    records = _open_gap(state, now)
    carried = 0
    if not records and state.mode == _RUNNING and state.plan is not None:
        # what was prescribed and not yet a whole pulse goes on as the same part of a pulse
        part = mass_by(state.plan, now) - state.base - state.fired * state.plan.program.pulse_fg
        if part > 0:  # it is negative while a cap holds delivery back
            carried = part * event.program.pulse_fg // state.plan.program.pulse_fg
        assert 0 <= carried < event.program.pulse_fg, "less than a pulse is carried"
    records.append(Record(RecordKind.LOAD, now, carried, blob=program_to_bytes(event.program)))
    if state.mode == Mode.EMPTY and make_plan(event.program).total:
        records.append(Record(RecordKind.EMPTY, now))
    return _settle(state, *records)


def _stop(state: State, event: Stop) -> Stepped:
    now = max(event.now, state.now)  # a stop is obeyed whatever the clock says
    return _settle(state, *_open_gap(state, now), Record(RecordKind.STOP, now))


def _refill(state: State, event: Refill) -> Stepped:
    refusal = _not_now(state, event.now)
    if refusal is None and event.reservoir_nl < 0:
        refusal = Reject("reservoir", 0, event.reservoir_nl)
    if refusal is not None:
        return state, (refusal,)
    record = Record(RecordKind.REFILL, event.now, event.reservoir_nl, blob=event.label)
    return _settle(state, *_open_gap(state, event.now), record)


def _restart(state: State, event: Restart) -> Stepped:
    now = max(event.now, state.now)  # a clock that went back has not shown that any time passed
    records: list[Record] = []
    if state.pending:
        records.append(Record(_OUTCOME, state.now, state.pending, Doubt.DOUBTFUL, state.given))
    if event.damage > state.past.damage:
        records.append(Record(RecordKind.DAMAGE, now, event.damage, event.damage - state.past.damage))
    elif state.mode == _RUNNING and now > state.now:
        anew = state.due <= now
        records.append(_gap(state, state.now, now, GapReason.RESTART, anew=anew))
    return _settle(state, *records)


def _settle(state: State, *records: Record) -> Stepped:
    after = state
    for record in records:
        after = apply(after, record)
    began = after.alarms & ~state.alarms
    return after, (*records, Sound(began)) if began else records


def _not_now(state: State, now: int) -> Reject | None:
    if now < state.now:
        return Reject("clock_backwards", state.now, now)
    if state.pending:
        return Reject("outcome_awaited", state.pending)
    return None


def _gap(state: State, begin: int, end: int, reason: int, at: int | None = None, anew: bool = True) -> Record:
    """A gap up to ``end``, known at ``at``, with the pulses that were prescribed in it."""
    assert state.plan is not None, "without a program nothing is missed"
    missed = 0
    if anew:
        missed = (mass_by(state.plan, end) - state.base) // state.plan.program.pulse_fg - state.fired
    return Record(RecordKind.GAP, end if at is None else at, begin, missed, reason, end if anew else 0)


def _open_gap(state: State, now: int) -> list[Record]:
    """The gap that ends now because somebody attends to the pump, if there is one."""
    if state.mode == Mode.EMPTY and state.plan is not None:
        return [_gap(state, state.past.empty_since, now, GapReason.EMPTY)]
    if state.mode == _RUNNING and state.due <= now and not state.pending:
        return [_gap(state, state.due, now, GapReason.LATE)]
    return []


def _apply_intent(state: State, record: Record) -> State:
    _, at, seq, mass, _, _, _ = record
    plan = state.plan
    fired = state.fired + 1
    due = state.due if plan is None else due_at(plan, state.base + (fired + 1) * mass)
    config = state.config
    left = state.reservoir_nl - config.pulse_nl
    alarms = state.alarms if left > config.low_nl else state.alarms | _LOW
    ledger = add(state.ledger, at, mass, _KEEP_MS)
    # in the order of the fields: this is done for every pulse, and naming them costs three times as much
    return State(
        config, state.mode, at, plan, state.base, fired, due, seq, seq, state.given, left, ledger, alarms, state.past
    )


def _apply_outcome(state: State, record: Record) -> State:
    doubt, given = record.b, record.c
    if doubt == 1:
        config, mode, now, plan, base, fired, due, _, seq, _, left, ledger, alarms, past = state
        return State(config, mode, now, plan, base, fired, due, 0, seq, given, left, ledger, alarms, past)
    past = state.past
    if doubt == Doubt.DOUBTFUL:
        return state._replace(pending=0, given=given, past=past._replace(doubtful=past.doubtful + 1))
    past = past._replace(failed=past.failed + 1)
    return state._replace(pending=0, given=given, past=past, alarms=state.alarms | Alarm.STROKE_FAILED)


def _apply_load(state: State, record: Record) -> State:
    program = program_from_bytes(record.blob)
    plan = make_plan(program)
    # windows count the drug that the program names; another drug's pulses say nothing about its dose
    same = state.plan is not None and state.plan.program.drug == program.drug
    alarms = state.alarms & _SETTLED_BY_LOAD
    state = state._replace(
        now=record.at,
        mode=_RUNNING if plan.total else Mode.STOPPED,
        plan=plan,
        ledger=state.ledger if same else EMPTY_LEDGER,
        alarms=alarms if plan.total else alarms | Alarm.STOPPED,
        past=state.past._replace(empty_since=NEVER),
    )
    return _begin(state, plan, record.at, record.a)


def _apply_stop(state: State, record: Record) -> State:
    alarms = state.alarms | Alarm.STOPPED
    mode = Mode.FAULT if state.mode == Mode.FAULT else Mode.STOPPED
    past = state.past._replace(empty_since=NEVER)
    return state._replace(now=record.at, mode=mode, due=NEVER, past=past, alarms=alarms)


def _apply_refill(state: State, record: Record) -> State:
    alarms = state.alarms & _SETTLED_BY_REFILL
    if record.a <= state.config.low_nl:
        alarms |= _LOW
    state = state._replace(now=record.at, reservoir_nl=record.a, alarms=alarms)
    if state.mode == Mode.EMPTY and state.plan is not None:
        past = state.past._replace(empty_since=NEVER)
        return _begin(state._replace(mode=_RUNNING, past=past), state.plan, record.at, 0)
    return state


def _apply_gap(state: State, record: Record) -> State:
    _, at, begin, missed, reason, anew_at, _ = record
    gap = Gap(begin, anew_at or at, missed, reason)
    alarm = Alarm.CAP if reason == GapReason.CAP else Alarm.GAP
    past = state.past
    past = past._replace(
        gaps=(*past.gaps, gap)[-GAPS_KEPT:],
        gap_count=past.gap_count + 1,
        missed=past.missed + missed,
        empty_since=at if state.mode == Mode.EMPTY else past.empty_since,
    )
    alarms = state.alarms | alarm if anew_at else state.alarms
    state = state._replace(now=at, past=past, alarms=alarms)
    if not anew_at or state.plan is None or state.mode == Mode.FAULT:
        return state
    anew = _begin(state, state.plan, anew_at, 0)
    return anew if state.mode == _RUNNING else anew._replace(due=NEVER)


def _apply_empty(state: State, record: Record) -> State:
    alarms = state.alarms | Alarm.EMPTY_RESERVOIR | _LOW
    past = state.past._replace(empty_since=record.at)
    return state._replace(now=record.at, mode=Mode.EMPTY, due=NEVER, past=past, alarms=alarms)


def _apply_damage(state: State, record: Record) -> State:
    """Each record lost may have been a pulse: counted for caps as if given just now, and delivery ends."""
    _, at, total, fresh, _, _, _ = record
    ledger = state.ledger
    if state.plan is not None:
        ledger = add(ledger, at, fresh * state.plan.program.pulse_fg, _KEEP_MS)
    return state._replace(
        now=at,
        mode=Mode.FAULT,
        due=NEVER,
        pending=0,
        ledger=ledger,
        past=state.past._replace(doubtful=state.past.doubtful + fresh, damage=total),
        alarms=state.alarms | Alarm.JOURNAL_DAMAGED,
    )


def _begin(state: State, plan: Plan, at: int, carried: int) -> State:
    """The schedule begins anew at ``at``, with ``carried`` fg already due."""
    base = mass_by(plan, at) - carried
    return state._replace(base=base, fired=0, due=due_at(plan, base + plan.program.pulse_fg))


_APPLY = {
    RecordKind.LOAD: _apply_load,
    RecordKind.STOP: _apply_stop,
    RecordKind.REFILL: _apply_refill,
    RecordKind.GAP: _apply_gap,
    RecordKind.EMPTY: _apply_empty,
    RecordKind.DAMAGE: _apply_damage,
}
