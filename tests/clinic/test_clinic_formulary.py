"""The site formulary of the clinic: reviewed side by side, signed by two, held to by every order, kept in a chain."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.urls import reverse

from clinic.way import IMPLANT, PASSWORD, PRESCRIPTION, Desk, Way, errors
from thecal.clinic import formulary, store
from thecal.clinic.models import FormularyEntry
from thecal.clinic.models.ledger import AppendOnly
from thecal.formulary import PUBLISHED, drug_ids
from thecal.pump import Prescription
from thecal.quantity import Refused, auto
from thecal.therapy import site

KEY = site.Key("morphine", "intrathecal", "max_daily", "all")
MG = 10**12
PAGE = "/formulary/morphine/intrathecal/max_daily/all/"


@pytest.fixture(autouse=True)
def _rolled_back(clinic: object) -> Iterator[None]:
    """What is signed here holds for nobody else: an append-only chain cannot be emptied, so nothing is committed."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def form(most: str = "10 mg/day", **changes: Any) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "version": formulary.current().version,
        "most": most,
        "seen": [limit.source for limit in site.review(KEY).published],
        "reason": "Label and consensus read side by side.",
        "signer": "prescriber",
        "password": PASSWORD,
    }
    return fields | changes


def test_each_published_limit_stands_with_its_sources_and_what_holds(auditor: Desk) -> None:
    for name in drug_ids():
        page = auditor.get(f"/formulary/{name}/").content.decode()
        for key in site.keys(name):
            found = site.review(key)
            assert page.count("Holds now") == len(site.keys(name))
            assert found.published and "Not signed" in page and "until a pharmacist signs one" in page
    home = auditor.get("/formulary/").content.decode()
    assert "published" in home and "Nothing has been signed" in home
    assert auditor.get("/formulary/aspirin/").status_code == 404


def test_a_pharmacist_signs_with_a_second_person_and_the_version_changes(pharmacist: Desk, nurse: Desk) -> None:
    answer = pharmacist.post(PAGE, form())
    assert answer.status_code == 302, errors(answer)
    current = formulary.current()
    assert current.version.startswith("site-1-")
    assert (current.signed[KEY].pharmacist, current.signed[KEY].second) == ("Filipa Costa", "Petra Salo")
    page = nurse.get("/formulary/morphine/").content.decode()
    assert "Holds now: 10 mg/day" in page and "signed by Filipa Costa" in page
    history = nurse.get("/formulary/").content.decode()
    assert current.version in history and "Label and consensus read side by side." in history
    back = {"back-version": current.version, "back-reason": "A new label.", "withdraw": "yes"}
    back |= {"back-signer": "prescriber", "back-password": PASSWORD}
    assert pharmacist.post(PAGE, back).status_code == 302
    assert KEY not in formulary.current().signed
    assert formulary.current().version.startswith("site-2-")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"most": "10"}, "most"),
        ({"most": "10 mcg"}, "most"),
        ({"most": "16 mg/day"}, "most"),
        ({"seen": []}, "seen"),
        ({"reason": ""}, "reason"),
        ({"password": "wrong"}, "password"),
        ({"version": "site-9-000000000000"}, "__all__"),
    ],
)
def test_a_signature_that_cannot_stand_is_refused_at_its_field(
    pharmacist: Desk, changes: dict[str, Any], field: str
) -> None:
    answer = pharmacist.post(PAGE, form(**changes))
    assert answer.status_code == 422
    assert field in errors(answer)
    assert not FormularyEntry.objects.exists()


def test_one_source_left_out_is_named(pharmacist: Desk) -> None:
    found = next(each for each in site.open_reviews() if len({limit.source for limit in each.published}) > 1)
    sources = sorted({limit.source for limit in found.published})
    path = reverse("formulary-limit", args=list(found.key))
    most = auto(found.strictest, found.kind)
    answer = pharmacist.post(path, form(most, seen=sources[:-1]))
    assert answer.status_code == 422
    assert "Not reviewed" in str(errors(answer)["seen"])
    assert pharmacist.post(path, form(most, seen=sources)).status_code == 302


def _implanted(way: Way, prescriber: Desk) -> None:
    way.decided()
    answer = prescriber.send("implant", way.chart, IMPLANT)
    assert answer.status_code == 302, errors(answer)


def test_every_order_is_checked_against_the_signed_value_and_names_the_version(
    pharmacist: Desk, prescriber: Desk, way: Way
) -> None:
    _implanted(way, prescriber)
    assert pharmacist.post(PAGE, form("0.5 mg/day")).status_code == 302
    answer = prescriber.send("prescription-review", way.chart, PRESCRIPTION)
    assert answer.status_code == 422
    assert "the site's ceiling of 0.5 mg/day" in str(errors(answer))
    less = PRESCRIPTION | {"dose": "0.4 mg/day"}
    review = prescriber.send("prescription-review", way.chart, less)
    version = formulary.current().version
    assert version in review.content.decode()
    context: Any = review.context  # type: ignore[attr-defined]
    signed = context["form"].initial | {"signer": "prescriber", "password": PASSWORD}
    reviewed = Prescription.from_bytes(signed["prescription"].encode())
    assert [(each.most, each.by) for each in reviewed.basis.signed] == [(MG // 2, "Filipa Costa")]
    looser = tuple(replace(each, most=15 * MG) for each in reviewed.basis.signed)
    for basis in (PUBLISHED, replace(reviewed.basis, signed=looser), replace(reviewed.basis, signed=())):
        forged = replace(reviewed, basis=basis)
        posted = signed | {"prescription": forged.to_bytes().decode(), "digest": forged.digest()}
        changed = prescriber.post(reverse("prescription-sign", args=[way.chart]), posted)
        assert changed.status_code == 422 and "does not hold any more" in changed.content.decode()
    written = [event for event in store.load(way.chart).events if event.kind == "prescription_written"]
    assert prescriber.post(reverse("prescription-sign", args=[way.chart]), signed).status_code == 302
    order = store.load(way.chart).orders[-1]
    assert len(written) + 1 == len([e for e in store.load(way.chart).events if e.kind == "prescription_written"])
    assert order.event.formulary == version
    assert version in prescriber.read("prescription", way.chart).content.decode()
    assert version in prescriber.read("ledger", way.chart).content.decode()


def test_the_chain_is_append_only_and_a_changed_byte_is_found(pharmacist: Desk) -> None:
    assert pharmacist.post(PAGE, form()).status_code == 302
    with pytest.raises(AppendOnly):
        FormularyEntry.objects.update(kind="x")
    for statement in ("UPDATE clinic_formularyentry SET kind = 'x'", "DELETE FROM clinic_formularyentry"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER formulary_entry_no_update")
        cursor.execute("UPDATE clinic_formularyentry SET body = replace(body, 'side by side', 'side by s1de')")
    with pytest.raises(Refused, match="cannot be trusted"):
        formulary.current()
    assert pharmacist.get("/formulary/").status_code == 422
