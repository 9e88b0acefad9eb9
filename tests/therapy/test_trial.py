"""The trial's verdict: by the rule declared before, exact, and none where the diary does not allow one."""

from fractions import Fraction
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from therapy_way import T0, Maker

from thecal.quantity import MS_PER_DAY, MS_PER_HOUR
from thecal.therapy import Between, judge, methods, warnings
from thecal.therapy.events import PainRecorded, PassRule
from thecal.therapy.trials import responses

RULE = PassRule(baseline_days=2, window_days=2, min_entries_day=2, threshold_pct=50, completeness_pct=70)
END = T0 + 3 * MS_PER_DAY


def diary(days: dict[int, list[int]]) -> list[PainRecorded]:
    """Scores by day counted from the start of the trial, each day's entries from its second hour on."""
    maker = Maker()
    return [
        maker.pain(score, T0 + day * MS_PER_DAY + (hour + 1) * MS_PER_HOUR)
        for day, scores in days.items()
        for hour, score in enumerate(scores)
    ]


def test_mean_relief_by_hand() -> None:
    # before: (8 + 6)/2 = 7 and (9 + 9 + 6)/3 = 8, mean 7.5; after: (3 + 4)/2 = 3.5 and (4 + 4)/2 = 4, mean 3.75
    verdict = judge(RULE, 3, T0, diary({-2: [8, 6], -1: [9, 9, 6], 1: [3, 4], 2: [4, 4]}), END)
    assert (verdict.baseline, verdict.result) == (Fraction(15, 2), Fraction(15, 4))
    assert verdict.relief is not None and verdict.relief.centre == 50
    assert verdict.passed is True


def test_one_point_less_relief_fails() -> None:
    verdict = judge(RULE, 3, T0, diary({-2: [8, 6], -1: [9, 9, 6], 1: [3, 4], 2: [4, 5]}), END)
    assert verdict.relief is not None and verdict.relief.centre == Fraction(140, 3)
    assert verdict.passed is False
    assert "46.7 %" in verdict.reasons[-1]


def test_the_worst_of_each_day_is_another_statistic() -> None:
    entries = diary({-2: [8, 2], -1: [8, 2], 1: [7, 0], 2: [7, 0]})
    mean = judge(RULE, 3, T0, entries, END)
    assert mean.relief is not None and mean.relief.centre == 30
    worst = judge(RULE.model_copy(update={"statistic": "worst"}), 3, T0, entries, END)
    assert worst.relief is not None and worst.relief.centre == Fraction(25, 2)


@pytest.mark.parametrize("thin", [-2, -1, 1, 2])
def test_a_day_with_too_few_entries_does_not_count_and_too_few_days_give_no_verdict(thin: int) -> None:
    days = {-2: [8, 8], -1: [8, 8], 1: [2, 2], 2: [2, 2]}
    verdict = judge(RULE, 3, T0, diary(days | {thin: [8]}), END)
    assert verdict.passed is None and verdict.relief is None
    assert any("too few days for a verdict" in reason for reason in verdict.reasons)
    loose = RULE.model_copy(update={"completeness_pct": 50})
    assert judge(loose, 3, T0, diary(days | {thin: [8]}), END).passed is True


def test_without_a_missing_entry_the_interval_of_relief_is_the_relief() -> None:
    verdict = judge(RULE, 3, T0, diary({-2: [8, 6], -1: [9, 9, 6], 1: [3, 4], 2: [4, 4]}), END)
    assert verdict.relief == Between.exactly(Fraction(50)) and not verdict.uncertain and verdict.missing == ()


def test_missing_entries_make_relief_an_interval_and_a_verdict_that_they_could_turn_is_uncertain() -> None:
    loose = RULE.model_copy(update={"completeness_pct": 50})
    days = {-2: [8, 8], -1: [8, 8], 1: [2, 2], 2: [2]}
    verdict = judge(loose, 3, T0, diary(days), END)
    assert verdict.relief == Between(Fraction(50), Fraction(75), Fraction(325, 4))
    assert verdict.points == Between(Fraction(4), Fraction(6), Fraction(13, 2))
    assert verdict.passed and not verdict.uncertain and "on the same side" in verdict.reasons[-1]
    strict = loose.model_copy(update={"threshold_pct": 60})
    verdict = judge(strict, 3, T0, diary(days), END)
    assert verdict.passed and verdict.uncertain and verdict.reasons[-2].startswith("Uncertain")
    record = verdict.record()
    assert (record.relief_low, record.relief_pct, record.relief_high) == ("50", "75", "325/4")
    assert record.relief == verdict.relief and record.outcome == "passed, uncertain" and not record.surely_passed
    (missing,) = record.missing
    assert (missing.window, missing.start, missing.lacking) == ("analysis window", T0 + 2 * MS_PER_DAY, 1)
    assert str(missing) in verdict.reasons[-1] and "1 entry of the day from 2026-03-06 10:30 UTC" in str(missing)


