"""Power cut at every stored byte and in every phase of a pulse, and again at every byte of the recovery, three deep.

In a workload the power is cut at each byte that it stores, and at each pulse just before and just after its stroke.
From each such point it is recovered; the recovery is cut at each of its bytes, and so is the recovery of that. Points
whose storage and past are the same are one point: what follows is a function of them alone. After the last cut the
workload goes on to its end, and the oracle watches all of it.
"""

from dataclasses import dataclass, field
from random import Random

from thecal.pump.hardware.store import FaultyStorage, PowerCut
from thecal.pump.journal import RECORD_BYTES, scan
from thecal.pump.kernel import NEVER, Demanded, Event, GapReason, Load, Refill, Resume, Stop, Stray
from thecal.pump.proof.guard import Guarded
from thecal.pump.proof.rig import T0, Broken, Rig
from thecal.pump.proof.torture import programs

DEPTH = 3
_PULSE = "pulse"
_PLENTY = 10**9
_ROTATE = 40

type Past = tuple[tuple[bytes, ...], int, int]


@dataclass(slots=True)
class Cuts:
    """What the cuts of some workloads came to."""

    workloads: int = 0
    bytes: int = 0
    points: int = 0  # cuts that were made, at any depth
    distinct: int = 0  # of them, with a storage and a past of their own
    most_lost: int = 0  # pulses in doubt or missed by one cut; a bolus that a restart ends is not counted
    broken: list[str] = field(default_factory=list)

    def add(self, other: "Cuts") -> None:
        """Take in others."""
        self.workloads += other.workloads
        self.bytes += other.bytes
        self.points += other.points
        self.distinct += other.distinct
        self.most_lost = max(self.most_lost, other.most_lost)
        self.broken += other.broken


def workload(seed: int, length: int = 12) -> tuple[Event | str, ...]:
    """A short life of a pump: an order, pulses, and what people do in between. Times follow the pulses."""
    random = Random(seed)  # noqa: S311 - a simulation, seeded
    made: list[Event | str] = [Load(random.choice(programs()[:-2]), T0)]
    for _ in range(length):
        made += [_PULSE] * random.randint(1, 3)
        drawn = random.random()
        if drawn < 0.2:
            made.append(Demanded(0))
        elif drawn < 0.35:
            made.append(Load(random.choice(programs()), 0))
        elif drawn < 0.5:
            made.append(Refill(random.choice((18_000_000, 500)), 0))
        elif drawn < 0.6:
            made += [Stop(0), Load(random.choice(programs()[:-2]), 0)]
        elif drawn < 0.7:
            made += [Stray(0), Resume(0)]
    return tuple(made)


class _Life:
    """A run of a workload that can be copied between two events."""

    def __init__(self, events: tuple[Event | str, ...]) -> None:
        self.events = events
        self.place = 0
        self.break_at = ""  # the next stroke breaks the power: "before" it, or "after" it
        self.rig = Rig(self._mechanism, rotate_after=_ROTATE)

    def copy(self, budget: int | None = None, break_at: str = "") -> "_Life":
        """A life of its own at the same point, with so much power left. Its controller still has to be there."""
        twin = object.__new__(_Life)
        twin.events, twin.place, twin.break_at = self.events, self.place, break_at
        rig, old = object.__new__(Rig), self.rig
        rig.__dict__.update(old.__dict__)
        rig.mechanism = twin._mechanism
        rig.storage = FaultyStorage(budget)
        rig.storage.banks = [bytearray(bank) for bank in old.storage.banks]
        rig.storage.synced = [*old.storage.synced]
        rig.oracle = old.oracle.copy()
        rig.held = Guarded(old.state)
        if old.journal is not None:
            rig.journal = old.journal.__class__.__new__(old.journal.__class__)
            rig.journal.__dict__.update(old.journal.__dict__)
            rig.journal._storage = rig.storage
        twin.rig = rig
        return twin

    def event(self) -> None:
        """The next event. Raises PowerCut where the power ends."""
        rig, event = self.rig, self.events[self.place]
        self.place += 1
        if isinstance(event, str):
            due = rig.state.due
            rig.tick(max(rig.now, rig.now + 60_000 if due == NEVER else due))
        else:
            rig.do(event._replace(now=rig.now))  # type: ignore[call-arg]  # all events of a workload have a time

    def go(self) -> None:
        """On to the end."""
        while self.place < len(self.events):
            self.event()

    def past(self) -> Past:
        """What all that follows depends on: what is stored, how far it came, and what left the pump."""
        banks = tuple(bytes(bank) for bank in self.rig.storage.banks[:2])
        return banks, self.place, len(self.rig.oracle.times)

    def _mechanism(self, seq: int) -> tuple[bool, int]:
        del seq
        if self.break_at == "before":
            raise PowerCut
        if self.break_at == "after":  # the stroke happens, and nobody is left to write it down
            self.rig.storage.budget, self.rig.storage.dead = 0, True
        return True, 1


