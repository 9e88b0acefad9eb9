"""The pathway: order, roles, times and contradictions are enforced, whatever sequence of events comes."""

import re
from pathlib import Path
from typing import Any

import pytest
from therapy_way import MG, T0, Maker, whole_way

from thecal.quantity import MS_PER_DAY, MS_PER_HOUR, Refused
from thecal.therapy import STEPS, AnyEvent, Chart, append, may, refusals
from thecal.therapy import events as ev
from thecal.therapy.ledger import DIARY
from thecal.therapy.stages import ALL, WAY

DOC = Path(__file__).parents[2] / "docs" / "therapy" / "pathway.md"


def codes(chart: Chart, event: AnyEvent) -> list[str]:
    return [refusal.code for refusal in refusals(chart, event)]


def at_stage(stage: str) -> tuple[Chart, Maker]:
    chart, maker = Chart(), Maker(99)
    for event in whole_way():
        chart = append(chart, event)
        maker.now = event.meta.recorded
        if chart.stage == stage:
            return chart, maker
    raise AssertionError(stage)


def test_the_whole_way_leads_from_referral_to_therapy() -> None:
    chart, stages = Chart(), list[str]()
    for event in whole_way():
        chart = append(chart, event)
        if stages[-1:] != [chart.stage]:
            stages.append(chart.stage)
    assert stages == ["referred", "assessed", "trial", "decision", "implanted", "in_therapy"]


@pytest.mark.parametrize(
    ("stage", "kind", "missing"),
    [
        ("new", "pain_recorded", "the patient's registration"),
        ("referred", "trial_planned", "the candidacy review by a prescriber"),
        ("referred", "trial_started", "a trial plan"),
        ("assessed", "trial_concluded", "a running trial"),
        ("assessed", "decision_recorded", "a concluded trial"),
        ("trial", "implant_recorded", "the shared decision for an implant"),
        ("assessed", "refill_recorded", "an implanted or trial pump"),
    ],
)
def test_a_step_out_of_order_names_the_step_that_is_missing(stage: Any, kind: str, missing: str) -> None:
    refusal = may(kind, stage, STEPS[kind].roles[0])
    assert refusal is not None
    assert (refusal.code, refusal.do) == ("stage", f"Missing first: {missing}.")


def test_a_step_whose_time_has_passed_says_so() -> None:
    refusal = may("trial_planned", "trial", "prescriber")
    assert refusal is not None
    assert refusal.do == "The trial has started: its plan and its rule cannot change any more."


def test_nobody_acts_outside_their_role() -> None:
    chart, maker = at_stage("trial")
    assert codes(chart, maker.make(ev.PainRecorded, "auditor", score=3)) == ["role"]
    for kind, step in STEPS.items():
        assert "auditor" not in step.roles, kind
        assert ("patient" in step.roles) == (kind in DIARY), kind


@pytest.mark.parametrize("stage", WAY[1:])
def test_declined_and_withdrawn_are_reachable_from_anywhere(stage: str) -> None:
    chart, maker = at_stage(stage)
    declined = append(chart, maker.make(ev.Declined, by="patient", reason="No operation."))
    assert declined.stage == "declined"
    withdrawn = append(declined, maker.make(ev.Withdrawn, by="patient", reason="Moves away."))
    assert withdrawn.stage == "withdrawn"
    assert append(chart, maker.make(ev.Withdrawn, by="clinic", reason="Moves away.")).stage == "withdrawn"


@pytest.mark.parametrize("choice", ["oral", "stimulation", "none"])
def test_no_pump_is_a_full_outcome(choice: str) -> None:
    chart, maker = at_stage("decision")
    decided = append(chart, maker.decided(choice))
    assert decided.stage == "declined" and decided.decision is not None and decided.decision.choice == choice
    assert codes(decided, maker.implanted()) == ["stage"]


def test_the_plan_cannot_change_once_the_trial_has_started() -> None:
    chart, maker = at_stage("trial")
    assert codes(chart, maker.plan(days=5)) == ["stage"]
    assert chart.trial is not None
    planned = chart.trial.plan.meta.id
    wrong = maker.make(ev.Corrected, "prescriber", event=planned, reason="A lower threshold.", replacement=None)
    assert codes(chart, wrong) == ["plan_fixed"]


def test_a_plan_may_be_replaced_until_the_trial_starts() -> None:
    chart, maker = at_stage("assessed")
    chart = append(append(chart, maker.plan(days=3)), maker.plan(days=5))
    assert chart.plan is not None and chart.plan.days == 5


