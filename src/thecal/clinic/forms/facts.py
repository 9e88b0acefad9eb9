"""The form of a fact, made from its model; the forms that correct one, take one back, and set a criterion aside.

Times are ms of the clinic's clock; people write days and times in UTC.
"""

from datetime import UTC, datetime, time
from functools import cache
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse
from pydantic import BaseModel

from thecal.clinic import clock
from thecal.clinic.forms.base import ChartForm
from thecal.clinic.forms.typed import answers, fields_of, typed
from thecal.quantity import MS_PER_DAY
from thecal.therapy import criteria, rulesets
from thecal.therapy.events import FactRecorded, facts

BY_HAND = str(FactRecorded.model_fields["source"].default)


class ReturnFields(ChartForm):
    """A form that was opened for a criterion, and leads back to it."""

    criterion = forms.CharField(required=False, max_length=100, widget=forms.HiddenInput)
    ruleset = forms.CharField(required=False, max_length=100, widget=forms.HiddenInput)

    def back(self, chart: object) -> str:
        """Where to go after a valid form: to the criterion, or to the list of facts."""
        asked, rules = self.cleaned_data.get("criterion"), self.cleaned_data.get("ruleset")
        if asked not in criteria():
            return reverse("facts", args=[chart])
        return f"{reverse('candidacy', args=[chart])}?ruleset={rules if rules in rulesets() else ''}#{asked}"


class FactForm(ReturnFields):
    """What all facts have: when it was found and where it was read. ``fact_form`` adds the rest."""

    model: type[BaseModel]
    found_on = forms.DateField(
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        label="Found on",
        help_text="The day of the examination or the report. Empty: now.",
    )
    found_at = forms.TimeField(
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        label="At",
        help_text="UTC. Empty: the start of that day.",
    )
    source = forms.CharField(
        required=False,
        max_length=300,
        label="Where it was read",
        help_text=f"For example: letter of the neurologist, 12 Feb. Empty: {BY_HAND}.",
    )

    #: the time of the event, in ms; None for now. Set by ``clean``.
    at: int | None = None

    def clean(self) -> dict[str, Any]:
        """Check that something is said, that a list is either filled or said to be empty, and the time."""
        cleaned = super().clean() or {}
        for name in [name for name in self.fields if f"{name}_none" in self.fields]:
            self._list(name, cleaned)
        self._time(cleaned)
        said = [name for name in self.model.model_fields if name in self.fields]
        if said and not self.errors and all(cleaned.get(name) in (None, "") for name in said):
            self.add_error(said[0], ValidationError("Answer at least one question.", code="nothing"))
        return cleaned

    def fact(self) -> dict[str, Any]:
        """The fact of a valid form, as its event takes it."""
        topic = self.model.model_fields["topic"].default
        return {"topic": topic, **answers(self.model, self.cleaned_data)}

    def place(self, where: str) -> str | None:
        """The field that shows what the model says of a place such as ``fact.goal.baseline``."""
        named = [part for part in where.split(".") if part in self.model.model_fields and part in self.fields]
        return named[0] if named else "found_on" if where == "meta.at" else super().place(where)

    def raw(self) -> dict[str, Any]:
        """What was typed, good or not, as initial values."""
        return {name: self[name].value() for name in self.fields}

    def _list(self, name: str, cleaned: dict[str, Any]) -> None:
        if name not in cleaned:
            return
        none = cleaned.get(f"{name}_none")
        if none and cleaned[name]:
            self.add_error(name, ValidationError("Something is written, and there is said to be none.", code="both"))
        elif not none and not cleaned[name]:
            self.add_error(name, ValidationError("Write what there is, or say that there is none.", code="required"))

    def _time(self, cleaned: dict[str, Any]) -> None:
        day, hour, present = cleaned.get("found_on"), cleaned.get("found_at"), clock.now()
        if day is None:
            if hour is not None and "found_on" not in self.errors:
                self.add_error("found_on", ValidationError("Give the day of this time as well.", code="day"))
            return
        if day == clock.moment(present).date() and hour is None:
            return
        at = int(datetime.combine(day, hour or time(), UTC).timestamp() * 1000)
        if at > present:
            text = f"This is in the future; the clock of the clinic shows {clock.stamp(present)}."
            self.add_error("found_on", ValidationError(text, code="future"))
        elif day.year < 1900:
            self.add_error("found_on", ValidationError("This is too long ago.", code="past"))
        else:
            self.at = at


class ReasonFields(ChartForm):
    """Why something is changed."""

    reason = forms.CharField(max_length=4000, widget=forms.Textarea(attrs={"rows": 2}), label="Reason")


class TakeBackForm(ReasonFields):
    """A fact that no longer counts, with the reason."""

    withdraw = forms.CharField(initial="yes", widget=forms.HiddenInput)


class WaiverForm(ReturnFields):
    """A criterion that is set aside, with the reason."""

    reason = forms.CharField(
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3}),
        label="Reason",
        help_text="The criterion then stands as waived with this reason, never as met.",
    )


@cache
def fact_form(topic: str) -> type[FactForm]:
    """The form of a kind of fact. Raises KeyError for a topic that there is not."""
    return _form(topic)


@cache
def correction_form(topic: str) -> type[FactForm]:
    """The form that puts another fact of the same kind in the place of one that was wrong."""
    return _form(topic, "reason")


def recorded(event: FactRecorded) -> dict[str, Any]:
    """An event as the initial values of its form."""
    when = clock.moment(event.meta.at)
    hour = when.time() if event.meta.at % MS_PER_DAY else None
    return {**typed(event.fact), "found_on": when.date(), "found_at": hour, "source": event.source}


def _form(topic: str, *more: str) -> type[FactForm]:
    model = facts.TOPICS[topic]
    fields = fields_of(model)
    extra = {name: ReasonFields.base_fields[name] for name in more}
    order = (*fields, "found_on", "found_at", "source", *more)
    body = {"model": model, "field_order": order, **fields, **extra}
    return cast(type[FactForm], type(f"{model.__name__}Form", (FactForm,), body))
