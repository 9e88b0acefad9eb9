"""Events of the patient and the record: registration, history, import, diary, review, closing, correction.

Weight in g, height in mm, times in ms UTC. Imported pain scores stay text, exactly as they were recorded.
"""

from typing import Annotated, Literal

from pydantic import Field

from thecal.therapy.events.common import Code, Day, Digest, Event, EventId, Line, Name, Note, Time, Value, Words

Treatment = Literal[
    "physiotherapy",
    "oral_nsaid",
    "oral_opioid",
    "chiropractic",
    "back_surgery",
    "spinal_cord_stimulation",
    "other",
]
Outcome = Literal["inadequate", "adequate", "not_tolerated", "contraindicated", "unknown"]
Status = Literal["met", "not_met", "unknown", "waived_with_reason"]


class PatientRegistered(Event):
    """Opens a chart. ``patient`` is the chart's id; ``external_ids`` are ids in other systems."""

    kind: Literal["patient_registered"] = "patient_registered"
    patient: Name
    name: Line
    birth_date: Day
    sex: Literal["female", "male", "other", "unknown"] = "unknown"
    weight_g: Annotated[int, Field(ge=1_000, le=400_000)] | None = None
    height_mm: Annotated[int, Field(ge=400, le=2_600)] | None = None
    pain_cause: Literal["noncancer", "cancer", "unknown"] = "unknown"
    diagnosis: Note = ""
    external_ids: Annotated[tuple[Line, ...], Field(max_length=20)] = ()


class HistoryRecorded(Event):
    """One treatment that was tried, and what came of it. ``source`` says where the fact was read."""

    kind: Literal["history_recorded"] = "history_recorded"
    treatment: Treatment
    outcome: Outcome
    start: Day | None = None
    end: Day | None = None
    detail: Note = ""
    note: Note = ""
    source: Line = "entered by hand"


class ImportedItem(Value):
    """A condition, medication or procedure as another system recorded it."""

    text: Line
    system: Annotated[str, Field(max_length=300)] = ""
    code: Annotated[str, Field(max_length=100)] = ""
    start: Time | None = None
    end: Time | None = None
    status: Annotated[str, Field(max_length=100)] = ""
    reference: Annotated[str, Field(max_length=300)] = ""


class ImportedPain(Value):
    """A pain score of another system: the decimal as it stands there, never rounded to a diary entry."""

    at: Time
    score: Annotated[str, Field(pattern=r"^\d{1,3}(\.\d{1,18})?$")]
    reference: Annotated[str, Field(max_length=300)] = ""


class RecordImported(Event):
    """A record read from another system: what it held, and how much of it was used."""

    kind: Literal["record_imported"] = "record_imported"
    source: Line
    digest: Digest
    conditions: Annotated[tuple[ImportedItem, ...], Field(max_length=20_000)] = ()
    medications: Annotated[tuple[ImportedItem, ...], Field(max_length=20_000)] = ()
    procedures: Annotated[tuple[ImportedItem, ...], Field(max_length=20_000)] = ()
    pain: Annotated[tuple[ImportedPain, ...], Field(max_length=20_000)] = ()
    read: Annotated[int, Field(ge=0)] = 0
    used: Annotated[int, Field(ge=0)] = 0
    skipped: Annotated[tuple[Line, ...], Field(max_length=1_000)] = ()


class PainRecorded(Event):
    """One diary entry, 0 (no pain) to 10; ``meta.at`` is the time that it speaks of."""

    kind: Literal["pain_recorded"] = "pain_recorded"
    score: Annotated[int, Field(ge=0, le=10)]
    note: Annotated[str, Field(max_length=1_000)] = ""


class CriterionSnapshot(Value):
    """How one criterion stood when it was reviewed."""

    criterion: Code
    status: Status
    evidence: Annotated[tuple[Line, ...], Field(max_length=200)] = ()


class CandidacyReviewed(Event):
    """The prescriber has read the assessment and concludes in their own words."""

    kind: Literal["candidacy_reviewed"] = "candidacy_reviewed"
    ruleset: Code
    snapshot: Annotated[tuple[CriterionSnapshot, ...], Field(max_length=100)]
    conclusion: Words


class Declined(Event):
    """No pump: by the patient, the physician or both, with the reason. Care goes on without one."""

    kind: Literal["declined"] = "declined"
    by: Literal["patient", "physician", "both"]
    reason: Words


class Withdrawn(Event):
    """The patient, or the clinic, ends the way through this therapy."""

    kind: Literal["withdrawn"] = "withdrawn"
    by: Literal["patient", "clinic"]
    reason: Words


class CorrectedBase(Event):
    """An earlier event was wrong. The entry stays in the ledger; the fold no longer counts it."""

    kind: Literal["corrected"] = "corrected"
    event: EventId
    reason: Words
