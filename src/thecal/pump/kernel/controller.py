"""The controller: ``step(state, event) -> (state, actions)``. Units as in ``types``.

Every change goes through a journal record: ``step`` decides which records to write, and the new state is what ``apply``
makes of them. A pulse is begun by an INTENT record, fired by Actuate, and ended by an OUTCOME record. Missed time is
never made up: the schedule begins anew after it and a GAP record tells the interval.
"""

from thecal.pump.kernel.codec import program_to_bytes
from thecal.pump.kernel.fold import apply, apply_intent, apply_outcome, demanded
from thecal.pump.kernel.limits import bolus_of, crowded, problem
from thecal.pump.kernel.schedule import bolus_due, due_at, mass_by, plan_for
from thecal.pump.kernel.types import (
    NEVER,
    VETO,
    Action,
    Actuate,
    Alarm,
    Bolus,
    Config,
    Demanded,
    Doubt,
    Event,
    Faults,
    GapReason,
    Load,
    Mode,
    Outcome,
    Part,
    Path,
    Plan,
    Program,
    Record,
    RecordKind,
    Refill,
    Reject,
    Restart,
    Resume,
    Rung,
    Sound,
    State,
    Stop,
    Stray,
    Tick,
    Train,
)
from thecal.pump.kernel.windows import EMPTY_LEDGER, clear_time, mass_after

_INTENT, _OUTCOME = int(RecordKind.INTENT), int(RecordKind.OUTCOME)
_RUNNING = int(Mode.RUNNING)
_LOW = int(Alarm.LOW_RESERVOIR)
_MAX_STROKES = 1_000
_ALL_ALARMS = 2**62 - 2

type Stepped = tuple[State, tuple[Action, ...]]


def start(config: Config, reservoir_nl: int, now: int) -> State:
    """A controller that has no program yet."""
    assert config.pulse_nl > 0, "a pulse has a volume"
    assert 0 <= config.flow_min <= config.flow_max, "flows are in order"
    alarms = _LOW if reservoir_nl <= config.low_nl else 0
    return State(config=config, now=now, reservoir_nl=reservoir_nl, alarms=alarms)


def step(state: State, event: Event) -> Stepped:
    """What follows from ``event``. Total: an event that cannot be accepted gives Reject and the same state."""
    if isinstance(event, Tick):  # twice for every pulse, so before the others
        return _tick(state, event.now)
    if isinstance(event, Outcome):
        return _outcome(state, event)
    match event:
        case Load():
            return _load(state, event)
        case Demanded(now):
            return _demanded(state, now)
        case Refill() | Resume() | Path():
            return _attended(state, event)
        case Restart():
            return _restart(state, event)
        case Stop(now):
            now = max(now, state.now)
            return _settle(state, *_open_gap(state, now), Record(RecordKind.STOP, now))
        case _:
            return _warned(state, event)


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
    if ledger.total > state.roomy:
        for window, cap in program.caps:
            # a program at its cap holds as many whole pulses as the cap does, and the one that is just being made
            if mass_after(ledger, now - window) > cap:
                return _held_back(state, program, now)
    seq, counted, train = state.seq + 1, program.pulse_fg, 0
    if state.bolus is not None or state.plan.head is not None:
        counted, train = _which(state, state.plan, state.bolus, now)
    record = Record(_INTENT, now, seq, counted, train)
    after = apply_intent(state, record)
    if after.alarms != state.alarms:
        return after, (record, Actuate(seq), Sound(after.alarms & ~state.alarms))
    return after, (record, Actuate(seq))


def _which(state: State, plan: Plan, bolus: Bolus | None, now: int) -> tuple[int, int]:
    """What the pulse that is due counts, and its train: the earlier of two, and the base before a bolus."""
    pulse = plan.program.pulse_fg
    due = due_at(plan, state.base + (state.fired + 1) * pulse)
    if bolus is not None and (due == NEVER or bolus_due(bolus) < due):
        return (0 if bolus.train == Train.PRIME else pulse), bolus.train
    head = plan.head
    return (head.counted_fg if head is not None and now <= head.end else pulse), int(Train.BASE)


def _held_back(state: State, program: Program, now: int) -> Stepped:
    """A cap holds the pulse back: nothing is delivered until every window has room, and nothing is made up then."""
    assert state.plan is not None, "a program is running"
    end = max(clear_time(state.ledger, window, cap, now) for window, cap in program.caps)
    return _settle(state, _gap(state, state.due, end, GapReason.CAP, at=now))


def _outcome(state: State, event: Outcome) -> Stepped:
    seq, strokes = event
    if seq != state.pending or not seq or not VETO <= strokes <= _MAX_STROKES:
        return state, (Reject("no_such_pulse", state.pending, seq),)
    doubt = Doubt.VETOED if strokes == VETO else Doubt.GIVEN if strokes else Doubt.FAILED
    record = Record(_OUTCOME, state.now, seq, int(doubt), state.given + min(max(strokes, 0), 1))
    if strokes > 1:
        return _settle(state, record, Record(RecordKind.STRAY, state.now, strokes - 1))
    if strokes == 1:  # nearly always
        return apply_outcome(state, record), (record,)
    return _settle(state, record)


def _load(state: State, event: Load) -> Stepped:
    program, now = event
    refusal = _not_now(state, now) or problem(program, state.config) or _once_refusal(state, program, now)
    if refusal is not None:
        return state, (refusal,)
    records = _open_gap(state, now)
    carried = 0
    if not records and state.mode == _RUNNING:
        assert state.plan is not None, "a running pump has a program"
        # what was prescribed and not yet a whole pulse goes on as the same part of a pulse
        pulse = state.plan.program.pulse_fg
        part = mass_by(state.plan, now) - state.base - state.fired * pulse  # negative while a cap holds delivery back
        carried = max(min(part, pulse - 1), 0) * program.pulse_fg // pulse
    records.append(Record(RecordKind.LOAD, now, carried, blob=program_to_bytes(program)))
    if state.mode == Mode.EMPTY:
        records.append(Record(RecordKind.EMPTY, now))
    return _settle(state, *records)


