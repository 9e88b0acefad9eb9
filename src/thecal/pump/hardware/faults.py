"""The fault catalogue: the kinds of fault there are, as data, and one fault as a value.

Figures are exact integers inside: parts of one in ppm, durations in ms, volumes in nL, flows in nL/day, lengths in mm,
temperatures in millidegrees Celsius, heights in m. Read from ``data/faults.toml``. Refuse, never clamp: a figure that
is out of its range, fractional where it is whole, or without its unit is named and refused.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cache
from importlib.resources import files
from typing import Any

from thecal.quantity import DURATION, FLOW, LENGTH, VOLUME, QuantityError, Refusal, Refused, auto, decimal_text, parse

PPM = 1_000_000
_KINDS = {"duration": DURATION, "volume": VOLUME, "flow": FLOW, "length": LENGTH}
_NUMBER = re.compile(r"-?[0-9]{1,9}(\.[0-9]{1,9})?")
_SUFFIX = {"celsius": "degC", "metres": "m"}
_SCALE = {"part": PPM, "celsius": 1_000, "metres": 1, "whole": 1}
_UNITS = {
    "part": "a part of one, for example 0.5",
    "whole": "a whole number",
    "celsius": "a temperature, for example 40 degC",
    "metres": "a height, for example 2500 m",
}

type Value = int | str


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of a fault: its unit, and the range or the words that are allowed."""

    unit: str
    low: int
    high: int
    words: tuple[str, ...]
    default: Value


@dataclass(frozen=True, slots=True)
class FaultKind:
    """A kind of fault. ``lasts`` False: it happens once. ``hazards`` are the ids that it stands for."""

    id: str
    title: str
    group: str
    lasts: bool
    hazards: tuple[str, ...]
    figures: Mapping[str, Figure]


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault from ``at`` to ``until`` (ms; None: for good). ``of``: its figures, in the catalogue's order."""

    kind: str
    at: int
    until: int | None
    of: tuple[tuple[str, Value], ...] = ()

    def number(self, name: str) -> int:
        """A figure that is a number."""
        value = dict(self.of)[name]
        assert isinstance(value, int), "the catalogue says that it is a number"
        return value

    def word(self, name: str) -> str:
        """A figure that is a word."""
        return str(dict(self.of)[name])

    def said(self) -> dict[str, str]:
        """Its figures as text with units, as they are put in."""
        units = fault_kinds()[self.kind].figures
        return {name: _text(value, units[name].unit) for name, value in self.of}

    def active(self, now: int) -> bool:
        """Whether it is there at ``now``."""
        return self.at <= now and (self.until is None or now < self.until)


@cache
def fault_kinds() -> Mapping[str, FaultKind]:
    """Every kind of fault, by id, in the order of the file."""
    data = tomllib.loads((files("thecal.pump") / "data" / "faults.toml").read_text("utf-8"))
    return {name: _kind(name, entry) for name, entry in data["faults"].items()}


def make_fault(
    kind: str, at: int, until: int | None = None, figures: Mapping[str, object] | None = None, where: str = "fault"
) -> Fault:
    """A fault from text figures, the missing ones by default. Raises Refused naming every field at fault."""
    known = fault_kinds().get(kind)
    if known is None:
        do = f"Use one of {', '.join(fault_kinds())}."
        raise Refused(Refusal("fault_kind", f"there is no fault {str(kind)[:60]!r}", f"{where}.kind", do))
    given = dict(figures or {})
    found: list[Refusal] = []
    if until is not None and not known.lasts:
        found.append(Refusal("fault_until", f"{kind} happens once: it has no end", f"{where}.until", "Leave it out."))
    if until is not None and until <= at:
        found.append(Refusal("fault_until", "the end is not after the beginning", f"{where}.until"))
    for name in given.keys() - known.figures.keys():
        do = f"{kind} knows: {', '.join(known.figures) or 'no figures'}."
        found.append(Refusal("fault_figure", f"{kind} has no figure {name[:40]!r}", f"{where}.{name[:40]}", do))
    values: list[tuple[str, Value]] = []
    for name, figure in known.figures.items():
        try:
            values.append((name, _value(given[name], figure, f"{where}.{name}") if name in given else figure.default))
        except Refused as refused:
            found += refused.refusals
    if found:
        raise Refused(*found)
    return Fault(kind, at, until, tuple(values))


def _kind(name: str, entry: Mapping[str, Any]) -> FaultKind:
    figures = {}
    for key, figure in entry.get("figures", {}).items():
        unit = figure["unit"]
        words = tuple(figure.get("words", ()))
        low, high = (0, 0) if words else (_read(figure["low"], unit), _read(figure["high"], unit))
        default = figure["default"] if words else _read(figure["default"], unit)
        figures[key] = Figure(unit, low, high, words, default)
    return FaultKind(name, entry["title"], entry["group"], entry["lasts"], tuple(entry["hazards"]), figures)


def _value(text: object, figure: Figure, where: str) -> Value:
    if figure.words:
        if isinstance(text, bool) and set(figure.words) == {"yes", "no"}:  # as TOML and JSON have it
            text = "yes" if text else "no"
        if text not in figure.words:
            what = f"{str(text)[:40]!r} is not one of its words"
            raise Refused(Refusal("fault_word", what, where, f"Use {' or '.join(figure.words)}."))
        return str(text)
    try:
        value = _read(text, figure.unit)
    except (QuantityError, ValueError) as error:
        raise Refused(Refusal("fault_figure", str(error)[:200], where)) from None
    if not figure.low <= value <= figure.high:
        what = f"{str(text)[:40]!r} is out of its range"
        do = f"From {_text(figure.low, figure.unit)} to {_text(figure.high, figure.unit)}."
        raise Refused(Refusal("fault_range", what, where, do))
    return value


def _text(value: Value, unit: str) -> str:
    if isinstance(value, str):
        return value
    if unit in _KINDS:
        return auto(value, _KINDS[unit])
    return f"{decimal_text(Fraction(value, _SCALE[unit]))} {_SUFFIX.get(unit, '')}".strip()


def _read(text: object, unit: str) -> int:
    """A figure in inner units. Raises QuantityError or ValueError; numbers alone are whole numbers and parts."""
    if unit in _KINDS:
        if not isinstance(text, str):
            raise ValueError(f"{str(text)[:40]!r} has no unit")
        return parse(text, _KINDS[unit])
    if isinstance(text, bool) or not isinstance(text, int | float | str):
        raise ValueError(f"{str(text)[:40]!r} is not {_UNITS[unit]}")
    plain = str(text).strip()
    if suffix := _SUFFIX.get(unit):
        if not plain.endswith(suffix):
            raise ValueError(f"{plain[:40]!r} is not {_UNITS[unit]}")
        plain = plain.removesuffix(suffix).strip()
    if not _NUMBER.fullmatch(plain):
        raise ValueError(f"{plain[:40]!r} is not {_UNITS[unit]}")
    value = Decimal(plain) * _SCALE[unit]
    if value != int(value):
        raise ValueError(f"{plain[:40]!r} is finer than what is told apart here")
    return int(value)
