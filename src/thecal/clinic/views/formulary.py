"""The site formulary: each published limit with its sources side by side, what holds now, the signature.

A limit that nobody signed holds at its strictest published value and says that it is unconfirmed. Anybody of the staff
reads; a pharmacist signs, with a second person.
"""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from thecal.clinic import clock
from thecal.clinic import formulary as book
from thecal.clinic.access import PHARMACISTS, STAFF, page, person
from thecal.clinic.forms.formulary import LimitForm, SecondForm
from thecal.clinic.signing import signer
from thecal.formulary import drug_ids
from thecal.quantity import Refused
from thecal.therapy import site


@page(read=STAFF)
def formulary(request: HttpRequest) -> HttpResponse:
    """The drugs with what is open of each, and everything that was ever signed, newest first."""
    entries, signed, current = book.kept()
    left = site.open_reviews(current)
    drugs = [
        {
            "id": name,
            "limits": len(site.keys(name)),
            "signed": sum(key.drug == name for key in current.signed),
            "disagree": sum(each.key.drug == name and each.disagree for each in left),
            "unconfirmed": sum(each.key.drug == name and each.unconfirmed for each in left),
        }
        for name in drug_ids()
    ]
    history = [
        (entry, event, site.review(_key(event)).kind.name.replace(" ", "_"))
        for entry, event in zip(reversed(entries), reversed(signed), strict=True)
    ]
    return render(
        request, "clinic/formulary.html", {"drugs": drugs, "current": current, "open": len(left), "history": history}
    )


@page(read=STAFF)
def drug(request: HttpRequest, drug: str) -> HttpResponse:
    """Each limit of a drug: every published value, the value that holds, and why."""
    current = book.current()
    try:
        reviews = [site.review(key, current) for key in site.keys(drug)]
    except Refused:
        raise Http404("there is no such drug") from None
    shown = {"drug": drug, "reviews": [_row(each, current) for each in reviews], "current": current}
    return render(request, "clinic/formulary_drug.html", shown)


@page(read=PHARMACISTS, write=PHARMACISTS)
def limit(request: HttpRequest, drug: str, route: str, key: str, population: str) -> HttpResponse:
    """Sign the site's value of one limit, or take the signature back."""
    current = book.current()
    try:
        found = site.review(site.Key(drug, route, key, population), current)
    except Refused:
        raise Http404("there is no such limit") from None
    sources = tuple(dict.fromkeys(each.source for each in found.published))
    initial = {"version": current.version}
    back = request.method == "POST" and "withdraw" in request.POST
    form = LimitForm(None if back else request.POST or None, found.kind, sources, initial=initial)
    withdraw = SecondForm(request.POST if back else None, initial=initial, prefix="back")
    if request.method == "POST":
        used: LimitForm | SecondForm = withdraw if back else form
        if used.is_valid() and _signed(request, used, found.key):
            return redirect("formulary-drug", drug)
    status = 422 if form.errors or withdraw.errors else 200
    shown = {"row": _row(found, current), "drug": drug, "form": form, "withdraw": withdraw, "current": current}
    return render(request, "clinic/formulary_limit.html", shown, status=status)


def _signed(request: HttpRequest, form: LimitForm | SecondForm, key: site.Key) -> bool:
    """Sign or withdraw what stands in a valid form; False, with the reasons at its fields, when it is refused."""
    second = signer(request, form, frozenset({"prescriber", "pharmacist"}))
    if second is None:
        return False
    said = {"pharmacist": person(request).name, "second": second.name, "reason": form.cleaned_data["reason"]}
    try:
        if isinstance(form, LimitForm):
            value = {"most": form.cleaned_data["most"], "seen": tuple(form.cleaned_data["seen"])}
            made = _sign(site.SiteLimitSigned, form, said | value, key)
            text = f"The limit is signed. The formulary is {made.version} now."
        else:
            made = _sign(site.SiteLimitWithdrawn, form, said, key)
            text = f"The signature is taken back. The formulary is {made.version} now."
    except Refused as refused:
        form.refuse(refused.refusals)
        return False
    messages.success(request, text, extra_tags="good")
    return True


def _sign(
    kind: type[site.SiteLimitSigned] | type[site.SiteLimitWithdrawn],
    form: LimitForm | SecondForm,
    said: dict[str, Any],
    key: site.Key,
) -> site.SiteFormulary:
    return book.sign(kind, form.cleaned_data["version"], clock.now(), **said, **key._asdict())


def _key(event: site.SiteEvent) -> site.Key:
    return site.Key(event.drug, event.route, event.key, event.population)


def _row(found: site.Review, current: site.SiteFormulary) -> dict[str, Any]:
    holds = found.holds
    why = (
        f"signed by {holds.by}: {current.signed[found.key].reason}"
        if holds.signed
        else "the strictest published value, until a pharmacist signs one"
    )
    return {"review": found, "kind": found.kind.name.replace(" ", "_"), "why": why}
