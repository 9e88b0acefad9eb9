"""Facts by their forms: every kind can be recorded and reads back the same; nonsense is refused at its field."""

import re
from typing import Any
from uuid import UUID

import pytest

from clinic.way import Desk, Way, entries, errors, kinds, told
from thecal.clinic import clock, store
from thecal.clinic.forms.facts import fact_form
from thecal.quantity import MS_PER_DAY
from thecal.therapy import build, evaluate, events, population, stamp
from thecal.therapy.candidacy import facts_of
from thecal.therapy.events.facts import TOPICS

WORDS = {
    "^\\d{4}(-\\d\\d(-\\d\\d)?)?$": "2024-03",
    "^-?\\d{1,9}(\\.\\d{1,9})?$": "2.5",
    "^\\d{1,9}(\\.\\d{1,9})? (mg|mcg|g|mcg/h)$": "40 mg",
}
SOLUTION = "morphine 10 mg/mL + bupivacaine 5 mg/mL"


def value(kind: dict[str, Any], models: dict[str, Any], name: str, pick: int, *, full: bool) -> Any:
    """A value of a schema: the ``pick``-th answer, with everything that may be open filled or left open."""
    if "anyOf" in kind:
        kind = next(each for each in kind["anyOf"] if each["type"] != "null")
    if "const" in kind or "enum" in kind:
        options = kind.get("enum", [kind.get("const")])
        return options[pick % len(options)]
    if kind["type"] == "boolean":
        return bool(pick % 2)
    if kind["type"] == "integer":
        return kind.get("minimum", 0) + pick + 3
    if kind["type"] == "string":
        return SOLUTION if name == "solution" else WORDS.get(kind.get("pattern", ""), f"words {pick}")
    if not full and not kind.get("minItems"):
        return ()
    items = kind["items"]
    if "$ref" not in items:
        return tuple(f"line {n}" for n in range(2 + pick))
    row = models[items["$ref"].rpartition("/")[2]]
    return tuple(fields(row, models, pick + n, full=full) for n in range(2 + 2 * pick))


def fields(schema: dict[str, Any], models: dict[str, Any], pick: int, *, full: bool) -> dict[str, Any]:
    needed = schema.get("required", ())
    return {
        name: value(kind, models, name, pick, full=full)
        for name, kind in schema["properties"].items()
        if full or name in needed or "const" in kind or kind.get("type") in ("array", "boolean")
    }


def example(topic: str, pick: int, *, full: bool) -> events.FactRecorded:
    """A fact of a kind, made from its schema."""
    schema = TOPICS[topic].model_json_schema()
    said = fields(schema, schema.get("$defs", {}), pick, full=full)
    return build(events.FactRecorded, stamp(0, "somebody", "nurse"), fact=said)


def typed(fact: Any) -> dict[str, Any]:
    """What a person types for a fact, as a browser sends it."""
    sent: dict[str, Any] = {}
    for name in type(fact).model_fields:
        each = getattr(fact, name)
        if isinstance(each, tuple) and not each:
            sent[f"{name}_none"] = "on"
        elif isinstance(each, tuple) and isinstance(each[0], str):
            sent[name] = "\r\n".join(each)
        elif isinstance(each, tuple):
            sent[f"{name}-rows"] = str(len(each) + 1)
            for index, row in enumerate(each):
                sent |= {f"{name}-{index}-{key}": said for key, said in typed(row).items()}
        elif isinstance(each, bool):
            sent[name] = "yes" if each else "no"
        elif each is not None and name != "topic":
            unit = " mm" if name.endswith("_mm") else " mcg" if name.endswith("_mcg") else ""
            sent[name] = f"{each}{unit}"
    return sent


def send(desk: Desk, chart: UUID, topic: str, sent: dict[str, Any], version: int | None = None) -> Any:
    read = store.load(chart).version if version is None else version
    return desk.post(f"/patients/{chart}/facts/{topic}/", {**sent, "version": read})


def said_nothing(fact: Any) -> bool:
    left = [getattr(fact, name) for name in type(fact).model_fields if name != "topic"]
    return bool(left) and all(each is None for each in left)


