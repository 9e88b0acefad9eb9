"""A clinic for the tests of this worker: a fresh data folder, the real database, one person a role.

Nothing is mocked and nothing is rolled back: a ledger cannot be emptied, so each test makes charts of its own.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

_KEEP = {name: os.environ.get(name) for name in ("THECAL_DATA", "DJANGO_SETTINGS_MODULE")}
ROOT = Path(tempfile.mkdtemp(prefix="thecal-clinic-"))
os.environ |= {"THECAL_DATA": str(ROOT), "DJANGO_SETTINGS_MODULE": "thecal.clinic.settings"}

from thecal.clinic.folder import Folder  # noqa: E402 - the folder is made before Django reads its settings

FOLDER = Folder.from_environment()
FOLDER.prepare()

import django  # noqa: E402 - as above

django.setup()
for _name, _value in _KEEP.items():  # what other tests start has its own folder
    if _value is None:
        del os.environ[_name]
    else:
        os.environ[_name] = _value

from django.contrib.auth.models import User  # noqa: E402 - as above
from django.core.management import call_command  # noqa: E402 - as above
from django.db import connections  # noqa: E402 - as above
from django.test.client import Client, ClientHandler  # noqa: E402 - as above
from django.test.utils import setup_test_environment, teardown_test_environment  # noqa: E402 - as above

from clinic.way import PASSWORD, Desk, Way  # noqa: E402 - models need Django
from thecal.clinic import store  # noqa: E402 - as above
from thecal.clinic.models import Profile, SignInAttempt  # noqa: E402 - as above

PEOPLE = {"nurse": "Noor Visser", "prescriber": "Petra Salo", "auditor": "Arun Mehta", "patient": "Pia Own"}
PEOPLE["pharmacist"] = "Filipa Costa"


@pytest.fixture(scope="session")
def clinic() -> Iterator[dict[str, User]]:
    """The migrated database with one user a role; only the prescriber has a password, since hashing is slow."""
    setup_test_environment()
    call_command("migrate", verbosity=0, interactive=False)
    own = Way("Pia Own").registered()
    people = {}
    for role, name in PEOPLE.items():
        first, last = name.split(" ")
        password = PASSWORD if role == "prescriber" else None
        people[role] = User.objects.create_user(role, password=password, first_name=first, last_name=last)
        Profile.objects.create(user=people[role], role=role, chart=own.chart if role == "patient" else None)
    yield people
    connections.close_all()
    teardown_test_environment()
    shutil.rmtree(ROOT)


@pytest.fixture(autouse=True)
def _no_attempts(clinic: dict[str, User]) -> None:
    SignInAttempt.objects.all().delete()


@pytest.fixture
def own_chart(clinic: dict[str, User]) -> UUID:
    """The chart of the person who has a patient's account."""
    chart = clinic["patient"].profile.chart
    assert isinstance(chart, UUID)
    return chart


_HANDLER = ClientHandler(enforce_csrf_checks=False)
"""One application for all browsers, as in the web server: to set one up takes longer than a page."""


def _desk(user: User | None) -> Desk:
    client = Client(raise_request_exception=False)
    client.handler = _HANDLER
    if user is not None:
        client.force_login(user)
    return Desk(client)


@pytest.fixture
def nurse(clinic: dict[str, User]) -> Desk:
    """A nurse at a browser."""
    return _desk(clinic["nurse"])


@pytest.fixture
def prescriber(clinic: dict[str, User]) -> Desk:
    """A prescriber at a browser."""
    return _desk(clinic["prescriber"])


@pytest.fixture
def pharmacist(clinic: dict[str, User]) -> Desk:
    """A pharmacist at a browser."""
    return _desk(clinic["pharmacist"])


@pytest.fixture
def auditor(clinic: dict[str, User]) -> Desk:
    """An auditor at a browser."""
    return _desk(clinic["auditor"])


@pytest.fixture
def patient(clinic: dict[str, User]) -> Desk:
    """A patient with an account at a browser."""
    return _desk(clinic["patient"])


@pytest.fixture
def outside(clinic: dict[str, User]) -> Desk:
    """Somebody who is not signed in."""
    return _desk(None)


@pytest.fixture
def desks(clinic: dict[str, User]) -> dict[str, Desk]:
    """Everybody, by role; ``nobody`` is signed out."""
    return {role: _desk(user) for role, user in clinic.items()} | {"nobody": _desk(None)}


@pytest.fixture
def way(clinic: dict[str, User]) -> Way:
    """A new patient's way, told by the test."""
    return Way()


@pytest.fixture(scope="session")
def made_up(clinic: dict[str, User]) -> list[UUID]:
    """The charts of the made-up clinic: a patient at every stage."""
    from thecal.clinic import demo
    from thecal.clinic.models import ChartRow

    before = set(ChartRow.objects.values_list("chart", flat=True))
    demo.make_patients(FOLDER)
    made = [row.chart for row in ChartRow.objects.exclude(chart__in=before)]
    assert {store.load(chart).stage for chart in made} >= {
        *("referred", "assessed", "trial", "decision", "in_therapy"),
    }
    return made
