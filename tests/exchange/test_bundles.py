"""A bundle is read or refused whole: always with the place and the reason, never half, never a crash."""

import copy
import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from thecal.exchange import Imported, example_bundles, read_bundle
from thecal.quantity import Refused

Tree = dict[str, Any]
SUBJECT = {"reference": "Patient/p"}
PATIENT: Tree = {
    "resourceType": "Patient",
    "id": "p",
    "name": [{"family": "Quill", "given": ["Ada"]}],
    "birthDate": "1970-01-02",
}


def bundle(*resources: Tree, patient: Tree | None = None, **fields: Any) -> bytes:
    entries = [{"resource": resource} for resource in (patient or PATIENT, *resources)]
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries, **fields}).encode()


def pain(value: Any, **fields: Any) -> Tree:
    return {
        "resourceType": "Observation",
        "status": "final",
        "subject": SUBJECT,
        "code": {"coding": [{"system": "http://loinc.org", "code": "72514-3"}]},
        "effectiveDateTime": "2025-01-15T09:00:00Z",
        "valueQuantity": {"value": value},
        **fields,
    }


def refusal(data: bytes) -> tuple[str, str, str]:
    with pytest.raises(Refused) as caught:
        read_bundle(data)
    first = caught.value.refusals[0]
    return first.code, first.where, first.what


def reasons(imported: Imported) -> list[str]:
    return [problem.reason for problem in imported.report.problems]


MALFORMED = {
    "nothing": (b"", "import_empty"),
    "not JSON": (b"hello", "import_not_json"),
    "half of a bundle": (bundle()[:-20], "import_not_json"),
    "not UTF-8": (b'{"resourceType": "Bundle\xff"}', "import_not_utf8"),
    "UTF-16": (bundle().decode().encode("utf-16"), "import_not_utf8"),
    "a number": (b"5", "import_not_bundle"),
    "a list": (b"[]", "import_not_bundle"),
    "another resource": (json.dumps(PATIENT).encode(), "import_not_bundle"),
    "no type": (b'{"resourceType": "Bundle", "entry": []}', "import_bundle_type"),
    "a history": (bundle(type="history"), "import_bundle_type"),
    "entries that are no list": (bundle(entry={"a": 1}), "import_not_bundle"),
    "no entries": (bundle(entry=[]), "import_no_patient"),
    "two patients": (bundle(PATIENT), "import_several_patients"),
    "NaN": (b'{"resourceType": "Bundle", "x": NaN}', "import_not_json"),
    "a key twice": (b'{"resourceType": "Bundle", "resourceType": "Bundle"}', "import_key_twice"),
    "too deep for the parser": (b"[" * 200_000, "import_too_deep"),
    "too deep": (b'{"a":' * 80 + b"1" + b"}" * 80, "import_too_deep"),
    "a number of a million digits": (b'{"a": ' + b"9" * 1_000_000 + b"}", "import_not_json"),
    "damaged gzip": (b"\x1f\x8b" + b"damage" * 9, "import_gzip_damaged"),
    "half of a gzip": (gzip.compress(bundle())[:-9], "import_gzip_damaged"),
    "a gzip that unpacks to 80 MiB": (gzip.compress(b" " * (80 * 2**20)), "import_too_large"),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_what_is_not_a_bundle_of_one_patient_is_refused_with_the_reason(name: str) -> None:
    data, code = MALFORMED[name]
    found, where, what = refusal(data)
    assert (found, bool(where), bool(what)) == (code, True, True)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"birthDate": None}, "birthDate"),
        ({"birthDate": "02.01.1970"}, "birthDate"),
        ({"birthDate": "1970-02-30"}, "birthDate"),
        ({"birthDate": 1970}, "birthDate"),
        ({"birthDate": "0970-01-01"}, "birthDate"),
        ({"name": None}, "name"),
        ({"name": [{"given": []}]}, "name"),
        ({"name": [{"family": "\u0000\u200b"}]}, "name"),
        ({"gender": 5}, "gender"),
        ({"colour": "blue"}, "colour"),
    ],
)
def test_a_patient_that_cannot_be_told_is_refused_at_the_field(change: Tree, field: str) -> None:
    patient = {key: value for key, value in {**PATIENT, **change}.items() if value is not None}
    code, where, _ = refusal(bundle(patient=patient))
    assert code == "import_patient"
    assert where.startswith("entry[0].resource.")
    assert field in where


