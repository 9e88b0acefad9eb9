"""What the tests of a device with its supervisor share: a plain model, orders, and the set-up of a device on memory."""

from thecal.formulary import Solution
from thecal.pump import Caps, Device, DeviceFigures, MemoryStorage, Prescription, Program, SimpleContinuous
from thecal.pump.device import Mechanism
from thecal.pump.watch import Watch

HOUR, DAY = 3_600_000, 86_400_000
T0, MG = 20_000 * DAY, 10**12
MORPHINE = Solution.parse("morphine 10 mg/mL")
MODEL = DeviceFigures("rig", 20_000_000, 250, 1_000, 24_000_000, 0, 2_000_000, 0, 48_000)
STEADY = SimpleContinuous(4 * MG)


def order(program: Program = STEADY, caps: Caps | None = None) -> Prescription:
    """An order of that program; 4 mg/day under caps of 1 and 10 mg, a pulse each 54 s, unless another is given."""
    caps = caps or Caps(MG, 10 * MG)
    return Prescription("rx", "p", "intrathecal", MORPHINE, program, caps, T0, "Dr Example", T0)


def device(
    mechanism: Mechanism | None = None,
    *,
    path_nl: int = 0,
    watch: Watch | None = None,
    storage: MemoryStorage | None = None,
) -> Device:
    """A new device with 18 mL; its path holds drug where it has none of its own to fill."""
    kept = MemoryStorage() if storage is None else storage
    content = None if path_nl else MORPHINE
    if mechanism is None:
        return Device.create(kept, MODEL, path_nl, content, MORPHINE, 18_000_000, T0, watch=watch)
    return Device.create(kept, MODEL, path_nl, content, MORPHINE, 18_000_000, T0, mechanism=mechanism, watch=watch)
