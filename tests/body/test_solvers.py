"""Every way to solve agrees with every other, and with methods that share nothing with them."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import solve_ivp
from scipy.linalg import expm

from thecal.body import Bolus, Infusion, Oral, Person, Tip, simulate
from thecal.body.assembly import assemble
from thecal.body.bench.problems import Problem, race_a, race_b, seven_states, seven_states_rhs
from thecal.body.engine import Systems, series
from thecal.body.implicit import simulate_changing
from thecal.body.inputs import Input
from thecal.body.model import Model, build
from thecal.body.modes import find_modes, find_modes_of_many
from thecal.body.parameters import parameters
from thecal.body.periodic import Answer, Rate, TimeGrid, Train
from thecal.body.planned import Planned, PulseTrain
from thecal.body.preview import Preview
from thecal.body.scan import first_order
from thecal.quantity import Refused

Array = np.typing.NDArray[np.float64]

TIP = Tip("T10")


@pytest.fixture(scope="module")
def model() -> Model:
    return build(parameters(Person(), "morphine"))


def _rows(model: Model) -> dict[str, Array]:
    z = model.level_z("T10")
    return {
        "csf": model.csf_row(z),
        "cord": model.cord_row(z),
        "csf_c1": model.csf_row(model.level_z("C1")),
        "plasma": model.named_row("plasma"),
        "cranial": model.named_row("cranial"),
    }


def _pulses(train: PulseTrain) -> list[Bolus]:
    return [
        Bolus(train.start_h + k * train.period_h, train.mg, train.route, train.tip, train.volume_ml)
        for k in range(train.count)
    ]


def _by_matrix(problem: Problem, patient: int) -> Array:
    """Readings by dense matrix exponentials from event to event and hour to hour: no modes, no closed form."""
    systems, grid = problem.systems, problem.grid
    matrix = systems.matrices[patient]
    size = matrix.shape[0]
    (train,) = [item for item in problem.program if isinstance(item, Train)]
    push = sum(
        (item.mg_h * systems.columns[patient, item.column] for item in problem.program if isinstance(item, Rate)),
        np.zeros(size),
    )
    whole = np.zeros((size + 1, size + 1))
    whole[:size, :size], whole[:size, size] = matrix, push
    step = expm(whole * grid.step_h)
    state, found = np.append(np.zeros(size), 1.0), []
    readers = np.eye(size) if systems.readers is None else systems.readers[patient]
    for hour in range(grid.count):
        found.append(readers @ state[:size])
        ordinal = (hour - train.start_h) / train.period_h
        if ordinal >= 0 and ordinal == math.floor(ordinal) and ordinal < train.count:
            state[:size] += train.mg * systems.columns[patient, train.column]
        state = step @ state
    return np.array(found)


def _worst(found: Array, expected: Array) -> float:
    """Largest difference over the peak of each reading."""
    return float((np.abs(found - expected).max(axis=0) / np.abs(expected).max(axis=0)).max())


def test_pulse_by_pulse_preview_equals_every_pulse_computed_one_by_one(model: Model) -> None:
    pump = PulseTrain(0.0, 0.012, 2000, 1 / 2000, "intrathecal", TIP)
    after = PulseTrain(24.0, 0.012, 1000, 2 / 2000, "intrathecal", TIP)
    asked = PulseTrain(10.0, 24.0, 2, 0.1, "intrathecal", TIP, volume_ml=0.1)
    rows = _rows(model)
    found = Preview(model, rows, 48).run([pump, after, asked])
    one_by_one = [*_pulses(pump), *_pulses(after), *_pulses(asked)]
    trace = simulate(Person(), "morphine", one_by_one, np.arange(49.0))
    for name, row in rows.items():
        expected = trace.output(row)
        assert np.abs(found[name] - expected).max() <= 1e-10 * expected.max()


def test_a_preview_of_a_person_reads_the_five_sites() -> None:
    found = Preview.of(Person(), "morphine", TIP, 24).run([Infusion(0.0, 24.0, 1 / 24, "intrathecal", TIP)])
    trace = simulate(Person(), "morphine", [Infusion(0.0, 24.0, 1 / 24, "intrathecal", TIP)], np.arange(25.0))
    expected = (trace.csf("T10"), trace.cord("T10"), trace.csf("C1"), trace.plasma, trace.cranial)
    for values, theirs in zip(found.values(), expected, strict=True):
        assert values == pytest.approx(theirs, rel=1e-9, abs=1e-12)


def test_every_kind_of_input_previews_as_it_simulates(model: Model) -> None:
    train = PulseTrain(3.35, 0.7, 50, 0.2, "intrathecal", TIP, 0.05)
    others: list[Bolus | Infusion | Oral] = [
        Infusion(2.0, 30.5, 0.04, "intrathecal", TIP),
        Infusion(20.0, 60.0, 1.0, "intravenous"),
        Bolus(5.25, 3.0, "epidural", Tip("L2", "epidural"), volume_ml=10.0),
        Bolus(7.0, 1.0, "intravenous", over_h=0.5),
        Oral(12.0, 30.0, "controlled"),
        Oral(12.0, 10.0),
    ]
    rows = {**_rows(model), "kidney": model.amount_rows()["urine_m3g"], "all": model.mass_row()}
    preview = Preview(model, rows, 72, start_h=1.0, step_h=0.5)
    planned: list[Planned] = [train, *others]
    found = preview.run(planned)
    trace = simulate(Person(), "morphine", [*others, *_pulses(train)], preview.times_h[2:])
    for name, row in rows.items():
        expected = trace.output(row)
        assert np.abs(found[name][2:] - expected).max() <= 1e-9 * expected.max()


@given(
    period=st.floats(0.01, 30.0),
    count=st.integers(1, 40),
    start=st.floats(0.0, 20.0),
    rate=st.just(0.0) | st.floats(1e-4, 5.0),
    step=st.floats(0.3, 3.0),
)
def test_a_train_is_the_sum_of_its_pulses(period: float, count: int, start: float, rate: float, step: float) -> None:
    grid = TimeGrid(0.0, step, 60)
    rates, ones = np.array([[-rate, -0.1, 0.0]]), np.ones((1, 1, 3))
    found = Answer(rates, ones, np.eye(3)[None], grid).run([Train(start, period, count, 2.0)])[0]
    since = grid.times_h[:, None] - (start + period * np.arange(count))
    on_edge = (np.abs(since) < 1e-6 * period).any(axis=1)
    fired = np.exp(rates[0] * np.maximum(since, 0.0)[:, :, None]) * (since > 0)[:, :, None]
    expected = 2.0 * fired.sum(axis=1)
    assert found[~on_edge] == pytest.approx(expected[~on_edge], rel=1e-8, abs=1e-8)


@pytest.mark.parametrize("problem", [race_a(3), race_b()], ids=["A", "B"])
def test_the_races_are_exact(problem: Problem) -> None:
    found = series(problem.systems, problem.program, problem.grid)
    for patient in range(found.shape[0]):
        assert _worst(found[patient], _by_matrix(problem, patient)) < 1e-9


def test_the_seven_states_agree_with_a_stiff_integrator() -> None:
    problem = seven_states(2)
    found = series(problem.systems, problem.program, problem.grid, problem.turnover)
    patient, until, y, at = 1, 15 * 24, np.array([0.0] * 6 + [1.0]), 0
    rhs = seven_states_rhs(problem, patient)
    for stop in [*range(8, until, 24), until]:
        hours = np.arange(at, stop + 1)
        run = solve_ivp(rhs, (at, stop), y, "LSODA", hours, rtol=1e-10, atol=1e-13)
        expected = run.y.T[1:]
        assert (np.abs(found[patient, hours[1:]] - expected) < 0.1 * (1e-9 + 1e-6 * np.abs(expected))).all()
        y, at = run.y[:, -1].copy(), stop
        y[0] += 0.1


@given(st.integers(1, 200), st.floats(0.0, 1.0), st.floats(-5.0, 5.0))
def test_a_recurrence_by_blocks_is_the_recurrence_step_by_step(steps: int, keep: float, start: float) -> None:
    push = np.random.default_rng(steps).standard_normal((2, steps))
    found = first_order(np.array([keep, 0.5]), push, np.array([start, 1.0]))
    level = np.array([start, 1.0])
    for k in range(steps):
        level = np.array([keep, 0.5]) * level + push[:, k]
        assert found[:, k] == pytest.approx(level, rel=1e-10, abs=1e-10)


def test_modes_of_many_are_the_modes_of_each(model: Model) -> None:
    others = [build(parameters(person, "morphine")) for person in (Person(weight_kg=50.0), Person(dispersion="high"))]
    matrices = np.array([one.matrix for one in (model, *others)])
    many = find_modes_of_many(matrices, model.where.blocks)
    for number, matrix in enumerate(matrices):
        alone = find_modes(matrix, model.where.blocks)
        assert np.array_equal(alone.rates, many.rates[number])
        exact = (many.vectors[number] * np.exp(many.rates[number])) @ many.inverse[number]
        assert exact == pytest.approx(expm(matrix), abs=1e-10)


def test_a_preview_refuses_what_it_cannot_mean(model: Model) -> None:
    with pytest.raises(Refused, match="period_h"):
        PulseTrain(0.0, 0.0, 5, 1.0, "intravenous")
    with pytest.raises(Refused, match="count"):
        PulseTrain(0.0, 1.0, 0, 1.0, "intravenous")
    with pytest.raises(Refused, match="start_h"):
        Preview(model, _rows(model), 24).run([PulseTrain(-1.0, 1.0, 3, 1.0, "intravenous")])
    with pytest.raises(Refused, match=r"matrices\[1\]"):
        Systems(np.array([[[-1.0]], [[np.nan]]]), ((0, 1),), np.ones((2, 1, 1)))


def test_looking_back_refuses_inputs_between_grid_times() -> None:
    back = Answer(-np.ones((1, 1)), np.ones((1, 1, 1)), np.ones((1, 1, 1)), TimeGrid(0, 1, 5), np.array([0.5]))
    with pytest.raises(ValueError, match="on the time grid"):
        back.run([Rate(0.5, 3.0, 1.0)])


CHANGING_INPUTS: list[Input] = [
    Infusion(0.0, 48.0, 1 / 24, "intrathecal", TIP),
    Bolus(6.5, 0.3, "intrathecal", TIP, volume_ml=1.0),
    Oral(10.0, 20.0),
]


def test_implicit_steps_agree_with_modes_where_nothing_changes() -> None:
    person, times = Person(), np.arange(0.0, 49.0, 2.0)
    exact = simulate(person, "morphine", CHANGING_INPUTS, times)
    found = simulate_changing(lambda _: parameters(person, "morphine"), CHANGING_INPUTS, times, step_h=0.1)
    z = exact.model.level_z("T10")
    for mine, theirs in (
        (found.output(lambda frame: frame.csf_row(z)), exact.csf("T10")),
        (found.output(lambda frame: frame.cord_row(z)), exact.cord("T10")),
        (found.output(lambda frame: frame.named_row("plasma")), exact.plasma),
    ):
        assert np.abs(mine - theirs).max() < 2e-4 * theirs.max()


def _failing_kidney(hour: float) -> Person:
    return Person(egfr=96.0 * math.exp(-hour / 60.0))


def test_implicit_steps_agree_with_a_stiff_integrator_where_the_kidney_fails() -> None:
    times = np.arange(0.0, 25.0, 8.0)
    inputs = [Infusion(0.0, 24.0, 1.0, "intravenous")]
    found = simulate_changing(lambda hour: parameters(_failing_kidney(hour), "morphine"), inputs, times, step_h=0.25)
    whole = build(parameters(Person(), "morphine"))
    blood = np.arange(whole.where.blocks[0][1], len(whole.names))
    column = whole.column("intravenous")[blood]

    def rhs(hour: float, y: Array) -> Array:
        matrix = assemble(parameters(_failing_kidney(hour), "morphine"), whole.grid, whole.where)
        slope: Array = matrix[np.ix_(blood, blood)] @ y + column
        return slope

    run = solve_ivp(rhs, (0.0, 24.0), np.zeros(blood.size), "LSODA", times, rtol=1e-8, atol=1e-10)
    assert np.abs(found.states_mg[:, blood] - run.y.T).max() < 1e-4 * run.y.max()


def test_implicit_steps_keep_mass_and_are_of_second_order() -> None:
    times = np.array([0.0, 6.0, 12.0])
    inputs = [Infusion(0.0, 12.0, 1 / 24, "intrathecal", TIP)]
    ends = {}
    for step in (1.0, 0.5, 0.125):
        found = simulate_changing(lambda hour: parameters(_failing_kidney(hour), "morphine"), inputs, times, step)
        frame = build(parameters(Person(), "morphine"))
        assert found.states_mg @ frame.mass_row() == pytest.approx(found.given_mg, rel=1e-9)
        ends[step] = found.output(lambda frame: frame.named_row("m6g"))[-1]
    assert abs(ends[0.5] - ends[0.125]) < 0.35 * abs(ends[1.0] - ends[0.125])
