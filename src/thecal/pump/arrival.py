"""When a front of new fluid reaches the catheter tip: earliest, as a plug, latest. Never one number.

Volumes in nL, flows in nL/day, times in ms. A front smears over a part of the path's volume (``mixing``, ppm): half of
it ahead of the plug, half behind. The path's volume is an interval where the trimmed length is not known. The form is
that of the design's worked sums; the part of 0.3 is a design value, not a measured one.
"""

from dataclasses import dataclass

from thecal.quantity import MS_PER_DAY, Refusal, Refused

PPM = 1_000_000
MIXING = 300_000


@dataclass(frozen=True, slots=True)
class Arrival:
    """Volume to move, nL, and time at a steady flow, ms: first trace, plug, all of it. A time of None never comes."""

    earliest_nl: int
    plug_nl: tuple[int, int]
    latest_nl: int
    earliest_ms: int | None
    plug_ms: tuple[int, int] | None
    latest_ms: int | None


def arrival(path_low: int, path_high: int, flow: int, moved: int = 0, mixing: int = MIXING) -> Arrival:
    """When the front that entered ``moved`` nL ago reaches the tip of a path of ``path_low`` to ``path_high`` nL.

    Earliest is rounded down and latest up. Raises Refused for volumes or parts that make no sense.
    """
    if not 0 <= path_low <= path_high or moved < 0 or flow < 0 or not 0 <= mixing <= PPM:
        raise Refused(Refusal("arrival", "volumes, flow or the mixing part are out of range", "path"))
    half = mixing // 2
    earliest = max(0, path_low * (PPM - half) // PPM - moved)
    latest = max(0, -(-path_high * (PPM + half) // PPM) - moved)
    plug = (max(0, path_low - moved), max(0, path_high - moved))
    if flow == 0:
        return Arrival(earliest, plug, latest, 0 if earliest == 0 else None, None if plug[1] else (0, 0), None)
    return Arrival(
        earliest,
        plug,
        latest,
        earliest * MS_PER_DAY // flow,
        (plug[0] * MS_PER_DAY // flow, _up(plug[1] * MS_PER_DAY, flow)),
        _up(latest * MS_PER_DAY, flow),
    )


def at_tip(
    path_low: int, path_high: int, moved: int, old: int | None, new: int, mixing: int = MIXING
) -> tuple[int, int | None]:
    """[low, high] concentration at the tip, fg/nL, after ``moved`` nL of ``new`` followed ``old`` into the path.

    ``old`` None: what was there is not known, so until it is all gone the low end is 0 and the high end None.
    """
    reached = arrival(path_low, path_high, 1, moved, mixing)
    if reached.latest_nl == 0:
        return new, new
    if old is None:
        return 0, None
    if reached.earliest_nl > 0:
        return old, old
    return min(old, new), max(old, new)


def _up(value: int, by: int) -> int:
    return -(-value // by)
