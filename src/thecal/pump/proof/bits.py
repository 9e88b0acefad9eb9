"""Every single bit: of the controller's state, and of each stored record. Each flip must be masked or found.

Masked: what the pump does next is the same as without the flip. Found: the copies of the state differ, or reading the
journal reports a loss, or the last record counts as torn. A flip that changes anything and is not found is silent.
"""

from dataclasses import dataclass, field

from thecal.pump.hardware.store import FaultyStorage
from thecal.pump.journal import JournalError, recover
from thecal.pump.kernel import State, apply, state_from_bytes
from thecal.pump.proof.cuts import _Life, workload
from thecal.pump.proof.guard import Guarded, MemoryFault, flips


@dataclass(slots=True)
class Bits:
    """What the flips came to."""

    flips: int = 0
    masked: int = 0
    found: int = 0
    silent: list[str] = field(default_factory=list)

    def add(self, other: "Bits") -> None:
        """Take in others."""
        self.flips += other.flips
        self.masked += other.masked
        self.found += other.found
        self.silent += other.silent


def flip_state(seed: int) -> Bits:
    """Every bit of every integer of the state at the end of a workload, in one of its two copies."""
    life = _Life(workload(seed))
    life.go()
    state = life.rig.state
    tally = Bits()
    for flipped in flips(state):
        tally.flips += 1
        held = Guarded(state)
        held.flip(flipped)
        try:
            if held.get() == state:
                tally.masked += 1
            else:
                tally.silent.append("state")
        except MemoryFault:
            tally.found += 1
    return tally


def flip_records(seed: int, stride: int = 1) -> Bits:
    """Every ``stride``-th bit of all that a workload stored, each read back by a recovery."""
    life = _Life(workload(seed))
    life.go()
    storage = life.rig.storage
    sound = _folded(storage)
    tally = Bits()
    for bank in (0, 1):
        for bit in range(0, len(storage.banks[bank]) * 8, stride):
            other = FaultyStorage()
            other.banks = [bytearray(each) for each in storage.banks]
            other.banks[bank][bit // 8] ^= 1 << bit % 8
            tally.flips += 1
            try:
                read = _folded(other)
            except JournalError:
                tally.found += 1
                continue
            if read[1]:
                tally.found += 1
            elif read[0] == sound[0]:
                tally.masked += 1
            else:
                tally.silent.append(f"bank {bank} bit {bit}")
    return tally


def _folded(storage: FaultyStorage) -> tuple[State, int]:
    _, checkpoint, records, lost = recover(storage, 10**9)
    state = state_from_bytes(checkpoint)
    for record in records:
        state = apply(state, record)
    return state, lost