def _once_refusal(state: State, program: Program, now: int) -> Reject | None:
    """Why what the program gives once cannot be given now, or None."""
    once, aside = program.once, state.aside
    if once is None:
        return None
    if state.plan is not None and state.plan.program == program:
        return Reject("repeated")  # the same message twice must not give the same thing twice
    same = state.plan is not None and state.plan.program.drug == program.drug
    ledger, boluses = (state.ledger, aside.boluses) if same else (EMPTY_LEDGER, EMPTY_LEDGER)
    if once.kind in (Part.BRIDGE, Part.TEMPORARY):
        plan = plan_for(program, state.config, Rung.NORMAL, now)
        assert plan.head is not None, "a bridge or a temporary change comes before the base"
        return crowded(plan, ledger, boluses, now, end=plan.head.end)
    bolus = bolus_of(program, once.mass, once.length, now, Train.BOLUS)
    refusal = _locked(state, program) or _too_little(state, bolus)
    if refusal is None and once.kind == Part.PRIME:
        volume = bolus.pulses * state.config.pulse_nl
        fits = aside.path_empty and volume <= state.config.path_nl
        return None if fits else Reject("path_not_empty", state.config.path_nl, volume)
    plan = plan_for(program, state.config, Rung.NORMAL)
    return refusal or crowded(plan, ledger, boluses, now, end=now + once.length, new=bolus)


def _demanded(state: State, now: int) -> Stepped:
    refusal = _not_now(state, now) or _demand_refusal(state, now)
    if refusal is not None:
        return state, (refusal,)
    assert state.plan is not None and state.plan.program.demand is not None, "it was asked"
    demand = state.plan.program.demand
    bolus = bolus_of(state.plan.program, demand.mass, demand.length, now, Train.BOLUS)
    refusal = _too_little(state, bolus) or crowded(
        state.plan, state.ledger, state.aside.boluses, now, end=now + demand.length, new=bolus
    )
    if refusal is not None:
        return state, (refusal,)
    return _settle(state, Record(RecordKind.GRANT, now, bolus.pulses, bolus.length))


def _demand_refusal(state: State, now: int) -> Reject | None:
    plan, aside = state.plan, state.aside
    if state.due < now:  # or never
        return Reject("not_running")
    assert plan is not None, "only a running program has a pulse due"
    demand = plan.program.demand
    if demand is None:
        return Reject("no_patient_bolus")
    if state.bolus is not None or (plan.head is not None and now < plan.head.end):
        return Reject("something_runs")
    if now < aside.free_at:
        return Reject("lockout", aside.free_at, now)
    if len(aside.granted) >= demand.most and aside.granted[-demand.most] > now - demand.window:
        return Reject("count", demand.most, len(aside.granted))
    return _locked(state, plan.program)


def _locked(state: State, program: Program) -> Reject | None:
    """Whether an alarm, or a rung that the program would begin on or that stands, refuses boluses."""
    faults = state.aside.faults
    rung = state.aside.rung if state.plan is not None and state.plan.program == program else demanded(program, faults)
    return Reject("locked", rung, faults) if rung or faults & program.locks else None


def _too_little(state: State, bolus: Bolus) -> Reject | None:
    volume = bolus.pulses * state.config.pulse_nl
    return Reject("reservoir", state.reservoir_nl, volume) if volume > state.reservoir_nl else None


def _attended(state: State, event: Refill | Resume | Path) -> Stepped:
    refusal = _not_now(state, event.now)
    if refusal is None and isinstance(event, Refill) and event.reservoir_nl < 0:
        refusal = Reject("reservoir", 0, event.reservoir_nl)
    if refusal is not None:
        return state, (refusal,)
    now = event.now
    if isinstance(event, Path):
        return _settle(state, Record(RecordKind.PATH, now, int(event.empty)))
    record = Record(RecordKind.RESUME, now)
    if isinstance(event, Refill):
        record = Record(RecordKind.REFILL, now, event.reservoir_nl, blob=event.label)
        if state.aside.halted != NEVER:  # a refill lets nothing go on that the ladder halted
            return _settle(state, record)
    return _settle(state, *_open_gap(state, now), record)


def _warned(state: State, event: Stray | Faults) -> Stepped:
    now = max(event.now, state.now)  # what can only lower delivery is heeded whatever the clock says
    if isinstance(event, Stray):
        return _settle(state, Record(RecordKind.STRAY, now, 1))
    faults = (state.aside.faults | event.began) & ~event.ended & _ALL_ALARMS
    if faults == state.aside.faults:
        return state, ()
    return _settle(state, Record(RecordKind.FAULTS, now, faults))


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
        missed = max((mass_by(state.plan, end) - state.base) // state.plan.program.pulse_fg - state.fired, 0)
    return Record(RecordKind.GAP, end if at is None else at, begin, missed, reason, end if anew else 0)


def _open_gap(state: State, now: int) -> list[Record]:
    """The gap that ends now because somebody attends to the pump, if there is one."""
    if state.mode == Mode.EMPTY:
        return [_gap(state, state.past.empty_since, now, GapReason.EMPTY)]
    if state.aside.halted != NEVER:
        return [_gap(state, state.aside.halted, now, GapReason.HALTED)]
    if state.mode == _RUNNING and state.due <= now and not state.pending:
        return [_gap(state, state.due, now, GapReason.LATE)]
    return []
