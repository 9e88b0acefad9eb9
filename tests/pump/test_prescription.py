"""Prescriptions: canonical bytes, exact segments, and the worst window of a program."""

import json
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thecal.formulary import Basis, Component, SignedLimit, Solution
from thecal.pump.catalog import profile
from thecal.pump.prescription import (
    Caps,
    MultiRate,
    PeriodicBolus,
    Prescription,
    Program,
    SimpleContinuous,
    Step,
    Stopped,
)
from thecal.pump.review import describe
from thecal.quantity import MS_PER_DAY, MS_PER_HOUR, Refused

MG = 10**12
MORPHINE = Solution((Component("morphine", 18_000_000),))


def order(program: Program, solution: Solution = MORPHINE, /, **fields: object) -> Prescription:
    plain: dict[str, object] = {
        "id": "rx-1",
        "patient": "p-1",
        "route": "intrathecal",
        "caps": Caps(5 * MG, 20 * MG),
        "anchor": 1_700_000_000_000,
        "author": "Dr Example",
        "written": 1_700_000_000_000,
    }
    return Prescription(solution=solution, program=program, **(plain | fields))  # type: ignore[arg-type]


doses = st.integers(1, 50 * MG)
starts = st.lists(st.integers(1, MS_PER_DAY - 1), max_size=10, unique=True).map(lambda x: [0, *sorted(x)])


@st.composite
def multi_rates(draw: st.DrawFn) -> MultiRate:
    times = draw(starts)
    steps = tuple(Step(time, draw(st.integers(0, 50 * MG))) for time in times)
    return MultiRate(steps) if any(step.dose for step in steps) else MultiRate((Step(0, 1),))


@st.composite
def periodics(draw: st.DrawFn) -> PeriodicBolus:
    every = draw(st.integers(60_000, 7 * MS_PER_DAY))
    return PeriodicBolus(draw(doses), every, draw(st.integers(1, every)), draw(st.integers(0, 5 * MG)))


programs: st.SearchStrategy[Program] = st.one_of(
    doses.map(SimpleContinuous), multi_rates(), periodics(), st.just(Stopped())
)
solutions = st.sampled_from(
    [MORPHINE, Solution((Component("morphine", 10_000_000), Component("bupivacaine", 5_000_000)))]
)


@given(programs, solutions)
def test_canonical_bytes_round_trip(program: Program, solution: Solution) -> None:
    prescription = order(program, solution)
    data = prescription.to_bytes()
    again = Prescription.from_bytes(data)
    assert again == prescription
    assert again.to_bytes() == data
    assert again.digest() == prescription.digest()


SIGNED = SignedLimit("morphine", "intrathecal", "max_daily", "all", 10 * MG, "Filipa Costa")


def test_the_formulary_that_an_order_was_checked_against_is_part_of_its_bytes() -> None:
    published = order(SimpleContinuous(MG), MORPHINE)
    assert b"formulary" not in published.to_bytes()
    signed = order(SimpleContinuous(MG), MORPHINE, basis=Basis("site-1-abc", frozenset({"cancer", "adult"}), (SIGNED,)))
    assert signed.digest() != published.digest()
    again = Prescription.from_bytes(signed.to_bytes())
    assert again == signed and again.basis.signed == (SIGNED,)
    plain = json.loads(published.to_bytes())
    plain["formulary"] = {"version": "published", "populations": [], "signed": []}
    with pytest.raises(Refused, match="canonical"):
        Prescription.from_bytes(json.dumps(plain, sort_keys=True, separators=(",", ":")).encode())


