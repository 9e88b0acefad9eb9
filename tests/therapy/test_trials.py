"""Trials read from a diary and a plan: nothing missing is filled in, every fault is named with its place."""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thecal.quantity import MS_PER_HOUR, Refused
from thecal.therapy import Between
from thecal.therapy import trials as t
from thecal.therapy.events import PassRule

PLAN = b"""
[trial]
method = "continuous_it"
route = "intrathecal"
solution = "morphine 1 mg/mL"
dose = "1 mg/day"
start = "2026-03-04T08:00Z"
days = 3
setting = "inpatient"

[rule]
baseline_days = 2
window_days = 2
min_entries_day = 2
"""
BY_HAND = PLAN.replace(b"continuous_it", b"repeated_single_shot").replace(b'dose = "1 mg/day"', b'shot = "0.2 mg"')
DIARY = b"""time,pain,side_effects,opioid,measures,goal,note
2026-03-02T09:00Z,8,,oxycodone 40 mg,bpi_interference=6.4,,
2026-03-02T18:00Z,8,,,,,
2026-03-03T09:00Z,8,,oxycodone 40 mg,odi=44,,
2026-03-03T18:00Z,8,,,,,
2026-03-04T12:00Z,4,itch=none; nausea=mild,oxycodone 20 mg,,,
2026-03-05T09:00Z,3,nausea=moderate,,,,
2026-03-05T13:00Z,3,,,,,
2026-03-05T17:00Z,3,,,,walk=reached,
2026-03-06T09:00Z,3,nausea=none,,bpi_interference=5.4; odi=40,,
2026-03-06T18:00Z,3,,,,,"slept well, at last"
"""


def analysis(plan: bytes = PLAN, diary: bytes = DIARY) -> t.Analysis:
    return t.analyse(t.read_plan(plan), t.read_diary(diary))


def test_a_trial_is_read_with_all_that_stands_beside_pain() -> None:
    found = analysis()
    assert found.verdict.passed and found.verdict.relief == Between.exactly(Fraction(125, 2))
    reached = {each.id: each.reached for each in found.responders}
    assert reached["moderate_30"] and reached["substantial_50"] and reached["strict_60"]
    assert found.lasting is not None and found.lasting.reached and found.lasting.longest_ms == 8 * MS_PER_HOUR
    interference = next(each for each in found.changes if each.name == "bpi_interference")
    assert interference.better == 1 and [done for _, done in interference.reached] == [True]
    assert found.function_improved and found.goals == (("walk", True),)
    assert found.side_effects == (("nausea", "moderate"), ("itch", "none"))
    assert "respiratory depression" in found.not_asked
    assert found.opioid_before == 60 and [day.mme for day in found.opioids] == [30, None, None]
    assert {"placebo_open", "statistic", "regression", "opioid_withdrawal"} <= {each.code for each in found.warnings}
    assert [watch.end - watch.start for watch in found.watches] == [24 * MS_PER_HOUR]
    assert [each.id for each in found.complications][:2] == ["infection_superficial", "infection_deep"]
    assert found.verdict.missing == () and found.lacks == ("systemic opioid on some days of the trial",)


def test_what_is_missing_is_named_and_never_filled_in() -> None:
    found = analysis(diary=b"time,pain\n2026-03-05T09:00Z,1\n")
    assert found.verdict.passed is None and found.verdict.relief is None
    assert [each.lacking for each in found.verdict.missing] == [2, 2, 1, 2]
    assert {each.reached for each in found.responders} == {None} and all(each.lacks for each in found.responders)
    assert len(found.lacks) == 6
    assert found.function_improved is None and found.opioid_before is None


def test_single_doses_are_read_one_by_one() -> None:
    plan = BY_HAND
    diary = b"""time,pain,side_effects,dose
2026-03-02T09:00Z,8,,
2026-03-02T18:00Z,8,,
2026-03-03T09:00Z,8,,
2026-03-03T18:00Z,8,,
2026-03-04T08:00Z,,,drug
2026-03-04T12:00Z,4,nausea=none,
2026-03-05T08:00Z,,,saline
2026-03-05T12:00Z,8,nausea=none,
2026-03-05T20:00Z,8,,
2026-03-06T08:00Z,,,drug
2026-03-06T12:00Z,5,nausea=none,
2026-03-06T20:00Z,6,,
"""
    reached = {each.id: each.reached for each in analysis(plan, diary).responders}
    assert reached["repeat_30"] and reached["substantial_50"] is False


def test_eight_hours_are_eight_hours_and_a_gap_is_not_relief() -> None:
    hour = MS_PER_HOUR

    def at(*hours: int) -> list[tuple[int, int]]:
        return [(h * hour, 3) for h in hours]

    assert t.lasting_relief(Fraction(8), at(0, 4, 8)).reached
    assert t.lasting_relief(Fraction(8), at(0, 4, 7)).reached is False
    assert t.lasting_relief(Fraction(8), at(0, 8)).reached is None
    assert t.lasting_relief(Fraction(8), [*at(0, 4), (5 * hour, 4), *at(6, 9)]).reached is False
    assert t.lasting_relief(Fraction(8), [(0, 4), (4 * hour, 4), (8 * hour, 4)]).reached is False
    assert t.lasting_relief(Fraction(8), []).reached is None
    with pytest.raises(Refused):
        t.lasting_relief(Fraction(0), at(0))


