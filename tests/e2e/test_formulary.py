"""The pharmacist's pages in a real browser: read on a desk and on a phone, light and dark, and signed by two people."""

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
    data = tmp_path_factory.mktemp("formulary") / "data"
    with clinic(data, "--empty") as found:
        yield found


def shot(page: Page, name: str) -> None:
    """A picture for people to look at, where a folder for them is named."""
    if folder := os.environ.get("THECAL_SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def test_a_pharmacist_signs_a_limit_and_everybody_sees_what_holds(running: RunningClinic, person: Person) -> None:
    page = person(running, "pharmacist")
    page.get_by_role("link", name="Formulary", exact=True).click()
    expect(page.get_by_text("Nothing has been signed.")).to_be_visible()
    accessible(page)
    page.get_by_role("link", name="Morphine").click()
    page.wait_for_url("**/formulary/morphine/")
    accessible(page)
    page.get_by_role("link", name="Review and sign max daily, intrathecal, all").click()
    page.wait_for_url("**/formulary/morphine/*/*/*/")
    accessible(page)
    field(page, "At most").fill("10 mg/day")
    for box in page.get_by_role("checkbox").all():
        box.check()
    field(page, "Reason").fill("Label and consensus read side by side.")
    field(page, "Second person", exact=True).fill("prescriber")
    field(page, "Password of the second person").fill("not this one")
    page.get_by_role("button", name="Sign", exact=True).click()
    expect(page.get_by_text("Name and password do not belong together.")).to_be_visible()
    accessible(page)
    shot(page, "formulary-sign")
    field(page, "Password of the second person").fill(running.passwords["prescriber"])
    page.get_by_role("button", name="Sign", exact=True).click()
    expect(page.locator(".note--good")).to_contain_text("The limit is signed. The formulary is site-1-")
    for look, (width, height) in SIZES.items():
        scheme = "dark" if look == "dark" else "light"
        other = person(running, "auditor", width=width, height=height, color_scheme=scheme)
        other.goto("/formulary/morphine/")
        signed = other.get_by_role("region", name="Max daily, intrathecal, all")
        expect(signed.get_by_text("Holds now: 10 mg/day")).to_be_visible()
        assert other.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), look
        accessible(other)
        shot(other, f"formulary-drug-{look}")
        other.goto("/formulary/")
        expect(other.get_by_text("Label and consensus read side by side.")).to_be_visible()
        accessible(other)
        shot(other, f"formulary-{look}")
        expect(other.get_by_role("link", name="Review and sign")).to_have_count(0)


def test_a_blocked_proposal_says_what_is_missing(running: RunningClinic, person: Person) -> None:
    page = person(running, "nurse", width=390, height=844)
    page.goto("/patients/new/")
    field(page, "Name").fill("Bela Blocked")
    field(page, "Date of birth").fill("1970-02-03")
    page.get_by_role("button", name="Open the chart").click()
    page.goto("/")
    expect(page.get_by_text("Blocked", exact=True).first).to_be_visible()
    expect(page.get_by_text("Missing or too old:").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    accessible(page)
    shot(page, "worklist-blocked-phone")
