"""Read a quantity from text, exactly, or refuse it with what would be accepted.

The result is an ``int`` in the kind's inner unit. Nothing is rounded: text finer than the inner unit is
refused, as are a bare number, NaN, infinity, a comma, a sign, an unknown unit and a unit of another kind.
"""

import re
from fractions import Fraction

from thecal.quantity.kinds import Kind, known_units

_TEXT_MAX = 64
_INNER_MAX = 2**62  # keeps sums and products of two checked values far from surprises in 64-bit stores
_FORM = re.compile(r"(?P<number>\S*?\d[\d.]*(?:[eE][+-]?\d+)?)\s*(?P<unit>[^\d\s].*)?", re.DOTALL)
_NUMBER = re.compile(r"(?:0|[1-9]\d*)(?:\.\d+)?")
_MISREAD = {
    "ug": "mcg",
    "µg": "mcg",
    "μg": "mcg",
    "mcL": "uL",
    "µL": "uL",
    "μL": "uL",
    "ml": "mL",
    "cc": "mL",
    "U": "mg",
}


class QuantityError(ValueError):
    """Text that is not a quantity of the wanted kind. ``accepted`` lists the units that would be."""

    def __init__(self, text: str, reason: str, kind: Kind) -> None:
        self.text = text
        self.reason = reason
        self.accepted = kind.accepted
        super().__init__(
            f"{_clip(text)!r} is not a {kind.name}: {reason}. Write a number and a unit, for example "
            f"'{kind.example}'; units accepted: {', '.join(kind.accepted)}."
        )


def parse(text: str, kind: Kind) -> int:
    """Read ``text`` such as ``0.5 mg/day`` as an exact ``int`` in ``kind.inner``.

    Raises QuantityError for anything else, and never rounds or clamps.
    """
    if not isinstance(text, str):
        raise QuantityError(str(text), "a number without a unit is refused", kind)
    stripped = text.strip()
    if not stripped:
        raise QuantityError(text, "nothing was entered", kind)
    if len(stripped) > _TEXT_MAX:
        raise QuantityError(text, f"longer than {_TEXT_MAX} characters", kind)
    if "," in stripped:
        raise QuantityError(text, "a comma is ambiguous, use a point for decimals and no thousands mark", kind)
    form = _FORM.fullmatch(stripped)
    if form is None:
        raise QuantityError(text, "no number was found", kind)
    number, unit = form["number"], (form["unit"] or "").strip().replace(" ", "")
    amount = _amount(text, number, kind)
    if not unit:
        raise QuantityError(text, "a number without a unit is refused", kind)
    inner = amount * _unit_scale(text, unit, kind)
    if inner.denominator != 1:
        raise QuantityError(text, f"finer than 1 {kind.inner}, the smallest step that is kept", kind)
    if inner.numerator > _INNER_MAX:
        raise QuantityError(text, "too large to be meant", kind)
    return inner.numerator


def _amount(text: str, number: str, kind: Kind) -> Fraction:
    if number.startswith(("-", "+")):
        raise QuantityError(text, "a sign is refused", kind)
    if number.startswith("."):
        raise QuantityError(text, f"write a leading zero, '0{number}'", kind)
    if not number.isascii() or not _NUMBER.fullmatch(number):
        raise QuantityError(text, f"{number!r} is not a plain decimal number", kind)
    return Fraction(number)


def _unit_scale(text: str, unit: str, kind: Kind) -> Fraction:
    try:
        return kind.scale(unit)
    except KeyError:
        pass
    if unit in known_units():
        raise QuantityError(text, f"'{unit}' is a unit of another kind", kind)
    head, _, tail = unit.partition("/")
    plain = "/".join(_MISREAD.get(part, part) for part in ((head, tail) if tail else (head,)))
    hint = f"write '{plain}'" if plain != unit and plain in kind.accepted else "unknown unit"
    raise QuantityError(
        text, f"'{_clip(unit)}': {hint}" if hint != "unknown unit" else f"unknown unit '{_clip(unit)}'", kind
    )


def _clip(text: str) -> str:
    return text if len(text) <= _TEXT_MAX else text[: _TEXT_MAX - 1] + "…"
