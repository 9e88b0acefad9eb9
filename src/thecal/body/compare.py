"""The same person on each therapy, side by side: intrathecal, epidural, by mouth, stimulation; each figure with a band.

Units: h, mg/day, ng/mL, NRS. Figures are means over the last day of the time looked at. Bands as in ``predict``: mixing
and clearance; for pain also potency and the largest relief; for stimulation the spread between implanted people.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from thecal.body.breathing import breathing
from thecal.body.checks import number, refuse
from thecal.body.inputs import Infusion, Input, Oral
from thecal.body.model import build
from thecal.body.organs import organ_loads
from thecal.body.parameters import parameters, require
from thecal.body.person import Person, Tip
from thecal.body.predict import band_members, nearest_dermatome, predict
from thecal.body.prediction import Band
from thecal.body.reference import refused_outputs
from thecal.body.side_effects import SideEffect, side_effects
from thecal.body.simulate import run, unconfirmed_notes
from thecal.body.stimulation import Stimulator, stimulation

Array = npt.NDArray[np.float64]
Therapy = Literal["intrathecal", "epidural", "oral", "stimulation"]
THERAPIES: tuple[Therapy, ...] = ("intrathecal", "epidural", "oral", "stimulation")
DOSE_EVERY_H = 12.0


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with its band, in ``unit``."""

    low: float
    mid: float
    high: float
    unit: str


@dataclass(frozen=True, slots=True)
class Arm:
    """One therapy: what was given, figures by name, side effects ranked, remarks. Absent figures have no source."""

    therapy: Therapy
    given: str
    figures: Mapping[str, Figure]
    side_effects: tuple[SideEffect, ...] = ()
    remarks: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Comparison:
    """All arms for one person after ``days``, with the unconfirmed parameters they rest on."""

    drug: str
    days: float
    target: str
    arms: tuple[Arm, ...]
    notes: tuple[str, ...]


def compare(
    person: Person,
    doses_mg_day: Mapping[Therapy, float],
    drug: str = "morphine",
    days: float = 30.0,
    pain_baseline: float = 7.0,
    level: str = "T10",
    stimulator: Stimulator | None = "ten_kilohertz",
) -> Comparison:
    """Arms for each dose given, and stimulation unless None. Oral doses are controlled release twice a day.

    Raises Refused for therapies and drugs that are not known, doses below 0 and times outside 2 to 3,650 days.
    """
    require(drug, "relief")
    number("days", days, "days", 2, 3650)
    for therapy, dose in doses_mg_day.items():
        if therapy not in THERAPIES[:3]:
            raise refuse("therapy", therapy, f"Give doses for {', '.join(THERAPIES[:3])}.", "body.unknown_name")
        number(f"{therapy}.dose", dose, "mg/day", 0, 5000)
    target = nearest_dermatome(Tip(level))
    arms = [
        _drug_arm(person, drug, therapy, dose, days, pain_baseline, level) for therapy, dose in doses_mg_day.items()
    ]
    if stimulator is not None:
        arms.append(_stimulation_arm(stimulator, pain_baseline))
    return Comparison(drug, days, target, tuple(arms), unconfirmed_notes(drug))


def _drug_arm(
    person: Person, drug: str, therapy: Therapy, dose: float, days: float, baseline: float, level: str
) -> Arm:
    end = 24.0 * days
    tip = Tip(level, "epidural") if therapy == "epidural" else Tip(level)
    inputs: list[Input]
    if therapy == "oral":
        count = int(end // DOSE_EVERY_H)
        each = dose * DOSE_EVERY_H / 24.0
        inputs = [Oral(DOSE_EVERY_H * k, each, "controlled") for k in range(count)]
        given = f"{dose:g} mg/day by mouth, controlled release, {each:g} mg every 12 h"
    else:
        inputs = [Infusion(0.0, end, dose / 24.0, tip.compartment, tip)]
        given = f"{dose:g} mg/day {therapy} at {level}, continuous"
    last = np.linspace(end - 24.0, end, 49)
    foreseen = predict(person, drug, inputs, last, tip, baseline)
    members = [_member(someone, factor, drug, inputs, last) for someone, factor in band_members(person, drug)]
    figures = {
        "cord at the painful segment": _of_band(foreseen.cord_target, "ng/mL"),
        "CSF at the tip level": _of_band(foreseen.csf_tip, "ng/mL"),
        "plasma": _of_band(foreseen.plasma, "ng/mL"),
        **({} if "metabolites" in refused_outputs(drug) else {"M6G in plasma": _of_band(foreseen.m6g, "ng/mL")}),
        **{name: Figure(*_spread([m[0][name] for m in members]), _UNITS[name]) for name in members[0][0]},
        "pain": _of_band(foreseen.pain, "NRS"),
    }
    return Arm(therapy, given, figures, members[0][1], (foreseen.band_source,))


_UNITS = {"liver load": "mg/day", "kidney load": "mg/day", "loss of drive to breathe": "1"}


def _member(
    person: Person, factor: float, drug: str, inputs: list[Input], times: Array
) -> tuple[dict[str, float], tuple[SideEffect, ...]]:
    trace = run(build(parameters(person, drug, factor)), inputs, times)
    loads = organ_loads(trace)
    found = {"liver load": float(loads.liver_mg_day.mean()), "kidney load": float(loads.kidney_mg_day.mean())}
    if "breathing" in refused_outputs(drug):
        return found, ()
    found["loss of drive to breathe"] = float(breathing(trace).loss.mean())
    return found, side_effects(trace)


def _stimulation_arm(kind: Stimulator, baseline: float) -> Arm:
    spread = stimulation(kind)
    low, mid, high = (baseline * (1 - relief) for relief in reversed(spread.band))
    figures = {
        "pain": Figure(low, mid, high, "NRS"),
        "share implanted after a trial": Figure(*(spread.trial_passed,) * 3, "1"),
    }
    return Arm("stimulation", f"spinal cord stimulation, {kind.replace('_', ' ')}", figures, (), spread.notes)


def _of_band(band: Band, unit: str) -> Figure:
    return Figure(float(band.low.mean()), float(band.mid.mean()), float(band.high.mean()), unit)


def _spread(values: list[float]) -> tuple[float, float, float]:
    return min(values), values[0], max(values)
