"""Residuals refill by refill, their trend, and what a discrepancy may mean.

Volumes nL, ratios exact (actual / expected infused volume). The trend is that of ``thecal.therapy.drift``.
docs/therapy/follow-up.md.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from thecal.quantity import Refusal
from thecal.therapy.door import checked
from thecal.therapy.drift import Drift, weights
from thecal.therapy.events import RefillRecorded
from thecal.therapy.reference import cite, load
from thecal.therapy.refill import JUDGE_NL, Comparison, compare

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
    ordered = sorted(refills, key=lambda each: each.meta.at)
    found = [
        (each.meta.at, compare(each.start_nl, each.expected_nl, each.withdrawn_nl, reading_nl=each.reading_nl))
        for each in ordered
    ]
    counted = [at >= since and each.infused_expected_nl >= JUDGE_NL and each.ratio is not None for at, each in found]
    judged = [each.infused_expected_nl for (_, each), counts in zip(found, counted, strict=True) if counts]
    left = iter(weights(judged))
    rows, should, did, drift = list[Residual](), 0, 0, Drift()
    for (at, each), counts in zip(found, counted, strict=True):
        if counts and each.ratio is not None:
            should, did = should + each.infused_expected_nl, did + each.infused_nl
            drift = drift.after(each.ratio, next(left))
        cumulative = Fraction(did, should) if should else None
        rows.append(Residual(at, each, cumulative, drift.over, drift.under, _alarm(drift.way())))
    return tuple(rows)


def _alarm(way: str) -> Refusal | None:
    if not way:
        return None
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
