"""Units at the edges: exact in, exact out, and refused when anything is in doubt."""

import re
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thecal.quantity import (
    CONCENTRATION,
    DOSE_RATE,
    DURATION,
    FLOW,
    KINDS,
    LENGTH,
    MASS,
    VOLUME,
    VOLUME_PER_LENGTH,
    Kind,
    QuantityError,
    Refusal,
    Refused,
    auto,
    decimal_text,
    parse,
    show,
)

KIND = st.sampled_from(KINDS)


@pytest.mark.parametrize(
    ("text", "kind", "inner"),
    [
        ("0.5 mg/day", DOSE_RATE, 500_000_000_000),
        ("20 mcg/h", DOSE_RATE, 480_000_000_000),
        ("18 mL", VOLUME, 18_000_000),
        ("0.25 uL", VOLUME, 250),
        ("500 mcg/mL", CONCENTRATION, 500_000),
        ("25 mg/mL", CONCENTRATION, 25_000_000),
        ("0.4 mL/day", FLOW, 400_000),
        ("90 min", DURATION, 5_400_000),
        ("72.5 cm", LENGTH, 725),
        ("0.0026 mL/cm", VOLUME_PER_LENGTH, 260),
    ],
)
def test_the_units_of_charts_and_labels_are_read_exactly(text: str, kind: Kind, inner: int) -> None:
    assert parse(text, kind) == inner


NOT_A_MASS = """5|nan mg|inf mg|-1 mg|+1 mg|1,5 mg|1.000,5 mg|.5 mg|1e3 mg|0x10 mg|05 mg|mg
5 ug|5 \u00b5g|5 cc|5 mL|5 quux|0.1 fg|1.2.3 mg|\u0663 mg|5 mg mg|5 mg/day"""


@pytest.mark.parametrize("text", [*re.split(r"[|\n]", NOT_A_MASS), "", "   ", "1" * 70 + " mg", "9" * 40 + " mg"])
def test_what_is_not_a_mass_is_refused_with_what_would_be(text: str) -> None:
    with pytest.raises(QuantityError) as caught:
        parse(text, MASS)
    assert caught.value.accepted == MASS.accepted
    assert "for example '0.5 mg'" in str(caught.value)


@pytest.mark.parametrize("value", [5, 5.0, None, float("nan"), True])
def test_a_bare_number_is_refused_whatever_its_type(value: object) -> None:
    with pytest.raises(QuantityError):
        parse(value, MASS)  # type: ignore[arg-type]


def test_a_misread_unit_is_answered_with_the_safe_one() -> None:
    with pytest.raises(QuantityError, match="write 'mcg/day'"):
        parse("5 ug/day", DOSE_RATE)


@given(KIND, st.data())
def test_showing_and_reading_back_is_exact_in_every_unit(kind: Kind, data: st.DataObject) -> None:
    inner = data.draw(st.integers(0, 10**15))
    unit = data.draw(st.sampled_from(kind.accepted))
    try:
        text = show(inner, kind, unit)
    except ValueError:  # hours per day: no finite decimal form, so it is only shown rounded
        assert Fraction(inner) / kind.scale(unit) != Fraction(show(inner, kind, unit, 6).split()[0])
        return
    assert parse(text, kind) == inner


@given(st.text(max_size=80), KIND)
def test_any_text_is_read_or_refused_and_never_crashes(text: str, kind: Kind) -> None:
    try:
        value = parse(text, kind)
    except QuantityError:
        return
    assert isinstance(value, int)
    assert value >= 0


@given(st.integers(0, 10**18), KIND)
def test_a_shown_quantity_always_has_its_unit_and_no_trailing_zero(inner: int, kind: Kind) -> None:
    number, unit = auto(inner, kind).split(" ")
    assert unit in kind.accepted
    assert not number.startswith(".")
    assert "." not in number or not number.endswith(("0", "."))


def test_mg_and_mcg_are_a_thousand_apart_and_come_back_exactly() -> None:
    assert parse("1 mg", MASS) == 1000 * parse("1 mcg", MASS)
    assert show(parse("0.5 mg", MASS), MASS, "mcg") == "500 mcg"


def test_a_number_without_a_finite_decimal_is_never_shown_as_exact() -> None:
    with pytest.raises(ValueError, match="say how many digits"):
        decimal_text(Fraction(1, 3))
    assert decimal_text(Fraction(1, 3), 3) == "0.333"


def test_a_refusal_names_place_reason_remedy_and_source() -> None:
    refusal = Refusal(
        "above-limit", "16 mg/day is above 15 mg/day", "dose", "Enter at most 15 mg/day.", "consensus", confirmed=False
    )
    assert (
        str(Refused(refusal))
        == "dose: 16 mg/day is above 15 mg/day Enter at most 15 mg/day. (source: consensus, unconfirmed)"
    )
    assert refusal.as_dict()["code"] == "above-limit"
