"""One patient, one drug, any inputs: the states over time."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from thecal.body.inputs import Input
from thecal.body.model import build
from thecal.body.parameters import parameters, unconfirmed
from thecal.body.person import Person
from thecal.body.propagate import check_overlap, check_times, propagate, schedule
from thecal.body.trace import Trace


def simulate(person: Person, drug: str, inputs: Sequence[Input], times_h: npt.ArrayLike) -> Trace:
    """Concentrations and amounts at ``times_h`` (h, rising, none before the first input).

    An output at the moment of a bolus is the value just before it. Raises Refused for an unknown drug, times
    that do not rise or lie before the first input, and overlapping slow boluses.
    """
    model = build(parameters(person, drug))
    times = check_times(times_h, inputs)
    check_overlap(inputs)
    modal, given = np.empty((times.size, len(model.names))), np.empty(times.size)
    for rows, states, mg in propagate(model, schedule(inputs, times), times):
        modal[rows], given[rows] = states, mg
    return Trace(times, given, model, modal, unconfirmed_notes(drug))


def unconfirmed_notes(drug: str) -> tuple[str, ...]:
    """One line for each unconfirmed parameter that a result for ``drug`` rests on."""
    return tuple(
        f"{item.key} = {item.value:g} {item.unit} is unconfirmed ({item.source})" for item in unconfirmed(drug)
    )
