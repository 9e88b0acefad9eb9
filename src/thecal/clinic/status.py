"""What a chart page shows of a pump: its last word, how old that is, and what it means, with nothing decided here.

Units: nL, fg, ms, as the pump gives them.
"""

from dataclasses import dataclass
from typing import Any

from thecal.clinic.models import PumpRecord
from thecal.pump import Profile, profile
from thecal.quantity import Refusal, Refused
from thecal.therapy import Chart, Order, RefillDate, next_refill

STALE_MS = 5 * 60_000
ALARMS = {
    "low_reservoir": "Low reservoir",
    "empty_reservoir": "Reservoir empty",
    "stopped": "Delivery is stopped",
    "gap": "Delivery was interrupted",
    "cap": "A cap was reached",
    "stroke_failed": "A pulse failed",
    "journal_damaged": "The pump's journal is damaged",
}
STATES = {
    "idle": "Idle: no prescription",
    "running": "Running",
    "stopped": "Stopped",
    "empty": "Empty",
    "fault": "Fault",
}
ORDER_TONES = {"ordered": "info", "sent": "info", "acknowledged": "info", "confirmed": "good", "disputed": "bad"}


@dataclass(frozen=True, slots=True)
class PumpView:
    """One pump, ready for a template."""

    record: PumpRecord
    profile: Profile | None
    status: dict[str, Any]
    state: str
    tone: str
    alarms: tuple[str, ...]
    age_ms: int | None
    stale: bool
    order: Order | None
    refill: RefillDate | None
    no_refill: tuple[Refusal, ...]
    delivered_fg: int
    drug: str


def pump_view(chart: Chart, record: PumpRecord, now: int) -> PumpView:
    """The pump of ``record`` as the chart page of ``chart`` shows it at ``now``."""
    status: dict[str, Any] = record.status or {}
    order = chart.running(record.pump)
    drug = order.prescription.solution.primary.drug if order is not None else next(iter(status.get("tip_fg", {})), "")
    refill, reasons = _refill(chart, record, now)
    age = None if record.seen_ms is None else now - record.seen_ms
    stale = bool(record.trouble) or age is None or age > STALE_MS
    alarms = tuple(ALARMS.get(code, code) for code in status.get("alarms", ()))
    state = status.get("state", "")
    return PumpView(
        record=record,
        profile=profile(status["profile_id"]) if status else None,
        status=status,
        state=STATES.get(state, "No answer yet"),
        tone="warn" if stale or alarms else "good" if state == "running" else "info",
        alarms=alarms,
        age_ms=age,
        stale=stale,
        order=order,
        refill=refill,
        no_refill=reasons,
        delivered_fg=status.get("tip_fg", {}).get(drug, 0),
        drug=drug,
    )


def _refill(chart: Chart, record: PumpRecord, now: int) -> tuple[RefillDate | None, tuple[Refusal, ...]]:
    if record.role != PumpRecord.Role.IMPLANTED:
        return None, ()
    try:
        return next_refill(chart, now), ()
    except Refused as refused:
        return None, refused.refusals
