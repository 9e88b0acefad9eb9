"""What a pump says of itself: its status, its hours, and its receipts. Plain values for links, charts and reports.

Units: nL, fg, ms. Nothing here decides anything.
"""

from dataclasses import dataclass
from typing import Literal, Protocol

from thecal.formulary import Solution
from thecal.pump.catalog import DeviceFigures

PumpState = Literal["idle", "running", "stopped", "empty", "fault"]
AlarmCode = str
"""``low_reservoir``, ``empty_reservoir``, ``stopped``, ``gap``, ``cap``, ``stroke_failed``, ``journal_damaged``, or the
name of an alarm of the table."""
RungCode = Literal["normal", "basal_only", "fallback", "min_rate", "stop"]
GapReasonCode = Literal["late", "restart", "empty", "cap", "halted"]


class DeviceProfile(Protocol):
    """A pump model that a device can be made of. ``device`` raises Refused when the model lacks a figure."""

    @property
    def id(self) -> str:
        """The model's id in the catalog."""

    def device(self) -> DeviceFigures:
        """The figures that a device needs."""


@dataclass(frozen=True, slots=True)
class PumpGap:
    """Delivery missed from ``start`` to ``end`` ms. ``missed`` pulses were not given and never will be.

    A restart before any pulse was due is told too, with ``missed`` 0.
    """

    start: int
    end: int
    missed: int
    reason: GapReasonCode


@dataclass(frozen=True, slots=True)
class PathSlug:
    """A stretch of fluid in the path. ``known`` is False for what was in the catheter before the pump was connected."""

    volume_nl: int
    masses: dict[str, int]
    known: bool


@dataclass(frozen=True, slots=True)
class Status:
    """A pump at one instant. Masses in fg by drug."""

    now: int
    profile_id: str
    state: PumpState
    alarms: tuple[AlarmCode, ...]
    prescription_digest: str | None
    next_due: int | None
    delivered_pulses: int
    delivered_nl: int
    doubtful_pulses: int  # power was lost in the middle: counted for caps, not as delivered
    failed_pulses: int
    missed_pulses: int
    tip_fg: dict[str, int]  # has left the catheter tip
    pumped_fg: dict[str, int]  # has left the reservoir
    reservoir_nl: int  # what a needle can bring back
    reservoir_fg: dict[str, int]  # in the whole reservoir, the unreachable residual included
    residual_nl: int  # in the reservoir, out of reach
    filled_fg: dict[str, int]
    withdrawn_fg: dict[str, int]
    unexplained_fg: dict[str, int]  # found at refills beyond what the account expected; negative when missing
    path_nl: int
    path: tuple[PathSlug, ...]  # from the reservoir outlet to the tip
    path_known: bool
    gaps: tuple[PumpGap, ...]  # the latest; gap_count is the number since the beginning
    gap_count: int
    journal_damage: int  # journal records that could not be read
    rung: RungCode = "normal"  # of the ladder of safe states
    bolus_until: int | None = None  # when the bolus that runs ends, ms
    demand_from: int | None = None  # when the lockout of the patient's bolus is over, ms
    vetoed_pulses: int = 0  # refused by the supervisor
    path_empty: bool = False  # a person marked the path to the tip as empty, and nothing was primed since


@dataclass(frozen=True, slots=True)
class Hour:
    """One completed hour of the device clock; ``tip_fg`` is the primary drug that left the tip in it."""

    start: int
    pulses: int
    nl: int
    tip_fg: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """A program is loaded and durable."""

    digest: str
    at: int
    next_due: int | None


@dataclass(frozen=True, slots=True)
class RefillReport:
    """A refill: what a needle should have brought back, what it did, and what is in the reservoir now.

    ``discrepancy_nl`` is withdrawn less expected: positive means fluid left over. ``contents`` is fg by drug in
    ``total_nl``, which includes the ``residual_nl`` of old fluid that the new fill was blended with.
    """

    at: int
    expected_nl: int
    withdrawn_nl: int
    discrepancy_nl: int
    residual_nl: int
    fill: Solution
    fill_nl: int
    total_nl: int
    contents: dict[str, int]
