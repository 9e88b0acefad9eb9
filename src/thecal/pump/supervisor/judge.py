"""The judge: one event in, the next state and what to do out. Section 5 of the pump's specification.

Total and deterministic: every event has an answer, time that goes back counts as standing still, and nothing is read
from outside. ``Record`` comes first in an answer and must be durable before the rest is carried out.
"""

from thecal.pump.supervisor.order import Order, read_order
from thecal.pump.supervisor.state import State, apply, brought_to
from thecal.pump.supervisor.types import (
    ACTUATOR_FAULT,
    BASAL_ONLY,
    BASE,
    BOLUS,
    CLOCK_FAULT,
    CONTROLLER_FAILED,
    DAY,
    FALLBACK,
    FREE_FLOW,
    GOVERNOR_TRIP,
    MOST,
    OVER_DELIVERY,
    PRIME,
    STOP,
    STOPPING,
    Action,
    Close,
    Drive,
    Event,
    Fact,
    Heartbeat,
    Install,
    Level,
    Limit,
    Open,
    Path,
    Permit,
    Raise,
    Record,
    Refill,
    Request,
    Restart,
    Resume,
    Stop,
    Stroke,
    Veto,
)

SILENT_MS, FAILED_MS, COMPARE_MS = 90_000, 180_000, 60_000
ANSWER_MS = 1_000

type Step = tuple[State, list[Action]]


def judge(state: State, event: Event) -> tuple[State, tuple[Action, ...]]:
    """The state after ``event``, and the answer to it."""
    answer: list[Action] = []
    state = brought_to(state, event.at)
    if not isinstance(event, Restart):  # what was open before it is not open now
        state, answer = _pass(state)
    match event:
        case Request():
            state, more = _request(state, event)
        case Stroke():
            state, more = _stroke(state)
        case Drive(on):
            state, more = _drive(state, on)
        case Heartbeat(count):
            state, more = _heartbeat(state, count)
        case Level(low, high):
            state, more = _level(state, low, high)
        case Install(data):
            state, more = _install(state, data)
        case Limit(rung):
            state, more = _limit(state, rung)
        case _:
            state, more = _told(state, event)
    answer += more
    if Open() in answer:
        state = state._replace(closed=False)
    return state, tuple(sorted(answer, key=_place))


def _place(action: Action) -> bool:
    """Records first, in their order: nothing is carried out before they are durable."""
    return not isinstance(action, Record)


def _note(state: State, kind: str, *values: int | str) -> Step:
    fact = Fact(kind, state.now, values)
    return apply(state, fact), [Record(fact)]


def _latch(state: State, alarm: int) -> Step:
    """Raise an alarm that stays until a person resumes; one that stops opens the switch."""
    opening: list[Action] = [Open()] if alarm in STOPPING else []
    if alarm in state.latched:
        return state, opening
    state, answer = _note(state, "latch", alarm)
    return state, [*answer, *opening, Raise(alarm)]


def _pass(state: State) -> Step:
    """What time alone does: a permission ends, a drive lasts too long, the controller is silent."""
    answer: list[Action] = []
    longest = state.figures.drive_max_ms
    if state.opened is not None and state.now > state.opened + longest + ANSWER_MS:
        state, answer = state._replace(opened=None), [Open()]
    if state.drive is not None and state.now > state.drive + longest:
        state, more = _latch(state, ACTUATOR_FAULT)
        answer += more
    silence = state.now - state.beat
    if silence >= SILENT_MS and state.closed:
        answer.append(Open())
    if silence >= FAILED_MS:
        state, more = _latch(state, CONTROLLER_FAILED)
        answer += more
    return state, answer


def _request(state: State, asked: Request) -> Step:
    if state.seq < 0 and 0 < asked.seq <= MOST:
        # What was permitted is lost: the first number that is heard is refused, and only later ones count.
        state, answer = _note(state, "number", asked.seq)
        return state, [*answer, Veto(asked.seq, "sequence")]
    reason = _reason(state, asked)
    if not reason:
        state, answer = _note(state, "permit", asked.seq, asked.train)
        return state._replace(opened=state.now, closed=True), [*answer, Permit(asked.seq), Close()]
    answer = []
    if reason in ("cap", "spacing", "early") and GOVERNOR_TRIP not in state.latched:
        state, answer = _note(state, "trip")
        if len(state.trips) > 1:
            state, more = _latch(state, GOVERNOR_TRIP)
            answer += more
    return state, [*answer, Veto(asked.seq, reason)]


def _reason(state: State, asked: Request) -> str:
    """The first rule that forbids the pulse, in the order of the specification, or nothing."""
    order = state.order
    if order is None or asked.digest != order.digest or asked.train not in (BASE, BOLUS, PRIME):
        return "order"
    if not state.seq < asked.seq <= MOST:
        return "sequence"
    if state.opened is not None:
        return "open"
    highest = STOP if asked.train == BASE else BASAL_ONLY
    if state.stopped or state.rung >= highest or STOPPING.intersection(state.latched):
        return "latched"
    if state.now - state.last < state.figures.spacing_ms:
        return "spacing"
    if state.volume < state.figures.pulse_nl:
        return "reservoir"
    alive = state.heard and state.now - state.beat < SILENT_MS
    return _too_much(state, order, asked.train) or ("" if alive else "watchdog")


