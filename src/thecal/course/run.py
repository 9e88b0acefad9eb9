"""Run a scenario: the chart, the pumps and the body together, in simulated time.

The pumps are the same virtual device that a daemon runs, orders pass the same gate, the chart the same fold, and the
body is the same model. No clock is read and no file is touched: the same scenario gives the same result, bit for bit.
"""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import assert_never

import numpy as np
import numpy.typing as npt

from thecal.body import Infusion, Oral, Person, Prediction, Tip, predict, sample_diary
from thecal.course.people import (
    Placement,
    order_fields,
    prescription_of,
    register,
    review,
    trial_plan,
)
from thecal.course.scenario import (
    DecideStep,
    ImplantStep,
    OralStep,
    ProgramStep,
    RefillStep,
    Scenario,
    TrialStep,
)
from thecal.course.world import FG_PER_MG, PATIENT, ChartBook, PumpInUse, World, storage
from thecal.formulary import Solution
from thecal.pump import CatheterPlan, Device, Known, Prescription, Status, catheter, load, profile, refill, stop
from thecal.quantity import MS_PER_DAY, MS_PER_HOUR, Refusal, Refused
from thecal.therapy import Chart, conclude
from thecal.therapy import events as e

Array = npt.NDArray[np.float64]
Progress = Callable[[str, float], None]
"""Called with what is being done and the share of the course that is done, 0 to 1."""

DRUG_OF_BODY = "morphine"


@dataclass(frozen=True, slots=True)
class RefillSeen:
    """A refill as it went: volumes in nL; ``discrepancy_nl`` is withdrawn less expected."""

    at: int
    expected_nl: int
    withdrawn_nl: int
    discrepancy_nl: int
    fill_nl: int
    solution: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """A finished course. ``pumps`` come with their last status; ``prediction`` is hourly and starts at 0 h."""

    scenario: Scenario
    chart: Chart
    events: tuple[e.AnyEvent, ...]
    prediction: Prediction
    pumps: tuple[tuple[PumpInUse, Status], ...]
    oral: tuple[Oral, ...]
    refills: tuple[RefillSeen, ...]


def run(scenario: Scenario, progress: Progress | None = None) -> Outcome:
    """Run the whole scenario. Raises Refused, naming the step, when the chart, the gate or the body refuses one."""
    runner = _Runner(scenario, progress or (lambda _what, _share: None))
    return runner.run()


