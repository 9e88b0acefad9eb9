"""The values that the kernel speaks in: its configuration, program, events, actions, records and state.

Units: time in ms of the device clock, volume in nL, drug mass in fg of the program's primary drug. All are integers.
Events, actions, records and the state are named tuples, because several are made for each pulse.
"""

from enum import IntEnum, IntFlag
from typing import NamedTuple

from thecal.pump.kernel.windows import EMPTY_LEDGER, Ledger

MS_PER_DAY = 86_400_000
NEVER = -1  # a time that does not come; kept an int so that the state stays plain integers


class Mode(IntEnum):
    """What the controller is doing."""

    IDLE = 0  # no program was ever loaded
    RUNNING = 1
    STOPPED = 2  # by command, or by a program that delivers nothing
    EMPTY = 3  # the reservoir cannot give another pulse
    FAULT = 4  # the journal was found damaged; only a newly loaded program leaves this


class Alarm(IntFlag):
    """Conditions that a person must hear of. Each stays until the event named here."""

    LOW_RESERVOIR = 1  # until a refill
    EMPTY_RESERVOIR = 2  # until a refill
    STOPPED = 4  # until a program runs
    GAP = 8  # delivery was missed and not made up; until a program is loaded or a refill is done
    CAP = 16  # a window cap held a pulse back; until a program is loaded
    STROKE_FAILED = 32  # the mechanism said that a pulse did not happen; until a program is loaded
    JOURNAL_DAMAGED = 64  # until a program is loaded


class GapReason(IntEnum):
    """Why delivery was missed."""

    LATE = 1  # the controller was not run in time
    RESTART = 2
    EMPTY = 3
    CAP = 4


class Doubt(IntEnum):
    """How a pulse ended, as the outcome record says it."""

    FAILED = 0
    GIVEN = 1
    DOUBTFUL = 2  # power was lost between intent and outcome: counted for caps, never repeated


class Config(NamedTuple):
    """What the kernel must know of its hardware. Flows in nL/day."""

    pulse_nl: int
    flow_min: int
    flow_max: int
    low_nl: int
    max_late_ms: int = 1_000


class Segment(NamedTuple):
    """``mass`` fg spread evenly over ``length`` ms from ``start`` ms after the period begins."""

    start: int
    length: int
    mass: int


class Program(NamedTuple):
    """What to deliver: segments in rising order, not overlapping, repeated each ``period`` ms from ``anchor``.

    ``pulse_fg`` is the mass of the primary drug in one pulse. ``caps`` are (window ms, fg) pairs, each for any
    sliding window. ``label`` is carried for the caller and never read here.
    """

    drug: str
    pulse_fg: int
    anchor: int
    period: int
    segments: tuple[Segment, ...]
    caps: tuple[tuple[int, int], ...]
    label: bytes = b""


class Plan(NamedTuple):
    """A program made ready: each segment's start, the mass before each, and the mass of a whole period."""

    program: Program
    starts: tuple[int, ...]
    before: tuple[int, ...]
    total: int


class Load(NamedTuple):
    """Run this program from now on."""

    program: Program
    now: int


class Tick(NamedTuple):
    """It is ``now``: fire what is due."""

    now: int


class Outcome(NamedTuple):
    """The mechanism's answer to Actuate."""

    seq: int
    ok: bool


class Stop(NamedTuple):
    """Deliver nothing until a program is loaded. Never refused."""

    now: int


class Refill(NamedTuple):
    """The reservoir now gives ``reservoir_nl``. ``label`` is carried into the journal and never read here."""

    reservoir_nl: int
    now: int
    label: bytes = b""


class Restart(NamedTuple):
    """Power came back. ``damage`` is the number of journal records that recovery could not read."""

    now: int
    damage: int = 0


Event = Load | Tick | Outcome | Stop | Refill | Restart


class RecordKind(IntEnum):
    """What a journal record says. The fields a to d are named for each kind in the controller."""

    PART = 1  # 32 bytes of the blob of the next record that is not a PART
    CHECKPOINT = 2
    LOAD = 3
    INTENT = 4
    OUTCOME = 5
    STOP = 6
    REFILL = 7
    GAP = 8
    EMPTY = 9
    DAMAGE = 10


class Record(NamedTuple):
    """One journal record; a larger content travels as ``blob``.

    As an action: make it durable before any later action of the same step is carried out.
    """

    kind: int
    at: int
    a: int = 0
    b: int = 0
    c: int = 0
    d: int = 0
    blob: bytes = b""


class Actuate(NamedTuple):
    """Fire the pulse with this number, once."""

    seq: int


class Sound(NamedTuple):
    """These alarms began."""

    alarms: int


class Reject(NamedTuple):
    """The event was not accepted and nothing changed. ``limit`` and ``value`` are set when a limit was crossed."""

    code: str
    limit: int = 0
    value: int = 0


Action = Record | Actuate | Sound | Reject


class Gap(NamedTuple):
    """Delivery missed from ``start`` to ``end``: ``missed`` pulses that will not be made up."""

    start: int
    end: int
    missed: int
    reason: int


class Past(NamedTuple):
    """What went wrong since the pump was made, and what was missed. Changes rarely."""

    failed: int = 0
    doubtful: int = 0
    missed: int = 0
    gap_count: int = 0
    gaps: tuple[Gap, ...] = ()  # the latest
    empty_since: int = NEVER
    damage: int = 0  # journal records lost, as far as recovery has reported them


class State(NamedTuple):
    """Everything the controller knows. It is the fold of the journal's records, and nothing else."""

    config: Config
    mode: int = 0
    now: int = 0
    plan: Plan | None = None
    base: int = 0  # prescribed cumulative mass at which this stretch of the schedule began, less what was carried
    fired: int = 0  # pulses since then
    due: int = NEVER
    pending: int = 0  # number of the pulse whose outcome is awaited; 0 when none is
    seq: int = 0  # number of the last pulse begun
    given: int = 0
    reservoir_nl: int = 0  # at worst: each pulse begun is subtracted
    ledger: Ledger = EMPTY_LEDGER
    alarms: int = 0
    past: Past = Past()
