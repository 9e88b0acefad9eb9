"""What pharmacologists read off a curve: half-life, area, peak. Units: those of the curve."""

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def half_life(times: Array, values: Array, first: float, last: float) -> float:
    """Half-life of the straight line through log ``values`` between ``first`` and ``last``."""
    among = (times >= first - 1e-9) & (times <= last + 1e-9)
    slope = np.polyfit(times[among], np.log(values[among]), 1)[0]
    return float(-np.log(2) / slope)


def back_extrapolated(times: Array, values: Array, first: float, last: float) -> float:
    """Value at time 0 of the straight line through log ``values`` between ``first`` and ``last``."""
    among = (times >= first - 1e-9) & (times <= last + 1e-9)
    return float(np.exp(np.polyfit(times[among], np.log(values[among]), 1)[1]))


def area(times: Array, values: Array) -> float:
    """Area under the curve by trapezoids, with the rest behind the last time by its last slope."""
    whole = float(np.trapezoid(values, times))
    fall = np.log(values[-2] / values[-1]) / (times[-1] - times[-2])
    return whole + float(values[-1] / fall) if fall > 0 else whole


def peak(times: Array, values: Array) -> tuple[float, float]:
    """Highest value and its time, by the parabola through the three points around the top."""
    k = int(np.argmax(values))
    if k == 0 or k == values.size - 1:
        return float(values[k]), float(times[k])
    around = slice(k - 1, k + 2)
    a, b, c = np.polyfit(times[around] - times[k], values[around], 2)
    if a >= 0:
        return float(values[k]), float(times[k])
    return float(c - b**2 / (4 * a)), float(times[k] - b / (2 * a))


def at(times: Array, values: Array, time: float) -> float:
    """Value at ``time``, by straight lines."""
    return float(np.interp(time, times, values))


def time_to_half(times: Array, cumulative: Array) -> float:
    """When a cumulative amount first reaches half of its highest value."""
    top = int(np.argmax(cumulative))
    return float(np.interp(cumulative[top] / 2, cumulative[: top + 1], times[: top + 1]))


def falls_below(times: Array, values: Array, level: float) -> float:
    """When ``values`` last falls through ``level``, by straight lines; the last time if it never does."""
    above = np.flatnonzero(values >= level)
    if above.size == 0:
        return float(times[0])
    k = int(above[-1])
    if k + 1 == times.size:
        return float(times[-1])
    share = (values[k] - level) / (values[k] - values[k + 1])
    return float(times[k] + share * (times[k + 1] - times[k]))
