"""The diary: a page for a phone behind a secret link, the same page for a patient's account, and the links.

The diary shows the entries of the day and nothing else of the chart.
"""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from thecal.clinic import clock, store
from thecal.clinic.access import CARERS, STAFF, page, person, public
from thecal.clinic.charting import show
from thecal.clinic.forms.patients import DiaryForm
from thecal.clinic.forms.trial import DiaryLinkForm
from thecal.clinic.models import DiaryLink
from thecal.quantity import MS_PER_DAY, Refused
from thecal.therapy import build, events, stamp


@public
def public_diary(request: HttpRequest, token: str) -> HttpResponse:
    """The diary behind a link. A wrong, ended or revoked link is a plain 404."""
    link = DiaryLink.find(token, clock.now())
    if link is None:
        raise Http404("no such link")
    return _diary(request, link.chart)


@page(read=frozenset({"patient"}), write=frozenset({"patient"}))
def own_diary(request: HttpRequest) -> HttpResponse:
    """The diary of a signed-in patient."""
    profile = getattr(request.user, "profile", None)
    if profile is None or profile.chart is None:
        raise Http404("this account belongs to no chart")
    return _diary(request, profile.chart)


def _diary(request: HttpRequest, chart: UUID) -> HttpResponse:
    folded, now = store.load(chart), clock.now()
    form = DiaryForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        when = form.cleaned_data["when"]
        try:
            entry = build(
                events.PainRecorded,
                stamp(now, "patient", "patient", when),
                score=form.cleaned_data["score"],
                note=form.cleaned_data["note"],
            )
            store.write(chart, None, entry)
        except Refused as refused:
            for refusal in refused.refusals:
                form.add_error("when" if refusal.where == "meta.at" else None, f"{refusal.what} {refusal.do}")
        else:
            messages.success(request, f"Saved: {entry.score}", extra_tags="good")
            return redirect(request.path)
    midnight = now - now % MS_PER_DAY
    today = [entry for entry in reversed(folded.pain()) if entry.meta.at >= midnight]
    status = 422 if form.errors else 200
    return render(request, "clinic/diary.html", {"form": form, "today": today}, status=status)


@page(read=STAFF, write=CARERS)
def links(request: HttpRequest, chart: UUID) -> HttpResponse:
    """The diary as staff see it, the links to it, and a form for a new one, whose address is shown once."""
    folded, now, address = store.load(chart), clock.now(), ""
    form = DiaryLinkForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        expires = now + form.cleaned_data["days"] * MS_PER_DAY
        _, token = DiaryLink.make(chart, person(request).name, now, expires)
        address = request.build_absolute_uri(f"/d/{token}/")
        form = DiaryLinkForm()
    return show(
        request,
        "clinic/diary_links.html",
        chart,
        folded,
        "diary-links",
        form=form,
        address=address,
        links=[(link, link.live(now)) for link in DiaryLink.objects.filter(chart=chart)],
        entries=list(reversed(folded.pain()))[:200],
    )


@page(read=frozenset(), write=CARERS)
def revoke(request: HttpRequest, chart: UUID, link: int) -> HttpResponse:
    """End a link now."""
    found = get_object_or_404(DiaryLink, pk=link, chart=chart)
    if found.revoked_ms is None:
        found.revoked_ms, found.revoked_by = clock.now(), person(request).name
        found.save(update_fields=["revoked_ms", "revoked_by"])
    messages.success(request, "The link is revoked.", extra_tags="good")
    return redirect("diary-links", chart)
