"""Keeps the pumps of a folder running, one process each, and starts those again that were killed.

A pump needs no ward to stay safe: it goes on when the ward is gone, and the ward finds it again by its lock.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from thecal.pump.folder import answers, pump_folders, runner
from thecal.quantity import Refusal, Refused

OUTPUT = "output.txt"
_POLL_S = 0.01


class Ward:
    """The pumps below ``base``."""

    def __init__(self, base: Path | str) -> None:
        self.base = Path(base)
        self._children: dict[Path, subprocess.Popen[bytes]] = {}

    def keep(self) -> list[str]:
        """Start every pump whose process is not running; the ids of those that were started. Call it often."""
        return [folder.name for folder in pump_folders(self.base) if self._ensure(folder)]

    def start(self, pump_id: str, timeout_s: float = 30.0) -> None:
        """Start one pump if needed and return when it answers. Raises Refused when it does not come up in time."""
        folder = self.base / pump_id
        fresh = self._ensure(folder)
        deadline = time.monotonic() + timeout_s
        while not answers(folder):
            child = self._children.get(folder)
            ended = child is not None and child.poll() is not None
            if ended and not fresh:  # it was about to go when it was looked at
                fresh = self._ensure(folder)
                ended = not fresh
            if time.monotonic() > deadline or ended:
                do = f"Read {folder / OUTPUT}."
                raise Refused(Refusal("pump_not_started", f"the pump {pump_id!r} did not start", "pump", do))
            time.sleep(_POLL_S)

    def running(self) -> dict[str, int]:
        """Pump id to process id, of those that run now."""
        found = {folder.name: runner(folder) for folder in pump_folders(self.base)}
        return {pump_id: process for pump_id, process in found.items() if process is not None}

    def stop_all(self, timeout_s: float = 15.0) -> None:
        """Ask every pump process to end and wait for it. The therapy is not stopped: it goes on at the next start.

        Raises Refused naming the pumps that still run after ``timeout_s``.
        """
        deadline = time.monotonic() + timeout_s
        self._await_children_lock(deadline)
        for process in self.running().values():
            try:
                os.kill(process, signal.SIGTERM)
            except ProcessLookupError:
                continue
        while (left := self.running()) and time.monotonic() < deadline:
            time.sleep(_POLL_S)
        for child in self._children.values():
            if child.poll() is None and not left:
                child.wait(max(deadline - time.monotonic(), 1))
        if left:
            raise Refused(Refusal("pump_not_stopped", f"still running: {', '.join(left)}", "pump"))
        self._children.clear()

    def _ensure(self, folder: Path) -> bool:
        child = self._children.get(folder)
        if child is not None and child.poll() is None:
            return False
        if runner(folder) is not None:
            return False
        with (folder / OUTPUT).open("wb") as output:
            self._children[folder] = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                [sys.executable, "-m", "thecal.pump.daemon", str(folder.resolve())],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        return True

    def _await_children_lock(self, deadline: float) -> None:
        """A child that was only just started has no lock yet; let it get there, so that it can be asked to end."""
        for folder, child in self._children.items():
            while child.poll() is None and runner(folder) is None and time.monotonic() < deadline:
                time.sleep(_POLL_S)
