"""The diary day by day, for a table and a small bar beside each day. Scores are whole numbers, 0 to 10."""

from dataclasses import dataclass
from fractions import Fraction

from thecal.quantity import MS_PER_DAY, decimal_text
from thecal.therapy import Chart


@dataclass(frozen=True, slots=True)
class Day:
    """One day of entries, counted from the trial's start when there is one, else by the calendar."""

    title: str
    start: int
    scores: tuple[int, ...]

    @property
    def mean(self) -> str:
        """Mean score, two digits; empty without entries."""
        return decimal_text(Fraction(sum(self.scores), len(self.scores)), 2) if self.scores else ""

    @property
    def worst(self) -> int | None:
        """Worst score of the day."""
        return max(self.scores, default=None)


def diary_days(chart: Chart, now: int) -> tuple[Day, ...]:
    """Days from the first entry to ``now`` (at most 60, newest first). Day 1 is the first after the trial's start."""
    entries = [(entry.meta.at, entry.score) for entry in chart.pain() if entry.meta.at <= now]
    if not entries:
        return ()
    trial = chart.trial
    zero = trial.started.meta.at if trial is not None else now - now % MS_PER_DAY
    first, last = (entries[0][0] - zero) // MS_PER_DAY, (now - zero) // MS_PER_DAY
    found = []
    for number in range(last, max(first, last - 59) - 1, -1):
        start = zero + number * MS_PER_DAY
        scores = tuple(score for at, score in entries if start <= at < start + MS_PER_DAY)
        title = "" if trial is None else f"Day {number + 1}" if number >= 0 else f"{-number} before"
        found.append(Day(title, start, scores))
    return tuple(found)
