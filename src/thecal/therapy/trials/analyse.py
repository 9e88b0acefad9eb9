"""A whole trial, read: verdict by the declared rule, responders, lasting relief, function, side effects, opioids.

Times ms UTC; scores, relief and morphine equivalents exact. Nothing missing is filled in; what is not known is named.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from thecal.formulary import PUBLISHED, Solution, drug
from thecal.quantity import MS_PER_DAY, Refusal, Refused
from thecal.therapy.conversion.mme import daily_mme
from thecal.therapy.door import checked
from thecal.therapy.events import SHOTS, OpioidIntake, PainRecorded, stamp
from thecal.therapy.relief import Between
from thecal.therapy.trial import SCORE_MIN, Verdict, judge
from thecal.therapy.trial_advice import warnings as advice
from thecal.therapy.trials.by_hand import dose_findings, too_early
from thecal.therapy.trials.diary import Entry, TrialPlan
from thecal.therapy.trials.instruments import Change, change
from thecal.therapy.trials.lasting import Lasting, lasting_relief
from thecal.therapy.trials.published import Rate, complications, pitfalls, red_flags, side_effect_list
from thecal.therapy.trials.responders import Dose, Responder, Seen, responders
from thecal.therapy.trials.watch import Watch, plan_watch

_CLASSES = {"bupivacaine": "local_anaesthetic", "ropivacaine": "local_anaesthetic"}
_TOXICITY = {"none": 0, "mild": 1, "moderate": 2, "severe": 3}


@dataclass(frozen=True, slots=True)
class OpioidDay:
    """The systemic opioid of one trial day in MME, for counting alone; None when the day holds no entry of it."""

    start: int
    mme: Fraction | None


@dataclass(frozen=True, slots=True)
class Analysis:
    """What the trial showed. ``lacks`` names what is not known; ``side_effects`` the worst grade of each.

    ``watches`` has one for each dose by hand, or one for the infusion.
    """

    verdict: Verdict
    responders: tuple[Responder, ...]
    lasting: Lasting | None
    changes: tuple[Change, ...]
    goals: tuple[tuple[str, bool], ...]
    function_improved: bool | None
    side_effects: tuple[tuple[str, str], ...]
    not_asked: tuple[str, ...]
    red_flags: tuple[str, ...]
    opioid_before: Fraction | None
    opioids: tuple[OpioidDay, ...]
    watches: tuple[Watch, ...]
    complications: tuple[Rate, ...]
    warnings: tuple[Refusal, ...]
    lacks: tuple[str, ...]

    @property
    def watched_until(self) -> int:
        """The latest end of all watches (ms): this one counts."""
        return max(watch.end for watch in self.watches)


@checked
def analyse(plan: TrialPlan, diary: Sequence[Entry], now: int | None = None) -> Analysis:
    """The analysis of a trial at ``now`` (ms; None: after its planned end).

    Raises Refused when the diary holds no entry at all.
    """
    if not diary:
        raise Refused(Refusal("no_entries", "The diary holds no entry.", "diary", "Give at least one entry."))
    planned = plan.planned
    end = plan.start + planned.days * MS_PER_DAY
    at = end if now is None else now
    seen = [entry for entry in diary if entry.at <= at]
    during = [entry for entry in seen if plan.start <= entry.at < end]
    verdict = judge(planned.rule, planned.days, plan.start, _pain(seen), at)
    changes, goals = _changes(plan, seen), _goals(during)
    lasting = _lasting(verdict, during)
    effects = _effects(during)
    before = _before(plan, seen)
    days = _opioid_days(plan, seen, at)
    watches = _watches(plan, seen)
    found = Analysis(
        verdict=verdict,
        responders=responders(_seen(plan, verdict, seen)),
        lasting=lasting,
        changes=changes,
        goals=goals,
        function_improved=_function(changes, goals),
        side_effects=effects,
        not_asked=_not_asked(plan, effects),
        red_flags=_red_flags(during),
        opioid_before=before,
        opioids=days,
        watches=watches,
        complications=complications(planned.method),
        warnings=_warnings(plan, verdict, days, before, watches),
        lacks=(),
    )
    return _with_lacks(found)


def _with_lacks(found: Analysis) -> Analysis:
    lacks = [
        "a verdict: the diary does not allow one" if found.verdict.passed is None else "",
        "a sure verdict: missing entries could turn it" if found.verdict.uncertain else "",
        "function: no goal and no measure before and in the trial" if found.function_improved is None else "",
        "side effects: none was asked for" if not found.side_effects else "",
        "systemic opioid before the trial" if found.opioid_before is None else "",
        "systemic opioid on some days of the trial" if any(day.mme is None for day in found.opioids) else "",
        "whether relief lasted 8 h" if found.lasting is None or found.lasting.reached is None else "",
    ]
    values = {name: getattr(found, name) for name in Analysis.__slots__}
    return Analysis(**(values | {"lacks": tuple(text for text in lacks if text)}))


def _pain(entries: Iterable[Entry]) -> list[PainRecorded]:
    """The diary's pain scores as the events that the rule of the chart reads."""
    made = []
    for index, entry in enumerate(entries):
        if entry.pain is not None:
            meta = stamp(max(entry.at, 0), "diary", "patient", entry.at, index.to_bytes)
            made.append(PainRecorded(meta=meta, score=entry.pain))
    return made


