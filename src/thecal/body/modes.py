"""The exact propagator of ``dx/dt = A x + b`` by modes: ``A V = V diag(rates)``.

Inside a block (spine, plasma) drug goes back and forth along a tree of compartments, so a diagonal scaling
makes the block symmetric: its modes are real, decay, and are found to rounding. Between blocks drug goes one
way, so the modes of the whole follow by substitution. Rates are in 1/h, at most zero.
"""

from collections import deque
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

_APART = 1e-7  # two coupled rates nearer than this (relative) are moved apart by it; see docs/body/model.md


@dataclass(frozen=True, slots=True, eq=False)
class Modes:
    """``vectors`` maps modal to physical states, ``inverse`` back; ``rates`` has shape (states,)."""

    rates: Array
    vectors: Array
    inverse: Array

    def decay(self, hours: float) -> Array:
        """``exp(rates * hours)``."""
        return np.exp(self.rates * hours)

    def gain(self, hours: float) -> Array:
        """``integral of exp(rates * s) ds`` from 0 to ``hours``: what a constant input of 1 leaves behind."""
        safe = np.where(self.rates == 0.0, 1.0, self.rates)
        return np.where(self.rates == 0.0, hours, np.expm1(self.rates * hours) / safe)

    def propagator(self, hours: float) -> Array:
        """The matrix exponential of ``A * hours``, shape (states, states)."""
        exact: Array = (self.vectors * self.decay(hours)) @ self.inverse
        return exact


def find_modes(matrix: Array, blocks: tuple[tuple[int, int], ...]) -> Modes:
    """Modes of a matrix that is block lower-triangular with ``blocks``, each a tree of two-way exchanges.

    Raises ValueError when a block is not such a tree (a fault of the assembly).
    """
    many = find_modes_of_many(matrix[None], blocks)
    return Modes(many.rates[0], many.vectors[0], many.inverse[0])


def find_modes_of_many(matrices: Array, blocks: tuple[tuple[int, int], ...]) -> Modes:
    """The same for matrices of one pattern, shape (patients, states, states); every field gains that first axis."""
    patients, size = matrices.shape[:2]
    rates, vectors, inverse = np.zeros((patients, size)), np.zeros(matrices.shape), np.zeros(matrices.shape)
    for first, last in blocks:
        here, before = slice(first, last), slice(0, first)
        own_rates, own_vectors, own_inverse = _tree_modes(matrices[:, here, here])
        fed = own_inverse @ (matrices[:, here, before] @ vectors[:, before, before])
        gaps = rates[:, None, before] - own_rates[:, :, None]
        near = (fed != 0.0) & (np.abs(gaps) < _APART * np.abs(own_rates[:, :, None]))
        if near.any():
            own_rates = np.where(near.any(axis=2), own_rates * (1.0 + 2.0 * _APART), own_rates)
            gaps = rates[:, None, before] - own_rates[:, :, None]
        share = np.divide(fed, gaps, out=np.zeros_like(fed), where=fed != 0.0)
        rates[:, here], vectors[:, here, here], inverse[:, here, here] = own_rates, own_vectors, own_inverse
        vectors[:, here, before] = own_vectors @ share
        inverse[:, here, before] = -share @ inverse[:, before, before]
    return Modes(rates, vectors, inverse)


def _tree_modes(block: Array) -> tuple[Array, Array, Array]:
    if block.shape[1] == 1:
        return block[:, 0].copy(), np.ones(block.shape), np.ones(block.shape)
    if not block[:, ~np.eye(block.shape[1], dtype=np.bool_)].any():
        unit = np.broadcast_to(np.eye(block.shape[1]), block.shape)
        return np.diagonal(block, axis1=1, axis2=2).copy(), unit, unit
    scale = _symmetrising_scale(block)
    symmetric = block * scale[:, None, :] / scale[:, :, None]
    turned = np.swapaxes(symmetric, 1, 2)
    if not np.allclose(symmetric, turned, rtol=1e-9, atol=1e-12 * np.abs(symmetric).max()):
        raise ValueError("the compartments of a block do not form a tree of two-way exchanges")
    rates, modes = np.linalg.eigh((symmetric + turned) / 2)
    return rates, scale[:, :, None] * modes, np.swapaxes(modes, 1, 2) / scale[:, None, :]


def _symmetrising_scale(block: Array) -> Array:
    """Scale s with ``block[i, j] s_j / s_i`` symmetric: the square root of the amounts at equilibrium."""
    linked = (block > 0).any(axis=0)
    scale = np.zeros(block.shape[:2])
    for root in range(block.shape[1]):
        if scale[0, root]:
            continue
        scale[:, root] = 1.0
        waiting = deque([root])
        while waiting:
            here = waiting.popleft()
            for there in np.flatnonzero(linked[:, here] & linked[here]):
                if not scale[0, there]:
                    scale[:, there] = scale[:, here] * np.sqrt(block[:, there, here] / block[:, here, there])
                    waiting.append(int(there))
    return scale
