"""A trial by hand in a real browser: plan, doses, watch, diary, an uncertain verdict, and the decision on it.

Every page is read on a desk and on a phone, light and dark.
"""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from e2e.conftest import RunningClinic, clinic
from e2e.test_the_whole_way import accessible, field

pytestmark = pytest.mark.xdist_group("browser")

type Person = Callable[..., Page]
LOOKS = {
    f"{device}-{scheme}": {"width": width, "height": height, "color_scheme": scheme}
    for device, width, height in (("desk", 1280, 900), ("phone", 390, 844))
    for scheme in ("light", "dark")
}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningClinic]:
    data = tmp_path_factory.mktemp("by-hand") / "data"
    with clinic(data, "--empty") as found:
        yield found


class Walk:
    """One prescriber who writes, and the same person at each kind of screen who reads."""

    def __init__(self, running: RunningClinic, person: Person) -> None:
        self.page = person(running, "prescriber")
        self.readers = {name: person(running, "prescriber", **look) for name, look in LOOKS.items()}
        self.chart = ""

    def go(self, place: str) -> Page:
        self.page.goto(f"{self.chart}{place}")
        return self.page

    def press(self, button: str, said: str) -> None:
        self.page.get_by_role("button", name=button, exact=True).click()
        expect(self.page.locator(".note--good").first).to_contain_text(said)

    def refused(self, button: str, said: str) -> None:
        self.page.get_by_role("button", name=button, exact=True).click()
        expect(self.page.locator("main")).to_contain_text(said)
        accessible(self.page)

    def read(self, name: str, address: str, *texts: str) -> None:
        """The page says these things at every screen, is no wider than it, and has no fault of accessibility."""
        for look, page in self.readers.items():
            page.goto(address)
            for text in texts:
                expect(page.locator("main")).to_contain_text(text)
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), (name, look)
            accessible(page)
            if folder := os.environ.get("THECAL_SCREENSHOTS"):
                page.screenshot(path=Path(folder) / f"{name}-{look}.png", full_page=True)


def test_a_trial_by_hand_ends_uncertain_and_the_decision_says_so(running: RunningClinic, person: Person) -> None:
    walk = Walk(running, person)
    _register(walk)
    diary = _diary(walk, person, running)
    _plan(walk)
    for score in (8, 8):  # a baseline of two days has one without entries
        _enter(diary, score)
    _first_dose(walk)
    _further_dose(walk)
    for score in (3, 3):
        _enter(diary, score)
    accessible(diary)
    _conclude(walk)
    _decide(walk)


def _register(walk: Walk) -> None:
    page = walk.go("/patients/new/")
    field(page, "Name").fill("Hanna Byhand")
    field(page, "Date of birth").fill("1958-02-03")
    page.get_by_role("button", name="Open the chart").click()
    found = re.search(r"/patients/[0-9a-f-]{36}/", page.url)
    assert found is not None, page.url
    walk.chart = found[0]
    page = walk.go("candidacy/")
    field(page, "Conclusion").fill("A trial by hand is reasonable.")
    walk.press("Record the review", "The review is recorded.")


def _diary(walk: Walk, person: Person, running: RunningClinic) -> Page:
    page = walk.go("diary/")
    page.get_by_role("button", name="Make a link").click()
    phone = person(running, width=390, height=844, is_mobile=True, has_touch=True)
    phone.goto(page.locator("code.copy").inner_text())
    return phone


def _enter(phone: Page, score: int) -> None:
    phone.locator(f"input[name=score][value='{score}']").check(force=True)
    phone.get_by_role("button", name="Save").click()
    expect(phone.get_by_text(f"Saved: {score}")).to_be_visible()


