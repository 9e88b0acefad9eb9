"""Sections 21 and 25: pumps with one fixed flow. The dose is set by the concentration; the flow is measured."""

from fractions import Fraction

from thecal.quantity import CONCENTRATION, DOSE_RATE, DURATION, FLOW, MASS, MS_PER_DAY, VOLUME, Refusal, auto
from thecal.therapy.calc.calculation import calculation, needed, optional, refuse
from thecal.therapy.calc.reading import DEGREES, PRESSURE, SHARE, scaled
from thecal.therapy.calc.result import Answer, Row, percent, row, words
from thecal.therapy.calc.shared_inputs import (
    A_CONCENTRATION,
    A_DOSE,
    A_TIME,
    A_VOLUME,
    DOSE,
    FLOW_RATE,
    needs,
    over,
    volume_input,
    warn,
)
from thecal.therapy.calc.sources import ARCHIMEDES, DISK

MOST_DEGREES = 10
BODY_HEAT = scaled(
    "body temperature",
    {"degC": Fraction(1), "C": Fraction(1), "°C": Fraction(1)},
    "38.5 degC",
    Fraction(20),
    Fraction(45),
)


@calculation(
    "constant-flow-fill",
    21,
    "Fill of a constant-flow pump",
    "T = V / Q; C = D / Q; drug = C V; stock = C (V + extra) / S",
    (
        volume_input(
            "volume", "volume of the reservoir", "reservoir", "reservoir_volume", "capacity", "fill", "fill_volume"
        ),
        FLOW_RATE,
        DOSE,
        optional("stock", A_CONCENTRATION, "concentration of the stock", aliases=("s",)),
        optional(
            "extra", A_VOLUME, "more that is made for the refill set, at the same concentration", "3 mL", zero=True
        ),
    ),
    {"volume": "30 mL", "flow": "1 mL/day", "dose": "3.6 mg/day", "stock": "25 mg/mL"},
    source=ARCHIMEDES,
    aliases=("constant-flow", "constant-flow-refill", "fixed-flow-fill", "fixed-rate-fill"),
)
def constant_flow_fill(
    volume: Fraction, flow: Fraction, dose: Fraction, stock: Fraction | None, extra: Fraction
) -> Answer:
    """The solution for a pump whose flow cannot be set. What is made beyond it has the same concentration."""
    strength = dose / flow
    total = volume + extra
    rows: list[Row] = [
        row("run_time", needs(volume, flow), DURATION, "day"),
        row("drug_in_reservoir", strength * volume, MASS, "mg"),
        row("volume_made", total, VOLUME, "mL"),
        row("drug_made", strength * total, MASS, "mg"),
    ]
    if stock is not None:
        if strength > stock:
            what = f"{auto(strength, CONCENTRATION)} cannot be made of {auto(stock, CONCENTRATION)}"
            raise refuse("not_feasible", what, "stock", "Use a stronger stock.")
        draw = strength * total / stock
        rows += [row("stock_volume", draw, VOLUME, "mL"), row("diluent", total - draw, VOLUME, "mL")]
    return Answer(row("concentration", strength, CONCENTRATION, "mg/mL"), tuple(rows))


@calculation(
    "measured-flow",
    25,
    "Measured flow of a pump",
    "Q_est = (V_fill - V_found) / days; D_est = Q_est C; C_next = D / Q_est",
    (
        volume_input("fill", "volume that was filled", "v_fill", "volume", "start"),
        needed("found", A_VOLUME, "volume that was found", zero=True, aliases=("v_found", "withdrawn", "residual")),
        needed("time", A_TIME, "time between", aliases=("days", "duration", "t")),
        optional("concentration", A_CONCENTRATION, "concentration in the reservoir", aliases=("c",)),
        optional("dose", A_DOSE, "daily dose that is wanted", aliases=("d", "set_dose")),
        optional("tolerance", SHARE, "tolerance of the flow", "10 %"),
    ),
    {"fill": "30 mL", "found": "8.2 mL", "time": "24 days", "concentration": "3.6 mg/mL", "dose": "3.6 mg/day"},
    source=ARCHIMEDES,
)
def measured_flow(
    fill: Fraction,
    found: Fraction,
    time: Fraction,
    concentration: Fraction | None,
    dose: Fraction | None,
    tolerance: Fraction,
) -> Answer:
    """The flow that a refill shows, the dose that it gave, and the concentration for the next fill."""
    if found >= fill:
        raise refuse("contradiction", "as much was found as was filled, or more", "found", "Check the reading.")
    rate = (fill - found) * MS_PER_DAY / time
    rows: list[Row] = [row("infused", fill - found, VOLUME, "mL")]
    warnings: tuple[Refusal, ...] = ()
    if concentration is not None:
        rows.append(row("dose_given", rate * concentration, DOSE_RATE, "mg/day"))
    if dose is not None:
        rows.append(row("next_concentration", dose / rate, CONCENTRATION, "mg/mL"))
        if concentration is not None:
            error = rate * concentration / dose - 1
            rows.append(percent("error", error))
            inside = abs(error) <= tolerance
            rows.append(
                words(
                    "tolerance",
                    f"{'within' if inside else 'outside'} {float(tolerance * 100):g} % (recalled, unconfirmed)",
                )
            )
            if not inside:
                warnings = (
                    warn(
                        "out_of_tolerance",
                        "the flow is outside its tolerance",
                        "Average it over refills.",
                        confirmed=False,
                    ),
                )
    return Answer(row("flow", rate, FLOW, "mL/day"), tuple(rows), warnings)


