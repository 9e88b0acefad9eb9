"""What the reference files say of values that an event may carry: criteria, complications, ranges of instruments.

The gate asks here, so that it needs none of the rooms that read charts.
"""

import re
from fractions import Fraction
from functools import cache

from thecal.quantity import Refusal
from thecal.therapy.reference import load

DECIMAL = re.compile(r"-?\d{1,9}(\.\d{1,9})?")
PARTS = {
    "bpi_severity": "bpi",
    "bpi_interference": "bpi",
    "promis_pain_interference": "promis",
    "promis_physical_function": "promis",
    "promis_sleep": "promis",
    "promis_depression": "promis",
    "promis_anxiety": "promis",
    "promis_fatigue": "promis",
}
"""Scores that are parts of an instrument, with the instrument."""
WHOLE = {"nrs", "rmdq", "gaf", "pgic", "sedation"}
"""Instruments whose scores are whole numbers."""


@cache
def score_names() -> tuple[str, ...]:
    """Every name that a score may have: instruments, or the parts of those that have parts."""
    wholes = tuple(row["id"] for row in load("trial")["instrument"] if row["id"] not in set(PARTS.values()))
    return (*wholes, *PARTS)


@cache
def score_range(name: str) -> tuple[Fraction, Fraction]:
    """The lowest and the highest score. Raises KeyError for a name that is not known."""
    rows = {row["id"]: row for row in load("trial")["instrument"]}
    low, high = rows[PARTS.get(name, name)]["range"]
    return Fraction(low), Fraction(high)


def score_refusals(name: str, score: str) -> tuple[Refusal, ...]:
    """Why a score (decimal text) is none of this instrument's; empty when it is."""
    if name not in score_names():
        do = f"Use one of {', '.join(score_names())}."
        return (Refusal("instrument", f"There is no instrument {str(name)[:60]!r}.", "instrument", do),)
    low, high = score_range(name)
    step = "whole numbers" if name in WHOLE else "numbers"
    do = f"Scores of {name} are {step} from {float(low):g} to {float(high):g}."
    if not DECIMAL.fullmatch(str(score)):
        return (Refusal("score", f"{str(score)[:40]!r} is not a number.", "score", do),)
    value = Fraction(score)
    if not low <= value <= high or (name in WHOLE and value.denominator != 1):
        return (Refusal("score", f"{score} is no score of {name}.", "score", do),)
    return ()


@cache
def complication_ids() -> tuple[str, ...]:
    """The ids of the complications with published rates."""
    return tuple(row["id"] for row in load("trial")["complication"])


def rule_refusals(criterion_id: str) -> tuple[Refusal, ...]:
    """Why a criterion cannot be waived: it is not known, or it is a contraindication. Empty when it can."""
    rows = {row["id"]: row for row in load("candidacy")["criterion"]}
    if criterion_id not in rows:
        what = f"There is no criterion {criterion_id[:60]!r}."
        return (Refusal("criterion", what, "criterion", "Use the id of a criterion."),)
    if rows[criterion_id]["kind"] == "contraindication":
        what = "A contraindication is not waived."
        return (Refusal("not_waivable", what, "criterion", "Record the finding that shows its absence."),)
    return ()