def test_one_bad_resource_is_reported_with_its_place_and_the_rest_is_read() -> None:
    imported = read_bundle((Path(__file__).parent / "broken.json").read_bytes())
    assert [pain.score for pain in imported.pain] == ["5.5"]
    assert imported.conditions == ()
    assert imported.history == ()
    told = {problem.path.split(".")[0]: problem.reason for problem in imported.report.problems}
    assert set(told) == {f"entry[{number}]" for number in (1, 2, 3, 4, 5, 7, 8, 9, 11, 12)}
    assert "regex" in told["entry[1]"]
    assert "outside 0 to 10" in told["entry[8]"]
    assert told["entry[11]"] == "it is about another patient"
    (codeine,) = imported.medications
    assert "proposal" in codeine.rule


def test_the_same_bundle_reads_the_same_with_gzip_and_with_a_byte_order_mark() -> None:
    data = example_bundles()[0].read_bytes()
    assert read_bundle(gzip.compress(data)) == read_bundle(data)
    marked = read_bundle(b"\xef\xbb\xbf" + data)
    assert marked.history == read_bundle(data).history


def test_scores_keep_every_digit_that_was_recorded() -> None:
    written = ["2.172441869321124", "7.0", "5.50", "0", "10", "10.000"]
    data = bundle(*(pain(f"@{text}@") for text in written)).decode().replace('"@', "").replace('@"', "").encode()
    assert [score.score for score in read_bundle(data).pain] == written


@pytest.mark.parametrize("value", [-1, 10.5, 11, 1e300, True, None, "seven"])
def test_a_score_outside_0_to_10_is_reported_and_not_moved_inside(value: Any) -> None:
    imported = read_bundle(bundle(pain(value), pain(4)))
    assert [score.score for score in imported.pain] == ["4"]
    assert len(imported.report.problems) == 1


def test_times_in_any_zone_are_the_same_instant() -> None:
    times = ["2025-01-15T09:00:00Z", "2025-01-15T14:30:00+05:30", "2025-01-15T01:00:00.000-08:00"]
    imported = read_bundle(bundle(*(pain(3, effectiveDateTime=time) for time in times)))
    assert len({score.at for score in imported.pain}) == 1


def test_partial_dates_keep_the_precision_in_which_they_were_recorded() -> None:
    operation = {
        "resourceType": "Procedure",
        "status": "completed",
        "subject": SUBJECT,
        "code": {"text": "Laminectomy"},
    }
    days = ["2016", "2017-03", "2018-04-05", "2019-12-31T23:30:00-05:00"]
    imported = read_bundle(bundle(*({**operation, "performedDateTime": day} for day in days)))
    assert [entry.start for entry in imported.history] == ["2016", "2017-03", "2018-04-05", "2019-12-31"]


def test_what_lies_in_the_future_is_left_out_and_said() -> None:
    data = bundle(pain(3), pain(4, effectiveDateTime="2031-01-01"))
    imported = read_bundle(data, now_ms=1_800_000_000_000)
    assert [score.score for score in imported.pain] == ["3"]
    assert reasons(imported) == ["it lies in the future"]


def test_the_official_name_is_taken_and_a_maiden_name_only_when_alone() -> None:
    maiden, official = (
        {"use": "maiden", "family": "Brandt", "given": ["Helene"]},
        {"use": "official", "family": "Marlow"},
    )
    both = {**PATIENT, "name": [maiden, official]}
    assert read_bundle(bundle(patient=both)).patient.name == "Marlow"
    assert read_bundle(bundle(patient={**PATIENT, "name": [maiden]})).patient.name == "Helene Brandt"
    ended = {**official, "period": {"end": "2001"}}
    assert read_bundle(bundle(patient={**PATIENT, "name": [ended, maiden]})).patient.name == "Helene Brandt"


def test_a_deceased_patient_is_imported_and_marked() -> None:
    for change, told in (({"deceasedBoolean": True}, "yes"), ({"deceasedDateTime": "2019-04"}, "2019-04")):
        imported = read_bundle(bundle(patient={**PATIENT, **change}))
        assert imported.patient.deceased == told
        assert "deceased" in imported.report.lines()[0]
    assert read_bundle(bundle(patient={**PATIENT, "deceasedBoolean": False})).patient.deceased == ""


@pytest.mark.parametrize(
    ("url", "reference", "mine"),
    [
        (None, "Patient/p", True),
        (None, "urn:uuid:p", True),
        (None, "Patient/p/_history/3", True),
        (None, "https://a.example/fhir/Patient/p", True),
        ("urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0", "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0", True),
        (None, "Patient/other", False),
        (None, "urn:uuid:other", False),
        (None, "#p", False),
    ],
)
def test_references_to_the_patient_are_followed_and_others_are_not_taken_for_it(
    url: str | None, reference: str, mine: bool
) -> None:
    tree = json.loads(bundle(pain(3, subject={"reference": reference})))
    if url:
        tree["entry"][0]["fullUrl"] = url
    imported = read_bundle(json.dumps(tree).encode())
    assert (len(imported.pain), len(imported.report.problems)) == ((1, 0) if mine else (0, 1))


