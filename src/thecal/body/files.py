"""Requests in a file: a person, what goes in, what is asked. Every quantity is text with its unit.

This module reads the parsed file (TOML or JSON, as plain dictionaries) into checked values; who opens the file is not
its business. The format is described in ``docs/body/commands.md``. Units inside: kg, cm, h, mg, mL.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from thecal.body.checks import number, one_of, refuse
from thecal.body.inputs import Bolus, HourlySeries, Infusion, Input, Oral
from thecal.body.leak import FromCatheter, Leak, leaking
from thecal.body.person import Person, Tip
from thecal.body.population import sample_patient
from thecal.body.reference import DRUGS
from thecal.body.spine import levels_with_csf
from thecal.quantity import BODY_WEIGHT, DOSE_RATE, DURATION, LENGTH, MASS, VOLUME, Kind, QuantityError, parse

Array = npt.NDArray[np.float64]
Table = Mapping[str, Any]

OUT_OF_SCOPE = {
    "posture": "the model has one dimension, so posture changes nothing in it",
    "position": "the model has one dimension, so posture changes nothing in it",
    "baricity": "the model has no gravity, so dense and light solutions are the same to it",
    "density": "the model has no gravity, so dense and light solutions are the same to it",
    "pregnancy": "nothing in the sources speaks of pregnancy",
    "species": "the parameters are those of people",
}
_IN_ONE = {MASS: 10**12, DURATION: 3_600_000, DOSE_RATE: 24 * 10**12, VOLUME: 10**6, LENGTH: 1, BODY_WEIGHT: 1000}
"""How many of the exact integers of ``thecal.quantity`` make 1 mg, h, mg/h, mL, mm, kg."""
MOST_OUTPUTS = 200_000
MOST_INPUTS = 20_000


@dataclass(frozen=True, slots=True, eq=False)
class Request:
    """One simulation. Times in h; ``levels`` to be reported; ``pain_baseline`` None leaves the effect out."""

    drug: str
    person: Person
    inputs: tuple[Input, ...]
    times_h: Array
    levels: tuple[str, ...]
    tip: Tip
    target: str | None
    pain_baseline: float | None
    cell_mm: float
    patient: str | None


def read_request(data: Table) -> Request:
    """The request of ``thecal body simulate``. Raises Refused naming the field, the value and what is accepted."""
    _only(data, ("about", "drug", "person", "patient", "tip", "target", "pain_baseline", "input", "output"), "")
    drug = one_of("drug", _need(data, "drug", ""), DRUGS, "body.unknown_drug")
    tip = read_tip(data.get("tip", "T10"), "tip")
    person, patient = read_person(data)
    inputs = tuple(made for k, row in enumerate(_rows(data, "input")) for made in _input(row, tip, f"input[{k}]"))
    if len(inputs) > MOST_INPUTS:
        raise refuse("input", len(inputs), f"Give at most {MOST_INPUTS} of them.", what="single inputs are too many")
    output = data.get("output", {})
    _table(output, "output")
    _only(output, ("until", "step", "times", "levels", "cell"), "output.")
    levels = _list(output.get("levels", list(levels_with_csf())), "output.levels")
    for k, name in enumerate(levels):
        one_of(f"output.levels[{k}]", name, levels_with_csf(), "body.unknown_level")
    pain = data.get("pain_baseline")
    return Request(
        drug=drug,
        person=person,
        inputs=inputs,
        times_h=_times(output),
        levels=tuple(levels),
        tip=tip,
        target=data.get("target"),
        pain_baseline=None if pain is None else number("pain_baseline", pain, "NRS", 0, 10),
        cell_mm=quantity(output.get("cell", "10 mm"), LENGTH, "output.cell"),
        patient=patient,
    )


def read_person(data: Table) -> tuple[Person, str | None]:
    """The person of a file: written out under ``person``, or drawn under ``patient`` (seed and id)."""
    if "patient" in data:
        row = data["patient"]
        _table(row, "patient")
        _only(row, ("seed", "id"), "patient.")
        if "person" in data:
            raise refuse("person", "person", "Give person or patient, not both.", what="stands beside patient")
        seed = _need(row, "seed", "patient.")
        if not isinstance(seed, int) or isinstance(seed, bool):
            raise refuse("patient.seed", seed, "Give a whole number.")
        name = str(_need(row, "id", "patient."))
        return sample_patient(seed, name).person, f"{seed}/{name}"
    row = data.get("person", {})
    _table(row, "person")
    _only(
        row,
        ("weight", "height", "age", "egfr", "albumin", "dispersion", "disposition", "prior_opioid"),
        "person.",
    )
    found: dict[str, Any] = {key: row[key] for key in ("dispersion", "disposition") if key in row}
    if "weight" in row:
        found["weight_kg"] = quantity(row["weight"], BODY_WEIGHT, "person.weight")
    if "height" in row:
        found["height_cm"] = quantity(row["height"], LENGTH, "person.height") / 10
    for key, name, units in (
        ("age", "age", ("years", "year", "y")),
        ("egfr", "egfr", ("mL/min/1.73m2", "mL/min/1.73 m2", "mL/min")),
        ("albumin", "albumin_g_l", ("g/L",)),
        ("prior_opioid", "prior_opioid_mg_day", ("mg/day",)),
    ):
        if key in row:
            found[name] = _with_unit(row[key], units, f"person.{key}")
    return Person(**found), None


def read_tip(text: object, where: str) -> Tip:
    """A tip written as ``T10`` or ``epidural L3``."""
    if not isinstance(text, str):
        raise refuse(where, text, "Write a level such as T10, or 'epidural L3'.")
    words = text.split()
    if len(words) == 1:
        return Tip(words[0])
    if len(words) == 2:
        return Tip(words[1], words[0])  # type: ignore[arg-type]
    raise refuse(where, text, "Write a level such as T10, or 'epidural L3'.")


def quantity(text: object, kind: Kind, where: str) -> float:
    """A quantity with its unit, in mg, h, mg/h, mL, mm or kg by kind; refused without one."""
    if not isinstance(text, str):
        raise refuse(
            where, text, f"Write it with its unit, for example {kind.example!r}.", "body.no_unit", "has no unit"
        )
    try:
        return parse(text, kind) / _IN_ONE[kind]
    except QuantityError as error:
        raise refuse(where, text, str(error), "body.bad_quantity") from None


def _input(row: Table, tip: Tip, where: str) -> list[Input]:
    _table(row, where)
    kind = one_of(f"{where}.kind", _need(row, "kind", f"{where}."), ("infusion", "bolus", "oral", "hours"))
    own = read_tip(row["tip"], f"{where}.tip") if "tip" in row else tip
    if kind == "oral":
        _only(row, ("kind", "at", "mass", "release", "every", "count"), f"{where}.")
        mg, release = quantity(_need(row, "mass", f"{where}."), MASS, f"{where}.mass"), row.get("release", "immediate")
        return [Oral(at, mg, release) for at in _repeats(row, where)]
    route = row.get("route", own.compartment)
    place = own if route in ("intrathecal", "epidural") else None
    made: list[FromCatheter]
    if kind == "infusion":
        _only(row, ("kind", "route", "tip", "start", "end", "rate", "leak"), f"{where}.")
        start, end = (quantity(_need(row, key, f"{where}."), DURATION, f"{where}.{key}") for key in ("start", "end"))
        rate = quantity(_need(row, "rate", f"{where}."), DOSE_RATE, f"{where}.rate")
        made = [Infusion(start, end, rate, route, place)]
    elif kind == "hours":
        _only(row, ("kind", "route", "tip", "start", "rates", "leak"), f"{where}.")
        rates = _list(_need(row, "rates", f"{where}."), f"{where}.rates")
        series = [quantity(rate, DOSE_RATE, f"{where}.rates[{k}]") for k, rate in enumerate(rates)]
        made = [HourlySeries(quantity(row.get("start", "0 h"), DURATION, f"{where}.start"), series, route, place)]
    else:
        _only(row, ("kind", "route", "tip", "at", "mass", "volume", "over", "every", "count", "leak"), f"{where}.")
        mg = quantity(_need(row, "mass", f"{where}."), MASS, f"{where}.mass")
        volume = quantity(row.get("volume", "1 mL"), VOLUME, f"{where}.volume")
        over = quantity(row.get("over", "0 min"), DURATION, f"{where}.over")
        made = [Bolus(at, mg, route, place, volume, over) for at in _repeats(row, where)]
    leak = _leak(row["leak"], f"{where}.leak") if "leak" in row else None
    return [part for item in made for part in (leaking(item, leak) if leak else (item,))]


def _leak(row: object, where: str) -> Leak:
    _table(row, where)
    assert isinstance(row, Mapping), "checked above"
    _only(row, ("share", "into"), f"{where}.")
    share = _with_unit(_need(row, "share", f"{where}."), ("%",), f"{where}.share") / 100
    into = row.get("into", "pocket")
    return Leak(share, None if into == "pocket" else read_tip(into, f"{where}.into"))


def _repeats(row: Table, where: str) -> list[float]:
    first = quantity(row.get("at", "0 h"), DURATION, f"{where}.at")
    count = row.get("count", 1)
    if not isinstance(count, int) or isinstance(count, bool) or not 1 <= count <= MOST_INPUTS:
        raise refuse(f"{where}.count", count, f"Give a whole number from 1 to {MOST_INPUTS}.")
    if count == 1:
        return [first]
    every = quantity(_need(row, "every", f"{where}."), DURATION, f"{where}.every")
    if every <= 0:
        raise refuse(f"{where}.every", row["every"], "Give a time above 0.")
    return [first + k * every for k in range(count)]


def _times(output: Table) -> Array:
    if "times" in output:
        return np.array(
            [quantity(t, DURATION, f"output.times[{k}]") for k, t in enumerate(_list(output["times"], "output.times"))]
        )
    until = quantity(_need(output, "until", "output."), DURATION, "output.until")
    step = quantity(output.get("step", "1 h"), DURATION, "output.step")
    if step <= 0 or until <= 0 or until / step > MOST_OUTPUTS:
        raise refuse(
            "output.step", output.get("step", "1 h"), f"Give a step above 0 that makes at most {MOST_OUTPUTS} times."
        )
    return np.array(np.arange(0, round(until / step) + 1) * step, dtype=np.float64)


def _with_unit(text: object, units: tuple[str, ...], where: str) -> float:
    found = re.fullmatch(r"\s*([0-9]+(?:\.[0-9]+)?)\s*(.*?)\s*", text) if isinstance(text, str) else None
    if found is None or found[2] not in units:
        raise refuse(where, text, f"Write a number with its unit: {' or '.join(units)}.", "body.no_unit")
    return float(found[1])


def _rows(data: Table, key: str) -> list[Table]:
    rows = data.get(key, [])
    if not isinstance(rows, list):
        raise refuse(key, rows, f"Write each as a table [[{key}]].", what="is not a list of tables")
    return rows


def _list(row: object, where: str) -> list[Any]:
    if not isinstance(row, list) or not row:
        raise refuse(where, row, "Write a list with at least one item.", what="is not a list of items")
    return row


def _table(row: object, where: str) -> None:
    if not isinstance(row, Mapping):
        raise refuse(where, row, "Write a table of fields.", what="is not a table")


def _need(row: Table, key: str, where: str) -> Any:
    if key not in row:
        raise refuse(where + key, None, f"Add {key}.", "body.missing_field", "is missing")
    return row[key]


def _only(row: Table, accepted: tuple[str, ...], where: str) -> None:
    for key in row:
        if key in OUT_OF_SCOPE:
            raise refuse(where + key, row[key], f"Leave it out: {OUT_OF_SCOPE[key]}.", "body.out_of_scope")
        if key not in accepted:
            raise refuse(where + key, key, f"Use {', '.join(accepted)}.", "body.unknown_field", "is not a known field")


def read_comparison(data: Table) -> dict[str, Any]:
    """The arguments of ``compare`` from the file of ``thecal body compare``; refusals as in ``read_request``."""
    _only(data, ("about", "drug", "person", "patient", "days", "level", "pain_baseline", "dose", "stimulation"), "")
    doses = _need(data, "dose", "")
    _table(doses, "dose")
    person, _ = read_person(data)
    found: dict[str, Any] = {
        "person": person,
        "doses_mg_day": {key: quantity(text, DOSE_RATE, f"dose.{key}") * 24.0 for key, text in doses.items()},
        "drug": data.get("drug", "morphine"),
        "level": data.get("level", "T10"),
        "pain_baseline": number("pain_baseline", data.get("pain_baseline", 7.0), "NRS", 0, 10),
        "stimulator": data.get("stimulation", "ten_kilohertz"),
    }
    if found["stimulator"] == "none":
        found["stimulator"] = None
    if "days" in data:
        found["days"] = quantity(data["days"], DURATION, "days") / 24.0
    return found
