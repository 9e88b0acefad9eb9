"""Sections 20 and 21: mixing and dilution recipes, with the smallest draw that a syringe can measure."""

from fractions import Fraction

from thecal.quantity import CONCENTRATION, VOLUME, auto
from thecal.therapy.calc.admixture import STRENGTHS, mixture_warning, stocks_of
from thecal.therapy.calc.calculation import calculation, needed, optional, refuse
from thecal.therapy.calc.parts import Mixture
from thecal.therapy.calc.reading import counted, many
from thecal.therapy.calc.result import Answer, Row, count, percent, row, words
from thecal.therapy.calc.shared_inputs import A_CONCENTRATION, A_VOLUME, volume_input, warn
from thecal.therapy.calc.sources import BAKER, PRIMARY

_SMALLEST = optional(
    "smallest", A_VOLUME, "smallest volume that is drawn up", "0.2 mL", zero=True, aliases=("smallest_draw",)
)
_STOCK = needed("stock", A_CONCENTRATION, "concentration of the stock", aliases=("s", "from"))
_TARGET = needed(
    "target", A_CONCENTRATION, "concentration that is wanted", aliases=("c", "to", "concentration", "c_target")
)
_MADE = volume_input("volume", "volume that is to be made", "total", "total_volume", "final_volume")
MOST_STEPS = 3
_PLAIN = (50, 40, 25, 20, 10, 5, 4, 2)


@calculation(
    "admixture-recipe",
    20,
    "Mixing recipe",
    "V_i = C_i V / S_i; diluent = V - sum(V_i); feasible when sum(C_i / S_i) <= 1",
    (
        needed(
            "solution",
            STRENGTHS,
            "the drugs with the concentrations that are wanted",
            aliases=("targets", "concentrations", "mixture"),
        ),
        needed("stocks", STRENGTHS, "the drugs with the concentrations of their stocks", aliases=("stock",)),
        _MADE,
        _SMALLEST,
    ),
    {
        "solution": "morphine 10 mg/mL + bupivacaine 17.5 mg/mL + clonidine 150 mcg/mL",
        "stocks": "morphine 25 mg/mL + bupivacaine 37.5 mg/mL + clonidine 2000 mcg/mL",
        "volume": "20 mL",
    },
    source=PRIMARY,
    aliases=("recipe", "compounding", "mixing-recipe", "compounding-recipe"),
)
def admixture_recipe(solution: Mixture, stocks: Mixture, volume: Fraction, smallest: Fraction) -> Answer:
    """The volume of each stock and of diluent. Refused when the stocks are too weak to fit, or a draw too small.

    The value is the volume of diluent.
    """
    names = [name for name, _ in solution]
    held = stocks_of(names, stocks)
    volumes = {name: strength * volume / held[name] for name, strength in solution}
    total = sum(volumes.values(), Fraction(0))
    if total > volume:
        parts = " + ".join(auto(each, VOLUME, 6) for each in volumes.values())
        what = f"not feasible: {parts} = {auto(total, VOLUME, 6)} of stocks do not fit into {auto(volume, VOLUME)}"
        raise refuse("not_feasible", what, "stocks", "Use stronger stocks, or lower concentrations at a higher flow.")
    for name, each in volumes.items():
        _check_draw(each, smallest, f"stocks.{name}")
    rows: list[Row] = [row(f"{name.replace(' ', '_')}_stock", each, VOLUME, "mL") for name, each in volumes.items()]
    rows += [percent("stock_fraction", total / volume), percent("diluent_fraction", 1 - total / volume)]
    return Answer(row("diluent", volume - total, VOLUME, "mL"), tuple(rows), mixture_warning(names))


@calculation(
    "dilution",
    21,
    "Dilution",
    "V_stock = C V / S; V_diluent = V - V_stock",
    (_STOCK, _TARGET, _MADE, _SMALLEST),
    {"stock": "50 mg/mL", "target": "7.5 mg/mL", "volume": "40 mL"},
    source=BAKER,
    aliases=("dilute",),
)
def dilution(stock: Fraction, target: Fraction, volume: Fraction, smallest: Fraction) -> Answer:
    """The volume of stock and of diluent for one dilution. The value is the volume of stock."""
    if target > stock:
        what = f"{auto(target, CONCENTRATION)} cannot be made of {auto(stock, CONCENTRATION)}"
        raise refuse("not_feasible", what, "target", "Use a stronger stock.")
    draw = target * volume / stock
    _check_draw(draw, smallest, "target")
    rows = (row("diluent", volume - draw, VOLUME, "mL"), words("ratio", _one_to(stock / target)))
    return Answer(row("stock", draw, VOLUME, "mL"), rows, (warn("hand_dilution", *_HAND),))


