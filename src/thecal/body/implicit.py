"""Steps through a patient whose parameters change with time, such as a kidney that fails or a weight that falls.

Units: h, mg. No closed form holds then, so the states are stepped by Alexander's two-stage, second-order, L-stable
method (SIAM J Numer Anal 14:1006, 1977), which stays stable for the fastest exchange and keeps mass exactly. After
every change of input the steps begin a thousand times shorter and double, so that a bolus is followed too.
Halving ``step_h`` divides the error by about four.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from thecal.body.assembly import elements, layout
from thecal.body.checks import number, refuse
from thecal.body.grid import make_grid
from thecal.body.inputs import Input
from thecal.body.model import Frame
from thecal.body.parameters import Parameters
from thecal.body.propagate import check_overlap, check_times, schedule

Array = npt.NDArray[np.float64]
ParametersAt = Callable[[float], Parameters]

_GAMMA = 1.0 - 2.0**-0.5
_FIRST_STEP = 2.0**-10  # of ``step_h``, after every change of input


@dataclass(frozen=True, slots=True, eq=False)
class Changing:
    """Amounts ``states_mg`` (times, states) at ``times_h``, and the parameters as they were then."""

    times_h: Array
    given_mg: Array
    states_mg: Array
    parameters: tuple[Parameters, ...]

    def output(self, row: Callable[[Frame], Array]) -> Array:
        """A reading over time, for example ``lambda frame: frame.named_row("plasma")``, by the volumes of each time."""
        rows = np.array([row(_frame(parameters)) for parameters in self.parameters])
        values: Array = (rows * self.states_mg).sum(axis=1)
        return values


def simulate_changing(
    parameters_at: ParametersAt, inputs: Sequence[Input], times_h: npt.ArrayLike, step_h: float = 0.25
) -> Changing:
    """The states at ``times_h`` under ``parameters_at(h)``, which should change smoothly.

    Where inputs enter is taken from the parameters at the first time. Raises Refused for bad times and inputs, and
    for a step that is not positive.
    """
    if number("step_h", step_h, "h") == 0.0:
        raise refuse("step_h", step_h, "Give a time above 0 h.")
    times = check_times(times_h, inputs)
    check_overlap(inputs)
    plan = schedule(inputs, times)
    frame = _frame(parameters_at(float(plan.edges_h[0])))
    columns = np.array([frame.column(*key) for key in plan.keys]).reshape(-1, len(frame.names))
    state, given, row = np.zeros(len(frame.names)), 0.0, 0
    states, amounts = np.empty((times.size, state.size)), np.empty(times.size)
    before: Array | None = None
    length = step_h * _FIRST_STEP
    for k, edge in enumerate(plan.edges_h):
        if row < times.size and edge == times[row]:
            states[row], amounts[row] = state, given
            row += 1
        if k == plan.edges_h.size - 1:
            break
        for _, column, mg in (dose for dose in plan.doses if dose[0] == k):
            state, given, before = state + mg * columns[column], given + mg, None
        rates = plan.rates[k]
        if before is None or not np.array_equal(rates, before):
            length = step_h * _FIRST_STEP
        push = rates[: len(plan.keys)] @ columns
        state, length = _through(parameters_at, state, push, float(edge), float(plan.edges_h[k + 1]), (length, step_h))
        given += float(rates.sum() * (plan.edges_h[k + 1] - edge))
        before = rates
    return Changing(times, amounts, states, tuple(parameters_at(float(hour)) for hour in times))


def _through(
    parameters_at: ParametersAt, state: Array, push: Array, start: float, end: float, lengths: tuple[float, float]
) -> tuple[Array, float]:
    """From ``start`` to ``end`` by steps that double from the first of ``lengths`` up to the second."""
    length, longest = lengths
    now = start
    while now < end:
        step = min(length, end - now)
        if end - now - step < 1e-9 * longest:
            step = end - now
        first = _slope(parameters_at(now + _GAMMA * step), step, state, push)
        second = _slope(parameters_at(now + step), step, state + (1.0 - _GAMMA) * step * first, push)
        state = state + step * ((1.0 - _GAMMA) * first + _GAMMA * second)
        now = end if step == end - now else now + step
        length = min(2.0 * length, longest)
    return state, length


def _slope(parameters: Parameters, step: float, state: Array, push: Array) -> Array:
    """``k`` with ``k = A (state + gamma step k) + push``."""
    matrix, solver = _factored(parameters, round(step, 12))
    slope: Array = solver.solve(matrix @ state + push)
    return slope


@lru_cache(maxsize=8)
def _factored(parameters: Parameters, step: float) -> tuple[Any, Any]:
    from scipy.sparse import coo_array, eye_array  # here, because it takes long to import
    from scipy.sparse.linalg import splu

    frame = _frame(parameters)
    found = elements(parameters.spine, parameters.systemic, frame.grid, frame.where)
    size = len(frame.names)
    matrix = coo_array((found.value, (found.row, found.column)), shape=(size, size)).tocsc()
    return matrix, splu((eye_array(size) - _GAMMA * step * matrix).tocsc())


@lru_cache(maxsize=8)
def _frame(parameters: Parameters) -> Frame:
    spine = parameters.spine
    grid = make_grid(spine.length_scale, csf_scale=spine.csf_scale, cord_scale=spine.cord_scale)
    return Frame(parameters, grid, layout(grid, len(parameters.systemic.peripherals)))
