"""Every solver against an independent stiff integrator: implicit Runge-Kutta with control of its error, no modes."""

import math

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.sparse import csr_array

from thecal.body import Bolus, Infusion, Oral, Person, Tip, simulate
from thecal.body.assembly import assemble
from thecal.body.batch import CONCENTRATIONS, Plan, run_batch
from thecal.body.bench.stiff import by_radau
from thecal.body.breathing import breathing_rows
from thecal.body.effect import effect_parameters, load_row, pain
from thecal.body.engine import Systems, series
from thecal.body.grid import make_grid
from thecal.body.implicit import simulate_changing
from thecal.body.inputs import Input
from thecal.body.model import Model, build
from thecal.body.parameters import parameters
from thecal.body.periodic import TimeGrid, Train
from thecal.body.person import Variation
from thecal.body.planned import Planned, PulseTrain
from thecal.body.preview import Preview

Array = np.typing.NDArray[np.float64]

TIP = Tip("T10")
HOURS = np.arange(4.0)


@pytest.fixture(scope="module")
def model() -> Model:
    return build(parameters(Person(), "morphine"))


@pytest.fixture(scope="module")
def rows(model: Model) -> dict[str, Array]:
    here = model.level_z("T10")
    found = (model.csf_row(here), model.cord_row(here), model.csf_row(model.level_z("C1")))
    return dict(zip(CONCENTRATIONS, (*found, model.named_row("plasma"), model.named_row("cranial")), strict=True))


@pytest.fixture(scope="module")
def pulses(model: Model, rows: dict[str, Array]) -> Array:
    """Three hours of pulses 43 s apart, a change of dose and a bolus on demand, each begun anew: (hours, readings)."""
    pulse = model.column("intrathecal", TIP)
    jumps = [(0.012 * k, (1.0 if k < 125 else 1.5) / 2000 * pulse) for k in range(250)]
    return by_radau(
        model.matrix,
        np.array(list(rows.values())),
        [*jumps, (1.0, 0.1 * model.column("intrathecal", TIP, 0.1))],
        HOURS,
    )


def _worst(found: Array, expected: Array) -> float:
    """Largest difference over the peak of each reading; shapes (times, readings)."""
    return float((np.abs(found - expected).max(axis=0) / np.abs(expected).max(axis=0)).max())


def test_the_closed_form_of_pulses_agrees_with_a_stiff_integrator_pulse_by_pulse(
    model: Model, rows: dict[str, Array], pulses: Array
) -> None:
    program: list[Planned] = [
        PulseTrain(0.0, 0.012, 125, 1 / 2000, "intrathecal", TIP),
        PulseTrain(1.5, 0.012, 125, 1.5 / 2000, "intrathecal", TIP),
        PulseTrain(1.0, 24.0, 1, 0.1, "intrathecal", TIP, volume_ml=0.1),
    ]
    found = Preview(model, rows, 3).run(program)
    assert _worst(np.array([found[name] for name in rows]).T, pulses) < 1e-8


def test_exact_propagation_agrees_with_a_stiff_integrator_pulse_by_pulse(rows: dict[str, Array], pulses: Array) -> None:
    inputs: list[Input] = [
        Bolus(0.012 * k, (1.0 if k < 125 else 1.5) / 2000, "intrathecal", TIP, volume_ml=0.0) for k in range(250)
    ]
    trace = simulate(Person(), "morphine", [*inputs, Bolus(1.0, 0.1, "intrathecal", TIP, volume_ml=0.1)], HOURS)
    assert _worst(np.array([trace.output(row) for row in rows.values()]).T, pulses) < 1e-8


def test_a_batch_of_small_systems_agrees_with_a_stiff_integrator() -> None:
    matrices = np.array([[[-a, 1.0, 0.0], [a, -1.0 - b, 0.0], [0.0, b, -400.0]] for a, b in ((9.0, 0.5), (900.0, 5.0))])
    columns = np.zeros((2, 1, 3))
    columns[:, 0, 0] = 1.0
    found = series(
        Systems(matrices, ((0, 2), (2, 3)), columns), (Train(0.5, 2.0, 5, 3.0),), TimeGrid(0, 0.5, 20), threads=2
    )
    times = TimeGrid(0, 0.5, 20).times_h
    jumps = [(0.5 + 2.0 * k, np.array([3.0, 0.0, 0.0])) for k in range(5)]
    for matrix, mine in zip(matrices, found, strict=True):
        assert _worst(mine, by_radau(matrix, np.eye(3), jumps, times)) < 1e-8


