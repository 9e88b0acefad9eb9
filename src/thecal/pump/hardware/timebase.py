"""The controller's clock under faults: true time to clock time. It may stop, jump, drift, but true time never does.

All times in ms. ``rate`` is in ppm of true speed. Piecewise linear and exact: a segment starts at a true time with the
clock's reading there.
"""

from bisect import bisect_right
from dataclasses import dataclass

from thecal.pump.hardware.faults import PPM, Fault


@dataclass(frozen=True, slots=True)
class Timebase:
    """Segments (true time, clock reading, rate in ppm), the first from the beginning of the run."""

    segments: tuple[tuple[int, int, int], ...]

    @classmethod
    def under(cls, faults: tuple[Fault, ...], start: int) -> "Timebase":
        """The clock of a run that begins at ``start`` with these faults."""
        of_clock = [fault for fault in faults if fault.kind in ("clock_stop", "clock_jump", "clock_drift")]
        edges = {start}
        for fault in of_clock:
            edges |= {max(fault.at, start)} | ({fault.until} if fault.until is not None else set())
        segments: list[tuple[int, int, int]] = []
        for edge in sorted(edges):
            reading = edge if not segments else _reading(segments[-1], edge)
            rate = PPM
            for fault in of_clock:
                if fault.kind == "clock_jump" and fault.at == edge:
                    by = fault.number("by")
                    reading += -by if fault.word("back") == "yes" else by
                if fault.kind == "clock_drift" and fault.active(edge):
                    rate = rate * fault.number("rate") // PPM
                if fault.kind == "clock_stop" and fault.active(edge):
                    rate = 0
            segments.append((edge, reading, rate))
        return cls(tuple(segments))

    def reading(self, true: int) -> int:
        """What the clock shows at a true time."""
        index = bisect_right(self.segments, true, key=lambda segment: segment[0]) - 1
        return _reading(self.segments[max(index, 0)], true)

    def when(self, reading: int, after: int) -> int:
        """The first true time from ``after`` on at which the clock shows ``reading`` or more; ``NEVER`` if none."""
        for index, (true, shown, rate) in enumerate(self.segments):
            end = self.segments[index + 1][0] if index + 1 < len(self.segments) else None
            if end is not None and end <= after:
                continue
            begin = max(true, after)
            if _reading((true, shown, rate), begin) >= reading:
                return begin
            if rate:
                at = true - (-(reading - shown) * PPM // rate)
                if end is None or at < end:
                    return at
        return NEVER


NEVER = 2**62


def _reading(segment: tuple[int, int, int], true: int) -> int:
    at, shown, rate = segment
    return shown + (true - at) * rate // PPM
