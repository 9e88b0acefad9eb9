"""One patient, one drug, any inputs: the states over time."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from thecal.body.grid import cells_for
from thecal.body.inputs import Input, Oral
from thecal.body.model import Model, build
from thecal.body.parameters import parameters, require, unconfirmed
from thecal.body.person import Person
from thecal.body.propagate import check_overlap, check_times, propagate, schedule
from thecal.body.trace import Trace


def simulate(
    person: Person, drug: str, inputs: Sequence[Input], times_h: npt.ArrayLike, cell_mm: float = 10.0
) -> Trace:
    """Concentrations and amounts at ``times_h`` (h, rising, none before the first input).

    ``cell_mm`` is the length of a cell along the spine, 2 to 30 mm. An output at the moment of a bolus is the value
    just before it. Raises Refused for an unknown drug, a route that no source of the drug supports, times that do not
    rise or lie before the first input, and overlapping slow boluses.
    """
    check_routes(drug, inputs)
    return run(build(parameters(person, drug), cells_for(cell_mm)), inputs, times_h)


def run(model: Model, inputs: Sequence[Input], times_h: npt.ArrayLike) -> Trace:
    """``simulate`` for a model that is built already, for example with changed parameters."""
    times = check_times(times_h, inputs)
    check_overlap(inputs)
    modal, given = np.empty((times.size, len(model.names))), np.empty(times.size)
    for rows, states, mg in propagate(model, schedule(inputs, times), times):
        modal[rows], given[rows] = states, mg
    return Trace(times, given, model, modal, unconfirmed_notes(model.parameters.drug))


def check_routes(drug: str, inputs: Sequence[Input]) -> None:
    """Refused when a source-less route is asked of ``drug``, such as a peptide by mouth."""
    for item in inputs:
        if isinstance(item, Oral):
            require(drug, "oral")
        elif item.route == "epidural":
            require(drug, "epidural")


def unconfirmed_notes(drug: str) -> tuple[str, ...]:
    """One line for each unconfirmed, borrowed or estimated parameter that a result for ``drug`` rests on."""
    return tuple(
        f"{item.key} = {item.value:g} {item.unit} is unconfirmed ({item.doubt()})" for item in unconfirmed(drug)
    )
