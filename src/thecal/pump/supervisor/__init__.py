"""The supervisor: a second, independent judge of every pulse. A pulse fires only when it permits it.

Written from docs/pump/specification.md alone, with the standard library alone; it knows nothing of the controller.
Units: nL, fg, ms of its own clock, all integers. This list is its public face.
"""

from thecal.pump.supervisor.judge import judge
from thecal.pump.supervisor.order import Order, read_order
from thecal.pump.supervisor.state import State, apply
from thecal.pump.supervisor.types import (
    Action,
    Close,
    Drive,
    Event,
    Fact,
    Figures,
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
    Tick,
    Veto,
)
from thecal.pump.supervisor.wiring import VETO, Guard, supervised

__all__ = [
    "VETO", "Action", "Close", "Drive", "Event", "Fact", "Figures", "Guard", "Heartbeat", "Install", "Level", "Limit",
    "Open", "Order", "Path", "Permit", "Raise", "Record", "Refill", "Request", "Restart", "Resume", "State", "Stop",
    "Stroke", "Tick", "Veto", "apply", "judge", "read_order", "supervised",
]  # fmt: skip
