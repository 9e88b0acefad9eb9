"""The pump's record of its hours: one 32-byte entry for each completed hour in which a pulse was given.

Units: ms, nL, fg. An entry is written once and never changed; the journal can make the latest ones again, so a torn end
is dropped, and an entry that does not check is left out rather than told as zero.
"""

import struct
import zlib
from collections.abc import Iterator

from thecal.pump.journal import Storage
from thecal.pump.status import Hour
from thecal.quantity import MS_PER_HOUR

HOURS_BANK = 2
_ENTRY = struct.Struct("<qIqq")
_CRC = struct.Struct("<I")
_BYTES = _ENTRY.size + _CRC.size


class HourLog:
    """Appends hours to a storage and reads them back."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        data = storage.read(HOURS_BANK)
        whole = len(data) // _BYTES * _BYTES
        while whole and not _read(data, whole - _BYTES):
            whole -= _BYTES
        if whole != len(data):
            storage.truncate(HOURS_BANK, whole)
        last = _read(data, whole - _BYTES) if whole else None
        self._last = last.start if last else -1

    def append(self, hour: Hour) -> None:
        """Write an hour, unless it is already there: recovery makes hours again that were written before."""
        if hour.start <= self._last:
            return
        body = _ENTRY.pack(hour.start, hour.pulses, hour.nl, hour.tip_fg)
        self._storage.append(HOURS_BANK, body + _CRC.pack(zlib.crc32(body)))
        self._last = hour.start

    def sync(self) -> None:
        """Return when all hours are durable. Due before the journal forgets what they were made from."""
        self._storage.sync(HOURS_BANK)

    def between(self, since: int, until: int) -> list[Hour]:
        """Every completed hour that starts in [since, until): those without a pulse too, those that are damaged not."""
        data = self._storage.read(HOURS_BANK)
        known = {hour.start: hour for hour in _entries(data) if hour is not None and hour.start >= since}
        damaged = any(hour is None for hour in _entries(data))
        first = -(-since // MS_PER_HOUR) * MS_PER_HOUR
        starts = range(first, until - MS_PER_HOUR + 1, MS_PER_HOUR)
        if damaged:
            return [known[start] for start in starts if start in known]
        return [known.get(start) or Hour(start, 0, 0, 0) for start in starts]


def _entries(data: bytes) -> Iterator[Hour | None]:
    return (_read(data, offset) for offset in range(0, len(data) - _BYTES + 1, _BYTES))


def _read(data: bytes, offset: int) -> Hour | None:
    body = data[offset : offset + _ENTRY.size]
    (crc,) = _CRC.unpack_from(data, offset + _ENTRY.size)
    return Hour(*_ENTRY.unpack(body)) if crc == zlib.crc32(body) else None
