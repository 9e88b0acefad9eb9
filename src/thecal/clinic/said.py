"""A typed value in words: each question with its answer, for people to read."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from pydantic import BaseModel

from thecal.clinic.forms.rows import RowsField
from thecal.clinic.forms.typed import fields_of, typed


@dataclass(frozen=True, slots=True)
class Line:
    """A question and its answer."""

    label: str
    answer: str


def lines(value: BaseModel) -> tuple[Line, ...]:
    """What a value says; what was not looked for is left out."""
    return tuple(_lines(fields_of(type(value)), typed(value)))


def _lines(fields: Mapping[str, forms.Field], said: Mapping[str, Any]) -> Iterator[Line]:
    for name, field in fields.items():
        answer = said.get(name)
        if said.get(f"{name}_none"):
            yield Line(str(field.label), "none")
        elif isinstance(field, RowsField):
            yield Line(str(field.label), "; ".join(_row(field, row) for row in answer or ()))
        elif answer not in (None, "") and not isinstance(field, forms.BooleanField):
            yield Line(str(field.label), _answer(field, answer))


def _row(field: RowsField, said: Mapping[str, Any]) -> str:
    first, *rest = _lines(field.widget.row.base_fields, said)
    return ", ".join((first.answer, *(f"{each.label.rstrip('?').lower()}: {each.answer.lower()}" for each in rest)))


def _answer(field: forms.Field, said: Any) -> str:
    if isinstance(field, forms.ChoiceField):
        return str(dict(field.choices)[said])  # type: ignore[arg-type]
    return "; ".join(str(said).splitlines())