def _changes(plan: TrialPlan, entries: Sequence[Entry]) -> tuple[Change, ...]:
    end = plan.start + plan.planned.days * MS_PER_DAY
    before: dict[str, Fraction] = {}
    after: dict[str, Fraction] = {}
    for entry in entries:
        for name, score in entry.measures:
            if entry.at < plan.start:
                before[name] = score
            elif entry.at < end:
                after[name] = score
    return tuple(change(name, before[name], after[name]) for name in before if name in after)


def _goals(entries: Sequence[Entry]) -> tuple[tuple[str, bool], ...]:
    latest: dict[str, bool] = {}
    for entry in entries:
        latest.update(entry.goals)
    return tuple(latest.items())


def _function(changes: tuple[Change, ...], goals: tuple[tuple[str, bool], ...]) -> bool | None:
    measured = [each for each in changes if each.name not in ("nrs", "vas100", "bpi_severity", "sedation")]
    reached = [mark for each in measured for _, mark in each.reached]
    if any(done for _, done in goals) or any(reached):
        return True
    return False if goals or reached else None


def _lasting(verdict: Verdict, entries: Sequence[Entry]) -> Lasting | None:
    if verdict.baseline is None or verdict.baseline == 0:
        return None
    return lasting_relief(verdict.baseline, [(entry.at, entry.pain) for entry in entries if entry.pain is not None])


def _effects(entries: Sequence[Entry]) -> tuple[tuple[str, str], ...]:
    worst: dict[str, str] = {}
    for entry in entries:
        for name, grade in entry.side_effects:
            if _TOXICITY[grade] >= _TOXICITY.get(worst.get(name, "none"), 0):
                worst[name] = grade
    return tuple(sorted(worst.items(), key=lambda pair: (-_TOXICITY[pair[1]], pair[0])))


