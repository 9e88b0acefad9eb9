"""A change of solution needs a bridge or a reason: the old fluid is known, and the bridge errs towards less drug."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from therapy_way import MG, ML, Maker, whole_way

from thecal.formulary import Solution
from thecal.pump import Prescription
from thecal.quantity import MS_PER_DAY, Refused
from thecal.therapy import Chart, OldFluid, append, bridge_over, fold, old_fluid, refusals
from thecal.therapy import events as ev

STRONG, WEAK = "morphine 18 mg/mL", "morphine 9 mg/mL"
DOSE = 6_500_000_000_000


def refilled(solution: str) -> tuple[Chart, Maker]:
    """The whole way, and one refill more."""
    chart, maker = fold(whole_way()), Maker(77)
    maker.now = max(event.meta.recorded for event in chart.events) + MS_PER_DAY
    return append(chart, maker.refilled(solution=solution)), maker


def written(maker: Maker, order: Prescription, reason: str = "") -> ev.PrescriptionWritten:
    text, digest = order.to_bytes().decode(), order.digest()
    fields = {"prescription": text, "digest": digest, "pump": "implant-1", "purpose": "therapy", "reason": reason}
    return maker.make(ev.PrescriptionWritten, "prescriber", **fields)


def test_a_refill_with_another_solution_leaves_the_old_one_in_the_path_until_an_order_is_taken() -> None:
    chart, maker = refilled(WEAK)
    found = old_fluid(chart)
    assert found is not None
    assert (found.old, found.new) == (Solution.parse(STRONG), Solution.parse(WEAK))
    assert 0 < found.low_nl <= found.high_nl and found.times == 2 and found.same_drug
    order = replace(maker.order(DOSE, WEAK), once=bridge_over(found, DOSE))
    for event in (
        written(maker, order),
        maker.step(ev.PrescriptionSent, order.digest(), "nurse"),
        maker.step(ev.PrescriptionAcknowledged, order.digest()),
    ):
        assert old_fluid(chart) is not None
        chart = append(chart, event)
    assert old_fluid(chart) is None
    assert not refusals(chart, written(maker, maker.order(DOSE // 2, WEAK)))


def test_what_never_left_the_reservoir_is_not_in_the_path() -> None:
    way = whole_way()
    upto = next(place for place, each in enumerate(way) if each.kind == "implant_recorded")
    for path, there in (("drug", True), ("empty", False), ("unknown", False)):
        chart, maker = fold(way[:upto]), Maker(78)
        maker.now = way[upto].meta.recorded
        for event in (maker.implanted(path=path), maker.refilled(solution=WEAK, expected_nl=20 * ML)):
            chart = append(chart, event)
        assert (old_fluid(chart) is not None) is there


def test_a_refill_with_the_same_solution_needs_no_bridge() -> None:
    chart, maker = refilled(STRONG)
    assert old_fluid(chart) is None
    assert not refusals(chart, written(maker, maker.order(DOSE, STRONG)))


def test_an_order_after_a_change_of_solution_needs_a_bridge_or_the_reason_why_there_is_none() -> None:
    chart, maker = refilled(WEAK)
    plain = maker.order(DOSE, WEAK)
    assert [each.code for each in refusals(chart, written(maker, plain))] == ["bridge_missing"]
    assert [each.code for each in refusals(chart, written(maker, plain, " \n"))] == ["bridge_missing"]
    assert not refusals(chart, written(maker, plain, "The path was aspirated."))
    found = old_fluid(chart)
    assert found is not None
    assert not refusals(chart, written(maker, replace(plain, once=bridge_over(found, DOSE))))


@given(
    st.integers(1, 20_000_000), st.integers(1, 20_000_000), st.integers(1, 400_000), st.integers(0, 200_000),
    st.integers(1, 40 * MG),
)  # fmt: skip
def test_a_bridge_keeps_the_dose_and_errs_towards_less_drug(old: int, new: int, low: int, more: int, dose: int) -> None:
    before, after = (Solution.parse(f"morphine {each} fg/nL") for each in (old, new))
    fluid = OldFluid(before, after, low, low + more)
    try:
        bridge = bridge_over(fluid, dose)
    except Refused as refused:
        (code,) = (each.code for each in refused.refusals)
        flow, volume = dose // old, low if old < new else low + more
        assert {"bridge_no_flow": flow < 1, "bridge_no_length": flow > volume, "bridge_too_long": volume > 13 * flow}[
            code
        ]
        return
    assert bridge.concentration == old and not bridge.problems()
    (flow,) = {step.flow for step in bridge.steps}
    assert dose - old < flow * old <= dose
    passed = sum(step.length for step in bridge.steps) * flow
    if old < new:  # what comes behind is stronger: it must not come at the flow of the weak one
        assert low * MS_PER_DAY - flow < passed <= low * MS_PER_DAY
    else:  # what is in the path is stronger: it must have passed before the flow rises
        assert (low + more) * MS_PER_DAY <= passed < (low + more) * MS_PER_DAY + flow


def test_no_flow_of_one_drug_is_a_dose_of_another() -> None:
    fluid = OldFluid(Solution.parse(STRONG), Solution.parse("hydromorphone 5 mg/mL"), 300_000, 400_000)
    with pytest.raises(Refused, match="no flow of it is a dose"):
        bridge_over(fluid, DOSE)
