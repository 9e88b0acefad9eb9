"""Every sum of the pathway as a pure exact function with one table of names: ``CALCULATIONS``.

Inputs are quantities with their units (nL, fg, fg/nL, nL/day, fg/day, mm, ms inside, as exact rationals); a result
carries its value, unit, range, rows, inputs, formula id and version, warnings and source. Whatever cannot be computed
is refused by name, with what would be accepted. Formulas, sources, worked examples: docs/therapy/calculations.md.
"""

from thecal.therapy.calc.calculation import Calculation, Input
from thecal.therapy.calc.describe import describe, listing, page
from thecal.therapy.calc.registry import CALCULATIONS, SECTIONS, find
from thecal.therapy.calc.result import Result, Row

__all__ = [
    "CALCULATIONS",
    "SECTIONS",
    "Calculation",
    "Input",
    "Result",
    "Row",
    "describe",
    "find",
    "listing",
    "page",
]
