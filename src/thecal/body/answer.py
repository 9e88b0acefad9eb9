"""What a request is answered with: plain values for JSON, and rows for CSV.

Units are in the names: ``_ng_ml``, ``_mg``, ``_h``, ``_mg_day``. Rows of the CSV: one a time, compartment and level.
"""

import csv
import io
from typing import Any

import numpy as np

from thecal.body.breathing import breathing
from thecal.body.compare import Comparison
from thecal.body.files import Request
from thecal.body.organs import organ_loads
from thecal.body.predict import predict
from thecal.body.prediction import Band
from thecal.body.reference import refused_outputs
from thecal.body.showing import shown
from thecal.body.side_effects import side_effects
from thecal.body.simulate import simulate
from thecal.body.trace import Trace

FORMAT = 1
WARNING = "Research, teaching and engineering software; not cleared to guide the treatment of a patient."


def answer(request: Request) -> dict[str, Any]:
    """Amounts and concentrations by compartment, level and time; effect with its band; mass balance; doubts."""
    trace = simulate(request.person, request.drug, request.inputs, request.times_h, request.cell_mm)
    refused = refused_outputs(request.drug)
    found: dict[str, Any] = {
        "format": FORMAT,
        "warning": WARNING,
        "drug": request.drug,
        "patient": request.patient,
        "times_h": trace.times_h.tolist(),
        "concentrations_ng_ml": {
            name: {level: values.tolist() for level, values in by_level.items()}
            for name, by_level in _concentrations(trace, request.levels).items()
        },
        "amounts_mg": {name: values.tolist() for name, values in trace.amounts_mg().items()},
        "mass_balance": {
            "given_mg": trace.given_mg.tolist(),
            "largest_relative_error": float(np.abs(trace.mass_error()).max()),
        },
        "not_supported": refused,
        "unconfirmed": list(trace.notes),
    }
    if trace.times_h.size > 1:
        loads = organ_loads(trace)
        found["loads_mg_day"] = {
            "from_h": loads.from_h.tolist(),
            "liver": loads.liver_mg_day.tolist(),
            "kidney": loads.kidney_mg_day.tolist(),
        }
    if "breathing" not in refused:
        drive = breathing(trace)
        found["breathing"] = {
            "loss_of_drive": drive.loss.tolist(),
            "peak_loss": drive.peak_loss,
            "peak_at_h": drive.peak_at_h,
            "csf_at_c1_peaks_at_h": drive.csf_peak_at_h,
            "watch": bool(drive.flagged.any()),
        }
        found["side_effects"] = [
            {"name": item.name, "rank": item.rank, "index": item.index} for item in side_effects(trace)
        ]
        found["side_effects_meaning"] = side_effects(trace)[0].wording
    if request.pain_baseline is not None:
        found["effect"] = _effect(request)
    return found


def _effect(request: Request) -> dict[str, Any]:
    foreseen = predict(
        request.person,
        request.drug,
        request.inputs,
        request.times_h,
        request.tip,
        0.0 if request.pain_baseline is None else request.pain_baseline,
        request.target,
    )
    return {
        "target": foreseen.target,
        "pain_nrs": _plain(foreseen.pain),
        "cord_target_ng_ml": _plain(foreseen.cord_target),
        "csf_tip_ng_ml": _plain(foreseen.csf_tip),
        "plasma_ng_ml": _plain(foreseen.plasma),
        "band": foreseen.band_source,
    }


def _plain(band: Band) -> dict[str, list[float]]:
    return {"low": band.low.tolist(), "mid": band.mid.tolist(), "high": band.high.tolist()}


def _concentrations(trace: Trace, levels: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    """Compartment to level to values; what has no level is under ``body``."""
    found = {
        "csf": {level: trace.csf(level) for level in levels},
        "cord": {level: trace.cord(level) for level in levels},
        "epidural": {level: trace.epidural(level) for level in levels},
        "cranial_csf": {"body": trace.cranial},
        "plasma": {"body": trace.plasma},
    }
    if "metabolites" not in refused_outputs(trace.model.parameters.drug):
        found |= {"m3g": {"body": trace.m3g}, "m6g": {"body": trace.m6g}}
    return found


def as_csv(found: dict[str, Any]) -> str:
    """The concentrations and amounts of an answer as rows: time_h, quantity, compartment, level, value, unit."""
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(("time_h", "quantity", "compartment", "level", "value", "unit"))
    times = found["times_h"]
    for compartment, by_level in found["concentrations_ng_ml"].items():
        for level, values in by_level.items():
            for time, value in zip(times, values, strict=True):
                rows.writerow((f"{time:.9g}", "concentration", compartment, level, f"{value:.9g}", "ng/mL"))
    for compartment, values in found["amounts_mg"].items():
        for time, value in zip(times, values, strict=True):
            rows.writerow((f"{time:.9g}", "amount", compartment, "", f"{value:.9g}", "mg"))
    for name, values in found.get("effect", {}).get("pain_nrs", {}).items():
        for time, value in zip(times, values, strict=True):
            rows.writerow((f"{time:.9g}", "pain", name, "", f"{value:.9g}", "NRS"))
    return out.getvalue()


def compared(comparison: Comparison) -> dict[str, Any]:
    """A comparison as plain values."""
    return {
        "format": FORMAT,
        "warning": WARNING,
        "drug": comparison.drug,
        "days": comparison.days,
        "target": comparison.target,
        "arms": [
            {
                "therapy": arm.therapy,
                "given": arm.given,
                "figures": {
                    name: {"low": f.low, "mid": f.mid, "high": f.high, "unit": f.unit}
                    for name, f in arm.figures.items()
                },
                "side_effects": [{"name": s.name, "rank": s.rank, "index": s.index} for s in arm.side_effects],
                "remarks": list(arm.remarks),
            }
            for arm in comparison.arms
        ],
        "unconfirmed": list(comparison.notes),
    }


def comparison_table(comparison: Comparison) -> str:
    """A comparison as a Markdown table: one row a figure, one column a therapy, each as middle (low to high)."""
    names: dict[str, str] = {}
    for arm in comparison.arms:
        for name, figure in arm.figures.items():
            names.setdefault(name, figure.unit)
    lines = [
        "| | " + " | ".join(arm.therapy for arm in comparison.arms) + " |",
        "| --- |" + " --- |" * len(comparison.arms),
        "| given | " + " | ".join(arm.given for arm in comparison.arms) + " |",
    ]
    for name, unit in names.items():
        cells = []
        for arm in comparison.arms:
            seen = arm.figures.get(name)
            cells.append("" if seen is None else f"{shown(seen.mid)} ({shown(seen.low)} to {shown(seen.high)})")
        lines.append(f"| {name}{'' if unit == '1' else ', ' + unit} | " + " | ".join(cells) + " |")
    first = [", ".join(s.name.replace("_", " ") for s in arm.side_effects[:3]) for arm in comparison.arms]
    lines.append("| side effects to look for first (ranked, no chance implied) | " + " | ".join(first) + " |")
    return "\n".join(lines) + "\n"
