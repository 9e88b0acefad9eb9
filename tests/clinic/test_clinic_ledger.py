"""The ledger in the database: never changed, checked from its first byte, exported whole; lists are made from it."""

import os
import signal
import subprocess
import sys
from uuid import UUID

import pytest
from django.db import DatabaseError, connection, transaction

from clinic.conftest import FOLDER, ROOT
from clinic.way import Desk, Way, entries, told
from thecal.clinic import store
from thecal.clinic.keeper import Keeper
from thecal.clinic.models import ChartRow, LedgerEntry
from thecal.clinic.models.ledger import AppendOnly
from thecal.quantity import Refused
from thecal.therapy import Ledger


def _raw(chart: UUID) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM clinic_ledgerentry WHERE chart = %s ORDER BY seq", [chart.hex])
        return list(cursor.fetchall())


def test_the_models_refuse_to_change_or_remove_an_entry(way: Way) -> None:
    way.assessed()
    before, mine = _raw(way.chart), LedgerEntry.objects.filter(chart=way.chart)
    entry = mine.get(seq=2)
    entry.kind = "declined"
    for change in (
        lambda: mine.update(kind="declined"),
        mine.delete,
        lambda: LedgerEntry.objects.bulk_update([entry], ["kind"]),
        entry.save,
        entry.delete,
        lambda: LedgerEntry.objects.update_or_create(pk=entry.pk, defaults={"kind": "declined"}),
    ):
        with pytest.raises(AppendOnly):
            change()
    assert _raw(way.chart) == before


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE clinic_ledgerentry SET kind = 'declined' WHERE chart = %s",
        "DELETE FROM clinic_ledgerentry WHERE chart = %s",
        "INSERT OR REPLACE INTO clinic_ledgerentry SELECT id, chart, seq, event, 'declined', body, previous, digest "
        "FROM clinic_ledgerentry WHERE chart = %s",
        "REPLACE INTO clinic_ledgerentry (chart, seq, event, kind, body, previous, digest) SELECT chart, seq, "
        "'00000000000070008000000000000000', kind, body, previous, digest FROM clinic_ledgerentry WHERE chart = %s "
        "AND seq = 1",
        "INSERT INTO clinic_ledgerentry SELECT * FROM clinic_ledgerentry WHERE chart = %s "
        "ON CONFLICT (id) DO UPDATE SET kind = 'declined'",
    ],
)
def test_the_database_refuses_it_too_whoever_asks(statement: str, way: Way) -> None:
    way.assessed()
    before = _raw(way.chart)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, [way.chart.hex])
    assert _raw(way.chart) == before
    assert len(before) == 7


def test_the_stored_chain_holds(way: Way) -> None:
    way.concluded()
    book = Ledger.of(store.ledger(way.chart).entries)
    assert book.version == entries(way.chart)
    assert book.chart == way.folded


def _damage(chart: UUID) -> None:
    """What no statement may do: somebody with the file and without the triggers."""
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER ledger_entry_no_update")
        cursor.execute(
            "UPDATE clinic_ledgerentry SET body = replace(body, 'inadequate', 'adequate  ') WHERE chart = %s AND seq=3",
            [chart.hex],
        )
        assert cursor.rowcount == 1


def test_a_damaged_entry_is_named_by_the_ledger_page(auditor: Desk, way: Way) -> None:
    way.assessed()
    assert b"Verified: every entry fits its hash" in auditor.read("ledger", way.chart).content
    with transaction.atomic():
        _damage(way.chart)
        page = auditor.read("ledger", way.chart).content.decode()
        transaction.set_rollback(True)
    assert "Verified" not in page
    assert "Entry 3 of the ledger cannot be trusted" in page
    assert b"Verified" in auditor.read("ledger", way.chart).content


def test_a_chart_that_cannot_be_trusted_is_not_shown_and_hides_no_other(auditor: Desk, nurse: Desk) -> None:
    """As a web server that was started after the damage sees it: nothing of the chart is in memory."""
    other = Way("Olga Other").registered()
    with transaction.atomic():  # what is written in here is kept in no memory
        way = Way("Dana Damaged").assessed()
        _damage(way.chart)
        for name in ("ledger", "summary", "history"):
            answer = auditor.read(name, way.chart)
            assert answer.status_code == 422
            assert b"Entry 3 of the ledger cannot be trusted" in answer.content
        home = nurse.get("/").content.decode()
        assert nurse.read("summary", other.chart).status_code == 200
        with pytest.raises(Refused, match="Entry 3"):
            store.load(way.chart)
        transaction.set_rollback(True)
    assert "Olga Other" in home
    assert "Dana Damaged" in home
    assert "cannot be trusted" in home


def test_the_export_replays_to_the_same_chart(auditor: Desk, way: Way) -> None:
    way.decided()
    answer = auditor.read("ledger-export", way.chart)
    assert answer.headers["Content-Type"] == "application/x-ndjson"
    assert str(way.chart) in answer.headers["Content-Disposition"]
    replayed = Ledger.load(answer.content)
    assert replayed.chart == way.folded
    assert replayed.export() == answer.content
    assert replayed.version == entries(way.chart)


