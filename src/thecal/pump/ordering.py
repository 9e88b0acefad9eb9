"""What a pump answers about its therapy: status, an order staged, echoed and committed, a stop, a bolus, its record.

Every command that can change delivery goes through ``thecal.pump.admission``. An order is staged in the session that
brought it and dies with it; only commit starts it. Units: ms, nL, fg.
"""

import os
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from thecal.formulary import Finding
from thecal.pump import admission
from thecal.pump.prescription import Prescription
from thecal.pump.protocol import (
    BolusRequest,
    CommitRequest,
    EchoRequest,
    HoursRequest,
    LogRequest,
    PathRequest,
    ReadRequest,
    Request,
    ResumeRequest,
    StageRequest,
    StatusRequest,
    StopRequest,
)
from thecal.quantity import Refusal, Refused

if TYPE_CHECKING:
    from thecal.pump.commands import Pump, Session

type Handler = Callable[[Pump, Any, Session, int], dict[str, Any]]
"""What carries out one kind of request: for this pump and this session, now (device ms)."""

EMERGENCY_USED, REFILL_MISMATCH = 34, 11


def _status(pump: "Pump", _: StatusRequest, __: "Session", now: int) -> dict[str, Any]:
    status, senses = pump.device.status(now), pump.world.senses
    return {
        "status": asdict(status),
        "profile": pump.profile.id,
        "fill": str(pump.device.fill),
        "fill_mark": pump.device.fill_mark,
        "least_nl": senses.least_nl,
        "service_left_ms": senses.service_left,
        "strange_air": senses.strange_air,
        "faults": [each["kind"] for each in pump.world.plain(now)["faults"] if each["active"]],
        "speed": pump.speed,
        "durable": pump.durable,
        "process": os.getpid(),
        "patient": pump.patient,
        "serial": pump.serial,
    }


def _stage(pump: "Pump", request: StageRequest, session: "Session", now: int) -> dict[str, Any]:
    session.staged, session.echoed = None, False
    order = its_own(pump, request.prescription)
    findings = admission.require(admission.admit(order, pump.profile, pump.device.fill, now))
    session.staged = order
    return {"digest": order.digest(), "warnings": plain(findings)}


def its_own(pump: "Pump", sent: dict[str, Any]) -> Prescription:
    """An order, if it is for the patient of this pump."""
    order = Prescription.from_plain(sent)
    if pump.patient not in (None, order.patient):
        what = f"the order is for {order.patient!r}; the pump {pump.serial} is that of {pump.patient!r}"
        raise Refused(Refusal("other_patient", what, "prescription.patient", "Read whose pump it is, and stop."))
    return order


def _echo(_: "Pump", __: EchoRequest, session: "Session", ___: int) -> dict[str, Any]:
    if session.staged is None:
        raise Refused(_early("echo", "stage"))
    session.echoed = True
    return {"prescription": session.staged.to_bytes().decode("ascii"), "digest": session.staged.digest()}


def _commit(pump: "Pump", request: CommitRequest, session: "Session", now: int) -> dict[str, Any]:
    order = session.staged
    if order is None or not session.echoed:
        raise Refused(_early("commit", "stage" if order is None else "echo"))
    if order.digest() != request.digest:
        what = "the order to commit is not the one that was staged"
        raise Refused(Refusal("digest_differs", what, "digest", "Stage it again."))
    session.staged, session.echoed = None, False
    receipt, findings = admission.load(pump.device, order, pump.profile, now)
    if "refill_mismatch" in pump.device.alarms:
        pump.device.heed(0, 1 << REFILL_MISMATCH, now)
    pump.note("program", digest=receipt.digest, id=order.id, author=order.author)
    return {**asdict(receipt), "warnings": plain(findings)}


def _read(pump: "Pump", _: ReadRequest, __: "Session", ___: int) -> dict[str, Any]:
    order = pump.device.prescription
    if order is None:
        return {"prescription": None, "digest": None}
    return {"prescription": order.to_bytes().decode("ascii"), "digest": order.digest()}


def _stop(pump: "Pump", request: StopRequest, _: "Session", now: int) -> dict[str, Any]:
    findings = admission.stop(pump.device, pump.profile, now)
    if request.emergency:
        pump.device.heed(1 << EMERGENCY_USED, 0, now)
    pump.note("stop", emergency=request.emergency)
    return {"at": now, "warnings": plain(findings)}


def _bolus(pump: "Pump", _: BolusRequest, __: "Session", now: int) -> dict[str, Any]:
    ends = admission.request_bolus(pump.device, now)
    pump.note("bolus", until=ends)
    return {"at": now, "until": ends, "warnings": []}


def _resume(pump: "Pump", request: ResumeRequest, _: "Session", now: int) -> dict[str, Any]:
    unseen = sorted(set(pump.device.alarms) - set(request.seen))
    if unseen:
        what = f"alarms stand that were not named as seen: {', '.join(unseen)}"
        raise Refused(Refusal("alarms_unseen", what, "seen", "Read the status, and name every alarm."))
    pump.world.senses.settle(pump.device, now)
    findings = admission.resume(pump.device, pump.profile, now)
    pump.note("resume", seen=request.seen)
    return {"at": now, "warnings": plain(findings)}


def _path(pump: "Pump", request: PathRequest, _: "Session", now: int) -> dict[str, Any]:
    admission.mark_path(pump.device, now, empty=request.empty)
    pump.note("path", empty=request.empty)
    return {"at": now, "warnings": []}


def _hours(pump: "Pump", request: HoursRequest, _: "Session", __: int) -> dict[str, Any]:
    return {"hours": [asdict(hour) for hour in pump.device.hours(request.since)[: request.limit]]}


def _log_lines(pump: "Pump", request: LogRequest, _: "Session", __: int) -> dict[str, Any]:
    return {"lines": pump.log.latest(request.limit)}


def _early(command: str, needed: str) -> Refusal:
    return Refusal("out_of_order", f"'{command}' came before '{needed}'", "command", "Stage, echo, commit, then read.")


def plain(findings: tuple[Finding, ...]) -> list[dict[str, object]]:
    """Findings as plain values."""
    return [finding.refusal.as_dict() for finding in findings]


ORDERING: dict[type[Request], Handler] = {
    StatusRequest: _status,
    StageRequest: _stage,
    EchoRequest: _echo,
    CommitRequest: _commit,
    ReadRequest: _read,
    StopRequest: _stop,
    BolusRequest: _bolus,
    ResumeRequest: _resume,
    PathRequest: _path,
    HoursRequest: _hours,
    LogRequest: _log_lines,
}
