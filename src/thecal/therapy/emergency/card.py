"""One page for the worst hour: what is in this patient, how much, since when, and what to do, with sources.

Masses in fg and times in ms inside, mg and hours on the page. It computes and cites; it never orders anything. What is
not confirmed is marked, what is unknown is printed as unknown.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from textwrap import wrap
from typing import Any

from thecal.formulary import drug, drug_ids
from thecal.quantity import CONCENTRATION, DOSE_RATE, MASS, MS_PER_HOUR, VOLUME, Refusal, Refused, auto, decimal_text
from thecal.therapy.calc.parts import instant_text
from thecal.therapy.door import checked
from thecal.therapy.emergency.facts import Ends, Facts
from thecal.therapy.emergency.steps import cite, load, steps, stops

WIDTH = 118
UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class DrugFacts:
    """One drug: concentration (fg/nL), daily doses that may run (fg/day), and masses (fg) as least and most."""

    drug: str
    concentration: int
    doses: tuple[Fraction, ...]
    reservoir: Ends | None
    catheter: Ends | None


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do, or to know, with its sources."""

    text: str
    sources: tuple[str, ...]
    confirmed: bool


@dataclass(frozen=True, slots=True)
class Situation:
    """One emergency: how it shows, the figure of this patient that belongs to it, and the steps."""

    id: str
    title: str
    signs: str
    figure: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Card:
    """The card. ``hours`` is the time since the last certain delivery, None when that is unknown."""

    facts: Facts
    at: int
    hours: Fraction | None
    drugs: tuple[DrugFacts, ...]
    situations: tuple[Situation, ...]

    def plain(self) -> dict[str, object]:
        """Plain values, for JSON: masses in mg and times in hours as numbers, with the texts of the page."""
        f = self.facts
        return {
            "patient": f.patient,
            "at": instant_text(self.at),
            "pump_model": f.pump_model or None,
            "serial": f.serial or None,
            "route": f.route or None,
            "tip_level": f.tip_level or None,
            "solution": str(f.solution),
            "reservoir_mL": _numbers(f.reservoir, Fraction(1, 10**6)),
            "catheter_mL": _numbers(f.catheter, Fraction(1, 10**6)),
            "hours_since_last_certain_delivery": None if self.hours is None else float(decimal_text(self.hours, 6)),
            "evidence": f.evidence or None,
            "drugs": [
                {
                    "drug": each.drug,
                    "concentration": auto(each.concentration, CONCENTRATION),
                    "daily_doses": [auto(dose, DOSE_RATE) for dose in each.doses],
                    "reservoir_mg": _numbers(each.reservoir, Fraction(1, 10**12)),
                    "catheter_mg": _numbers(each.catheter, Fraction(1, 10**12)),
                }
                for each in self.drugs
            ],
            "situations": [
                {
                    "id": each.id,
                    "title": each.title,
                    "signs": each.signs,
                    "figure": each.figure,
                    "steps": [
                        {"text": s.text, "sources": list(s.sources), "confirmed": s.confirmed} for s in each.steps
                    ],
                }
                for each in self.situations
            ],
            "warnings": [warning.as_dict() for warning in f.warnings],
        }

    def lines(self) -> list[str]:
        """The page, at most ``WIDTH`` wide. Sources are numbered at the end; '(?)' marks what is unconfirmed."""
        sources: list[str] = []
        found = [*self._head()]
        for each in self.situations:
            found += ["", f"{each.title}  ({each.signs})"]
            if each.figure:
                found += _wrapped("> ", each.figure)
            for step in each.steps:
                marks = [str(_number(sources, source)) for source in step.sources]
                flag = "" if step.confirmed else " (?)"
                found += _wrapped("- ", f"{step.text}{flag} [{','.join(marks)}]")
        found += ["", "Sources; (?) = not confirmed:"]
        for number, source in enumerate(sources, 1):
            found += _wrapped(f"[{number}] ", source)
        return [*found, "Research, teaching and engineering software; not a cleared medical device."]

    def _head(self) -> Iterable[str]:
        f = self.facts
        yield f"EMERGENCY CARD  {f.patient or UNKNOWN}  at {instant_text(self.at)}"
        yield (
            f"Pump {f.pump_model or UNKNOWN}, serial {f.serial or UNKNOWN}; {f.route or 'route ' + UNKNOWN}, "
            f"tip {f.tip_level or UNKNOWN}"
        )
        yield f"Reservoir {_ends(f.reservoir, VOLUME)}; catheter {_ends(f.catheter, VOLUME)}"
        hours = UNKNOWN if self.hours is None else f"{decimal_text(self.hours, 4)} h ago"
        yield f"Last certain delivery: {hours}" + (f" ({f.evidence})" if f.evidence else "")
        for each in self.drugs:
            doses = " or ".join(auto(dose, DOSE_RATE, 4) for dose in each.doses) or UNKNOWN
            yield (
                f"  {each.drug.upper()} {auto(each.concentration, CONCENTRATION)}; dose {doses}; in the reservoir "
                f"{_ends(each.reservoir, MASS)}; in the catheter {_ends(each.catheter, MASS)}"
            )
        for warning in f.warnings:
            yield from _wrapped("! ", str(warning))