@pytest.mark.parametrize("topic", sorted(TOPICS))
def test_every_kind_of_fact_is_recorded_by_its_form_and_reads_back_the_same(
    topic: str, nurse: Desk, auditor: Desk, way: Way
) -> None:
    way.registered()
    page = nurse.get(f"/patients/{way.chart}/facts/{topic}/")
    assert page.status_code == 200
    for full in (True, False):
        for pick in (0, 1):
            wanted = example(topic, pick, full=full).fact
            answer = send(nurse, way.chart, topic, typed(wanted))
            if said_nothing(wanted):
                assert answer.status_code == 422
                assert "Answer at least one question." in str(errors(answer))
                continue
            assert answer.status_code == 302, errors(answer)
            event = told(way.chart)[-1]
            assert isinstance(event, events.FactRecorded)
            assert event.fact == wanted
            assert event.source == "entered by hand"
            assert event.meta.author == "Noor Visser"
            again = nurse.get(f"/patients/{way.chart}/facts/{event.meta.id}/correct/")
            assert again.status_code == 200
    assert auditor.read("facts", way.chart).status_code == 200


@pytest.mark.parametrize("topic", sorted(TOPICS))
def test_nothing_is_chosen_beforehand(topic: str, nurse: Desk, way: Way) -> None:
    way.registered()
    page = nurse.get(f"/patients/{way.chart}/facts/{topic}/").content.decode()
    form = page[page.index('<form class="sheet"') :]
    assert "selected" not in re.sub(r'<option value="" selected>', "", form)
    assert " checked>" not in re.sub(r'<input type="radio" name="\w+" value=""[^>]* checked>', "", form)
    before = entries(way.chart)
    if any(name not in ("topic",) for name in TOPICS[topic].model_fields):
        assert send(nurse, way.chart, topic, {}).status_code == 422
        assert entries(way.chart) == before


NONSENSE: list[tuple[str, dict[str, Any], str, str]] = [
    ("pain_course", {"onset": "12.05.2024"}, "onset", "2024-05-12"),
    ("pain_course", {"onset": "2024-02-31"}, "onset", "day"),
    ("pain_course", {"expected_days": "-1"}, "expected_days", "0"),
    ("pain_course", {"expected_days": "1e3"}, "expected_days", "whole"),
    ("prognosis", {"days": "40001"}, "days", "40000"),
    ("surgical_fit", {"depth_mm": "25"}, "depth_mm", "unit"),
    ("surgical_fit", {"depth_mm": "6 m"}, "depth_mm", "mm"),
    ("surgical_fit", {"depth_mm": "600 cm"}, "depth_mm", "5000"),
    ("ashworth_test", {"dose_mcg": "0.5 mcg", "before": "3", "after": "1", "hours": "4"}, "dose_mcg", "whole"),
    ("ashworth_test", {"dose_mcg": "50 mcg", "before": "three", "after": "1", "hours": "4"}, "before", "plain number"),
    ("coagulation", {"status": "splendid"}, "status", "splendid"),
    ("coagulation", {"status": "normal", "cannot_stop": "maybe"}, "cannot_stop", "maybe"),
    ("therapy_plan", {"route": "intrathecal", "solution": "morphine"}, "solution", ""),
    ("psych_evaluation", {"provider": "  ", "conclusion": "suitable"}, "provider", "required"),
    ("psych_evaluation", {"provider": "Dr\x00", "conclusion": "suitable"}, "provider", ""),
    ("medicine_list", {"active-rows": "3", "active-1-name": "diazepam"}, "active", "medicine 2"),
    ("medicine_list", {"active_none": "on", "active-0-name": "x", "active-0-drug_class": "other"}, "active", "none"),
    ("medicine_list", {}, "active", "there is none"),
    ("systemic_opioids", {"taken-0-drug": "morphine", "taken-0-amount": "40"}, "taken", "opioid intake 1"),
    ("allergy_review", {"drugs_none": "on"}, "materials", "there is none"),
    ("allergy_review", {"drugs_none": "on", "materials": "x\n" * 51}, "materials", "50"),
    ("allergy_review", {"drugs_none": "on", "materials": "x" * 301}, "materials", "300"),
    ("leg_exam", {"oedema": "no", "found_on": "2999-01-01"}, "found_on", "future"),
    ("leg_exam", {"oedema": "no", "found_on": "1850-01-01"}, "found_on", "long ago"),
    ("leg_exam", {"oedema": "no", "found_at": "10:00"}, "found_on", "day"),
    ("leg_exam", {"oedema": "no", "source": "x" * 301}, "source", "300"),
]


