"""Residuals refill by refill, their trend, and what a discrepancy may mean.

Volumes nL, ratios exact (actual / expected infused volume). One-sided sums catch a drift that no single refill shows:
S = max(0, S + (r - 1) - k), weighted by the infused volume, alarm at h. docs/therapy/follow-up.md.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from thecal.quantity import Refusal
from thecal.therapy.door import checked
from thecal.therapy.events import RefillRecorded
from thecal.therapy.reference import cite, load
from thecal.therapy.refill import JUDGE_NL, Comparison, compare

ALLOWANCE = Fraction(5, 100)
ALARM = Fraction(20, 100)
FULL_NL = 12_000_000
"""An infused volume of this much counts in full; less counts in proportion (this project's choice)."""

Way = Literal["missing", "left_over"]


@dataclass(frozen=True, slots=True)
class Residual:
    """One refill in the row: its comparison, the cumulative ratio and the two one-sided sums after it."""

    at: int
    comparison: Comparison
    cumulative: Fraction | None
    over: Fraction
    under: Fraction
    alarm: Refusal | None


@dataclass(frozen=True, slots=True)
class Cause:
    """One cause to consider, and what would show it."""

    id: str
    what: str
    look_for: str
    hazards: tuple[str, ...]
    source: str
    confirmed: bool


@checked
def residuals(refills: Iterable[RefillRecorded], since: int = 0) -> tuple[Residual, ...]:
    """The refills of one pump in order of time; the sums begin at ``since`` (ms), a confirmed cause."""
    rows, should, did = list[Residual](), 0, 0
    over = under = Fraction(0)
    for refill in sorted(refills, key=lambda each: each.meta.at):
        found = compare(refill.start_nl, refill.expected_nl, refill.withdrawn_nl, reading_nl=refill.reading_nl)
        if refill.meta.at >= since and found.infused_expected_nl >= JUDGE_NL and found.ratio is not None:
            should, did = should + found.infused_expected_nl, did + found.infused_nl
            weight = min(Fraction(found.infused_expected_nl, FULL_NL), Fraction(1))
            over = max(Fraction(0), over + (found.ratio - 1 - ALLOWANCE) * weight)
            under = max(Fraction(0), under + (1 - found.ratio - ALLOWANCE) * weight)
        cumulative = Fraction(did, should) if should else None
        rows.append(Residual(refill.meta.at, found, cumulative, over, under, _alarm(over, under)))
    return tuple(rows)


def _alarm(over: Fraction, under: Fraction) -> Refusal | None:
    if over < ALARM and under < ALARM:
        return None
    way = "more" if over >= ALARM else "less"
    what = f"Refill after refill {way} was infused than programmed, though no single refill needs to show it."
    return Refusal("residual_trend", what, "refills", "Investigate as a discrepancy.", "design start", confirmed=False)


@checked
def causes(comparison: Comparison) -> tuple[Cause, ...]:
    """What to consider for a discrepancy, by its way; empty when nothing is outside a limit."""
    if comparison.reading in ("as expected", "too little infused to judge") and not comparison.findings:
        return ()
    way: Way = "left_over" if comparison.discrepancy_nl > 0 else "missing"
    return tuple(
        Cause(
            row["id"],
            row["what"],
            row["look_for"],
            tuple(row["hazards"]),
            cite("refill", row["src"]),
            row["confirmed"],
        )
        for row in load("refill")["cause"]
        if row["way"] == way
    )
