"""The trial's rule and its verdict, exactly as declared before the trial began.

A day is 24 h counted from the start: baseline days run backwards from it, the analysis window is the last
``window_days`` of the planned days. Scores are integers 0..10, results exact rationals; nothing missing is filled in.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

from thecal.formulary import Solution
from thecal.quantity import MS_PER_DAY, Refusal, Refused, decimal_text
from thecal.therapy.chart import Chart
from thecal.therapy.door import TIME_MAX, checked
from thecal.therapy.events import SHOTS, MissingEntries, PainRecorded, PassRule, TrialPlanned, VerdictRecord
from thecal.therapy.relief import Between

SCORE_MIN, SCORE_MAX = 0, 10
DAYS_MAX = 365


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

    ``baseline`` and ``result`` are scores from the days that count, ``before`` and ``after`` the same with what the
    missing entries of the other days may have been, 0 to 10 each. Exact rationals.
    """

    passed: bool | None
    baseline: Fraction | None
    result: Fraction | None
    baseline_days: tuple[DiaryDay, ...]
    window_days: tuple[DiaryDay, ...]
    missing: tuple[MissingEntries, ...]
    reasons: tuple[str, ...]
    threshold_pct: int
    before: Between | None = None
    after: Between | None = None

    @property
    def relief(self) -> Between | None:
        """The fall in per cent of the baseline; None without a verdict."""
        if self.before is None or self.after is None:
            return None
        before, after = self.before, self.after
        return Between(
            (before.low - after.high) * 100 / before.low,
            (before.centre - after.centre) * 100 / before.centre,
            (before.high - after.low) * 100 / before.high,
        )

    @property
    def points(self) -> Between | None:
        """The fall in points of the scale; None without a verdict."""
        if self.before is None or self.after is None:
            return None
        before, after = self.before, self.after
        return Between(before.low - after.high, before.centre - after.centre, before.high - after.low)

    @property
    def uncertain(self) -> bool:
        """The entries that are missing could turn the verdict: the threshold lies inside the interval of relief."""
        return self.relief is not None and self.relief.reaches(self.threshold_pct) is None

    @property
    def completeness(self) -> tuple[Fraction, Fraction]:
        """The share of days that count, in the baseline and in the analysis window."""
        return _share(self.baseline_days), _share(self.window_days)

    def record(self) -> VerdictRecord:
        """The verdict as an event carries it."""
        relief = self.relief
        return VerdictRecord(
            passed=self.passed,
            uncertain=self.uncertain,
            baseline=None if self.baseline is None else str(self.baseline),
            result=None if self.result is None else str(self.result),
            relief_pct=None if relief is None else str(relief.centre),
            relief_low=None if relief is None else str(relief.low),
            relief_high=None if relief is None else str(relief.high),
            baseline_days_counted=sum(day.counts for day in self.baseline_days),
            window_days_counted=sum(day.counts for day in self.window_days),
            missing=self.missing,
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
    found += _by_hand(plan) if plan.method in SHOTS else _by_pump(plan)
    try:
        Solution.parse(plan.solution)
    except Refused as refused:
        found += refused.refusals
    return tuple(found)


def _by_hand(plan: TrialPlanned) -> list[Refusal]:
    found = []
    if plan.shot_fg is None or plan.dose_fg_day:
        what = f"The method {plan.method} gives single doses by hand."
        found.append(Refusal("shot", what, "shot_fg", "Enter the mass of one dose, and no daily dose."))
    if plan.pump_profile is not None or plan.path_nl:
        what = f"The method {plan.method} has neither pump nor tubing."
        found.append(Refusal("no_pump_by_hand", what, "pump_profile", "Name no pump and no volume of tubing."))
    return found


def _by_pump(plan: TrialPlanned) -> list[Refusal]:
    found = []
    if plan.shot_fg is not None:
        what = f"A dose by hand does not go with {plan.method}."
        found.append(Refusal("shot", what, "shot_fg", "Plan single doses, or a daily dose by a pump."))
    elif plan.dose_fg_day == 0:
        found.append(Refusal("dose", "The trial dose is zero.", "dose_fg_day", "Enter a dose."))
    if plan.pump_profile is None:
        what = f"The method {plan.method} needs a pump."
        found.append(Refusal("pump", what, "pump_profile", "Name the external pump."))
    return found


@checked
def judge(rule: PassRule, days: int, started: int, diary: Iterable[PainRecorded], now: int) -> Verdict:
    """The verdict at ``now`` of a trial of ``days`` days that started at ``started`` (ms).

    Raises Refused for a start that no calendar has and for more days than a trial may take.
    """
    if started >= TIME_MAX - DAYS_MAX * MS_PER_DAY or not 1 <= days <= DAYS_MAX:
        what = f"{days} days from {started} ms are no trial."
        raise Refused(Refusal("span", what, "judge", f"1 to {DAYS_MAX} days, from a time before the year 9987."))
    entries = sorted((entry.meta.at, entry.score) for entry in diary if entry.meta.at <= now)
    before = _days(rule, entries, started, rule.baseline_days)
    end = started + days * MS_PER_DAY
    window = _days(rule, entries, end, rule.window_days)
    reasons = [
        f"Rule: {rule.statistic} score, baseline {_many(rule.baseline_days)}, window {_many(rule.window_days)}, "
        f"at least {rule.threshold_pct} % relief, {rule.min_entries_day} entries a day, "
        f"{rule.completeness_pct} % of days."
    ]
    reasons += _thin("baseline", before, rule) + _thin("analysis window", window, rule)
    if now < end - MS_PER_DAY:
        reasons.append("The last day of the analysis window has not begun: no verdict.")
    missing = (*_missing("baseline", before, rule), *_missing("analysis window", window, rule))
    baseline, result = _score(before, rule), _score(window, rule)
    found = Verdict(None, baseline, result, before, window, missing, tuple(reasons), rule.threshold_pct)
    enough = _enough(before, rule) and _enough(window, rule) and now >= end - MS_PER_DAY
    if not enough or baseline is None or result is None:
        return found
    if baseline == 0:
        what = "The baseline score is 0: there was no pain that could be relieved, so no verdict."
        return replace(found, reasons=(*reasons, what))
    found = replace(found, before=_bounds(baseline, before, rule), after=_bounds(result, window, rule))
    relief = found.relief
    assert relief is not None, "both scores are there"
    passed = relief.centre >= rule.threshold_pct
    reasons.append(
        f"Score {_short(baseline)} before, {_short(result)} in the window: relief {_short(relief.centre)} %, "
        f"{'at or above' if passed else 'below'} the threshold of {rule.threshold_pct} %."
    )
    return replace(found, passed=passed, reasons=(*reasons, *_interval(found, relief)))


def _bounds(score: Fraction, days: Sequence[DiaryDay], rule: PassRule) -> Between:
    """The score of a window with the least and the most that it can be, were every missing entry 0, or 10."""
    if all(day.counts for day in days):
        return Between.exactly(score)
    least, most = (_mean([_filled(day, rule, fill) for day in days]) for fill in (SCORE_MIN, SCORE_MAX))
    return Between(min(score, least), score, max(score, most))


def _missing(
    window: Literal["baseline", "analysis window"], days: Sequence[DiaryDay], rule: PassRule
) -> list[MissingEntries]:
    return [
        MissingEntries(window=window, start=day.start, lacking=rule.min_entries_day - len(day.scores))
        for day in days
        if not day.counts
    ]


def _filled(day: DiaryDay, rule: PassRule, fill: int) -> Fraction:
    scores = day.scores + (fill,) * max(rule.min_entries_day - len(day.scores), 0)
    return _daily(scores, rule)


def _interval(verdict: Verdict, relief: Between) -> tuple[str, ...]:
    if not relief.open:
        return ()
    text = f"With the missing entries relief lies between {_short(relief.low)} % and {_short(relief.high)} %"
    if verdict.uncertain:
        between = f"{text[0].lower()}{text[1:]}, and the threshold of {verdict.threshold_pct} % lies in between"
        return (f"Uncertain: {between}.", f"Missing: {'; '.join(map(str, verdict.missing))}.")
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


def _many(days: int) -> str:
    return "1 day" if days == 1 else f"{days} days"


def _short(value: Fraction) -> str:
    return decimal_text(value, 3)
