"""Section 15: a day's dose in equal boluses, with or without a basal flow between them."""

from fractions import Fraction

from thecal.quantity import DOSE_RATE, DURATION, FLOW, MASS, MS_PER_DAY, MS_PER_HOUR, VOLUME, Refusal, auto
from thecal.therapy.calc.calculation import calculation, optional, refuse
from thecal.therapy.calc.reading import counted
from thecal.therapy.calc.result import Answer, Row, count, row, words
from thecal.therapy.calc.shared_inputs import A_FLOW, A_TIME, DOSE, MAYBE_PULSE, STRENGTH, floor, needs, warn
from thecal.therapy.calc.sources import MINUTES_HOURS

_FASTEST = Fraction(24_000_000)


@calculation(
    "periodic-flow",
    15,
    "Periodic boluses",
    "b = (D - Q_basal C) / n; v = b / C; period = 24 h / n; duration = v / Q_bolus",
    (
        DOSE,
        STRENGTH,
        optional("number", counted(1, 1440), "boluses a day", aliases=("n", "boluses", "times")),
        optional("every", A_TIME, "time from one bolus to the next, instead", aliases=("interval", "period")),
        optional(
            "bolus_flow",
            A_FLOW,
            "flow while a bolus runs; 1 mL/h without it and without a duration",
            aliases=("q_bolus", "flow", "rate"),
        ),
        optional("duration", A_TIME, "time that one bolus takes, instead of its flow", aliases=("bolus_duration",)),
        optional(
            "basal", A_FLOW, "flow between boluses", "0 mL/day", zero=True, aliases=("basal_flow", "q_basal", "q_min")
        ),
        MAYBE_PULSE,
    ),
    {"dose": "5 mg/day", "number": "12", "concentration": "20 mg/mL", "bolus_flow": "0.6 mL/h", "pulse": "2.5 uL"},
    aliases=("periodic-bolus", "periodic"),
)
def periodic_flow(
    dose: Fraction,
    concentration: Fraction,
    number: int | None,
    every: Fraction | None,
    bolus_flow: Fraction | None,
    duration: Fraction | None,
    basal: Fraction,
    pulse: Fraction | None,
) -> Answer:
    """The bolus that gives a daily dose in equal parts. A basal flow is part of the dose.

    Refused when the basal flow alone gives the dose, or when a bolus does not fit into its period.
    """
    period = _period(number, every)
    basal_dose = basal * concentration
    if basal_dose >= dose:
        raise refuse(
            "basal_too_high", "the basal flow alone gives the dose", "basal", "Lower it, or the concentration."
        )
    bolus = (dose - basal_dose) * period / MS_PER_DAY
    volume = bolus / concentration
    if bolus_flow is not None and duration is not None:
        raise refuse("contradiction", "the bolus is given in two ways", "duration", "Give its flow, or its duration.")
    if duration is None:
        duration = needs(volume, bolus_flow if bolus_flow is not None else _FASTEST)
    if duration >= period:
        raise refuse(
            "bolus_too_long", "a bolus does not fit into its period", "number", "Fewer boluses, or a faster one."
        )
    rows = [
        row("bolus_volume", volume, VOLUME, "uL"),
        row("period", period, DURATION, "h"),
        row("duration", duration, DURATION, "min"),
        row("bolus_flow", volume * MS_PER_DAY / duration, FLOW, "mL/h"),
        count("boluses_per_day", MS_PER_DAY / period, "/day"),
        row("basal_dose", basal_dose, DOSE_RATE, "mg/day"),
        row("flow_per_day", dose / concentration, FLOW, "mL/day"),
    ]
    if pulse is not None:
        rows += _pulses(volume / pulse)
    return Answer(row("bolus", bolus, MASS, "mg"), tuple(rows), _warnings(period))


def _period(number: int | None, every: Fraction | None) -> Fraction:
    """ms from one bolus to the next. Raises Refused unless exactly one of the two is given, and above a day."""
    if (number is None) == (every is None):
        do = "Give number='12', or every='2 h'."
        raise refuse("input", "how often a bolus comes is wanted, in one of two ways", "number", do)
    period = every if every is not None else Fraction(MS_PER_DAY, number or 1)
    if period > MS_PER_DAY:
        raise refuse("input", "less than one bolus a day", "every", "At most 24 h between two boluses.")
    return period


def _warnings(period: Fraction) -> tuple[Refusal, ...]:
    if period >= MS_PER_HOUR:
        return ()
    what = f"a bolus each {auto(period, DURATION, 4)}: an interval in minutes where hours are meant has killed"
    return (warn("interval", what, "Read the unit of the interval again, aloud.", MINUTES_HOURS),)


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
