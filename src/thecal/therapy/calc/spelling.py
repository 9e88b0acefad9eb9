"""How people spell units, turned into the one spelling that is known; and strengths written as per cent or 1 : N.

Only what can be read in one way is turned: ``mg per 24 h``, ``mL/hr``, ``minutes``, ``ml``. What is easily misread (the
Greek letter for micro, ``ug``, ``cc``, a comma) is left as it is, so that it is refused with what to write instead.
"""

import re
from collections.abc import Mapping
from fractions import Fraction

_PER = re.compile(r"\s*\bper\b\s*", re.IGNORECASE)
_TEXT = re.compile(r"(?P<number>\d[\d.]*)\s*(?P<unit>(?![eE][+-]?\d)[A-Za-z%].*)", re.ASCII | re.DOTALL)
_TOGETHER = re.compile(r"(?:\d[\d.]*\s*[a-zA-Z]+(?:\s*(?:,|and)?\s+)?){2,4}", re.ASCII)
_ONE = re.compile(r"(\d[\d.]*)\s*([a-zA-Z]+)", re.ASCII)
_PERCENT = re.compile(r"(\d+(?:\.\d+)?)\s*%\s*(?:w/v|\(w/v\))?", re.ASCII)
_ONE_IN = re.compile(r"1\s*(?::|in)\s*([1-9]\d{0,2}(?:[ ,]?\d{3})*|[1-9]\d*)", re.ASCII)
_WORDS: Mapping[str, tuple[str, ...]] = {
    "mL": ("ml", "millilitre", "millilitres", "milliliter", "milliliters"),
    "uL": ("ul", "microlitre", "microlitres", "microliter", "microliters"),
    "nL": ("nl", "nanolitre", "nanolitres", "nanoliter", "nanoliters"),
    "L": ("l", "litre", "litres", "liter", "liters"),
    "g": ("gram", "grams"),
    "mg": ("milligram", "milligrams"),
    "mcg": ("microgram", "micrograms"),
    "ng": ("nanogram", "nanograms"),
    "h": ("hr", "hrs", "hour", "hours", "1h", "1hr"),
    "min": ("mins", "minute", "minutes"),
    "s": ("sec", "secs", "second", "seconds"),
    "day": ("days", "24h", "24hr", "24hrs", "24hour", "24hours", "1day"),
    "week": ("wk", "wks", "weeks"),
    "cm": ("centimetre", "centimetres", "centimeter", "centimeters"),
    "mm": ("millimetre", "millimetres", "millimeter", "millimeters"),
}
_SPELLED = {word: unit for unit, words in _WORDS.items() for word in words}


def unit_of(text: str) -> str:
    """A unit in the spelling that is known, where it can be read in one way; otherwise as it is."""
    return "/".join(_SPELLED.get(part, part) for part in "".join(_PER.sub("/", text).split()).split("/"))


def spelled(text: str) -> str:
    """A number and its unit in the spelling that is known; other text as it is."""
    plain = text.replace("\u00a0", " ").replace("\u202f", " ").strip()
    found = _TEXT.fullmatch(plain)
    return f"{found['number']} {unit_of(found['unit'])}" if found else plain


def together(text: str) -> list[str]:
    """The parts of a time in several units, ``2 days 3 h``; empty when it is no such text."""
    plain = text.strip()
    if not _TOGETHER.fullmatch(plain):
        return []
    return [f"{number} {unit}" for number, unit in _ONE.findall(plain) if unit != "and"]


def strength(text: str) -> Fraction | None:
    """mg/mL of ``0.15 %`` (weight by volume) or ``1:200000`` (g in N mL); None for other text."""
    found = _PERCENT.fullmatch(text.strip())
    if found:
        return Fraction(found[1]) * 10
    found = _ONE_IN.fullmatch(text.strip())
    return None if found is None else Fraction(1000, int(found[1].replace(" ", "").replace(",", "")))
