"""The shared decision: all options side by side, each with evidence, risks, burdens and what this chart adds.

"No pump" stands beside the others as an outcome of its own. Facts are data with sources (data/decision.toml).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from thecal.quantity import Refusal, Refused
from thecal.therapy.chart import Chart
from thecal.therapy.door import checked
from thecal.therapy.events import Choice, VerdictRecord
from thecal.therapy.events.facts import Priorities, TrialTolerance
from thecal.therapy.reference import cite, load
from thecal.therapy.trials.responders import responses


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing known of an option. ``source`` is empty for what the project itself says."""

    kind: Literal["evidence", "risk", "burden", "patient", "exposure", "study"]
    text: str
    source: str = ""
    confirmed: bool = True


@dataclass(frozen=True, slots=True)
class Option:
    """One option with its facts, those of this patient first."""

    choice: Choice
    name: str
    facts: tuple[Fact, ...]

    def of(self, kind: str) -> tuple[Fact, ...]:
        """The facts of one kind."""
        return tuple(fact for fact in self.facts if fact.kind == kind)


@dataclass(frozen=True, slots=True)
class Study:
    """One published study: what it printed, line by line."""

    id: str
    kind: str
    population: str
    n: int | None
    lines: tuple[str, ...]
    source: str
    confirmed: bool
    note: str


NO_EXPOSURE: Mapping[Choice, str] = MappingProxyType({})
TOPICS = (
    "it_opioid",
    "it_ziconotide",
    "it_clonidine",
    "it_combination",
    "it_local",
    "scs",
    "oral",
    "economics",
    "device",
)


@checked
def options(chart: Chart, exposure: Mapping[Choice, str] = NO_EXPOSURE) -> tuple[Option, ...]:
    """Implanted infusion, medication, stimulation and no device, in that order, for this chart.

    ``exposure`` is what the caller's model predicts for an option, with its band, as text; it is shown as predicted.
    """
    data = load("decision")
    return tuple(
        Option(
            option["id"],
            option["name"],
            (*_own(chart, option["id"]), *_exposure(exposure, option["id"]), *_known(option["id"])),
        )
        for option in data["option"]
    )


@checked
def priorities(chart: Chart) -> tuple[str, ...]:
    """What matters to the patient, the most important first; empty until it was asked and recorded."""
    latest = chart.latest(Priorities)
    if latest is not None:
        return latest[1].words
    decided = chart.decision.patient_priorities.strip() if chart.decision is not None else ""
    return (decided,) if decided else ()


@checked
def decision_lacks(chart: Chart) -> tuple[str, ...]:
    """What is missing for a shared decision; while it is not empty no option is proposed."""
    verdict = chart.verdict
    found = [
        "" if verdict is not None or chart.waived_trial is not None else "a trial, or why it is waived",
        "diary entries that could turn the verdict of the trial" if verdict is not None and verdict.uncertain else "",
        "" if priorities(chart) else "the patient's own priorities",
        "" if chart.latest(TrialTolerance) or verdict is None else "whether the side effects of the trial are accepted",
    ]
    return tuple(text for text in found if text)


@checked
def studies(topic: str) -> tuple[Study, ...]:
    """The published studies of a topic, the controlled ones first. Raises Refused for an unknown topic."""
    rows = [row for row in load("outcomes")["study"] if row["topic"] == topic]
    if not rows:
        do = f"Use one of {', '.join(TOPICS)}."
        raise Refused(Refusal("topic", f"There is no study of {str(topic)[:40]!r}.", "topic", do))
    rows.sort(key=lambda row: (row["kind"] not in ("rct", "crossover"), row["kind"] == "model"))
    return tuple(
        Study(
            row["id"],
            row["kind"],
            row["population"],
            row.get("n"),
            tuple(_lines(row)),
            cite("outcomes", row["src"]),
            row["confirmed"],
            row.get("note", ""),
        )
        for row in rows
    )


