"""A chart: everything that is known of one patient's way through the therapy, as one frozen value.

A chart is the fold of its events (``thecal.therapy.fold``) and is never written to. Times are ms UTC.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Literal

from pydantic import BaseModel

from thecal.pump import Prescription
from thecal.therapy.events import (
    AnyEvent,
    BatteryNoted,
    CandidacyReviewed,
    CatheterRevised,
    ComplicationRecorded,
    Corrected,
    CriterionWaived,
    DecisionRecorded,
    Declined,
    Explanted,
    FactRecorded,
    HistoryRecorded,
    ImplantRecorded,
    MeasureRecorded,
    OpioidTaken,
    PainRecorded,
    PatientRegistered,
    PrescriptionWritten,
    ProcedureRecorded,
    PumpGapNoted,
    PumpReplaced,
    RecordImported,
    RefillRecorded,
    SideEffectRecorded,
    TrialConcluded,
    TrialDoseChanged,
    TrialPlanned,
    TrialShotGiven,
    TrialStarted,
    TrialWaived,
    VerdictRecord,
    VisitRecorded,
    Withdrawn,
)

Stage = Literal[
    "new",
    "referred",
    "assessed",
    "trial",
    "decision",
    "implanted",
    "in_therapy",
    "declined",
    "withdrawn",
    "explanted",
]
OrderState = Literal["ordered", "sent", "acknowledged", "confirmed", "disputed"]


@dataclass(frozen=True, slots=True)
class Order:
    """A prescription on the chart and how far it got. ``accepted`` is when the pump took it, None until it did."""

    event: PrescriptionWritten
    prescription: Prescription
    state: OrderState
    changed: int
    accepted: int | None = None
    reason: str = ""

    @property
    def digest(self) -> str:
        """The name of the prescription between chart and pump."""
        return self.event.digest


@dataclass(frozen=True, slots=True)
class Trial:
    """One trial: its plan as it stood at the start, the start, the steps of dose, and the conclusion."""

    plan: TrialPlanned
    started: TrialStarted
    changes: tuple[TrialDoseChanged, ...] = ()
    concluded: TrialConcluded | None = None
    ended: int | None = None


def latest_verdict(trials: Sequence[Trial]) -> VerdictRecord | None:
    """The verdict of the latest trial that was concluded; None when none was."""
    return next((trial.concluded.verdict for trial in reversed(trials) if trial.concluded is not None), None)


@dataclass(frozen=True, slots=True)
class Chart:
    """The state of one chart. ``version`` counts its events; ``events`` are those that count after corrections.

    ``plan`` is a trial plan that has not started. ``since`` is when the stage began. ``diary`` is in the order of
    writing; use ``pain`` for the order of time.
    """

    version: int = 0
    stage: Stage = "new"
    since: int = 0
    patient: PatientRegistered | None = None
    history: tuple[HistoryRecorded, ...] = ()
    imports: tuple[RecordImported, ...] = ()
    diary: tuple[PainRecorded, ...] = ()
    reviews: tuple[CandidacyReviewed, ...] = ()
    plan: TrialPlanned | None = None
    trials: tuple[Trial, ...] = ()
    decision: DecisionRecorded | None = None
    implant: ImplantRecorded | None = None
    orders: tuple[Order, ...] = ()
    refills: tuple[RefillRecorded, ...] = ()
    gaps: tuple[PumpGapNoted, ...] = ()
    closed: Declined | Withdrawn | None = None
    explant: Explanted | None = None
    corrections: tuple[Corrected, ...] = ()
    facts: tuple[FactRecorded, ...] = ()
    waivers: tuple[CriterionWaived, ...] = ()
    measures: tuple[MeasureRecorded, ...] = ()
    side_effects: tuple[SideEffectRecorded, ...] = ()
    opioids: tuple[OpioidTaken, ...] = ()
    shots: tuple[TrialShotGiven, ...] = ()
    procedures: tuple[ProcedureRecorded, ...] = ()
    complications: tuple[ComplicationRecorded, ...] = ()
    visits: tuple[VisitRecorded, ...] = ()
    batteries: tuple[BatteryNoted, ...] = ()
    replacements: tuple[PumpReplaced, ...] = ()
    revisions: tuple[CatheterRevised, ...] = ()
    waived_trial: TrialWaived | None = None
    events: tuple[AnyEvent, ...] = ()

    @property
    def trial(self) -> Trial | None:
        """The latest trial, running or concluded."""
        return self.trials[-1] if self.trials else None

    @property
    def verdict(self) -> VerdictRecord | None:
        """The verdict of the latest trial that was concluded; None when none was."""
        return latest_verdict(self.trials)

    @property
    def pump_in_place(self) -> bool:
        """An implanted pump is in the body, whatever the stage says."""
        return self.implant is not None and self.explant is None

    def pain(self) -> tuple[PainRecorded, ...]:
        """The diary in order of the time that entries speak of."""
        return tuple(sorted(self.diary, key=lambda entry: (entry.meta.at, entry.meta.id)))

    def latest[F: BaseModel](self, fact: type[F], now: int | None = None) -> tuple[FactRecorded, F] | None:
        """The newest finding of a type, with its event, up to ``now`` (ms); None when there is none."""
        found = self.findings(fact, now)
        return found[-1] if found else None

    def findings[F: BaseModel](self, fact: type[F], now: int | None = None) -> tuple[tuple[FactRecorded, F], ...]:
        """All findings of a type up to ``now`` (ms), in the order of the time at which they were found."""
        kept = [
            (event, event.fact)
            for event in self.facts
            if isinstance(event.fact, fact) and (now is None or event.meta.at <= now)
        ]
        return tuple(sorted(kept, key=lambda pair: (pair[0].meta.at, pair[0].meta.recorded)))

    def order(self, digest: str) -> Order | None:
        """The order with this prescription digest."""
        return next((order for order in self.orders if order.digest == digest), None)

    def running(self, pump: str) -> Order | None:
        """The order that this pump accepted last; None when it accepted none."""
        accepted = [order for order in self.orders if order.event.pump == pump and order.accepted is not None]
        return max(accepted, key=lambda order: order.accepted or 0, default=None)

    def to_bytes(self) -> bytes:
        """Canonical JSON of the whole chart: equal charts have equal bytes."""
        return json.dumps(_plain(self), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, Prescription):
        return value.to_bytes().decode("ascii")
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    return value
