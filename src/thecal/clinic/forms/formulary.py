"""Forms of the site formulary: sign a limit, or take the signature back; a second person signs with their password."""

from typing import Any

from django import forms

from thecal.clinic.forms.base import QuantityField, RuledForm
from thecal.quantity import Kind


class SecondForm(RuledForm):
    """What both have: the version that was read, the reason, and the second person."""

    version = forms.CharField(max_length=100, widget=forms.HiddenInput)
    reason = forms.CharField(max_length=4000, widget=forms.Textarea(attrs={"rows": 3}))
    signer = forms.CharField(
        max_length=150, label="Second person", help_text="The user name of a prescriber or another pharmacist."
    )
    password = forms.CharField(
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}), strip=False, label="Password of the second person"
    )

    places = {"second": "signer"}


class LimitForm(SecondForm):
    """The site's value of one limit, after every source was read."""

    field_order = ("most", "seen", "reason", "signer", "password")

    seen = forms.MultipleChoiceField(
        widget=forms.CheckboxSelectMultiple, label="Sources that were read", help_text="Every one, side by side."
    )

    def __init__(self, data: Any, kind: Kind, sources: tuple[str, ...], **more: Any) -> None:
        super().__init__(data, **more)
        help_text = f"The site's value with its unit, for example {kind.example}."
        self.fields["most"] = QuantityField(kind, label="At most", help_text=help_text)
        shown: forms.MultipleChoiceField = self.fields["seen"]  # type: ignore[assignment]
        shown.choices = [(source, source) for source in sources]
        self.order_fields(self.field_order)
