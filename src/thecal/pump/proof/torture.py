"""Random sequences of events and faults through controller, supervisor, journals and oracle, and their tally.

Same seed, same run, bit for bit, at any number of processes. What a sequence is tells ``sequence``.
"""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from hashlib import sha256

from thecal.pump.proof.oracle import Broken
from thecal.pump.proof.sequence import Sequence

CHUNK = 250
SUPERVISED = True  # each pulse needs the supervisor's permission


@dataclass(slots=True)
class Tally:
    """What a range of seeds came to. ``broken`` holds (seed, what) of each sequence that broke a promise."""

    first: int
    last: int
    sequences: int = 0
    steps: int = 0
    strokes: int = 0
    vetoed: int = 0
    restarts: int = 0
    worst_excess_fg: int = 0
    renumbered: int = 0  # pulse numbers used again after both parts had lost records
    faults: Counter[str] = field(default_factory=Counter)
    raised: Counter[int] = field(default_factory=Counter)  # alarms that stood at the end of a sequence
    broken: list[tuple[int, str]] = field(default_factory=list)
    digest: str = ""

    def add(self, other: "Tally") -> None:
        """Take in what another range came to."""
        self.last = max(self.last, other.last)
        self.sequences += other.sequences
        self.steps += other.steps
        self.strokes += other.strokes
        self.vetoed += other.vetoed
        self.restarts += other.restarts
        self.worst_excess_fg = max(self.worst_excess_fg, other.worst_excess_fg)
        self.renumbered += other.renumbered
        self.faults += other.faults
        self.raised += other.raised
        self.broken += other.broken
        self.digest = sha256((self.digest + other.digest).encode()).hexdigest()


def sequences(first: int, count: int) -> Tally:
    """Run the sequences of ``count`` seeds from ``first`` on."""
    tally = Tally(first, first + count - 1)
    kept = sha256()
    for seed in range(first, first + count):
        made = Sequence(seed)
        try:
            made.run()
        except Broken as broken:
            tally.broken.append((seed, str(broken)))
        except Exception as crash:  # noqa: BLE001 - whatever it is, no event may bring the pump down; the seed shows it
            tally.broken.append((seed, f"crash: {crash!r}"))
        rig = made.rig
        tally.sequences += 1
        tally.steps += made.steps
        tally.strokes += len(rig.oracle.times)
        tally.vetoed += rig.vetoed
        tally.restarts += rig.restarts
        tally.worst_excess_fg = max(tally.worst_excess_fg, rig.oracle.worst_excess)
        tally.renumbered += rig.oracle.renumbered
        tally.faults += made.used
        tally.raised.update(made.watch.raised)
        kept.update(f"{seed} {len(rig.oracle.times)} {rig.oracle.sums[-1]} {rig.restarts} {rig.vetoed};".encode())
    tally.digest = kept.hexdigest()
    return tally


def torture(first: int, count: int, processes: int) -> Iterator[Tally]:
    """The tally so far, after each chunk, in the order of the seeds; the same with any number of processes."""
    total = Tally(first, first - 1)
    starts = range(first, first + count, CHUNK)
    sizes = [min(CHUNK, first + count - start) for start in starts]
    if processes <= 1:
        for start, size in zip(starts, sizes, strict=True):
            total.add(sequences(start, size))
            yield total
        return
    with ProcessPoolExecutor(processes) as pool:
        for tally in pool.map(sequences, starts, sizes):
            total.add(tally)
            yield total
