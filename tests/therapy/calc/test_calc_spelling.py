"""How people write quantities: what can be read in one way is read; what can be misread is refused, with advice."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thecal.quantity import Refused
from thecal.therapy.calc import CALCULATIONS, find
from thecal.therapy.calc.spelling import spelled, strength, together, unit_of

DRUG = {"dose": "6 mg/day", "concentration": "20 mg/mL"}


@pytest.mark.parametrize(
    ("dose", "concentration"),
    [
        ("6 mg/24 h", "20 mg/ml"), ("6 mg/24h", "20 mg per mL"), ("6 mg per day", "20 milligrams per millilitre"),
        ("250 mcg/hr", "2 %"), ("250 micrograms per hour", "2% w/v"), ("6000 mcg/24hr", "1:50"), ("6 mg/d", "1 in 50"),
        ("6 mg / day", "20000 mcg/milliliter"), ("6\u00a0mg/day", "20 g/l"),
    ],
)  # fmt: skip
def test_a_dose_and_a_strength_may_be_written_as_labels_and_charts_write_them(dose: str, concentration: str) -> None:
    assert find("flow").run({"dose": dose, "concentration": concentration}).value == Fraction(3, 10)


@pytest.mark.parametrize(
    ("text", "hours"),
    [("36 hours", 36), ("36 hr", 36), ("2160 minutes", 36), ("1 day 12 h", 36), ("1 day and 12 h", 36),
     ("1 d, 12 hrs", 36), ("2 weeks", 336), ("129600 seconds", 36), ("1 day 11 h 60 min", 36)],
)  # fmt: skip
def test_a_time_may_be_written_in_words_and_in_several_units(text: str, hours: int) -> None:
    assert find("stall").run({"dose": "24 mg/day", "time": text}).value == hours


@pytest.mark.parametrize(
    ("dose", "told"),
    [("6 ug/day", "mcg"), ("6 \u00b5g/day", "mcg"), ("6 \u03bcg/hr", "mcg"), ("6,5 mg/day", "comma"), ("6", "unit"),
     ("1,000 mcg/day", "comma"), ("6 mg/month", "unknown unit"), ("6 mg", "another kind"), ("6 U/day", "mg"),
     ("6e3 mg/day", "plain decimal"), ("about 6 mg/day", "'about' stands before the number"), (".5 mg/day", "0.5")],
)  # fmt: skip
def test_what_can_be_misread_is_refused_with_what_to_write(dose: str, told: str) -> None:
    with pytest.raises(Refused, match="Accepted") as caught:
        find("flow").run(DRUG | {"dose": dose})
    assert told in str(caught.value)


@pytest.mark.parametrize("text", ["0 %", "101 %", "-2 %", "1:0", "1:1,00", "2 %%", "2 percent of 5"])
def test_a_strength_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(Refused):
        find("flow").run(DRUG | {"concentration": text})


def test_a_decimal_comma_in_a_list_is_never_read_as_two_values() -> None:
    for text in ("1,09; 1,11", "1,09, 1,11", "1,09", "1.09,5", "1,11,1,12"):
        with pytest.raises(Refused, match="comma"):
            find("trend").run({"ratios": text})
    for text in ("1.09; 1.11", "1.09, 1.11", "1.09,1.11", "1.09 + 1.11", "109 %; 111 %", "109 %,111 %"):
        assert find("trend").run({"ratios": text}).row("cumulative_ratio").value == 110


def test_drugs_of_a_mixture_may_be_joined_as_on_a_label() -> None:
    for joint in (" + ", "; ", ", ", " and ", " with "):
        made = find("admixture").run({"solution": f"morphine 20 mg/mL{joint}bupivacaine 0.75 %", "dose": "5 mg/day"})
        assert made.row("bupivacaine_dose").value == Fraction(15, 8)


def test_a_strength_converts_into_per_cent_and_back() -> None:
    assert find("convert-units").run({"value": "7.5 mg/mL", "to": "%"}).value == Fraction(3, 4)
    assert find("convert-units").run({"value": "0.75 %", "to": "mg/ml"}).value == Fraction(15, 2)
    assert find("convert-units").run({"value": "1:200,000", "to": "micrograms per mL"}).value == 5


@given(st.fractions(0, 10**6, max_denominator=1000), st.sampled_from(["mg/24h", "mg per day", "mg/24 hr"]))
def test_every_spelling_of_a_unit_gives_the_same_exact_value(number: Fraction, unit: str) -> None:
    text = f"{number.numerator // number.denominator}.{number.numerator % 1000:03}"
    reader = find("flow").inputs[0].reader
    assert reader.read(f"{text} {unit}") == reader.read(f"{text} mg/day") == Fraction(text) * 10**12


@given(st.text(max_size=30))
def test_spelling_never_fails_and_changes_no_number(text: str) -> None:
    assert spelled(spelled(text)) == spelled(text) and unit_of(unit_of(text)) == unit_of(text)
    assert strength(text) is None or strength(text) >= 0  # type: ignore[operator]
    assert all(part[0].isdigit() for part in together(text))


def test_no_name_stands_for_two_inputs_of_a_calculation() -> None:
    for each in CALCULATIONS.values():
        words = [word for entry in each.inputs for word in (entry.name, *entry.aliases)]
        assert len(words) == len(set(words)), each.name
    names = [word for each in CALCULATIONS.values() for word in (each.name, *each.aliases)]
    assert len(names) == len(set(names))