def test_a_verdict_that_the_rule_does_not_give_is_refused() -> None:
    chart, maker = at_stage("trial")
    maker.now = T0 + 6 * MS_PER_DAY
    true = maker.concluded(chart)
    typed = true.model_copy(update={"verdict": true.verdict.model_copy(update={"passed": True})})
    assert true.verdict.passed is None
    assert codes(chart, typed) == ["verdict"]
    assert codes(chart, true) == []


def test_a_diary_entry_is_neither_in_the_future_nor_before_the_registration() -> None:
    chart, maker = at_stage("assessed")
    assert codes(chart, maker.pain(4, at=maker.now + 1)) == ["future"]
    assert codes(chart, maker.pain(4, at=T0 - 1)) == ["before_registration"]
    assert codes(chart, maker.pain(4, at=T0)) == []
    assert codes(chart, maker.pain(4, at=T0 - 5 * MS_PER_DAY, role="nurse")) == []
    assert codes(chart, maker.pain(4, at=T0 - 91 * MS_PER_DAY, role="nurse")) == ["before_registration"]


def test_dates_that_contradict_each_other_are_refused() -> None:
    chart, maker = at_stage("referred")
    past = maker.history()
    assert codes(chart, past.model_copy(update={"start": "2025-04", "end": "2025-03"})) == ["period"]
    assert codes(chart, past.model_copy(update={"start": "2025", "end": "2025-03"})) == []
    assert codes(chart, past.model_copy(update={"start": "2027", "end": None})) == ["future"]
    unborn = maker.registered().model_copy(update={"birth_date": "2026-03-06"})
    assert codes(Chart(), unborn) == ["born_later"]
    with pytest.raises(Refused, match="start"):
        maker.make(ev.HistoryRecorded, treatment="other", outcome="unknown", start="2025-02-29")


def test_a_prescription_goes_ordered_sent_acknowledged_confirmed_and_not_otherwise() -> None:
    chart, maker = at_stage("implanted")
    order = maker.written("implant-1", "therapy", MG)
    chart = append(chart, order)
    acknowledged = maker.step(ev.PrescriptionAcknowledged, order.digest)
    assert codes(chart, acknowledged) == ["order_state"]
    chart = append(chart, maker.step(ev.PrescriptionSent, order.digest, "nurse"))
    assert codes(chart, maker.step(ev.PrescriptionConfirmed, order.digest, evidence="counters")) == ["order_state"]
    chart = append(chart, maker.step(ev.PrescriptionDisputed, order.digest, reason="The link broke."))
    assert chart.stage == "implanted"
    chart = append(chart, acknowledged)
    assert chart.stage == "in_therapy"
    running = chart.running("implant-1")
    assert running is not None and running.digest == order.digest


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"digest": "0" * 64}, "digest"),
        ({"prescription": "{}"}, "fields"),
        ({"pump": "another"}, "other_pump"),
        ({"purpose": "trial"}, "no_plan"),
    ],
)
def test_a_prescription_that_contradicts_the_chart_is_refused(changes: dict[str, str], code: str) -> None:
    chart, maker = at_stage("implanted")
    order = maker.written("implant-1", "therapy", MG).model_copy(update=changes)
    assert codes(chart, order) == [code]


def test_a_prescription_for_what_is_not_in_the_reservoir_is_refused() -> None:
    chart, maker = at_stage("implanted")
    other = maker.order(MG, "morphine 20 mg/mL")
    event = maker.written("implant-1", "therapy", MG).model_copy(
        update={"prescription": other.to_bytes().decode(), "digest": other.digest()}
    )
    assert codes(chart, event) == ["solution"]
    stranger = maker.order(MG, "morphine 18 mg/mL", patient="p-2")
    event = event.model_copy(update={"prescription": stranger.to_bytes().decode(), "digest": stranger.digest()})
    assert codes(chart, event) == ["other_patient"]


def test_an_older_prescription_is_not_sent_after_a_newer_one() -> None:
    chart, maker = at_stage("implanted")
    old, new = maker.written("implant-1", "therapy", MG), maker.written("implant-1", "therapy", 2 * MG)
    chart = append(append(chart, old), new)
    assert codes(chart, maker.step(ev.PrescriptionSent, old.digest, "nurse")) == ["superseded"]


