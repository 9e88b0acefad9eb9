"""Pump-years without a fault: nothing drifts, nothing alarms, and every pulse is where it belongs.

Each year has a model, a flow of 0.05 to 2 mL a day and a kind of program of its own; in every 11th the supervisor
takes part. What is due is worked out here a second time, from the segments of the order: whole fg, rounded down, which
compare with whole pulses as the exact fraction does. Refills come when the reservoir has reached its alarm volume, so
that the low-reservoir alarm is the one that is expected.
"""

from dataclasses import dataclass, field
from fractions import Fraction

from thecal.pump.catalog import DeviceFigures, profile
from thecal.pump.compile import compile_order
from thecal.pump.kernel import Alarm, Config, problem, start
from thecal.pump.prescription import Caps, MultiRate, PeriodicBolus, Prescription, SimpleContinuous, Step
from thecal.pump.prescription import Program as Base
from thecal.pump.proof.orders import CONCENTRATION, DAY, HOUR, T0, order
from thecal.pump.proof.orders import base_fg as prescribed
from thecal.pump.proof.rig import Rig
from thecal.pump.proof.watch import Watch
from thecal.pump.supervisor import Figures

YEAR = 365 * DAY
MODELS = ("reference", "virtual_valve_gated_20", "virtual_external_trial", "virtual_valve_gated_40")
LEAST_UL, MOST_UL = 50, 2_000
_FINE_UL = 200  # a fine pump makes ten times the pulses: its usual years are slow ones
EVERY_SUPERVISED, EVERY_FAST = 11, 500


@dataclass(slots=True)
class Years:
    """What some years came to. ``worst_drift``: pulses prescribed and not yet given, at its worst."""

    years: int = 0
    supervised: int = 0
    strokes: int = 0
    worst_drift: Fraction = Fraction(0)
    false_alarms: list[str] = field(default_factory=list)

    def add(self, other: "Years") -> None:
        """Take in others."""
        self.years += other.years
        self.supervised += other.supervised
        self.strokes += other.strokes
        self.worst_drift = max(self.worst_drift, other.worst_drift)
        self.false_alarms += other.false_alarms


def plan(number: int) -> tuple[DeviceFigures, Prescription]:
    """The model and the order of a year."""
    fast = number % EVERY_FAST == EVERY_FAST - 1
    figures = profile(MODELS[0] if fast else MODELS[number % 4]).device()
    most = _FINE_UL if figures.pulse_nl < 1_000 and not fast else MOST_UL
    share = number * 7_919 % 9_973 / 9_973
    flow = MOST_UL if fast else round(LEAST_UL * (most / LEAST_UL) ** share)  # as many slow years as fast ones
    dose = flow * 1_000 * CONCENTRATION
    room = 40 * figures.pulse_nl * CONCENTRATION
    program: Base = SimpleContinuous(dose)
    if number % 3 == 1:
        program = PeriodicBolus(dose // 12, 2 * HOUR, HOUR)
    elif number % 3 == 2:
        program = MultiRate((Step(0, dose), Step(7 * HOUR, dose * 3 // 2), Step(22 * HOUR, dose * 5 // 4)))
    return figures, order(program, Caps(dose + room, 2 * dose + room))


def year(number: int) -> Years:
    """One year."""
    figures, made = plan(number)
    supervised = number % EVERY_SUPERVISED == 1
    full = figures.reservoir_nl - figures.residual_nl
    config = Config(
        figures.pulse_nl, figures.flow_min, figures.flow_max, figures.low_reservoir_nl, minimum=figures.minimum_rate
    )
    watch = None
    if supervised:
        bounds = Figures(figures.pulse_nl, figures.flow_max, figures.minimum_rate, 0, figures.reservoir_nl)
        watch = Watch(figures=bounds, fill_nl=full)
    rig = Rig(lambda _: (True, 1), watch, rotate_after=32_768, start_state=start(config, full, T0))
    program = compile_order(made, figures.pulse_nl)
    assert problem(program, config) is None, "the order of a year is one that the controller accepts"
    tally = Years(years=1, supervised=int(supervised))
    if not rig.load(program):
        tally.false_alarms.append(f"year {number}: the order was refused")
    _live(rig, made, number, full, tally)
    if rig.state.aside.faults or rig.vetoed or (watch is not None and watch.raised):
        tally.false_alarms.append(f"year {number}: {rig.state.aside.faults}, {rig.vetoed} pulses were vetoed")
    tally.strokes = len(rig.oracle.times)
    return tally


def _live(rig: Rig, made: Prescription, number: int, full: int, tally: Years) -> None:
    """Every pulse of the year, each at the first ms at which it is due by the account here."""
    segments, pulse = made.segments(), rig.state.config.pulse_nl * CONCENTRATION
    worst, given = 0, 0
    while (due := rig.state.due) <= T0 + YEAR:
        rig.tick(due)
        before = prescribed(segments, T0, due - 1) - given
        given += pulse
        worst = max(worst, before)
        if not before < pulse <= prescribed(segments, T0, due) - given + pulse:
            tally.false_alarms.append(f"year {number}: a pulse at {due - T0} does not belong there")
            break
        if alarms := rig.state.alarms:
            if alarms != Alarm.LOW_RESERVOIR:
                tally.false_alarms.append(f"year {number}: {alarms} at {due - T0}")
                break
            rig.refill(full)
    tally.worst_drift = Fraction(worst, pulse)
    if given != len(rig.oracle.times) * pulse:
        tally.false_alarms.append(f"year {number}: {given // pulse} pulses were due, {len(rig.oracle.times)} came")
