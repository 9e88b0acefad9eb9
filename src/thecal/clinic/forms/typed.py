"""Form fields made from a typed model: each property of its schema becomes the field in which a person answers it.

Nothing is chosen beforehand. What may be unknown offers that it is; what is a length or a mass is typed with its unit.
``answers`` turns clean values into what the model takes, ``typed`` turns a value of the model into what was typed.
"""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from pydantic import BaseModel

from thecal.clinic.forms import fact_words
from thecal.clinic.forms.base import QuantityField
from thecal.clinic.forms.rows import RowsField
from thecal.quantity import LENGTH, MASS, Refused, parse

type Schema = Mapping[str, Any]

RADIOS_MOST = 6
LONG = 1000
UNKNOWN = "Not known, or not looked for"
_ANSWERS = {"yes": True, "no": False}
_MICROGRAM = parse("1 mcg", MASS)


class SuggestInput(forms.TextInput):
    """A text input with names to choose from."""

    template_name = "clinic/forms/suggest.html"

    def __init__(self, names: tuple[str, ...]) -> None:
        super().__init__({"autocomplete": "off"})
        self.names = names

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """The context of a text input, with the names and the id of their list."""
        context = super().get_context(name, value, attrs)
        context["names"] = self.names
        context["widget"]["attrs"]["list"] = f"{context['widget']['attrs'].get('id', name)}_names"
        return context


class LinesField(forms.CharField):
    """One entry a line; cleans to the lines."""

    def __init__(self, most: int, longest: int, **kwargs: Any) -> None:
        kwargs.setdefault("help_text", "One a line.")
        super().__init__(widget=forms.Textarea(attrs={"rows": 4}), **kwargs)
        self.most, self.longest = most, longest

    def clean(self, value: Any) -> tuple[str, ...]:
        """The lines that are not blank; raises ValidationError for too many, and for one that is too long."""
        lines = tuple(line.strip() for line in super().clean(value).splitlines() if line.strip())
        if len(lines) > self.most:
            raise ValidationError(f"Write at most {self.most} lines.", code="lines")
        if long := [line for line in lines if len(line) > self.longest]:
            raise ValidationError(f"Longer than {self.longest} characters: {long[0][:40]}…", code="line")
        return lines


class MicrogramField(QuantityField):
    """A mass with its unit that is a whole number of micrograms; cleans to micrograms."""

    def to_python(self, value: Any) -> int | None:
        """Whole micrograms, or None when empty."""
        mass = super().to_python(value)
        if mass is None:
            return None
        if mass % _MICROGRAM:
            raise ValidationError("Write a whole number of micrograms, for example 50 mcg.", code="whole")
        return mass // _MICROGRAM


def fields_of(model: type[BaseModel]) -> dict[str, forms.Field]:
    """The fields of a form for a model, by name; a list that may be empty brings the box that says so."""
    schema = model.model_json_schema()
    return _fields(schema, schema.get("$defs", {}), rows=False)


def answers(model: type[BaseModel], cleaned: Mapping[str, Any]) -> dict[str, Any]:
    """What the model takes, from the clean values of its fields: what was left open is left out."""
    found = {}
    for name in model.model_fields:
        value = cleaned.get(name)
        if value not in (None, ""):
            found[name] = value
    return found


def typed(value: BaseModel) -> dict[str, Any]:
    """What a person would have typed for this value, as the initial values of its form."""
    found: dict[str, Any] = {}
    for name in type(value).model_fields:
        each = getattr(value, name)
        if isinstance(each, tuple):
            found[f"{name}_none"] = not each
            rows = bool(each) and isinstance(each[0], BaseModel)
            found[name] = tuple(typed(row) for row in each) if rows else "\n".join(each)
        elif isinstance(each, bool):
            found[name] = "yes" if each else "no"
        elif isinstance(each, int) and name.endswith("_mm"):
            found[name] = f"{each} mm"
        elif isinstance(each, int) and name.endswith("_mcg"):
            found[name] = f"{each} mcg"
        else:
            found[name] = each
    return found


