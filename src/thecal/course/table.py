"""A course as a table: one row an hour, written as CSV.

Columns name their units. Concentrations in ng/mL, doses in mg, pain on the NRS; low, mid and high are the band.
"""

import csv
from collections.abc import Iterator
from datetime import UTC, datetime
from io import StringIO

import numpy as np
import numpy.typing as npt

from thecal.course.run import Outcome
from thecal.course.world import FG_PER_MG
from thecal.quantity import MS_PER_HOUR
from thecal.therapy.events import PainRecorded, PrescriptionAcknowledged, TrialConcluded

Array = npt.NDArray[np.float64]
ROUTES = ("intrathecal", "epidural", "oral")
BANDS = ("csf_tip", "cord_tip", "cord_target", "plasma", "pain")
_UNITS = {"csf_tip": "ng_ml", "cord_tip": "ng_ml", "cord_target": "ng_ml", "plasma": "ng_ml", "pain": "nrs"}


def hourly(outcome: Outcome) -> dict[str, Array]:
    """Columns of shape (hours,): what left each route in the hour before, oral doses, and the diary.

    ``diary_nrs`` is the mean of the entries of the hour, NaN where there is none.
    """
    start, hours = outcome.scenario.start_ms, outcome.prediction.times_h.size
    columns = {name: np.zeros(hours) for name in ("intrathecal_mg", "epidural_mg", "pump_ml", "oral_mg")}
    for pump, _status in outcome.pumps:
        for hour in pump.hours():
            row = (hour.start - start) // MS_PER_HOUR + 1
            if 0 <= row < hours:
                columns[f"{pump.tip.compartment}_mg"][row] += hour.tip_fg / FG_PER_MG
                columns["pump_ml"][row] += hour.nl / 1e6
    for dose in outcome.oral:
        row = int(dose.at_h) + 1
        if row < hours:
            columns["oral_mg"][row] += dose.mg
    columns["diary_nrs"] = _diary(outcome, hours)
    return columns


def mean_dose(outcome: Outcome, route: str, hours: int) -> Array:
    """The mean of the ``hours`` up to each hour of what was given by a route, mg/day; shape (hours,)."""
    total = np.concatenate([[0.0], np.cumsum(hourly(outcome)[f"{route}_mg"])])
    index = np.arange(1, total.size)
    first = np.maximum(index - hours, 0)
    dose: Array = np.maximum(total[index] - total[first], 0.0) * (24 / hours)
    return dose


def prescribed(outcome: Outcome, route: str) -> Array:
    """What the pump of a route was programmed to give on average, mg/day; shape (hours,)."""
    start = outcome.scenario.start_ms
    dose = np.zeros(outcome.prediction.times_h.size)
    for event in outcome.events:
        first = max(-(-(event.meta.at - start) // MS_PER_HOUR), 0)
        if isinstance(event, PrescriptionAcknowledged):
            order = outcome.chart.order(event.prescription)
            if order is not None and order.prescription.route == route:
                dose[first:] = float(order.prescription.dose_rate()) / FG_PER_MG
        elif isinstance(event, TrialConcluded) and outcome.chart.trials[-1].plan.route == route:
            dose[first:] = 0.0
    return dose


def rows(outcome: Outcome) -> Iterator[list[str]]:
    """The header and then one row an hour, as text."""
    columns, prediction = hourly(outcome), outcome.prediction
    names = [f"{band}_{_UNITS[band]}_{part}" for band in BANDS for part in ("low", "mid", "high")]
    yield ["time_utc", "hour", *columns, *names]
    series = [getattr(getattr(prediction, band), part) for band in BANDS for part in ("low", "mid", "high")]
    for index, hour in enumerate(prediction.times_h):
        when = datetime.fromtimestamp(outcome.scenario.start_ms / 1000 + hour * 3600, UTC)
        done = ["" if np.isnan(column[index]) else f"{column[index]:.6g}" for column in columns.values()]
        yield [when.strftime("%Y-%m-%dT%H:%MZ"), f"{hour:g}", *done, *(f"{values[index]:.6g}" for values in series)]


def to_csv(outcome: Outcome) -> str:
    """The whole table as CSV text."""
    out = StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows(outcome))
    return out.getvalue()


def _diary(outcome: Outcome, hours: int) -> Array:
    total, count = np.zeros(hours), np.zeros(hours)
    for event in outcome.events:
        if isinstance(event, PainRecorded):
            row = (event.meta.at - outcome.scenario.start_ms) // MS_PER_HOUR
            if 0 <= row < hours:
                total[row] += event.score
                count[row] += 1
    mean: Array = np.divide(total, count, out=np.full(hours, np.nan), where=count > 0)
    return mean
