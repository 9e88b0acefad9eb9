"""Inputs with inner structure: mixtures of drugs, slugs of a fluid path, steps of a day, flows over time, instants.

Written as people write them: ``morphine 10 mg/mL + bupivacaine 5 mg/mL``, ``0.2 mL 10 mg/mL; 0.1 mL saline``,
``00-06 0.1 mg/h; 06-24 0.22 mg/h``, ``2 h 0.3 mL/day; 5 h 0.2 mL/day``, ``2026-03-04 10:30 UTC``.
"""

import re
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from thecal.quantity import CONCENTRATION, DOSE_RATE, DURATION, FLOW, MASS, MS_PER_DAY, MS_PER_HOUR, VOLUME, Kind, auto
from thecal.therapy.calc.reading import LIST_MAX, Reader, Unread, exactly, parts_of, quantity

Mixture = tuple[tuple[str, Fraction], ...]
"""(drug, amount) in order, the primary drug first."""
Slug = tuple[Fraction, Fraction | None]
"""Volume in nL and concentration in fg/nL; None: nobody knows what it holds."""

ALONE = "drug"
_NO_DRUG = ("saline", "empty", "water", "csf", "diluent", "no drug", "contrast", "air")
_DRUGS = re.compile(r"\s*(?:\+|;|,(?=\s*[A-Za-z])|\s(?:and|with)\s)\s*")
_CLOCK = re.compile(r"(\d{1,2})(?::(\d\d))?\s*h?")
_YEARS = (1970, 2200)


def mixture(kind: Kind) -> Reader:
    """Drugs with an amount each, joined by '+'; or one amount alone, which is then that of the primary drug."""
    one = quantity(kind)

    def read(text: str) -> Mixture:
        return check(tuple(_part(part.strip()) for part in _DRUGS.split(text)))

    def _part(part: str) -> tuple[str, Fraction]:
        found = re.match(r"(?P<name>[A-Za-z][A-Za-z -]*?)?[\s:=]*(?P<amount>[\d.].*)", part)
        if not found:
            raise Unread(
                f"{part[:64]!r} is not a drug with a {kind.name}. Write for example 'morphine {kind.example}'."
            )
        return (found["name"] or ALONE).strip().lower(), one.read(found["amount"])

    def check(value: Any) -> Mixture:
        if type(value) is int or isinstance(value, Fraction):
            value = ((ALONE, value),)
        _shape(value, kind)
        found = tuple((name, one.check(amount)) for name, amount in value)
        if len({name for name, _ in found}) != len(found):
            raise Unread("a drug is named twice")
        if any(not amount for _, amount in found):
            raise Unread(f"a {kind.name} of zero: leave the drug out")
        return found

    def write(value: Mixture) -> str:
        return " + ".join(auto(a, kind) if name == ALONE else f"{name} {auto(a, kind)}" for name, a in value)

    return Reader(
        f"{kind.name} of one or several drugs",
        f"[drug] {one.accepts}; several drugs joined by '+'",
        f"morphine {kind.example}",
        read,
        check,
        write,
        kind.inner,
        " + ",
    )


def _shape(value: Any, kind: Kind) -> None:
    if not isinstance(value, (tuple, list)) or not 1 <= len(value) <= 6:
        raise Unread(f"one to six drugs with a {kind.name} each are wanted")
    if not all(isinstance(pair, (tuple, list)) and len(pair) == 2 and isinstance(pair[0], str) for pair in value):
        raise Unread(f"each part is a drug and its {kind.name}")


def _pairs(text: str) -> list[str]:
    parts = parts_of(text)
    if not parts:
        raise Unread("nothing was entered")
    return parts


def _read_slug(part: str) -> Slug:
    found = re.fullmatch(r"([\d.]+\s*[a-zA-Z]+)\s+(?:of\s+)?(.+)", part)
    if not found:
        raise Unread(f"{part[:64]!r} is not a slug. Write for example '0.2 mL 10 mg/mL' or '0.1 mL saline'.")
    volume, content = quantity(VOLUME).read(found[1]), found[2].strip().lower()
    if content == "unknown":
        return volume, None
    return volume, Fraction(0) if content in _NO_DRUG else quantity(CONCENTRATION).read(found[2])


