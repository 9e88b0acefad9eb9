"""Inputs that many calculations share, and the small sums that they have in common."""

from fractions import Fraction

from thecal.quantity import CONCENTRATION, DOSE_RATE, DURATION, FLOW, MASS, MS_PER_DAY, VOLUME, Refusal, auto
from thecal.therapy.calc.calculation import Input, needed, optional, refuse, sentence
from thecal.therapy.calc.reading import quantity
from thecal.therapy.calc.sources import Source

A_VOLUME, A_MASS, A_TIME = quantity(VOLUME), quantity(MASS), quantity(DURATION)
A_DOSE, A_FLOW, A_CONCENTRATION = quantity(DOSE_RATE), quantity(FLOW), quantity(CONCENTRATION)

DOSE = needed("dose", A_DOSE, "daily dose of the primary drug", aliases=("d", "daily_dose", "dose_rate"))
STRENGTH = needed("concentration", A_CONCENTRATION, "concentration in the reservoir", aliases=("c", "conc", "strength"))
FLOW_RATE = needed("flow", A_FLOW, "flow of the pump", aliases=("q", "rate", "flow_rate"))
CATHETER = needed(
    "catheter_volume",
    A_VOLUME,
    "volume inside the catheter, from port to tip",
    aliases=("v_cat", "catheter", "dead_volume"),
)
PULSE = needed("pulse", A_VOLUME, "volume of one pulse or step of the pump", aliases=("pulse_volume", "v_pulse"))

MAYBE_DOSE = optional(
    "dose", A_DOSE, "daily dose, with the concentration instead of a flow", aliases=("d", "daily_dose")
)
MAYBE_STRENGTH = optional(
    "concentration", A_CONCENTRATION, "concentration in the reservoir", aliases=("c", "conc", "strength")
)
MAYBE_FLOW = optional(
    "flow", A_FLOW, "flow of the pump; or give dose and concentration", aliases=("q", "rate", "flow_rate")
)
MAYBE_PULSE = optional(
    "pulse", A_VOLUME, "volume of one pulse, to round a bolus down to whole ones", aliases=("pulse_volume", "v_pulse")
)


PARTS = (
    optional(
        "pump_volume", A_VOLUME, "volume inside the pump, in place of the whole", aliases=("v_pump", "tubing_volume")
    ),
    optional(
        "catheter_volume", A_VOLUME, "volume of the catheter, in place of the whole", aliases=("v_cat", "catheter")
    ),
)
"""The two parts of a fluid path, for those who have them apart."""


def volume_input(name: str, help_: str, *aliases: str) -> Input:
    """A volume that must be given, above zero."""
    return needed(name, A_VOLUME, help_, aliases=aliases)


def one_flow(flow: Fraction | None, dose: Fraction | None, concentration: Fraction | None) -> Fraction:
    """The flow in nL/day that is given, or that follows from dose and concentration.

    Raises Refused when neither is given, and when both are and contradict each other.
    """
    derived = dose / concentration if dose is not None and concentration is not None else None
    if flow is None and derived is None:
        raise refuse("flow_missing", "the flow is not known", "flow", "Give the flow, or dose and concentration.")
    if flow is not None and derived is not None and flow != derived:
        what = f"{auto(flow, FLOW)} is not the flow of this dose and concentration, {auto(derived, FLOW)}"
        raise refuse("contradiction", what, "flow", "Give the flow, or dose and concentration, not both.")
    found = flow if flow is not None else derived
    assert found is not None, "one of the two is there"
    return found


def over(amount_per_day: Fraction, ms: Fraction) -> Fraction:
    """What a rate a day gives in ``ms``."""
    return amount_per_day * ms / MS_PER_DAY


def needs(value: Fraction, rate_per_day: Fraction) -> Fraction:
    """How many ms a rate a day needs for ``value``."""
    return value * MS_PER_DAY / rate_per_day


def floor(value: Fraction) -> int:
    """The next whole number below."""
    return value.numerator // value.denominator


def ceiling(value: Fraction) -> int:
    """The next whole number above."""
    return -(-value.numerator // value.denominator)


def warn(code: str, what: str, do: str = "", source: Source | None = None, *, confirmed: bool = True) -> Refusal:
    """A warning beside a result. It says so when nobody has read its source again, or when it has none to read."""
    if source is None:
        return Refusal(code, sentence(what), "", do, "", confirmed)
    return Refusal(code, sentence(what), "", do, source.text, source.confirmed)


def path_volume(volume: Fraction | None, pump: Fraction | None, catheter: Fraction | None) -> Fraction:
    """The volume of the path as it is given, or of its parts. Raises Refused when neither or both are there."""
    if volume is None and catheter is not None:
        return (pump or Fraction(0)) + catheter
    if volume is None:
        do = "Give the volume, or catheter_volume with pump_volume where the pump holds old fluid too."
        raise refuse("input", "the volume between reservoir and tip is not known", "volume", do)
    if pump is not None or catheter is not None:
        raise refuse("contradiction", "the volume is given in two ways", "volume", "Give the whole, or its parts.")
    return volume
