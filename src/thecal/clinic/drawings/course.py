"""The data of the chart's plots: dose at the tip, predicted drug, pain and events, on one axis of hours.

The dose is the pump's own ledger of hours; what is predicted from it comes from ``thecal.body.predict`` as a band.
Inside the clinic times are ms UTC; the plots and the model speak in s and h. Predictions are kept in memory by
what they were made from, as they cost more than a page should.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from thecal.body import DRUGS, Band, HourlySeries, Infusion, Person, Prediction, Tip, levels_with_csf, predict
from thecal.clinic.models import PumpHour, PumpRecord
from thecal.quantity import MS_PER_HOUR, Refusal, Refused
from thecal.therapy import AnyEvent, Chart

_FG_PER_MG = 10**12
HOURS_MAX = 24 * 400
"""The longest stretch that is drawn; older hours stay in the pump's ledger."""
_MEAN_HOURS = 6
_MARKS = {
    "trial_started": "Trial started",
    "trial_dose_changed": "Trial dose changed",
    "trial_concluded": "Trial concluded",
    "decision_recorded": "Decision",
    "implant_recorded": "Implant",
    "prescription_acknowledged": "Prescription runs",
    "refill_recorded": "Refill",
    "pump_gap_noted": "Gap in delivery",
    "explanted": "Explant",
}


@dataclass(frozen=True, slots=True)
class Placed:
    """One catheter in use from ``start`` hour (epoch hours): mg given in each hour at its tip."""

    start: int
    mg: tuple[float, ...]
    tip: Tip
    drug: str


@dataclass(frozen=True, slots=True)
class Course:
    """What the page needs: the plots' data, the tables behind them, the last prediction, and what limits it."""

    data: dict[str, Any] | None
    rows: tuple[dict[str, Any], ...]
    marks: tuple[dict[str, Any], ...]
    prediction: Prediction | None
    tip: str | None
    notes: tuple[str, ...]
    refusals: tuple[Refusal, ...]