@checked
def card(facts: Facts, now: int) -> Card:
    """The card of these facts at ``now``. Raises Refused when the last certain delivery lies after it."""
    if facts.last_certain is not None and facts.last_certain > now:
        what = f"The last certain delivery, {instant_text(facts.last_certain)}, lies after {instant_text(now)}."
        raise Refused(Refusal("future", what, "last_certain_delivery", "Check it, and the moment of the card."))
    primary = facts.solution.primary.concentration
    drugs = tuple(
        DrugFacts(
            each.drug,
            each.concentration,
            tuple(dose * each.concentration / primary for dose in facts.doses),
            _times(facts.reservoir, each.concentration),
            _in_catheter(facts, each.drug),
        )
        for each in facts.solution.components
    )
    hours = None if facts.last_certain is None else Fraction(now - facts.last_certain, MS_PER_HOUR)
    names = [each.drug for each in drugs]
    situations = tuple(
        Situation(
            row["id"],
            row["title"],
            row["signs"],
            _figure(row["id"], drugs, hours),
            tuple(_steps(row["id"], facts, names)),
        )
        for row in load()["situation"]
    )
    return Card(facts, now, hours, drugs, situations)


def _steps(situation: str, facts: Facts, names: list[str]) -> Iterable[Step]:
    if situation == "overdose":
        yield from (_step(row) for row in stops(facts.pump_model))
        yield from _statements(names, "antidote")
    if situation == "withdrawal":
        yield from _statements(names, "withdrawal")
    yield from (_step(row) for row in steps(situation, facts.pump_model, names))


def _statements(names: list[str], topic: str) -> Iterable[Step]:
    """What the formulary says of each drug; that it says nothing is said too."""
    for name in names:
        if name not in drug_ids():
            yield Step(f"{name}: not in the formulary, so nothing is known here", ("the formulary",), confirmed=False)
            continue
        entry = drug(name)
        for statement in entry.statements_on(topic):
            yield Step(f"{name}: {statement.text}", (entry.cite(statement),), statement.confirmed)


def _step(row: Mapping[str, Any]) -> Step:
    return Step(row["text"], tuple(cite(key) for key in row["src"]), row["confirmed"])


def _figure(situation: str, drugs: tuple[DrugFacts, ...], hours: Fraction | None) -> str:
    """The figure of this patient that belongs to a situation."""
    if situation in ("withdrawal", "stall"):
        said = UNKNOWN if hours is None else f"{decimal_text(hours, 4)} h"
        missed = "; ".join(
            f"{each.drug} {auto(max(each.doses) * hours / 24, MASS, 4)}"
            for each in drugs
            if hours is not None and each.doses
        )
        return f"no certain delivery for {said}" + (f": missed since then, at most: {missed}" if missed else "")
    if situation in ("pocket_fill", "wrong_port"):
        held = "; ".join(f"{each.drug} {_ends(each.reservoir, MASS)}{_days(each)}" for each in drugs)
        return f"at most what the reservoir holds: {held}"
    if situation == "overdose":
        held = "; ".join(f"{each.drug} {_ends(each.catheter, MASS)}" for each in drugs)
        return f"anything injected into the side port first pushes what the catheter holds: {held}"
    return ""


def _days(each: DrugFacts) -> str:
    if each.reservoir is None or not each.doses or not max(each.doses):
        return ""
    return f" (up to {decimal_text(each.reservoir[1] / max(each.doses), 3)} days of dose)"


def _in_catheter(facts: Facts, name: str) -> Ends | None:
    """Least and most of a drug in the catheter, over all that it may hold."""
    if facts.catheter is None or not facts.catheter_holds:
        return None
    strengths = [0 if s is None else s.masses(1).get(name, 0) for s in facts.catheter_holds]
    return min(strengths) * facts.catheter[0], max(strengths) * facts.catheter[1]


def _times(ends: Ends | None, strength: int) -> Ends | None:
    return None if ends is None else (ends[0] * strength, ends[1] * strength)


def _ends(ends: Ends | None, kind: Any) -> str:
    if ends is None:
        return UNKNOWN
    return auto(ends[1], kind, 4) if ends[0] == ends[1] else f"{auto(ends[0], kind, 4)} to {auto(ends[1], kind, 4)}"


def _numbers(ends: Ends | None, scale: Fraction) -> list[float] | None:
    return None if ends is None else [float(decimal_text(each * scale, 9)) for each in ends]


def _number(sources: list[str], source: str) -> int:
    if source not in sources:
        sources.append(source)
    return sources.index(source) + 1


def _wrapped(head: str, text: str) -> list[str]:
    return wrap(head + text, WIDTH, subsequent_indent=" " * len(head))