def _check_slugs(value: Any) -> tuple[Slug, ...]:
    if not isinstance(value, (tuple, list)) or not 1 <= len(value) <= LIST_MAX:
        raise Unread("a list of slugs (volume, concentration or None) is wanted")
    if not all(isinstance(slug, (tuple, list)) and len(slug) == 2 for slug in value):
        raise Unread("each slug is a volume and a concentration, or None")
    return tuple(
        (quantity(VOLUME).check(volume), None if c is None else quantity(CONCENTRATION).check(c)) for volume, c in value
    )


def _write_slugs(value: tuple[Slug, ...]) -> str:
    return "; ".join(f"{auto(v, VOLUME)} {'unknown' if c is None else auto(c, CONCENTRATION)}" for v, c in value)


SLUGS = Reader(
    "slugs, reservoir end first",
    "volume and concentration, or 'saline', or 'unknown'; several separated by ';'",
    "0.2 mL 10 mg/mL; 0.1885 mL saline",
    lambda text: _check_slugs([_read_slug(part) for part in _pairs(text)]),
    _check_slugs,
    _write_slugs,
)


def _clock(text: str) -> int:
    found = _CLOCK.fullmatch(text.strip())
    if not found:
        raise Unread(f"{text[:20]!r} is not a time of day. Write for example '06:00'.")
    at = int(found[1]) * MS_PER_HOUR + int(found[2] or 0) * 60_000
    if at > MS_PER_DAY or int(found[2] or 0) > 59:
        raise Unread(f"{text[:20]!r} is not a time of day")
    return at


def _read_steps(text: str) -> tuple[tuple[int, Fraction], ...]:
    found: list[tuple[int, Fraction]] = []
    end: int | None = None
    for start, until, amount in _from_midnight([_read_step(part) for part in _pairs(text)]):
        if start != end if end is not None else not found and start != 0:
            raise Unread(f"the step at {clock_text(start)} leaves a gap or overlaps: the steps cover 24 h from 00:00")
        found.append((start, _rate(amount, start, until)))
        end = until
    if end is not None and end != MS_PER_DAY:
        raise Unread("the last step does not end at 24:00: the steps cover 24 h")
    return _check_steps(found)


type _Step = tuple[int, int | None, str]
"""Start, end where it is written, and the amount as text."""


def _read_step(part: str) -> _Step:
    times, _, amount = re.sub(r"\s*(?:-|\bto\b)\s*", "-", part, count=1).partition(" ")
    start, dash, end = times.partition("-")
    return _clock(start), _clock(end) if dash else None, amount


def _from_midnight(steps: list[_Step]) -> list[_Step]:
    """The steps of a day that begins elsewhere, with the step over midnight as two. Others as they are."""
    over = [n for n, (start, end, _) in enumerate(steps) if end is not None and end < start]
    if len(over) != 1 or steps[0][0] == 0:
        return steps
    start, end, amount = steps[over[0]]
    after = steps[over[0] + 1 :] + steps[: over[0]]
    if "/" not in re.sub(r"\bper\b", "/", amount):
        raise Unread("a step over midnight is given as a rate, for example '22:00-06:00 0.1 mg/h'")
    return [*([(0, end, amount)] if end else []), *after, (start, MS_PER_DAY, amount)]


def _rate(amount: str, start: int, end: int | None) -> Fraction:
    """The rate of a step, which may be written as the dose that it gives between start and end."""
    try:
        return exactly(amount, DOSE_RATE)
    except Unread as error:
        if end is None or end <= start:
            raise
        try:
            return exactly(amount, MASS) * MS_PER_DAY / (end - start)
        except Unread:
            raise error from None


