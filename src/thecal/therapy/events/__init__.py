"""The events of a life with the therapy: frozen typed values, told apart by ``kind``.

``build`` makes one from fields and ``read`` from JSON; both refuse with the field and what would be accepted.
Units are in the field names; times are ms UTC.
"""

from typing import Annotated, Any, get_args

from pydantic import Field, TypeAdapter, ValidationError

from thecal.quantity import Refusal, Refused
from thecal.therapy.events import facts
from thecal.therapy.events.care import (
    CandidacyReviewed,
    CorrectedBase,
    CriterionSnapshot,
    Declined,
    HistoryRecorded,
    ImportedItem,
    ImportedPain,
    Outcome,
    PainRecorded,
    PatientRegistered,
    RecordImported,
    Status,
    Treatment,
    Withdrawn,
)
from thecal.therapy.events.common import ROLES, Event, EventMeta, Role, Spinal, Value, field_refusals, stamp
from thecal.therapy.events.facts import CriterionWaived, FactRecorded, OpioidIntake
from thecal.therapy.events.follow import (
    BatteryNoted,
    CatheterRevised,
    ComplicationRecorded,
    Grade,
    MeasureRecorded,
    OpioidTaken,
    ProcedureRecorded,
    PumpReplaced,
    SideEffectRecorded,
    StepDone,
    TrialShotGiven,
    TrialWaived,
    VisitRecorded,
)
from thecal.therapy.events.implant import (
    CatheterRecord,
    Choice,
    DecisionRecorded,
    Explanted,
    ImplantRecorded,
    PrescriptionAcknowledged,
    PrescriptionConfirmed,
    PrescriptionDisputed,
    PrescriptionSent,
    PrescriptionWritten,
    PumpGapNoted,
    RefillRecorded,
    Site,
)
from thecal.therapy.events.trial import (
    SHOTS,
    Injection,
    Method,
    MissingEntries,
    PassRule,
    TrialConcluded,
    TrialDoseChanged,
    TrialPlanned,
    TrialStarted,
    VerdictRecord,
)

_Replaceable = Annotated[
    PatientRegistered
    | HistoryRecorded
    | PainRecorded
    | CandidacyReviewed
    | TrialPlanned
    | DecisionRecorded
    | ImplantRecorded
    | RefillRecorded
    | PumpGapNoted
    | FactRecorded
    | CriterionWaived
    | MeasureRecorded
    | SideEffectRecorded
    | OpioidTaken
    | TrialShotGiven
    | ProcedureRecorded
    | ComplicationRecorded
    | VisitRecorded
    | BatteryNoted,
    Field(discriminator="kind"),
]


class Corrected(CorrectedBase):
    """An earlier event was wrong: it no longer counts, or ``replacement`` counts in its place."""

    replacement: _Replaceable | None = None


AnyEvent = (
    PatientRegistered
    | HistoryRecorded
    | RecordImported
    | PainRecorded
    | CandidacyReviewed
    | TrialPlanned
    | TrialStarted
    | TrialDoseChanged
    | TrialConcluded
    | DecisionRecorded
    | ImplantRecorded
    | PrescriptionWritten
    | PrescriptionSent
    | PrescriptionAcknowledged
    | PrescriptionConfirmed
    | PrescriptionDisputed
    | RefillRecorded
    | PumpGapNoted
    | Explanted
    | Declined
    | Withdrawn
    | FactRecorded
    | CriterionWaived
    | MeasureRecorded
    | SideEffectRecorded
    | OpioidTaken
    | TrialWaived
    | TrialShotGiven
    | ProcedureRecorded
    | ComplicationRecorded
    | VisitRecorded
    | PumpReplaced
    | CatheterRevised
    | BatteryNoted
    | Corrected
)
EVENTS: tuple[type[Event], ...] = get_args(AnyEvent)
KINDS: tuple[str, ...] = tuple(str(event.model_fields["kind"].default) for event in EVENTS)

_ADAPTER: TypeAdapter[AnyEvent] = TypeAdapter(Annotated[AnyEvent, Field(discriminator="kind")])


def build[E: Event](event: type[E], meta: EventMeta, /, **fields: Any) -> E:
    """An event from its fields. Raises Refused, one refusal for each field that is wrong."""
    kind: object = event
    if kind not in EVENTS:
        raise Refused(Refusal("event_kind", f"{str(event)[:60]!r} is no event.", "event", "Use a class of EVENTS."))
    try:
        return event(meta=meta, **fields)
    except ValidationError as error:
        raise Refused(*field_refusals(error)) from None


def read(text: str | bytes) -> AnyEvent:
    """An event from its JSON. Raises Refused, one refusal for each field that is wrong."""
    try:
        return _ADAPTER.validate_json(text)
    except ValidationError as error:
        raise Refused(*field_refusals(error, KINDS)) from None


__all__ = [
    "EVENTS",
    "KINDS",
    "ROLES",
    "SHOTS",
    "AnyEvent",
    "BatteryNoted",
    "CandidacyReviewed",
    "CatheterRecord",
    "CatheterRevised",
    "Choice",
    "ComplicationRecorded",
    "Corrected",
    "CriterionSnapshot",
    "CriterionWaived",
    "DecisionRecorded",
    "Declined",
    "Event",
    "EventMeta",
    "Explanted",
    "FactRecorded",
    "Grade",
    "HistoryRecorded",
    "ImplantRecorded",
    "ImportedItem",
    "ImportedPain",
    "Injection",
    "MeasureRecorded",
    "Method",
    "MissingEntries",
    "OpioidIntake",
    "OpioidTaken",
    "Outcome",
    "PainRecorded",
    "PassRule",
    "PatientRegistered",
    "PrescriptionAcknowledged",
    "PrescriptionConfirmed",
    "PrescriptionDisputed",
    "PrescriptionSent",
    "PrescriptionWritten",
    "ProcedureRecorded",
    "PumpGapNoted",
    "PumpReplaced",
    "RecordImported",
    "RefillRecorded",
    "Role",
    "SideEffectRecorded",
    "Site",
    "Spinal",
    "Status",
    "StepDone",
    "Treatment",
    "TrialConcluded",
    "TrialDoseChanged",
    "TrialPlanned",
    "TrialShotGiven",
    "TrialStarted",
    "TrialWaived",
    "Value",
    "VerdictRecord",
    "VisitRecorded",
    "Withdrawn",
    "build",
    "facts",
    "read",
    "stamp",
]
