"""What the printed examples leave out: refusals, ranges, warnings and courses of the same calculations."""

from fractions import Fraction
from itertools import pairwise

import pytest
from worked_examples import DOWN, DRUG, FILLED, FOUND, PRIMED, THREE, UP, same

from thecal.quantity import Refused
from thecal.therapy.calc import find


def test_ex_1d_below_the_lowest_flow_names_the_concentration_and_the_dose_it_would_have_become() -> None:
    with pytest.raises(Refused, match=r"0\.96 mg/day.*at most 8\.333 mg/mL"):
        find("flow").run({"dose": "0.4 mg/day", "concentration": "20 mg/mL", "flow_min": "0.048 mL/day"})


def test_ex_1_above_the_ceiling_the_longest_interval_is_named() -> None:
    with pytest.raises(Refused, match=r"longest interval 69\.2 days"):
        find("concentration-for-interval").run(
            {"dose": "6.5 mg/day", "interval": "75 days", "volume": "18 mL", "ceiling": "25 mg/mL"}
        )


@pytest.mark.parametrize("factor", [10, 24, 60, 1000])
def test_an_odd_ratio_is_called_out_both_ways(factor: int) -> None:
    many, one = f"{6 * factor} mg/day", "6 mg/day"
    for before, after, ratio in ((one, many, Fraction(factor)), (many, one, Fraction(1, factor))):
        found = find("odd-ratio").run({"before": before, "after": after})
        assert found.value == ratio and [warning.code for warning in found.warnings] == ["odd_ratio"]
    assert not find("odd-ratio").run({"before": one, "after": "7 mg/day"}).warnings


def test_mg_for_mcg_is_an_odd_ratio() -> None:
    assert find("odd-ratio").run({"before": "137.5 mcg/day", "after": "137.5 mg/day"}).warnings


def test_ex_4_an_unknown_trim_is_a_range_below_full_length() -> None:
    found = find("catheter-volume").run(
        {"supplied": "110 cm", "trimmed": "unknown", "volume_per_length": "0.0026 mL/cm"}
    )
    assert found.value is None and (found.low, found.high) == (Fraction(104, 1000), Fraction(286, 1000))
    assert [warning.code for warning in found.warnings] == ["trim_unknown"]


def test_a_two_piece_catheter_of_the_catalog_says_that_its_figures_are_not_confirmed() -> None:
    found = find("catheter-volume").run(
        {"model": "medtronic_8731", "supplied": "38 cm; 66 cm", "trimmed": "0 cm; 20 cm"}
    )
    assert found.value is not None and "unconfirmed" in [warning.code for warning in found.warnings]


@pytest.mark.parametrize("variant", ["full", "catheter", "pump", "revision"])
@pytest.mark.parametrize("path", ["drug", "unknown"])
@pytest.mark.parametrize("tubing", ["empty", "drug", "unknown"])
def test_ex_6_a_prime_on_a_path_that_is_not_marked_empty_is_refused(variant: str, path: str, tubing: str) -> None:
    with pytest.raises(Refused) as refused:
        find("prime").run(PRIMED | {"variant": variant, "path": path, "tubing": tubing, "replaced_volume": "0.1 mL"})
    assert refused.value.refusals[0].code == "path_not_empty"


def test_ex_6_what_is_in_the_tubing_must_be_stated_and_fit() -> None:
    for variant, tubing, code in (
        ("full", "unknown", "tubing_unknown"),
        ("full", "drug", "contradiction"),
        ("catheter", "empty", "contradiction"),
    ):
        with pytest.raises(Refused) as refused:
            find("prime").run(PRIMED | {"variant": variant, "tubing": tubing})
        assert refused.value.refusals[0].code == code
    with pytest.raises(Refused, match="tubing: it is missing"):
        find("prime").run(PRIMED | {"variant": "full"})


def test_ex_6_an_interrupted_prime_never_starts_from_zero() -> None:
    full = PRIMED | {"variant": "full", "tubing": "empty"}
    assert find("prime").run(full | {"interrupted_after": "0.3 mL"}).value == Fraction(885, 10_000)
    with pytest.raises(Refused):
        find("prime").run(full | {"interrupted_after": "0.3885 mL"})


def test_ex_7_both_ways_without_a_bridge_are_shown_with_their_course() -> None:
    up, down = find("bridge").run(UP), find("bridge").run(DOWN)
    assert up.row("without_bridge_course").note == "0 to 3.035 day: 1.28 mg/day; then 3.2 mg/day"
    assert up.row("old_flow_kept_dose").value == 8 and up.row("old_flow_kept_error").value == 150
    assert down.row("without_bridge_course").note.startswith("0 to 29.14 h: 8 mg/day")
    assert down.row("old_flow_kept_dose").value == Fraction(128, 100)


def test_ex_7_an_interrupted_bridge_goes_on_with_the_old_fluid_that_is_left() -> None:
    by_volume = find("bridge").run(UP | {"delivered": "0.12 mL"})
    by_time = find("bridge").run(UP | {"elapsed": "9 h"})
    assert by_volume.row("old_fluid_left").value == by_time.row("old_fluid_left").value == Fraction(2685, 10_000)
    with pytest.raises(Refused, match="No bridge is needed"):
        find("bridge").run(UP | {"elapsed": "30 h"})


