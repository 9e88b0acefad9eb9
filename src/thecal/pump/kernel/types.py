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
    FAULT = 4  # halted by the ladder, or the journal was found damaged; a person's act leaves this


class Rung(IntEnum):
    """The safe-state ladder. By itself the pump only climbs it, and a higher rung never gives more than a lower one."""

    NORMAL = 0
    BASAL_ONLY = 1  # no boluses
    FALLBACK = 2  # at most the signed fallback rate
    MIN_RATE = 3  # at most the mechanical minimum
    STOP = 4


class Train(IntEnum):
    """Which schedule a pulse belongs to."""

    BASE = 0
    BOLUS = 1
    PRIME = 2


class Part(IntEnum):
    """What a program gives once, when it begins."""

    BOLUS = 1
    PRIME = 2  # fills an empty path; counts in no window
    BRIDGE = 3  # segments that come before the base program; its clock stands still while nothing is delivered
    TEMPORARY = 4  # a rate in the place of the base program


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
    HALTED = 5  # by the ladder


class Doubt(IntEnum):
    """How a pulse ended, as the outcome record says it."""

    FAILED = 0
    GIVEN = 1
    DOUBTFUL = 2  # power was lost between intent and outcome: counted for caps, never repeated
    VETOED = 3  # the supervisor refused it; it stays counted for caps


class Config(NamedTuple):
    """What the kernel must know of its hardware. Flows in nL/day."""

    pulse_nl: int
    flow_min: int
    flow_max: int
    low_nl: int
    max_late_ms: int = 1_000
    minimum: int = 0  # the mechanical minimum; 0 when there is none
    path_nl: int = 0  # from the outlet to the tip of the catheter


class Segment(NamedTuple):
    """``mass`` fg spread evenly over ``length`` ms from ``start`` ms after the period begins."""

    start: int
    length: int
    mass: int


class Demand(NamedTuple):
    """A bolus that the patient may ask for: ``mass`` over ``length``, after a lockout, ``most`` in any ``window``."""

    mass: int
    length: int
    lockout: int
    from_end: bool  # the lockout runs from the end of a bolus, else from its start
    most: int
    window: int


class Once(NamedTuple):
    """What is given once. ``mass`` is fg, and fg/day for TEMPORARY; ``segments`` and ``counted_fg`` are a BRIDGE's.

    ``counted_fg`` is what one pulse of the bridge counts in the windows: old fluid leaves the tip meanwhile.
    """

    kind: int
    length: int
    mass: int
    segments: tuple[Segment, ...] = ()
    counted_fg: int = 0


class Program(NamedTuple):
    """What to deliver: segments in rising order, not overlapping, repeated each ``period`` ms from ``anchor``.

    ``pulse_fg`` is the mass of the primary drug in one pulse. ``caps`` are (window ms, fg) pairs, each for any
    sliding window. ``label`` is carried for the caller and never read here. ``fallback`` is fg/day, or NEVER when none
    was signed. ``reactions`` are (alarm number, rung); ``locks`` has bit n set when alarm n refuses boluses.
    """

    drug: str
    pulse_fg: int
    anchor: int
    period: int
    segments: tuple[Segment, ...]
    caps: tuple[tuple[int, int], ...]
    label: bytes = b""
    fallback: int = NEVER
    reactions: tuple[tuple[int, int], ...] = ()
    locks: int = 0
    demand: Demand | None = None
    once: Once | None = None


class Plan(NamedTuple):
    """A program made ready: its segments, each one's start, the mass before each, and the mass of a whole period.

    The segments are those of the program, cut to a highest rate where the ladder asks for it.
    """

    program: Program
    segments: tuple[Segment, ...]
    starts: tuple[int, ...]
    before: tuple[int, ...]
    total: int
    head: "Head | None" = None


class Head(NamedTuple):
    """Another plan in the place of the base from ``begin`` to ``end``: a bridge or a temporary change.

    ``low`` and ``high`` are the cumulative mass at both ends. ``into`` and ``after`` are added to the mass of that
    plan, and of the base afterwards, so that mass runs on.
    """

    begin: int
    end: int
    low: int
    high: int
    plan: Plan
    into: int
    after: int
    counted_fg: int


class Bolus(NamedTuple):
    """Pulses on top of the base, spread evenly over ``length`` ms from ``begin``; ``fired`` of them were begun."""

    train: int
    begin: int
    length: int
    pulses: int
    fired: int = 0


class Load(NamedTuple):
    """Run this program from now on."""

    program: Program
    now: int


class Tick(NamedTuple):
    """It is ``now``: fire what is due."""

    now: int


class Outcome(NamedTuple):
    """The mechanism's answer to Actuate: how many strokes were sensed, or VETO when the supervisor refused it."""

    seq: int
    strokes: int


VETO = -1


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


class Demanded(NamedTuple):
    """The patient asks for a bolus."""

    now: int


class Stray(NamedTuple):
    """A stroke was sensed that nobody asked for. Never refused."""

    now: int


class Faults(NamedTuple):
    """Alarms that began or ended, bit n for alarm n. Never refused. What ends does not lower the rung."""

    began: int
    ended: int
    now: int


class Resume(NamedTuple):
    """A person lets the pump go down to the rung that the alarms which are still active ask for."""

    now: int


class Path(NamedTuple):
    """A person says that the path from the outlet to the tip is empty, or that it holds drug."""

    empty: bool
    now: int


Event = Load | Tick | Outcome | Stop | Refill | Restart | Demanded | Stray | Faults | Resume | Path


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
    GRANT = 11
    STRAY = 12
    FAULTS = 13
    RESUME = 14
    PATH = 15


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
    vetoed: int = 0


class Aside(NamedTuple):
    """What the controller knows beside the next pulse. Changes rarely."""

    rung: int = 0
    faults: int = 0  # active alarms, bit n for alarm n
    halted: int = NEVER  # since when the ladder lets nothing through
    head: int = NEVER  # when the part of the program that comes before its base began, or went on
    done: int = 0  # fg that a bridge had given until then
    free_at: int = 0  # when the lockout of the patient's bolus is over
    granted: tuple[int, ...] = ()  # the latest grants, oldest first
    boluses: Ledger = EMPTY_LEDGER  # of what the ledger holds, what was no base
    strays: int = 0  # since the last resume
    failed: tuple[int, ...] = ()  # the last pulses that moved nothing, by number; negative where it was vetoed
    path_empty: bool = False


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
    bolus: Bolus | None = None
    aside: Aside = Aside()
    roomy: int = 0  # while the ledger's total is not above this, no window can be above its cap
