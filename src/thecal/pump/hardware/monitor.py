"""What sensors say against the account: a pure rule from readings to alarms, for the glue of a pump.

Volumes in nL, pressure in Pa. Alarms are numbers of the alarm table. Each rule runs only where the model has the
sensor; with the stroke sensor alone it says nothing of delivery, since the controller itself reads strokes. The bounds
are design values: three steps of the level sensor, and 10 % of what was delivered since the last refill; a converter
that is 1 % off its own reference measures nothing; a fill has to raise the level by at least 85 % of its volume.
"""

from thecal.pump.hardware.faults import PPM
from thecal.pump.hardware.model import AMBIENT_PA, HardwareModel
from thecal.pump.hardware.pump import Readings

OVER_DELIVERY, UNDER_DELIVERY, MRI_STALL, OCCLUSION, LEAK, BATTERY, TEMPERATURE = 1, 20, 21, 22, 23, 32, 36
ACTUATOR_FAULT, POCKET_FILL, VALVE_LOCKED, SENSOR_FAULT, SELF_TEST = 4, 12, 13, 24, 60
EVERY_MS = 900_000
COLD, WARM, HOT = 35_000, 40_000, 43_000  # millidegrees: outside the first two for two readings, above the last at once
BACK_PA, RISE_PA, FALL_PA = 2_000, 20_000, 1_000
THIN_PA, DENSE_PA = 50_000, 500_000  # what the pump is made to be in
_CONVERTER_PPM = 10_000


def judge(
    model: HardwareModel, read: Readings, account_nl: int, delivered_nl: int, before: Readings | None = None
) -> frozenset[int]:
    """The alarms that these readings call for; ``before`` are those of ``EVERY_MS`` ago, without a refill since.

    ``account_nl`` is what the controller believes to be in reach of a needle, ``delivered_nl`` what it has given since
    that was last measured.
    """
    found = _delivered(model, read, account_nl, delivered_nl, before)
    if abs(read.reference_ppm - PPM) > _CONVERTER_PPM:
        found.add(SELF_TEST)
    elif read.battery_mv is not None and read.battery_mv * 10 < model.need("battery_mv")[0] * 9:
        found.add(BATTERY)
    if read.field:
        found.add(MRI_STALL)
    warmth = [each.temperature_mc for each in (read, before) if each is not None and each.temperature_mc is not None]
    outside = [not COLD <= each <= WARM for each in warmth]
    if (warmth and warmth[0] > HOT) or (len(outside) > 1 and all(outside)):
        found.add(TEMPERATURE)
    return frozenset(found)


def _delivered(
    model: HardwareModel, read: Readings, account_nl: int, delivered_nl: int, before: Readings | None
) -> set[int]:
    found: set[int] = set()
    if read.level_nl is not None:
        (step,) = model.need("level_step")
        gone = account_nl - read.level_nl  # beyond the account
        if abs(gone) > max(3 * step, delivered_nl // 10):
            found.add(OVER_DELIVERY if gone > 0 else UNDER_DELIVERY)
        if before is not None and before.level_nl is not None and read.level_nl > before.level_nl + 3 * step:
            found.add(SENSOR_FAULT)  # a reservoir does not fill itself
    if read.pressure_pa is not None:
        if blocked(read.pressure_pa, read.ambient_pa):
            found.add(OCCLUSION)
        elif _rise(read.pressure_pa, read.ambient_pa) < -FALL_PA:
            found.add(LEAK)
    return found


def blocked(pressure_pa: int, ambient_pa: int | None) -> bool:
    """Whether the pressure at the outlet is that of a line which is shut."""
    return _rise(pressure_pa, ambient_pa) > RISE_PA


def beside_the_pump(model: HardwareModel, read: Readings, fill_nl: int) -> bool:
    """Whether a fill of ``fill_nl`` into the emptied reservoir raised the level by less than it must."""
    if read.level_nl is None:
        return False
    (step,) = model.need("level_step")
    return (read.level_nl + step) * 100 < fill_nl * 85


def strange_air(read: Readings) -> bool:
    """Whether the air around is thinner or denser than the pump is made for."""
    return read.ambient_pa is not None and not THIN_PA <= read.ambient_pa <= DENSE_PA


def _rise(pressure_pa: int, ambient_pa: int | None) -> int:
    return pressure_pa - (AMBIENT_PA if ambient_pa is None else ambient_pa) - BACK_PA
