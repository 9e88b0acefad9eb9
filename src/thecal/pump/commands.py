"""What a pump does for each command of the link: no socket here, and no clock but the shared one.

Every command that can change delivery goes through ``thecal.pump.admission``. An order is staged in the session that
brought it and dies with it; only commit starts it. Units: ms, nL, fg.
"""

import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from thecal.formulary import Finding, Solution
from thecal.pump import admission
from thecal.pump.alarm_table import alarm, alarm_named
from thecal.pump.annunciator import Annunciator
from thecal.pump.catalog import DeviceFigures, profile
from thecal.pump.clock import RealTime, SharedClock
from thecal.pump.device import Device
from thecal.pump.folder import JOURNAL, SUPERVISOR, read_config
from thecal.pump.hardware import outlook
from thecal.pump.label import MISMATCH, Label, check_labels
from thecal.pump.log import PumpLog
from thecal.pump.prescription import Prescription
from thecal.pump.protocol import (
    AcknowledgeRequest,
    AlarmCheckRequest,
    AlarmsRequest,
    BolusRequest,
    ClearRequest,
    CommitRequest,
    EchoRequest,
    FaultRequest,
    HardwareRequest,
    HoursRequest,
    LogRequest,
    PathRequest,
    ReadRequest,
    RefillRequest,
    Reply,
    Request,
    ResumeRequest,
    SilenceRequest,
    StageRequest,
    StatusRequest,
    StopRequest,
    monotonic_ms,
    refuse,
)
from thecal.pump.storage import FileStorage
from thecal.pump.watch import Watch
from thecal.pump.world import World
from thecal.quantity import Refusal, Refused

LATE_REAL_MS = 5_000
_REFILL_MISMATCH = "refill_mismatch"
_EMERGENCY_USED, _ALARM_CHANNEL_LOST = 34, 35
_OVER_WHEN_SEEN = {
    12,
    29,
    _EMERGENCY_USED,
}  # a fill beside the pump, a gap of volume, an emergency: they were, and are told


@dataclass(slots=True)
class Session:
    """One connection: the last id it used, the order it staged, and whether that was echoed."""

    last_id: int = 0
    staged: Prescription | None = None
    echoed: bool = False


