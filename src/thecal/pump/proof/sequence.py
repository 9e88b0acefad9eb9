"""One random sequence: 200 steps and 0 to 8 faults, from one seed. Times in ms.

A step is a pulse, a wait, an order, a request, a refill, a stop, a restart, a sensor's message. A fault is one of
``FAULTS``; what would be two faults of both parts at once (clocks, switches) falls on the same part in one sequence.
"""

from collections import Counter
from random import Random

from thecal.pump.hardware.store import PowerCut
from thecal.pump.kernel import NEVER, Demanded, Faults, Mode
from thecal.pump.proof.guard import MemoryFault
from thecal.pump.proof.oracle import Broken
from thecal.pump.proof.orders import DAY, HOUR, PULSE_NL, pool
from thecal.pump.proof.rig import Rig, recovered_is_live
from thecal.pump.proof.watch import ACTUATOR_FAULT, CLOCK_FAULT, OVER_DELIVERY, Watch
from thecal.pump.supervisor import Drive, Level

STEPS, MOST_FAULTS = 200, 8
FAULTS = (
    "stall",
    "blind",
    "seen_twice",
    "half",
    "cut",
    "brown_out",
    "black_out",
    "torn",
    "rot",
    "full",
    "late",
    "flip",
    "restarts",
    "clock_jump",
    "clock_drift",
    "clock_stop",
    "stuck_switch",
    "open_switch",
    "drive_current",
    "level_low",
    "supervisor_cut",
    "supervisor_rot",
    "supervisor_full",
    "supervisor_flip",
    "supervisor_restarts",
)
_OF_STROKES = ("stall", "blind", "seen_twice", "half", "brown_out", "open_switch")
_NUMBERS = ("now", "base", "fired", "due", "pending", "seq", "given", "reservoir_nl", "alarms", "mode")
_WATCH_NUMBERS = ("now", "seq", "last", "installed", "since", "base", "bolus", "given", "volume", "account", "rung")
_OFF = (0, 1_000, 60_000, HOUR, 26 * HOUR)
_SENSOR = 1 << 24


