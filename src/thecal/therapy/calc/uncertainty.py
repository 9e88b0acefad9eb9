"""Section 29: how uncertain a delivered dose is, in the worst case and as a root of a sum of squares."""

from decimal import Decimal, localcontext
from fractions import Fraction

from thecal.quantity import DOSE_RATE, decimal_text
from thecal.therapy.calc.calculation import calculation, needed, optional, refuse
from thecal.therapy.calc.reading import PERCENT, SHARE, many
from thecal.therapy.calc.result import Answer, Row, percent
from thecal.therapy.calc.shared_inputs import A_DOSE


@calculation(
    "uncertainty",
    29,
    "Uncertainty of a dose",
    "worst = product(1 +- u_i) - 1; root-sum-square = sqrt(sum(u_i^2)); a bias moves the middle, it is no noise",
    (
        needed("errors", many(SHARE), "independent relative errors", aliases=("error", "u")),
        optional("bias", PERCENT, "a known bias, for example of a blend", "0 %", zero=True),
        optional("dose", A_DOSE, "the dose that they belong to", aliases=("d",)),
    ),
    {"errors": "14.5 %; 10 %"},
)
def uncertainty(errors: tuple[Fraction, ...], bias: Fraction, dose: Fraction | None) -> Answer:
    """How far what is given may be from what is meant: the root-sum-square, and in the rows the worst case."""
    if any(not 0 < each < 1 for each in errors) or bias <= -1:
        raise refuse(
            "input", "errors between 0 and 100 % are wanted, without a sign", "errors", "For example '14.5 %'."
        )
    over, under = 1 + bias, 1 + bias
    for each in errors:
        over, under = over * (1 + each), under * (1 - each)
    root = _root(sum((each * each for each in errors), Fraction(0)))
    rows = [percent("worst_over", over - 1), percent("worst_under", under - 1), percent("bias", bias)]
    if dose is not None:
        scale = DOSE_RATE.scale("mg/day")
        rows += [
            Row("dose_worst", None, "mg/day", "", dose * under / scale, dose * over / scale),
            Row(
                "dose_likely",
                None,
                "mg/day",
                "",
                dose * (1 + bias) * (1 - root) / scale,
                dose * (1 + bias) * (1 + root) / scale,
            ),
        ]
    shown = f"about {decimal_text(root * 100, 3)} %"
    return Answer(percent("root_sum_square", root, shown), tuple(rows))


def _root(value: Fraction) -> Fraction:
    """The square root to 30 digits."""
    with localcontext() as context:
        context.prec = 30
        return Fraction((Decimal(value.numerator) / Decimal(value.denominator)).sqrt())
