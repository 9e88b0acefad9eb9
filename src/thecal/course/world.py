"""The things of a course that hold state while it runs: the chart, the pumps in use, and what the body was given.

Times are ms since the Unix epoch; drug amounts in fg. Nothing here reads a clock: the run says what time it is.
"""

from dataclasses import dataclass, field
from typing import Any

from thecal.body import HourlySeries, Input, Oral, Tip, stream
from thecal.pump import Device, Hour, MemoryStorage
from thecal.quantity import MS_PER_HOUR
from thecal.therapy import AnyEvent, Chart, Role, append, build, stamp
from thecal.therapy.events import Event

FG_PER_MG = 10**12
PATIENT = "course-patient"


@dataclass(slots=True)
class ChartBook:
    """The chart as the course writes it: through the same gate as the clinic, with ids that follow from the seed."""

    seed: int
    chart: Chart = field(default_factory=Chart)
    events: list[AnyEvent] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._random = stream(self.seed, PATIENT, "event ids")

    _random: Any = field(init=False, repr=False)

    def write(self, event: type[Event], now: int, role: Role, at: int | None = None, **fields: Any) -> None:
        """Append one event. Raises Refused when the chart does not allow it; the chart is unchanged then."""
        meta = stamp(now, author=f"course {role}", role=role, at=at, entropy=self._random.bytes)
        built: Any = build(event, meta, **fields)
        self.chart = append(self.chart, built)
        self.events.append(built)


@dataclass(slots=True)
class PumpInUse:
    """One pump of the course and where its catheter ends."""

    id: str
    profile_id: str
    device: Device
    tip: Tip

    def hours(self) -> list[Hour]:
        """Every completed hour since it was made."""
        return self.device.hours(0)

    def series(self, start_ms: int) -> list[Input]:
        """What has left the tip, as an input of the body on an axis whose zero is ``start_ms``."""
        hours = self.hours()
        if not any(hour.tip_fg for hour in hours):
            return []
        rates = [hour.tip_fg / FG_PER_MG for hour in hours]
        return [HourlySeries((hours[0].start - start_ms) / MS_PER_HOUR, rates, self.tip.compartment, self.tip)]


@dataclass(slots=True)
class World:
    """Everything that changes while a course runs."""

    book: ChartBook
    trial: PumpInUse | None = None
    implant: PumpInUse | None = None
    retired: list[PumpInUse] = field(default_factory=list)
    oral: list[Oral] = field(default_factory=list)

    def pumps(self) -> list[PumpInUse]:
        """Every pump that was used, those no longer in use first."""
        return [*self.retired, *(pump for pump in (self.trial, self.implant) if pump is not None)]

    def inputs(self, start_ms: int) -> list[Input]:
        """All that the body has been given so far, on an axis of hours whose zero is ``start_ms``."""
        return [*self.oral, *(series for pump in self.pumps() for series in pump.series(start_ms))]


def storage() -> MemoryStorage:
    """Where a pump of a course keeps its journal: in memory, for the time of the run."""
    return MemoryStorage()
