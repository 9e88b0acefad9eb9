"""Forms of a trial by hand: the first dose, and a further one."""

from django import forms

from thecal.body import level_names
from thecal.clinic.forms.base import ChartForm, QuantityField
from thecal.quantity import MASS


def _levels() -> list[tuple[str, str]]:
    return [(name, name) for name in level_names()]


class WatchFields(ChartForm):
    """Who gave a dose, where, and how long the patient is watched after it."""

    given_by = forms.CharField(max_length=300, label="Given by")
    level = forms.ChoiceField(choices=_levels, label="Level")
    hours = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=240,
        label="Hours of watch",
        help_text="Empty: as the rule for this drug asks (24 h for morphine).",
    )
    watch_reason = forms.CharField(required=False, max_length=1000, label="Reason for a shorter watch")

    places = {"reason": "watch_reason", "watch": "hours", "watch_until": "hours"}


class InjectionForm(WatchFields):
    """The first dose of a trial by hand: who gave it, where, and how long the patient is watched."""

    field_order = ("given_by", "level", "hours", "watch_reason")


class ShotForm(WatchFields):
    """A further dose by hand, of the drug of the plan, or saline as a blinded control."""

    mass = QuantityField(MASS, required=False, label="Dose", help_text="For example 0.3 mg. Empty for saline.")
    saline = forms.BooleanField(required=False, label="Saline, as a control")
    blinded = forms.BooleanField(required=False, label="The patient does not know which")
    early_reason = forms.CharField(
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
        label="Why it cannot wait",
        help_text="Needed before the watch of the dose before has ended.",
    )

    field_order = ("mass", "saline", "blinded", "given_by", "level", "hours", "watch_reason", "early_reason")
    places = {**WatchFields.places, "mass_fg": "mass"}
