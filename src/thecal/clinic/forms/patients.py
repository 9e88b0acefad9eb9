"""Forms of the record: a new patient, the import of a bundle, the history, the review, the diary."""

import re
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from thecal.clinic import clock
from thecal.clinic.forms.base import ChartForm, MomentField, QuantityField, RuledForm
from thecal.quantity import LENGTH

TREATMENTS = {
    "physiotherapy": "Physiotherapy or rehabilitation",
    "oral_nsaid": "Oral NSAID",
    "oral_opioid": "Oral opioid",
    "chiropractic": "Chiropractic or manual treatment",
    "back_surgery": "Back operation",
    "spinal_cord_stimulation": "Spinal cord stimulation",
    "other": "Other treatment",
}
OUTCOMES = {
    "inadequate": "Too little relief",
    "not_tolerated": "Not tolerated",
    "contraindicated": "Contraindicated",
    "adequate": "Enough relief",
    "unknown": "Not known",
}
_DAY = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")
_WEIGHT = re.compile(r"(\d{1,3}(?:\.\d{1,3})?) ?kg")


class DayField(forms.CharField):
    """A day, month or year that is not in the future, as ``2024-05-12``, ``2024-05`` or ``2024``."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("help_text", "As exactly as it is known: 2024, 2024-05 or 2024-05-12.")
        kwargs.setdefault("max_length", 10)
        super().__init__(**kwargs)

    def clean(self, value: Any) -> Any:
        """The text; raises ValidationError for another form or a day to come."""
        text = super().clean(value)
        if not text:
            return None
        if not _DAY.fullmatch(text):
            raise ValidationError("Write a year, a month or a day: 2024, 2024-05 or 2024-05-12.", code="day")
        today = clock.moment(clock.now()).date().isoformat()
        if text > today[: len(text)]:
            raise ValidationError(f"{text} is in the future; today is {today}.", code="future")
        return text


class WeightField(forms.CharField):
    """Body weight with its unit, ``72.5 kg``; cleans to whole grams, or None when empty."""

    def clean(self, value: Any) -> Any:
        """Grams; raises ValidationError for a bare number or another unit."""
        text = super().clean(value)
        if not text:
            return None
        found = _WEIGHT.fullmatch(text)
        if found is None:
            raise ValidationError("Write a number and the unit kg, for example '72.5 kg'.", code="weight")
        return int(Decimal(found[1]) * 1000)


class PatientForm(RuledForm):
    """A chart opened by hand."""

    name = forms.CharField(max_length=200)
    birth_date = DayField(label="Date of birth")
    sex = forms.ChoiceField(
        choices=[("unknown", "Not recorded"), ("female", "Female"), ("male", "Male"), ("other", "Other")]
    )
    weight = WeightField(
        required=False, label="Body weight", help_text="With its unit, for example 72.5 kg.", max_length=12
    )
    height = QuantityField(LENGTH, required=False, label="Height", help_text="With its unit, for example 172 cm.")
    pain_cause = forms.ChoiceField(
        label="Cause of the pain",
        choices=[("unknown", "Not known yet"), ("noncancer", "Not cancer"), ("cancer", "Cancer")],
    )
    diagnosis = forms.CharField(
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="In words, as it stands in the letter.",
    )

    places = {"weight_g": "weight", "height_mm": "height"}


class BundleForm(forms.Form):
    """The upload of one FHIR R4 bundle."""

    bundle = forms.FileField(
        label="FHIR R4 bundle", help_text="A JSON file of one patient, plain or gzip (.json or .json.gz)."
    )


class HistoryForm(ChartForm):
    """One treatment that was tried, and what came of it."""

    treatment = forms.ChoiceField(choices=list(TREATMENTS.items()))
    outcome = forms.ChoiceField(choices=list(OUTCOMES.items()), label="What came of it")
    start = DayField(required=False, label="From")
    end = DayField(required=False, label="Until")
    detail = forms.CharField(
        required=False, max_length=300, help_text="Drug and dose, operation and level, number of sessions."
    )
    note = forms.CharField(required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 3}))

    def clean(self) -> dict[str, Any]:
        """The end is not before the start."""
        cleaned = super().clean() or {}
        start, end = cleaned.get("start"), cleaned.get("end")
        if start and end and end < start[: len(end)]:
            self.add_error("end", ValidationError("This is before the start.", code="order"))
        return cleaned


class ReviewForm(ChartForm):
    """The prescriber's own conclusion on the criteria of a rule set."""

    ruleset = forms.CharField(required=False, max_length=100, widget=forms.HiddenInput)
    conclusion = forms.CharField(
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text="In your own words. The criteria advise; they do not decide.",
    )


class ClosingForm(ChartForm):
    """The way ends here: declined or withdrawn."""

    kind = forms.ChoiceField(
        label="What ends",
        choices=[
            ("declined", "There will be no pump; care goes on without one"),
            ("withdrawn", "Withdrawn from this therapy"),
        ],
    )
    by = forms.ChoiceField(
        label="Whose decision",
        choices=[("patient", "The patient's"), ("physician", "The physician's"), ("both", "Both together")],
    )
    reason = forms.CharField(max_length=4000, widget=forms.Textarea(attrs={"rows": 3}))


class DiaryForm(forms.Form):
    """Pain now, or at a time not long past, as a whole number."""

    score = forms.TypedChoiceField(
        coerce=int,
        choices=[(n, str(n)) for n in range(11)],
        widget=forms.RadioSelect,
        error_messages={
            "required": "Choose a number from 0 to 10.",
            "invalid_choice": "%(value)s is not on the scale: choose a whole number from 0 to 10.",
        },
    )
    note = forms.CharField(required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 2}))
    when = MomentField(label="Time", help_text="UTC. Leave empty for now.")
