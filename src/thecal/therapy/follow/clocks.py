"""Stability clocks: from a fill to the day after which nobody has shown the drug to last. Times ms UTC."""

from dataclasses import dataclass
from typing import Literal

from thecal.formulary import Solution, stability
from thecal.quantity import MS_PER_DAY, Refusal, Refused
from thecal.therapy.door import checked
from thecal.therapy.due import POLICY_DAYS, POLICY_SOURCE
from thecal.therapy.numbers import whole

WARN_DAYS = 7


@dataclass(frozen=True, slots=True)
class StabilityClock:
    """The clock of one fill. ``known`` False: no time is published, and the policy's days count instead."""

    filled: int
    ends: int
    state: Literal["running", "soon", "over"]
    known: bool
    source: str
    confirmed: bool
    note: str


@checked
def stability_clock(
    solution: Solution, filled: int, now: int, *, first: bool = False, policy_days: int = POLICY_DAYS
) -> StabilityClock:
    """The clock of a fill at ``filled`` as seen at ``now``. The shorter of the published time and the policy counts.

    Raises Refused for a fill in the future and for a mixture whose degradation was seen.
    """
    whole("filled", filled)
    whole("policy days", policy_days, 1)
    if whole("now", now) < filled:
        raise Refused(Refusal("future", "The fill is in the future.", "filled", "Check both times."))
    found = stability(solution, "first" if first else "unknown")
    if found.days == 0:
        what = f"{solution} breaks down in a pump: {found.note}"
        raise Refused(Refusal("unstable", what, "solution", "Do not fill it.", found.source, found.confirmed))
    known = found.days is not None
    days = min(found.days, policy_days) if found.days is not None else policy_days
    ends = filled + days * MS_PER_DAY
    state: Literal["running", "soon", "over"] = "over" if now >= ends else "running"
    if state == "running" and ends - now <= WARN_DAYS * MS_PER_DAY:
        state = "soon"
    source = found.source if known and found.days == days else POLICY_SOURCE
    return StabilityClock(filled, ends, state, known, source, found.confirmed and known, found.note)
