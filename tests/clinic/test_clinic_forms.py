"""What forms refuse, and where they say it: at the field, in words, with nothing written; and two people at once."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import User

from clinic.way import (
    DECISION,
    HISTORY,
    IMPLANT,
    NEW,
    PASSWORD,
    PLAN,
    PRESCRIPTION,
    REFILL,
    STAGES,
    START,
    Desk,
    Way,
    entries,
    errors,
    kinds,
)
from thecal.clinic import clock, orders, store
from thecal.clinic.models import ChartRow, PumpRecord
from thecal.quantity import MS_PER_DAY

WRONG: list[tuple[str, str, dict[str, Any], str, str]] = [
    # a stage, a page, what is typed, the field that complains, what it says
    ("planned", "trial-start", {**START, "fill": "50"}, "fill", "unit"),
    ("planned", "trial-start", {**START, "fill": "50 mg"}, "fill", "mL"),
    ("planned", "trial-start", {**START, "fill": "50,5 mL"}, "fill", "point"),
    ("planned", "trial-start", {**START, "fill": "500 mL"}, "fill", "100 mL"),
    ("planned", "trial-start", {**START, "cap_hour": "NaN mg"}, "cap_hour", "NaN"),
    ("planned", "trial-start", {**START, "cap_day": "0.5 mg"}, "cap_day", "cap"),
    ("assessed", "trial-plan", {**PLAN, "dose": "1"}, "dose", "unit"),
    ("assessed", "trial-plan", {**PLAN, "dose": "1 mL/day"}, "dose", "mg/day"),
    ("assessed", "trial-plan", {**PLAN, "dose": "1,5 mg/day"}, "dose", "point"),
    ("assessed", "trial-plan", {**PLAN, "dose": "-1 mg/day"}, "dose", "sign"),
    ("assessed", "trial-plan", {**PLAN, "concentration": "inf mg/mL"}, "concentration", "inf"),
    ("assessed", "trial-plan", {**PLAN, "concentration": "0.5 mg"}, "concentration", "mg/mL"),
    ("assessed", "trial-plan", {**PLAN, "drug": "aspirin"}, "drug", "aspirin"),
    ("assessed", "trial-plan", {**PLAN, "others": "bupivacaine"}, "others", ""),
    ("assessed", "trial-plan", {**PLAN, "days": "0"}, "days", "1"),
    ("assessed", "trial-plan", {**PLAN, "days": "2.5"}, "days", "whole"),
    ("assessed", "trial-plan", {**PLAN, "tip_level": "T13"}, "tip_level", "T13"),
    ("assessed", "trial-plan", {**PLAN, "threshold_pct": "101"}, "threshold_pct", "100"),
    ("referred", "history", {**HISTORY, "treatment": "leeches"}, "treatment", "leeches"),
    ("referred", "history", {**HISTORY, "start": "2999"}, "start", "future"),
    ("referred", "history", {**HISTORY, "start": "12.05.2024"}, "start", "2024-05-12"),
    ("referred", "history", {**HISTORY, "start": "2024-02-30"}, "start", ""),
    ("referred", "history", {**HISTORY, "start": "2024", "end": "2023-11"}, "end", "before"),
    ("referred", "candidacy", {"conclusion": "  "}, "conclusion", "required"),
    ("referred", "diary-links", {"days": "91"}, "days", "90"),
    ("concluded", "decision", {**DECISION, "reasons": ""}, "reasons", "required"),
    ("concluded", "decision", {**DECISION, "choice": "prayer"}, "choice", "prayer"),
    ("decided", "implant", {**IMPLANT, "fill": "18"}, "fill", "unit"),
    ("decided", "implant", {**IMPLANT, "fill": "45 mL"}, "fill", "20 mL"),
    ("decided", "implant", {**IMPLANT, "supplied": "110"}, "supplied", "unit"),
    ("decided", "implant", {**IMPLANT, "trimmed": "200 cm"}, "catheter", "cannot be trimmed"),
    ("decided", "implant", {**IMPLANT, "concentration": "500 mg/mL"}, "concentration", "mg/mL"),
    ("decided", "implant", {**IMPLANT, "site": "left foot"}, "site", "left foot"),
]


@pytest.mark.parametrize(("stage", "where", "fields", "field", "says"), WRONG)
def test_bad_input_is_refused_at_its_field_and_nothing_is_written(
    stage: str, where: str, fields: dict[str, Any], field: str, says: str, prescriber: Desk, way: Way
) -> None:
    STAGES[stage](way)
    before = (entries(), PumpRecord.objects.count())
    answer = prescriber.send(where, way.chart, fields)
    assert answer.status_code == 422
    found = errors(answer)
    assert set(found) == {field}, found
    assert says.casefold() in " ".join(found[field]).casefold()
    assert (entries(), PumpRecord.objects.count()) == before


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({**NEW, "name": " "}, "name"),
        ({**NEW, "birth_date": "2999-01-01"}, "birth_date"),
        ({**NEW, "birth_date": "1961-02-30"}, "birth_date"),
        ({**NEW, "birth_date": "1961-13"}, "birth_date"),
        ({**NEW, "weight": "70"}, "weight"),
        ({**NEW, "weight": "70,5 kg"}, "weight"),
        ({**NEW, "weight": "0 kg"}, "weight"),
        ({**NEW, "height": "172"}, "height"),
        ({**NEW, "height": "172 kg"}, "height"),
        ({**NEW, "height": "90 m"}, "height"),
        ({**NEW, "pain_cause": "the neighbours"}, "pain_cause"),
    ],
)
def test_a_chart_is_not_opened_on_bad_input(fields: dict[str, str], field: str, nurse: Desk) -> None:
    before = (entries(), ChartRow.objects.count())
    answer = nurse.post("/patients/new/", fields)
    assert answer.status_code == 422
    assert set(errors(answer)) == {field}, errors(answer)
    assert (entries(), ChartRow.objects.count()) == before


def test_a_chart_is_opened_by_hand(nurse: Desk) -> None:
    answer = nurse.post("/patients/new/", {**NEW, "weight": "72.5 kg", "height": "172 cm", "diagnosis": "back pain"})
    assert answer.status_code == 302
    chart = UUID(answer["Location"].split("/")[2])
    assert kinds(chart) == ["patient_registered"]
    page = nurse.read("summary", chart).content.decode()
    assert "Nina New" in page
    assert "back pain" in page


OUT_OF_ORDER: list[tuple[str, str, dict[str, Any], str]] = [
    ("referred", "trial-plan", PLAN, "candidacy review"),
    ("referred", "decision", DECISION, "concluded trial"),
    ("assessed", "implant", IMPLANT, "shared decision"),
    ("trial", "implant", IMPLANT, "shared decision"),
    ("concluded", "implant", IMPLANT, "decision"),
    ("trial", "trial-plan", PLAN, "started"),
    ("trial", "candidacy", {"conclusion": "once more"}, "past"),
    ("referred", "refill", REFILL, "pump"),
    ("decided", "prescription-review", PRESCRIPTION, "implant"),
]


@pytest.mark.parametrize(("stage", "where", "fields", "says"), OUT_OF_ORDER)
def test_a_step_out_of_order_is_refused_with_the_step_that_is_missing(
    stage: str, where: str, fields: dict[str, Any], says: str, prescriber: Desk, way: Way
) -> None:
    STAGES[stage](way)
    before = (entries(), PumpRecord.objects.count())
    answer = prescriber.send(where, way.chart, fields)
    assert answer.status_code == 422
    assert says in " ".join(text for said in errors(answer).values() for text in said)
    assert (entries(), PumpRecord.objects.count()) == before


@pytest.mark.parametrize("where", ["trial-start", "trial-dose", "trial-conclude"])
def test_a_trial_that_is_not_there_is_not_started_changed_or_concluded(where: str, prescriber: Desk, way: Way) -> None:
    way.assessed()
    before = (entries(), PumpRecord.objects.count())
    answer = prescriber.send(where, way.chart, {**START, "dose": "1 mg/day", "reason": "more"})
    assert answer.status_code == 302
    told = prescriber.read("trial", way.chart).content.decode()
    assert "No trial is running" in told or "There is no trial plan" in told
    assert (entries(), PumpRecord.objects.count()) == before


def test_a_decision_against_a_pump_leads_to_no_implant(prescriber: Desk, way: Way) -> None:
    way.decided("oral")
    before = entries()
    answer = prescriber.send("implant", way.chart, IMPLANT)
    assert answer.status_code == 422
    assert entries() == before


@pytest.fixture
def implanted(prescriber: Desk, way: Way) -> Way:
    """A chart with an implant, recorded through its page; its pump has a folder and no process."""
    way.decided()
    assert prescriber.send("implant", way.chart, IMPLANT).status_code == 302
    return way


def test_a_dose_over_the_limit_names_limit_source_and_nearest_value(prescriber: Desk, implanted: Way) -> None:
    before = entries()
    fields = {**PRESCRIPTION, "dose": "30 mg/day", "cap_hour": "3 mg", "cap_day": "50 mg"}
    answer = prescriber.send("prescription-review", implanted.chart, fields)
    assert answer.status_code == 422
    said = " ".join(errors(answer)["dose"])
    assert "above the strictest published ceiling" in said
    assert "15 mg/day" in said
    assert "Source:" in said
    assert entries() == before


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({**PRESCRIPTION, "dose": "0.6"}, "dose"),
        ({**PRESCRIPTION, "dose": ""}, "dose"),
        ({**PRESCRIPTION, "cap_day": "0.3 mg"}, "cap_day"),
        ({**PRESCRIPTION, "program": "periodic_bolus", "bolus": "0.05 mg", "every": "4", "over": "5 min"}, "every"),
        ({**PRESCRIPTION, "program": "periodic_bolus", "bolus": "0.05 mg", "every": "4 h"}, "over"),
        ({**PRESCRIPTION, "program": "multi_rate", "steps": "00:00 0.4 mg/day\n25:00 0.6 mg/day"}, "steps"),
        ({**PRESCRIPTION, "program": "multi_rate", "steps": "00:00 0.4 mg/day\n08:00 0.6"}, "steps"),
        ({**PRESCRIPTION, "program": "multi_rate", "steps": "01:00 0.4 mg/day"}, "steps"),
        ({**PRESCRIPTION, "program": "as the patient likes"}, "program"),
    ],
)
def test_a_program_that_cannot_be_read_is_refused_at_its_field(
    fields: dict[str, str], field: str, prescriber: Desk, implanted: Way
) -> None:
    before = entries()
    answer = prescriber.send("prescription-review", implanted.chart, fields)
    assert answer.status_code == 422
    assert set(errors(answer)) == {field}, errors(answer)
    assert entries() == before


def _signed(desk: Desk, way: Way, order: Any, password: str = PASSWORD, signer: str = "prescriber") -> Any:
    held = orders.held(store.load(way.chart), order.solution, order.route, clock.now())
    order = replace(order, basis=held)  # as the review writes it
    fields = {"prescription": order.to_bytes().decode(), "digest": order.digest()}
    return desk.send("prescription-sign", way.chart, {**fields, "signer": signer, "password": password})


def test_an_order_for_another_concentration_than_the_reservoir_holds_is_refused(
    prescriber: Desk, implanted: Way
) -> None:
    before = entries()
    answer = _signed(prescriber, implanted, implanted.order("morphine 5 mg/mL", "0.6 mg/day"))
    assert answer.status_code == 422
    assert b"the reservoir was filled with morphine 2 mg/mL" in answer.content
    assert entries() == before


def test_what_is_signed_is_what_was_reviewed(prescriber: Desk, implanted: Way) -> None:
    order = implanted.order("morphine 2 mg/mL", "0.6 mg/day")
    plain = json.loads(order.to_bytes())
    before = entries()
    more = order.to_bytes().decode().replace(str(plain["program"]["dose"]), str(2 * plain["program"]["dose"]))
    fields = {"prescription": more, "digest": order.digest(), "signer": "prescriber", "password": PASSWORD}
    answer = prescriber.send("prescription-sign", implanted.chart, fields)
    assert answer.status_code == 422
    assert b"not the prescription that was reviewed" in answer.content
    assert entries() == before


@pytest.mark.parametrize(
    ("signer", "password", "field"), [("prescriber", "rumpelstiltskin", "password"), ("nobody", PASSWORD, "password")]
)
def test_only_a_prescribers_own_password_signs(
    signer: str, password: str, field: str, nurse: Desk, implanted: Way
) -> None:
    before = entries()
    answer = _signed(nurse, implanted, implanted.order("morphine 2 mg/mL", "0.6 mg/day"), password, signer)
    assert answer.status_code == 422
    assert field in errors(answer)
    assert password.encode() not in answer.content
    assert entries() == before


def test_a_nurse_cannot_sign_with_a_nurses_password(nurse: Desk, implanted: Way, clinic: dict[str, User]) -> None:
    clinic["nurse"].set_password("quiet-lamp-in-the-ward")
    clinic["nurse"].save()
    nurse.client.force_login(clinic["nurse"])
    before = entries()
    order = implanted.order("morphine 2 mg/mL", "0.6 mg/day")
    answer = _signed(nurse, implanted, order, "quiet-lamp-in-the-ward", "nurse")
    assert answer.status_code == 422
    assert "Only a prescriber signs" in " ".join(errors(answer)["signer"])
    assert entries() == before


def test_an_order_without_an_implant_is_refused_however_it_comes(prescriber: Desk, way: Way) -> None:
    way.assessed()
    before = entries()
    order = way.order("morphine 2 mg/mL", "0.6 mg/day")
    assert _signed(prescriber, way, order).status_code == 422
    assert prescriber.post(f"/patients/{way.chart}/prescription/{order.digest()}/send/").status_code == 422
    assert prescriber.post(f"/patients/{way.chart}/prescription/nonsense/send/").status_code == 422
    assert entries() == before


def test_the_way_may_end_at_any_stage(prescriber: Desk, nurse: Desk) -> None:
    """As easy to record as an implant: by a nurse or a prescriber, with whose decision it was."""
    tell: Callable[[Way], Way]
    for tell in (Way.registered, Way.assessed, Way.concluded):
        way = tell(Way())
        fields = {"kind": "withdrawn", "by": "patient", "reason": "moved away"}
        assert nurse.send("closing", way.chart, fields).status_code == 302
        assert way.folded.stage == "withdrawn"
        assert prescriber.read("summary", way.chart).status_code == 200


def test_a_day_to_come_is_refused_in_the_diary(patient: Desk, way: Way) -> None:
    from thecal.clinic import clock

    soon = clock.moment(clock.now() + MS_PER_DAY).strftime("%Y-%m-%dT%H:%M")
    before = entries()
    answer = patient.post("/me/", {"score": "3", "when": soon})
    assert answer.status_code == 422
    assert "is in the future" in " ".join(errors(answer)["when"])
    assert entries() == before
