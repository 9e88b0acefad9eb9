"""Criteria that a trial answers: relief as an interval, duration, function, tolerance, setting, surprise and waiver."""

from typing import Any

from candidacy_way import BY_TRIAL, MORPHINE, registered, status
from therapy_way import T0, Maker

from thecal.quantity import MS_PER_DAY, MS_PER_HOUR
from thecal.therapy import Chart, append
from thecal.therapy import events as ev
from thecal.therapy.candidacy import criterion
from thecal.therapy.events import facts as f


def _plan(maker: Maker, **plan: Any) -> ev.TrialPlanned:
    return maker.plan_by_hand(**plan) if plan.get("method") in ev.SHOTS else maker.plan(**plan)


def after_trial(setting: str = "inpatient", scores: tuple[int, ...] = (3,), **plan: Any) -> tuple[Chart, Maker]:
    chart, maker = registered()
    for hours in range(0, 72, 4):
        maker.now = T0 + hours * MS_PER_HOUR
        chart = append(chart, maker.pain(8))
    maker.now = T0 + 3 * MS_PER_DAY
    chart = append(append(chart, maker.review()), _plan(maker, setting=setting, **plan))
    if plan.get("method") in ev.SHOTS:
        chart = append(chart, maker.injected())
    else:
        order = maker.written()
        chart = append(append(chart, order), maker.step(ev.PrescriptionSent, order.digest, "nurse"))
        chart = append(chart, maker.started(order.digest))
    start = maker.now
    for index, hours in enumerate(range(0, 72, 4)):
        maker.now = start + hours * MS_PER_HOUR
        chart = append(chart, maker.pain(scores[index % len(scores)]))
    maker.now = start + 3 * MS_PER_DAY
    return append(chart, maker.concluded(chart)), maker


def test_the_criteria_of_the_trial_read_its_verdict_diary_and_setting() -> None:
    empty, _ = registered()
    for name in sorted(BY_TRIAL):
        assert status(empty, name) == "unknown", name
    chart, maker = after_trial()
    for name in (
        "trial_done",
        "trial_pain_50",
        "trial_pain_50_8h",
        "trial_inpatient_1_2_days",
        "trial_not_placebo_only",
    ):
        assert status(chart, name) == "met", name
    for name in ("trial_function", "trial_side_effects", "trial_same_route", "shared_decision"):
        assert status(chart, name) == "unknown", name
    tolerated = maker.make(ev.FactRecorded, fact=f.TrialTolerance(accepts=True))
    goal = maker.make(ev.FactRecorded, fact=f.Goal(name="walk", baseline="5", reached=True))
    route = maker.make(ev.FactRecorded, fact=MORPHINE)
    for event in (tolerated, goal, route, maker.decided()):
        chart = append(chart, event)
    for name in sorted(BY_TRIAL):
        assert status(chart, name) == "met", name
    other = maker.make(ev.FactRecorded, fact=f.TherapyPlan(route="epidural", solution="morphine 10 mg/mL"))
    assert status(append(chart, other), "trial_same_route") == "not_met"
    severe = maker.make(ev.SideEffectRecorded, effect="nausea", grade="severe")
    bad = append(chart, severe)
    assert status(bad, "trial_side_effects") == "not_met"
    over = maker.make(ev.SideEffectRecorded, effect="nausea", grade="severe", resolved=True)
    assert status(append(bad, over), "trial_side_effects") == "met"


def test_a_weak_trial_at_home_meets_none_of_its_criteria() -> None:
    chart, maker = after_trial("home", (6, 3))
    for name in ("trial_pain_50", "trial_pain_50_8h", "trial_inpatient_1_2_days"):
        assert status(chart, name) == "not_met", name
    missed = maker.make(ev.FactRecorded, fact=f.Goal(name="walk", reached=False))
    refused = maker.make(ev.FactRecorded, fact=f.TrialTolerance(accepts=False))
    chart = append(append(chart, missed), refused)
    assert status(chart, "trial_function") == status(chart, "trial_side_effects") == "not_met"


def test_interference_that_falls_by_a_point_is_function() -> None:
    chart, maker = after_trial()
    start = chart.trials[0].started.meta.at
    for score, at in (("6.4", start - 1), ("5.4", start + 1)):
        chart = append(chart, maker.make(ev.MeasureRecorded, "patient", at, instrument="bpi_interference", score=score))
    assert status(chart, "trial_function") == "met"
    worse = maker.make(ev.MeasureRecorded, "patient", start + 2, instrument="bpi_interference", score="5.5")
    assert status(append(chart, worse), "trial_function") == "not_met"


def test_50_per_cent_is_enough_for_at_least_and_not_for_more_than() -> None:
    chart, _ = after_trial(scores=(4,))
    assert status(chart, "trial_pain_50", "aetna_0161") == "met"
    assert status(chart, "trial_pain_50", "evicore_cmm210") == "not_met"


def test_relief_that_missing_entries_could_turn_is_unknown_and_names_them() -> None:
    rule = ev.PassRule(baseline_days=3, window_days=2, min_entries_day=7, completeness_pct=1, threshold_pct=50)
    chart, maker = registered()
    for hours in range(0, 72, 3):
        maker.now = T0 + hours * MS_PER_HOUR
        chart = append(chart, maker.pain(8))
    maker.now = T0 + 3 * MS_PER_DAY
    for event in (maker.review(), maker.plan_by_hand(rule=rule), maker.injected()):
        chart = append(chart, event)
    start = maker.now
    for hours in (*range(24, 48, 3), 50, 54):
        maker.now = start + hours * MS_PER_HOUR
        chart = append(chart, maker.pain(3))
    maker.now = start + 3 * MS_PER_DAY
    chart = append(chart, maker.concluded(chart))
    item = criterion(chart, "trial_pain_50", "aetna_0161")
    assert item.status == "unknown" and "5 entries of the day from" in item.missing
    assert any("relief 62.5 % (" in text for text in item.evidence)
    assert any("passed, uncertain" in text for text in criterion(chart, "trial_done").evidence)


def test_a_surprising_response_to_one_open_dose_is_a_caution() -> None:
    chart, _ = after_trial(scores=(1,), method="single_shot")
    item = criterion(chart, "trial_not_placebo_only")
    assert (item.status, item.words) == ("not_met", "caution: present") and "saline arm" in item.caution
    blinded, _ = after_trial(scores=(1,), method="single_shot", blinding="saline_arm")
    assert status(blinded, "trial_not_placebo_only") == "met"


def test_a_waived_trial_stands_as_waived_and_leads_to_the_decision() -> None:
    chart, maker = registered()
    chart = append(chart, maker.review())
    waived = maker.make(
        ev.TrialWaived, "prescriber", reason="advanced cancer with limited survival", words="Weeks to live."
    )
    chart = append(chart, waived)
    assert chart.stage == "decision"
    item = criterion(chart, "trial_done", "evicore_cmm210")
    assert (item.status, item.words) == ("waived_with_reason", "waived with a reason")
    assert append(chart, maker.decided()).decision is not None
