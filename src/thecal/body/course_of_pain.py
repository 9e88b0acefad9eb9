"""What moves pain beside the drug: placebo, flares, and withdrawal after a stop.

Units: h, NRS 0 to 10, shares from 0 to 1. Sources: ``data/diary.toml`` (placebo, published), ``data/people.toml``
(flares, assumed), the drug's file (dependence, assumed). Random parts come from streams keyed by (seed, patient,
purpose).
"""

import math

import numpy as np
import numpy.typing as npt

from thecal.body.checks import number
from thecal.body.diary import stream
from thecal.body.reference import entry

Array = npt.NDArray[np.float64]


def placebo_relief(
    times_h: npt.ArrayLike, largest: float | None = None, half_time_days: float | None = None, begin_h: float = 0.0
) -> Array:
    """The share of the baseline that placebo alone takes away, from ``begin_h`` on; 0 before.

    None takes the typical published person: 19 % in the end, half of it after 27.7 days. Open studies of a drug count
    this in, and so does the model's Emax: use it for people who get no drug, or for a blinded comparison.
    """
    most = entry("diary", "placebo.largest").value if largest is None else number("largest", largest, "1", 0, 1)
    half = entry("diary", "placebo.half_time").value if half_time_days is None else half_time_days
    number("half_time_days", half, "days", 1e-3)
    since = np.maximum(np.array(times_h, dtype=np.float64) - begin_h, 0.0) / 24.0
    relief: Array = most * -np.expm1(-math.log(2) / half * since)
    return relief


def flares(seed: int, patient: str, times_h: npt.ArrayLike) -> Array:
    """Pain that flares add at ``times_h`` (rising, h): they come at random, rise at once and end at once.

    Drawn day by day, each day from a stream of its own, so that what is asked does not change what is found.
    """
    times = np.array(times_h, dtype=np.float64)
    added = np.zeros(times.size)
    if times.size == 0:
        return added
    rate, height = entry("people", "flare.per_day").value, entry("people", "flare.height").value
    length = entry("people", "flare.hours").value
    for day in range(math.floor(times[0] / 24) - 3, math.floor(times[-1] / 24) + 1):
        random = stream(seed, patient, f"flares of day {day}")
        for _ in range(int(random.poisson(rate))):
            start = 24.0 * day + 24.0 * random.random()
            end, high = start + random.exponential(length), random.exponential(height)
            added[(times >= start) & (times < end)] += high
    return added


def withdrawal(times_h: npt.ArrayLike, load: npt.ArrayLike, drug: str = "morphine", load_before: float = 0.0) -> Array:
    """An index of withdrawal: how far the load lies below the one that the body has got used to; 0 when it does not.

    The load (a pure number, as ``predict`` forms it) is taken as straight between ``times_h``; what the body is used to
    follows it with a half-life of days. An index to rank situations with, not a published score and not a chance.
    """
    times, now = np.array(times_h, dtype=np.float64), np.array(load, dtype=np.float64)
    rate = math.log(2) / (24.0 * entry(drug, "effect.dependence_half_life").value)
    used = np.empty(times.size)
    level = load_before
    for k in range(times.size):
        if k:
            step = rate * (times[k] - times[k - 1])
            keep = math.exp(-step)
            lean = -math.expm1(-step) / step if step > 0 else 1.0
            level = level * keep + now[k - 1] * (lean - keep) + now[k] * (1.0 - lean)
        used[k] = level
    return np.maximum(used - now, 0.0)
