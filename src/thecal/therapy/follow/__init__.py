"""Following a pump: the refill step by step, residuals and causes, stability, battery, MRI, prompts and tapers."""

from thecal.therapy.follow.battery import BatteryPlan, battery_plan
from thecal.therapy.follow.clocks import StabilityClock, stability_clock
from thecal.therapy.follow.mri import MriSheet, mri_sheet
from thecal.therapy.follow.procedure import RefillRun, StepRule, finish, refill_steps, start_refill, take_step
from thecal.therapy.follow.prompts import Prompt, TaperStep, dose_prompts, prompts, taper
from thecal.therapy.follow.residuals import Cause, Residual, causes, residuals

__all__ = [
    "BatteryPlan",
    "Cause",
    "MriSheet",
    "Prompt",
    "RefillRun",
    "Residual",
    "StabilityClock",
    "StepRule",
    "TaperStep",
    "battery_plan",
    "causes",
    "dose_prompts",
    "finish",
    "mri_sheet",
    "prompts",
    "refill_steps",
    "residuals",
    "stability_clock",
    "start_refill",
    "take_step",
    "taper",
]
