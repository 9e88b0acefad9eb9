"""Random sequences of events and faults through controller, journal and oracle. Same seed, same run, bit for bit.

One sequence: 200 steps, 0 to 8 faults. A step is a pulse, a wait, an order, a request, a refill, a stop, a restart, a
sensor's message; a fault is a stall, a wrong feedback, a break of power in a write or in a pulse, a torn or rotten
journal, a full storage, a late controller, a flip of memory. Orders are drawn from a pool that is made once.
"""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from random import Random

from thecal.pump.hardware.store import PowerCut
from thecal.pump.kernel import (
    NEVER,
    Demand,
    Demanded,
    Event,
    Faults,
    Load,
    Once,
    Part,
    Path,
    Program,
    Refill,
    Resume,
    Segment,
    State,
    Stop,
    Stray,
    problem,
)
from thecal.pump.proof.guard import MemoryFault
from thecal.pump.proof.rig import CONFIG, DAY, HOUR, PULSE_FG, T0, Broken, Rig, recovered_is_live

STEPS, MOST_FAULTS = 200, 8
CHUNK = 250
SUPERVISED = False  # whether each pulse needs the supervisor's permission here
_FAULTS = (
    "stall",
    "blind",
    "seen_twice",
    "cut",
    "brown_out",
    "torn",
    "rot",
    "full",
    "late",
    "flip",
    "restarts",
    "half",
)


@dataclass(slots=True)
class Tally:
    """What a range of seeds came to. ``broken`` holds (seed, what) of each sequence that broke a promise."""

    first: int
    last: int
    sequences: int = 0
    steps: int = 0
    strokes: int = 0
    restarts: int = 0
    worst_excess_fg: int = 0
    renumbered: int = 0  # pulse numbers used again after a rotten journal had lost them
    faults: Counter[str] = field(default_factory=Counter)
    broken: list[tuple[int, str]] = field(default_factory=list)
    digest: str = ""

    def add(self, other: "Tally") -> None:
        """Take in what another range came to."""
        self.last = max(self.last, other.last)
        self.sequences += other.sequences
        self.steps += other.steps
        self.strokes += other.strokes
        self.restarts += other.restarts
        self.worst_excess_fg = max(self.worst_excess_fg, other.worst_excess_fg)
        self.renumbered += other.renumbered
        self.faults += other.faults
        self.broken += other.broken
        self.digest = sha256((self.digest + other.digest).encode()).hexdigest()


