"""The pump's log for people: one JSON object a line, times in ms of the shared clock. Bounded; decides nothing.

What was delivered is in the journal, which this log neither replaces nor feeds. Orders, refills, alarms and what people
did have a ring of their own, so that no flood of other lines can push them out. Each line names the one before it, so
that a line which is missing or changed is found.
"""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

MAX_BYTES = 500_000  # of a file of routine lines; of the others eight times as much
_ROUTINE = frozenset({"started", "ended", "refused", "clock"})
_RINGS = (("log", 1), ("log-kept", 8))


class PumpLog:
    """``log.jsonl`` and ``log-kept.jsonl`` in a pump's folder; a full one becomes ``-1``, and that before it goes."""

    def __init__(self, folder: Path) -> None:
        self._routine, self._kept = (_Ring(folder, name, size * MAX_BYTES) for name, size in _RINGS)

    def write(self, at: int, event: str, values: dict[str, object]) -> None:
        """Add a line. Raises OSError when the disk does not take it."""
        (self._routine if event in _ROUTINE else self._kept).write({"at": at, "event": event, **values})

    def latest(self, limit: int) -> list[dict[str, Any]]:
        """The latest lines, oldest first. A line cut off by a crash is left out."""
        found = []
        for ring in (self._routine, self._kept):
            for line in ring.lines()[-limit:]:
                if (plain := _read(line)) is not None:
                    plain.pop("after", None)
                    found.append(plain)
        return sorted(found, key=lambda plain: plain["at"])[-limit:]


def log_problems(folder: Path) -> list[str]:
    """Every place of a pump's log where a line is missing or was changed. Empty when it is whole."""
    found = []
    for name, size in _RINGS:
        before: str | None = None
        for number, line in enumerate(_Ring(folder, name, size * MAX_BYTES).lines(), 1):
            plain = _read(line)
            if plain is None:
                continue  # a crash cut it off; the line after it goes on from the one before
            if before is not None and plain.get("after") != before:
                found.append(f"{name}: line {number} does not follow the one before it")
            before = _mark(line)
    return found


class _Ring:
    def __init__(self, folder: Path, name: str, most: int) -> None:
        self._file, self._older, self._most = folder / f"{name}.jsonl", folder / f"{name}-1.jsonl", most
        whole = [line for line in self.lines() if _read(line) is not None]
        self._after = _mark(whole[-1]) if whole else ""
        self._torn = self._file.exists() and not self._file.read_bytes().endswith(b"\n")

    def lines(self) -> list[bytes]:
        """Every line that is kept, oldest first."""
        return [line for file in (self._older, self._file) if file.exists() for line in file.read_bytes().splitlines()]

    def write(self, plain: dict[str, object]) -> None:
        if self._file.exists() and self._file.stat().st_size > self._most:
            self._file.replace(self._older)
        line = json.dumps({**plain, "after": self._after}).encode()
        with self._file.open("ab") as file:
            file.write((b"\n" if self._torn else b"") + line + b"\n")
        self._after, self._torn = _mark(line), False


def _read(line: bytes) -> dict[str, Any] | None:
    try:
        plain = json.loads(line)
    except ValueError:
        return None
    return plain if isinstance(plain, dict) and "at" in plain else None


def _mark(line: bytes) -> str:
    return sha256(line).hexdigest()[:16]
