"""The shared decision: all options side by side, each with evidence, risks, burdens and what this chart adds.

"No pump" stands beside the others as an outcome of its own. Facts are data with sources (data/decision.toml).
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from thecal.quantity import decimal_text
from thecal.therapy.chart import Chart
from thecal.therapy.events import Choice
from thecal.therapy.reference import cite, load


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing known of an option. ``source`` is empty for what the project itself says."""

    kind: Literal["evidence", "risk", "burden", "patient"]
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


def options(chart: Chart) -> tuple[Option, ...]:
    """Implanted infusion, medication, stimulation and no device, in that order, for this chart."""
    data = load("decision")
    return tuple(
        Option(option["id"], option["name"], (*_own(chart, option["id"]), *_known(option["id"])))
        for option in data["option"]
    )


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
                verdict = trial.concluded.verdict
                relief = (
                    "unknown" if verdict.relief_pct is None else f"{decimal_text(Fraction(verdict.relief_pct), 3)} %"
                )
                passed = {True: "passed", False: "not passed", None: "no verdict"}[verdict.passed]
                rule = f"the rule of {trial.plan.rule.threshold_pct} %"
                found.append(Fact("patient", f"Trial: relief {relief}, {passed} by {rule}.", "this chart"))
                if trial.concluded.side_effects:
                    found.append(
                        Fact("patient", f"Side effects in the trial: {trial.concluded.side_effects}", "this chart")
                    )
    return tuple(found)
