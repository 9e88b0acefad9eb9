"""What guards the clinic: forms that must be our own, headers, cookies, passwords, and the wait after failures."""

import re
from uuid import UUID

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client

from clinic.conftest import FOLDER
from clinic.way import PASSWORD, Desk, Way, addresses, entries, inline
from thecal.clinic import store, throttle
from thecal.clinic.models import DiaryLink, SignInAttempt

POSTS = sorted(each.name for each in addresses() if each.access and (each.access.write or each.access.public))
PAGES = sorted(each.name for each in addresses() if each.access and (each.access.read or each.access.public))
BY_NAME = {each.name: each for each in addresses()}
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')


def _guarded(response: HttpResponse) -> None:
    """The headers that every answer carries, and a page that keeps to them."""
    policy = dict(part.strip().split(" ", 1) for part in response.headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert "unsafe" not in response.headers["Content-Security-Policy"]
    assert response.headers["X-Frame-Options"] == "DENY"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "same-origin"
    assert response.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert response.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in response.headers["Permissions-Policy"]
    assert "no-store" in response.headers["Cache-Control"]
    if response.headers.get("Content-Type", "").startswith("text/html"):
        assert inline(response) == []


@pytest.mark.parametrize("name", POSTS)
def test_a_form_that_is_not_ours_is_refused(name: str, clinic: dict[str, User], own_chart: UUID) -> None:
    client = Client(enforce_csrf_checks=True)
    role = "patient" if name == "own-diary" else "prescriber"
    if name not in ("sign-in", "diary"):
        client.force_login(clinic[role])
    before = entries()
    answer = Desk(client).post(BY_NAME[name].path(own_chart), {"score": "3"})
    assert answer.status_code == 403
    assert b"did not come from this site" in answer.content
    assert entries() == before
    _guarded(answer)


def test_a_form_of_ours_is_taken(clinic: dict[str, User]) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(clinic["patient"])
    found = TOKEN.search(client.get("/me/").content.decode())
    assert found is not None
    assert client.post("/me/", {"score": "3", "csrfmiddlewaretoken": found[1]}).status_code == 302


@pytest.mark.parametrize("name", PAGES)
def test_every_page_keeps_to_its_headers_for_everybody(name: str, desks: dict[str, Desk], own_chart: UUID) -> None:
    for desk in desks.values():
        _guarded(desk.get(BY_NAME[name].path(own_chart)))


def test_error_pages_keep_to_the_headers(
    nurse: Desk, auditor: Desk, outside: Desk, way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    way.registered()
    stale = {"treatment": "other", "outcome": "unknown"}
    wrong = {
        400: nurse.get("/", headers={"host": "elsewhere.example"}),
        403: auditor.get(f"/patients/{way.chart}/trial/plan/"),
        404: outside.get("/d/nothing/"),
        405: nurse.get("/sign-out/"),
        409: nurse.send("history", way.chart, stale, version=0),
        422: nurse.send("history", way.chart, {}),
    }
    for status, answer in wrong.items():
        assert answer.status_code == status
        _guarded(answer)
    assert nurse.get("/no/such/page/").status_code == 404

    def fails(_chart: UUID) -> None:
        raise RuntimeError("the disk is on fire at line 7")

    monkeypatch.setattr(store, "load", fails)
    answer = nurse.read("history", way.chart)
    assert answer.status_code == 500
    assert b"on fire" not in answer.content
    _guarded(answer)


def test_an_unknown_chart_is_a_plain_404(nurse: Desk) -> None:
    nobody = UUID("01890000-0000-7000-8000-000000000000")
    for each in addresses():
        if "chart" in each.arguments and each.access and "nurse" in each.access.read:
            assert nurse.get(each.path(nobody)).status_code == 404, each.name


def test_cookies_stay_with_the_browser_and_the_site(clinic: dict[str, User]) -> None:
    client = Client()
    client.get("/sign-in/")
    answer = client.post("/sign-in/", {"username": "prescriber", "password": PASSWORD})
    assert answer.status_code == 302
    session, token = client.cookies["sessionid"], client.cookies["csrftoken"]
    assert session["httponly"]
    assert session["samesite"] == "Lax"
    assert 0 < int(session["max-age"]) <= 24 * 3600
    assert token["httponly"]
    assert token["samesite"] == "Strict"


def test_signing_in_never_leads_to_another_site(clinic: dict[str, User]) -> None:
    fields = {"username": "prescriber", "password": PASSWORD, "next": "https://elsewhere.example/"}
    assert Client().post("/sign-in/", fields)["Location"] == "/"


def test_signing_out_ends_the_session(nurse: Desk) -> None:
    assert nurse.get("/patients/").status_code == 200
    nurse.post("/sign-out/")
    assert nurse.get("/patients/")["Location"].startswith("/sign-in/")


def test_an_account_must_wait_after_five_failures_even_with_the_right_password(clinic: dict[str, User]) -> None:
    for _ in range(throttle.PER_ACCOUNT - 1):
        throttle.failed("prescriber", "192.0.2.7")
    client = Client()
    wrong = client.post("/sign-in/", {"username": "Prescriber ", "password": "no"})
    assert b"name and password" in wrong.content.lower() or b"correct username" in wrong.content.lower()
    right = client.post("/sign-in/", {"username": "prescriber", "password": PASSWORD}, REMOTE_ADDR="192.0.2.8")
    assert b"Too many failed sign-ins" in right.content
    assert "sessionid" not in client.cookies


def test_an_address_must_wait_after_twenty_failures_and_others_need_not(clinic: dict[str, User]) -> None:
    for number in range(throttle.PER_ADDRESS):
        throttle.failed(f"guess-{number}", "192.0.2.9")
    fields = {"username": "prescriber", "password": PASSWORD}
    assert b"Too many failed sign-ins" in Client().post("/sign-in/", fields, REMOTE_ADDR="192.0.2.9").content
    assert Client().post("/sign-in/", fields, REMOTE_ADDR="192.0.2.10").status_code == 302


def test_a_right_password_clears_the_account_and_not_the_address(clinic: dict[str, User]) -> None:
    throttle.failed("prescriber", "192.0.2.11")
    throttle.failed("somebody", "192.0.2.11")
    fields = {"username": "prescriber", "password": PASSWORD}
    assert Client().post("/sign-in/", fields, REMOTE_ADDR="192.0.2.11").status_code == 302
    assert list(SignInAttempt.objects.values_list("account", flat=True)) == ["somebody"]


def test_passwords_are_argon2_and_long(prescriber: Desk, clinic: dict[str, User]) -> None:
    assert User.objects.get(username="prescriber").password.startswith("argon2$argon2id$")
    assert settings.PASSWORD_HASHERS == ["django.contrib.auth.hashers.Argon2PasswordHasher"]
    fields = {"old_password": PASSWORD, "new_password1": "short1x", "new_password2": "short1x"}
    answer = prescriber.post("/password/", fields)
    assert b"at least 12 characters" in answer.content


def test_the_secret_key_is_the_owners_alone_and_is_kept() -> None:
    key = FOLDER.root / "secret-key"
    assert key.stat().st_mode & 0o777 == 0o600
    assert key.read_text("ascii") == settings.SECRET_KEY
    assert len(settings.SECRET_KEY) >= 50
    FOLDER.prepare()
    assert FOLDER.secret_key() == settings.SECRET_KEY


def test_what_somebody_writes_is_shown_as_text(nurse: Desk, way: Way) -> None:
    way.registered()
    attack = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    fields = {"treatment": "other", "outcome": "unknown", "detail": attack, "note": attack}
    assert nurse.send("history", way.chart, fields).status_code == 302
    for name in ("history", "summary", "ledger"):
        answer = nurse.read(name, way.chart)
        assert b"<script>alert" not in answer.content
        assert inline(answer) == []


def test_the_sign_in_page_shows_no_password_again(outside: Desk) -> None:
    answer = outside.post("/sign-in/", {"username": "nobody-here", "password": "was-typed-once"})
    assert answer.status_code == 200
    assert b"was-typed-once" not in answer.content


def test_a_diary_link_is_kept_as_a_digest_alone(nurse: Desk, way: Way) -> None:
    way.registered()
    page = nurse.send("diary-links", way.chart, {"days": "7"}).content.decode()
    found = re.search(r"/d/([\w-]{43})/", page)
    assert found is not None
    assert found[1] not in nurse.read("diary-links", way.chart).content.decode()
    assert DiaryLink.objects.get(chart=way.chart).token_digest != found[1]
    for file in (FOLDER.database, FOLDER.database.with_name(FOLDER.database.name + "-wal")):
        assert found[1].encode() not in file.read_bytes()
