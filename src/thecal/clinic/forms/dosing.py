"""Forms that speak of doses: the trial, the decision, the implant, the prescription, the refill.

Every amount is typed with its unit. The forms read; whether it may be given is asked of the one gate.
"""

import re
from dataclasses import replace
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from thecal.body import level_names, levels_with_csf
from thecal.clinic.forms.base import ChartForm, QuantityField
from thecal.clinic.words import METHODS
from thecal.formulary import Solution, drug, drug_ids
from thecal.pump import (
    Caps,
    MultiRate,
    PeriodicBolus,
    Program,
    SimpleContinuous,
    Step,
    Stopped,
    catheters,
    profiles,
)
from thecal.quantity import CONCENTRATION, DOSE_RATE, DURATION, LENGTH, MASS, VOLUME, QuantityError, Refused, parse
from thecal.therapy.events import SHOTS

CHOICES = {
    "implant": "Implanted infusion",
    "oral": "Oral or other medication",
    "stimulation": "Spinal cord stimulation",
    "none": "None of these",
}
_STEP = re.compile(r"([01]\d|2[0-3]):([0-5]\d)\s+(\S.*)")


def _levels(names: tuple[str, ...]) -> list[tuple[str, str]]:
    return [("", "Choose a level"), *((name, name) for name in names)]


def _pumps(kind: str) -> list[tuple[str, str]]:
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


class TrialPlanForm(SolutionFields):
    """The plan of a trial, with the rule by which it will be judged."""

    field_order = (
        *("method", "drug", "concentration", "others", "dose", "shot"),
        *("days", "pump_profile", "tip_level", "path"),
    )

    method = forms.ChoiceField(choices=list(METHODS.items()), initial="continuous_it")
    dose = QuantityField(
        DOSE_RATE, required=False, label="Dose per day", help_text="Infusion: the primary drug, for example 0.5 mg/day."
    )
    shot = QuantityField(
        MASS, required=False, label="Each dose by hand", help_text="Single shots: the primary drug, for example 0.2 mg."
    )
    days = forms.IntegerField(min_value=1, max_value=365, label="Days")
    pump_profile = forms.ChoiceField(
        choices=lambda: _pumps("external"), required=False, label="External pump", help_text="Single shots need none."
    )
    tip_level = forms.ChoiceField(choices=lambda: _levels(levels_with_csf()), label="Catheter tip level")
    path = QuantityField(
        VOLUME,
        required=False,
        label="Volume of tubing and catheter",
        help_text="For example 0.3 mL. Empty: the drug is taken to arrive at once.",
    )
    statistic = forms.ChoiceField(
        choices=[("mean", "Mean of all entries"), ("worst", "Mean of each day's worst entry")], label="What is compared"
    )
    baseline_days = forms.IntegerField(min_value=1, max_value=60, initial=3, label="Days before the start")
    window_days = forms.IntegerField(min_value=1, max_value=60, initial=2, label="Last days of the trial")
    threshold_pct = forms.IntegerField(min_value=1, max_value=100, initial=50, label="Relief needed (%)")
    min_entries_day = forms.IntegerField(min_value=1, max_value=48, initial=3, label="Entries that make a day count")
    completeness_pct = forms.IntegerField(min_value=1, max_value=100, initial=70, label="Days that must count (%)")
    note = forms.CharField(required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2}))

    places = {
        "solution": "concentration",
        "dose_fg_day": "dose",
        "dose": "dose",
        "shot_fg": "shot",
        "mass": "shot",
        "path_nl": "path",
    }

    def clean(self) -> dict[str, Any]:
        """A daily dose by a pump, or a dose by hand: the one that the method gives, and not the other."""
        cleaned = super().clean() or {}
        by_hand = cleaned.get("method") in SHOTS
        wanted, other = ("shot", "dose") if by_hand else ("dose", "shot")
        if cleaned.get(wanted) is None and wanted not in self.errors:
            self.add_error(wanted, ValidationError("This method needs it.", code="required"))
        if cleaned.get(other) is not None:
            self.add_error(other, ValidationError("Leave it empty for this method.", code="other"))
        if not by_hand and not cleaned.get("pump_profile") and "pump_profile" not in self.errors:
            self.add_error("pump_profile", ValidationError("This method needs a pump.", code="required"))
        return cleaned

    RULE = ("statistic", "baseline_days", "window_days", "threshold_pct", "min_entries_day", "completeness_pct")


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


class TrialStartForm(CapFields):
    """What goes into the external pump, and its caps."""

    field_order = ("fill", "cap_hour", "cap_day")

    fill = QuantityField(VOLUME, label="Fill of the external pump", help_text="For example 100 mL.")

    places = {**CapFields.places, "fill_nl": "fill"}


