"""What a bundle gave: facts with where each came from, and a report of what was read, used and left out.

Times are ms UTC, weight in g, height in mm. Pain scores and measurements keep the text of their number.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

from thecal.exchange.fields import Moment
from thecal.therapy.events import (
    AnyEvent,
    EventMeta,
    HistoryRecorded,
    ImportedItem,
    ImportedPain,
    Outcome,
    PatientRegistered,
    RecordImported,
    Role,
    Treatment,
    build,
    stamp,
)
from thecal.therapy.ids import uuid7

Span = tuple[Moment | None, Moment | None]  # start and end, to the precision in which they were recorded
Sex = Literal["female", "male", "other", "unknown"]
_SKIPPED_MAX = 900
_NOTE_MAX = 3_900


@dataclass(frozen=True, slots=True)
class Problem:
    """A resource that was not used: its kind, id, place in the bundle, and why."""

    kind: str
    id: str
    path: str
    reason: str

    def __str__(self) -> str:
        return f"{self.kind} {self.id} ({self.path}): {self.reason}"


@dataclass(frozen=True, slots=True)
class Report:
    """How many resources of each kind were read and used, what was skipped and why, and what to know besides."""

    read: dict[str, int]
    used: dict[str, int]
    problems: tuple[Problem, ...]
    notes: tuple[str, ...]

    def lines(self) -> tuple[str, ...]:
        """Everything that was left out or should be known, one line each, bounded in number and length."""
        unused = {kind: count for kind, count in self.read.items() if kind not in self.used}
        lines = [*self.notes, *map(str, self.problems)]
        lines = lines[:_SKIPPED_MAX] + ([f"and {len(lines) - _SKIPPED_MAX} more"] if len(lines) > _SKIPPED_MAX else [])
        kinds = sorted(unused.items())[:50]
        return tuple(line[:300] for line in (*lines, *(f"{kind}: {count} of a kind not used" for kind, count in kinds)))


@dataclass(frozen=True, slots=True)
class PatientFacts:
    """Who the record is about. ``deceased``: empty, or the day (or ``yes`` when no day is recorded)."""

    name: str
    birth_date: str
    sex: Sex
    external_ids: tuple[str, ...]
    contacts: tuple[str, ...]
    deceased: str
    reference: str


@dataclass(frozen=True, slots=True)
class Medication:
    """A medication item; ``treatments`` are (``oral_opioid`` or ``oral_nsaid``, drug, rule that matched)."""

    item: ImportedItem
    treatments: tuple[tuple[Treatment, str, str], ...]
    rule: str
    span: Span


@dataclass(frozen=True, slots=True)
class Procedure:
    """A procedure item; ``treatment`` is None for one that is no treatment of the pain pathway."""

    item: ImportedItem
    treatment: Treatment | None
    rule: str
    span: Span


@dataclass(frozen=True, slots=True)
class Measurement:
    """A body or laboratory value as recorded: ``what`` is weight, height, creatinine or egfr."""

    what: Literal["weight", "height", "creatinine", "egfr"]
    value: str
    unit: str
    at: int
    reference: str


@dataclass(frozen=True, slots=True)
class History:
    """One treatment that the record shows, over all its entries; days as recorded (YYYY, YYYY-MM or YYYY-MM-DD)."""

    treatment: Treatment
    outcome: Outcome
    start: str | None
    end: str | None
    detail: str
    note: str
    references: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Imported:
    """A bundle that was read. ``events`` turns it into the events that open a chart."""

    patient: PatientFacts
    conditions: tuple[ImportedItem, ...]
    allergies: tuple[ImportedItem, ...]
    medications: tuple[Medication, ...]
    procedures: tuple[Procedure, ...]
    care_plans: tuple[Procedure, ...]
    pain: tuple[ImportedPain, ...]
    measurements: tuple[Measurement, ...]
    weight_g: int | None
    height_mm: int | None
    history: tuple[History, ...]
    report: Report
    digest: str

    def events(
        self,
        now_ms: int,
        author: str,
        role: Role = "nurse",
        patient: str | None = None,
        entropy: Callable[[int], bytes] = secrets.token_bytes,
    ) -> tuple[AnyEvent, ...]:
        """The events for a new chart, in order: registered, record imported, one history event for each treatment.

        ``patient`` is the chart's id, a new UUIDv7 when left out. Raises Refused when a field does not fit.
        """
        meta = partial(stamp, now_ms, author, role, entropy=entropy)
        registered = build(
            PatientRegistered,
            meta(),
            patient=patient or uuid7(now_ms, entropy(10)),
            name=self.patient.name,
            birth_date=self.patient.birth_date,
            sex=self.patient.sex,
            weight_g=self.weight_g,
            height_mm=self.height_mm,
            external_ids=self.patient.external_ids,
        )
        record = build(
            RecordImported,
            meta(),
            source=f"FHIR R4 bundle, {self.patient.reference}",
            digest=self.digest,
            conditions=self.conditions + self.allergies,
            medications=tuple(medication.item for medication in self.medications),
            procedures=tuple(procedure.item for procedure in self.procedures + self.care_plans),
            pain=self.pain,
            read=sum(self.report.read.values()),
            used=sum(self.report.used.values()),
            skipped=self.report.lines(),
        )
        return (registered, record, *(_history(meta(), entry) for entry in self.history))


def _history(meta: EventMeta, entry: History) -> HistoryRecorded:
    note = f"{entry.note} From: {', '.join(entry.references)}"
    return build(
        HistoryRecorded,
        meta,
        treatment=entry.treatment,
        outcome=entry.outcome,
        start=entry.start,
        end=entry.end,
        detail=entry.detail,
        note=note if len(note) <= _NOTE_MAX else note[: _NOTE_MAX - 1] + "…",
        source="FHIR R4 bundle",
    )
