"""One patient from referral to a running implanted pump and its refill, in a real browser against real processes."""

import json
import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect
from pytest_playwright_axe import Axe

from e2e.conftest import RunningClinic, clinic
from thecal.exchange import example_bundles
from thecal.pump import PumpLink, runner

pytestmark = pytest.mark.xdist_group("browser")

SPEED = 5000  # a day of the clinic's clock in 17 s
FAILED = ("Physiotherapy or rehabilitation", "Oral NSAID", "Oral opioid", "Chiropractic or manual treatment")
type Person = Callable[..., Page]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningClinic]:
    data = tmp_path_factory.mktemp("whole-way") / "data"
    with clinic(data, "--empty", "--clock-speed", str(SPEED)) as found:
        yield found


def test_a_patient_goes_the_whole_way_from_referral_to_a_refilled_pump(running: RunningClinic, person: Person) -> None:
    nurse, prescriber = person(running, "nurse"), person(running, "prescriber")
    chart = _import(nurse)
    expect(nurse.get_by_text(f"Demonstration clock: {SPEED} times real time")).to_be_visible()
    _history(nurse, chart)
    _out_of_order_is_refused(prescriber, chart)
    _review(prescriber, chart)
    diary = _diary(nurse, chart, person, running)
    _plan(prescriber, chart)
    _start(prescriber, chart, diary)
    _two_people_edit_one_chart(nurse, prescriber, chart)
    _relief(prescriber, chart, diary)
    _conclude(prescriber, chart)
    _decide(prescriber, chart)
    _implant(prescriber, chart)
    _prescribe(prescriber, chart, running.passwords["prescriber"])
    _delivers(nurse, chart)
    _killed_pump_goes_on(nurse, chart, running)
    _draws(nurse, chart)
    _refill(nurse, chart)
    _ledger(person(running, "auditor"), chart)


def test_the_diary_works_on_a_phone_and_refuses_what_is_not_on_the_scale(
    running: RunningClinic, person: Person
) -> None:
    nurse = person(running, "nurse")
    nurse.goto("/patients/new/")
    field(nurse, "Name").fill("Phone Patient")
    field(nurse, "Date of birth").fill("1970-02-03")
    nurse.get_by_role("button", name="Open the chart").click()
    chart = _chart(nurse)
    phone = _diary(nurse, chart, person, running)
    assert phone.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), (
        "nothing is wider than the phone"
    )
    for score in (7, 4, 10):
        _enter(phone, score)
        expect(phone.get_by_text(f"Saved: {score}")).to_be_visible()
    phone.locator("input[name=score][value='4']").focus()
    phone.keyboard.press("Space")
    phone.keyboard.press("ArrowRight")
    expect(phone.locator("input[name=score][value='5']")).to_be_checked()
    phone.evaluate("document.querySelector('input[value=\"5\"]').value = '11'")
    phone.get_by_role("button", name="Save").click()
    expect(phone.get_by_text("11 is not on the scale")).to_be_visible()
    accessible(phone)
    nurse.goto(f"{chart}diary/")
    scores = nurse.get_by_role("table", name="Diary entries").locator("td strong")
    expect(scores).to_have_text(["10", "4", "7"])  # newest first; what was off the scale is not there


def _import(page: Page) -> str:
    page.goto("/patients/import/")
    page.locator("input[type=file]").set_input_files(
        {"name": "broken.json", "mimeType": "application/json", "buffer": b'{"resourceType": "Bundle"'}
    )
    page.get_by_role("button", name="Read the bundle").click()
    expect(page.get_by_role("alert").first).to_be_visible()
    bundle = next(path for path in example_bundles() if path.stem == "after_back_surgery")
    page.locator("input[type=file]").set_input_files(str(bundle))
    page.get_by_role("button", name="Read the bundle").click()
    expect(page.get_by_text("The bundle was read")).to_be_visible()
    expect(page.get_by_role("heading", name="Imported record")).to_be_visible()
    return _chart(page)