@calculation(
    "serial-dilution",
    21,
    "Serial dilution",
    "C_k = C_(k-1) / f_k; draw_k = V / f_k; product(f_k) = S / C",
    (
        _STOCK,
        _TARGET,
        optional("volume", A_VOLUME, "volume that each step makes", "10 mL", aliases=("v", "each")),
        optional("factors", many(counted(2, 100_000)), "factor of each step, when they are given", aliases=("steps",)),
        _SMALLEST,
    ),
    {"stock": "10 mg/mL", "target": "20 mcg/mL"},
    source=BAKER,
)
def serial_dilution(
    stock: Fraction, target: Fraction, volume: Fraction, factors: tuple[int, ...] | None, smallest: Fraction
) -> Answer:
    """A dilution in as few steps as the smallest draw allows, each with its intermediate concentration.

    The value is the number of steps. Steps with given factors are checked the same way.
    """
    if target >= stock:
        raise refuse("not_feasible", "the target is not below the stock", "target", "Nothing is to be diluted.")
    ratio = stock / target
    found = tuple(Fraction(f) for f in factors) if factors is not None else _factors(ratio, volume, smallest)
    product = Fraction(1)
    for factor in found:
        product *= factor
    if product != ratio:
        what = f"the factors make {_one_to(product)}, not {_one_to(ratio)}"
        raise refuse("contradiction", what, "factors", "Give factors whose product is stock over target.")
    rows: list[Row] = []
    strength = stock
    for number, factor in enumerate(found, 1):
        _check_draw(volume / factor, smallest, f"factors.{number}")
        strength /= factor
        unit = "mg/mL" if strength >= 100_000 else "mcg/mL"
        rows += [
            row(f"step_{number}_draw", volume / factor, VOLUME, "mL"),
            row(f"step_{number}_diluent", volume - volume / factor, VOLUME, "mL"),
            row(f"step_{number}_concentration", strength, CONCENTRATION, unit),
            words(
                f"step_{number}",
                f"{_one_to(factor)}: {auto(volume / factor, VOLUME)} made up to {auto(volume, VOLUME)}",
            ),
        ]
    rows.insert(0, words("ratio", _one_to(ratio)))
    return Answer(count("steps", len(found)), tuple(rows), (warn("hand_dilution", *_HAND),))


_HAND = (
    "hand dilution is the weakest link: asked for 100 mcg, volunteers made 25 to 289 mcg",
    "Mixtures of the library only, and a second person.",
    BAKER,
)


def _factors(ratio: Fraction, volume: Fraction, smallest: Fraction) -> tuple[Fraction, ...]:
    most = volume / smallest if smallest else ratio
    if ratio <= most:
        return (ratio,)
    if ratio.denominator == 1:
        whole = ratio.numerator
        for number in range(2, MOST_STEPS + 1):
            sets = [each for each in _products(whole, number) if max(each) <= most]
            if sets:
                return tuple(Fraction(f) for f in min(sets, key=lambda each: (max(each), each)))
    first = [Fraction(factor) for factor in _PLAIN if factor <= most and ratio / factor <= most]
    if first:
        return (first[0], ratio / first[0])
    do = "Use a larger volume, or give the factors."
    raise refuse("not_feasible", f"no {MOST_STEPS} steps with such draws make {_one_to(ratio)}", "volume", do)


def _products(whole: int, number: int, least: int = 2) -> list[tuple[int, ...]]:
    """Whole factors of ``whole``, ``number`` of them, the largest first."""
    if number == 1:
        return [(whole,)] if whole >= least else []
    found = []
    for factor in range(least, int(whole ** (1 / number)) + 2):
        if whole % factor == 0:
            found += [(*rest, factor) for rest in _products(whole // factor, number - 1, factor)]
    return found


def _check_draw(draw: Fraction, smallest: Fraction, where: str) -> None:
    if draw < smallest:
        what = f"a draw of {auto(draw, VOLUME, 4)} is below {auto(smallest, VOLUME, 4)}: its reading error is too large"
        raise refuse("draw_too_small", what, where, "Dilute in steps (serial-dilution), or make more.", BAKER)


def _one_to(ratio: Fraction) -> str:
    return f"1:{ratio.numerator}" if ratio.denominator == 1 else f"1:{float(ratio):.6g}"
