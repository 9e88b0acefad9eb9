"""The pump as a process: it goes on after any kill, serves one folder alone, and no client can break it."""

import json
import os
import random
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pump_orders import CAPS, MG, MORPHINE, Real, make_pump, order

from thecal.formulary import Solution
from thecal.pump import (
    CatheterPlan,
    LinkDown,
    PeriodicBolus,
    PumpConfig,
    PumpLink,
    Safety,
    SimpleContinuous,
    Status,
    Stopped,
    Ward,
    create_pump,
    load,
    pump_folders,
    runner,
)
from thecal.pump.commands import LATE_REAL_MS, Pump
from thecal.pump.folder import SOCKET, answers, socket_address
from thecal.pump.protocol import MAX_FRAME
from thecal.quantity import MS_PER_DAY, MS_PER_HOUR, Refused

SPEED = 100
PULSE = 250 * 1_000_000  # fg: 0.25 uL of 1 mg/mL


def until[Value](ask: Callable[[], Value | None], seconds: float = 30.0) -> Value:
    """Ask until the answer is true; fail when it never is."""
    deadline = time.monotonic() + seconds
    while not (answer := ask()):
        assert time.monotonic() < deadline, "it never came about"
        time.sleep(0.01)
    return answer


@pytest.fixture
def ward(tmp_path: Path) -> Iterator[Ward]:
    made = Ward(tmp_path)
    yield made
    made.stop_all()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A running pump for tests that leave it as they found it: running 4 mg/day at SPEED times real time."""
    base = tmp_path_factory.mktemp("ward")
    folder = make_pump(base, SPEED)
    made = Ward(base)
    made.start(folder.name)
    link = PumpLink(folder)
    link.program(order(now=link.status().now))
    yield folder
    made.stop_all()


def started(ward: Ward, speed: int = SPEED) -> PumpLink:
    folder = make_pump(ward.base, speed)
    ward.start(folder.name)
    return PumpLink(folder)


def kill(folder: Path) -> None:
    process = runner(folder)
    assert process is not None
    os.kill(process, signal.SIGKILL)
    until(lambda: runner(folder) is None)


def test_an_order_is_confirmed_by_reading_it_back(ward: Ward) -> None:
    link = started(ward)
    assert link.status().state == "idle"
    asked, states = order(now=link.status().now), list[str]()
    receipt = link.program(asked, states.append)
    assert receipt.state == "confirmed"
    assert states == ["intended", "sent", "acknowledged", "confirmed"]
    assert receipt.digest == asked.digest()
    assert link.running() == asked
    assert link.stop().state == "confirmed"
    assert link.status().state == "stopped"
    assert link.program(order(Stopped(), now=link.status().now)).state == "confirmed"


def test_a_refill_with_a_new_solution_and_its_order_is_confirmed(ward: Ward) -> None:
    link = started(ward)
    link.program(order(now=link.status().now))
    strong = Solution.parse("morphine 10 mg/mL")
    status = link.status()
    with pytest.raises(Refused, match="reservoir was filled with"):
        link.refill(status.reservoir_nl, strong, 18_000_000)
    assert link.info().fill == MORPHINE
    new = order(now=status.now, solution=strong)
    receipt = link.refill(status.reservoir_nl, strong, 18_000_000, new)
    assert receipt.state == "confirmed"
    assert receipt.refill is not None and receipt.refill.total_nl == 18_000_000 + receipt.refill.residual_nl
    assert link.running() == new
    kill(link.folder)
    ward.start(link.folder.name)
    assert link.info().fill == strong
    assert link.running() == new


def test_a_refused_order_leaves_the_old_one_running(shared: Path) -> None:
    link = PumpLink(shared)
    running = link.running()
    assert running is not None
    with pytest.raises(Refused, match="cap"):
        link.program(order(SimpleContinuous(11 * MG), now=link.status().now))
    assert link.running() == running
    assert link.status().state == "running"


@pytest.mark.parametrize("steps", [0, 1, 2])
def test_a_client_that_dies_midway_leaves_the_old_prescription_running(shared: Path, steps: int) -> None:
    link = PumpLink(shared)
    before = link.running()
    new = order(SimpleContinuous(3 * MG), now=link.status().now, id="rx-2")
    talk: list[dict[str, Any]] = [
        {"command": "stage", "prescription": json.loads(new.to_bytes())},
        {"command": "echo"},
    ]
    with _socket(shared) as client:
        for number, values in enumerate(talk[:steps], 1):
            reply = _exchange(client, json.dumps({"v": 1, "id": number, **values}).encode() + b"\n")
            assert reply["ok"], reply
        commit = {"v": 1, "id": 9, "command": "commit", "digest": new.digest()}
        client.sendall(json.dumps(commit).encode()[:40])  # dies in the middle of a frame
    assert link.running() == before
    with _socket(shared) as other:
        reply = _exchange(other, json.dumps(commit).encode() + b"\n")
    assert [reason["code"] for reason in reply["refusals"]] == ["out_of_order"]
    assert link.running() == before


def test_bad_frames_get_a_named_reason_and_the_pump_goes_on(shared: Path) -> None:
    with _socket(shared) as client:
        for line, code in [
            (b"hello\n", "not_json"),
            (b"\xff\x00\n", "not_json"),
            (b'{"v": 1, "id": 1, "command": "fly"}\n', "frame_field"),
            (b'{"v": 1, "id": 3, "command": "echo"}\n', "out_of_order"),
            (b'{"v": 1, "id": 2, "command": "status"}\n', "out_of_order"),
        ]:
            assert [reason["code"] for reason in _exchange(client, line)["refusals"]] == [code]
        assert _exchange(client, b'{"v": 1, "id": 4, "command": "status"}\n')["ok"]
    with _socket(shared) as client:
        reply = _exchange(client, b"x" * (MAX_FRAME + 10) + b"\n")
        assert [reason["code"] for reason in reply["refusals"]] == ["frame_too_long"]
    assert PumpLink(shared).status().state == "running"


def test_noise_from_many_clients_at_once_does_not_stop_delivery(shared: Path) -> None:
    noise = random.Random(7)
    before = PumpLink(shared).status()
    clients = [_socket(shared) for _ in range(20)]
    for client in clients:
        client.sendall(noise.randbytes(2_000))
    for client in clients:
        client.close()
    after = until(lambda: _beyond(PumpLink(shared), before.delivered_pulses))
    assert after.state == "running"
    assert after.gap_count == before.gap_count


def test_a_second_process_for_the_same_pump_refuses(shared: Path) -> None:
    second = subprocess.run(
        [sys.executable, "-m", "thecal.pump.daemon", str(shared)], capture_output=True, text=True, check=False
    )
    assert second.returncode == 2
    assert "another process runs the pump" in second.stderr
    assert "Traceback" not in second.stderr
    assert PumpLink(shared).status().state == "running"


def test_a_folder_that_is_no_pump_is_refused(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "thecal.pump.daemon", str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "not the folder of a pump" in done.stderr


def test_a_demonstration_clock_is_said_and_given_n_times_per_real_second(shared: Path) -> None:
    link = PumpLink(shared)
    info = link.info()
    assert (info.speed, info.durable) == (SPEED, False)
    began, first = time.monotonic(), link.status()
    last = until(lambda: _beyond(link, first.delivered_pulses + 20))
    passed = (time.monotonic() - began) * 1_000
    assert passed * SPEED * 0.9 <= last.now - first.now <= passed * SPEED * 1.1
    prescribed = 4 * MG * (last.now - first.now) / MS_PER_DAY / PULSE
    assert abs(last.delivered_pulses - first.delivered_pulses - prescribed) <= 1


def test_a_pump_in_real_time_is_durable_and_says_so(ward: Ward) -> None:
    info = started(ward, 1).info()
    assert (info.speed, info.durable) == (1, True)


def test_sigterm_ends_the_process_and_not_the_therapy(ward: Ward) -> None:
    folder = make_pump(ward.base, SPEED)
    process = subprocess.Popen([sys.executable, "-m", "thecal.pump.daemon", str(folder)], stderr=subprocess.PIPE)
    until(lambda: answers(folder))
    link = PumpLink(folder)
    asked = order(now=link.status().now)
    link.program(asked)
    process.terminate()
    _, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (0, b"")
    assert not (folder / SOCKET).exists()
    with pytest.raises(LinkDown) as down:
        link.status()
    assert down.value.state == "intended"
    ward.start(folder.name)
    assert link.running() == asked
    assert link.status().state == "running"


def test_killed_at_random_moments_it_goes_on_with_at_most_one_pulse_lost_and_none_added(ward: Ward) -> None:
    """Every pulse prescribed is delivered, in doubt, or told as missed in a gap; per kill at most one is in none."""
    link, chance = started(ward), random.Random(2_026)
    dose = 9 * MG  # a pulse each 2.4 s of pump time: 40 a second of real time
    goes_on = Safety(reactions=(("controller_failed", "continue"),))  # five restarts in an hour would lower the rate
    begun = link.program(order(SimpleContinuous(dose), now=link.status().now, safety=goes_on)).at
    kills = 8
    for count in range(1, kills + 1):
        seen = until(lambda at=link.status().delivered_pulses: _beyond(link, at))  # type: ignore[misc]
        time.sleep(chance.random() * 0.1)  # the random moment itself
        kill(link.folder)
        assert until(ward.keep) == [link.folder.name]  # a process that is about to go has no lock any more
        ward.start(link.folder.name)
        status = link.status()
        prescribed = dose * (status.now - begun) // MS_PER_DAY // PULSE
        accounted = status.delivered_pulses + status.doubtful_pulses + status.missed_pulses
        assert status.state == "running"
        assert status.delivered_pulses >= seen.delivered_pulses, "a delivered pulse is never forgotten"
        assert status.doubtful_pulses <= count
        assert prescribed - count - 1 <= accounted <= prescribed
    assert status.gap_count == kills
    assert {gap.reason for gap in status.gaps} == {"restart"}
    assert "gap" in status.alarms
    assert any(line["event"] == "alarms" and line["gaps"] == kills for line in link.log(200))


def test_a_disk_that_takes_no_more_ends_the_process_and_the_old_prescription_goes_on(ward: Ward) -> None:
    link = started(ward, 1)
    old = order(now=link.status().now)
    link.program(old)
    ward.stop_all()
    process = subprocess.Popen([sys.executable, "-m", "thecal.pump.daemon", str(link.folder)], stderr=subprocess.PIPE)
    until(lambda: answers(link.folder))
    full = max(file.stat().st_size for file in (link.folder / "journal").iterdir()) + 200
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (full, full))
    with pytest.raises(LinkDown) as down:
        link.program(order(SimpleContinuous(3 * MG), now=link.status().now))
    assert down.value.state == "sent"
    _, errors = process.communicate()
    assert process.returncode == 1
    assert b"File too large" in errors
    ward.start(link.folder.name)
    assert link.running() == old
    assert link.status().state == "running"


def test_a_ward_starts_what_was_killed_and_leaves_what_runs(ward: Ward) -> None:
    for name in ("pump-1", "pump-2"):
        make_pump(ward.base, SPEED, name)
    assert [folder.name for folder in pump_folders(ward.base)] == ["pump-1", "pump-2"]
    assert ward.keep() == ["pump-1", "pump-2"]
    for name in ("pump-1", "pump-2"):
        ward.start(name)
    assert ward.keep() == []
    assert Ward(ward.base).keep() == [], "another ward finds them by their locks"
    first = ward.running()["pump-1"]
    kill(ward.base / "pump-1")
    until(lambda: ward.keep() == ["pump-1"])
    ward.start("pump-1")
    assert ward.running()["pump-1"] != first
    ward.stop_all()
    assert ward.running() == {}


def test_a_pump_in_a_very_deep_folder_can_be_reached(tmp_path: Path) -> None:
    base = tmp_path.joinpath(*("a-rather-long-folder-name" for _ in range(8)))
    base.mkdir(parents=True)
    ward = Ward(base)
    link = started(ward)
    assert len(str(link.folder / SOCKET)) > 108
    assert link.status().state == "idle"
    ward.stop_all()


# ---- lateness, on a machine clock turned by hand


@pytest.mark.parametrize("speed", [1, 60, 1_000])
def test_a_pump_gives_n_times_as_much_per_real_second(tmp_path: Path, speed: int) -> None:
    real = Real()
    pump = Pump(make_pump(tmp_path, speed, real=real), real)
    begun = pump.clock.now_ms()
    load(pump.device, order(now=begun), pump.profile, begun)
    for _ in range(100):
        real.tick(1_000)
        pump.advance()
    status = pump.device.status(pump.clock.now_ms())
    assert status.now - begun == 100_000 * speed
    assert status.delivered_pulses == 4 * MG * 100_000 * speed // MS_PER_DAY // PULSE
    assert status.gap_count == 0
    pump.close()


@pytest.mark.parametrize("speed", [1, 60])
def test_lateness_within_the_budget_is_made_up_and_beyond_it_is_a_gap(tmp_path: Path, speed: int) -> None:
    real = Real()
    pump = Pump(make_pump(tmp_path, speed, real=real), real)
    begun = pump.clock.now_ms()
    load(pump.device, order(now=begun), pump.profile, begun)
    real.tick(LATE_REAL_MS)
    pump.advance()
    prescribed = 4 * MG * (pump.clock.now_ms() - begun) // MS_PER_DAY // PULSE
    status = pump.device.status(pump.clock.now_ms())
    assert (status.delivered_pulses, status.gap_count) == (prescribed, 0)
    real.tick(60_000)
    pump.advance()
    late = pump.device.status(pump.clock.now_ms())
    assert late.delivered_pulses <= status.delivered_pulses + 1, "missed time is never caught up"
    assert (late.gap_count, late.gaps[-1].reason) == (1, "late")
    assert late.missed_pulses >= 4 * MG * 60_000 * speed // MS_PER_DAY // PULSE - 1
    pump.close()


def test_a_periodic_bolus_is_given_at_its_times(tmp_path: Path) -> None:
    real = Real()
    pump = Pump(make_pump(tmp_path, 60, real=real), real)
    begun = pump.clock.now_ms()
    bolus = PeriodicBolus(MG // 4, 4 * MS_PER_HOUR, MS_PER_HOUR)
    load(pump.device, order(bolus, now=begun, caps=CAPS), pump.profile, begun)
    while pump.clock.now_ms() < begun + MS_PER_DAY:
        real.tick(1_000)
        pump.advance()
    hours = {hour.start // MS_PER_HOUR % 4: hour.pulses for hour in pump.device.hours(begun)}
    assert hours[0] > 0
    assert hours[2] == hours[3] == 0
    pump.close()


# ---- a folder is made whole or not at all


@pytest.mark.parametrize(
    ("pump_id", "changes"),
    [
        ("../up", {}),
        ("", {}),
        ("p", {"profile": "synchromed_ii_20"}),
        ("p", {"profile": "nonesuch"}),
        ("p", {"fill_nl": 10**9}),
        ("p", {"path_nl": -1}),
        ("p", {"fill": Solution.parse("unobtainium 1 mg/mL")}),
    ],
)
def test_a_pump_that_cannot_be_made_leaves_nothing_behind(
    tmp_path: Path, pump_id: str, changes: dict[str, Any]
) -> None:
    config = PumpConfig("virtual_peristaltic_20", 400_000, None, MORPHINE, 18_000_000)
    plain = {name: getattr(config, name) for name in ("profile", "path_nl", "path_content", "fill", "fill_nl")}
    with pytest.raises(Refused):
        create_pump(tmp_path, pump_id, PumpConfig(**(plain | changes)))
    assert pump_folders(tmp_path) == []
    assert [path for path in tmp_path.iterdir() if path.is_dir()] == []


def test_a_pump_is_made_once(tmp_path: Path) -> None:
    volume = CatheterPlan("flowonix_11823", (1_100,), (375,)).volume().point()
    config = PumpConfig("virtual_peristaltic_20", 199_000 + volume, None, MORPHINE, 18_000_000)
    create_pump(tmp_path, "p", config)
    with pytest.raises(Refused, match="already"):
        create_pump(tmp_path, "p", config)


def _beyond(link: PumpLink, pulses: int) -> Status | None:
    status = link.status()
    return status if status.delivered_pulses > pulses else None


def _socket(folder: Path) -> socket.socket:
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    made.settimeout(10)
    with socket_address(folder) as address:
        made.connect(address)
    return made


def _exchange(client: socket.socket, line: bytes) -> dict[str, Any]:
    client.sendall(line)
    data = b""
    while not data.endswith(b"\n"):
        chunk = client.recv(MAX_FRAME)
        assert chunk, "the pump closed the connection"
        data += chunk
    found: dict[str, Any] = json.loads(data)
    return found