def _too_much(state: State, order: Order, train: int) -> str:
    if train == PRIME:
        return "" if state.prime > 0 else "cap"
    if not state.ledger.room(order.caps):
        return "cap"
    return "early" if _early(state, order, train) else ""


def _early(state: State, order: Order, train: int) -> bool:
    """Whether the order cannot yet have come to this pulse, however its schedule lies in the day."""
    if train == BOLUS:
        allowed = order.bolus
        if order.grants is not None:
            pulses, lockout, count, window = order.grants
            passed = _with_margin(state.now - state.installed)
            allowed += pulses * min(passed // max(1, lockout), count * (passed // window + 1))
        return state.bolus >= allowed
    passed = _with_margin(state.now - state.since)
    dose, length = order.temporary
    mass = order.most(passed) + dose * min(passed, length) // DAY
    if state.rung >= FALLBACK:
        signed = order.fallback if state.rung == FALLBACK else None
        least = state.figures.minimum_rate * (order.pulse_fg // state.figures.pulse_nl)
        mass = min(mass, (least if signed is None else signed) * passed // DAY)
    allowed = order.bridge + ((mass + order.pulse_fg) // order.pulse_fg + 1 if mass else 0)
    return state.base >= allowed


def _with_margin(passed: int) -> int:
    return passed + max(2_000, passed // 100)


def _stroke(state: State) -> Step:
    """The stroke that a permission waits for ends it; any other is a stray, and counts as a pulse given."""
    if state.opened is not None:
        return state._replace(opened=None), [Open()]
    state, answer = _note(state, "stray")
    found = [FREE_FLOW] if state.strays > 1 else []
    if state.strays > 2 or state.over_cap():
        found.append(OVER_DELIVERY)
    for alarm in found:
        state, more = _latch(state, alarm)
        answer += more
    return state, answer


def _drive(state: State, on: bool) -> Step:
    if not on:
        return state._replace(drive=None), [Open()]
    state = state._replace(drive=state.now if state.drive is None else state.drive)
    if state.opened is not None and state.closed:
        return state, []
    return _latch(state, ACTUATOR_FAULT)


def _heartbeat(state: State, count: int) -> Step:
    state = state._replace(beat=state.now, heard=True)
    if state.clocks is None:
        return state._replace(clocks=(state.now, count)), []
    own, other = state.now - state.clocks[0], count - state.clocks[1]
    if other >= 0 and max(own, other) < COMPARE_MS:
        return state, []
    state = state._replace(clocks=(state.now, count))
    return (state, []) if 99 * own <= 100 * other <= 101 * own else _latch(state, CLOCK_FAULT)


def _level(state: State, low: int, high: int) -> Step:
    """A level lowers what may be used, never raises it; one below what all permissions can have taken is evidence."""
    answer: list[Action] = []
    if high + 3 * state.figures.pulse_nl + state.drawn // 10 < state.account:
        state, answer = _latch(state, OVER_DELIVERY)
    if 0 <= low < state.volume:
        state, more = _note(state, "level", low)
        answer += more
    return state, answer


def _install(state: State, data: bytes) -> Step:
    try:
        order = read_order(data, state.figures)
    except ValueError as error:
        return state, [Veto(0, str(error))]
    if order.once and data == state.data and not state.stopped:
        return state, [Veto(0, "once: the order runs already")]
    if order.prime and not state.empty:
        return state, [Veto(0, "once.volume: the path is not marked as empty")]
    return _note(state, "install", data.decode())


def _limit(state: State, rung: int) -> Step:
    if rung <= state.rung:
        return state, []
    state, answer = _note(state, "limit", min(rung, STOP))
    return state, [*answer, Open()] if state.rung == STOP else answer


def _told(state: State, event: Event) -> Step:
    """What a person or the glue says; a tick says nothing."""
    match event:
        case Stop():
            state, answer = _note(state, "stop")
            return state, [*answer, Open()]
        case Resume():
            return _note(state, "resume")
        case Refill(volume):
            if not 0 <= volume <= state.figures.reservoir_nl:
                return state, [Veto(0, "volume: more than the reservoir holds, or less than nothing")]
            return _note(state, "refill", volume)
        case Path(empty):
            return _note(state, "path", int(empty))
        case Restart():
            state, answer = _note(state, "restart")
            answer += [Open(), *(Raise(alarm) for alarm in state.latched)]
            if len(state.restarts) < 5:
                return state, answer
            state, more = _latch(state, CONTROLLER_FAILED)
            return state, answer + more
        case _:
            return state, []
