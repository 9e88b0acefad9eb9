"""How fast the virtual pump is: a pump-year of a device, and the controller's step. Times of the machine that runs it.

The year is a whole one, at 0.4 mL a day in pulses of 0.25 uL, as a course simulates it: controller, journal, reservoir
and path. With a supervisor beside it, as a running pump has, a tenth of a year is run and said to be one.
"""

import time
from dataclasses import dataclass

from thecal.pump import admission
from thecal.pump.catalog import profile
from thecal.pump.device import Device
from thecal.pump.kernel import Load, Tick, start, step
from thecal.pump.prescription import Caps, SimpleContinuous
from thecal.pump.proof.orders import CONFIG, DAY, MORPHINE, PULSE_FG, T0, order, pool
from thecal.pump.storage import MemoryStorage
from thecal.pump.watch import Watch

MODEL, FLOW_NL, PATH_NL, FILL_NL = "reference", 400_000, 200_000, 18_000_000
_DOSE = FLOW_NL * MORPHINE.primary.concentration
_REFILL_MS = 30 * DAY
_STEPS = 2_001


@dataclass(frozen=True, slots=True)
class Speed:
    """Seconds of processor time for a year, the same from a tenth of one with a supervisor, and us of a step."""

    pulses: int
    year_s: float
    supervised_year_s: float
    step_us: float


def measure() -> Speed:
    """Measure on this machine, now."""
    pulses, year_s = _lived(365 * DAY, supervised=False)
    _, tenth_s = _lived(365 * DAY // 10, supervised=True)
    return Speed(pulses, year_s, tenth_s * 10, _step_us())


def _lived(length: int, *, supervised: bool) -> tuple[int, float]:
    model = profile(MODEL)
    figures = model.device()
    watch = Watch(figures, PATH_NL, MemoryStorage(), T0, new=True) if supervised else None
    device = Device.create(MemoryStorage(), figures, PATH_NL, None, MORPHINE, FILL_NL, T0, watch=watch)
    caps = Caps(_DOSE // 24 + 10 * PULSE_FG, _DOSE + 10 * PULSE_FG)
    admission.load(device, order(SimpleContinuous(_DOSE), caps), model, T0)
    began = time.process_time()
    for now in range(T0 + _REFILL_MS, T0 + length, _REFILL_MS):
        admission.refill(device, model, device.status(now).reservoir_nl, MORPHINE, FILL_NL, now)
    device.advance(T0 + length)
    return device.status(T0 + length).delivered_pulses, time.process_time() - began


def _step_us() -> float:
    """The median of a step that begins a pulse, over a day of pulses."""
    state, _ = step(start(CONFIG, FILL_NL, T0), Load(pool()[8].program, T0))
    took = []
    for _ in range(_STEPS):
        began = time.perf_counter_ns()
        after, _ = step(state, Tick(state.due))
        took.append(time.perf_counter_ns() - began)
        state = after._replace(pending=0)
    return sorted(took)[_STEPS // 2] / 1_000
