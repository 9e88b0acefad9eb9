"""Series of many small linear systems, each with its own coefficients, and of a response that they drive.

Units are the caller's: one unit of time, one of amount. The systems are solved in closed form (``periodic``); the
response ``y' = kin (1 + S / (1 + S)) - kout y`` of a linear reading ``S`` is integrated between grid times by Gauss
quadrature against its own exact decay. Every patient is computed by the same operations, whoever stands beside.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from thecal.body.checks import refuse
from thecal.body.modes import Modes, find_modes_of_many
from thecal.body.parallel import over_chunks
from thecal.body.periodic import Answer, Item, TimeGrid
from thecal.body.scan import first_order

Array = npt.NDArray[np.float64]

_CACHED = 2**20  # readings computed at a stretch, so that they stay in cache
_NODES = 0.5 + np.sqrt(0.15) * np.array([-1.0, 0.0, 1.0])  # Gauss and Legendre's three points on a step of 1
_WEIGHTS = np.array([5.0, 8.0, 5.0]) / 18.0


@dataclass(frozen=True, slots=True, eq=False)
class Turnover:
    """A response that ``driver`` (patients, states), read from the states, turns over; it begins at ``start``.

    ``kin``, ``kout`` and ``start`` have shape (patients,). Inputs must change on the time grid alone.
    """

    kin: Array
    kout: Array
    start: Array
    driver: Array


@dataclass(frozen=True, slots=True, eq=False)
class Systems:
    """``dx/dt = A x`` for many patients: ``matrices`` (patients, states, states), block lower-triangular by ``blocks``.

    Each block is a tree of two-way exchanges. ``columns`` (patients, columns, states) is where one unit of an input
    enters, ``readers`` (patients, readings, states) what is read; None reads every state.
    """

    matrices: Array
    blocks: tuple[tuple[int, int], ...]
    columns: Array
    readers: Array | None = None

    def __post_init__(self) -> None:
        sound = np.isfinite(self.matrices).all(axis=(1, 2)) & np.isfinite(self.columns).all(axis=(1, 2))
        if not sound.all():
            where = int(np.flatnonzero(~sound)[0])
            raise refuse(f"matrices[{where}]", "not finite", "Give finite coefficients.", what="for this patient")

    @property
    def patients(self) -> int:
        """How many systems there are."""
        return int(self.matrices.shape[0])

    @property
    def readings(self) -> int:
        """How many readings a system has."""
        return int((self.matrices if self.readers is None else self.readers).shape[1])


def series(
    systems: Systems,
    program: Sequence[Item],
    grid: TimeGrid,
    turnover: Turnover | None = None,
    threads: int | None = None,
    chunk: int | None = None,
) -> Array:
    """Readings at every time, shape (patients, times, readings); a turnover adds its response as the last one.

    ``threads`` None uses every core; ``chunk`` patients are computed at a stretch. Neither changes a bit of the result.
    """
    extra = 0 if turnover is None else 1
    out = np.empty((systems.patients, grid.count, systems.readings + extra))
    size = max(_CACHED // (grid.count * (systems.readings + extra)), 1) if chunk is None else chunk

    def work(piece: slice) -> None:
        solved = Solved.of(systems, turnover, piece)
        solved.write(program, grid, out[piece])

    over_chunks(systems.patients, size, work, threads)
    return out


@dataclass(frozen=True, slots=True, eq=False)
class Solved:
    """A chunk of systems by modes: rates (p, m), columns (p, c, m), readers and driver (p, r, m)."""

    rates: Array
    columns: Array
    readers: Array
    driver: Array | None
    kin: Array
    kout: Array
    start: Array

    @classmethod
    def of(cls, systems: Systems, turnover: Turnover | None, piece: slice) -> "Solved":
        """Modes of the patients ``piece``; a response gets an empty reading of its own at the end."""
        modes: Modes = find_modes_of_many(systems.matrices[piece], systems.blocks)
        columns = systems.columns[piece] @ np.swapaxes(modes.inverse, 1, 2)
        readers = modes.vectors if systems.readers is None else systems.readers[piece] @ modes.vectors
        if turnover is None:
            none = np.empty(0)
            return cls(modes.rates, columns, readers, None, none, none, none)
        readers = np.concatenate([readers, np.zeros((readers.shape[0], 1, readers.shape[2]))], axis=1)
        driver = turnover.driver[piece, None, :] @ modes.vectors
        return cls(
            modes.rates, columns, readers, driver, turnover.kin[piece], turnover.kout[piece], turnover.start[piece]
        )

    def write(self, program: Sequence[Item], grid: TimeGrid, out: Array, start: Array | None = None) -> Array:
        """Fill ``out`` (patients, times, readings) and return the response's value one step after the last time.

        ``start`` (patients,) is the response at the grid's first time, where that is not the problem's own start.
        """
        begun = self.start if start is None else start
        Answer(self.rates, self.columns, self.readers, grid).run(program, out)
        if self.driver is None:
            return begun
        used = (self.driver != 0.0).any(axis=(0, 1))
        nodes = np.repeat(self.driver[:, :, used], _NODES.size, axis=1)
        look = (1.0 - _NODES) * grid.step_h
        later = TimeGrid(grid.start_h + grid.step_h, grid.step_h, grid.count)
        load = Answer(self.rates[:, used], self.columns[:, :, used], nodes, later, look).run(program)
        np.divide(load, 1.0 + load, out=load)
        weights = (self.kin * grid.step_h)[:, None] * _WEIGHTS * np.exp(-self.kout[:, None] * look)
        push = (load @ weights[:, :, None])[:, :, 0]
        push += (self.kin / self.kout * -np.expm1(-self.kout * grid.step_h))[:, None]
        response = first_order(np.exp(-self.kout * grid.step_h), push, begun)
        out[:, 0, -1] = begun
        out[:, 1:, -1] = response[:, :-1]
        after: Array = response[:, -1]
        return after
