"""Write a quantity for people: unit always there, leading zero, no trailing zero, ``mcg`` written out."""

from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from fractions import Fraction

from thecal.quantity.kinds import CONCENTRATION, DOSE_RATE, DURATION, LENGTH, MASS, VOLUME, Kind

_LADDERS = {
    MASS.name: (("mg", Fraction(1, 10)), ("mcg", Fraction(1, 10)), ("ng", Fraction(0))),
    DOSE_RATE.name: (("mg/day", Fraction(1, 10)), ("mcg/day", Fraction(1, 10)), ("ng/day", Fraction(0))),
    CONCENTRATION.name: (("mg/mL", Fraction(1, 2)), ("mcg/mL", Fraction(1, 10)), ("ng/mL", Fraction(0))),
    VOLUME.name: (("mL", Fraction(1, 100)), ("uL", Fraction(1, 10)), ("nL", Fraction(0))),
    DURATION.name: (("day", Fraction(2)), ("h", Fraction(1)), ("min", Fraction(1)), ("s", Fraction(0))),
    LENGTH.name: (("cm", Fraction(0)),),
}


def decimal_text(value: Fraction | int, digits: int | None = None) -> str:
    """``value`` as plain decimal text; exact, or rounded half-even to ``digits`` significant digits.

    Without ``digits`` a value that has no finite decimal form raises ValueError.
    """
    value = Fraction(value)
    with localcontext() as context:
        context.prec = digits or 60
        context.rounding = ROUND_HALF_EVEN
        number = Decimal(value.numerator) / Decimal(value.denominator)
        if digits is None and Fraction(number) != value:
            raise ValueError(f"{value} has no finite decimal form: say how many digits")
        text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def show(value: Fraction | int, kind: Kind, unit: str, digits: int | None = None) -> str:
    """``value`` in inner units of ``kind`` as text in ``unit``, for example ``0.361111 mL/day``.

    Exact when ``digits`` is None; else rounded to that many significant digits for display only.
    """
    return f"{decimal_text(Fraction(value) / kind.scale(unit), digits)} {unit}"


def auto(value: Fraction | int, kind: Kind, digits: int = 6) -> str:
    """``value`` in the unit that people use for its size (mg above 0.1 mg, else mcg, else ng, ...)."""
    ladder = _LADDERS.get(kind.name, ((kind.accepted[0], Fraction(0)),))
    size = abs(Fraction(value))
    for unit, least in ladder:
        if size >= least * kind.scale(unit) and (size or unit == ladder[0][0]):
            return show(value, kind, unit, digits)
    return show(value, kind, ladder[0][0], digits)
