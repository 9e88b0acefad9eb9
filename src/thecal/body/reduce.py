"""A smaller model for many patients: the spine's 313 states seen through a few vectors that all patients share.

Amounts are divided by the root of what each compartment would hold at equilibrium; then the spine's matrix is
symmetric, and so is its projection on orthonormal vectors: it stays stable, and its modes stay real. The vectors
are the leading directions of exact answers ``(s - A)^-1 b`` at a few rates ``s`` (rational Krylov), for the drug's
entrance and for each reading, of patients sampled widely. Plasma, metabolites and effect sites are kept whole.
Units: h, mg. Error on a population: ``docs/body/benchmarks.md``; tested in ``tests/body/test_reduce.py``.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from thecal.body.assembly import WAYS_OUT, Elements, elements, layout
from thecal.body.grid import make_grid
from thecal.body.model import Frame
from thecal.body.modes import Modes, find_modes_of_many
from thecal.body.parameters import Parameters
from thecal.body.stack import stack

Array = npt.NDArray[np.float64]
Index = npt.NDArray[np.intp]
Vectors = Callable[[Frame], Array]  # vectors of shape (patients, how many, states) of a frame of many patients

MODES = 40
SHIFTS_PER_H = (0.0, 0.02, 0.1, 0.4, 1.5, 6.0, 25.0)


@dataclass(frozen=True, slots=True, eq=False)
class Spine:
    """The symmetric spine of many patients: ``diagonal`` (p, n), ``coupling`` (p, e) between ``upper`` and ``lower``.

    ``scale`` (p, n): amount = scale x symmetric state. ``rest`` (p, k, k) is the matrix of all other states that are
    kept, ``feed`` (p, n) what each symmetric state gives to plasma.
    """

    diagonal: Array
    coupling: Array
    upper: Index
    lower: Index
    scale: Array
    feed: Array
    rest: Array
    plasma: int


def frame_of(patients: Sequence[Parameters]) -> Frame:
    """The rows and columns of many patients of one drug; their shape is (patients, states)."""
    together = stack(patients)
    spine = together.spine
    grid = make_grid(spine.length_scale, csf_scale=spine.csf_scale, cord_scale=spine.cord_scale)
    return Frame(together, grid, layout(grid, len(together.systemic.peripherals)))


def spine_of(frame: Frame) -> Spine:
    """The matrices of a frame of many patients, with the spine made symmetric."""
    found = _summed(elements(frame.parameters.spine, frame.parameters.systemic, frame.grid, frame.where))
    last = frame.where.blocks[0][1]
    kept = len(frame.names) - len(WAYS_OUT)
    row, column, value = found.row, found.column, found.value
    inside = (row < last) & (column < last)
    diagonal = np.ascontiguousarray(value[:, inside & (row == column)])
    ahead = np.flatnonzero(inside & (row > column))  # one for each state but the first, in order: the tree
    back = {(int(c), int(r)): k for k, (r, c) in enumerate(zip(row, column, strict=True))}
    down, up = value[:, ahead], value[:, [back[int(row[k]), int(column[k])] for k in ahead]]
    scale = np.ones((value.shape[0], last))
    for k, edge in enumerate(ahead):
        scale[:, row[edge]] = scale[:, column[edge]] * np.sqrt(down[:, k] / up[:, k])
    plasma = frame.where.index["plasma"]
    feed = np.zeros_like(scale)
    feeds = (row == plasma) & (column < last)
    feed[:, column[feeds]] = value[:, feeds]
    rest = np.zeros((value.shape[0], kept - last, kept - last))
    others = (row >= last) & (row < kept) & (column >= last)
    rest[:, row[others] - last, column[others] - last] = value[:, others]
    coupling = np.ascontiguousarray(np.sqrt(down * up))
    return Spine(diagonal, coupling, column[ahead], row[ahead], scale, feed * scale, rest, plasma - last)


def _summed(found: Elements) -> Elements:
    """Elements of one place added up, places in order of row and column."""
    size = int(max(found.row.max(), found.column.max())) + 1
    place = found.row * size + found.column
    order = np.argsort(place, kind="stable")
    distinct, first = np.unique(place[order], return_index=True)
    return Elements(distinct // size, distinct % size, np.add.reduceat(found.value[:, order], first, axis=1))


@dataclass(frozen=True, slots=True, eq=False)
class Basis:
    """Orthonormal ``vectors`` (n, modes) of the symmetric spine."""

    vectors: Array

    @classmethod
    def find(cls, sample: Sequence[Parameters], entrances: Vectors, readings: Vectors, modes: int = MODES) -> "Basis":
        """From exact answers of the ``sample`` to the ``entrances`` and, backwards, of the ``readings``."""
        frame = frame_of(sample)
        spine = spine_of(frame)
        size = spine.diagonal.shape[1]
        asked = np.concatenate(
            [
                entrances(frame)[..., :size] / spine.scale[:, None, :],
                readings(frame)[..., :size] * spine.scale[:, None, :],
                spine.feed[:, None, :],
            ],
            axis=1,
        )
        snapshots = np.concatenate([_answers(spine, k, asked[k]) for k in range(len(sample))])
        snapshots /= np.linalg.norm(snapshots, axis=1, keepdims=True)
        vectors = np.linalg.eigh(snapshots.T @ snapshots)[1][:, : -modes - 1 : -1]
        return cls(np.ascontiguousarray(vectors))

    def project(self, spine: Spine) -> Array:
        """The symmetric matrices of ``spine`` on the vectors, shape (patients, modes, modes)."""
        half = 0.5 * spine.diagonal[:, :, None] * self.vectors
        half[:, 1:] += spine.coupling[:, :, None] * self.vectors[spine.upper]
        one_way = self.vectors.T @ half
        return one_way + np.swapaxes(one_way, 1, 2)


def _answers(spine: Spine, patient: int, asked: Array) -> Array:
    from scipy.linalg import solveh_banded  # here, because it takes long to import

    reach = int((spine.lower - spine.upper).max())
    band = np.zeros((reach + 1, asked.shape[1]))
    band[spine.lower - spine.upper, spine.upper] = -spine.coupling[patient]
    found = []
    for shift in SHIFTS_PER_H:
        band[0] = shift - spine.diagonal[patient]
        found.append(solveh_banded(band, asked[asked.any(axis=1)].T, lower=True, check_finite=False).T)
    return np.concatenate(found)


@dataclass(frozen=True, slots=True, eq=False)
class Reduced:
    """Many patients by modes: ``rates`` (p, m), ``columns`` (p, c, m) and ``readers`` (p, r, m), for ``periodic``."""

    rates: Array
    columns: Array
    readers: Array


def reduce_to(basis: Basis, frame: Frame, entrances: Array, readings: Array) -> Reduced:
    """The patients of ``frame`` on ``basis``; ``entrances`` (p, c, states) and ``readings`` (p, r, states)."""
    spine = spine_of(frame)
    patients, size = spine.diagonal.shape
    width = basis.vectors.shape[1]
    rates, turn = np.linalg.eigh(basis.project(spine))
    others = spine.rest.shape[1]
    whole = np.zeros((patients, width + others, width + others))
    whole[:, np.arange(width), np.arange(width)] = rates
    whole[:, width:, width:] = spine.rest
    whole[:, width + spine.plasma, :width] = (spine.feed[:, None, :] @ basis.vectors @ turn)[:, 0]
    blocks = [(0, width)] + [
        (first - size + width, last - size + width) for first, last in frame.where.blocks[1:] if last <= size + others
    ]
    modes: Modes = find_modes_of_many(whole, tuple(blocks))
    columns = _seen(entrances, 1.0 / spine.scale, basis, turn, others) @ np.swapaxes(modes.inverse, 1, 2)
    readers = _seen(readings, spine.scale, basis, turn, others) @ modes.vectors
    return Reduced(modes.rates, columns, readers)


def _seen(rows: Array, scale: Array, basis: Basis, turn: Array, others: int) -> Array:
    """Rows of the whole model as rows of the reduced one."""
    size = scale.shape[1]
    spinal = (rows[..., :size] * scale[:, None, :]) @ basis.vectors @ turn
    return np.concatenate([spinal, rows[..., size : size + others]], axis=2)
