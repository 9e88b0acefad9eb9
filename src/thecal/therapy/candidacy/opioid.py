"""Criteria of opioid preparation and of the drug plan. Morphine equivalents are counted here, never converted."""

from datetime import date

from thecal.formulary import Solution, label_status
from thecal.quantity import MS_PER_DAY, Refused
from thecal.therapy.candidacy.look import UNKNOWN, bounds, found, mme_series, mme_text, planned, said, today
from thecal.therapy.candidacy.mind import agreement
from thecal.therapy.candidacy.model import Look, Reading
from thecal.therapy.events.facts import AdjuvantDecision, LabResult, MedicineList, OffLabelReason


def _trial_start(look: Look) -> int | None:
    return look.chart.trials[0].started.meta.at if look.chart.trials else None


def mme_lower(look: Look) -> Reading:
    """Met when less is taken before the trial than at referral."""
    start = _trial_start(look)
    series = mme_series(look.chart, look.now if start is None else start)
    evidence = tuple(mme_text(*entry) for entry in series)
    if len(series) < 2:
        return Reading("unknown", evidence)
    if series[-1][1] < series[0][1] or series[0][1] == 0:
        return Reading("met", evidence)
    return Reading("unknown" if start is None else "not_met", evidence)


def mme_half(look: Look) -> Reading:
    """Met when the patient agreed to halve the systemic opioids, or has halved them before the trial."""
    agreed = agreement(look)
    start = _trial_start(look)
    series = mme_series(look.chart, look.now if start is None else start)
    evidence = (*agreed.evidence, *(mme_text(*entry) for entry in series))
    halved = len(series) >= 2 and series[-1][1] * 2 <= series[0][1]
    if agreed.status == "met" or halved:
        return Reading("met", evidence)
    late = start is not None and len(series) >= 2
    return Reading("not_met" if late or agreed.status == "not_met" else "unknown", evidence)


def mme_caution(look: Look) -> Reading:
    """A caution when the systemic dose before the implant is high."""
    until = look.chart.implant.meta.at if look.chart.implant is not None else look.now
    series = mme_series(look.chart, until)
    if not series:
        return UNKNOWN
    event, mme = series[-1]
    high = mme >= look.check["at_least"]
    return Reading("not_met" if high else "met", (mme_text(event, mme),))


def age_caution(look: Look) -> Reading:
    """A caution at or below the age."""
    if look.chart.patient is None:
        return UNKNOWN
    now = today(look.now)
    ages = [_age(now, born) for born in bounds(look.chart.patient.birth_date)]
    evidence = (f"born {look.chart.patient.birth_date}: {' or '.join(map(str, sorted(set(ages))))} years old",)
    young = {age <= look.check["at_most"] for age in ages}
    return Reading("unknown" if len(young) == 2 else "not_met" if young == {True} else "met", evidence)


def _age(now: date, born: date) -> int:
    return now.year - born.year - ((now.month, now.day) < (born.month, born.day))


def sedatives(look: Look) -> Reading:
    """Met when the reviewed list holds no sedative; else each one is listed."""
    latest = found(look, MedicineList)
    if isinstance(latest, Reading):
        return latest
    event, fact = latest
    named = [f"{each.name} ({each.drug_class})" for each in fact.active if each.drug_class in look.check["classes"]]
    if not named:
        return Reading("met", (said(event, "no sedative among the medicines"),))
    caution = f"Cut as far as possible before an intrathecal opioid: {', '.join(named)}."
    return Reading("not_met", (said(event, f"taken: {', '.join(named)}"),), caution=caution)


def adjuvants(look: Look) -> Reading:
    """Met when the decision about adjuvants is recorded, whatever it was."""
    latest = found(look, AdjuvantDecision)
    return latest if isinstance(latest, Reading) else Reading("met", (said(latest[0], latest[1].decision),))


def on_label(look: Look) -> Reading:
    """Met when each drug is labelled for the route, or when the off-label reason and the compounder are recorded."""
    plan = planned(look.chart, look.now)
    if plan is None:
        return UNKNOWN
    route, text, where = plan
    try:
        solution = Solution.parse(text)
        findings = label_status(solution, route)
    except Refused as refused:
        return Reading("unknown", (f"{text} {where}",), missing=str(refused))
    evidence = (f"{text}, {route}, {where}", *(finding.refusal.what for finding in findings))
    if any(finding.level == "refuse" for finding in findings):
        return Reading("not_met", evidence)
    if not findings and len(solution.components) == 1:
        return Reading("met", evidence)
    latest = look.chart.latest(OffLabelReason, look.now)
    if latest is None:
        missing = "Off label: record the written reason and the source of sterile compounding."
        return Reading("not_met", evidence, missing=missing)
    event, fact = latest
    evidence = (*evidence, said(event, f"{fact.reason}; compounded by {fact.compounding_source or 'not recorded'}"))
    if fact.compounding_source is None:
        return Reading("not_met", evidence, missing="Record the source of sterile compounding.")
    return Reading("met", evidence, caution="Off label.")


def endocrine(look: Look) -> Reading:
    """Met when any baseline hormone result is recent enough."""
    results = [(e, f) for e, f in look.chart.findings(LabResult, look.now) if f.test in look.check["tests"]]
    if not results:
        return UNKNOWN
    event, fact = results[-1]
    age = (look.now - event.meta.at) // MS_PER_DAY
    evidence = (said(event, f"{fact.test}: {fact.value}"),)
    if age > look.check["valid_days"]:
        return Reading("unknown", evidence, missing="Record it again: the last result is too old.")
    return Reading("met", evidence)