@pytest.mark.parametrize(("topic", "sent", "field", "says"), NONSENSE)
def test_nonsense_is_refused_at_its_field_and_nothing_is_written(
    topic: str, sent: dict[str, Any], field: str, says: str, nurse: Desk, way: Way
) -> None:
    way.registered()
    answer = send(nurse, way.chart, topic, sent)
    assert answer.status_code == 422
    found = errors(answer)
    assert set(found) == {field}, found
    assert says.casefold() in " ".join(found[field]).casefold()
    assert entries(way.chart) == 1


def test_a_cell_of_a_row_says_what_is_wrong_with_it(nurse: Desk, way: Way) -> None:
    way.registered()
    sent = {"taken-rows": "2", "taken-1-drug": "morphine", "taken-1-amount": "forty"}
    page = send(nurse, way.chart, "systemic_opioids", sent).content.decode()
    assert 'value="forty"' in page
    assert "Write it so: What is taken in a day, such as 40 mg" in page


def test_more_rows_are_given_and_what_was_typed_is_kept(nurse: Desk, way: Way) -> None:
    way.registered()
    sent = {"active-rows": "3", "active-2-name": "diazepam", "source": "the ward", "more": "active"}
    answer = send(nurse, way.chart, "medicine_list", sent)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert 'name="active-rows" value="6"' in page
    assert 'name="active-2-name" value="diazepam"' in page
    assert 'value="the ward"' in page
    assert "errorlist" not in page
    for rows in ("9" * 30, "-1", "x"):
        assert send(nurse, way.chart, "medicine_list", {**sent, "active-rows": rows}).status_code == 200
    assert entries(way.chart) == 1


def test_the_day_of_a_finding_is_its_time_and_today_is_now(nurse: Desk, way: Way) -> None:
    way.registered()
    then = clock.moment(way.now - 40 * MS_PER_DAY)
    sent = {"oedema": "no", "found_on": f"{then:%Y-%m-%d}", "found_at": "14:05", "source": "a letter"}
    assert send(nurse, way.chart, "leg_exam", sent).status_code == 302
    event = way.folded.facts[-1]
    assert f"{clock.moment(event.meta.at):%Y-%m-%d %H:%M}" == f"{then:%Y-%m-%d} 14:05"
    assert event.source == "a letter"
    today = f"{clock.moment(clock.now()):%Y-%m-%d}"
    assert send(nurse, way.chart, "leg_exam", {"oedema": "no", "found_on": today}).status_code == 302
    assert way.folded.facts[-1].meta.at >= way.now
    assert "A later one is recorded." in nurse.read("facts", way.chart).content.decode()


def test_a_criterion_leads_to_its_fact_and_the_fact_back_to_the_criterion(nurse: Desk, way: Way) -> None:
    way.registered()
    page = nurse.get(f"/patients/{way.chart}/candidacy/?ruleset=aetna_0161").content.decode()
    address = f"/patients/{way.chart}/facts/psych_evaluation/?criterion=psych_evaluation&amp;ruleset=aetna_0161"
    assert address in page
    form = nurse.get(address.replace("&amp;", "&")).content.decode()
    assert 'name="criterion" value="psych_evaluation"' in form
    sent = {"provider": "Dr Example", "conclusion": "suitable", "criterion": "psych_evaluation"}
    answer = send(nurse, way.chart, "psych_evaluation", {**sent, "ruleset": "aetna_0161"})
    assert answer["Location"] == f"/patients/{way.chart}/candidacy/?ruleset=aetna_0161#psych_evaluation"
    items = {each.criterion: each.status for each in evaluate(way.folded, "aetna_0161").items}
    assert items["psych_evaluation"] == "met"
    answer = send(nurse, way.chart, "psych_evaluation", {**sent, "criterion": "//elsewhere"})
    assert answer["Location"] == f"/patients/{way.chart}/facts/"


def test_the_exposure_to_opioids_becomes_known(nurse: Desk, way: Way) -> None:
    way.registered()
    assert "opioid_naive" not in population(way.folded).names
    assert send(nurse, way.chart, "opioid_exposure", {"status": "opioid_naive"}).status_code == 302
    assert "opioid_naive" in population(way.folded).names


