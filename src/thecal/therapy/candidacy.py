"""Candidacy: what speaks for the criteria of a rule set in this chart, and what is not known yet.

It lists evidence; a clinician decides. A criterion without evidence is unknown, and unknown is never met.
Criteria and rule sets are data (data/candidacy.toml); each names the check here that reads the chart for it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from thecal.quantity import Refusal, Refused
from thecal.therapy.chart import Chart
from thecal.therapy.events import CriterionSnapshot, HistoryRecorded, Status
from thecal.therapy.reference import cite, load

type Reading = tuple[Status, tuple[str, ...]]
"""How a criterion stands, and the evidence that it rests on."""


@dataclass(frozen=True, slots=True)
class Item:
    """One criterion: how it stands, on what evidence, and what is missing (empty when nothing is)."""

    criterion: str
    statement: str
    kind: str
    applies: str
    status: Status
    evidence: tuple[str, ...]
    missing: str
    source: str
    confirmed: bool
    note: str = ""


@dataclass(frozen=True, slots=True)
class Assessment:
    """All criteria of one rule set, with what to record next. ``advice`` counts; it never concludes."""

    ruleset: str
    name: str
    version: str
    items: tuple[Item, ...]
    missing_next: tuple[str, ...]
    advice: str

    def snapshot(self) -> tuple[CriterionSnapshot, ...]:
        """How the criteria stood, as a review event carries it."""
        return tuple(
            CriterionSnapshot(
                criterion=item.criterion, status=item.status, evidence=tuple(text[:300] for text in item.evidence[:200])
            )
            for item in self.items
        )


def rulesets() -> tuple[str, ...]:
    """The ids of the rule sets there are."""
    return tuple(ruleset["id"] for ruleset in load("candidacy")["ruleset"])


def evaluate(chart: Chart, ruleset: str = "source_document") -> Assessment:
    """How each criterion of a rule set stands in this chart. Raises Refused for an unknown rule set."""
    data = load("candidacy")
    rules = next((each for each in data["ruleset"] if each["id"] == ruleset), None)
    if rules is None:
        do = f"Use one of {', '.join(rulesets())}."
        raise Refused(Refusal("ruleset", f"There is no rule set {ruleset[:60]!r}.", "ruleset", do))
    criteria = {criterion["id"]: criterion for criterion in data["criterion"]}
    items = tuple(_item(chart, criteria[criterion]) for criterion in rules["require"])
    return Assessment(
        ruleset=ruleset,
        name=rules["name"],
        version=rules["version"],
        items=items,
        missing_next=tuple(item.missing for item in items if item.missing),
        advice=_advice(items),
    )


def _advice(items: tuple[Item, ...]) -> str:
    counts = {status: sum(item.status == status for item in items) for status in ("met", "not_met", "unknown")}
    return (
        f"Of {len(items)} criteria {counts['met']} are met on record, {counts['not_met']} are not met and "
        f"{counts['unknown']} are unknown. Unknown does not count as met. The prescriber concludes."
    )


def _item(chart: Chart, criterion: Mapping[str, Any]) -> Item:
    status, evidence = CHECKS[criterion["check"]["type"]](chart, criterion["check"])
    return Item(
        criterion=criterion["id"],
        statement=criterion["statement"],
        kind=criterion["kind"],
        applies=criterion["applies"],
        status=status,
        evidence=evidence,
        missing=criterion["missing"] if status == "unknown" else "",
        source=cite("candidacy", criterion["src"]),
        confirmed=criterion["confirmed"],
        note=criterion.get("note", ""),
    )


def _history(chart: Chart, check: Mapping[str, Any]) -> Reading:
    """Met when one recorded course has one of the outcomes; not met when none has and the outcomes are known."""
    found = [fact for fact in chart.history if fact.treatment == check["treatment"]]
    evidence = tuple(_line(fact) for fact in found)
    if any(fact.outcome in check["outcomes"] for fact in found):
        return "met", evidence
    known = bool(found) and all(fact.outcome != "unknown" for fact in found)
    return ("not_met" if known else "unknown"), evidence


def _trial_done(chart: Chart, _check: Mapping[str, Any]) -> Reading:
    evidence = tuple(
        f"{trial.plan.method}, {trial.plan.route}, {trial.plan.days} days: {_verdict(trial.concluded.verdict.passed)}"
        for trial in chart.trials
        if trial.concluded is not None
    )
    return ("met" if evidence else "unknown"), evidence


def _shared_decision(chart: Chart, _check: Mapping[str, Any]) -> Reading:
    if chart.decision is None:
        return "unknown", ()
    discussed = ", ".join(chart.decision.discussed)
    return "met", (f"{chart.decision.physician} and the patient chose {chart.decision.choice}; discussed: {discussed}",)


def _line(fact: HistoryRecorded) -> str:
    span = " to ".join(day for day in (fact.start, fact.end) if day) or "no date"
    parts = (f"{fact.treatment} ({span}): {fact.outcome}", fact.detail, f"source: {fact.source}")
    return "; ".join(part for part in parts if part)


def _verdict(passed: bool | None) -> str:
    return {True: "passed its rule", False: "did not pass its rule", None: "no verdict"}[passed]


CHECKS: Mapping[str, Callable[[Chart, Mapping[str, Any]], Reading]] = {
    "history": _history,
    "trial_done": _trial_done,
    "shared_decision": _shared_decision,
}
