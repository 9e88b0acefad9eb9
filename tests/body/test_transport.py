"""The linear model keeps its promises: mass, sign, linearity, exactness. Units: mg, h, ng/mL."""

import dataclasses
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp
from scipy.linalg import expm

from thecal.body import Bolus, HourlySeries, Infusion, Input, Oral, Person, Tip, Trace, levels_with_csf, simulate
from thecal.body.assembly import OBSERVERS, assemble, layout
from thecal.body.grid import Grid
from thecal.body.model import build
from thecal.body.parameters import parameters
from thecal.body.person import COMPARTMENTS, DISPERSIONS, DISPOSITIONS, Compartment, Dispersion

LEVELS = st.sampled_from(levels_with_csf())
AMOUNT = st.floats(0.01, 20.0)
START = st.floats(0.0, 20.0)


@st.composite
def an_input(draw: st.DrawFn) -> Input:
    kind = draw(st.sampled_from(["infusion", "bolus", "oral", "iv", "series"]))
    space: Compartment = draw(st.sampled_from(COMPARTMENTS))
    tip = Tip(draw(LEVELS), space)
    start, mg = draw(START), draw(AMOUNT)
    if kind == "infusion":
        return Infusion(start, start + draw(st.floats(0.01, 30.0)), mg / 10, space, tip)
    if kind == "bolus":
        return Bolus(start, mg, space, tip, draw(st.floats(0.0, 20.0)))
    if kind == "oral":
        return Oral(start, mg, draw(st.sampled_from(["immediate", "controlled"])))
    if kind == "iv":
        return Bolus(start, mg, "intravenous")
    return HourlySeries(start, np.array(draw(st.lists(AMOUNT, min_size=1, max_size=6))), space, tip)


PEOPLE = st.builds(
    Person,
    weight_kg=st.floats(40, 150),
    height_cm=st.floats(140, 210),
    egfr=st.floats(10, 150),
    dispersion=st.sampled_from(DISPERSIONS),
    disposition=st.sampled_from(DISPOSITIONS),
)
INPUTS = st.lists(an_input(), min_size=1, max_size=4)
FEW = settings(max_examples=25, deadline=None)


def begin(inputs: list[Input]) -> float:
    return min(i.start_h if isinstance(i, (Infusion, HourlySeries)) else i.at_h for i in inputs)


def given_by(item: Input, time: float) -> float:
    if isinstance(item, Infusion):
        return item.rate_mg_h * max(0.0, min(time, item.end_h) - item.start_h)
    if isinstance(item, HourlySeries):
        hours = np.clip(time - item.start_h - np.arange(item.rates.size), 0.0, 1.0)
        return float(hours @ item.rates)
    return item.mg if time > item.at_h else 0.0


def every_concentration(trace: Trace) -> np.ndarray:
    found = [trace.plasma, trace.m3g, trace.m6g, trace.cranial, trace.effect_site("morphine"), trace.effect_site("m6g")]
    for level in levels_with_csf():
        found += [trace.csf(level), trace.cord(level), trace.epidural(level)]
    return np.array(found)


@FEW
@given(PEOPLE, INPUTS, st.lists(st.floats(0.001, 200.0), min_size=1, max_size=5, unique=True))
def test_mass_is_conserved_and_nothing_is_negative(person: Person, inputs: list[Input], after: list[float]) -> None:
    times = np.unique(begin(inputs) + np.array(after))
    trace = simulate(person, "morphine", inputs, times)
    for row, time in enumerate(times):
        expected = sum(given_by(item, time) for item in inputs)
        assert trace.given_mg[row] == pytest.approx(expected, rel=1e-9, abs=1e-12)
    assert np.abs(trace.mass_error()).max() <= 1e-9
    assert sum(trace.amounts_mg().values()) == pytest.approx(trace.given_mg, rel=1e-9, abs=1e-12)
    assert (trace.states_mg() >= 0).all()
    assert (every_concentration(trace) >= 0).all()


def test_every_transfer_ends_somewhere() -> None:
    model = build(parameters(Person(), "morphine"))
    massive = model.mass_row() > 0
    columns = model.matrix[np.ix_(massive, massive)].sum(axis=0)
    assert np.abs(columns).max() <= 1e-12 * np.abs(model.matrix).max()
    away = model.matrix - np.diag(np.diag(model.matrix))
    assert (away >= 0).all()
    assert not model.matrix[np.ix_(massive, ~massive)].any()  # effect sites listen and give nothing back
    assert (~massive).sum() == len(OBSERVERS)


