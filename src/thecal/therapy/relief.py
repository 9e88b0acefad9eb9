"""Relief as an interval, and what it says of a mark: reached, not reached, or uncertain. Exact rationals.

What missing diary entries leave open is never rounded to a point: a mark is reached when the whole interval reaches
it, not reached when the whole interval lies below, and uncertain (None) in between.
"""

from dataclasses import dataclass
from fractions import Fraction

from thecal.quantity import decimal_text


@dataclass(frozen=True, slots=True)
class Between:
    """A value from what was written (``centre``) and the least and the most that it may be; ``low`` to ``high``."""

    low: Fraction
    centre: Fraction
    high: Fraction

    @classmethod
    def exactly(cls, value: Fraction) -> "Between":
        """A value that nothing missing can move."""
        return cls(value, value, value)

    @property
    def open(self) -> bool:
        """Something is missing that could move it."""
        return self.low != self.high

    def reaches(self, mark: Fraction | int) -> bool | None:
        """At least the mark, wherever in the interval it lies; None when that depends on where."""
        return True if self.low >= mark else False if self.high < mark else None

    def exceeds(self, mark: Fraction | int) -> bool | None:
        """More than the mark, wherever in the interval it lies; None when that depends on where."""
        return True if self.low > mark else False if self.high <= mark else None

    @property
    def percent(self) -> str:
        """For people, of a value in per cent: ``62.5 % (25 to 66.7 %)``."""
        centre = f"{decimal_text(self.centre, 3)} %"
        return f"{centre} ({decimal_text(self.low, 3)} to {decimal_text(self.high, 3)} %)" if self.open else centre


def every(*answers: bool | None) -> bool | None:
    """All are so; None when it depends on what is not known."""
    return False if False in answers else None if None in answers else True


def some(*answers: bool | None) -> bool | None:
    """At least one is so; None when it depends on what is not known."""
    return True if True in answers else None if None in answers else False
