"""The trial's rule and its verdict, exactly as declared before the trial began.

A day is 24 h counted from the start: baseline days run backwards from it, the analysis window is the last
``window_days`` of the planned days. Scores are integers 0..10, results exact rationals; nothing missing is filled in.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from thecal.formulary import Solution
from thecal.quantity import MS_PER_DAY, Refusal, Refused, decimal_text
from thecal.therapy.chart import Chart
from thecal.therapy.door import checked
from thecal.therapy.events import SHOTS, PainRecorded, PassRule, TrialPlanned, VerdictRecord

SCORE_MIN, SCORE_MAX = 0, 10


@dataclass(frozen=True, slots=True)
class DiaryDay:
    """One day of a window: its bounds (ms, end not included), its scores, and whether they are enough to count."""

    start: int
    end: int
    scores: tuple[int, ...]
    counts: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """The verdict. ``passed`` is None when the diary does not allow one; ``reasons`` say why, item by item.

    ``baseline`` and ``result`` are scores, ``relief_pct`` is the fall in per cent of the baseline; exact rationals.
    ``relief_low`` and ``relief_high`` bound it by what the missing entries of days that do not count may have been,
    0 to 10 each; when no entry is missing both are ``relief_pct``.
    """

    passed: bool | None
    baseline: Fraction | None
    result: Fraction | None
    relief_pct: Fraction | None
    baseline_days: tuple[DiaryDay, ...]
    window_days: tuple[DiaryDay, ...]
    reasons: tuple[str, ...]
    relief_low: Fraction | None = None
    relief_high: Fraction | None = None
    threshold_pct: int = 0

    @property
    def uncertain(self) -> bool:
        """The entries that are missing could turn the verdict: the threshold lies inside the interval of relief."""
        if self.relief_low is None or self.relief_high is None:
            return False
        return self.relief_low < self.threshold_pct <= self.relief_high

    @property
    def completeness(self) -> tuple[Fraction, Fraction]:
        """The share of days that count, in the baseline and in the analysis window."""
        return _share(self.baseline_days), _share(self.window_days)

    def record(self) -> VerdictRecord:
        """The verdict as an event carries it."""
        return VerdictRecord(
            passed=self.passed,
            baseline=None if self.baseline is None else str(self.baseline),
            result=None if self.result is None else str(self.result),
            relief_pct=None if self.relief_pct is None else str(self.relief_pct),
            relief_low=None if self.relief_low is None else str(self.relief_low),
            relief_high=None if self.relief_high is None else str(self.relief_high),
            baseline_days_counted=sum(day.counts for day in self.baseline_days),
            window_days_counted=sum(day.counts for day in self.window_days),
            reasons=self.reasons,
        )


def plan_refusals(plan: TrialPlanned) -> tuple[Refusal, ...]:
    """What makes a trial plan contradict itself."""
    found = []
    if plan.rule.window_days > plan.days:
        what = f"The analysis window ({plan.rule.window_days} days) is longer than the trial ({plan.days} days)."
        found.append(Refusal("window", what, "rule.window_days", f"Use at most {plan.days} days."))
    if plan.method != "external_long" and (plan.method == "continuous_epidural") != (plan.route == "epidural"):
        what = f"The method {plan.method} does not go with the {plan.route} route."
        found.append(Refusal("route", what, "route", "Choose method and route alike."))
    if plan.shot_fg is not None and (plan.method not in SHOTS or plan.dose_fg_day):
        what = f"A dose by hand does not go with {plan.method} and a dose of {plan.dose_fg_day} fg/day."
        found.append(Refusal("shot", what, "shot_fg", "Plan single doses, or a daily dose by a pump."))
    if plan.dose_fg_day == 0 and plan.shot_fg is None:
        found.append(Refusal("dose", "The trial dose is zero.", "dose_fg_day", "Enter a dose."))
    try:
        Solution.parse(plan.solution)
    except Refused as refused:
        found += refused.refusals
    return tuple(found)


@checked
def judge(rule: PassRule, days: int, started: int, diary: Iterable[PainRecorded], now: int) -> Verdict:
    """The verdict at ``now`` of a trial of ``days`` days that started at ``started`` (ms)."""
    entries = sorted((entry.meta.at, entry.score) for entry in diary if entry.meta.at <= now)
    before = _days(rule, entries, started, rule.baseline_days)
    end = started + days * MS_PER_DAY
    window = _days(rule, entries, end, rule.window_days)
    reasons = [
        f"Rule: {rule.statistic} score, baseline {rule.baseline_days} days, window {rule.window_days} days, "
        f"at least {rule.threshold_pct} % relief, {rule.min_entries_day} entries a day, "
        f"{rule.completeness_pct} % of days."
    ]
    reasons += _thin("baseline", before, rule) + _thin("analysis window", window, rule)
    if now < end - MS_PER_DAY:
        reasons.append("The last day of the analysis window has not begun: no verdict.")
    enough = _enough(before, rule) and _enough(window, rule) and now >= end - MS_PER_DAY
    if not enough:
        return Verdict(None, _score(before, rule), _score(window, rule), None, before, window, tuple(reasons))
    baseline, result = _score(before, rule), _score(window, rule)
    assert baseline is not None, "enough days count, so there is a score"
    assert result is not None, "enough days count, so there is a score"
    if baseline == 0:
        reasons.append("The baseline score is 0: there was no pain that could be relieved, so no verdict.")
        return Verdict(None, baseline, result, None, before, window, tuple(reasons))
    relief = (baseline - result) * 100 / baseline
    passed = relief >= rule.threshold_pct
    reasons.append(
        f"Score {_short(baseline)} before, {_short(result)} in the window: relief {_short(relief)} %, "
        f"{'at or above' if passed else 'below'} the threshold of {rule.threshold_pct} %."
    )
    before_ends, window_ends = _bounds(baseline, before, rule), _bounds(result, window, rule)
    least = (before_ends[0] - window_ends[1]) * 100 / before_ends[0]
    most = (before_ends[1] - window_ends[0]) * 100 / before_ends[1]
    found = Verdict(passed, baseline, result, relief, before, window, tuple(reasons), least, most, rule.threshold_pct)
    return replace(found, reasons=(*found.reasons, *_interval(found)))


def _bounds(score: Fraction, days: Sequence[DiaryDay], rule: PassRule) -> tuple[Fraction, Fraction]:
    """The least and the most that the score of a window can be, were every missing entry 0, or 10."""
    if all(day.counts for day in days):
        return score, score
    ends = (_mean([_filled(day, rule, fill) for day in days]) for fill in (SCORE_MIN, SCORE_MAX))
    least, most = ends
    return min(score, least), max(score, most)


def _filled(day: DiaryDay, rule: PassRule, fill: int) -> Fraction:
    scores = day.scores + (fill,) * max(rule.min_entries_day - len(day.scores), 0)
    return _daily(scores, rule)


def _interval(verdict: Verdict) -> tuple[str, ...]:
    if verdict.relief_low is None or verdict.relief_high is None or verdict.relief_low == verdict.relief_high:
        return ()
    low, high = _short(verdict.relief_low), _short(verdict.relief_high)
    text = f"With the missing entries relief lies between {low} % and {high} %"
    if verdict.uncertain:
        return (
            f"Uncertain: {text[0].lower()}{text[1:]}, and the threshold of {verdict.threshold_pct} % lies in between.",
        )
    return (f"{text}: on the same side of the threshold throughout.",)


@checked
def conclude(chart: Chart, now: int) -> Verdict:
    """The verdict of the chart's latest trial at ``now``. Raises Refused when no trial has started."""
    trial = chart.trial
    if trial is None:
        raise Refused(Refusal("no_trial", "No trial has started.", "trial", "Missing first: a trial."))
    return judge(trial.plan.rule, trial.plan.days, trial.started.meta.at, chart.diary, now)


