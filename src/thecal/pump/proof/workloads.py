"""Short lives of a pump for the cuts of power and the flips of bits: what happens in them, and one that can be copied.

Each has a theme, so that every kind of record is among what is stored. Times follow the pulses.
"""

from collections.abc import Callable
from random import Random

from thecal.pump.hardware.store import FaultyStorage
from thecal.pump.kernel import NEVER, Demanded
from thecal.pump.parts import Bridge, PrimingBolus, SingleBolus, Temporary
from thecal.pump.proof.guard import Guarded
from thecal.pump.proof.oracle import Oracle
from thecal.pump.proof.orders import Given, pool
from thecal.pump.proof.rig import Rig
from thecal.pump.proof.watch import Watch

THEMES = (
    "base",
    "patient_bolus",
    "bolus",
    "prime",
    "bridge",
    "temporary",
    "refill",
    "stop",
    "resume",
    "stray",
    "rotation",
    "damage",
    "supervisor_damage",
)
_PARTS = {"bolus": SingleBolus, "prime": PrimingBolus, "bridge": Bridge, "temporary": Temporary}
_SPARSE, _OFTEN = 10_000, 34

type Happening = tuple[str, int]
"""What happens, and a number that belongs to it: the place of an order in the pool, a volume, or nothing."""


def theme_of(seed: int) -> str:
    """What a workload is about."""
    return THEMES[seed % len(THEMES)]


def workload(seed: int, length: int) -> tuple[Happening, ...]:
    """What happens: an order, its theme, and ``length`` more stretches of pulses."""
    random = Random(seed)  # noqa: S311 - a simulation, seeded
    theme = theme_of(seed)
    made: list[Happening] = []
    if theme == "prime":
        made.append(("path", 1))
    made.append(("load", _order_for(theme, random)))
    for _ in range(length):
        made += [("pulse", 0)] * random.randint(1, 2)
        made += _stretch(theme, random)
    return (*made, ("pulse", 0))


def _stretch(theme: str, random: Random) -> list[Happening]:
    match theme:
        case "patient_bolus":
            return [*[("pulse", 0)] * 3, ("ask", 0), ("pulse", 0), ("pulse", 0)]  # the lockout is over by then
        case "refill":
            return [("refill", random.choice((18_000_000, 500)))]
        case "stop":
            return [("stop", 0), ("load", _order_for("base", random))]
        case "resume":
            return [("blind", 0), ("blind", 0), ("blind", 0), ("resume", 0)]
        case "stray":
            return [("stray", 0), ("stray", 0), ("resume", 0)]
        case "damage":
            return [("rot", 0), ("load", _order_for("base", random))]
        case "supervisor_damage":
            return [("rot", 1), ("load", _order_for("base", random)), ("pulse", 0)]
        case _:
            return []


def _order_for(theme: str, random: Random) -> int:
    if part := _PARTS.get(theme):
        # the two smallest doses: for a large one the windows have no room for it
        return random.choice([place for place, given in enumerate(pool()) if isinstance(given.order.once, part)][:2])
    asked = theme == "patient_bolus"
    plain = [place for place, given in enumerate(pool()[:-1]) if given.order.once is None and given.bolus == asked]
    return plain[0] if asked else random.choice(plain)


class Life:
    """A run of a workload. Its parts have one supply of power: ``dead`` and ``revived`` act on both."""

    def __init__(self, seed: int, length: int, storage: Callable[[], FaultyStorage] = FaultyStorage) -> None:
        self.events = workload(seed, length)
        self.place = 0
        self.sees = True
        often = theme_of(seed) == "rotation"
        watch = Watch(900 if often else None)
        self.rig = Rig(self.mechanism, watch, rotate_after=_OFTEN if often else _SPARSE)
        self.stored(storage(), storage())

    @property
    def watch(self) -> Watch:
        """The supervisor's side."""
        assert self.rig.watch is not None, "a life has both parts"
        return self.rig.watch

    def stored(self, controller: FaultyStorage, supervisor: FaultyStorage) -> None:
        """Go on with these storages, which get what the old ones hold."""
        rig, watch = self.rig, self.watch
        for new, old in ((controller, rig.storage), (supervisor, watch.storage)):
            new.banks = [bytearray(bank) for bank in old.banks]
        rig.storage, watch.storage = controller, supervisor
        if rig.journal is not None:
            rig.journal._storage = controller
        if watch.guard is not None:
            watch.guard._journal._storage = supervisor

    def event(self) -> None:
        """The next event."""
        kind, number = self.events[self.place]
        self.place += 1
        getattr(self, f"_{kind}")(number)

    def go(self) -> None:
        """On to the end."""
        while self.place < len(self.events):
            self.event()
            self.rig.check_alarms()

    def dead(self, oracle: Oracle, place: int) -> "Life":
        """A life of its own with both parts without power, and storages that are still to be given."""
        twin = object.__new__(Life)
        twin.events, twin.place, twin.sees = self.events, place, True
        rig, watch = object.__new__(Rig), object.__new__(Watch)
        rig.__dict__.update(self.rig.__dict__)
        watch.__dict__.update(self.watch.__dict__)
        watch.vetoes, watch.opened = [*watch.vetoes], [*watch.opened]
        watch.raised, watch.stopped_by = {*watch.raised}, {*watch.stopped_by}
        rig.mechanism, rig.watch, rig.oracle, rig.journal = twin.mechanism, watch, oracle, None
        rig.held, watch.held = Guarded(self.rig.state), Guarded(self.watch.held.get())
        watch.off()
        twin.rig = rig
        return twin

    def revived(self) -> bool:
        """Power is back for both: the supervisor first, since the controller asks it at once."""
        rig, watch = self.rig, self.watch
        return watch.restart(watch.clock.reading(rig.true)) and rig.restart(rig.true)

    def mechanism(self, seq: int) -> tuple[bool, int]:
        """Every stroke happens, and is seen."""
        del seq
        return True, int(self.sees)

    # ---- what can happen

    def _load(self, place: int) -> None:
        self.rig.load(self._given(place).program)

    def _given(self, place: int) -> Given:
        return pool()[place]

    def _pulse(self, _: int) -> None:
        rig = self.rig
        due = rig.state.due
        rig.tick(max(rig.true, rig.true + 60_000 if due == NEVER else due))

    def _blind(self, _: int) -> None:
        self.sees = False
        self._pulse(0)
        self.sees = True

    def _ask(self, _: int) -> None:
        self.rig.do(Demanded(self.rig.now))

    def _refill(self, volume: int) -> None:
        self.rig.refill(volume)

    def _stop(self, _: int) -> None:
        self.rig.stop()

    def _resume(self, _: int) -> None:
        self.rig.resume()

    def _stray(self, _: int) -> None:
        self.rig.stray()

    def _path(self, empty: int) -> None:
        self.rig.path(empty=bool(empty))

    def _rot(self, part: int) -> None:
        """A bit of the last record of a part has turned, and the power goes and comes back."""
        (self.watch if part else self.rig).storage.rot(200)
        self.watch.off()
        self.rig.journal = None
        self.revived()
