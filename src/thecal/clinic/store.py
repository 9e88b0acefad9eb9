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

from thecal.clinic import clock
from thecal.clinic.models import ChartRow, LedgerEntry
from thecal.therapy import AnyEvent, Chart, Clash, Entry, Ledger, fold

_KEPT = 512
_lock = threading.Lock()
_cache: OrderedDict[tuple[str, UUID], Ledger] = OrderedDict()


def ledger(chart: UUID) -> Ledger:
    """All entries of a chart and what they fold to; an empty ledger for a chart that does not exist.

    Raises Refused when the stored chain is broken.
    """
    key = (str(settings.DATABASES["default"]["NAME"]), chart)
    with _lock:
        known = _cache.get(key, Ledger())
    rows = LedgerEntry.objects.filter(chart=chart, seq__gt=known.version).order_by("seq")
    fresh = [Entry.stored(row.seq, row.previous, row.digest, row.content) for row in rows]
    if not fresh:
        return known
    _follows(known, fresh)
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
