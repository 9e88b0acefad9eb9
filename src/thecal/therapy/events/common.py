"""What all events share: who wrote it, when it happened, and the bounded kinds of value that they carry.

Units: ms UTC for times, nL, fg, fg/day, mm. Each integer field names its unit. Text is bounded.
"""

import secrets
from collections.abc import Callable
from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from thecal.quantity import Refusal, Refused
from thecal.therapy.ids import uuid7

Role = Literal["nurse", "prescriber", "pharmacist", "patient", "auditor", "system"]
ROLES: tuple[Role, ...] = ("nurse", "prescriber", "pharmacist", "patient", "auditor", "system")

Spinal = Literal["intrathecal", "epidural"]

EventId = Annotated[
    str, StringConstraints(pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")
]
Code = Annotated[
    str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\s\x00-\x1f](?:[^\x00-\x1f]*[^\s\x00-\x1f])?$")
]
Line = Annotated[str, StringConstraints(min_length=1, max_length=300, strip_whitespace=True)]
Note = Annotated[str, StringConstraints(max_length=4000)]
Words = Annotated[str, StringConstraints(min_length=1, max_length=4000, strip_whitespace=True)]
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


def _real_day(text: str) -> str:
    """A year, month or day that the calendar has; raises ValueError otherwise."""
    date.fromisoformat(text + "0001-01-01"[len(text) :])
    return text


Day = Annotated[
    str,
    StringConstraints(pattern=r"^\d{4}(-\d\d(-\d\d)?)?$"),
    AfterValidator(_real_day),
    Field(description="As well as it is known: 2024, 2024-05 or 2024-05-12."),
]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:@-]{0,79}$")]
Level = Annotated[str, StringConstraints(pattern=r"^(C[1-8]|T[1-9]|T1[0-2]|L[1-5]|S[1-5])$")]
Rational = Annotated[str, StringConstraints(pattern=r"^-?\d{1,40}(/[1-9]\d{0,39})?$")]

Time = Annotated[int, Field(ge=-(2**43), lt=253_000_000_000_000)]  # the years 1691 to 9987
Volume = Annotated[int, Field(ge=0, le=10**9)]
DoseRate = Annotated[int, Field(ge=0, le=2**62)]
Mass = Annotated[int, Field(ge=1, le=2**62)]
Length = Annotated[int, Field(ge=0, le=5_000)]


class Value(BaseModel):
    """A frozen, strict value: unknown fields and wrong types are refused."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class EventMeta(Value):
    """Who, when and which. ``at`` is when it happened, ``recorded`` when it was written down; ms UTC."""

    id: EventId
    at: Time
    recorded: Time
    author: Code
    role: Role


class Event(Value):
    """The base of all events."""

    meta: EventMeta


def stamp(
    now_ms: int,
    author: str,
    role: Role,
    at: int | None = None,
    entropy: Callable[[int], bytes] = secrets.token_bytes,
) -> EventMeta:
    """Meta data for a new event written at ``now_ms``; ``at`` is when it happened, ``now_ms`` when left out.

    ``entropy(n)`` gives n random bytes for the id; pass a seeded one for a repeatable course. Raises Refused naming
    each field that is wrong.
    """
    name = uuid7(now_ms, entropy(10))
    try:
        return EventMeta(id=name, at=now_ms if at is None else at, recorded=now_ms, author=author, role=role)
    except ValidationError as error:
        raise Refused(*field_refusals(error)) from None


def field_refusals(error: ValidationError, tags: tuple[str, ...] = ()) -> list[Refusal]:
    """One refusal for each field that a value refuses; ``tags`` are parts of a place that say nothing to people."""
    return [
        Refusal(
            code="event_field",
            what=f"{item['msg']} (given: {_clip(repr(item['input']))})",
            where=".".join(str(part) for part in item["loc"] if part not in tags) or "event",
            do="Correct this field; nothing was written.",
        )
        for item in error.errors(include_url=False)
    ]


def _clip(text: str) -> str:
    return text if len(text) <= 80 else text[:79] + "…"
