"""How the inputs of calculations are read: exact quantities, shares, counts, lists, solutions, times, choices.

Each ``Reader`` reads text and checks typed values by the same rule, so that the command line and Python callers are
refused alike. Quantities are rationals in inner units (nL, fg, fg/nL, ms, fg/day, nL/day, mm), never rounded.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from thecal.quantity import (
    CONCENTRATION,
    DOSE_RATE,
    DURATION,
    FLOW,
    LENGTH,
    MASS,
    VOLUME,
    VOLUME_PER_LENGTH,
    Kind,
    QuantityError,
    auto,
    decimal_text,
    parse,
)
from thecal.therapy.calc.spelling import spelled, strength, together

LIST_MAX = 400
TEXT_MAX = 4_000
_SIGNED = re.compile(r"(?P<sign>[+-]?)(?P<number>(?:0|[1-9]\d*)(?:\.\d{1,15})?)\s*(?P<unit>\D*|:\s?1)", re.ASCII)

_MOST: Mapping[str, Fraction] = {
    kind.name: Fraction(parse(text, kind))
    for kind, text in (
        (VOLUME, "100 L"),
        (MASS, "1 kg" if "kg" in MASS.accepted else "1000 g"),
        (CONCENTRATION, "1 g/mL"),
        (DURATION, "36525 days"),
        (DOSE_RATE, "1000000 mg/day"),
        (FLOW, "1000000 mL/day"),
        (LENGTH, "1000 cm"),
        (VOLUME_PER_LENGTH, "1 mL/cm"),
    )
}


class Unread(ValueError):
    """A value that is not what an input wants; the message says why and what would be accepted."""


@dataclass(frozen=True, slots=True)
class Reader:
    """A kind of input. ``read`` takes text, ``check`` a typed value; both raise Unread. ``write`` shows a value.

    ``unit`` is the inner unit of an exact number, and ``joint`` what stands between the parts of a list.
    """

    name: str
    accepts: str
    example: str
    read: Callable[[str], Any]
    check: Callable[[Any], Any]
    write: Callable[[Any], str]
    unit: str = ""
    joint: str = "; "


def quantity(kind: Kind) -> Reader:
    """A quantity of ``kind`` with its unit, zero or more, as a Fraction in the inner unit."""

    def read(text: str) -> Fraction:
        return check(exactly(text, kind))

    def check(value: Any) -> Fraction:
        return _number(value, Fraction(0), _MOST[kind.name], f"a {kind.name} in {kind.inner}")

    also = "; or a strength such as '2 %' (weight by volume) or '1:1000'" if kind is CONCENTRATION else ""
    return Reader(
        kind.name,
        f"a number with one of {', '.join(kind.accepted)}{also}",
        kind.example,
        read,
        check,
        lambda value: auto(value, kind),
        kind.inner,
    )


def exactly(text: str, kind: Kind) -> Fraction:
    """``text`` as an exact rational in the inner unit of ``kind``, however fine it is. Raises Unread.

    A concentration may be a strength in per cent or 1 : N, a duration a sum such as '2 days 3 h'.
    """
    if kind is CONCENTRATION and (mg_ml := strength(text)) is not None:
        if not 0 < mg_ml <= 1000:
            raise Unread(f"{text.strip()[:64]!r} is not a strength: above 0 and at most 100 % is wanted")
        return mg_ml * CONCENTRATION.scale("mg/mL")
    if kind is DURATION and (parts := together(text)):
        return sum((exactly(part, kind) for part in parts), Fraction(0))
    plain = spelled(text)
    try:
        return Fraction(parse(plain, kind))
    except QuantityError as error:
        if not error.reason.startswith("finer than"):
            raise Unread(f"{text.strip()[:64]!r} is not a {kind.name}: {_why(plain, error)}") from None
        number, unit = plain.split(" ")
        return Fraction(number) * kind.scale(unit)


def _why(text: str, error: QuantityError) -> str:
    """The reason, with words before the number named as such."""
    before = re.match(r"([^\d.,+-]*[A-Za-z])[\s=:]+\d", text)
    return f"{before[1].strip()[:40]!r} stands before the number" if before else error.reason


def _number(value: Any, least: Fraction, most: Fraction, what: str) -> Fraction:
    if type(value) is not int and not isinstance(value, Fraction):
        raise Unread(f"{str(value)[:40]!r} is not an exact number (int or Fraction) of {what}")
    if not least <= value <= most:
        raise Unread(
            f"{decimal_text(Fraction(value), 6)} is not {what} from {decimal_text(least, 6)} to {decimal_text(most, 6)}"
        )
    return Fraction(value)


def scaled(name: str, units: Mapping[str, Fraction], example: str, least: Fraction, most: Fraction) -> Reader:
    """A number with one of the ``units`` (each with its scale); an empty unit stands for a bare number."""
    shown = next(unit for unit in units)

    def read(text: str) -> Fraction:
        found = _SIGNED.fullmatch(text.strip())
        unit = found["unit"].strip().replace(": 1", ":1") if found else ""
        if not found or unit not in units:
            comma = ": a comma is ambiguous, use a point for decimals" if "," in text else ""
            raise Unread(f"{text[:64]!r} is not a {name}{comma}")
        return check(Fraction(found["sign"] + found["number"]) * units[unit])

    def check(value: Any) -> Fraction:
        return _number(value, least, most, f"a {name}")

    def write(value: Fraction) -> str:
        return f"{decimal_text(value / units[shown], 6)} {shown}".strip()

    accepts = ", ".join(f"'{unit}'" if unit else "no unit" for unit in units)
    return Reader(name, accepts, example, read, check, write)


_PCT, _ONE = Fraction(1, 100), Fraction(1)
PERCENT_UNITS = {"%": _PCT, "percent": _PCT, "per cent": _PCT}
PERCENT = scaled("per cent", PERCENT_UNITS, "20 %", Fraction(-100), Fraction(100))
SHARE = scaled("share in per cent", PERCENT_UNITS, "14.5 %", Fraction(0), Fraction(100))
RATIO = scaled("ratio", {"": _ONE, "%": _PCT, "x": _ONE, ":1": _ONE}, "1.09", Fraction(0), Fraction(10**6))
DENSITY = scaled("density", {"g/mL": _ONE, "kg/L": _ONE}, "1 g/mL", Fraction(1, 10), Fraction(20))
WEIGHT = scaled(
    "mass on a balance",
    {"g": _ONE, "kg": Fraction(1000), "mg": Fraction(1, 1000)},
    "128.40 g",
    Fraction(0),
    Fraction(10**5),
)
DEGREES = scaled(
    "difference of temperature",
    {"degC": _ONE, "C": _ONE, "°C": _ONE, "K": _ONE},
    "1.5 degC",
    Fraction(-50),
    Fraction(50),
)
PRESSURE = scaled(
    "pressure",
    {
        "kPa": _ONE,
        "hPa": Fraction(1, 10),
        "mbar": Fraction(1, 10),
        "bar": Fraction(100),
        "mmHg": Fraction(101_325, 760_000),
        "atm": Fraction(101_325, 1000),
    },
    "101.3 kPa",
    Fraction(0),
    Fraction(10**5),
)
PPM = scaled("parts per million", {"ppm": _ONE}, "50 ppm", Fraction(0), Fraction(10**6))


def counted(least: int = 1, most: int = 10_000) -> Reader:
    """A whole number from ``least`` to ``most``, written bare or followed by a word or '/day'."""

    def read(text: str) -> int:
        found = re.fullmatch(
            r"(\d{1,6})\s*(?:x|times|boluses|steps|(?:boluses)?\s*(?:/|per )\s*(?:day|h|hour|24 h))?",
            text.strip(),
            re.ASCII,
        )
        if not found:
            raise Unread(f"{text[:64]!r} is not a whole number")
        return check(int(found[1]))

    def check(value: Any) -> int:
        if type(value) is not int or not least <= value <= most:
            raise Unread(f"{str(value)[:40]!r} is not a whole number from {least} to {most}")
        return value

    return Reader("whole number", f"a whole number from {least} to {most}", "4", read, check, str)


def choice(**options: str) -> Reader:
    """One of the ``options``: name = other words for it, separated by '|'."""
    names = {word.strip(): name for name, others in options.items() for word in (name, *others.split("|")) if word}

    def read(text: str) -> str:
        name = names.get(" ".join(text.lower().replace("_", " ").split()), names.get(text.strip().lower(), ""))
        if not name:
            raise Unread(f"{text[:64]!r} is not one of {', '.join(options)}")
        return name

    def check(value: Any) -> str:
        if not isinstance(value, str) or value not in options:
            raise Unread(f"{str(value)[:40]!r} is not one of {', '.join(options)}")
        return value

    return Reader("choice", "one of " + ", ".join(options), next(iter(options)), read, check, str)


YES_NO = choice(yes="y|true", no="n|false")


def words_of(name: str, example: str, most: int = 300) -> Reader:
    """Free text with at least one letter."""

    def check(value: Any) -> str:
        if not isinstance(value, str) or len(value) > most or not value.isprintable() or not value.strip():
            raise Unread(f"a {name} is text of 1 to {most} characters")
        if not any(map(str.isalpha, value)) and name == "source":
            raise Unread(f"{value[:40]!r} names no {name}")
        return value.strip()

    return Reader(name, f"text of at most {most} characters", example, check, check, str)


def parts_of(text: str) -> list[str]:
    """The parts of a list: separated by ';', else by ',' or ' + '. Raises Unread for a comma that may be a decimal one.

    '1,09' is one number to some people and two to others, so it is neither.
    """
    if ";" in text:
        found = text.split(";")
    else:
        found = re.split(r",| \+ ", text)
        if re.search(r"\d,\d", text) and not all("." in part for part in found):
            raise Unread(f"{text[:64]!r}: a comma between digits is ambiguous. Separate by ';', decimals have a point")
    kept = [part.strip() for part in found if part.strip()]
    if len(kept) > LIST_MAX:
        raise Unread(f"{len(kept)} values were given; at most {LIST_MAX} are accepted")
    return kept


def many(one: Reader, least: int = 1) -> Reader:
    """Several values of one kind, separated by ';' or ','; a tuple."""

    def read(text: str) -> tuple[Any, ...]:
        return _sized(tuple(one.read(part) for part in parts_of(text)))

    def check(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, (tuple, list)):
            raise Unread(f"a list of {one.name} is wanted")
        return _sized(tuple(one.check(each) for each in value[: LIST_MAX + 1]))

    def _sized(found: tuple[Any, ...]) -> tuple[Any, ...]:
        if not least <= len(found) <= LIST_MAX:
            raise Unread(f"{len(found)} values were given; {least} to {LIST_MAX} are accepted")
        return found

    return Reader(
        f"list of {one.name}",
        f"{one.accepts}; several separated by ';'",
        f"{one.example}; {one.example}",
        read,
        check,
        lambda value: "; ".join(one.write(each) for each in value),
        one.unit,
    )


def or_unknown(one: Reader) -> Reader:
    """The same, or the word 'unknown', which reads as the text ``unknown``."""

    def read(text: str) -> Any:
        return "unknown" if text.strip().lower() in ("unknown", "not recorded", "?") else one.read(text)

    def check(value: Any) -> Any:
        return value if isinstance(value, str) and value == "unknown" else one.check(value)

    return Reader(
        one.name,
        f"{one.accepts}; or 'unknown'",
        one.example,
        read,
        check,
        lambda value: value if isinstance(value, str) else one.write(value),
        one.unit,
    )
