"""Whatever is wrong with an input of a calculation, the answer is a named refusal and never a number."""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thecal.quantity import Refused
from thecal.therapy.calc import CALCULATIONS, Calculation, Input, find
from thecal.therapy.calc.reading import Unread

FREE_TEXT = ("source",)
SIGNED = ("per cent", "difference of temperature")
NO_ZERO = (*FREE_TEXT, "quantity", "unit", "choice", "instant", "time zone", "model", "flows, one after another")
BAD_TEXT = [
    "-5 mg/day", "nan", "NaN mg/day", "inf", "1e99 mg", "1e400", "5 parsec", "6.5 ug/day", "1,000 mg/day", ".5 mL",
    "", "   ", "99999999999999999999 mL", "mg/day", "6.5 mg/day 3 mL", "\x00", "0x10 mL", "٣ mL", "5 mL; ", "--",
    "x" * 5000,
]  # fmt: skip
BAD_VALUES = [float("nan"), float("inf"), 1.5, -1, Fraction(-1, 3), 2**80, True, None, b"1", object(), {"a": 1}, [None]]


def changed(calculation: Calculation, entry: Input, value: Any) -> dict[str, Any]:
    names = {entry.name, *entry.aliases}
    return {key: text for key, text in calculation.example.items() if key not in names} | {entry.name: value}


def refused(calculation: Calculation, inputs: dict[str, Any]) -> None:
    with pytest.raises(Refused) as caught:
        calculation.run(inputs)
    assert all(refusal.code and refusal.what and (refusal.do or refusal.source) for refusal in caught.value.refusals)


EVERY = pytest.mark.parametrize("calculation", CALCULATIONS.values(), ids=CALCULATIONS)


@EVERY
def test_bad_text_is_refused_in_every_input_with_what_would_be_accepted(calculation: Calculation) -> None:
    for entry in calculation.inputs:
        for text in BAD_TEXT:
            if entry.reader.name in FREE_TEXT and any(map(str.isalpha, text)) and len(text) < 300:
                assert calculation.run(changed(calculation, entry, text)).row("cited").note == text.strip()
            elif text == "5 mL; " and entry.reader.name == "list of volume":
                assert entry.reader.read(text) == (5_000_000,)
            elif (entry.reader.name, text) != ("unit", "mg/day"):
                refused(calculation, changed(calculation, entry, text))


@EVERY
def test_what_is_not_text_is_refused_in_every_input(calculation: Calculation) -> None:
    for entry in calculation.inputs:
        for value in BAD_VALUES:
            if (value is None and not entry.required) or (value is True and entry.name == "aspirated_to_csf"):
                continue  # left out, and yes
            refused(calculation, changed(calculation, entry, value))


@EVERY
def test_typed_values_that_are_wrong_are_refused_in_every_input(calculation: Calculation) -> None:
    values: dict[str, Any] = {
        each.name: each.reader.read(calculation.example[each.name])
        for each in calculation.inputs
        if each.name in calculation.example
    }
    for entry in calculation.inputs:
        for value in [*BAD_VALUES, "x\x00", "1 mL", ""]:
            if value is None or (value == "1 mL" and entry.reader.name in (*FREE_TEXT, "quantity", "unit", "model")):
                continue
            if entry.reader.name in SIGNED and value in (-1, Fraction(-1, 3)):
                continue
            with pytest.raises(Refused):
                calculation(**(values | {entry.name: value}))


READERS = {entry.reader.name: entry.reader for c in CALCULATIONS.values() for entry in c.inputs}


@given(
    st.sampled_from(sorted(READERS)),
    st.text(max_size=40) | st.from_regex(r"-?[0-9]{1,4}(\.[0-9]{1,3})? ?[a-zA-Z%/;:+-]{0,9}"),
)
def test_any_text_is_read_or_refused_and_what_is_read_passes_its_own_check(name: str, text: str) -> None:
    reader = READERS[name]
    try:
        value = reader.read(text)
    except (Unread, Refused):
        return
    assert reader.check(value) == value


