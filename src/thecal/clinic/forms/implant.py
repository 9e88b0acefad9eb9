"""Forms of the implanted pump and of what goes into it: the implant, the refill, and what a wrong label would mean."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from thecal.body import level_names
from thecal.clinic.forms.base import QuantityField
from thecal.clinic.forms.parts import SolutionFields, levels, pumps
from thecal.pump import catheters
from thecal.quantity import CONCENTRATION, LENGTH, VOLUME, QuantityError, parse


class ImplantForm(SolutionFields):
    """The implant as it was done."""

    field_order = (
        *("site", "route", "pump_profile", "serial", "catheter", "supplied", "trimmed", "tip_level", "tip_checked"),
        *("drug", "concentration", "others", "fill", "path", "note"),
    )

    site = forms.ChoiceField(choices=[("abdomen", "Abdomen"), ("upper_buttock", "Upper buttock")], label="Pump pocket")
    route = forms.ChoiceField(choices=[("intrathecal", "Intrathecal"), ("epidural", "Epidural")])
    pump_profile = forms.ChoiceField(choices=lambda: pumps("implanted"), label="Pump model")
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
    tip_level = forms.ChoiceField(choices=lambda: levels(level_names()), label="Catheter tip level")
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
