"""Exact quantiles of many 32-bit values, by counting instead of sorting.

The bits of a float, read as an integer, keep its order; the upper half of them says in which small group a rank
lies, and only that group is sorted. The answer does not depend on the order of the values.
"""

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float32]


def quantiles(values: Values, shares: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The quantiles ``shares`` (0 to 1) of a row of finite values, interpolated between neighbours in rank."""
    place = shares * (values.size - 1)
    low = np.floor(place).astype(np.intp)
    high = np.minimum(low + 1, values.size - 1)
    ranks, where = np.unique(np.concatenate([low, high]), return_inverse=True)
    found = _order_statistics(np.ascontiguousarray(values, dtype=np.float32), ranks)[where]
    below, above = found[: low.size], found[low.size :]
    between: npt.NDArray[np.float64] = below + (above - below) * (place - low)
    return between


def _order_statistics(values: Values, ranks: npt.NDArray[np.intp]) -> npt.NDArray[np.float64]:
    bits = values.view(np.int32)
    group = ((bits ^ ((bits >> 31) | np.int32(-(2**31)))) >> 16).astype(np.int16).view(np.uint16)
    counts = np.bincount(group, minlength=2**16)
    upto = np.cumsum(counts)
    found = np.empty(ranks.size)
    for number in np.unique(np.searchsorted(upto, ranks, side="right")):
        first = upto[number] - counts[number]
        inside = np.sort(values[group == np.uint16(number)])
        mine = (ranks >= first) & (ranks < upto[number])
        found[mine] = inside[ranks[mine] - first]
    return found
