"""One patient's year ahead, pulse by pulse, in milliseconds: what a program would do at the readings that matter.

Units: h, mg, ng/mL. The model's modes are prepared once; each program after that costs one small product, however
many pulses it has (see ``periodic``). For irregular inputs use ``simulate``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from thecal.body.checks import number, refuse
from thecal.body.inputs import Bolus, CatheterRoute, Infusion, Oral, check_route
from thecal.body.model import Model
from thecal.body.periodic import Answer, Item, Rate, TimeGrid, Train
from thecal.body.person import Tip

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PulseTrain:
    """``count`` equal pulses of ``mg``, the first at ``start_h``, ``period_h`` apart.

    ``volume_ml`` is that of one pulse and sets how far it spreads at once. Raises Refused for bad values.
    """

    start_h: float
    period_h: float
    count: int
    mg: float
    route: CatheterRoute
    tip: Tip | None = None
    volume_ml: float = 0.0

    def __post_init__(self) -> None:
        check_route(self.route, self.tip)
        number("start_h", self.start_h, "h", -np.inf)
        number("mg", self.mg, "mg")
        number("volume_ml", self.volume_ml, "mL", 0.0, 100.0)
        if number("period_h", self.period_h, "h") == 0.0:
            raise refuse("period_h", self.period_h, "Give a time above 0 h between pulses.")
        if not _whole_number(self.count) or self.count < 1:
            raise refuse("count", self.count, "Give a whole number of pulses, 1 or more.")


Planned = PulseTrain | Infusion | Bolus | Oral


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
        self._columns: dict[tuple[str, Tip | None, float], int] = {}
        self._modal: list[Array] = []
        self._answer: Answer | None = None

    @property
    def times_h(self) -> Array:
        """The times of every reading."""
        return self._grid.times_h

    def run(self, program: Sequence[Planned]) -> dict[str, Array]:
        """Each reading over time under ``program``; a value at the moment of a pulse is the one just before it.

        Raises Refused for an input that begins before the first reading.
        """
        items = [self._item(planned) for planned in program]
        if self._answer is None or self._answer.width != len(self._modal):
            modes = self._model.modes
            columns = np.array(self._modal or [np.zeros(modes.rates.size)])
            readers = (self._rows @ modes.vectors)[None]
            self._answer = Answer(modes.rates[None], columns[None], readers, self._grid)
        values = self._answer.run(items)[0]
        given = np.zeros(self._grid.count)
        for item in items:
            given += item.given(self.times_h)
        rounding = 1e-12 * given[:, None] * np.abs(self._rows).max(axis=1)
        values = np.where(np.abs(values) < rounding, 0.0, values)
        return {name: values[:, i] for i, name in enumerate(self._names)}

    def _item(self, planned: Planned) -> Item:
        begins = planned.start_h if isinstance(planned, (PulseTrain, Infusion)) else planned.at_h
        if begins < self._grid.start_h:
            raise refuse(
                "start_h",
                begins,
                f"Begin inputs at {self._grid.start_h:g} h, the first reading, or later.",
                "body.before_start",
            )
        column = self._column(planned)
        if isinstance(planned, PulseTrain):
            return Train(planned.start_h, planned.period_h, planned.count, planned.mg, column)
        if isinstance(planned, Infusion):
            return Rate(planned.start_h, planned.end_h, planned.rate_mg_h, column)
        if isinstance(planned, Bolus) and planned.over_h > 0:
            return Rate(planned.at_h, planned.at_h + planned.over_h, planned.mg / planned.over_h, column)
        return Train(planned.at_h, 1.0, 1, planned.mg, column)

    def _column(self, planned: Planned) -> int:
        key: tuple[str, Tip | None, float]
        if isinstance(planned, Oral):
            key = planned.release, None, 0.0
        elif isinstance(planned, Infusion) or planned.tip is None:
            key = planned.route, planned.tip, 0.0
        else:
            key = planned.route, planned.tip, planned.volume_ml
        if key not in self._columns:
            self._columns[key] = len(self._modal)
            self._modal.append(self._model.modes.inverse @ self._model.column(*key))
        return self._columns[key]


def _whole_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
