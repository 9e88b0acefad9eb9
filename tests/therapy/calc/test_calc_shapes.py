"""Inputs as a JSON file holds them, and a result's inputs as it gives them back: exact, and told when assumed."""

import json
from fractions import Fraction
from typing import Any

import pytest

from thecal.quantity import Refused
from thecal.therapy.calc import CALCULATIONS, Calculation, find

MIX = {"dose": "4 mg/day"}


@pytest.mark.parametrize(
    "solution",
    [
        "morphine 10 mg/mL + clonidine 150 mcg/mL",
        ["morphine 10 mg/mL", "clonidine 150 mcg/mL"],
        {"morphine": "10 mg/mL", "clonidine": "150 mcg/mL"},
        {"morphine": {"value": "10", "unit": "mg/mL"}, "clonidine": {"value": 150, "units": "mcg/mL"}},
        [{"drug": "morphine", "concentration": "10 mg/mL"}, {"name": "clonidine", "value": 150, "unit": "mcg/mL"}],
        [{"drug": "morphine", "amount": {"value": 10, "unit": "mg/mL"}}, "clonidine 150 mcg/mL"],
    ],
)
def test_a_mixture_may_be_a_text_a_list_or_an_object(solution: Any) -> None:
    made = find("admixture").run(MIX | {"solution": solution})
    assert made.value == Fraction(2, 5) and made.row("clonidine_dose").value == 60


def test_a_list_may_hold_texts_and_values_with_units() -> None:
    given = {"actual": ["8 mL", {"value": 9, "unit": "mL"}], "expected": "8 mL; 8 mL"}
    assert find("trend").run(given).row("cumulative_ratio").value == Fraction(850, 8)


@pytest.mark.parametrize(
    "dose",
    [{"value": 6.5}, {"unit": "mg/day"}, {"value": True, "unit": "mg/day"}, {"value": None, "unit": "mg/day"}, {},
     {"value": 1, "unit": "mg/day", "per": "day"}, [], [[]], {"mg/day": 6.5}, {"value": [1], "unit": "mg/day"},
     {"value": float("nan"), "unit": "mg/day"}, 6.5, True],
)  # fmt: skip
def test_any_other_shape_is_refused_with_what_is_accepted(dose: Any) -> None:
    with pytest.raises(Refused, match="Accepted"):
        find("flow").run({"dose": dose, "concentration": "18 mg/mL"})


def test_the_inputs_of_a_result_are_exact_and_say_which_ones_nobody_gave() -> None:
    found = find("days-remaining").run({"volume": "20 mL", "dose": "0.1234567891 mg/day", "concentration": "1 mg/mL"})
    given = {row["name"]: row for row in found.plain()["inputs"]}  # type: ignore[attr-defined]
    assert given["dose"]["exact"] == "123456789100" and given["dose"]["exact_unit"] == "fg/day"
    assert not given["dose"]["default"] and given["alarm"]["default"] and given["accuracy"]["exact"] == "29/200"
    assert "alarm 2 mL (default)" in "\n".join(found.lines()) and "20 mL (default)" not in "\n".join(found.lines())


@pytest.mark.parametrize("calculation", CALCULATIONS.values(), ids=CALCULATIONS)
def test_the_json_of_a_calculation_and_of_its_result_are_whole(calculation: Calculation) -> None:
    told = json.loads(json.dumps(calculation.plain()))
    assert calculation.run(told["example"]).plain() == calculation.run(calculation.example).plain()
    assert all(entry["accepts"] and entry["help"] and entry["kind"] for entry in told["inputs"])
    made = json.loads(json.dumps(calculation.run(calculation.example).plain(), allow_nan=False))
    assert {"value_exact", "low_exact"} & set(made) and made["formula"]["id"] == calculation.name
    assert made["source"] and isinstance(made["confirmed"], bool) and isinstance(made["warnings"], list)
    assert {row["name"] for row in made["inputs"] if not row["default"]} == set(calculation.example)


def test_a_name_that_is_nearly_right_is_answered_with_the_right_one() -> None:
    with pytest.raises(Refused, match="Did you mean concentration"):
        find("flow").run({"dose": "1 mg/day", "concentratoin": "18 mg/mL"})
