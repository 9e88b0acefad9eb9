"""From drug at the cord and the effect site to pain: potency, tolerance, Emax.

Units: ng/mL, h, NRS 0 to 10. Load is the sum of concentrations, each over the concentration that halves pain:
drug that the catheter brought to the target's cord, plus drug and M6G that blood carried. Tolerance divides
the load; the rest follows Emax and Hill. Sources: each drug's own file, table ``effect``.
"""

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from thecal.body.model import Frame
from thecal.body.parameters import NO_CHANGES, Changes, Values, parameters, require
from thecal.body.person import Person, Variation
from thecal.body.reference import entries, entry

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class EffectParameters:
    """Potencies in ng/mL, tolerance as (1/h, largest rise of EC50) for fast and slow, Emax as a share of pain.

    ``emax_range`` is half-way to the plausible bounds on either side.
    """

    ec50_cord: float
    ec50_systemic: float
    ec50_m6g: float
    hill: float
    emax: float
    tolerance: tuple[tuple[float, float], ...]
    potency_log_sd: float
    emax_range: tuple[float, float]


def effect_parameters(drug: str, person: Person | None = None, changes: Changes = NO_CHANGES) -> EffectParameters:
    """The reference values of ``drug``, for ``person`` where one is given.

    Raises Refused for a drug whose sources give no concentration that relieves pain.
    """
    require(drug, "relief")
    own = Variation() if person is None else person.variation

    values = Values(drug, changes)

    def value(key: str) -> float:
        return values(f"effect.{key}")

    emax = replace(entry(drug, "effect.Emax"), value=value("Emax"))
    pairs = tuple(
        (math.log(2) / (24 * value(f"{name}_half_life")), value(f"{name}_max") * factor)
        for name, factor in (("fast", 1.0), ("slow", own.slow_tolerance))
    )
    return EffectParameters(
        ec50_cord=value("EC50_cord") * own.potency,
        ec50_systemic=value("EC50_systemic") * own.potency,
        ec50_m6g=value("EC50_M6G") * own.potency if "effect.EC50_M6G" in entries(drug) else math.inf,
        hill=value("hill"),
        emax=emax.value,
        tolerance=pairs,
        potency_log_sd=value("potency_log_sd"),
        emax_range=(
            (emax.value + min(emax.lo or 0.0, emax.value)) / 2,
            (emax.value + max(emax.hi or 1.0, emax.value)) / 2,
        ),
    )


def load_row(model: Frame, target_z_mm: float, effect: EffectParameters) -> Array:
    """Reads the load, a pure number, from the states: it is linear in them.

    Cord that blood filled is left out: the systemic EC50 was measured with it there.
    """
    row = model.cord_row(target_z_mm, from_blood=False) / effect.ec50_cord
    row += model.named_row("effect_drug") / effect.ec50_systemic
    row += model.named_row("effect_m6g") / effect.ec50_m6g
    return row


def tolerance(times_h: Array, load: Array, effect: EffectParameters, load_before: float = 0.0) -> Array:
    """By how much EC50 has risen: ``dT/dt = k (Tmax S/(1+S) - T)``, summed over fast and slow.

    It starts from what ``load_before``, borne for long, has left behind. Exact for a saturation that runs
    straight between the times; shape (times,).
    """
    risen = np.zeros(times_h.size)
    saturation = load / (1.0 + load)
    for rate, largest in effect.tolerance:
        steps = np.diff(times_h) * rate
        keep = np.exp(-steps)
        lean = np.divide(-np.expm1(-steps), steps, out=np.ones_like(steps), where=steps > 0)
        push = largest * (saturation[:-1] * (lean - keep) + saturation[1:] * (1.0 - lean))
        level = largest * load_before / (1.0 + load_before)
        risen[0] += level
        for k in range(steps.size):
            level = level * keep[k] + push[k]
            risen[k + 1] += level
    return risen


def pain(baseline: float, load: Array, risen: Array, effect: EffectParameters) -> Array:
    """Pain left on the NRS: ``baseline (1 - Emax u^h / (1 + u^h))`` with ``u = load / (1 + tolerance)``."""
    power = (load / (1.0 + risen)) ** effect.hill
    left: Array = baseline * (1.0 - effect.emax * power / (1.0 + power))
    return left


def load_of_oral_morphine(mg_day: float, person: Person) -> float:
    """The load that oral morphine of ``mg_day``, borne for long, puts on pain: plasma and M6G at steady state.

    It is what a person who took opioids before the first input has grown tolerant to.
    """
    if mg_day == 0.0:
        return 0.0
    p = parameters(person, "morphine").systemic
    effect = effect_parameters("morphine", person)
    rate = mg_day / 24.0
    plasma = 1e6 * rate * p.bioavailability / p.clearance_ml_h
    formed = rate * (p.bioavailability * p.fraction_m6g + (p.absorbed - p.bioavailability) * p.first_pass_m6g)
    m6g = 1e6 * formed * p.glucuronide_mass_ratio / (p.m6g_per_h * p.m6g_ml)
    return plasma / effect.ec50_systemic + m6g / effect.ec50_m6g
