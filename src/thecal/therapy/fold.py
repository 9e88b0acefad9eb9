"""The fold: events become a chart, one by one, and each is checked against the chart that it meets.

``fold`` replays what was written; ``append`` is the gate for what is new: it also checks what a rule computes
(a trial verdict), which a replay must not do again, for rules may be improved after a verdict was reached.
Times are ms UTC.
"""

from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from typing import Any, NoReturn

from thecal.quantity import Refusal, Refused
from thecal.therapy import gate
from thecal.therapy.chart import Chart, Order, Trial
from thecal.therapy.door import checked
from thecal.therapy.draft import Draft
from thecal.therapy.events import (
    AnyEvent,
    CatheterRevised,
    Corrected,
    DecisionRecorded,
    PrescriptionAcknowledged,
    PrescriptionConfirmed,
    PrescriptionDisputed,
    PrescriptionSent,
    PrescriptionWritten,
    PumpGapNoted,
    PumpReplaced,
    TrialConcluded,
    TrialDoseChanged,
    TrialStarted,
)
from thecal.therapy.stages import FACTS, FIXED, STEPS

_LISTS: Mapping[str, str] = {
    "pain_recorded": "diary",
    "history_recorded": "history",
    "record_imported": "imports",
    "candidacy_reviewed": "reviews",
    "refill_recorded": "refills",
    "fact_recorded": "facts",
    "criterion_waived": "waivers",
    "measure_recorded": "measures",
    "side_effect_recorded": "side_effects",
    "opioid_taken": "opioids",
    "trial_shot_given": "shots",
    "procedure_recorded": "procedures",
    "complication_recorded": "complications",
    "visit_recorded": "visits",
    "battery_noted": "batteries",
}
_PLACES: Mapping[str, str] = {
    "patient_registered": "patient",
    "trial_planned": "plan",
    "decision_recorded": "decision",
    "implant_recorded": "implant",
    "declined": "closed",
    "withdrawn": "closed",
    "explanted": "explant",
    "trial_waived": "waived_trial",
}


@checked
def fold(events: Iterable[AnyEvent], start: Chart | None = None) -> Chart:
    """The chart after ``events``, from nothing or on top of ``start``.

    Raises Refused at the first event that could not have been written; nothing of a refused run is kept.
    """
    draft = Draft() if start is None else Draft.of(start)
    for event in events:
        _take(draft, event)
    return draft.freeze()


@checked
def append(chart: Chart, event: AnyEvent) -> Chart:
    """The chart after one new event. Raises Refused (stage, role, contradiction) and changes nothing."""
    found = gate.computed(chart, event)
    if found:
        raise Refused(*found)
    return fold((event,), chart)


@checked
def refusals(chart: Chart, event: AnyEvent) -> tuple[Refusal, ...]:
    """Why ``append`` would refuse this event; empty when it would not."""
    try:
        append(chart, event)
    except Refused as refused:
        return refused.refusals
    return ()


def _take(draft: Draft, event: AnyEvent) -> None:
    found = _twice(draft, event) or gate.check(draft, event)
    if found:
        raise Refused(*found)
    if isinstance(event, Corrected):
        _correct(draft, event)
        draft.corrections.append(event)
    else:
        _apply(draft, event)
        draft.events.append(event)
    draft.ids.add(event.meta.id)
    draft.version += 1


def _twice(draft: Draft, event: AnyEvent) -> tuple[Refusal, ...]:
    ids = {event.meta.id}
    if isinstance(event, Corrected) and event.replacement is not None:
        ids.add(event.replacement.meta.id)
        if len(ids) == 1:
            return (
                Refusal("event_twice", "A correction and its replacement have one id.", "meta.id", "Give two ids."),
            )
    if draft.ids.isdisjoint(ids):
        return ()
    return (Refusal("event_twice", "This event is already on the chart.", "meta.id", "Nothing more to do."),)


def _apply(draft: Draft, event: AnyEvent) -> None:
    if event.kind in _LISTS:
        getattr(draft, _LISTS[event.kind]).append(event)
    elif event.kind in _PLACES:
        setattr(draft, _PLACES[event.kind], event)
    elif isinstance(event, PumpGapNoted):
        draft.gaps = [gap for gap in draft.gaps if gap.meta.id != event.replaces]
        draft.gaps.append(event)
    elif isinstance(event, PumpReplaced | CatheterRevised):
        _apply_change(draft, event)
    elif isinstance(event, TrialStarted | TrialDoseChanged | TrialConcluded):
        _apply_trial(draft, event)
    else:
        _apply_order(draft, event)
    _move(draft, event)


def _apply_change(draft: Draft, event: PumpReplaced | CatheterRevised) -> None:
    """The implant as it is now: another pump on the same catheter, or another catheter on the same pump."""
    assert draft.implant is not None, "the gate lets nothing be changed that is not there"
    fields_of = {"meta", "kind", "reason", "note"} if isinstance(event, PumpReplaced) else {"meta", "kind", "reason"}
    new: dict[str, Any] = {name: getattr(event, name) for name in type(event).model_fields if name not in fields_of}
    if isinstance(event, PumpReplaced):
        draft.implant = draft.implant.model_copy(update={"meta": event.meta, **new})
        draft.replacements.append(event)
    else:
        draft.implant = draft.implant.model_copy(update=new)
        draft.revisions.append(event)