@FEW
@given(PEOPLE, an_input(), st.floats(0.1, 10.0))
def test_the_answer_is_linear_in_dose(person: Person, item: Input, factor: float) -> None:
    if isinstance(item, Infusion):
        more: Input = dataclasses.replace(item, rate_mg_h=item.rate_mg_h * factor)
    elif isinstance(item, HourlySeries):
        more = HourlySeries(item.start_h, item.rates * factor, item.route, item.tip)
    else:
        more = dataclasses.replace(item, mg=item.mg * factor)
    times = begin([item]) + np.array([0.5, 7.0, 60.0])
    one, other = (simulate(person, "morphine", [i], times).states_mg() for i in (item, more))
    assert other == pytest.approx(one * factor, rel=1e-9, abs=1e-10 * one.max() * factor)


@FEW
@given(PEOPLE, INPUTS)
def test_inputs_superpose(person: Person, inputs: list[Input]) -> None:
    times = 55.0 + np.array([0.0, 10.0, 100.0])
    together = simulate(person, "morphine", inputs, times).states_mg()
    apart = sum(simulate(person, "morphine", [item], times).states_mg() for item in inputs)
    assert together == pytest.approx(apart, rel=1e-9, abs=1e-10 * together.max())


def test_splitting_time_gives_the_same_answer() -> None:
    tip = Tip("T10")
    whole = simulate(Person(), "morphine", [Infusion(0, 24, 0.05, "intrathecal", tip)], [30.0])
    pieces: list[Input] = [
        Infusion(a, b, 0.05, "intrathecal", tip) for a, b in itertools.pairwise([0, 0.37, 5.1, 5.2, 17, 24])
    ]
    split = simulate(Person(), "morphine", pieces, np.arange(0.1, 30.05, 0.1))
    series = simulate(Person(), "morphine", [HourlySeries(0, np.full(24, 0.05), "intrathecal", tip)], [7.3, 30.0])
    assert split.states_mg()[-1] == pytest.approx(whole.states_mg()[-1], rel=1e-9, abs=1e-13)
    assert series.states_mg()[-1] == pytest.approx(whole.states_mg()[-1], rel=1e-9, abs=1e-13)


def test_many_small_pulses_are_an_infusion() -> None:
    tip = Tip("T10")
    pulses: list[Input] = [Bolus(k / 400, 0.05 / 400, "intrathecal", tip, 0.0) for k in range(6 * 400)]
    pulsed = simulate(Person(), "morphine", pulses, [6.0])
    smooth = simulate(Person(), "morphine", [Infusion(0, 6, 0.05, "intrathecal", tip)], [6.0])
    for level in ("T2", "T10", "L5"):
        assert pulsed.csf(level) == pytest.approx(smooth.csf(level), rel=0.01)
    assert pulsed.plasma == pytest.approx(smooth.plasma, rel=0.01)


def test_an_output_at_the_moment_of_a_bolus_is_the_value_before_it() -> None:
    trace = simulate(Person(), "morphine", [Bolus(2.0, 1.0, "intravenous")], [2.0, 2.0001])
    assert trace.plasma[0] == 0.0
    assert trace.plasma[1] > 50.0


def test_propagators_agree_with_the_matrix_exponential() -> None:
    for person in (Person(), Person(dispersion="low", disposition="palliative", egfr=30.0)):
        model = build(parameters(person, "morphine"))
        for hours in (0.01, 1.0, 100.0):
            assert np.abs(model.modes.propagator(hours) - expm(model.matrix * hours)).max() < 1e-10


def test_rates_that_coincide_do_not_spoil_the_answer() -> None:
    plain = parameters(Person(), "morphine")
    same = dataclasses.replace(plain.systemic, m6g_per_h=plain.systemic.effect_m6g_per_h)
    model = build(dataclasses.replace(plain, systemic=same))
    assert np.abs(model.modes.propagator(5.0) - expm(model.matrix * 5.0)).max() < 1e-5
    assert model.mass_row() @ model.modes.propagator(5.0) == pytest.approx(model.mass_row(), abs=1e-9)


