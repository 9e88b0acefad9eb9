"""The named problems A, B, B1 and B4: coefficients, inputs, outputs, and the references they are checked against.

Units: h, mg, L. Patients are drawn from streams keyed by (seed, patient), so any number of them starts the same way.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from thecal.body.engine import Systems, Turnover
from thecal.body.periodic import Item, Rate, TimeGrid, Train

Array = npt.NDArray[np.float64]

B1_NOMINAL = {
    "R": 1 / 24,
    "k12": 0.3,
    "k21": 0.2,
    "k23": 0.1,
    "k32": 0.05,
    "kcsf": 0.2,
    "kabs": 0.2,
    "CL": 20.0,
    "Q": 30.0,
    "V1": 50.0,
    "V2": 200.0,
    "ke0": 0.1,
    "kin": 0.5,
    "kout": 0.5,
}


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """A cohort with its inputs and output times; ``table`` holds each coefficient's value for every patient."""

    systems: Systems
    turnover: Turnover | None
    program: tuple[Item, ...]
    grid: TimeGrid
    table: dict[str, Array]


def normals(patients: int, width: int, seed: int) -> Array:
    """Standard normals (patients, width); the first patients do not change when more are asked for."""
    return np.random.Generator(np.random.Philox(key=seed)).standard_normal((patients, width))


def race_a(patients: int = 1000) -> Problem:
    """Two compartments by mouth: 100 mg every 12 h, 60 doses; plasma hourly over 720 h, before a dose."""
    e = np.exp(0.3 * normals(patients, 3, seed=1))
    ka, cl, v2 = 1.0 * e[:, 0], 4.0 * e[:, 1], 20.0 * e[:, 2]
    q, v3 = 2.0, 50.0
    matrices = np.zeros((patients, 3, 3))
    matrices[:, 0, 0], matrices[:, 1, 0] = -ka, ka
    matrices[:, 1, 1], matrices[:, 1, 2] = -(cl + q) / v2, q / v3
    matrices[:, 2, 1], matrices[:, 2, 2] = q / v2, -q / v3
    columns, readers = np.zeros((patients, 1, 3)), np.zeros((patients, 1, 3))
    columns[:, 0, 0], readers[:, 0, 1] = 1.0, 1.0 / v2
    systems = Systems(matrices, ((0, 1), (1, 3)), columns, readers)
    return Problem(systems, None, (Train(0, 12, 60, 100.0),), TimeGrid(0, 1, 721), {"KA": ka, "CL": cl, "V2": v2})


def race_b() -> Problem:
    """A chain of sixty nodes with loss: 1 into node 20 every 12 h for a year; nodes 20 and 40 hourly."""
    nodes, exchange, loss = 60, 0.6, 0.05
    matrix = exchange * (np.eye(nodes, k=1) + np.eye(nodes, k=-1))
    matrix -= np.diag(matrix.sum(axis=0) + loss)
    columns, readers = np.zeros((1, 1, nodes)), np.zeros((1, 2, nodes))
    columns[0, 0, 20] = readers[0, 0, 20] = readers[0, 1, 40] = 1.0
    systems = Systems(matrix[None], ((0, nodes),), columns, readers)
    return Problem(systems, None, (Train(0, 12, 730, 1.0),), TimeGrid(0, 1, 8761), {})


def seven_states(patients: int = 1000, readings: tuple[int, ...] = (0, 1, 2, 3, 4, 5)) -> Problem:
    """Problem B1: infusion and daily bolus into CSF for ninety days; ``readings`` of the six linear states, hourly."""
    e = np.exp(0.2 * normals(patients, len(B1_NOMINAL), seed=2))
    v = {name: value * e[:, i] for i, (name, value) in enumerate(B1_NOMINAL.items())}
    m = np.zeros((patients, 6, 6))
    m[:, 0, 0], m[:, 0, 1] = -v["k12"] - v["kcsf"], v["k21"]
    m[:, 1, 0], m[:, 1, 1], m[:, 1, 2] = v["k12"], -v["k21"] - v["k23"], v["k32"]
    m[:, 2, 1], m[:, 2, 2] = v["k23"], -v["k32"] - v["kabs"]
    m[:, 3, 0], m[:, 3, 2] = v["kcsf"], v["kabs"]
    m[:, 3, 3], m[:, 3, 4] = -(v["CL"] + v["Q"]) / v["V1"], v["Q"] / v["V2"]
    m[:, 4, 3], m[:, 4, 4] = v["Q"] / v["V1"], -v["Q"] / v["V2"]
    m[:, 5, 0], m[:, 5, 5] = v["ke0"], -v["ke0"]
    columns, driver = np.zeros((patients, 2, 6)), np.zeros((patients, 6))
    columns[:, 0, 0], columns[:, 1, 0], driver[:, 5] = v["R"], 1.0, 1.0
    readers = np.broadcast_to(np.eye(6)[list(readings)], (patients, len(readings), 6))
    systems = Systems(m, ((0, 3), (3, 5), (5, 6)), columns, readers)
    turnover = Turnover(v["kin"], v["kout"], np.ones(patients), driver)
    program = (Rate(0, 2160, 1.0, 0), Train(8, 24, 90, 0.1, 1))
    return Problem(systems, turnover, program, TimeGrid(0, 1, 2160), v)


def seven_states_rhs(problem: Problem, patient: int) -> Callable[[float, Array], Array]:
    """The right-hand side of B1 as it is written down, for an independent integrator."""
    v = {name: float(values[patient]) for name, values in problem.table.items()}

    def rhs(_t: float, y: Array) -> Array:
        return np.array(
            [
                v["R"] - v["k12"] * y[0] - v["kcsf"] * y[0] + v["k21"] * y[1],
                v["k12"] * y[0] - v["k21"] * y[1] - v["k23"] * y[1] + v["k32"] * y[2],
                v["k23"] * y[1] - v["k32"] * y[2] - v["kabs"] * y[2],
                v["kcsf"] * y[0] + v["kabs"] * y[2] - (v["CL"] + v["Q"]) / v["V1"] * y[3] + v["Q"] / v["V2"] * y[4],
                v["Q"] / v["V1"] * y[3] - v["Q"] / v["V2"] * y[4],
                v["ke0"] * (y[0] - y[5]),
                v["kin"] * (1.0 + y[5] / (1.0 + y[5])) - v["kout"] * y[6],
            ]
        )

    return rhs
