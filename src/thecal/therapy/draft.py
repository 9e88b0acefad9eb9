"""A chart in the making: what the fold writes to, and no one else sees."""

from dataclasses import dataclass, field, fields
from typing import Any

from thecal.therapy.chart import Chart, Order, Stage, Trial
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
    ProcedureRecorded,
    PumpGapNoted,
    PumpReplaced,
    RecordImported,
    RefillRecorded,
    SideEffectRecorded,
    TrialPlanned,
    TrialShotGiven,
    TrialWaived,
    VisitRecorded,
    Withdrawn,
)


@dataclass(slots=True)
class Draft:
    """A chart in the making: the fields of ``Chart``, lists where it has tuples."""

    version: int = 0
    stage: Stage = "new"
    since: int = 0
    patient: PatientRegistered | None = None
    history: list[HistoryRecorded] = field(default_factory=list)
    imports: list[RecordImported] = field(default_factory=list)
    diary: list[PainRecorded] = field(default_factory=list)
    reviews: list[CandidacyReviewed] = field(default_factory=list)
    plan: TrialPlanned | None = None
    trials: list[Trial] = field(default_factory=list)
    decision: DecisionRecorded | None = None
    implant: ImplantRecorded | None = None
    orders: list[Order] = field(default_factory=list)
    refills: list[RefillRecorded] = field(default_factory=list)
    gaps: list[PumpGapNoted] = field(default_factory=list)
    closed: Declined | Withdrawn | None = None
    explant: Explanted | None = None
    corrections: list[Corrected] = field(default_factory=list)
    facts: list[FactRecorded] = field(default_factory=list)
    waivers: list[CriterionWaived] = field(default_factory=list)
    measures: list[MeasureRecorded] = field(default_factory=list)
    side_effects: list[SideEffectRecorded] = field(default_factory=list)
    opioids: list[OpioidTaken] = field(default_factory=list)
    shots: list[TrialShotGiven] = field(default_factory=list)
    procedures: list[ProcedureRecorded] = field(default_factory=list)
    complications: list[ComplicationRecorded] = field(default_factory=list)
    visits: list[VisitRecorded] = field(default_factory=list)
    batteries: list[BatteryNoted] = field(default_factory=list)
    replacements: list[PumpReplaced] = field(default_factory=list)
    revisions: list[CatheterRevised] = field(default_factory=list)
    waived_trial: TrialWaived | None = None
    events: list[AnyEvent] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, chart: Chart) -> "Draft":
        """A draft that holds what the chart holds."""
        values: dict[str, Any] = {each.name: getattr(chart, each.name) for each in fields(chart)}
        values = {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}
        ids = {event.meta.id for event in chart.events}
        for correction in chart.corrections:
            ids |= {correction.meta.id, correction.event}
            if correction.replacement is not None:
                ids.add(correction.replacement.meta.id)
        return cls(**values, ids=ids)

    def freeze(self) -> Chart:
        """The chart that this draft has become."""
        values = {each.name: getattr(self, each.name) for each in fields(Chart)}
        frozen: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in values.items()}
        return Chart(**frozen)


View = Chart | Draft
"""What a check may read: a chart, finished or in the making."""