def cut_everywhere(seed: int, length: int = 12) -> Cuts:
    """All points of one workload."""
    tally = Cuts(workloads=1)
    seen: set[tuple[int, Past]] = set()
    ended: set[Past] = set()
    life = _Life(workload(seed, length))
    while life.place < len(life.events):
        lost = _lost(life)
        probe = life.copy(_PLENTY)
        probe.event()
        size = _PLENTY - (probe.rig.storage.budget or 0)
        tally.bytes += size
        tries: list[tuple[int | None, str]] = [(budget, "") for budget in range(size)]
        if len(probe.rig.oracle.times) > len(life.rig.oracle.times):
            tries += [(None, "before"), (None, "after")]
        for budget, break_at in tries:
            cut = life.copy(budget, break_at)
            try:
                cut.event()
            except PowerCut:
                cut.rig.journal = None
            except Broken as error:
                tally.broken.append(f"workload {seed}, event {life.place}, {budget} {break_at}: {error}")
                continue
            _follow(cut, 1, tally, seen, ended, lost)
        life.event()
    return tally


def _follow(life: _Life, depth: int, tally: Cuts, seen: set[tuple[int, Past]], ended: set[Past], lost: int) -> None:
    """From a point without power: recover and live to the end; and cut that recovery at each of its bytes."""
    tally.points += 1
    past = life.past()
    if (depth, past) in seen:
        return
    seen.add((depth, past))
    tally.distinct += 1
    again = _dead_copy(life, _PLENTY)
    try:
        if not again.rig.restart(again.rig.now):
            raise Broken("the storage cannot be read")
        written = _PLENTY - (again.rig.storage.budget or 0)
        again.rig.storage.power_on()
        tally.most_lost = max(tally.most_lost, -(-(_lost(again) - lost) // depth))
        if (after := again.past()) not in ended:
            ended.add(after)
            again.go()
            again.rig.check_alarms()
    except Broken as error:
        tally.broken.append(f"event {life.place}, depth {depth}: {error}")
        return
    if depth == DEPTH:
        return
    whole = tuple(bank[: scan(bank).slots * RECORD_BYTES] for bank in past[0])
    base = (depth, (whole, *past[1:]))
    # a torn tail is dropped first, for one byte of power: after that it is the point without the tail
    budgets = range(written) if whole == past[0] or base not in seen else range(1)
    for budget in budgets:
        cut = _dead_copy(life, budget)
        try:
            cut.rig.restart(cut.rig.now)
        except Broken as error:
            tally.broken.append(f"event {life.place}, depth {depth + 1}, byte {budget}: {error}")
            continue
        cut.rig.journal = None
        _follow(cut, depth + 1, tally, seen, ended, lost)


def _lost(life: _Life) -> int:
    """Pulses that were begun and are in doubt, and those that restarts missed; an empty reservoir misses its own."""
    past = life.rig.state.past
    return past.doubtful + sum(gap.missed for gap in past.gaps if gap.reason == GapReason.RESTART)


def _dead_copy(life: _Life, budget: int) -> _Life:
    life.rig.journal = None
    twin = life.copy(budget)
    twin.rig.storage.dead = False
    return twin
