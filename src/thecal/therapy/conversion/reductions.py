"""Published reductions and transitions around a conversion. Per cent, weeks or odds ratios as printed."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any

from thecal.quantity import Refusal, Refused
from thecal.therapy.door import checked
from thecal.therapy.reference import cite, load

STARTS = ("rotation_start_fraction", "keep_part_systemic", "change_of_it_drug")
"""Reductions that give the share of the calculated dose to start with."""
_CUT = "rotation_cut"


@dataclass(frozen=True, slots=True)
class Reduction:
    """One reduction or transition. ``share`` is the part of the calculated dose to start with, when it is one."""

    id: str
    what: str
    figure: str
    share: tuple[Fraction, Fraction] | None
    source: str
    confirmed: bool
    note: str


@cache
def reductions() -> tuple[Reduction, ...]:
    """Every reduction and transition of the file."""
    return tuple(
        Reduction(
            row["id"],
            row["what"],
            _figure(row),
            _share(row),
            cite("conversions", row["src"]),
            row["confirmed"],
            row.get("note", ""),
        )
        for row in load("conversions")["reduction"]
    )


@checked
def reduction(reduction_id: str) -> Reduction:
    """A reduction by its id. Raises Refused for an unknown one."""
    found = next((each for each in reductions() if each.id == reduction_id), None)
    if found is None:
        do = f"Use one of {', '.join(each.id for each in reductions())}."
        raise Refused(Refusal("reduction", f"There is no reduction {str(reduction_id)[:60]!r}.", "reduction", do))
    return found


def _figure(row: Mapping[str, Any]) -> str:
    if "min" in row:
        return f"{row['min']} to {row['max']} {row['unit']}"
    return f"{row['value']} {row['unit']}" if "value" in row else ""


def _share(row: Mapping[str, Any]) -> tuple[Fraction, Fraction] | None:
    if row["id"] == _CUT:
        return 1 - Fraction(row["max"]) / 100, 1 - Fraction(row["min"]) / 100
    if row["id"] not in STARTS:
        return None
    low = Fraction(row.get("min", row.get("value"))) / 100
    return low, Fraction(row.get("max", row.get("value"))) / 100
