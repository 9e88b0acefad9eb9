"""A running pump on its virtual hardware: what goes wrong is found by what senses it, and the world forgets nothing."""

import json
import os
import socket
import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from world_rig import DAY, HOUR, MINUTE, Bedside

from thecal.formulary import Solution
from thecal.pump import admission
from thecal.pump.folder import SOCKET, listen, may_talk
from thecal.pump.hardware.pump import PL_PER_NL

ML = 1_000_000


def test_a_sound_pump_moves_what_it_believes_and_nothing_is_found(tmp_path: Path) -> None:
    bed = Bedside(tmp_path)
    bed.run()
    bed.let(DAY)
    status, truth = bed.pump.device.status(bed.now), bed.truth()
    assert status.alarms == () and status.vetoed_pulses == 0
    assert truth["strokes"] == status.delivered_pulses > 1_500
    assert truth["moved_nl"] == status.delivered_nl
    assert truth["in_reach_nl"] == status.reservoir_nl
    assert truth["tip_fg"] == status.tip_fg


@pytest.mark.parametrize(
    ("kind", "figures", "alarm", "within"),
    [
        ("gain", {"gain": "1.5"}, "over_delivery", 12 * HOUR),
        ("leak", {"flow": "1 mL/day"}, "over_delivery", 3 * HOUR),
        ("leak", {"flow": "20 mL/day"}, "over_delivery", 20 * MINUTE),
        ("partial_stroke", {"part": "0.6"}, "under_delivery", 15 * HOUR),
        ("stall", {}, "motor_stall", 5 * MINUTE),
        ("catheter_kink", {}, "occlusion_suspected", 20 * MINUTE),
        ("catheter_break", {}, "leak_suspected", 20 * MINUTE),
        ("battery_sag", {"sag": "0.12"}, "battery_anomaly", 20 * MINUTE),
        ("battery_sag", {"sag": "0.3"}, "battery_anomaly", 5 * MINUTE),
        ("converter", {}, "self_test_warning", 20 * MINUTE),
        ("temperature", {"celsius": "45 degC"}, "temperature", 20 * MINUTE),
        ("mri_field", {}, "mri_stall", 5 * MINUTE),
        ("short", {}, "actuator_fault", 5 * MINUTE),
        ("sensor_stuck", {"sensor": "stroke", "says": "no"}, "sensor_fault", 5 * MINUTE),
        ("sensor_stuck", {"sensor": "stroke", "says": "yes"}, "sensor_fault", DAY + HOUR),
        ("stuck_switch", {"switch": "controller"}, "actuator_fault", DAY + HOUR),
        ("stuck_switch", {"switch": "supervisor"}, "actuator_fault", DAY + HOUR),
        ("sensor_scaled", {"sensor": "level", "gain": "1.2"}, "sensor_fault", 20 * MINUTE),
    ],
)
def test_a_fault_of_a_running_pump_is_found_in_time(
    tmp_path: Path, kind: str, figures: dict[str, str], alarm: str, within: int
) -> None:
    bed = Bedside(tmp_path)
    bed.run()
    bed.let(HOUR)
    bed.fault(kind, **figures)
    end = bed.now + within
    while alarm not in bed.alarms:
        assert bed.now < end, bed.alarms
        bed.let(5 * MINUTE)
    assert alarm in bed.board


def test_without_the_sensor_nobody_knows_and_the_truth_says_so(tmp_path: Path) -> None:
    bed = Bedside(tmp_path, "virtual_peristaltic_20")
    bed.run()
    bed.fault("gain", gain="1.5")
    bed.let(DAY)
    status, truth = bed.pump.device.status(bed.now), bed.truth()
    assert status.alarms == ()
    assert truth["moved_nl"] * 10 == status.delivered_nl * 15


def test_the_world_forgets_nothing_when_the_process_is_killed(tmp_path: Path) -> None:
    bed = Bedside(tmp_path)
    bed.run()
    bed.fault("gain", gain="1.2")
    bed.let(2 * HOUR)
    before = bed.truth()
    bed.killed()
    after = bed.truth()
    assert {**after, "at": 0} == {**before, "at": 0}
    assert [fault["kind"] for fault in after["faults"]] == ["gain"]
    bed.let(HOUR)
    assert bed.truth()["moved_nl"] > before["moved_nl"]
    assert bed.ask("clear", kind="gain").value()["ended"] == 1
    assert bed.truth()["faults"] == []


def test_a_fault_begins_and_ends_at_its_time(tmp_path: Path) -> None:
    bed = Bedside(tmp_path)
    bed.run()
    assert bed.ask("fault", kind="leak", figures={"flow": "2.4 mL/day"}, after=HOUR, lasts=HOUR).ok
    bed.let(HOUR - MINUTE)
    assert bed.truth()["uncommanded_nl"] == 0
    bed.let(2 * HOUR)
    assert bed.truth()["uncommanded_nl"] == 100_000
    assert bed.truth()["faults"] == []


