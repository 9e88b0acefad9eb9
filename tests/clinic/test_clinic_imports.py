"""Charts from FHIR bundles, through the upload page: taken as a whole, or refused as a whole with the reasons."""

import gzip
import json
import os
from html import unescape
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse

from clinic.way import Desk, entries, kinds
from thecal.clinic import store
from thecal.clinic.models import ChartRow
from thecal.exchange import BYTES_MAX, example_bundles

PERSON = {"resource": {"resourceType": "Patient", "id": "p", "name": [{"family": "Two"}], "birthDate": "1960-01-01"}}


def _upload(desk: Desk, data: bytes, name: str = "bundle.json") -> HttpResponse:
    return desk.post("/patients/import/", {"bundle": SimpleUploadedFile(name, data)})


def _bundle(*resources: dict[str, Any], **more: Any) -> bytes:
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": list(resources), **more}).encode()


def _chart(answer: HttpResponse) -> UUID:
    assert answer.status_code == 302, answer.content.decode()[:2000]
    return UUID(answer["Location"].split("/")[2])


@pytest.mark.parametrize("path", example_bundles(), ids=lambda path: path.stem)
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_the_examples_import(path: Path, packed: bool, nurse: Desk) -> None:
    data = path.read_bytes()
    chart = _chart(_upload(nurse, gzip.compress(data) if packed else data))
    assert kinds(chart)[0] == "patient_registered"
    assert nurse.read("history", chart).status_code == 200


BAD: dict[str, tuple[bytes, str]] = {
    "empty": (b"", ""),
    "not JSON": (b"this is a letter", "JSON"),
    "half a file": (_bundle(PERSON)[:-9], "JSON"),
    "not UTF-8": (b'{"resourceType": "Bundle\xff"}', "UTF-8"),
    "not a bundle": (b'{"resourceType": "Patient", "id": "p"}', "Bundle"),
    "a list": (b"[]", ""),
    "no patient": (_bundle(), "atient"),
    "two patients": (_bundle(PERSON, {"resource": {**PERSON["resource"], "id": "q"}}), "atient"),
    "a key twice": (b'{"resourceType": "Bundle", "resourceType": "Bundle"}', "twice"),
    "very deep": (b"[" * 100_000, "deep"),
    "damaged gzip": (gzip.compress(_bundle(PERSON))[:-12], "gzip"),
    "a gzip bomb": (gzip.compress(b" " * (BYTES_MAX + 1)), "larger than"),
    "too large": (b" " * (BYTES_MAX + 1), "bytes"),
}


@pytest.mark.parametrize("what", sorted(BAD))
def test_a_malformed_bundle_is_refused_whole_with_the_reason(what: str, nurse: Desk) -> None:
    data, says = BAD[what]
    before = (entries(), ChartRow.objects.count())
    answer = _upload(nurse, data)
    assert answer.status_code == 422
    assert says in answer.content.decode()
    assert (entries(), ChartRow.objects.count()) == before


def test_no_file_is_refused_at_the_field(nurse: Desk) -> None:
    answer = nurse.post("/patients/import/", {"sent": "without a file"})
    assert answer.status_code == 422
    assert b"This field is required" in answer.content


@pytest.mark.real_data
def test_all_real_bundles_import_with_history_oral_opioids_and_pain_scores(nurse: Desk) -> None:
    folder = os.environ.get("THECAL_REAL_DATA")
    assert folder, "set THECAL_REAL_DATA to the folder of real patient bundles (or to the folder that holds fhir/)"
    paths = sorted(Path(folder).rglob("*.json.gz"))
    assert len(paths) == 20, f"THECAL_REAL_DATA names {folder}, which holds {len(paths)} bundles and not 20"
    opioids = 0
    for path in paths:
        raw = [entry["resource"] for entry in json.loads(gzip.decompress(path.read_bytes()))["entry"]]
        chart = _chart(_upload(nurse, path.read_bytes(), path.name))
        folded = store.load(chart)
        (record,) = folded.imports
        assert len(record.conditions) >= _count(raw, "Condition") > 0, path.name
        assert len(record.medications) == _count(raw, "MedicationRequest"), path.name
        assert len(record.procedures) >= _count(raw, "Procedure") > 0, path.name
        pains = _count(raw, "Observation", "72514-3")
        assert len(record.pain) == pains > 0, path.name
        page = nurse.read("history", chart).content.decode()
        for pain in (record.pain[0], record.pain[-1]):
            assert str(pain.score) in page, path.name
        assert record.conditions[0].text in unescape(page), path.name
        opioid = any(each.treatment == "oral_opioid" for each in folded.history)
        assert opioid or not _count(raw, "MedicationRequest", "codone"), path.name
        assert not opioid or 'data-label="Treatment">Oral opioid<' in page, path.name
        opioids += opioid
        for each in ("summary", "candidacy"):
            assert nurse.read(each, chart).status_code == 200, path.name
    assert opioids >= 6


def _count(raw: list[dict[str, Any]], kind: str, text: str = "") -> int:
    found = [json.dumps(each).casefold() for each in raw if each["resourceType"] == kind]
    return sum(text.casefold() in each for each in found)
