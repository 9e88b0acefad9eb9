"""Side effects of an opioid as ranks: which to look for first under this regimen, never how likely they are.

An index is a pure number: exposures over the concentrations that act, weighted by what drives the effect (CSF at the
head, cord at the sacral segments, blood). Weights are assumed (``data/side_effects.toml``), so only the order within
one drug means something, and comparison of the same effect between routes. Units of time: h.
"""

from dataclasses import dataclass

import numpy as np

from thecal.body.breathing import breathing_rows
from thecal.body.effect import effect_parameters
from thecal.body.parameters import require
from thecal.body.reference import table
from thecal.body.trace import Trace

SACRAL = "S3"
WORDING = "A rank to look by, not the chance of an event: the weights behind it are assumed."


@dataclass(frozen=True, slots=True)
class SideEffect:
    """One side effect: ``rank`` 1 is to be looked for first."""

    name: str
    index: float
    rank: int
    wording: str = WORDING


def side_effects(trace: Trace, window_h: float = 24.0) -> tuple[SideEffect, ...]:
    """Ranks from the mean exposure over the last ``window_h`` of the trace, the highest index first.

    Raises Refused for drugs without a sourced potency on breathing and pain.
    """
    drug = trace.model.parameters.drug
    require(drug, "breathing")
    effect = effect_parameters(drug)
    model = trace.model
    late = trace.times_h >= trace.times_h[-1] - window_h
    head_row, blood_row = breathing_rows(model)
    cord_row = model.cord_row(model.dermatome_z(SACRAL), from_blood=False) / effect.ec50_cord
    drivers = {
        name: float(np.mean(trace.output(row)[late]))
        for name, row in (("head", head_row), ("cord", cord_row), ("blood", blood_row))
    }
    found = {
        name: sum(row[driver] * value for driver, value in drivers.items())
        for name, row in table("side_effects")["weight"].items()
    }
    order = sorted(found, key=lambda name: (-found[name], name))
    return tuple(SideEffect(name, found[name], rank) for rank, name in enumerate(order, start=1))
