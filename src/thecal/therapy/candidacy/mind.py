"""Criteria of mind, behaviour and consent."""

from thecal.therapy.candidacy.look import UNKNOWN, absent, drugs, found, planned, said
from thecal.therapy.candidacy.model import Look, Reading
from thecal.therapy.events.facts import Agreement, BehaviouralTherapy, Consent, Goal, PsychEvaluation, SubstanceUse


def psych(look: Look) -> Reading:
    """Met when a recent evaluation finds the patient suitable."""
    latest = found(look, PsychEvaluation)
    if isinstance(latest, Reading):
        return latest
    event, fact = latest
    evidence = (said(event, f"{fact.provider}: {fact.conclusion.replace('_', ' ')}"),)
    if fact.conclusion == "undecided":
        return Reading("unknown", evidence)
    return Reading("met" if fact.conclusion == "suitable" else "not_met", evidence)


def behavioural(look: Look) -> Reading:
    """Met when cognitive, psychological or pain-programme treatment is on record."""
    latest = found(look, BehaviouralTherapy)
    if isinstance(latest, Reading):
        return latest
    return Reading("met", (said(latest[0], latest[1].type.replace("_", " ")),))


def mental_illness(look: Look) -> Reading:
    """Contraindicated while a major mental illness is uncontrolled."""
    latest = found(look, PsychEvaluation)
    if isinstance(latest, Reading):
        return latest
    return absent(latest[0], latest[1].uncontrolled_illness, "uncontrolled major mental illness")


def psychosis(look: Look) -> Reading:
    """A history of psychosis rules out ziconotide, not the pump itself."""
    past = [
        (event, fact)
        for event, fact in look.chart.findings(PsychEvaluation, look.now)
        if fact.psychosis_history is not None
    ]
    if not past:
        return UNKNOWN
    event, fact = next(((e, f) for e, f in past if f.psychosis_history), past[-1])
    if not fact.psychosis_history:
        return absent(event, present=False, text="history of psychosis")
    plan = planned(look.chart, look.now)
    evidence = (said(event, "history of psychosis"),)
    if plan is None or not drugs(plan[1]):
        return Reading("unknown", evidence, caution="Ziconotide is ruled out.", missing="Record the planned drug.")
    if "ziconotide" in drugs(plan[1]):
        return Reading("not_met", (*evidence, f"{plan[1]} {plan[2]}"))
    return Reading("met", (*evidence, f"{plan[1]} {plan[2]}"), caution="Ziconotide is ruled out.")


def substance_use(look: Look) -> Reading:
    """Contraindicated while active and untreated; a caution in remission or under treatment."""
    latest = found(look, SubstanceUse)
    if isinstance(latest, Reading):
        return latest
    event, fact = latest
    evidence = (said(event, f"substance use: {fact.status.replace('_', ' ')}"),)
    if fact.status == "active_untreated":
        return Reading("not_met", evidence)
    return Reading(
        "met", evidence, caution="" if fact.status == "none" else "Dependency in the past or under treatment."
    )


def agreement(look: Look) -> Reading:
    """Met when the patient gave this agreement."""
    given = [
        (event, fact) for event, fact in look.chart.findings(Agreement, look.now) if fact.what == look.check["what"]
    ]
    if not given:
        return UNKNOWN
    event, fact = given[-1]
    text = f"{fact.what.replace('_', ' ')}: {'given' if fact.given else 'refused'}"
    return Reading("met" if fact.given else "not_met", (said(event, text),))


def consent(look: Look) -> Reading:
    """Met when consent is recorded and every refill can be attended."""
    latest = found(look, Consent)
    if isinstance(latest, Reading):
        return latest
    event, fact = latest
    evidence = (said(event, f"consent: {fact.consented}, access to refills: {fact.refill_access}"),)
    if fact.consented is False or fact.refill_access is False:
        return Reading("not_met", evidence)
    return Reading("met" if fact.consented and fact.refill_access else "unknown", evidence)


def goals(look: Look) -> Reading:
    """Met when at least one goal has a value before the trial."""
    named = look.chart.findings(Goal, look.now)
    evidence = tuple(
        said(event, f"{goal.name}: {goal.baseline or 'no value'} before, target {goal.target or 'not set'}")
        for event, goal in named
    )
    return Reading("met" if any(goal.baseline is not None for _, goal in named) else "unknown", evidence)


def shared_decision(look: Look) -> Reading:
    """Met when physician and patient have decided together."""
    decision = look.chart.decision
    if decision is None:
        return UNKNOWN
    discussed = ", ".join(decision.discussed)
    return Reading("met", (f"{decision.physician} and the patient chose {decision.choice}; discussed: {discussed}",))
