"""No text that anybody types makes a form, the diary, a new chart or the search fail."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from clinic.way import (
    HISTORY,
    IMPLANT,
    NEW,
    PLAN,
    PRESCRIPTION,
    REFILL,
    STAGES,
    START,
    Desk,
    Way,
    entries,
)

# Whatever is typed: an answer, never a failure.

ODD = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        [
            *("NaN mg", "1e400 mg/day", "-0 mL", "0 mL", "1/3 mg", "٣ mg/day", "1 mg/day mg", "1e-30 mL", "\x00"),
            *("9999-12-31T23:59:59-12:00", "0001-01-01T00:00+14:00", "2024-02-30", "0000", "9999", "99999999999999"),
            *("morphine", "0.5 mg/mL", "1 mg/day", "50 mL", "0.2 mg", "00:00 0.4 mg/day", "continuous_it", "T10", "3"),
            *("{}", "[1]", "null", '{"id": 1}', "simple_continuous", "multi_rate", "periodic_bolus", "stopped"),
        ]
    ),
)
FUZZED: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "history": ("referred", "history", ("treatment", "outcome", "start", "end", "detail", "note", "version")),
    "plan": ("assessed", "trial-plan", tuple(PLAN)),
    "start": ("planned", "trial-start", (*START, "version")),
    "implant": ("decided", "implant", tuple(key for key in IMPLANT if key != "serial")),
    "review": ("decided", "prescription-review", ("program", "dose", "bolus", "every", "over", "steps", "cap_day")),
    "sign": ("decided", "prescription-sign", ("prescription", "digest", "version")),
    "refill": ("decided", "refill", (*REFILL, "reading", "others")),
    "close": ("referred", "closing", ("kind", "by", "reason")),
}


@pytest.mark.parametrize("form", sorted(FUZZED))
def test_no_text_makes_a_form_fail(form: str, prescriber: Desk, clinic: dict[str, User]) -> None:
    stage, page, names = FUZZED[form]
    way = STAGES[stage](Way())
    good: dict[str, Any] = {**PLAN, **START, **IMPLANT, **PRESCRIPTION, **REFILL, **HISTORY}
    before = entries(way.chart)

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.dictionaries(st.sampled_from(names), ODD, min_size=1))
    def answers(typed: dict[str, str]) -> None:
        fields = {name: good[name] for name in names if name in good} | typed
        fields.setdefault("version", "-1")  # nothing that is typed here is ever taken
        if fields["version"].strip().isdecimal():
            fields["version"] = "-1"
        assert prescriber.post(f"/patients/{way.chart}/{_PATHS[page]}/", fields).status_code == 422

    answers()
    assert entries(way.chart) == before


_PATHS = {
    "history": "history",
    "trial-plan": "trial/plan",
    "trial-start": "trial/start",
    "implant": "implant",
    "prescription-review": "prescription/review",
    "prescription-sign": "prescription/sign",
    "refill": "refill",
    "closing": "close",
}


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(score=ODD, when=ODD, note=ODD)
@example(score="3", when="9999-12-31T23:59:59-12:00", note="")
@example(score="3", when="0001-01-01T00:00", note="")
@example(score="3", when="0001-01-01T00:00+14:00", note="")
def test_no_text_makes_the_diary_fail(patient: Desk, score: str, when: str, note: str) -> None:
    assert patient.post("/me/", {"score": score, "when": when, "note": note}).status_code in (302, 422)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(fields=st.dictionaries(st.sampled_from([*NEW, "weight", "height", "diagnosis"]), ODD))
def test_no_text_makes_a_new_chart_fail(nurse: Desk, fields: dict[str, str]) -> None:
    assert nurse.post("/patients/new/", {**NEW, **fields}).status_code in (302, 422)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(query=ODD, stage=ODD, page=ODD)
def test_no_text_makes_the_search_fail(nurse: Desk, query: str, stage: str, page: str) -> None:
    assert nurse.get("/patients/", data={"q": query, "stage": stage, "page": page}).status_code == 200
