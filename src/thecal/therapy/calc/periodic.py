"""Section 15: a day's dose in equal boluses, with or without a basal flow between them."""

from fractions import Fraction

from thecal.quantity import DOSE_RATE, DURATION, FLOW, MASS, MS_PER_DAY, VOLUME
from thecal.therapy.calc.calculation import calculation, needed, optional, refuse
from thecal.therapy.calc.reading import counted
from thecal.therapy.calc.result import Answer, Row, count, row, words
from thecal.therapy.calc.shared_inputs import A_FLOW, DOSE, MAYBE_PULSE, STRENGTH, floor, needs


@calculation(
    "periodic-flow",
    15,
    "Periodic boluses",
    "b = (D - Q_basal C) / n; v = b / C; period = 24 h / n; duration = v / Q_bolus",
    (
        DOSE,
        STRENGTH,
        needed("number", counted(1, 1440), "boluses a day", aliases=("n", "boluses", "times")),
        optional("bolus_flow", A_FLOW, "flow while a bolus runs", "1 mL/h", aliases=("q_bolus", "flow", "rate")),
        optional(
            "basal", A_FLOW, "flow between boluses", "0 mL/day", zero=True, aliases=("basal_flow", "q_basal", "q_min")
        ),
        MAYBE_PULSE,
    ),
    {"dose": "5 mg/day", "number": "12", "concentration": "20 mg/mL", "bolus_flow": "0.6 mL/h", "pulse": "2.5 uL"},
    aliases=("periodic-bolus", "periodic"),
)
def periodic_flow(
    dose: Fraction, concentration: Fraction, number: int, bolus_flow: Fraction, basal: Fraction, pulse: Fraction | None
) -> Answer:
    """The bolus that gives a daily dose in equal parts. A basal flow is part of the dose.

    Refused when the basal flow alone gives the dose, or when a bolus does not fit into its period.
    """
    basal_dose = basal * concentration
    if basal_dose >= dose:
        raise refuse(
            "basal_too_high", "the basal flow alone gives the dose", "basal", "Lower it, or the concentration."
        )
    bolus = (dose - basal_dose) / number
    volume = bolus / concentration
    period, duration = Fraction(MS_PER_DAY, number), needs(volume, bolus_flow)
    if duration >= period:
        raise refuse(
            "bolus_too_long", "a bolus does not fit into its period", "number", "Fewer boluses, or a faster one."
        )
    rows = [
        row("bolus_volume", volume, VOLUME, "uL"),
        row("period", period, DURATION, "h"),
        row("duration", duration, DURATION, "min"),
        row("basal_dose", basal_dose, DOSE_RATE, "mg/day"),
        row("flow_per_day", dose / concentration, FLOW, "mL/day"),
    ]
    if pulse is not None:
        rows += _pulses(volume / pulse)
    return Answer(row("bolus", bolus, MASS, "mg"), tuple(rows))


def _pulses(each: Fraction) -> list[Row]:
    """The whole pulses of one bolus after another when the remainder is carried."""
    repeat = each.denominator
    if each < 1:
        raise refuse("below_pulse", "a bolus is less than one pulse", "number", "Fewer boluses, or a weaker solution.")
    rows = [count("pulses_per_bolus", each)]
    if repeat <= 48:
        given = [floor(each * n) - floor(each * (n - 1)) for n in range(1, repeat + 1)]
        rows.append(words("pulse_pattern", ", ".join(map(str, given)) + f": exact after {repeat} boluses"))
    return rows
