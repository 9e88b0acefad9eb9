"""Events of the decision and of the implanted pump. Volumes in nL, lengths in mm, times in ms UTC."""

from typing import Annotated, Literal

from pydantic import Field

from thecal.therapy.events.common import (
    Code,
    Digest,
    Event,
    EventId,
    Length,
    Level,
    Line,
    Name,
    Note,
    Spinal,
    Time,
    Value,
    Volume,
    Words,
)

Choice = Literal["implant", "oral", "stimulation", "none"]
Site = Literal["abdomen", "upper_buttock"]


class DecisionRecorded(Event):
    """What physician and patient decided together. "No pump" (oral, stimulation, none) is a full outcome.

    ``verdict_reason`` is the physician's own: why a pump, although the trial's verdict is not surely passed.
    """

    kind: Literal["decision_recorded"] = "decision_recorded"
    choice: Choice
    discussed: Annotated[tuple[Choice, ...], Field(min_length=1, max_length=4)]
    physician: Line
    patient_agrees: bool
    patient_priorities: Note = ""
    reasons: Words
    verdict_reason: Note = ""


class CatheterRecord(Value):
    """The catheter as implanted: its catalog model and, per piece, length supplied and cut off (None: not recorded)."""

    model: Code
    supplied_mm: Annotated[tuple[Length, ...], Field(max_length=3)]
    trimmed_mm: Annotated[tuple[Length | None, ...], Field(max_length=3)] | None = None


class ImplantRecorded(Event):
    """The implant. ``path`` says what the tubing and catheter held at the end of the operation."""

    kind: Literal["implant_recorded"] = "implant_recorded"
    site: Site
    route: Spinal = "intrathecal"
    catheter: CatheterRecord
    tip_level: Level
    tip_checked: Line | None = None
    pump_profile: Code
    serial: Code
    pump: Name
    solution: Line
    fill_nl: Volume
    path: Literal["empty", "drug", "unknown"] = "unknown"
    note: Note = ""


class PrescriptionWritten(Event):
    """A prescription for one pump: its canonical text, from which everything else is read.

    ``formulary`` names the version of the site formulary that it was checked against.
    """

    kind: Literal["prescription_written"] = "prescription_written"
    prescription: Annotated[str, Field(min_length=2, max_length=20_000)]
    digest: Digest
    pump: Name
    purpose: Literal["trial", "therapy"]
    reason: Note = ""
    formulary: Annotated[str, Field(max_length=100)] = ""


class PrescriptionSent(Event):
    """The prescription was handed to the pump; what the pump did with it is not known yet."""

    kind: Literal["prescription_sent"] = "prescription_sent"
    prescription: Digest


class PrescriptionAcknowledged(Event):
    """The pump committed the prescription and read it back the same."""

    kind: Literal["prescription_acknowledged"] = "prescription_acknowledged"
    prescription: Digest


class PrescriptionConfirmed(Event):
    """The pump's counters show that it delivers what was prescribed."""

    kind: Literal["prescription_confirmed"] = "prescription_confirmed"
    prescription: Digest
    evidence: Line


class PrescriptionDisputed(Event):
    """It is not known, or it is doubted, that the pump runs this prescription."""

    kind: Literal["prescription_disputed"] = "prescription_disputed"
    prescription: Digest
    reason: Words


class RefillRecorded(Event):
    """A refill: what was expected and found in the reservoir, and what was put in.

    ``start_nl`` is the volume after the fill before; ``reading_nl`` the reading error of the syringe.
    """

    kind: Literal["refill_recorded"] = "refill_recorded"
    pump: Name
    start_nl: Volume
    expected_nl: Volume
    withdrawn_nl: Volume
    fill_nl: Volume
    solution: Line
    reading_nl: Volume = 500_000
    lot: Annotated[str, Field(max_length=100)] = ""
    note: Note = ""


class PumpGapNoted(Event):
    """The pump did not deliver for a while. ``end`` is None while it lasts; bounds are the widest that fit."""

    kind: Literal["pump_gap_noted"] = "pump_gap_noted"
    pump: Name
    start: Time
    end: Time | None = None
    missed_nl_low: Volume = 0
    missed_nl_high: Volume = 0
    cause: Line
    replaces: EventId | None = None


class Explanted(Event):
    """The pump was taken out."""

    kind: Literal["explanted"] = "explanted"
    reason: Words
    withdrawn_nl: Volume | None = None
