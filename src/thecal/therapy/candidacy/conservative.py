"""Criteria of care before a pump: what was tried, for how long, and who else looked."""

from datetime import date

from thecal.therapy.candidacy.look import UNKNOWN, bounds, found, said, today, united_days
from thecal.therapy.candidacy.model import Look, Reading
from thecal.therapy.events import HistoryRecorded
from thecal.therapy.events.facts import AntispasticCourse, SpecialistConsult


def history(look: Look) -> Reading:
    """Met when one recorded course has one of the outcomes; not met when none has and the outcomes are known."""
    courses = [fact for fact in look.chart.history if fact.treatment == look.check["treatment"]]
    evidence = tuple(line(fact) for fact in courses)
    if any(fact.outcome in look.check["outcomes"] for fact in courses):
        return Reading("met", evidence)
    known = bool(courses) and all(fact.outcome != "unknown" for fact in courses)
    return Reading("not_met" if known else "unknown", evidence)


def line(fact: HistoryRecorded) -> str:
    """A course of treatment as a line of evidence."""
    span = " to ".join(each for each in (fact.start, fact.end) if each) or "no date"
    parts = (f"{fact.treatment} ({span}): {fact.outcome}", fact.detail, f"source: {fact.source}")
    return "; ".join(part for part in parts if part)


def periods(look: Look) -> Reading:
    """Met when the union of courses surely covers the days, not met when it surely does not."""
    courses = [fact for fact in look.chart.history if fact.treatment in look.check["treatments"]]
    if not courses:
        return UNKNOWN
    sure, possible, whole = list[tuple[date, date]](), list[tuple[date, date]](), True
    for fact in courses:
        if fact.start is None:
            whole = False
            continue
        first, last = bounds(fact.start)
        end = bounds(fact.end) if fact.end is not None else (last, today(look.now))
        whole = whole and fact.end is not None
        possible.append((first, min(end[1], today(look.now))))
        if end[0] >= last:
            sure.append((last, end[0]))
    least, most, wanted = united_days(sure), united_days(possible), look.check["days"]
    evidence = (*(line(fact) for fact in courses), f"between {least} and {most} days on record, {wanted} are asked for")
    if least >= wanted:
        return Reading("met", evidence)
    return Reading("not_met" if whole and most < wanted else "unknown", evidence)


def ladder(look: Look) -> Reading:
    """Met when each step of the ladder has a result and none was adequate; not met when one was adequate."""
    steps = look.site.ladder or tuple(look.check["ladder"])
    evidence, open_steps, relieved = list[str](), list[str](), False
    for step in steps:
        courses = [fact for fact in look.chart.history if fact.treatment == step]
        evidence += [line(fact) for fact in courses]
        relieved = relieved or any(fact.outcome == "adequate" for fact in courses)
        if not any(fact.outcome != "unknown" for fact in courses):
            open_steps.append(step)
    if relieved:
        return Reading("not_met", tuple(evidence))
    if open_steps:
        return Reading("unknown", tuple(evidence), missing=f"Record a result for {', '.join(open_steps)}.")
    return Reading("met", tuple(evidence))


def second_specialist(look: Look) -> Reading:
    """Met when a specialist in the underlying disease sees no other option left."""
    latest = found(look, SpecialistConsult)
    if isinstance(latest, Reading):
        return latest
    event, fact = latest
    evidence = (said(event, f"{fact.specialty.replace('_', ' ')}: {fact.conclusion.replace('_', ' ')}"),)
    if fact.specialty == "other" or fact.conclusion == "undecided":
        return Reading("unknown", evidence, missing="Record a conclusion of a specialist in the underlying disease.")
    return Reading("met" if fact.conclusion == "no_other_option" else "not_met", evidence)


def antispastic(look: Look) -> Reading:
    """Met when oral antispastic drugs were tried for long enough, and physiotherapy, without adequate effect."""
    latest = found(look, AntispasticCourse)
    if isinstance(latest, Reading):
        return latest
    event, fact = latest
    (_, start), (end, last) = bounds(fact.start), bounds(fact.end)
    least, most = (end - start).days + 1, (last - bounds(fact.start)[0]).days + 1
    physio = [each for each in look.chart.history if each.treatment == "physiotherapy"]
    text = f"antispastic drugs {fact.start} to {fact.end}, {least} to {most} days: {fact.outcome}"
    evidence = (said(event, text), *(line(each) for each in physio))
    if fact.outcome == "adequate" or most < look.check["days"]:
        return Reading("not_met", evidence)
    tried = [each.outcome for each in physio]
    if "adequate" in tried:
        return Reading("not_met", evidence)
    if fact.outcome == "unknown" or least < look.check["days"] or set(tried) <= {"unknown"}:
        return Reading("unknown", evidence)
    return Reading("met", evidence)