@pytest.mark.parametrize("kind", ["power_loss", "clock_stop", "memory_flip", "storage_rot", "storage_full", "nonsense"])
def test_a_fault_that_is_no_fault_of_the_hardware_is_refused(tmp_path: Path, kind: str) -> None:
    bed = Bedside(tmp_path)
    reply = bed.ask("fault", kind=kind)
    assert not reply.ok
    assert bed.truth()["faults"] == []


def test_a_pump_holds_a_bounded_number_of_faults(tmp_path: Path) -> None:
    bed = Bedside(tmp_path)
    for _ in range(20):
        bed.fault("catheter_migration")
    assert [refusal["code"] for refusal in bed.ask("fault", kind="stall").refusals] == ["fault_count"]


def test_no_stroke_is_begun_without_the_energy_for_a_whole_one(tmp_path: Path) -> None:
    bed = Bedside(tmp_path, "virtual_peristaltic_20")
    bed.run()
    bed.let(HOUR)
    before = bed.truth()["strokes"]
    bed.fault("battery_sag", sag="0.3")
    bed.let(HOUR)
    assert bed.truth()["strokes"] == before
    assert bed.pump.device.status(bed.now).vetoed_pulses > 60
    assert {"battery_anomaly", "under_delivery"} <= bed.alarms
    bed.ask("clear")
    bed.let(HOUR)
    assert bed.truth()["strokes"] > before + 60


def test_little_is_stored_in_a_line_that_is_shut_and_it_goes_on_when_it_opens(tmp_path: Path) -> None:
    bed = Bedside(tmp_path)
    bed.run()
    bed.fault("catheter_kink", compliance="100 uL")
    bed.let(2 * DAY)
    stored = bed.pump.world.truth.stored_pl // PL_PER_NL
    suspected = 20_000  # where the pressure has risen by a fifth of what the line can take
    assert suspected <= stored <= suspected + 6 * 250
    assert "occlusion_suspected" in bed.alarms
    bed.ask("clear")
    before = bed.truth()["strokes"]
    bed.let(HOUR)
    assert "occlusion_suspected" not in bed.alarms
    assert bed.truth()["strokes"] > before + 50


def test_in_a_field_pulses_wait_and_a_late_return_becomes_more_urgent(tmp_path: Path) -> None:
    bed = Bedside(tmp_path)
    bed.run()
    bed.let(HOUR)
    assert bed.ask("fault", kind="mri_field", lasts=HOUR).ok
    before = bed.truth()["strokes"]
    bed.let(HOUR)
    assert bed.truth()["strokes"] == before
    assert bed.board["mri_stall"] == "medium"
    assert bed.pump.device.status(bed.now).failed_pulses == 0
    bed.let(90 * MINUTE)
    assert bed.board["mri_stall"] == "high"
    bed.killed()
    bed.let(HOUR)
    assert "mri_stall" in bed.alarms, "a restart proves no flow"
    seen = sorted(bed.alarms)
    bed.let(2 * HOUR)
    assert bed.ask("resume", seen=sorted(bed.alarms)).ok, seen
    bed.let(HOUR)
    assert bed.truth()["strokes"] > before
    assert "mri_stall" not in bed.alarms


def test_a_valve_that_a_field_has_shut_gives_nothing_until_a_person_resets_it(tmp_path: Path) -> None:
    bed = Bedside(tmp_path, "virtual_valve_gated_20")
    bed.run()
    bed.let(HOUR)
    assert bed.ask("fault", kind="mri_field", lasts=HOUR).ok
    bed.let(3 * HOUR)
    assert bed.truth()["valve_shut"] and bed.truth()["uncommanded_nl"] == 10_000
    strokes = bed.truth()["strokes"]
    assert {"motor_stall", "valve_locked_after_field"} <= bed.alarms
    assert bed.ask("resume", seen=sorted(bed.alarms)).ok
    bed.let(2 * HOUR)
    assert bed.truth()["strokes"] == strokes
    assert {"motor_stall", "valve_locked_after_field"} <= bed.alarms
    assert bed.ask("clear", valve=True).ok
    assert bed.ask("resume", seen=sorted(bed.alarms)).ok
    bed.let(HOUR)
    assert bed.truth()["strokes"] > strokes
    assert bed.alarms <= {"gap", "stroke_failed"}


