"""The protocols of studies of effect: breathing, tolerance, dose over years, pain; and of pigs, judged by checks.

Open studies count what placebo does in, and so does the model's largest relief: no placebo is added here. Units: h.
"""

import numpy as np

from thecal.body.breathing import breathing
from thecal.body.effect import effect_parameters, load_row, pain, tolerance
from thecal.body.inputs import Bolus, Infusion, Input, Oral
from thecal.body.person import Person, Tip
from thecal.body.qualify.laboratory import LUMBAR, Curve, Laboratory, Outcome
from thecal.body.reference import table

MONTH = 365.25 / 12 * 24
TARGET = Tip("T10")


def bailey2000(lab: Laboratory) -> Outcome:
    """0.3 mg lumbar intrathecal, and 0.14 mg/kg by vein; the drive that is left, as a mean over 12 h."""
    hours = np.arange(0.05, 12.01, 0.05)
    spinal = breathing(lab.trace("morphine", [Bolus(0, 0.3, "intrathecal", LUMBAR)], hours), lab.changes)
    vein = breathing(lab.trace("morphine", [Bolus(0, 0.14 * 70, "intravenous")], hours), lab.changes)
    return Outcome(
        {
            "hypoxic_response_it_over_placebo": float(1 - spinal.loss.mean()),
            "hypoxic_response_iv0p14_over_placebo": float(1 - vein.loss.mean()),
        },
        Curve(hours, 1 - spinal.loss, "h", "hypoxic response left after 0.3 mg intrathecal", log=False),
    )


def chu2012(lab: Laboratory) -> Outcome:
    """78 mg a day by mouth for 30 days, people with chronic pain."""
    person = Person(disposition="palliative")
    hours = np.arange(0.0, 721.0)
    doses: list[Input] = [Oral(12.0 * k, 39, "controlled") for k in range(60)]
    trace = lab.trace("morphine", doses, hours, person)
    effect = effect_parameters("morphine", changes=lab.changes)
    load = trace.output(load_row(trace.model, trace.model.dermatome_z("T10"), effect))
    risen = tolerance(hours, load, effect)
    relief = 1 - pain(1.0, load, risen, effect)
    return Outcome(
        {"analgesic_potency_loss": float(risen[-1] / (1 + risen[-1])), "vas_reduction": float(relief[-24:].mean())},
        Curve(hours / 24, relief, "day", "share of pain relieved", ((30.0, "vas_reduction"),), log=False),
    )