def targets() -> Mapping[str, tuple[str, str]]:
    """What a simulated cohort should show: quantity, and value with its tolerance, by id. No clinical limit."""
    return {
        row["id"]: (row["quantity"], f"{row['value']} ({row['min']} to {row['max']}) {row['unit']}")
        for row in load("outcomes")["target"]
    }


def _lines(row: Mapping[str, Any]) -> Iterator[str]:
    if "finding" in row:
        yield str(row["finding"])
    for each in (*row.get("rate", ()), *row.get("stat", ())):
        flag = "" if each.get("confirmed", row["confirmed"]) else ", unconfirmed"
        arm = f" ({each['arm']})" if "arm" in each else ""
        when = f" at {each['t']} months" if "t" in each else ""
        yield f"{each['what']}{arm}{when}: {_value(each)}{flag}"
    for each in row.get("pain", ()):
        flag = "" if each.get("confirmed", row["confirmed"]) else ", unconfirmed"
        arm = f" ({each['arm']})" if "arm" in each else ""
        yield f"{each['scale']}{arm} at {each['t']} months: {each['value']}{flag}"
    for each in row.get("dose", ()):
        flag = "" if each.get("confirmed", row["confirmed"]) else ", unconfirmed"
        yield f"dose at {each['t']} months: {_value(each)}{flag}"


def _value(row: Mapping[str, Any]) -> str:
    unit = row.get("unit", "%" if "num" in row or "arm" in row else "")
    if "value" in row:
        text = f"{row['value']} {unit}".strip()
    else:
        low, high = row.get("min"), row.get("max")
        text = f"{f'from {low} ' if low is not None else ''}{f'to {high} ' if high is not None else ''}{unit}".strip()
    if "num" in row and "den" in row:
        text += f" ({row['num']} of {row['den']})"
    if "ci95" in row:
        text += f" (95 % interval {row['ci95'][0]} to {row['ci95'][1]})"
    return text


def _exposure(exposure: Mapping[Choice, str], choice: Choice) -> tuple[Fact, ...]:
    if choice not in exposure:
        return ()
    return (Fact("exposure", exposure[choice], "predicted by the model of this project", confirmed=False),)


def _known(choice: str) -> tuple[Fact, ...]:
    return tuple(
        Fact(fact["kind"], fact["text"], cite("decision", fact["src"]), fact["confirmed"])
        for fact in load("decision")["fact"]
        if fact["option"] == choice
    )


_TREATMENTS = {"oral": ("oral_nsaid", "oral_opioid"), "stimulation": ("spinal_cord_stimulation",)}


def _own(chart: Chart, choice: str) -> tuple[Fact, ...]:
    found = [
        Fact("patient", f"{fact.treatment}: {fact.outcome}{f', {fact.detail}' if fact.detail else ''}", fact.source)
        for fact in chart.history
        if fact.treatment in _TREATMENTS.get(choice, ())
    ]
    if choice == "implant":
        for trial in chart.trials:
            if trial.concluded is not None:
                found += _trial_facts(trial.concluded.verdict, trial.plan.rule.threshold_pct)
                if trial.concluded.side_effects:
                    found.append(
                        Fact("patient", f"Side effects in the trial: {trial.concluded.side_effects}", "this chart")
                    )
    return tuple(found)


def _trial_facts(verdict: VerdictRecord, threshold: int) -> list[Fact]:
    """Relief as the interval that it is, the verdict with its doubt, and how the published marks stand."""
    relief = "unknown" if verdict.relief is None else verdict.relief.percent
    found = [Fact("patient", f"Trial: relief {relief}; {verdict.outcome} by the rule of {threshold} %.", "this chart")]
    if verdict.uncertain:
        entries = "; ".join(map(str, verdict.missing))
        found.append(Fact("patient", f"The verdict is uncertain: missing are {entries}.", "this chart"))
    found += [
        Fact("patient", f"Relief of {mark.pct} %, {mark.meaning}: {mark.words}.", mark.source, mark.confirmed)
        for mark in responses(verdict)
    ]
    return found