def _fields(schema: Schema, models: Schema, *, rows: bool) -> dict[str, forms.Field]:
    found: dict[str, forms.Field] = {}
    owner = schema["title"]
    for name, each in schema["properties"].items():
        kinds = [kind for kind in each.get("anyOf", (each,)) if kind.get("type") != "null"]
        if len(kinds) != 1:
            raise TypeError(f"{owner}.{name} has no field: it may be of several kinds")
        kind = kinds[0]
        if "const" in kind:
            continue
        required = name in schema.get("required", ()) or (kind["type"] == "boolean" and "anyOf" not in each)
        words = {"label": fact_words.label(owner, name), "required": required}
        if help_text := fact_words.HINTS.get(f"{owner}.{name}", kind.get("description", "")):
            words["help_text"] = help_text
        found[name] = _field(kind, models, f"{owner}.{name}", words, rows=rows)
        if kind["type"] == "array" and not kind.get("minItems"):
            found[name].required = False
            found[f"{name}_none"] = forms.BooleanField(required=False, label="There is none")
    return found


def _field(kind: Schema, models: Schema, place: str, words: dict[str, Any], *, rows: bool) -> forms.Field:
    if kind["type"] == "array":
        return _list(kind, models, words)
    if "enum" in kind:
        options = [(value, fact_words.choice(value)) for value in kind["enum"]]
        return forms.ChoiceField(**_choice(options, words, rows=rows))
    if kind["type"] == "boolean":
        options = [("yes", "Yes"), ("no", "No")]
        return forms.TypedChoiceField(
            coerce=_ANSWERS.__getitem__, empty_value=None, **_choice(options, words, rows=rows)
        )
    if kind["type"] == "integer" and place.endswith("_mm"):
        return QuantityField(LENGTH, **{"help_text": "With its unit, for example 25 mm or 2.5 cm.", **words})
    if kind["type"] == "integer" and place.endswith("_mcg"):
        return MicrogramField(MASS, **{"help_text": "With its unit, for example 50 mcg.", **words})
    if kind["type"] == "integer":
        return forms.IntegerField(min_value=kind.get("minimum"), max_value=kind.get("maximum"), **words)
    if kind["type"] == "string":
        return _text(kind, place, words)
    raise TypeError(f"{place} has no field: its type is {kind['type']}")


def _choice(options: list[tuple[str, str]], words: dict[str, Any], *, rows: bool) -> dict[str, Any]:
    """Radio buttons for few answers, none of them chosen; a list for many, and in rows."""
    if rows or len(options) > RADIOS_MOST:
        return {**words, "choices": [("", "Choose" if words["required"] else "Not known"), *options]}
    open_ = [] if words["required"] else [("", UNKNOWN)]
    return {**words, "choices": [*options, *open_], "widget": forms.RadioSelect}


def _text(kind: Schema, place: str, words: dict[str, Any]) -> forms.Field:
    most = kind.get("maxLength", 40)
    field = forms.CharField(max_length=most, **words)
    if place in fact_words.SUGGESTED:
        field.widget = SuggestInput(fact_words.SUGGESTED[place]())
    elif most > LONG:
        field.widget = forms.Textarea(attrs={"rows": 3, "maxlength": most})
    if "pattern" in kind and "description" in kind:
        field.validators.append(RegexValidator(kind["pattern"], f"Write it so: {kind['description']}"))
    if place in fact_words.READABLE:
        field.validators.append(lambda text: _readable(place, text))
    return field


def _readable(place: str, text: str) -> None:
    try:
        fact_words.READABLE[place](text)
    except Refused as refused:
        raise ValidationError([f"{each.what} {each.do}".strip() for each in refused.refusals]) from None


def _list(kind: Schema, models: Schema, words: dict[str, Any]) -> forms.Field:
    items = kind["items"]
    if "$ref" not in items:
        return LinesField(kind["maxItems"], items["maxLength"], **words)
    row = models[items["$ref"].rpartition("/")[2]]
    form = type(f"{row['title']}Row", (forms.Form,), dict(_fields(row, models, rows=True)))
    return RowsField(form, fact_words.sentence(_spaced(row["title"])), kind["maxItems"], **words)


def _spaced(name: str) -> str:
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name).strip()
