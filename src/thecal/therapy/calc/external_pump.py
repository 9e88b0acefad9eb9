"""Section 27: the external pump of a trial: pulses, increments, hourly limits, reservoir life, weighing."""

from fractions import Fraction

from thecal.quantity import DURATION, FLOW, MASS, MS_PER_HOUR, VOLUME, Refusal, auto
from thecal.therapy.calc.calculation import calculation, needed, optional, refuse
from thecal.therapy.calc.reading import DENSITY, SHARE, WEIGHT, counted
from thecal.therapy.calc.result import Answer, Row, count, percent, row
from thecal.therapy.calc.shared_inputs import (
    A_DOSE,
    A_MASS,
    A_TIME,
    A_VOLUME,
    FLOW_RATE,
    MAYBE_DOSE,
    MAYBE_FLOW,
    MAYBE_STRENGTH,
    PULSE,
    STRENGTH,
    ceiling,
    floor,
    needs,
    one_flow,
    over,
    volume_input,
    warn,
)

_HOUR = Fraction(MS_PER_HOUR)


@calculation(
    "external-pulses",
    27,
    "Pulses of an external pump",
    "N = rate / v; period = 3600 s / N",
    (FLOW_RATE, PULSE),
    {"flow": "7 mL/h", "pulse": "0.05 mL"},
)
def external_pulses(flow: Fraction, pulse: Fraction) -> Answer:
    """Pulses an hour and the time between two of them."""
    return Answer(
        count("pulses_per_hour", flow / 24 / pulse, "/h"), (row("period", needs(pulse, flow), DURATION, "s"),)
    )


@calculation(
    "dose-increment",
    27,
    "Smallest step of a dose",
    "step = v C",
    (
        needed("pulse", A_VOLUME, "smallest step of volume", aliases=("increment", "volume", "v")),
        STRENGTH,
        optional("wanted", A_MASS, "a dose that is wanted", aliases=("dose", "b")),
    ),
    {"pulse": "0.05 mL", "concentration": "18 mg/mL"},
)
def dose_increment(pulse: Fraction, concentration: Fraction, wanted: Fraction | None) -> Answer:
    """The smallest step in which a dose can be set: the step of volume times the concentration."""
    step = pulse * concentration
    rows: list[Row] = []
    if wanted is not None:
        if wanted < step:
            raise refuse("below_pulse", "less than one step", "wanted", f"At least {auto(step, MASS)}.")
        rows = [count("steps", floor(wanted / step)), row("dose_given", floor(wanted / step) * step, MASS, "mg")]
    return Answer(row("increment", step, MASS, "mg"), tuple(rows))


@calculation(
    "hourly-limit",
    27,
    "Demand doses in an hour",
    "by dose floor((limit - basal) / b); by lockout: worst sliding hour ceil(60 / L), average 60 / L; the least holds",
    (
        needed("bolus", A_MASS, "one demand dose", aliases=("b", "demand")),
        optional("limit", A_MASS, "most in one hour, basal included", aliases=("hour_limit", "max_per_hour")),
        optional("basal", A_DOSE, "basal rate", "0 mg/h", zero=True, aliases=("basal_rate", "rate")),
        optional("lockout", A_TIME, "lockout between demand doses", aliases=("l",)),
    ),
    {"bolus": "0.1 mg", "limit": "1.2 mg", "basal": "0.3 mg/h", "lockout": "7 min"},
    aliases=("pca-hour",),
)
def hourly_limit(bolus: Fraction, limit: Fraction | None, basal: Fraction, lockout: Fraction | None) -> Answer:
    """How many demand doses an hour can hold, in the worst sliding hour and on average.

    Textbooks print the average; a limit must use the worst hour. The value is the number that holds.
    """
    hourly = over(basal, _HOUR)
    rows: list[Row] = []
    numbers: list[int] = []
    if limit is not None:
        if limit < hourly:
            raise refuse(
                "contradiction",
                "the basal rate alone passes the hourly limit",
                "limit",
                "Raise it, or lower the basal rate.",
            )
        numbers.append(floor((limit - hourly) / bolus))
        rows.append(count("by_dose", numbers[-1]))
    if lockout is not None:
        numbers.append(ceiling(_HOUR / lockout))
        rows += [count("by_lockout_worst", numbers[-1]), count("by_lockout_average", _HOUR / lockout)]
        average = hourly + _HOUR / lockout * bolus
        rows.append(row("average_hour", average, MASS, "mg", "by the average that textbooks print"))
    if not numbers:
        raise refuse("input", "nothing bounds the hour", "limit", "Give a limit, a lockout, or both.")
    number = min(numbers)
    rows += [row("worst_hour", hourly + number * bolus, MASS, "mg"), row("basal_hour", hourly, MASS, "mg")]
    return Answer(count("doses", number, "/h"), tuple(rows))


