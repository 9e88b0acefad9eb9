"""How long drug and battery will last at the worst: pure rules from the account to alarms of the table.

Volumes in nL, times in ms. The account of a pump knows what was commanded; a pump may have given more, by as much as
its labelled accuracy. So what is left is an interval, and alarms use its lower end. A level that was read is believed
when it is lower still. A battery ends at its age or by its strokes, whichever comes first.
"""

from thecal.pump.hardware.faults import PPM
from thecal.pump.hardware.model import HardwareModel
from thecal.quantity import MS_PER_DAY

RESERVOIR_LOW, RESERVOIR_CRITICAL, VOLUME_GAP = 50, 28, 29
END_OF_SERVICE, REPLACEMENT_SOON, REPLACEMENT_90 = 7, 31, 51
LOW_DAYS, CRITICAL_DAYS = 14, 3
_MS_PER_YEAR = 365 * MS_PER_DAY


def least_left(model: HardwareModel, left_nl: int, given_nl: int, level_nl: int | None = None) -> int:
    """The least that can be in reach of a needle; ``left_nl`` is the account, ``given_nl`` was given since the fill."""
    (band,) = model.need("flow_clip")
    least = max(0, left_nl - given_nl * band // PPM)
    return least if level_nl is None else min(least, level_nl)


def volume_gap(gap_nl: int, given_nl: int) -> bool:
    """Whether what a needle brought differs by so much that it has to be explained: ``given_nl`` since the fill before.

    14.5 % of what was given and half a millilitre, or 2 mL alone.
    """
    gap = abs(gap_nl)
    return gap > 2_000_000 or (gap > 500_000 and gap * 1_000 > given_nl * 145)


def supply(least_nl: int, low_nl: int, daily_nl: int) -> frozenset[int]:
    """The alarms of a reservoir that holds at least ``least_nl`` and gives ``daily_nl`` a day."""
    found = set()
    if least_nl <= low_nl or least_nl < LOW_DAYS * daily_nl:
        found.add(RESERVOIR_LOW)
    if daily_nl and least_nl < CRITICAL_DAYS * daily_nl:
        found.add(RESERVOIR_CRITICAL)
    return frozenset(found)


def service_left(model: HardwareModel, age_ms: int, strokes: int, strokes_a_day: int) -> int | None:
    """ms until the end of service: by the calendar, or by strokes at ``strokes_a_day``. None when neither is known.

    ``strokes_a_day`` is never taken as less than the mean of its life so far.
    """
    ends = []
    if "battery_years" in model.figures:
        ends.append(model.figures["battery_years"] * _MS_PER_YEAR - age_ms)
    if "battery_strokes" in model.figures:
        mean = strokes * MS_PER_DAY // age_ms if age_ms > MS_PER_DAY else 0
        if pace := max(mean, strokes_a_day):
            ends.append((model.figures["battery_strokes"] - strokes) * MS_PER_DAY // pace)
    return min(ends, default=None)


def ageing(left_ms: int | None) -> frozenset[int]:
    """The alarms of a battery with so much left: 90 and 30 days before its end, and 7."""
    if left_ms is None:
        return frozenset()
    stages = ((90, REPLACEMENT_90), (30, REPLACEMENT_SOON), (7, END_OF_SERVICE))
    return frozenset(alarm for days, alarm in stages if left_ms <= days * MS_PER_DAY)
