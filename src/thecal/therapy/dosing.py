"""Flow, pulses and the dose really given: the sums between a dose, a concentration and a pump.

Units: dose fg/day, concentration fg/nL, flow nL/day, volume nL, mass fg, time ms. Results are exact rationals;
only what a pump really does is rounded, and a dose then rounds down. Formulas: docs/therapy/dosing.md.
"""

from dataclasses import dataclass
from fractions import Fraction

from thecal.quantity import CONCENTRATION, FLOW, MASS, MS_PER_DAY, Refusal, Refused, show
from thecal.therapy.door import checked
from thecal.therapy.numbers import exact, whole

SECOND_MS = 1_000


@dataclass(frozen=True, slots=True)
class Given:
    """What a pump does when it holds a whole period between pulses.

    ``pulses_day`` is what was asked, ``period_ms`` what is held; ``flow`` (nL/day), ``dose`` (fg/day) and
    ``error`` (dose given / dose asked - 1) are exact.
    """

    pulses_day: Fraction
    period_ms: int
    flow: Fraction
    dose: Fraction
    error: Fraction


@dataclass(frozen=True, slots=True)
class Pulses:
    """A bolus as a whole number of pulses, rounded down: what is really given of what was asked."""

    count: int
    volume_nl: int
    mass_fg: int
    error: Fraction


@checked
def flow(dose: int, concentration: int) -> Fraction:
    """Flow in nL/day that gives ``dose`` (fg/day) from ``concentration`` (fg/nL): Q = D / C.

    Raises Refused for a dose or concentration that is not above zero; giving nothing is a stop, not a dose of zero.
    """
    whole("concentration", concentration, 1)
    if dose == 0 and type(dose) is int:
        do = "Stop the pump with a stopped program; it has its own warning."
        raise Refused(Refusal("dose_zero", "A dose of zero is not a dose.", "dose", do))
    whole("dose", dose, 1)
    return Fraction(dose, concentration)


@checked
def dose(flow_nl_day: Fraction | int, concentration: int) -> Fraction:
    """Dose in fg/day that a flow (nL/day) gives: D = Q * C. Raises Refused for values that are not above zero."""
    whole("concentration", concentration, 1)
    return exact("flow", flow_nl_day, positive=True) * concentration


@checked
def flow_refusals(dose_fg_day: int, concentration: int, flow_min: int, flow_max: int) -> tuple[Refusal, ...]:
    """Why a pump with these flow bounds (nL/day) cannot give the dose, with the concentration that it could use.

    Empty when it can. Nothing is raised or lowered to fit. Raises Refused for values that are not a dose.
    """
    wanted = flow(dose_fg_day, concentration)
    whole("lowest flow", flow_min)
    whole("highest flow", flow_max, 1)
    shown = show(wanted, FLOW, "mL/day", 6)
    if wanted < flow_min:
        best = _down(Fraction(dose_fg_day, flow_min))
        do = f"Use at most {show(best, CONCENTRATION, 'mg/mL', 4)}."
        bound = show(flow_min, FLOW, "mL/day", 6)
        return (Refusal("flow_low", f"{shown} is below the lowest flow of {bound}.", "concentration", do),)
    if wanted > flow_max:
        best = -_down(-Fraction(dose_fg_day, flow_max))
        do = f"Use at least {show(best, CONCENTRATION, 'mg/mL', 4)}."
        bound = show(flow_max, FLOW, "mL/day", 6)
        return (Refusal("flow_high", f"{shown} is above the highest flow of {bound}.", "concentration", do),)
    return ()


@checked
def concentration_for(dose_fg_day: int, span_ms: int, usable_nl: int, ceiling: int) -> int:
    """Concentration in fg/nL, rounded up, at which ``usable_nl`` lasts ``span_ms``: C = D * T / V.

    Raises Refused when it is above ``ceiling`` (fg/nL), naming the longest span that the ceiling allows.
    """
    for name, value in (("dose", dose_fg_day), ("span", span_ms), ("volume", usable_nl), ("ceiling", ceiling)):
        whole(name, value, 1)
    needed = -_down(-Fraction(dose_fg_day * span_ms, MS_PER_DAY * usable_nl))
    if needed > ceiling:
        days = Fraction(usable_nl * ceiling, dose_fg_day)
        what = f"{show(needed, CONCENTRATION, 'mg/mL', 4)} is above {show(ceiling, CONCENTRATION, 'mg/mL', 4)}."
        do = f"Longest interval at the ceiling: {_down(days * 10) / 10} days."
        raise Refused(Refusal("interval", what, "span", do))
    return needed


@checked
def held_period(dose_fg_day: int, concentration: int, pulse_nl: int, step_ms: int = SECOND_MS) -> Given:
    """What a pump gives that can only hold a period of whole ``step_ms``, the nearest one.

    The virtual pumps of this project keep an exact account instead and have no such error.
    Raises Refused when the pulses would have to come faster than one a step.
    """
    whole("pulse", pulse_nl, 1)
    whole("step", step_ms, 1)
    wanted = flow(dose_fg_day, concentration)
    pulses = wanted / pulse_nl
    steps = round(MS_PER_DAY / pulses / step_ms)
    if steps < 1:
        raise Refused(Refusal("too_fast", "The pulses would come faster than the pump can time them.", "dose"))
    real = Fraction(pulse_nl * MS_PER_DAY, steps * step_ms)
    return Given(pulses, steps * step_ms, real, real * concentration, real / wanted - 1)


@checked
def whole_pulses(mass_fg: int, concentration: int, pulse_nl: int) -> Pulses:
    """A bolus of ``mass_fg`` as whole pulses, rounded down. Raises Refused when it is less than one pulse."""
    whole("dose", mass_fg, 1)
    whole("concentration", concentration, 1)
    whole("pulse", pulse_nl, 1)
    one = pulse_nl * concentration
    count = mass_fg // one
    if not count:
        least = show(one, MASS, "mg", 6)
        raise Refused(Refusal("below_pulse", "The bolus is less than one pulse.", "dose", f"At least {least}."))
    return Pulses(count, count * pulse_nl, count * one, Fraction(count * one, mass_fg) - 1)


def _down(value: Fraction) -> int:
    return value.numerator // value.denominator