@calculation(
    "reservoir-life",
    27,
    "Life of an external reservoir",
    "t = V / (rate + n v_bolus)",
    (
        volume_input(
            "volume", "volume that can be used", "reservoir", "bag", "cassette", "reservoir_volume", "capacity"
        ),
        MAYBE_FLOW,
        MAYBE_DOSE,
        MAYBE_STRENGTH,
        optional("bolus_volume", A_VOLUME, "volume of one demand dose", aliases=("bolus", "b")),
        optional(
            "boluses_per_hour",
            counted(0, 3600),
            "most demand doses in an hour",
            "0",
            zero=True,
            aliases=("n", "boluses"),
        ),
    ),
    {"volume": "100 mL", "flow": "2.5 mL/h", "bolus_volume": "1 mL", "boluses_per_hour": "2"},
)
def reservoir_life(
    volume: Fraction,
    flow: Fraction | None,
    dose: Fraction | None,
    concentration: Fraction | None,
    bolus_volume: Fraction | None,
    boluses_per_hour: int,
) -> Answer:
    """How long a bag or cassette lasts with every demand dose taken."""
    if boluses_per_hour and bolus_volume is None:
        raise refuse("input", "the volume of a demand dose is not known", "bolus_volume", "For example '1 mL'.")
    rate = one_flow(flow, dose, concentration)
    worst = rate + 24 * boluses_per_hour * (bolus_volume or Fraction(0))
    rows = (row("worst_flow", worst, FLOW, "mL/h"), row("without_boluses", needs(volume, rate), DURATION, "h"))
    return Answer(row("time", needs(volume, worst), DURATION, "h"), rows)


@calculation(
    "gravimetric",
    27,
    "Accuracy by weighing",
    "V = (m1 - m2) / density; error = V / V_programmed - 1",
    (
        needed("before", WEIGHT, "mass on the balance before", aliases=("m1",)),
        needed("after", WEIGHT, "mass on the balance afterwards", zero=True, aliases=("m2",)),
        needed("programmed", A_VOLUME, "volume that was programmed", aliases=("volume", "v")),
        optional("density", DENSITY, "density of the solution", "1 g/mL"),
        optional("tolerance", SHARE, "accuracy that the maker states", aliases=("accuracy",)),
    ),
    {"before": "128.40 g", "after": "103.15 g", "programmed": "25.00 mL"},
)
def gravimetric(
    before: Fraction, after: Fraction, programmed: Fraction, density: Fraction, tolerance: Fraction | None
) -> Answer:
    """The volume that a pump really gave, by weighing its reservoir before and after."""
    if after >= before:
        raise refuse("contradiction", "it weighs no less afterwards", "after", "Check the two masses.")
    volume = (before - after) / density * VOLUME.scale("mL")
    error = volume / programmed - 1
    warnings: tuple[Refusal, ...] = ()
    if tolerance is not None and abs(error) > tolerance:
        warnings = (warn("out_of_tolerance", "outside the stated accuracy", "Weigh again; then change the pump."),)
    return Answer(percent("error", error), (row("volume", volume, VOLUME, "mL"),), warnings)


@calculation(
    "first-drug",
    27,
    "Time until a trial catheter gives its first drug",
    "t = V_dead / rate",
    (
        volume_input("volume", "dead space of catheter and filter", "v", "dead_space", "low"),
        optional("volume_high", A_VOLUME, "its upper bound", aliases=("high",)),
        MAYBE_FLOW,
        MAYBE_DOSE,
        MAYBE_STRENGTH,
    ),
    {"volume": "0.5 mL", "volume_high": "1 mL", "flow": "2 mL/h"},
)
def first_drug(
    volume: Fraction,
    volume_high: Fraction | None,
    flow: Fraction | None,
    dose: Fraction | None,
    concentration: Fraction | None,
) -> Answer:
    """How long the dead space of an external system takes; published dead spaces are 0.5 to 1 mL with the filter."""
    high = volume if volume_high is None else volume_high
    if high < volume:
        raise refuse("contradiction", "the upper bound is below the volume", "volume_high", "Check both.")
    rate = one_flow(flow, dose, concentration)
    low_min, high_min = (needs(each, rate) / DURATION.scale("min") for each in (volume, high))
    rows = (row("flow", rate, FLOW, "mL/h"),)
    if low_min == high_min:
        return Answer(Row("time", low_min, "min"), rows)
    return Answer(Row("time", None, "min", "", low_min, high_min), rows)
