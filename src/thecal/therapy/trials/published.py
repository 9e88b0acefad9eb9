"""Published figures around trials: complications with their rates, how many went on to an implant, side effects.

Rates in per cent unless a unit is given. Each figure carries its source and whether it was confirmed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from thecal.quantity import Refusal, Refused
from thecal.therapy.door import checked
from thecal.therapy.reference import cite, load

BY_METHOD: Mapping[str, tuple[str, ...]] = {
    "single_shot": ("respiratory_depression_first_dose", "pdph"),
    "repeated_single_shot": ("respiratory_depression_first_dose", "pdph"),
    "continuous_epidural": ("infection_superficial", "infection_deep", "respiratory_depression_first_dose"),
    "continuous_it": (
        "infection_superficial",
        "infection_deep",
        "bleeding_external",
        "neuro_injury_external",
        "pdph",
        "respiratory_depression_first_dose",
    ),
    "external_long": (
        "infection_superficial",
        "infection_deep",
        "bleeding_external",
        "neuro_injury_external",
        "meningitis_external_ziconotide",
        "pdph",
    ),
    "none": (),
}
"""The complications that belong beside a trial method; the others belong beside an implant."""


@dataclass(frozen=True, slots=True)
class Rate:
    """A complication with its rate as printed."""

    id: str
    what: str
    rate: str
    source: str
    confirmed: bool
    note: str


@dataclass(frozen=True, slots=True)
class Went:
    """How many of those who had a trial went on to an implant."""

    id: str
    trialled: int
    implanted: int
    pct: int
    source: str
    confirmed: bool
    note: str


@checked
def complications(method: str | None = None) -> tuple[Rate, ...]:
    """The complications with their rates: all, or those beside a trial method. Raises Refused for an unknown method."""
    rows = {row["id"]: row for row in load("trial")["complication"]}
    if method is None:
        return tuple(_rate(row) for row in rows.values())
    if method not in BY_METHOD:
        do = f"Use one of {', '.join(BY_METHOD)}."
        raise Refused(Refusal("method", f"There is no method {str(method)[:40]!r}.", "method", do))
    return tuple(_rate(rows[name]) for name in BY_METHOD[method])


def went_on() -> tuple[Went, ...]:
    """Trialled and implanted, series by series."""
    return tuple(
        Went(
            row["id"],
            row["trialled"],
            row["implanted"],
            row["pct_implanted"],
            cite("trial", row["src"]),
            row["confirmed"],
            row.get("note", ""),
        )
        for row in load("trial")["conversion"]
    )


def predictors() -> Mapping[str, Mapping[str, Any]]:
    """What a trial says of the time after the implant, by id, as printed."""
    return {row["id"]: row for row in load("trial")["predictive"]}


def lessons() -> Mapping[str, tuple[str, str]]:
    """Recorded mishaps of programming and sessions: text and source, by id."""
    return {row["id"]: (row["text"], cite("trial", row["src"])) for row in load("trial")["hazard"]}


def pitfalls() -> Mapping[str, tuple[str, str, bool]]:
    """How trials mislead: text, source, confirmed, by id."""
    return {row["id"]: (row["text"], cite("trial", row["src"]), row["confirmed"]) for row in load("trial")["pitfall"]}


@checked
def side_effect_list(drug_class: str) -> tuple[str, ...]:
    """The side effects to ask for after a class of drug or a ``procedure``. Raises Refused for an unknown class."""
    table = load("trial")["side_effects"]
    known = ("opioid", "local_anaesthetic", "ziconotide", "clonidine", "baclofen", "procedure")
    if drug_class not in known:
        do = f"Use one of {', '.join(known)}."
        raise Refused(Refusal("class", f"There is no list for {str(drug_class)[:40]!r}.", "class", do))
    return tuple(table[drug_class])


def red_flags() -> tuple[str, ...]:
    """What calls for help at once."""
    return tuple(load("trial")["side_effects"]["red_flags"])


def home_trial_fields() -> tuple[str, ...]:
    """What must be on paper before a patient goes home with an external pump."""
    return tuple(load("trial")["home_trial"]["required_fields"])


def waiver_reasons() -> tuple[str, ...]:
    """When a trial may be left out."""
    row = next(each for each in load("trial")["method"] if each["id"] == "none")
    return tuple(row["when"])


def _rate(row: Mapping[str, Any]) -> Rate:
    return Rate(row["id"], row["what"], _text(row), cite("trial", row["src"]), row["confirmed"], row.get("note", ""))


def _text(row: Mapping[str, Any]) -> str:
    unit = row.get("unit", "%")
    if "value" in row:
        text = f"{row['value']} {unit}"
    elif "min" in row and "max" in row:
        text = f"{row['min']} to {row['max']} {unit}"
    elif "min" in row:
        text = f"at least {row['min']} {unit}"
    else:
        skip = {"id", "what", "src", "confirmed", "note"}
        text = ", ".join(f"{key.replace('_', ' ')} {value} %" for key, value in row.items() if key not in skip)
    extras = _extras(row)
    return f"{text} ({'; '.join(extras)})" if extras else text


def _extras(row: Mapping[str, Any]) -> list[str]:
    extras = []
    if "den" in row:
        extras.append(f"{row['num']} of {row['den']}" if "num" in row else f"of {row['den']}")
    if "ci95" in row:
        extras.append(f"95 % interval {row['ci95'][0]} to {row['ci95'][1]}")
    if "smr" in row:
        extras.append(f"{row['smr']} times the expected mortality")
    if "denominator" in row:
        extras.append(str(row["denominator"]))
    detail = row.get("detail", "")
    if isinstance(detail, dict):
        detail = ", ".join(f"{key} {value}" for key, value in detail.items())
    return [*extras, detail] if detail else extras