def _days(rule: PassRule, entries: Sequence[tuple[int, int]], end: int, count: int) -> tuple[DiaryDay, ...]:
    found = []
    for back in range(count, 0, -1):
        start = end - back * MS_PER_DAY
        scores = tuple(score for at, score in entries if start <= at < start + MS_PER_DAY)
        found.append(DiaryDay(start, start + MS_PER_DAY, scores, len(scores) >= rule.min_entries_day))
    return tuple(found)


def _thin(name: str, days: Sequence[DiaryDay], rule: PassRule) -> list[str]:
    thin = sum(not day.counts for day in days)
    if not thin:
        return []
    text = f"{thin} of {len(days)} days of the {name} have fewer than {rule.min_entries_day} entries and do not count"
    return [f"{text}: too few days for a verdict." if not _enough(days, rule) else f"{text}."]


def _share(days: Sequence[DiaryDay]) -> Fraction:
    return Fraction(sum(day.counts for day in days), len(days))


def _enough(days: Sequence[DiaryDay], rule: PassRule) -> bool:
    return any(day.counts for day in days) and _share(days) * 100 >= rule.completeness_pct


def _score(days: Sequence[DiaryDay], rule: PassRule) -> Fraction | None:
    counted = [day.scores for day in days if day.counts]
    if not counted:
        return None
    return _mean([_daily(scores, rule) for scores in counted])


def _daily(scores: tuple[int, ...], rule: PassRule) -> Fraction:
    return Fraction(max(scores)) if rule.statistic == "worst" else Fraction(sum(scores), len(scores))


def _mean(values: Sequence[Fraction]) -> Fraction:
    return sum(values, Fraction(0)) / len(values)


def _short(value: Fraction) -> str:
    return decimal_text(value, 3)
