"""Who may open which page: every address of the clinic, for every role, by reading and by writing."""

import re
from pathlib import Path
from uuid import UUID

import pytest
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import path

from clinic.way import PLAN, Address, Desk, Way, addresses, entries
from thecal.clinic.access import CARERS, page
from thecal.clinic.models import DiaryLink, Profile, PumpRecord

ALL = {address.name: address for address in addresses()}
ROLES = ("nurse", "prescriber", "pharmacist", "auditor", "patient")
DOCS = Path(__file__).parents[2] / "docs" / "clinic.md"


def _bare(_request: HttpRequest) -> HttpResponse:
    return HttpResponse("anybody reads this")


@page(read=CARERS)
def _guarded(_request: HttpRequest) -> HttpResponse:
    return HttpResponse("carers read this")


urlpatterns = [path("bare/", _bare, name="bare"), path("guarded/", _guarded, name="guarded")]


def test_every_view_declares_who_may_open_it() -> None:
    assert len(ALL) >= 30
    assert [address.route for address in ALL.values() if address.access is None] == []
    assert {name for name, address in ALL.items() if address.access and address.access.public} == {"sign-in", "diary"}


def test_a_view_without_a_declaration_is_found_and_cannot_be_reached(prescriber: Desk, outside: Desk) -> None:
    assert [address.name for address in addresses(list(urlpatterns)) if address.access is None] == ["bare"]
    with override_settings(ROOT_URLCONF=__name__):
        for desk in (prescriber, outside):
            answer = desk.get("/bare/")
            assert answer.status_code == 500
            assert b"anybody reads this" not in answer.content
        assert prescriber.get("/guarded/").content == b"carers read this"


@pytest.mark.parametrize("name", sorted(ALL))
def test_reading_is_for_the_roles_that_the_page_names(name: str, desks: dict[str, Desk], own_chart: UUID) -> None:
    address = ALL[name]
    access = address.access
    assert access is not None
    for role, desk in desks.items():
        answer = desk.get(address.path(own_chart))
        if access.public:
            assert answer.status_code in (200, 302, 404), role
        elif role == "nobody":
            assert answer.status_code == 302, role
            assert answer["Location"].startswith("/sign-in/?next="), role
        elif not access.read:
            assert answer.status_code == 405, role
        elif role in access.read:
            assert answer.status_code in (200, 302), role
        else:
            assert answer.status_code == 403, role


@pytest.mark.parametrize("name", sorted(ALL))
def test_writing_is_for_the_roles_that_the_page_names(name: str, desks: dict[str, Desk], own_chart: UUID) -> None:
    address = ALL[name]
    access = address.access
    assert access is not None
    for role, desk in desks.items():
        answer = desk.post(address.path(own_chart))
        if access.public:
            assert answer.status_code in (200, 302, 404), role
        elif role == "nobody":
            assert answer.status_code == 302, role
            assert answer["Location"].startswith("/sign-in/?next="), role
        elif not access.write:
            assert answer.status_code == 405, role
        elif role in access.write:
            assert answer.status_code in (200, 302, 404, 422), role
        else:
            assert answer.status_code == 403, role


@pytest.mark.parametrize("method", ["put", "patch", "delete", "options"])
def test_other_methods_are_refused(method: str, prescriber: Desk, own_chart: UUID) -> None:
    for address in ALL.values():
        if address.access is not None and not address.access.public:
            answer = getattr(prescriber.client, method)(address.path(own_chart))
            assert answer.status_code == 405, address.name


def test_an_auditor_can_never_write(auditor: Desk, way: Way) -> None:
    way.assessed()
    DiaryLink.make(way.chart, "Noor Visser", way.now, way.now + 10**9)
    before = (entries(), DiaryLink.objects.filter(revoked_ms=None).count(), PumpRecord.objects.count())
    full = {**PLAN, "version": "7", "name": "Eve", "birth_date": "1960", "kind": "declined", "by": "both"}
    full |= {"treatment": "other", "outcome": "unknown", "reason": "because", "score": "3", "pain_cause": "unknown"}
    for address in ALL.values():
        if address.name not in ("sign-out", "password", "sign-in", "diary"):
            assert auditor.post(address.path(way.chart), full).status_code in (403, 405), address.name
    assert (entries(), DiaryLink.objects.filter(revoked_ms=None).count(), PumpRecord.objects.count()) == before
    writes = {name for name, each in ALL.items() if each.access and "auditor" in each.access.write}
    assert writes == {"password", "sign-out"}


def test_a_patient_reaches_the_own_diary_and_no_page_of_any_chart(patient: Desk, way: Way, own_chart: UUID) -> None:
    way.registered()
    opens = {name for name, each in ALL.items() if each.access and "patient" in each.access.read | each.access.write}
    assert opens == {"home", "own-diary", "password", "sign-out"}
    assert patient.get("/")["Location"] == "/me/"
    for chart in (way.chart, own_chart):
        for address in ALL.values():
            if "chart" in address.arguments:
                assert patient.get(address.path(chart)).status_code in (403, 405), address.name
    before = entries(way.chart)
    assert patient.post("/me/", {"score": "4"}).status_code == 302
    assert entries(way.chart) == before
    page = patient.get("/me/").content.decode()
    assert "<strong>4</strong>" in page
    assert way.name not in page


def test_an_account_without_a_role_opens_nothing(clinic: dict[str, User], own_chart: UUID) -> None:
    user, _ = User.objects.get_or_create(username="roleless")
    client = Client(raise_request_exception=False)
    client.force_login(user)
    for address in ALL.values():
        if address.access is not None and not address.access.public:
            assert client.get(address.path(own_chart)).status_code in (403, 405), address.name
            assert client.post(address.path(own_chart)).status_code in (403, 405), address.name


def test_a_patient_account_has_exactly_one_chart(clinic: dict[str, User], own_chart: UUID) -> None:
    from django.db import IntegrityError, transaction

    user, _ = User.objects.get_or_create(username="roleless")
    for role, chart in (("patient", None), ("nurse", own_chart)):
        with pytest.raises(IntegrityError), transaction.atomic():
            Profile.objects.create(user=user, role=role, chart=chart)


def test_the_table_of_roles_in_the_docs_is_what_the_pages_declare() -> None:
    rows = re.findall(r"^\| `(/[^`]*)` \| (.*?) \| (.*?) \|", DOCS.read_text("utf-8"), re.MULTILINE)
    assert {route: (read, write) for route, read, write in rows} == {
        "/" + address.route: _words(address) for address in ALL.values()
    }


def _words(address: Address) -> tuple[str, str]:
    access = address.access
    assert access is not None
    if access.public:
        return ("anybody", "anybody")
    named = [", ".join(role for role in ROLES if role in roles) or "-" for roles in (access.read, access.write)]
    return (named[0], named[1])