def test_the_list_of_patients_can_be_thrown_away_and_made_again(nurse: Desk) -> None:
    made = [Way(f"Rebuilt {name}") for name in ("One", "Two", "Three")]
    made[0].registered()
    made[1].assessed()
    made[2].concluded()
    before = list(ChartRow.objects.order_by("chart").values())
    ChartRow.objects.all().delete()
    assert b"Rebuilt" not in nurse.get("/patients/?q=rebuilt").content
    assert store.rebuild() == len(before)
    assert list(ChartRow.objects.order_by("chart").values()) == before
    page = nurse.get("/patients/?q=rebuilt").content.decode()
    assert all(way.name in page for way in made)


def test_an_event_that_is_refused_leaves_nothing_of_its_batch(way: Way) -> None:
    """A step out of order after a good one: both or none."""
    from thecal.therapy import build, events, stamp

    way.registered()
    good = build(events.HistoryRecorded, stamp(way.now, "Noor", "nurse"), treatment="other", outcome="unknown")
    bad = build(events.Withdrawn, stamp(way.now, "Pia", "patient"), by="patient", reason="because")
    before = _raw(way.chart)
    with pytest.raises(Refused):
        store.write(way.chart, 1, good, bad)
    assert _raw(way.chart) == before


_WRITER = """
import sys
from uuid import UUID
import django
django.setup()
from thecal.clinic import store
from thecal.clinic.keeper import Keeper
from thecal.therapy import build, events, stamp
chart, now = UUID(sys.argv[1]), int(sys.argv[2])
for number in range(10_000):
    entry = build(events.PainRecorded, stamp(now, "patient", "patient"), score=number % 11, note=str(number))
    store.write(chart, None, entry)
    print(number, flush=True)
"""


def test_a_writer_that_is_killed_loses_no_event_that_it_acknowledged(way: Way) -> None:
    way.registered()
    for wanted in (1, 5, 12):
        before = len(way.folded.pain())
        child = subprocess.Popen(
            [sys.executable, "-c", _WRITER, str(way.chart), str(way.now)],
            stdout=subprocess.PIPE,
            env={**os.environ, "THECAL_DATA": str(ROOT), "DJANGO_SETTINGS_MODULE": "thecal.clinic.settings"},
        )
        assert child.stdout is not None
        acknowledged = 0
        for line in child.stdout:
            acknowledged = int(line) + 1
            if acknowledged == wanted:
                os.kill(child.pid, signal.SIGKILL)
        child.wait()
        child.stdout.close()
        kept = len(way.folded.pain()) - before
        assert acknowledged <= kept <= acknowledged + 1
        notes = [event.note for event in told(way.chart) if event.kind == "pain_recorded"][before:]
        assert notes == [str(number) for number in range(kept)]
    Ledger.load(store.ledger(way.chart).export())


def test_the_worklist_is_read_without_its_charts_and_a_row_of_another_version_is_made_again(
    nurse: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    way = Way("Rowan Row").assessed()
    nurse.get("/")
    with monkeypatch.context() as patched:

        def loaded(chart: UUID) -> None:
            raise AssertionError(f"{chart} was folded for the worklist")

        patched.setattr(store, "ledger", loaded)
        assert "Rowan Row" in nurse.get("/").content.decode()
    for text in ("", "0.0.0 []", "not a row"):
        ChartRow.objects.filter(chart=way.chart).update(tasks=text)
        assert "Rowan Row" in nurse.get("/").content.decode()
        assert ChartRow.objects.get(chart=way.chart).tasks not in ("", text)


def test_a_proposal_that_lacks_facts_is_blocked_and_says_which(nurse: Desk) -> None:
    Way("Bela Blocked").registered()
    page = nurse.get("/").content.decode()
    item = page[page.index("Bela Blocked") :]
    assert "Blocked" in item[: item.index("</li>")] and "Missing or too old" in item[: item.index("</li>")]


def test_the_keeper_finds_damage_that_nobody_opens_and_the_worklist_shows_it_first(nurse: Desk) -> None:
    with transaction.atomic():
        way = Way("Quinn Quiet").assessed()
        _damage(way.chart)
        keeper, patience = Keeper(FOLDER), ChartRow.objects.count()
        while not ChartRow.objects.get(chart=way.chart).trouble and patience:
            keeper.verify()
            patience -= 1
        trouble, home = ChartRow.objects.get(chart=way.chart).trouble, nurse.get("/").content.decode()
        transaction.set_rollback(True)
    assert "Entry 3" in trouble
    first = home[home.index('<ol class="work">') :]
    first = first[: first.index("</li>")]
    assert "Quinn Quiet" in first and "The chart cannot be trusted." in first and "Entry 3" in first
