"""What goes into the supervisor, what comes out, and the facts that it keeps. All numbers are integers.

Volumes in nL, masses in fg, times in ms of the supervisor's own clock. Rests on sections 3 and 5 of the pump's
specification; nothing here is shared with the controller.
"""

from dataclasses import dataclass
from typing import Any

DAY = 86_400_000
MOST = 2**63 - 1
OVER_DELIVERY, FREE_FLOW, GOVERNOR_TRIP, ACTUATOR_FAULT = 1, 2, 3, 4
CONTROLLER_FAILED, CLOCK_FAULT, STATE_SUSPECT = 9, 25, 27
STOPPING = frozenset({OVER_DELIVERY, FREE_FLOW, ACTUATOR_FAULT})
NORMAL, BASAL_ONLY, FALLBACK, MIN_RATE, STOP = range(5)
BASE, BOLUS, PRIME = range(3)


@dataclass(frozen=True, slots=True)
class Figures:
    """What the supervisor is told of its model when the pump is made: nL, nL/day, ms."""

    pulse_nl: int
    flow_max: int
    minimum_rate: int
    path_nl: int
    reservoir_nl: int
    drive_max_ms: int = 500

    @property
    def spacing_ms(self) -> int:
        """The least time between two permissions, with 1 % taken off for the difference of two clocks."""
        spacing = self.pulse_nl * DAY // self.flow_max
        return spacing - -(-spacing // 100)


@dataclass(frozen=True, slots=True)
class Install:
    """The canonical bytes of an order to hold."""

    order: bytes
    at: int


@dataclass(frozen=True, slots=True)
class Request:
    """May pulse ``seq`` of ``train`` (0 base, 1 bolus, 2 prime) fire? ``digest`` of the order that the asker runs."""

    seq: int
    train: int
    digest: str
    at: int


@dataclass(frozen=True, slots=True)
class Drive:
    """Drive current began or ended."""

    on: bool
    at: int


@dataclass(frozen=True, slots=True)
class Stroke:
    """One stroke was sensed."""

    at: int


@dataclass(frozen=True, slots=True)
class Level:
    """The reservoir holds at least ``low_nl`` and at most ``high_nl`` usable nL, says its sensor."""

    low_nl: int
    high_nl: int
    at: int


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """The controller is alive; its own clock says ``controller_ms``."""

    controller_ms: int
    at: int


@dataclass(frozen=True, slots=True)
class Limit:
    """The alarms demand this rung or a more restrictive one."""

    rung: int
    at: int


@dataclass(frozen=True, slots=True)
class Stop:
    """A person stopped the pump."""

    at: int


@dataclass(frozen=True, slots=True)
class Resume:
    """A person lets the pump go on."""

    at: int


@dataclass(frozen=True, slots=True)
class Refill:
    """The reservoir now gives ``volume_nl``."""

    volume_nl: int
    at: int


@dataclass(frozen=True, slots=True)
class Path:
    """A person marked the path to the tip as empty, or as holding drug."""

    empty: bool
    at: int


@dataclass(frozen=True, slots=True)
class Restart:
    """The supervisor's power came back."""

    at: int


@dataclass(frozen=True, slots=True)
class Tick:
    """Time passed."""

    at: int


type Event = (
    Install | Request | Drive | Stroke | Level | Heartbeat | Limit | Stop | Resume | Refill | Path | Restart | Tick
)


@dataclass(frozen=True, slots=True)
class Fact:
    """One durable fact: what happened, when, and its values. The journal is a list of them."""

    kind: str
    at: int
    values: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Record:
    """This fact must be durable before anything that follows it in the answer is carried out."""

    fact: Fact


@dataclass(frozen=True, slots=True)
class Permit:
    """Pulse ``seq`` may fire, once."""

    seq: int


@dataclass(frozen=True, slots=True)
class Veto:
    """Pulse ``seq`` must not fire; 0: not a pulse, but an order, a refill or a time that was not accepted."""

    seq: int
    reason: str


@dataclass(frozen=True, slots=True)
class Open:
    """The supervisor's switch opens: nothing can be driven."""


@dataclass(frozen=True, slots=True)
class Close:
    """The supervisor's switch closes for the one pulse just permitted."""


@dataclass(frozen=True, slots=True)
class Raise:
    """The alarm of this number is raised."""

    alarm: int


type Action = Record | Permit | Veto | Open | Close | Raise
