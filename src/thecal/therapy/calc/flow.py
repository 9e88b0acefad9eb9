"""Section 1: flow from dose and concentration, its inverses, and the concentration for a wanted interval."""

from fractions import Fraction

from thecal.quantity import CONCENTRATION, DOSE_RATE, DURATION, FLOW, MASS, VOLUME, Refusal, decimal_text, show
from thecal.therapy.calc.calculation import calculation, needed, optional, refuse
from thecal.therapy.calc.result import Answer, Row, row
from thecal.therapy.calc.shared_inputs import (
    A_CONCENTRATION,
    A_FLOW,
    A_TIME,
    DOSE,
    FLOW_RATE,
    STRENGTH,
    floor,
    needs,
    over,
    volume_input,
    warn,
)
from thecal.therapy.calc.sources import CATALOG

USABLE = volume_input(
    "volume",
    "volume that can be used between two refills",
    "usable",
    "usable_volume",
    "reservoir",
    "reservoir_volume",
    "capacity",
)
_LIMITS = (
    optional("flow_min", A_FLOW, "lowest flow of the pump", aliases=("q_min", "minimum_flow")),
    optional("flow_max", A_FLOW, "highest flow of the pump", aliases=("q_max", "maximum_flow")),
)
USUAL_FLOW = (48_000, 28_800_000)
_INTERVAL = needed("interval", A_TIME, "time between two refills", aliases=("time", "t", "duration", "span"))


def flow_rows(flow: Fraction, dose: Fraction) -> tuple[Row, ...]:
    """A flow and a dose as a review screen shows them: a slip of units shows up in one of the rows."""
    return (
        row("flow_per_hour", flow, FLOW, "uL/h"),
        row("flow_per_day", flow, FLOW, "mL/day"),
        row("dose_per_day", dose, DOSE_RATE, "mg/day"),
        row("dose_per_hour", dose, DOSE_RATE, "mcg/h"),
    )


def check_flow(
    flow: Fraction, dose: Fraction, flow_min: Fraction | None, flow_max: Fraction | None, where: str = "flow"
) -> None:
    """Raises Refused when the pump cannot run this flow, with the concentration at which it could give the dose."""
    if flow_min is not None and flow_max is not None and flow_min > flow_max:
        raise refuse("contradiction", "the lowest flow is above the highest one", "flow_min", "Check both.")
    shown = show(flow, FLOW, "mL/day", 6)
    if flow_min is not None and flow < flow_min:
        raised = f"at the lowest flow the dose would be {show(dose * flow_min / flow, DOSE_RATE, 'mg/day', 6)}"
        what = f"{shown} is below the lowest flow of {show(flow_min, FLOW, 'mL/day', 6)}; {raised}"
        do = f"Use a concentration of at most {show(dose / flow_min, CONCENTRATION, 'mg/mL', 4)}."
        raise refuse("flow_low", what, where, do)
    if flow_max is not None and flow > flow_max:
        what = f"{shown} is above the highest flow of {show(flow_max, FLOW, 'mL/day', 6)}"
        do = f"Use a concentration of at least {show(dose / flow_max, CONCENTRATION, 'mg/mL', 4)}."
        raise refuse("flow_high", what, where, do)


def unusual_flow(flow: Fraction) -> tuple[Refusal, ...]:
    """A warning beside a flow that no implanted pump of the catalog runs: often a unit that is 1000 times off."""
    if USUAL_FLOW[0] <= flow <= USUAL_FLOW[1]:
        return ()
    way = "below the lowest" if flow < USUAL_FLOW[0] else "above the highest"
    what = f"{show(flow, FLOW, 'mL/day', 6)} is {way} flow of most implanted pumps"
    return (
        warn("flow_unusual", what, "A unit, an hour for a day, a decimal point? Give flow_min and flow_max.", CATALOG),
    )


