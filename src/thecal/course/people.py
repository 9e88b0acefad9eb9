"""What the people of a course do: register, review candidacy, plan a trial, write prescriptions.

Units: fg, nL, ms. Every act is an event on the chart or a prescription; the rules are those of the rooms below.
"""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from thecal.course.scenario import (
    CapsPart,
    MultiRatePart,
    PeriodicBolusPart,
    ProgramPart,
    Scenario,
    SimpleContinuousPart,
    TrialStep,
)
from thecal.course.world import PATIENT, ChartBook
from thecal.formulary import Solution
from thecal.pump import (
    Caps,
    MultiRate,
    PeriodicBolus,
    Prescription,
    Program,
    SimpleContinuous,
    Step,
    profile,
)
from thecal.quantity import MS_PER_DAY, MS_PER_HOUR
from thecal.therapy import events as e
from thecal.therapy import uuid7
from thecal.therapy.candidacy import evaluate

CAP_SHARE = (5, 4)  # a cap left out is a quarter above the program's own worst window


@dataclass(frozen=True, slots=True)
class Placement:
    """A program with all that a prescription needs besides: for which solution, route and pump model, and when."""

    program: ProgramPart
    caps: CapsPart | None
    solution: Solution
    route: str
    profile_id: str
    now: int


def register(book: ChartBook, scenario: Scenario) -> None:
    """Open the chart and record the treatments that have failed."""
    patient = scenario.patient
    born = scenario.start.date() - timedelta(days=round(patient.age_years * 365.25))
    book.write(
        e.PatientRegistered,
        scenario.start_ms,
        "nurse",
        patient=PATIENT,
        name="Course Patient",
        birth_date=born.isoformat(),
        weight_g=patient.weight,
        height_mm=patient.height,
        pain_cause="noncancer",
    )
    for treatment in patient.failed:
        book.write(e.HistoryRecorded, scenario.start_ms, "nurse", treatment=treatment, outcome="inadequate")


def review(book: ChartBook, now: int) -> None:
    """The prescriber reads the assessment of the chart as it stands and lets the scenario go on."""
    if book.chart.stage != "referred":
        return
    assessment = evaluate(book.chart)
    book.write(
        e.CandidacyReviewed,
        now,
        "prescriber",
        ruleset=assessment.ruleset,
        snapshot=assessment.snapshot(),
        conclusion="The scenario plans a trial.",
    )


def trial_plan(step: TrialStep) -> dict[str, Any]:
    """The fields of the plan event of a trial step."""
    order = prescription_of(Placement(step.program, step.caps, step.solution, step.route, step.pump, 0))
    return {
        "method": "continuous_epidural" if step.route == "epidural" else "continuous_it",
        "route": step.route,
        "solution": str(step.solution),
        "dose_fg_day": order.daily_dose(),
        "days": step.days,
        "pump_profile": step.pump,
        "tip_level": step.tip,
        "path_nl": step.dead_volume,
        "rule": e.PassRule(
            statistic=step.rule.statistic,
            baseline_days=step.rule.baseline_days,
            window_days=step.rule.window_days,
            threshold_pct=step.rule.threshold_pct,
            min_entries_day=max(1, step.entries_per_day // 2),
        ),
    }


def prescription_of(placement: Placement) -> Prescription:
    """The prescription for a program. Caps that the scenario leaves out are set from the program itself."""
    program = _program(placement.program)
    order = Prescription(
        id=uuid7(placement.now, bytes(10)),
        patient=PATIENT,
        route=placement.route,
        solution=placement.solution,
        program=program,
        caps=Caps(1, 1),
        anchor=placement.now // MS_PER_DAY * MS_PER_DAY,
        author="course prescriber",
        written=placement.now,
    )
    caps = placement.caps
    chosen = Caps(caps.hour, caps.day) if caps is not None else _caps(order, placement.profile_id)
    return replace(order, caps=chosen)


def order_fields(order: Prescription, pump: str, purpose: str) -> dict[str, Any]:
    """The fields of the event that puts a prescription on the chart."""
    return {
        "prescription": order.to_bytes().decode("ascii"),
        "digest": order.digest(),
        "pump": pump,
        "purpose": purpose,
        "reason": "as the scenario says",
    }


def _program(part: ProgramPart) -> Program:
    match part:
        case SimpleContinuousPart():
            return SimpleContinuous(part.dose)
        case PeriodicBolusPart():
            return PeriodicBolus(part.bolus, part.every, part.over, part.basal)
        case MultiRatePart():
            return MultiRate(tuple(Step(step.start, step.dose) for step in part.steps))


def _caps(order: Prescription, profile_id: str) -> Caps:
    (pulse_nl,) = profile(profile_id).need("pulse_nl")
    pulse = pulse_nl * order.solution.primary.concentration
    over, under = CAP_SHARE

    def cap(window: int) -> int:
        return -(-order.worst_window(window) * over // (under * pulse)) * pulse + pulse

    hour, day = cap(MS_PER_HOUR), cap(MS_PER_DAY)
    return Caps(min(hour, day), day)
