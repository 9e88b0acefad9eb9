"""Units at the edges, exact integers inside.

Inside Thecal a quantity is a plain ``int`` in the one unit of its kind: volume in nL, mass in fg,
concentration in fg/nL (the same number as ng/mL), time in ms, dose rate in fg/day, flow in nL/day,
length in mm, volume per length in nL/mm. ``parse`` reads text with a unit, ``show`` writes it; nothing
else converts.
"""

from thecal.quantity.kinds import (
    BODY_WEIGHT,
    CONCENTRATION,
    DOSE_RATE,
    DURATION,
    FLOW,
    KINDS,
    LENGTH,
    MASS,
    MS_PER_DAY,
    MS_PER_HOUR,
    VOLUME,
    VOLUME_PER_LENGTH,
    Kind,
)
from thecal.quantity.parsing import QuantityError, parse
from thecal.quantity.refusal import Refusal, Refused
from thecal.quantity.showing import auto, decimal_text, show

__all__ = [
    "BODY_WEIGHT",
    "CONCENTRATION",
    "DOSE_RATE",
    "DURATION",
    "FLOW",
    "KINDS",
    "LENGTH",
    "MASS",
    "MS_PER_DAY",
    "MS_PER_HOUR",
    "VOLUME",
    "VOLUME_PER_LENGTH",
    "Kind",
    "QuantityError",
    "Refusal",
    "Refused",
    "auto",
    "decimal_text",
    "parse",
    "show",
]
