"""Change the opioid by one route: the published drug ratios, with the reduction for incomplete cross-tolerance.

Doses fg/day as exact rationals. Formula: D x amount of the new drug / amount of the old one, then the share to start.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from thecal.formulary import drug as drug_entry
from thecal.formulary import drug_ids
from thecal.quantity import Refusal, Refused
from thecal.therapy.conversion.ratios import Band
from thecal.therapy.conversion.reductions import Reduction, reduction
from thecal.therapy.door import checked
from thecal.therapy.numbers import whole
from thecal.therapy.reference import cite, load

ROUTES: Mapping[str, str] = {
    "it": "it",
    "intrathecal": "it",
    "oral": "oral",
    "parenteral": "parenteral",
    "iv": "parenteral",
    "intravenous": "parenteral",
    "sc": "parenteral",
    "subcutaneous": "parenteral",
}


@dataclass(frozen=True, slots=True)
class Rotation:
    """The calculated band and the band to start with, fg/day, with every row that they rest on."""

    old: str
    new: str
    route: str
    calculated: Band
    start: Band
    reduction: Reduction
    rows: tuple[str, ...]
    sources: tuple[str, ...]
    confirmed: bool
    warnings: tuple[Refusal, ...]


@checked
def equianalgesic(drug: str) -> Mapping[str, tuple[Fraction, Fraction]]:
    """Single doses of a drug that the table sets equal, in mg by route (``oral``, ``parenteral``), low and high.

    Raises Refused for a drug that is not in the table.
    """
    row = next((each for each in load("conversions")["equianalgesic"] if each["id"] == drug), None)
    if row is None:
        do = f"Use one of {', '.join(each['id'] for each in load('conversions')['equianalgesic'])}."
        raise Refused(Refusal("not_in_table", f"{str(drug)[:40]!r} is not in the table.", "drug", do))
    found = {}
    for name in ("oral", "parenteral"):
        if f"{name}_mg" in row:
            found[name] = _span(row[f"{name}_mg"])
        elif f"{name}_mcg" in row:
            low, high = _span(row[f"{name}_mcg"])
            found[name] = (low / 1000, high / 1000)
    return found


@checked
def rotate(dose_fg_day: int, old: str, new: str, route: str) -> Rotation:
    """The daily dose of ``new`` for that of ``old`` by one route.

    Raises Refused where no ratio may be used: another route, a drug that is no opioid, or a ratio that the data marks
    as never to be used.
    """
    whole("dose", dose_fg_day, 1)
    if route not in ROUTES:
        do = f"Use one of {', '.join(sorted(set(ROUTES.values())))}; nothing is known for the epidural route."
        raise Refused(Refusal("route_not_known", f"No drug ratio is published for {str(route)[:40]!r}.", "route", do))
    way = ROUTES[route]
    if old == new:
        raise Refused(Refusal("same_drug", "Both drugs are the same.", "new", "Name another drug."))
    for name in (old, new):
        if name in drug_ids() and not drug_entry(name).opioid:
            what = f"{name} is not an opioid: it has no dose that equals a dose of another drug."
            raise Refused(Refusal("not_convertible", what, "drug", "Start it by its own label."))
    rows = _ratio_rows(way, old, new)
    values = [value for value, _, _, _ in rows]
    low, high = min(values), max(values)
    dose = Fraction(dose_fg_day)
    calculated = Band(dose * low, dose * (low + high) / 2, dose * high)
    kept = reduction("change_of_it_drug" if way == "it" else "rotation_start_fraction")
    assert kept.share is not None, "both reductions give a share"
    share = kept.share
    if way == "it":
        least = reduction("rotation_start_fraction").share
        assert least is not None, "this reduction gives a share"
        share = (min(least[0], share[0]), share[1])
    start = Band(calculated.low * share[0], calculated.centre * sum(share) / 2, calculated.high * share[1])
    return Rotation(
        old=old,
        new=new,
        route=way,
        calculated=calculated,
        start=start,
        reduction=kept,
        rows=tuple(each[1] for each in rows),
        sources=tuple(dict.fromkeys(each[2] for each in rows)),
        confirmed=all(each[3] for each in rows),
        warnings=_warnings(rows),
    )


type Row = tuple[Fraction, str, str, bool]
"""mg of the new drug per mg of the old one, the row's id, its source, and whether it was confirmed."""


def _ratio_rows(route: str, old: str, new: str) -> list[Row]:
    found: list[Row] = []
    for row in load("conversions")["drug_ratio"]:
        pair = (row["drug"], row["comparison"])
        if row["route"] != route or set(pair) != {old, new}:
            continue
        if "refuse" in row:
            what = f"The ratio of {row['drug']} to {row['comparison']} must not be used here: {row['refuse']}."
            do = "Start by the published starting range of the new drug."
            raise Refused(Refusal("never_convert", what, "drug", do, cite("conversions", row["src"]), row["confirmed"]))
        value = Fraction(row["value"])
        per_old = 1 / value if new == row["drug"] else value
        found.append((per_old, row["id"], cite("conversions", row["src"]), row["confirmed"]))
    if route != "it":
        found += _table_rows(route, old, new)
    if found:
        return found
    what = f"No ratio between {str(old)[:40]} and {str(new)[:40]} by the {route} route is published here."
    raise Refused(Refusal("no_ratio", what, "drug", "Start by the published starting range of the new drug."))


def _table_rows(route: str, old: str, new: str) -> list[Row]:
    rows: dict[str, Any] = {each["id"]: each for each in load("conversions")["equianalgesic"]}
    if old not in rows or new not in rows:
        return []
    first, second = equianalgesic(old).get(route), equianalgesic(new).get(route)
    if first is None or second is None:
        return []
    source = cite("conversions", [*rows[old]["src"], *rows[new]["src"]])
    confirmed = rows[old]["confirmed"] and rows[new]["confirmed"]
    name = f"equianalgesic {old}:{new}"
    return [(second[0] / first[1], name, source, confirmed), (second[1] / first[0], name, source, confirmed)]


def _span(value: Any) -> tuple[Fraction, Fraction]:
    low, high = (value[0], value[-1]) if isinstance(value, list) else (value, value)
    return Fraction(low), Fraction(high)


def _warnings(rows: list[Row]) -> tuple[Refusal, ...]:
    cut = reduction("rotation_cut")
    found = [Refusal(cut.id, f"{cut.what}: {cut.figure}", "reduction", "", cut.source, cut.confirmed)]
    for _, name, source, confirmed in rows:
        if not confirmed:
            found.append(Refusal("unconfirmed", f"{name} is unconfirmed.", "ratio", "", source, confirmed=False))
    return tuple(found)
