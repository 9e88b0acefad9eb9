"""References that share nothing with the closed form: dense matrix exponentials, and LSODA at rtol 1e-10."""

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from thecal.body.bench.problems import Problem, seven_states_rhs
from thecal.body.model import Model
from thecal.body.periodic import Rate, Train

Array = npt.NDArray[np.float64]


def worst(found: Array, expected: Array) -> float:
    """Largest difference at any time, over the peak of its reading; shapes (times, readings)."""
    return float((np.abs(found - expected).max(axis=0) / np.abs(expected).max(axis=0)).max())


def by_matrix(problem: Problem, patient: int) -> Array:
    """Readings (times, readings) of a linear problem, hour by hour with the dense matrix exponential."""
    from scipy.linalg import expm

    systems, grid = problem.systems, problem.grid
    matrix = systems.matrices[patient]
    size = matrix.shape[0]
    (train,) = [item for item in problem.program if isinstance(item, Train)]
    whole = np.zeros((size + 1, size + 1))
    whole[:size, :size] = matrix
    for item in problem.program:
        if isinstance(item, Rate):
            whole[:size, size] += item.mg_h * systems.columns[patient, item.column]
    step = expm(whole * grid.step_h)
    readers = np.eye(size) if systems.readers is None else systems.readers[patient]
    state, found = np.append(np.zeros(size), 1.0), []
    for hour in range(grid.count):
        found.append(readers @ state[:size])
        ordinal = (hour - train.start_h) / train.period_h
        if ordinal == math.floor(ordinal) and 0 <= ordinal < train.count:
            state[:size] += train.mg * systems.columns[patient, train.column]
        state = step @ state
    return np.array(found)


def by_lsoda(problem: Problem, patient: int) -> Array:
    """All seven states of B1 at every hour, by SciPy's LSODA at rtol 1e-10."""
    from scipy.integrate import solve_ivp

    rhs = seven_states_rhs(problem, patient)
    last = problem.grid.count - 1
    y, at = np.array([0.0] * 6 + [1.0]), 0
    found = np.empty((problem.grid.count, 7))
    found[0] = y
    for stop in [*range(8, last, 24), last]:
        hours = np.arange(at, stop + 1)
        run = solve_ivp(rhs, (at, stop), y, "LSODA", hours, rtol=1e-10, atol=1e-13)
        found[hours[1:]] = run.y.T[1:]
        y, at = run.y[:, -1].copy(), stop
        y[0] += 0.1
    return found


def pulse_by_pulse(
    model: Model, rows: Array, tick_h: float, entering: Callable[[int], Array | None], hours: int
) -> Array:
    """Readings (times, rows) at every hour: ``entering(k)`` enters at tick ``k``, just after it is read."""
    from scipy.linalg import expm

    step = expm(model.matrix * tick_h)
    each = round(1.0 / tick_h)
    state, found = np.zeros(len(model.names)), []
    for tick in range(hours * each + 1):
        if tick % each == 0:
            found.append(rows @ state)
        column = entering(tick)
        if column is not None:
            state = state + column
        state = step @ state
    return np.array(found)
