"""Orders, a pump folder and a hand-turned machine clock for the tests of the pump."""

from pathlib import Path

from thecal.formulary import Solution
from thecal.pump import (
    Caps,
    Prescription,
    Program,
    PumpConfig,
    SharedClock,
    SimpleContinuous,
    create_pump,
)
from thecal.pump.clock import RealTime
from thecal.quantity import MS_PER_DAY

MG = 10**12
MORPHINE = Solution.parse("morphine 1 mg/mL")
MODEL = "virtual_peristaltic_20"
CAPS = Caps(2 * MG, 10 * MG)


class Real(RealTime):
    """The machine's clocks, turned by hand: time passes, the wall clock is corrected, the machine restarts."""

    def __init__(self) -> None:
        self.now, self.uptime, self.run = 1_700_000_000_000, 5_000, 1

    def wall(self) -> int:
        return self.now

    def up(self) -> int:
        return self.uptime

    def boot(self) -> str:
        return str(self.run)

    def tick(self, ms: int) -> None:
        self.now += ms
        self.uptime += ms

    def reboot(self) -> None:
        self.uptime, self.run = 0, self.run + 1


def order(program: Program | None = None, *, now: int, solution: Solution = MORPHINE, **fields: object) -> Prescription:
    """An order that is admitted unless something is changed: 4 mg/day, a pulse of 0.25 mcg each 5.4 s."""
    plain: dict[str, object] = {
        "id": "rx-1",
        "patient": "patient-1",
        "route": "intrathecal",
        "caps": CAPS,
        "anchor": now - now % MS_PER_DAY,
        "author": "Dr Example",
        "written": now,
    }
    return Prescription(solution=solution, program=program or SimpleContinuous(4 * MG), **(plain | fields))  # type: ignore[arg-type]


def make_pump(
    base: Path, speed: int = 1, name: str = "pump-1", real: RealTime | None = None, fill: Solution = MORPHINE
) -> Path:
    """A new pump below ``base`` on a shared clock of that speed: 18 mL of its fill, 0.4 mL to the tip."""
    SharedClock.start(base, speed, real)
    return create_pump(base, name, PumpConfig(MODEL, 400_000, None, fill, 18_000_000), real)
