"""Every page of a chart draws for a patient at every stage, for everybody who may read it."""

from itertools import pairwise
from uuid import UUID

import pytest

from clinic.way import Desk, addresses, inline
from thecal.clinic import store
from thecal.clinic.models import PumpHour, PumpRecord

PAGES = sorted(
    each.name for each in addresses() if "chart" in each.arguments and each.access is not None and each.access.read
)
BY_NAME = {each.name: each for each in addresses()}

pytestmark = pytest.mark.xdist_group("made-up-clinic")


@pytest.mark.parametrize("name", PAGES)
def test_a_page_draws_at_every_stage(name: str, made_up: list[UUID], prescriber: Desk, auditor: Desk) -> None:
    access = BY_NAME[name].access
    assert access is not None
    for chart in made_up:
        for role, desk in (("prescriber", prescriber), ("auditor", auditor)):
            if role in access.read:
                answer = desk.get(BY_NAME[name].path(chart))
                assert answer.status_code in (200, 302), store.load(chart).stage
                if answer.headers["Content-Type"].startswith("text/html"):
                    assert inline(answer) == [], store.load(chart).stage


def test_the_worklist_names_everybody_who_needs_something(made_up: list[UUID], nurse: Desk) -> None:
    page = nurse.get("/").content.decode()
    for name in ("Ada Brandt", "Clara Nystrom", "Elif Kaya", "Greta Lind"):
        assert name in page


def test_patients_are_found_by_name_and_by_stage(made_up: list[UUID], nurse: Desk) -> None:
    page = nurse.get("/patients/?q=kaya").content.decode()
    assert "Elif Kaya" in page
    assert "Ada Brandt" not in page
    page = nurse.get("/patients/?stage=in_therapy").content.decode()
    assert "Farid Haddad" in page
    assert "Hugo Meier" not in page


def test_the_chart_plots_dose_prediction_pain_and_events_on_one_axis(made_up: list[UUID], nurse: Desk) -> None:
    chart = next(each for each in made_up if store.load(each).patient.name == "Farid Haddad")  # type: ignore[union-attr]
    page = nurse.read("summary", chart).content.decode()
    for word in ("CSF", "Plasma", "Pain", "Dose", "<svg"):
        assert word.casefold() in page.casefold()
    levels = [f"C{n}" for n in range(1, 8)] + [f"T{n}" for n in range(1, 13)]
    levels += [f"{part}{n}" for part in "LS" for n in range(1, 6)]
    assert [level for level in levels if f">{level}<" not in page] == []


def test_a_refill_that_brought_back_too_little_is_said(made_up: list[UUID], nurse: Desk) -> None:
    chart = next(each for each in made_up if store.load(each).patient.name == "Greta Lind")  # type: ignore[union-attr]
    page = nurse.read("refill", chart).content.decode()
    assert "2.4 mL" in page or "2.40 mL" in page


def test_pump_hours_of_the_made_up_clinic_are_whole(made_up: list[UUID]) -> None:
    for record in PumpRecord.objects.filter(chart__in=made_up):
        starts = list(PumpHour.objects.filter(pump=record).values_list("start_ms", flat=True))
        assert starts
        assert all(later - sooner == 3_600_000 for sooner, later in pairwise(starts))
