"""The programmer's side of the link: commands to one pump, each with an end state that can be seen.

``intended``: not sent. ``sent``: sent, no answer came; the pump may or may not have done it. ``acknowledged``: the
pump said yes. ``confirmed``: read back from the pump afterwards and equal. ``disputed``: read back and different.
Programming is stage, echo, commit, read back; whoever dies in between leaves the old prescription running.
Times in ms, volumes in nL, masses in fg.
"""

import json
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from pydantic import TypeAdapter

from thecal.formulary import Solution
from thecal.pump.folder import socket_address
from thecal.pump.prescription import Prescription
from thecal.pump.protocol import MAX_FRAME, VERSION, monotonic_ms, read_reply, read_request, write
from thecal.pump.status import Hour, RefillReport, Status
from thecal.quantity import Refusal, Refused

EndState = Literal["intended", "sent", "acknowledged", "confirmed", "disputed"]
_STATUS = TypeAdapter(Status)
_HOURS = TypeAdapter(list[Hour])
_REFILL = TypeAdapter(RefillReport)


class LinkDown(Exception):
    """The pump could not be reached, or stopped answering. ``state`` says how far the command had come."""

    def __init__(self, what: str, state: EndState) -> None:
        self.what = what
        self.state = state
        outcome = "it was not sent" if state == "intended" else "whether the pump did it is not known: read its status"
        super().__init__(f"{what}; {outcome}")


@dataclass(frozen=True, slots=True)
class CommandReceipt:
    """How a command ended. ``digest``, ``at`` and ``next_due`` are the pump's, read back."""

    command: str
    state: EndState
    digest: str | None
    at: int
    next_due: int | None = None
    warnings: tuple[Refusal, ...] = ()
    refill: RefillReport | None = None


@dataclass(frozen=True, slots=True)
class PumpInfo:
    """What a pump says beside its status: its clock, its process, and what it was filled with.

    ``patient`` None: it belongs to nobody yet. ``least_nl``: the least that can be left in the reservoir. ``faults``:
    what was put into its virtual hardware and is there now. ``durable`` False: the pump runs on a demonstration clock
    and does not sync to the disk at each pulse.
    """

    speed: int
    durable: bool
    process: int
    profile: str
    fill: Solution | None
    fill_mark: str
    patient: str | None = None
    serial: str = ""
    least_nl: int | None = None
    faults: tuple[str, ...] = ()


@dataclass(slots=True)
class _Connection:
    """One connection: requests in order, ids that rise."""

    folder: Path
    timeout_s: float
    state: EndState = "intended"
    _socket: socket.socket = field(init=False)
    _buffer: bytearray = field(default_factory=bytearray)
    _id: int = 0

    def __enter__(self) -> Self:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(self.timeout_s)
        try:
            with socket_address(self.folder) as address:
                self._socket.connect(address)
        except OSError as error:
            self._socket.close()
            raise LinkDown(
                f"the pump in {self.folder} does not answer ({error.strerror or error})", "intended"
            ) from None
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._socket.close()

    def ask(self, command: str, **values: Any) -> dict[str, Any]:
        """Send one command and return its result. Raises Refused (the pump said no) or LinkDown."""
        self._id += 1
        plain = {"v": VERSION, "id": self._id, "command": command, **values}
        line = write(read_request(json.dumps({**plain, "deadline": self._deadline()}).encode()))
        self.state = "intended"
        try:
            self._socket.sendall(line)
            self.state = "sent"
            reply = read_reply(self._line())
        except OSError as error:
            raise LinkDown(f"the pump stopped answering '{command}' ({error})", self.state) from None
        if reply.id not in (self._id, 0):
            raise LinkDown(f"the pump answered another request than '{command}'", self.state)
        result = reply.value()
        self.state = "acknowledged"
        return result

    def _deadline(self) -> int:
        return monotonic_ms() + int(self.timeout_s * 1_000)

    def _line(self) -> bytes:
        while b"\n" not in self._buffer:
            if len(self._buffer) > MAX_FRAME:
                raise ConnectionError("its reply is longer than a frame")
            chunk = self._socket.recv(MAX_FRAME)
            if not chunk:
                raise ConnectionError("it closed the connection")
            self._buffer += chunk
        line, _, rest = bytes(self._buffer).partition(b"\n")
        self._buffer[:] = rest
        return line