@cache
def programs() -> tuple[Program, ...]:
    """The orders of the pool: each is one that the controller accepts."""
    made = []
    for dose_mg in (1, 4, 12, 40):
        dose = dose_mg * 10**12
        for room in (0, 4, 40):
            day, hour = dose + room * PULSE_FG, dose // 24 + 1 + room * PULSE_FG
            caps = ((HOUR, hour), (4 * HOUR, min(4 * hour, day)), (DAY, day), (7 * DAY, 7 * day))
            demand = Demand(2 * PULSE_FG, 60_000, 600_000, room == 4, 3, 6 * HOUR) if room else None
            once = Once(Part.TEMPORARY, 2 * HOUR, dose * 5 // 4) if room == 40 else None
            made.append(
                Program(
                    "morphine",
                    PULSE_FG,
                    T0,
                    DAY,
                    (Segment(0, DAY, dose),),
                    caps,
                    b"",
                    dose // 2,
                    _REACTIONS,
                    0,
                    demand,
                    once,
                )
            )
        steps = (Segment(0, 8 * HOUR, dose // 6), Segment(8 * HOUR, 16 * HOUR, dose // 2))
        two = ((HOUR, dose // 16), (DAY, dose))
        made.append(Program("morphine", PULSE_FG, T0, DAY, steps, two, b"", NEVER, _REACTIONS))
        bolus = (Segment(0, 600_000, dose // 12),)
        two = ((HOUR, dose // 10), (DAY, dose + 10**11))
        made.append(Program("morphine", PULSE_FG, T0, 2 * HOUR, bolus, two, b"", NEVER, _REACTIONS))
    made.append(made[0]._replace(drug="hydromorphone"))
    made.append(made[0]._replace(segments=(Segment(0, DAY, 0),)))
    return tuple(program for program in made if problem(program, CONFIG) is None)


_REACTIONS = ((5, 2), (9, 2), (20, 1), (24, 1), (25, 2), (30, 2))


class _Run:
    """One sequence."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)  # noqa: S311 - a simulation, seeded
        self.rig = Rig(self._mechanism, rotate_after=self.random.choice((48, 128, 512)))
        self.active: dict[str, int] = {}  # fault to the number of strokes that it still spoils
        self.used: Counter[str] = Counter()
        self.steps = 0

    def run(self) -> None:
        random = self.random
        faults = sorted(random.sample(range(1, STEPS), random.randint(0, MOST_FAULTS)))
        self._do(Load(random.choice(programs()), T0))
        for step in range(STEPS):
            self.steps += 1
            if faults and faults[0] == step:
                faults.pop(0)
                self._fault(random.choice(_FAULTS))
            else:
                self._step(random.random())
        rig = self.rig
        rig.storage.full = False
        if (rig.journal is not None or self._restart(0)) and rig.sound and not recovered_is_live(rig):
            raise Broken("what the journal gives back is not what the controller held")

    def _step(self, drawn: float) -> None:
        rig, random = self.rig, self.random
        if rig.journal is None:
            rig.storage.full = rig.storage.full and random.random() < 0.5
            self._restart(random.choice((0, 1_000, 60_000, HOUR, 26 * HOUR)))
            return
        if drawn < 0.78 and (rig.due != NEVER or drawn < 0.5):
            self._tick(late=random.choice((0, 0, 0, 0, 500, 1_000)))
            return
        now = rig.now = rig.now + random.choice((0, 1, 1_000, 20_000))
        if drawn < 0.78:  # it stands: somebody attends to it
            reservoir = random.choice((18_000_000, 2_000_500))
            self._do(random.choice((Load(random.choice(programs()), now), Refill(reservoir, now), Resume(now))))
        elif drawn < 0.82:
            self._tick(late=random.choice((-5_000, 1_001, 60_000, HOUR)))
        elif drawn < 0.90:
            self._do(Demanded(now))
        elif drawn < 0.93:
            self._do(Load(random.choice(programs()), now))
        elif drawn < 0.95:
            self._do(Refill(random.choice((18_000_000, 2_000_500, 250, 0)), now))
        else:
            sensor = 1 << 24
            marks = (Path(empty=True, now=now), Faults(sensor, 0, now), Faults(0, sensor, now), Stray(now))
            self._do(random.choice((Stop(now), Resume(now), Resume(now), *marks)))
        if rig.journal is not None:
            rig.check_alarms()

    def _tick(self, late: int) -> None:
        rig = self.rig
        try:
            due = rig.state.due
            at = max(rig.now, (rig.now + 60_000 if due == NEVER else due) + late)
            rig.tick(at)
        except (PowerCut, OSError):
            rig.journal = None
        except MemoryFault:
            self._restart(0)

    def _do(self, event: Event) -> None:
        try:
            self.rig.do(event)
        except (PowerCut, OSError):
            self.rig.journal = None
        except MemoryFault:
            self._restart(0)

    def _restart(self, off: int) -> bool:
        self.rig.storage.power_on()
        self.rig.unread = 0
        return self.rig.restart(self.rig.now + off)

    def _fault(self, kind: str) -> None:
        rig, random = self.rig, self.random
        self.used[kind] += 1
        if kind in ("stall", "blind", "seen_twice", "half", "brown_out"):
            self.active[kind] = 1 if kind == "brown_out" else random.randint(1, 12)
        elif kind == "cut":
            rig.storage.budget = random.randint(0, 600)
        elif kind == "late":
            rig.now += random.choice((2_000, HOUR, DAY, 8 * DAY))
        elif kind == "full":
            rig.storage.full = not rig.storage.full
        elif kind in ("torn", "rot", "restarts"):
            self._spoil(kind)
        elif rig.journal is not None:
            self._flip()

    def _spoil(self, kind: str) -> None:
        """What goes wrong with what is stored, and the restarts that find it."""
        rig, random = self.rig, self.random
        if kind == "torn":
            rig.storage.tear(random.randint(1, 63))
            self._restart(random.choice((0, HOUR)))
        elif kind == "rot":
            rig.storage.rot(random.randrange(64 * 8 * 40))
            if random.random() < 0.7:
                self._restart(random.choice((0, HOUR)))
        else:
            for _ in range(random.randint(1, 6)):
                rig.storage.budget = random.choice((None, None, random.randint(0, 200)))
                rig.restart(rig.now + random.choice((0, 1_000)))
                rig.storage.power_on()

    def _flip(self) -> None:
        """One bit of one number of the state, in one of its copies."""
        rig, random = self.rig, self.random
        try:
            state: State = rig.state
        except MemoryFault:
            return
        name = random.choice(
            ("now", "base", "fired", "due", "pending", "seq", "given", "reservoir_nl", "alarms", "mode")
        )
        rig.held.flip(state._replace(**{name: getattr(state, name) ^ 1 << random.randrange(62)}))

    def _mechanism(self, seq: int) -> tuple[bool, int]:
        del seq
        active = self.active
        if not active:
            return True, 1
        kinds = set(active)
        for kind in kinds:
            active[kind] -= 1
            if active[kind] <= 0:
                del active[kind]
        if "brown_out" in kinds:
            raise PowerCut  # before the stroke; a cut of the storage falls after it
        if "stall" in kinds:
            return False, 0
        if "blind" in kinds:
            return True, 0
        if "half" in kinds:
            return True, self.random.randint(0, 1)
        return True, 2 if "seen_twice" in kinds else 1


def sequences(first: int, count: int) -> Tally:
    """Run the sequences of ``count`` seeds from ``first`` on."""
    tally = Tally(first, first + count - 1)
    kept = sha256()
    for seed in range(first, first + count):
        made = _Run(seed)
        try:
            made.run()
        except Broken as broken:
            tally.broken.append((seed, str(broken)))
        rig = made.rig
        tally.sequences += 1
        tally.steps += made.steps
        tally.strokes += len(rig.oracle.times)
        tally.restarts += rig.restarts
        tally.worst_excess_fg = max(tally.worst_excess_fg, rig.oracle.worst_excess)
        tally.renumbered += rig.oracle.renumbered
        tally.faults += made.used
        kept.update(f"{seed} {len(rig.oracle.times)} {rig.oracle.sums[-1]} {rig.restarts};".encode())
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
