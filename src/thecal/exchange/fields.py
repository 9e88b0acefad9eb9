"""Small readers for one FHIR resource as a JSON tree: text, codes and dates, never guessed.

Resources are validated by their FHIR model before they are read; these readers still trust nothing, since a
model accepts some values (a number for a date) that the standard does not. Times are ms UTC.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

Tree = dict[str, Any]
TEXT_MAX = 290
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]+")
_YEARS = range(1850, 2300)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Unreadable(ValueError):
    """A resource that cannot be used: ``reason`` says why, ``path`` where in the resource."""

    def __init__(self, reason: str, path: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.path = path


@dataclass(frozen=True, slots=True)
class Moment:
    """A FHIR date or time: the day as recorded (YYYY, YYYY-MM or YYYY-MM-DD) and its first ms UTC."""

    day: str
    ms: int

    @property
    def has_day(self) -> bool:
        """Whether it is known to the day at least."""
        return len(self.day) == len("2000-01-01")


@dataclass(frozen=True, slots=True)
class Coding:
    """A code of a code system, with its display text."""

    system: str
    code: str
    display: str


@dataclass(frozen=True, slots=True)
class Concept:
    """A codeable concept: what people read, and every coding of it."""

    text: str
    codings: tuple[Coding, ...]

    @property
    def words(self) -> str:
        """All its words in lower case, to look for names in."""
        return " | ".join(dict.fromkeys([self.text, *(coding.display for coding in self.codings)])).lower()

    @property
    def first(self) -> Coding:
        """The first coding; empty when there is none."""
        return self.codings[0] if self.codings else Coding("", "", "")


EMPTY = Concept("", ())


def clean(text: str, limit: int = TEXT_MAX) -> str:
    """``text`` on one line, without control or direction characters, cut to ``limit``."""
    line = " ".join(_CONTROL.sub(" ", text).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def string(tree: Any, *path: str) -> str:
    """The text at ``path``; empty when it is absent or not text."""
    for step in path:
        tree = tree.get(step) if isinstance(tree, dict) else None
    return clean(tree) if isinstance(tree, str) else ""


def items(tree: Tree, name: str) -> list[Tree]:
    """The objects in the list ``name``; empty when it is absent."""
    value = tree.get(name)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def concept(tree: Any) -> Concept:
    """A CodeableConcept, with text taken from the first display where it has none of its own."""
    if not isinstance(tree, dict):
        return EMPTY
    codings = tuple(Coding(string(c, "system"), string(c, "code"), string(c, "display")) for c in items(tree, "coding"))
    displays = [coding.display for coding in codings if coding.display] + [c.code for c in codings if c.code]
    return Concept(string(tree, "text") or (displays[0] if displays else ""), codings)


def moment(tree: Tree, name: str) -> Moment | None:
    """The date or time in field ``name``; None when absent. Raises Unreadable when it is not one."""
    if name not in tree:
        return None
    value = tree[name]
    if not isinstance(value, str):
        raise Unreadable(f"{value!r:.40} is not a date", name)
    return _moment(value, name)


def period(tree: Tree, name: str) -> tuple[Moment | None, Moment | None]:
    """Start and end of the Period in field ``name``; each None when absent."""
    value = tree.get(name)
    return (moment(value, "start"), moment(value, "end")) if isinstance(value, dict) else (None, None)


def _moment(text: str, name: str) -> Moment:
    parts = text.split("T")[0].split("-")
    try:
        year, month, day = (int(part) for part in [*parts, "1", "1"][:3])
        if year not in _YEARS:
            raise Unreadable(f"the year {year} cannot be right", name)
        if "T" not in text:
            when = datetime.combine(date(year, month, day), datetime.min.time(), UTC)
        else:
            when = datetime.fromisoformat(text.replace(":60", ":59"))
            if when.tzinfo is None:
                raise Unreadable("a time without a time zone", name)
        return Moment("-".join(parts), (when - _EPOCH) // timedelta(milliseconds=1))
    except (ValueError, OverflowError) as error:
        if isinstance(error, Unreadable):
            raise
        raise Unreadable(f"{text[:40]!r} is not a date", name) from None
