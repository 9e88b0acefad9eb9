"""Prescribing: write, see before and after side by side with every limit checked, sign, send, and follow the order.

What is signed is exactly what was reviewed: the canonical bytes travel from the review to the signature and their
digest is checked again. Whoever drafts, a prescriber signs with their own password.
"""

from dataclasses import replace
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from thecal.clinic import clock, formulary, orders, store
from thecal.clinic.access import CARERS, PRESCRIBERS, STAFF, page, person
from thecal.clinic.charting import Writer, clashed, show, writer
from thecal.clinic.forms.prescription import PrescriptionForm, SignForm
from thecal.clinic.signing import signer
from thecal.formulary import Finding, Solution
from thecal.pump import Bridge, Prescription, Profile, describe, profile
from thecal.quantity import DOSE_RATE, MS_PER_HOUR, Refusal, Refused, auto
from thecal.therapy import (
    Chart,
    Clash,
    OldFluid,
    bridge_over,
    build,
    dead_volume,
    events,
    old_fluid,
    population,
    time_to_tip,
)


@page(read=STAFF)
def prescription(request: HttpRequest, chart: UUID) -> HttpResponse:
    """What runs, what was ordered and how far each order got, and the form for a new one."""
    folded = store.load(chart)
    form = PrescriptionForm(initial={"version": folded.version}, old=_old(folded))
    return _written(request, chart, folded, form)


def _written(request: HttpRequest, chart: UUID, folded: Chart, form: PrescriptionForm) -> HttpResponse:
    running = folded.running(folded.implant.pump) if folded.implant is not None else None
    return show(
        request,
        "clinic/prescription.html",
        chart,
        folded,
        "prescription",
        form=form,
        running=running,
        rows=describe(running.prescription, _profile(folded)) if running is not None else {},
        orders=list(reversed(folded.orders)),
        solution=_inside(folded) if folded.pump_in_place else None,
    )


@page(read=frozenset(), write=CARERS)
def review(request: HttpRequest, chart: UUID) -> HttpResponse:
    """Check a draft against every limit and show it beside what runs now; nothing is written yet."""
    folded = store.load(chart)
    form = PrescriptionForm(request.POST, old=_old(folded))
    if not form.is_valid():
        return _written(request, chart, folded, form)
    try:
        order, findings = _draft(folded, form, writer(request, chart))
    except Refused as refused:
        form.refuse(refused.refusals)
        return _written(request, chart, folded, form)
    initial = {
        "version": form.cleaned_data["version"],
        "prescription": order.to_bytes().decode("ascii"),
        "digest": order.digest(),
        "reason": form.cleaned_data["reason"],
    }
    if person(request).role == "prescriber":
        initial["signer"] = person(request).username
    return _reviewed(request, chart, folded, order, findings, SignForm(initial=initial))


@page(read=frozenset(), write=CARERS)
def sign(request: HttpRequest, chart: UUID) -> HttpResponse:
    """The second step: a prescriber signs what stands on the page, and it is sent."""
    folded = store.load(chart)
    form = SignForm(request.POST)
    order, findings = _reread(folded, form)
    who = signer(request, form, PRESCRIBERS) if form.is_valid() else None
    if who is None:
        return _reviewed(request, chart, folded, order, findings, form)
    now = clock.now()
    written = build(
        events.PrescriptionWritten,
        Writer(chart, who, now).meta(),
        prescription=order.to_bytes().decode("ascii"),
        digest=order.digest(),
        pump=folded.implant.pump if folded.implant is not None else "",
        purpose="therapy",
        reason=form.cleaned_data["reason"],
        formulary=order.basis.version,
    )
    try:
        store.write(chart, form.cleaned_data["version"], written)
    except Clash as clash:
        return clashed(request, chart, form, clash)
    except Refused as refused:
        form.refuse(refused.refusals)
        return _reviewed(request, chart, folded, order, findings, form)
    return _sent(request, chart, order.digest())


@page(read=frozenset(), write=CARERS)
def send(request: HttpRequest, chart: UUID, digest: str) -> HttpResponse:
    """Send a signed order again that has not reached its pump."""
    store.load(chart)
    return _sent(request, chart, digest)


def _sent(request: HttpRequest, chart: UUID, digest: str) -> HttpResponse:
    state = orders.send(writer(request, chart), digest)
    if state == "acknowledged":
        text = "The pump took the prescription. Its counters will confirm that it delivers."
        messages.success(request, text, extra_tags="good")
    else:
        messages.error(request, "The order did not reach its end; see its state below.", extra_tags="bad")
    order = store.load(chart).order(digest)
    return redirect("trial" if order is not None and order.event.purpose == "trial" else "prescription", chart)


