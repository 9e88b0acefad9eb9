"""What the chart says about one event that wants to join it: stage, role, time, and contradictions.

Each check answers with named refusals; none changes anything. Times are ms UTC.
"""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

from thecal.formulary import Solution
from thecal.pump import Bridge, Prescription
from thecal.quantity import MASS, MS_PER_DAY, MS_PER_HOUR, Refusal, Refused, auto
from thecal.therapy import stages
from thecal.therapy.bridging import unsettled
from thecal.therapy.chart import Chart, Order, latest_verdict
from thecal.therapy.draft import View
from thecal.therapy.entries import complication_ids, rule_refusals, score_refusals
from thecal.therapy.events import (
    SHOTS,
    AnyEvent,
    BatteryNoted,
    CatheterRecord,
    CatheterRevised,
    ComplicationRecorded,
    Corrected,
    CriterionWaived,
    DecisionRecorded,
    Explanted,
    HistoryRecorded,
    ImplantRecorded,
    MeasureRecorded,
    PainRecorded,
    PatientRegistered,
    PrescriptionAcknowledged,
    PrescriptionConfirmed,
    PrescriptionDisputed,
    PrescriptionSent,
    PrescriptionWritten,
    PumpGapNoted,
    PumpReplaced,
    RefillRecorded,
    TrialConcluded,
    TrialDoseChanged,
    TrialPlanned,
    TrialShotGiven,
    TrialStarted,
)
from thecal.therapy.trial import conclude, plan_refusals
from thecal.therapy.trials.by_hand import early

PAPER_DIARY_DAYS = 90
"""How long before registration a paper diary may reach when a nurse copies it; a choice of this project."""


def check(chart: View, event: AnyEvent) -> tuple[Refusal, ...]:
    """Why this event cannot join the chart; empty when it can."""
    meta = event.meta
    refusal = stages.permission(event.kind, chart.stage, meta.role)
    if refusal is not None:
        return (refusal,)
    if meta.at > meta.recorded:
        return _no("future", "The time is in the future.", "Enter the time at which it happened.", "meta.at")
    if stages.STEPS[event.kind].leads_to is not None and meta.at < chart.since and chart.stage != "new":
        return _no("before_stage", f"It happened before the stage {chart.stage} began.", "Check the date.", "meta.at")
    special = _SPECIAL.get(event.kind)
    return special(chart, event) if special is not None else ()


def computed(chart: Chart, event: AnyEvent) -> tuple[Refusal, ...]:
    """Refusals for a new event whose content a rule computes and which differs from what the rule says."""
    if isinstance(event, TrialConcluded) and chart.stage == "trial":
        verdict = conclude(chart, event.meta.at).record()
        if event.verdict != verdict:
            return _no(
                "verdict",
                "This is not the verdict of the rule that was declared.",
                "Conclude the trial again.",
                "verdict",
            )
    return ()


def prescription(event: PrescriptionWritten) -> Prescription:
    """The prescription that the event carries. Raises Refused when the text or its digest is not right."""
    order = Prescription.from_bytes(event.prescription.encode())
    if order.digest() != event.digest:
        raise Refused(Refusal("digest", "The digest is not that of the prescription.", "digest"))
    return order


def _no(code: str, what: str, do: str, where: str = "") -> tuple[Refusal, ...]:
    return (Refusal(code=code, what=what, where=where, do=do),)


def _registered(_chart: View, event: PatientRegistered) -> tuple[Refusal, ...]:
    if event.birth_date > _day(event.meta.at)[: len(event.birth_date)]:
        return _no("born_later", "The birth date is after the registration.", "Check the date.", "birth_date")
    return ()


def _history(_chart: View, event: HistoryRecorded) -> tuple[Refusal, ...]:
    start, end, today = event.start or "", event.end or "", _day(event.meta.recorded)
    if start > today[: len(start)]:
        return _no("future", "The treatment begins in the future.", "Record what has happened.", "start")
    if end and end < start[: len(end)]:
        return _no("period", "The treatment ends before it begins.", "Check both dates.", "end")
    return ()