@calculation(
    "warm-flow",
    25,
    "Constant flow at another temperature",
    "Q = Q_set (1 + coefficient x degrees); V = Q t",
    (
        FLOW_RATE,
        optional(
            "degrees", DEGREES, "difference to the usual body temperature", aliases=("dt", "difference", "delta_t")
        ),
        optional(
            "temperature",
            BODY_HEAT,
            "body temperature, instead of the difference",
            aliases=("body_temperature", "fever"),
        ),
        optional("usual", BODY_HEAT, "usual body temperature", "37 degC", aliases=("reference", "baseline")),
        optional("coefficient", SHARE, "change for each degree", "10 %"),
        optional("time", A_TIME, "how long it lasts", "1 day", aliases=("duration", "t")),
    ),
    {"flow": "1 mL/day", "degrees": "1.5 degC", "time": "2 days"},
    source=DISK,
    aliases=("temperature-flow", "fever-flow"),
)
def warm_flow(
    flow: Fraction,
    degrees: Fraction | None,
    temperature: Fraction | None,
    usual: Fraction,
    coefficient: Fraction,
    time: Fraction,
) -> Answer:
    """A what-if: the volume that flows at another body temperature. The coefficient is recalled, not confirmed.

    Give the difference in degrees, or the temperature, which is counted from the usual one.
    """
    if (degrees is None) == (temperature is None):
        do = "Give degrees='1.5 degC', or temperature='38.5 degC'."
        raise refuse("input", "a difference or a temperature is wanted, one of them", "degrees", do)
    off = degrees if degrees is not None else (temperature or usual) - usual
    if abs(off) > MOST_DEGREES:
        do = f"At most {MOST_DEGREES} degC of difference; a body temperature is given as temperature."
        raise refuse("input", "the rule holds for a few degrees only", "degrees", do)
    factor = 1 + coefficient * off
    if factor <= 0:
        raise refuse("input", "the flow would be none", "coefficient", "A smaller change for each degree.")
    rows = (
        percent("change", factor - 1),
        row("volume_usual", over(flow, time), VOLUME, "mL"),
        row("flow", flow * factor, FLOW, "mL/day"),
    )
    return Answer(row("volume", over(flow * factor, time), VOLUME, "mL"), rows, (_only(),))


@calculation(
    "altitude-flow",
    25,
    "Constant flow at another ambient pressure",
    "Q = Q_set P_drive / (P_amb + P_out)",
    (
        FLOW_RATE,
        needed("drive", PRESSURE, "driving pressure", aliases=("p_drive",)),
        needed("ambient", PRESSURE, "ambient pressure", aliases=("p_amb",)),
        optional("outlet", PRESSURE, "pressure at the outlet", "0 kPa", zero=True, aliases=("p_out",)),
    ),
    {"flow": "1 mL/day", "drive": "101.3 kPa", "ambient": "80 kPa"},
    source=DISK,
    aliases=("pressure-flow",),
)
def altitude_flow(flow: Fraction, drive: Fraction, ambient: Fraction, outlet: Fraction) -> Answer:
    """A what-if: the form of the rule is published for one gas-driven pump, its figures for implanted ones are not."""
    found = flow * drive / (ambient + outlet)
    return Answer(row("flow", found, FLOW, "mL/day"), (percent("change", found / flow - 1),), (_only(),))


def _only() -> Refusal:
    return warn("what_if", "a what-if that rests on a recalled figure", "Never dose by it.", confirmed=False)
