"""The patient's body: drug along the spine and in blood, relief, and the diary.

Units: mg, h, ng/mL, NRS 0 to 10. Linear transport is solved exactly; floats live here and in no lower room.
"""

from thecal.body.batch import Batch, Plan, run_batch
from thecal.body.breathing import Breathing, breathing
from thecal.body.compare import Arm, Comparison, Figure, Therapy, compare
from thecal.body.course_of_pain import flares, placebo_relief, withdrawal
from thecal.body.diary import DiaryEntry, Habit, sample_diary, sample_habit, stream
from thecal.body.failure import Failure
from thecal.body.implicit import Changing, simulate_changing
from thecal.body.inputs import Bolus, CatheterRoute, HourlySeries, Infusion, Input, Oral, Release
from thecal.body.leak import Leak, leaking, several_tips
from thecal.body.organs import Loads, organ_loads
from thecal.body.person import Compartment, Dispersion, Disposition, Person, Tip, Variation
from thecal.body.planned import PulseTrain
from thecal.body.population import Answer, Patient, answers, sample_patient, without_variation
from thecal.body.predict import nearest_dermatome, predict
from thecal.body.prediction import Band, Prediction, Profile
from thecal.body.preview import Preview
from thecal.body.recall import recalled_pain
from thecal.body.reference import DRUGS, problems, refused_outputs
from thecal.body.side_effects import SideEffect, side_effects
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
from thecal.body.stimulation import STIMULATORS, Stimulation, Stimulator, stimulation, stimulation_relief
from thecal.body.trace import Trace

__all__ = [
    "DRUGS",
    "STIMULATORS",
    "Answer",
    "Arm",
    "Band",
    "Batch",
    "Bolus",
    "Breathing",
    "CatheterRoute",
    "Changing",
    "Comparison",
    "Compartment",
    "CordSegment",
    "DiaryEntry",
    "Dispersion",
    "Disposition",
    "Failure",
    "Figure",
    "Habit",
    "HourlySeries",
    "Infusion",
    "Input",
    "Leak",
    "Level",
    "Loads",
    "Oral",
    "Patient",
    "Person",
    "Plan",
    "Prediction",
    "Preview",
    "Profile",
    "PulseTrain",
    "Release",
    "SideEffect",
    "Stimulation",
    "Stimulator",
    "Therapy",
    "Tip",
    "Trace",
    "Variation",
    "answers",
    "breathing",
    "compare",
    "cord_segments",
    "dermatome",
    "dermatomes_facing",
    "flares",
    "leaking",
    "level",
    "level_names",
    "levels_with_csf",
    "nearest_dermatome",
    "organ_loads",
    "placebo_relief",
    "predict",
    "problems",
    "recalled_pain",
    "refused_outputs",
    "run_batch",
    "sample_diary",
    "sample_habit",
    "sample_patient",
    "several_tips",
    "side_effects",
    "simulate",
    "simulate_changing",
    "spine_levels",
    "stimulation",
    "stimulation_relief",
    "stream",
    "withdrawal",
    "without_variation",
]