def _plan(walk: Walk) -> None:
    page = walk.go("trial/plan/")
    field(page, "Method").select_option(label="Repeated single shots")
    field(page, "Drug", exact=True).select_option(value="morphine")
    field(page, "Concentration").fill("0.5 mg/mL")
    field(page, "Each dose by hand").fill("0.5 mg")
    field(page, "Days", exact=True).fill("1")
    field(page, "Catheter tip level").select_option(label="L3")
    field(page, "Days before the start").fill("2")
    field(page, "Last days of the trial").fill("1")
    field(page, "Entries that make a day count").fill("2")
    field(page, "Days that must count (%)").fill("50")
    walk.refused("Save the plan", "At most 0.3 mg.")
    field(page, "Each dose by hand").fill("0.2 mg")
    walk.press("Save the plan", "The trial is planned.")
    walk.read("plan", f"{walk.chart}trial/", "held to 0.3 mg", "(unconfirmed)")
    walk.read("plan-form", f"{walk.chart}trial/plan/")


def _first_dose(walk: Walk) -> None:
    walk.read("start", f"{walk.chart}trial/start/", "Record the dose that was given by hand", "held to 0.3 mg")
    page = walk.go("trial/start/")
    field(page, "Given by").fill("Petra Salo")
    field(page, "Hours of watch").fill("6")
    walk.refused("Record the dose, start the trial", "The rule for this drug is 24 h")
    field(page, "Hours of watch").fill("")
    walk.press("Record the dose, start the trial", "The dose is recorded.")
    walk.read("worklist", "/", "Watch the patient after the injection.")


def _further_dose(walk: Walk) -> None:
    page = walk.go("trial/dose/")
    page.locator("input[name=mass]").fill("0.4 mg")
    field(page, "Given by").fill("Petra Salo")
    field(page, "Why it cannot wait").fill("No effect after 4 h; the anaesthetist stays at the bedside.")
    walk.refused("Record the dose", "At most 0.3 mg.")
    page.locator("input[name=mass]").fill("0.3 mg")
    field(page, "Why it cannot wait").fill("")
    walk.refused("Record the dose", "The dose before is watched until")
    walk.read("dose", f"{walk.chart}trial/dose/", "The dose before is watched until")
    field(page, "Why it cannot wait").fill("No effect after 4 h; the anaesthetist stays at the bedside.")
    walk.press("Record the dose", "The dose is recorded, and its watch is planned below.")
    expect(walk.page.get_by_text("Watched until")).to_have_count(2)
    for reader in walk.readers.values():
        reader.goto(f"{walk.chart}trial/")
        reader.locator("details").filter(has_text="Watched until").first.locator("summary").click()
        accessible(reader)
    walk.read("trial", f"{walk.chart}trial/", "Watch until", "the latest end of all watches", "Given before it was due")


def _conclude(walk: Walk) -> None:
    missing = "2 entries of the day from"
    walk.read("conclude", f"{walk.chart}trial/conclude/", "Passed, uncertain", missing, "between 25 and 66.7 %")
    page = walk.go("trial/conclude/")
    field(page, "Are the side effects accepted?").select_option(label="The patient accepts them")
    field(page, "What matters most to the patient").fill("Sleep.\nWalk the dog.")
    walk.press("Conclude the trial", "The trial is concluded.")
    walk.read("verdict", f"{walk.chart}trial/", "Passed, uncertain", missing, "Watch until")
    walk.read("worklist-decide", "/", "Decide together.", "diary entries that could turn the verdict")


def _decide(walk: Walk) -> None:
    uncertain = ("Passed, uncertain", "needs the physician's written reason", "62.5 % (25 to 66.7 %)", "Uncertain")
    walk.read("decision", f"{walk.chart}decision/", *uncertain)
    page = walk.go("decision/")
    page.locator("input[name=choice][value=implant]").check()
    field(page, "The patient agrees", exact=True).check()
    expect(field(page, "What matters most to the patient")).to_have_value("Sleep.\nWalk the dog.")
    field(page, "Reasons").fill("Much of the pain was relieved.")
    walk.refused("Record the decision", "The physician writes why a pump is implanted all the same.")
    field(page, "Why an implant all the same").fill("Two nurses saw her walk without pain; a day was not written down.")
    walk.press("Record the decision", "The decision is recorded.")
    walk.read("decided", f"{walk.chart}decision/", "Two nurses saw her walk", "Passed, uncertain")
