"""The protocols of studies in blood: morphine by vein and by mouth, in healthy people.

Ratios of areas are molar, as these studies report them; concentrations of metabolites are mass. Units: h, ng/mL.
"""

import numpy as np
import numpy.typing as npt

from thecal.body.inputs import Bolus, Input, Oral
from thecal.body.qualify.laboratory import Curve, Laboratory, Outcome
from thecal.body.qualify.readings import area, at, half_life
from thecal.body.trace import Trace

Array = npt.NDArray[np.float64]
H = np.concatenate([np.geomspace(1 / 60, 24, 400), np.arange(24.5, 240, 0.5)])


def _molar(trace: Trace, name: str, hours: Array) -> float:
    heavier = trace.model.parameters.systemic.glucuronide_mass_ratio
    return area(hours, getattr(trace, name)) / heavier / area(hours, trace.plasma)


def hasselstrom1993(lab: Laboratory) -> Outcome:
    """5 mg by vein and 20 mg by mouth."""
    vein = lab.trace("morphine", [Bolus(0, 5, "intravenous")], H)
    mouth = lab.trace("morphine", [Oral(0, 20)], H)
    p = vein.model.parameters.systemic
    steady = p.plasma_ml * (1 + sum(out / back for out, back in p.peripherals)) / 1e3
    return Outcome(
        {
            "clearance": 5e6 / area(H, vein.plasma) / 60 / 70,
            "volume": steady / 70,
            "oral_bioavailability": area(H, mouth.plasma) / 20 / (area(H, vein.plasma) / 5),
            "auc_ratio_M6G_oral": _molar(mouth, "m6g", H),
            "auc_ratio_M6G_iv": _molar(vein, "m6g", H),
            "auc_ratio_M3G_oral": _molar(mouth, "m3g", H),
            "auc_ratio_M3G_iv": _molar(vein, "m3g", H),
        },
        Curve(H[:380], mouth.plasma[:380], "h", "plasma after 20 mg by mouth, ng/mL"),
    )


def ondansetron_study(lab: Laboratory) -> Outcome:
    """10 mg by vein."""
    trace = lab.trace("morphine", [Bolus(0, 10, "intravenous")], H)
    return Outcome(
        {
            "plasma_auc": area(H, trace.plasma),
            "plasma_max_5min": at(H, trace.plasma, 5 / 60),
            "half_life": half_life(H, trace.plasma, 2, 12),
            "M3G_auc": area(H, trace.m3g),
            "M3G_max": float(trace.m3g.max()),
            "M6G_auc": area(H, trace.m6g),
            "M6G_max": float(trace.m6g.max()),
        },
        Curve(H[:340], trace.plasma[:340], "h", "plasma, ng/mL", ((5 / 60, "plasma_max_5min"),)),
    )


def lotsch1999(lab: Laboratory) -> Outcome:
    """90 mg controlled release; the share of M6G that is made at first pass; effect sites when taken for long."""
    mouth = lab.trace("morphine", [Oral(0, 90, "controlled")], H)
    vein = lab.trace("morphine", [Bolus(0, 10, "intravenous")], H)
    p = mouth.model.parameters.systemic
    first = (p.absorbed - p.bioavailability) * p.first_pass_m6g
    later = p.bioavailability * p.fraction_m6g
    doses: list[Input] = [Oral(12.0 * k, 90, "controlled") for k in range(40)]
    last = np.arange(456.0, 480.0, 0.5)
    chronic = lab.trace("morphine", doses, last)
    sites = chronic.effect_site("m6g").mean() / p.glucuronide_mass_ratio / chronic.effect_site("morphine").mean()
    return Outcome(
        {
            "oral_bioavailability": area(H, mouth.plasma) / 90 / (area(H, vein.plasma) / 10),
            "M6G_share_first_pass": first / (first + later),
            "M6G_effect_site_over_morphine_chronic": float(sites),
        },
        Curve(H[:380], mouth.plasma[:380], "h", "plasma after 90 mg by mouth, ng/mL"),
    )