def test_ex_7_a_bridge_too_long_is_staged_and_the_stages_add_up() -> None:
    found = find("bridge").run(DOWN | {"longest": "48 h"})
    assert found.row("stages").value == 2
    assert found.row("each_full_stage").note.startswith("1 x 2 day, 0.256 mL")
    assert found.row("last_stage").note.startswith("24.8438 h, 0.1325 mL")


def test_ex_7_the_other_drugs_are_shown() -> None:
    found = find("bridge").run(
        UP
        | {
            "old_concentration": "morphine 10 mg/mL + bupivacaine 5 mg/mL",
            "new_concentration": "morphine 25 mg/mL + bupivacaine 25 mg/mL",
        }
    )
    row = found.row("other_drug_bupivacaine")
    assert row.value == Fraction(16, 10) and "then 3.2 mg/day" in row.note
    assert "one_held" in [warning.code for warning in found.warnings]


def test_ex_5_the_programmed_dose_and_the_dose_at_the_tip_differ_until_the_path_is_through() -> None:
    base = {"path": "0.2 mL 10 mg/mL; 0.1885 mL saline", "concentration": "25 mg/mL", "flow": "0.4 mL/day"}
    assert find("path-preview").run(base | {"volume": "0.1885 mL"}).value == 0
    assert find("path-preview").run(base | {"volume": "0.3885 mL"}).value == 2
    assert find("path-preview").run(base | {"volume": "0.4885 mL"}).value == Fraction(45, 10)
    unknown = find("path-preview").run(base | {"path": "0.1 mL 10 mg/mL; 0.1 mL unknown", "volume": "0.2 mL"})
    assert unknown.value is None and unknown.low == 1 and unknown.high is None


def test_ex_9_a_time_to_the_tip_is_earliest_plug_and_latest() -> None:
    found = find("time-to-tip").run({"volume": "0.3885 mL", "flow": "0.32 mL/day"})
    assert found.low is not None and found.value is not None and found.high is not None
    assert found.low < found.value < found.high
    assert (found.low / found.value, found.high / found.value) == (Fraction(85, 100), Fraction(115, 100))


def test_ex_9_the_flow_may_change_on_the_way() -> None:
    found = find("time-to-tip").run({"volume": "0.4 mL", "first": "12 h 0.2 mL/day", "flow": "0.4 mL/day"})
    assert found.value == 12 + 18


def test_ex_10_every_candidate_is_listed_and_the_earliest_gives_the_reason() -> None:
    found = find("refill-date").run(
        FILLED | {"stability": "40 days", "policy": "60 days", "battery": "2027-01-01", "zone": "Europe/Zurich"}
    )
    assert found.row("reason").note == "stability" and found.value == 40
    assert found.row("local_day").note == "2026-04-13"
    assert len([row for row in found.rows if row.name == "candidate"]) == 4


def test_ex_10_unknown_stability_is_said_and_a_fast_pump_warned_of() -> None:
    codes = [warning.code for warning in find("refill-date").run(FILLED | {"stability": "unknown"}).warnings]
    assert codes == ["stability_unknown", "fast_pump"]


def test_ex_11_the_ratio_is_a_range_and_both_limits_flag() -> None:
    normal = find("discrepancy").run(FOUND | {"found": "7.0 mL"}).row("ratio")
    assert normal.low is not None and normal.high is not None
    assert same(normal.low, "101.1") and same(normal.high, "109.2")
    both = find("discrepancy").run(FOUND | {"found": "5.2 mL"})
    assert [warning.code for warning in both.warnings] == ["volume_off", "ratio_off"]
    small = find("discrepancy").run(FOUND | {"found": "9.1 mL"})
    assert [warning.code for warning in small.warnings] == ["over_1_ml"]


def test_ex_11_too_little_infused_has_no_percentage() -> None:
    found = find("discrepancy").run({"start": "20 mL", "expected": "17.5 mL", "found": "17 mL"})
    assert found.row("reading").note == "too little infused to judge"
    assert not {"ratio", "error"} & {row.name for row in found.rows}


def test_ex_12_no_single_ratio_is_out_of_bounds_when_the_trend_alarms() -> None:
    found = find("trend").run({"ratios": "1.09; 1.11; 1.12; 1.13"})
    assert [warning.code for warning in found.warnings] == ["trend"]
    weighted = find("trend").run({"actual": "10.9 mL; 11.1 mL", "expected": "10 mL; 10 mL"})
    assert weighted.value == Fraction(10, 100) and weighted.row("cumulative_ratio").value == 110


def test_ex_14b_a_lockout_from_the_end_counts_the_bolus_too() -> None:
    found = find("boluses-in-window").run({"lockout": "170 min", "lockout_from": "end", "duration": "30 min"})
    assert found.value == 8 and found.row("effective_lockout").value == 200


