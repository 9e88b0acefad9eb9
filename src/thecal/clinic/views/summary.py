"""The chart at a glance: where the patient stands, drug and pain on one time axis, the spine, and what happened."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from thecal.clinic import clock, store
from thecal.clinic.access import STAFF, page
from thecal.clinic.charting import frame, show
from thecal.clinic.drawings.course import course
from thecal.clinic.drawings.spine import draw, rows
from thecal.clinic.models import PumpRecord
from thecal.clinic.status import pump_view
from thecal.therapy import Chart


@page(read=STAFF)
def summary(request: HttpRequest, chart: UUID) -> HttpResponse:
    """The overview."""
    folded = store.load(chart)
    return show(request, "clinic/summary.html", chart, folded, "summary", **_plots(chart, folded))


@page(read=STAFF)
def plots(request: HttpRequest, chart: UUID) -> HttpResponse:
    """The plots and the spine alone, for a refresh without a new page."""
    folded = store.load(chart)
    return render(request, "clinic/parts/plots.html", frame(chart, folded, "summary", **_plots(chart, folded)))


def _plots(chart: UUID, folded: Chart) -> dict[str, Any]:
    now = clock.now()
    pumps = list(PumpRecord.objects.filter(chart=chart))
    drawn = course(folded, pumps, now)
    title = "Spine C1 to S5"
    if drawn.tip is not None:
        title += f" with the catheter tip at {drawn.tip}"
    if drawn.prediction is not None:
        title += " and the predicted drug in CSF and cord by level"
    current = next((pump for pump in reversed(pumps) if pump.retired_ms is None), None)
    return {
        "course": drawn,
        "spine": draw(drawn.tip, drawn.prediction, title),
        "spine_rows": rows(drawn.prediction) if drawn.prediction is not None else [],
        "recent": list(reversed([event for event in folded.events if event.kind != "pain_recorded"]))[:8],
        "pump": pump_view(folded, current, now) if current is not None else None,
    }
