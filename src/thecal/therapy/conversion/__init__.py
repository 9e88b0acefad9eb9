"""Conversion between routes and drugs as cited bands that a person signs; morphine equivalents to count.

A ratio that is safe going in (a large number, a small intrathecal dose) is unsafe coming out: each has its way.
Doses fg/day, single doses fg; exact rationals. Ratios, caps and reductions are data (data/conversions.toml).
"""

from thecal.therapy.conversion.caps import Ceiling, caps, single_dose_findings
from thecal.therapy.conversion.mme import Count, daily_mme, factor_sets, mme_factors, read_day
from thecal.therapy.conversion.ratios import DIRECTIONS, Band, Ratio, ladder, ratio, ratios
from thecal.therapy.conversion.reductions import Reduction, reduction, reductions
from thecal.therapy.conversion.rotate import Rotation, equianalgesic, rotate
from thecal.therapy.conversion.routes import Conversion, convert

__all__ = [
    "DIRECTIONS",
    "Band",
    "Ceiling",
    "Conversion",
    "Count",
    "Ratio",
    "Reduction",
    "Rotation",
    "caps",
    "convert",
    "daily_mme",
    "equianalgesic",
    "factor_sets",
    "ladder",
    "mme_factors",
    "ratio",
    "ratios",
    "read_day",
    "reduction",
    "reductions",
    "rotate",
    "single_dose_findings",
]
