"""Section 2: units of one quantity into another, and the finger prints of a slip between two orders."""

from fractions import Fraction

from thecal.quantity import CONCENTRATION, KINDS, Kind
from thecal.therapy.calc.calculation import calculation, needed, refuse
from thecal.therapy.calc.reading import Unread, exactly, words_of
from thecal.therapy.calc.result import Answer, Row, row, words
from thecal.therapy.calc.shared_inputs import warn
from thecal.therapy.calc.spelling import strength, unit_of

_TEXT = words_of("quantity", "6.5 mg/day", 64)
ODD = (Fraction(10), Fraction(24), Fraction(60), Fraction(1000))
_WHY = {
    10: "a decimal point one place off",
    24: "per hour taken for per day, or the other way round",
    60: "per minute taken for per hour, or minutes for hours",
    1000: "mcg taken for mg, or the other way round",
}


@calculation(
    "convert-units",
    2,
    "A quantity in another unit",
    "mg/day to mcg/h: x 1000 / 24; per cent (w/v) to mg/mL: x 10; 1 : N (g in N mL) to mg/mL: 1000 / N",
    (
        needed(
            "value", _TEXT, "a quantity with its unit; '0.15 %' and '1:200000' are strengths", aliases=("from", "x")
        ),
        needed("to", words_of("unit", "mcg/h", 32), "the unit that is wanted", aliases=("unit", "into")),
    ),
    {"value": "6.5 mg/day", "to": "mcg/h"},
    aliases=("convert", "units"),
)
def convert_units(value: str, to: str) -> Answer:
    """One quantity in another unit of the same kind, exactly. A strength may be written as per cent or 1 : N.

    Refused when the two units are not of one kind.
    """
    unit = unit_of(to)
    inner, kind = _read(value, "mg/mL" if unit == "%" else unit)
    rows = tuple(
        row("in_" + other.replace("/", "_per_"), inner, kind, other) for other in kind.accepted[:4] if other != unit
    )
    if unit == "%":
        return Answer(Row("converted", inner / kind.scale("mg/mL") / 10, "%", "weight by volume"), rows)
    return Answer(row("converted", inner, kind, unit), rows)


@calculation(
    "odd-ratio",
    2,
    "Odd ratio between two successive orders",
    "r = after / before; odd when r or 1/r is 10, 24, 60, 1000",
    (
        needed("before", _TEXT, "what ran", aliases=("old", "from", "previous")),
        needed("after", _TEXT, "what is ordered", aliases=("new", "to", "next")),
    ),
    {"before": "6.5 mg/day", "after": "65 mg/day"},
)
def odd_ratio(before: str, after: str) -> Answer:
    """Whether two successive orders differ by a factor that a slip of unit or decimal makes."""
    old, kind = _first(before, list(KINDS), "before")
    new, other = _first(after, list(KINDS), "after")
    if kind is not other:
        raise refuse(
            "contradiction", f"a {kind.name} and a {other.name} cannot be compared", "after", "Give two alike."
        )
    if not old or not new:
        raise refuse(
            "input", "zero makes no sense here", "before" if not old else "after", "Give what ran and what is ordered."
        )
    ratio = new / old
    found = next((factor for factor in ODD if ratio in (factor, 1 / factor)), None)
    change = Row("change", (ratio - 1) * 100, "%")
    if found is None:
        return Answer(Row("ratio", ratio, "x"), (change, words("finding", "no finger print of a slip")))
    what = f"after is {'x' if ratio > 1 else '1/'}{found} of before: the finger print of {_WHY[int(found)]}"
    finding = words("finding", what)
    return Answer(
        Row("ratio", ratio, "x"), (change, finding), (warn("odd_ratio", what, "Read the order again, aloud."),)
    )


def _read(text: str, unit: str) -> tuple[Fraction, Kind]:
    if strength(text) is not None:
        if unit not in CONCENTRATION.accepted:
            do = f"Use {', '.join(CONCENTRATION.accepted)} or %."
            raise refuse("input", f"a strength has no unit {unit!r}", "to", do)
        return _first(text, [CONCENTRATION], "value")
    kinds = [kind for kind in KINDS if unit in kind.accepted]
    if not kinds:
        known = sorted({each for kind in KINDS for each in kind.accepted})
        raise refuse("input", f"there is no unit {unit!r}", "to", f"Use one of {', '.join(known)}.")
    return _first(text, kinds, "value")


def _first(text: str, kinds: list[Kind], where: str) -> tuple[Fraction, Kind]:
    """``text`` by the first kind that takes its unit. Raises Refused when none does."""
    wrong = ""
    for kind in kinds:
        try:
            return exactly(text, kind), kind
        except Unread as error:
            wrong = wrong or str(error)
    units = sorted({unit for kind in kinds for unit in kind.accepted})
    what = wrong if len(kinds) == 1 else f"{text[:64]!r} is not a quantity that is known here"
    raise refuse("input", what, where, f"Write a number with one of {', '.join(units)}.")
