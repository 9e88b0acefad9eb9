"""The implant: where the pump lies, where the catheter ends, and how much fluid stands between reservoir and tip.

Lengths mm, volumes nL. A trim that was not recorded makes the volume an interval, never the full length.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from thecal.pump import CatheterPlan, Interval, profile
from thecal.quantity import MS_PER_DAY, VOLUME, Refusal, Refused, show
from thecal.therapy.door import checked
from thecal.therapy.events import ImplantRecorded, Site
from thecal.therapy.numbers import exact

SITES: Mapping[Site, str] = {"abdomen": "Abdomen, under the skin", "upper_buttock": "Upper buttock, under the skin"}

TIP_LEVELS: tuple[str, ...] = (
    *(f"C{number}" for number in range(1, 9)),
    *(f"T{number}" for number in range(1, 13)),
    *(f"L{number}" for number in range(1, 6)),
    *(f"S{number}" for number in range(1, 6)),
)


@dataclass(frozen=True, slots=True)
class DeadVolume:
    """Fluid between reservoir outlet and catheter tip: pump tubing, catheter, and both, each in nL."""

    tubing: Interval
    catheter: Interval
    path: Interval
    warnings: tuple[Refusal, ...]


@checked
def dead_volume(implant: ImplantRecorded) -> DeadVolume:
    """The dead volume of an implant. Raises Refused when the catalog lacks a value that it rests on."""
    (tubing,) = profile(implant.pump_profile).need("tubing_nl")
    plan = CatheterPlan(implant.catheter.model, implant.catheter.supplied_mm, implant.catheter.trimmed_mm)
    catheter = plan.volume()
    path = Interval(tubing + catheter.low, tubing + catheter.high)
    return DeadVolume(Interval(tubing, tubing), catheter, path, (*plan.warnings(), *_tip_warnings(implant)))


@checked
def time_to_tip(volume: Interval, flow_nl_day: Fraction | int) -> tuple[int, int]:
    """Earliest and latest time in ms until new drug is at the tip, at one flow: t = V / Q, by plug flow.

    Raises Refused when nothing flows.
    """
    flow = exact("flow", flow_nl_day, positive=True)
    early = Fraction(volume.low) * MS_PER_DAY / flow
    late = Fraction(volume.high) * MS_PER_DAY / flow
    return int(early), -int(-late // 1)


@checked
def check_implant(implant: ImplantRecorded) -> tuple[Refusal, ...]:
    """What is wrong with an implant before it is recorded: model, catheter, fill. Empty when nothing is."""
    found: list[Refusal] = []
    try:
        (reservoir,) = profile(implant.pump_profile).need("reservoir_nl")
        if implant.fill_nl > reservoir:
            what = f"{show(implant.fill_nl, VOLUME, 'mL')} does not fit into {show(reservoir, VOLUME, 'mL')}."
            found.append(Refusal("overfill", what, "fill_nl", "Fill at most what the reservoir holds."))
    except Refused as refused:
        found += refused.refusals
    try:
        CatheterPlan(implant.catheter.model, implant.catheter.supplied_mm, implant.catheter.trimmed_mm)
    except Refused as refused:
        found += refused.refusals
    return tuple(found)


def _tip_warnings(implant: ImplantRecorded) -> tuple[Refusal, ...]:
    if implant.tip_checked is not None:
        return ()
    what = f"Nobody recorded how the tip level {implant.tip_level} was checked."
    return (Refusal("tip_unchecked", what, "tip_checked", "Record the imaging that shows it."),)
