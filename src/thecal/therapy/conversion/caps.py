"""Ceilings that hold after the arithmetic of a conversion. Doses fg/day, single doses fg.

The strictest that applies holds; nothing is cut down to it. While the exposure to opioids is not known, all of them
apply.
"""

from dataclasses import dataclass
from typing import Literal

from thecal.formulary import Finding, drug_ids
from thecal.quantity import DOSE_RATE, MASS, Refusal, Refused, auto, parse, show
from thecal.therapy.conversion.ratios import ROUTES
from thecal.therapy.door import checked
from thecal.therapy.numbers import whole
from thecal.therapy.reference import cite, load

Population = Literal["opioid_naive", "opioid_tolerant", "unknown"]
POPULATIONS: tuple[Population, ...] = ("opioid_naive", "opioid_tolerant", "unknown")


@dataclass(frozen=True, slots=True)
class Ceiling:
    """One ceiling: at most ``most`` (fg/day) for the population; ``confirmed`` says whether anybody read it there."""

    id: str
    most: int
    population: str
    source: str
    confirmed: bool
    note: str = ""

    def __str__(self) -> str:
        flag = "" if self.confirmed else ", unconfirmed"
        return f"{show(self.most, DOSE_RATE, 'mg/day')} ({self.id}, {self.population}{flag})"


def known_population(population: str) -> str:
    """The population itself. Raises Refused for one that is not known."""
    if population in POPULATIONS:
        return population
    do = f"Use one of {', '.join(POPULATIONS)}."
    raise Refused(Refusal("population", f"{str(population)[:40]!r} is not a population.", "population", do))


def _known(what: str, value: str, known: set[str]) -> None:
    if value not in known:
        do = f"Use one of {', '.join(sorted(known))}."
        raise Refused(Refusal(what, f"{value[:40]!r} is no {what} with ceilings here.", what, do))


def _drugs() -> set[str]:
    return {*drug_ids(), *(row["drug"] for row in load("conversions")["cap"])}


@checked
def caps(drug: str, route: str, population: str = "unknown") -> tuple[Ceiling, ...]:
    """The ceilings of daily doses by this route (one of ``ROUTES``), the strictest first.

    Raises Refused for a drug, route or population that is not known.
    """
    _known("drug", drug, _drugs())
    _known("route", route, set(ROUTES))
    wanted = known_population(population)
    found = [
        Ceiling(
            row["id"],
            parse(f"{row['max']} mg/day", DOSE_RATE),
            row["pop"],
            cite("conversions", row["src"]),
            row["confirmed"],
            row.get("note", ""),
        )
        for row in load("conversions")["cap"]
        if row["drug"] == drug and row["route"] == route and row["unit"] == "mg/day"
        if wanted == "unknown" or row["pop"] in ("all", wanted)
    ]
    return tuple(sorted(found, key=lambda ceiling: ceiling.most))


@checked
def single_dose_findings(drug: str, mass_fg: int, population: str = "unknown") -> tuple[Finding, ...]:
    """What is known against an intrathecal single dose (fg): above the dose at which harm was seen it is refused.

    Below that it is not therefore safe. Raises Refused for a mass that is none and a drug that is not known.
    """
    _known("drug", drug, _drugs())
    whole("mass", mass_fg, 1)
    wanted = known_population(population)
    for row in load("conversions")["cap"]:
        if row["unit"] != "mg single dose" or row["drug"] != drug or wanted not in ("unknown", row["pop"]):
            continue
        most = parse(f"{row['max']} mg", MASS)
        if mass_fg > most:
            what = f"{auto(mass_fg, MASS)} is above {auto(most, MASS)}: {row['note']}"
            source = cite("conversions", row["src"])
            return (
                Finding("refuse", Refusal("single_dose_harm", what, "mass", "Give less.", source, row["confirmed"])),
            )
    return ()