def _draft(folded: Chart, form: PrescriptionForm, author: Writer) -> tuple[Prescription, tuple[Finding, ...]]:
    _in_place(folded)
    assert folded.implant is not None, "a pump in place was implanted"
    order = orders.write_order(
        folded,
        route=folded.implant.route,
        solution=_inside(folded),
        program=form.cleaned_data["built"],
        caps=form.caps(),
        author=author.person.name,
        now=author.now,
    )
    old = _old(folded)
    if old is not None and form.cleaned_data.get("bridge") == form.BRIDGE and order.daily_dose():
        order = replace(order, once=bridge_over(old, order.daily_dose()))
    return order, _admitted(folded, order)


def _old(folded: Chart) -> OldFluid | None:
    """What the path still holds of another solution; None also where the dead volume cannot be told."""
    try:
        return old_fluid(folded) if folded.pump_in_place else None
    except Refused:
        return None


def _reread(folded: Chart, form: SignForm) -> tuple[Prescription, tuple[Finding, ...]]:
    """The reviewed order, from its bytes. Raises Refused when it is not what was reviewed or not admitted any more."""
    _in_place(folded)
    order = Prescription.from_bytes(form["prescription"].data.encode() if form["prescription"].data else b"")
    if order.digest() != form["digest"].data:
        raise Refused(Refusal("digest", "This is not the prescription that was reviewed.", "", "Write it again."))
    return order, _admitted(folded, order)


def _in_place(folded: Chart) -> None:
    if folded.implant is None or not folded.pump_in_place:
        raise Refused(Refusal("no_pump", "No pump is implanted.", "", "Record the implant first."))


def _admitted(folded: Chart, order: Prescription) -> tuple[Finding, ...]:
    return orders.admitted(folded, order, _profile(folded), _inside(folded), clock.now(), starting=not _treated(folded))


def _treated(folded: Chart) -> bool:
    return any(order.event.purpose == "therapy" and order.accepted is not None for order in folded.orders)


def _reviewed(
    request: HttpRequest, chart: UUID, folded: Chart, order: Prescription, findings: tuple[Finding, ...], form: SignForm
) -> HttpResponse:
    pump = _profile(folded)
    running = folded.running(folded.implant.pump) if folded.implant is not None else None
    before = describe(running.prescription, pump) if running is not None else {}
    after = describe(order, pump)
    return show(
        request,
        "clinic/prescription_review.html",
        chart,
        folded,
        "prescription",
        form=form,
        order=order,
        findings=findings,
        rows=[
            (name, before.get(name, "-"), after.get(name, "-"), before.get(name) != after.get(name))
            for name in dict.fromkeys((*after, *before))
        ],
        formulary=formulary.current(),
        unbridged=_unbridged(folded, order),
        belongs=population(folded, clock.now()),
        arrival=_arrival(folded, order),
        profile=pump,
    )


def _unbridged(folded: Chart, order: Prescription) -> str:
    """What the tip gives while old fluid passes without a bridge; empty when there is none of it, or a bridge."""
    old = _old(folded)
    if old is None or isinstance(order.once, Bridge) or not order.daily_dose():
        return ""
    if not old.same_drug:
        return f"{old.old}, at the flow of the new order, until it has passed."
    meant, given = order.dose_rate(), order.dose_rate() * old.times
    return f"{old.old}, at the flow of the new order: {auto(given, DOSE_RATE)} in place of {auto(meant, DOSE_RATE)}."


def _arrival(folded: Chart, order: Prescription) -> str:
    """When what is prescribed will be at the tip, as a range of hours; empty when it cannot be told."""
    flow = order.daily_flow()
    if folded.implant is None or flow <= 0:
        return ""
    try:
        early, late = time_to_tip(dead_volume(folded.implant).path, flow)
    except Refused:
        return ""
    low, high = early / MS_PER_HOUR, late / MS_PER_HOUR
    return f"{low:.1f} h" if early == late else f"{low:.1f} to {high:.1f} h"


def _profile(folded: Chart) -> Profile:
    assert folded.implant is not None, "a prescription is written for an implanted pump"
    return profile(folded.implant.pump_profile)


def _inside(folded: Chart) -> Solution:
    assert folded.implant is not None, "a prescription is written for an implanted pump"
    return Solution.parse(folded.refills[-1].solution if folded.refills else folded.implant.solution)
