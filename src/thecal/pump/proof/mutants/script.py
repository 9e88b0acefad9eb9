"""A random script of people, weather and faults for a pair of parts, the same for the same seed. Times in ms.

One life in five lasts nine days, so that the window of a week is passed too; the others last two.
"""

import random

from thecal.pump import kernel
from thecal.pump.parts import Bridge, BridgeStep, PrimingBolus, SingleBolus, Temporary
from thecal.pump.prescription import Caps, MinimumRate, MultiRate, PeriodicBolus, SimpleContinuous, Step, Stopped
from thecal.pump.proof.mutants.pair import CAPS, CONFIG, DAY, FULL_NL, HOUR, MG, MORPHINE, PULSE_FG, T0, Pair
from thecal.pump.supervisor import Drive, Heartbeat, Install, Level, Limit, Path, Refill, Resume, Stop, Stroke, Tick

ACTS = 48
_PROGRAMS = (
    SimpleContinuous(MG),
    SimpleContinuous(MG),
    SimpleContinuous(MG // 2),
    PeriodicBolus(20 * PULSE_FG, 2 * HOUR, HOUR // 2, MG // 4),
    MultiRate((Step(0, MG // 2), Step(8 * HOUR, 13 * MG // 10), Step(20 * HOUR, 0))),
    MinimumRate(CONFIG.minimum),
    Stopped(),
)
_ONCE = (
    None,
    SingleBolus(6 * PULSE_FG, 120_000),
    SingleBolus(25 * PULSE_FG, HOUR),
    Temporary(12 * MG // 10, 3 * HOUR),
    PrimingBolus(20_000, HOUR),
    PrimingBolus(20_250, HOUR),
    Bridge((BridgeStep(3 * HOUR, 100_000), BridgeStep(2 * HOUR, 60_000)), MORPHINE.primary.concentration),
    Bridge((BridgeStep(HOUR, 60_000),), MORPHINE.primary.concentration * 2),  # counted for more than the oracle does
)
_CAPS = (CAPS, CAPS, Caps(45 * PULSE_FG, 600 * PULSE_FG), Caps(25 * PULSE_FG, 450 * PULSE_FG, 80 * PULSE_FG))
_WRONG = (  # too much for the caps, too fast for the pump, slower than it can
    (SimpleContinuous(MG), Caps(15 * PULSE_FG, 450 * PULSE_FG)),
    (SimpleContinuous(MG), Caps(25 * PULSE_FG, 399 * PULSE_FG)),
    (SimpleContinuous(300 * MG), Caps(300 * MG, 300 * MG)),
    (SimpleContinuous(MG // 1_000), CAPS),
)
_ACTS = (
    *("order",) * 8, *("demand",) * 12, *("refill", "stop", "alarm", "ended", "resume", "path", "late", "cut") * 3,
    *("controller", "supervisor", "both", "odd", "silent", "level") * 2,
    "wrong", "stray", "drive", "clock", "low", "limit", "reset", "long",
)  # fmt: skip
_ALARMS = (2, 3, 5, 5, 24, 24, 36, 50)
_NOT_BY_RESUME = {24, 36, 50}  # they end with their condition
_CUTS = ("intent", "permission", "feedback")


class Script(Pair):
    """A pair with its script."""

    def __init__(self, seed: int, *, alone: bool = False) -> None:
        super().__init__(alone=alone)
        self.random = random.Random(seed)  # noqa: S311 - simulation
        self.days = 9 if seed % 5 == 4 else 2
        self.known = 0  # vetoes that somebody has looked at

    def run(self) -> None:
        """The days of the script. Raises OverDelivery."""
        self.survive(lambda: self.install(SimpleContinuous(MG), None))
        times = [self.random.randrange(self.days * DAY) for _ in range(ACTS)]
        for index in range(0, ACTS, 3):  # a third of them soon after another one
            times[index] = times[index - 1] + self.random.choice((0, 1, 1_000, 70_000, 20 * 60_000))
        for at in sorted(times):
            self.until(T0 + at)
            self.survive(getattr(self, f"do_{self.random.choice(_ACTS)}"))
            if self.random.randrange(2):
                self.survive(self.care)
        self.until(T0 + self.days * DAY)

    # ---- people

    def care(self) -> None:
        """A person finds a pump that does not run as it should, and makes all well again."""
        vetoes = sum(self.vetoes.values())
        if self.state.mode == kernel.Mode.RUNNING and not self.active and vetoes == self.known:
            return
        self.known, self.odd = vetoes, 0
        self.tell(Refill(FULL_NL, self.now))
        self.do(kernel.Refill(FULL_NL, self.now))
        self.do_ended()
        self.install(self.random.choice(_PROGRAMS[:5]), self.random.choice(_ONCE))

    def do_order(self) -> None:
        """Another order."""
        choice = self.random.choice
        self.install(choice(_PROGRAMS), choice(_ONCE), choice(_CAPS))

    def do_wrong(self) -> None:
        """An order that neither part may take, for each of them alone."""
        program, caps = self.random.choice(_WRONG)
        order, load = self.written(program, None, caps)
        self.tell(Install(order.to_bytes(), self.now))
        self.tell(Install(order.to_bytes()[:-1], self.now))
        self.do(load)

    def do_demand(self) -> None:
        """The patient asks, and asks again."""
        self.do(kernel.Demanded(self.now))
        if not self.random.randrange(3):
            self.until(self.now + self.random.choice((1_000, 60_000, 19 * 60_000, 20 * 60_000)))
            self.do(kernel.Demanded(self.now))

    def do_refill(self) -> None:
        """The reservoir is filled, with much or with little, or with what it cannot hold."""
        volume = self.random.choice((FULL_NL, FULL_NL, FULL_NL, 2_003_000, 8_000, 0, -1))
        self.tell(Refill(volume, self.now))
        self.do(kernel.Refill(volume, self.now))

    def do_stop(self) -> None:
        """A person stops the pump, and writes an order after a while, or never."""
        self.oracle.stop()
        self.stopped = True
        try:
            self.do(kernel.Stop(self.now))
        finally:  # the one that still works must hear of it
            self.tell(Stop(self.now))
        if self.random.randrange(4):
            self.until(self.now + HOUR)
            self.do_order()

    def do_resume(self) -> None:
        """A person resumes; what the active alarms ask for is told again."""
        self.active &= _NOT_BY_RESUME
        self.oracle.stopped = self.stopped
        self.tell(Resume(self.now))
        self.do(kernel.Resume(self.now))
        self.limit()

    def do_path(self) -> None:
        """The path is marked as empty, and an order fills it, or it is marked as holding drug again."""
        self.empty = True
        self.tell(Path(empty=True, at=self.now))
        self.do(kernel.Path(empty=True, now=self.now))
        self.install(self.random.choice(_PROGRAMS), PrimingBolus(20_000, HOUR))
        if not self.random.randrange(3):
            self.empty = False
            self.tell(Path(empty=False, at=self.now))
            self.do(kernel.Path(empty=False, now=self.now))

    # ---- alarms

    def do_alarm(self) -> None:
        """An alarm begins."""
        self.alarmed({self.random.choice(_ALARMS)})

    def do_ended(self) -> None:
        """All alarms end, and a person resumes."""
        self.do(kernel.Faults(0, sum(1 << number for number in self.active), self.now))
        self.active.clear()
        self.do_resume()

    def do_limit(self) -> None:
        """The supervisor hears of a rung that the controller does not run."""
        self.tell(Limit(self.random.randrange(-1, 4), self.now))

    # ---- power and time

    def do_controller(self) -> None:
        """The controller's power goes and comes back."""
        self.restart_controller()

    def do_supervisor(self) -> None:
        """The supervisor's power goes and comes back."""
        self.restart_supervisor()

    def do_both(self) -> None:
        """All power is gone for a while."""
        self.now = self.beat = self.now + self.random.choice((0, 60_000, HOUR))
        self.restarted()

    def do_long(self) -> None:
        """All power is gone for more than a day."""
        self.now = self.beat = self.now + DAY + HOUR
        self.restarted()

    def do_reset(self) -> None:
        """Both parts restart again and again."""
        for _ in range(6):
            self.restarted()
            self.until(self.now + 60_000)

    def do_cut(self) -> None:
        """Power goes in the middle of the next pulse."""
        self.cut_at = self.random.choice(_CUTS)

    def do_late(self) -> None:
        """The controller is not run for a while, and maybe its clock goes back."""
        self.now += self.random.choice((999, 1_001, 60_000, 2 * HOUR))
        self.do(kernel.Tick(self.now - self.random.choice((0, 5_000_000))))

    # ---- faults of what is around the parts

    def do_odd(self) -> None:
        """Some pulses to come move nothing, move unseen, or are seen twice."""
        self.odd, self.sensed = self.random.choice((1, 2, 3, 4)), self.random.choice((0, 0, -1, 2))

    def do_stray(self) -> None:
        """Strokes are sensed that nobody asked for and that did not happen."""
        for _ in range(self.random.choice((1, 1, 2, 3))):
            self.tell(Stroke(self.now))
            self.do(kernel.Stray(self.now))

    def do_drive(self) -> None:
        """Current flows in the drive, and nobody asked for it."""
        self.tell(Drive(on=True, at=self.now))
        self.tell(Tick(self.now + 600))
        self.tell(Drive(on=False, at=self.now + 600))

    def do_silent(self) -> None:
        """No heartbeat reaches the supervisor for a while."""
        self.silent = True
        self.until(self.now + self.random.choice((80_000, 100_000, 200_000)))
        self.silent = False

    def do_clock(self) -> None:
        """The controller's clock runs too fast or too slow, as the supervisor hears it."""
        for _ in range(3):
            self.until(self.now + 60_000)
            self.tell(Heartbeat(self.now + self.random.choice((-2_000, 2_000, 30_000)), self.now))

    def do_level(self) -> None:
        """The level says what is there, within a band."""
        left = self.state.reservoir_nl
        self.tell(Level(left - 1_000, left + 1_000, self.now))

    def do_low(self) -> None:
        """The level says that much more is gone than the account knows."""
        self.tell(Level(0, self.state.reservoir_nl // 2, self.now))