@pytest.mark.parametrize(
    ("line", "where"),
    [
        (b"2026-03-04T08:00,5", "line 2, time"),
        (b"04/03/2026,5", "line 2, time"),
        (b"2026-03-04T08:00Z,11", "line 2, pain"),
        (b"2026-03-04T08:00Z,-1", "line 2, pain"),
        (b"2026-03-04T08:00Z,5.5", "line 2, pain"),
        (b"2026-03-04T08:00Z,NaN", "line 2, pain"),
        ("2026-03-04T08:00Z,٣".encode(), "line 2, pain"),
        (b"2026-03-04T08:00Z", "line 2"),
        (b'2026-03-04T08:00Z,"5', "line 2"),
    ],
)
def test_a_bad_line_of_a_diary_is_named(line: bytes, where: str) -> None:
    with pytest.raises(Refused) as refused:
        t.read_diary(b"time,pain\n" + line + b"\n")
    assert refused.value.refusals[0].where == where


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("side_effects", "nausea"),
        ("side_effects", "nausea=bad"),
        ("measures", "odi=101"),
        ("measures", "mood=3"),
        ("opioid", "oxycodone"),
        ("opioid", "oxycodone 20"),
        ("goal", "walk=maybe"),
        ("dose", "twice"),
        ("mood", "3"),
        ("time", "3"),
    ],
)
def test_a_bad_cell_is_a_named_refusal(column: str, cell: str) -> None:
    with pytest.raises(Refused) as refused:
        t.read_diary(f"time,{column}\n2026-03-04T08:00Z,{cell}\n".encode())
    assert all(each.code and each.where and each.do for each in refused.value.refusals)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"1 mg/day"', b'"1"'),
        (b'"1 mg/day"', b'"0 mg/day"'),
        (b'"1 mg/day"', b"1.5"),
        (b"days = 3", b"days = 0"),
        (b"days = 3", b"days = 1"),
        (b"days = 3", b'days = "3"'),
        (b"T08:00Z", b"T08:00"),
        (b'"intrathecal"', b'"epidural"'),
        (b'"continuous_it"', b'"hypnosis"'),
        (b"morphine 1 mg/mL", b"morphine 1"),
        (b"window_days = 2", b"window_days = nan"),
        (b"window_days = 2", b"window_hours = 2"),
        (b"[trial]", b"[study]"),
        (b"[rule]", b"[rule"),
        (b'setting = "inpatient"', b"watch_days = 1"),
        (b'setting = "inpatient"', b'risks = "sleep apnoea"'),
        (b'setting = "inpatient"', b'pain = "mild"'),
    ],
)
def test_a_bad_plan_is_a_named_refusal(old: bytes, new: bytes) -> None:
    assert old in PLAN
    with pytest.raises(Refused) as refused:
        t.read_plan(PLAN.replace(old, new))
    assert all(each.code and each.what for each in refused.value.refusals)


@settings(deadline=None)
@given(st.binary(max_size=300) | st.text(max_size=200).map(lambda text: f"time,pain\n{text}".encode(errors="ignore")))
def test_any_bytes_are_a_diary_and_a_plan_or_a_named_refusal(data: bytes) -> None:
    for read in (t.read_diary, t.read_plan):
        try:
            read(data)
        except Refused as refused:
            assert all(each.code for each in refused.refusals)


JUNK = st.one_of(
    st.none(), st.integers(), st.floats(), st.text(), st.booleans(), st.just(2**70), st.lists(st.integers())
)


@settings(deadline=None)
@given(JUNK, JUNK, st.sampled_from([each.name for each in t.instruments()]))
def test_no_sum_of_a_trial_takes_what_is_not_a_number_in_range(first: Any, second: Any, name: str) -> None:
    calls: list[Any] = [
        lambda: t.change(name, first, second),
        lambda: t.roland_morris(first),
        lambda: t.bpi_severity(first, second, 1, 1),
        lambda: t.oswestry_band(first),
        lambda: t.plan_watch("morphine", first, hours=second),
        lambda: t.panel_limit(first, second, "cancer"),
        lambda: t.lasting_relief(first, [(second, 1)]),
        lambda: t.next_step("raphael_steps", first, relieved=False, side_effects=False, since_ms=second),
        lambda: t.read_score(name, first),
        lambda: t.instrument(first),
        lambda: t.escalation(first),
        lambda: t.watch_rule(first),
    ]
    for call in calls:
        try:
            call()
        except Refused as refused:
            assert all(each.code and each.what for each in refused.refusals)


def test_the_rule_of_a_plan_is_the_rule_of_the_chart() -> None:
    plan = t.read_plan(PLAN)
    assert plan.planned.rule == PassRule(baseline_days=2, window_days=2, min_entries_day=2)
