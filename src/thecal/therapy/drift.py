"""The trend of residuals: two one-sided sums that catch a drift which no single refill shows.

S+ = max(0, S+ + w (r - 1 - k)), S- = max(0, S- + w (1 - r - k)), alarm at h; r is actual / expected infused volume. The
weight w is the expected volume over the mean of all. The start values of k and h are this project's, unconfirmed.
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

SLACK = Fraction(5, 100)
ALARM = Fraction(20, 100)


class Drift(NamedTuple):
    """The two sums so far: ``over`` grows when more was infused than expected, ``under`` when less."""

    over: Fraction = Fraction(0)
    under: Fraction = Fraction(0)

    def after(self, ratio: Fraction, weight: Fraction = Fraction(1), slack: Fraction = SLACK) -> "Drift":
        """The sums after one more refill."""
        return Drift(
            max(Fraction(0), self.over + weight * (ratio - 1 - slack)),
            max(Fraction(0), self.under + weight * (1 - ratio - slack)),
        )

    def way(self, alarm: Fraction = ALARM) -> str:
        """``more`` or ``less`` when a sum has reached the alarm, else empty."""
        return "more" if self.over >= alarm else "less" if self.under >= alarm else ""


def weights(expected: Sequence[Fraction | int]) -> tuple[Fraction, ...]:
    """How much each refill counts, by the volume that should have been infused: 1 on average."""
    return tuple(Fraction(each) * len(expected) / sum(expected) for each in expected)
