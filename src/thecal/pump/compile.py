"""An order as the kernel runs it: segments, windows, boluses and reactions as plain integers.

Units: fg and ms; a rate is fg/day. What the order leaves open comes from the alarm table, never from a default dose.
"""

from thecal.pump import kernel
from thecal.pump.alarm_table import ACTIONS, alarms
from thecal.pump.parts import FIXED, Bridge, Once, PrimingBolus, SingleBolus, Temporary
from thecal.pump.prescription import Prescription
from thecal.quantity import MS_PER_DAY

# the pump is in these states of itself: an empty reservoir, a stop by command
_STATES = ("reservoir_empty", "therapy_stopped", "emergency_used")


def compile_order(order: Prescription, pulse_nl: int) -> kernel.Program:
    """The program of an order on a pump with that pulse volume; its label is the order's canonical bytes."""
    concentration = order.solution.primary.concentration
    period, spans = order.segments()
    demand = order.patient_bolus
    return kernel.Program(
        drug=order.solution.primary.drug,
        pulse_fg=pulse_nl * concentration,
        anchor=order.anchor,
        period=period,
        segments=tuple(kernel.Segment(*span) for span in spans),
        caps=tuple((window, cap) for _, window, cap in order.caps.windows()),
        label=order.to_bytes(),
        fallback=kernel.NEVER if order.safety.fallback is None else order.safety.fallback,
        reactions=_reactions(order),
        locks=sum(1 << alarm.number for alarm in alarms() if alarm.locks_bolus and alarm.name not in _STATES),
        demand=None
        if demand is None
        else kernel.Demand(
            demand.dose, demand.over, demand.lockout, demand.since == "end", demand.count, demand.window
        ),
        once=None if order.once is None else _once(order.once, concentration, pulse_nl),
    )


def _reactions(order: Prescription) -> tuple[tuple[int, int], ...]:
    found = []
    for alarm in alarms():
        action = alarm.action if alarm.name in FIXED else order.safety.reaction(alarm.name)
        if alarm.name not in _STATES and action != "continue":
            found.append((alarm.number, ACTIONS.index(action)))
    return tuple(found)


def _once(once: Once, concentration: int, pulse_nl: int) -> kernel.Once:
    match once:
        case SingleBolus(dose, over):
            return kernel.Once(kernel.Part.BOLUS, over, dose)
        case PrimingBolus(volume, over):
            return kernel.Once(kernel.Part.PRIME, over, volume * concentration)
        case Temporary(dose, length):
            return kernel.Once(kernel.Part.TEMPORARY, length, dose)
        case Bridge(steps, old):
            start, spans = 0, []
            for step in steps:
                mass = step.flow * concentration * step.length // MS_PER_DAY
                spans.append(kernel.Segment(start, step.length, mass))
                start += step.length
            return kernel.Once(kernel.Part.BRIDGE, start, 0, tuple(spans), old * pulse_nl)