@pytest.mark.parametrize("person", [Person(), Person(dispersion="low", disposition="palliative", height_cm=190)])
def test_exact_steps_agree_with_an_independent_stiff_integrator(person: Person) -> None:
    tip = Tip("T10")
    inputs: list[Input] = [
        Infusion(0.0, 9.0, 0.1, "intrathecal", tip),
        Bolus(3.0, 1.0, "epidural", Tip("L2", "epidural"), 5.0),
        Oral(3.0, 30.0, "controlled"),
    ]
    trace = simulate(person, "morphine", inputs, [3.0, 9.0, 12.0])
    model = trace.model
    state = np.zeros(len(model.names))
    legs = [
        (3.0, 0.1 * model.column("intrathecal", tip), None),
        (6.0, 0.1 * model.column("intrathecal", tip), (3.0, 9.0)),
        (3.0, np.zeros_like(state), None),
    ]
    for leg, (hours, rate, doses) in enumerate(legs):
        if doses is not None:
            state += model.column("epidural", Tip("L2", "epidural"), 5.0) + 30.0 * model.column("controlled")
        run = solve_ivp(
            lambda _t, x, u=rate: model.matrix @ x + u,
            (0.0, hours),
            state,
            method="Radau",
            jac=np.asarray(model.matrix),
            rtol=1e-9,
            atol=1e-12,
        )
        assert run.success
        state = run.y[:, -1]
        exact = trace.states_mg()[leg]
        assert state == pytest.approx(exact, rel=1e-6, abs=1e-9 * np.abs(exact).max())


def test_an_infinite_uniform_line_has_its_closed_form_steady_state() -> None:
    cells, dz = 1600, 0.25
    flat = np.ones(cells)
    grid = Grid(
        cell_cm=dz,
        z_mm=(np.arange(cells, dtype=np.float64) + 0.5) * 10 * dz,
        csf_ml=1.2 * dz * flat,
        cord_ml=0.4 * dz * flat,
        cord_cm=dz * flat,
        dura_cm2=4.0 * dz * flat,
    )
    plain = parameters(Person(), "morphine")
    spine = dataclasses.replace(
        plain.spine, absorption_ml_h=0.0, dural_permeability_cm_h=0.0, dispersion_caudal_cm2_h=20.0,
        dispersion_rostral_cm2_h=20.0,
    )  # fmt: skip
    where = layout(grid, 2)
    matrix = assemble(dataclasses.replace(plain, spine=spine), grid, where)
    csf, cord = where.segment["csf"], where.segment["cord"]
    inside = np.concatenate([csf, cord])
    source = np.zeros(inside.size)
    source[cells // 2] = 0.05
    steady = np.linalg.solve(matrix[np.ix_(inside, inside)], -source)
    exchange, taken = spine.cord_exchange_ml_h_cm, spine.cord_to_plasma_per_h * 0.4
    loss = exchange * taken / (taken + exchange / spine.cord_over_csf) / 1.2  # per hour, of what is in CSF
    expected = 0.05 / (2 * 1.2 * np.sqrt(20.0 * loss))
    assert steady[cells // 2] / (1.2 * dz) == pytest.approx(expected, rel=1e-3)
    far = cells // 2 + 80
    decay = np.exp(-80 * dz * np.sqrt(loss / 20.0))
    assert steady[far] / steady[cells // 2] == pytest.approx(decay, rel=1e-3)


@pytest.mark.parametrize("dispersion", DISPERSIONS)
def test_ten_millimetres_are_fine_enough(dispersion: Dispersion) -> None:
    values = parameters(Person(dispersion=dispersion), "morphine")
    coarse, fine = build(values), build(values, cells=132)
    tip = Tip("T10")
    for hours, worst in ((1.0, 0.02), (2000.0, 0.01)):
        for z in (tip_z := coarse.level_z("T10")), tip_z - 100.0, tip_z + 60.0:
            at = []
            for model in (coarse, fine):
                modal = model.modes.gain(hours) * (model.modes.inverse @ model.column("intrathecal", tip))
                at.append(float(model.read(model.csf_row(z)[None, :], modal[None, :], np.ones(1))[0, 0]))
            assert at[0] == pytest.approx(at[1], rel=worst, abs=worst * 0.01 * 1e5)