def course(chart: Chart, pumps: Sequence[PumpRecord], now: int) -> Course:
    """Everything that is drawn of one chart up to ``now``."""
    end = now // MS_PER_HOUR
    placed = [found for pump in pumps if (found := _placed(chart, pump, end)) is not None]
    pain = [(entry.meta.at, entry.score) for entry in chart.pain() if entry.meta.at <= now]
    marks = _marks(chart, now)
    tip = _tip_level(chart)
    starts = [each.start for each in placed] + [at // MS_PER_HOUR for at, _ in pain[:1]]
    if not starts:
        return Course(None, (), marks, None, tip, (), ())
    first = max(min(starts), end - HOURS_MAX)
    hours = np.arange(first, max(end, first + 1) + 1)
    prediction, refusals = _predicted(chart, placed, hours)
    dose = _dose(placed, hours)
    return Course(
        data=_data(hours, dose, prediction, pain, marks, first, max(now, (first + 1) * MS_PER_HOUR)),
        rows=_rows(hours, dose, prediction, pain),
        marks=marks,
        prediction=prediction,
        tip=tip,
        notes=(prediction.band_source, *prediction.notes) if prediction else (),
        refusals=refusals,
    )


def _tip_level(chart: Chart) -> str | None:
    if chart.pump_in_place and chart.implant is not None:
        return chart.implant.tip_level
    if chart.trial is not None:
        return chart.trial.plan.tip_level
    return chart.plan.tip_level if chart.plan is not None else None


def _placed(chart: Chart, pump: PumpRecord, end: int) -> Placed | None:
    rows = list(PumpHour.objects.filter(pump=pump, start_ms__gte=(end - HOURS_MAX) * MS_PER_HOUR).order_by("start_ms"))
    site = _site(chart, pump)
    if not rows or site is None:
        return None
    tip, drug = site
    start = rows[0].start_ms // MS_PER_HOUR
    mg = [0.0] * (rows[-1].start_ms // MS_PER_HOUR - start + 1)
    for row in rows:
        mg[row.start_ms // MS_PER_HOUR - start] += row.tip_fg / _FG_PER_MG
    return Placed(start, tuple(mg), tip, drug)


def _site(chart: Chart, pump: PumpRecord) -> tuple[Tip, str] | None:
    orders = [order for order in chart.orders if order.event.pump == pump.pump]
    if not orders:
        return None
    drug = orders[-1].prescription.solution.primary.drug
    if pump.role == PumpRecord.Role.EXTERNAL:
        trial = next((each for each in chart.trials if each.started.pump == pump.pump), None)
        return (Tip(trial.plan.tip_level, trial.plan.route), drug) if trial is not None else None
    if chart.implant is None or chart.implant.tip_level not in levels_with_csf():
        return None
    return Tip(chart.implant.tip_level, chart.implant.route), drug


def _predicted(
    chart: Chart, placed: Sequence[Placed], hours: "np.ndarray[Any, Any]"
) -> tuple[Prediction | None, tuple[Refusal, ...]]:
    if not placed:
        return None, ()
    drug = placed[-1].drug
    same = tuple(each for each in placed if each.drug == drug)
    if drug not in DRUGS:
        what = f"The body model has no figures for {drug} yet, so nothing is predicted."
        return None, (Refusal("no_model", what, do=f"Predictions exist for {', '.join(DRUGS)}."),)
    patient = chart.patient
    assert patient is not None, "a loaded chart has a patient"
    weight = 70.0 if patient.weight_g is None else patient.weight_g / 1000
    height = 172.0 if patient.height_mm is None else patient.height_mm / 10
    baseline = _baseline(chart)
    try:
        return _predict(weight, height, drug, same, int(hours[0]), int(hours[-1]), baseline), ()
    except Refused as refused:
        return None, refused.refusals


def _baseline(chart: Chart) -> float:
    started = chart.trials[0].started.meta.at if chart.trials else None
    before = [entry.score for entry in chart.diary if started is None or entry.meta.at < started]
    return sum(before) / len(before) if before else 7.0


@lru_cache(maxsize=64)
def _predict(
    weight: float, height: float, drug: str, placed: tuple[Placed, ...], first: int, last: int, baseline: float
) -> Prediction:
    # Nothing, from the first hour on: the body answers from its first input, and pain may be older than any drug.
    began = Infusion(0.0, 1.0, 0.0, "intravenous")
    given = [HourlySeries(float(each.start - first), each.mg, each.tip.compartment, each.tip) for each in placed]
    person = Person(weight_kg=weight, height_cm=height)
    times = np.arange(0.0, float(last - first) + 1.0)
    return predict(person, drug, [began, *given], times, placed[-1].tip, pain_baseline=baseline)


def _dose(placed: Sequence[Placed], hours: "np.ndarray[Any, Any]") -> list[float | None]:
    """mg/day, each hour the mean of the hours up to it: single pulses of a large stroke would hide the dose."""
    given = np.full(hours.size, np.nan)
    for each in placed:
        for index, mg in enumerate(each.mg):
            at = each.start + index - int(hours[0])
            if 0 <= at < hours.size:
                given[at] = np.nan_to_num(given[at]) + mg * 24
    found: list[float | None] = []
    for at in range(hours.size):
        window = given[max(at - _MEAN_HOURS + 1, 0) : at + 1]
        known = window[~np.isnan(window)]
        found.append(None if np.isnan(given[at]) else round(float(known.mean()), 6))
    return found


def _data(
    hours: "np.ndarray[Any, Any]",
    dose: list[float | None],
    prediction: Prediction | None,
    pain: Sequence[tuple[int, int]],
    marks: Sequence[dict[str, Any]],
    first: int,
    now: int,
) -> dict[str, Any]:
    panels: list[dict[str, Any]] = []
    if any(value is not None for value in dose):
        lines = [{"name": "Dose at the tip", "colour": "dose", "mid": dose}]
        panels.append({"id": "dose", "unit": "mg/day", "lines": lines})
    if prediction is not None:
        panels.append(
            {
                "id": "tip",
                "unit": "ng/mL",
                "height": 190,
                "lines": [
                    {"name": "CSF at the tip", "colour": "csf", **_band(prediction.csf_tip)},
                    {"name": "Cord at the tip", "colour": "cord", **_band(prediction.cord_tip)},
                ],
            }
        )
        lines = [{"name": "Plasma", "colour": "plasma", **_band(prediction.plasma)}]
        panels.append({"id": "plasma", "unit": "ng/mL", "lines": lines})
    points = {"name": "Pain", "colour": "pain", "t": [at / 1000 for at, _ in pain], "v": [score for _, score in pain]}
    panels.append({"id": "pain", "unit": "NRS", "range": [0, 10], "points": points})
    return {
        "t": [int(hour) * 3600 for hour in hours],
        "from": first * 3600,
        "to": now / 1000,
        "events": [
            {"t": mark["at"] / 1000, "n": str(mark["number"])} for mark in marks if mark["at"] >= first * MS_PER_HOUR
        ],
        "panels": panels,
    }


def _band(band: Band) -> dict[str, list[float]]:
    return {name: [float(f"{v:.4g}") for v in getattr(band, name)] for name in ("low", "mid", "high")}


def _rows(
    hours: "np.ndarray[Any, Any]",
    dose: list[float | None],
    prediction: Prediction | None,
    pain: Sequence[tuple[int, int]],
) -> tuple[dict[str, Any], ...]:
    """One row a day, newest first: mean dose, prediction at the end of the day, pain mean and count."""
    found = []
    days: dict[int, list[int]] = {}
    for index, hour in enumerate(hours):
        days.setdefault(int(hour) // 24, []).append(index)
    scores: dict[int, list[int]] = {}
    for at, score in pain:
        scores.setdefault(at // (24 * MS_PER_HOUR), []).append(score)
    for day, places in sorted(days.items(), reverse=True):
        given = [value for place in places if (value := dose[place]) is not None]
        last = places[-1]
        found.append(
            {
                "at": day * 24 * MS_PER_HOUR,
                "dose": sum(given) / len(given) if given else None,
                "csf": _three(prediction.csf_tip, last) if prediction else None,
                "cord": _three(prediction.cord_tip, last) if prediction else None,
                "plasma": _three(prediction.plasma, last) if prediction else None,
                "pain": sum(scores[day]) / len(scores[day]) if day in scores else None,
                "entries": len(scores.get(day, ())),
            }
        )
    return tuple(found[:400])


def _three(band: Band, index: int) -> tuple[float, float, float]:
    return float(band.low[index]), float(band.mid[index]), float(band.high[index])


def _marks(chart: Chart, now: int) -> tuple[dict[str, Any], ...]:
    events: list[AnyEvent] = [event for event in chart.events if event.kind in _MARKS and event.meta.at <= now]
    events.sort(key=lambda event: event.meta.at)
    return tuple(
        {"number": number, "at": event.meta.at, "title": _MARKS[event.kind], "author": event.meta.author}
        for number, event in enumerate(events, 1)
    )
