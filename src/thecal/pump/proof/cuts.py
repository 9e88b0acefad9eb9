"""Power cut at every stored byte and in every phase of a pulse, and again at every byte of the recovery, three deep.

Both parts have one supply here. In a workload the power is cut at each byte that controller or supervisor stores, and
at each pulse just before and just after its stroke. From each such point it is recovered; the recovery is cut at each
of its bytes, and so is the recovery of that. After the last cut the workload goes on to its end, and the oracle
watches all of it.

What is written is kept on a tape, and a cut is a piece of the tape: what follows a cut is a function of what is stored
and of what left the pump, so points that share both are one point. A cut inside a record leaves a torn tail. Readers go
from record to record, so it is enough that they drop that tail: then the point is the one before the record.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from thecal.pump import journal
from thecal.pump.hardware.store import FaultyStorage
from thecal.pump.kernel import GapReason
from thecal.pump.proof.oracle import Broken, Oracle
from thecal.pump.proof.workloads import Life
from thecal.pump.supervisor.journal import _record, _torn, read_bank

DEPTH, LENGTH = 3, 2
CONTROLLER, SUPERVISOR = 0, 1
_CUT_OFF, _STROKE = -1, -2

type Banks = tuple[bytes, bytes, bytes, bytes]
type Past = tuple[Banks, int, int, int]
"""What all that follows depends on: the banks, the place in the workload, the strokes, and the time."""


@dataclass(frozen=True, slots=True)
class Write:
    """A piece of the tape: bytes at the end of a bank, or a bank cut off at ``size``, or a stroke."""

    part: int
    bank: int
    data: bytes = b""
    size: int = 0


@dataclass(frozen=True, slots=True)
class Torn:
    """A record cut short: it begins at ``place`` of the bank."""

    part: int
    bank: int
    place: int


class _Taped(FaultyStorage):
    """A storage that writes down what is done to it."""

    def __init__(self, part: int, tape: list[Write]) -> None:
        super().__init__()
        self.part, self.tape = part, tape

    def append(self, bank: int, data: bytes) -> None:
        """Write, on the tape too."""
        self.tape.append(Write(self.part, bank, bytes(data)))
        super().append(bank, data)

    def truncate(self, bank: int, size: int) -> None:
        """Cut off, on the tape too."""
        self.tape.append(Write(_CUT_OFF, 2 * self.part + bank, size=size))
        super().truncate(bank, size)


@dataclass(slots=True)
class Cuts:
    """What the cuts of some workloads came to."""

    workloads: int = 0
    bytes: int = 0
    points: int = 0  # cuts that were made, at any depth
    distinct: int = 0  # of them, with a storage and a past of their own; the others are the same as one of these
    torn: int = 0  # of them, inside a record
    most_lost: int = 0  # pulses in doubt or missed by one cut; a bolus that a restart ends is not counted
    broken: list[str] = field(default_factory=list)

    def add(self, other: "Cuts") -> None:
        """Take in others."""
        self.workloads += other.workloads
        self.bytes += other.bytes
        self.points += other.points
        self.distinct += other.distinct
        self.torn += other.torn
        self.most_lost = max(self.most_lost, other.most_lost)
        self.broken += other.broken


class _Search:
    """All points of one workload."""

    def __init__(self, seed: int, length: int) -> None:
        self.seed = seed
        self.tally = Cuts(workloads=1)
        self.seen: set[tuple[int, Past]] = set()
        self.ended: set[Past] = set()
        self.tape: list[Write] = []
        self.life = Life(seed, length)
        self._record(self.life)
        self.lost = 0

    def run(self) -> Cuts:
        """Cut every event of the workload."""
        life = self.life
        while life.place < len(life.events):
            self.lost = _lost(life)
            banks, strokes = _banks(life), len(life.rig.oracle.times)
            before = life.dead(life.rig.oracle.copy(), life.place + 1)
            self.tape.clear()
            try:
                life.event()
                life.rig.check_alarms()
            except Broken as error:
                self._broken(0, error)
                return self.tally
            tape = [*self.tape]
            self.tally.bytes += sum(len(write.data) for write in tape)
            before.rig.true = life.rig.true
            _least(before, life)
            for after, moved, torn in _pieces(banks, tape):
                self._point(before, (after, life.place, strokes + moved, life.rig.true), life.rig.oracle, 1, torn)
        return self.tally

    def _point(self, before: Life, past: Past, oracle: Oracle, depth: int, torn: Torn | None) -> None:
        """One cut: what is stored now, without power."""
        self.tally.points += 1
        if torn is not None:
            self.tally.torn += 1
            if not _dropped(past[0], torn, whole=depth == 1):
                self._broken(depth, Broken("a record cut short is not taken for a torn tail"))
            return
        if (depth, past) in self.seen:
            return
        self.seen.add((depth, past))
        self.tally.distinct += 1
        life = before.dead(_cut_off(oracle, past[2]), past[1])
        life.stored(_Taped(CONTROLLER, self.tape), _Taped(SUPERVISOR, self.tape))
        for storage, stored in ((life.rig.storage, past[0][:2]), (life.watch.storage, past[0][2:])):
            storage.banks[:2] = [bytearray(bank) for bank in stored]
        self.tape.clear()
        try:
            if not life.revived():
                raise Broken("the storage cannot be read")
            tape = [*self.tape]
            self.tally.most_lost = max(self.tally.most_lost, -(-(_lost(life) - self.lost) // depth))
            after = (_banks(life), past[1], past[2], past[3])
            recovered = life.dead(life.rig.oracle.copy(), past[1])
            recovered.watch.opened = [*before.watch.opened]  # a restart that is cut itself may not be counted yet
            if after not in self.ended:
                self.ended.add(after)
                life.go()
        except Broken as error:
            self._broken(depth, error)
            return
        if depth < DEPTH:
            for banks, _, tail in _pieces(past[0], tape):
                self._point(recovered, (banks, *past[1:]), oracle, depth + 1, tail)

    def _record(self, life: Life) -> None:
        life.stored(_Taped(CONTROLLER, self.tape), _Taped(SUPERVISOR, self.tape))
        inner = life.mechanism

        def moves(seq: int) -> tuple[bool, int]:
            self.tape.append(Write(_STROKE, 0))
            return inner(seq)

        life.rig.mechanism = moves

    def _broken(self, depth: int, error: Broken) -> None:
        self.tally.broken.append(f"workload {self.seed}, event {self.life.place}, depth {depth}: {error}")


def cut_everywhere(seed: int, length: int = LENGTH) -> Cuts:
    """All points of one workload."""
    return _Search(seed, length).run()


def _pieces(banks: Banks, tape: list[Write]) -> Iterator[tuple[Banks, int, Torn | None]]:
    """What is stored at each cut of a tape, the strokes until then, and the record that it falls into the middle of."""
    now, strokes = [bytearray(bank) for bank in banks], 0
    for write in tape:
        yield _frozen(now), strokes, None
        if write.part == _STROKE:
            strokes += 1
        elif write.part == _CUT_OFF:
            del now[write.bank][write.size :]
        else:
            bank, ends = now[2 * write.part + write.bank], set(_ends(write))
            place = len(bank)
            for size in range(1, len(write.data)):
                bank.append(write.data[size - 1])
                place = len(bank) if size in ends else place
                yield _frozen(now), strokes, None if size in ends else Torn(write.part, write.bank, place)
            bank.append(write.data[-1])
    if tape and tape[-1].part == _STROKE:
        yield _frozen(now), strokes, None


def _ends(write: Write) -> Iterator[int]:
    """Where a record ends inside of a write."""
    if write.part == CONTROLLER:
        yield from range(journal.RECORD_BYTES, len(write.data), journal.RECORD_BYTES)
        return
    place = 20 if write.data[:7] == b"THECSUP" else 0
    while place < len(write.data):
        yield place
        place += 8 + int.from_bytes(write.data[place : place + 4]) + 17


def _frozen(banks: list[bytearray]) -> Banks:
    one, two, three, four = map(bytes, banks)
    return one, two, three, four


def _dropped(banks: Banks, torn: Torn, *, whole: bool) -> bool:
    """Whether the reader of the torn bank drops its tail; ``whole``: read from the first record on."""
    bank = banks[2 * torn.part + torn.bank]
    if torn.part == CONTROLLER:
        if not whole:
            return journal._whole_slots(bank) == (torn.place // journal.RECORD_BYTES, True)
        found, base = journal.scan(bank), journal.scan(bank[: torn.place])
        return found.torn and found._replace(torn=base.torn) == base
    if whole or not torn.place:
        return read_bank(bank) == read_bank(bank[: torn.place])
    return _record(bank, torn.place, b"") is None and _torn(bank, torn.place)


def _least(before: Life, after: Life) -> None:
    """What a person has ended in the event that is cut may be ended already: the oracle asks for the less."""
    rig, watch = before.rig, before.watch
    rig.strays = min(rig.strays, after.rig.strays)
    watch.strays = min(watch.strays, after.watch.strays)
    watch.stopped_by &= after.watch.stopped_by
    watch.vetoes = [at for at in watch.vetoes if at in after.watch.vetoes]


def _cut_off(oracle: Oracle, strokes: int) -> Oracle:
    """The account up to so many strokes."""
    twin = oracle.copy()
    if len(twin.times) > strokes:
        del twin.times[strokes:], twin.sums[strokes + 1 :], twin.order[strokes:]
        twin.seqs = {*twin.order} - twin.forgotten
    return twin


def _banks(life: Life) -> Banks:
    return _frozen([*life.rig.storage.banks[:2], *life.watch.storage.banks[:2]])


def _lost(life: Life) -> int:
    """Pulses that were begun and are in doubt, and those that restarts missed.

    An empty reservoir misses its own, and damaged records that count as pulses were not lost by a cut.
    """
    past = life.rig.state.past
    return past.doubtful - past.damage + sum(gap.missed for gap in past.gaps if gap.reason == GapReason.RESTART)