def test_a_correction_keeps_the_entry_and_takes_it_out_of_the_count() -> None:
    chart, maker = at_stage("assessed")
    wrong, right = chart.diary[0], maker.pain(7, at=chart.diary[0].meta.at)
    after = append(chart, maker.make(ev.Corrected, "nurse", event=wrong.meta.id, reason="Misread.", replacement=right))
    assert wrong not in after.diary and right in after.diary and len(after.diary) == len(chart.diary)
    assert after.corrections[-1].event == wrong.meta.id and after.version == chart.version + 1
    gone = append(after, maker.make(ev.Corrected, "nurse", event=right.meta.id, reason="Another patient."))
    assert len(gone.diary) == len(chart.diary) - 1
    assert codes(gone, maker.make(ev.Corrected, "nurse", event=right.meta.id, reason="Twice.")) == ["unknown_event"]


def test_a_correction_that_would_pull_the_ground_from_later_steps_is_refused() -> None:
    chart, maker = at_stage("in_therapy")
    assert chart.implant is not None
    taken = maker.make(ev.Corrected, "prescriber", event=chart.implant.meta.id, reason="Wrong.")
    assert codes(chart, taken) == ["followed"]
    lower = maker.implanted(tip_level="T12").model_copy(
        update={"meta": maker.meta("prescriber", chart.implant.meta.at)}
    )
    fixed = maker.make(
        ev.Corrected, "prescriber", event=chart.implant.meta.id, reason="Read from the film.", replacement=lower
    )
    after = append(chart, fixed)
    assert after.implant is not None and after.implant.tip_level == "T12" and after.stage == "in_therapy"
    assert codes(chart, fixed.model_copy(update={"meta": maker.meta("nurse")})) == ["role"]


def test_taking_back_a_withdrawal_reopens_the_chart_where_it_was() -> None:
    chart, maker = at_stage("decision")
    left = append(chart, maker.make(ev.Withdrawn, by="patient", reason="Second thoughts."))
    assert left.closed is not None
    back = append(left, maker.make(ev.Corrected, event=left.closed.meta.id, reason="Wrong patient."))
    assert back.stage == "decision" and back.closed is None


def test_a_pump_in_place_is_cared_for_after_a_withdrawal() -> None:
    chart, maker = at_stage("in_therapy")
    maker.now += MS_PER_HOUR
    left = append(chart, maker.make(ev.Withdrawn, by="patient", reason="Second thoughts."))
    assert codes(left, maker.refilled()) == []
    assert append(left, maker.make(ev.Explanted, "prescriber", reason="Wish of the patient.")).stage == "explanted"
    trial, maker = at_stage("trial")
    ended = append(trial, maker.make(ev.Declined, by="patient", reason="No relief."))
    assert ended.trial is not None and ended.trial.ended == maker.now
    assert codes(ended, maker.make(ev.Explanted, "prescriber", reason="None was there.")) == ["no_pump"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"withdrawn_nl": 21_000_000}, "more_than_filled"),
        ({"pump": "another"}, "other_pump"),
        ({"fill_nl": 0}, "fill"),
        ({"solution": "morphine"}, "solution_unreadable"),
    ],
)
def test_a_refill_that_cannot_be_is_refused(changes: dict[str, Any], code: str) -> None:
    chart, maker = at_stage("in_therapy")
    assert codes(chart, maker.refilled(**changes)) == [code]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"days": 1}, "window"),
        ({"route": "epidural"}, "route"),
        ({"dose_fg_day": 0}, "dose"),
        ({"solution": "morphine 5"}, "concentration_unreadable"),
    ],
)
def test_a_plan_that_contradicts_itself_is_refused(changes: dict[str, Any], code: str) -> None:
    chart, maker = at_stage("assessed")
    assert codes(chart, maker.plan(**changes)) == [code]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"patient_agrees": False}, "not_shared"),
        ({"discussed": ("oral", "none")}, "not_discussed"),
        ({"discussed": ("implant",)}, "no_alternative"),
    ],
)
def test_a_decision_is_shared_or_it_is_none(changes: dict[str, Any], code: str) -> None:
    chart, maker = at_stage("decision")
    assert codes(chart, maker.decided().model_copy(update=changes)) == [code]


def test_one_event_is_written_once() -> None:
    chart, maker = at_stage("referred")
    entry = maker.history()
    assert codes(append(chart, entry), entry) == ["event_twice"]


def test_the_documented_pathway_is_the_one_in_the_code() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \| (.+?) \| (.+?) \| (.+?) \|$", DOC.read_text(), re.MULTILINE)
    said = {kind: (roles, stages, leads, needs) for kind, roles, stages, leads, needs in rows}
    code = {
        kind: (
            ", ".join(step.roles),
            "all" if step.stages == ALL else ", ".join(step.stages),
            step.leads_to or "stays",
            step.needs,
        )
        for kind, step in STEPS.items()
    }
    assert said == code