class TrialDoseForm(CapFields):
    """Another dose during the trial."""

    field_order = ("dose", "cap_hour", "cap_day", "reason")

    dose = QuantityField(DOSE_RATE, label="New dose per day", help_text="Of the primary drug, for example 0.6 mg/day.")
    reason = forms.CharField(max_length=1000, widget=forms.Textarea(attrs={"rows": 2}))

    places = {**CapFields.places, "dose_fg_day": "dose", "program.dose": "dose", "program": "dose", "flow": "dose"}


class TrialConcludeForm(ChartForm):
    """What is said beside the verdict, which the rule gives."""

    function = forms.CharField(
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
        label="What the patient could do again",
    )
    side_effects = forms.CharField(required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2}))
    comment = forms.CharField(required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2}))


class DiaryLinkForm(forms.Form):
    """How long a new diary link lives."""

    days = forms.IntegerField(min_value=1, max_value=90, initial=30, label="Days until it ends")


class DecisionForm(ChartForm):
    """What physician and patient decided together, either way."""

    discussed = forms.MultipleChoiceField(
        choices=list(CHOICES.items()), widget=forms.CheckboxSelectMultiple, label="Options that were discussed"
    )
    choice = forms.ChoiceField(choices=list(CHOICES.items()), widget=forms.RadioSelect, label="What was decided")
    patient_agrees = forms.ChoiceField(
        choices=[("yes", "The patient agrees"), ("no", "The patient does not agree")],
        widget=forms.RadioSelect,
        label="The patient",
    )
    patient_priorities = forms.CharField(
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
        label="What matters most to the patient",
    )
    reasons = forms.CharField(max_length=4000, widget=forms.Textarea(attrs={"rows": 4}))

    places = {"patient_agrees": "patient_agrees"}


class ImplantForm(SolutionFields):
    """The implant as it was done."""

    field_order = (
        *("site", "route", "pump_profile", "serial", "catheter", "supplied", "trimmed", "tip_level", "tip_checked"),
        *("drug", "concentration", "others", "fill", "path", "note"),
    )

    site = forms.ChoiceField(choices=[("abdomen", "Abdomen"), ("upper_buttock", "Upper buttock")], label="Pump pocket")
    route = forms.ChoiceField(choices=[("intrathecal", "Intrathecal"), ("epidural", "Epidural")])
    pump_profile = forms.ChoiceField(choices=lambda: _pumps("implanted"), label="Pump model")
    serial = forms.CharField(max_length=60, label="Serial number")
    catheter = forms.ChoiceField(
        choices=lambda: [(model.id, model.name) for model in catheters()], label="Catheter model"
    )
    supplied = forms.CharField(
        max_length=60, label="Length supplied", help_text="Per piece, for example 66 cm, or 66 cm + 38 cm."
    )
    trimmed = forms.CharField(
        required=False,
        max_length=60,
        label="Length cut off",
        help_text="Per piece in the same order. Empty when it is not known; the dead volume is then a range.",
    )
    tip_level = forms.ChoiceField(choices=lambda: _levels(level_names()), label="Catheter tip level")
    tip_checked = forms.CharField(
        required=False, max_length=200, label="How the tip was checked", help_text="For example fluoroscopy."
    )
    fill = QuantityField(VOLUME, label="Fill of the reservoir", help_text="For example 18 mL.")
    path = forms.ChoiceField(
        choices=[("unknown", "Not known"), ("empty", "No drug (saline or CSF)"), ("drug", "The drug of the reservoir")],
        label="What tubing and catheter hold",
    )
    note = forms.CharField(required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2}))

    places = {
        "solution": "concentration",
        "fill_nl": "fill",
        "reservoir": "fill",
        "catheter.supplied_mm": "supplied",
        "catheter.trimmed_mm": "trimmed",
    }

    def clean_supplied(self) -> tuple[int, ...]:
        """mm per piece."""
        return _lengths(self.cleaned_data["supplied"])

    def clean_trimmed(self) -> tuple[int, ...] | None:
        """mm per piece, or None when unknown."""
        text = self.cleaned_data["trimmed"]
        return _lengths(text) if text else None


