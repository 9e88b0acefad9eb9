"""What a figure may be: each key with its meaning and the kinds of unit that it may be written in.

A unit of another kind is a fault of the data file: a dose written as a concentration is found when the file is
read, not when a dose is checked.
"""

from dataclasses import dataclass

from thecal.formulary.model import KINDS_BY_UNIT
from thecal.quantity import CONCENTRATION, DOSE_RATE, DURATION, FLOW, MASS


@dataclass(frozen=True, slots=True)
class Key:
    """The meaning of a figure's key and the units that it may have: names of kinds, or plain units."""

    meaning: str
    units: tuple[str, ...]

    def accepts(self, unit: str) -> bool:
        """Whether a figure of this key may be written in ``unit``."""
        kind = KINDS_BY_UNIT.get(unit)
        return unit in self.units or (kind is not None and kind.name in self.units)


_DOSE, _MASS, _CONC, _TIME, _FLOW = DOSE_RATE.name, MASS.name, CONCENTRATION.name, DURATION.name, FLOW.name
_CLEARANCE = ("mL/min", "L/h", "uL/kg/min")

KEYS: dict[str, Key] = {
    "start_daily": Key("starting dose per day for continuous delivery", (_DOSE,)),
    "start_multiple": Key("starting dose per day, as a multiple of the effective screening dose", ("times",)),
    "max_daily": Key("ceiling of the dose per day", (_DOSE,)),
    "caution_above": Key("dose per day above which the source asks for caution", (_DOSE,)),
    "maintenance": Key("usual dose per day once titrated", (_DOSE,)),
    "effective_from": Key("dose per day below which an effect is not usual", (_DOSE,)),
    "used_dose": Key("dose per day used in a published series", (_DOSE,)),
    "used_concentration": Key("concentration used in a published series", (_CONC,)),
    "defined_daily_dose": Key("defined daily dose for statistics", (_DOSE,)),
    "max_concentration": Key("ceiling of the concentration in the reservoir", (_CONC,)),
    "supplied_concentration": Key("highest strength supplied", (_CONC,)),
    "mixed_concentration": Key("concentration in a published mixture", (_CONC,)),
    "trial_bolus": Key("single-shot trial dose", (_MASS,)),
    "trial_continuous_start": Key("starting dose per day of a trial through a catheter", (_DOSE,)),
    "trial_start_ratio": Key("starting dose of a trial per oral dose of morphine", ("ratio",)),
    "titration_step": Key("largest single increase", (_DOSE, "%")),
    "titration_step_refill": Key("largest single increase at a refill visit", ("%",)),
    "titration_interval": Key("shortest time between increases", (_TIME,)),
    "patient_bolus": Key("patient-controlled bolus", ("%", _MASS)),
    "patient_bolus_used": Key("patient-controlled bolus used in a published series", ("mL", _MASS)),
    "observe_after_first_dose": Key("observation after the first dose", (_TIME,)),
    "observe_after_single_shot": Key("observation after a single-shot trial", (_TIME,)),
    "preferred_flow": Key("flow range preferred for a pump", (_FLOW,)),
    "epidural_intrathecal_ratio": Key("epidural dose divided by the equivalent intrathecal dose", ("ratio",)),
    "intrathecal_morphine_ratio": Key("intrathecal morphine dose divided by the equivalent dose", ("ratio",)),
    "stability": Key("longest time shown stable in a pump", (_TIME,)),
    "stability_mixed": Key("longest time shown stable in a mixture", (_TIME,)),
    "onset": Key("time to onset", (_TIME,)),
    "analgesia_duration": Key("duration of analgesia", (_TIME,)),
    "treatment_failure_rise": Key("rise of the pain score that counts as failure", ("mm of 100 mm",)),
    "half_life_csf": Key("elimination half-life in cerebrospinal fluid", (_TIME,)),
    "half_life_plasma": Key("elimination half-life in plasma", (_TIME,)),
    "clearance_csf": Key("clearance from cerebrospinal fluid", _CLEARANCE),
    "clearance_plasma": Key("clearance from plasma", _CLEARANCE),
    "distribution_volume_csf": Key("distribution volume in cerebrospinal fluid", ("mL", "mL/kg")),
    "distribution_volume_plasma": Key("distribution volume from plasma", ("L/kg",)),
    "csf_concentration_1h": Key("concentration in cerebrospinal fluid one hour after a dose", (_CONC,)),
    "csf_bioavailability": Key("fraction of a dose that reaches cerebrospinal fluid", ("%",)),
    "systemic_bioavailability": Key("fraction of a dose that reaches plasma", ("%",)),
    "oral_bioavailability": Key("oral bioavailability", ("%",)),
    "plasma_ratio_oral": Key("oral plasma level divided by the level of this route", ("times",)),
    "molecular_weight": Key("molecular weight of the base", ("g/mol",)),
    "logp": Key("octanol/water partition coefficient, log10", ("log10",)),
    "octanol_water_ratio": Key("octanol/water partition coefficient", ("ratio",)),
    "ph": Key("pH of the solution", ("pH",)),
}

POPULATIONS = (
    "all",
    "adult",
    "cancer",
    "noncancer",
    "opioid_naive",
    "opioid_tolerant",
    "spinal",
    "cerebral",
    "postoperative",
)
