"""The chart ledger as an auditor reads it: every entry, the check of its hashes, and the export."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse

from thecal.clinic import store
from thecal.clinic.access import STAFF, page
from thecal.clinic.charting import show
from thecal.clinic.models import LedgerEntry
from thecal.quantity import Refused
from thecal.therapy import Entry, Ledger


@page(read=STAFF)
def ledger(request: HttpRequest, chart: UUID) -> HttpResponse:
    """Entries, newest first, after a check of the whole stored chain from its first byte."""
    folded = store.load(chart)
    trouble = ""
    rows = LedgerEntry.objects.filter(chart=chart)
    try:
        book = Ledger.of(Entry.stored(row.seq, row.previous, row.digest, row.content) for row in rows)
        head = book.head
    except Refused as refused:
        book, head, trouble = store.ledger(chart), "", str(refused)
    return show(
        request,
        "clinic/ledger.html",
        chart,
        folded,
        "ledger",
        entries=[(entry, entry.body.decode()) for entry in reversed(book.entries)],
        head=head,
        trouble=trouble,
    )


@page(read=STAFF)
def export(_request: HttpRequest, chart: UUID) -> HttpResponse:
    """The ledger as lines of canonical JSON, which ``thecal.therapy.Ledger.load`` checks and reads again."""
    store.load(chart)
    return HttpResponse(
        store.ledger(chart).export(),
        content_type="application/x-ndjson",
        headers={"Content-Disposition": f'attachment; filename="chart-{chart}.jsonl"'},
    )
