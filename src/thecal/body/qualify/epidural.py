"""The protocols of studies that gave drug into the epidural space, in man.

What crosses the dura is read as its studies did: the share from CSF areas after both routes, the half-time from the
net flow out of the meninges. Times in min on the curves and in h for the model.
"""

import numpy as np
import numpy.typing as npt

from thecal.body.inputs import Bolus, Input
from thecal.body.person import Tip
from thecal.body.qualify.laboratory import LUMBAR, LUMBAR_EPIDURAL, MINUTES, Curve, Laboratory, Outcome
from thecal.body.qualify.readings import area, at, falls_below, half_life, peak, time_to_half
from thecal.body.trace import Trace

Array = npt.NDArray[np.float64]
T = MINUTES[1:]


def crossed_by(trace: Trace) -> Array:
    """Net amount that has crossed from the meninges into CSF by each time, mg; shape (times,)."""
    where, matrix = trace.model.where.segment, trace.model.matrix
    row = np.zeros(matrix.shape[0])
    for csf, meninges in zip(where["csf"], where["meninges"], strict=True):
        row[meninges] += matrix[csf, meninges]
        row[csf] -= matrix[meninges, csf]
    flow = trace.output(row)
    steps = np.diff(trace.times_h) * (flow[1:] + flow[:-1]) / 2
    return np.concatenate([[0.0], np.cumsum(steps)])


def sjostrom1987a(lab: Laboratory) -> Outcome:
    """3 mg lumbar in 1 and in 10 mL; 0.3 mg intrathecal for the share that crosses."""
    small, large = (
        lab.trace("morphine", [Bolus(0, 3, "epidural", LUMBAR_EPIDURAL, volume)], T / 60) for volume in (1.0, 10.0)
    )
    direct = lab.trace("morphine", [Bolus(0, 0.3, "intrathecal", LUMBAR)], T / 60)
    csf, plasma = small.csf("L3"), small.plasma
    top = peak(T, csf)
    return Outcome(
        {
            "plasma_max, 1 ml": float(plasma.max()),
            "plasma_max, 10 ml": float(large.plasma.max()),
            "plasma_tmax": peak(T, plasma)[1],
            "plasma_terminal_half_life": half_life(T, plasma, 60, 360),
            "dural_absorption_half_life": time_to_half(T, crossed_by(small)),
            "csf_tmax": top[1],
            "fraction_crossing_dura": area(T, csf) / 3 / (area(T, direct.csf("L3")) / 0.3),
            "csf_early_half_life": half_life(T, csf, top[1] + 15, top[1] + 135),
        },
        Curve(T[:420], csf[:420], "min", "CSF at L3, ng/mL"),
    )


def nordberg1983(lab: Laboratory) -> Outcome:
    """2, 4 and 6 mg at L1; analgesia of the chest ends where cord at T6 falls to the lowest that works."""
    tip = Tip("L1", "epidural")
    traces = [lab.trace("morphine", [Bolus(0, mg, "epidural", tip, 5.0)], T / 60) for mg in (2.0, 4.0, 6.0)]
    ratio = traces[0].csf("L1") / traces[0].plasma
    lowest = lab.value("morphine", "effect.MEC_cord")
    ends = [falls_below(T, trace.cord_at_dermatome("T6"), lowest) for trace in traces]
    half = half_life(T, traces[1].plasma, 120, 600)
    found = {f"csf_over_plasma, {m} min": at(T, ratio, m) for m in (60, 180, 300)}
    found |= {f"analgesia_duration, group {k + 1}": end for k, end in enumerate(ends)}
    found |= {f"plasma_half_life, group {k}": half for k in (1, 2, 3)}
    found["plasma_max"] = float(np.exp(np.mean([np.log(trace.plasma.max()) for trace in traces])))
    marks = tuple((float(m), f"csf_over_plasma, {m} min") for m in (60, 180, 300))
    return Outcome(found, Curve(T[:400], ratio[:400], "min", "CSF at L1 over plasma", marks))


def gourlay1985(lab: Laboratory) -> Outcome:
    """10 mg in 10 mL at L2, CSF taken at C7."""
    trace = lab.trace("morphine", [Bolus(0, 10, "epidural", Tip("L2", "epidural"), 10.0)], T / 60)
    neck = trace.csf("C7")
    return Outcome(
        {
            "blood_max": float(trace.plasma.max()),
            "blood_tmax": peak(T, trace.plasma)[1],
            "csf_c7_conc, 60 min": at(T, neck, 60),
            "csf_c7_tmax": peak(T, neck)[1],
        },
        Curve(T[9:420], neck[9:420], "min", "CSF at C7, ng/mL", ((60.0, "csf_c7_conc, 60 min"),)),
    )


def samuelsson1987(lab: Laboratory) -> Outcome:
    """Twice a day for ten days (the study does not say how often), just before a dose."""

    def before_dose(mg_day: float) -> tuple[float, float]:
        doses: list[Input] = [Bolus(12.0 * k, mg_day / 2, "epidural", LUMBAR_EPIDURAL, 5.0) for k in range(20)]
        trace = lab.trace("morphine", doses, [240.0])
        return float(trace.csf("L3")[0]), float(trace.plasma[0])

    few, many = before_dose(18.0), before_dose(87.0)
    return Outcome(
        {
            "csf_over_plasma_min_ss": few[0] / few[1],
            "linear_in_dose": float(np.allclose(np.array(many) / few, 87 / 18, rtol=1e-6)),
        },
        Curve(
            np.array([18.0, 87.0]), np.array([few[0], many[0]]), "mg/day", "CSF at L3 before a dose, ng/mL", log=False
        ),
    )


def glynn1992(lab: Laboratory) -> Outcome:
    """150 micrograms of clonidine lumbar. Areas reach to infinity: a plasma below 0.7 fits no shorter one."""
    trace = lab.trace("clonidine", [Bolus(0, 0.15, "epidural", LUMBAR_EPIDURAL, 5.0)], T / 60)
    csf, plasma = trace.csf("L3"), trace.plasma
    top = peak(T, csf)
    return Outcome(
        {
            "csf_max": top[0],
            "csf_tmax": top[1],
            "csf_half_life": half_life(T, csf, top[1] + 30, top[1] + 240),
            "csf_absorption_half_life": time_to_half(T, crossed_by(trace)),
            "plasma_max": float(plasma.max()),
            "auc_csf_over_plasma": area(T, csf) / area(T, plasma),
        },
        Curve(T[:420], csf[:420], "min", "CSF at L3, ng/mL", ((60.0, "csf_max"),)),
    )


def held_out_6mg(lab: Laboratory) -> Outcome:
    """6 mg lumbar, CSF followed for 24 h; used to estimate nothing."""
    trace = lab.trace("morphine", [Bolus(0, 6, "epidural", LUMBAR_EPIDURAL, 10.0)], T / 60)
    direct = lab.trace("morphine", [Bolus(0, 0.3, "intrathecal", LUMBAR)], T / 60)
    csf, plasma = trace.csf("L3"), trace.plasma
    return Outcome(
        {
            "plasma_max": float(plasma.max()),
            "plasma_tmax": peak(T, plasma)[1],
            "plasma_terminal_half_life": half_life(T, plasma, 120, 600),
            "csf_max": float(csf.max()),
            "csf_tmax": peak(T, csf)[1],
            "csf_terminal_half_life": half_life(T, csf, 240, 1200),
            "fraction_crossing_dura": area(T, csf) / 6 / (area(T, direct.csf("L3")) / 0.3),
        },
        Curve(T[:480], csf[:480], "min", "CSF at L3, ng/mL", ((135.0, "csf_max"),)),
    )
