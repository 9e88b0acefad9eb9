"""What was permitted, and how much of it lies in the windows of 1 h, 4 h, 24 h and 7 d that end now. ms and fg.

The ledger is a value. Its entries lie in blocks, so that one more entry copies one block and not a week of pulses;
each window keeps its sum and the place of its oldest entry. Time only goes forwards, which the judge grants.
"""

from typing import NamedTuple

from thecal.pump.supervisor.types import MOST

HOUR = 3_600_000
WINDOWS = (HOUR, 4 * HOUR, 24 * HOUR, 168 * HOUR)
_BLOCK = 128

type Entry = tuple[int, int]


class Ledger(NamedTuple):
    """Entries (at, fg) in order of time; ``marks``: of each window (number of its oldest entry, sum of fg).

    ``full``: when set, every window counts as full from that time until it has passed wholly. ``same``: before that
    time no window loses an entry.
    """

    blocks: tuple[tuple[Entry, ...], ...] = ((),)
    first: int = 0
    marks: tuple[tuple[int, int], ...] = ((0, 0),) * len(WINDOWS)
    full: int | None = None
    same: int = 0

    def _end(self) -> int:
        return self.first + _BLOCK * (len(self.blocks) - 1) + len(self.blocks[-1])

    def _entry(self, number: int) -> Entry:
        block, place = divmod(number - self.first, _BLOCK)
        return self.blocks[block][place]

    def to(self, now: int) -> "Ledger":
        """The ledger with its windows ending at ``now``. A window of length W holds now and not now - W."""
        if now < self.same:
            return self
        end, marks, same = self._end(), [], MOST
        for window, mark in zip(WINDOWS, self.marks, strict=True):
            number, total = mark
            while number < end:
                at, mass = self._entry(number)
                if at > now - window:
                    same = min(same, at + window)
                    break
                number, total = number + 1, total - mass
            marks.append((number, total))
        passed = min((marks[-1][0] - self.first) // _BLOCK, len(self.blocks) - 1)
        full = None if self.full is None or self.full <= now - WINDOWS[-1] else self.full
        if full is not None:
            same = min(same, full + WINDOWS[-1])
        return Ledger(self.blocks[passed:], self.first + passed * _BLOCK, tuple(marks), full, same)

    def add(self, at: int, mass: int) -> "Ledger":
        """One more entry, not earlier than the last one."""
        *older, last = self.blocks
        blocks = (*older, last, ((at, mass),)) if len(last) == _BLOCK else (*older, (*last, (at, mass)))
        marks = tuple([(number, total + mass) for number, total in self.marks])
        return Ledger(blocks, self.first, marks, self.full, min(self.same, at + HOUR))

    def room(self, caps: tuple[int, ...]) -> bool:
        """Whether no window holds more than its cap. Bring the ledger ``to`` the time that is meant first."""
        return self.full is None and all(total <= cap for (_, total), cap in zip(self.marks, caps, strict=True))

    def entries(self) -> tuple[Entry, ...]:
        """Every entry that the longest window still holds."""
        return tuple(self._entry(number) for number in range(self.marks[-1][0], self._end()))
