"""Two writers on one chart: the second is told what changed, loses nothing, and of many one is first."""

import threading
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from clinic.way import (
    DECISION,
    HISTORY,
    IMPLANT,
    PLAN,
    STAGES,
    START,
    Desk,
    Way,
    entries,
    errors,
    kinds,
)
from thecal.clinic.models import PumpRecord

# Two people on one chart.

CLASHES: list[tuple[str, str, dict[str, Any], str]] = [
    ("referred", "history", HISTORY, "twenty sessions of water gymnastics"),
    ("referred", "candidacy", {"conclusion": "My own long thoughts"}, "My own long thoughts"),
    ("assessed", "trial-plan", {**PLAN, "note": "as we discussed"}, "as we discussed"),
    ("planned", "trial-start", {**START, "fill": "47 mL"}, "47 mL"),
    ("concluded", "decision", {**DECISION, "reasons": "she wants it"}, "she wants it"),
    ("decided", "implant", {**IMPLANT, "serial": "SN-777"}, "SN-777"),
    ("trial", "trial-conclude", {"comment": "walked again"}, "walked again"),
]


@pytest.mark.parametrize(("stage", "where", "fields", "own"), CLASHES)
def test_the_second_writer_is_told_what_changed_and_keeps_the_own_entry(
    stage: str, where: str, fields: dict[str, Any], own: str, prescriber: Desk, nurse: Desk, way: Way
) -> None:
    STAGES[stage](way)
    read = way.folded.version
    assert nurse.send("history", way.chart, {"treatment": "other", "outcome": "adequate"}).status_code == 302
    before = (kinds(way.chart), PumpRecord.objects.count())
    answer = prescriber.send(where, way.chart, fields, version=read)
    assert answer.status_code == 409
    told = answer.content.decode()
    assert "History recorded" in told
    assert "Noor Visser (nurse)" in told
    assert own in told
    assert f'name="version" value="{read + 1}"' in told
    assert (kinds(way.chart), PumpRecord.objects.count()) == before


def test_the_kept_entry_can_be_saved_on_top(prescriber: Desk, nurse: Desk, way: Way) -> None:
    way.registered()
    assert nurse.send("history", way.chart, HISTORY, version=1).status_code == 302
    again = prescriber.send("history", way.chart, {**HISTORY, "detail": "mine"}, version=1)
    assert again.status_code == 409
    form = again.context["form"]  # type: ignore[attr-defined]
    assert prescriber.post(f"/patients/{way.chart}/history/", dict(form.data.items())).status_code == 302
    assert [each.detail for each in way.folded.history] == [HISTORY["detail"], "mine"]


def test_a_version_that_never_was_is_refused(nurse: Desk, way: Way) -> None:
    way.registered()
    for version in (99, 10**30):
        assert nurse.send("history", way.chart, HISTORY, version=version).status_code == 409
    for text in ("-1", "", "one"):
        answer = nurse.post(f"/patients/{way.chart}/history/", {**HISTORY, "version": text})
        assert answer.status_code == 422
        assert "version" in errors(answer)
    assert entries(way.chart) == 1


def test_an_entry_in_the_diary_is_no_clash_for_the_staff(nurse: Desk, way: Way) -> None:
    way.registered()
    way.diary(1, 0, 5)
    assert nurse.send("history", way.chart, HISTORY, version=1).status_code == 302
    assert kinds(way.chart)[-1] == "history_recorded"


def test_of_many_who_write_at_once_exactly_one_is_first(way: Way, clinic: dict[str, User]) -> None:
    way.registered()
    start, answers = threading.Barrier(4), list[int]()

    def write(number: int) -> None:
        try:
            client = Client()
            client.force_login(clinic["nurse"])
            start.wait()
            fields = {**HISTORY, "detail": f"writer {number}", "version": "1"}
            answers.append(client.post(f"/patients/{way.chart}/history/", fields).status_code)
        finally:
            connection.close()

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [302, 409, 409, 409]
    assert entries(way.chart) == 2
