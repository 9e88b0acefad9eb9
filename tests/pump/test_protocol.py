"""Frames: typed, bounded, in order; whatever is not a frame gets a named reason and harms nothing."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pump_orders import MG, make_pump, order

from thecal.pump import SimpleContinuous, load
from thecal.pump.commands import Pump, Session
from thecal.pump.protocol import (
    MAX_FRAME,
    Reply,
    frame_id,
    monotonic_ms,
    read_reply,
    read_request,
    refuse,
    write,
)
from thecal.quantity import Refusal, Refused

DIGEST = "0" * 64
GOOD: list[dict[str, Any]] = [
    {"command": "status"},
    {"command": "stage", "prescription": {"id": "x"}},
    {"command": "echo"},
    {"command": "commit", "digest": DIGEST},
    {"command": "read"},
    {"command": "stop"},
    {
        "command": "refill",
        "withdrawn_nl": 1,
        "fill": "morphine 1 mg/mL",
        "fill_nl": 2,
        "mark": "m",
        "prescription": None,
    },
    {"command": "hours", "since": 0, "limit": 500},
    {"command": "log", "limit": 50},
]


def frame(values: dict[str, Any], number: int = 1) -> bytes:
    return json.dumps({"v": 1, "id": number, "deadline": None, **values}).encode()


@pytest.mark.parametrize("values", GOOD, ids=lambda values: str(values["command"]))
def test_every_request_round_trips(values: dict[str, Any]) -> None:
    request = read_request(frame(values))
    assert read_request(write(request)) == request
    assert request.command == values["command"]


def test_a_refusal_round_trips_with_all_it_says() -> None:
    reason = Refusal("code", "what", "where", "do", "source", confirmed=False)
    with pytest.raises(Refused) as caught:
        read_reply(write(refuse(7, reason))).value()
    assert caught.value.refusals == (reason,)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"", "not_json"),
        (b"{", "not_json"),
        (b"[]", "not_a_frame"),
        (b"\xff\xfe", "not_json"),
        (b"[" * 60_000, "not_json"),
        (b'{"v": 1, "id": 1, "id": 2, "command": "status"}', "not_json"),
        (b'{"v": 1, "id": NaN, "command": "status"}', "not_json"),
        (b'{"v": 1, "id": 1}', "frame_field"),
        (b'{"v": 2, "id": 1, "command": "status"}', "frame_field"),
        (b'{"v": 1, "id": 0, "command": "status"}', "frame_field"),
        (b'{"v": 1, "id": 1.0, "command": "status"}', "frame_field"),
        (b'{"v": 1, "id": "1", "command": "status"}', "frame_field"),
        (b'{"v": 1, "id": 1, "command": "explode"}', "frame_field"),
        (b'{"v": 1, "id": 1, "command": "status", "more": 1}', "frame_field"),
        (b'{"v": 1, "id": 1, "command": "commit", "digest": "0"}', "frame_field"),
        (b'{"v": 1, "id": 1, "command": "log", "limit": 100000}', "frame_field"),
        (b" " * (MAX_FRAME + 1), "frame_too_long"),
    ],
)
def test_what_is_not_a_frame_gets_a_named_reason(line: bytes, code: str) -> None:
    with pytest.raises(Refused) as caught:
        read_request(line)
    assert {refusal.code for refusal in caught.value.refusals} == {code}


@given(st.binary(max_size=300))
def test_any_bytes_are_a_frame_or_are_refused(line: bytes) -> None:
    with pytest.raises(Refused):
        read_request(line)
    assert frame_id(line) == 0


def test_a_reply_longer_than_a_frame_is_not_sent() -> None:
    with pytest.raises(Refused, match="at most"):
        write(Reply(id=1, ok=True, result={"text": "x" * MAX_FRAME}))


@pytest.fixture(scope="module")
def pump(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pump]:
    made = Pump(make_pump(tmp_path_factory.mktemp("frames")))
    now = made.clock.now_ms()
    load(made.device, order(now=now), made.profile, now)
    yield made
    made.close()


def ask(pump: Pump, session: Session, number: int, **values: Any) -> Reply:
    return pump.answer(read_request(frame(values, number)), session)


def reasons(reply: Reply) -> list[str]:
    assert not reply.ok
    return [str(reason["code"]) for reason in reply.refusals]


def test_ids_that_do_not_rise_are_out_of_order(pump: Pump) -> None:
    session = Session()
    assert ask(pump, session, 5, command="status").ok
    assert reasons(ask(pump, session, 5, command="status")) == ["out_of_order"]
    assert reasons(ask(pump, session, 4, command="status")) == ["out_of_order"]
    assert ask(pump, session, 6, command="status").ok


def test_a_commit_needs_a_stage_and_an_echo_in_its_own_session(pump: Pump) -> None:
    plain = json.loads(order(SimpleContinuous(3 * MG), now=pump.clock.now_ms()).to_bytes())
    digest = order(SimpleContinuous(3 * MG), now=plain["anchor"]).digest()
    session = Session()
    assert reasons(ask(pump, session, 1, command="echo")) == ["out_of_order"]
    assert reasons(ask(pump, session, 2, command="commit", digest=digest)) == ["out_of_order"]
    staged = ask(pump, session, 3, command="stage", prescription=plain).value()["digest"]
    assert reasons(ask(pump, session, 4, command="commit", digest=staged)) == ["out_of_order"]
    assert ask(pump, session, 5, command="echo").ok
    assert reasons(ask(pump, Session(), 6, command="commit", digest=staged)) == ["out_of_order"]
    assert reasons(ask(pump, session, 7, command="commit", digest=DIGEST)) == ["digest_differs"]
    before = pump.device.prescription
    assert before is not None and before.digest() != staged
    assert ask(pump, session, 8, command="commit", digest=staged).ok
    assert reasons(ask(pump, session, 9, command="commit", digest=staged)) == ["out_of_order"]


def test_a_refused_stage_forgets_what_was_staged_before(pump: Pump) -> None:
    session = Session()
    good = json.loads(order(now=pump.clock.now_ms()).to_bytes())
    assert ask(pump, session, 1, command="stage", prescription=good).ok
    assert not ask(pump, session, 2, command="stage", prescription={**good, "route": "oral"}).ok
    assert reasons(ask(pump, session, 3, command="echo")) == ["out_of_order"]


def test_what_comes_after_its_deadline_is_not_begun(pump: Pump) -> None:
    now = pump.clock.now_ms()
    load(pump.device, order(now=now), pump.profile, now)
    late = read_request(frame({"command": "stop", "deadline": monotonic_ms() - 1}))
    assert reasons(pump.answer(late, Session())) == ["deadline_passed"]
    assert pump.device.status(pump.clock.now_ms()).state == "running"
    soon = read_request(frame({"command": "status", "deadline": monotonic_ms() + 60_000}))
    assert pump.answer(soon, Session()).ok


def test_the_same_refill_can_happen_once_only(tmp_path: Path) -> None:
    pump, session = Pump(make_pump(tmp_path)), Session()
    mark = ask(pump, session, 1, command="status").value()["fill_mark"]
    values = {"command": "refill", "withdrawn_nl": 0, "fill": "morphine 1 mg/mL", "fill_nl": 1_000, "mark": mark}
    assert ask(pump, session, 2, **values).ok
    assert reasons(ask(pump, session, 3, **values)) == ["refill_repeated"]
    pump.close()


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=300)
@given(
    st.sampled_from(GOOD),
    st.dictionaries(
        st.sampled_from(
            [
                "v",
                "id",
                "command",
                "deadline",
                "fill",
                "mark",
                "prescription",
                "digest",
                "since",
                "limit",
                "withdrawn_nl",
                "fill_nl",
                "x",
            ]
        ),
        values,
        max_size=2,
    ),
)
def test_no_frame_breaks_a_pump_or_changes_its_prescription(
    pump: Pump, good: dict[str, Any], change: dict[str, Any]
) -> None:
    before = pump.device.prescription
    try:
        request = read_request(json.dumps({"v": 1, "id": 1, **good, **change}).encode())
    except Refused as refused:
        assert all(refusal.code and refusal.what for refusal in refused.refusals)
        return
    reply = pump.answer(request, Session())
    assert reply.ok or all(reason["code"] and reason["what"] for reason in reply.refusals)
    assert write(read_reply(write(reply))) == write(reply)
    assert pump.device.prescription == before
