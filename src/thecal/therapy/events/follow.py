"""Events of following: measures beside pain, side effects, doses given by hand, procedures, revisions, visits.

Masses in fg, volumes in nL, times in ms UTC; scores and changes as exact decimal text.
"""

from typing import Annotated, Literal

from pydantic import Field

from thecal.therapy.events.common import Code, Event, Level, Line, Mass, Name, Note, Time, Value, Volume, Words
from thecal.therapy.events.facts import Decimal, OpioidIntake
from thecal.therapy.events.implant import CatheterRecord

Grade = Literal["none", "mild", "moderate", "severe"]


class MeasureRecorded(Event):
    """A score of an instrument, at the time that it speaks of."""

    kind: Literal["measure_recorded"] = "measure_recorded"
    instrument: Code
    score: Decimal
    note: Note = ""


class SideEffectRecorded(Event):
    """A side effect and how strong it is; ``resolved`` when it is over."""

    kind: Literal["side_effect_recorded"] = "side_effect_recorded"
    effect: Line
    grade: Grade
    resolved: bool = False
    note: Note = ""


class OpioidTaken(Event):
    """A systemic opioid that was taken, so that a trial is read beside it."""

    kind: Literal["opioid_taken"] = "opioid_taken"
    intake: OpioidIntake
    note: Note = ""


class TrialWaived(Event):
    """No trial: why it is left out, as the rule set may allow."""

    kind: Literal["trial_waived"] = "trial_waived"
    reason: Literal["advanced cancer with limited survival", "high procedural risk", "other"]
    words: Words


class TrialShotGiven(Event):
    """A further dose of the trial given by hand, at ``level`` by ``given_by``; ``saline`` is a blinded control.

    A dose of the drug has a watch of its own, by ``watch_rule`` until ``watch_until`` (ms). ``early_reason`` says why
    it could not wait for the end of the watch before.
    """

    kind: Literal["trial_shot_given"] = "trial_shot_given"
    mass_fg: Mass | None = None
    saline: bool = False
    blinded: bool = False
    level: Level | None = None
    given_by: Line | None = None
    watch_rule: Code | None = None
    watch_until: Time | None = None
    early_reason: Note = ""


class StepDone(Value):
    """One step of a procedure: who did it, who checked it, and the proofs that were seen."""

    step: Code
    at: Annotated[int, Field(ge=0, lt=253_000_000_000_000)]
    by: Line
    second: Line | None = None
    proofs: Annotated[tuple[Code, ...], Field(max_length=20)] = ()
    note: Note = ""


class ProcedureRecorded(Event):
    """A procedure as it was done, step by step."""

    kind: Literal["procedure_recorded"] = "procedure_recorded"
    procedure: Literal["refill", "catheter_access", "mri", "bolus"]
    steps: Annotated[tuple[StepDone, ...], Field(max_length=30)]
    complete: bool


class ComplicationRecorded(Event):
    """A complication, by the id of the list of complications, or ``other``."""

    kind: Literal["complication_recorded"] = "complication_recorded"
    complication: Code
    grade: Grade
    action: Note = ""


class VisitRecorded(Event):
    """A follow-up visit: what was asked, looked at and found."""

    kind: Literal["visit_recorded"] = "visit_recorded"
    neurological_check: bool = False
    findings: Note = ""
    red_flags: Annotated[tuple[Line, ...], Field(max_length=20)] = ()


class PumpReplaced(Event):
    """The pump was changed for another; the catheter stays unless it is revised as well."""

    kind: Literal["pump_replaced"] = "pump_replaced"
    reason: Literal["battery", "fault", "infection", "recall", "other"]
    pump_profile: Code
    serial: Code
    pump: Name
    solution: Line
    fill_nl: Volume
    path: Literal["empty", "drug", "unknown"] = "unknown"
    note: Note = ""


class CatheterRevised(Event):
    """The catheter was repaired or changed: what is in place now, and what it holds."""

    kind: Literal["catheter_revised"] = "catheter_revised"
    reason: Words
    catheter: CatheterRecord
    tip_level: Level
    tip_checked: Line | None = None
    path: Literal["empty", "drug", "unknown"] = "unknown"


class BatteryNoted(Event):
    """What the pump says of its battery. ``replace_by`` (ms UTC) as the pump computes it, when it does."""

    kind: Literal["battery_noted"] = "battery_noted"
    pump: Name
    state: Literal["good", "replacement_indicated", "end_of_service"]
    replace_by: Annotated[int, Field(ge=0, lt=253_000_000_000_000)] | None = None
