"""How long drug and battery last at the worst: the alarm comes before the reservoir is really empty."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thecal.formulary import Solution
from thecal.pump import Caps, Prescription, SimpleContinuous, profile
from thecal.pump.bench import Bench, Filling
from thecal.pump.hardware import hardware_model, make_fault
from thecal.pump.hardware.outlook import ageing, least_left, service_left, supply, volume_gap

DAY = 86_400_000
T0, MG = 20_000 * DAY, 10**12
FILL = Solution.parse("morphine 2 mg/mL")


@pytest.mark.parametrize(
    ("model", "gain", "alarm"),
    [
        ("virtual_peristaltic_20", "1.145", "reservoir_low"),
        ("reference", "1.145", "over_delivery"),
        ("reference", "1.4", "over_delivery"),
    ],
)
def test_a_pump_that_gives_too_much_says_so_while_there_is_drug_for_days(model: str, gain: str, alarm: str) -> None:
    fast = make_fault("gain", T0, None, {"gain": gain})
    bench = Bench(profile(model), Filling(FILL, 15_000_000, 400_000, FILL), T0, (fast,), gain_spread=False)
    caps = Caps(MG // 5, 4 * MG)
    bench.load(Prescription("rx", "p", "intrathecal", FILL, SimpleContinuous(2 * MG), caps, T0, "Dr", T0))
    while all(alarm not in change.now for change in bench.changes) and bench.now < T0 + 20 * DAY:
        bench.run_to(bench.now + DAY // 4)
    assert any(alarm in change.now for change in bench.changes)
    assert bench.truth.in_reach_nl > 10_000_000


def test_a_level_that_is_read_counts_when_it_is_lower_than_the_account() -> None:
    model = hardware_model("reference")
    assert least_left(model, 10_000_000, 8_000_000) == 10_000_000 - 8_000_000 * 145 // 1_000
    assert least_left(model, 10_000_000, 8_000_000, 8_000_000) == 8_000_000
    assert least_left(model, 10_000_000, 8_000_000, 9_900_000) == 8_840_000


@given(st.integers(0, 20_000_000), st.integers(0, 20_000_000), st.none() | st.integers(0, 20_000_000))
def test_the_least_is_never_above_the_account_nor_the_level_nor_below_nothing(
    left: int, gone: int, level: int | None
) -> None:
    least = least_left(hardware_model("reference"), left, gone, level)
    assert 0 <= least <= left
    assert level is None or least <= level


def test_a_reservoir_is_low_by_its_volume_or_by_its_days() -> None:
    assert supply(2_000_000, 2_000_000, 0) == {50}
    assert supply(2_000_001, 2_000_000, 0) == frozenset()
    assert supply(13_999_999, 2_000_000, 1_000_000) == {50}
    assert supply(14_000_000, 2_000_000, 1_000_000) == frozenset()
    assert supply(2_999_999, 2_000_000, 1_000_000) == {50, 28}


def test_the_end_of_service_is_that_of_age_or_of_strokes_whichever_comes_first() -> None:
    model = hardware_model("virtual_peristaltic_20")
    (most,) = model.need("battery_strokes")
    assert service_left(model, 0, 0, 0) == 7 * 365 * DAY
    assert service_left(model, 100 * DAY, most - 1_600 * 10, 1_600) == 10 * DAY * 1_600 // max(1_600, most // 100 - 160)
    assert service_left(model, 8 * 365 * DAY, 10, 0) == -365 * DAY
    assert [len(ageing(days * DAY)) for days in (91, 90, 30, 7, -1)] == [0, 1, 2, 3, 3]
    assert ageing(None) == frozenset()


def test_a_gap_of_volume_is_told_by_either_rule() -> None:
    assert not volume_gap(500_000, 0)
    assert volume_gap(-500_001, 1_000_000)
    assert not volume_gap(1_000_000, 10_000_000)
    assert volume_gap(1_500_000, 10_000_000)
    assert volume_gap(2_000_001, 100_000_000)
