"""The invariants that every way of computing must keep, held over random exact inputs."""

from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from thecal.formulary import Solution, check_dose, drug_ids, limits
from thecal.quantity import CONCENTRATION, DOSE_RATE, FLOW, MASS, MS_PER_DAY, VOLUME, Refused, decimal_text
from thecal.therapy.calc import find

ML, MG = 10**6, 10**12
doses = st.integers(10**9, 100 * MG)
strengths = st.integers(10_000, 50 * ML)
volumes = st.integers(1_000, 40 * ML)
flows = st.integers(10_000, 24 * ML)
times = st.integers(60_000, 100 * MS_PER_DAY)


def value(name: str, **inputs: object) -> Fraction:
    found = find(name)(**inputs).value
    assert found is not None
    return found


@given(doses, strengths)
def test_dose_to_flow_to_dose_is_exact_and_monotone(dose: int, strength: int) -> None:
    flow = value("flow", dose=dose, concentration=strength) * FLOW.scale("mL/day")
    assert value("dose", flow=flow, concentration=strength) * DOSE_RATE.scale("mg/day") == dose
    assert value("flow", dose=dose + 1, concentration=strength) * FLOW.scale("mL/day") > flow
    assert value("flow", dose=dose, concentration=strength + 1) * FLOW.scale("mL/day") < flow


@given(doses, strengths, strengths, volumes)
def test_a_bridge_holds_the_dose_exactly(dose: int, old: int, new: int, volume: int) -> None:
    found = find("bridge")(old_concentration=old, new_concentration=new, dose=dose, volume=volume)
    given_mg, hours = found.row("drug_given").value, found.value
    assert given_mg is not None and hours is not None
    assert given_mg * MASS.scale("mg") == Fraction(dose) * hours / 24
    programmed = found.row("programmed_bolus").value
    assert programmed is not None and programmed * MASS.scale("mg") == volume * new


@given(doses, strengths, strengths, volumes, st.integers(1, 99))
def test_an_interrupted_bridge_and_its_rest_are_the_whole(dose: int, old: int, new: int, volume: int, pct: int) -> None:
    part = Fraction(volume * pct, 100)
    whole = value("bridge", old_concentration=old, new_concentration=new, dose=dose, volume=volume)
    rest = value("bridge", old_concentration=old, new_concentration=new, dose=dose, volume=volume, delivered=part)
    assert rest == whole * (100 - pct) / 100


@given(
    st.lists(st.tuples(volumes, st.integers(0, 50 * ML)), min_size=1, max_size=6), strengths, flows, volumes, volumes
)
def test_mass_is_conserved_in_the_path_and_splitting_a_push_changes_nothing(
    path: list[tuple[int, int]], strength: int, flow: int, one: int, two: int
) -> None:
    def at_tip(push: int) -> Fraction:
        return value("path-preview", path=path, concentration=strength, flow=flow, volume=push) * MASS.scale("mg")

    whole = sum(volume for volume, _ in path)
    held = sum(volume * c for volume, c in path)
    assert at_tip(whole) == held
    assert at_tip(whole + one) == held + one * strength
    assert 0 <= at_tip(one) <= at_tip(one + two)


@given(volumes, strengths, volumes, strengths)
def test_a_blend_conserves_mass_and_lies_between(residual: int, old: int, fill: int, new: int) -> None:
    found = value("blend", residual=residual, old_concentration=old, fill=fill, new_concentration=new)
    mixed = found * CONCENTRATION.scale("mg/mL")
    assert mixed * (residual + fill) == residual * old + fill * new
    assert min(old, new) <= mixed <= max(old, new)


@given(doses, strengths, st.integers(2, 9))
def test_scaling_all_doses_scales_all_volumes(dose: int, strength: int, factor: int) -> None:
    one = find("clinician-bolus")(bolus=dose, concentration=strength).value
    many = find("clinician-bolus")(bolus=dose * factor, concentration=strength).value
    assert one is not None and many == one * factor