@calculation(
    "flow",
    1,
    "Flow from dose and concentration",
    "Q = D / C; Q_h = Q / 24",
    (DOSE, STRENGTH, *_LIMITS),
    {"dose": "6.5 mg/day", "concentration": "18 mg/mL"},
    aliases=("flow-from-dose",),
)
def flow(dose: Fraction, concentration: Fraction, flow_min: Fraction | None, flow_max: Fraction | None) -> Answer:
    """The flow that gives a daily dose.

    Refused below the lowest and above the highest flow of the pump, with the concentration that could be used; the
    flow is never raised or lowered to fit. A dose of zero is a stop, which is a command of its own.
    """
    found = dose / concentration
    check_flow(found, dose, flow_min, flow_max)
    warnings = unusual_flow(found) if flow_min is None and flow_max is None else ()
    return Answer(row("flow", found, FLOW, "mL/day"), flow_rows(found, dose), warnings)


@calculation(
    "dose",
    1,
    "Dose from flow and concentration",
    "D = Q C",
    (FLOW_RATE, STRENGTH),
    {"flow": "0.15 mL/day", "concentration": "12 mg/mL"},
    aliases=("dose-from-flow",),
)
def dose(flow: Fraction, concentration: Fraction) -> Answer:
    """The daily dose that a flow gives."""
    found = flow * concentration
    return Answer(row("dose", found, DOSE_RATE, "mg/day"), flow_rows(flow, found), unusual_flow(flow))


@calculation(
    "concentration",
    1,
    "Concentration from dose and flow",
    "C = D / Q",
    (DOSE, FLOW_RATE),
    {"dose": "3.6 mg/day", "flow": "1 mL/day"},
    aliases=("concentration-from-flow",),
)
def concentration(dose: Fraction, flow: Fraction) -> Answer:
    """The concentration at which a given flow, for example the measured one of a constant-flow pump, gives a dose."""
    return Answer(row("concentration", dose / flow, CONCENTRATION, "mg/mL"), flow_rows(flow, dose))


@calculation(
    "concentration-for-interval",
    1,
    "Concentration for a wanted refill interval",
    "C = D T / V_usable",
    (
        DOSE,
        _INTERVAL,
        USABLE,
        optional("ceiling", A_CONCENTRATION, "highest concentration that may be used", aliases=("c_max", "limit")),
    ),
    {"dose": "6.5 mg/day", "interval": "75 days", "volume": "18 mL"},
)
def concentration_for_interval(
    dose: Fraction, interval: Fraction, volume: Fraction, ceiling: Fraction | None
) -> Answer:
    """The concentration at which the usable volume lasts for the interval.

    Refused above the ceiling, with the longest interval that the ceiling allows, rounded down.
    """
    found = over(dose, interval) / volume
    if ceiling is not None and found > ceiling:
        days = Fraction(floor(volume * ceiling / dose * 10), 10)
        what = f"{show(found, CONCENTRATION, 'mg/mL', 4)} is above {show(ceiling, CONCENTRATION, 'mg/mL', 4)}"
        raise refuse("not_feasible", what, "interval", f"Not feasible; longest interval {decimal_text(days)} days.")
    rows = (row("mass_needed", over(dose, interval), MASS, "mg"), row("flow", dose / found, FLOW, "mL/day"))
    return Answer(row("concentration", found, CONCENTRATION, "mg/mL"), rows)


@calculation(
    "interval",
    1,
    "Longest interval for a volume",
    "T = V_usable C / D",
    (DOSE, STRENGTH, USABLE),
    {"dose": "6.5 mg/day", "concentration": "25 mg/mL", "volume": "18 mL"},
    aliases=("longest-interval",),
)
def interval(dose: Fraction, concentration: Fraction, volume: Fraction) -> Answer:
    """How long a usable volume lasts at a dose."""
    flow = dose / concentration
    rows = (row("flow", flow, FLOW, "mL/day"), row("volume", volume, VOLUME, "mL"))
    found = needs(volume, flow)
    warnings: tuple[Refusal, ...] = ()
    if found > 180 * 86_400_000:
        warnings = (warn("long", "longer than half a year: stability of the drug sets the date", "Use refill-date."),)
    return Answer(row("interval", found, DURATION, "day"), rows, warnings)
