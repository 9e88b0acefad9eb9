"""The orders of the proofs: real prescriptions, as bytes for the supervisor and as programs for the controller.

All are for one model, a peristaltic pump of 250 nL a pulse with 10 mg/mL, so that a pulse is 2.5 ug; one order holds
half of that. Units: fg, fg/day, ms. The pool is made once; each order in it is one that both parts accept.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from hashlib import sha256

from thecal.formulary import Component, Solution
from thecal.pump.compile import compile_order
from thecal.pump.kernel import Config, Program, problem
from thecal.pump.parts import Bridge, BridgeStep, Once, PatientBolus, PrimingBolus, Safety, SingleBolus, Temporary
from thecal.pump.prescription import (
    Caps,
    MultiRate,
    PeriodicBolus,
    Prescription,
    Segments,
    SimpleContinuous,
    Step,
    Stopped,
)
from thecal.pump.prescription import Program as Base
from thecal.pump.supervisor import Figures, read_order

DAY, HOUR = 86_400_000, 3_600_000
T0 = 20_000 * DAY
PULSE_NL, PATH_NL, RESERVOIR_NL = 250, 100_000, 20_000_000
CONCENTRATION = 10**7
PULSE_FG = PULSE_NL * CONCENTRATION
FLOW_MIN, FLOW_MAX, MINIMUM, LOW_NL = 48_000, 24_000_000, 6_000, 2_000_000
CONFIG = Config(PULSE_NL, FLOW_MIN, FLOW_MAX, LOW_NL, minimum=MINIMUM, path_nl=PATH_NL)
FIGURES = Figures(PULSE_NL, FLOW_MAX, MINIMUM, PATH_NL, RESERVOIR_NL)
MORPHINE = Solution((Component("morphine", CONCENTRATION),))


@dataclass(frozen=True, slots=True)
class Given:
    """An order in the three forms that the proofs need. ``bolus``: whether the patient may ask for one."""

    order: Prescription
    data: bytes
    digest: str
    program: Program

    @property
    def bolus(self) -> bool:
        """Whether the patient may ask for a bolus."""
        return self.order.patient_bolus is not None

    def base_fg(self, until: int) -> int:
        """fg that the base program gives from the anchor to ``until``, rounded down."""
        return base_fg(self.order.segments(), self.order.anchor, until)


def base_fg(segments: Segments, anchor: int, until: int) -> int:
    """fg that segments prescribe from ``anchor`` to ``until``, rounded down: worked out from the order alone."""
    period, spans = segments
    whole, rest = divmod(until - anchor, period)
    mass = whole * sum(span[2] for span in spans)
    return mass + sum(part * min(max(rest - start, 0), length) // length for start, length, part in spans)


@cache
def pool() -> tuple[Given, ...]:
    """Every order of the proofs. The last two are another drug and a stop."""
    made = []
    for given in map(_given, _orders()):
        assert problem(given.program, CONFIG) is None, "the controller accepts an order of the pool"
        assert read_order(given.data, FIGURES).digest == given.digest, "the supervisor accepts an order of the pool"
        made.append(given)
    return tuple(made)


@cache
def by_label() -> dict[bytes, Given]:
    """The orders by their bytes, as a controller gives them back."""
    return {given.data: given for given in pool()}


@cache
def digest_of(data: bytes) -> str:
    """The name of an order under which a pulse is asked for."""
    return sha256(data).hexdigest()


def order(program: Base, caps: Caps, *, solution: Solution = MORPHINE, **parts: object) -> Prescription:
    """An order with short names: what is stored of it is cut at each byte."""
    return Prescription("r", "p", "intrathecal", solution, program, caps, T0, "a", 0, **parts)  # type: ignore[arg-type]


def _given(made: Prescription) -> Given:
    return Given(made, made.to_bytes(), made.digest(), compile_order(made, PULSE_NL))


def _orders() -> Iterator[Prescription]:
    for dose_mg in (1, 4, 12, 40):
        dose = dose_mg * 10**12
        flow = dose // CONCENTRATION
        for room in (0, 4, 40):
            caps = _caps(dose, room)
            patient = PatientBolus(2 * PULSE_FG, 60_000, 600_000, 3, 6 * HOUR, "end" if room == 4 else "start")
            safety = Safety(dose // 2) if room else Safety()
            once: Once | None = Temporary(dose * 5 // 4, 2 * HOUR) if room == 40 else None
            yield order(SimpleContinuous(dose), caps, safety=safety, once=once, patient_bolus=patient if room else None)
        wide = _caps(dose, 40)
        yield order(SimpleContinuous(dose), wide, once=SingleBolus(5 * PULSE_FG, 120_000))
        yield order(SimpleContinuous(dose), wide, once=PrimingBolus(8 * PULSE_NL, 240_000))
        bridge = Bridge((BridgeStep(HOUR, flow), BridgeStep(HOUR // 2, flow * 5 // 4)), CONCENTRATION // 2)
        yield order(SimpleContinuous(dose), wide, once=bridge)
        steps = MultiRate((Step(0, dose // 2), Step(8 * HOUR, dose * 3 // 4)))
        yield order(steps, Caps(dose // 16, dose))
        yield order(PeriodicBolus(dose // 12, 2 * HOUR, HOUR // 2), Caps(dose // 10, dose + 10**11))
    weak = Solution((Component("morphine", CONCENTRATION // 2),))
    yield order(SimpleContinuous(4 * 10**12), _caps(4 * 10**12, 4), solution=weak)
    other = Solution((Component("hydromorphone", CONCENTRATION),))
    yield order(SimpleContinuous(10**12), _caps(10**12, 4), solution=other)
    yield order(Stopped(), Caps(10**12, 10**13))


def _caps(dose: int, room: int) -> Caps:
    """So many pulses of room above a steady dose, in an hour and in a day."""
    return Caps(dose // 24 + 1 + room * PULSE_FG, dose + room * PULSE_FG)