def _history(page: Page, chart: str) -> None:
    for treatment in (*FAILED, "Back operation"):
        page.goto(f"{chart}history/")
        field(page, "Treatment").select_option(label=treatment)
        field(page, "What came of it").select_option(label="Too little relief")
        page.get_by_role("button", name="Record the treatment").click()
        expect(page.locator(".note--good").first).to_be_visible()
    page.goto(f"{chart}candidacy/")
    table = page.get_by_role("table", name="Criteria")
    for part in ("physiotherapy", "NSAID", "narcotic", "Chiropractic", "back operations"):
        expect(table.get_by_role("row").filter(has_text=part).first).to_contain_text("Met")
    accessible(page)


def _out_of_order_is_refused(page: Page, chart: str) -> None:
    page.goto(f"{chart}trial/plan/")
    expect(page.locator(".note--warn").first).to_contain_text("candidacy")
    page.goto(f"{chart}implant/")
    expect(page.locator("main")).to_contain_text("It is not possible to record the implant")


def _review(page: Page, chart: str) -> None:
    page.goto(f"{chart}candidacy/")
    field(page, "Conclusion").fill("Conservative care has failed; a trial is reasonable.")
    page.get_by_role("button", name="Record the review").click()
    expect(page.get_by_text("The review is recorded.")).to_be_visible()


def _diary(nurse: Page, chart: str, person: Person, running: RunningClinic) -> Page:
    nurse.goto(f"{chart}diary/")
    field(nurse, "Days until it ends").fill("90")
    nurse.get_by_role("button", name="Make a link").click()
    link = nurse.locator("code.copy").inner_text()
    phone = person(running, width=390, height=844, is_mobile=True, has_touch=True)
    phone.goto(link)
    expect(phone.get_by_role("heading", name="How strong is your pain now?")).to_be_visible()
    return phone


def _enter(phone: Page, score: int) -> None:
    phone.locator(f"input[name=score][value='{score}']").check(force=True)
    phone.get_by_role("button", name="Save").click()
    expect(phone.get_by_text(f"Saved: {score}")).to_be_visible()


def _plan(page: Page, chart: str) -> None:
    page.goto(f"{chart}trial/plan/")
    field(page, "Method").select_option(label="Continuous intrathecal infusion, external pump")
    _solution(page, "0.5")  # a bare number
    field(page, "Dose per day").fill("1 mg/day")
    field(page, "Days", exact=True).fill("2")
    field(page, "External pump").select_option(value="virtual_external_trial")
    field(page, "Catheter tip level").select_option(label="T11")
    field(page, "Days before the start").fill("1")
    field(page, "Last days of the trial").fill("1")
    field(page, "Entries that make a day count").fill("1")
    page.get_by_role("button", name="Save the plan").click()
    expect(page.get_by_text("a number without a unit is refused").first).to_be_visible()
    field(page, "Concentration").fill("0.5 mg/mL")
    page.get_by_role("button", name="Save the plan").click()
    expect(page.get_by_text("The trial is planned")).to_be_visible()
    accessible(page)


def _start(page: Page, chart: str, diary: Page) -> None:
    page.goto(f"{chart}trial/start/")
    field(page, "Fill of the external pump").fill("100 mL")
    field(page, "Never more in any 1 h than").fill("0.1 mg")
    field(page, "Never more in any 24 h than").fill("1.3 mg")
    for score in (8, 9):  # the baseline, just before the start
        _enter(diary, score)
    page.get_by_role("button", name="Start the trial").click()
    expect(page.get_by_text("The trial runs")).to_be_visible(timeout=30_000)
    expect(page.get_by_role("heading", name="External trial pump")).to_be_visible()
    expect(page.get_by_text("Order confirmed")).to_be_visible(timeout=30_000)


def _two_people_edit_one_chart(nurse: Page, prescriber: Page, chart: str) -> None:
    for page in (nurse, prescriber):
        page.goto(f"{chart}history/")
        field(page, "Treatment").select_option(label="Other treatment")
        field(page, "What came of it").select_option(label="Not known")
    field(nurse, "Detail").fill("acupuncture, the nurse's entry")
    field(prescriber, "Detail").fill("heat, the prescriber's entry")
    nurse.get_by_role("button", name="Record the treatment").click()
    expect(nurse.locator(".note--good").first).to_be_visible()
    prescriber.get_by_role("button", name="Record the treatment").click()
    expect(prescriber.locator("main")).to_contain_text("Noor Visser")
    expect(prescriber.locator("input[name=detail], textarea[name=detail]")).to_have_value(
        "heat, the prescriber's entry"
    )
    nurse.goto(f"{chart}history/")
    expect(nurse.get_by_role("table", name="Treatments")).to_contain_text("the nurse's entry")
    expect(nurse.get_by_role("table", name="Treatments")).not_to_contain_text("the prescriber's entry")


