"""The bench that runs a published protocol: one member of the band, one set of changed parameters, any drug.

Units: h, mg, ng/mL. A member is a dispersion preset with a factor on clearance; the middle one is the prediction.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from thecal.body.inputs import Input
from thecal.body.model import Model, build
from thecal.body.parameters import NO_CHANGES, Changes, Values, parameters
from thecal.body.person import Dispersion, Person, Tip
from thecal.body.simulate import run
from thecal.body.trace import Trace

Array = npt.NDArray[np.float64]
MINUTES = np.concatenate([np.arange(0, 61.0), np.arange(65, 361.0, 5), np.arange(375, 1501.0, 15)])
"""Sampling of bolus protocols: every minute for an hour, then every 5 and every 15 minutes up to 25 h."""


@dataclass(frozen=True, slots=True)
class Laboratory:
    """Where protocols are run. ``changes`` are the parameters that differ from the reference data."""

    changes: Changes = field(default_factory=lambda: NO_CHANGES)
    dispersion: Dispersion = "mid"
    clearance_factor: float = 1.0

    def model(self, drug: str, person: Person | None = None) -> Model:
        """The model of ``person`` (the reference adult without one) as this member."""
        someone = replace(Person() if person is None else person, dispersion=self.dispersion)
        return build(parameters(someone, drug, self.clearance_factor, self.changes))

    def trace(self, drug: str, inputs: Sequence[Input], times_h: npt.ArrayLike, person: Person | None = None) -> Trace:
        """The protocol's outcome."""
        return run(self.model(drug, person), inputs, times_h)

    def value(self, drug: str, key: str) -> float:
        """A parameter, as this member has it."""
        return Values(drug, self.changes)(key)

    def with_changes(self, changes: Changes) -> "Laboratory":
        """The same member with more parameters changed."""
        return replace(self, changes={**self.changes, **changes})


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """What is drawn of a protocol: ``y`` against ``x``, with the metrics that lie on it as (x, label)."""

    x: Array
    y: Array
    x_name: str
    y_name: str
    marks: tuple[tuple[float, str], ...] = ()
    log: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """Predicted metrics by label; a check is 1 (holds) or 0; absent ones were entered or lie outside the model."""

    metrics: dict[str, float]
    curve: Curve
    outside: dict[str, str] = field(default_factory=dict)


LUMBAR = Tip("L3")
LUMBAR_EPIDURAL = Tip("L3", "epidural")
