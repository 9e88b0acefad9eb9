"""The pump as it says it is: delivered, left, next refill with the reason, alarms, gaps, and the orders it got."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from thecal.clinic import clock, orders, store
from thecal.clinic.access import STAFF, page
from thecal.clinic.charting import frame, show
from thecal.clinic.models import PumpHour
from thecal.clinic.status import pump_view
from thecal.pump import LinkDown
from thecal.therapy import Chart

_HOURS = 48


@page(read=STAFF)
def pump(request: HttpRequest, chart: UUID) -> HttpResponse:
    """The whole page, with the last hours and the pump's own log."""
    folded = store.load(chart)
    record = orders.current_pump(chart)
    log: list[dict[str, Any]] = []
    trouble = ""
    if record is not None:
        try:
            log = orders.link(record).log(30)
        except LinkDown as down:
            trouble = str(down)
    return show(
        request,
        "clinic/pump.html",
        chart,
        folded,
        "pump",
        log=list(reversed(log)),
        trouble=trouble,
        **_view(chart, folded),
    )


@page(read=STAFF)
def status(request: HttpRequest, chart: UUID) -> HttpResponse:
    """The status alone, asked for every few seconds by the page that shows it."""
    folded = store.load(chart)
    return render(request, "clinic/parts/pump_status.html", frame(chart, folded, "pump", **_view(chart, folded)))


def _view(chart: UUID, folded: Chart) -> dict[str, Any]:
    record = orders.current_pump(chart)
    if record is None:
        return {"pump": None, "hours": [], "gaps": []}
    return {
        "pump": pump_view(folded, record, clock.now()),
        "hours": list(PumpHour.objects.filter(pump=record).order_by("-start_ms")[:_HOURS]),
        "gaps": list(reversed([gap for gap in folded.gaps if gap.pump == record.pump]))[:20],
    }
