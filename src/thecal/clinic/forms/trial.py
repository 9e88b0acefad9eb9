"""Forms of a trial: its plan with the rule, its start and its doses by an external pump, its end, the diary link."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from thecal.body import levels_with_csf
from thecal.clinic.forms.base import ChartForm, QuantityField
from thecal.clinic.forms.parts import CapFields, SolutionFields, levels, pumps
from thecal.clinic.words import METHODS
from thecal.quantity import DOSE_RATE, MASS, VOLUME
from thecal.therapy.events import SHOTS

PRIORITIES_MAX, LINE_MAX = 20, 300


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
        choices=lambda: pumps("external"), required=False, label="External pump", help_text="Single shots need none."
    )
    tip_level = forms.ChoiceField(
        choices=lambda: levels(levels_with_csf()),
        label="Catheter tip level",
        help_text="By hand: where it is injected.",
    )
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
        for name in ("pump_profile", "path"):
            if by_hand and cleaned.get(name):
                self.add_error(name, ValidationError("Leave it empty: doses by hand need no pump.", code="other"))
        if not by_hand and not cleaned.get("pump_profile") and "pump_profile" not in self.errors:
            self.add_error("pump_profile", ValidationError("This method needs a pump.", code="required"))
        return cleaned

    RULE = ("statistic", "baseline_days", "window_days", "threshold_pct", "min_entries_day", "completeness_pct")


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
    """What is said beside the verdict, which the rule gives, and what the decision will need to know."""

    function = forms.CharField(
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
        label="What the patient could do again",
    )
    side_effects = forms.CharField(required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2}))
    accepts = forms.ChoiceField(
        required=False,
        choices=[("", "Not asked"), ("yes", "The patient accepts them"), ("no", "The patient does not accept them")],
        label="Are the side effects accepted?",
    )
    priorities = forms.CharField(
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
        label="What matters most to the patient",
        help_text="In the patient's words, one a line, the most important first.",
    )
    comment = forms.CharField(required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2}))

    def clean_priorities(self) -> tuple[str, ...]:
        """The lines that say something."""
        lines = tuple(line.strip() for line in self.cleaned_data["priorities"].splitlines() if line.strip())
        if len(lines) > PRIORITIES_MAX or any(len(line) > LINE_MAX for line in lines):
            text = f"At most {PRIORITIES_MAX} lines of at most {LINE_MAX} characters."
            raise ValidationError(text, code="too_long")
        return lines


class DiaryLinkForm(forms.Form):
    """How long a new diary link lives."""

    days = forms.IntegerField(min_value=1, max_value=90, initial=30, label="Days until it ends")
