"""Morphine milligram equivalents: a count of systemic opioids for risk, never a way to convert a dose.

Amounts are text with a unit ("40 mg", or "25 mcg/h" for a patch); factors are MME per mg per day unless their name ends
in ``mcg_h``. Exact rationals, mg/day. Source of each factor set: data/conversions.toml.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from thecal.quantity import Refusal, Refused
from thecal.therapy.door import checked
from thecal.therapy.events import OpioidIntake
from thecal.therapy.reference import cite, load

_NOT_FACTORS = {"src", "confirmed", "use", "unit", "methadone_tiers"}
_MG = {"mg": Fraction(1), "mcg": Fraction(1, 1000), "g": Fraction(1000)}
DEFAULT = "cdc2022"
MOST_DRUGS = 20


_INTAKE = re.compile(
    r"(?P<drug>[A-Za-z][A-Za-z _-]*?)[\s:=]+(?P<number>\d{1,6}(?:\.\d{1,6})?)\s*(?P<unit>mg|mcg|g|mcg/h)(?:/day|/d)?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Count:
    """The morphine equivalents of a day, drug by drug. ``use`` says what the count is for."""

    total: Fraction
    each: tuple[tuple[str, Fraction], ...]
    factors: str
    use: str
    source: str
    confirmed: bool


def factor_sets() -> tuple[str, ...]:
    """The names of the factor sets; ``europe2018`` holds expert ratios and counts nothing."""
    return tuple(load("conversions")["mme"])


@checked
def mme_factors(factors: str = DEFAULT) -> dict[str, Fraction]:
    """The factors of a set by drug. Raises Refused for an unknown set and for one that is no set of factors."""
    sets = load("conversions")["mme"]
    if factors not in sets:
        do = f"Use one of {', '.join(sets)}."
        raise Refused(Refusal("factors", f"There is no factor set {str(factors)[:40]!r}.", "factors", do))
    if sets[factors]["unit"] == "ratio":
        what = f"{factors} holds expert ratios between drugs and routes, not factors that count morphine equivalents."
        raise Refused(Refusal("not_factors", what, "factors", f"Use {DEFAULT}."))
    return {drug: Fraction(value) for drug, value in sets[factors].items() if drug not in _NOT_FACTORS}


@checked
def daily_mme(taken: Iterable[OpioidIntake], factors: str = DEFAULT) -> Count:
    """The morphine equivalents of one day. Raises Refused for a drug or unit that the set cannot count."""
    table, rows = mme_factors(factors), load("conversions")["mme"][factors]
    each = tuple((intake.drug, _one(intake, table, rows)) for intake in taken)
    total = sum((mme for _, mme in each), Fraction(0))
    return Count(total, each, factors, rows["use"], cite("conversions", rows["src"]), rows["confirmed"])


@checked
def read_day(text: str) -> tuple[OpioidIntake, ...]:
    """The opioids of a day from text: ``oxycodone 40 mg + fentanyl_transdermal 25 mcg/h``; also ';' or ',' between.

    A unit is mg, mcg or g a day, or mcg/h for a patch. Raises Refused for what is no such list.
    """
    found: list[OpioidIntake] = []
    for part in re.split(r"[;+,]", text)[: MOST_DRUGS + 1]:
        match = _INTAKE.fullmatch(" ".join(part.split()))
        if match is None or len(found) == MOST_DRUGS:
            do = f"Write at most {MOST_DRUGS} drugs, for example 'oxycodone 40 mg + fentanyl_transdermal 25 mcg/h'."
            raise Refused(Refusal("intake", f"{part.strip()[:60]!r} is no drug with its daily amount.", "--mme", do))
        name = "_".join(match["drug"].lower().replace("-", " ").split())
        found.append(OpioidIntake(drug=name, amount=f"{match['number']} {match['unit']}"))
    return tuple(found)


def _one(intake: OpioidIntake, table: dict[str, Fraction], rows: dict[str, object]) -> Fraction:
    number, unit = intake.amount.split(" ")
    amount = Fraction(number)
    if unit == "mcg/h":
        key = f"{intake.drug}_mcg_h" if not intake.drug.endswith("_mcg_h") else intake.drug
        if key in table:
            return amount * table[key]
    elif intake.drug == "methadone" and "methadone_tiers" in rows:
        return _methadone(amount * _MG[unit], rows["methadone_tiers"])
    elif unit == "mcg" and f"{intake.drug}_mcg" in table:
        return amount * table[f"{intake.drug}_mcg"]
    elif intake.drug in table and not intake.drug.endswith(("_mcg_h", "_mcg")):
        return amount * _MG[unit] * table[intake.drug]
    do = f"Use one of {', '.join(table)}; fentanyl_transdermal in mcg/h, the others in mg a day."
    raise Refused(Refusal("not_countable", f"{intake.drug} {intake.amount} has no factor.", "taken", do))


def _methadone(mg: Fraction, tiers: object) -> Fraction:
    assert isinstance(tiers, list), "methadone tiers are a list in the data file"
    for tier in tiers:
        if mg <= tier["max_mg"]:
            return mg * int(tier["factor"])
    raise Refused(Refusal("not_countable", f"{mg} mg of methadone a day is beyond the tiers.", "taken", "Check it."))
