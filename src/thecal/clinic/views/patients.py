"""The list of patients, and the two ways in which a chart begins: by hand, or from a FHIR bundle."""

import secrets
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from thecal.clinic import clock, store
from thecal.clinic.access import CARERS, STAFF, page, person
from thecal.clinic.forms.patients import BundleForm, PatientForm
from thecal.clinic.models import ChartRow
from thecal.exchange import BYTES_MAX, read_bundle
from thecal.quantity import Refusal, Refused
from thecal.therapy import STEPS, build, events, stamp, uuid7

_PER_PAGE = 50


@page(read=STAFF)
def patients(request: HttpRequest) -> HttpResponse:
    """Everybody, by name, found by part of a name and by stage."""
    query, stage = request.GET.get("q", "").strip()[:100], request.GET.get("stage", "")
    rows = ChartRow.objects.all()
    if query:
        rows = rows.filter(name__icontains=query)
    if stage:
        rows = rows.filter(stage=stage)
    pages = Paginator(rows, _PER_PAGE).get_page(request.GET.get("page"))
    stages = sorted({each for step in STEPS.values() for each in step.stages} - {"new"})
    return render(
        request,
        "clinic/patients.html",
        {
            "rows": pages.object_list,
            "pages": pages,
            "total": rows.count(),
            "query": query,
            "stage": stage,
            "stages": stages,
        },
    )


@page(read=CARERS, write=CARERS)
def new(request: HttpRequest) -> HttpResponse:
    """Open a chart by hand."""
    form = PatientForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            chart = _open(request, form)
        except Refused as refused:
            form.refuse(refused.refusals)
        else:
            messages.success(request, "The chart is open.", extra_tags="good")
            return redirect("summary", chart)
    return render(request, "clinic/patient_new.html", {"form": form}, status=422 if form.errors else 200)


def _open(request: HttpRequest, form: PatientForm) -> UUID:
    writer, now, cleaned = person(request), clock.now(), form.cleaned_data
    chart = UUID(uuid7(now, secrets.token_bytes(10)))
    registered = build(
        events.PatientRegistered,
        stamp(now, writer.name, writer.role),
        patient=str(chart),
        name=cleaned["name"],
        birth_date=cleaned["birth_date"],
        sex=cleaned["sex"],
        weight_g=cleaned["weight"],
        height_mm=cleaned["height"],
        pain_cause=cleaned["pain_cause"],
        diagnosis=cleaned["diagnosis"],
    )
    store.write(chart, 0, registered)
    return chart


@page(read=CARERS, write=CARERS)
def import_bundle(request: HttpRequest) -> HttpResponse:
    """Read one bundle and open its chart; refused as a whole, with reasons, or taken as a whole, with a report."""
    form = BundleForm(request.POST or None, request.FILES or None)
    refusals: tuple[Refusal, ...] = ()
    if request.method == "POST" and form.is_valid():
        try:
            return _import(request, form)
        except Refused as refused:
            refusals = refused.refusals
    status = 422 if request.method == "POST" else 200
    return render(request, "clinic/patient_import.html", {"form": form, "refusals": refusals}, status=status)


def _import(request: HttpRequest, form: BundleForm) -> HttpResponse:
    upload = form.cleaned_data["bundle"]
    if upload.size > BYTES_MAX:
        what = f"the file has {upload.size:,} bytes"
        raise Refused(Refusal("too_large", what, "bundle", f"A bundle may have at most {BYTES_MAX:,} bytes."))
    writer, now = person(request), clock.now()
    imported = read_bundle(upload.read(), now_ms=now)
    chart = UUID(uuid7(now, secrets.token_bytes(10)))
    store.write(chart, 0, *imported.events(now, writer.name, writer.role, str(chart)))
    messages.success(
        request, "The bundle was read. What was used and what was left out stands below.", extra_tags="good"
    )
    return redirect("history", chart)