def test_an_uncertain_verdict_may_fail_by_its_rule_and_is_as_uncertain() -> None:
    loose = RULE.model_copy(update={"completeness_pct": 50})
    verdict = judge(loose, 3, T0, diary({-2: [8, 8], -1: [8, 8], 1: [5, 5], 2: [1]}), END)
    assert verdict.record().outcome == "not passed, uncertain"
    thin = judge(RULE, 3, T0, diary({-2: [8, 8], -1: [8], 1: [5, 5], 2: [1]}), END).record()
    assert (thin.outcome, thin.uncertain, thin.relief) == ("no verdict", False, None)
    assert [each.lacking for each in thin.missing] == [1, 1]


@given(
    st.dictionaries(st.integers(-2, 2), st.lists(st.integers(0, 10), max_size=3)),
    st.sampled_from(["mean", "worst"]),
    st.integers(0, 10),
)
def test_whatever_the_missing_entries_were_relief_lies_in_the_interval(
    days: dict[int, list[int]], statistic: str, fill: int
) -> None:
    loose = RULE.model_copy(update={"completeness_pct": 1, "statistic": statistic})
    verdict = judge(loose, 3, T0, diary(days), END)
    relief = verdict.relief
    if relief is None:
        return
    assert relief.low <= relief.centre <= relief.high
    whole = {day: days.get(day, []) + [fill] * max(2 - len(days.get(day, [])), 0) for day in (-2, -1, 1, 2)}
    filled = judge(loose, 3, T0, diary(whole), END)
    if filled.relief is not None:
        assert not filled.relief.open and relief.low <= filled.relief.centre <= relief.high
        assert verdict.uncertain or verdict.passed == filled.passed


def test_a_trial_that_ends_early_has_no_verdict() -> None:
    days = {-2: [8, 8], -1: [8, 8], 0: [0, 0], 1: [0, 0]}
    loose = RULE.model_copy(update={"completeness_pct": 50})
    verdict = judge(loose, 3, T0, diary(days), T0 + 2 * MS_PER_DAY - 1)
    assert verdict.passed is None
    assert any("has not begun" in reason for reason in verdict.reasons)


def test_an_entry_at_the_instant_of_the_start_belongs_to_the_trial_and_not_to_the_baseline() -> None:
    maker, days = Maker(), {-2: [8, 8], -1: [8, 8], 1: [4, 4], 2: [4, 4]}
    edge = [maker.pain(0, T0), maker.pain(0, T0 + 3 * MS_PER_DAY), maker.pain(8, T0 - 2 * MS_PER_DAY)]
    verdict = judge(RULE, 3, T0, diary(days) + edge, END)
    assert verdict.baseline_days[0].scores == (8, 8, 8) and verdict.baseline_days[1].scores == (8, 8)
    assert verdict.window_days[1].scores == (4, 4)


def test_without_pain_before_there_is_nothing_to_relieve() -> None:
    verdict = judge(RULE, 3, T0, diary({-2: [0, 0], -1: [0, 0], 1: [0, 0], 2: [0, 0]}), END)
    assert verdict.passed is None and verdict.baseline == 0


def test_entries_after_the_conclusion_and_outside_the_windows_change_nothing() -> None:
    days = {-2: [8, 8], -1: [8, 8], 1: [4, 4], 2: [4, 4]}
    one = judge(RULE, 3, T0, diary(days), END)
    two = judge(RULE, 3, T0, diary(days | {-3: [0, 0], 0: [10, 10], 3: [10, 10]}), END)
    assert (one.passed, one.relief) == (two.passed, two.relief) == (True, Between.exactly(Fraction(50)))


@given(
    st.dictionaries(st.integers(-3, 3), st.lists(st.integers(0, 10), max_size=5)),
    st.integers(1, 100),
    st.randoms(use_true_random=False),
)
def test_a_verdict_agrees_with_its_numbers_in_any_order_of_entries(
    days: dict[int, list[int]], threshold: int, random: Random
) -> None:
    entries = diary(days)
    rule = RULE.model_copy(update={"threshold_pct": threshold})
    verdict = judge(rule, 3, T0, entries, END)
    random.shuffle(entries)
    assert judge(rule, 3, T0, entries, END) == verdict
    if verdict.passed is None:
        assert verdict.relief is None
    else:
        assert verdict.relief is not None and verdict.passed == (verdict.relief.centre >= threshold)
        assert verdict.baseline and verdict.result is not None
        assert verdict.relief.centre == 100 * (1 - verdict.result / verdict.baseline)
    assert verdict.record().passed == verdict.passed


def test_a_trial_carries_the_placebo_warning_with_the_published_figures() -> None:
    (warning,) = warnings("continuous_it")
    assert "0.91 (SD 1.3) vs 5.1 (SD 1.9)" in warning.what and "raphael" not in warning.source
    assert "Placebo-controlled single blind study" in warning.source
    great = judge(RULE, 3, T0, diary({-2: [9, 9], -1: [9, 9], 1: [1, 1], 2: [1, 1]}), END)
    assert [each.code for each in warnings("single_shot", great)] == ["placebo_open", "surprising_response"]
    assert [(each.pct, each.reached) for each in responses(great.record())] == [(30, True), (50, True)]
    assert {each.method for each in methods()} >= {"single_shot", "continuous_epidural", "continuous_it"}
