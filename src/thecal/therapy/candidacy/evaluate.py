"""The assessment of a chart against a rule set: each criterion by its check, and what is missing next.

Times ms UTC. Rule sets differ and change: they are data with a version, and an assessment names the one it used.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from thecal.quantity import Refusal, Refused
from thecal.therapy.candidacy import conservative, medical, mind, opioid, pain, results
from thecal.therapy.candidacy.model import Assessment, Item, Look, Reading, Site
from thecal.therapy.chart import Chart
from thecal.therapy.door import checked
from thecal.therapy.numbers import whole
from thecal.therapy.reference import cite, load

SITE = Site()


@dataclass(frozen=True, slots=True)
class Ruleset:
    """One rule set as published: the criteria it asks for, excludes by, and takes as alternatives."""

    id: str
    name: str
    version: str
    require: tuple[str, ...]
    exclude: tuple[str, ...]
    alternate: tuple[str, ...]
    available: bool
    source: str
    confirmed: bool
    note: str


def rulesets() -> tuple[str, ...]:
    """The ids of the rule sets there are."""
    return tuple(rules["id"] for rules in load("candidacy")["ruleset"])


def criteria() -> tuple[str, ...]:
    """The ids of all criteria."""
    return tuple(each["id"] for each in load("candidacy")["criterion"])


@checked
def ruleset(ruleset_id: str) -> Ruleset:
    """A rule set by its id. Raises Refused for an unknown one."""
    rules = _rules(ruleset_id)
    return Ruleset(
        id=rules["id"],
        name=rules["name"],
        version=rules["version"],
        require=tuple(rules["require"]),
        exclude=tuple(rules.get("exclude", ())),
        alternate=tuple(rules.get("alternate", ())),
        available=rules.get("available", True),
        source=cite("candidacy", rules["src"]),
        confirmed=rules["confirmed"],
        note=rules.get("note", ""),
    )


@checked
def evaluate(chart: Chart, ruleset: str = "source_document", now: int | None = None, site: Site = SITE) -> Assessment:
    """How each criterion of a rule set stands in this chart at ``now`` (ms; None: its latest event).

    Raises Refused for an unknown rule set.
    """
    rules = _rules(ruleset)
    look = (chart, _now(chart, now), rules, site)
    named = (*rules["require"], *rules.get("alternate", ()), *rules.get("exclude", ()))
    items = tuple(_item(*look, criterion_id) for criterion_id in named)
    safety = tuple(
        _item(*look, each["id"])
        for each in load("candidacy")["criterion"]
        if each["kind"] in ("contraindication", "caution") and each["id"] not in named
    )
    available = rules.get("available", True) and ruleset not in site.closed
    return Assessment(
        ruleset=ruleset,
        name=rules["name"],
        version=rules["version"],
        items=items,
        missing_next=tuple(item.missing for item in items if item.missing),
        advice=_advice(items, safety, available=available),
        safety=safety,
        missing_safety=tuple(item.missing for item in safety if item.missing and item.applies_here is not False),
        available=available,
        source=cite("candidacy", rules["src"]),
        confirmed=rules["confirmed"],
        note=rules.get("note", ""),
    )


@checked
def criterion(
    chart: Chart, criterion_id: str, ruleset: str = "source_document", now: int | None = None, site: Site = SITE
) -> Item:
    """How one criterion stands, read with the thresholds of a rule set. Raises Refused for an unknown one."""
    if criterion_id not in criteria():
        do = f"Use one of {', '.join(criteria())}."
        raise Refused(Refusal("criterion", f"There is no criterion {str(criterion_id)[:60]!r}.", "criterion", do))
    return _item(chart, _now(chart, now), _rules(ruleset), site, criterion_id)


def _rules(ruleset_id: str) -> Mapping[str, Any]:
    rules = next((each for each in load("candidacy")["ruleset"] if each["id"] == ruleset_id), None)
    if rules is None:
        do = f"Use one of {', '.join(rulesets())}."
        raise Refused(Refusal("ruleset", f"There is no rule set {str(ruleset_id)[:60]!r}.", "ruleset", do))
    found: Mapping[str, Any] = rules
    return found


def _now(chart: Chart, now: int | None) -> int:
    if now is not None:
        return whole("now", now)
    return max((event.meta.recorded for event in chart.events), default=0)


def _item(chart: Chart, now: int, rules: Mapping[str, Any], site: Site, criterion_id: str) -> Item:
    data = next(each for each in load("candidacy")["criterion"] if each["id"] == criterion_id)
    check = data["check"]
    reading = CHECKS[check["type"]](Look(chart, now, check, rules, site))
    reading = _waived(chart, criterion_id, reading)
    unknown = reading.status == "unknown"
    return Item(
        criterion=criterion_id,
        statement=data["statement"],
        kind=data["kind"],
        applies=data["applies"],
        status=reading.status,
        evidence=reading.evidence,
        missing=reading.missing or (data["missing"] if unknown else ""),
        source=cite("candidacy", data["src"]),
        confirmed=data["confirmed"],
        note=data.get("note", ""),
        caution=reading.caution,
        applies_here=_applies(chart, data["applies"]),
    )


def _waived(chart: Chart, criterion_id: str, reading: Reading) -> Reading:
    waivers = [waiver for waiver in chart.waivers if waiver.criterion == criterion_id]
    if not waivers or reading.status == "met":
        return reading
    text = f"waived by {waivers[-1].meta.author}: {waivers[-1].reason}"
    return Reading("waived_with_reason", (*reading.evidence, text), reading.caution)


def _applies(chart: Chart, applies: str) -> bool | None:
    if applies in ("all", "spasticity"):
        return applies == "all" or None
    cause = chart.patient.pain_cause if chart.patient is not None else "unknown"
    return None if cause == "unknown" else cause == applies


def _advice(items: tuple[Item, ...], safety: tuple[Item, ...], *, available: bool) -> str:
    words = ("met", "not_met", "unknown", "waived_with_reason")
    counts = {status: sum(item.status == status for item in items) for status in words}
    waived = f", {counts['waived_with_reason']} are waived with a reason" if counts["waived_with_reason"] else ""
    contra = [item for item in (*items, *safety) if item.kind == "contraindication"]
    present = sum(item.status == "not_met" for item in contra)
    open_ = sum(item.status == "unknown" for item in contra)
    closed = "" if available else "This pathway is closed here. "
    return (
        f"{closed}Of {len(items)} criteria {counts['met']} are met on record, {counts['not_met']} are not met and "
        f"{counts['unknown']} are unknown{waived}. Of {len(contra)} contraindications {present} are present and "
        f"{open_} are not known to be absent. Unknown does not count as met. The prescriber concludes."
    )


CHECKS: Mapping[str, Callable[[Look], Reading]] = {
    "history": conservative.history,
    "periods": conservative.periods,
    "ladder": conservative.ladder,
    "second_specialist": conservative.second_specialist,
    "antispastic": conservative.antispastic,
    "pathology": pain.pathology,
    "pain_duration": pain.pain_duration,
    "pain_category": pain.pain_category,
    "surgical_opinion": pain.surgical_opinion,
    "life_expectancy": pain.life_expectancy,
    "encroachment": pain.encroachment,
    "psych": mind.psych,
    "behavioural": mind.behavioural,
    "mental_illness": mind.mental_illness,
    "psychosis": mind.psychosis,
    "substance_use": mind.substance_use,
    "agreement": mind.agreement,
    "consent": mind.consent,
    "goals": mind.goals,
    "shared_decision": mind.shared_decision,
    "mme_lower": opioid.mme_lower,
    "mme_half": opioid.mme_half,
    "mme_caution": opioid.mme_caution,
    "age_caution": opioid.age_caution,
    "sedatives": opioid.sedatives,
    "adjuvants": opioid.adjuvants,
    "on_label": opioid.on_label,
    "endocrine": opioid.endocrine,
    "infection": medical.infection,
    "coagulopathy": medical.coagulopathy,
    "stop_plan": medical.stop_plan,
    "body_size": medical.body_size,
    "implant_depth": medical.implant_depth,
    "anatomy": medical.anatomy,
    "raised_icp": medical.raised_icp,
    "allergy": medical.allergy,
    "other_device": medical.other_device,
    "bone_marrow": medical.bone_marrow,
    "respiratory": medical.respiratory,
    "oedema": medical.oedema,
    "ptm_naive": medical.ptm_naive,
    "formulation": medical.formulation,
    "replacement": medical.replacement,
    "trial_done": results.trial_done,
    "same_route": results.same_route,
    "trial_relief": results.trial_relief,
    "trial_8h": results.trial_8h,
    "trial_function": results.trial_function,
    "trial_tolerance": results.trial_tolerance,
    "trial_inpatient": results.trial_inpatient,
    "placebo": results.placebo,
    "ashworth": results.ashworth,
}
