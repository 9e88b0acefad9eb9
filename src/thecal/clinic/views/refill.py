"""The refill: what should be in the reservoir against what was drawn out, what goes in, and what it blends to.

Also the question that harms when nobody asks it: what dose is given if the syringe held another concentration.
"""

from fractions import Fraction
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from thecal.clinic import clock, orders, store
from thecal.clinic.access import CARERS, STAFF, page
from thecal.clinic.charting import clashed, frame, show, writer
from thecal.clinic.forms.implant import RefillForm, WhatIfForm
from thecal.clinic.models import PumpRecord
from thecal.clinic.status import pump_view
from thecal.formulary import Solution
from thecal.pump import LinkDown
from thecal.quantity import DOSE_RATE, VOLUME, Refusal, Refused, auto, decimal_text
from thecal.therapy import Chart, Clash, build, compare, dosing, events, inside, refusals

_READING_NL = 500_000


@page(read=STAFF, write=CARERS)
def refill(request: HttpRequest, chart: UUID) -> HttpResponse:
    """Compare, refill, record; with all earlier refills and their readings."""
    folded = store.load(chart)
    form = RefillForm(request.POST or None, initial={"version": folded.version})
    if request.method == "POST" and form.is_valid():
        answer = _refill(request, chart, folded, form)
        if answer is not None:
            return answer
    return show(
        request, "clinic/refill.html", chart, folded, "refill", form=form, what_if=WhatIfForm(), **_view(chart, folded)
    )


def _refill(request: HttpRequest, chart: UUID, folded: Chart, form: RefillForm) -> HttpResponse | None:
    author, cleaned, record = writer(request, chart), form.cleaned_data, orders.current_pump(chart)
    try:
        if record is None:
            raise orders.no_pump()
        store.unchanged(chart, cleaned["version"])
        link = orders.link(record)
        fields: dict[str, Any] = {
            "pump": record.pump,
            "start_nl": _start(folded, record),
            "withdrawn_nl": cleaned["withdrawn"],
            "fill_nl": cleaned["fill"],
            "solution": str(cleaned["solution"]),
            "reading_nl": cleaned["reading"] if cleaned["reading"] is not None else _READING_NL,
            "lot": cleaned["lot"],
            "note": cleaned["note"],
        }
        expected = min(link.status().reservoir_nl, fields["start_nl"])
        draft = build(events.RefillRecorded, author.meta(), expected_nl=expected, **fields)
        if wrong := refusals(folded, draft):
            raise Refused(*wrong)
        receipt = link.refill(cleaned["withdrawn"], cleaned["solution"], cleaned["fill"])
    except Clash as clash:
        return clashed(request, chart, form, clash)
    except Refused as refused:
        form.refuse(refused.refusals)
        return None
    except LinkDown as down:
        form.refuse([Refusal("link_down", f"The pump could not be reached: {down}.", "", "Nothing was recorded.")])
        return None
    report = receipt.refill
    if report is not None:  # the pump's own sum at the moment of the refill is the one that counts
        fields["start_nl"] = max(fields["start_nl"], report.expected_nl)
        draft = build(events.RefillRecorded, author.meta(), expected_nl=report.expected_nl, **fields)
    # The pump has been refilled: it is recorded whatever was written meanwhile.
    store.record(chart, draft)
    messages.success(request, "The refill is recorded and the pump counts from the new fill.", extra_tags="good")
    return redirect("refill", chart)


@page(read=STAFF)
def what_if(request: HttpRequest, chart: UUID) -> HttpResponse:
    """If the syringe had held another concentration: the dose that would really be given at the same flow."""
    folded = store.load(chart)
    form = WhatIfForm(request.GET or None)
    answer: dict[str, Any] = {}
    record = orders.current_pump(chart)
    order = folded.running(record.pump) if record is not None else None
    if order is None:
        answer["nothing"] = "No prescription runs, so no dose follows."
    elif form.is_valid():
        flow, meant = order.prescription.daily_flow(), order.prescription.solution.primary
        if flow <= 0:
            answer["nothing"] = "Nothing flows, so no dose follows."
        else:
            real, other = dosing.dose(flow, form.cleaned_data["concentration"]), form.cleaned_data["concentration"]
            answer |= {
                "drug": meant.drug,
                "meant": auto(order.prescription.dose_rate(), DOSE_RATE),
                "real": auto(real, DOSE_RATE),
                "times": decimal_text(Fraction(other, meant.concentration), 3),
                "more": other > meant.concentration,
                "same": other == meant.concentration,
            }
    template = "clinic/parts/what_if.html" if request.headers.get("HX-Request") else "clinic/refill.html"
    if template == "clinic/parts/what_if.html":
        context = frame(chart, folded, "refill", what_if=form, answer=answer)
        return render(request, template, context)
    again = RefillForm(initial={"version": folded.version})
    more = _view(chart, folded)
    return show(request, template, chart, folded, "refill", form=again, what_if=form, answer=answer, **more)


def _start(folded: Chart, record: PumpRecord) -> int:
    """Volume after the last fill of this pump, in nL."""
    fills = [refill.fill_nl for refill in folded.refills if refill.pump == record.pump]
    if fills:
        return fills[-1]
    if record.role == PumpRecord.Role.IMPLANTED and folded.implant is not None:
        return folded.implant.fill_nl
    return folded.trial.started.fill_nl if folded.trial is not None else 0


def _view(chart: UUID, folded: Chart) -> dict[str, Any]:
    record, now = orders.current_pump(chart), clock.now()
    past = [
        (
            each,
            compare(each.start_nl, each.expected_nl, each.withdrawn_nl, Solution.parse(each.solution), each.reading_nl),
        )
        for each in reversed(folded.refills)
    ]
    by_chart = ""
    if record is not None and record.role == PumpRecord.Role.IMPLANTED:
        try:
            found = inside(folded, now)
            low, high = auto(found.low_nl, VOLUME, 4), auto(found.high_nl, VOLUME, 4)
            by_chart = low if low == high else f"{low} to {high}"
        except Refused as refused:
            by_chart = refused.refusals[0].what
    return {
        "pump": pump_view(folded, record, now) if record is not None else None,
        "past": past,
        "by_chart": by_chart,
        "now": now,
    }
