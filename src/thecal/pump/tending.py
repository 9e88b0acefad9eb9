"""What a pump answers to those who tend it: alarms, refills with their labels, and the hardware of a demonstration.

A refill goes through ``thecal.pump.admission``; then the needle does in the virtual hardware what was recorded. Units:
ms, nL, fg.
"""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from thecal.formulary import Solution
from thecal.pump import admission
from thecal.pump.alarm_table import alarm_named
from thecal.pump.hardware import monitor, outlook
from thecal.pump.label import MISMATCH, Label, check_labels
from thecal.pump.ordering import EMERGENCY_USED, REFILL_MISMATCH, Handler, its_own, plain
from thecal.pump.protocol import (
    AcknowledgeRequest,
    AlarmCheckRequest,
    AlarmsRequest,
    ClearRequest,
    FaultRequest,
    HardwareRequest,
    RefillRequest,
    Request,
    SilenceRequest,
)
from thecal.quantity import Refusal, Refused

if TYPE_CHECKING:
    from thecal.pump.commands import Pump, Session

ALARM_CHANNEL_LOST = 35
_OVER_WHEN_SEEN = {monitor.POCKET_FILL, outlook.VOLUME_GAP, EMERGENCY_USED}  # they were, and are told until then


def _alarms(pump: "Pump", _: AlarmsRequest, __: "Session", now: int) -> dict[str, Any]:
    return {"at": now, "alarms": pump.annunciator.rows()}


def _acknowledge(pump: "Pump", request: AcknowledgeRequest, _: "Session", now: int) -> dict[str, Any]:
    pump.annunciator.acknowledge(request.alarm)
    if (number := alarm_named(request.alarm).number) in _OVER_WHEN_SEEN:
        pump.device.heed(0, 1 << number, now)
    pump.note("acknowledge", alarm=request.alarm)
    return {"at": now, "alarms": pump.annunciator.rows()}


def _silence(pump: "Pump", request: SilenceRequest, _: "Session", now: int) -> dict[str, Any]:
    pump.annunciator.silence(request.span, now)
    pump.note("silence", span=request.span)
    return {"at": now, "alarms": pump.annunciator.rows()}


def _alarm_check(pump: "Pump", request: AlarmCheckRequest, _: "Session", now: int) -> dict[str, Any]:
    bit = 1 << ALARM_CHANNEL_LOST
    pump.device.heed(0 if request.heard else bit, bit if request.heard else 0, now)
    pump.note("alarm_check", heard=request.heard)
    return {"at": now, "alarms": pump.annunciator.rows()}


def _labels(pump: "Pump", request: RefillRequest, fill: Solution, now: int) -> tuple[Label, ...]:
    """The labels of a fill. What differs is an alarm, which locks boluses until a fill or an order that fits."""
    try:
        return check_labels(tuple(request.labels), fill, request.fill_nl, needed=pump.proof_of_fill)
    except Refused as refused:
        if any(refusal.code == MISMATCH for refusal in refused.refusals):
            pump.device.heed(1 << REFILL_MISMATCH, 0, now)
        raise


def _refill(pump: "Pump", request: RefillRequest, _: "Session", now: int) -> dict[str, Any]:
    if request.mark != pump.device.fill_mark:
        what = "the reservoir was refilled since its status was read, perhaps by this very order"
        raise Refused(Refusal("refill_repeated", what, "mark", "Read the status again before a refill."))
    order = None if request.prescription is None else its_own(pump, request.prescription)
    fill, given_nl = Solution.parse(request.fill), pump.device.account.given_nl
    labels = _labels(pump, request, fill, now)
    report, findings = admission.refill(
        pump.device, pump.profile, request.withdrawn_nl, fill, request.fill_nl, now, order
    )
    pump.world.refill(pump.device, pump.watch, now)
    found = 1 << outlook.VOLUME_GAP if outlook.volume_gap(report.discrepancy_nl, given_nl) else 0
    unproved = pump.proof_of_fill and request.reaspirated is None and not pump.world.shows_fills
    if unproved or request.reaspirated is False:
        found |= 1 << monitor.POCKET_FILL
    if found or "refill_mismatch" in pump.device.alarms:
        pump.device.heed(found, 1 << REFILL_MISMATCH, now)
    lots = sorted({label.lot for label in labels})
    pump.note("refill", fill=str(fill), fill_nl=request.fill_nl, withdrawn_nl=request.withdrawn_nl, lots=lots)
    return {"report": {**asdict(report), "fill": asdict(report.fill)}, "warnings": plain(findings)}


def _hardware(pump: "Pump", _: HardwareRequest, __: "Session", now: int) -> dict[str, Any]:
    return {"demonstration": True, **pump.world.plain(now)}


def _fault(pump: "Pump", request: FaultRequest, _: "Session", now: int) -> dict[str, Any]:
    at = now + request.after
    until = None if request.lasts is None else at + request.lasts
    fault = pump.world.put(request.kind, request.figures, at, until)
    pump.note("fault", kind=fault.kind, begins=at, ends=until, of=fault.said(), demonstration=True)
    return {"demonstration": True, **pump.world.plain(now)}


def _clear(pump: "Pump", request: ClearRequest, _: "Session", now: int) -> dict[str, Any]:
    ended = pump.world.clear(request.kind, now)
    if request.valve:
        pump.world.reset_valve()
    pump.note("clear", kind=request.kind, ended=ended, valve=request.valve, demonstration=True)
    return {"demonstration": True, "ended": ended, **pump.world.plain(now)}


TENDING: dict[type[Request], Handler] = {
    AlarmsRequest: _alarms,
    AcknowledgeRequest: _acknowledge,
    SilenceRequest: _silence,
    AlarmCheckRequest: _alarm_check,
    RefillRequest: _refill,
    HardwareRequest: _hardware,
    FaultRequest: _fault,
    ClearRequest: _clear,
}
