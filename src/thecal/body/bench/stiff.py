"""The independent stiff integrator: SciPy's Radau IIA on the sparse matrix, begun anew at every pulse.

It shares nothing with modes, closed forms or matrix exponentials: an implicit Runge-Kutta method of fifth order with
control of its error, which knows the matrix as a right-hand side and as its analytic Jacobian. Units: h, mg.
"""

from collections.abc import Iterable
from itertools import groupby

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Jump = tuple[float, Array]

RTOL, ATOL_MG = 1e-10, 1e-11


def by_radau(
    matrix: Array, rows: Array, jumps: Iterable[Jump], hours: Array, push: Array | None = None, rtol: float = RTOL
) -> Array:
    """Readings (hours, rows) of ``dx/dt = matrix x + push`` from rest at time 0.

    ``jumps`` are (h, what enters at once), ``hours`` rise; at one instant a reading comes first. A jump later than
    the last reading is left out. Raises ArithmeticError where the integrator gives up.
    """
    from scipy.integrate import Radau
    from scipy.sparse import csc_array, csr_array

    by_row, jacobian = csr_array(matrix), csc_array(matrix)
    constant = np.zeros(matrix.shape[0]) if push is None else push

    def slope(_t: float, y: Array) -> Array:
        found: Array = by_row @ y + constant
        return found

    marks = [(float(hour), 0, np.empty(0)) for hour in hours]
    marks += [(at, 1, column) for at, column in jumps if at < hours[-1]]
    state, now, found = np.zeros(matrix.shape[0]), 0.0, []
    first: float | None = None
    for at, group in groupby(sorted(marks, key=lambda mark: mark[:2]), key=lambda mark: mark[0]):
        if at > now:
            begin = None if first is None else min(first, at - now)
            run = Radau(slope, now, state, at, rtol=rtol, atol=ATOL_MG, jac=jacobian, first_step=begin)
            first = None
            while run.status == "running":
                message = run.step()
                first = run.step_size if first is None else first
            if run.status == "failed":
                raise ArithmeticError(f"Radau stopped at {run.t:g} h: {message}")
            state, now = run.y, at
        for _, is_jump, column in group:
            if is_jump:
                state = state + column
            else:
                found.append(rows @ state)
    return np.array(found)
