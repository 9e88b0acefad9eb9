"""Criteria that a trial answers. Relief in per cent, exact; times ms UTC."""

from fractions import Fraction

from thecal.quantity import MS_PER_HOUR, decimal_text
from thecal.therapy.candidacy.look import UNKNOWN, found, one, planned, said
from thecal.therapy.candidacy.model import Look, Reading
from thecal.therapy.chart import Trial
from thecal.therapy.events.facts import AshworthTest, Goal, TherapyPlan, TrialTolerance
from thecal.therapy.trials.lasting import lasting_relief


def _concluded(look: Look) -> Trial | None:
    done = [trial for trial in look.chart.trials if trial.concluded is not None]
    return done[-1] if done else None


def trial_done(look: Look) -> Reading:
    """Met when a trial was concluded, waived when the prescriber set it aside with a reason."""
    evidence = tuple(
        f"{trial.plan.method}, {trial.plan.route}, {trial.plan.days} days: {trial.concluded.verdict.outcome}"
        for trial in look.chart.trials
        if trial.concluded is not None
    )
    if evidence:
        return Reading("met", evidence)
    waived = look.chart.waived_trial
    if waived is None:
        return UNKNOWN
    allowed = look.rules.get("waive_trial", ("advanced cancer with limited survival", "high procedural risk"))
    caution = "" if waived.reason in allowed else "The rule set does not name this reason."
    return Reading("waived_with_reason", (f"{waived.reason}: {waived.words}",), caution=caution)


def same_route(look: Look) -> Reading:
    """Met when the trial took the route that is planned for the treatment."""
    trial = look.chart.trial
    plan = planned(look.chart, look.now) if look.chart.latest(TherapyPlan, look.now) or look.chart.implant else None
    if trial is None or plan is None:
        return UNKNOWN
    evidence = (f"trial {trial.plan.route}", f"treatment {plan[0]}, {plan[2]}")
    return Reading("met" if trial.plan.route == plan[0] else "not_met", evidence)


def trial_relief(look: Look) -> Reading:
    """Met when the relief by the declared statistic reaches the mark, by the rule set's own comparator."""
    trial = _concluded(look)
    if trial is None or trial.concluded is None:
        return UNKNOWN
    verdict = trial.concluded.verdict
    relief, mark = verdict.relief, look.check["pct"]
    if relief is None:
        return Reading("unknown", ("the diary allowed no verdict",))
    more = look.rules.get("trial_comparator", "at_least") == "more_than"
    words = f"{'more than' if more else 'at least'} {mark} %"
    evidence = (f"relief {relief.percent} by the {trial.plan.rule.statistic}; asked for {words}",)
    reached = relief.exceeds(mark) if more else relief.reaches(mark)
    if reached is None:
        return Reading("unknown", evidence, missing=f"Missing diary entries: {'; '.join(map(str, verdict.missing))}.")
    return Reading("met" if reached else "not_met", evidence)


def trial_8h(look: Look) -> Reading:
    """Met when every entry of some window of 8 h or more lies more than half below the baseline."""
    trial = look.chart.trial
    if trial is None:
        return UNKNOWN
    baseline = trial.concluded.verdict.baseline if trial.concluded is not None else None
    if baseline is None:
        return Reading("unknown", ("no baseline is known yet",))
    end = trial.ended if trial.ended is not None else look.now
    entries = [(e.meta.at, e.score) for e in look.chart.diary if trial.started.meta.at <= e.meta.at <= end]
    check = look.check
    span = lasting_relief(
        Fraction(baseline), entries, check["pct"], check["hours"] * MS_PER_HOUR, check["gap_hours"] * MS_PER_HOUR
    )
    hours = decimal_text(Fraction(span.longest_ms, MS_PER_HOUR), 3)
    evidence = (f"longest relief of more than {check['pct']} % without a gap in the diary: {hours} h", *span.reasons)
    return Reading("unknown" if span.reached is None else "met" if span.reached else "not_met", evidence)