@pytest.mark.parametrize(
    ("basis", "where"),
    [
        (Basis("a b"), "formulary.version"),
        (Basis(populations=frozenset({""})), "formulary.populations"),
        (Basis(signed=(replace(SIGNED, drug="fentanyl"),)), "formulary.signed"),
        (Basis(signed=(replace(SIGNED, most=0),)), "formulary.signed.most"),
        (Basis(signed=(replace(SIGNED, most=True),)), "formulary.signed.most"),
        (Basis(signed=(replace(SIGNED, by=""),)), "formulary.signed.by"),
        (Basis(signed=(replace(SIGNED, key="\n"),)), "formulary.signed"),
        (Basis(signed=(SIGNED, SIGNED)), "formulary.signed"),
        (Basis(signed=(SIGNED, replace(SIGNED, key="caution_above"))), "formulary.signed"),
        (Basis(signed=(SIGNED,) * 65), "formulary.signed"),
    ],
)
def test_a_formulary_that_makes_no_sense_is_refused_at_its_field(basis: Basis, where: str) -> None:
    with pytest.raises(Refused) as caught:
        order(SimpleContinuous(MG), MORPHINE, basis=basis)
    assert where in {refusal.where for refusal in caught.value.refusals}


@pytest.mark.parametrize(
    "plain",
    [[], {}, {"version": "v", "populations": {}, "signed": []}, {"version": "v", "populations": [1], "signed": []},
     {"version": "v", "populations": [], "signed": [[1, 2]]}, {"version": [], "populations": [], "signed": []},
     {"version": "v", "populations": [], "signed": [[[], {}, 1, 2, "x", None]]}],
)  # fmt: skip
def test_a_formulary_of_another_shape_is_refused_never_a_crash(plain: object) -> None:
    order_plain = json.loads(order(SimpleContinuous(MG), MORPHINE).to_bytes())
    with pytest.raises(Refused):
        Prescription.from_plain(order_plain | {"formulary": plain})


def test_other_bytes_for_the_same_content_are_refused() -> None:
    data = order(SimpleContinuous(MG)).to_bytes()
    for other in (b" " + data, json.dumps(json.loads(data)).encode(), data + b"\n"):
        with pytest.raises(Refused, match="canonical"):
            Prescription.from_bytes(other)


@given(st.binary(max_size=200))
def test_bytes_that_are_no_prescription_are_refused_with_a_reason(data: bytes) -> None:
    with pytest.raises(Refused):
        Prescription.from_bytes(data)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(programs, st.data())
def test_a_field_of_another_shape_is_refused_never_a_crash(program: Program, data: st.DataObject) -> None:
    plain = json.loads(order(program).to_bytes())
    field = data.draw(st.sampled_from([*sorted(plain), "program.kind", "program.dose", "caps.day", "extra"]))
    value = data.draw(json_values)
    name, _, inner = field.partition(".")
    if inner:
        plain[name][inner] = value
    else:
        plain[name] = value
    try:
        prescription = Prescription.from_plain(plain)
    except Refused as refused:
        assert all(refusal.code and refusal.where for refusal in refused.refusals)
    else:
        assert Prescription.from_bytes(prescription.to_bytes()) == prescription


@given(programs)
def test_segments_are_contiguous_and_whole(program: Program) -> None:
    period, spans = order(program).segments()
    assert spans[0][0] == 0
    assert all(a[0] + a[1] == b[0] for a, b in pairwise(spans))
    assert spans[-1][0] + spans[-1][1] == period
    assert all(type(value) is int and value >= 0 for span in spans for value in span)


@given(multi_rates())
def test_a_day_schedule_gives_the_prescribed_mass_to_within_one_fg(program: MultiRate) -> None:
    ends = [*[step.start for step in program.steps[1:]], MS_PER_DAY]
    exact = sum(
        (Fraction(s.dose * (end - s.start), MS_PER_DAY) for s, end in zip(program.steps, ends, strict=True)), Fraction()
    )
    assert 0 <= exact - order(program).daily_dose() < 1


@given(periodics())
def test_a_periodic_bolus_gives_bolus_and_basal(program: PeriodicBolus) -> None:
    period, spans = order(program).segments()
    given_mass = sum(mass for _, _, mass in spans)
    assert given_mass == program.bolus + program.basal * program.every // MS_PER_DAY
    assert period == program.every


