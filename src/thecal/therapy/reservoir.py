"""What the chart says is in the implanted pump's reservoir now, and when its next refill is due.

Units: nL, nL/day, ms UTC. Flows come from the prescriptions that the pump accepted. Gaps, and a prescription of which
it is not known whether the pump runs it, make the volume an interval.
The pump's own counters are the authority: these sums are what they are compared with.
"""

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from thecal.formulary import Solution, stability
from thecal.pump import profile
from thecal.quantity import Refusal, Refused
from thecal.therapy.chart import Chart
from thecal.therapy.door import checked
from thecal.therapy.due import Limit, RefillDate, Reservoir, refill_date
from thecal.therapy.refill import Span, expected_residual


@dataclass(frozen=True, slots=True)
class Inside:
    """The reservoir by the chart: what it was filled with, and how much is left, between ``low`` and ``high`` nL.

    ``flow`` is the present flow in nL/day, 0 when no prescription runs, and the higher one while that is in doubt.
    ``filled_nl`` is the volume after the fill.
    """

    pump: str
    solution: Solution
    filled_ms: int
    filled_nl: int
    low_nl: int
    high_nl: int
    flow: Fraction


@checked
def inside(chart: Chart, now: int) -> Inside:
    """The reservoir of the implanted pump at ``now``.

    Raises Refused when no pump is implanted, or when by the chart it has run empty.
    """
    if chart.implant is None or chart.explant is not None:
        raise Refused(Refusal("no_pump", "No pump is implanted.", "implant", "Missing first: an implant."))
    fill = chart.refills[-1] if chart.refills and chart.refills[-1].pump == chart.implant.pump else chart.implant
    pump, start = chart.implant.pump, fill.meta.at
    runs = [_spans(timeline, start, now) for timeline in _timelines(chart, pump)]
    expected = [expected_residual(fill.fill_nl, spans) for spans in runs]
    gaps = [gap for gap in chart.gaps if gap.start >= start and gap.pump == pump]
    return Inside(
        pump=pump,
        solution=Solution.parse(fill.solution),
        filled_ms=start,
        filled_nl=fill.fill_nl,
        low_nl=min(min(expected) + sum(gap.missed_nl_low for gap in gaps), fill.fill_nl),
        high_nl=min(max(expected) + sum(gap.missed_nl_high for gap in gaps), fill.fill_nl),
        flow=max(timeline[-1][1] if timeline else Fraction(0) for timeline in _timelines(chart, pump)),
    )


@checked
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


type Timeline = list[tuple[int, Fraction]]
"""From when (ms) which flow (nL/day) runs, in order of time."""


def _timelines(chart: Chart, pump: str) -> list[Timeline]:
    """What the pump may have run: one timeline, or two while it is in doubt whether it runs the newest prescription."""
    orders = [order for order in chart.orders if order.event.pump == pump]
    sure = sorted(
        (order.accepted, order.prescription.daily_flow())
        for order in orders
        if order.accepted is not None and not (order is orders[-1] and order.state == "disputed")
    )
    if not orders or orders[-1].state not in ("sent", "disputed"):
        return [sure]
    newest = orders[-1]
    since = newest.event.meta.at if newest.accepted is None else newest.accepted
    return [sure, [*(each for each in sure if each[0] <= since), (since, newest.prescription.daily_flow())]]


def _spans(timeline: Timeline, start: int, now: int) -> list[Span]:
    """Flows from ``start`` to ``now``: each prescription runs until the next one does."""
    ended: Timeline = [*timeline, (now, Fraction(0))]
    spans = [Span(flow, max(at, start), min(end, now)) for (at, flow), (end, _) in pairwise(ended)]
    return [span for span in spans if span.end > span.start]
