"""First-order recurrences over many steps without a loop over steps: ``y[k+1] = keep y[k] + push[k]``.

Inside a block of steps one triangular product does all of it; between blocks the carry doubles its reach each
round. Sums are taken in the same order for every patient, so a result does not depend on who else is computed.
"""

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

BLOCK = 24


def first_order(keep: Array, push: Array, start: Array) -> Array:
    """``y[:, 1:]`` of the recurrence, shape (rows, steps); ``keep`` and ``start`` (rows,), ``push`` (rows, steps)."""
    rows, steps = push.shape
    blocks = -(-steps // BLOCK)
    powers = keep[:, None] ** np.arange(BLOCK + 1)
    if steps != blocks * BLOCK:
        push = np.concatenate([push, np.zeros((rows, blocks * BLOCK - steps))], axis=1)
    lag = np.arange(BLOCK)[None, :] - np.arange(BLOCK)[:, None]
    triangle = np.where(lag >= 0, powers[:, np.maximum(lag, 0)], 0.0)
    inside = push.reshape(rows, blocks, BLOCK) @ triangle
    carry = np.empty((rows, blocks))
    carry[:, 0] = start
    carry[:, 1:] = inside[:, :-1, -1]
    reach, far = powers[:, -1:], 1
    while far < blocks:
        carry[:, far:] = carry[:, far:] + reach * carry[:, :-far]
        reach, far = reach * reach, 2 * far
    inside += carry[:, :, None] * powers[:, None, 1:]
    return inside.reshape(rows, -1)[:, :steps]