def _apply_trial(draft: Draft, event: TrialStarted | TrialDoseChanged | TrialConcluded) -> None:
    if isinstance(event, TrialStarted):
        assert draft.plan is not None, "the gate lets no trial start without a plan"
        draft.trials.append(Trial(draft.plan, event))
        draft.plan = None
        return
    trial = draft.trials[-1]
    if isinstance(event, TrialDoseChanged):
        draft.trials[-1] = replace(trial, changes=(*trial.changes, event))
    else:
        draft.trials[-1] = replace(trial, concluded=event, ended=event.meta.at)


def _apply_order(draft: Draft, event: AnyEvent) -> None:
    at = event.meta.at
    match event:
        case PrescriptionWritten():
            draft.orders.append(Order(event, gate.prescription(event), "ordered", at))
        case PrescriptionSent():
            _order(draft, event.prescription, state="sent", changed=at, reason="")
        case PrescriptionAcknowledged():
            _order(draft, event.prescription, state="acknowledged", changed=at, accepted=at, reason="")
        case PrescriptionConfirmed():
            _order(draft, event.prescription, state="confirmed", changed=at, reason=event.evidence)
        case PrescriptionDisputed():
            _order(draft, event.prescription, state="disputed", changed=at, reason=event.reason)


def _order(draft: Draft, digest: str, **changes: Any) -> None:
    index = next(index for index, order in enumerate(draft.orders) if order.digest == digest)
    draft.orders[index] = replace(draft.orders[index], **changes)


def _move(draft: Draft, event: AnyEvent) -> None:
    stage = STEPS[event.kind].leads_to
    if isinstance(event, DecisionRecorded) and event.choice != "implant":
        stage = "declined"
    if isinstance(event, PrescriptionAcknowledged) and draft.stage == "implanted":
        order = next(each for each in draft.orders if each.digest == event.prescription)
        stage = "in_therapy" if order.event.purpose == "therapy" else None
    if stage is None or stage == draft.stage:
        return
    if draft.stage == "trial" and draft.trials[-1].ended is None:  # declined or withdrawn during the trial
        draft.trials[-1] = replace(draft.trials[-1], ended=event.meta.at)
    draft.stage, draft.since = stage, event.meta.at


def _correct(draft: Draft, event: Corrected) -> None:
    """Take the wrong event out, or put its replacement in its place, as if it had never been written."""
    index = next((i for i, each in enumerate(draft.events) if each.meta.id == event.event), -1)
    if index < 0:
        _refuse("unknown_event", f"No event {event.event} counts on this chart.", "Name an event of this chart.")
    target, new = draft.events[index], event.replacement
    _correctable(draft, target, event)
    kept = [*draft.events[:index], *((new,) if new else ()), *draft.events[index + 1 :]]
    if target.kind in FACTS:
        found = gate.check(draft, new) if new is not None else ()
        if found:
            raise Refused(*found)
        facts = getattr(draft, _LISTS[target.kind])
        place = facts.index(target)
        facts[place : place + 1] = [new] if new is not None else []
        draft.events = kept
    else:
        _fold_again(draft, kept)
    if new is not None:
        draft.ids.add(new.meta.id)


def _correctable(draft: Draft, target: AnyEvent, event: Corrected) -> None:
    new, roles = event.replacement, STEPS[target.kind].roles
    if target.kind in FIXED or (target.kind == "patient_registered" and new is None):
        _refuse("not_correctable", f"A {target.kind} event is never taken back.", "Record what happened next instead.")
    if any(trial.plan == target for trial in draft.trials):
        _refuse("plan_fixed", "The trial has started: its plan and its rule cannot change.", "Plan a new trial.")
    if new is not None and new.kind != target.kind:
        _refuse("kind_differs", f"A {target.kind} cannot be replaced by a {new.kind}.", "Use the same kind.")
    if event.meta.role not in roles:
        _refuse(
            "role", f"The role {event.meta.role} may not correct a {target.kind}.", f"Ask a {' or a '.join(roles)}."
        )
    if getattr(new, "patient", None) != getattr(target, "patient", None) and new is not None:
        _refuse("other_patient", "A chart belongs to one patient for ever.", "Open another chart.")


def _fold_again(draft: Draft, events: Iterable[AnyEvent]) -> None:
    again = Draft()
    try:
        for each in events:
            _take(again, each)
    except Refused as refused:
        what = f"What was recorded after it cannot stand then: {refused.refusals[0]}"
        _refuse("followed", what, "Correct it with a replacement, or correct the later events first.")
    again.version, again.corrections, again.ids = draft.version, draft.corrections, draft.ids
    for each_field in fields(Draft):
        setattr(draft, each_field.name, getattr(again, each_field.name))


def _refuse(code: str, what: str, do: str) -> NoReturn:
    raise Refused(Refusal(code, what, "event", do))
