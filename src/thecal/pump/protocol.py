"""The frames between a pump and its programmer: one JSON object a line, typed, bounded, each with an id.

A request has a protocol version, an id that rises within a connection, a command, and may carry a deadline on this
machine's monotonic clock (ms): a pump does not begin what comes too late. A reply repeats the id. Units are the inner
ones (nL, fg, fg/nL, ms). Everything that is not exactly such a frame is refused with a named reason.
"""

import json
import time
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from thecal.quantity import Refusal, Refused

VERSION = 1
MAX_FRAME = 65_536
MAX_ID = 2**53
_MAX_INT = 2**62

Volume = Annotated[int, Field(ge=0, le=_MAX_INT)]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    v: Literal[1]
    id: Annotated[int, Field(ge=1, le=MAX_ID)]
    deadline: Annotated[int, Field(ge=0, le=MAX_ID)] | None = None


class StatusRequest(_Request):
    """How is the pump?"""

    command: Literal["status"]


class StageRequest(_Request):
    """Here is an order, as the plain values of ``Prescription.to_bytes``; check it and hold it, change nothing."""

    command: Literal["stage"]
    prescription: dict[str, Any]


class EchoRequest(_Request):
    """Say back, as canonical bytes, what you hold."""

    command: Literal["echo"]


class CommitRequest(_Request):
    """Start what you hold, if this is its digest."""

    command: Literal["commit"]
    digest: Digest


class ReadRequest(_Request):
    """Say back, as canonical bytes, what you run."""

    command: Literal["read"]


class StopRequest(_Request):
    """Stop delivery. ``emergency``: by somebody who is not of the clinic; it raises an alarm and is in the log."""

    command: Literal["stop"]
    emergency: bool = False


class BolusRequest(_Request):
    """The patient asks for a bolus of the running order."""

    command: Literal["bolus"]


class ResumeRequest(_Request):
    """A person who has seen these alarms lets the pump go on as far as those that are still there allow."""

    command: Literal["resume"]
    seen: Annotated[list[Annotated[str, Field(max_length=60)]], Field(max_length=64)]


class PathRequest(_Request):
    """A person says that the path from the outlet to the tip is empty, or that it holds drug."""

    command: Literal["path"]
    empty: bool


class AlarmsRequest(_Request):
    """Which alarms stand, and what are patient and clinic told?"""

    command: Literal["alarms"]


class AcknowledgeRequest(_Request):
    """A person has seen this alarm."""

    command: Literal["acknowledge"]
    alarm: Annotated[str, Field(min_length=1, max_length=60)]


class SilenceRequest(_Request):
    """No sound for ``span`` ms from the alarms that stand now."""

    command: Literal["silence"]
    span: Annotated[int, Field(ge=1, le=_MAX_INT)]


class RefillRequest(_Request):
    """A refill. ``mark`` is the status's ``fill_mark`` that the sender saw, so that it happens at most once.

    ``labels``: of the order and of the syringe, as scanned. ``reaspirated``: whether fluid of the fill came back when
    the needle was drawn on again; None: nobody tried.
    """

    command: Literal["refill"]
    withdrawn_nl: Volume
    fill: Annotated[str, Field(min_length=1, max_length=400)]
    fill_nl: Volume
    mark: str
    prescription: dict[str, Any] | None = None
    labels: Annotated[list[Annotated[str, Field(max_length=200)]], Field(max_length=2)] = []
    reaspirated: bool | None = None


class AlarmCheckRequest(_Request):
    """The alarm was sounded for a trial, and the patient heard it, or not."""

    command: Literal["alarm_check"]
    heard: bool


class HardwareRequest(_Request):
    """What does the virtual hardware really do? A demonstration: no real pump could answer it."""

    command: Literal["hardware"]


class FaultRequest(_Request):
    """Let this go wrong with the virtual hardware ``after`` ms from now, for ``lasts`` ms or for good."""

    command: Literal["fault"]
    kind: Annotated[str, Field(max_length=60)]
    figures: dict[Annotated[str, Field(max_length=40)], Annotated[str, Field(max_length=40)]] = {}
    after: Annotated[int, Field(ge=0, le=_MAX_INT)] = 0
    lasts: Annotated[int, Field(ge=1, le=_MAX_INT)] | None = None


class ClearRequest(_Request):
    """The faults of this kind are over; of every kind when it is empty. ``valve``: a valve that shut is reset too."""

    command: Literal["clear"]
    kind: Annotated[str, Field(max_length=60)] = ""
    valve: bool = False


