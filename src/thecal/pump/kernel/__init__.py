"""The pump's controller. Standard library only; deterministic; integers only; no clock and no I/O of its own.

``start`` makes a state, ``step`` takes it through events and ``apply`` through records; the journal keeps those.
"""

from thecal.pump.kernel.codec import canonical, program_from_bytes, program_to_bytes, state_from_bytes, state_to_bytes
from thecal.pump.kernel.controller import start, step
from thecal.pump.kernel.fold import GAPS_KEPT, apply, demanded
from thecal.pump.kernel.limits import ALWAYS_STOP, crowded, problem
from thecal.pump.kernel.schedule import due_at, make_plan, mass_by, most_in, plan_for
from thecal.pump.kernel.types import (
    NEVER,
    VETO,
    Actuate,
    Alarm,
    Aside,
    Bolus,
    Config,
    Demand,
    Demanded,
    Doubt,
    Event,
    Faults,
    Gap,
    GapReason,
    Load,
    Mode,
    Once,
    Outcome,
    Part,
    Past,
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
    Segment,
    Sound,
    State,
    Stop,
    Stray,
    Tick,
    Train,
)
from thecal.pump.kernel.windows import EMPTY_LEDGER, Ledger, add, clear_time, entries, mass_after

__all__ = [
    "ALWAYS_STOP", "EMPTY_LEDGER", "GAPS_KEPT", "NEVER", "VETO", "Actuate", "Alarm", "Aside", "Bolus", "Config",
    "Demand", "Demanded", "Doubt", "Event", "Faults", "Gap", "GapReason", "Ledger", "Load", "Mode", "Once", "Outcome",
    "Part", "Past", "Path", "Plan", "Program", "Record", "RecordKind", "Refill", "Reject", "Restart", "Resume", "Rung",
    "Segment", "Sound", "State", "Stop", "Stray", "Tick", "Train", "add", "apply", "canonical", "clear_time",
    "crowded", "demanded", "due_at", "entries", "make_plan", "mass_after", "mass_by", "most_in", "plan_for", "problem",
    "program_from_bytes", "program_to_bytes", "start", "state_from_bytes", "state_to_bytes", "step",
]  # fmt: skip
