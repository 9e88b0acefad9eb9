"""Runs every protocol, for the middle and for the two ends of the band, and scores it against what was published.

Fold error: predicted over observed. AAFE: 10 to the mean of |log10 fold error|, one figure a dataset, then their mean
(geometric) over datasets, because the metrics of one study are not independent.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from thecal.body.parameters import NO_CHANGES, Changes
from thecal.body.qualify import epidural, outcomes, spinal, systemic
from thecal.body.qualify.laboratory import Curve, Laboratory, Outcome
from thecal.body.qualify.observed import Dataset, Metric, datasets
from thecal.body.reference import entry

PROTOCOLS: Mapping[str, Callable[[Laboratory], Outcome]] = {
    "it_bolus_0p25_nordberg1984": spinal.nordberg1984,
    "it_bolus_0p3_sjostrom1987b": spinal.sjostrom1987b,
    "epidural_bolus_3_sjostrom1987a": epidural.sjostrom1987a,
    "epidural_bolus_2_4_6_nordberg1983": epidural.nordberg1983,
    "epidural_bolus_10_gourlay1985": epidural.gourlay1985,
    "epidural_chronic_samuelsson1987": epidural.samuelsson1987,
    "it_infusion_DTPA_kroin1993": spinal.kroin1993,
    "it_infusion_morphine_wallace2012": spinal.wallace2012,
    "it_infusion_steady_from_clearance": spinal.steady_from_clearance,
    "it_ziconotide_1h_prialt": spinal.prialt,
    "it_baclofen_bolus_sallerin1991": spinal.sallerin1991,
    "epidural_clonidine_glynn1992": epidural.glynn1992,
    "pig_slow_infusion_bernards2006": outcomes.bernards2006,
    "pig_it_bolus_ummenhofer2000": outcomes.ummenhofer2000,
    "iv_oral_hasselstrom1993": systemic.hasselstrom1993,
    "iv_10mg_ondansetron_study": systemic.ondansetron_study,
    "oral_sr_lotsch1999": systemic.lotsch1999,
    "it_0p3_hypoxic_response_bailey2000": outcomes.bailey2000,
    "oral_tolerance_chu2012": outcomes.chu2012,
    "it_escalation_rainov2001": outcomes.rainov2001,
    "it_lowdose_hamza2012": outcomes.hamza2012,
    "held_out_epidural_6mg": epidural.held_out_6mg,
}


@dataclass(frozen=True, slots=True)
class MetricResult:
    """One number: observed, predicted, its band, and how far off it is. ``fold_error`` None: entered, or outside."""

    metric: Metric
    predicted: float | None
    low: float | None
    high: float | None
    fold_error: float | None
    remark: str = ""

    @property
    def holds(self) -> bool | None:
        """Whether the prediction is as near as the source material asks; None where nothing was predicted."""
        if self.predicted is None:
            return None
        if self.metric.check:
            return self.predicted == 1.0
        assert self.fold_error is not None
        return bool(1 / self.metric.fold <= self.fold_error <= self.metric.fold)


@dataclass(frozen=True, slots=True, eq=False)
class DatasetResult:
    """One study: its metrics, AAFE (None where it has checks alone), and the curve with its band."""

    dataset: Dataset
    metrics: tuple[MetricResult, ...]
    aafe: float | None
    curve: Curve
    low: Curve
    high: Curve


@dataclass(frozen=True, slots=True, eq=False)
class Qualification:
    """All of it. ``aafe`` is the geometric mean over datasets; what was held out is shown and not counted."""

    results: tuple[DatasetResult, ...]
    aafe: float
    within_two_fold: int
    numbers: int
    checks_held: int
    checks: int


def qualify(changes: Changes = NO_CHANGES) -> Qualification:
    """Every dataset of ``data/validation.toml``; ``changes`` replaces parameters, for looking at their weight."""
    results = tuple(_judge(dataset, changes) for dataset in datasets())
    judged = [r for r in results if not r.dataset.held_out]
    errors = [m.fold_error for r in judged for m in r.metrics if m.fold_error is not None]
    checks = [m.holds for r in judged for m in r.metrics if m.metric.check and m.holds is not None]
    return Qualification(
        results=results,
        aafe=float(np.exp(np.mean([np.log(r.aafe) for r in judged if r.aafe is not None]))),
        within_two_fold=sum(0.5 <= error <= 2.0 for error in errors),
        numbers=len(errors),
        checks_held=sum(bool(held) for held in checks),
        checks=len(checks),
    )


def predict_dataset(dataset: Dataset, lab: Laboratory) -> Outcome:
    """What ``lab`` predicts for a study; ValueError when a metric is neither predicted nor said to be outside."""
    outcome = PROTOCOLS[dataset.id](lab)
    told = set(outcome.metrics) | set(outcome.outside)
    if told != {metric.label for metric in dataset.metrics}:
        raise ValueError(f"{dataset.id}: {sorted(told ^ {metric.label for metric in dataset.metrics})}")
    return outcome


def _judge(dataset: Dataset, changes: Changes) -> DatasetResult:
    spread = 1.0 + entry("morphine", "plasma.three_compartment.clearance_cv").value
    mid, slow, fast = (
        predict_dataset(dataset, lab)
        for lab in (
            Laboratory(changes),
            Laboratory(changes, "low", 1.0 / spread),
            Laboratory(changes, "high", spread),
        )
    )
    rows = []
    for metric in dataset.metrics:
        if metric.label in mid.outside:
            rows.append(MetricResult(metric, None, None, None, None, mid.outside[metric.label]))
            continue
        values = [outcome.metrics[metric.label] for outcome in (mid, slow, fast)]
        error = None if metric.check else metric.fold_error(values[0])
        rows.append(MetricResult(metric, values[0], min(values), max(values), error))
    logs = [abs(np.log(row.fold_error)) for row in rows if row.fold_error is not None]
    aafe = float(np.exp(np.mean(logs))) if logs else None
    return DatasetResult(dataset, tuple(rows), aafe, mid.curve, slow.curve, fast.curve)