class PrescriptionForm(CapFields):
    """A program for the implanted pump. Only the fields of the chosen kind are read."""

    KINDS = {
        "simple_continuous": "Simple continuous: the same rate all day",
        "periodic_bolus": "Periodic bolus: a dose at regular intervals",
        "multi_rate": "Day schedule: several rates through the day",
        "stopped": "Stopped: nothing is given",
    }
    program = forms.ChoiceField(choices=list(KINDS.items()), widget=forms.RadioSelect, initial="simple_continuous")
    dose = QuantityField(
        DOSE_RATE, required=False, label="Dose per day", help_text="Simple continuous: for example 0.5 mg/day."
    )
    bolus = QuantityField(MASS, required=False, label="Each bolus", help_text="Periodic bolus: for example 0.05 mg.")
    every = QuantityField(DURATION, required=False, label="Every", help_text="Periodic bolus: for example 4 h.")
    over = QuantityField(DURATION, required=False, label="Given over", help_text="Periodic bolus: for example 5 min.")
    basal = QuantityField(
        DOSE_RATE,
        required=False,
        label="Basal rate between",
        help_text="Periodic bolus: for example 0.1 mg/day. Empty: none.",
    )
    steps = forms.CharField(
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        label="Steps of the day",
        help_text="Day schedule: one a line, the time (UTC) and the rate from then on, "
        "for example 00:00 0.4 mg/day. The first starts at 00:00.",
    )
    reason = forms.CharField(required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 2}))

    field_order = ("program", "dose", "bolus", "every", "over", "basal", "steps", "cap_hour", "cap_day", "reason")
    places = {
        **CapFields.places,
        "program.dose": "dose",
        "program.bolus": "bolus",
        "program.every": "every",
        "program.over": "over",
        "program.basal": "basal",
        "program.steps": "steps",
        "daily dose": "dose",
        "flow": "dose",
    }
    _NEEDED = {
        "simple_continuous": ("dose",),
        "periodic_bolus": ("bolus", "every", "over"),
        "multi_rate": ("steps",),
        "stopped": (),
    }

    def clean(self) -> dict[str, Any]:
        """The program under ``built``, from the fields of its kind."""
        cleaned = super().clean() or {}
        kind = cleaned.get("program", "")
        missing = [name for name in self._NEEDED.get(kind, ()) if not cleaned.get(name) and name not in self.errors]
        for name in missing:
            self.add_error(name, ValidationError("This kind of program needs it.", code="required"))
        if not self.errors and kind:
            try:
                cleaned["built"] = self._program(kind, cleaned)
            except Refused as refused:
                self.refuse(refused.refusals)
        return cleaned

    def place(self, where: str) -> str | None:
        """What is said of the dose stands at the field that the dose was typed in."""
        name = super().place(where)
        kind = self.data.get("program", "")
        return {"periodic_bolus": "bolus", "multi_rate": "steps"}.get(kind, name) if name == "dose" else name

    def _program(self, kind: str, cleaned: dict[str, Any]) -> Program | None:
        if kind == "simple_continuous":
            return SimpleContinuous(cleaned["dose"])
        if kind == "periodic_bolus":
            return PeriodicBolus(cleaned["bolus"], cleaned["every"], cleaned["over"], cleaned["basal"] or 0)
        if kind == "stopped":
            return Stopped()
        steps = self._steps(cleaned["steps"])
        return MultiRate(steps) if steps else None

    def _steps(self, text: str) -> tuple[Step, ...]:
        steps: list[Step] = []
        for number, line in enumerate(filter(None, map(str.strip, text.splitlines())), 1):
            found = _STEP.fullmatch(line)
            try:
                if found is None:
                    raise ValidationError(
                        f"Line {number}: write a time and a rate, for example 08:00 0.6 mg/day.", code="step"
                    )
                start = (int(found[1]) * 60 + int(found[2])) * 60_000
                steps.append(Step(start, parse(found[3], DOSE_RATE)))
            except QuantityError as error:
                self.add_error("steps", ValidationError(f"Line {number}: {error}", code="quantity"))
            except ValidationError as error:
                self.add_error("steps", error)
        return tuple(steps)


class SignForm(ChartForm):
    """The second step: the prescriber signs exactly what was reviewed."""

    digest = forms.CharField(widget=forms.HiddenInput)
    prescription = forms.CharField(widget=forms.HiddenInput)
    reason = forms.CharField(required=False, max_length=1000, widget=forms.HiddenInput)
    formulary = forms.CharField(max_length=100, widget=forms.HiddenInput)
    signer = forms.CharField(max_length=150, label="Prescriber", help_text="The user name of the prescriber who signs.")
    password = forms.CharField(
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        strip=False,
        label="Password of the prescriber",
        help_text="Signs exactly what stands on this page.",
    )


class RefillForm(SolutionFields):
    """A refill: what came out and what went in."""

    withdrawn = QuantityField(VOLUME, label="Withdrawn", help_text="What the needle brought back, for example 3.2 mL.")
    fill = QuantityField(VOLUME, label="Filled", help_text="For example 18 mL.")
    reading = QuantityField(VOLUME, required=False, label="Reading error of the syringe", help_text="Empty: 0.5 mL.")
    lot = forms.CharField(required=False, max_length=100, label="Lot of the drug")
    note = forms.CharField(required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2}))

    places = {"solution": "concentration", "fill_nl": "fill", "withdrawn_nl": "withdrawn", "reading_nl": "reading"}


class WhatIfForm(forms.Form):
    """If the syringe had held another concentration than the label said."""

    concentration = QuantityField(CONCENTRATION, label="Concentration that was really filled")

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, auto_id="what-if-%s")  # it stands on one page with the form of the refill


def _lengths(text: str) -> tuple[int, ...]:
    try:
        return tuple(parse(part, LENGTH) for part in text.split("+"))
    except QuantityError as error:
        raise ValidationError(str(error), code="quantity") from None