def _check_steps(value: Any) -> tuple[tuple[int, Fraction], ...]:
    if not isinstance(value, (tuple, list)) or not 1 <= len(value) <= LIST_MAX:
        raise Unread("a list of steps (start in ms, dose rate) is wanted")
    if not all(isinstance(step, (tuple, list)) and len(step) == 2 and type(step[0]) is int for step in value):
        raise Unread("each step is a start in ms after midnight and a dose rate")
    starts = [step[0] for step in value]
    if starts[0] != 0 or starts != sorted(set(starts)) or starts[-1] >= MS_PER_DAY:
        raise Unread("the steps start at 00:00, rise, and stay below 24:00")
    return tuple((start, quantity(DOSE_RATE).check(rate)) for start, rate in value)


def clock_text(ms: int) -> str:
    """A time of day, ms after midnight, as hours and minutes."""
    return f"{ms // MS_PER_HOUR:02}:{ms % MS_PER_HOUR // 60_000:02}"


STEPS = Reader(
    "steps of a day",
    "start (or start-end) and a dose rate, or start-end and the dose of the step; several separated by ';'",
    "00-06 0.1 mg/h; 06-24 0.22 mg/h",
    _read_steps,
    _check_steps,
    lambda value: "; ".join(
        f"{clock_text(start)} {auto(rate / 24, DOSE_RATE).replace('/day', '/h')}" for start, rate in value
    ),
)


def _read_flows(text: str) -> tuple[tuple[Fraction, Fraction], ...]:
    found = []
    for part in _pairs(text):
        match = re.fullmatch(r"([\d.]+\s*[a-zA-Z]+)\s+(?:at\s+)?(\d.*)", part)
        if not match:
            raise Unread(f"{part[:64]!r} is not a flow for a time. Write for example '2 h 0.3 mL/day'.")
        found.append((quantity(DURATION).read(match[1]), quantity(FLOW).read(match[2])))
    return tuple(found)


def _check_flows(value: Any) -> tuple[tuple[Fraction, Fraction], ...]:
    if not isinstance(value, (tuple, list)) or not all(isinstance(p, (tuple, list)) and len(p) == 2 for p in value):
        raise Unread("a list of (duration, flow) is wanted")
    return tuple((quantity(DURATION).check(time), quantity(FLOW).check(flow)) for time, flow in value[:LIST_MAX])


FLOWS = Reader(
    "flows, one after another",
    "a duration and a flow; several separated by ';'",
    "2 h 0.3 mL/day",
    _read_flows,
    _check_flows,
    lambda value: "; ".join(f"{auto(t, DURATION)} {auto(q, FLOW)}" for t, q in value),
)


def _read_instant(text: str) -> int:
    plain = text.strip()
    if plain.upper().endswith("UTC"):
        plain = plain[:-3].strip() + "+00:00"
    if re.fullmatch(r"\d{4}-\d\d-\d\d", plain):
        plain += "T00:00+00:00"
    try:
        moment = datetime.fromisoformat(plain)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        do = "Write for example '2026-03-04 10:30 UTC' or '2026-03-04T10:30+01:00'."
        raise Unread(f"{text[:40]!r} is not an instant with its zone. {do}")
    return _check_instant(int((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() // 1 * 1000))


def _check_instant(value: Any) -> int:
    least, most = (int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) * 1000 for year in _YEARS)
    if type(value) is not int or not least <= value < most:
        raise Unread(f"{str(value)[:40]!r} is not an instant in ms UTC between {_YEARS[0]} and {_YEARS[1]}")
    return value


def instant_text(ms: int, zone: str = "UTC") -> str:
    """An instant for people, to the minute, rounded down."""
    moment = datetime.fromtimestamp(ms // 1000, UTC).astimezone(ZoneInfo(zone))
    return moment.strftime("%Y-%m-%d %H:%M") + f" {zone}"


def _check_zone(value: Any) -> str:
    try:
        return ZoneInfo(value.strip() if isinstance(value, str) else "").key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Unread(f"{str(value)[:40]!r} is not a time zone. Write for example 'Europe/Zurich'.") from None


INSTANT = Reader(
    "instant",
    "date and time with a zone, or a date (00:00 UTC)",
    "2026-03-04 10:30 UTC",
    _read_instant,
    _check_instant,
    instant_text,
)
ZONE = Reader("time zone", "a name such as Europe/Zurich", "UTC", _check_zone, _check_zone, str)
