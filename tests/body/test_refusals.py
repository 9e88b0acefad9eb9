"""What is out of scope or not a number is refused: field, value and what is accepted, and nothing is clamped."""

import math
from collections.abc import Callable
from typing import Literal

import numpy as np
import pytest

from thecal.body import (
    Bolus,
    HourlySeries,
    Infusion,
    Oral,
    Person,
    Tip,
    Variation,
    dermatome,
    level,
    predict,
    sample_diary,
    simulate,
)
from thecal.quantity import Refused

TIP = Tip("T10")
IT: Literal["intrathecal"] = "intrathecal"
EPIDURAL = [Infusion(0, 1, 1, "epidural", Tip("T10", "epidural"))]
RUN = [Infusion(10, 20, 1, IT, TIP)]
CASES: list[tuple[str, str, str, Callable[[], object]]] = [
    ("drug", "aspirin", "morphine", lambda: simulate(Person(), "aspirin", [], [1.0])),
    ("drug", "baclofen", "morphine", lambda: predict(Person(), "baclofen", [], [1.0], TIP)),
    ("drug", "fentanyl", "morphine", lambda: simulate(Person(), "fentanyl", [Oral(0, 1)], [1.0])),
    ("drug", "ziconotide", "morphine", lambda: simulate(Person(), "ziconotide", EPIDURAL, [1.0])),
    ("drug", "clonidine", "morphine", lambda: simulate(Person(), "clonidine", [], [1.0]).m6g),
    (
        "disposition",
        "palliative",
        "three_comp",
        lambda: simulate(Person(disposition="palliative"), "fentanyl", [], [1]),
    ),
    ("cell_mm", "1", "between 2 and 30", lambda: simulate(Person(), "morphine", [], [1.0], cell_mm=1)),
    ("variation.clearance", "0.0", "1e-06", lambda: Variation(clearance=0.0)),
    ("prior_opioid_mg_day", "-1", "mg/day", lambda: Person(prior_opioid_mg_day=-1)),
    ("tip.level", "T13", "T12", lambda: Tip("T13")),
    ("tip.level", "S4", "C1 to S2", lambda: Tip("S4")),
    ("tip.level", "S3", "C1 to S2", lambda: Tip("S3", "epidural")),
    ("tip.compartment", "subdural", "epidural", lambda: Tip("T10", "subdural")),  # type: ignore[arg-type]
    ("level", "X1", "C1", lambda: level("X1")),
    ("dermatome", "Z9", "S5", lambda: dermatome("Z9")),
    ("dermatome", "Z9", "S5", lambda: predict(Person(), "morphine", [], [1.0], TIP, target="Z9")),
    ("rate_mg_h", "-1", "0 or more", lambda: Infusion(0, 1, -1, IT, TIP)),
    ("rate_mg_h", "nan", "finite", lambda: Infusion(0, 1, math.nan, IT, TIP)),
    ("start_h", "nan", "finite", lambda: Infusion(math.nan, 1, 1, IT, TIP)),
    ("end_h", "1", "after start_h", lambda: Infusion(1, 1, 1, IT, TIP)),
    ("end_h", "inf", "finite", lambda: Infusion(1, math.inf, 1, IT, TIP)),
    ("mg", "-0.5", "0 or more", lambda: Bolus(0, -0.5, IT, TIP)),
    ("mg", "inf", "finite", lambda: Oral(0, math.inf)),
    ("mg", "'5'", "number of mg", lambda: Oral(0, "5")),  # type: ignore[arg-type]
    ("mg", "True", "number of mg", lambda: Oral(0, mg=True)),
    ("release", "slow", "controlled", lambda: Oral(0, 5, "slow")),  # type: ignore[arg-type]
    ("volume_ml", "-1", "mL", lambda: Bolus(0, 1, IT, TIP, -1)),
    ("over_h", "nan", "h", lambda: Bolus(0, 1, IT, TIP, 1, math.nan)),
    ("route", "nasal", "epidural", lambda: Bolus(0, 1, "nasal", TIP)),  # type: ignore[arg-type]
    ("tip", "None", "catheter ends", lambda: Bolus(0, 1, IT)),
    ("tip", "epidural", "intrathecal", lambda: Bolus(0, 1, IT, Tip("T10", "epidural"))),
    ("tip", "Tip", "Leave the tip out", lambda: Bolus(0, 1, "intravenous", TIP)),
    ("mg_per_hour[1]", "-2", "0 or more", lambda: HourlySeries(0, [1.0, -2.0], IT, TIP)),
    ("mg_per_hour[0]", "nan", "finite", lambda: HourlySeries(0, [math.nan], IT, TIP)),
    ("mg_per_hour", "(0,)", "at least one", lambda: HourlySeries(0, [], IT, TIP)),
    ("times_h[0]", "9.5", "from the first input, 10 h", lambda: simulate(Person(), "morphine", RUN, [9.5, 11])),
    ("times_h", "nan", "finite", lambda: simulate(Person(), "morphine", RUN, [11, math.nan])),
    ("times_h[1]", "11", "rise", lambda: simulate(Person(), "morphine", RUN, [11, 11])),
    ("times_h", "(0,)", "at least one", lambda: simulate(Person(), "morphine", RUN, [])),
    ("age", "12", "adults", lambda: Person(age=12)),
    ("weight_kg", "5", "between 30 and 300", lambda: Person(weight_kg=5)),
    ("height_cm", "nan", "cm", lambda: Person(height_cm=math.nan)),
    ("egfr", "-3", "mL/min", lambda: Person(egfr=-3)),
    ("albumin_g_l", "0", "g/L", lambda: Person(albumin_g_l=0)),
    ("dispersion", "pig", "high", lambda: Person(dispersion="pig")),  # type: ignore[arg-type]
    ("disposition", "x", "palliative", lambda: Person(disposition="x")),  # type: ignore[arg-type]
    ("pain_baseline", "11", "between 0 and 10", lambda: predict(Person(), "morphine", [], [1.0], TIP, 11)),
    ("level", "S5", "S2", lambda: simulate(Person(), "morphine", RUN, [11.0]).csf("S5")),
    ("expected_pain[1]", "11", "0 to 10", lambda: sample_diary(1, "p", [0, 1], [5, 11])),
    ("expected_pain[0]", "nan", "0 to 10", lambda: sample_diary(1, "p", [0], [math.nan])),
    ("times_h", "[1.0", "rise", lambda: sample_diary(1, "p", [1, 0], [5, 5])),
    ("missing", "1.5", "between 0 and 1", lambda: sample_diary(1, "p", [0], [5], missing=1.5)),
]


@pytest.mark.parametrize(("field", "value", "accepted", "act"), CASES)
def test_bad_input_is_refused_with_field_value_and_what_is_accepted(
    field: str, value: str, accepted: str, act: Callable[[], object]
) -> None:
    with pytest.raises(Refused) as caught:
        act()
    (refusal,) = caught.value.refusals
    assert refusal.where == field
    assert value in refusal.what
    assert accepted in refusal.do
    assert refusal.code.startswith("body.")


def test_overlapping_slow_boluses_are_refused_and_adjacent_ones_are_not() -> None:
    first = Bolus(0, 1, IT, TIP, 1, 0.5)
    with pytest.raises(Refused, match="begins while"):
        simulate(Person(), "morphine", [first, Bolus(0.4, 1, IT, TIP, 1, 0.5)], [2.0])
    trace = simulate(Person(), "morphine", [first, Bolus(0.5, 1, IT, TIP, 1, 0.5)], np.array([2.0]))
    assert trace.given_mg[0] == pytest.approx(2.0)
