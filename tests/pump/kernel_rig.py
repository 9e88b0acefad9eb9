"""A rig for kernel tests: one pump, programs, and a run that fires what is due and keeps its own account of it."""

from typing import Any

from thecal.pump.kernel import (
    Actuate,
    Config,
    Event,
    Load,
    Outcome,
    Program,
    Record,
    RecordKind,
    Reject,
    Segment,
    State,
    Tick,
    start,
    step,
)

HOUR, DAY = 3_600_000, 86_400_000
T0 = 20_000 * DAY
MG = 10**12
PULSE = 250 * 10_000_000
INTERVAL = 54_000  # between pulses at 4 mg/day
WIDE = ((HOUR, 10**15), (4 * HOUR, 4 * 10**15), (DAY, 10**16), (7 * DAY, 7 * 10**16))
CONFIG = Config(pulse_nl=250, flow_min=1_000, flow_max=24_000_000, low_nl=0, minimum=6_000, path_nl=100_000)


def program(per_day: int = 4 * MG, **fields: Any) -> Program:
    """Continuous, 1,600 pulses a day unless said otherwise."""
    caps = fields.pop("caps", WIDE)
    return Program("morphine", PULSE, T0, DAY, (Segment(0, DAY, per_day),), caps)._replace(**fields)


def loaded(order: Program, at: int = T0, state: State | None = None, reservoir: int = 20_000_000) -> State:
    """The state after loading; fails when it was rejected."""
    state, actions = step(state or start(CONFIG, reservoir, at), Load(order, at))
    assert not any(isinstance(action, Reject) for action in actions), actions
    return state


def run(state: State, until: int, strokes: int = 1) -> tuple[State, list[tuple[int, int]]]:
    """Tick at every due time; (time, train) of each pulse."""
    fired = []
    while 0 <= state.due <= until:
        state, actions = step(state, Tick(state.due))
        for action in actions:
            if isinstance(action, Record) and action.kind == RecordKind.INTENT:
                fired.append((action.at, action.c))
            if isinstance(action, Actuate):
                state, _ = step(state, Outcome(action.seq, strokes))
    return state, fired


def reason(state: State, event: Event) -> str:
    """Why an event is rejected; empty when it is not. A rejected event leaves the state as it was."""
    after, actions = step(state, event)
    rejects = [action.code for action in actions if isinstance(action, Reject)]
    assert not rejects or after == state
    return rejects[0] if rejects else ""
