"""The patient's body: drug along the spine and in blood, relief, and the diary.

Units: mg, h, ng/mL, NRS 0 to 10. Linear transport is solved exactly; floats live here and in no lower room.
"""

from thecal.body.inputs import Bolus, HourlySeries, Infusion, Input, Oral
from thecal.body.person import Person, Tip
from thecal.body.prediction import Band, Prediction, Profile
from thecal.body.reference import problems
from thecal.body.spine import (
    CordSegment,
    Level,
    cord_segments,
    dermatomes_facing,
    level_names,
    levels_with_csf,
    spine_levels,
)

__all__ = [
    "Band",
    "Bolus",
    "CordSegment",
    "HourlySeries",
    "Infusion",
    "Input",
    "Level",
    "Oral",
    "Person",
    "Prediction",
    "Profile",
    "Tip",
    "cord_segments",
    "dermatomes_facing",
    "level_names",
    "levels_with_csf",
    "problems",
    "spine_levels",
]
