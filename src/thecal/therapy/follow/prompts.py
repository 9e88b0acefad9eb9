"""Prompts beside a dose, and tapers: what to think of before a rise, and how a drug is taken away.

Doses fg/day, concentrations fg/nL, times ms UTC. Prompts ask; nothing here changes a dose.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from thecal.formulary import Solution
from thecal.quantity import CONCENTRATION, MS_PER_DAY, Refusal, Refused, parse
from thecal.therapy.chart import Chart
from thecal.therapy.door import checked
from thecal.therapy.events import VisitRecorded
from thecal.therapy.numbers import whole
from thecal.therapy.reference import cite, load
from thecal.therapy.trials.escalation import panel_limit

STEPS_MOST = 200


@dataclass(frozen=True, slots=True)
class Prompt:
    """A question to a person: its reasons, and the facts that it lacks."""

    id: str
    text: str
    reasons: tuple[str, ...]
    lacks: tuple[str, ...]
    source: str
    confirmed: bool


@dataclass(frozen=True, slots=True)
class TaperStep:
    """One step of a taper: from ``at`` (ms) this dose (fg/day); 0 is the stop."""

    at: int
    dose: int


@checked
def dose_prompts(chart: Chart, new_dose: int, now: int, reason: str = "") -> tuple[Prompt, ...]:
    """What to ask before the implanted pump's dose becomes ``new_dose``: the step, and what the chart shows.

    Raises Refused when no prescription runs.
    """
    whole("new dose", new_dose, 1)
    running = chart.running(chart.implant.pump) if chart.implant is not None else None
    if running is None:
        raise Refused(
            Refusal("nothing_runs", "No prescription runs.", "chart", "Missing first: a running prescription.")
        )
    current = running.prescription.daily_dose()
    found = list(prompts(chart, now))
    if current:
        cancer = chart.patient is not None and chart.patient.pain_cause == "cancer"
        for refusal in panel_limit(current, new_dose, "cancer" if cancer else "noncancer", reason):
            lacks = ("a reason for the larger step",)
            found.insert(
                0, Prompt("step", _row("step")["text"], (refusal.what,), lacks, refusal.source, refusal.confirmed)
            )
    return tuple(found)


@checked
def prompts(chart: Chart, now: int) -> tuple[Prompt, ...]:
    """The prompts that the chart gives at ``now``: tolerance, escalation, granuloma."""
    whole("now", now)
    if chart.implant is None or not chart.pump_in_place:
        return ()
    doses = _doses(chart, now)
    if not doses:
        return ()
    found = [_tolerance(chart, doses, now), _escalation(doses, now), _granuloma(chart, doses[-1][2], now)]
    return tuple(prompt for prompt in found if prompt is not None)


type Dose = tuple[int, int, Solution]
"""From when (ms), which dose (fg/day), of which solution."""


def _doses(chart: Chart, now: int) -> list[Dose]:
    found: list[Dose] = [
        (order.accepted, order.prescription.daily_dose(), order.prescription.solution)
        for order in chart.orders
        if order.event.purpose == "therapy" and order.accepted is not None and order.accepted <= now
    ]
    return sorted(found, key=lambda each: each[0])


def _tolerance(chart: Chart, doses: list[Dose], now: int) -> Prompt | None:
    row = _row("tolerance")
    span = row["days"] * MS_PER_DAY
    before = [dose for at, dose, _ in doses if at <= now - span]
    if not before or doses[-1][1] <= before[-1]:
        return None
    early = _mean(chart, now - 2 * span, now - span)
    late = _mean(chart, now - span, now)
    if early is None or late is None:
        return _prompt(row, ("the dose has risen",), ("the pain diary of both halves of the time",))
    if late <= early:
        return None
    reasons = ("the dose has risen", f"mean pain rose from {float(early):.3g} to {float(late):.3g}")
    return _prompt(row, reasons, ())


def _escalation(doses: list[Dose], now: int) -> Prompt | None:
    row = _row("escalation")
    past = [dose for at, dose, _ in doses if at <= now - row["days"] * MS_PER_DAY] or [doses[0][1]]
    if not past[-1] or doses[-1][1] < past[-1] * row["ratio"]:
        return None
    return _prompt(row, (f"the dose is {float(Fraction(doses[-1][1], past[-1])):.3g} times that of a year ago",), ())


def _granuloma(chart: Chart, solution: Solution, now: int) -> Prompt | None:
    row = _row("granuloma")
    strong = [
        each
        for each in solution.components
        if each.drug == row["drug"] and each.concentration >= parse(row["concentration"], CONCENTRATION)
    ]
    if not strong:
        return None
    checks = [visit.meta.at for visit in chart.visits if _checked(visit) and visit.meta.at <= now]
    if checks and now - max(checks) <= row["check_days"] * MS_PER_DAY:
        return None
    lacks = ("a neurological check that is recent enough" if checks else "a recorded neurological check",)
    return _prompt(row, (f"the reservoir holds {solution}",), lacks)


def _checked(visit: VisitRecorded) -> bool:
    return visit.neurological_check


def _mean(chart: Chart, start: int, end: int) -> Fraction | None:
    scores = [entry.score for entry in chart.diary if start < entry.meta.at <= end]
    return Fraction(sum(scores), len(scores)) if scores else None


@checked
def taper(drug: str, dose: int, start: int, step_pct: int | None = None) -> tuple[tuple[TaperStep, ...], Refusal]:
    """Steps from ``dose`` (fg/day) to the stop, each a share of the starting dose, and what withdrawal looks like.

    A step larger than the published one is refused. Raises Refused for a drug without a published taper.
    """
    whole("dose", dose, 1)
    whole("start", start)
    row = next((each for each in load("refill")["taper"] if drug in each["drugs"]), None)
    if row is None:
        known = ", ".join(name for each in load("refill")["taper"] for name in each["drugs"])
        what = f"No taper of {str(drug)[:40]!r} is published here."
        raise Refused(Refusal("no_taper", what, "drug", f"Known: {known}. Ask a specialist for another."))
    pct = row["step_pct"] if step_pct is None else whole("step", step_pct, 1)
    if pct > row["step_pct"]:
        what = f"A step of {pct} % is larger than the published {row['step_pct']} %: {row['withdrawal']}."
        do = f"At most {row['step_pct']} %."
        raise Refused(Refusal("taper_step", what, "step", do, cite("refill", row["src"]), row["confirmed"]))
    count = -(-100 // pct)
    steps = tuple(
        TaperStep(start + index * row["interval_days"] * MS_PER_DAY, max(dose * (100 - pct * (index + 1)) // 100, 0))
        for index in range(min(count, STEPS_MOST))
    )
    note = f"{row['withdrawal']} ({row.get('note', '')})"
    return steps, Refusal("withdrawal", note, drug, "Keep the last working dose at hand.", cite("refill", row["src"]))


def _row(prompt_id: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = next(each for each in load("refill")["prompt"] if each["id"] == prompt_id)
    return found


def _prompt(row: Mapping[str, Any], reasons: tuple[str, ...], lacks: tuple[str, ...]) -> Prompt:
    return Prompt(row["id"], row["text"], reasons, lacks, cite("refill", row["src"]), row["confirmed"])
