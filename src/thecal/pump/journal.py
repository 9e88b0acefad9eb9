"""The journal: fixed 64-byte records in two banks, so that it is crash-safe and its size is bounded for life.

Each record holds the chain value of its predecessor, a number, a time in ms, a payload, its kind, the format version, a
CRC-32 and an end mark. A bank begins with a checkpoint; when it is full the other one is erased and begun.

A last byte of zero, or a record cut short, at the end of a bank is a torn tail: the write did not finish, and it is
dropped. Anything else that does not check is damage, and is reported: a single damaged bit can never look like a torn
tail, since the last byte of a whole record has four bits set.
"""

import hashlib
import struct
import zlib
from typing import NamedTuple, Protocol

from thecal.pump.kernel import Record, RecordKind

RECORD_BYTES = 64
FORMAT = 2
MARK = 0xA55A
BANKS = (0, 1)
ROTATE_AFTER = 32_768

_NUMBERS = struct.Struct("<8sQq4qBB")
_BYTES = struct.Struct("<8sQq32sBB")
_END = struct.Struct("<IH")
_BODY = _NUMBERS.size
_PART_BYTES = 32
_KINDS = frozenset(int(kind) for kind in RecordKind)
_PART, _CHECKPOINT = int(RecordKind.PART), int(RecordKind.CHECKPOINT)
assert _BODY == _BYTES.size == RECORD_BYTES - _END.size, "records have one size"


class JournalError(Exception):
    """No bank holds a readable checkpoint, so no state can be known; or a write failed, so none may follow it."""


class Storage(Protocol):
    """Numbered stretches of bytes that grow at the end. ``sync`` returns when all appended to it is durable."""

    def append(self, bank: int, data: bytes) -> None:
        """Write at the end of a bank."""

    def sync(self, bank: int) -> None:
        """Return when the bank is durable."""

    def read(self, bank: int) -> bytes:
        """All bytes of a bank; empty when it was never written."""

    def truncate(self, bank: int, size: int) -> None:
        """Keep the first ``size`` bytes, durably."""


class Scan(NamedTuple):
    """What a bank holds. ``records`` are in order, with their numbers, PARTs gathered into blobs.

    ``slots`` is the number of record places up to the torn tail. ``lost`` counts records that were damaged or are
    missing between others. ``checkpoint`` is the number of the record that completes a readable checkpoint, 0 if none.
    """

    records: tuple[tuple[int, Record], ...]
    slots: int
    last_seq: int
    last_chain: bytes
    torn: bool
    lost: int
    checkpoint: int


class Recovered(NamedTuple):
    """A journal ready for more, its checkpoint, the records after that, and how many records could not be read."""

    journal: "Journal"
    checkpoint: bytes
    records: tuple[Record, ...]
    lost: int


class Journal:
    """Writes records to the active bank. Made by ``create`` or ``recover``; after a failed write, recover it again."""

    def __init__(self, storage: Storage, bank: int, rotate_after: int, last: tuple[int, bytes] = (0, bytes(8))) -> None:
        self._storage = storage
        self._bank = bank
        self._rotate_after = rotate_after
        self._seq, self._chain = last
        self._used = 0  # records since the checkpoint
        self._broken = False

    @property
    def full(self) -> bool:
        """Whether it is time to ``rotate``."""
        return self._used >= self._rotate_after

    def resume(self, used: int) -> None:
        """Count ``used`` records as written since the checkpoint."""
        self._used = used

    def append(self, record: Record) -> None:
        """Write a record; it is durable after ``sync``."""
        if record.blob:
            self._write(self._with_blob(record))
            return
        kind, at, a, b, c, d, _ = record
        self._seq = seq = self._seq + 1
        body = _NUMBERS.pack(self._chain, seq, at, a, b, c, d, kind, FORMAT)
        data = body + _END.pack(zlib.crc32(body), MARK)
        self._chain = hashlib.sha256(data).digest()[:8]
        self._used += 1
        self._write(data)

    def sync(self) -> None:
        """Return when every record appended so far is durable."""
        try:
            self._storage.sync(self._bank)
        except BaseException:
            self._broken = True
            raise

    def rotate(self, checkpoint: bytes, at: int) -> None:
        """Begin the other bank with ``checkpoint``; until that is durable, this bank stays the one that counts."""
        other = 1 - self._bank
        self._storage.truncate(other, 0)
        self._storage.append(other, self._with_blob(Record(_CHECKPOINT, at, blob=checkpoint)))
        self._storage.sync(other)
        self._bank = other
        self._used = 0

    def _write(self, data: bytes) -> None:
        if self._broken:
            raise JournalError("a write failed before: what is stored must be read back first")
        try:
            self._storage.append(self._bank, data)
        except BaseException:
            self._broken = True  # a part of a record may be there, and nothing may follow it
            raise

    def _with_blob(self, record: Record) -> bytes:
        written = []
        blob = record.blob
        for offset in range(0, len(blob), _PART_BYTES):
            part = blob[offset : offset + _PART_BYTES]
            written.append(self._seal(_BYTES.pack(self._chain, self._seq + 1, offset, part, _PART, FORMAT)))
        kind, at, a, b, c, d, _ = record
        assert d == 0, "a record with a blob keeps its length in d"
        body = _NUMBERS.pack(self._chain, self._seq + 1, at, a, b, c, len(blob), kind, FORMAT)
        written.append(self._seal(body))
        return b"".join(written)

    def _seal(self, body: bytes) -> bytes:
        data = body + _END.pack(zlib.crc32(body), MARK)
        self._chain = hashlib.sha256(data).digest()[:8]
        self._seq += 1
        self._used += 1
        return data


