"""What people tell a running pump beside its order: a bolus, go on, the path is empty, I have seen this alarm."""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from pump_orders import MG, make_pump, order
from test_pump_command import thecal

from thecal.pump import PumpLink, Ward, runner
from thecal.pump.parts import PatientBolus, PrimingBolus
from thecal.quantity import Refused

MINUTE, HOUR = 60_000, 3_600_000


@pytest.fixture
def ward(tmp_path: Path) -> Iterator[Ward]:
    made = Ward(tmp_path)
    yield made
    made.stop_all()


@pytest.fixture
def link(ward: Ward) -> PumpLink:
    folder = make_pump(ward.base, 1_000)
    ward.start(folder.name)
    return PumpLink(folder)


def cli(*words: str) -> tuple[int, str]:
    done = thecal(*words)
    return done.returncode, done.stdout + done.stderr


def test_the_patients_bolus_is_granted_once_and_then_locked_out(link: PumpLink) -> None:
    demand = PatientBolus(MG // 100, MINUTE, 1, 4)
    link.program(order(now=link.status().now, patient_bolus=demand))
    assert link.request_bolus().state == "confirmed"
    long = PatientBolus(MG // 100, MINUTE, 10 * HOUR, 4)
    link.program(order(now=link.status().now, patient_bolus=long, id="rx-2"))
    with pytest.raises(Refused, match="lockout"):
        link.request_bolus()
    code, told = cli("bolus", str(link.folder))
    assert code == 2
    assert "lockout" in told


def test_only_a_path_that_is_marked_empty_is_primed_and_only_once(link: PumpLink) -> None:
    prime = order(now=link.status().now, once=PrimingBolus(100_000, HOUR))
    with pytest.raises(Refused, match="path"):
        link.program(prime)
    assert link.mark_path(empty=True).state == "confirmed"
    assert link.program(prime).state == "confirmed"
    assert not link.status().path_empty
    assert link.status().vetoed_pulses == 0


def test_a_pump_goes_on_only_for_a_person_who_names_every_alarm(link: PumpLink) -> None:
    link.program(order(now=link.status().now))
    link.stop()
    standing = link.status().alarms
    assert "stopped" in standing
    with pytest.raises(Refused, match="not named as seen"):
        link.resume(())
    assert link.resume(standing).state == "confirmed"


def test_alarms_are_listed_and_seen_through_the_link_and_the_command(link: PumpLink) -> None:
    assert link.alarms() == []
    link.program(order(now=link.status().now))
    link.stop()
    while not link.alarms():
        pass  # an hour of the pump's time is 3.6 s of real time at this speed
    assert [row["name"] for row in link.alarms()] == ["therapy_stopped"]
    code, told = cli("alarms", str(link.folder), "--acknowledge", "therapy_stopped", "--json")
    assert code == 0
    assert json.loads(told)[0]["acknowledged"]
    code, told = cli("alarms", str(link.folder))
    assert "therapy_stopped" in told
    with pytest.raises(Refused):
        link.silence(24 * HOUR)


def test_a_whole_order_can_be_given_as_a_file(link: PumpLink, tmp_path: Path) -> None:
    written = order(now=link.status().now, patient_bolus=PatientBolus(MG // 100, MINUTE, HOUR, 4))
    file = tmp_path / "order.json"
    file.write_bytes(written.to_bytes())
    code, told = cli("program", str(link.folder), "--file", str(file), "--json")
    assert code == 0, told
    assert link.running() == written
    file.write_text('{"format": 1}')
    assert cli("program", str(link.folder), "--file", str(file))[0] == 2
    assert link.running() == written
    assert cli("program", str(link.folder))[0] == 2


def test_a_pump_whose_supervisor_lost_its_journal_gives_nothing_and_says_so(link: PumpLink, ward: Ward) -> None:
    link.program(order(now=link.status().now))
    ward.stop_all()
    for file in (link.folder / "supervisor").iterdir():
        file.unlink()
    ward.start(link.folder.name)
    before = link.status()
    while (now := link.status()).vetoed_pulses < before.vetoed_pulses + 3:
        pass
    assert now.delivered_pulses == before.delivered_pulses
    assert {"state_suspect", "under_delivery"} <= set(now.alarms)
    assert any(line["event"] == "vetoed" for line in link.log(200))


def test_a_fault_is_put_seen_and_cleared_by_hand_and_no_kill_makes_it_forgotten(link: PumpLink, ward: Ward) -> None:
    folder = str(link.folder)
    code, told = cli("fault", folder, "gain", "--set", "gain=1.5")
    assert code == 0 and "DEMONSTRATION" in told and "gain 1.5" in told
    link.program(order(now=link.status().now))
    while link.hardware()["strokes"] < 100:
        pass
    before = link.hardware()
    process = runner(link.folder)
    assert process is not None
    os.kill(process, signal.SIGKILL)
    while runner(link.folder) is not None:
        pass
    ward.start(link.folder.name)
    believed, after, later = link.status(), link.hardware(), link.status()
    assert after["strokes"] >= before["strokes"]
    assert believed.delivered_pulses <= after["strokes"] <= later.delivered_pulses + later.doubtful_pulses
    assert after["moved_nl"] == after["strokes"] * 375
    code, told = cli("status", folder)
    assert "DEMONSTRATION of faults: gain" in told
    code, told = cli("truth", folder)
    assert code == 0 and "as the pump believes" in told
    assert json.loads(cli("truth", folder, "--json")[1])["demonstration"]
    assert cli("fault", folder, "gain", "--set", "gain")[0] == 2
    assert cli("fault", folder, "clock_stop")[0] == 2
    code, told = cli("fault", folder, "--clear")
    assert code == 0 and "nothing is wrong with it" in told
