"""What an emergency card must know, from a chart.

Volumes in nL, masses in fg, doses in fg/day, times in ms UTC. What is not known stays unknown and is printed so; what
is in doubt is an interval. The last certain delivery is the last moment with evidence that drug left the pump.
"""

from dataclasses import dataclass
from fractions import Fraction

from thecal.formulary import Solution
from thecal.quantity import Refusal, Refused
from thecal.therapy.chart import Chart
from thecal.therapy.door import checked
from thecal.therapy.events import ImplantRecorded, RefillRecorded
from thecal.therapy.implant import dead_volume
from thecal.therapy.reservoir import inside

Ends = tuple[int, int]
"""(least, most)."""


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts of one implanted pump. ``doses``: daily doses of the primary drug that may run, several while in doubt.

    ``catheter_holds``: the solutions that may be in the catheter, None among them for no drug. ``warnings`` say what is
    in doubt or missing.
    """

    patient: str
    solution: Solution
    pump_model: str = ""
    serial: str = ""
    route: str = ""
    tip_level: str = ""
    doses: tuple[Fraction, ...] = ()
    reservoir: Ends | None = None
    catheter: Ends | None = None
    catheter_holds: tuple[Solution | None, ...] = ()
    last_certain: int | None = None
    evidence: str = ""
    warnings: tuple[Refusal, ...] = ()


@checked
def from_chart(chart: Chart, now: int) -> Facts:
    """The facts of a chart at ``now``. Raises Refused when no pump is implanted."""
    if chart.implant is None or chart.explant is not None or chart.patient is None:
        do = "Give the facts in a file instead, or look whether the pump was taken out."
        raise Refused(Refusal("no_pump", "No pump is implanted by this chart.", "chart", do))
    implant, pump = chart.implant, chart.implant.pump
    fills: list[ImplantRecorded | RefillRecorded] = [implant, *(each for each in chart.refills if each.pump == pump)]
    fills.sort(key=lambda each: each.meta.at)
    fill = fills[-1]
    warnings: list[Refusal] = []
    reservoir: Ends = (0, fill.fill_nl)
    try:
        within = inside(chart, now)
        reservoir = (within.low_nl, within.high_nl)
    except Refused as refused:
        warnings += refused.refusals
    catheter, path = None, None
    try:
        dead = dead_volume(implant)
        catheter, path = (dead.catheter.low, dead.catheter.high), dead.path.high
        warnings += dead.warnings
    except Refused as refused:
        warnings += refused.refusals
    now_in = Solution.parse(fill.solution)
    last, evidence = _last_certain(chart, pump, now)
    return Facts(
        patient=chart.patient.patient,
        solution=now_in,
        pump_model=implant.pump_profile,
        serial=implant.serial,
        route=implant.route,
        tip_level=implant.tip_level,
        doses=_doses(chart, pump),
        reservoir=reservoir,
        catheter=catheter,
        catheter_holds=_holds(chart, fills, now_in, fill.fill_nl - reservoir[1], path),
        last_certain=last,
        evidence=evidence,
        warnings=tuple(warnings),
    )


def _doses(chart: Chart, pump: str) -> tuple[Fraction, ...]:
    """Daily doses that may run: that of the accepted order, and that of a newer one which is sent or disputed."""
    running = chart.running(pump)
    orders = [order for order in chart.orders if order.event.pump == pump]
    found = [running] if running is not None else []
    if orders and orders[-1].state in ("sent", "disputed") and orders[-1] is not running:
        found.append(orders[-1])
    return tuple(dict.fromkeys(Fraction(order.prescription.daily_dose()) for order in found))


def _holds(
    chart: Chart, fills: list[ImplantRecorded | RefillRecorded], now_in: Solution, moved_nl: int, path_nl: int | None
) -> tuple[Solution | None, ...]:
    """What may be in the catheter: the present fill, and what was there before until the path was pushed through."""
    assert chart.implant is not None, "there are fills, so there is an implant"
    if path_nl is not None and moved_nl >= path_nl:
        return (now_in,)
    found: list[Solution | None] = [now_in]
    if len(fills) > 1:
        found.append(Solution.parse(fills[-2].solution))
    if chart.implant.path != "drug" and (len(fills) == 1 or chart.revisions or chart.replacements):
        found.append(None)
    return tuple(dict.fromkeys(found))


def _last_certain(chart: Chart, pump: str, now: int) -> tuple[int | None, str]:
    """The last moment with evidence of delivery, and the evidence. A gap that lasts, or held it, takes it back."""
    seen = [
        (order.changed, "counters of the pump confirmed the program")
        for order in chart.orders
        if order.event.pump == pump and order.state == "confirmed"
    ]
    seen += [
        (refill.meta.at, "less was withdrawn at the refill than had been filled")
        for refill in chart.refills
        if refill.pump == pump and refill.withdrawn_nl < refill.start_nl
    ]
    seen = [each for each in seen if each[0] <= now]
    if not seen:
        return None, ""
    at, evidence = max(seen)
    for gap in chart.gaps:
        if gap.pump == pump and gap.start <= at and (gap.end is None or at < gap.end):
            at, evidence = gap.start, f"then a gap: {gap.cause}"
    return at, evidence
