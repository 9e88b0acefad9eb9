"""Controller and supervisor, each with its journal, before one mechanism whose strokes an oracle counts. ms, fg, nL.

This is the glue between them: it tells both parts the same orders, beats the heart, carries the supervisor's alarms to
the controller, and takes an exception in a part for a crash that a restart follows. It trusts neither part.
"""

from collections import Counter
from collections.abc import Callable
from typing import Any

from thecal.formulary import Solution
from thecal.pump import journal, kernel
from thecal.pump.compile import compile_order
from thecal.pump.parts import Once, PatientBolus, PrimingBolus, Safety
from thecal.pump.prescription import Caps, Prescription, Program, Stopped
from thecal.pump.proof.mutants.strokes import Oracle, OverDelivery
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
    Permit,
    Raise,
    Refill,
    Request,
    Stroke,
    Veto,
)

HOUR, DAY, MG = 3_600_000, 86_400_000, 10**12
T0 = 20_000 * DAY
BEAT_MS = 60_000
MORPHINE = Solution.parse("morphine 10 mg/mL")
PULSE_FG = 250 * MORPHINE.primary.concentration
CONFIG = kernel.Config(250, 1_000, 24_000_000, 2_000_000, minimum=6_000, path_nl=20_000)
FIGURES = Figures(250, 24_000_000, 6_000, 20_000, 20_000_000)
FULL_NL = 18_000_000
CAPS = Caps(25 * PULSE_FG, 450 * PULSE_FG)
STOPPING = {1, 2, 4}
_DEMAND = PatientBolus(4 * PULSE_FG, 60_000, 20 * 60_000, 12)
_SAFETY = Safety(MG // 5, (("motor_stall", "min_rate"), ("sensor_fault", "fallback")))
ENDED_BY_ORDER = {5, 9, 20, 30}
_CRASHES = 200  # a pair that crashed so often does nothing else
_ROTATE_AFTER = 256


class Cut(Exception):
    """All power goes."""


class Pair:
    """The two parts. ``alone``: the supervisor is asked nothing, so that the controller drives the mechanism itself."""

    def __init__(self, *, alone: bool = False) -> None:
        self.alone = alone
        self.now, self.beat = T0, T0
        self.oracle = Oracle(PULSE_FG)
        self.active: set[int] = set()  # alarms that ask for a rung
        self.odd = 0  # so many pulses to come are not as they should be
        self.sensed = 1  # strokes that are sensed of each of those; 0: it does not move, -1: it moves unseen
        self.cut_at = ""  # the phase of the next pulse in which power goes
        self.silent = False  # no heartbeat reaches the supervisor
        self.times: list[int] = []  # of every stroke
        self.vetoes, self.crashes = Counter[str](), 0
        self.banks, self.others = MemoryStorage(), MemoryStorage()
        self.digest, self.train, self.number, self.empty, self.stopped = "", 0, 0, False, False
        self.reactions: tuple[tuple[int, int], ...] = ()  # alarm and rung, as the order says
        self.state = kernel.start(CONFIG, FULL_NL, T0)
        self.journal = journal.create(self.banks, kernel.state_to_bytes(self.state), T0, _ROTATE_AFTER)
        self.guard = Guard(FIGURES, self.others, T0, new=True)
        self.tell(Refill(FULL_NL, T0))

    def behaviour(self) -> list[Any]:
        """What could be seen of the pair: the time of each stroke, and its vetoes by reason."""
        return [self.times, self.vetoes]

    # ---- time and crashes

    def survive(self, act: Callable[[], object]) -> None:
        """Do something; when a part crashes, or power goes, both are started again."""
        try:
            act()
        except OverDelivery:
            raise
        except Cut:
            self.restarted()
        except Exception:  # noqa: BLE001 - a mutant may raise anything
            self.crashes += 1
            self.restarted()

    def restarted(self) -> None:
        """Both parts start again, as far as they can."""
        for restart in (self.restart_controller, self.restart_supervisor):
            try:
                restart()
            except OverDelivery:
                raise
            except Exception:  # noqa: BLE001 - it stays as it is: nothing more comes of it
                self.crashes += 1

    def until(self, end: int) -> None:
        """Time passes: a tick whenever the controller wants one, a heartbeat each minute."""
        while self.now < end and self.crashes <= _CRASHES:
            due = self.state.due
            wanted = due if self.now < due else self.now + 1_000 if due >= 0 else end
            self.now = max(self.now, min(end, wanted, self.beat + BEAT_MS))
            if self.now >= self.beat + BEAT_MS:
                self.beat = self.now
                self.survive(self.heartbeat)
            self.survive(lambda: self.do(kernel.Tick(self.now)))

    def heartbeat(self) -> None:
        """The controller says that it is alive."""
        if not self.silent:
            self.tell(Heartbeat(self.now, self.now))

    def restart_controller(self) -> None:
        """The controller's power goes and comes back."""
        found, checkpoint, records, lost = journal.recover(self.banks, _ROTATE_AFTER)
        state = kernel.state_from_bytes(checkpoint)
        for record in records:
            state = kernel.apply(state, record)
        self.state, self.journal = state, found
        self.do(kernel.Restart(self.now, state.past.damage + lost))

    def restart_supervisor(self) -> None:
        """The supervisor's power goes and comes back."""
        self.guard = Guard(FIGURES, self.others, self.now)
        self.heed(self.guard.opening)

    # ---- what the parts are told

    def tell(self, event: Event) -> tuple[Action, ...]:
        """Tell the supervisor. What it raises is an alarm of the controller, and comes back as its rung."""
        if self.alone:
            return ()
        answer = self.guard.tell(event)
        self.heed(answer)
        return answer

    def heed(self, answer: tuple[Action, ...]) -> None:
        """The alarms of an answer."""
        raised = {action.alarm for action in answer if isinstance(action, Raise)} - self.active
        if raised:
            self.alarmed(raised)

    def alarmed(self, numbers: set[int]) -> None:
        """Alarms begin: for the controller, and as a rung for the supervisor."""
        self.active |= numbers
        self.do(kernel.Faults(sum(1 << number for number in numbers), 0, self.now))
        self.limit()

    def limit(self) -> None:
        """Tell the supervisor what the active alarms demand."""
        rung = max((rung for number, rung in self.reactions if number in self.active), default=0)
        if rung:
            self.tell(Limit(rung, self.now))
        if STOPPING & self.active:
            self.oracle.stop()

    def do(self, event: kernel.Event) -> None:
        """Tell the controller and carry out what it says."""
        if self.journal.full:
            self.journal.rotate(kernel.state_to_bytes(self.state), self.state.now)
        before = self.state.aside.faults
        self.state, actions = kernel.step(self.state, event)
        for action in actions:
            if isinstance(action, kernel.Record):
                self.journal.append(action)
                self.train = action.c if action.kind == kernel.RecordKind.INTENT else self.train
            elif isinstance(action, kernel.Actuate):
                self.journal.sync()
                self.do(kernel.Outcome(action.seq, self.fire(action.seq)))
        if found := {number for number in range(62) if self.state.aside.faults & ~before & 1 << number} - self.active:
            self.active |= found
            self.limit()

    def fire(self, seq: int) -> int:
        """One pulse, if the supervisor permits it. Raises Cut."""
        self.lost("intent")
        if not self.alone:
            self.heartbeat()
            answer = self.tell(Request(seq, self.train, self.digest, self.now))
            if Permit(seq) not in answer:
                self.vetoes[next((each.reason for each in answer if isinstance(each, Veto)), "")] += 1
                return kernel.VETO
        self.lost("permission")
        self.tell(Drive(on=True, at=self.now))
        strokes = self.sensed if self.odd else 1
        self.odd = max(self.odd - 1, 0)
        if strokes:
            self.moved()
        for _ in range(strokes):
            self.tell(Stroke(self.now))
        self.lost("feedback")
        self.tell(Drive(on=False, at=self.now))
        return max(strokes, 0)

    def moved(self) -> None:
        """The mechanism made one stroke."""
        self.times.append(self.now)
        self.oracle.stroke(self.now, prime=self.train == kernel.Train.PRIME)

    def lost(self, phase: str) -> None:
        """Whether power goes in this phase of the pulse."""
        if self.cut_at == phase:
            self.cut_at = ""
            raise Cut

    def written(self, program: Program, once: Once | None, caps: Caps) -> tuple[Prescription, kernel.Load]:
        """An order, and the event that loads it into the controller."""
        self.number += 1
        parts = (None if isinstance(program, Stopped) else _DEMAND, once, _SAFETY)
        name = f"rx-{self.number}"
        order = Prescription(name, "p", "intrathecal", MORPHINE, program, caps, T0, "Dr Example", T0, *parts)
        return order, kernel.Load(compile_order(order, CONFIG.pulse_nl), self.now)

    def install(self, program: Program, once: Once | None, caps: Caps = CAPS) -> None:
        """An order for both parts; the supervisor first."""
        order, load = self.written(program, once, caps)
        if any(isinstance(action, kernel.Reject) for action in kernel.step(self.state, load)[1]):
            return  # the controller is asked without being told: what it refuses the supervisor need not know
        if any(isinstance(action, Veto) for action in self.tell(Install(order.to_bytes(), self.now))):
            return
        self.do(load)
        self.digest, self.reactions = order.digest(), load.program.reactions
        primes = once.volume // CONFIG.pulse_nl if isinstance(once, PrimingBolus) and self.empty else 0
        self.empty = self.empty and not primes
        self.oracle.order(load.program.caps, primes)
        self.stopped = False
        self.active -= ENDED_BY_ORDER
        self.limit()
