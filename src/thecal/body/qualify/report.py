"""Writes the qualification report: one page of text, one figure a dataset. Nothing is left out that failed.

Figures: left the curve with its band and what was observed on it, right the fold errors of all numbers with theirs.
Same input, same bytes (no dates, fixed ids).
"""

from pathlib import Path

import numpy as np

from thecal.body.qualify.estimate import ESTIMATED, prior
from thecal.body.qualify.score import DatasetResult, MetricResult, Qualification
from thecal.body.reference import entry, table
from thecal.body.showing import shown

GOAL_AAFE = 1.3


def write_report(qualification: Qualification, folder: Path) -> tuple[Path, ...]:
    """Writes ``qualification.md`` and ``qualification/<dataset>.svg`` into ``folder``; returns what was written."""
    pictures = folder / "qualification"
    pictures.mkdir(parents=True, exist_ok=True)
    written = [_figure(result, pictures) for result in qualification.results]
    page = folder / "qualification.md"
    page.write_text(report(qualification), encoding="utf-8")
    return (page, *written)


def report(qualification: Qualification) -> str:
    """The page as text."""
    q = qualification
    missed = [(r, m) for r in q.results for m in r.metrics if m.fold_error is not None and not 0.5 <= m.fold_error <= 2]
    lines = [
        "# Qualification of the body model",
        "",
        "Written by `thecal body qualify`; do not edit. Every dataset of published observations, every number of it,",
        "against the one set of parameters (`thecal body estimate`). A prediction is for the reference adult of 172 cm",
        "and 70 kg; its band comes from the two other dispersion presets with clearance lower and higher. Fold error:",
        "predicted over observed (over the nearest bound where only a range was published). AAFE: 10 to the mean of",
        "its absolute logarithm, one figure a dataset, then the geometric mean over datasets, since the numbers of one",
        "study are not independent. Doses are as published.",
        "",
        "| goal | reached |",
        "| --- | --- |",
        f"| AAFE over datasets at most {GOAL_AAFE} | {q.aafe:.2f}, {'yes' if q.aafe <= GOAL_AAFE else 'no'} |",
        f"| every mean within two-fold | {q.within_two_fold} of {q.numbers}, "
        f"{'yes' if q.within_two_fold == q.numbers else 'no: see below'} |",
        f"| qualitative checks hold | {q.checks_held} of {q.checks} that the model can be asked |",
        "",
        "Further than two-fold away (fold error), each with its cause in its own section:",
        "",
        *(f"* {r.dataset.id}: {m.metric.label} ({m.fold_error:.3g})" for r, m in missed),
        "",
        "Rules of the estimation: only values that nobody confirmed; only values of which at least two datasets speak,",
        "so that no study has a parameter of its own (what concerns a drug with one dataset stays at its prior:",
        "clonidine, baclofen, ziconotide, the tracer); informative priors; one value for all. Data that were held out",
        "are shown last.",
        "",
        "| dataset | drug | AAFE | within two-fold | checks |",
        "| --- | --- | --- | --- | --- |",
        *(_overview(result) for result in q.results),
    ]
    for result in q.results:
        lines += ["", *_section(result)]
    lines += ["", *_estimates()]
    return "\n".join(lines) + "\n"


def _overview(result: DatasetResult) -> str:
    errors = [m.fold_error for m in result.metrics if m.fold_error is not None]
    checks = [m.holds for m in result.metrics if m.metric.check and m.holds is not None]
    aafe = "" if result.aafe is None else f"{result.aafe:.2f}"
    near = f"{sum(0.5 <= e <= 2 for e in errors)} of {len(errors)}" if errors else ""
    held = f"{sum(map(bool, checks))} of {len(checks)}" if checks else ""
    name = result.dataset.id + (" (held out)" if result.dataset.held_out else "")
    return f"| [{name}](#{result.dataset.id.lower()}) | {result.dataset.drug} | {aafe} | {near} | {held} |"


def _section(result: DatasetResult) -> list[str]:
    dataset = result.dataset
    cause = table("known_failures")["cause"].get(dataset.id)
    return [
        f"## {dataset.id}",
        "",
        f"{dataset.source}. {dataset.species.capitalize()}, {dataset.drug}, {dataset.route.replace('_', ' ')}."
        + (" **Held out: not used in the estimation, not counted.**" if dataset.held_out else ""),
        "",
        f"![{dataset.id}](qualification/{dataset.id}.svg)",
        "",
        "| number | observed | predicted | band | fold error | asked | |",
        "| --- | --- | --- | --- | --- | --- | --- |",
        *(_row(row) for row in result.metrics),
        *(("", f"Known: {cause}") if cause else ()),
    ]


