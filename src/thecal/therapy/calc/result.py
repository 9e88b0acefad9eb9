"""What a calculation answers: a value with its unit, a range where there is one, and everything it rests on.

Values are exact rationals in the unit that is named beside them. They are rounded only when they are shown.
"""

from dataclasses import dataclass
from fractions import Fraction

from thecal.quantity import Kind, Refusal, decimal_text

DIGITS = 6
JSON_DIGITS = 15


@dataclass(frozen=True, slots=True)
class Row:
    """One named figure: ``value`` in ``unit``, or ``note`` alone where the row is words. ``low``/``high``: a range."""

    name: str
    value: Fraction | None = None
    unit: str = ""
    note: str = ""
    low: Fraction | None = None
    high: Fraction | None = None

    @property
    def text(self) -> str:
        """For people: six significant digits, with the range and the note."""
        if self.value is None and self.low is None:
            return self.note
        shown = " to ".join(dict.fromkeys(number(end) for end in (self.low, self.high) if end is not None))
        if self.value is not None:
            shown = number(self.value) + (f" [{shown}]" if shown else "")
        unit = f" {self.unit}" if self.unit else ""
        return f"{shown}{unit}" + (f" ({self.note})" if self.note else "")

    def plain(self) -> dict[str, object]:
        """Plain values, for JSON: numbers to 15 digits, and the exact rational as text."""
        found: dict[str, object] = {"name": self.name, "text": self.text}
        for key in ("value", "low", "high"):
            if (value := getattr(self, key)) is not None:
                found |= {key: float(decimal_text(value, JSON_DIGITS)), f"{key}_exact": str(value)}
        return found | ({"unit": self.unit} if self.unit else {}) | ({"note": self.note} if self.note else {})


@dataclass(frozen=True, slots=True)
class Given:
    """One input as it was used: ``value`` is exact in the inner ``unit``; ``default`` says that nobody gave it."""

    name: str
    text: str
    value: object
    unit: str = ""
    default: bool = False

    def plain(self) -> dict[str, object]:
        """Plain values, for JSON: the text for people, and exact numbers as texts in the inner unit."""
        found: dict[str, object] = {"name": self.name, "text": self.text, "default": self.default}
        exact = _exact(self.value)
        if exact is not None:
            found |= {"exact": exact} | ({"exact_unit": self.unit} if self.unit else {})
        return found


def _exact(value: object) -> object:
    """Numbers as texts, also in lists; None for words and for lists with words."""
    if isinstance(value, (int, Fraction)):
        return str(value)
    if not isinstance(value, tuple):
        return None
    found = [_exact(each) for each in value]
    return None if None in found else found


@dataclass(frozen=True, slots=True)
class Answer:
    """What the body of a calculation gives back: the main figure, the rows beside it, and the warnings."""

    main: Row
    rows: tuple[Row, ...] = ()
    warnings: tuple[Refusal, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """The answer of one calculation, with its inputs, its formula and the version of that, warnings and source.

    ``value`` is exact in ``unit``; None only where a range is all that is known, which is then ``low`` to ``high``.
    """

    calculation: str
    title: str
    value: Fraction | None
    unit: str
    low: Fraction | None
    high: Fraction | None
    note: str
    rows: tuple[Row, ...]
    inputs: tuple[Given, ...]
    formula: str
    formula_id: str
    version: int
    warnings: tuple[Refusal, ...]
    source: str
    confirmed: bool

    def row(self, name: str) -> Row:
        """The row of that name. Raises KeyError when there is none."""
        for row in self.rows:
            if row.name == name:
                return row
        raise KeyError(name)

    @property
    def main(self) -> Row:
        """The main figure as a row."""
        return Row("result", self.value, self.unit, self.note, self.low, self.high)

    def plain(self) -> dict[str, object]:
        """Plain values, for JSON."""
        main = self.main.plain()
        del main["name"]
        return {
            "calculation": self.calculation,
            "title": self.title,
            **main,
            "rows": [row.plain() for row in self.rows],
            "inputs": [each.plain() for each in self.inputs],
            "formula": {"id": self.formula_id, "version": self.version, "text": self.formula},
            "warnings": [warning.as_dict() for warning in self.warnings],
            "source": self.source,
            "confirmed": self.confirmed,
        }

    def lines(self) -> list[str]:
        """For people, one line a figure."""
        found = [f"{self.title}: {self.main.text}"]
        found += [f"  {label(row.name)}: {row.text}" for row in self.rows]
        found += [f"  warning: {warning}" for warning in self.warnings]
        given = ", ".join(
            f"{label(each.name)} {each.text}{' (default)' if each.default else ''}" for each in self.inputs
        )
        flag = "" if self.confirmed else " [unconfirmed]"
        return [
            *found,
            f"  from: {given}",
            f"  formula {self.formula_id} v{self.version}: {self.formula}",
            f"  source: {self.source}{flag}",
        ]


def number(value: Fraction) -> str:
    """A number for people: six significant digits, leading zero, no trailing zero."""
    return decimal_text(value, DIGITS)


def label(name: str) -> str:
    """A row's name in words."""
    return name.replace("_", " ")


def row(name: str, value: Fraction | int, kind: Kind, unit: str, note: str = "") -> Row:
    """A row of ``value`` (inner units of ``kind``) shown in ``unit``."""
    return Row(name, Fraction(value) / kind.scale(unit), unit, note)


def span(name: str, low: Fraction | int, high: Fraction | int, kind: Kind, unit: str, note: str = "") -> Row:
    """A row that is a range, without a value between."""
    scale = kind.scale(unit)
    return Row(name, None, unit, note, Fraction(low) / scale, Fraction(high) / scale)


def percent(name: str, share: Fraction, note: str = "") -> Row:
    """A share as per cent."""
    return Row(name, share * 100, "%", note)


def count(name: str, value: Fraction | int, unit: str = "", note: str = "") -> Row:
    """A number without a dimension, or per day and the like."""
    return Row(name, Fraction(value), unit, note)


def words(name: str, text: str) -> Row:
    """A row that is text."""
    return Row(name, note=text)
