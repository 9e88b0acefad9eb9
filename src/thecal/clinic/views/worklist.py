"""Home: who needs what today, worst first. A patient's account has its own home, the diary."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from thecal.clinic import clock, store
from thecal.clinic.access import ANYBODY_SIGNED_IN, page, person
from thecal.clinic.models import ChartRow
from thecal.therapy import Urgency, board

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
    now = clock.now()
    rows, broken = store.rows()
    items = [_broken(row) for row in broken]
    for task in board(rows, now):
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
                "lacks": [text.rstrip(".") for text in task.lacks],
                "url": reverse(place, args=[UUID(task.patient)]),
            }
        )
    return render(request, "clinic/worklist.html", {"items": items, "any": bool(rows or broken)})


def _broken(row: ChartRow) -> dict[str, Any]:
    """The item of a chart that cannot be read: one damaged ledger hides no other patient."""
    url, what = reverse("ledger", args=[row.chart]), "The chart cannot be trusted."
    return {"name": row.name, "tone": "bad", "word": "Now", "what": what, "why": row.trouble, "url": url}
