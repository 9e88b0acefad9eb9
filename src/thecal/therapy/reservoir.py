"""What the chart says is in the implanted pump's reservoir now, and when its next refill is due.

Units: nL, nL/day, ms UTC. Flows come from the prescriptions that the pump accepted; gaps make the volume an interval.
The pump's own counters are the authority: these sums are what they are compared with.
"""

from dataclasses import dataclass
from fractions import Fraction

from thecal.formulary import Solution, stability
from thecal.pump import profile
from thecal.quantity import Refusal, Refused
from thecal.therapy.chart import Chart
from thecal.therapy.due import Limit, RefillDate, Reservoir, refill_date
from thecal.therapy.refill import Span, expected_residual


@dataclass(frozen=True, slots=True)
class Inside:
    """The reservoir by the chart: what it was filled with, and how much is left, between ``low`` and ``high`` nL.

    ``flow`` is the present flow in nL/day, 0 when no prescription runs. ``filled_nl`` is the volume after the fill.
    """

    pump: str
    solution: Solution
    filled_ms: int
    filled_nl: int
    low_nl: int
    high_nl: int
    flow: Fraction


def inside(chart: Chart, now: int) -> Inside:
    """The reservoir of the implanted pump at ``now``.

    Raises Refused when no pump is implanted, or when by the chart it has run empty.
    """
    if chart.implant is None or chart.explant is not None:
        raise Refused(Refusal("no_pump", "No pump is implanted.", "implant", "Missing first: an implant."))
    fill = chart.refills[-1] if chart.refills and chart.refills[-1].pump == chart.implant.pump else chart.implant
    spans = _spans(chart, chart.implant.pump, fill.meta.at, now)
    expected = expected_residual(fill.fill_nl, spans)
    gaps = [gap for gap in chart.gaps if gap.start >= fill.meta.at and gap.pump == chart.implant.pump]
    low, high = (sum(getattr(gap, f"missed_nl_{end}") for gap in gaps) for end in ("low", "high"))
    running = chart.running(chart.implant.pump)
    return Inside(
        pump=chart.implant.pump,
        solution=Solution.parse(fill.solution),
        filled_ms=fill.meta.at,
        filled_nl=fill.fill_nl,
        low_nl=min(expected + low, fill.fill_nl),
        high_nl=min(expected + high, fill.fill_nl),
        flow=Fraction(0) if running is None else running.prescription.daily_flow(),
    )


def next_refill(chart: Chart, now: int, policy: Limit | None = None) -> RefillDate:
    """The next refill date of the implanted pump as seen at ``now``, from the lower bound of what is left.

    Raises Refused when nothing runs, the reservoir is below its alarm, or the pump model lacks a value.
    """
    at = inside(chart, now)
    assert chart.implant is not None, "there is a reservoir, so there is an implant"
    alarm, residual = profile(chart.implant.pump_profile).need("low_reservoir_nl", "residual_nl")
    known = stability(at.solution, "unknown" if chart.refills else "first")
    return refill_date(
        Reservoir(at.filled_ms, at.low_nl, alarm, residual, known_ms=max(now, at.filled_ms)),
        at.flow,
        stability=Limit(known.days, known.source, known.confirmed),
        policy=policy,
    )


def _spans(chart: Chart, pump: str, start: int, now: int) -> list[Span]:
    """Flows from ``start`` to ``now``: each accepted prescription runs until the next one is accepted."""
    accepted = sorted(
        (order.accepted, order.prescription.daily_flow())
        for order in chart.orders
        if order.event.pump == pump and order.accepted is not None
    )
    ends = [at for at, _ in accepted[1:]] + [now]
    spans = [
        Span(flow, max(at, start), min(end, now)) for (at, flow), end in zip(accepted, ends, strict=True) if end > start
    ]
    return [span for span in spans if span.end > span.start]
