"""What a prediction returns: bands, never a single line, with what they were made from.

Units: h, ng/mL, NRS 0 to 10. ``low <= mid <= high`` everywhere.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Band:
    """Three arrays of one shape. ``mid`` is the middle member, not a mean."""

    low: Array
    mid: Array
    high: Array


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """Concentration along the spine at ``times_h``; the bands have shape (times, levels)."""

    times_h: Array
    levels: tuple[str, ...]
    csf: Band
    cord: Band


@dataclass(frozen=True, slots=True, eq=False)
class Prediction:
    """Bands of shape (times,) at ``times_h``, and the distribution along the spine at the profile's times.

    ``csf_tip`` and ``cord_tip`` are read at the tip's level, ``cord_target`` at the cord segment of the painful
    dermatome. ``band_source`` says where the bands come from, ``notes`` which parameters nobody has confirmed.
    """

    times_h: Array
    csf_tip: Band
    cord_tip: Band
    cord_target: Band
    plasma: Band
    m6g: Band
    pain: Band
    target: str
    profile: Profile
    band_source: str
    notes: tuple[str, ...]