class _Runner:
    """The state of one run and what each kind of step does with it."""

    def __init__(self, scenario: Scenario, progress: Progress) -> None:
        self.scenario = scenario
        self.progress = progress
        self.world = World(ChartBook(scenario.seed))
        self.refills: list[RefillSeen] = []
        patient = scenario.patient
        self.person = Person(
            weight_kg=patient.weight / 1000,
            height_cm=patient.height / 10,
            age=patient.age_years,
            egfr=patient.egfr_ml_min,
        )
        self.chart_tip = _first_tip(scenario)

    def run(self) -> Outcome:
        scenario = self.scenario
        register(self.world.book, scenario)
        for index, step in enumerate(scenario.step):
            self.progress(f"step {index + 1} of {len(scenario.step)}: {step.do}", step.at / scenario.length)
            now = scenario.start_ms + step.at
            self._advance(now)
            try:
                self._take(step, now)
            except Refused as refused:
                raise Refused(*(_located(refusal, index, step.do) for refusal in refused.refusals)) from None
        self._advance(scenario.end_ms)
        self.progress("the body", 0.9)
        times = np.arange(0, scenario.length // MS_PER_HOUR + 1, dtype=np.float64)
        prediction = self._predict(times)
        return Outcome(
            scenario,
            self.world.book.chart,
            tuple(self.world.book.events),
            prediction,
            tuple((pump, pump.device.status(scenario.end_ms)) for pump in self.world.pumps()),
            tuple(self.world.oral),
            tuple(self.refills),
        )

    def _take(self, step: OralStep | TrialStep | DecideStep | ImplantStep | ProgramStep | RefillStep, now: int) -> None:
        match step:
            case OralStep():
                self._oral(step)
            case TrialStep():
                self._trial(step, now)
            case DecideStep():
                self._decide(step, now)
            case ImplantStep():
                self._implant(step, now)
            case ProgramStep():
                pump = self._implanted()
                solution = step.solution or pump.device.fill
                placement = Placement(step.program, step.caps, solution, "intrathecal", pump.profile_id, now)
                self._order(pump, prescription_of(placement), now, "therapy")
            case RefillStep():
                self._refill(step, now)
            case _:
                assert_never(step)

    def _advance(self, now: int) -> None:
        for pump in (self.world.trial, self.world.implant):
            if pump is not None:
                pump.device.advance(now)

    def _oral(self, step: OralStep) -> None:
        if step.drug != DRUG_OF_BODY:
            what = f"the body model has no oral {step.drug}"
            raise Refused(Refusal("body_drug", what, "drug", f"Use {DRUG_OF_BODY}."))
        if step.every < MS_PER_HOUR:
            raise Refused(Refusal("too_often", "oral doses are at least 1 h apart", "every", "Use at least 1 h."))
        until = self.scenario.length if step.until is None else min(step.until, self.scenario.length)
        self.world.oral += [
            Oral(at / MS_PER_HOUR, step.dose / FG_PER_MG, step.release) for at in range(step.at, until, step.every)
        ]

    def _trial(self, step: TrialStep, now: int) -> None:
        book, rule = self.world.book, step.rule
        review(book, now)
        self._diary(now - rule.baseline_days * MS_PER_DAY, now, step.entries_per_day, now)
        book.write(e.TrialPlanned, now, "prescriber", **trial_plan(step))
        pump = self._pump(
            f"trial-{len(self.world.retired) + 1}",
            step.pump,
            Tip(step.tip, step.route),
            step.dead_volume,
            step.solution if step.primed else None,
            (step.solution, step.fill),
            now,
        )
        order = prescription_of(Placement(step.program, step.caps, step.solution, step.route, pump.profile_id, now))
        self.world.trial = pump
        digest = self._order(pump, order, now, "trial")
        book.write(e.TrialStarted, now, "nurse", pump=pump.id, prescription=digest, fill_nl=step.fill)
        end = now + step.days * MS_PER_DAY
        if end >= self.scenario.end_ms:
            do = "Lengthen the scenario, or shorten the trial."
            raise Refused(Refusal("trial_long", "the trial ends after the scenario", "days", do))
        pump.device.advance(end)
        self._diary(now, end, step.entries_per_day, end)
        verdict = conclude(book.chart, end)
        book.write(e.TrialConcluded, end, "prescriber", verdict=verdict.record())
        stop(pump.device, profile(pump.profile_id), end)
        self.world.retired.append(pump)
        self.world.trial = None

    def _decide(self, step: DecideStep, now: int) -> None:
        book, doubt = self.world.book, ""
        verdict = book.chart.verdict
        if step.choice == "implant" and verdict is not None and not verdict.surely_passed:
            doubt = step.reasons
        book.write(
            e.DecisionRecorded,
            now,
            "prescriber",
            choice=step.choice,
            discussed=("implant", "oral", "stimulation", "none"),
            physician="course physician",
            patient_agrees=True,
            reasons=step.reasons,
            verdict_reason=doubt,
        )

    def _implant(self, step: ImplantStep, now: int) -> None:
        supplied = _supplied(step.catheter)
        plan = CatheterPlan(step.catheter, supplied, step.trimmed)
        (tubing,) = profile(step.pump).need("tubing_nl")
        path = tubing + plan.volume().point()
        pump = self._pump(
            "implant",
            step.pump,
            Tip(step.tip, "intrathecal"),
            path,
            step.solution if step.primed else None,
            (step.solution, step.fill),
            now,
        )
        self.world.book.write(
            e.ImplantRecorded,
            now,
            "prescriber",
            site=step.site,
            catheter=e.CatheterRecord(model=step.catheter, supplied_mm=supplied, trimmed_mm=step.trimmed),
            tip_level=step.tip,
            pump_profile=step.pump,
            serial="course",
            pump=pump.id,
            solution=str(step.solution),
            fill_nl=step.fill,
            path="drug" if step.primed else "empty",
        )
        self.world.implant = pump
        placement = Placement(step.program, step.caps, step.solution, "intrathecal", pump.profile_id, now)
        self._order(pump, prescription_of(placement), now, "therapy")

    def _refill(self, step: RefillStep, now: int) -> None:
        pump = self._implanted()
        expected = pump.device.status(now).reservoir_nl
        order = None
        if step.program is not None:
            order = prescription_of(
                Placement(step.program, step.caps, step.solution, "intrathecal", pump.profile_id, now)
            )
        start = self._last_fill()
        withdrawn = expected if step.withdrawn is None else step.withdrawn
        report, _findings = refill(
            pump.device, profile(pump.profile_id), withdrawn, step.solution, step.fill, now, order=order
        )
        self.world.book.write(
            e.RefillRecorded,
            now,
            "nurse",
            pump=pump.id,
            start_nl=start,
            expected_nl=report.expected_nl,
            withdrawn_nl=report.withdrawn_nl,
            fill_nl=report.fill_nl,
            solution=str(step.solution),
        )
        if order is not None:
            self._record_order(pump, order, now, "therapy")
        self.refills.append(
            RefillSeen(
                now, report.expected_nl, report.withdrawn_nl, report.discrepancy_nl, report.fill_nl, str(step.solution)
            )
        )

    def _last_fill(self) -> int:
        chart = self.world.book.chart
        assert chart.implant is not None, "a pump is implanted"
        return chart.refills[-1].fill_nl if chart.refills else chart.implant.fill_nl

    def _implanted(self) -> PumpInUse:
        if self.world.implant is None:
            raise Refused(
                Refusal("no_pump", "no pump is implanted yet", "do", "Missing first: an implant step before this one.")
            )
        return self.world.implant

    def _pump(
        self,
        name: str,
        profile_id: str,
        tip: Tip,
        path_nl: int,
        path_content: Solution | None,
        fill: tuple[Solution, int],
        now: int,
    ) -> PumpInUse:
        solution, volume = fill
        if solution.primary.drug != DRUG_OF_BODY:
            what = f"the body model cannot follow {solution.primary.drug} yet"
            raise Refused(Refusal("body_drug", what, "solution", f"Use {DRUG_OF_BODY} as the primary drug."))
        device = Device.create(storage(), profile(profile_id), path_nl, path_content, solution, volume, now)
        return PumpInUse(name, profile_id, device, tip)

    def _order(self, pump: PumpInUse, order: Prescription, now: int, purpose: str) -> str:
        load(pump.device, order, profile(pump.profile_id), now)
        return self._record_order(pump, order, now, purpose)

    def _record_order(self, pump: PumpInUse, order: Prescription, now: int, purpose: str) -> str:
        book, digest = self.world.book, order.digest()
        book.write(e.PrescriptionWritten, now, "prescriber", **order_fields(order, pump.id, purpose))
        book.write(e.PrescriptionSent, now, "nurse", prescription=digest)
        book.write(e.PrescriptionAcknowledged, now, "system", prescription=digest)
        return digest

    def _diary(self, start: int, end: int, per_day: int, written: int) -> None:
        """Entries between two times, evenly over each day, around the pain that the body model expects."""
        first = max(start, self.scenario.start_ms)
        gap = Fraction(MS_PER_DAY, per_day)
        count = int(Fraction(end - first) / gap)
        hours = [(first - self.scenario.start_ms + int(gap * (k + Fraction(1, 2)))) / MS_PER_HOUR for k in range(count)]
        if not hours:
            return
        expected = self._predict(np.array(hours)).pain.mid
        purpose = f"diary from {first}"
        for entry in sample_diary(self.scenario.seed, PATIENT, hours, expected, purpose=purpose):
            if entry.score is not None:
                at = self.scenario.start_ms + round(entry.at_h * MS_PER_HOUR)
                self.world.book.write(e.PainRecorded, written, "patient", at=at, score=entry.score)

    def _predict(self, times: Array) -> Prediction:
        # Nothing, from the start on: the body answers from its first input, and a course may begin without one.
        began = Infusion(0.0, 1.0, 0.0, "intravenous")
        return predict(
            self.person,
            DRUG_OF_BODY,
            [began, *self.world.inputs(self.scenario.start_ms)],
            times,
            self.chart_tip,
            pain_baseline=self.scenario.patient.pain_nrs,
            target=self.scenario.patient.target_level,
            profile_times_h=times[-1:],
        )


def _first_tip(scenario: Scenario) -> Tip:
    """Where concentrations are read: at the implant's tip, else the trial's, else at T10."""
    for kind in (ImplantStep, TrialStep):
        for step in scenario.step:
            if isinstance(step, kind):
                return Tip(step.tip, "intrathecal")
    return Tip("T10", "intrathecal")


def _supplied(model_id: str) -> tuple[int, ...]:
    """Each piece of a catheter model at the length that it is supplied in, mm."""
    lengths = [piece.supplied_mm for piece in catheter(model_id).pieces]
    known = tuple(length.value for length in lengths if isinstance(length, Known))
    if len(known) != len(lengths):
        what = f"the length of {model_id} as supplied is not known"
        raise Refused(Refusal("catheter_length", what, "catheter", "Choose a model that states it."))
    return known


def _located(refusal: Refusal, index: int, do: str) -> Refusal:
    where = f"step {index + 1} ({do})" + (f", {refusal.where}" if refusal.where else "")
    return Refusal(refusal.code, refusal.what, where, refusal.do, refusal.source, refusal.confirmed)
