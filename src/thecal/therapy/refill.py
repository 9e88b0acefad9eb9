"""A refill: what should be in the reservoir, against what the syringe drew out.

Units: volumes nL, flows nL/day, times ms. ``discrepancy = withdrawn - expected``: positive is fluid left over
(under-infusion), negative is fluid missing. Formulas: docs/therapy/refill.md.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from thecal.formulary import Solution
from thecal.quantity import MASS, MS_PER_DAY, VOLUME, Refusal, Refused, auto, decimal_text, show
from thecal.therapy.door import checked
from thecal.therapy.due import ACCURACY_SOURCE, LABEL_ERROR
from thecal.therapy.numbers import exact, whole

LIMIT_NL = 2_000_000
LIMIT_SOURCE = "Accuracy in intrathecal drug delivery, ASRA poster (2017): 2 mL or the accuracy of the device"
JUDGE_NL = 3_000_000
READING_NL = 500_000

Reading = Literal["as expected", "trend it", "investigate", "too little infused to judge"]


@dataclass(frozen=True, slots=True)
class Span:
    """A flow (nL/day) that ran from ``start`` to ``end`` (ms)."""

    flow: Fraction
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """The comparison of a refill. ``ratio`` is actual / expected infused volume, None when too little was infused.

    ``ratio_low`` and ``ratio_high`` take the reading error of the syringe into account. ``missing_fg`` is the mass
    of each drug that is not accounted for (negative: left over). ``findings`` name what broke which limit.
    """

    discrepancy_nl: int
    infused_expected_nl: int
    infused_nl: int
    ratio: Fraction | None
    ratio_low: Fraction | None
    ratio_high: Fraction | None
    missing_fg: tuple[tuple[str, int], ...]
    reading: Reading
    findings: tuple[Refusal, ...]

    @property
    def error_pct(self) -> Fraction | None:
        """(ratio - 1) in per cent; None when there is no ratio."""
        return None if self.ratio is None else (self.ratio - 1) * 100


@checked
def expected_residual(start_nl: int, spans: Iterable[Span], other_nl: int = 0) -> int:
    """Volume in nL that should be left of ``start_nl`` after the flows, and ``other_nl`` of boluses and priming.

    Rounded down, so that fluid is never thought to be there that is not. Raises Refused when more would have
    flowed than there was.
    """
    out = Fraction(whole("other volume", other_nl))
    for span in spans:
        if whole("end", span.end) < whole("start", span.start):
            raise Refused(Refusal("span", "A flow runs backwards.", "spans", "Check the times and the flow."))
        out += exact("flow", span.flow) * (span.end - span.start) / MS_PER_DAY
    left = whole("start volume", start_nl) - out
    if left < 0:
        what = f"{show(out, VOLUME, 'mL', 6)} would have flowed out of {show(start_nl, VOLUME, 'mL')}."
        raise Refused(Refusal("ran_empty", what, "spans", "The reservoir was empty before: check times and volumes."))
    return left.numerator // left.denominator


@checked
def compare(
    start_nl: int,
    expected_nl: int,
    withdrawn_nl: int,
    solution: Solution | None = None,
    reading_nl: int = READING_NL,
    accuracy: Fraction = LABEL_ERROR,
    limit_nl: int = LIMIT_NL,
) -> Comparison:
    """Compare the expected with the withdrawn volume by both limits, the absolute one and the relative one.

    Raises Refused when more is found or expected than had been filled, which no pump can do.
    """
    for name, value in (("start_nl", start_nl), ("expected_nl", expected_nl), ("withdrawn_nl", withdrawn_nl)):
        whole(name, value)
    whole("reading_nl", reading_nl)
    whole("limit_nl", limit_nl)
    exact("accuracy", accuracy, positive=True)
    if withdrawn_nl > start_nl or expected_nl > start_nl:
        what = "More was found, or expected, than had been filled."
        do = "Check the reading, the patient and the volume of the last fill; think of fluid from the spine."
        raise Refused(Refusal("more_than_filled", what, "withdrawn_nl", do))
    should, did = start_nl - expected_nl, start_nl - withdrawn_nl
    off = withdrawn_nl - expected_nl
    judged = should >= JUDGE_NL
    ratio = Fraction(did, should) if judged else None
    findings = _findings(off, ratio, accuracy, limit_nl)
    return Comparison(
        discrepancy_nl=off,
        infused_expected_nl=should,
        infused_nl=did,
        ratio=ratio,
        ratio_low=Fraction(max(did - reading_nl, 0), should) if judged else None,
        ratio_high=Fraction(min(did + reading_nl, start_nl), should) if judged else None,
        missing_fg=() if solution is None else tuple((drug, -fg) for drug, fg in solution.masses(off).items()),
        reading=_reading(judged, findings, ratio, accuracy),
        findings=findings,
    )


def _findings(off: int, ratio: Fraction | None, accuracy: Fraction, limit_nl: int) -> tuple[Refusal, ...]:
    way = "left over: less was given than programmed" if off > 0 else "missing: more left the reservoir than programmed"
    do = "Investigate before refilling: reading, flow, leak, pocket, removal by somebody."
    found = []
    if abs(off) > limit_nl:
        what = f"{show(abs(off), VOLUME, 'mL')} {way}; the limit is {show(limit_nl, VOLUME, 'mL')}."
        found.append(Refusal("volume_off", what, "withdrawn_nl", do, LIMIT_SOURCE))
    if ratio is not None and abs(ratio - 1) > accuracy:
        pct, bound = decimal_text(ratio * 100, 4), decimal_text(accuracy * 100, 3)
        what = f"{pct} % of the programmed volume was infused; the accuracy of the device is {bound} %."
        found.append(Refusal("ratio_off", what, "withdrawn_nl", do, ACCURACY_SOURCE))
    return tuple(found)


def _reading(judged: bool, findings: tuple[Refusal, ...], ratio: Fraction | None, accuracy: Fraction) -> Reading:
    if findings:
        return "investigate"
    if not judged or ratio is None:
        return "too little infused to judge"
    return "trend it" if abs(ratio - 1) > accuracy / 2 else "as expected"


@checked
def missing_text(comparison: Comparison) -> str:
    """The mass to be explained, for people; empty when nothing is missing."""
    return ", ".join(f"{auto(fg, MASS, 3)} of {drug}" for drug, fg in comparison.missing_fg if fg > 0)
