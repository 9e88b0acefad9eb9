"""The clinic and its pumps: real processes on a fast clock, started, killed, lost, programmed and disputed."""

import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from threading import Event, Thread
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse

from clinic.conftest import FOLDER
from clinic.way import DECISION, IMPLANT, PASSWORD, PRESCRIPTION, REFILL, START, Desk, Way, entries, kinds, until
from thecal.clinic import clock, orders
from thecal.clinic.keeper import Keeper
from thecal.clinic.models import PumpHour, PumpRecord
from thecal.formulary import Solution
from thecal.pump import LinkDown, PumpLink, SharedClock, Ward, pump_folders, runner
from thecal.quantity import MS_PER_DAY, MS_PER_HOUR, VOLUME, parse

pytestmark = pytest.mark.xdist_group("clinic-pumps")
SPEED = 3600


@dataclass
class Kept:
    """The keeper of the data folder, turning in a thread as the runner lets it, until it is paused."""

    keeper: Keeper
    _stop: Event
    _thread: Thread | None = None

    def go(self) -> None:
        self._stop.clear()
        self._thread = Thread(target=self._turn)
        self._thread.start()

    def pause(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _turn(self) -> None:
        try:
            while not self._stop.wait(0.05):
                self.keeper.turn()
        finally:
            connection.close()


@pytest.fixture
def kept(clinic: object) -> Iterator[Kept]:
    """Pumps that are kept, on a clock that runs fast; no pump of another test is among them."""
    _put_away()
    SharedClock.start(FOLDER.pumps, SPEED)
    made = Kept(Keeper(FOLDER), Event())
    made.go()
    yield made
    made.pause()
    made.keeper.stop()
    assert Ward(FOLDER.pumps).running() == {}
    SharedClock.start(FOLDER.pumps, 1)
    _put_away()


def _put_away() -> None:
    from shutil import rmtree

    PumpRecord.objects.exclude(folder="").update(folder="", retired_ms=1)
    for folder in pump_folders(FOLDER.pumps):
        rmtree(folder)


@pytest.fixture
def trial(kept: Kept, prescriber: Desk, way: Way) -> Way:
    """A trial that was started through its page, with its pump running."""
    way.planned()
    answer = prescriber.send("trial-start", way.chart, START)
    assert answer.status_code == 302, answer.content.decode()
    return way


@pytest.fixture
def implanted(kept: Kept, prescriber: Desk, way: Way) -> Way:
    """An implant with its pump running idle."""
    way.decided()
    assert prescriber.send("implant", way.chart, IMPLANT).status_code == 302
    until(lambda: _record(way).seen_ms)
    return way


def _record(way: Way) -> PumpRecord:
    return PumpRecord.objects.get(chart=way.chart, retired_ms=None)


def _link(way: Way) -> PumpLink:
    return orders.link(_record(way))


def _prescribe(desk: Desk, way: Way, **changes: str) -> HttpResponse:
    """Review and sign, as a prescriber does."""
    review: Any = desk.send("prescription-review", way.chart, {**PRESCRIPTION, **changes})
    assert review.status_code == 200, review.content.decode()
    fields = dict(review.context["form"].initial)
    return desk.post(f"/patients/{way.chart}/prescription/sign/", {**fields, "password": PASSWORD})


def test_starting_a_trial_makes_a_pump_process_and_an_acknowledged_order(trial: Way, prescriber: Desk) -> None:
    record = _record(trial)
    process = runner(FOLDER.pumps / record.folder)
    assert process is not None
    assert process != os.getpid()
    told = kinds(trial.chart)
    first = told.index("prescription_written")
    assert told[first + 1 : first + 3] == ["prescription_sent", "prescription_acknowledged"]
    assert trial.folded.stage == "trial"
    order = trial.folded.orders[-1]
    assert _link(trial).status().prescription_digest == order.digest
    until(lambda: trial.folded.orders[-1].state == "confirmed")
    until(lambda: (_record(trial).status or {}).get("delivered_pulses", 0) > 3)
    page = prescriber.read("trial", trial.chart).content.decode()
    assert "Running" in page
    assert "Confirmed" in page


def test_the_same_start_sent_twice_starts_one_trial(trial: Way, prescriber: Desk) -> None:
    before = (kinds(trial.chart).count("trial_started"), PumpRecord.objects.filter(chart=trial.chart).count())
    version = kinds(trial.chart).index("prescription_written")
    assert prescriber.send("trial-start", trial.chart, START, version=version).status_code in (302, 409)
    after = (kinds(trial.chart).count("trial_started"), PumpRecord.objects.filter(chart=trial.chart).count())
    assert before == after == (1, 1)
    assert len(trial.folded.orders) == 1


def test_a_killed_pump_goes_on_with_at_most_one_pulse_lost_and_the_gap_on_the_chart(trial: Way, kept: Kept) -> None:
    record = _record(trial)
    folder = FOLDER.pumps / record.folder
    until(lambda: (_record(trial).status or {}).get("delivered_pulses", 0) > 3)
    kept.pause()
    before, process = _link(trial).status(), runner(folder)
    assert process is not None
    os.kill(process, signal.SIGKILL)
    until(lambda: runner(folder) is None)
    down = clock.now()
    until(lambda: clock.now() > down + 2 * MS_PER_HOUR)  # three pulses would have been due in it
    kept.go()
    until(lambda: trial.folded.gaps)
    assert runner(folder) not in (None, process)
    after = _link(trial).status()
    assert after.prescription_digest == before.prescription_digest
    assert after.delivered_pulses >= before.delivered_pulses
    assert after.doubtful_pulses <= 1
    gap = trial.folded.gaps[-1]
    assert gap.pump == record.pump
    assert gap.end is not None
    assert gap.start <= down <= gap.end
    # 1 mg/day of 0.5 mg/mL in pulses of 50 uL is 40 pulses a day: given, missed and told, or (one) in doubt
    due = 40 * (after.now - before.now) / MS_PER_DAY
    given = after.delivered_pulses + after.doubtful_pulses - before.delivered_pulses
    assert due - 2 <= given + after.missed_pulses <= due + 2
    until(lambda: _link(trial).status().delivered_pulses > after.delivered_pulses)


def test_the_gap_of_a_killed_pump_is_shown(trial: Way, kept: Kept, auditor: Desk) -> None:
    folder = FOLDER.pumps / _record(trial).folder
    until(lambda: (_record(trial).status or {}).get("delivered_pulses", 0) > 1)
    kept.pause()
    process = runner(folder)
    assert process is not None
    os.kill(process, signal.SIGKILL)
    down = clock.now()
    until(lambda: clock.now() > down + 3 * MS_PER_HOUR)
    kept.go()
    until(lambda: trial.folded.gaps)
    page = auditor.read("pump", trial.chart).content.decode()
    assert "Gaps in delivery (1)" in page
    assert "not given and not made up" in page
    assert "the pump&#x27;s process was not running" in page
    assert "pump_gap_noted" in kinds(trial.chart)


def test_a_pump_that_does_not_answer_is_shown_with_its_last_word(trial: Way, kept: Kept, nurse: Desk) -> None:
    until(lambda: (_record(trial).status or {}).get("delivered_pulses", 0) > 1)
    kept.pause()
    folder = FOLDER.pumps / _record(trial).folder
    process = runner(folder)
    assert process is not None
    (folder / "pump.json").rename(folder / "lost.json")  # the pump cannot come back
    os.kill(process, signal.SIGKILL)
    until(lambda: runner(folder) is None)
    last = _record(trial).status
    assert last is not None
    kept.go()
    until(lambda: _record(trial).trouble)
    page = nurse.read("pump", trial.chart).content.decode()
    assert "The pump does not answer" in page
    assert "its last word" in page
    assert f"{_record(trial).status['delivered_pulses']} pulses" in page  # type: ignore[index]
    before = entries(trial.chart)
    assert nurse.send("refill", trial.chart, {**REFILL, "concentration": "0.5 mg/mL"}).status_code == 422
    assert entries(trial.chart) == before
    (folder / "lost.json").rename(folder / "pump.json")
    until(lambda: not _record(trial).trouble)
    assert "The pump does not answer" not in nurse.read("pump-status", trial.chart).content.decode()


def test_an_order_goes_through_its_states_for_real(implanted: Way, prescriber: Desk, nurse: Desk) -> None:
    answer = _prescribe(prescriber, implanted)
    assert answer.status_code == 302
    told = kinds(implanted.chart)
    first = told.index("prescription_written", told.index("implant_recorded"))
    assert told[first : first + 3] == ["prescription_written", "prescription_sent", "prescription_acknowledged"]
    order = implanted.folded.orders[-1]
    assert _link(implanted).status().prescription_digest == order.digest
    until(lambda: implanted.folded.orders[-1].state == "confirmed")
    until(lambda: PumpHour.objects.filter(pump=_record(implanted)).count() >= 2)
    page = nurse.read("pump", implanted.chart).content.decode()
    assert "0.6 mg/day" in page
    assert "Next refill by" in page
    assert implanted.folded.stage == "in_therapy"


def test_sending_twice_does_not_program_twice(implanted: Way, prescriber: Desk) -> None:
    assert _prescribe(prescriber, implanted).status_code == 302
    order = implanted.folded.orders[-1]
    lines = [line for line in _link(implanted).log(200) if "at" in line]
    before, told = len([line for line in lines if order.digest in str(line)]), entries(implanted.chart)
    answer = prescriber.post(f"/patients/{implanted.chart}/prescription/{order.digest}/send/")
    assert answer.status_code == 422
    after = [line for line in _link(implanted).log(200) if order.digest in str(line)]
    assert len(after) == before
    assert kinds(implanted.chart)[:told].count("prescription_sent") == kinds(implanted.chart).count("prescription_sent")


def test_an_order_that_the_pump_refuses_is_disputed_and_the_old_one_runs_on(implanted: Way, prescriber: Desk) -> None:
    assert _prescribe(prescriber, implanted).status_code == 302
    until(lambda: implanted.folded.orders[-1].state == "confirmed")
    old = implanted.folded.orders[-1].digest
    link = _link(implanted)
    link.stop()  # somebody with another programmer: another drug goes in
    link.refill(0, Solution.parse("morphine 5 mg/mL"), parse("1 mL", VOLUME))
    assert _prescribe(prescriber, implanted, dose="0.7 mg/day").status_code == 302
    order = implanted.folded.orders[-1]
    assert order.state == "disputed"
    assert "The pump refused it" in order.reason
    assert _link(implanted).status().prescription_digest in (old, None)
    page = prescriber.read("prescription", implanted.chart).content.decode()
    assert "Disputed" in page
    assert "Send again" in page


def test_a_pump_that_runs_what_nobody_here_ordered_is_disputed(implanted: Way, prescriber: Desk) -> None:
    assert _prescribe(prescriber, implanted).status_code == 302
    until(lambda: implanted.folded.orders[-1].state == "confirmed")
    other = implanted.order("morphine 2 mg/mL", "0.8 mg/day")
    _link(implanted).program(_anchored(other))
    until(lambda: implanted.folded.orders[-1].state == "disputed")
    assert "runs another prescription" in implanted.folded.orders[-1].reason


def test_an_order_whose_sender_died_is_settled_from_what_the_pump_says(implanted: Way, prescriber: Desk) -> None:
    """Written, sent, programmed, and then nobody lived to write down the answer."""
    from thecal.clinic import store
    from thecal.therapy import build, events, stamp

    order = _anchored(implanted.order("morphine 2 mg/mL", "0.6 mg/day"))
    implanted.now = clock.now()
    implanted.written(order, _record(implanted).pump, "therapy")
    states = [implanted.folded.orders[-1].state]
    assert "Send again" in prescriber.read("prescription", implanted.chart).content.decode()
    sent = build(events.PrescriptionSent, stamp(clock.now(), "Noor Visser", "nurse"), prescription=order.digest())
    store.write(implanted.chart, entries(implanted.chart), sent)
    states.append(implanted.folded.orders[-1].state)
    assert states == ["ordered", "sent"]
    _link(implanted).program(order)
    until(lambda: implanted.folded.orders[-1].state == "confirmed")
    assert kinds(implanted.chart)[-2:] == ["prescription_acknowledged", "prescription_confirmed"]


def test_an_order_to_a_pump_that_is_gone_is_disputed_and_can_be_sent_again(
    implanted: Way, kept: Kept, prescriber: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(orders, "_PATIENCE_S", 0.2)
    kept.pause()
    kept.keeper.stop()
    assert _prescribe(prescriber, implanted).status_code == 302
    order = implanted.folded.orders[-1]
    assert order.state == "disputed"
    assert "could not be reached" in order.reason
    with pytest.raises(LinkDown):
        _link(implanted).status()
    kept.go()
    until(lambda: _record(implanted).trouble == "" and runner(FOLDER.pumps / _record(implanted).folder))
    answer = prescriber.post(f"/patients/{implanted.chart}/prescription/{order.digest}/send/")
    assert answer.status_code == 302
    until(lambda: implanted.folded.orders[-1].state == "confirmed")


def test_a_refill_compares_what_was_expected_with_what_came_out(implanted: Way, prescriber: Desk, nurse: Desk) -> None:
    assert _prescribe(prescriber, implanted, dose="1.2 mg/day", cap_hour="0.1 mg", cap_day="1.5 mg").status_code == 302
    until(lambda: _link(implanted).status().delivered_nl > 100_000)
    expected = _link(implanted).status().reservoir_nl
    assert nurse.send("refill", implanted.chart, {**REFILL, "withdrawn": "16.2 mL"}).status_code == 302
    refill = implanted.folded.refills[-1]
    assert abs(refill.expected_nl - expected) < 50_000
    assert refill.withdrawn_nl == parse("16.2 mL", VOLUME)
    assert abs(_link(implanted).status().reservoir_nl - parse("18 mL", VOLUME)) < parse("0.5 mL", VOLUME)
    page = nurse.read("refill", implanted.chart).content.decode()
    assert "16.2" in page


def test_a_refill_by_somebody_who_read_an_old_chart_does_not_touch_the_pump(implanted: Way, nurse: Desk) -> None:
    version = entries(implanted.chart)
    assert nurse.send("history", implanted.chart, {"treatment": "other", "outcome": "unknown"}).status_code == 302
    before = _link(implanted).info().fill_mark
    assert nurse.send("refill", implanted.chart, REFILL, version=version).status_code == 409
    assert _link(implanted).info().fill_mark == before
    assert "refill_recorded" not in kinds(implanted.chart)


def test_a_concluded_trial_takes_its_pump_out_of_use(trial: Way, prescriber: Desk) -> None:
    folder = FOLDER.pumps / _record(trial).folder
    assert prescriber.send("trial-conclude", trial.chart, {"comment": "enough"}).status_code == 302
    assert trial.folded.stage == "decision"
    until(lambda: not folder.exists())
    record = PumpRecord.objects.get(chart=trial.chart)
    assert record.retired_ms is not None
    assert record.status is not None
    assert record.status["state"] == "stopped"
    away = FOLDER.root / "retired-pumps" / folder.name
    until(away.is_dir)
    assert runner(away) is None
    doubt = {"verdict_reason": "The trial ended early for a lead fault; relief was plain to all who saw it."}
    assert prescriber.send("decision", trial.chart, DECISION | doubt).status_code == 302


def test_every_page_says_that_the_clock_is_fast(kept: Kept, desks: dict[str, Desk], way: Way) -> None:
    way.registered()
    banner = f"Demonstration clock: {SPEED} times real time"
    for path in ("/", "/patients/", f"/patients/{way.chart}/", f"/patients/{way.chart}/ledger/", "/no/such/page/"):
        assert banner in desks["nurse"].get(path).content.decode(), path
    assert banner in desks["patient"].get("/me/").content.decode()
    assert banner in desks["nobody"].get("/sign-in/").content.decode()
    assert banner in desks["auditor"].get("/patients/new/").content.decode()


def _anchored(order: Any) -> Any:
    """The order with the latest midnight of the fast clock, and its present."""
    from dataclasses import replace

    now = clock.now()
    return replace(order, anchor=now - now % MS_PER_DAY, written=now)
