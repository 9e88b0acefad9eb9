"""The protocols of studies that gave drug into the CSF, in man. Each returns the metrics that its study reported.

Times in min on the curves and in h for the model. Site of dose and sample: L3 where the study says lumbar.
"""

import numpy as np

from thecal.body.inputs import Bolus, Infusion
from thecal.body.person import Tip
from thecal.body.qualify.laboratory import LUMBAR, MINUTES, Curve, Laboratory, Outcome
from thecal.body.qualify.readings import area, at, back_extrapolated, half_life

SAMPLED = np.array([15.0, 30, 60, 90, 120, 180, 240, 300, 360])
WEIGHT = 70.0


def nordberg1984(lab: Laboratory) -> Outcome:
    """0.25 mg at L3, CSF at the same interspace."""
    trace = lab.trace("morphine", [Bolus(0, 0.25, "intrathecal", LUMBAR)], MINUTES[1:] / 60)
    minutes, csf = MINUTES[1:], trace.csf("L3")
    half = half_life(minutes, csf, 180, 480)
    clearance = 0.25e6 / area(minutes, csf)
    return Outcome(
        {
            "csf_conc, 60 min": at(minutes, csf, 60),
            "csf_terminal_half_life": half,
            "csf_clearance_site": 1e3 * clearance / WEIGHT,
            "csf_volume": clearance * half / np.log(2) / WEIGHT,
            "plasma_max": float(trace.plasma.max()),
        },
        Curve(minutes[4:480], csf[4:480], "min", "CSF at L3, ng/mL", ((60.0, "csf_conc, 60 min"),)),
    )


def sjostrom1987b(lab: Laboratory) -> Outcome:
    """0.3 mg lumbar. The study sampled from 15 min on; its highest value is the highest of those samples."""
    trace = lab.trace("morphine", [Bolus(0, 0.3, "intrathecal", LUMBAR)], MINUTES[1:] / 60)
    minutes, csf = MINUTES[1:], trace.csf("L3")
    samples = np.interp(SAMPLED, minutes, csf)
    volume = 0.3e6 / back_extrapolated(SAMPLED, samples, 15, 90)
    return Outcome(
        {
            "csf_max": float(samples.max()),
            "csf_half_life": half_life(SAMPLED, samples, 15, 360),
            "csf_initial_volume": volume,
            "fraction_left_in_initial_volume, 360 min": samples[-1] * volume / 0.3e6,
            "plasma_max": float(trace.plasma.max()),
        },
        Curve(minutes[4:420], csf[4:420], "min", "CSF at L3, ng/mL", ((15.0, "csf_max"),)),
    )


def kroin1993(lab: Laboratory) -> Outcome:
    """A hydrophilic tracer infused at L3 for 72 h, counted along the cord."""
    trace = lab.trace("dtpa", [Infusion(0, 72, 1.0, "intrathecal", LUMBAR)], [72.0])
    levels = [f"T{k}" for k in range(1, 13)] + ["L1", "L2", "L3"]
    along = np.array([float(trace.csf(name)[0]) for name in levels])
    places = np.array([trace.model.level_z(name) / 10 for name in levels])
    top = along[levels.index("T12")]
    return Outcome(
        {"ratio_T2_over_T12": float(along[levels.index("T2")] / top)},
        Curve(
            places,
            along / top,
            "cm below C1",
            "CSF over CSF at T12",
            ((float(places[levels.index("T2")]), "ratio_T2_over_T12"),),
            log=False,
        ),
    )


def wallace2012(lab: Laboratory) -> Outcome:
    """Chronic infusion of 1.6 to 25 mg/day from tips at several levels, sampled at L4: checks, no numbers."""
    tips = ("L3", "L1", "T12", "T10", "T8", "T6", "T4")
    seen = [lab.trace("morphine", [Infusion(0, 2400, 1 / 24, "intrathecal", Tip(t))], [2400.0]) for t in tips]
    more = lab.trace("morphine", [Infusion(0, 2400, 25 / 24, "intrathecal", Tip("T10"))], [2400.0])
    csf = np.array([float(t.csf("L4")[0]) for t in seen])
    glucuronide = np.array([float(t.m3g[0]) for t in seen])
    one = seen[tips.index("T10")]
    linear = [more.csf("L4")[0] / one.csf("L4")[0], more.plasma[0] / one.plasma[0], more.m6g[0] / one.m6g[0]]
    ratio = (more.m3g[0] / more.plasma[0]) / (one.m3g[0] / one.plasma[0])
    distance = np.array([one.model.level_z("L4") - one.model.level_z(t) for t in tips]) / 10
    return Outcome(
        {
            "csf_and_plasma_linear_in_dose": float(np.allclose(linear, 25.0, rtol=1e-6)),
            "metabolite_ratio_independent_of_dose": float(abs(ratio - 1) < 1e-6),
            "morphine_csf_falls_with_tip_distance": float((np.diff(csf) < 0).all()),
            "glucuronide_csf_flat_with_tip_distance": float(np.ptp(glucuronide) < 0.01 * glucuronide.max()),
        },
        Curve(distance, csf, "cm from tip to L4", "CSF at L4, ng/mL per mg/day"),
    )


def steady_from_clearance(lab: Laboratory) -> Outcome:
    """1 mg/day at L3 for ever."""
    times = np.concatenate([np.arange(1, 97.0), [240.0, 2400.0]])
    trace = lab.trace("morphine", [Infusion(0, 2400, 1 / 24, "intrathecal", LUMBAR)], times)
    csf = trace.csf("L3")
    return Outcome(
        {"csf_ss_at_tip_level": float(csf[-1]), "plasma_ss": float(trace.plasma[-1])},
        Curve(times[:96], csf[:96], "h", "CSF at L3, ng/mL", ((96.0, "csf_ss_at_tip_level"),)),
    )


def prialt(lab: Laboratory) -> Outcome:
    """1 to 10 micrograms of ziconotide over an hour; the ranges of the label are the means of its dose groups."""
    hours = np.concatenate([np.arange(0.05, 2, 0.05), np.arange(2, 25, 0.25), np.arange(25, 120, 1.0)])
    trace = lab.trace("ziconotide", [Infusion(0, 1, 1e-3, "intrathecal", LUMBAR)], hours)
    csf = trace.csf("L3")
    whole, half = area(hours, csf), half_life(hours, csf, 4, 16)
    clearance = 1e3 / whole / 60
    return Outcome(
        {
            "csf_clearance": clearance,
            "csf_volume": clearance * 60 * half / np.log(2),
            "csf_half_life": half,
            "csf_max_range": float(csf.max() * np.sqrt(10)),
            "csf_auc_range": whole * np.sqrt(10),
        },
        Curve(hours[:110], csf[:110] * np.sqrt(10), "h", "CSF at L3 after 3.2 mcg, ng/mL", ((1.0, "csf_max_range"),)),
    )


def sallerin1991(lab: Laboratory) -> Outcome:
    """A lumbar bolus of baclofen; the reported figures do not depend on its size."""
    trace = lab.trace("baclofen", [Bolus(0, 0.1, "intrathecal", LUMBAR)], MINUTES[1:] / 60)
    minutes, csf = MINUTES[1:], trace.csf("L3")
    return Outcome(
        {
            "csf_half_life": half_life(minutes, csf, 60, 480) / 60,
            "csf_clearance": 0.1e6 / area(minutes, csf) * 60 / 1e3,
        },
        Curve(minutes[4:480], csf[4:480], "min", "CSF at L3 after 100 mcg, ng/mL"),
    )
