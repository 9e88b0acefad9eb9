"""What a device holds beside its controller, and the checkpoint in which both are kept. Units: nL, fg, ms."""

import json
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from thecal.formulary import Component, Solution
from thecal.pump import kernel
from thecal.pump.catalog import DeviceFigures
from thecal.pump.fluid import Fluid
from thecal.quantity import VOLUME, Refusal, Refused, auto


class MemoryFault(Exception):
    """The controller's state is not what was put there: open the device again, which reads the journal."""


@dataclass(frozen=True, slots=True)
class Body:
    """What the device is beside its controller: changed only by refills and by the end of an hour."""

    figures: DeviceFigures
    made: int
    fill: Solution
    fluid: Fluid


class Mark(NamedTuple):
    """Where the hour now running began: the pulses given until then, and fg by drug that had left the tip."""

    start: int
    given: int
    tip: tuple[tuple[str, int], ...]


def checkpoint(body: Body, state: kernel.State, mark: Mark) -> bytes:
    """Everything that a device must find again, as bytes."""
    return kernel.canonical(
        {
            "figures": asdict(body.figures),
            "made": body.made,
            "fill": parts(body.fill),
            "fluid": body.fluid.plain(),
            "state": kernel.state_to_bytes(state).decode("ascii"),
            "mark": mark,
        }
    )


def from_checkpoint(data: bytes) -> tuple[Body, kernel.State, Mark]:
    """What ``checkpoint`` wrote."""
    plain: dict[str, Any] = json.loads(data)
    figures = DeviceFigures(**plain["figures"])
    body = Body(figures, plain["made"], solution(plain["fill"]), Fluid.from_plain(plain["fluid"]))
    start, given, tip = plain["mark"]
    mark = Mark(start, given, tuple((drug, mass) for drug, mass in tip))
    return body, kernel.state_from_bytes(plain["state"].encode("ascii")), mark


def flipped(state: kernel.State, bit: int) -> kernel.State:
    """The state with one bit changed in one of the integers on which pulses depend; for faults of memory."""
    place, power = divmod(bit, 62)
    names = ("now", "base", "fired", "due", "pending", "seq", "given", "reservoir_nl", "alarms", "mode")
    name = names[place % len(names)]
    return state._replace(**{name: getattr(state, name) ^ 1 << power})


def parts(solution: Solution) -> list[list[Any]]:
    """A solution as plain values: drug and fg/nL of each component, the primary first."""
    return [[part.drug, part.concentration] for part in solution.components]


def solution(parts: list[list[Any]]) -> Solution:
    """The solution that ``parts`` wrote."""
    return Solution(tuple(Component(drug, concentration) for drug, concentration in parts))


def check_fill(figures: DeviceFigures, fill_nl: int) -> None:
    """Raise Refused for a volume that the reservoir does not take."""
    if not 0 <= fill_nl <= figures.reservoir_nl:
        what = f"{auto(fill_nl, VOLUME)} does not go into this reservoir"
        do = f"It takes up to {auto(figures.reservoir_nl, VOLUME)}."
        raise Refused(Refusal("fill_volume", what, "fill_nl", do))