def trial_function(look: Look) -> Reading:
    """Met when an agreed goal was reached or interference fell by the point; pain alone does not count."""
    goals = look.chart.findings(Goal, look.now)
    reached = [said(event, f"goal reached: {goal.name}") for event, goal in goals if goal.reached]
    missed = [said(event, f"goal not reached: {goal.name}") for event, goal in goals if goal.reached is False]
    start = look.chart.trials[-1].started.meta.at if look.chart.trials else None
    scores = sorted(
        (each.meta.at, one(each.score))
        for each in look.chart.measures
        if each.instrument == look.check["instrument"] and each.meta.at <= look.now
    )
    before = [score for at, score in scores if start is not None and at < start]
    after = [score for at, score in scores if start is not None and at >= start]
    change = [f"interference {before[-1]} before, {after[-1]} in the trial"] if before and after else []
    evidence = (*reached, *missed, *change)
    if reached or (before and after and before[-1] - after[-1] >= look.check["points"]):
        return Reading("met", evidence)
    return Reading("not_met" if missed or change else "unknown", evidence)


def trial_tolerance(look: Look) -> Reading:
    """Met when the patient accepts the side effects and no severe one is left."""
    severe = [
        f"{each.effect}: severe"
        for each in look.chart.side_effects
        if each.grade == "severe"
        and not any(
            later.effect == each.effect
            and later.meta.at >= each.meta.at
            and (later.resolved or later.grade != "severe")
            for later in look.chart.side_effects
        )
    ]
    latest = found(look, TrialTolerance)
    if isinstance(latest, Reading):
        return Reading("not_met", tuple(severe)) if severe else latest
    event, fact = latest
    text = said(event, f"the patient {'accepts' if fact.accepts else 'does not accept'} the side effects")
    return Reading("met" if fact.accepts and not severe else "not_met", (text, *severe))


def trial_inpatient(look: Look) -> Reading:
    """Met when the trial was run in hospital for long enough."""
    trial = look.chart.trial
    if trial is None or trial.ended is None:
        return UNKNOWN
    hours = Fraction(trial.ended - trial.started.meta.at, MS_PER_HOUR)
    evidence = (f"setting {trial.plan.setting}, {decimal_text(hours, 3)} h",)
    if trial.plan.setting == "unknown":
        return Reading("unknown", evidence)
    return Reading("met" if trial.plan.setting == "inpatient" and hours >= look.check["hours"] else "not_met", evidence)


def placebo(look: Look) -> Reading:
    """A caution when one unblinded dose gave a surprising response."""
    trial = _concluded(look)
    relief = trial.concluded.verdict.relief if trial is not None and trial.concluded is not None else None
    if trial is None or relief is None:
        return UNKNOWN
    blind = trial.plan.blinding != "open" or any(shot.saline and shot.blinded for shot in look.chart.shots)
    evidence = (f"relief {relief.percent}, {trial.plan.method}, {'blinded' if blind else 'open'}",)
    surprising = relief.high > look.check["above_pct"] and trial.plan.method == "single_shot" and not blind
    caution = "Consider a blinded saline arm or a second confirming dose." if surprising else ""
    return Reading("not_met" if surprising else "met", evidence, caution=caution)


def ashworth(look: Look) -> Reading:
    """Met when a small enough test bolus lowered the score by enough for long enough."""
    latest = found(look, AshworthTest)
    if isinstance(latest, Reading):
        return latest
    event, fact = latest
    drop = one(fact.before) - one(fact.after)
    text = f"{fact.dose_mcg} mcg: score {fact.before} to {fact.after} for {fact.hours} h"
    enough = drop >= look.check["drop"] and one(fact.hours) >= look.check["hours"]
    within = fact.dose_mcg <= look.check["most_mcg"]
    return Reading("met" if enough and within else "not_met", (said(event, text),))
