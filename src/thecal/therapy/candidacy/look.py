"""How checks read a chart: findings with their age, dates that are only partly known, the plan and the opioids.

Times ms UTC, spans in whole days, doses of morphine equivalents as exact rationals (mg/day, for counting alone).
"""

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

from pydantic import BaseModel

from thecal.formulary import Solution
from thecal.quantity import MS_PER_DAY, Refused, decimal_text
from thecal.therapy.candidacy.model import Look, Reading
from thecal.therapy.chart import Chart
from thecal.therapy.conversion.mme import daily_mme
from thecal.therapy.events import FactRecorded
from thecal.therapy.events.facts import SystemicOpioids, TherapyPlan

UNKNOWN = Reading("unknown")


def day(ms: int) -> str:
    """The calendar day (UTC) of a time."""
    return (date(1970, 1, 1) + timedelta(days=ms // MS_PER_DAY)).isoformat()


def said(event: FactRecorded, text: str) -> str:
    """A line of evidence: what, when, and where it was read."""
    return f"{text} ({day(event.meta.at)}); source: {event.source}"


def found[F: BaseModel](look: Look, fact: type[F]) -> tuple[FactRecorded, F] | Reading:
    """The newest finding of a type, or a reading of unknown when there is none or it is too old to count."""
    latest = look.chart.latest(fact, look.now)
    if latest is None:
        return UNKNOWN
    event, _ = latest
    valid = look.rules.get("valid_days", look.check.get("valid_days"))
    age = (look.now - event.meta.at) // MS_PER_DAY
    if valid is not None and age > valid:
        text = said(event, f"{event.fact.topic.replace('_', ' ')} is {age} days old and counts for {valid}")
        return Reading("unknown", (text,), missing="Record it again: the last one is too old.")
    return latest


def absent(event: FactRecorded, present: bool | None, text: str) -> Reading:
    """The reading of a contraindication or caution: met when it was looked for and is absent."""
    if present is None:
        return Reading("unknown", (said(event, f"{text}: not looked for"),))
    return Reading("not_met" if present else "met", (said(event, f"{text}: {'present' if present else 'absent'}"),))


def bounds(text: str) -> tuple[date, date]:
    """The first and last day that a year, month or day may mean."""
    first = date.fromisoformat(text + "0001-01-01"[len(text) :])
    if len(text) == 10:
        return first, first
    following = date(first.year + 1, 1, 1) if len(text) == 4 else (first.replace(day=28) + timedelta(days=4))
    return first, following.replace(day=1) - timedelta(days=1)


def today(now: int) -> date:
    """The calendar day (UTC) of now."""
    return datetime.fromtimestamp(now // 1000, UTC).date()


def united_days(spans: list[tuple[date, date]]) -> int:
    """How many days the union of spans covers, both ends included."""
    days, reach = 0, date.min
    for start, end in sorted(spans):
        first = max(start, reach + timedelta(days=1)) if reach > date.min else start
        if end >= first:
            days += (end - first).days + 1
            reach = end
    return days


def planned(chart: Chart, now: int) -> tuple[str, str, str] | None:
    """Route and solution that are planned or in use, and where that was read; None when nothing is planned."""
    fact = chart.latest(TherapyPlan, now)
    if fact is not None:
        return fact[1].route, fact[1].solution, said(fact[0], "planned")
    if chart.implant is not None:
        solution = chart.refills[-1].solution if chart.refills else chart.implant.solution
        return chart.implant.route, solution, "in the implanted pump"
    plan = chart.plan or (chart.trial.plan if chart.trial else None)
    return None if plan is None else (plan.route, plan.solution, "in the trial plan")


def drugs(solution: str) -> tuple[str, ...]:
    """The drugs of a solution; empty when it cannot be read."""
    try:
        return Solution.parse(solution).drugs
    except Refused:
        return ()


def mme_series(chart: Chart, until: int) -> list[tuple[FactRecorded, Fraction]]:
    """The recorded systemic opioids in morphine equivalents (mg/day), oldest first; for counting, not for converting.

    Days whose drugs cannot be counted are left out.
    """
    series = []
    for event, fact in chart.findings(SystemicOpioids, until):
        try:
            series.append((event, daily_mme(fact.taken).total))
        except Refused:
            continue
    return series


def mme_text(event: FactRecorded, mme: Fraction) -> str:
    """A line of evidence for a systemic opioid."""
    return said(event, f"systemic opioid {decimal_text(mme, 4)} MME/day")


def one(text: str) -> Fraction:
    """A decimal text of a fact as an exact number."""
    return Fraction(text)
