"""The chart ledger: one entry per event, each with the hash of the one before it, never changed and never removed.

An entry is one line of canonical JSON (sorted keys, no spaces, UTF-8). Its hash is SHA-256 over the hash before it,
its number and the bytes of its event, so one changed byte anywhere is found. The bytes are kept as they were
written: an event type that gains a field later does not change what stands in the ledger.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from thecal.quantity import Refusal, Refused
from thecal.therapy.chart import Chart
from thecal.therapy.door import checked
from thecal.therapy.events import AnyEvent, read
from thecal.therapy.fold import append, fold

GENESIS = "0" * 64
DIARY = frozenset({"pain_recorded", "measure_recorded", "side_effect_recorded", "opioid_taken"})
"""Kinds of diary entry, which a patient writes beside other writers."""
_NEW = Chart()


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: ``seq`` from 1, the hash of the entry before, its own hash, and the event as bytes and as value."""

    seq: int
    previous: str
    digest: str
    body: bytes
    event: AnyEvent

    @classmethod
    def of(cls, event: AnyEvent, seq: int, previous: str) -> "Entry":
        """The entry of a new event."""
        body = canonical(event.model_dump(mode="json"))
        return cls(seq, previous, digest_of(previous, seq, body), body, event)

    @classmethod
    def stored(cls, seq: int, previous: str, digest: str, body: bytes) -> "Entry":
        """An entry as it was stored. Raises Refused when the hash does not fit or the event cannot be read."""
        if digest_of(previous, seq, body) != digest:
            raise Refused(_broken(seq, "its bytes do not fit its hash"))
        return cls(seq, previous, digest, body, read(body))

    def line(self) -> bytes:
        """The line of an export, without its end of line."""
        head = f'"hash":"{self.digest}","previous":"{self.previous}","seq":{self.seq}'
        return b'{"event":' + self.body + b"," + head.encode("ascii") + b"}"


class Clash(Refused):
    """Somebody wrote to the chart after the writer had read it. ``meanwhile`` holds what was written since."""

    def __init__(self, version: int, meanwhile: tuple[Entry, ...]) -> None:
        self.version = version
        self.meanwhile = meanwhile
        said = "; ".join(
            f"{entry.seq}: {entry.event.kind} by {entry.event.meta.author} ({entry.event.meta.role})"
            for entry in meanwhile[:20]
        )
        what = (
            f"The chart has changed since you read it (version {version}): {said}."
            if said
            else (f"Version {version} of the chart does not exist.")
        )
        super().__init__(Refusal("clash", what, "version", "Read what changed, then enter it again."))


@dataclass(frozen=True, slots=True)
class Ledger:
    """All entries of one chart and the chart that they fold to. ``version`` is the number of the last entry."""

    entries: tuple[Entry, ...] = ()
    chart: Chart = _NEW

    @property
    def version(self) -> int:
        """What a writer names as the version that they read."""
        return len(self.entries)

    @property
    def head(self) -> str:
        """The hash of the last entry."""
        return self.entries[-1].digest if self.entries else GENESIS

    def append(self, event: AnyEvent, version: int | None) -> "Ledger":
        """The ledger with one more entry.

        ``version`` is the one that the writer read; None is for the diary and for role system, who read none.
        Diary entries written meanwhile are no clash. Raises Clash, or Refused by stage, role or contradiction.
        """
        self._same_version(event, version)
        chart = append(self.chart, event)
        return Ledger((*self.entries, Entry.of(event, self.version + 1, self.head)), chart)

    def _same_version(self, event: AnyEvent, version: int | None) -> None:
        if version is None:
            if event.kind not in DIARY and event.meta.role != "system":
                do = "Name the version of the chart that you read."
                raise Refused(Refusal("no_version", "The version that was read is missing.", "version", do))
            return
        if type(version) is not int or not 0 <= version <= self.version:
            raise Clash(version, ())
        meanwhile = tuple(entry for entry in self.entries[version:] if entry.event.kind not in DIARY)
        if meanwhile and event.kind not in DIARY:
            raise Clash(version, meanwhile)

    def export(self) -> bytes:
        """All entries, one line each. ``Ledger.load`` of it gives an equal ledger, and the same bytes again."""
        return b"".join(entry.line() + b"\n" for entry in self.entries)

    @classmethod
    def of(cls, entries: Iterable[Entry]) -> "Ledger":
        """A ledger from stored entries. Raises Refused when the chain is broken or an event does not fit the chart."""
        kept = tuple(entries)
        verify(kept)
        return cls(kept, fold(entry.event for entry in kept))

    @classmethod
    def load(cls, data: bytes) -> "Ledger":
        """A ledger from an export. Raises Refused naming the first line that was changed, lost, added or moved."""
        if data and not data.endswith(b"\n"):
            raise Refused(_broken(data.count(b"\n") + 1, "the last line is cut off"))
        lines = data.split(b"\n")[:-1]
        return cls.of(_entry(number, line) for number, line in enumerate(lines, 1))


@checked
def verify(entries: Iterable[Entry]) -> None:
    """Check numbers and hash chain. Raises Refused at the first entry that is wrong."""
    previous = GENESIS
    for number, entry in enumerate(entries, 1):
        if entry.seq != number:
            raise Refused(_broken(number, f"it carries the number {entry.seq}"))
        if entry.previous != previous:
            raise Refused(_broken(number, "it does not follow the entry before it"))
        if digest_of(previous, number, entry.body) != entry.digest:
            raise Refused(_broken(number, "its bytes do not fit its hash"))
        previous = entry.digest


def canonical(plain: Any) -> bytes:
    """Canonical JSON: sorted keys, no spaces, UTF-8."""
    return json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def _entry(number: int, line: bytes) -> Entry:
    try:
        plain = json.loads(line)
        if not isinstance(plain, dict) or set(plain) != {"event", "hash", "previous", "seq"}:
            raise Refused(_broken(number, "it is not an entry"))
        entry = Entry.stored(plain["seq"], plain["previous"], plain["hash"], canonical(plain["event"]))
    except (ValueError, RecursionError):
        raise Refused(_broken(number, "it is not JSON")) from None
    if entry.line() != line:
        raise Refused(_broken(number, "it is not in canonical form"))
    return entry


def digest_of(previous: str, seq: int, body: bytes) -> str:
    """The hash of an entry: over the hash before it, its number and the bytes of its event."""
    return sha256(f"{previous}\n{seq}\n".encode() + body).hexdigest()


def _broken(number: int, what: str) -> Refusal:
    do = "Keep this copy for inspection and restore the ledger from another one."
    return Refusal("ledger_broken", f"Entry {number} of the ledger cannot be trusted: {what}.", f"entry {number}", do)