def test_medications_are_found_where_they_are_referred_to() -> None:
    drug = {"resourceType": "Medication", "id": "m", "code": {"text": "Norco 5/325 tablet"}}
    request = {"resourceType": "MedicationRequest", "status": "active", "intent": "order", "subject": SUBJECT}
    beside = {**request, "medicationReference": {"reference": "Medication/m"}}
    inside = {**request, "contained": [drug], "medicationReference": {"reference": "#m"}}
    named = {**request, "medicationReference": {"reference": "Medication/away", "display": "Norco 5/325 tablet"}}
    imported = read_bundle(bundle(drug, beside, inside, named))
    assert [m.treatments[0][:2] for m in imported.medications] == [("oral_opioid", "hydrocodone")] * 3


def test_a_resource_that_occurs_twice_counts_once() -> None:
    score = pain(3, id="a")
    imported = read_bundle(bundle(score, score))
    assert len(imported.pain) == 1
    assert "twice" in reasons(imported)[0]


def test_every_fact_names_the_resource_that_it_came_from() -> None:
    imported = read_bundle(example_bundles()[0].read_bytes())
    places = [fact.reference for fact in (*imported.conditions, *imported.allergies)]
    places += [fact.reference for fact in imported.pain] + [fact.reference for fact in imported.measurements]
    places += [fact.item.reference for fact in imported.medications]
    places += [fact.item.reference for fact in (*imported.procedures, *imported.care_plans)]
    assert len(places) == 30
    assert all("/" in place for place in places)
    assert all(entry.references for entry in imported.history)


def test_the_example_after_back_surgery_tells_the_whole_history_and_guesses_nothing() -> None:
    imported = read_bundle(next(path for path in example_bundles() if "surgery" in path.name).read_bytes())
    told = {(entry.treatment, entry.outcome) for entry in imported.history}
    assert told == {
        ("oral_nsaid", "inadequate"),
        ("oral_nsaid", "not_tolerated"),
        ("physiotherapy", "unknown"),
        ("physiotherapy", "inadequate"),
        ("chiropractic", "inadequate"),
        ("back_surgery", "inadequate"),
        ("oral_opioid", "unknown"),
    }
    assert sum(entry.treatment == "back_surgery" for entry in imported.history) == 2
    assert imported.patient.name == "Helene Ruth Marlow"
    assert (imported.weight_g, imported.height_mm) == (71_400, 1_680)
    assert imported.report.problems == ()


ODD: st.SearchStrategy[Any] = st.sampled_from(
    [None, "", 0, -1, 1e9, True, [], {}, "x" * 400, "\x00", "2020-13-45", [[]], {"reference": 5}, "Patient", "\ud800"]
)
EXAMPLE: Tree = json.loads(next(path for path in example_bundles() if "surgery" in path.name).read_bytes())


def all_places(tree: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    return [path, *(place for key, value in inner for place in all_places(value, (*path, key)))]


PLACES = [place for place in all_places(EXAMPLE) if place]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.tuples(st.sampled_from(PLACES), st.sampled_from(["put", "drop", "twin"]), ODD), min_size=1, max_size=6)
)
def test_any_mutation_of_a_bundle_is_imported_or_refused(changes: list[tuple[tuple[Any, ...], str, Any]]) -> None:
    tree = copy.deepcopy(EXAMPLE)
    for place, change, value in changes:
        holder: Any = tree
        try:
            for step in place[:-1]:
                holder = holder[step]
            if change == "put":
                holder[place[-1]] = value
            elif change == "drop":
                del holder[place[-1]]
            else:
                holder.insert(place[-1], copy.deepcopy(holder[place[-1]]))
        except (KeyError, IndexError, TypeError, AttributeError):
            continue  # an earlier change took this place away
    _read_or_refused(json.dumps(tree).encode())


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300), st.integers(0, 10_000), st.booleans())
def test_any_damage_to_the_bytes_is_imported_or_refused(noise: bytes, place: int, packed: bool) -> None:
    data = example_bundles()[0].read_bytes()
    data = gzip.compress(data, mtime=0) if packed else data
    at = place % len(data)
    _read_or_refused(data[:at] + noise + data[at + len(noise) :])


def _read_or_refused(data: bytes) -> None:
    try:
        imported = read_bundle(data)
    except Refused as refused:
        assert all(reason.where and reason.what for reason in refused.refusals)
    else:
        assert imported.patient.name
        assert all(problem.path and problem.reason for problem in imported.report.problems)
        assert len(imported.events(0, "nurse")) == 2 + len(imported.history)
