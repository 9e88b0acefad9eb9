"""A pump on the bench: device, supervisor, storage, clock and virtual hardware, run through true time under faults.

True time in ms; the controller sees its own clock, which faults may bend, and the supervisor keeps true time. Nothing
here is random but what the seed gives, and nothing waits: time is simulated. What the hardware did is the truth; what
the device says is its belief.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from thecal.formulary import Solution
from thecal.pump import admission
from thecal.pump.alarm_table import alarm
from thecal.pump.catalog import Profile
from thecal.pump.device import Device
from thecal.pump.hardware import (
    NEVER,
    Fault,
    FaultyStorage,
    Path,
    PowerCut,
    Timebase,
    VirtualPump,
    hardware_model,
    monitor,
)
from thecal.pump.hardware.pump import PL_PER_NL
from thecal.pump.held import MemoryFault
from thecal.pump.prescription import Prescription
from thecal.pump.senses import Senses
from thecal.pump.status import RefillReport
from thecal.pump.watch import Watch
from thecal.quantity import Refusal, Refused

BEAT_MS, SILENT_MS = 60_000, 180_000
RESTART_MS = 1_000  # from a loss of power in the middle to the next start
MAX_STROKES = 2_000_000
_SUDDEN = {"power_loss", "storage_cut", "storage_torn", "storage_rot", "storage_full", "memory_flip"}


@dataclass(frozen=True, slots=True)
class Filling:
    """What is in the pump at first: ``path`` None means that what the catheter holds is not known."""

    fill: Solution
    fill_nl: int
    path_nl: int
    path: Solution | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """At true time ``at``, ``what`` became ``now``."""

    at: int
    what: str
    now: tuple[str, ...]


@dataclass
class Bench:
    """One pump from ``start`` on. ``gain_spread``: draw this pump's flow error; else it is exact."""

    profile: Profile
    filling: Filling
    start: int
    faults: tuple[Fault, ...] = ()
    seed: int = 0
    gain_spread: bool = True
    changes: list[Change] = field(default_factory=list)
    orders: list[tuple[int, Prescription]] = field(default_factory=list)  # that passed the gate, and when
    restarts: int = 0
    counted: dict[int, int] = field(default_factory=dict)  # pulse number to fg, as the windows count it
    _dark: bool = False  # no power at all: the supervisor does not run either
    _silent: bool = False  # the supervisor has noticed that the controller is

    def __post_init__(self) -> None:
        figures = self.profile.device()
        model = hardware_model(self.profile.id)
        random = Random(self.seed)  # noqa: S311 - a simulation, seeded
        fill, path_nl = self.filling.fill, self.filling.path_nl
        reservoir = self.filling.fill_nl + figures.residual_nl
        self.now = self.start
        self.truth = VirtualPump(
            model,
            figures.pulse_nl,
            reservoir * PL_PER_NL,
            fill.masses(reservoir),
            random,
            self.start,
            self.faults,
            residual_pl=figures.residual_nl * PL_PER_NL,
            path=Path(path_nl * PL_PER_NL, self.filling.path.masses(path_nl) if self.filling.path else None),
            gain_ppm=model.draw_gain(random) if self.gain_spread else 1_000_000,
        )
        self.senses = Senses(self.truth, self.start)
        self.clock = Timebase.under(self.faults, self.start)
        self.storage, self._own = FaultyStorage(), FaultyStorage()
        self.watch = Watch(figures, path_nl, self._own, self.start, new=True, clock=self._true, reading=None)
        self._path_nl = path_nl
        self.device: Device | None = Device.create(
            self.storage,
            figures,
            path_nl,
            self.filling.path,
            fill,
            self.filling.fill_nl,
            self.start,
            mechanism=self._mechanism,
            watch=self.watch,
        )
        self.device.max_late_ms = 1_000
        self._todo = sorted(
            [(fault.at, fault, True) for fault in self.faults if fault.kind in _SUDDEN]
            + [(f.until, f, False) for f in self.faults if f.kind in _SUDDEN and f.until is not None],
            key=lambda entry: entry[0],
        )
        self._back_at = NEVER
        self._seen: dict[str, tuple[str, ...]] = {}
        self._watched: Device | None = None
        self._look()

    def run_to(self, until: int) -> None:
        """Let true time pass to ``until``: every pulse, every sudden fault and every restart in between."""
        while True:
            following = min(self._todo[0][0] if self._todo else NEVER, self._back_at, self.senses.next_at, until)
            self._deliver(following)
            self._beat(min(following, self._back_at))
            self.now = max(self.now, min(following, self._back_at))  # a pulse may have cost the power
            if self._back_at <= self.now:
                self._open()
            elif self.senses.next_at <= self.now:
                self.senses.next_at = self.now + monitor.EVERY_MS  # while it is down, too
                self._tell(lambda device, now: self.senses.look(device, self.watch, self.now, now))
            elif self._todo and self._todo[0][0] <= self.now:
                _, fault, begins = self._todo.pop(0)
                self._sudden(fault, begins=begins)
            else:
                break
        self.truth.run_to(self.now)
        self._tell(lambda device, now: device.advance(now))

    def load(self, order: Prescription) -> None:
        """Load an order through the gate. Raises Refused, with nothing changed."""
        self._tell(lambda device, now: admission.load(device, order, self.profile, now), needed=True)
        self.orders.append((self.now, order))

    def stop(self) -> None:
        """Stop delivery."""
        self._tell(lambda device, now: admission.stop(device, self.profile, now), needed=True)

    def request(self) -> None:
        """The patient asks for a bolus. Raises Refused when it is not granted."""
        self._tell(admission.request_bolus, needed=True)

    def resume(self) -> None:
        """A person lets the pump go down its ladder as far as the alarms allow."""

        def go_on(device: Device, now: int) -> None:
            self.senses.settle(device, now)
            admission.resume(device, self.profile, now)

        self._tell(go_on, needed=True)

    def mark_path(self, *, empty: bool) -> None:
        """A person says that the path is empty, or that it holds drug."""
        self._tell(lambda device, now: admission.mark_path(device, now, empty=empty), needed=True)

    def refill(
        self, fill: Solution, fill_nl: int, withdrawn_nl: int | None, order: Prescription | None = None
    ) -> RefillReport:
        """Refill through the gate; ``withdrawn_nl`` None: what really came out. Raises Refused with nothing changed."""
        self.truth.run_to(self.now)
        shown = self.truth.in_reach_nl if withdrawn_nl is None else withdrawn_nl
        reports: list[RefillReport] = []

        def told(device: Device, now: int) -> None:
            reports.append(admission.refill(device, self.profile, shown, fill, fill_nl, now, order)[0])

        self._tell(told, needed=True)
        if order is not None:
            self.orders.append((self.now, order))
        self.truth.refill(fill_nl, fill.masses(fill_nl), self.now)
        self._tell(lambda device, now: self.senses.filled(device, self.watch, self.now, now))
        if not reports:
            raise Refused(Refusal("pump_down", "the power went in the middle of it", "refill", "Read the pump."))
        return reports[0]

    def restart(self, off_ms: int = 0) -> None:
        """Take the power away, and give it back ``off_ms`` later."""
        self._down(self.now + off_ms)
        if off_ms == 0:
            self._open()

    def _true(self, at: int) -> int:
        """True time for a time of the controller's clock, which is at ``at`` or will come to it."""
        true = max(self.now, self.clock.when(at, self.now))
        return true if true < NEVER else self.now

    def _beat(self, until: int) -> None:
        """The controller's heartbeats until true time ``until``, or the supervisor's time without them."""
        if self._dark:
            return
        if self.device is None:
            if not self._silent and until >= (silent := self.watch.beaten + SILENT_MS):
                self._silent = True
                self.now = max(self.now, silent)
                self.watch.tick(self.now)
                self._look()
            return
        self._silent = False
        for at in range(self.watch.beaten + BEAT_MS, until + 1, BEAT_MS):
            self.watch.heartbeat(self.clock.reading(at), at)
            if self.watch.raised and self.device is not None:
                self.now = max(self.now, at)
                self._tell(lambda device, now: device.advance(now))

    def _mechanism(self, seq: int, at: int) -> int:
        self.now = self._true(at)
        if len(self.truth.strokes) >= MAX_STROKES:
            what = f"more than {MAX_STROKES} strokes"
            raise Refused(Refusal("too_many_strokes", what, "length", "Take a shorter time or a lower flow."))
        assert self.device is not None, "a pulse has a controller"
        self.counted[seq] = self.device.counted_fg
        return self.senses.fire(self.watch, seq, self.now)

    def _deliver(self, until: int) -> None:
        """Every pulse that the device's clock brings about before true time ``until``."""
        while self.device is not None:
            due = self.device.next_due
            at = NEVER if due is None else self.clock.when(due, self.now)
            if at > until or at >= NEVER:
                return
            self._beat(at)
            self.now = max(self.now, at)
            self._tell(lambda device, now: device.advance(now))

    def _tell(self, act: Callable[[Device, int], object], *, needed: bool = False) -> None:
        if needed:
            self._watched = None
        if self.device is None:
            if needed:
                do = "Wait until its power is back."
                raise Refused(Refusal("pump_down", "the controller does not run", "pump", do))
            return
        try:
            act(self.device, max(self.clock.reading(self.now), self.start))
        except (PowerCut, MemoryFault):  # a memory that cannot be believed is made again from the journal
            self._down(self.now + RESTART_MS)
        except OSError:
            self._down(NEVER if self.storage.full else self.now + RESTART_MS)
        self._look()

    def _sudden(self, fault: Fault, *, begins: bool) -> None:
        if fault.kind == "power_loss":
            self._dark = begins
            if begins:
                self._down(NEVER)
            else:
                figures = self.profile.device()
                self.watch = Watch(figures, self._path_nl, self._own, self.now, clock=self._true, reading=None)
                self._open()
        elif fault.kind == "storage_cut":
            self.storage.budget = fault.number("bytes")
        elif fault.kind == "memory_flip" and self.device is not None:
            self.device.flip(fault.number("bit"))
        elif fault.kind == "storage_torn":
            self.storage.tear(fault.number("bytes"))
            self._down(self.now + RESTART_MS)
        elif fault.kind == "storage_rot":
            self.storage.rot(fault.number("bit"))
        elif fault.kind == "storage_full":
            self.storage.full = begins
            if not begins and self.device is None:
                self._open()

    def _down(self, back_at: int) -> None:
        self.device = None
        self._back_at = back_at
        self._look()

    def _open(self) -> None:
        """The controller starts again from its storage. One that cannot read it stays down."""
        self._back_at = NEVER
        self.storage.power_on()
        self.restarts += 1
        now = max(self.clock.reading(self.now), self.start)
        try:
            self.device = Device.open(
                self.storage, now, max_late_ms=1_000, mechanism=self._mechanism, watch=lambda _, __: self.watch
            )
        except PowerCut:
            self._down(self.now + RESTART_MS)
        except OSError:
            self._down(NEVER)
        except Refused:
            self.device = None
        self._look()

    def _look(self) -> None:
        """Note what changed. A state never changes without its alarm, an order, a restart or a refill."""
        device = self.device
        if device is None:
            self._note("state", ("down",))
            if self.watch.raised and not self._dark:  # the supervisor has a voice of its own
                names = {alarm(number).name for number in range(63) if self.watch.raised >> number & 1}
                self._note("alarms", tuple(sorted({*self._seen.get("alarms", ()), *names})))
            return
        alarms = tuple(sorted(device.alarms))
        if alarms != self._seen.get("alarms") or self._watched is not device:
            self._watched = device
            self._note("alarms", alarms)
            status = device.status(self.start)
            self._note("state", (status.state,))
            self._note("rung", (status.rung,))

    def _note(self, what: str, now: tuple[str, ...]) -> None:
        if self._seen.get(what) != now:
            self._seen[what] = now
            self.changes.append(Change(self.now, what, now))
