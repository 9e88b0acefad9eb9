"""The pump's log for people: one JSON object a line, times in ms of the shared clock. Bounded; decides nothing.

What was delivered is in the journal, which this log neither replaces nor feeds.
"""

import json
from pathlib import Path
from typing import Any

MAX_BYTES = 500_000


class PumpLog:
    """``log.jsonl`` in a pump's folder; when it is full it becomes ``log-1.jsonl``, and the one before that goes."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "log.jsonl"
        self._older = folder / "log-1.jsonl"

    def write(self, at: int, event: str, values: dict[str, object]) -> None:
        """Add a line. Raises OSError when the disk does not take it."""
        if self._file.exists() and self._file.stat().st_size > MAX_BYTES:
            self._file.replace(self._older)
        with self._file.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"at": at, "event": event, **values}) + "\n")

    def latest(self, limit: int) -> list[dict[str, Any]]:
        """The latest lines, oldest first. A line cut off by a crash is left out."""
        lines = [line for file in (self._older, self._file) if file.exists() for line in file.read_bytes().splitlines()]
        found = []
        for line in lines[-limit:]:
            try:
                found.append(json.loads(line))
            except ValueError:
                continue
        return found
