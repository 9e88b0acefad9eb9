"""The patient's body: drug along the spine and in blood, relief, and the diary.

Units: mg, h, ng/mL, NRS 0 to 10. Linear transport is solved exactly; floats live here and in no lower room.
"""

from thecal.body.diary import DiaryEntry, sample_diary, stream
from thecal.body.inputs import Bolus, CatheterRoute, HourlySeries, Infusion, Input, Oral, Release
from thecal.body.person import Compartment, Dispersion, Disposition, Person, Tip, Variation
from thecal.body.predict import nearest_dermatome, predict
from thecal.body.prediction import Band, Prediction, Profile
from thecal.body.reference import DRUGS, problems
from thecal.body.simulate import simulate
from thecal.body.spine import (
    CordSegment,
    Level,
    cord_segments,
    dermatome,
    dermatomes_facing,
    level,
    level_names,
    levels_with_csf,
    spine_levels,
)
from thecal.body.trace import Trace

__all__ = [
    "DRUGS",
    "Band",
    "Bolus",
    "CatheterRoute",
    "Compartment",
    "CordSegment",
    "DiaryEntry",
    "Dispersion",
    "Disposition",
    "HourlySeries",
    "Infusion",
    "Input",
    "Level",
    "Oral",
    "Person",
    "Prediction",
    "Profile",
    "Release",
    "Tip",
    "Trace",
    "Variation",
    "cord_segments",
    "dermatome",
    "dermatomes_facing",
    "level",
    "level_names",
    "levels_with_csf",
    "nearest_dermatome",
    "predict",
    "problems",
    "sample_diary",
    "simulate",
    "spine_levels",
    "stream",
]
