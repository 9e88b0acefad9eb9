"""The 8-hour rule: is there a stretch of at least 8 h in which every entry shows more than the relief asked for?

Times ms UTC, scores integers, relief in per cent of an exact baseline. A gap in the diary ends a stretch: what was not
written down is not relief.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from thecal.quantity import MS_PER_HOUR, Refusal, Refused
from thecal.therapy.door import checked
from thecal.therapy.numbers import exact, whole


@dataclass(frozen=True, slots=True)
class Lasting:
    """``reached`` None: entries are too far apart to say. ``longest_ms`` is from entry to entry."""

    reached: bool | None
    longest_ms: int
    start: int | None
    reasons: tuple[str, ...]


@checked
def lasting_relief(
    baseline: Fraction,
    entries: Iterable[tuple[int, int]],
    pct: int = 50,
    least_ms: int = 8 * MS_PER_HOUR,
    gap_ms: int = 4 * MS_PER_HOUR,
) -> Lasting:
    """The longest stretch of entries (time, score) that all lie more than ``pct`` per cent below ``baseline``.

    Two entries further apart than ``gap_ms`` belong to no common stretch. Raises Refused for a baseline of 0.
    """
    whole("relief in per cent", pct, 1)
    whole("shortest stretch", least_ms, 1)
    whole("longest gap", gap_ms, 1)
    if exact("baseline", baseline) == 0:
        raise Refused(Refusal("no_baseline", "The baseline is 0: there is nothing to relieve.", "baseline", "Above 0."))
    mark = baseline * (100 - pct) / 100
    scored = sorted(entries)
    for at, score in scored:
        whole("time", at, -(2**62))
        whole("score", score)
    longest, start = _longest(scored, mark, gap_ms)
    if longest >= least_ms:
        return Lasting(reached=True, longest_ms=longest, start=start, reasons=())
    if not scored:
        return Lasting(None, 0, None, ("There is no entry.",))
    if _longest(scored, mark, None)[0] >= least_ms:
        text = "Good entries span the time, but gaps between them are too long to say what happened there."
        return Lasting(None, longest, start, (text,))
    return Lasting(reached=False, longest_ms=longest, start=start, reasons=())


def _longest(entries: list[tuple[int, int]], mark: Fraction, gap_ms: int | None) -> tuple[int, int | None]:
    """Length and start of the longest stretch of entries below ``mark``; None as gap joins them all."""
    longest, best, start, previous = 0, None, None, None
    for at, score in entries:
        if score >= mark:
            start = None
        elif start is None or (gap_ms is not None and previous is not None and at - previous > gap_ms):
            start = at
        if start is not None and (best is None or at - start > longest):
            longest, best = at - start, start
        previous = at
    return longest, best