def _day(at: int) -> str:
    """The latest calendar day, anywhere on Earth, of a time in ms UTC."""
    return (date(1970, 1, 1) + timedelta(days=(at + 14 * MS_PER_HOUR) // MS_PER_DAY)).isoformat()


def _pain(chart: View, event: PainRecorded) -> tuple[Refusal, ...]:
    assert chart.patient is not None, "no stage but new is without a patient"
    first = chart.patient.meta.at - (0 if event.meta.role == "patient" else PAPER_DIARY_DAYS * MS_PER_DAY)
    if event.meta.at >= first:
        return ()
    do = "Enter times from the registration on; staff may copy a paper diary of up to 90 days before it."
    return _no("before_registration", "The time is before the diary began.", do, "meta.at")


def _correction(_chart: View, event: Corrected) -> tuple[Refusal, ...]:
    new = event.replacement
    if new is not None and new.meta.recorded != event.meta.recorded:
        return _no("replacement_time", "The replacement was not recorded with its correction.", "Write both at once.")
    return ()


def _trial_plan(chart: View, event: TrialPlanned) -> tuple[Refusal, ...]:
    if chart.stage == "decision" and chart.decision is not None:
        return _no("decided", "The decision is already recorded.", "Correct the decision before planning a trial.")
    return plan_refusals(event)


def _trial_start(chart: View, event: TrialStarted) -> tuple[Refusal, ...]:
    if chart.plan is None:
        return _no("no_plan", "There is no trial plan.", "Missing first: a trial plan.")
    if event.injection is not None:
        return _injection(chart.plan, event)
    if event.pump is None or event.prescription is None:
        do = "Name pump and prescription; or, for a trial by hand, the injection."
        return _no("no_start", "Neither a pump nor an injection starts this trial.", do, "pump")
    if chart.plan.method in SHOTS:
        return _no("by_hand", "The plan gives doses by hand.", "Record the injection.", "injection")
    return _known_order(chart, event.prescription, event.pump, "trial")


def _injection(plan: TrialPlanned, event: TrialStarted) -> tuple[Refusal, ...]:
    given = event.injection
    assert given is not None, "asked for starts by hand alone"
    if plan.method not in SHOTS or plan.shot_fg is None:
        return _no("by_pump", "The plan gives the drug by a pump.", "Start the pump.", "injection")
    if event.pump is not None or event.prescription is not None or event.fill_nl:
        return _no("two_starts", "A pump and an injection are named.", "Name one of the two.", "injection")
    drug = Solution.parse(plan.solution).primary.drug
    if (given.drug, given.mass_fg) != (drug, plan.shot_fg):
        what = f"The plan gives {auto(plan.shot_fg, MASS)} of {drug}, not {auto(given.mass_fg, MASS)} of {given.drug}."
        return _no("other_dose", what, "Give what was planned, or change the plan first.", "injection.mass_fg")
    if given.watch_until <= event.meta.at:
        return _no("watch", "The watch ends before it begins.", "Plan the watch from the dose on.", "watch_until")
    return ()


def _dose_change(chart: View, event: TrialDoseChanged) -> tuple[Refusal, ...]:
    pump = chart.trials[-1].started.pump
    if pump is None:
        return _no("by_hand", "This trial has no pump.", "Record each further dose by hand.", "prescription")
    return _known_order(chart, event.prescription, pump, "trial")


def _known_order(chart: View, digest: str, pump: str, purpose: str) -> tuple[Refusal, ...]:
    order = _find(chart, digest)
    if order is None:
        return _no(
            "no_prescription", "This prescription is not on the chart.", "Missing first: a written prescription."
        )
    if order.event.pump != pump or order.event.purpose != purpose:
        return _no("other_pump", "This prescription was written for another pump.", "Write one for this pump.")
    return ()


def _decision(chart: View, event: DecisionRecorded) -> tuple[Refusal, ...]:
    if chart.plan is not None:
        return _no("trial_pending", "A further trial is planned.", "Run it, or correct the plan, before deciding.")
    if not event.patient_agrees:
        return _no("not_shared", "The patient does not agree, so nothing is decided yet.", "Record what both decide.")
    if event.choice not in event.discussed:
        return _no("not_discussed", "The choice is not among the options discussed.", "Tick every option discussed.")
    if event.choice == "implant" and "none" not in event.discussed:
        return _no("no_alternative", "No pump was not discussed.", "Discuss living without a pump as well.")
    verdict = latest_verdict(chart.trials)
    if event.choice == "implant" and verdict is not None and not verdict.surely_passed:
        if not event.verdict_reason.strip():
            what = f"The verdict of the trial is: {verdict.outcome}."
            do = "The physician writes why a pump is implanted all the same."
            return _no("verdict_reason", what, do, "verdict_reason")
    elif event.verdict_reason:
        what = "A reason for a pump beside the verdict is for an implant on a verdict that is not surely passed."
        return _no("no_verdict_reason", what, "Leave it empty.", "verdict_reason")
    return ()


def _implant(chart: View, event: ImplantRecorded) -> tuple[Refusal, ...]:
    if chart.decision is None or chart.decision.choice != "implant":
        do = "Missing first: the shared decision for an implant."
        return _no("no_decision", "There is no shared decision for an implant.", do)
    return _trims(event.catheter) or _fill(event)


def _trims(catheter: CatheterRecord) -> tuple[Refusal, ...]:
    trimmed, supplied = catheter.trimmed_mm, catheter.supplied_mm
    if trimmed is not None and (
        len(trimmed) != len(supplied)
        or any(cut is not None and cut >= whole for cut, whole in zip(trimmed, supplied, strict=True))
    ):
        return _no(
            "trim", "More is cut off than was supplied.", "Enter one trim per piece, shorter than it.", "catheter"
        )
    return ()


def _fill(event: ImplantRecorded | RefillRecorded | PumpReplaced) -> tuple[Refusal, ...]:
    if event.fill_nl == 0:
        return _no("fill", "The reservoir is not filled.", "Enter the fill volume.", "fill_nl")
    try:
        Solution.parse(event.solution)
    except Refused as refused:
        return refused.refusals
    return ()


def _explant(chart: View, _event: Explanted) -> tuple[Refusal, ...]:
    if chart.implant is None:
        return _no("no_pump", "No pump was implanted.", "Missing first: an implanted pump.")
    return ()


def _written(chart: View, event: PrescriptionWritten) -> tuple[Refusal, ...]:
    try:
        order = prescription(event)
    except Refused as refused:
        return refused.refusals
    assert chart.patient is not None, "no stage but new is without a patient"
    if order.patient != chart.patient.patient:
        return _no("other_patient", "The prescription is for another patient.", "Write it on that chart.", "patient")
    if _find(chart, event.digest) is not None:
        return _no("written_twice", "This prescription is already on the chart.", "Send the one that is there.")
    if event.purpose == "therapy":
        return _written_therapy(chart, event, order)
    running = chart.stage == "trial"
    if chart.plan is None and not running:
        return _no("no_plan", "There is no trial to prescribe for.", "Missing first: a trial plan.")
    if chart.plan is not None and chart.plan.method in SHOTS and not running:
        return _no("by_hand", "The planned trial has no pump.", "Record the injection instead.", "pump")
    if running and event.pump != chart.trials[-1].started.pump:
        return _no("other_pump", "The trial runs on another pump.", f"Use {chart.trials[-1].started.pump}.", "pump")
    return ()


def _written_therapy(chart: View, event: PrescriptionWritten, order: Prescription) -> tuple[Refusal, ...]:
    if chart.implant is None or chart.explant is not None:
        return _no("no_pump", "No pump is implanted.", "Missing first: an implant.")
    if event.pump != chart.implant.pump:
        return _no("other_pump", "The implanted pump is another one.", f"Use {chart.implant.pump}.", "pump")
    filled = [refill.solution for refill in chart.refills if refill.pump == chart.implant.pump]
    inside = filled[-1] if filled else chart.implant.solution
    if order.solution != Solution.parse(inside):
        what = f"The reservoir holds {inside}, not {order.solution}."
        return _no("solution", what, "Prescribe what is in the reservoir, or record the refill first.", "solution")
    changed = unsettled(chart)
    if changed and order.daily_dose() and not isinstance(order.once, Bridge) and not event.reason.strip():
        what = f"The path still holds {changed[0]}, and would give it at the flow of the new order."
        return _no("bridge_missing", what, "Order a bridge, or write why there is none.", "reason")
    return ()


_FROM = {
    "prescription_sent": ("ordered", "disputed"),
    "prescription_acknowledged": ("sent", "disputed"),
    "prescription_confirmed": ("acknowledged", "disputed"),
    "prescription_disputed": ("sent", "acknowledged", "confirmed"),
}


def _order_step(
    chart: View,
    event: PrescriptionSent | PrescriptionAcknowledged | PrescriptionConfirmed | PrescriptionDisputed,
) -> tuple[Refusal, ...]:
    order = _find(chart, event.prescription)
    if order is None:
        return _no(
            "no_prescription", "This prescription is not on the chart.", "Missing first: a written prescription."
        )
    if order.state not in _FROM[event.kind]:
        needs = stages.STEPS[event.kind].needs
        return _no("order_state", f"The prescription is {order.state}.", f"This step needs {needs}.")
    if isinstance(event, PrescriptionSent):
        newest = [each for each in chart.orders if each.event.pump == order.event.pump][-1]
        if newest.digest != order.digest:
            return _no("superseded", "A newer prescription was written for this pump.", "Send the newest one.")
        if order.event.purpose == "therapy" and (chart.implant is None or chart.explant is not None):
            return _no("no_pump", "No pump is implanted.", "Missing first: an implant.")
        if order.event.purpose == "trial" and chart.stage != "trial" and chart.plan is None:
            return _no("trial_over", "The trial that it was written for is over.", "Write one for the pump in use.")
    return ()


def _at_pump(chart: View, event: RefillRecorded | PumpGapNoted) -> tuple[Refusal, ...]:
    implanted = chart.implant.pump if chart.implant is not None and chart.explant is None else None
    pump = chart.trials[-1].started.pump if chart.stage == "trial" else implanted
    if pump is None:
        return _no("no_pump", "No pump is in use.", "Missing first: an implanted or trial pump.")
    if event.pump != pump:
        return _no("other_pump", "The pump in use is another one.", f"Use {pump}.", "pump")
    if isinstance(event, PumpGapNoted):
        return _gap(chart, event)
    if event.withdrawn_nl > event.start_nl or event.expected_nl > event.start_nl:
        do = "Check the reading, the patient and the volume of the last fill."
        return _no("more_than_filled", "More was found or expected than had been filled.", do, "withdrawn_nl")
    return _fill(event)


def _gap(chart: View, event: PumpGapNoted) -> tuple[Refusal, ...]:
    if event.end is not None and event.end < event.start:
        return _no("gap_order", "The gap ends before it starts.", "Check both times.", "end")
    if event.missed_nl_low > event.missed_nl_high:
        return _no("gap_bounds", "The lower bound is above the upper one.", "Check both volumes.", "missed_nl_low")
    if event.replaces is not None and all(gap.meta.id != event.replaces for gap in chart.gaps):
        return _no(
            "unknown_event", "The gap that this one replaces is not on the chart.", "Name an open gap.", "replaces"
        )
    return ()


def _waiver(_chart: View, event: CriterionWaived) -> tuple[Refusal, ...]:
    return rule_refusals(event.criterion)


def _measure(_chart: View, event: MeasureRecorded) -> tuple[Refusal, ...]:
    return score_refusals(event.instrument, event.score)


def _shot(chart: View, event: TrialShotGiven) -> tuple[Refusal, ...]:
    if event.saline == (event.mass_fg is not None):
        return _no("shot", "A dose is drug with its mass, or saline without one.", "Enter one of the two.", "mass_fg")
    if event.watch_until is not None and event.watch_until <= event.meta.at:
        return _no("watch", "The watch ends before it begins.", "Plan the watch from the dose on.", "watch_until")
    if event.saline:
        return ()
    if chart.trials[-1].started.injection is None:
        return _no("by_pump", "This trial gives the drug by a pump.", "Change the dose of the pump.", "mass_fg")
    if event.watch_rule is None or event.watch_until is None:
        return _no("no_watch", "No watch is planned after this dose.", "Plan the watch of the dose.", "watch_until")
    found = early(chart.trials, chart.shots, event.meta.at)
    return (found,) if found is not None and not event.early_reason.strip() else ()


def _complication(_chart: View, event: ComplicationRecorded) -> tuple[Refusal, ...]:
    if event.complication == "other" or event.complication in complication_ids():
        return ()
    do = f"Use other, or one of {', '.join(complication_ids())}."
    return _no("complication", f"There is no complication {event.complication!r}.", do, "complication")


def _pump_in_place(chart: View, event: PumpReplaced | CatheterRevised | BatteryNoted) -> tuple[Refusal, ...]:
    if chart.implant is None or chart.explant is not None:
        return _no("no_pump", "No pump is implanted.", "Missing first: an implant.")
    if isinstance(event, BatteryNoted):
        same = event.pump == chart.implant.pump
        return (
            ()
            if same
            else _no("other_pump", "The implanted pump is another one.", f"Use {chart.implant.pump}.", "pump")
        )
    if isinstance(event, CatheterRevised):
        return _trims(event.catheter)
    if event.pump in {chart.implant.pump, *(each.event.pump for each in chart.orders)}:
        return _no("same_pump", "The new pump has the name of a pump on this chart.", "Give it its own name.", "pump")
    return _fill(event)


def _find(chart: View, digest: str) -> Order | None:
    return next((order for order in reversed(chart.orders) if order.digest == digest), None)


_SPECIAL: Mapping[str, Callable[[View, Any], tuple[Refusal, ...]]] = {
    "patient_registered": _registered,
    "history_recorded": _history,
    "pain_recorded": _pain,
    "corrected": _correction,
    "trial_planned": _trial_plan,
    "trial_started": _trial_start,
    "trial_dose_changed": _dose_change,
    "decision_recorded": _decision,
    "implant_recorded": _implant,
    "prescription_written": _written,
    "prescription_sent": _order_step,
    "prescription_acknowledged": _order_step,
    "prescription_confirmed": _order_step,
    "prescription_disputed": _order_step,
    "refill_recorded": _at_pump,
    "pump_gap_noted": _at_pump,
    "explanted": _explant,
    "criterion_waived": _waiver,
    "measure_recorded": _measure,
    "trial_shot_given": _shot,
    "complication_recorded": _complication,
    "pump_replaced": _pump_in_place,
    "catheter_revised": _pump_in_place,
    "battery_noted": _pump_in_place,
}