class Sequence:
    """One sequence."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.random = Random(seed)  # noqa: S311 - a simulation, seeded
        self.watch = Watch()
        self.rig = Rig(self._mechanism, self.watch, rotate_after=self.random.choice((48, 128, 512)))
        self.weak = self.random.choice(("controller", "supervisor"))  # the part whose clock and switch may fail
        self.clock = self.rig.clock if self.weak == "controller" else self.watch.clock
        self.active: dict[str, int] = {}  # fault to the number of strokes that it still spoils
        self.rate = 1_000_000  # of that clock, in ppm
        self.jumped = False
        self.alive: tuple[int, int] | None = None  # since when both parts could see a wrong clock
        self.wrong = 0  # steps until the clock runs as it should again
        self.used: Counter[str] = Counter()
        self.steps = 0

    def run(self) -> None:
        """All steps. Raises Broken."""
        random = self.random
        faults = sorted(random.sample(range(1, STEPS), random.randint(0, MOST_FAULTS)))
        self.rig.load(random.choice(pool()).program)
        for step in range(STEPS):
            self.steps += 1
            if faults and faults[0] == step:
                faults.pop(0)
                self._guarded(self._fault, random.choice(FAULTS))
            else:
                self._guarded(self._step, random.random())
            if self.wrong:
                self.wrong -= 1
                if not self.wrong:
                    self._rate(1_000_000)
            self.rig.check_alarms()
            self._check_clock()
        rig = self.rig
        rig.storage.full = False
        if (
            (rig.journal is not None or self._restart(0))
            and rig.sound
            and not recovered_is_live(rig, twice=self.seed % 4 == 0)
        ):
            raise Broken("what the journal gives back is not what the controller held")

    def _guarded(self, what: object, drawn: object) -> None:
        """A step, and what a part does that loses its power, its storage or its memory in it."""
        assert callable(what), "a step can be called"
        try:
            what(drawn)
            if self.rig.journal is not None:
                self.rig.relay()  # what a supervisor raised that came back in the middle of it
        except (PowerCut, OSError):
            self.rig.journal = None
        except MemoryFault:
            self._restart(0)

    def _step(self, drawn: float) -> None:
        rig, random = self.rig, self.random
        if self.watch.guard is None and random.random() < 0.4:
            self._restart_watch()
        if rig.journal is None:
            rig.storage.full = rig.storage.full and random.random() < 0.5
            self._restart(random.choice(_OFF))
        elif drawn < 0.78 and (rig.due != NEVER or drawn < 0.4):
            self._pulse(late=random.choice((0, 0, 0, 0, 500, 1_000)))
        elif drawn < 0.78:  # it stands: somebody attends to it
            self._attend()
        elif drawn < 0.82:
            late = random.choice((-5_000, 1_001, 60_000, HOUR))
            if late > 1_001:  # the controller is held up, and gives no heartbeat
                rig.wait(rig.true + late, alive=False)
                self._hung()
            self._pulse(late=min(late, 1_001))
        else:
            self._act(drawn)

    def _act(self, drawn: float) -> None:
        """What people and sensors do."""
        rig, random = self.rig, self.random
        rig.wait(rig.true + random.choice((0, 1, 1_000, 20_000)))
        now = rig.now
        if drawn < 0.90:
            rig.do(Demanded(now))
        elif drawn < 0.93:
            rig.load(random.choice(pool()).program)
        elif drawn < 0.95:
            rig.refill(random.choice((18_000_000, 2_000_500, 250, 0)))
        elif (choice := random.randrange(7)) == 0:
            rig.stop()
        elif choice < 3:
            rig.resume()
        elif choice == 3:
            rig.path(empty=True)
        elif choice == 4:
            rig.stray()
        else:
            rig.do(Faults(_SENSOR, 0, now) if choice == 5 else Faults(0, _SENSOR, now))
            rig.limit()

    def _attend(self) -> None:
        """A person who was called: what is needed differs, so each of it has its turn."""
        rig, random = self.rig, self.random
        rig.wait(rig.true + random.choice((0, 1_000, 20_000)))
        if self.watch.guard is None:
            self._restart_watch()
        if rig.state.mode == Mode.EMPTY and random.random() < 0.7:
            rig.refill(random.choice((18_000_000, 18_000_000, 2_000_500)))
        elif rig.state.mode == Mode.FAULT and random.random() < 0.5:
            rig.resume()
        else:
            rig.resume()
            rig.load(random.choice(pool()[:-1]).program)

    def _pulse(self, late: int) -> None:
        rig = self.rig
        due = rig.state.due
        at = rig.now + 60_000 if due == NEVER else due
        true = rig.clock.when(at + late)
        rig.tick(rig.true + 60_000 if true is None else true)  # a clock that stands still: time passes all the same

    def _hung(self) -> None:
        """The controller was held up, and is back."""
        self.jumped = False  # over so long a time a jump is no longer one per cent
        self.rig.back()

    def _restart(self, off: int) -> bool:
        rig = self.rig
        self.alive = None  # it was not there to be compared with
        rig.storage.power_on()
        if rig.restart(rig.true + off):
            return True
        rig.journal = None
        return False

    def _restart_watch(self) -> None:
        self.watch.storage.power_on()
        self.watch.storage.full = self.watch.storage.full and self.random.random() < 0.3
        if self.watch.restart(self.watch.clock.reading(self.rig.true)) and self.rig.journal is not None:
            self.rig.back()
            self.rig.agree()
            self.rig.relay()

    # ---- faults

    def _fault(self, kind: str) -> None:
        self.used[kind] += 1
        if kind in _OF_STROKES:
            self.active[kind] = 1 if kind == "brown_out" else self.random.randint(1, 12)
        elif kind in ("torn", "rot", "restarts"):
            self._spoil(kind)
        elif kind.startswith("clock"):
            self._clock(kind)
        elif kind.startswith("supervisor"):
            self._watch_fault(kind)
        elif kind in ("drive_current", "level_low"):
            self._evidence(kind)
        else:
            self._controller_fault(kind)

    def _controller_fault(self, kind: str) -> None:
        rig, random = self.rig, self.random
        if kind == "cut":
            rig.storage.budget = random.randint(0, 600)
        elif kind == "black_out":  # the power of both
            rig.storage.budget = random.randint(0, 300)
            self.watch.storage.budget = random.randint(0, 300)
        elif kind == "late":
            rig.wait(rig.true + random.choice((2_000, HOUR, DAY, 8 * DAY)), alive=False)
            self._hung()
        elif kind == "full":
            rig.storage.full = not rig.storage.full
        elif kind == "stuck_switch":
            rig.stuck = rig.stuck or self.weak == "controller"
        elif rig.journal is not None and rig.sound:
            rig.held.flip(self._flipped(rig.state, _NUMBERS))

    def _clock(self, kind: str) -> None:
        random = self.random
        self.alive = None
        if kind == "clock_jump":
            watch = self.watch  # which has nothing to compare with before the first heartbeat that it hears
            self.jumped = watch.guard is not None and watch.sound and watch.state.clocks is not None
            self.clock.change(self.rig.true, by=random.choice((-6 * HOUR, -60_000, 60_000, 6 * HOUR, 8 * DAY)))
        elif kind == "clock_drift":
            self._rate(random.choice((500_000, 900_000, 995_000, 1_005_000, 1_500_000, 3_000_000)))
            self.wrong = random.randint(5, 60)
        else:
            self._rate(0)
            self.wrong = random.randint(2, 20)

    def _rate(self, ppm: int) -> None:
        self.rate, self.alive = ppm, None
        self.clock.change(self.rig.true, ppm=ppm)

    def _check_clock(self) -> None:
        """Raises Broken when both parts have lived beside a wrong clock for four minutes, and no alarm stands."""
        rig, watch = self.rig, self.watch
        if not self.jumped and abs(self.rate - 1_000_000) <= 15_000:
            return
        if rig.journal is None or watch.guard is None or not rig.sound or not watch.sound:
            self.alive, self.jumped = None, False
        elif CLOCK_FAULT in watch.state.latched:
            self.jumped = False
        elif self.alive is None or self.alive[1] != watch.epoch:
            self.jumped = self.jumped and self.alive is None
            self.alive = (rig.true, watch.epoch)
        elif rig.true - self.alive[0] > 240_000:
            raise Broken("a clock is wrong, and no alarm stands")

    def _spoil(self, kind: str) -> None:
        """What goes wrong with what is stored, and the restarts that find it."""
        rig, random = self.rig, self.random
        if kind == "torn":
            rig.storage.tear(random.randint(1, 63))
            if self._restart(random.choice((0, HOUR))) and rig.sound:
                rig.strays = min(rig.strays, rig.state.aside.strays)  # the torn record may have been that of a stray
        elif kind == "rot":
            rig.storage.rot(random.randrange(64 * 8 * 40))
            if random.random() < 0.7:
                self._restart(random.choice((0, HOUR)))
        else:
            for _ in range(random.randint(1, 6)):
                rig.storage.budget = random.choice((None, None, random.randint(0, 200)))
                rig.restart(rig.true + random.choice((0, 1_000)))
                rig.storage.power_on()

    def _evidence(self, kind: str) -> None:
        """What shows that more moves than is permitted."""
        rig, watch = self.rig, self.watch
        if watch.guard is None or not watch.sound or watch.switch:
            return  # a permission waits for its stroke: what moves now is taken for that
        now = watch.clock.reading(rig.true)
        if kind == "drive_current":
            watch.tell(Drive(on=True, at=now))
            watch.tell(Drive(on=False, at=now))
            self._raised(ACTUATOR_FAULT)
            return
        state = watch.state
        high = state.account - 4 * PULSE_NL - state.drawn // 10 - 1_000
        if high >= 0:
            watch.tell(Level(max(0, high - 500_000), high, now))
            self._raised(OVER_DELIVERY)

    def _watch_fault(self, kind: str) -> None:
        watch, random = self.watch, self.random
        if kind == "supervisor_cut":
            watch.storage.budget = random.randint(0, 400)
        elif kind == "supervisor_full":
            watch.storage.full = not watch.storage.full
        elif kind == "supervisor_rot":
            watch.storage.rot(random.randrange(8 * 4_000))
            if random.random() < 0.7:
                self._restart_watch()
        elif kind == "supervisor_flip":
            if watch.guard is not None and watch.sound:
                watch.held.flip(self._flipped(watch.state, _WATCH_NUMBERS))
        else:
            for _ in range(random.randint(1, 6)):
                watch.storage.budget = random.choice((None, None, random.randint(0, 120)))
                self._restart_watch()

    def _raised(self, alarm: int) -> None:
        watch = self.watch
        if watch.guard is not None and alarm not in watch.state.latched:
            raise Broken(f"evidence for alarm {alarm}, and the supervisor raised nothing")
        self.rig.relay()

    def _flipped[S: tuple[object, ...]](self, state: S, names: tuple[str, ...]) -> S:
        """One bit of one number of a state."""
        name = self.random.choice(names)
        value = getattr(state, name) ^ 1 << self.random.randrange(62)
        return state._replace(**{name: value})  # type: ignore[attr-defined,no-any-return]  # both states are named tuples

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
        if "stall" in kinds or "open_switch" in kinds:
            return False, 0
        if "blind" in kinds:
            return True, 0
        if "half" in kinds:
            return True, self.random.randint(0, 1)
        return True, 2 if "seen_twice" in kinds else 1
