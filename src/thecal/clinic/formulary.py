"""The site formulary in the database: what is in force, what was signed, and one more signature.

The chain is read and checked from its first byte whenever it has grown; what it folds to is kept in memory.
"""

import secrets
import threading
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from pydantic import ValidationError

from thecal.clinic.models import FormularyEntry
from thecal.quantity import Refusal, Refused
from thecal.therapy import site, uuid7
from thecal.therapy.events.common import field_refusals

type Kept = tuple[tuple[site.SiteEntry, ...], tuple[site.SiteEvent, ...], site.SiteFormulary]
_lock = threading.Lock()
_cache: dict[str, Kept] = {}


def kept() -> Kept:
    """Entries, events and the formulary that they fold to. Raises Refused when the stored chain is broken."""
    name = str(settings.DATABASES["default"]["NAME"])
    with _lock:
        known = _cache.get(name)
    last = FormularyEntry.objects.order_by("-seq").values_list("seq", "digest").first()
    head = (known[0][-1].seq, known[0][-1].digest) if known and known[0] else None
    if known is not None and last == head:
        return known
    entries = tuple(
        site.SiteEntry(row.seq, row.previous, row.digest, row.content) for row in FormularyEntry.objects.all()
    )
    found = (entries, *site.read_chain(entries))
    if not transaction.get_connection().in_atomic_block:  # what may still be rolled back is not kept
        with _lock:
            _cache[name] = found
    return found


def current() -> site.SiteFormulary:
    """The formulary in force. Raises Refused when the stored chain is broken."""
    return kept()[2]


def sign(kind: type[site.SiteEvent], version: str, now: int, **fields: Any) -> site.SiteFormulary:
    """One more event, for somebody who read ``version``. Raises Refused, with nothing written, when it cannot stand."""
    try:
        event = kind(id=uuid7(now, secrets.token_bytes(10)), at=now, **fields)
    except ValidationError as error:
        raise Refused(*field_refusals(error)) from None
    with transaction.atomic():
        entries, _events, formulary = kept()
        if formulary.version != version:
            what = f"The formulary has changed since you read it: it is {formulary.version} now."
            raise Refused(Refusal("clash", what, "version", "Read what changed, then sign again."))
        found = site.signable(event, formulary)
        if found:
            raise Refused(*found)
        entry = site.SiteEntry.of(event, entries)
        FormularyEntry.objects.create(
            seq=entry.seq,
            event=UUID(event.id),
            kind=event.kind,
            body=entry.body,
            previous=entry.previous,
            digest=entry.digest,
        )
        return kept()[2]
