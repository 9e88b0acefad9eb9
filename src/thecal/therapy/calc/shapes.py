"""The shapes in which a JSON file may hold an input, turned into the text that a person would write.

A text; a whole number, or one with a point as it is written; an object of a value and its unit; a list; and for drugs
an object of names with amounts, or a list of objects with a drug and an amount. Nothing is rounded on the way.
"""

from collections.abc import Mapping
from typing import Any

from thecal.therapy.calc.reading import Reader, Unread

_UNITS = ("unit", "units")
_AMOUNTS = ("value", "amount")
_DRUGS = ("drug", "name")


def as_text(value: Any, reader: Reader) -> str:
    """``value`` as text. Raises Unread for what is no text, number with unit, list or mixture of these."""
    if isinstance(value, bool) and reader.name == "choice":
        return "yes" if value else "no"
    found = _one(value)
    if found is None and isinstance(value, list):
        found = reader.joint.join(_part(each, reader) for each in value)
    if found is None and isinstance(value, Mapping) and reader.joint == " + ":
        found = _drug(value) or " + ".join(f"{name} {_part(amount, reader)}" for name, amount in value.items())
    if found is None:
        raise Unread(f"{str(value)[:40]!r} is not text. Write for example {reader.example!r}")
    return found


def _part(value: Any, reader: Reader) -> str:
    found = _one(value)
    if found is None and isinstance(value, Mapping) and reader.joint == " + ":
        found = _drug(value)
    if found is None:
        raise Unread(f"{str(value)[:40]!r} is not text. Write for example {reader.example!r}")
    return found


def _one(value: Any) -> str | None:
    """A text, a whole number, or an object of a value and its unit."""
    if isinstance(value, str):
        return value
    if type(value) is int:
        return str(value)
    if isinstance(value, Mapping) and len(value) == 2:
        number = next((value[key] for key in _AMOUNTS if key in value), None)
        unit = next((value[key] for key in _UNITS if key in value), None)
        if isinstance(unit, str) and number is not None and not isinstance(number, bool):
            return f"{number} {unit}"
    return None


def _drug(value: Mapping[Any, Any]) -> str | None:
    """An object of a drug and its amount, which may have any other name, or be a value and its unit."""
    name = next((key for key in _DRUGS if isinstance(value.get(key), str)), None)
    if name is None:
        return None
    rest = {key: each for key, each in value.items() if key != name}
    amount = _one(next(iter(rest.values()))) if len(rest) == 1 else _one(rest)
    return None if amount is None else f"{value[name]} {amount}"
