"""Pump-years without a fault: nothing drifts, nothing alarms, and every pulse is where it belongs.

What is due is worked out here a second time, from the prescribed mass as a fraction, not by the controller's schedule.
Refills come when the reservoir has reached its alarm's volume, so the low-reservoir alarm is the one that is expected.
"""

from dataclasses import dataclass, field
from fractions import Fraction

from thecal.pump.kernel import Alarm, Load, Program, Refill, Segment
from thecal.pump.proof.rig import DAY, HOUR, PULSE_FG, T0, Rig

YEAR = 365 * DAY


@dataclass(slots=True)
class Years:
    """What some years came to. ``worst_drift``: pulses given less those prescribed, at its worst."""

    years: int = 0
    strokes: int = 0
    worst_drift: Fraction = Fraction(0)
    false_alarms: list[str] = field(default_factory=list)

    def add(self, other: "Years") -> None:
        """Take in others."""
        self.years += other.years
        self.strokes += other.strokes
        self.worst_drift = max(self.worst_drift, other.worst_drift)
        self.false_alarms += other.false_alarms


def year(number: int) -> Years:
    """One year at a dose of its own, from 1 to 4 mg/day of 10 mg/mL."""
    dose = 10**12 + number * 7_919 * 10**7 % (3 * 10**12)
    caps = ((HOUR, dose // 24 + PULSE_FG), (DAY, dose + PULSE_FG))
    program = Program("morphine", PULSE_FG, T0, DAY, (Segment(0, DAY, dose),), caps)
    rig = Rig(lambda _: (True, 1), rotate_after=32_768)
    rig.do(Load(program, T0))
    tally = Years(years=1)
    while rig.state.due <= T0 + YEAR:
        due = rig.state.due
        rig.tick(due)
        drift = abs(rig.pulses - Fraction(dose * (due - T0), DAY * PULSE_FG))
        if drift > tally.worst_drift:
            tally.worst_drift = drift
        alarms = rig.state.alarms
        if alarms:
            if alarms != Alarm.LOW_RESERVOIR:
                tally.false_alarms.append(f"year {number}: {alarms} at {due - T0}")
                break
            rig.do(Refill(18_000_000, rig.now))
    if rig.state.aside.faults:
        tally.false_alarms.append(f"year {number}: {rig.state.aside.faults}")
    tally.strokes = rig.pulses
    return tally
