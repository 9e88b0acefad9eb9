"""The form of the shared decision."""

from django import forms

from thecal.clinic.forms.base import ChartForm

CHOICES = {
    "implant": "Implanted infusion",
    "oral": "Oral or other medication",
    "stimulation": "Spinal cord stimulation",
    "none": "None of these",
}


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


class DoubtfulDecisionForm(DecisionForm):
    """The same after a trial that was not surely passed: an implant needs the physician's own reason."""

    verdict_reason = forms.CharField(
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3}),
        label="Why an implant all the same",
        help_text="For an implant alone: the physician's reason, since the trial was not surely passed.",
    )
