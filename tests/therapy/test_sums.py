"""Every worked example of the sums that this room has: flow, rounding, dead volume, time to tip, refill, residual."""

from collections.abc import Callable
from datetime import UTC, datetime
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from therapy_way import MG, ML, T0, Maker

from thecal.formulary import Solution
from thecal.pump import Interval
from thecal.quantity import FLOW, MS_PER_DAY, MS_PER_HOUR, Refused, show
from thecal.therapy import (
    Comparison,
    Limit,
    Reservoir,
    Span,
    compare,
    dead_volume,
    dosing,
    expected_residual,
    flow,
    missing_text,
    refill_date,
    time_to_tip,
)
from thecal.therapy.events import CatheterRecord

FLOW_10 = Fraction(6_500_000, 18)  # 6.5 mg/day from 18 mg/mL, in nL/day
MCG = 10**9


def utc(ms: int) -> str:
    return datetime.fromtimestamp(ms // 60_000 * 60, UTC).strftime("%Y-%m-%d %H:%M")


@pytest.mark.parametrize(
    ("dose", "concentration", "ml_day", "ul_h"),
    [
        (65 * MG // 10, 18 * ML, "0.361111", "15.0463"),
        (18 * MG // 10, 12 * ML, "0.15", "6.25"),
        (1375 * MCG // 10, ML // 2, "0.275", "11.4583"),
        (4 * MG // 10, 20 * ML, "0.02", "0.833333"),
    ],
)
def test_flow_examples_1a_to_1d(dose: int, concentration: int, ml_day: str, ul_h: str) -> None:
    found = flow(dose, concentration)
    assert show(found, FLOW, "mL/day", 6) == f"{ml_day} mL/day"
    assert show(found, FLOW, "uL/h", 6) == f"{ul_h} uL/h"
    assert dosing.dose(found, concentration) == dose


def test_a_flow_below_the_lowest_is_refused_with_the_usable_concentration() -> None:
    (low,) = dosing.flow_refusals(4 * MG // 10, 20 * ML, 48_000, 24_000_000)
    assert low.code == "flow_low" and "8.333 mg/mL" in low.do
    (high,) = dosing.flow_refusals(400 * MG, ML, 48_000, 24_000_000)
    assert high.code == "flow_high" and "16.67 mg/mL" in high.do
    assert dosing.flow_refusals(65 * MG // 10, 18 * ML, 48_000, 24_000_000) == ()


def test_concentration_for_an_interval_and_the_longest_one_under_a_ceiling() -> None:
    span = 75 * MS_PER_DAY
    assert dosing.concentration_for(65 * MG // 10, span, 18 * ML, 30 * ML) == 27_083_334
    with pytest.raises(Refused, match=r"69\.2 days"):
        dosing.concentration_for(65 * MG // 10, span, 18 * ML, 25 * ML)


@pytest.mark.parametrize(
    ("dose", "concentration", "pulses", "period_s", "ml_day", "error_pct"),
    [
        (65 * MG // 10, 18 * ML, 144.444, 598, "0.361204", 0.026),
        (1375 * MCG // 10, ML // 2, 110, 785, "0.275159", 0.058),
        (18 * MG // 10, 12 * ML, 60, 1440, "0.15", 0),
    ],
)
def test_rounding_examples_3a_to_3c(
    dose: int, concentration: int, pulses: float, period_s: int, ml_day: str, error_pct: float
) -> None:
    given_by = dosing.held_period(dose, concentration, 2_500)
    assert float(given_by.pulses_day) == pytest.approx(pulses, abs=5e-4)
    assert given_by.period_ms == period_s * 1000
    assert show(given_by.flow, FLOW, "mL/day", 6) == f"{ml_day} mL/day"
    assert float(given_by.error) * 100 == pytest.approx(error_pct, abs=5e-4)


def test_a_bolus_is_whole_pulses_rounded_down_example_13() -> None:
    bolus = dosing.whole_pulses(3 * MG // 10, 18 * ML, 2_500)
    assert (bolus.count, bolus.volume_nl, bolus.mass_fg) == (6, 15_000, 27 * MG // 100)
    assert bolus.error == Fraction(-1, 10)
    with pytest.raises(Refused, match=r"0\.045 mg"):
        dosing.whole_pulses(MG // 100, 18 * ML, 2_500)


@pytest.mark.parametrize("bad", [0, -1, 1.5, None, "6.5 mg", float("nan"), True, 2**70])
def test_a_dose_or_concentration_that_is_none_is_refused(bad: int) -> None:
    for dose, concentration in ((bad, 18 * ML), (MG, bad)):
        with pytest.raises(Refused) as refused:
            flow(dose, concentration)
        assert refused.value.refusals[0].code in ("not_a_number_for_this", "input", "dose_zero")


@given(st.integers(1, 10**14), st.integers(1, 10**8))
def test_dose_to_flow_and_back_is_exact(dose: int, concentration: int) -> None:
    assert dosing.dose(flow(dose, concentration), concentration) == dose
    assert flow(dose + 1, concentration) > flow(dose, concentration) > flow(dose, concentration + 1)


@pytest.mark.parametrize(
    ("model", "supplied", "trimmed", "ml"),
    [
        ("flowonix_11823", (1100,), (375,), 0.1885),
        ("medtronic_8731", (1040, 660), (520, 350), 0.1826),
        ("flowonix_11823", (1100,), (400,), 0.1820),
    ],
)
def test_catheter_volume_examples_4a_to_4c(
    model: str, supplied: tuple[int, ...], trimmed: tuple[int, ...], ml: float
) -> None:
    catheter = CatheterRecord(model=model, supplied_mm=supplied, trimmed_mm=trimmed)
    volume = dead_volume(Maker().implanted(catheter=catheter))
    assert volume.catheter.point() == round(ml * ML)
    assert volume.path.point() == volume.catheter.point() + volume.tubing.point()
    assert volume.warnings == ()


def test_an_unknown_trim_gives_a_range_below_full_length_and_says_so() -> None:
    catheter = CatheterRecord(model="flowonix_11823", supplied_mm=(1100,), trimmed_mm=None)
    volume = dead_volume(Maker().implanted(catheter=catheter, tip_checked=None))
    assert volume.catheter.low < 188_500 < volume.catheter.high == 286_000
    assert [warning.code for warning in volume.warnings] == ["trim_unknown", "tip_unchecked"]


@pytest.mark.parametrize(
    ("volume_nl", "nl_day", "hours"),
    [(388_500, 128_000, 72.84), (388_500, 320_000, 29.14), (88_500, FLOW_10, 5.882), (388_500, 48_000, 194.25)],
)
def test_time_to_tip_examples_9a_to_9c(volume_nl: int, nl_day: Fraction, hours: float) -> None:
    early, late = time_to_tip(Interval(volume_nl, volume_nl), nl_day)
    assert late - early <= 1
    assert early / MS_PER_HOUR == pytest.approx(hours, abs=0.005)


def test_low_reservoir_example_10a_with_the_early_date_of_a_fast_pump() -> None:
    date = refill_date(Reservoir(T0, 20 * ML, 2 * ML), FLOW_10, stability=Limit(90, "label", True))
    assert utc(date.alarm_ms) == "2026-04-23 06:48"
    assert (date.reason, date.date_ms) == ("low reservoir alarm", date.alarm_ms)
    assert utc(date.early_ms).startswith("2026-04-16") and date.early_ms < date.alarm_ms < date.empty_ms
    assert (date.early_ms - T0) / MS_PER_DAY == pytest.approx(43.53, abs=0.005)
    assert date.appointment_ms < date.date_ms


def test_low_reservoir_example_10b_with_priming() -> None:
    date = refill_date(Reservoir(T0, 20 * ML, 2 * ML, prime_nl=388_500), FLOW_10)
    assert utc(date.alarm_ms) == "2026-04-22 04:59"


def test_low_reservoir_example_10c_with_patient_boluses() -> None:
    boluses = Fraction(4 * MG // 4, 18 * ML)
    date = refill_date(Reservoir(T0, 20 * ML, 2 * ML), FLOW_10, bolus_nl_day=boluses)
    assert utc(date.alarm_ms) == "2026-04-16 15:18"


def test_the_earliest_reason_holds_and_every_candidate_is_listed() -> None:
    fill = int(datetime(2026, 4, 11, tzinfo=UTC).timestamp()) * 1000
    battery = fill + 300 * MS_PER_DAY
    date = refill_date(
        Reservoir(fill, 20 * ML, 2 * ML),
        180_000,
        stability=Limit(90, "label"),
        policy=Limit(180, "site"),
        battery_ms=battery,
    )
    assert (utc(date.date_ms)[:10], date.reason) == ("2026-07-10", "stability")
    assert [candidate.reason for candidate in date.candidates] == [
        "stability",
        "low reservoir alarm",
        "policy",
        "battery",
    ]


def test_unknown_stability_is_said_and_the_policy_holds() -> None:
    date = refill_date(Reservoir(T0, 20 * ML, 2 * ML), 48_000)
    assert date.reason == "policy" and [warning.code for warning in date.warnings] == ["stability_unknown"]
    assert not next(each for each in date.candidates if each.reason == "policy").confirmed


@given(st.integers(0, 10**6), st.integers(1, 10**6), st.integers(0, 10**6))
def test_a_refill_date_never_moves_later_when_a_bolus_allowance_grows(basal: int, boluses: int, more: int) -> None:
    reservoir = Reservoir(T0, 20 * ML, 2 * ML)
    one = refill_date(reservoir, basal, bolus_nl_day=boluses)
    two = refill_date(reservoir, basal, bolus_nl_day=boluses + more)
    assert two.date_ms <= one.date_ms and two.early_ms <= one.early_ms


@pytest.mark.parametrize(("volume", "flow_nl_day"), [(20 * ML, 0), (20 * ML, -1), (ML, 1000), (-1, 1000)])
def test_no_refill_date_is_made_up(volume: int, flow_nl_day: int) -> None:
    with pytest.raises(Refused):
        refill_date(Reservoir(T0, volume, 2 * ML), flow_nl_day)


def base(withdrawn_nl: int) -> Comparison:
    span = Span(FLOW_10, T0, T0 + 34 * MS_PER_DAY + MS_PER_DAY // 4)
    expected = expected_residual(20 * ML, [span])
    assert expected == 7_631_944
    return compare(20 * ML, expected, withdrawn_nl, Solution.parse("morphine 18 mg/mL"))


@pytest.mark.parametrize(
    ("found", "off", "ratio_pct", "reading"),
    [
        (9_100_000, 1.468, 88.13, "trend it"),
        (5_200_000, -2.432, 119.66, "investigate"),
        (7_000_000, -0.632, 105.11, "as expected"),
    ],
)
def test_discrepancy_examples_11a_to_11c(found: int, off: float, ratio_pct: float, reading: str) -> None:
    seen = base(found)
    assert seen.discrepancy_nl / ML == pytest.approx(off, abs=5e-4)
    assert seen.ratio is not None and float(seen.ratio) * 100 == pytest.approx(ratio_pct, abs=5e-3)
    assert seen.error_pct == (seen.ratio - 1) * 100
    assert seen.reading == reading


def test_the_reading_range_and_the_missing_mass() -> None:
    close = base(7_000_000)
    assert close.ratio_low is not None and close.ratio_high is not None
    assert (round(float(close.ratio_low) * 100, 1), round(float(close.ratio_high) * 100, 1)) == (101.1, 109.2)
    far = base(5_200_000)
    assert missing_text(far) == "43.8 mg of morphine"
    assert [finding.code for finding in far.findings] == ["volume_off", "ratio_off"]
    assert missing_text(base(9_100_000)) == ""


def test_both_limits_are_always_run() -> None:
    little = compare(20 * ML, 16 * ML, 14_500_000)
    assert [finding.code for finding in little.findings] == ["ratio_off"] and little.reading == "investigate"
    much = compare(40 * ML, 20 * ML, 22_100_000)
    assert [finding.code for finding in much.findings] == ["volume_off"]


def test_too_little_infused_is_not_judged() -> None:
    seen = compare(20 * ML, 17_000_001, 17_500_000)
    assert seen.ratio is None and seen.error_pct is None and seen.reading == "too little infused to judge"
    assert compare(20 * ML, 17 * ML, 17 * ML).ratio == 1


@pytest.mark.parametrize(("expected", "withdrawn"), [(7 * ML, 21 * ML), (21 * ML, 7 * ML), (-1, 7 * ML), (7 * ML, -1)])
def test_more_than_was_filled_is_refused(expected: int, withdrawn: int) -> None:
    with pytest.raises(Refused):
        compare(20 * ML, expected, withdrawn)


def test_a_reservoir_that_must_have_run_empty_is_refused() -> None:
    with pytest.raises(Refused, match="flowed out"):
        expected_residual(ML, [Span(Fraction(ML), T0, T0 + 2 * MS_PER_DAY)])
    with pytest.raises(Refused, match="backwards"):
        expected_residual(ML, [Span(Fraction(1), T0, T0 - 1)])
    assert expected_residual(ML, [Span(Fraction(1, 3), T0, T0 + MS_PER_DAY)], 10) == ML - 11


@given(st.integers(0, 10**6), st.integers(0, 40 * MS_PER_DAY), st.integers(0, 40 * MS_PER_DAY))
def test_splitting_a_flow_in_time_does_not_change_what_is_left(nl_day: int, one: int, two: int) -> None:
    rate, middle, end = Fraction(nl_day, 7), T0 + one, T0 + one + two
    whole = expected_residual(100 * ML, [Span(rate, T0, end)])
    assert expected_residual(100 * ML, [Span(rate, T0, middle), Span(rate, middle, end)]) == whole


BAD = st.sampled_from(
    [-1, -(10**30), 2**63, 1.5, float("nan"), float("inf"), "18 mL", "", None, True, Fraction(-1, 3), b"1", [1]]
)
GOOD = st.integers(0, 10**9)


@given(st.data())
def test_bad_input_to_any_sum_is_a_named_refusal_and_never_a_number(data: st.DataObject) -> None:
    sums: dict[str, tuple[int, Callable[..., object]]] = {
        "flow": (2, flow),
        "dose": (2, dosing.dose),
        "flow_refusals": (4, dosing.flow_refusals),
        "concentration_for": (4, dosing.concentration_for),
        "held_period": (4, dosing.held_period),
        "whole_pulses": (3, dosing.whole_pulses),
        "time_to_tip": (1, lambda rate: time_to_tip(Interval(1, 2), rate)),
        "refill_date": (2, lambda rate, bolus: refill_date(Reservoir(T0, 20 * ML, 2 * ML), rate, bolus_nl_day=bolus)),
        "reservoir": (6, Reservoir),
        "compare": (3, compare),
        "limits": (3, lambda reading, accuracy, limit: compare(20 * ML, ML, ML, None, reading, accuracy, limit)),
        "expected_residual": (3, lambda start, rate, end: expected_residual(start, [Span(rate, T0, end)])),
        "other": (1, lambda other: expected_residual(ML, [], other)),
    }
    name = data.draw(st.sampled_from(sorted(sums)))
    count, call = sums[name]
    values: list[object] = [data.draw(GOOD) for _ in range(count)]
    place = data.draw(st.integers(0, count - 1))
    values[place] = data.draw(BAD)
    if name == "reservoir" and place == 5:
        values[place] = "now"
    with pytest.raises(Refused) as refused:
        call(*values)
    assert all(refusal.code and refusal.what for refusal in refused.value.refusals)
