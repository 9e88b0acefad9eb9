"""Fields that several forms share: a solution, caps, the models that can be chosen, and levels of the spine.

Every amount is typed with its unit. The forms read; whether it may be given is asked of the one gate.
"""

from dataclasses import replace
from typing import Any

from django import forms

from thecal.clinic.forms.base import ChartForm, QuantityField
from thecal.formulary import Solution, drug, drug_ids
from thecal.pump import Caps, profiles
from thecal.quantity import CONCENTRATION, MASS, Refused


def levels(names: tuple[str, ...]) -> list[tuple[str, str]]:
    """Levels to choose from."""
    return [("", "Choose a level"), *((name, name) for name in names)]


def pumps(kind: str) -> list[tuple[str, str]]:
    """The pump models of a kind that can be run."""
    found = [("", "Choose a pump")]
    for model in profiles():
        if model.kind != kind:
            continue
        try:
            model.device()
        except Refused:
            continue  # a model that lacks a figure cannot be run, so it is not offered
        found.append((model.id, f"{model.name}{' (design profile, no real device)' if model.design else ''}"))
    return found


def _drugs() -> list[tuple[str, str]]:
    return [("", "Choose a drug"), *((name, drug(name).name) for name in drug_ids())]


class SolutionFields(ChartForm):
    """The primary drug with its concentration, and what else is in the solution."""

    drug = forms.ChoiceField(choices=_drugs, label="Drug")
    concentration = QuantityField(CONCENTRATION)
    others = forms.CharField(
        required=False,
        max_length=200,
        label="Further drugs in the solution",
        help_text="Each with its concentration, joined by +, for example bupivacaine 5 mg/mL.",
    )

    def clean(self) -> dict[str, Any]:
        """Put the solution together under ``solution``."""
        cleaned = super().clean() or {}
        if cleaned.get("drug") and cleaned.get("concentration"):
            text = f"{cleaned['drug']} {self.data['concentration'].strip()}"
            if cleaned.get("others"):
                text += f" + {cleaned['others']}"
            try:
                cleaned["solution"] = Solution.parse(text)
            except Refused as refused:
                place = "others" if cleaned.get("others") else "concentration"
                self.refuse(replace(refusal, where=place) for refusal in refused.refusals)
        return cleaned

    places = {"solution": "others"}


class CapFields(ChartForm):
    """The most that the pump may ever give, in any hour and in any day."""

    cap_hour = QuantityField(
        MASS, label="Never more in any 1 h than", help_text="Of the primary drug, for example 0.1 mg."
    )
    cap_day = QuantityField(
        MASS, label="Never more in any 24 h than", help_text="Of the primary drug, for example 1.2 mg."
    )

    #: caps of longer windows follow from that of the day
    places = {
        "caps.hour": "cap_hour",
        "caps.four_hours": "cap_hour",
        "caps.day": "cap_day",
        "caps.week": "cap_day",
        "caps": "cap_day",
    }

    def caps(self) -> Caps:
        """The caps of a valid form."""
        return Caps(self.cleaned_data["cap_hour"], self.cleaned_data["cap_day"])
