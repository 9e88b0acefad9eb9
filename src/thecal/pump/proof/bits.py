"""Every single bit: of the state of both parts, and of each record they stored. Each flip must be masked or found.

Masked: what the pump does next is the same as without the flip. Found: the copies of the state differ, or reading the
journal reports a loss, or the last record counts as torn. A flip that changes anything and is not found is silent.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from thecal.pump.hardware.store import FaultyStorage
from thecal.pump.journal import JournalError, recover
from thecal.pump.kernel import Record
from thecal.pump.proof.guard import Guarded, MemoryFault, flips
from thecal.pump.proof.orders import FIGURES
from thecal.pump.proof.watch import STATE_SUSPECT
from thecal.pump.proof.workloads import Life
from thecal.pump.supervisor.journal import Journal

LENGTH = 1


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


def flip_state(seed: int, length: int = LENGTH) -> Bits:
    """Every bit of both parts' state at the end of a workload, in one of its two copies."""
    life = _lived(seed, length)
    tally = Bits()
    for name, state in (("controller", life.rig.state), ("supervisor", life.watch.state)):
        for flipped in flips(state):
            tally.flips += 1
            held = Guarded(state)
            held.flip(flipped)
            try:
                if held.get() == state:
                    tally.masked += 1
                else:
                    tally.silent.append(f"{name}: state")
            except MemoryFault:
                tally.found += 1
    return tally


def flip_records(seed: int, length: int = LENGTH, stride: int = 1) -> Bits:
    """Every ``stride``-th bit of all that the controller stored in a workload, each read back by a recovery."""
    storage = _lived(seed, length).rig.storage
    sound = _recovered(storage)
    tally = Bits()
    for name, other in _spoilt(storage, stride):
        tally.flips += 1
        try:
            read = _recovered(other)
        except JournalError:
            tally.found += 1
            continue
        if read[2] > sound[2]:
            tally.found += 1
        elif read == sound:
            tally.masked += 1
        else:
            tally.silent.append(f"controller, {name}")
    return tally


def flip_facts(seed: int, length: int = LENGTH, stride: int = 1) -> Bits:
    """Every ``stride``-th bit of all that the supervisor stored in a workload, each read back as after a restart."""
    life = _lived(seed, length)
    storage, now = life.watch.storage, life.watch.clock.reading(life.rig.true)
    sound = Journal(_copy(storage), FIGURES, now).state
    assert STATE_SUSPECT not in sound.latched or sound.order is not None, "what is flipped was sound"
    tally = Bits()
    for name, other in _spoilt(storage, stride):
        tally.flips += 1
        read = Journal(other, FIGURES, now).state
        if read == sound:
            tally.masked += 1
        elif STATE_SUSPECT in read.latched and read.order is None:
            tally.found += 1
        else:
            tally.silent.append(f"supervisor, {name}")
    return tally


def _lived(seed: int, length: int) -> Life:
    life = Life(seed, length)
    life.go()
    return life


def _spoilt(storage: FaultyStorage, stride: int) -> Iterator[tuple[str, FaultyStorage]]:
    """Each flip, named, in a storage of its own."""
    for bank in (0, 1):
        for bit in range(0, len(storage.banks[bank]) * 8, stride):
            other = _copy(storage)
            other.banks[bank][bit // 8] ^= 1 << bit % 8
            yield f"bank {bank} bit {bit}", other


def _copy(storage: FaultyStorage) -> FaultyStorage:
    other = FaultyStorage()
    other.banks = [bytearray(each) for each in storage.banks]
    return other


def _recovered(storage: FaultyStorage) -> tuple[bytes, tuple[Record, ...], int]:
    """The checkpoint, the records after it, and how many were lost: the state is a function of the first two."""
    _, checkpoint, records, lost = recover(storage, 10**9)
    return checkpoint, records, lost
