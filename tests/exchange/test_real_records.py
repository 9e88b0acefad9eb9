"""Bundles that nobody here wrote import whole: history, oral opioids and pain scores agree with the raw JSON."""

import gzip
import json
import os
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from thecal.exchange import Imported, read_bundle
from thecal.therapy.events import HistoryRecorded, PatientRegistered, RecordImported

pytestmark = pytest.mark.real_data

Raw = list[dict[str, Any]]


@pytest.fixture(scope="module")
def records() -> list[tuple[str, Raw, Imported]]:
    folder = os.environ.get("THECAL_REAL_DATA")
    assert folder, "set THECAL_REAL_DATA to the folder of real patient bundles (or to the folder that holds fhir/)"
    paths = sorted(Path(folder).rglob("*.json.gz"))
    assert paths, f"THECAL_REAL_DATA names {folder}, which holds no *.json.gz bundle"
    found = []
    for path in paths:
        data = path.read_bytes()
        tree = json.loads(gzip.decompress(data), parse_float=Decimal)
        found.append((path.name, [entry["resource"] for entry in tree["entry"]], read_bundle(data)))
    return found


def of(raw: Raw, kind: str) -> Raw:
    return [resource for resource in raw if resource["resourceType"] == kind]


def loinc(resource: dict[str, Any]) -> str:
    return str(resource["code"]["coding"][0]["code"])


def test_every_bundle_gives_all_its_conditions_medications_procedures_and_care_plans(
    records: list[tuple[str, Raw, Imported]],
) -> None:
    for name, raw, imported in records:
        assert imported.report.problems == (), name
        assert len(imported.conditions) == len(of(raw, "Condition")), name
        assert len(imported.medications) == len(of(raw, "MedicationRequest")), name
        assert len(imported.procedures) == len(of(raw, "Procedure")), name
        assert len(imported.care_plans) == len(of(raw, "CarePlan")), name
        assert len(imported.allergies) == len(of(raw, "AllergyIntolerance")), name
        assert imported.report.read == Counter(resource["resourceType"] for resource in raw), name
        assert any(condition.code == "82423001" for condition in imported.conditions), name


def test_pain_scores_are_every_score_to_its_last_digit(records: list[tuple[str, Raw, Imported]]) -> None:
    for name, raw, imported in records:
        scores = [r for r in of(raw, "Observation") if loinc(r) == "72514-3"]
        assert scores, name
        assert sorted(Decimal(pain.score) for pain in imported.pain) == sorted(
            r["valueQuantity"]["value"] for r in scores
        )
        text = {f"Observation/{r['id']}": str(r["valueQuantity"]["value"]) for r in scores}
        assert {pain.reference: pain.score for pain in imported.pain} == text


def test_oral_opioids_and_nsaids_are_those_that_a_reader_finds_by_name(
    records: list[tuple[str, Raw, Imported]],
) -> None:
    found: Counter[str] = Counter()
    for name, raw, imported in records:
        texts = {r["id"]: r["medicationCodeableConcept"]["text"].lower() for r in of(raw, "MedicationRequest")}
        expected = {
            "oral_opioid": {
                f"MedicationRequest/{i}" for i, t in texts.items() if "oxycodone" in t or "hydrocodone" in t
            },
            "oral_nsaid": {f"MedicationRequest/{i}" for i, t in texts.items() if "ibuprofen" in t or "naproxen" in t},
        }
        for treatment, references in expected.items():
            got = {m.item.reference for m in imported.medications if treatment in [name for name, _, _ in m.treatments]}
            assert got == references, name
            found[treatment] += len(got)
            assert (treatment in {entry.treatment for entry in imported.history}) == bool(references), name
        assert all(entry.outcome == "unknown" for entry in imported.history), name
    assert found["oral_opioid"] > 0
    assert found["oral_nsaid"] > 0


def test_physiotherapy_is_found_in_care_plans_and_no_back_operation_is_made_up(
    records: list[tuple[str, Raw, Imported]],
) -> None:
    for name, raw, imported in records:
        plans = [r for r in of(raw, "CarePlan") if "Physical therapy" in json.dumps(r["category"])]
        assert sum(p.treatment == "physiotherapy" for p in imported.care_plans) == len(plans), name
        words = " ".join(str(r["code"]["text"]).lower() for r in of(raw, "Procedure"))
        operated = any(word in words for word in ("laminectomy", "discectomy", "spinal fusion"))
        assert any(entry.treatment == "back_surgery" for entry in imported.history) == operated, name


def test_the_latest_weight_and_height_are_taken(records: list[tuple[str, Raw, Imported]]) -> None:
    for name, raw, imported in records:
        for code, got, scale in (("29463-7", imported.weight_g, 1000), ("8302-2", imported.height_mm, 10)):
            values = [r for r in of(raw, "Observation") if loinc(r) == code]
            latest = max(values, key=lambda r: str(r["effectiveDateTime"]))
            assert got == round(latest["valueQuantity"]["value"] * scale), name


def test_every_bundle_becomes_the_events_of_a_chart(records: list[tuple[str, Raw, Imported]]) -> None:
    for name, raw, imported in records:
        registered, record, *history = imported.events(1_800_000_000_000, "nurse-1", patient="p1")
        (patient,) = of(raw, "Patient")
        assert isinstance(registered, PatientRegistered)
        assert registered.birth_date == patient["birthDate"], name
        assert registered.name.split()[-1] == patient["name"][0]["family"].split()[-1], name
        assert registered.sex == patient["gender"]
        assert not any("999-" in value for value in registered.external_ids), "a social security number was taken"
        assert isinstance(record, RecordImported)
        assert record.read == len(raw)
        assert len(record.medications) == len(of(raw, "MedicationRequest"))
        assert len(history) == len(imported.history)
        assert all(isinstance(event, HistoryRecorded) for event in history)
        assert len({event.meta.id for event in (registered, record, *history)}) == len(history) + 2
        dead = "deceasedDateTime" in patient or patient.get("deceasedBoolean") is True
        assert any("deceased" in line for line in record.skipped) == dead