def test_a_person_who_repaired_an_actuator_lets_the_pump_go_on(tmp_path: Path) -> None:
    bed = Bedside(tmp_path)
    bed.run()
    bed.fault("short")
    bed.let(HOUR)
    assert bed.pump.device.status(bed.now).state == "fault"
    assert bed.ask("resume", seen=sorted(bed.alarms)).ok
    bed.let(HOUR)
    assert bed.pump.device.status(bed.now).state == "fault", "it is found again"
    bed.ask("clear")
    assert bed.ask("resume", seen=sorted(bed.alarms)).ok
    bed.let(HOUR)
    assert bed.pump.device.status(bed.now).state == "running"
    assert bed.alarms <= {"gap"}


def test_a_fill_that_goes_beside_the_pump_is_told_at_once(tmp_path: Path) -> None:
    bed = Bedside(tmp_path)
    bed.run()
    bed.let(HOUR)
    bed.fault("misfill", part="0.2")
    there = bed.truth()["in_reach_nl"]
    assert bed.refill(there, 18 * ML).ok
    assert "pocket_fill_suspected" in bed.alarms
    assert bed.truth()["in_reach_nl"] == 18 * ML // 5
    assert bed.ask("acknowledge", alarm="pocket_fill_suspected").ok
    assert "pocket_fill_suspected" not in bed.alarms


def test_a_sound_fill_raises_nothing_and_what_the_needle_missed_is_told(tmp_path: Path) -> None:
    bed = Bedside(tmp_path)
    bed.run()
    bed.let(HOUR)
    assert bed.refill(bed.truth()["in_reach_nl"], 18 * ML).ok
    assert bed.alarms == set()
    assert bed.refill(15 * ML, 18 * ML).ok
    assert bed.alarms == {"volume_gap"}
    assert bed.ask("acknowledge", alarm="volume_gap").ok
    assert bed.alarms == set()


def test_a_refill_that_was_recorded_is_done_by_the_needle_even_if_power_went_in_between(tmp_path: Path) -> None:
    bed = Bedside(tmp_path)
    bed.run()
    bed.let(DAY)
    there = bed.truth()["in_reach_nl"]
    pump = bed.pump
    admission.refill(pump.device, pump.profile, there, Solution.parse("morphine 1 mg/mL"), 18 * ML, bed.now)
    assert bed.truth()["in_reach_nl"] == there
    bed.killed()
    assert bed.truth()["in_reach_nl"] == 18 * ML == bed.pump.device.status(bed.now).reservoir_nl
    bed.killed()
    assert bed.truth()["in_reach_nl"] == 18 * ML


def test_the_alarms_of_the_battery_come_90_30_and_7_days_before_its_end(tmp_path: Path) -> None:
    years = 7 * 365 * DAY
    for place, left, expected in (
        ("a", 100, set()),
        ("b", 80, {"replacement_90"}),
        ("c", 20, {"replacement_90", "replacement_soon"}),
        ("d", 5, {"replacement_90", "replacement_soon", "end_of_service"}),
    ):
        base = tmp_path / place
        base.mkdir()
        bed = Bedside(base, "virtual_peristaltic_20", made_ago=years - left * DAY)
        bed.let(HOUR)
        assert bed.alarms & {"replacement_90", "replacement_soon", "end_of_service"} == expected
        bed.killed()
        bed.let(HOUR)
        assert bed.alarms & {"replacement_90", "replacement_soon", "end_of_service"} == expected


def test_thin_air_is_in_the_log_and_in_the_status(tmp_path: Path) -> None:
    bed = Bedside(tmp_path)
    bed.run()
    bed.fault("altitude", height="9000 m")
    bed.let(HOUR)
    assert bed.ask("status").value()["strange_air"]
    lines = [line for line in bed.ask("log", limit=200).value()["lines"] if line["event"] == "environment"]
    assert [line["outside"] for line in lines] == [True]
    assert "leak_suspected" not in bed.alarms


def test_two_labels_that_differ_fill_nothing_and_lock_boluses_until_one_fits(tmp_path: Path) -> None:
    bed = Bedside(tmp_path)
    bed.run()
    good = "morphine 1 mg/mL; lot A1; 18 mL"
    for bad in (
        "morphine 10 mg/mL; lot A1; 18 mL",
        "morphine 1 mg/mL; lot B2; 18 mL",
        "morphine 1 mg/mL; lot A1; 8 mL",
    ):
        assert not bed.refill(17 * ML, 18 * ML, labels=[good, bad]).ok
        assert "refill_mismatch" in bed.alarms
    assert bed.pump.device.status(bed.now).rung == "basal_only"
    for unreadable in ("morphine 1 mg/mL", "", "morphine 1 mg/mL; A1; 18 mL", "x; lot A; 1 mL"):
        assert not bed.refill(17 * ML, 18 * ML, labels=[good, unreadable]).ok
    assert not bed.refill(17 * ML, 18 * ML, labels=[good]).ok
    assert bed.refill(bed.truth()["in_reach_nl"], 18 * ML, labels=[good, good]).ok
    assert "refill_mismatch" not in bed.alarms
    assert [line["lots"] for line in bed.ask("log").value()["lines"] if line["event"] == "refill"] == [["A1"]]