@given(flows, st.integers(0, 40), st.integers(0, 40))
def test_a_refill_date_never_moves_later_when_a_bolus_allowance_grows(flow: int, number: int, more: int) -> None:
    given_ = {"volume": 20 * ML, "start": 1_772_620_200_000, "flow": flow, "bolus": MG // 4, "concentration": 18 * ML}
    one = value("refill-date", **given_, boluses=number)
    assert value("refill-date", **given_, boluses=number + more) <= one


@given(st.integers(1, 2 * 24 * 60), st.integers(0, 100))
def test_no_limit_is_looser_by_sliding_window_than_by_clock_day(minutes: int, most: int) -> None:
    found = find("boluses-in-window")(lockout=minutes * 60_000, most=most)
    assert found.value is not None
    assert found.value == min(most, len(range(0, 24 * 60, minutes)))


@given(st.lists(st.integers(0, 3 * 24 * 60), min_size=1, max_size=12, unique=True), st.integers(1, 6))
def test_the_next_bolus_never_makes_more_than_the_number_in_any_window(minutes: list[int], most: int) -> None:
    base = 1_772_620_200_000
    given_ = sorted(base + each * 60_000 for each in minutes)
    found = find("next-bolus")(times=given_, most=most, now=given_[-1])
    assert found.value is not None
    allowed = given_[-1] + int(found.value * 60_000)
    assert sum(1 for at in given_ if allowed - MS_PER_DAY < at <= allowed) < most


@given(
    st.sampled_from(["full", "catheter", "pump", "revision"]),
    st.sampled_from(["empty", "drug", "unknown"]),
    st.sampled_from(["drug", "unknown"]),
    strengths,
    volumes,
    volumes,
)
def test_a_prime_on_a_path_that_holds_drug_is_refused_for_every_input(
    variant: str, tubing: str, path: str, strength: int, pump: int, catheter: int
) -> None:
    with pytest.raises(Refused):
        find("prime")(
            variant=variant, tubing=tubing, path=path, concentration=strength, pump_volume=pump,
            catheter_volume=catheter, replaced_volume=catheter,
        )  # fmt: skip


@given(st.lists(strengths, min_size=2, max_size=5), st.lists(st.integers(1, 20), min_size=5, max_size=5), volumes)
def test_fractions_of_a_recipe_sum_to_one_and_doses_keep_their_ratios(
    targets: list[int], factors: list[int], volume: int
) -> None:
    names = [f"drug {letter}" for letter in "abcde"][: len(targets)]
    solution = tuple(zip(names, targets, strict=True))
    stocks = tuple((name, c * len(targets) * f) for (name, c), f in zip(solution, factors, strict=False))
    assume(all(c < 10**9 for _, c in stocks))
    found = find("admixture-recipe")(solution=solution, stocks=stocks, volume=volume, smallest=0)
    drawn = [row.value for row in found.rows if row.name.endswith("_stock")]
    assert found.value is not None
    assert sum((each for each in drawn if each is not None), found.value) == Fraction(volume, ML)
    shares = [found.row("stock_fraction").value, found.row("diluent_fraction").value]
    assert sum(share for share in shares if share is not None) == 100
    mixed = find("admixture")(solution=solution, dose=MG)
    for name, c in solution:
        key = name.replace(" ", "_")
        row = mixed.row(f"{key}_dose")
        assert row.value is not None
        assert row.value * DOSE_RATE.scale(row.unit) == Fraction(MG * c, targets[0])


@given(st.decimals(min_value="0.001", max_value="9999", places=3))
def test_a_unit_round_trip_is_exact_and_swapping_mg_and_mcg_is_called_out(amount: object) -> None:
    text = decimal_text(Fraction(str(amount)))
    mcg = find("convert-units").run({"value": f"{text} mg/day", "to": "mcg/day"})
    assert mcg.value == Fraction(text) * 1000
    back = find("convert-units").run({"value": f"{decimal_text(mcg.value)} mcg/day", "to": "mg/day"})
    assert back.value == Fraction(text)
    assert find("odd-ratio").run({"before": f"{text} mcg/day", "after": f"{text} mg/day"}).warnings


@pytest.mark.parametrize("name", drug_ids())
def test_mcg_taken_for_mg_trips_a_limit_of_the_library(name: str) -> None:
    solution = Solution.parse(f"{name} 1 mg/mL")
    published = [each for each in limits(name, "intrathecal") if each.kind is DOSE_RATE]
    for dose in {end for each in published for end in (each.low, each.high) if end}:
        assert check_dose(solution, "intrathecal", dose * 1000)


@given(doses, strengths, st.integers(100, 100_000))
def test_a_bolus_in_whole_pulses_is_never_more_than_asked(bolus: int, strength: int, pulse: int) -> None:
    assume(bolus >= strength * pulse)
    found = find("bolus-rounding")(bolus=bolus, concentration=strength, pulse=pulse)
    assert found.value is not None
    short = bolus - found.value * MASS.scale("mg")
    assert 0 <= short < strength * pulse


@given(volumes, flows, times, times)
def test_splitting_a_time_does_not_change_what_is_left(more: int, flow: int, one: int, two: int) -> None:
    start = Fraction(flow * (one + two), MS_PER_DAY) + more
    assume(start < 10**11)
    after = value("expected-residual", start=start, flow=flow, time=one) * VOLUME.scale("mL")
    assume(after > 0)
    assert value("expected-residual", start=after, flow=flow, time=two) == value(
        "expected-residual", start=start, flow=flow, time=one + two
    )


@given(volumes, flows, st.integers(0, 100))
def test_earliest_is_before_plug_and_latest_after_it(volume: int, flow: int, pct: int) -> None:
    found = find("time-to-tip")(volume=volume, flow=flow, mixing=Fraction(pct, 100))
    assert found.low is not None and found.value is not None and found.high is not None
    assert 0 < found.low <= found.value <= found.high