def _relief(page: Page, chart: str, diary: Page) -> None:
    started = time.monotonic()
    while time.monotonic() - started < 1.1 * 86400 / SPEED:  # into the last day of the trial
        page.wait_for_timeout(500)
    for score in (2, 3, 2):
        _enter(diary, score)
    page.goto(f"{chart}trial/")
    expect(page.locator("#pump-status")).to_contain_text("Running")


def _conclude(page: Page, chart: str) -> None:
    page.goto(f"{chart}trial/conclude/")
    field(page, "What the patient could do again").fill("Slept through the night.")
    page.get_by_role("button", name="Conclude the trial").click()
    expect(page.get_by_text("The trial is concluded.")).to_be_visible()
    page.goto(f"{chart}trial/")
    expect(page.get_by_text("Passed by the rule declared before the start")).to_be_visible()


def _decide(page: Page, chart: str) -> None:
    page.goto(f"{chart}decision/")
    page.locator("input[name=choice][value=implant]").check()
    field(page, "The patient agrees", exact=True).check()
    field(page, "What matters most to the patient").fill("Sleep.")
    field(page, "Reasons").fill("More than half of the pain was relieved.")
    page.get_by_role("button", name="Record the decision").click()
    expect(page.get_by_text("The decision is recorded.")).to_be_visible()
    accessible(page)


def _implant(page: Page, chart: str) -> None:
    page.goto(f"{chart}implant/")
    field(page, "Pump pocket").select_option(label="Upper buttock")
    field(page, "Pump model").select_option(value="virtual_peristaltic_20")
    field(page, "Serial number").fill("V-1")
    field(page, "Catheter model").select_option(value="flowonix_11823")
    field(page, "Length supplied").fill("110 cm")
    field(page, "Length cut off").fill("37.5 cm")
    field(page, "Catheter tip level").select_option(label="T10")
    _solution(page, "2 mg/mL")
    field(page, "Fill of the reservoir").fill("18 mL")
    field(page, "What tubing and catheter hold").select_option(label="The drug of the reservoir")
    page.get_by_role("button", name="Record the implant").click()
    expect(page.get_by_text("The implant is recorded.")).to_be_visible()
    expect(page.get_by_text("0.3875 mL")).to_be_visible()
    accessible(page)


def _prescribe(page: Page, chart: str, password: str) -> None:
    page.goto(f"{chart}prescription/")
    field(page, "Dose per day").fill("40 mg/day")
    field(page, "Never more in any 1 h than").fill("5 mg")
    field(page, "Never more in any 24 h than").fill("60 mg")
    page.get_by_role("button", name="Check and review").click()
    expect(page.locator(".errorlist, .errors").first).to_contain_text("15 mg/day")  # the limit, and its source
    field(page, "Dose per day").fill("0.6 mg/day")
    field(page, "Never more in any 1 h than").fill("0.05 mg")
    field(page, "Never more in any 24 h than").fill("0.8 mg")
    page.get_by_role("button", name="Check and review").click()
    review = page.get_by_role("table", name="The prescription that runs beside the new one")
    for text in ("0.6 mg/day", "0.3 mL/day", "12.5 uL/h"):
        expect(review).to_contain_text(text)
    accessible(page)
    field(page, "Password of the prescriber").fill("wrong")
    page.get_by_role("button", name="Sign and send to the pump").click()
    expect(page.get_by_text("Name and password do not belong together")).to_be_visible()
    field(page, "Password of the prescriber").fill(password)
    page.get_by_role("button", name="Sign and send to the pump").click()
    expect(page.get_by_text("The pump took the prescription")).to_be_visible(timeout=30_000)


def _delivers(page: Page, chart: str) -> None:
    page.goto(f"{chart}pump/")
    status = page.locator("#pump-status")
    expect(status).to_contain_text("Running", timeout=30_000)
    expect(status).to_contain_text("Order confirmed", timeout=30_000)
    expect(status).to_contain_text("Next refill by")
    before = _pulses(page)
    page.wait_for_function(  # refreshed in place, without a new page
        "before => Number((document.querySelector('#pump-status').innerText.match(/(\\d+) pulses/) || [])[1]) > before",
        arg=before,
        timeout=30_000,
    )
    accessible(page)


