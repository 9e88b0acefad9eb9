"""The facts of an emergency card as somebody types them where there is no chart: an object of texts with units.

The same spellings and shapes as the inputs of calculations: volumes in nL, doses in fg/day, times in ms UTC inside.
"""

import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

from thecal.formulary import Component, Solution
from thecal.pump import profiles
from thecal.quantity import CONCENTRATION, DOSE_RATE, VOLUME, Refusal, Refused
from thecal.therapy.calc.calculation import sentence
from thecal.therapy.calc.parts import ALONE, INSTANT, mixture
from thecal.therapy.calc.reading import Reader, Unread, quantity
from thecal.therapy.calc.shapes import as_text
from thecal.therapy.door import checked
from thecal.therapy.emergency.facts import Ends, Facts

_WORDS = ("patient", "serial", "route", "tip_level", "pump_model")
_NAMES: Mapping[str, tuple[str, ...]] = {
    "patient": ("patient_id", "name"),
    "serial": ("serial_number",),
    "route": (),
    "tip_level": ("tip", "catheter_tip"),
    "pump_model": ("pump", "model"),
    "solution": ("drugs", "mixture", "fill"),
    "drug": (),
    "concentration": ("strength", "drug_concentration"),
    "dose": ("daily_dose", "dose_rate", "current_dose"),
    "reservoir": ("reservoir_volume", "volume"),
    "catheter_volume": ("catheter", "v_cat", "dead_volume"),
    "last_certain_delivery": ("last_delivery", "last_seen_running"),
}
_KNOWN = {word: name for name, others in _NAMES.items() for word in (name, *others)}
_RANGE = re.compile(r"\s*(?P<low>\d[\d.]*\s*[A-Za-z]*)\s*(?:-|\bto\b)\s*(?P<high>\d[\d.]*\s*(?P<unit>[A-Za-z]+))\s*")
_A_VOLUME, _A_DOSE, _A_SOLUTION = quantity(VOLUME), quantity(DOSE_RATE), mixture(CONCENTRATION)


@checked
def from_texts(texts: Mapping[str, object]) -> Facts:
    """The facts of a JSON object of texts with units; only the solution is needed. Raises Refused naming every fault.

    A volume may be a range: '1 mL to 2 mL'. The solution may be given as drug and concentration. What is left out is
    printed as unknown.
    """
    given, wrong = _named(texts)
    found: dict[str, Any] = {}
    reads: dict[str, Callable[[Any], Any]] = {
        "solution": _solution,
        "dose": lambda value: _A_DOSE.read(as_text(value, _A_DOSE)),
        "reservoir": _ends,
        "catheter_volume": _ends,
        "last_certain_delivery": lambda value: INSTANT.read(as_text(value, INSTANT)),
        **dict.fromkeys(_WORDS, _word),
    }
    for name, value in given.items():
        try:
            found[name] = reads[name](value)
        except Unread as error:
            wrong.append(_refusal(name, str(error)))
    if "solution" not in given:
        wrong.append(_refusal("solution", "it is missing"))
    if wrong:
        raise Refused(*wrong)
    last, solution = found.get("last_certain_delivery"), found["solution"]
    return Facts(
        **{name: found.get(name, "") for name in _WORDS},
        solution=solution,
        doses=(found["dose"],) if "dose" in found else (),
        reservoir=found.get("reservoir"),
        catheter=found.get("catheter_volume"),
        catheter_holds=(solution,),
        last_certain=last,
        evidence="as typed" if last is not None else "",
        warnings=_warnings(found.get("pump_model", "")),
    )


def _named(texts: Mapping[str, object]) -> tuple[dict[str, Any], list[Refusal]]:
    """The values by their names, without empty ones; a drug and its concentration are the solution."""
    given: dict[str, Any] = {}
    wrong = []
    for word, value in texts.items():
        name = _KNOWN.get(str(word).strip().lower().replace("-", "_").replace(" ", "_"))
        if name is None:
            wrong.append(_refusal(str(word)[:40], "it is not known here"))
        elif name in given:
            wrong.append(_refusal(name, "it is given twice"))
        elif value is not None and not (isinstance(value, str) and not value.strip()):
            given[name] = value
    drug, strength = given.pop("drug", None), given.pop("concentration", None)
    if drug is not None and strength is not None and "solution" not in given and isinstance(drug, str):
        given["solution"] = {drug: strength}
    elif drug is not None or strength is not None:
        wrong.append(_refusal("solution", "the solution, or drug and concentration together, are wanted"))
    return given, wrong


def _word(value: Any) -> str:
    if not isinstance(value, str) or len(value) > 120 or not value.isprintable():
        raise Unread("it is not text of at most 120 characters")
    return value.strip()


def _solution(value: Any) -> Solution:
    parts = _A_SOLUTION.read(as_text(value, _A_SOLUTION))
    if any(name == ALONE for name, _ in parts):
        raise Unread("the drug is not named. Write for example 'morphine 18 mg/mL'")
    if any(amount.denominator != 1 for _, amount in parts):
        raise Unread("a concentration is finer than 1 ng/mL")
    return Solution(tuple(Component(name.replace(" ", "_"), int(amount)) for name, amount in parts))


def _ends(value: Any) -> Ends:
    text = as_text(value, _A_VOLUME)
    found = _RANGE.fullmatch(text)
    low, high = (found["low"], found["high"]) if found else (text, text)
    if found and not low[-1].isalpha():
        low = f"{low} {found['unit']}"
    ends = _whole(low, _A_VOLUME), _whole(high, _A_VOLUME)
    if ends[0] > ends[1]:
        raise Unread("the range runs backwards")
    return ends


def _whole(text: str, reader: Reader) -> int:
    value: Fraction = reader.read(text)
    if value.denominator != 1:
        raise Unread(f"{text.strip()[:40]!r} is finer than 1 {reader.unit}")
    return int(value)


def _warnings(model: str) -> tuple[Refusal, ...]:
    known = [each.id for each in profiles()]
    if not model or model in known:
        return ()
    what = f"The catalog has no pump {model[:40]!r}: the steps are those that hold for any pump."
    return (Refusal("pump_unknown", what, "pump_model", f"Known here: {', '.join(known)}."),)


def _refusal(where: str, what: str) -> Refusal:
    return Refusal(
        "card_facts", sentence(what), where, f"A JSON object of texts with units; names: {', '.join(_NAMES)}."
    )