@given(programs, st.sampled_from([MS_PER_HOUR, 4 * MS_PER_HOUR, MS_PER_DAY, 7 * MS_PER_DAY]), st.data())
def test_no_window_gives_more_than_the_worst_window(program: Program, window: int, data: st.DataObject) -> None:
    prescription = order(program)
    period, spans = prescription.segments()

    def until(time: int) -> Fraction:
        whole, rest = divmod(time, period)
        parts = (Fraction(mass * min(max(rest - start, 0), length), length) for start, length, mass in spans)
        return whole * sum(mass for _, _, mass in spans) + sum(parts, Fraction())

    start = data.draw(st.integers(0, 2 * period))
    assert until(start + window) - until(start) <= prescription.worst_window(window)


def test_the_worst_hour_of_a_bolus_at_the_end_of_a_day_crosses_midnight() -> None:
    program = MultiRate((Step(0, 24 * MG), Step(MS_PER_HOUR // 2, 0), Step(MS_PER_DAY - MS_PER_HOUR // 2, 24 * MG)))
    assert order(program).worst_window(MS_PER_HOUR) == MG


def test_example_flows_of_the_reference_calculations() -> None:
    one = order(SimpleContinuous(65 * MG // 10))
    assert one.daily_flow() == Fraction(6_500_000, 18)
    steps = [(0, 0.10), (6, 0.22), (10, 0.14), (22, 0.30)]
    day = MultiRate(tuple(Step(h * MS_PER_HOUR, int(rate * 100) * 24 * MG // 100) for h, rate in steps))
    many = order(day, Solution((Component("morphine", 8_000_000),)))
    assert many.daily_dose() == 376 * MG // 100
    assert many.daily_flow() == 470_000
    assert many.peak_flow() == 900_000


def test_the_review_rows_show_every_reading_of_the_dose() -> None:
    rows = describe(order(SimpleContinuous(65 * MG // 10)), profile("virtual_valve_gated_20"))
    assert rows["Dose per day"] == "6.5 mg/day"
    assert rows["Volume per day"] == "0.361111 mL/day"
    assert rows["Flow per hour"] == "15.0463 uL/h"
    assert rows["Pulses per day"] == "144.444"
    assert rows["Dose really given"].startswith("6.48 mg or 6.525 mg")
    assert (
        rows["One pulse"] == "2.5 uL, 45 mcg" or rows["One pulse"].endswith("0.045 mg") or "45 mcg" in rows["One pulse"]
    )


@pytest.mark.parametrize("program", [Stopped(), PeriodicBolus(MG, MS_PER_HOUR, 60_000), MultiRate((Step(0, MG),))])
def test_every_program_can_be_described(program: Program) -> None:
    rows = describe(order(program), profile("prometra_ii_20"))
    assert rows["Program"]
    assert "not known" in rows["Pulses per day"]


@pytest.mark.parametrize(
    ("program", "where"),
    [
        (SimpleContinuous(0), "program.dose"),
        (SimpleContinuous(-1), "program.dose"),
        (SimpleContinuous(1.5), "program.dose"),  # type: ignore[arg-type]
        (SimpleContinuous(True), "program.dose"),
        (SimpleContinuous(2**70), "program.dose"),
        (PeriodicBolus(MG, 1_000, 2_000), "program.over"),
        (PeriodicBolus(0, 1_000, 500), "program.bolus"),
        (MultiRate(()), "program.steps"),
        (MultiRate((Step(1, MG),)), "program.steps"),
        (MultiRate((Step(0, MG), Step(0, MG))), "program.steps"),
        (MultiRate((Step(0, 0),)), "program.steps"),
        (MultiRate((Step(0, MG), Step(MS_PER_DAY, MG))), "program.steps.1.start"),
    ],
)
def test_a_program_that_makes_no_sense_is_refused_at_its_field(program: Program, where: str) -> None:
    with pytest.raises(Refused) as caught:
        order(program)
    assert where in {refusal.where for refusal in caught.value.refusals}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", ""),
        ("id", "a b"),
        ("patient", None),
        ("route", "oral spray"),
        ("anchor", -1),
        ("written", 1.0),
        ("author", ""),
        ("author", "a\nb"),
        ("caps", Caps(0, 1)),
        ("caps", Caps(2, 1)),
    ],
)
def test_a_field_that_makes_no_sense_is_refused(field: str, value: object) -> None:
    with pytest.raises(Refused):
        order(SimpleContinuous(MG), MORPHINE, **{field: value})
