"""Sections 23 and 24: what a stop or stall left out, reconciliation with its doubt, and averages really delivered."""

from fractions import Fraction

from thecal.quantity import DOSE_RATE, DURATION, MASS, MS_PER_DAY, MS_PER_HOUR, VOLUME
from thecal.therapy.calc.calculation import calculation, needed, optional, refuse
from thecal.therapy.calc.reading import counted
from thecal.therapy.calc.result import Answer, Row, count, row
from thecal.therapy.calc.shared_inputs import (
    A_MASS,
    A_TIME,
    A_VOLUME,
    DOSE,
    MAYBE_DOSE,
    MAYBE_FLOW,
    MAYBE_STRENGTH,
    STRENGTH,
    one_flow,
    over,
    volume_input,
    warn,
)
from thecal.therapy.calc.sources import HSA

TUBE_SET_MS = 48 * MS_PER_HOUR
_LOW = optional("stall_low", A_TIME, "shortest time that it may have stood still", zero=True, aliases=("low",))
_HIGH = optional("stall_high", A_TIME, "longest time that it may have stood still", aliases=("high",))


@calculation(
    "stall",
    23,
    "Dose missed in a stop or stall",
    "missed = Q C t; volume = Q t; as [low, high] where the time is doubtful",
    (
        MAYBE_DOSE,
        MAYBE_STRENGTH,
        MAYBE_FLOW,
        optional("time", A_TIME, "how long it stood still", aliases=("duration", "stall", "t")),
        _LOW,
        _HIGH,
    ),
    {"dose": "6.5 mg/day", "concentration": "18 mg/mL", "time": "9.5 h"},
    source=HSA,
    aliases=("stop", "missed-dose", "motor-stall", "mri-stall"),
)
def stall(
    dose: Fraction | None,
    concentration: Fraction | None,
    flow: Fraction | None,
    time: Fraction | None,
    stall_low: Fraction | None,
    stall_high: Fraction | None,
) -> Answer:
    """The drug that a stall left out. It is never caught up: the schedule goes on at its present step.

    The volume that stayed in the reservoir is given when the flow is known, or the dose with its concentration.
    """
    low, high = _span(time, stall_low, stall_high)
    rows = [_range("time", low, high, Fraction(MS_PER_HOUR), "h")]
    if dose is not None and concentration is None and flow is None:
        daily = dose
    else:
        rate = one_flow(flow, dose, concentration)
        if concentration is None:
            raise refuse("input", "it is missing", "concentration", "Give it with the flow, or give the dose.")
        daily = rate * concentration
        said = "the expected residual rises by this"
        rows.insert(0, _range("volume", over(rate, low), over(rate, high), VOLUME.scale("mL"), "mL", said))
    warnings = [warn("no_catch_up", "a missed dose is never caught up", "Resume the schedule at its present step.")]
    if high > TUBE_SET_MS:
        what = "stopped for more than 48 h: the tube may have set, and over-infusion can follow"
        warnings.append(warn("tube_set", what, "Compare the residual within a short interval.", HSA))
    main = _range("missed", over(daily, low), over(daily, high), MASS.scale("mg"), "mg")
    return Answer(main, tuple(rows), tuple(warnings))


