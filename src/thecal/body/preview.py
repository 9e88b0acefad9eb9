"""One patient's year ahead, pulse by pulse, in milliseconds: what a program would do at the readings that matter.

Units: h, mg, ng/mL. The model's modes are prepared once; each program after that costs one small product, however
many pulses it has (see ``periodic``). For irregular inputs use ``simulate``.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from thecal.body.checks import number, refuse
from thecal.body.model import Model, build
from thecal.body.parameters import parameters
from thecal.body.periodic import Answer, TimeGrid
from thecal.body.person import Person, Tip
from thecal.body.planned import Key, Planned, items_of

Array = npt.NDArray[np.float64]


class Preview:
    """Readings of one model at ``start_h``, ``start_h + step_h``, ...: ``rows`` names them, each of shape (states,)."""

    def __init__(
        self, model: Model, rows: Mapping[str, Array], hours: float, start_h: float = 0.0, step_h: float = 1.0
    ) -> None:
        number("hours", hours, "h")
        if number("step_h", step_h, "h") == 0.0:
            raise refuse("step_h", step_h, "Give a time above 0 h between readings.")
        self._model = model
        self._names = tuple(rows)
        self._rows = np.array([rows[name] for name in self._names])
        self._grid = TimeGrid(number("start_h", start_h, "h", -np.inf), step_h, int(hours / step_h + 1e-9) + 1)
        self._keys: list[Key] = []
        self._answer: Answer | None = None

    @classmethod
    def of(cls, person: Person, drug: str, tip: Tip, hours: float) -> "Preview":
        """CSF and cord at the tip, CSF at C1, plasma and cranial CSF of ``person``, hourly. Refused: unknown drug."""
        model = build(parameters(person, drug))
        here = model.level_z(tip.level)
        rows = {
            "csf_tip": model.csf_row(here),
            "cord_tip": model.cord_row(here),
            "csf_c1": model.csf_row(model.level_z("C1")),
            "plasma": model.named_row("plasma"),
            "cranial": model.named_row("cranial"),
        }
        return cls(model, rows, hours)

    @property
    def times_h(self) -> Array:
        """The times of every reading."""
        return self._grid.times_h

    def run(self, program: Sequence[Planned]) -> dict[str, Array]:
        """Each reading over time under ``program``; a value at the moment of a pulse is the one just before it.

        Raises Refused for an input that begins before the first reading.
        """
        if not program:
            return {name: np.zeros(self._grid.count) for name in self._names}
        items, keys = items_of(program, self._grid.start_h, self._keys)
        if self._answer is None or keys != self._keys:
            modes = self._model.modes
            columns = np.array([modes.inverse @ self._model.column(*key) for key in keys])
            readers = (self._rows @ modes.vectors)[None]
            self._answer, self._keys = Answer(modes.rates[None], columns[None], readers, self._grid), keys
        values = self._answer.run(items)[0]
        given = np.zeros(self._grid.count)
        for item in items:
            given += item.given(self.times_h)
        rounding = 1e-12 * given[:, None] * np.abs(self._rows).max(axis=1)
        values = np.where(np.abs(values) < rounding, 0.0, values)
        return {name: values[:, i] for i, name in enumerate(self._names)}