def _row(row: MetricResult) -> str:
    metric = row.metric
    seen = f"{metric.observed()} {metric.unit}".strip() + ("" if metric.confirmed else " (unconfirmed)")
    if row.predicted is None:
        return f"| {metric.label} | {seen} | | | | | {row.remark} |"
    if metric.check:
        verdict = "holds" if row.holds else "**fails**"
        return f"| {metric.label} | {seen} | {verdict} | | | | {metric.note} |"
    assert row.low is not None and row.high is not None and row.fold_error is not None
    asked = f"{metric.fold:g}-fold, {'met' if row.holds else '**missed**'}"
    return (
        f"| {metric.label} | {seen} | {shown(row.predicted)} | {shown(row.low)} to {shown(row.high)} | "
        f"{row.fold_error:.2f} | {asked} | {metric.note} |"
    )


def _estimates() -> list[str]:
    rows = [
        "## Estimated parameters",
        "",
        "Value before and after; both uncertainties as a factor either way (one standard deviation). An estimate as",
        "wide as its prior says that the data hardly speak of it.",
        "",
        "| parameter | prior | factor | estimate | factor |",
        "| --- | --- | --- | --- | --- |",
    ]
    for name, key in ESTIMATED:
        item = entry(name, key)
        middle, before = prior((name, key))
        after = before if item.log_sd is None else item.log_sd
        was, now = f"{middle:g} {item.unit} | {np.exp(before):.2f}", f"{item.value:.4g} | {np.exp(after):.2f}"
        rows.append(f"| `{key}` ({name}) | {was} | {now} |")
    return rows


def _figure(result: DatasetResult, folder: Path) -> Path:
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context({"svg.hashsalt": "thecal", "svg.fonttype": "none", "font.size": 9}):
        numbers = [row for row in result.metrics if row.fold_error is not None]
        picture = Figure(figsize=(9, 3.4), layout="constrained")
        left, right = picture.subplots(1, 2, width_ratios=(3, 2))
        curve, low, high = result.curve, result.low, result.high
        stacked = np.array([curve.y, low.y, high.y])
        left.fill_between(curve.x, stacked.min(axis=0), stacked.max(axis=0), color="#9ecae1", label="band")
        left.plot(curve.x, curve.y, color="#08519c", label="predicted")
        for x, label in curve.marks:
            _observed(left, x, next(row for row in result.metrics if row.metric.label == label))
        if curve.log:
            left.set_yscale("log")
        left.set_xlabel(curve.x_name)
        left.set_ylabel(curve.y_name)
        left.legend(frameon=False)
        right.axvspan(0.5, 2, color="#e5f5e0")
        right.axvline(1, color="#31a354", linewidth=1)
        for place, row in enumerate(numbers):
            assert row.predicted is not None and row.fold_error is not None
            scale = row.fold_error / row.predicted
            right.plot(
                [(row.low or row.predicted) * scale, (row.high or row.predicted) * scale], [place] * 2, "#9ecae1"
            )
            right.plot(row.fold_error, place, "o", color="#08519c", markersize=4)
        right.set_xscale("log")
        right.set_yticks(range(len(numbers)), [row.metric.label for row in numbers])
        right.invert_yaxis()
        right.set_xlabel("predicted over observed (shaded: two-fold)")
        picture.suptitle(result.dataset.id, fontsize=9)
        path = folder / f"{result.dataset.id}.svg"
        picture.savefig(path, metadata={"Date": None})
    return path


def _observed(axes: object, x: float, row: MetricResult) -> None:
    metric = row.metric
    draw = axes.errorbar  # type: ignore[attr-defined]
    if metric.value is not None:
        error = metric.value * metric.relative_sem
        draw([x], [metric.value], yerr=[[error], [error]], fmt="o", color="#d94801", label=f"observed: {metric.label}")
    elif metric.lo is not None and metric.hi is not None:
        middle = (metric.lo * metric.hi) ** 0.5
        draw([x], [middle], yerr=[[middle - metric.lo], [metric.hi - middle]], fmt="none", color="#d94801")
