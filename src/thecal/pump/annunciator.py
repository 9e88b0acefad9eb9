"""The alarms of one running pump as people meet them: listed, sounded, acknowledged, silenced, kept over restarts.

What delivery does about an alarm is the controller's; here is who hears of it. Times in ms of the device. The board is
kept in ``alarms.json`` of the pump's folder, rewritten as a whole, so a latched alarm is still there after any kill.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from thecal.pump.alarm_table import (
    EMPTY,
    Board,
    Channel,
    Entry,
    Signal,
    acknowledge,
    alarm,
    alarm_named,
    begin,
    end,
    escalate,
    silence,
    tick,
)
from thecal.pump.status import AlarmCode
from thecal.quantity import MS_PER_HOUR, Refusal, Refused

FILE = "alarms.json"
STOPPED_AFTER_MS = MS_PER_HOUR  # the shorter time of the table: every opioid is a drug of withdrawal
_THERAPY_STOPPED, _UNREADABLE = 10, 60
_OWN: dict[AlarmCode, int] = {"low_reservoir": 50, "empty_reservoir": 6, "cap": 52, "journal_damaged": 26}
_BOARD = TypeAdapter(tuple[Entry, ...])


class Annunciator:
    """The board of the pump in ``folder``. A file that cannot be read counts as an alarm of its own, not as silence."""

    def __init__(self, folder: Path, now: int) -> None:
        self._file = folder / FILE
        self._stopped_since: int | None = None
        self.board: Board = EMPTY
        try:
            self.board = _BOARD.validate_json(self._file.read_bytes())
        except FileNotFoundError:
            pass
        except ValidationError:
            self.board = end(begin(EMPTY, _UNREADABLE, now), _UNREADABLE, now)  # it latches

    def update(self, active: Iterable[AlarmCode], now: int) -> tuple[Signal, ...]:
        """These alarms of the device stand at ``now``; the signals that are due. Raises OSError when it cannot keep."""
        wanted = self._numbers(set(active), now)
        board = self.board
        present = {entry.number for entry in board if entry.present}
        for number in sorted(wanted - present):
            board = begin(board, number, now)
        for number in sorted(present - wanted):
            board = end(board, number, now)
        board, signals = tick(board, now)
        self._keep(board)
        return signals

    def acknowledge(self, name: str) -> None:
        """A person has seen the alarm of that name. Raises Refused when it does not stand."""
        number = alarm_named(name).number
        if all(entry.number != number for entry in self.board):
            raise Refused(Refusal("alarm", f"{name} does not stand", "alarm", "Read which alarms stand."))
        self._keep(acknowledge(self.board, number))

    def escalate(self, name: str, now: int) -> None:
        """The condition in words under which that alarm becomes more urgent holds; once is enough."""
        self._keep(escalate(self.board, alarm_named(name).number, now))

    def silence(self, span: int, now: int, channel: Channel = "implant") -> None:
        """No sound for ``span`` ms from what stands now. Raises Refused for longer than an alarm allows."""
        self._keep(silence(self.board, now, span, channel))

    def rows(self) -> list[dict[str, Any]]:
        """What stands, highest priority first, as plain values with what to tell patient and clinic."""
        return [
            {
                "name": (known := alarm(entry.number)).name,
                "patient": known.patient,
                "clinic": known.clinic,
                "clears": known.clears,
                "confirmed": known.confirmed,
                **asdict(entry),
            }
            for entry in self.board
        ]

    def _numbers(self, active: set[AlarmCode], now: int) -> set[int]:
        """The table's numbers for what the device says; a stop becomes an alarm when it has lasted."""
        numbers = {_OWN[code] if code in _OWN else alarm_named(code).number for code in active - _STATES}
        if "stopped" not in active:
            self._stopped_since = None
        elif self._stopped_since is None:
            self._stopped_since = now
        elif now - self._stopped_since >= STOPPED_AFTER_MS:
            numbers.add(_THERAPY_STOPPED)
        return numbers

    def _keep(self, board: Board) -> None:
        if board == self.board:
            return
        quiet = tuple(replace(entry, sounded=None) for entry in board)
        if quiet != tuple(replace(entry, sounded=None) for entry in self.board):  # a tone alone is not worth a write
            draft = self._file.with_suffix(".new")
            draft.write_bytes(json.dumps([asdict(entry) for entry in board]).encode())
            draft.replace(self._file)
        self.board = board


_STATES = frozenset({"stopped", "gap", "stroke_failed"})  # told by the status; the table's alarms say what follows
