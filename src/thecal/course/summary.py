"""A course as a JSON summary: what was planned, what was given, what is predicted, and what nobody has confirmed."""

from datetime import UTC, datetime
from typing import Any

import numpy as np

from thecal import __version__
from thecal.course.run import Outcome
from thecal.course.table import hourly, mean_dose, prescribed
from thecal.course.world import PumpInUse
from thecal.pump import Status
from thecal.quantity import MS_PER_DAY, VOLUME, show
from thecal.therapy.events import DecisionRecorded, PrescriptionWritten, TrialConcluded

_LAST_HOURS = 24


def summarise(outcome: Outcome) -> dict[str, Any]:
    """Plain values for JSON. Amounts carry their unit in the key or in the text."""
    scenario, prediction = outcome.scenario, outcome.prediction
    columns = hourly(outcome)
    days = scenario.length / MS_PER_DAY
    return {
        "thecal": __version__,
        "notice": "Research, teaching and engineering software; not a cleared medical device.",
        "title": scenario.title,
        "seed": scenario.seed,
        "start": _when(scenario.start_ms),
        "days": days,
        "stage": outcome.chart.stage,
        "trial": _trial(outcome),
        "decision": next(
            (event.choice for event in reversed(outcome.events) if isinstance(event, DecisionRecorded)), None
        ),
        "prescriptions": [
            {"written": _when(event.meta.at), "pump": event.pump, "purpose": event.purpose, "digest": event.digest}
            for event in outcome.events
            if isinstance(event, PrescriptionWritten)
        ],
        "pumps": [_pump(pump, status) for pump, status in outcome.pumps],
        "refills": [
            {
                "at": _when(seen.at),
                "expected": show(seen.expected_nl, VOLUME, "mL"),
                "withdrawn": show(seen.withdrawn_nl, VOLUME, "mL"),
                "discrepancy_ml": seen.discrepancy_nl / 1e6,
                "solution": seen.solution,
            }
            for seen in outcome.refills
        ],
        "given_mg": {name.removesuffix("_mg"): float(columns[name].sum()) for name in columns if name.endswith("_mg")},
        "highest_24_h_mg": {
            route: {
                "left_the_tip": float(mean_dose(outcome, route, 24).max()),
                "prescribed": float(prescribed(outcome, route).max()),
            }
            for route in ("intrathecal", "epidural")
        },
        "last_24_h": {
            name: {part: float(np.mean(getattr(band, part)[-_LAST_HOURS:])) for part in ("low", "mid", "high")}
            for name, band in (
                ("csf_tip_ng_ml", prediction.csf_tip),
                ("cord_target_ng_ml", prediction.cord_target),
                ("plasma_ng_ml", prediction.plasma),
                ("pain_nrs", prediction.pain),
            )
        },
        "target_dermatome": prediction.target,
        "band": prediction.band_source,
        "unconfirmed": list(prediction.notes),
    }


def _trial(outcome: Outcome) -> dict[str, Any] | None:
    event = next((each for each in reversed(outcome.events) if isinstance(each, TrialConcluded)), None)
    if event is None:
        return None
    verdict = event.verdict
    return {
        "passed": verdict.passed,
        "uncertain": verdict.uncertain,
        "outcome": verdict.outcome,
        "baseline": verdict.baseline,
        "result": verdict.result,
        "relief_pct": verdict.relief_pct,
        "relief_low": verdict.relief_low,
        "relief_high": verdict.relief_high,
        "reasons": list(verdict.reasons),
    }


def _pump(pump: PumpInUse, status: Status) -> dict[str, Any]:
    return {
        "id": pump.id,
        "model": pump.profile_id,
        "tip": f"{pump.tip.level} {pump.tip.compartment}",
        "pulses": status.delivered_pulses,
        "delivered": show(status.delivered_nl, VOLUME, "mL"),
        "residual": show(status.reservoir_nl, VOLUME, "mL"),
        "alarms": list(status.alarms),
        "gaps": status.gap_count,
    }


def _when(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
