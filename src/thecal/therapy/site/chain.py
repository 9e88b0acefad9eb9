"""The site formulary as it is kept: one entry per event, each with the hash of the one before it, as a chart's ledger.

An entry's bytes are canonical JSON and are kept as they were written.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from thecal.quantity import Refusal, Refused
from thecal.therapy.door import checked
from thecal.therapy.ledger import GENESIS, canonical, digest_of
from thecal.therapy.site.events import SiteEvent, read_site_event
from thecal.therapy.site.formulary import SiteFormulary, fold_site


@dataclass(frozen=True, slots=True)
class SiteEntry:
    """One entry: ``seq`` from 1, the hash of the entry before, its own hash, and the event as bytes."""

    seq: int
    previous: str
    digest: str
    body: bytes

    @classmethod
    def of(cls, event: SiteEvent, entries: tuple["SiteEntry", ...]) -> "SiteEntry":
        """The entry of a new event after ``entries``."""
        previous = entries[-1].digest if entries else GENESIS
        body, seq = canonical(event.model_dump(mode="json")), len(entries) + 1
        return cls(seq, previous, digest_of(previous, seq, body), body)


@checked
def read_chain(entries: Iterable[SiteEntry]) -> tuple[tuple[SiteEvent, ...], SiteFormulary]:
    """The events and the formulary that they fold to. Raises Refused at the first entry that cannot be trusted."""
    previous, events = GENESIS, list[SiteEvent]()
    for number, entry in enumerate(entries, 1):
        fits = entry.digest == digest_of(previous, number, entry.body)
        if (entry.seq, entry.previous) != (number, previous) or not fits:
            what = f"Entry {number} of the site formulary cannot be trusted: it does not fit its hash or its place."
            do = "Keep this copy for inspection and restore the formulary from another one."
            raise Refused(Refusal("ledger_broken", what, f"entry {number}", do))
        events.append(read_site_event(entry.body))
        previous = entry.digest
    return tuple(events), fold_site(events)