def test_ex_16_a_gap_or_overlap_of_steps_is_refused() -> None:
    for steps in ("00-06 0.1 mg/h; 07-24 0.2 mg/h", "00-06 0.1 mg/h; 05-24 0.2 mg/h", "00-06 0.1 mg/h", "01 0.1 mg/h"):
        with pytest.raises(Refused):
            find("multi-rate").run({"steps": steps, "concentration": "8 mg/mL"})


def test_ex_16_steps_more_than_four_times_apart_warn() -> None:
    found = find("multi-rate").run({"steps": "00 0.1 mg/h; 12 0.41 mg/h", "concentration": "8 mg/mL"})
    assert "step_ratio" in [warning.code for warning in found.warnings]


def test_ex_20b_with_a_weak_stock_is_not_feasible() -> None:
    with pytest.raises(Refused, match=r"not feasible: 8 mL \+ 9\.33333 mL \+ 6 mL = 23\.3333 mL"):
        find("admixture-recipe").run(
            {
                "solution": THREE,
                "stocks": "morphine 25 mg/mL + bupivacaine 37.5 mg/mL + clonidine 500 mcg/mL",
                "volume": "20 mL",
            }
        )


def test_ex_20d_is_refused_when_any_drug_breaks_its_limit() -> None:
    with pytest.raises(Refused, match="bupivacaine"):
        find("admixture").run({"solution": THREE, "dose": "4.6 mg/day", "limits": "bupivacaine 8 mg/day"})


def test_ex_21c_in_one_step_the_draw_is_too_small() -> None:
    with pytest.raises(Refused, match="in steps"):
        find("dilution").run({"stock": "10 mg/mL", "target": "20 mcg/mL", "volume": "10 mL"})


def test_a_serial_dilution_by_no_whole_number_ends_on_the_target_exactly() -> None:
    found = find("serial-dilution").run({"stock": "10 mg/mL", "target": "7 mcg/mL"})
    assert found.value == 2 and found.row("step_2_concentration").value == 7
    draws = [found.row(f"step_{n}_draw").value for n in (1, 2)]
    assert all(draw is not None and draw >= Fraction(2, 10) for draw in draws)


def test_ex_22_a_step_beyond_the_limit_is_refused_with_what_is_inside() -> None:
    with pytest.raises(Refused, match=r"4\.55 mg/day to 8\.45 mg/day"):
        find("titration").run({"dose": "6.5 mg/day", "percent": "31 %"})
    with pytest.raises(Refused, match="7 days ago"):
        find("titration").run({"dose": "6.5 mg/day", "percent": "20 %", "dose_week_ago": "5 mg/day"})


def test_a_taper_ends_at_its_target_by_share_step_or_number() -> None:
    base = {"dose": "5 mg/day", "target": "1 mg/day"}
    for how in ({"percent": "20 %"}, {"step": "0.7 mg/day"}, {"steps": "4"}):
        found = find("taper").run(base | how)
        doses = [row.value for row in found.rows if row.name.startswith("step_")]
        assert doses[-1] == 1 and all(a > b for a, b in pairwise(doses) if a and b)


def test_ex_23_a_stall_of_doubtful_length_is_an_interval() -> None:
    found = find("stall").run(DRUG | {"stall_low": "8 h", "stall_high": "50 h"})
    assert found.value is None and found.low is not None and found.high is not None and found.low < found.high
    assert "tube_set" in [warning.code for warning in found.warnings]


def test_ex_27_first_drug_of_a_trial_catheter() -> None:
    found = find("first-drug").run({"volume": "0.5 mL", "volume_high": "1 mL", "flow": "2 mL/h"})
    assert (found.low, found.high) == (Fraction(15), Fraction(30))


def test_ex_30_a_route_conversion_is_a_range_with_a_cited_ratio() -> None:
    given = {"dose": "30 mg/day", "ratio": "100", "ratio_high": "300", "cited": "two tables"}
    found = find("route-conversion").run(given)
    assert found.value is None and (found.low, found.high) == (Fraction(1, 10), Fraction(3, 10))
    assert (found.row("start_low").low, found.row("start_low").high) == (Fraction(5, 100), Fraction(15, 100))
    assert find("route-conversion").run(given | {"ratio": "10", "ratio_high": "10"}).high == 3
    with pytest.raises(Refused, match="cited"):
        find("route-conversion").run({"dose": "30 mg/day", "ratio": "100"})


def test_a_path_may_be_given_in_its_parts_and_flows_may_change() -> None:
    parts = {key: text for key, text in UP.items() if key != "volume"}
    parts |= {"pump_volume": "0.2 mL", "catheter_volume": "0.1885 mL"}
    assert find("bridge").run(parts).value == find("bridge").run(UP).value
    with pytest.raises(Refused, match="two ways"):
        find("bridge").run(UP | {"catheter_volume": "0.2 mL"})
    two = {"start": "20 mL", "flows": "10 days 0.3 mL/day; 20 days 0.4 mL/day"}
    assert find("expected-residual").run(two).value == 9
    assert find("discrepancy").run(two | {"found": "9 mL"}).value == 0
