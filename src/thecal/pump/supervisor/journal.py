"""The supervisor's journal: durable facts in two banks, read back by folding them. Bytes inside, ms of its own clock.

A bank is a head (mark, version, generation, CRC-32) and records: length and its CRC-32, the fact as JSON, a chained
hash, an end mark. The first record is a snapshot, so a journal begins anew in the other bank when it has grown. A torn
tail is a last record whose last byte is missing or zero: it was never acted on. Anything else that does not check is
damage, and its loss is told to the state.
"""

import json
from dataclasses import dataclass
from hashlib import sha256
from struct import Struct
from typing import Protocol
from zlib import crc32

from thecal.pump.supervisor.state import State, apply, snapshot
from thecal.pump.supervisor.types import Fact, Figures

_MARK = b"THECSUP\x01"
_HEAD, _FRONT = Struct(">8sQI"), Struct(">II")
_HASH, _END = 16, b"\xa5"
_LEAST = _FRONT.size + _HASH + len(_END) + 12  # no record is shorter
GROWTH = 65_536


class Storage(Protocol):
    """Two numbered stretches of bytes that grow at the end."""

    def append(self, bank: int, data: bytes) -> None:
        """Write at the end of a bank."""

    def sync(self, bank: int) -> None:
        """Return when the bank is durable."""

    def read(self, bank: int) -> bytes:
        """All bytes of a bank."""

    def truncate(self, bank: int, size: int) -> None:
        """Keep the first ``size`` bytes, durably."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a bank holds. ``generation`` 0: nothing that was ever used. ``lost``: records that may be gone."""

    generation: int = 0
    facts: tuple[Fact, ...] = ()
    size: int = 0
    chain: bytes = b""
    lost: int = 0


def encode(fact: Fact, chain: bytes) -> tuple[bytes, bytes]:
    """The record of a fact after ``chain``, and the chain after it."""
    body = json.dumps([fact.kind, fact.at, fact.values], separators=(",", ":")).encode()
    length = len(body).to_bytes(4)
    chain = sha256(chain + body).digest()[:_HASH]
    return _FRONT.pack(len(body), crc32(length)) + body + chain + _END, chain


def read_bank(data: bytes) -> Reading:
    """Everything in a bank that checks."""
    head = data[: _HEAD.size]
    mark, generation, check = _HEAD.unpack(head.ljust(_HEAD.size, b"\0"))
    if mark != _MARK or check != crc32(head[:-4]):
        return Reading(lost=len(data) // _LEAST + 1) if any(data[_HEAD.size - 1 :]) else Reading()
    facts: list[Fact] = []
    chain, place = head, _HEAD.size
    while place < len(data):
        record = _record(data, place, chain)
        if record is None:
            lost = 0 if _torn(data, place) else -(-(len(data) - place) // _LEAST)
            return Reading(generation, tuple(facts), place, chain, lost)
        fact, chain, place = record
        facts.append(fact)
    return Reading(generation, tuple(facts), place, chain)


def _end(data: bytes, place: int) -> int | None:
    """Where the record at ``place`` ends, if its front says so."""
    front = data[place : place + _FRONT.size]
    if len(front) < _FRONT.size:
        return None
    length, check = _FRONT.unpack(front)
    return place + _FRONT.size + int(length) + _HASH + 1 if check == crc32(front[:4]) and length else None


def _record(data: bytes, place: int, chain: bytes) -> tuple[Fact, bytes, int] | None:
    end = _end(data, place)
    if end is None or data[end - 1 : end] != _END:
        return None
    body = data[place + _FRONT.size : end - _HASH - 1]
    chain = sha256(chain + body).digest()[:_HASH]
    if data[end - _HASH - 1 : end - 1] != chain:
        return None
    kind, at, values = json.loads(body)
    return Fact(kind, at, tuple(values)), chain, end


def _torn(data: bytes, place: int) -> bool:
    end = _end(data, place)
    if end is None:
        return not any(data[place + _FRONT.size - 1 :])
    return not any(data[end - 1 :])


class Journal:
    """The supervisor's memory in a storage. After an OSError it takes nothing more and must be opened again."""

    def __init__(self, storage: Storage, figures: Figures, now: int, *, new: bool = False) -> None:
        """Read back what is there. ``new``: nothing is expected; otherwise an empty storage counts as damage."""
        self._storage = storage
        banks = [read_bank(storage.read(bank)) for bank in (0, 1)]
        self._bank = max((0, 1), key=lambda bank: (bool(banks[bank].facts), banks[bank].generation))
        self._generation = max(bank.generation for bank in banks)
        reading = banks[self._bank]
        self._chain, self._size, self._limit = reading.chain, reading.size, GROWTH
        state = State(figures)
        for fact in reading.facts:
            state = apply(state, fact)
        self._broken, self.state = False, state
        # A bank that is surely the older one does not matter; any other may have held what came last.
        lost = sum(each.lost for each in banks if not 0 < each.generation < reading.generation)
        if not reading.lost and len(storage.read(self._bank)) > reading.size:
            storage.truncate(self._bank, reading.size)
        if lost or not (reading.facts or new):
            fact = Fact("damage", now, (lost, int(bool(reading.facts))))
            state = apply(state, fact)
            if reading.facts and not reading.lost:
                self.keep(state, [fact])  # the damaged bank is cleared next: what it showed must not be forgotten
        if lost or not reading.facts:
            self._begin(state)
        self.state = state

    def keep(self, state: State, facts: list[Fact]) -> None:
        """Make facts durable; ``state`` is the one after them. Raises OSError when they may not be."""
        if self._broken:
            raise OSError("the journal failed before: open it again")
        self.state = state
        if not facts:
            return
        self._broken = True
        data = b""
        for fact in facts:
            record, self._chain = encode(fact, self._chain)
            data += record
        self._storage.append(self._bank, data)
        self._storage.sync(self._bank)
        self._size += len(data)
        if self._size > self._limit:
            self._begin(state)
        self._broken = False

    def _begin(self, state: State) -> None:
        """Begin anew in the other bank. Until its snapshot is durable the old bank is the one that counts."""
        other, old = 1 - self._bank, self._bank
        self._generation += 1
        front = _MARK + self._generation.to_bytes(8)
        head = front + crc32(front).to_bytes(4)
        record, self._chain = encode(snapshot(state), head)
        self._storage.truncate(other, 0)
        self._storage.append(other, head + record)
        self._storage.sync(other)
        self._storage.truncate(old, 0)
        self._bank, self._size = other, len(head) + len(record)
        self._limit = 2 * self._size + GROWTH