def test_a_fact_is_corrected_and_taken_back_with_a_reason(nurse: Desk, way: Way) -> None:
    way.registered()
    devices = {"devices-0-name": "pacemaker", "devices-0-programmable": "yes", "devices-0-crosstalk_checked": "no"}
    assert send(nurse, way.chart, "other_devices", devices).status_code == 302
    wrong = way.folded.facts[-1]
    where = f"/patients/{way.chart}/facts/{wrong.meta.id}/correct/"
    page = nurse.get(where).content.decode()
    assert 'value="pacemaker"' in page
    sent = {**devices, "devices-0-crosstalk_checked": "yes", "version": 2}
    day = clock.moment(wrong.meta.at)
    sent |= {"found_on": f"{day:%Y-%m-%d}", "found_at": f"{day:%H:%M:%S.%f}", "source": wrong.source}
    assert set(errors(nurse.post(where, sent))) == {"reason"}
    assert nurse.post(where, {**sent, "reason": "It was checked."}).status_code == 302
    right = way.folded.facts[-1]
    assert right.fact.devices[0].crosstalk_checked  # type: ignore[union-attr]
    assert right.meta.at == wrong.meta.at
    assert kinds(way.chart)[-1] == "corrected"
    assert nurse.get(where)["Location"] == f"/patients/{way.chart}/facts/"
    where = f"/patients/{way.chart}/facts/{right.meta.id}/correct/"
    assert nurse.post(where, {"withdraw": "yes", "version": 3, "reason": " "}).status_code == 422
    assert nurse.post(where, {"withdraw": "yes", "version": 3, "reason": "Another patient."}).status_code == 302
    assert way.folded.facts == ()


def test_every_open_criterion_links_to_a_place_where_it_is_answered(nurse: Desk, way: Way) -> None:
    way.registered()
    page = nurse.read("candidacy", way.chart).content.decode()
    assessment = evaluate(way.folded)
    for item in (*assessment.items, *assessment.safety):
        assert f'<tr id="{item.criterion}">' in page
        for topic in facts_of(item.criterion) if item.status in ("unknown", "not_met") else ():
            assert f"/facts/{topic}/?criterion={item.criterion}&amp;ruleset=source_document" in page


def test_only_a_prescriber_waives_and_never_a_contraindication(prescriber: Desk, nurse: Desk, way: Way) -> None:
    way.registered()
    where = f"/patients/{way.chart}/candidacy/pain_agreement/waive/"
    sent = {"reason": "No opioid is planned.", "version": 1, "criterion": "pain_agreement"}
    assert nurse.get(where).status_code == 403
    assert nurse.post(where, sent).status_code == 403
    assert set(errors(prescriber.post(where, {**sent, "reason": " "}))) == {"reason"}
    answer = prescriber.post(where, sent)
    assert answer["Location"] == f"/patients/{way.chart}/candidacy/?ruleset=#pain_agreement"
    assert way.folded.waivers[-1].reason == "No opioid is planned."
    never = f"/patients/{way.chart}/candidacy/infection/waive/"
    assert b"A contraindication is not waived." in prescriber.get(never).content
    answer = prescriber.post(never, {**sent, "version": 2, "criterion": "infection"})
    assert answer.status_code == 422
    waiver = way.folded.waivers[-1]
    back = f"/patients/{way.chart}/facts/{waiver.meta.id}/correct/"
    assert nurse.post(back, {"withdraw": "yes", "reason": "an error", "version": 2}).status_code == 422
    assert prescriber.get(back).status_code == 200
    assert prescriber.post(back, {"withdraw": "yes", "reason": "an error", "version": 2}).status_code == 302
    assert way.folded.waivers == ()


def test_the_second_writer_of_a_fact_keeps_the_entry(nurse: Desk, prescriber: Desk, way: Way) -> None:
    way.registered()
    assert send(prescriber, way.chart, "leg_exam", {"oedema": "no"}).status_code == 302
    sent = {"active-rows": "4", "active-3-name": "diazepam", "active-3-drug_class": "benzodiazepine"}
    answer = send(nurse, way.chart, "medicine_list", {**sent, "criterion": "sedatives_minimised"}, version=1)
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "Fact recorded" in page
    assert 'value="diazepam"' in page
    assert 'name="criterion" value="sedatives_minimised"' in page
    assert kinds(way.chart) == ["patient_registered", "fact_recorded"]


def test_an_unknown_kind_of_fact_is_not_found(nurse: Desk, way: Way) -> None:
    way.registered()
    assert nurse.get(f"/patients/{way.chart}/facts/horoscope/").status_code == 404
    assert fact_form("goal") is fact_form("goal")