class Pump:
    """The pump of a folder: its device on the shared clock. Raises Refused when the folder holds no pump.

    ``real`` is what the shared clock runs on; None is this machine.
    """

    def __init__(self, folder: Path, real: RealTime | None = None) -> None:
        config = read_config(folder)
        self.patient, self.serial = config.patient, folder.name
        self.profile = profile(config.profile)
        self.clock = SharedClock(folder / config.clock, real)
        self.durable = not self.clock.demonstration
        self._speed = self.clock.speed
        self._storage = FileStorage(folder / JOURNAL, durable=self.durable)
        self._supervisor = FileStorage(folder / SUPERVISOR, durable=self.durable)
        self._log = PumpLog(folder)
        now = self.clock.now_ms()

        def watch(figures: DeviceFigures, path_nl: int) -> Watch:
            self.watch = Watch(figures, path_nl, self._supervisor, now)
            return self.watch

        self.device = Device.open(
            self._storage,
            now,
            max_late_ms=LATE_REAL_MS * self._speed,
            mechanism=lambda seq, at: self.world.fire(self.watch, seq, at),
            watch=watch,
        )
        self.world = World(folder, self.profile, self.device, now, durable=self.durable)
        self.annunciator = Annunciator(folder, now)
        self._told: tuple[object, ...] = ()
        self._strange_air = False
        self._note("started", process=os.getpid(), speed=self._speed, durable=self.durable)

    def close(self) -> None:
        """Give the files back. The therapy is where the journal says it is."""
        self._note("ended", process=os.getpid())
        self._storage.close()
        self._supervisor.close()
        self.world.close()

    def advance(self) -> int:
        """Deliver all that is due by now, log what is new, and return now (device ms)."""
        if self.clock.speed != self._speed:
            self._speed = self.clock.speed
            self.device.max_late_ms = LATE_REAL_MS * self._speed
            self._note("clock", speed=self._speed)
        now = self.clock.now_ms()
        self.world.run(self.device, self.watch, now)
        self._tell_news(now)
        return now

    def real_until_due(self) -> int:
        """Real ms until the next pulse; a long time when none is due."""
        due = self.device.next_due
        return 3_600_000 if due is None else self.clock.real_until(due)

    def answer(self, request: Request, session: Session) -> Reply:
        """Carry out one request. The reply says what was done, or why nothing was."""
        if request.id <= session.last_id:
            what = f"the id {request.id} does not follow {session.last_id}"
            return refuse(request.id, Refusal("out_of_order", what, "id", "Ids rise within a connection."))
        session.last_id = request.id
        if request.deadline is not None and monotonic_ms() > request.deadline:
            what = f"'{request.command}' came after its deadline and was not begun"
            return refuse(request.id, Refusal("deadline_passed", what, "deadline", "Send it again."))
        try:
            now = self.advance()
            return Reply(id=request.id, ok=True, result=COMMANDS[type(request)](self, request, session, now))
        except Refused as refused:
            self._note("refused", command=request.command, reasons=[refusal.code for refusal in refused.refusals])
            return refuse(request.id, *refused.refusals)

    def _status(self, _: StatusRequest, __: Session, now: int) -> dict[str, Any]:
        status, senses = self.device.status(now), self.world.senses
        return {
            "status": asdict(status),
            "profile": self.profile.id,
            "fill": str(self.device.fill),
            "fill_mark": self.device.fill_mark,
            "least_nl": senses.least_nl,
            "service_left_ms": senses.service_left,
            "strange_air": senses.strange_air,
            "faults": [each["kind"] for each in self.world.plain(now)["faults"] if each["active"]],
            "speed": self._speed,
            "durable": self.durable,
            "process": os.getpid(),
            "patient": self.patient,
            "serial": self.serial,
        }

    def _stage(self, request: StageRequest, session: Session, now: int) -> dict[str, Any]:
        session.staged, session.echoed = None, False
        order = self._its_own(request.prescription)
        findings = admission.require(admission.admit(order, self.profile, self.device.fill, now))
        session.staged = order
        return {"digest": order.digest(), "warnings": _plain(findings)}

    def _its_own(self, plain: dict[str, Any]) -> Prescription:
        """An order, if it is for the patient of this pump."""
        order = Prescription.from_plain(plain)
        if self.patient not in (None, order.patient):
            what = f"the order is for {order.patient!r}; the pump {self.serial} is that of {self.patient!r}"
            raise Refused(Refusal("other_patient", what, "prescription.patient", "Read whose pump it is, and stop."))
        return order

    def _echo(self, _: EchoRequest, session: Session, __: int) -> dict[str, Any]:
        if session.staged is None:
            raise Refused(_early("echo", "stage"))
        session.echoed = True
        return {"prescription": session.staged.to_bytes().decode("ascii"), "digest": session.staged.digest()}

    def _commit(self, request: CommitRequest, session: Session, now: int) -> dict[str, Any]:
        order = session.staged
        if order is None or not session.echoed:
            raise Refused(_early("commit", "stage" if order is None else "echo"))
        if order.digest() != request.digest:
            what = "the order to commit is not the one that was staged"
            raise Refused(Refusal("digest_differs", what, "digest", "Stage it again."))
        session.staged, session.echoed = None, False
        receipt, findings = admission.load(self.device, order, self.profile, now)
        if _REFILL_MISMATCH in self.device.alarms:
            self.device.heed(0, 1 << alarm_named(_REFILL_MISMATCH).number, now)
        self._note("program", digest=receipt.digest, id=order.id, author=order.author)
        return {**asdict(receipt), "warnings": _plain(findings)}

    def _read(self, _: ReadRequest, __: Session, ___: int) -> dict[str, Any]:
        order = self.device.prescription
        if order is None:
            return {"prescription": None, "digest": None}
        return {"prescription": order.to_bytes().decode("ascii"), "digest": order.digest()}

    def _stop(self, request: StopRequest, _: Session, now: int) -> dict[str, Any]:
        findings = admission.stop(self.device, self.profile, now)
        if request.emergency:
            self.device.heed(1 << _EMERGENCY_USED, 0, now)
        self._note("stop", emergency=request.emergency)
        return {"at": now, "warnings": _plain(findings)}

    def _bolus(self, _: BolusRequest, __: Session, now: int) -> dict[str, Any]:
        ends = admission.request_bolus(self.device, now)
        self._note("bolus", until=ends)
        return {"at": now, "until": ends, "warnings": []}

    def _resume(self, request: ResumeRequest, _: Session, now: int) -> dict[str, Any]:
        unseen = sorted(set(self.device.alarms) - set(request.seen))
        if unseen:
            what = f"alarms stand that were not named as seen: {', '.join(unseen)}"
            raise Refused(Refusal("alarms_unseen", what, "seen", "Read the status, and name every alarm."))
        self.world.senses.settle(self.device, now)
        findings = admission.resume(self.device, self.profile, now)
        self._note("resume", seen=request.seen)
        return {"at": now, "warnings": _plain(findings)}

    def _path(self, request: PathRequest, _: Session, now: int) -> dict[str, Any]:
        admission.mark_path(self.device, now, empty=request.empty)
        self._note("path", empty=request.empty)
        return {"at": now, "warnings": []}

    def _alarms(self, _: AlarmsRequest, __: Session, now: int) -> dict[str, Any]:
        return {"at": now, "alarms": self.annunciator.rows()}

    def _acknowledge(self, request: AcknowledgeRequest, _: Session, now: int) -> dict[str, Any]:
        self.annunciator.acknowledge(request.alarm)
        if (number := alarm_named(request.alarm).number) in _OVER_WHEN_SEEN:
            self.device.heed(0, 1 << number, now)
        self._note("acknowledge", alarm=request.alarm)
        return {"at": now, "alarms": self.annunciator.rows()}

    def _silence(self, request: SilenceRequest, _: Session, now: int) -> dict[str, Any]:
        self.annunciator.silence(request.span, now)
        self._note("silence", span=request.span)
        return {"at": now, "alarms": self.annunciator.rows()}

    def _refill(self, request: RefillRequest, _: Session, now: int) -> dict[str, Any]:
        if request.mark != self.device.fill_mark:
            what = "the reservoir was refilled since its status was read, perhaps by this very order"
            raise Refused(Refusal("refill_repeated", what, "mark", "Read the status again before a refill."))
        order = None if request.prescription is None else self._its_own(request.prescription)
        fill, given_nl = Solution.parse(request.fill), self.device.account.given_nl
        labels = self._labels(request, fill, now)
        report, findings = admission.refill(
            self.device, self.profile, request.withdrawn_nl, fill, request.fill_nl, now, order
        )
        self.world.refill(self.device, self.watch, now)
        gap = 1 << outlook.VOLUME_GAP if outlook.volume_gap(report.discrepancy_nl, given_nl) else 0
        if gap or _REFILL_MISMATCH in self.device.alarms:
            self.device.heed(gap, 1 << alarm_named(_REFILL_MISMATCH).number, now)
        lots = sorted({label.lot for label in labels})
        self._note("refill", fill=str(fill), fill_nl=request.fill_nl, withdrawn_nl=request.withdrawn_nl, lots=lots)
        return {"report": {**asdict(report), "fill": asdict(report.fill)}, "warnings": _plain(findings)}

    def _labels(self, request: RefillRequest, fill: Solution, now: int) -> tuple[Label, ...]:
        """The labels of a fill. What differs is an alarm, which locks boluses until a fill or an order that fits."""
        try:
            return check_labels(tuple(request.labels), fill, request.fill_nl)
        except Refused as refused:
            if any(refusal.code == MISMATCH for refusal in refused.refusals):
                self.device.heed(1 << alarm_named(_REFILL_MISMATCH).number, 0, now)
            raise

    def _alarm_check(self, request: AlarmCheckRequest, _: Session, now: int) -> dict[str, Any]:
        bit = 1 << _ALARM_CHANNEL_LOST
        self.device.heed(0 if request.heard else bit, bit if request.heard else 0, now)
        self._note("alarm_check", heard=request.heard)
        return {"at": now, "alarms": self.annunciator.rows()}

    def _hardware(self, _: HardwareRequest, __: Session, now: int) -> dict[str, Any]:
        return {"demonstration": True, **self.world.plain(now)}

    def _fault(self, request: FaultRequest, _: Session, now: int) -> dict[str, Any]:
        at = now + request.after
        until = None if request.lasts is None else at + request.lasts
        fault = self.world.put(request.kind, request.figures, at, until)
        self._note("fault", kind=fault.kind, begins=at, ends=until, of=fault.said(), demonstration=True)
        return {"demonstration": True, **self.world.plain(now)}

    def _clear(self, request: ClearRequest, _: Session, now: int) -> dict[str, Any]:
        ended = self.world.clear(request.kind, now)
        if request.valve:
            self.world.reset_valve()
        self._note("clear", kind=request.kind, ended=ended, valve=request.valve, demonstration=True)
        return {"demonstration": True, "ended": ended, **self.world.plain(now)}

    def _hours(self, request: HoursRequest, _: Session, __: int) -> dict[str, Any]:
        return {"hours": [asdict(hour) for hour in self.device.hours(request.since)[: request.limit]]}

    def _log_lines(self, request: LogRequest, _: Session, __: int) -> dict[str, Any]:
        return {"lines": self._log.latest(request.limit)}

    def _note(self, event: str, **values: object) -> None:
        self._log.write(self.clock.now_ms(), event, values)

    def _tell_news(self, now: int) -> None:
        """Log alarms and gaps once, when they begin or end."""
        news = (self.device.alarms, self.device.gap_count)
        if news != self._told:
            self._told = news
            gaps = self.device.status(now).gaps
            last = asdict(gaps[-1]) if gaps else None
            self._note("alarms", active=list(news[0]), gaps=news[1], latest_gap=last)
        known = {entry.number: entry.priority for entry in self.annunciator.board}
        for signal in self.annunciator.update(self.device.alarms, now):
            if known.get(signal.number) != signal.priority:  # its first tone, or an escalation; repeats are not news
                self._note("alarm", name=alarm(signal.number).name, priority=signal.priority)
        senses = self.world.senses
        if senses.flow_is_late:
            self.annunciator.escalate("mri_stall", now)
        if senses.strange_air != self._strange_air:
            self._strange_air = senses.strange_air
            self._note("environment", outside=self._strange_air)
        if vetoes := self.watch.take_vetoes():
            self._note("vetoed", reasons=vetoes)


Handler = Callable[[Pump, Any, Session, int], dict[str, Any]]
COMMANDS: dict[type[Request], Handler] = {
    StatusRequest: Pump._status,
    StageRequest: Pump._stage,
    EchoRequest: Pump._echo,
    CommitRequest: Pump._commit,
    ReadRequest: Pump._read,
    StopRequest: Pump._stop,
    BolusRequest: Pump._bolus,
    ResumeRequest: Pump._resume,
    PathRequest: Pump._path,
    AlarmsRequest: Pump._alarms,
    AcknowledgeRequest: Pump._acknowledge,
    SilenceRequest: Pump._silence,
    RefillRequest: Pump._refill,
    AlarmCheckRequest: Pump._alarm_check,
    HardwareRequest: Pump._hardware,
    FaultRequest: Pump._fault,
    ClearRequest: Pump._clear,
    HoursRequest: Pump._hours,
    LogRequest: Pump._log_lines,
}


def _early(command: str, needed: str) -> Refusal:
    return Refusal("out_of_order", f"'{command}' came before '{needed}'", "command", "Stage, echo, commit, then read.")


def _plain(findings: tuple[Finding, ...]) -> list[dict[str, object]]:
    return [finding.refusal.as_dict() for finding in findings]
