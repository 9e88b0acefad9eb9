"""Instruments beside pain: scoring, ranges, and the smallest change that matters, each row with its source.

Scores are exact rationals in the instrument's own points. Item texts are not shipped: licences belong to their owners.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

from thecal.quantity import Refusal, Refused
from thecal.therapy.door import checked
from thecal.therapy.entries import PARTS, score_names, score_range, score_refusals
from thecal.therapy.numbers import exact, whole
from thecal.therapy.reference import cite, load

HIGHER_IS_BETTER = {"gaf", "eq5d", "promis_physical_function"}
RMDQ_ITEMS = 24


@dataclass(frozen=True, slots=True)
class Mark:
    """One published smallest meaningful change: ``value`` in points, or in per cent of the baseline.

    ``above`` is set where a category at or beyond the mark counts, whatever it was before.
    """

    value: Fraction
    unit: str
    of_baseline: bool
    category: bool
    source: str
    confirmed: bool
    basis: str


@dataclass(frozen=True, slots=True)
class Instrument:
    """One score: its range, which way is better, and its marks. ``confirmed`` is that of the range."""

    name: str
    instrument: str
    title: str
    low: Fraction
    high: Fraction
    lower_is_better: bool
    marks: tuple[Mark, ...]
    scoring: str
    confirmed: bool
    note: str


@dataclass(frozen=True, slots=True)
class Change:
    """A change from before to after. ``better`` is the improvement in points (negative: worse).

    ``pct`` is the improvement in per cent of the baseline, None at a baseline of 0 or below. ``reached`` pairs each
    mark with whether the improvement reaches it; None where it cannot be said.
    """

    name: str
    before: Fraction
    after: Fraction
    better: Fraction
    pct: Fraction | None
    reached: tuple[tuple[Mark, bool | None], ...]


@checked
def instrument(name: str) -> Instrument:
    """An instrument, or a part of one, by its name. Raises Refused for an unknown one."""
    if name not in score_names():
        do = f"Use one of {', '.join(score_names())}."
        raise Refused(Refusal("instrument", f"There is no instrument {str(name)[:60]!r}.", "instrument", do))
    return _instrument(name)


@cache
def _instrument(name: str) -> Instrument:
    row = next(each for each in load("trial")["instrument"] if each["id"] == PARTS.get(name, name))
    low, high = score_range(name)
    marks = tuple(
        Mark(
            Fraction(each["value"]),
            each["unit"],
            "%" in each["unit"],
            "category" in each["unit"],
            cite("trial", each["src"]),
            each["confirmed"],
            each.get("basis", ""),
        )
        for each in row["mcid"]
    )
    lower = name not in HIGHER_IS_BETTER
    scoring, note = row.get("scoring", ""), row.get("note", row.get("licence_note", ""))
    return Instrument(name, row["id"], row["name"], low, high, lower, marks, scoring, row["confirmed"], note)


def instruments() -> tuple[Instrument, ...]:
    """Every instrument and part."""
    return tuple(instrument(name) for name in score_names())


@checked
def read_score(name: str, text: str) -> Fraction:
    """A score from decimal text. Raises Refused when it is none of this instrument's."""
    found = score_refusals(name, text)
    if found:
        raise Refused(*found)
    return Fraction(text)


@checked
def change(name: str, before: Fraction | int, after: Fraction | int) -> Change:
    """The change between two scores. Raises Refused for scores outside the range."""
    of = instrument(name)
    for where, value in (("before", before), ("after", after)):
        if type(value) not in (int, Fraction) or not of.low <= value <= of.high:
            do = f"Scores of {name} run from {float(of.low):g} to {float(of.high):g}."
            raise Refused(Refusal("score", f"{str(value)[:40]!r} is no score of {name}.", where, do))
    first, last = Fraction(before), Fraction(after)
    better = first - last if of.lower_is_better else last - first
    pct = better * 100 / first if first > 0 else None
    return Change(name, first, last, better, pct, tuple((mark, _reaches(mark, last, better, pct)) for mark in of.marks))


def _reaches(mark: Mark, after: Fraction, better: Fraction, pct: Fraction | None) -> bool | None:
    if mark.category:
        return after <= mark.value
    if mark.of_baseline:
        return None if pct is None else pct >= mark.value
    return better >= mark.value


@checked
def bpi_severity(worst: int, least: int, average: int, now: int) -> Fraction:
    """Brief Pain Inventory, severity: the mean of its four items, each 0 to 10."""
    return _mean("bpi_severity", (worst, least, average, now), 4, 10)


@checked
def bpi_interference(items: Sequence[int | None]) -> Fraction:
    """Brief Pain Inventory, interference: the mean of the answered of seven items, valid from four answers on."""
    if len(items) != 7:
        raise Refused(
            Refusal("items", f"{len(items)} items were given.", "items", "Give seven, None where unanswered.")
        )
    return _mean("bpi_interference", items, 4, 10)


@checked
def oswestry(items: Sequence[int | None]) -> Fraction:
    """Oswestry: 100 x sum / (5 x answered) of ten items, each 0 to 5; per cent."""
    if len(items) != 10:
        raise Refused(Refusal("items", f"{len(items)} items were given.", "items", "Give ten, None where unanswered."))
    return _mean("odi", items, 1, 5) * 20


@checked
def oswestry_band(score: Fraction | int) -> str:
    """The name of the band of an Oswestry score."""
    value = exact("score", score)
    for band in load("trial")["instrument"][_odi()]["bands"]:
        if value <= band["max"]:
            return str(band["name"])
    raise Refused(Refusal("score", f"{value} is no score of odi.", "score", "Scores run from 0 to 100."))


def _odi() -> int:
    return next(index for index, row in enumerate(load("trial")["instrument"]) if row["id"] == "odi")


@checked
def roland_morris(ticked: int) -> Fraction:
    """Roland-Morris: the number of ticked statements, 0 to 24."""
    if whole("ticked statements", ticked) > RMDQ_ITEMS:
        raise Refused(Refusal("items", f"{ticked} statements were ticked.", "ticked", f"At most {RMDQ_ITEMS}."))
    return Fraction(ticked)


def _mean(name: str, items: Sequence[int | None], least: int, most: int) -> Fraction:
    answered = [whole(f"item of {name}", item) for item in items if item is not None]
    if any(item > most for item in answered):
        raise Refused(Refusal("items", f"An item of {name} is above {most}.", "items", f"Each is 0 to {most}."))
    if len(answered) < least:
        what = f"{len(answered)} items of {name} are answered."
        raise Refused(Refusal("too_few_items", what, "items", f"At least {least} must be: the score is unknown."))
    return Fraction(sum(answered), len(answered))
