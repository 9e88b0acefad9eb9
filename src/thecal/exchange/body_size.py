"""The latest recorded weight in g and height in mm, from measurements in the units that records use."""

from collections.abc import Iterable
from fractions import Fraction

from thecal.exchange.imported import Measurement

_GRAMS = {
    "kg": Fraction(1000),
    "g": Fraction(1),
    "[lb_av]": Fraction("453.59237"),
    "lb": Fraction("453.59237"),
    "lbs": Fraction("453.59237"),
}
_MILLIMETRES = {
    "cm": Fraction(10),
    "m": Fraction(1000),
    "mm": Fraction(1),
    "[in_i]": Fraction("25.4"),
    "in": Fraction("25.4"),
}
_WEIGHT = range(1_000, 400_001)
_HEIGHT = range(400, 2_601)


def latest_g(measurements: Iterable[Measurement]) -> int | None:
    """The latest weight, rounded to the gram; None when there is none in a known unit and a human range."""
    return _latest(measurements, "weight", _GRAMS, _WEIGHT)


def latest_mm(measurements: Iterable[Measurement]) -> int | None:
    """The latest height, rounded to the mm; None when there is none in a known unit and a human range."""
    return _latest(measurements, "height", _MILLIMETRES, _HEIGHT)


def _latest(measurements: Iterable[Measurement], what: str, units: dict[str, Fraction], sane: range) -> int | None:
    found = [
        (measurement.at, value)
        for measurement in measurements
        if measurement.what == what and measurement.unit in units
        if (value := round(Fraction(measurement.value) * units[measurement.unit])) in sane
    ]
    return max(found)[1] if found else None
