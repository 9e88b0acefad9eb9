"""Section 12: the trend across refills, which finds a pump that runs fast though no single refill is out of bounds."""

from fractions import Fraction

from thecal.quantity import VOLUME, Refusal, decimal_text
from thecal.therapy.calc.calculation import calculation, optional, refuse
from thecal.therapy.calc.reading import RATIO, many, quantity
from thecal.therapy.calc.result import Answer, Row, count, percent
from thecal.therapy.calc.shared_inputs import warn
from thecal.therapy.calc.sources import WESE

_VOLUMES = many(quantity(VOLUME))


@calculation(
    "trend",
    12,
    "Trend across refills",
    "R = sum(actual) / sum(expected); S+ = max(0, S+ + w (r - 1 - k)); S- = max(0, S- + w (1 - r - k)); alarm at h",
    (
        optional(
            "ratios", many(RATIO), "actual / expected infused volume of each refill", zero=True, aliases=("ratio", "r")
        ),
        optional("actual", _VOLUMES, "infused volumes, one a refill", zero=True, aliases=("infused",)),
        optional(
            "expected", _VOLUMES, "expected infused volumes, one a refill; also the weights", aliases=("weights",)
        ),
        optional("k", RATIO, "slack of each refill", "0.05", zero=True),
        optional("h", RATIO, "sum at which it alarms", "0.20"),
    ),
    {"ratios": "1.09; 1.11; 1.12; 1.13"},
    source=WESE,
    aliases=("cusum", "refill-trend"),
)
def trend(
    ratios: tuple[Fraction, ...] | None,
    actual: tuple[Fraction, ...] | None,
    expected: tuple[Fraction, ...] | None,
    k: Fraction,
    h: Fraction,
) -> Answer:
    """The cumulative ratio and the one-sided sums. The value is the upper sum S+ after the last refill.

    Weights are the expected volumes over their mean; without volumes every refill weighs the same. After a confirmed
    cause or a pump change the sums start again: give the refills since then.
    """
    if ratios is None:
        if actual is None or expected is None:
            raise refuse("input", "ratios are missing", "ratios", "Give ratios, or actual and expected volumes.")
        if len(actual) != len(expected):
            raise refuse(
                "contradiction", "actual and expected differ in number", "actual", "One each for every refill."
            )
        ratios = tuple(a / e for a, e in zip(actual, expected, strict=True))
    elif actual is not None:
        raise refuse("contradiction", "ratios are given in two ways", "ratios", "Give ratios, or the volumes.")
    weights = _weights(expected, len(ratios))
    above, below = _sums(ratios, weights, k)
    rows = [Row(f"s_plus_{n}", value) for n, value in enumerate(above, 1)]
    rows += [Row(f"s_minus_{n}", value) for n, value in enumerate(below, 1)]
    total = sum((w * r for w, r in zip(weights, ratios, strict=True)), Fraction(0)) / sum(weights)
    rows.append(percent("cumulative_ratio", total))
    first = next((n for n, (a, b) in enumerate(zip(above, below, strict=True), 1) if max(a, b) >= h), None)
    warnings: tuple[Refusal, ...] = ()
    if first is not None:
        rows.append(count("alarm_at_refill", first))
        way = "more" if above[first - 1] >= h else "less"
        what = f"the sum passes {decimal_text(h, 4)} at refill {first}: {way} flows than programmed, steadily"
        warnings = (warn("trend", what, "Look for the cause: pump, leak, reading.", WESE.text, confirmed=False),)
    return Answer(Row("s_plus", above[-1]), tuple(rows), warnings)


def _weights(expected: tuple[Fraction, ...] | None, number: int) -> tuple[Fraction, ...]:
    if expected is None:
        return (Fraction(1),) * number
    if len(expected) != number:
        raise refuse(
            "contradiction", "ratios and expected volumes differ in number", "expected", "One for every refill."
        )
    return tuple(each * number / sum(expected) for each in expected)


def _sums(
    ratios: tuple[Fraction, ...], weights: tuple[Fraction, ...], k: Fraction
) -> tuple[list[Fraction], list[Fraction]]:
    above, below = [Fraction(0)], [Fraction(0)]
    for ratio, weight in zip(ratios, weights, strict=True):
        above.append(max(Fraction(0), above[-1] + weight * (ratio - 1 - k)))
        below.append(max(Fraction(0), below[-1] + weight * (1 - ratio - k)))
    return above[1:], below[1:]
