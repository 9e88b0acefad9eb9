"""Where a pump keeps its bytes: in files, or in memory. Numbered stretches that grow at the end."""

import os
from pathlib import Path

_NAMES = ("journal-a", "journal-b", "hours")


class MemoryStorage:
    """Kept in memory: for simulated pumps and for tests."""

    def __init__(self) -> None:
        self.banks = [bytearray() for _ in _NAMES]

    def append(self, bank: int, data: bytes) -> None:
        """Write at the end of a bank."""
        self.banks[bank] += data

    def sync(self, bank: int) -> None:
        """Memory is as durable as it gets."""

    def read(self, bank: int) -> bytes:
        """All bytes of a bank."""
        return bytes(self.banks[bank])

    def truncate(self, bank: int, size: int) -> None:
        """Keep the first ``size`` bytes."""
        del self.banks[bank][size:]

    def close(self) -> None:
        """Nothing to close."""


class FileStorage:
    """Kept in files of one folder, which is made when it is missing.

    ``durable`` syncs to the disk whenever the journal asks, so that it survives loss of power. Without it the bytes are
    still written at once, so they survive the end of the process: enough for a pump that runs on a demonstration clock.
    """

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        self._folder = folder
        self._durable = durable
        self._open: dict[int, int] = {}
        folder.mkdir(parents=True, exist_ok=True)

    def append(self, bank: int, data: bytes) -> None:
        """Write at the end of a bank. Raises OSError when the disk does not take it."""
        left = memoryview(data)
        while left:
            left = left[os.write(self._file(bank), left) :]

    def sync(self, bank: int) -> None:
        """Return when the bank is on the disk."""
        if self._durable:
            os.fsync(self._file(bank))

    def read(self, bank: int) -> bytes:
        """All bytes of a bank; empty when it was never written."""
        path = self._folder / _NAMES[bank]
        return path.read_bytes() if path.exists() else b""

    def truncate(self, bank: int, size: int) -> None:
        """Keep the first ``size`` bytes, durably."""
        os.ftruncate(self._file(bank), size)
        self.sync(bank)

    def close(self) -> None:
        """Close the files. Reading and writing open them again."""
        for file in self._open.values():
            os.close(file)
        self._open.clear()

    def _file(self, bank: int) -> int:
        file = self._open.get(bank)
        if file is None:
            path = self._folder / _NAMES[bank]
            file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            self._open[bank] = file
            if self._durable:
                self._sync_folder()  # else the new file's name could be lost with the power
        return file

    def _sync_folder(self) -> None:
        folder = os.open(self._folder, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def read_banks(folder: Path) -> MemoryStorage:
    """A copy in memory of what a folder's storage holds. Nothing in the folder is changed."""
    copy = MemoryStorage()
    for bank, name in enumerate(_NAMES):
        if (path := folder / name).exists():
            copy.append(bank, path.read_bytes())
    return copy