@calculation(
    "reconciliation",
    23,
    "Reservoir and delivery with doubt",
    "V = V_start - Q (t - t_stall) - boluses; delivered = Q (t - t_stall) C + boluses C; each as [low, high]",
    (
        volume_input("start", "volume after the last fill", "v_start", "fill", "volume"),
        MAYBE_FLOW,
        MAYBE_DOSE,
        STRENGTH,
        needed("time", A_TIME, "time since the last fill", aliases=("duration", "t")),
        optional("stall_low", A_TIME, "shortest time that it may have stood still", "0 h", zero=True),
        optional("stall_high", A_TIME, "longest time that it may have stood still", zero=True),
        optional("boluses_low", A_VOLUME, "least volume of boluses", "0 mL", zero=True),
        optional("boluses_high", A_VOLUME, "most volume of boluses", zero=True),
    ),
    {
        "start": "20 mL",
        "dose": "6.5 mg/day",
        "concentration": "18 mg/mL",
        "time": "30 days",
        "stall_low": "8 h",
        "stall_high": "11 h",
    },
    aliases=("reconcile",),
)
def reconciliation(  # noqa: PLR0913 - what is known and what is in doubt
    start: Fraction,
    flow: Fraction | None,
    dose: Fraction | None,
    concentration: Fraction,
    time: Fraction,
    stall_low: Fraction,
    stall_high: Fraction | None,
    boluses_low: Fraction,
    boluses_high: Fraction | None,
) -> Answer:
    """What is in the reservoir and what was given, as intervals. Caps take the one end, warnings of loss the other."""
    longest = stall_low if stall_high is None else stall_high
    most = boluses_low if boluses_high is None else boluses_high
    if not stall_low <= longest <= time or boluses_low > most:
        raise refuse(
            "contradiction",
            "a low end is above its high end, or a stall longer than the time",
            "stall_low",
            "Check the ends.",
        )
    rate = one_flow(flow, dose, concentration)
    least_out, most_out = over(rate, time - longest) + boluses_low, over(rate, time - stall_low) + most
    if most_out > start:
        raise refuse("ran_empty", "more would have flowed than there was", "time", "Check times and volumes.")
    rows = (
        _range("delivered", least_out * concentration, most_out * concentration, MASS.scale("mg"), "mg"),
        _range("infused", least_out, most_out, VOLUME.scale("mL"), "mL"),
    )
    return Answer(_range("residual", start - most_out, start - least_out, VOLUME.scale("mL"), "mL"), rows)


@calculation(
    "average",
    24,
    "Average dose really delivered",
    "(D T + n b - missed) / T",
    (
        DOSE,
        needed("time", A_TIME, "length of the window", aliases=("window", "duration", "t")),
        optional("bolus", A_MASS, "mass of one patient bolus", aliases=("b",)),
        optional("boluses", counted(0, 100_000), "boluses that were given", "0", zero=True, aliases=("n",)),
        optional("stalled", A_TIME, "time without delivery", "0 h", zero=True, aliases=("stall",)),
    ),
    {"dose": "6.5 mg/day", "time": "30 days", "boluses": "41", "bolus": "0.25 mg", "stalled": "9.5 h"},
    aliases=("average-dose",),
)
def average(dose: Fraction, time: Fraction, bolus: Fraction | None, boluses: int, stalled: Fraction) -> Answer:
    """The average over a window by what was delivered, beside what was programmed."""
    if boluses and bolus is None:
        raise refuse("input", "the mass of a bolus is not known", "bolus", "Give it, for example '0.25 mg'.")
    if stalled > time:
        raise refuse("contradiction", "the stall is longer than the window", "stalled", "Check both.")
    extra, missed = boluses * (bolus or Fraction(0)), over(dose, stalled)
    total = over(dose, time) + extra - missed
    rows = (
        row("programmed", dose, DOSE_RATE, "mg/day"),
        row("delivered", total, MASS, "mg"),
        row("patient_requested", extra, MASS, "mg"),
        row("missed", missed, MASS, "mg"),
        row("window", time, DURATION, "day"),
        count("boluses", boluses),
    )
    return Answer(row("average", total * MS_PER_DAY / time, DOSE_RATE, "mg/day"), rows)


def _span(time: Fraction | None, low: Fraction | None, high: Fraction | None) -> tuple[Fraction, Fraction]:
    if time is not None and low is None and high is None:
        return time, time
    if time is not None or high is None:
        raise refuse("input", "give the time, or its lowest and highest value", "time", "For example time='9.5 h'.")
    if (low or Fraction(0)) > high:
        raise refuse("contradiction", "the low end is above the high end", "stall_low", "Check both.")
    return low or Fraction(0), high


def _range(name: str, low: Fraction, high: Fraction, scale: Fraction, unit: str, note: str = "") -> Row:
    if low == high:
        return Row(name, low / scale, unit, note)
    return Row(name, None, unit, note, low / scale, high / scale)
