"""Home: who needs what today, worst first. A patient's account has its own home, the diary."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from thecal.clinic import clock, store
from thecal.clinic.access import ANYBODY_SIGNED_IN, page, person
from thecal.clinic.models import ChartRow
from thecal.quantity import Refused
from thecal.therapy import Chart, Urgency, worklist

_WORDS = {
    Urgency.NOW: ("bad", "Now"),
    Urgency.TODAY: ("warn", "Today"),
    Urgency.SOON: ("info", "Soon"),
    Urgency.NEXT_STEP: ("info", "Next step"),
}
_PLACES = (
    ("refill", "refill"),
    ("pain diary", "diary-links"),
    ("candidacy", "candidacy"),
    ("trial", "trial"),
    ("decide together", "decision"),
    ("implant the pump", "implant"),
    ("gap", "pump"),
    ("deliver", "pump"),
    ("prescription", "prescription"),
    ("therapy", "prescription"),
    ("pump", "pump"),
)


@page(read=ANYBODY_SIGNED_IN)
def home(request: HttpRequest) -> HttpResponse:
    """The worklist, or the diary for a patient."""
    if person(request).role == "patient":
        return redirect("own-diary")
    now, rows = clock.now(), list(ChartRow.objects.all())
    charts, items = _trusted(rows)
    for task in worklist(charts, now):
        tone, word = _WORDS[task.urgency]
        place = next((name for part, name in _PLACES if part in task.what.lower()), "summary")
        items.append(
            {
                "name": task.name,
                "tone": tone,
                "word": word,
                "what": task.what + ".",
                "why": task.reason,
                "since": task.since,
                "due": task.due,
                "url": reverse(place, args=[UUID(task.patient)]),
            }
        )
    return render(request, "clinic/worklist.html", {"items": items, "any": bool(rows)})


def _trusted(rows: list[ChartRow]) -> tuple[list[Chart], list[dict[str, Any]]]:
    """The charts that can be read, and an item for each that cannot: one damaged ledger hides no other patient."""
    charts: list[Chart] = []
    broken: list[dict[str, Any]] = []
    for row in rows:
        try:
            charts.append(store.load(row.chart))
        except Refused as refused:
            reason, url = refused.refusals[0].what, reverse("ledger", args=[row.chart])
            what = "The chart cannot be trusted."
            broken.append({"name": row.name, "tone": "bad", "word": "Now", "what": what, "why": reason, "url": url})
    return charts, broken