def test_an_emergency_stop_is_an_alarm_until_the_clinic_has_seen_it(tmp_path: Path) -> None:
    bed = Bedside(tmp_path)
    bed.run()
    assert bed.ask("stop", emergency=True).ok
    bed.let(HOUR)
    assert "emergency_used" in bed.alarms
    assert bed.ask("acknowledge", alarm="emergency_used").ok
    assert "emergency_used" not in bed.alarms
    assert any(line["event"] == "stop" and line["emergency"] for line in bed.ask("log").value()["lines"])


def test_an_alarm_that_the_patient_did_not_hear_is_an_alarm_of_its_own(tmp_path: Path) -> None:
    bed = Bedside(tmp_path)
    assert bed.ask("alarm_check", heard=False).ok
    assert "alarm_channel_lost" in bed.alarms
    assert bed.ask("alarm_check", heard=True).ok
    assert "alarm_channel_lost" not in bed.alarms
    assert [line["heard"] for line in bed.ask("log").value()["lines"] if line["event"] == "alarm_check"] == [
        False,
        True,
    ]


def test_an_order_for_another_patient_is_refused_and_the_one_before_runs_on(tmp_path: Path) -> None:
    bed = Bedside(tmp_path, patient="patient-1")
    bed.run()
    running = bed.pump.device.prescription
    assert running is not None
    status = bed.ask("status").value()
    assert (status["patient"], status["serial"]) == ("patient-1", "p")
    other = json.loads(replace(running, patient="patient-2", id="rx-2").to_bytes())
    for reply in (bed.ask("stage", prescription=other), bed.refill(18 * ML, 18 * ML, prescription=other)):
        assert [refusal["code"] for refusal in reply.refusals] == ["other_patient"]
    assert bed.pump.device.prescription == running
    assert bed.truth()["in_reach_nl"] > 17 * ML


def test_who_may_talk_to_a_pump_is_vouched_for_by_the_kernel() -> None:
    here, there = socket.socketpair()
    with here, there:
        assert may_talk(here)
        user = struct.unpack("3i", here.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[1]
        assert user == os.geteuid()


def test_a_folder_and_its_socket_are_open_to_its_own_user_alone(tmp_path: Path) -> None:
    bed = Bedside(tmp_path)
    assert bed.folder.stat().st_mode & 0o777 == 0o700
    with listen(bed.folder):
        assert (bed.folder / SOCKET).stat().st_mode & 0o777 == 0o600


def test_a_pump_that_asks_for_proof_takes_no_fill_without_labels_and_asks_what_shows_it_is_in(tmp_path: Path) -> None:
    bed = Bedside(tmp_path, "virtual_peristaltic_20", proof_of_fill=True)
    bed.run()
    labels = ["morphine 1 mg/mL; lot A1; 18 mL"] * 2

    def fill(**fields: Any) -> bool:
        return bed.refill(bed.truth()["in_reach_nl"], 18 * ML, **fields).ok

    assert not fill()
    assert fill(labels=labels, reaspirated=True)
    assert bed.alarms == set()
    for tried in (None, False):
        assert fill(labels=labels, reaspirated=tried)
        assert "pocket_fill_suspected" in bed.alarms
        assert bed.ask("acknowledge", alarm="pocket_fill_suspected").ok
    (tmp_path / "other").mkdir()
    sees = Bedside(tmp_path / "other", proof_of_fill=True)
    assert sees.refill(18 * ML, 18 * ML, labels=labels).ok
    assert "pocket_fill_suspected" not in sees.alarms, "the level shows it"


def test_a_clinic_that_does_not_call_for_a_day_is_missed_until_it_does(tmp_path: Path) -> None:
    bed = Bedside(tmp_path, speed=1)
    bed.pump.advance()
    bed.real.tick(DAY + 1)
    bed.pump.advance()
    assert "link_lost" in bed.pump.device.alarms
    bed.pump.advance()
    assert bed.board["link_lost"] == "low"
    bed.real.tick(3 * DAY)
    bed.pump.advance()
    assert "alarm_channel_lost" in bed.board
    assert bed.ask("status").ok
    assert "link_lost" not in bed.pump.device.alarms


def test_a_demonstration_misses_nobody(tmp_path: Path) -> None:
    bed = Bedside(tmp_path)
    bed.let(2 * DAY)
    assert "link_lost" not in bed.pump.device.alarms
