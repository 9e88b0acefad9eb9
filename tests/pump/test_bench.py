"""What two clocks, two parts and the sensors of the reference design find, on the bench, and how soon."""

import pytest

from thecal.formulary import Solution
from thecal.pump import Caps, Prescription, SimpleContinuous, profile
from thecal.pump.bench import Bench, Filling
from thecal.pump.hardware import make_fault

HOUR, DAY = 3_600_000, 86_400_000
T0, MG = 20_000 * DAY, 10**12
FILL = Solution.parse("morphine 2 mg/mL")
ONSET = T0 + 6 * HOUR


def run(model: str, *faults: tuple[str, dict[str, str]], length: int = DAY) -> Bench:
    """A pump that gives 0.8 mg/day under these faults from the seventh hour on."""
    made = tuple(make_fault(kind, ONSET, None, figures) for kind, figures in faults)
    bench = Bench(profile(model), Filling(FILL, 15_000_000, 400_000, FILL), T0, made, gain_spread=False)
    caps = Caps(MG // 10, MG)
    bench.load(Prescription("rx", "p", "intrathecal", FILL, SimpleContinuous(8 * MG // 10), caps, T0, "Dr", T0))
    bench.run_to(T0 + length)
    return bench


def first(bench: Bench, alarm: str) -> int:
    """When that alarm first stood, ms after the fault."""
    return next(change.at for change in bench.changes if change.what == "alarms" and alarm in change.now) - ONSET


def test_without_a_fault_the_supervisor_says_nothing_for_a_month() -> None:
    bench = run("reference", length=30 * DAY)
    assert bench.device is not None
    status = bench.device.status(bench.now)
    assert status.alarms == ("reservoir_low",)  # 3 mL are left: at the worst less than 14 days
    assert first(bench, "reservoir_low") > 20 * DAY
    assert status.vetoed_pulses == status.failed_pulses == 0
    assert status.delivered_pulses == len(bench.truth.strokes) == 30 * 1_600


@pytest.mark.parametrize(
    ("kind", "figures"),
    [
        ("clock_stop", {}),
        ("clock_jump", {"by": "6 h", "back": "yes"}),
        ("clock_drift", {"rate": "1.5"}),
        ("clock_drift", {"rate": "1.02"}),
        ("clock_drift", {"rate": "0.5"}),
    ],
)
def test_a_clock_that_is_wrong_is_found_within_three_minutes(kind: str, figures: dict[str, str]) -> None:
    bench = run("virtual_peristaltic_20", (kind, figures))
    assert first(bench, "clock_fault") <= 180_000


def test_a_clock_within_one_percent_is_no_fault() -> None:
    bench = run("virtual_peristaltic_20", ("clock_drift", {"rate": "1.005"}))
    assert all("clock_fault" not in change.now for change in bench.changes)


def test_a_controller_that_is_silent_is_told_by_the_supervisor_after_three_minutes() -> None:
    bench = run("virtual_peristaltic_20", ("storage_full", {}))
    assert bench.device is None
    assert first(bench, "controller_failed") <= 54_000 + 180_000


def test_a_fast_clock_gives_no_more_than_the_cap_and_one_pulse_of_true_time() -> None:
    bench = run("virtual_peristaltic_20", ("clock_drift", {"rate": "1.5"}), length=2 * DAY)
    pulse = bench.truth.pulse_nl * FILL.primary.concentration
    times = [stroke.at for stroke in bench.truth.strokes if stroke.moved]
    for at in times:
        assert sum(pulse for other in times if at - HOUR < other <= at) <= MG // 10 + pulse


def test_a_restored_old_copy_of_the_controller_cannot_fire_a_number_again() -> None:
    bench = run("virtual_peristaltic_20", length=6 * HOUR)
    copy = [bytearray(bank) for bank in bench.storage.banks]
    bench.run_to(T0 + 12 * HOUR)
    fired = {stroke.seq for stroke in bench.truth.strokes}
    bench.storage.banks = copy
    bench.restart()
    before = len(bench.truth.strokes)
    bench.run_to(T0 + 13 * HOUR)
    assert bench.device is not None
    assert {stroke.seq for stroke in bench.truth.strokes[before:]}.isdisjoint(fired)
    assert bench.device.status(bench.now).vetoed_pulses > 0
    assert "under_delivery" in bench.device.alarms


@pytest.mark.parametrize(
    ("kind", "figures", "alarm", "within"),
    [
        ("temperature", {"celsius": "45 degC"}, "temperature", 900_000),
        ("temperature", {"celsius": "41 degC"}, "temperature", 1_800_000),
        ("mri_field", {}, "mri_stall", 900_000),
        ("battery_sag", {"sag": "0.12"}, "battery_anomaly", 900_000),
    ],
)
def test_what_the_sensors_of_the_reference_design_read_becomes_an_alarm(
    kind: str, figures: dict[str, str], alarm: str, within: int
) -> None:
    assert first(run("reference", (kind, figures), length=8 * HOUR), alarm) <= within


def test_a_short_warmth_is_no_alarm() -> None:
    warm = make_fault("temperature", ONSET, ONSET + 600_000, {"celsius": "41 degC"})
    bench = Bench(profile("reference"), Filling(FILL, 15_000_000, 0, FILL), T0, (warm,), gain_spread=False)
    bench.run_to(T0 + DAY)
    assert all("temperature" not in change.now for change in bench.changes)


def test_a_flip_of_memory_is_a_restart_and_neither_more_nor_less_drug() -> None:
    bench = run("virtual_peristaltic_20", ("memory_flip", {"bit": "185"}))
    assert bench.restarts == 1
    assert bench.device is not None
    assert bench.device.status(bench.now).state == "running"
    numbers = [stroke.seq for stroke in bench.truth.strokes]
    assert len(numbers) == len(set(numbers))
    assert abs(len(numbers) - 1_600) <= 2


@pytest.mark.parametrize("switch", ["controller", "supervisor"])
def test_a_switch_that_is_stuck_is_found_by_the_test_of_the_day_at_the_cost_of_two_pulses(switch: str) -> None:
    bench = run("virtual_peristaltic_20", ("stuck_switch", {"switch": switch}), length=30 * HOUR)
    assert first(bench, "self_test_warning") <= 18 * HOUR
    assert first(bench, "actuator_fault") <= 18 * HOUR + 900_000
    assert len([stroke for stroke in bench.truth.strokes if stroke.seq == 0]) == 2
    assert bench.device is not None
    assert bench.device.status(bench.now).state == "fault"


def test_a_sensor_that_errs_once_in_the_test_of_the_day_stops_nothing() -> None:
    made = make_fault("stuck_switch", T0 + DAY - HOUR, T0 + DAY + 60_000, {"switch": "controller"})
    bench = Bench(profile("reference"), Filling(FILL, 15_000_000, 0, FILL), T0, (made,), gain_spread=False)
    bench.run_to(T0 + 26 * HOUR)
    assert any("self_test_warning" in change.now for change in bench.changes)
    assert bench.device is not None
    assert bench.device.alarms == ()