def test_a_reduced_batch_with_tolerance_and_relief_agrees_with_a_stiff_integrator() -> None:
    person = Person(weight_kg=58.0, prior_opioid_mg_day=0.0, variation=Variation(dispersion=1.7, cord_exchange=0.6))
    plan = Plan("morphine", (Infusion(0, 240, 1 / 24, "intrathecal", TIP),), 240, TIP, "T10")
    batch = run_batch([Person(), person], plan, threads=2)
    model, effect = build(parameters(person, "morphine")), effect_parameters("morphine", person)
    size, here = len(model.names), model.level_z("T10")
    load, drive = load_row(model, model.dermatome_z("T10"), effect), sum(breathing_rows(model))
    push, sparse = model.column("intrathecal", TIP) / 24, csr_array(model.matrix)

    def slope(_t: float, y: Array) -> Array:
        bound = load @ y[:size] / (1.0 + load @ y[:size])
        return np.append(
            sparse @ y[:size] + push,
            [rate * (most * bound - y[size + k]) for k, (rate, most) in enumerate(effect.tolerance)],
        )

    def jacobian(_t: float, y: Array) -> Array:
        whole = np.zeros((size + 2, size + 2))
        whole[:size, :size] = model.matrix
        for k, (rate, most) in enumerate(effect.tolerance):
            whole[size + k, :size] = rate * most * load / (1.0 + load @ y[:size]) ** 2
            whole[size + k, size + k] = -rate
        return whole

    times = np.arange(0.0, 241.0, 8.0)
    run = solve_ivp(
        slope, (0.0, 240.0), np.zeros(size + 2), "Radau", times, jac=jacobian, rtol=1e-8, atol=1e-10, max_step=2.0
    )
    states, risen = run.y[:size].T, run.y[size:].sum(axis=0)
    loads, lost = states @ load, states @ drive
    rows = (model.csf_row(here), model.cord_row(here), model.csf_row(model.level_z("C1")))
    named = dict(zip(CONCENTRATIONS, (*rows, model.named_row("plasma"), model.named_row("cranial")), strict=True))
    expected = {name: states @ row for name, row in named.items()} | {
        "tolerance": risen,
        "pain": pain(plan.pain_baseline, loads, risen, effect),
        "breathing": lost / (1.0 + lost),
    }
    assert set(expected) == set(batch.series)
    for name, theirs in expected.items():
        assert np.abs(batch.series[name][1, ::8] - theirs).max() < 1e-3 * np.abs(theirs).max()


def test_implicit_steps_along_the_whole_spine_agree_with_a_stiff_integrator_where_mixing_changes() -> None:
    def someone(hour: float) -> Person:
        return Person(egfr=96.0 * math.exp(-hour / 60.0), variation=Variation(dispersion=math.exp(-hour / 30.0)))

    times = np.array([0.0, 4.0, 12.0])
    inputs: list[Input] = [Infusion(0.0, 12.0, 1 / 24, "intrathecal", TIP), Oral(0.0, 20.0)]
    found = simulate_changing(lambda hour: parameters(someone(hour), "morphine"), inputs, times, step_h=0.1)
    model = build(parameters(Person(), "morphine"))
    grid = make_grid(model.parameters.spine.length_scale)
    push, start = model.column("intrathecal", TIP) / 24, 20.0 * model.column("immediate")

    def matrix(hour: float) -> Array:
        return assemble(parameters(someone(hour), "morphine"), grid, model.where)

    run = solve_ivp(
        lambda hour, y: matrix(hour) @ y + push,
        (0.0, 12.0),
        start,
        "Radau",
        times,
        jac=lambda hour, _y: matrix(hour),
        rtol=1e-6,
        atol=1e-9,
    )
    for row in (model.csf_row(model.level_z("T10")), model.csf_row(model.level_z("C1")), model.named_row("plasma")):
        mine, theirs = found.states_mg[1:] @ row, run.y.T[1:] @ row
        assert np.abs(mine - theirs).max() < 1e-3 * theirs.max()
