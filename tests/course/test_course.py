"""A course is the whole loop in simulated time: same rules, same pump, same body, and the same bits each time."""

import csv
import json
from fractions import Fraction
from functools import cache
from importlib.resources import files
from io import StringIO
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from thecal.course import Outcome, hourly, read_scenario, run, summarise, to_csv, to_html
from thecal.quantity import MS_PER_DAY, Refused
from thecal.therapy import fold

pytestmark = pytest.mark.xdist_group("course")  # the shipped courses are run once

EXAMPLES = files("thecal.course") / "examples"
SHORT = """
format = 1
title = "A short course"
start = 2026-03-02T06:00:00Z
length = "{days} days"
seed = 3
[patient]
age_years = 61
weight = "75 kg"
pain_nrs = 8
failed = ["physiotherapy", "oral_nsaid", "oral_opioid", "chiropractic", "back_surgery"]
[[step]]
at = "3 days"
do = "trial"
route = "intrathecal"
tip = "T11"
pump = "virtual_external_trial"
solution = "morphine 0.5 mg/mL"
fill = "50 mL"
program = {{ mode = "simple_continuous", dose = "2 mg/day" }}
days = 3
[[step]]
at = "7 days"
do = "decide"
choice = "implant"
reasons = "Relief in the trial."
[[step]]
at = "8 days"
do = "implant"
site = "abdomen"
pump = "virtual_peristaltic_20"
catheter = "flowonix_11823"
trimmed = ["37.5 cm"]
tip = "T10"
solution = "morphine 10 mg/mL"
fill = "18 mL"
program = {{ mode = "simple_continuous", dose = "2 mg/day" }}
"""


def short(days: int = 12) -> str:
    return SHORT.format(days=days)


def course(text: str) -> Outcome:
    return run(read_scenario(text.encode()))


@cache
def shipped(name: str) -> Outcome:
    return run(read_scenario((EXAMPLES / f"{name}.toml").read_bytes()))


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    return course(short())


NAMES = sorted(entry.name.removesuffix(".toml") for entry in EXAMPLES.iterdir() if entry.name.endswith(".toml"))


@pytest.mark.parametrize("name", NAMES)
def test_each_shipped_example_runs_to_its_end(name: str) -> None:
    done = shipped(name)
    summary = summarise(done)
    json.dumps(summary, allow_nan=False)
    assert sum(summary["given_mg"].values()) > 0
    assert all(pump["gaps"] == 0 for pump in summary["pumps"])
    assert "<svg" in to_html(done)


@pytest.mark.parametrize("name", ["epidural-trial-then-implant", "concentration-change-without-bridge"])
def test_an_example_that_goes_on_to_an_implant_has_a_trial_that_passed(name: str) -> None:
    assert summarise(shipped(name))["trial"]["passed"] is True


def test_without_a_bridge_the_old_drug_comes_at_the_new_flow_and_the_table_shows_it() -> None:
    """20 to 8 mg/mL at 3.2 mg/day: 0.4 mL/day of old drug is 8 mg/day until the path of 0.3875 mL has passed."""
    done = shipped("concentration-change-without-bridge")
    dose = hourly(done)["intrathecal_mg"]
    refill = 60 * 24
    before, during = 24 * dose[refill - 48 : refill].mean(), 24 * dose[refill + 2 : refill + 22].mean()
    after = 24 * dose[refill + 48 : refill + 96].mean()
    assert before == pytest.approx(3.2, rel=0.01)
    assert during == pytest.approx(8.0, rel=0.02)
    residual, fill = 11.6 + 1.4 - 11.6, 18.0  # what no needle reaches stays and is blended with the fill
    assert after == pytest.approx(0.4 * (residual * 20 + fill * 8) / (residual + fill), rel=0.02)


def test_the_same_scenario_gives_the_same_bits(outcome: Outcome) -> None:
    again = course(short())
    assert to_csv(again) == to_csv(outcome)
    assert again.chart.to_bytes() == outcome.chart.to_bytes()
    assert to_html(again) == to_html(outcome)


def test_another_seed_gives_another_diary_and_the_same_delivery(outcome: Outcome) -> None:
    other = course(short().replace("seed = 3", "seed = 4"))
    assert other.chart.pain() != outcome.chart.pain()
    assert hourly(other)["intrathecal_mg"].tolist() == hourly(outcome)["intrathecal_mg"].tolist()


def test_the_chart_of_a_course_is_one_that_the_clinic_would_accept(outcome: Outcome) -> None:
    assert outcome.chart.stage == "in_therapy"
    assert fold(outcome.events).to_bytes() == outcome.chart.to_bytes()


def test_what_left_the_reservoir_is_in_the_path_or_has_left_the_tip_to_the_last_femtogram(outcome: Outcome) -> None:
    for _pump, status in outcome.pumps:
        in_path = sum(slug.masses.get("morphine", 0) for slug in status.path)
        assert status.pumped_fg["morphine"] == in_path + status.tip_fg["morphine"]


