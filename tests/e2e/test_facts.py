"""Facts in a real browser: from a criterion to its form and back, in rows, by keyboard, on a desk and on a phone."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from e2e.conftest import RunningClinic, clinic
from e2e.test_the_whole_way import accessible, field

pytestmark = pytest.mark.xdist_group("browser")

type Person = Callable[..., Page]
SIZES = {"light": (1280, 900), "dark": (1280, 900), "phone": (390, 844)}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningClinic]:
    data = tmp_path_factory.mktemp("facts") / "data"
    with clinic(data, "--empty") as found:
        yield found


def shot(page: Page, name: str) -> None:
    """A picture for people to look at, where a folder for them is named."""
    if folder := os.environ.get("THECAL_SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def test_a_nurse_answers_what_a_criterion_lacks(running: RunningClinic, person: Person) -> None:
    page = person(running, "nurse")
    page.goto("/patients/new/")
    field(page, "Name").fill("Fia Fact")
    field(page, "Date of birth").fill("1970-02-03")
    page.get_by_role("button", name="Open the chart").click()
    chart = page.url
    page.get_by_role("link", name="Facts", exact=True).click()
    expect(page.get_by_text("No fact is recorded yet.")).to_be_visible()
    accessible(page)
    _infection(page, chart)
    _medicines(page, chart)
    _correction(page, chart)
    for look, (width, height) in SIZES.items():
        scheme = "dark" if look == "dark" else "light"
        other = person(running, "prescriber", width=width, height=height, color_scheme=scheme)
        for name in ("facts/", "facts/medicine_list/", "facts/infection_check/", "candidacy/?ruleset=aetna_0161"):
            other.goto(chart + name)
            accessible(other)
            assert other.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), (look, name)
            shot(other, f"{name.strip('/').partition('?')[0].replace('/', '-')}-{look}")
    _waiver(other, chart)


def _infection(page: Page, chart: str) -> None:
    page.goto(f"{chart}candidacy/")
    row = page.locator("#infection")
    expect(row).to_contain_text("Not known to be absent")
    row.get_by_role("link", name="Record: Examination for infection").click()
    expect(page.get_by_role("heading", name="Examination for infection")).to_be_visible()
    page.get_by_role("button", name="Record", exact=True).click()
    expect(page.get_by_text("Answer at least one question.")).to_be_visible()
    accessible(page)
    shot(page, "fact-refused")
    systemic = page.get_by_role("group", name="Is there a systemic infection?")
    systemic.get_by_label("Yes").focus()
    page.keyboard.press("ArrowDown")  # by keyboard alone: from yes to no
    expect(systemic.get_by_label("No", exact=True)).to_be_checked()
    page.get_by_role("group", name="infection at the site").get_by_label("No", exact=True).check()
    field(page, "Where it was read").fill("ward round")
    page.keyboard.press("Enter")
    page.wait_for_url("**/candidacy/?ruleset=source_document#infection")
    expect(page.locator(".note--good")).to_contain_text("Recorded: Examination for infection.")
    expect(page.locator("#infection")).to_contain_text("Absent on record")
    expect(page.locator("#infection")).to_contain_text("ward round")


def _medicines(page: Page, chart: str) -> None:
    page.goto(f"{chart}facts/")
    page.get_by_role("link", name="Medicine list").click()
    first = page.get_by_role("group", name="Medicine 1", exact=True)
    first.get_by_label("Name").fill("diazepam")
    page.get_by_role("button", name="Record", exact=True).click()
    expect(page.get_by_text("Look at medicine 1.")).to_be_visible()
    accessible(page)
    shot(page, "fact-rows-refused")
    first.get_by_label("Class").select_option(label="Benzodiazepine")
    page.get_by_role("button", name="More rows").click()
    expect(page.get_by_role("group", name="Medicine 6", exact=True)).to_be_visible()
    expect(first.get_by_label("Name")).to_have_value("diazepam")
    page.get_by_role("button", name="Record", exact=True).click()
    expect(page.get_by_role("row", name="Medicine list")).to_contain_text("diazepam, class: benzodiazepine")


def _correction(page: Page, chart: str) -> None:
    page.goto(f"{chart}facts/")
    page.get_by_role("link", name="Correct Medicine list").click()
    accessible(page)
    shot(page, "fact-correct")
    page.get_by_role("group", name="Medicine 1", exact=True).get_by_label("Name").fill("lorazepam")
    page.get_by_label("Reason").first.fill("The label was misread.")
    page.get_by_role("button", name="Save the correction").click()
    expect(page.locator(".note--good")).to_contain_text("The correction is recorded.")
    expect(page.get_by_role("row", name="Medicine list")).to_contain_text("lorazepam")


def _waiver(page: Page, chart: str) -> None:
    page.goto(f"{chart}candidacy/?ruleset=aetna_0161")
    page.locator("#psych_evaluation").get_by_role("link", name="Waive").click()
    accessible(page)
    field(page, "Reason").fill("Survival of weeks: no evaluation can be had in time.")
    shot(page, "waive-phone")
    page.get_by_role("button", name="Waive with this reason").click()
    page.wait_for_url("**/candidacy/?ruleset=aetna_0161#psych_evaluation")
    expect(page.locator("#psych_evaluation")).to_contain_text("Waived with a reason")
