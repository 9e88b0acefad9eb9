"""Events: bad input is always a named refusal, and what is written reads back the same."""

import json
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from therapy_way import T0, Maker, whole_way

from thecal.quantity import Refused
from thecal.therapy import events as ev
from thecal.therapy import read, uuid7


def test_every_event_reads_back_the_same() -> None:
    way = whole_way()
    assert [read(event.model_dump_json()) for event in way] == way


@pytest.mark.parametrize("score", [-1, 11, 3.5, "4", None, True, float("nan"), 10**30])
def test_pain_is_an_integer_from_0_to_10_and_the_refusal_names_the_field(score: object) -> None:
    with pytest.raises(Refused) as refused:
        Maker().make(ev.PainRecorded, "patient", score=score)
    assert [refusal.where for refusal in refused.value.refusals] == ["score"]
    assert all(refusal.code and refusal.what and refusal.do for refusal in refused.value.refusals)


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"treatment": "leeches", "outcome": "inadequate"}, "treatment"),
        ({"treatment": "other", "outcome": "great"}, "outcome"),
        ({"treatment": "other", "outcome": "unknown", "start": "12/2024"}, "start"),
        ({"treatment": "other", "outcome": "unknown", "note": "x" * 4001}, "note"),
        ({"treatment": "other", "outcome": "unknown", "colour": "red"}, "colour"),
        ({"treatment": "other"}, "outcome"),
        ({"treatment": "other", "outcome": "unknown", "note": "\ud800"}, "note"),
    ],
)
def test_a_wrong_field_is_named(fields: dict[str, Any], where: str) -> None:
    with pytest.raises(Refused) as refused:
        Maker().make(ev.HistoryRecorded, **fields)
    assert where in [refusal.where for refusal in refused.value.refusals]


@given(st.binary(max_size=200) | st.text(max_size=200))
def test_any_bytes_are_an_event_or_a_named_refusal(data: bytes | str) -> None:
    try:
        read(data)
    except Refused as refused:
        assert all(refusal.code for refusal in refused.refusals)


WAY = whole_way()


@settings(deadline=None)
@given(st.integers(0, len(WAY) - 1), st.data())
def test_a_field_of_another_type_is_refused_with_its_place(index: int, data: st.DataObject) -> None:
    plain = WAY[index].model_dump(mode="json")
    field = data.draw(st.sampled_from(sorted(set(plain) - {"kind", "meta"}) or ["meta"]))
    plain[field] = {"surprise": [1.5, None]}
    with pytest.raises(Refused) as refused:
        read(json.dumps(plain))
    assert all(refusal.where.startswith(field) for refusal in refused.value.refusals)


def test_ids_are_uuid7_that_sort_by_time() -> None:
    entropy = random.Random(7).randbytes
    ids = [uuid7(T0 + step, entropy(10)) for step in range(100)]
    assert ids == sorted(ids)
    assert all(each[14] == "7" and each[19] in "89ab" and len(each) == 36 for each in ids)
    assert int(ids[0].replace("-", "")[:12], 16) == T0
    assert uuid7(2**48 - 1, b"\xff" * 10) == "ffffffff-ffff-7fff-bfff-ffffffffffff"


@pytest.mark.parametrize(("now", "random_bytes"), [(-1, b"0" * 10), (2**48, b"0" * 10), (T0, b"0" * 9)])
def test_an_id_without_room_or_randomness_is_refused(now: int, random_bytes: bytes) -> None:
    with pytest.raises(Refused, match=r"uuid7|UUIDv7"):
        uuid7(now, random_bytes)
