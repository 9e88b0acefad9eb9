"""Section 3: what a pump really gives when it rounds to pulses, to whole periods, or to what its screen shows."""

from fractions import Fraction

from thecal.quantity import CONCENTRATION, DOSE_RATE, DURATION, FLOW, MASS, MS_PER_DAY, VOLUME, Refusal, show
from thecal.therapy.calc.calculation import calculation, needed, optional, refuse
from thecal.therapy.calc.result import Answer, count, percent, row
from thecal.therapy.calc.shared_inputs import (
    A_FLOW,
    A_MASS,
    A_TIME,
    MAYBE_DOSE,
    MAYBE_FLOW,
    PULSE,
    STRENGTH,
    floor,
    one_flow,
    warn,
)


@calculation(
    "pulse-rounding",
    3,
    "Pulses, and the dose really given",
    "n = Q / v; T = 86400 s / n, nearest step; Q_actual = v 86400 / T; D_actual = Q_actual C",
    (
        MAYBE_DOSE,
        STRENGTH,
        PULSE,
        MAYBE_FLOW,
        optional("step", A_TIME, "step in which the pump can set the period", "1 s", aliases=("period_step",)),
    ),
    {"dose": "6.5 mg/day", "concentration": "18 mg/mL", "pulse": "2.5 uL"},
    aliases=("pulses", "rounding"),
)
def pulse_rounding(
    dose: Fraction | None, concentration: Fraction, pulse: Fraction, flow: Fraction | None, step: Fraction
) -> Answer:
    """What a pump gives that holds one period of whole steps between pulses; the value is the dose really given.

    An accumulator, as the virtual pumps have, makes no such error: its pulses are exact in the long run.
    """
    wanted = one_flow(flow, dose, concentration)
    pulses = wanted / pulse
    period = MS_PER_DAY / pulses
    steps = round(period / step)
    if steps < 1:
        raise refuse("too_fast", "the pulses would come faster than the pump can time them", "dose", "A larger pulse.")
    real = pulse * MS_PER_DAY / (steps * step)
    given = real * concentration
    rows = (
        count("pulses_per_day", pulses, "/day"),
        row("exact_period", period, DURATION, "s"),
        row("period", steps * step, DURATION, "s"),
        row("flow_asked", wanted, FLOW, "mL/day"),
        row("flow_given", real, FLOW, "mL/day"),
        row("dose_asked", wanted * concentration, DOSE_RATE, "mg/day"),
        percent("error", real / wanted - 1),
        row("mass_per_pulse", pulse * concentration, MASS, "mcg"),
    )
    warnings: tuple[Refusal, ...] = ()
    if period >= 3_600_000:
        what = f"one pulse each {show(period, DURATION, 'min', 4)}: the drug arrives in steps"
        warnings = (warn("steps", what, "Consider a lower concentration."),)
    return Answer(row("dose", given, DOSE_RATE, "mg/day"), rows, warnings)


@calculation(
    "flow-rounding",
    3,
    "Dose at a flow rounded for display",
    "Q_shown = Q rounded to the step; D_shown = Q_shown C",
    (MAYBE_DOSE, STRENGTH, MAYBE_FLOW, optional("step", A_FLOW, "step of the flow on the screen", "0.001 mL/day")),
    {"dose": "6.5 mg/day", "concentration": "18 mg/mL"},
    aliases=("display-rounding",),
)
def flow_rounding(dose: Fraction | None, concentration: Fraction, flow: Fraction | None, step: Fraction) -> Answer:
    """The dose that a flow gives when it is entered as the screen shows it."""
    wanted = one_flow(flow, dose, concentration)
    shown = round(wanted / step) * step
    if not shown:
        raise refuse("below_step", "the flow is less than half a step of the screen", "step", "Use a finer step.")
    rows = (row("flow", shown, FLOW, "mL/day"), percent("error", shown / wanted - 1))
    return Answer(row("dose", shown * concentration, DOSE_RATE, "mg/day"), rows)


@calculation(
    "bolus-rounding",
    3,
    "A bolus as whole pulses",
    "n = floor(b / (v C)); b_actual = n v C",
    (needed("bolus", A_MASS, "the bolus that is asked", aliases=("b", "mass", "dose")), STRENGTH, PULSE),
    {"bolus": "0.3 mg", "concentration": "18 mg/mL", "pulse": "2.5 uL"},
    aliases=("whole-pulses",),
)
def bolus_rounding(bolus: Fraction, concentration: Fraction, pulse: Fraction) -> Answer:
    """A bolus as a whole number of pulses, rounded down; refused when it is less than one."""
    given, pulses, volume = whole_pulses(bolus, concentration, pulse)
    rows = (
        count("pulses", pulses),
        row("volume", volume, VOLUME, "uL"),
        percent("error", given / bolus - 1),
        row("asked", bolus, MASS, "mg"),
    )
    return Answer(row("bolus", given, MASS, "mg"), rows)


def whole_pulses(bolus: Fraction, concentration: Fraction, pulse: Fraction) -> tuple[Fraction, int, Fraction]:
    """Mass, number and volume of the whole pulses in a bolus, rounded down. Raises Refused for less than one."""
    number = floor(bolus / (concentration * pulse))
    if number < 1:
        do = f"At least {show(concentration * pulse, MASS, 'mg', 6)}, or a weaker solution than "
        do += f"{show(concentration, CONCENTRATION, 'mg/mL', 6)}."
        raise refuse("below_pulse", "the bolus is less than one pulse", "bolus", do)
    return number * pulse * concentration, number, number * pulse
