"""Tell an oral opioid or an oral NSAID from other medication, and say by which rule.

A drug is recognised by an RxNorm ingredient or product code, by an ATC class, or by its name in the record's
words. Whether it is taken by mouth comes from the recorded route, else from the words for its form, else from how
the drug is usually given; where none of these tells, it is not counted as oral.
"""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from thecal.exchange.fields import Coding, Concept

Family = Literal["opioid", "nsaid"]
OralTreatment = Literal["oral_opioid", "oral_nsaid"]

_ATC: dict[str, Family] = {"N02A": "opioid", "M01A": "nsaid"}
_ORAL_ROUTES = frozenset(("26643006", "PO", "C38288"))
_ORAL = re.compile(
    r"\boral(ly)?\b|by mouth|per os|\bp\.?o\.?\b|tablet|\btabs?\b|capsule|\bcaps?\b|caplet|softgel|syrup|elixir"
    r"|chewable|effervescent|granules|\bswallow"
)
_NOT_ORAL = re.compile(
    r"patch|transderm|topical|cutaneous|\bgel\b|cream|ointment|lotion|foam|inject|intraven|\biv\b|intramus|\bim\b"
    r"|subcut|infusion|syringe|ampoule|\bvial\b|cartridge|suppositor|rectal|nasal|ophthalm|\beye\b|\bear\b|\botic\b"
    r"|buccal|sublingual|transmucosal|lozenge|\bfilm\b|spray|inhal|intrathecal|epidural|implant"
)
_COUGH = re.compile(r"guai?fenesin|promethazine|chlorpheniramine|pseudoephedrine|homatropine|phenylephrine|\bcough\b")
_LOW_ASPIRIN = re.compile(r"\b(50|75|80|81|100|150|160|162)(\.\d+)? ?mg\b")


@dataclass(frozen=True, slots=True)
class Match:
    """One recognised drug. ``treatment`` is None when it is not taken by mouth or not known to be."""

    drug: str
    family: Family
    treatment: OralTreatment | None
    rule: str


@dataclass(frozen=True, slots=True)
class _Known:
    drug: str
    family: Family
    codes: frozenset[str]
    names: re.Pattern[str]
    oral_by_default: bool


def classify(medication: Concept, others: tuple[Concept, ...] = (), route: Concept | None = None) -> tuple[Match, ...]:
    """Every opioid and NSAID in a medication, its ingredients (``others``) and its recorded ``route``.

    Empty for any other medication. A product with two of them (hydrocodone with ibuprofen) gives both.
    """
    words = " | ".join(concept.words for concept in (medication, *others))
    codings = [coding for concept in (medication, *others) for coding in concept.codings]
    matches = []
    for known in _known():
        rule = _rule(known, words, codings)
        if rule:
            by_mouth, why = _by_mouth(known, words, route)
            treatment: OralTreatment = "oral_opioid" if known.family == "opioid" else "oral_nsaid"
            matches.append(Match(known.drug, known.family, treatment if by_mouth else None, f"{rule}; {why}"))
    return tuple(matches) or _by_class(words, codings, route)


def _rule(known: _Known, words: str, codings: list[Coding]) -> str:
    for coding in codings:
        if "rxnorm" in coding.system.lower() and coding.code in known.codes:
            return f"RxNorm code {coding.code} is {known.drug}"
    found = known.names.search(words)
    return f"the name '{found.group()}' is {known.drug}" if found else ""


def _by_class(words: str, codings: list[Coding], route: Concept | None) -> tuple[Match, ...]:
    for coding in codings:
        family = _ATC.get(coding.code[:4]) if "whocc" in coding.system.lower() else None
        if family:
            name = coding.display.lower() or coding.code
            known = _Known(name, family, frozenset(), re.compile("(?!)"), oral_by_default=False)
            by_mouth, why = _by_mouth(known, words, route)
            treatment: OralTreatment = "oral_opioid" if family == "opioid" else "oral_nsaid"
            return (Match(name, family, treatment if by_mouth else None, f"ATC {coding.code}; {why}"),)
    return ()


def _by_mouth(known: _Known, words: str, route: Concept | None) -> tuple[bool, str]:
    if known.family == "opioid" and _COUGH.search(words):
        return False, "a cough preparation"
    if known.drug == "aspirin" and _LOW_ASPIRIN.search(words):
        return False, "aspirin in a dose against clotting"
    if route is not None and (route.text or route.codings):
        if _NOT_ORAL.search(route.words):
            return False, f"recorded route '{route.text}'"
        if _ORAL.search(route.words) or any(coding.code in _ORAL_ROUTES for coding in route.codings):
            return True, f"recorded route '{route.text}'"
    for pattern, by_mouth in ((_NOT_ORAL, False), (_ORAL, True)):
        found = pattern.search(words)
        if found:
            return by_mouth, f"the word '{found.group()}' tells its form"
    if known.oral_by_default:
        return True, "no form is recorded and it is usually taken by mouth"
    return False, "neither route nor form is recorded"


@cache
def _known() -> tuple[_Known, ...]:
    text = (Path(__file__).parent / "data" / "medications.toml").read_text(encoding="utf-8")
    table = tomllib.loads(text)
    families: tuple[Family, ...] = ("opioid", "nsaid")
    return tuple(
        _Known(
            drug.replace("_", " "),
            family,
            frozenset([*([entry["rxnorm"]] if "rxnorm" in entry else []), *entry.get("products", [])]),
            re.compile("|".join(rf"(?<![\w-]){re.escape(name)}(?!\w)" for name in entry["names"])),
            bool(entry.get("oral_by_default", False)),
        )
        for family in families
        for drug, entry in table[family].items()
    )
