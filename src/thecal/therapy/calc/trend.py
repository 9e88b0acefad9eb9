"""Section 12: the trend across refills, which finds a pump that runs fast though no single refill is out of bounds."""

from fractions import Fraction

from thecal.quantity import VOLUME, Refusal, decimal_text
from thecal.therapy.calc.calculation import calculation, optional, refuse
from thecal.therapy.calc.reading import RATIO, many, quantity
from thecal.therapy.calc.result import Answer, Row, count, percent
from thecal.therapy.calc.shared_inputs import warn
from thecal.therapy.calc.sources import WESE
from thecal.therapy.drift import Drift, weights

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
    aliases=("cusum", "refill-trend", "mean-flow-accuracy", "cumulative-accuracy"),
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
    if expected is not None and len(expected) != len(ratios):
        raise refuse(
            "contradiction", "ratios and expected volumes differ in number", "expected", "One for every refill."
        )
    each_weight = (Fraction(1),) * len(ratios) if expected is None else weights(expected)
    drifts = _drifts(ratios, each_weight, k)
    rows = [Row(f"s_plus_{n}", each.over) for n, each in enumerate(drifts, 1)]
    rows += [Row(f"s_minus_{n}", each.under) for n, each in enumerate(drifts, 1)]
    total = sum((w * r for w, r in zip(each_weight, ratios, strict=True)), Fraction(0)) / len(ratios)
    rows.append(percent("cumulative_ratio", total))
    first = next((n for n, each in enumerate(drifts, 1) if each.way(h)), None)
    warnings: tuple[Refusal, ...] = ()
    if first is not None:
        rows.append(count("alarm_at_refill", first))
        way = drifts[first - 1].way(h)
        what = f"the sum passes {decimal_text(h, 4)} at refill {first}: {way} flows than programmed, steadily"
        warnings = (warn("trend", what, "Look for the cause: pump, leak, reading.", WESE),)
    return Answer(Row("s_plus", drifts[-1].over), tuple(rows), warnings)


def _drifts(ratios: tuple[Fraction, ...], each_weight: tuple[Fraction, ...], k: Fraction) -> list[Drift]:
    found, drift = list[Drift](), Drift()
    for ratio, weight in zip(ratios, each_weight, strict=True):
        drift = drift.after(ratio, weight, k)
        found.append(drift)
    return found