def _years_of(lab: Laboratory, mg_day: float, months: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Hours, load and rise of EC50 under a steady intrathecal dose at the painful segment."""
    hours = np.concatenate([np.arange(0.0, 240.0), np.arange(240.0, months * MONTH + 1, 24.0)])
    trace = lab.trace("morphine", [Infusion(0, hours[-1], mg_day / 24, "intrathecal", TARGET)], hours)
    effect = effect_parameters("morphine", changes=lab.changes)
    load = trace.output(load_row(trace.model, trace.model.dermatome_z("T10"), effect))
    return hours, load, tolerance(hours, load, effect)


def rainov2001(lab: Laboratory) -> Outcome:
    """The dose that keeps the first relief: the starting dose times the rise of EC50 after 24 months."""
    hours, _, risen = _years_of(lab, 1.2, 24)
    dose = 1.2 * (1 + risen)
    return Outcome(
        {"dose_24_months": float(dose[-1])},
        Curve(hours / MONTH, dose, "month", "dose, mg/day", ((24.0, "dose_24_months"),), log=False),
        {"dose_start": "entered"},
    )


def hamza2012(lab: Laboratory) -> Outcome:
    """1.4 mg a day for three years, averaged over people who differ in potency; dose that keeps the relief."""
    hours, load, risen = _years_of(lab, 1.4, 36)
    effect = effect_parameters("morphine", changes=lab.changes)
    nodes, weights = np.polynomial.hermite_e.hermegauss(15)
    weights = weights / weights.sum()
    each = [pain(1.0, load * np.exp(-effect.potency_log_sd * x), risen, effect) for x in nodes]
    left = weights @ np.array(each)
    half_year = int(np.searchsorted(hours, 6 * MONTH))
    return Outcome(
        {
            "avg_pain_36_months": 7.47 * float(left[-1]),
            "worst_pain_36_months": 8.91 * float(left[-1]),
            "dose_36_months": 1.40 * float((1 + risen[-1]) / (1 + risen[half_year])),
        },
        Curve(hours / MONTH, 7.47 * left, "month", "mean pain, NRS", ((36.0, "avg_pain_36_months"),), log=False),
        {"avg_pain_baseline": "entered", "dose_6_months": "entered"},
    )


def bernards2006(lab: Laboratory) -> Outcome:
    """Bupivacaine infused in pigs for 8 h: their dispersion, and the narrowest first mixing that is plausible."""
    slow = float(table("validation")["pig"]["dispersion_cm2_s"]["value"])
    pig = lab.with_changes(
        {
            ("anatomy", "dispersion.rostral"): slow,
            ("anatomy", "dispersion.caudal"): slow,
            ("morphine", "spinal.bolus_sd"): 1.0,
        }
    )
    trace = pig.trace("bupivacaine", [Infusion(0, 8, 0.1, "intrathecal", TARGET)], [8.0])
    model, z = trace.model, trace.model.level_z("T10")
    apart = np.arange(-150.0, 151.0, 5.0)
    csf = np.array([float(trace.output(model.csf_row(z + d))[0]) for d in apart])
    five = max(csf[apart == -50.0][0], csf[apart == 50.0][0]) / csf[apart == 0.0][0]
    boluses: list[Input] = [Bolus(float(k), 0.1, "intrathecal", TARGET, 1.0, 1 / 12) for k in range(8)]
    pulsed = pig.trace("bupivacaine", boluses, [8.0])
    wide = float(pulsed.output(model.csf_row(z + 50))[0] / pulsed.output(model.csf_row(z))[0])
    near = float(csf[apart == 50.0][0] / csf[apart == 0.0][0])
    return Outcome(
        {
            "most_drug_within_few_cm": float(five < 0.25),
            "spread_20ul_h_less_than_1000ul_h": float(wide > near),
        },
        Curve(apart / 10, csf / csf.max(), "cm below the tip", "CSF over CSF at the tip", log=False),
        {"anterior_posterior_difference": "outside a model of one dimension"},
    )


def ummenhofer2000(lab: Laboratory) -> Outcome:
    """One lumbar bolus of each opioid: exposure of the fluid in the cord, and of epidural fat, per mg given."""
    hours = np.concatenate([np.geomspace(0.02, 4, 80), np.geomspace(4.2, 400, 80)])
    cord, fat, ratio = {}, {}, {}
    for drug in ("morphine", "fentanyl", "sufentanil"):
        trace = lab.trace(drug, [Bolus(0, 1, "intrathecal", LUMBAR)], hours)
        tissue = trace.cord("L1")
        held = trace.model.parameters.spine.cord_over_csf
        cord[drug] = float(np.trapezoid(tissue, hours)) / held
        amounts = trace.amounts_mg()
        fat[drug] = float(np.trapezoid(amounts["fat"][:80], hours[:80]))
        ratio[drug] = held
    return Outcome(
        {
            "cord_exposure_rank_morphine_highest": float(cord["morphine"] > max(cord["fentanyl"], cord["sufentanil"])),
            "fentanyl_lost_to_epidural_fat": float(fat["fentanyl"] > fat["morphine"]),
            "sufentanil_large_cord_volume": float(ratio["sufentanil"] > max(ratio["fentanyl"], ratio["morphine"])),
        },
        Curve(
            np.arange(3.0),
            np.array(list(cord.values())),
            "morphine, fentanyl, sufentanil",
            "cord fluid, ng h/mL per mg",
        ),
        {"alfentanil_fast_cord_clearance": "alfentanil is not a drug of this model"},
    )