class PumpLink:
    """Talks to the pump in ``folder``. Each call opens a connection of its own; a pump serves many at a time."""

    def __init__(self, folder: Path | str, timeout_s: float = 10.0) -> None:
        self.folder = Path(folder)
        self.timeout_s = timeout_s

    def status(self) -> Status:
        """The pump's status now. Raises LinkDown."""
        return _status(self._ask("status"))

    def info(self) -> PumpInfo:
        """The pump's clock, process and fill. Raises LinkDown."""
        plain = self._ask("status")
        return PumpInfo(
            speed=plain["speed"],
            durable=plain["durable"],
            process=plain["process"],
            profile=plain["profile"],
            fill=None if plain["fill"] is None else Solution.parse(plain["fill"]),
            fill_mark=plain["fill_mark"],
            patient=plain["patient"],
            serial=plain["serial"],
            least_nl=plain["least_nl"],
            faults=tuple(plain["faults"]),
        )

    def running(self) -> Prescription | None:
        """The prescription that the pump runs, as it says it back; None when it runs none. Raises LinkDown."""
        return _prescription(self._ask("read"))

    def program(self, prescription: Prescription, progress: Callable[[EndState], None] | None = None) -> CommandReceipt:
        """Stage, echo, commit, read back. ``progress`` is told each state as it is reached.

        Raises Refused when the pump does not admit it and LinkDown when it stops answering; in both cases the old
        prescription runs on, unless the state of LinkDown is ``sent``: then reading back tells.
        """
        tell = progress or (lambda _: None)
        tell("intended")
        data, digest = prescription.to_bytes(), prescription.digest()
        with self._connect() as pump:
            try:
                pump.ask("stage", prescription=json.loads(data))
                echo = pump.ask("echo")["prescription"]
            except LinkDown as down:
                raise LinkDown(down.what, "intended") from None  # nothing changes before the commit
            if echo != data.decode("ascii"):
                what = "the pump understood another order than was sent; nothing was changed"
                raise Refused(Refusal("echo_differs", what, "prescription", "Send it again."))
            tell("sent")
            answer = pump.ask("commit", digest=digest)
            tell("acknowledged")
            back = pump.ask("read")
        same = back["prescription"] == data.decode("ascii") and back["digest"] == digest
        state: EndState = "confirmed" if same else "disputed"
        tell(state)
        return CommandReceipt("program", state, back["digest"], answer["at"], answer["next_due"], _warnings(answer))

    def stop(self, *, emergency: bool = False) -> CommandReceipt:
        """Stop delivery, and read back that it stopped. Raises LinkDown.

        ``emergency``: by somebody who is not of the clinic; it raises an alarm that the clinic has to see.
        """
        with self._connect() as pump:
            answer = pump.ask("stop", emergency=emergency)
            status = _status(pump.ask("status"))
        state: EndState = "disputed" if status.state == "running" else "confirmed"
        return CommandReceipt("stop", state, status.prescription_digest, status.now, None, _warnings(answer))

    def request_bolus(self) -> CommandReceipt:
        """Ask for the patient's bolus, and read back that it runs. Raises Refused with the reason, or LinkDown."""
        with self._connect() as pump:
            answer = pump.ask("bolus")
            status = _status(pump.ask("status"))
        given = status.bolus_until == answer["until"] or status.now >= answer["until"]
        state: EndState = "confirmed" if given else "disputed"
        return CommandReceipt("bolus", state, status.prescription_digest, answer["at"], status.next_due, ())

    def resume(self, seen: tuple[str, ...]) -> CommandReceipt:
        """Let the pump go on; ``seen`` are the alarms that the person has read. Raises Refused when others stand."""
        with self._connect() as pump:
            answer = pump.ask("resume", seen=list(seen))
            status = _status(pump.ask("status"))
        state: EndState = "confirmed" if status.rung != "stop" else "disputed"
        return CommandReceipt(
            "resume", state, status.prescription_digest, answer["at"], status.next_due, _warnings(answer)
        )

    def mark_path(self, *, empty: bool) -> CommandReceipt:
        """Record that the path to the tip is empty, which alone allows a priming bolus, or that it holds drug."""
        with self._connect() as pump:
            answer = pump.ask("path", empty=empty)
            status = _status(pump.ask("status"))
        state: EndState = "confirmed" if status.path_empty == empty else "disputed"
        return CommandReceipt("path", state, status.prescription_digest, answer["at"], status.next_due, ())

    def refill(
        self,
        withdrawn_nl: int,
        fill: Solution,
        fill_nl: int,
        order: Prescription | None = None,
        labels: tuple[str, ...] = (),
        *,
        reaspirated: bool | None = None,
    ) -> CommandReceipt:
        """Record a refill, with the order for the new solution where it changes. It can happen once only.

        ``labels``: of the order and of the syringe, as a scanner read them; where they differ nothing is filled.
        ``reaspirated``: whether fluid of the fill came back when the needle was drawn on again; None: nobody tried.

        The report is in ``receipt.refill``. Raises Refused with nothing changed, or LinkDown.
        """
        with self._connect() as pump:
            mark = pump.ask("status")["fill_mark"]
            values: dict[str, Any] = {"withdrawn_nl": withdrawn_nl, "fill": str(fill), "fill_nl": fill_nl, "mark": mark}
            values |= {"labels": list(labels), "reaspirated": reaspirated}
            if order is not None:
                values["prescription"] = json.loads(order.to_bytes())
            answer = pump.ask("refill", **values)
            back = pump.ask("status")
        report, status = _REFILL.validate_python(answer["report"]), _status(back)
        same = back["fill"] == str(fill) and (order is None or status.prescription_digest == order.digest())
        state: EndState = "confirmed" if same else "disputed"
        return CommandReceipt(
            "refill", state, status.prescription_digest, report.at, status.next_due, _warnings(answer), report
        )

    def hours(self, since: int = 0) -> list[Hour]:
        """Every completed hour that begins at ``since`` (device ms) or later. Raises LinkDown."""
        found: list[Hour] = []
        with self._connect() as pump:
            while part := _HOURS.validate_python(pump.ask("hours", since=since)["hours"]):
                found += part
                since = part[-1].start + 1
        return found

    def log(self, limit: int = 50) -> list[dict[str, Any]]:
        """The latest lines of the pump's log, oldest first. Raises LinkDown."""
        lines: list[dict[str, Any]] = self._ask("log", limit=limit)["lines"]
        return lines

    def alarms(self) -> list[dict[str, Any]]:
        """The alarms that stand, highest priority first, with what patient and clinic are told. Raises LinkDown."""
        return self._alarms("alarms")

    def acknowledge(self, name: str) -> list[dict[str, Any]]:
        """A person has seen this alarm; what stands then. Raises Refused when it does not stand, or LinkDown."""
        return self._alarms("acknowledge", alarm=name)

    def silence(self, span: int) -> list[dict[str, Any]]:
        """No sound for ``span`` ms from what stands now. Raises Refused for longer than allowed, or LinkDown."""
        return self._alarms("silence", span=span)

    def alarm_check(self, *, heard: bool) -> list[dict[str, Any]]:
        """The alarm was tried and the patient heard it, or not; what stands then. Raises LinkDown."""
        return self._alarms("alarm_check", heard=heard)

    def hardware(self) -> dict[str, Any]:
        """What the virtual hardware really did, and its faults: for demonstrations. Raises LinkDown."""
        return self._ask("hardware")

    def put_fault(
        self, kind: str, figures: dict[str, str] | None = None, after: int = 0, lasts: int | None = None
    ) -> dict[str, Any]:
        """Let this go wrong with the virtual hardware, ``after`` ms from now. Raises Refused or LinkDown."""
        return self._ask("fault", kind=kind, figures=figures or {}, after=after, lasts=lasts)

    def clear_faults(self, kind: str = "", *, valve: bool = False) -> dict[str, Any]:
        """The faults of that kind, or all, are over; ``valve`` resets one that has shut. Raises LinkDown."""
        return self._ask("clear", kind=kind, valve=valve)

    def _alarms(self, command: str, **values: Any) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self._ask(command, **values)["alarms"]
        return rows

    def _connect(self) -> _Connection:
        return _Connection(self.folder, self.timeout_s)

    def _ask(self, command: str, **values: Any) -> dict[str, Any]:
        with self._connect() as pump:
            return pump.ask(command, **values)


def _status(plain: dict[str, Any]) -> Status:
    return _STATUS.validate_python(plain["status"])


def _prescription(plain: dict[str, Any]) -> Prescription | None:
    text = plain["prescription"]
    return None if text is None else Prescription.from_bytes(text.encode("ascii"))


def _warnings(plain: dict[str, Any]) -> tuple[Refusal, ...]:
    return tuple(Refusal(**item) for item in plain["warnings"])
