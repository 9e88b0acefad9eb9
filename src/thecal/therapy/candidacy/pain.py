"""Criteria of the pain, its cause, and how long the patient is expected to live."""

from fractions import Fraction

from thecal.quantity import decimal_text
from thecal.therapy.candidacy.look import UNKNOWN, bounds, found, said, today
from thecal.therapy.candidacy.model import Look, Reading
from thecal.therapy.events.facts import (
    PainCourse,
    Pathology,
    Prognosis,
    SpineImaging,
    SurgicalOpinion,
    TumourProgression,
)

DAYS_IN_YEAR = Fraction(1461, 4)


def pathology(look: Look) -> Reading:
    """Met when a diagnosis with evidence explains the pain."""
    latest = found(look, Pathology)
    if isinstance(latest, Reading):
        return latest
    event, fact = latest
    evidence = (said(event, f"{fact.diagnosis}; evidence: {fact.evidence}"),)
    if fact.evidence == "none" or fact.explains_pain is False:
        return Reading("not_met", evidence)
    return Reading("met" if fact.explains_pain else "unknown", evidence)


def pain_duration(look: Look) -> Reading:
    """Met when the pain has lasted, or is expected to last, longer than the days."""
    latest = found(look, PainCourse)
    if isinstance(latest, Reading):
        return latest
    event, fact = latest
    wanted, now = look.check["days"], today(look.now)
    evidence = (said(event, f"onset {fact.onset or 'not recorded'}, expected {fact.expected_days or 'unknown'} days"),)
    if fact.expected_days is not None and fact.expected_days > wanted:
        return Reading("met", evidence)
    if fact.onset is None:
        return Reading("unknown", evidence)
    first, last = bounds(fact.onset)
    if (now - last).days > wanted:
        return Reading("met", evidence)
    short = (now - first).days <= wanted and fact.expected_days is not None
    return Reading("not_met" if short else "unknown", evidence)


def pain_category(look: Look) -> Reading:
    """Met when both the cause and the extent are recorded."""
    latest = look.chart.latest(PainCourse, look.now)
    cause = look.chart.patient.pain_cause if look.chart.patient is not None else "unknown"
    extent = latest[1].extent if latest is not None else None
    evidence = tuple(
        text
        for text in ("" if cause == "unknown" else f"cause: {cause}", f"extent: {extent}" if extent else "")
        if text
    )
    return Reading("met" if len(evidence) == 2 else "unknown", evidence)


def surgical_opinion(look: Look) -> Reading:
    """Met when further corrective surgery is not indicated or was declined."""
    latest = found(look, SurgicalOpinion)
    if isinstance(latest, Reading):
        return latest
    event, fact = latest
    evidence = (said(event, f"further surgery {fact.opinion.replace('_', ' ')}"),)
    if fact.opinion == "undecided":
        return Reading("unknown", evidence)
    return Reading("met" if fact.opinion in ("not_indicated", "declined") else "not_met", evidence)


def life_expectancy(look: Look) -> Reading:
    """Met when the expected survival reaches the months of the rule set; shorter points to an external system."""
    latest = found(look, Prognosis)
    if isinstance(latest, Reading):
        return latest
    event, fact = latest
    months = look.rules.get("life_expectancy_months", look.check["months"])
    expected = fact.days * 12 / DAYS_IN_YEAR
    evidence = (said(event, f"expected survival {fact.days} days, {decimal_text(expected, 3)} months"),)
    if expected >= months:
        return Reading("met", evidence)
    instead = "an external epidural system" if fact.days < 21 else "an external intrathecal system"
    return Reading("not_met", evidence, caution=f"Below {months} months: consider {instead}.")


def encroachment(look: Look) -> Reading:
    """Contraindicated when imaging shows it; unknown without imaging since the last progression of the tumour."""
    latest = found(look, SpineImaging)
    if isinstance(latest, Reading):
        return latest
    event, fact = latest
    progression = look.chart.latest(TumourProgression, look.now)
    seen = "not looked for" if fact.encroachment is None else "present" if fact.encroachment else "absent"
    evidence = (said(event, f"encroachment on the thecal sac: {seen}"),)
    if fact.encroachment:
        return Reading("not_met", evidence)
    if progression is not None and progression[0].meta.at > event.meta.at:
        later = said(progression[0], "the tumour has progressed since")
        return Reading("unknown", (*evidence, later), missing="Image the spine again: the tumour has progressed since.")
    return UNKNOWN if fact.encroachment is None else Reading("met", evidence)
