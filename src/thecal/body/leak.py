"""Catheters that do not end where they should: a leak feeds its pocket, and one catheter may have several tips.

Units: those of the input; shares are numbers from 0 to 1. Routes are columns of one matrix, so a broken catheter is an
input that is split, nothing more.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from thecal.body.checks import number, refuse
from thecal.body.inputs import Bolus, HourlySeries, Infusion
from thecal.body.person import Tip

FromCatheter = Infusion | Bolus | HourlySeries


@dataclass(frozen=True, slots=True)
class Leak:
    """``share`` of what the pump gives never reaches the tip. ``into`` None: a pocket under the skin, from which it
    goes to blood; otherwise the epidural space at that tip. A broken catheter leaks a share of 1.

    Raises Refused for a share outside 0 to 1 and for a leak into CSF, which would be a second tip.
    """

    share: float
    into: Tip | None = None

    def __post_init__(self) -> None:
        number("leak.share", self.share, "1", 0.0, 1.0)
        if self.into is not None and self.into.compartment != "epidural":
            raise refuse("leak.into", self.into, "Give an epidural tip, or none for a pocket under the skin.")


def leaking(item: FromCatheter, leak: Leak) -> tuple[FromCatheter, ...]:
    """The inputs that take the place of ``item`` when its catheter leaks; what they give adds up to what it gave."""
    parts = [_part(item, 1.0 - leak.share, item.route, item.tip)]
    route = "pocket" if leak.into is None else "epidural"
    parts.append(_part(item, leak.share, route, leak.into))
    return tuple(part for part, share in zip(parts, (1.0 - leak.share, leak.share), strict=True) if share > 0)


def several_tips(item: FromCatheter, tips: Sequence[tuple[Tip, float]]) -> tuple[FromCatheter, ...]:
    """The same input through several openings, each with its share. Refused unless the shares add up to 1."""
    total = sum(number("tips.share", share, "1", 0.0, 1.0) for _, share in tips)
    if abs(total - 1.0) > 1e-9:
        raise refuse("tips", total, "Give shares that add up to 1.", what="is the sum of the shares")
    return tuple(_part(item, share, tip.compartment, tip) for tip, share in tips if share > 0)


def _part(item: FromCatheter, share: float, route: str, tip: Tip | None) -> FromCatheter:
    if isinstance(item, HourlySeries):
        return HourlySeries(item.start_h, item.rates * share, route, tip)  # type: ignore[arg-type]
    if isinstance(item, Infusion):
        return replace(item, rate_mg_h=item.rate_mg_h * share, route=route, tip=tip)  # type: ignore[arg-type]
    return replace(item, mg=item.mg * share, volume_ml=item.volume_ml * share, route=route, tip=tip)  # type: ignore[arg-type]