def create(storage: Storage, checkpoint: bytes, at: int, rotate_after: int = ROTATE_AFTER) -> Journal:
    """A new journal. Both banks get the checkpoint, so that damage to one leaves the other."""
    assert not any(storage.read(bank) for bank in BANKS), "the storage is empty"
    journal = Journal(storage, 1, rotate_after)
    journal.rotate(checkpoint, at)
    journal.rotate(checkpoint, at)
    return journal


def recover(storage: Storage, rotate_after: int = ROTATE_AFTER) -> Recovered:
    """Read a journal back and drop its torn tail. Doing it again, or being cut off in it, changes nothing.

    Raises JournalError when neither bank has a readable checkpoint.
    """
    scans = tuple(scan(storage.read(bank)) for bank in BANKS)
    ready = [bank for bank in BANKS if scans[bank].checkpoint]
    if not ready:
        raise JournalError("no bank of the journal holds a readable checkpoint")
    bank = max(ready, key=lambda each: scans[each].checkpoint)
    head, other = scans[bank], scans[1 - bank]
    found, lost, tail = list(_after_checkpoint(head)), head.lost, head
    active = bank
    if other.lost and other.last_seq > head.last_seq:
        # the newer bank's checkpoint is damaged: what follows it still continues the older bank
        found += [(seq, record) for seq, record in other.records if seq > head.last_seq and record.kind != _CHECKPOINT]
        lost, tail, active = lost + other.lost, other, 1 - bank
    size = tail.slots * RECORD_BYTES
    if len(storage.read(active)) != size:
        storage.truncate(active, size)
    checkpoint = next(record.blob for seq, record in head.records if seq == head.checkpoint)
    journal = Journal(storage, active, rotate_after, (tail.last_seq, tail.last_chain))
    journal.resume(tail.last_seq - head.checkpoint)
    return Recovered(journal, checkpoint, tuple(record for _, record in found), lost)


def check(storage: Storage) -> list[str]:
    """What is wrong with a journal, in words; empty when nothing is. A torn tail is no fault."""
    found = []
    scans = tuple(scan(storage.read(bank)) for bank in BANKS)
    for bank in BANKS:
        if scans[bank].lost:
            found.append(f"bank {bank}: {scans[bank].lost} records are damaged or missing")
    if not any(each.checkpoint for each in scans):
        found.append("no bank holds a readable checkpoint")
    return found


def scan(data: bytes) -> Scan:
    """Read one bank, record by record. Total: any bytes give an answer."""
    slots, torn = _whole_slots(data)
    records: list[tuple[int, Record]] = []
    parts = bytearray()
    seq, chain, lost, checkpoint, trusted = 0, b"", 0, 0, False
    for index in range(slots):
        slot = data[index * RECORD_BYTES : (index + 1) * RECORD_BYTES]
        number = _number(slot)
        if number <= seq:  # damaged, or not a later record
            lost, trusted = lost + 1, False
            seq += 1
            parts.clear()
        else:
            if seq and number != seq + 1:
                lost += number - seq - 1
                parts.clear()
            elif trusted and slot[:8] != chain:
                lost += 1
            seq, trusted = number, True
            record = _read(slot, parts)
            if record is not None:
                records.append((seq, record))
                if record.kind == _CHECKPOINT and len(records) == 1 and not lost:
                    checkpoint = seq
        chain = hashlib.sha256(slot).digest()[:8]
    return Scan(tuple(records), slots, seq, chain, torn, lost, checkpoint)


def _after_checkpoint(found: Scan) -> tuple[tuple[int, Record], ...]:
    return tuple((seq, record) for seq, record in found.records if seq > found.checkpoint)


def _whole_slots(data: bytes) -> tuple[int, bool]:
    """The number of record places, without a torn tail, and whether there is one."""
    slots, rest = divmod(len(data), RECORD_BYTES)
    torn = rest > 0
    while slots and data[slots * RECORD_BYTES - 1] == 0:
        slots -= 1
        torn = True
    return slots, torn


def _number(slot: bytes) -> int:
    """The record's number, or 0 when the record is damaged."""
    crc, mark = _END.unpack_from(slot, _BODY)
    _, number, _, _, kind, version = _BYTES.unpack_from(slot)
    if mark != MARK or crc != zlib.crc32(slot[:_BODY]) or version != FORMAT or kind not in _KINDS:
        return 0
    return int(number)


def _read(slot: bytes, parts: bytearray) -> Record | None:
    """The record in a sound slot; None for a PART, which is gathered, and for a record whose parts were lost."""
    if slot[_BODY - 2] == _PART:
        _, _, offset, content, _, _ = _BYTES.unpack_from(slot)
        if offset == 0:
            parts.clear()  # parts before this belong to a record that was never completed
        if offset == len(parts):
            parts += content
        return None
    _, _, at, a, b, c, d, kind, _ = _NUMBERS.unpack_from(slot)
    if kind not in _WITH_BLOB:
        return Record(kind, at, a, b, c, d)
    blob = bytes(parts[:d])
    parts.clear()
    return Record(kind, at, a, b, c, 0, blob) if len(blob) == d else None


_WITH_BLOB = frozenset({_CHECKPOINT, int(RecordKind.LOAD), int(RecordKind.REFILL)})
