"""Sections 26, 28, 30 and 31: wrong concentration, reservoir mass, the sum of a route conversion, washout."""

from decimal import Decimal, localcontext
from fractions import Fraction

from thecal.quantity import CONCENTRATION, DOSE_RATE, DURATION, MASS, Refusal, auto, decimal_text
from thecal.therapy.calc.calculation import calculation, needed, optional, refuse
from thecal.therapy.calc.reading import RATIO, words_of
from thecal.therapy.calc.result import Answer, Row, percent, row, words
from thecal.therapy.calc.shared_inputs import A_CONCENTRATION, A_DOSE, A_TIME, DOSE, STRENGTH, needs, volume_input, warn
from thecal.therapy.calc.sources import DESIGN, KAMRAN, Source


@calculation(
    "wrong-concentration",
    26,
    "What if the concentration is wrong",
    "D_true = D_prog C_true / C_prog",
    (
        needed("dose", A_DOSE, "dose that is programmed", aliases=("d", "programmed_dose", "d_prog")),
        needed("programmed", A_CONCENTRATION, "concentration that is programmed", aliases=("c_prog", "old")),
        needed(
            "true",
            A_CONCENTRATION,
            "concentration that is in the reservoir",
            aliases=("c_true", "filled", "actual", "new"),
        ),
    ),
    {"dose": "6.5 mg/day", "programmed": "18 mg/mL", "true": "25 mg/mL"},
    source=KAMRAN,
    aliases=("concentration-error", "wrong-drug-concentration", "wrong-fill"),
)
def wrong_concentration(dose: Fraction, programmed: Fraction, true: Fraction) -> Answer:
    """The dose that is really given when somebody forgets to tell the pump the new concentration."""
    found = dose * true / programmed
    what = f"the patient gets {auto(found, DOSE_RATE, 4)} while the screen shows {auto(dose, DOSE_RATE, 4)}"
    warnings: tuple[Refusal, ...] = (
        () if true == programmed else (warn("wrong_dose", what, "Update the concentration."),)
    )
    rows = (percent("error", true / programmed - 1), row("programmed_dose", dose, DOSE_RATE, "mg/day"))
    return Answer(row("dose", found, DOSE_RATE, "mg/day"), rows, warnings)


@calculation(
    "reservoir-mass",
    28,
    "Drug in the reservoir",
    "M = V C; days = M / D",
    (
        volume_input("volume", "volume in the reservoir", "fill", "fill_volume", "reservoir", "reservoir_volume"),
        STRENGTH,
        optional("dose", A_DOSE, "daily dose", aliases=("d", "daily_dose")),
    ),
    {"volume": "20 mL", "concentration": "18 mg/mL", "dose": "6.5 mg/day"},
    aliases=("pocket-fill", "drug-in-reservoir"),
)
def reservoir_mass(volume: Fraction, concentration: Fraction, dose: Fraction | None) -> Answer:
    """The drug in the reservoir, which is the worst case of a pocket fill, and the days of therapy that it is."""
    mass = volume * concentration
    rows = [] if dose is None else [row("days_of_therapy", needs(mass, dose), DURATION, "day")]
    what = f"in the pocket all of it would be absorbed: {auto(mass, MASS, 4)}"
    return Answer(row("mass", mass, MASS, "mg"), tuple(rows), (warn("pocket_fill", what, "Prove the needle's place."),))


@calculation(
    "route-conversion",
    30,
    "Sum of a route conversion",
    "D_to = D_from / ratio; start = D_to x start-low factor",
    (
        DOSE,
        needed(
            "ratio", RATIO, "cited ratio: this many of the old route are one of the new", aliases=("ratio_low", "r")
        ),
        optional("ratio_high", RATIO, "the other published end of the ratio", aliases=("r_high",)),
        needed(
            "cited",
            words_of("source", "Example et al. (2010)"),
            "where the ratio was read",
            aliases=("source", "cite", "citation"),
        ),
        optional("factor", RATIO, "start-low factor", "0.5", aliases=("start_low", "reduction")),
    ),
    {"dose": "30 mg/day", "ratio": "100", "ratio_high": "300", "cited": "two published tables"},
    source=DESIGN,
)
def route_conversion(
    dose: Fraction, ratio: Fraction, ratio_high: Fraction | None, cited: str, factor: Fraction
) -> Answer:
    """The range that a cited ratio gives, and the reduced start. Never a single converted dose, never a program.

    Published ratios differ by a factor of three and more, so a ratio without its source is refused.
    """
    if not 0 < factor <= 1:
        raise refuse("input", "a factor above 0 and at most 1 is wanted", "factor", "For example '0.5'.")
    low, high = sorted((dose / ratio, dose / (ratio_high or ratio)))
    scale = DOSE_RATE.scale("mg/day")
    rows = (
        Row("start_low", None, "mg/day", "", low * factor / scale, high * factor / scale),
        words("cited", cited),
        words("ratio", decimal_text(ratio, 6) + (f" to {decimal_text(ratio_high, 6)}" if ratio_high else "")),
    )
    what = "published ratios differ by a factor of three and more"
    found = [warn("spread", what, "The prescriber decides; observe the patient after the change.", Source(cited))]
    if ratio_high is None:
        found.append(warn("one_ratio", "only one ratio was given: the true spread is wider", "Give ratio_high too."))
    return Answer(Row("dose", None, "mg/day", "", low / scale, high / scale), rows, tuple(found))


@calculation(
    "washout",
    31,
    "Washout",
    "fraction = 2^(-t / t_half)",
    (
        needed("half_life", A_TIME, "half-life", aliases=("t_half", "thalf", "half_time")),
        needed("time", A_TIME, "time since the last dose", zero=True, aliases=("t", "after", "duration")),
        optional("start", A_CONCENTRATION, "concentration at the start", aliases=("c", "c0")),
    ),
    {"half_life": "3 h", "time": "12 h"},
)
def washout(half_life: Fraction, time: Fraction, start: Fraction | None) -> Answer:
    """What is left after a time, for information only: the spinal fluid is not one compartment."""
    left = _halved(time / half_life)
    rows = [Row("half_lives", time / half_life)]
    if start is not None:
        rows.append(row("concentration", start * left, CONCENTRATION, "mcg/mL"))
    what = "one compartment is a rough picture of the spinal fluid"
    return Answer(percent("left", left), tuple(rows), (warn("rough", what, "For information only."),))


def _halved(halvings: Fraction) -> Fraction:
    """2 to the power of minus ``halvings``: exact for whole ones, else to 30 digits."""
    if halvings > 1000:
        raise refuse("input", "more than 1000 half-lives", "time", "Nothing is left.")
    if halvings.denominator == 1:
        return Fraction(1, 2**halvings.numerator)
    with localcontext() as context:
        context.prec = 30
        return Fraction(Decimal(2) ** -(Decimal(halvings.numerator) / Decimal(halvings.denominator)))
