"""A storage that fails: power cut after so many bytes, torn tail, rotten bits, and no room. In memory, for runs.

What was written before a cut stays, a part of a record too; after it, nothing works until ``power_on``.
"""

from thecal.pump.storage import MemoryStorage


class PowerCut(Exception):
    """Power is gone in the middle of a write: nothing more runs until the pump starts again."""


class StorageFull(OSError):
    """The storage takes no more bytes."""


class FaultyStorage(MemoryStorage):
    """Memory that can lose power after ``budget`` more bytes (None: never), and can be full."""

    def __init__(self, budget: int | None = None) -> None:
        super().__init__()
        self.budget = budget
        self.full = False
        self.dead = False
        self.bank = 0
        self.synced = [0] * len(self.banks)

    def append(self, bank: int, data: bytes) -> None:
        """Write what there is power and room for. Raises PowerCut or StorageFull."""
        self._alive()
        if self.full:
            raise StorageFull("no room is left")
        if bank in (0, 1):
            self.bank = bank
        if self.budget is None:
            super().append(bank, data)
            return
        super().append(bank, data[: self.budget])
        self.budget -= len(data)
        if self.budget < 0:
            self._cut()

    def sync(self, bank: int) -> None:
        """What was appended is durable now. Raises PowerCut when power is gone."""
        self._alive()
        self.synced[bank] = len(self.banks[bank])

    def truncate(self, bank: int, size: int) -> None:
        """Keep the first bytes. It costs one byte of power, so that a cut can fall before and after it too."""
        self._alive()
        if self.budget is not None:
            self.budget -= 1
            if self.budget < 0:
                self._cut()
        super().truncate(bank, size)
        self.synced[bank] = min(self.synced[bank], size)

    def power_on(self, budget: int | None = None) -> None:
        """Power is back, for ``budget`` more bytes."""
        self.dead, self.budget = False, budget

    def tear(self, size: int) -> None:
        """Lose the last ``size`` bytes of the bank that was written last, as far as they were not yet durable."""
        bank = self.banks[self.bank]
        del bank[max(self.synced[self.bank], len(bank) - size) :]

    def rot(self, bit: int) -> bool:
        """Flip a bit, counted from the end of the bank that was written last. False when there is no such bit."""
        bank = self.banks[self.bank]
        place = len(bank) - 1 - bit // 8
        if place < 0:
            return False
        bank[place] ^= 1 << (bit % 8)
        return True

    def _cut(self) -> None:
        self.budget, self.dead = 0, True
        raise PowerCut("the power is gone")

    def _alive(self) -> None:
        if self.dead:
            raise PowerCut("the power is gone")