def test_nothing_leaves_the_tip_before_the_dead_volume_has_passed(outcome: Outcome) -> None:
    dose = hourly(outcome)["intrathecal_mg"]
    implanted = 8 * 24
    path_ml, flow_ml_h = 0.199 + 0.1885, 0.2 / 24
    arrives = implanted + path_ml / flow_ml_h
    assert dose[implanted + 1 : int(arrives)].sum() == 0
    assert dose[int(arrives) + 2 :].min() > 0


def test_the_verdict_of_the_trial_is_the_rule_applied_to_the_diary(outcome: Outcome) -> None:
    trial = outcome.chart.trial
    assert trial is not None
    assert trial.concluded is not None
    start = trial.started.meta.at

    def mean(first: int, days: int) -> Fraction:
        means = []
        for day in range(days):
            lower = first + day * MS_PER_DAY
            scores = [entry.score for entry in outcome.chart.diary if lower <= entry.meta.at < lower + MS_PER_DAY]
            means.append(Fraction(sum(scores), len(scores)))
        return sum(means, Fraction(0)) / len(means)

    baseline, result = mean(start - 3 * MS_PER_DAY, 3), mean(start + 1 * MS_PER_DAY, 2)
    relief = (baseline - result) * 100 / baseline
    assert Fraction(trial.concluded.verdict.relief_pct or "0") == relief
    assert trial.concluded.verdict.passed is (relief >= 50)


def test_the_table_has_one_row_an_hour_and_its_band_is_in_order(outcome: Outcome) -> None:
    rows = list(csv.DictReader(StringIO(to_csv(outcome))))
    assert len(rows) == 12 * 24 + 1
    for row in rows:
        for name in ("csf_tip_ng_ml", "plasma_ng_ml", "pain_nrs"):
            assert 0 <= float(row[f"{name}_low"]) <= float(row[f"{name}_mid"]) <= float(row[f"{name}_high"])


def test_the_report_is_one_file_that_asks_for_nothing_from_outside(outcome: Outcome) -> None:
    html = to_html(outcome)
    for reach in ("src=", "<link", "<script", "@import", "url("):
        assert reach not in html.replace("url(#", "")
    assert "not a cleared medical device" in html


BAD: list[tuple[str, str, str]] = [
    ('dose = "2 mg/day"', "dose = 2", "a number without a unit is refused"),
    ('fill = "18 mL"', 'fill = "18 mg"', "unit of another kind"),
    ('solution = "morphine 10 mg/mL"', 'solution = "morphine 10"', "solution"),
    ('solution = "morphine 10 mg/mL"', 'solution = "unobtainium 10 mg/mL"', "unobtainium"),
    ('tip = "T10"', 'tip = "T13"', "tip"),
    ('pump = "virtual_peristaltic_20"', 'pump = "no-such-pump"', "no-such-pump"),
    ('at = "8 days"', 'at = "5 days"', "earlier"),
    ('choice = "implant"', 'choice = "none"', "declined"),
    ("seed = 3", "seed = -3", "seed"),
    ("format = 1", "format = 2", "format"),
    ("pain_nrs = 8", "pain_nrs = 11", "pain_nrs"),
    ("pain_nrs = 8", "pain_nrs = nan", "pain_nrs"),
    ("seed = 3", "seed = 3\nwhat = 1", "what"),
    ('length = "12 days"', 'length = "12"', "without a unit"),
    ("06:00:00Z", "06:30:00Z", "whole hour"),
]


@pytest.mark.parametrize(("old", "new", "reason"), BAD)
def test_a_bad_scenario_is_refused_with_the_place_and_the_reason(old: str, new: str, reason: str) -> None:
    text = short().replace(old, new)
    assert text != short()
    with pytest.raises(Refused) as caught:
        course(text)
    assert reason in str(caught.value)


def test_a_dose_that_the_pump_cannot_give_names_a_concentration_with_which_it_could() -> None:
    text = short().rstrip().removesuffix('"2 mg/day" }') + '"0.3 mg/day" }\n'
    with pytest.raises(Refused, match=r"6\.25 mg/mL"):  # C = D / Q_min = 0.3 / 0.048
        course(text)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.data())
def test_any_damage_to_a_scenario_file_is_read_or_refused_and_never_crashes(data: st.DataObject) -> None:
    raw = bytearray(short().encode())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(raw) - 1))
        raw[place] = data.draw(st.integers(0, 255))
    try:
        scenario: Any = read_scenario(bytes(raw))
    except Refused as refused:
        assert refused.refusals[0].what
        return
    assert scenario.format == 1


def test_plasma_under_an_intrathecal_pump_stays_far_below_oral_plasma_for_like_relief() -> None:
    pump = shipped("epidural-trial-then-implant").prediction
    oral = shipped("oral-opioid-alone").prediction
    month = slice(-30 * 24, None)
    assert np.mean(pump.pain.mid[month]) <= np.mean(oral.pain.mid[month]) + 1
    assert np.mean(pump.plasma.mid[month]) < np.mean(oral.plasma.mid[month]) / 10
