"""Route ratios as published: n mg by the weaker route is taken as equal to 1 mg by the stronger one.

Exact rationals without a unit. Each ratio says which way it may be used; "none" is pharmacology and converts nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any, Literal

from thecal.quantity import Refusal, Refused
from thecal.therapy.door import checked
from thecal.therapy.reference import cite, load

Direction = Literal["systemic_to_it", "it_to_systemic", "both", "none"]
DIRECTIONS: tuple[Direction, ...] = ("systemic_to_it", "it_to_systemic", "both", "none")
NAMES: Mapping[str, str] = {
    "oral": "oral",
    "iv": "iv",
    "intravenous": "iv",
    "sc": "sc",
    "subcutaneous": "sc",
    "epidural": "epidural",
    "it": "it",
    "intrathecal": "it",
}
"""What people may write for a route, and what the data calls it."""
ROUTES = ("oral", "iv", "sc", "epidural", "it")


@dataclass(frozen=True, slots=True)
class Band:
    """A value with its spread; all three are equal when a single figure is published."""

    low: Fraction
    centre: Fraction
    high: Fraction


@dataclass(frozen=True, slots=True)
class Ratio:
    """One published ratio. ``weaker`` is the route of the many milligrams; ``n`` the number of patients, if printed."""

    id: str
    drugs: tuple[str, ...]
    weaker: str
    stronger: str
    band: Band
    direction: Direction
    n: int | None
    source: str
    confirmed: bool
    note: str
    centre: bool

    def usable(self, *, inward: bool) -> bool:
        """Whether it may be used from the weaker to the stronger route (inward), or back."""
        return self.direction == "both" or self.direction == ("systemic_to_it" if inward else "it_to_systemic")


@cache
def ratios() -> tuple[Ratio, ...]:
    """Every published route ratio, in the order of the file."""
    return tuple(_ratio(row) for row in load("conversions")["route_ratio"])


@checked
def ratio(ratio_id: str) -> Ratio:
    """A ratio by its id. Raises Refused for an unknown one, and for a table of morphine equivalents."""
    found = next((each for each in ratios() if each.id == ratio_id), None)
    if found is not None:
        return found
    if str(ratio_id).lower().startswith(("mme", "cdc", "vonkorff", "europe")):
        what = "A table of morphine equivalents counts risk; it never converts a dose."
        rule = cite("conversions", load("conversions")["mme"]["cdc2022"]["src"])
        raise Refused(Refusal("mme_not_for_conversion", what, "ratio", "Choose a route ratio and sign it.", rule))
    do = f"Use one of {', '.join(each.id for each in ratios())}."
    raise Refused(Refusal("ratio", f"There is no ratio {str(ratio_id)[:60]!r}.", "ratio", do))


def ladder() -> tuple[Mapping[str, int], str, bool]:
    """The teaching ladder in mg by route, with its source and whether it was confirmed. It converts nothing here."""
    row = load("conversions")["ladder"]
    return {name: row[name] for name in ("oral", "iv", "epidural", "intrathecal")}, row["note"], row["confirmed"]


def route_name(where: str, route: str) -> str:
    """The data's name of a route. Raises Refused for what is no route."""
    known = NAMES.get(str(route))
    if known is not None:
        return known
    do = "Use oral, intravenous, subcutaneous, epidural or intrathecal."
    raise Refused(Refusal("route_not_known", f"{str(route)[:40]!r} is not a route.", where, do))


def _ratio(row: Mapping[str, Any]) -> Ratio:
    return Ratio(
        id=row["id"],
        drugs=tuple(drug.strip() for drug in row["drug"].split(",")),
        weaker=row["from"],
        stronger=row["to"],
        band=_band(row),
        direction=row["direction"],
        n=row.get("n"),
        source=cite("conversions", row["src"]),
        confirmed=row["confirmed"],
        note=row.get("note", ""),
        centre=row.get("centre", False),
    )


def _band(row: Mapping[str, Any]) -> Band:
    if "each" in row:
        values = sorted(Fraction(value) for value in row["each"])
        middle = len(values) // 2
        centre = values[middle] if len(values) % 2 else (values[middle - 1] + values[middle]) / 2
        return Band(values[0], centre, values[-1])
    low, high = row.get("range", (row.get("min", row.get("value")), row.get("max", row.get("value"))))
    centre = Fraction(row["value"]) if "value" in row else (Fraction(low) + Fraction(high)) / 2
    return Band(Fraction(low), centre, Fraction(high))
