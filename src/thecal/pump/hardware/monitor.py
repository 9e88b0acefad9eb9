"""What level and pressure say against the account: a pure rule from readings to alarms, for the glue of a pump.

Volumes in nL, pressure in Pa. Alarms are numbers of the alarm table. It runs only where the model declares the sensor;
with the stroke sensor alone it says nothing, since the controller itself reads strokes. The bounds are design values:
three steps of the level sensor, and 10 % of what was delivered since the last refill.
"""

from thecal.pump.hardware.model import AMBIENT_PA, HardwareModel
from thecal.pump.hardware.pump import Readings

OVER_DELIVERY, UNDER_DELIVERY, MRI_STALL, OCCLUSION, LEAK, BATTERY, TEMPERATURE = 1, 20, 21, 22, 23, 32, 36
EVERY_MS = 900_000
COLD, WARM, HOT = 35_000, 40_000, 43_000  # millidegrees: outside the first two for two readings, above the last at once
BACK_PA, RISE_PA, FALL_PA = 2_000, 20_000, 1_000


def judge(
    model: HardwareModel, read: Readings, account_nl: int, delivered_nl: int, before: Readings | None = None
) -> frozenset[int]:
    """The alarms that these readings call for; ``before`` are those of ``EVERY_MS`` ago.

    ``account_nl`` is what the controller believes to be in reach of a needle, ``delivered_nl`` what it has given since
    that was last measured.
    """
    found: set[int] = set()
    if read.level_nl is not None:
        (step,) = model.need("level_step")
        gone = account_nl - read.level_nl  # beyond the account
        if abs(gone) > max(3 * step, delivered_nl // 10):
            found.add(OVER_DELIVERY if gone > 0 else UNDER_DELIVERY)
    if read.pressure_pa is not None:
        rise = read.pressure_pa - AMBIENT_PA - BACK_PA
        if rise > RISE_PA:
            found.add(OCCLUSION)
        elif rise < -FALL_PA:
            found.add(LEAK)
    if read.battery_mv * 10 < model.need("battery_mv")[0] * 9:
        found.add(BATTERY)
    if read.field:
        found.add(MRI_STALL)
    outside = [not COLD <= each.temperature_mc <= WARM for each in (read, before) if each is not None]
    if read.temperature_mc > HOT or (len(outside) > 1 and all(outside)):
        found.add(TEMPERATURE)
    return frozenset(found)
