"""A patient's way, made for tests: events from referral to therapy, each built as the clinic would build it."""

import random
from collections.abc import Callable
from typing import Any

from thecal.formulary import Solution
from thecal.pump import Caps, Prescription, SimpleContinuous
from thecal.quantity import MS_PER_DAY, MS_PER_HOUR
from thecal.therapy import AnyEvent, Chart, append, conclude
from thecal.therapy import events as ev
from thecal.therapy.events import Role, read

T0 = 1_772_620_200_000  # 2026-03-04 10:30 UTC
MG = 10**12
ML = 10**6


class Maker:
    """Makes events with ids that are the same at each run. ``now`` (ms) is set by hand."""

    def __init__(self, seed: int = 1) -> None:
        self.now = T0
        self._entropy: Callable[[int], bytes] = random.Random(seed).randbytes

    def meta(self, role: Role, at: int | None = None) -> ev.EventMeta:
        return ev.stamp(self.now, f"{role} one", role, at, self._entropy)

    def make[E: ev.Event](self, kind: type[E], role: Role = "nurse", at: int | None = None, /, **fields: Any) -> E:
        return ev.build(kind, self.meta(role, at), **fields)

    def registered(self) -> ev.PatientRegistered:
        return self.make(ev.PatientRegistered, patient="p-1", name="Ada Example", birth_date="1960-05-04")

    def history(self, treatment: str = "physiotherapy", outcome: str = "inadequate") -> ev.HistoryRecorded:
        return self.make(ev.HistoryRecorded, treatment=treatment, outcome=outcome, start="2024", end="2025-03")

    def pain(self, score: int, at: int | None = None, role: Role = "patient") -> ev.PainRecorded:
        return self.make(ev.PainRecorded, role, at, score=score)

    def review(self) -> ev.CandidacyReviewed:
        snapshot = (ev.CriterionSnapshot(criterion="fail_physiotherapy", status="met", evidence=("2024",)),)
        words = "Conservative care is exhausted; a trial is reasonable."
        return self.make(
            ev.CandidacyReviewed, "prescriber", ruleset="source_document", snapshot=snapshot, conclusion=words
        )

    def plan(self, **changes: Any) -> ev.TrialPlanned:
        fields: dict[str, Any] = {
            "method": "continuous_it",
            "route": "intrathecal",
            "solution": "morphine 1 mg/mL",
            "dose_fg_day": MG,
            "days": 3,
            "pump_profile": "virtual_external_trial",
            "tip_level": "T10",
            "rule": ev.PassRule(baseline_days=3, window_days=2, min_entries_day=2),
        }
        return self.make(ev.TrialPlanned, "prescriber", **(fields | changes))

    def plan_by_hand(self, **changes: Any) -> ev.TrialPlanned:
        by_hand = {"method": "repeated_single_shot", "dose_fg_day": 0, "shot_fg": MG // 5, "pump_profile": None}
        return self.plan(**(by_hand | changes))

    def injected(self, **changes: Any) -> ev.TrialStarted:
        fields: dict[str, Any] = {"drug": "morphine", "mass_fg": MG // 5, "level": "L3", "given_by": "Dr Example"}
        fields |= {"watch_rule": "label_morphine", "watch_until": self.now + MS_PER_DAY}
        return self.make(ev.TrialStarted, injection=ev.Injection(**(fields | changes)))

    def shot(self, **changes: Any) -> ev.TrialShotGiven:
        fields: dict[str, Any] = {"mass_fg": MG // 5, "level": "L3", "given_by": "Dr Example"}
        fields |= {"watch_rule": "label_morphine", "watch_until": self.now + MS_PER_DAY}
        return self.make(ev.TrialShotGiven, **(fields | changes))

    def written(self, pump: str = "trial-pump", purpose: str = "trial", dose: int = MG) -> ev.PrescriptionWritten:
        order = self.order(dose, "morphine 1 mg/mL" if purpose == "trial" else "morphine 18 mg/mL")
        return self.make(
            ev.PrescriptionWritten,
            "prescriber",
            prescription=order.to_bytes().decode(),
            digest=order.digest(),
            pump=pump,
            purpose=purpose,
        )

    def order(self, dose: int, solution: str, patient: str = "p-1") -> Prescription:
        return Prescription(
            id=f"rx-{self.now}-{dose}",
            patient=patient,
            route="intrathecal",
            solution=Solution.parse(solution),
            program=SimpleContinuous(dose),
            caps=Caps(hour=dose, day=2 * dose),
            anchor=T0,
            author="prescriber one",
            written=self.now,
        )

    def started(self, digest: str) -> ev.TrialStarted:
        return self.make(ev.TrialStarted, pump="trial-pump", prescription=digest, fill_nl=100 * ML)

    def step(self, kind: type[ev.Event], digest: str, role: Role = "system", **fields: Any) -> AnyEvent:
        event: Any = self.make(kind, role, prescription=digest, **fields)
        return read(event.model_dump_json())

    def concluded(self, chart: Chart) -> ev.TrialConcluded:
        return self.make(ev.TrialConcluded, "prescriber", verdict=conclude(chart, self.now).record())

    def decided(self, choice: str = "implant", **changes: Any) -> ev.DecisionRecorded:
        return self.make(
            ev.DecisionRecorded,
            "prescriber",
            choice=choice,
            discussed=("implant", "oral", "stimulation", "none"),
            physician="Dr Example",
            patient_agrees=True,
            reasons="The trial helped; the patient wants to walk again.",
            **changes,
        )

    def implanted(self, **changes: Any) -> ev.ImplantRecorded:
        fields: dict[str, Any] = {
            "site": "abdomen",
            "catheter": ev.CatheterRecord(model="flowonix_11823", supplied_mm=(1100,), trimmed_mm=(375,)),
            "tip_level": "T10",
            "tip_checked": "fluoroscopy at the end of the operation",
            "pump_profile": "virtual_peristaltic_20",
            "serial": "SN-1",
            "pump": "implant-1",
            "solution": "morphine 18 mg/mL",
            "fill_nl": 20 * ML,
            "path": "drug",
        }
        return self.make(ev.ImplantRecorded, "prescriber", **(fields | changes))

    def refilled(self, **changes: Any) -> ev.RefillRecorded:
        fields: dict[str, Any] = {
            "pump": "implant-1",
            "start_nl": 20 * ML,
            "expected_nl": 7_631_944,
            "withdrawn_nl": 7 * ML,
            "fill_nl": 20 * ML,
            "solution": "morphine 18 mg/mL",
        }
        return self.make(ev.RefillRecorded, **(fields | changes))


def doubtful(scores: tuple[int, ...] = (3, 3)) -> tuple[Chart, Maker]:
    """A chart after a trial by hand whose baseline lacks one day: at 3 of 8 passed, and uncertain at 50 %."""
    maker = Maker(61)
    rule = ev.PassRule(baseline_days=2, window_days=1, min_entries_day=2, completeness_pct=50)
    chart = append(Chart(), maker.registered())
    for hours in (1, 2):
        maker.now = T0 + hours * MS_PER_HOUR
        chart = append(chart, maker.pain(8))
    maker.now += MS_PER_HOUR
    for event in (maker.review(), maker.plan_by_hand(days=1, rule=rule), maker.injected()):
        chart = append(chart, event)
    for score in scores:
        maker.now += MS_PER_HOUR
        chart = append(chart, maker.pain(score))
    return append(chart, maker.concluded(chart)), maker


def whole_way(seed: int = 1) -> list[AnyEvent]:
    """From referral to a running implanted pump and its first refill, every kind of pump step included."""
    maker, chart, written = Maker(seed), Chart(), list[AnyEvent]()

    def add(event: AnyEvent) -> None:
        nonlocal chart
        chart = append(chart, event)
        written.append(event)

    add(maker.registered())
    for treatment in ("physiotherapy", "oral_nsaid", "oral_opioid", "chiropractic", "back_surgery"):
        add(maker.history(treatment))
    for hours in range(0, 72, 8):
        maker.now = T0 + hours * MS_PER_HOUR
        add(maker.pain(8))
    maker.now = T0 + 3 * MS_PER_DAY
    add(maker.review())
    add(maker.plan())
    trial_order = maker.written()
    add(trial_order)
    add(maker.step(ev.PrescriptionSent, trial_order.digest, "nurse"))
    add(maker.started(trial_order.digest))
    add(maker.step(ev.PrescriptionAcknowledged, trial_order.digest))
    for hours in range(1, 72, 8):
        maker.now = T0 + 3 * MS_PER_DAY + hours * MS_PER_HOUR
        add(maker.pain(3))
    maker.now = T0 + 6 * MS_PER_DAY
    add(maker.concluded(chart))
    add(maker.decided())
    maker.now += MS_PER_DAY
    add(maker.implanted())
    order = maker.written("implant-1", "therapy", 6_500_000_000_000)
    add(order)
    add(maker.step(ev.PrescriptionSent, order.digest, "nurse"))
    add(maker.step(ev.PrescriptionAcknowledged, order.digest))
    maker.now += MS_PER_DAY
    add(maker.step(ev.PrescriptionConfirmed, order.digest, evidence="144 pulses of 144 expected"))
    add(
        maker.make(
            ev.PumpGapNoted, "system", pump="implant-1", start=maker.now - 60_000, end=maker.now, cause="restart"
        )
    )
    maker.now += 34 * MS_PER_DAY
    add(maker.refilled())
    return written
