"""One value kept in two places of one file, written in turn, so that a kill in the middle of a write loses nothing.

The newest place that is whole counts. It is for what changes at every stroke and has no history worth keeping.
"""

import os
import zlib
from pathlib import Path

from thecal.quantity import Refusal, Refused

SIZE = 65_536
_HEAD = 34  # number, length, checksum, in hexadecimal


class Slots:
    """A value in ``file``. ``durable``: each write is on the disk before it returns."""

    def __init__(self, file: Path, *, durable: bool) -> None:
        self._durable = durable
        self._name = file.name
        self._file = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._number = 0

    def read(self) -> bytes | None:
        """What was written last; None when nothing ever was. Raises Refused when neither place can be read."""
        data = os.pread(self._file, 2 * SIZE, 0)
        whole = [found for place in (data[:SIZE], data[SIZE:]) if (found := _whole(place)) is not None]
        if data and not whole:
            do = f"Remove {self._name}: the hardware is made anew from what the pump believes."
            raise Refused(Refusal("hardware_unreadable", "the state of the virtual hardware is damaged", "dir", do))
        if not whole:
            return None
        self._number, value = max(whole)
        return value

    def write(self, value: bytes) -> None:
        """Keep this value. Raises OSError when the disk does not take it."""
        assert len(value) <= SIZE - _HEAD, "what is kept is small"
        self._number += 1
        head = b"%016x %08x %08x" % (self._number, len(value), zlib.crc32(value))
        os.pwrite(self._file, head + value, self._number % 2 * SIZE)
        if self._durable:
            os.fsync(self._file)

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)


def _whole(place: bytes) -> tuple[int, bytes] | None:
    try:
        number, length, checksum = (int(part, 16) for part in place[:_HEAD].split())
    except ValueError:
        return None
    value = place[_HEAD : _HEAD + length]
    return (number, value) if len(value) == length and zlib.crc32(value) == checksum else None
