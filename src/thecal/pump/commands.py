"""One pump of a folder, run on the shared clock: it delivers, tells what is new, and answers a request at a time.

What it answers is in ``ordering`` and ``tending``; here is no socket, and no clock but the shared one. Times in ms.
"""

import os
from dataclasses import asdict, dataclass
from pathlib import Path

from thecal.pump.alarm_table import alarm
from thecal.pump.annunciator import Annunciator
from thecal.pump.catalog import DeviceFigures, profile
from thecal.pump.clock import RealTime, SharedClock
from thecal.pump.device import Device
from thecal.pump.folder import JOURNAL, SUPERVISOR, read_config
from thecal.pump.log import PumpLog
from thecal.pump.ordering import ORDERING, Handler
from thecal.pump.prescription import Prescription
from thecal.pump.protocol import Reply, Request, monotonic_ms, refuse
from thecal.pump.storage import FileStorage
from thecal.pump.tending import TENDING
from thecal.pump.watch import Watch
from thecal.pump.world import World
from thecal.quantity import MS_PER_DAY, Refusal, Refused

LATE_REAL_MS = 5_000
LINK_LOST, SILENT_MS = 57, MS_PER_DAY


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
        self.patient, self.serial, self.proof_of_fill = config.patient, folder.name, config.proof_of_fill
        self.profile = profile(config.profile)
        self.clock = SharedClock(folder / config.clock, real)
        self.durable = not self.clock.demonstration
        self.speed = self.clock.speed
        self._storage = FileStorage(folder / JOURNAL, durable=self.durable)
        self._supervisor = FileStorage(folder / SUPERVISOR, durable=self.durable)
        self.log = PumpLog(folder)
        now = self.clock.now_ms()

        def watch(figures: DeviceFigures, path_nl: int) -> Watch:
            self.watch = Watch(figures, path_nl, self._supervisor, now)
            return self.watch

        self.device = Device.open(
            self._storage,
            now,
            max_late_ms=LATE_REAL_MS * self.speed,
            mechanism=lambda seq, at: self.world.fire(self.watch, seq, at),
            watch=watch,
        )
        self.world = World(folder, self.profile, self.device, now, durable=self.durable)
        self.annunciator = Annunciator(folder, now)
        self._told: tuple[object, ...] = ()
        self._strange_air = False
        self._called_at = now
        self.note("started", process=os.getpid(), speed=self.speed, durable=self.durable)

    def close(self) -> None:
        """Give the files back. The therapy is where the journal says it is."""
        self.note("ended", process=os.getpid())
        self._storage.close()
        self._supervisor.close()
        self.world.close()

    def advance(self) -> int:
        """Deliver all that is due by now, log what is new, and return now (device ms)."""
        if self.clock.speed != self.speed:
            self.speed = self.clock.speed
            self.device.max_late_ms = LATE_REAL_MS * self.speed
            self.note("clock", speed=self.speed)
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
            self._heard(now)
            return Reply(id=request.id, ok=True, result=COMMANDS[type(request)](self, request, session, now))
        except Refused as refused:
            self.note("refused", command=request.command, reasons=[refusal.code for refusal in refused.refusals])
            return refuse(request.id, *refused.refusals)

    def _heard(self, now: int) -> None:
        """Somebody calls: who waited for the clinic waits no longer."""
        self._called_at = now
        if "link_lost" in self.device.alarms:
            self.device.heed(0, 1 << LINK_LOST, now)

    def note(self, event: str, **values: object) -> None:
        """A line for the log."""
        self.log.write(self.clock.now_ms(), event, values)

    def _tell_news(self, now: int) -> None:
        """Log alarms and gaps once, when they begin or end."""
        news = (self.device.alarms, self.device.gap_count)
        if news != self._told:
            self._told = news
            gaps = self.device.status(now).gaps
            last = asdict(gaps[-1]) if gaps else None
            self.note("alarms", active=list(news[0]), gaps=news[1], latest_gap=last)
        known = {entry.number: entry.priority for entry in self.annunciator.board}
        for signal in self.annunciator.update(self.device.alarms, now):
            if known.get(signal.number) != signal.priority:  # its first tone, or an escalation; repeats are not news
                self.note("alarm", name=alarm(signal.number).name, priority=signal.priority)
        senses = self.world.senses
        if not self.clock.demonstration and now - self._called_at > SILENT_MS and "link_lost" not in self.device.alarms:
            self.device.heed(1 << LINK_LOST, 0, now)  # a day of a demonstration passes while nobody looks
        if senses.flow_is_late:
            self.annunciator.escalate("mri_stall", now)
        if senses.strange_air != self._strange_air:
            self._strange_air = senses.strange_air
            self.note("environment", outside=self._strange_air)
        if vetoes := self.watch.take_vetoes():
            self.note("vetoed", reasons=vetoes)


COMMANDS: dict[type[Request], Handler] = {**ORDERING, **TENDING}
