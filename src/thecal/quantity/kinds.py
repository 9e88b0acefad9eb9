"""The kinds of quantity that Thecal speaks of, each with its one exact inner unit.

The registry holds only the units that a chart, a label or a pump may use. A unit that is easily misread
(the Greek letter for micro, ``ug``, ``cc``) is absent on purpose, so it cannot be entered.
"""

from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pint

MS_PER_HOUR = 3_600_000
MS_PER_DAY = 86_400_000

_ATOMS = """
fg = [mass]
pg = 1000 * fg
ng = 1000 * pg
mcg = 1000 * ng
mg = 1000 * mcg
g = 1000 * mg
kg = 1000 * g
nL = [volume]
uL = 1000 * nL
mL = 1000 * uL
L = 1000 * mL
ms = [time]
s = 1000 * ms
min = 60 * s
h = 60 * min = hour = hours
day = 24 * h = d = days
week = 7 * day = weeks
mm = [length]
cm = 10 * mm
"""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of quantity: its name, its inner unit, and the units people may write it in."""

    name: str
    inner: str
    accepted: tuple[str, ...]
    example: str

    def scale(self, unit: str) -> Fraction:
        """Inner units in one ``unit``, exactly. Raises KeyError when the unit is not accepted for this kind."""
        if unit not in self.accepted:
            raise KeyError(unit)
        return _scale(unit, self.inner)


VOLUME = Kind("volume", "nL", ("mL", "uL", "nL", "L"), "18 mL")
MASS = Kind("mass", "fg", ("mg", "mcg", "ng", "g", "pg", "fg"), "0.5 mg")
CONCENTRATION = Kind(
    "concentration", "fg/nL", ("mg/mL", "mcg/mL", "ng/mL", "g/L", "mcg/uL", "g/mL", "fg/nL"), "500 mcg/mL"
)
DURATION = Kind(
    "duration", "ms", ("day", "days", "d", "h", "hour", "hours", "min", "s", "ms", "week", "weeks"), "90 min"
)
DOSE_RATE = Kind(
    "dose rate",
    "fg/day",
    ("mg/day", "mcg/day", "mg/h", "mcg/h", "ng/day", "ng/h", "mg/d", "mcg/d", "fg/day"),
    "0.5 mg/day",
)
FLOW = Kind("flow", "nL/day", ("mL/day", "uL/day", "mL/h", "uL/h", "mL/d", "nL/day", "uL/min"), "0.4 mL/day")
LENGTH = Kind("length", "mm", ("cm", "mm"), "72.5 cm")
VOLUME_PER_LENGTH = Kind("volume per length", "nL/mm", ("mL/cm", "uL/cm", "uL/mm", "nL/mm"), "0.0026 mL/cm")
BODY_WEIGHT = Kind("body weight", "g", ("kg", "g"), "80 kg")

KINDS = (VOLUME, MASS, CONCENTRATION, DURATION, DOSE_RATE, FLOW, LENGTH, VOLUME_PER_LENGTH, BODY_WEIGHT)


@cache
def _registry() -> "pint.UnitRegistry[Fraction]":
    import pint  # when the first unit is read: many a user of a room reads none

    registry: pint.UnitRegistry[Fraction] = pint.UnitRegistry(None, non_int_type=Fraction)
    for line in _ATOMS.strip().splitlines():
        registry.define(line)
    return registry


@cache
def _scale(unit: str, inner: str) -> Fraction:
    registry = _registry()
    return Fraction(registry.Quantity(Fraction(1), unit).to(inner).magnitude)


@cache
def known_units() -> frozenset[str]:
    """Every unit that some kind accepts; used to tell a wrong kind of unit from an unknown one."""
    return frozenset(unit for kind in KINDS for unit in kind.accepted)
