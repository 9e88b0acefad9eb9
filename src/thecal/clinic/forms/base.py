"""What all forms share: how a field is drawn, quantities typed with their unit, times on the clinic's clock.

A form on a chart carries the version of the chart that its writer read; see ``thecal.clinic.store``.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.renderers import TemplatesSetting

from thecal.clinic import clock
from thecal.quantity import Kind, QuantityError, Refusal, parse


class Renderer(TemplatesSetting):
    """Draws each field with its label, hint and errors tied together for screen readers."""

    form_template_name = "clinic/forms/form.html"
    field_template_name = "clinic/forms/field.html"


class QuantityField(forms.Field):
    """Text such as ``0.5 mg/day``; cleans to the exact ``int`` of its kind, or to None when optional and empty."""

    def __init__(self, kind: Kind, **kwargs: Any) -> None:
        self.kind = kind
        kwargs.setdefault("widget", forms.TextInput(attrs={"inputmode": "text", "autocomplete": "off"}))
        kwargs.setdefault("help_text", f"With its unit, for example {kind.example}.")
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> int | None:
        """The exact value; raises ValidationError with what would be accepted."""
        if value in self.empty_values:
            return None
        try:
            return parse(value, self.kind)
        except QuantityError as error:
            raise ValidationError(str(error), code="quantity") from None


class MomentField(forms.Field):
    """A date and time in UTC on the clinic's clock, not in the future; cleans to ms."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.DateTimeInput(attrs={"type": "datetime-local"}))
        kwargs.setdefault("help_text", "UTC. Leave empty for now.")
        kwargs.setdefault("required", False)
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> int | None:
        """ms of the clinic's clock, or None when empty; raises ValidationError for the future."""
        if value in self.empty_values:
            return None
        try:
            when = datetime.fromisoformat(str(value).strip())
        except ValueError:
            raise ValidationError("Write a date and time such as 2026-11-23T14:30.", code="moment") from None
        if when.tzinfo is None:
            when = when.replace(tzinfo=UTC)
        ms = int(when.timestamp() * 1000)
        present = clock.now()
        if ms > present:
            raise ValidationError(
                f"{when:%Y-%m-%d %H:%M} is in the future; the clock of the clinic shows {clock.stamp(present)}.",
                code="future",
            )
        if when.year < 1900:
            raise ValidationError(f"{when:%Y-%m-%d} is too long ago.", code="past")
        return ms


class RuledForm(forms.Form):
    """A form whose entry is also judged by rules, which name the place that they complain of."""

    #: where a rule names a place -> the field that shows it, for names that differ
    places: Mapping[str, str] = {}

    def refuse(self, refusals: Iterable[Refusal]) -> None:
        """Show each reason at the field that it names, or above the form."""
        for refusal in refusals:
            name = self.place(refusal.where)
            text = " ".join(filter(None, (refusal.what + ("" if refusal.what.endswith(".") else "."), refusal.do)))
            if refusal.source:
                text += f" Source: {refusal.source}{'' if refusal.confirmed else ' (unconfirmed)'}."
            self.add_error(name, ValidationError(text, code=refusal.code))

    def place(self, where: str) -> str | None:
        """The field that shows what a rule says of ``where`` ("daily dose of morphine" is a "daily dose")."""
        kind = where.partition(" of ")[0]
        return self.places.get(where) or self.places.get(kind) or _field_named(self.fields, where)


class ChartForm(RuledForm):
    """A form that writes to a chart."""

    version = forms.IntegerField(min_value=0, widget=forms.HiddenInput)


def _field_named(fields: Mapping[str, object], where: str) -> str | None:
    for name in (where, where.rpartition(".")[2], where.partition(".")[0], where.partition(" of ")[0]):
        if name in fields and name != "version":
            return name
    return None
