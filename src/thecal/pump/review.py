"""A prescription as rows for a review screen: the same order in mg/day, in mL/day, in uL/h and in pulses a day.

A slip of a unit or a decimal shows up in one of them. What is asked for and what whole pulses really give stand side
by side. Rounding is for display alone.
"""

from fractions import Fraction

from thecal.pump.catalog import Known, Profile
from thecal.pump.parts import UNSIGNED, Bridge, PrimingBolus, SingleBolus, Temporary
from thecal.pump.prescription import MinimumRate, MultiRate, PeriodicBolus, Prescription, SimpleContinuous, Stopped
from thecal.quantity import (
    DOSE_RATE,
    DURATION,
    FLOW,
    MASS,
    MS_PER_DAY,
    VOLUME,
    auto,
    decimal_text,
    show,
)


def describe(prescription: Prescription, profile: Profile) -> dict[str, str]:
    """Display rows, label to text, in the order in which people read them."""
    flow = prescription.daily_flow()
    rows = {
        "Program": program_text(prescription),
        "Solution": str(prescription.solution),
        "Route": prescription.route,
        "Dose per day": auto(prescription.dose_rate(), DOSE_RATE),
        "Volume per day": show(flow, FLOW, "mL/day", 6),
        "Flow per hour": show(flow, FLOW, "uL/h", 6),
    }
    for part in prescription.solution.components[1:]:
        rows[f"{part.drug} per day"] = auto(flow * part.concentration, DOSE_RATE)
    rows |= _pulse_rows(prescription, profile)
    for name, window, cap in prescription.caps.windows():
        if name in ("hour", "day") or getattr(prescription.caps, name) is not None:
            rows[_MOST[name]] = f"{_mass(prescription.worst_window(window))} (cap {_mass(cap)})"
    return rows | _part_rows(prescription)


_MOST = {"hour": "Most in 1 hour", "four_hours": "Most in 4 hours", "day": "Most in 24 hours", "week": "Most in 7 days"}


def _part_rows(prescription: Prescription) -> dict[str, str]:
    """What the order holds beside its program."""
    rows = {}
    if (demand := prescription.patient_bolus) is not None:
        rows["Patient bolus"] = (
            f"{_mass(demand.dose)} over {auto(demand.over, DURATION)}, lockout {auto(demand.lockout, DURATION)} "
            f"from its {demand.since}, {demand.count} in {auto(demand.window, DURATION)}"
        )
        most = demand.most_in(MS_PER_DAY) * demand.dose
        rows["Patient boluses, most in 24 hours"] = _mass(most)
    match prescription.once:
        case SingleBolus(dose, over):
            rows["Once"] = f"bolus of {_mass(dose)} over {auto(over, DURATION)}"
        case PrimingBolus(volume, over):
            rows["Once"] = f"priming bolus of {auto(volume, VOLUME)} over {auto(over, DURATION)}, into an empty path"
        case Temporary(dose, length):
            rows["Once"] = f"{auto(dose, DOSE_RATE)} for {auto(length, DURATION)}, then the program by itself"
        case Bridge(steps):
            parts = (f"{show(step.flow, FLOW, 'mL/day', 6)} for {auto(step.length, DURATION)}" for step in steps)
            rows["Once"] = f"bridge: {', '.join(parts)}, then the program"
    fallback = prescription.safety.fallback
    if prescription.safety != UNSIGNED:
        rows["Fallback rate"] = "none signed" if fallback is None else auto(fallback, DOSE_RATE)
        rows |= {f"On {name.replace('_', ' ')}": react for name, react in prescription.safety.reactions}
    return rows


def program_text(prescription: Prescription) -> str:
    """The program in one sentence."""
    match prescription.program:
        case SimpleContinuous(dose):
            return f"continuous, {auto(dose, DOSE_RATE)}"
        case PeriodicBolus(bolus, every, over, basal):
            base = f", with {auto(basal, DOSE_RATE)} between" if basal else ""
            return f"{_mass(bolus)} every {auto(every, DURATION)}, over {auto(over, DURATION)}{base}"
        case MultiRate(steps):
            return ", ".join(f"from {_clock(step.start)} {auto(step.dose, DOSE_RATE)}" for step in steps)
        case MinimumRate(flow):
            return f"minimum rate, {auto(flow, FLOW)}: keeps the mechanism moving, treats nothing"
        case Stopped():
            return "stopped: nothing is given"


def _pulse_rows(prescription: Prescription, profile: Profile) -> dict[str, str]:
    if not isinstance(profile.pulse_nl, Known):
        return {"Pulses per day": f"not known for {profile.name}"}
    pulse = profile.pulse_nl.value
    mass = pulse * prescription.solution.primary.concentration
    count = prescription.daily_flow() / pulse
    least, most = int(count), -int(-count // 1)
    rows = {
        "Pulses per day": decimal_text(count, 6),
        "One pulse": f"{auto(pulse, VOLUME)}, {_mass(mass)}",
        "Dose really given": _mass(least * mass),
    }
    if most != least:
        rows["Dose really given"] += f" or {_mass(most * mass)} in a day of whole pulses, as prescribed on average"
    if isinstance(prescription.program, PeriodicBolus):
        bolus = Fraction(prescription.program.bolus, mass)
        rows["Pulses per bolus"] = decimal_text(bolus, 4)
    return rows


def _mass(fg: int) -> str:
    return auto(fg, MASS)


def _clock(ms: int) -> str:
    minutes, rest = divmod(ms, 60_000)
    text = f"{minutes // 60:02d}:{minutes % 60:02d}"
    return text if rest == 0 else f"{text}:{rest / 1000:06.3f}"
