"""The chart ledger in the database: load a chart, append to it, or learn that somebody wrote in between.

Every append runs in one write transaction: the entries are durable, the patients' list is up to date, or nothing
has happened. A chart is kept folded in memory and grows by what is new, so reading it again costs one query.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.http import Http404

from thecal import __version__
from thecal.clinic import clock
from thecal.clinic.models import ChartRow, LedgerEntry
from thecal.quantity import Refused
from thecal.therapy import AnyEvent, Chart, Clash, Entry, Ledger, Row, fold, read_row, row_text, verify
from thecal.therapy import project as project_row

_KEPT = 512
_lock = threading.Lock()
_rows: dict[UUID, tuple[str, Row]] = {}
_cache: OrderedDict[tuple[str, UUID], Ledger] = OrderedDict()


def ledger(chart: UUID) -> Ledger:
    """All entries of a chart and what they fold to; an empty ledger for a chart that does not exist.

    Raises Refused when the stored chain is broken.
    """
    key = (str(settings.DATABASES["default"]["NAME"]), chart)
    with _lock:
        known = _cache.get(key, Ledger())
    stored = LedgerEntry.objects.filter(chart=chart, seq__gt=known.version).order_by("seq")
    try:
        fresh = [Entry.stored(row.seq, row.previous, row.digest, row.content) for row in stored]
        _follows(known, fresh)
    except Refused as refused:
        ChartRow.objects.filter(chart=chart).update(trouble=str(refused)[:300])  # the worklist says so from now on
        raise
    if not fresh:
        return known
    grown = Ledger((*known.entries, *fresh), fold((entry.event for entry in fresh), known.chart))
    if not transaction.get_connection().in_atomic_block:  # what may still be rolled back is not kept
        with _lock:
            _cache[key] = grown
            _cache.move_to_end(key)
            while len(_cache) > _KEPT:
                _cache.popitem(last=False)
    return grown


def load(chart: UUID) -> Chart:
    """The folded chart. Raises Http404 when there is none."""
    found = ledger(chart).chart
    if found.patient is None:
        raise Http404("there is no such chart")
    return found


def write(chart: UUID, version: int | None, *events: AnyEvent) -> Chart:
    """Append ``events`` for somebody who read ``version``; all of them or none.

    ``version`` None is for the diary and for role system, who read none. Raises Clash or Refused.
    """
    return decide(chart, version, lambda _chart: events)


def decide(chart: UUID, version: int | None, events: Callable[[Chart], Sequence[AnyEvent]]) -> Chart:
    """As ``write``, with the events made from the chart as it stands inside the transaction."""
    with transaction.atomic():
        book = ledger(chart)
        start = book.version
        for event in events(book.chart):
            book = book.append(event, version)
            version = book.version if version is not None else None
        LedgerEntry.objects.bulk_create(_row(chart, entry) for entry in book.entries[start:])
        if book.version > start:
            project(chart, book.chart)
    return book.chart


def record(chart: UUID, *events: AnyEvent) -> Chart:
    """Append what has happened already and cannot be undone, whatever was written meanwhile. Raises Refused."""
    with transaction.atomic():
        return write(chart, ledger(chart).version, *events)


def unchanged(chart: UUID, version: int) -> None:
    """Raise Clash when somebody but the diary has written since ``version``: asked before a pump is spoken to."""
    book = ledger(chart)
    meanwhile = tuple(entry for entry in book.entries[version:] if entry.event.kind != "pain_recorded")
    if meanwhile or version > book.version:
        raise Clash(version, meanwhile)


def project(chart: UUID, folded: Chart) -> None:
    """Bring the patients' list up to date with one chart."""
    if folded.patient is None:
        return
    ChartRow.objects.update_or_create(
        chart=chart,
        defaults={
            "name": folded.patient.name,
            "birth": folded.patient.birth_date,
            "stage": folded.stage,
            "version": folded.version,
            "tasks": _tasks(folded),
            "trouble": "",
            "changed_ms": folded.events[-1].meta.recorded if folded.events else clock.now(),
        },
    )


def rebuild() -> int:
    """Throw the patients' list away and make it anew from the ledger; returns the number of charts."""
    with transaction.atomic():
        ChartRow.objects.all().delete()
        found = list(LedgerEntry.objects.order_by().values_list("chart", flat=True).distinct())
        for chart in found:
            project(chart, ledger(chart).chart)
    return len(found)


def rows() -> tuple[list[Row], list[ChartRow]]:
    """The rows of the worklist, without their charts, and the charts that cannot be trusted.

    A row that is missing, or that another version of the program wrote, is made again from its ledger and kept.
    """
    found, broken = list[Row](), list[ChartRow]()
    for row in ChartRow.objects.all():
        known = _rows.get(row.chart)
        if not row.trouble and (known is None or known[0] != row.tasks):
            try:
                known = _rows[row.chart] = (row.tasks, _row_of(row))
            except Refused as refused:
                row.trouble = str(refused)[:300]
        if row.trouble or known is None:
            broken.append(row)
        else:
            found.append(known[1])
    return found, broken


def _row_of(row: ChartRow) -> Row:
    mark, _, text = row.tasks.partition(" ")
    if mark == __version__:
        try:
            kept = read_row(text)
        except Refused:
            pass  # it is made again below
        else:
            if kept.version == row.version:
                return kept
    folded = load(row.chart)
    project(row.chart, folded)
    made = project_row(folded)
    assert made is not None, "a loaded chart has a patient"
    return made


def _tasks(folded: Chart) -> str:
    made = project_row(folded)
    return "" if made is None else f"{__version__} {row_text(made)}"


def verify_next(after: UUID) -> tuple[UUID, str]:
    """Check the stored chain of the chart after ``after`` from its first byte: which it was, and its trouble if any.

    Charts are taken in turn, so that damage that nobody opens is found as well; one that holds again is shown again.
    """
    turn = ChartRow.objects.order_by("chart")
    row = turn.filter(chart__gt=after).first() or turn.first()
    if row is None:
        return after, ""
    trouble = ""
    try:
        stored = LedgerEntry.objects.filter(chart=row.chart).order_by("seq")
        verify(Entry.stored(each.seq, each.previous, each.digest, each.content) for each in stored)
    except Refused as refused:
        trouble = str(refused)[:300]
    if trouble != row.trouble:
        ChartRow.objects.filter(chart=row.chart).update(trouble=trouble)
    return row.chart, trouble


def _follows(known: Ledger, fresh: Sequence[Entry]) -> None:
    head, seq = known.head, known.version
    for entry in fresh:
        if entry.previous != head or entry.seq != seq + 1:
            Ledger.of((*known.entries, *fresh))  # raises Refused and names the entry
        head, seq = entry.digest, entry.seq


def _row(chart: UUID, entry: Entry) -> LedgerEntry:
    return LedgerEntry(
        chart=chart,
        seq=entry.seq,
        event=UUID(entry.event.meta.id),
        kind=entry.event.kind,
        body=entry.body,
        previous=entry.previous,
        digest=entry.digest,
    )
