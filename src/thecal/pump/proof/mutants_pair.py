"""Controller and supervisor, each with its journal, before one mechanism whose strokes an oracle counts. ms, fg, nL.

The driver stands for people, glue and weather: it tells both parts the same orders and acts, beats the heart, cuts the
power of one or of both, and takes an exception in a part for a crash that a restart follows. It trusts neither part.
The oracle knows strokes and the caps of the order that both took, and nothing of what the parts say of themselves.
"""

import random
from bisect import bisect_right
from collections.abc import Callable
from typing import Any

from thecal.formulary import Solution
from thecal.pump import journal, kernel
from thecal.pump.compile import compile_order
from thecal.pump.parts import Bridge, BridgeStep, PatientBolus, PrimingBolus, Safety, SingleBolus, Temporary
from thecal.pump.prescription import Caps, MultiRate, PeriodicBolus, Prescription, SimpleContinuous, Step, Stopped
from thecal.pump.storage import MemoryStorage
from thecal.pump.supervisor import (
    Action,
    Drive,
    Event,
    Figures,
    Guard,
    Heartbeat,
    Install,
    Limit,
    Path,
    Permit,
    Refill,
    Request,
    Resume,
    Stop,
    Stroke,
    Veto,
)

HOUR, DAY, MG = 3_600_000, 86_400_000, 10**12
T0, DAYS = 20_000 * DAY, 2
BEAT_MS = 60_000
MORPHINE = Solution.parse("morphine 10 mg/mL")
PULSE_FG = 250 * MORPHINE.primary.concentration
CONFIG = kernel.Config(250, 1_000, 24_000_000, 2_000_000, minimum=6_000, path_nl=20_000)
FIGURES = Figures(250, 24_000_000, 6_000, 20_000, 20_000_000)
_DEMAND = PatientBolus(4 * PULSE_FG, 60_000, 20 * 60_000, 12)
_CAPS = Caps(25 * PULSE_FG, 450 * PULSE_FG)
_PROGRAMS = (
    SimpleContinuous(MG),
    SimpleContinuous(MG // 2),
    PeriodicBolus(20 * PULSE_FG, 2 * HOUR, HOUR // 2, MG // 4),
    MultiRate((Step(0, MG // 2), Step(8 * HOUR, 13 * MG // 10), Step(20 * HOUR, MG // 5))),
)
_ONCE = (
    None,
    SingleBolus(6 * PULSE_FG, 120_000),
    Temporary(12 * MG // 10, 3 * HOUR),
    PrimingBolus(20_000, HOUR),
    Bridge((BridgeStep(3 * HOUR, 100_000), BridgeStep(2 * HOUR, 60_000)), MORPHINE.primary.concentration),
)
_ACTS = (
    *("order",) * 4,
    *("demand",) * 12,
    *("controller", "supervisor", "both", "refill", "stop", "alarm", "ended", "resume", "path", "late") * 2,
)
_SIGNED = Safety(MG // 5, (("motor_stall", "min_rate"), ("sensor_fault", "fallback")))
_ALARMS = ((5, 3), (24, 2), (2, 4), (36, 0))  # number, and the rung that the orders give it
_ENDED_BY_ORDER, _ENDED_BY_RESUME = {5}, {2, 5}


class OverDelivery(Exception):
    """More left the pump than a cap and one pulse, or than one pulse after a stop."""


class Oracle:
    """Every stroke, and what it must not come to."""

    def __init__(self) -> None:
        self.at: list[int] = []
        self.caps: tuple[tuple[int, int], ...] = ()
        self.stopped = True  # nothing may come before an order
        self.since_stop = 0
        self.primes = 0  # strokes that may still fill an empty path; they are in no window
        self.worst = 0  # fg above a cap

    def order(self, caps: tuple[tuple[int, int], ...], primes: int) -> None:
        """Both parts took an order."""
        self.caps, self.primes, self.stopped, self.since_stop = caps, primes, False, 0

    def stop(self) -> None:
        """A person stopped the pump, or evidence of over-delivery did."""
        self.stopped, self.since_stop = True, 0

    def stroke(self, at: int, *, prime: bool) -> None:
        """The mechanism moved. Raises OverDelivery."""
        self.since_stop += 1
        if self.stopped and self.since_stop > 1:
            raise OverDelivery(f"{self.since_stop} strokes after a stop")
        if prime and self.primes:
            self.primes -= 1
            return
        self.at.append(at)
        for window, cap in self.caps:
            held = PULSE_FG * (len(self.at) - bisect_right(self.at, at - window))
            self.worst = max(self.worst, held - cap)
            if held - cap > PULSE_FG:
                raise OverDelivery(f"{held} fg in {window} ms at {at - T0} ms, {held - cap} above the cap")


class Pair:
    """The two parts. ``alone``: the supervisor is asked nothing, so that the controller drives the mechanism itself."""

    def __init__(self, seed: int, *, alone: bool = False) -> None:
        self.random, self.alone = random.Random(seed), alone  # noqa: S311 - simulation
        self.now, self.beat = T0, T0
        self.oracle = Oracle()
        self.active: set[int] = set()
        self.strokes = self.vetoes = self.crashes = 0
        self.banks, self.others = MemoryStorage(), MemoryStorage()
        self.digest, self.train, self.number, self.empty, self.stopped = "", 0, 0, False, False
        self.state = kernel.start(CONFIG, 18_000_000, T0)
        self.journal = journal.create(self.banks, kernel.state_to_bytes(self.state), T0, 256)
        self.guard = Guard(FIGURES, self.others, T0, new=True)
        self.tell(Refill(18_000_000, T0))

    def run(self) -> None:
        """Some days with a random script. Raises OverDelivery."""
        self.survive(lambda: self.install(SimpleContinuous(MG), None))
        times = sorted(self.random.randrange(DAYS * DAY) for _ in range(40))
        for at in times:
            self.until(T0 + at)
            act = self.random.choice(_ACTS)
            self.survive(lambda act=act: getattr(self, f"do_{act}")())  # type: ignore[misc]
        self.until(T0 + DAYS * DAY)

    def survive(self, act: Callable[[], None]) -> None:
        """Do something; when a part crashes, both are started again."""
        try:
            act()
        except OverDelivery:
            raise
        except Exception:  # noqa: BLE001 - a mutant may raise anything
            self.crashes += 1
            for restart in (self.do_controller, self.do_supervisor):
                try:
                    restart()
                except OverDelivery:
                    raise
                except Exception:  # noqa: BLE001 - it stays as it is: nothing more comes of it
                    self.crashes += 1

    def until(self, end: int) -> None:
        """Time passes: a tick whenever the controller wants one, a heartbeat each minute."""
        while self.now < end:
            due = self.state.due
            wanted = due if self.now < due else self.now + 1_000 if due >= 0 else end
            self.now = max(self.now, min(end, wanted, self.beat + BEAT_MS))
            if self.now >= self.beat + BEAT_MS:
                self.beat = self.now
                self.survive(lambda: self.ignore(self.tell(Heartbeat(self.now, self.now))))
            self.survive(lambda: self.do(kernel.Tick(self.now)))
            if self.crashes > 200:
                return  # it does nothing but crash

    @staticmethod
    def ignore(answer: tuple[Action, ...]) -> None:
        """Nothing comes of this answer."""

    def tell(self, event: Event) -> tuple[Action, ...]:
        """Tell the supervisor."""
        return () if self.alone else self.guard.tell(event)

    def do(self, event: kernel.Event) -> None:
        """Tell the controller and carry out what it says."""
        if self.journal.full:
            self.journal.rotate(kernel.state_to_bytes(self.state), self.state.now)
        self.state, actions = kernel.step(self.state, event)
        for action in actions:
            if isinstance(action, kernel.Record):
                self.journal.append(action)
                self.train = action.c if action.kind == kernel.RecordKind.INTENT else self.train
            elif isinstance(action, kernel.Actuate):
                self.journal.sync()
                self.do(kernel.Outcome(action.seq, self.fire(action.seq)))

    def fire(self, seq: int) -> int:
        """One pulse, if the supervisor permits it."""
        if not self.alone:
            self.tell(Heartbeat(self.now, self.now))
            if Permit(seq) not in self.tell(Request(seq, self.train, self.digest, self.now)):
                self.vetoes += 1
                return kernel.VETO
        self.tell(Drive(on=True, at=self.now))
        self.strokes += 1
        self.oracle.stroke(self.now, prime=self.train == kernel.Train.PRIME)
        self.tell(Stroke(self.now))
        self.tell(Drive(on=False, at=self.now))
        return 1

    def install(self, program: Any, once: Any, caps: Caps = _CAPS) -> None:
        """An order for both parts; the supervisor first."""
        self.number += 1
        demand = _DEMAND if not isinstance(program, Stopped) else None
        order = Prescription(
            f"rx-{self.number}",
            "p",
            "intrathecal",
            MORPHINE,
            program,
            caps,
            T0,
            "Dr Example",
            T0,
            demand,
            once,
            _SIGNED,
        )
        compiled = compile_order(order, CONFIG.pulse_nl)
        load = kernel.Load(compiled, self.now)
        if any(isinstance(action, kernel.Reject) for action in kernel.step(self.state, load)[1]):
            return  # the controller is asked without being told: what it refuses the supervisor need not know
        if any(isinstance(action, Veto) for action in self.tell(Install(order.to_bytes(), self.now))):
            return
        self.do(load)
        self.digest = order.digest()
        primes = once.volume // CONFIG.pulse_nl if isinstance(once, PrimingBolus) and self.empty else 0
        self.empty = self.empty and not primes
        self.oracle.order(compiled.caps, primes)
        self.stopped = False
        self.active -= _ENDED_BY_ORDER
        self.limit()

    def limit(self) -> None:
        """Tell the supervisor again what the active alarms demand."""
        rung = max((rung for number, rung in _ALARMS if number in self.active), default=0)
        if rung:
            self.tell(Limit(rung, self.now))
        if rung == kernel.Rung.STOP:
            self.oracle.stop()

    def do_order(self) -> None:
        """Another order."""
        program, once = self.random.choice(_PROGRAMS), self.random.choice(_ONCE)
        caps = self.random.choice((_CAPS, Caps(45 * PULSE_FG, 600 * PULSE_FG)))
        self.install(program, once, caps)

    def do_demand(self) -> None:
        """The patient asks."""
        self.do(kernel.Demanded(self.now))

    def do_controller(self) -> None:
        """The controller's power goes and comes back."""
        found, checkpoint, records, lost = journal.recover(self.banks, 256)
        state = kernel.state_from_bytes(checkpoint)
        for record in records:
            state = kernel.apply(state, record)
        self.state, self.journal = state, found
        self.do(kernel.Restart(self.now, state.past.damage + lost))

    def do_supervisor(self) -> None:
        """The supervisor's power goes and comes back."""
        self.guard = Guard(FIGURES, self.others, self.now)

    def do_both(self) -> None:
        """All power is gone for an hour."""
        self.now = self.beat = self.now + HOUR
        self.do_supervisor()
        self.do_controller()

    def do_refill(self) -> None:
        """The reservoir is filled."""
        self.tell(Refill(18_000_000, self.now))
        self.do(kernel.Refill(18_000_000, self.now))

    def do_stop(self) -> None:
        """A person stops the pump, and writes an order after a while, or never."""
        self.oracle.stop()
        self.stopped = True
        self.tell(Stop(self.now))
        self.do(kernel.Stop(self.now))
        if self.random.randrange(4):
            self.until(self.now + HOUR)
            self.do_order()

    def do_alarm(self) -> None:
        """An alarm begins."""
        number, _ = self.random.choice(_ALARMS)
        self.active.add(number)
        self.limit()
        self.do(kernel.Faults(1 << number, 0, self.now))

    def do_ended(self) -> None:
        """All alarms end, and a person resumes."""
        self.do(kernel.Faults(0, sum(1 << number for number in self.active), self.now))
        self.active.clear()
        self.do_resume()

    def do_resume(self) -> None:
        """A person resumes; what the active alarms ask for is told again."""
        self.active -= _ENDED_BY_RESUME
        self.oracle.stopped = self.stopped
        self.tell(Resume(self.now))
        self.limit()
        self.do(kernel.Resume(self.now))

    def do_path(self) -> None:
        """The path is marked as empty, and an order fills it."""
        self.empty = True
        self.tell(Path(empty=True, at=self.now))
        self.do(kernel.Path(empty=True, now=self.now))
        self.install(self.random.choice(_PROGRAMS), PrimingBolus(20_000, HOUR))

    def do_late(self) -> None:
        """The controller is not run for a while."""
        self.now += self.random.randrange(2 * HOUR)