def _not_asked(plan: TrialPlan, effects: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    asked = {name.lower() for name, _ in effects}
    wanted = [name for each in _classes(plan) for name in side_effect_list(each)]
    return tuple(name for name in dict.fromkeys(wanted) if name.lower() not in asked)


def _classes(plan: TrialPlan) -> list[str]:
    found = ["procedure"]
    for name in Solution.parse(plan.planned.solution).drugs:
        found.append("opioid" if drug(name).opioid else _CLASSES.get(name, name))
    return list(dict.fromkeys(found))


def _red_flags(entries: Sequence[Entry]) -> tuple[str, ...]:
    flags = {flag.lower() for flag in red_flags()}
    named = [name for entry in entries for name, grade in entry.side_effects if grade != "none"]
    return tuple(dict.fromkeys(name for name in named if name.lower() in flags))


def _before(plan: TrialPlan, entries: Sequence[Entry]) -> Fraction | None:
    if plan.baseline_opioids is not None:
        return daily_mme(plan.baseline_opioids).total
    return _day_mme(entries, plan.start - MS_PER_DAY)


def _day_mme(entries: Sequence[Entry], start: int) -> Fraction | None:
    taken: list[OpioidIntake] = [
        intake for entry in entries if start <= entry.at < start + MS_PER_DAY for intake in entry.opioids
    ]
    return daily_mme(taken).total if taken else None


def _opioid_days(plan: TrialPlan, entries: Sequence[Entry], now: int) -> tuple[OpioidDay, ...]:
    starts = range(plan.start, min(plan.start + plan.planned.days * MS_PER_DAY, now), MS_PER_DAY)
    return tuple(OpioidDay(start, _day_mme(entries, start)) for start in starts)


def _seen(plan: TrialPlan, verdict: Verdict, entries: Sequence[Entry]) -> Seen:
    doses, toxicity = _doses(verdict, plan, entries), _toxicity(plan, entries)
    return Seen(verdict.relief, verdict.points, doses, toxicity, verdict.missing)


def _doses(verdict: Verdict, plan: TrialPlan, entries: Sequence[Entry]) -> tuple[Dose, ...]:
    """Each dose given by hand: relief from the baseline to the lowest score before the next dose, within a day."""
    given = [entry for entry in entries if entry.dose and entry.at >= plan.start]
    found = []
    for index, dose in enumerate(given):
        until = given[index + 1].at if index + 1 < len(given) else dose.at + MS_PER_DAY
        after = [entry for entry in entries if dose.at < entry.at <= min(until, dose.at + MS_PER_DAY)]
        scores = [entry.pain for entry in after if entry.pain is not None]
        graded = [grade for entry in after for _, grade in entry.side_effects]
        effects = any(grade != "none" for grade in graded) if graded else None
        relief = _best(verdict.before, scores, plan.planned.rule.min_entries_day)
        found.append(Dose(relief, effects, dose.dose == "saline"))
    return tuple(found)


def _best(before: Between | None, scores: Sequence[int], asked: int) -> Between | None:
    """Relief to the lowest score after a dose. Fewer scores than asked for: one that is missing may have been 0."""
    if before is None or not scores:
        return None
    lowest = Fraction(min(scores))
    least = lowest if len(scores) >= asked else Fraction(SCORE_MIN)
    return Between(
        (before.low - lowest) * 100 / before.low,
        (before.centre - lowest) * 100 / before.centre,
        (before.high - least) * 100 / before.high,
    )


def _toxicity(plan: TrialPlan, entries: Sequence[Entry]) -> Fraction | None:
    """The fall of the sum of worst grades from before to the trial, in per cent; None when either was not asked."""
    before = _effects([entry for entry in entries if entry.at < plan.start])
    during = _effects([entry for entry in entries if entry.at >= plan.start])
    first = sum(_TOXICITY[grade] for _, grade in before)
    if not before or not during or first == 0:
        return None
    return Fraction((first - sum(_TOXICITY[grade] for _, grade in during)) * 100, first)


def _watches(plan: TrialPlan, entries: Sequence[Entry]) -> tuple[Watch, ...]:
    """The watch after the start and, by hand, after each further dose of the drug."""
    planned = plan.planned
    by_hand = planned.method in SHOTS
    further = [entry.at for entry in entries if by_hand and entry.dose == "drug" and entry.at > plan.start]
    return tuple(
        plan_watch(
            Solution.parse(planned.solution).primary.drug,
            at,
            hours=planned.watch_hours,
            reason=planned.watch_reason,
            risks=plan.risks,
            continuous=not by_hand,
        )
        for at in (plan.start, *further)
    )


def _warnings(
    plan: TrialPlan, verdict: Verdict, days: tuple[OpioidDay, ...], before: Fraction | None, watches: tuple[Watch, ...]
) -> tuple[Refusal, ...]:
    found = list(advice(plan.planned.method, verdict)) if plan.planned.blinding == "open" else []
    known = pitfalls()
    wanted = ["statistic"]
    if plan.planned.rule.baseline_days < 3:
        wanted.append("regression")
    fell = before is not None and any(day.mme is not None and day.mme * 2 <= before for day in days)
    if fell or (before and all(day.mme is None for day in days)):
        wanted.append("opioid_withdrawal")
    found += _by_hand(plan, watches)
    for name in wanted:
        text, source, confirmed = known[name]
        found.append(Refusal(name, text, "trial", "", source, confirmed))
    return tuple(found)


def _by_hand(plan: TrialPlan, watches: tuple[Watch, ...]) -> list[Refusal]:
    """What is to be said of the doses by hand: the dose itself, and each that came before the next was due."""
    planned = plan.planned
    if planned.shot_fg is None:
        return []
    solution = Solution.parse(planned.solution)
    found = [each.refusal for each in dose_findings(solution, planned.route, planned.shot_fg, PUBLISHED)]
    drug_id = solution.primary.drug
    for earlier, later in pairwise(watches):
        refusal = too_early(drug_id, earlier.start, earlier.end, later.start)
        found += [refusal] if refusal is not None else []
    return found
