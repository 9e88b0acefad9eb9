"""Solutions are read from text, hold exact integers and refuse what is not a solution."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thecal.formulary import Component, Solution, drug_ids
from thecal.quantity import Refused

components = st.lists(
    st.builds(Component, st.sampled_from(drug_ids()), st.integers(1, 50_000_000)),
    min_size=1,
    max_size=6,
    unique_by=lambda component: component.drug,
)


@given(components)
def test_a_solution_written_and_read_again_is_the_same(parts: list[Component]) -> None:
    solution = Solution(tuple(parts))
    again = Solution.parse(str(solution))
    assert again == solution
    assert hash(again) == hash(solution)
    assert again.primary == parts[0]


@given(components, st.integers(0, 10**9), st.integers(0, 10**9))
def test_mass_adds_up_exactly_over_volumes(parts: list[Component], first: int, second: int) -> None:
    solution = Solution(tuple(parts))
    whole, a, b = (solution.masses(volume) for volume in (first + second, first, second))
    assert all(whole[name] == a[name] + b[name] for name in solution.drugs)


def test_the_strength_on_a_label_becomes_exact_units() -> None:
    solution = Solution.parse("morphine 10 mg/mL + bupivacaine 5 mg/mL")
    assert solution.components == (Component("morphine", 10_000_000), Component("bupivacaine", 5_000_000))
    assert solution.masses(20_000_000)["morphine"] == 200 * 10**12
    assert str(Solution.parse("Ziconotide 25 mcg/mL")) == "ziconotide 25 mcg/mL"


@pytest.mark.parametrize(
    "text",
    ["", "+", "morphine", "morphine 10", "10 mg/mL", "morphine 0 mg/mL", "morphine -1 mg/mL", "morphine 1,5 mg/mL",
     "morphine 10 mg/day", "morphine 10 mg/mL +", "morphine 1 mg/mL + morphine 2 mg/mL", "morphine nan mg/mL",
     "morphine 10 mg/mL; drop", "morphine 10 ug/mL"],
)  # fmt: skip
def test_what_is_not_a_solution_is_refused_with_a_reason(text: str) -> None:
    with pytest.raises(Refused) as caught:
        Solution.parse(text)
    assert all(refusal.what for refusal in caught.value.refusals)


@given(st.text(max_size=80))
def test_any_text_is_a_solution_or_a_refusal(text: str) -> None:
    try:
        assert Solution.parse(text).components
    except Refused as refused:
        assert refused.refusals


def test_a_float_or_a_truth_value_is_no_concentration() -> None:
    for value in (1.5, True, "10 mg/mL", 0, -3):
        with pytest.raises(Refused):
            Component("morphine", value)  # type: ignore[arg-type]
