"""What liver and kidney have to deal with: amounts cleared a day, so that routes can be compared.

Units: mg a day of the drug as given (glucuronides are counted as the drug that they were made from). The liver's load
is what it changes, at first pass and later; the kidney's is unchanged drug and glucuronides in urine.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from thecal.body.checks import refuse
from thecal.body.trace import Trace

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Loads:
    """Mean loads between consecutive output times; arrays of shape (times - 1,)."""

    from_h: Array
    to_h: Array
    liver_mg_day: Array
    kidney_mg_day: Array


def organ_loads(trace: Trace) -> Loads:
    """Loads between the trace's output times. Refused with fewer than two of them."""
    if trace.times_h.size < 2:
        raise refuse("times_h", trace.times_h.tolist(), "Give at least two output times.", what="are too few times")
    amounts = trace.amounts_mg()
    made = sum(amounts[name] for name in ("liver_other", "m3g", "m6g", "urine_m3g", "urine_m6g"))
    passed = sum(amounts[name] for name in ("kidney_unchanged", "urine_m3g", "urine_m6g"))
    days = np.diff(trace.times_h) / 24.0
    return Loads(trace.times_h[:-1], trace.times_h[1:], np.diff(made) / days, np.diff(passed) / days)
