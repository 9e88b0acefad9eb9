"""The old fluid between reservoir and tip after a change of solution: whether it is there, and the bridge over it.

The pump gives by volume, so until the path is empty of it the old fluid comes out at the new flow: a stronger solution
gives too little for a day, a weaker one too much. A bridge gives the old fluid at the flow that keeps the dose. Where
the dead volume is a range, the end that errs towards less drug is taken. Volumes nL, flows nL/day, times ms, masses fg.
"""

from dataclasses import dataclass
from fractions import Fraction

from thecal.formulary import Solution
from thecal.pump import Bridge, BridgeStep
from thecal.quantity import MS_PER_DAY, Refusal, Refused
from thecal.therapy.chart import Chart
from thecal.therapy.door import checked
from thecal.therapy.draft import View
from thecal.therapy.implant import dead_volume

LONGEST_STEP_MS, LONGEST_MS = 7 * MS_PER_DAY, 14 * MS_PER_DAY


@dataclass(frozen=True, slots=True)
class OldFluid:
    """What the path still holds (``old``) while the reservoir holds ``new``, and the volume of the path."""

    old: Solution
    new: Solution
    low_nl: int
    high_nl: int

    @property
    def same_drug(self) -> bool:
        """Whether a flow of the old fluid can keep the dose: the primary drug is the same."""
        return self.old.primary.drug == self.new.primary.drug

    @property
    def times(self) -> Fraction:
        """The dose that the tip gives without a bridge, as a multiple of the one that was ordered."""
        return Fraction(self.old.primary.concentration, self.new.primary.concentration)


def unsettled(chart: View) -> tuple[Solution, Solution] | None:
    """The solutions before and after the latest fill of the implanted pump, where they differ and no order followed.

    The first order that the pump takes after the fill settles it: with a bridge, or without one and with a reason.
    """
    implant = chart.implant
    if implant is None:
        return None
    fills = [each for each in chart.refills if each.pump == implant.pump]
    if not fills:
        return None
    before = fills[-2].solution if len(fills) > 1 else implant.solution
    old, new = Solution.parse(before), Solution.parse(fills[-1].solution)
    taken = [each.accepted for each in chart.orders if each.event.pump == implant.pump and each.accepted is not None]
    if old == new or any(at >= fills[-1].meta.at for at in taken):
        return None
    return (old, new) if taken or implant.path == "drug" else None  # else it never was in the path


@checked
def old_fluid(chart: Chart) -> OldFluid | None:
    """What the path of the implanted pump still holds of another solution; None when there is nothing to bridge.

    Raises Refused when the catalog lacks what the dead volume rests on.
    """
    found = unsettled(chart)
    if found is None or chart.implant is None:
        return None
    path = dead_volume(chart.implant).path
    return OldFluid(*found, path.low, path.high)


@checked
def bridge_over(fluid: OldFluid, dose_fg_day: int) -> Bridge:
    """The bridge that keeps ``dose_fg_day`` of the primary drug while the old fluid passes.

    Raises Refused when the drug changes, since no flow of one drug is a dose of another, and when it would last longer
    than 14 days.
    """
    if not fluid.same_drug:
        what = f"The path holds {fluid.old}: no flow of it is a dose of {fluid.new.primary.drug}"
        do = "Aspirate the path and prime it, or go without a bridge and write why."
        raise Refused(Refusal("bridge_other_drug", what, "bridge", do))
    old = fluid.old.primary.concentration
    flow = dose_fg_day // old
    if flow < 1:
        what = "Nothing flows, so nothing passes the path"
        raise Refused(Refusal("bridge_no_flow", what, "bridge", "Order a dose, or no bridge."))
    stronger = fluid.times < 1
    volume = fluid.low_nl if stronger else fluid.high_nl
    length = volume * MS_PER_DAY // flow if stronger else -(-volume * MS_PER_DAY // flow)
    if not length:
        what = "It would be over within a millisecond"
        raise Refused(Refusal("bridge_no_length", what, "bridge", "Check the dose and the volume of the path."))
    if length > LONGEST_MS:
        what = f"It would last {length / MS_PER_DAY:.0f} days"
        raise Refused(Refusal("bridge_too_long", what, "bridge", "At most 14 days: aspirate the path instead."))
    lengths = [LONGEST_STEP_MS] * (length // LONGEST_STEP_MS) + [length % LONGEST_STEP_MS]
    return Bridge(tuple(BridgeStep(each, flow) for each in lengths if each), old)