@EVERY
def test_every_needed_input_is_asked_for_by_name(calculation: Calculation) -> None:
    with pytest.raises(Refused) as caught:
        calculation.run({})
    missing = {refusal.where.rpartition(".")[2] for refusal in caught.value.refusals}
    assert {entry.name for entry in calculation.inputs if entry.required} <= missing or not any(
        entry.required for entry in calculation.inputs
    )


@EVERY
def test_zero_is_refused_where_it_makes_no_sense(calculation: Calculation) -> None:
    for entry in calculation.inputs:
        unit = entry.reader.example.partition(" ")[2]
        if entry.zero or entry.reader.name in NO_ZERO:
            continue
        if unit and ";" not in unit:
            refused(calculation, changed(calculation, entry, f"0 {unit}"))


@EVERY
def test_an_unknown_or_doubled_input_is_refused_with_the_names_there_are(calculation: Calculation) -> None:
    with pytest.raises(Refused, match="Inputs of"):
        calculation.run({**calculation.example, "dosage": "1 mg"})
    entry = calculation.inputs[0]
    with pytest.raises(Refused, match="twice"):
        calculation.run({**calculation.example, entry.name: "1", entry.name.upper(): "1"})


@EVERY
def test_names_may_be_written_in_any_case_and_with_their_aliases(calculation: Calculation) -> None:
    plain = calculation.run(calculation.example)
    shouted = {key.upper().replace("_", "-"): text for key, text in calculation.example.items()}
    assert calculation.run(shouted) == plain
    for alias in calculation.aliases:
        assert find(alias.upper()) is calculation
    aliases = {entry.name: entry.aliases[0] if entry.aliases else entry.name for entry in calculation.inputs}
    assert calculation.run({aliases[key]: text for key, text in calculation.example.items()}) == plain


@EVERY
def test_a_result_carries_its_inputs_its_formula_its_version_and_its_source(calculation: Calculation) -> None:
    result = calculation.run(calculation.example)
    assert result.formula_id == calculation.name and result.version >= 1 and result.formula and result.source
    assert {row.name for row in result.inputs} >= set(calculation.example)
    assert result.value is not None or result.low is not None
    assert all(row.text for row in result.rows) and all(given.text for given in result.inputs)


def test_contradictions_are_refused() -> None:
    drug = {"dose": "6.5 mg/day", "concentration": "18 mg/mL"}
    for name, inputs in (
        ("pulse-rounding", drug | {"pulse": "2.5 uL", "flow": "0.5 mL/day"}),
        ("flow", drug | {"flow_min": "2 mL/day", "flow_max": "1 mL/day"}),
        ("catheter-volume", {"supplied": "110 cm", "trimmed": "110 cm", "volume_per_length": "0.0026 mL/cm"}),
        ("discrepancy", {"start": "20 mL", "expected": "7 mL", "found": "21 mL"}),
        ("stall", drug | {"stall_low": "9 h", "stall_high": "8 h"}),
        ("time-to-tip", {"volume": "0.4 mL", "volume_high": "0.3 mL", "flow": "1 mL/day"}),
        ("expected-residual", drug | {"start": "20 mL", "time": "100 days"}),
        ("drug-free-interval", drug | {"catheter_volume": "0.2 mL", "aspirated_to_csf": "no"}),
        ("measured-flow", {"fill": "8 mL", "found": "9 mL", "time": "1 day"}),
        ("hourly-limit", {"bolus": "0.1 mg", "limit": "0.2 mg", "basal": "0.3 mg/h"}),
    ):
        refused(find(name), inputs)


def test_an_unknown_name_is_refused_with_near_ones() -> None:
    with pytest.raises(Refused, match="bridge"):
        find("brigde")


def test_a_bolus_and_the_basal_flow_together_keep_the_highest_flow() -> None:
    bolus = {"bolus": "1 mg", "concentration": "1 mg/mL", "flow_max": "1 mL/h", "basal": "0.5 mL/h"}
    with pytest.raises(Refused, match="Shortest duration: 2 h"):
        find("clinician-bolus").run(bolus | {"duration": "90 min"})
    assert find("clinician-bolus").run(bolus | {"duration": "2 h"}).row("rate_with_basal").value == 1000
