"""Programs made of trains, rates and single doses, as the closed-form solver takes them. Units: h, mg."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from thecal.body.checks import number, refuse
from thecal.body.inputs import Bolus, CatheterRoute, Infusion, Oral, check_route
from thecal.body.periodic import Item, Rate, Train
from thecal.body.person import Tip

Key = tuple[str, Tip | None, float]


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


def items_of(program: Sequence[Planned], start_h: float, known: Sequence[Key] = ()) -> tuple[list[Item], list[Key]]:
    """The program in the solver's terms, and by which entrances; those ``known`` come first, in their order.

    Raises Refused for an input that begins before ``start_h``, the first reading.
    """
    keys = list(known)
    items = []
    for planned in program:
        begins = planned.start_h if isinstance(planned, (PulseTrain, Infusion)) else planned.at_h
        if begins < start_h:
            accepted = f"Begin inputs at {start_h:g} h, the first reading, or later."
            raise refuse("start_h", begins, accepted, "body.before_start")
        key = _key(planned)
        if key not in keys:
            keys.append(key)
        items.append(_item(planned, keys.index(key)))
    return items, keys


def _item(planned: Planned, column: int) -> Item:
    if isinstance(planned, PulseTrain):
        return Train(planned.start_h, planned.period_h, planned.count, planned.mg, column)
    if isinstance(planned, Infusion):
        return Rate(planned.start_h, planned.end_h, planned.rate_mg_h, column)
    if isinstance(planned, Bolus) and planned.over_h > 0:
        return Rate(planned.at_h, planned.at_h + planned.over_h, planned.mg / planned.over_h, column)
    return Train(planned.at_h, 1.0, 1, planned.mg, column)


def _key(planned: Planned) -> Key:
    if isinstance(planned, Oral):
        return planned.release, None, 0.0
    if isinstance(planned, Infusion) or planned.tip is None:
        return planned.route, planned.tip, 0.0
    return planned.route, planned.tip, planned.volume_ml


def _whole_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