class HoursRequest(_Request):
    """The completed hours that begin at ``since`` (device ms) or later, oldest first, at most ``limit``."""

    command: Literal["hours"]
    since: Annotated[int, Field(ge=0, le=_MAX_INT)] = 0
    limit: Annotated[int, Field(ge=1, le=500)] = 500


class LogRequest(_Request):
    """The latest ``limit`` lines of the pump's log, oldest first."""

    command: Literal["log"]
    limit: Annotated[int, Field(ge=1, le=200)] = 50


Request = (
    StatusRequest
    | StageRequest
    | EchoRequest
    | CommitRequest
    | ReadRequest
    | StopRequest
    | BolusRequest
    | ResumeRequest
    | PathRequest
    | AlarmsRequest
    | AcknowledgeRequest
    | SilenceRequest
    | RefillRequest
    | AlarmCheckRequest
    | HardwareRequest
    | FaultRequest
    | ClearRequest
    | HoursRequest
    | LogRequest
)
_REQUEST: TypeAdapter[Request] = TypeAdapter(Annotated[Request, Field(discriminator="command")])


class Reply(BaseModel):
    """The answer to one request: a result, or the reasons why not. ``id`` is 0 when the request had none to repeat."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    v: Literal[1] = 1
    id: Annotated[int, Field(ge=0, le=MAX_ID)]
    ok: bool
    result: dict[str, Any] | None = None
    refusals: list[dict[str, Any]] = []

    def value(self) -> dict[str, Any]:
        """The result. Raises Refused with the pump's own reasons when there is none."""
        if self.ok and self.result is not None:
            return self.result
        reasons = [_refusal(plain) for plain in self.refusals]
        raise Refused(*(reasons or [Refusal("no_reason", "the pump refused without a reason", "link")]))


def monotonic_ms() -> int:
    """The clock of deadlines: the same in every process of this machine."""
    return time.monotonic_ns() // 1_000_000


def read_request(line: bytes) -> Request:
    """One request from one line. Raises Refused naming the field that is wrong."""
    plain = _json(line)
    try:
        return _REQUEST.validate_python(plain)
    except ValidationError as error:
        raise Refused(*_reasons(error)) from None


def read_reply(line: bytes) -> Reply:
    """One reply from one line. Raises Refused when it is not one."""
    try:
        return Reply.model_validate(_json(line))
    except ValidationError as error:
        raise Refused(*_reasons(error)) from None


def frame_id(line: bytes) -> int:
    """The id in a line that may be no frame at all; 0 when there is none."""
    try:
        found = _json(line)["id"]
    except (Refused, KeyError):
        return 0
    return found if type(found) is int and 1 <= found <= MAX_ID else 0


def write(frame: Request | Reply) -> bytes:
    """The line of a frame, newline included. Raises Refused when it is longer than a frame may be."""
    line = frame.model_dump_json(exclude_defaults=False).encode("utf-8") + b"\n"
    if len(line) > MAX_FRAME:
        raise Refused(too_long())
    return line


def refuse(request_id: int, *refusals: Refusal) -> Reply:
    """A reply that says why not."""
    return Reply(id=request_id, ok=False, refusals=[refusal.as_dict() for refusal in refusals])


def too_long() -> Refusal:
    """The reason for a frame above the limit."""
    return Refusal("frame_too_long", f"a frame has at most {MAX_FRAME} bytes", "frame", "Ask for less at a time.")


def _json(line: bytes) -> dict[str, Any]:
    if len(line) > MAX_FRAME:
        raise Refused(too_long())
    try:
        plain = json.loads(line.decode("utf-8"), object_pairs_hook=_once, parse_constant=_constant)
    except (ValueError, RecursionError) as error:
        raise Refused(Refusal("not_json", f"the line is not JSON: {str(error)[:120]}", "frame")) from None
    if not isinstance(plain, dict):
        raise Refused(Refusal("not_a_frame", "a frame is a JSON object", "frame"))
    return plain


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def _constant(name: str) -> Any:
    raise ValueError(f"{name} is not a number")


def _reasons(error: ValidationError) -> list[Refusal]:
    return [
        Refusal("frame_field", item["msg"], ".".join(str(part) for part in item["loc"])[:120] or "frame")
        for item in error.errors(include_url=False, include_input=False, include_context=False)[:10]
    ]


def _refusal(plain: dict[str, Any]) -> Refusal:
    text = {key: str(plain.get(key, ""))[:2_000] for key in ("code", "what", "where", "do", "source")}
    return Refusal(**text, confirmed=plain.get("confirmed") is not False)