def _killed_pump_goes_on(page: Page, chart: str, running: RunningClinic) -> None:
    (folder,) = (path.parent for path in (running.data / "pumps").glob("pump-*/pump.json"))
    before = PumpLink(folder).status()
    os.kill(_process(folder), signal.SIGKILL)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        page.goto(f"{chart}pump/")
        if page.get_by_text("Gaps in delivery").count():
            break
        page.wait_for_timeout(500)
    page.get_by_text("Gaps in delivery").click()
    expect(page.locator("#pump-status")).to_contain_text("not given and not made up")
    after = PumpLink(folder).status()
    assert after.delivered_pulses >= before.delivered_pulses
    assert after.doubtful_pulses <= before.doubtful_pulses + 1


def _draws(page: Page, chart: str) -> None:
    page.goto(chart)
    page.wait_for_function(
        "document.querySelectorAll('.plot canvas[role=img][aria-label]').length >= 4", timeout=30_000
    )
    spine = page.get_by_role("img", name=re.compile("Spine C1 to S5 with the catheter tip at T10"))
    expect(spine).to_be_visible()
    for level in ("C1", "T10", "S5"):
        expect(spine.get_by_text(level, exact=True)).to_be_visible()
    data = json.loads(page.locator("#plot-data").inner_text())
    panels = {panel["id"]: panel for panel in data["panels"]}
    assert set(panels) == {"dose", "tip", "plasma", "pain"}
    assert max(panels["tip"]["lines"][0]["mid"]) > 100, "drug is predicted in CSF at the tip"
    assert len(panels["pain"]["points"]["v"]) == 5
    assert {event["n"] for event in data["events"]}, "events stand on the same axis"
    accessible(page)


def _refill(page: Page, chart: str) -> None:
    page.goto(f"{chart}refill/")
    text = page.get_by_text("By the pump's counters").locator("xpath=..").inner_text()
    found = re.search(r"([\d.]+) mL", text)
    assert found is not None
    field(page, "Concentration that was really filled").fill("20 mg/mL")
    page.get_by_role("button", name="What would be given?").click()
    expect(page.locator("#what-if-answer")).to_contain_text("10 times the dose")
    _solution(page, "2 mg/mL")
    field(page, "Withdrawn").fill(f"{float(found[1]) - 1:.2f} mL")
    field(page, "Filled", exact=True).fill("18 mL")
    page.get_by_role("button", name="Record the refill").click()
    expect(page.get_by_text("The refill is recorded")).to_be_visible(timeout=30_000)
    row = page.get_by_role("table", name="Refills, newest first").get_by_role("row").nth(1)
    expect(row).to_contain_text("18 mL")
    accessible(page)


def _ledger(page: Page, chart: str) -> None:
    page.goto(f"{chart}ledger/")
    expect(page.get_by_text("Verified: every entry fits its hash")).to_be_visible()
    page.goto(f"{chart}refill/")
    expect(page.get_by_role("button", name="Record the refill")).to_have_count(0)
    accessible(page)


def _solution(page: Page, concentration: str) -> None:
    field(page, "Drug", exact=True).select_option(value="morphine")
    field(page, "Concentration", exact=True).fill(concentration)


def field(page: Page, label: str, *, exact: bool = False) -> Locator:
    """The control with that label; sections that are named alike are not meant."""
    return page.locator("input, select, textarea").and_(page.get_by_label(label, exact=exact))


def _chart(page: Page) -> str:
    found = re.search(r"/patients/[0-9a-f-]{36}/", page.url)
    assert found is not None, page.url
    return found[0]


def _pulses(page: Page) -> int:
    found = re.search(r"(\d+) pulses", page.locator("#pump-status").inner_text())
    assert found is not None
    return int(found[1])


def _process(folder: Path) -> int:
    process = runner(folder)
    assert process is not None
    return process


def accessible(page: Page) -> None:
    """No violation that the checker knows of."""
    report = Axe(use_minified_file=True).run(
        page,
        html_report_generated=False,
        json_report_generated=False,
        options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa"]},
    )
    assert [(each["id"], [node["html"][:120] for node in each["nodes"]]) for each in report["violations"]] == []
