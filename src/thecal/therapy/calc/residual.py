"""Section 11: what should be in the reservoir at a refill, against what is found; both limits are always run."""

from fractions import Fraction

from thecal.quantity import MASS, VOLUME, Refusal, auto
from thecal.therapy.calc.calculation import calculation, needed, optional, refuse
from thecal.therapy.calc.parts import FLOWS
from thecal.therapy.calc.reading import SHARE
from thecal.therapy.calc.result import Answer, Row, percent, row, words
from thecal.therapy.calc.shared_inputs import (
    A_TIME,
    A_VOLUME,
    MAYBE_DOSE,
    MAYBE_FLOW,
    MAYBE_STRENGTH,
    floor,
    one_flow,
    over,
    volume_input,
    warn,
)
from thecal.therapy.calc.sources import ASRA17, MAINO
from thecal.therapy.refill import compare

_START = volume_input("start", "volume after the last fill", "v_start", "start_volume", "volume", "fill")
_TIME = optional("time", A_TIME, "time since the last fill", aliases=("duration", "t", "days"))
_FLOWS = optional(
    "flows", FLOWS, "flows one after another, where they changed: '10 days 0.3 mL/day; 24 days 0.4 mL/day'"
)
_BOLUSES = optional("boluses", A_VOLUME, "volume that boluses took", "0 mL", zero=True, aliases=("bolus_volume",))
_PRIME = optional("prime", A_VOLUME, "volume that a prime took", "0 mL", zero=True, aliases=("v_prime",))
Flows = tuple[tuple[Fraction, Fraction], ...]


@calculation(
    "expected-residual",
    11,
    "Expected residual",
    "V_exp = V_start - sum(Q_i t_i) - boluses - prime",
    (_START, MAYBE_FLOW, MAYBE_DOSE, MAYBE_STRENGTH, _TIME, _FLOWS, _BOLUSES, _PRIME),
    {"start": "20 mL", "dose": "6.5 mg/day", "concentration": "18 mg/mL", "time": "34.25 days"},
)
def expected_residual(
    start: Fraction,
    flow: Fraction | None,
    dose: Fraction | None,
    concentration: Fraction | None,
    time: Fraction | None,
    flows: Flows | None,
    boluses: Fraction,
    prime: Fraction,
) -> Answer:
    """The volume that should be left, at one flow or at several. Refused when more would have flowed than there was."""
    left = start - _flowed(flow, dose, concentration, time, flows) - boluses - prime
    rows = (row("infused", _not_below(left, start), VOLUME, "mL"),)
    return Answer(row("residual", left, VOLUME, "mL"), rows)


@calculation(
    "discrepancy",
    11,
    "Discrepancy at a refill",
    "disc = V_found - V_exp; ratio = (V_start - V_found) / (V_start - V_exp); flag |disc| > 2 mL, |ratio - 1| > 14.5 %",
    (
        _START,
        needed("found", A_VOLUME, "volume that was withdrawn", zero=True, aliases=("withdrawn", "actual", "v_act")),
        optional(
            "expected",
            A_VOLUME,
            "volume that should be there; or give flow and time",
            zero=True,
            aliases=("v_exp", "expected_residual", "residual"),
        ),
        MAYBE_FLOW,
        MAYBE_DOSE,
        MAYBE_STRENGTH,
        _TIME,
        _FLOWS,
        _BOLUSES,
        _PRIME,
        optional("limit", A_VOLUME, "absolute limit", "2 mL"),
        optional("accuracy", SHARE, "accuracy of the device", "14.5 %"),
        optional("reading_error", A_VOLUME, "reading error of the syringe", "0.5 mL", zero=True, aliases=("reading",)),
        optional("capacity", A_VOLUME, "capacity of the reservoir", aliases=("reservoir",)),
    ),
    {"start": "20 mL", "found": "9.1 mL", "dose": "6.5 mg/day", "concentration": "18 mg/mL", "time": "34.25 days"},
    source=ASRA17,
    aliases=(
        "refill-check",
        "residual-check",
        "residual-discrepancy",
        "refill-discrepancy",
        "flow-accuracy",
        "residual-difference",
    ),
)
def discrepancy(  # noqa: PLR0913 - what was expected in either form, and the limits
    start: Fraction,
    found: Fraction,
    expected: Fraction | None,
    flow: Fraction | None,
    dose: Fraction | None,
    concentration: Fraction | None,
    time: Fraction | None,
    flows: Flows | None,
    boluses: Fraction,
    prime: Fraction,
    limit: Fraction,
    accuracy: Fraction,
    reading_error: Fraction,
    capacity: Fraction | None,
) -> Answer:
    """What was found against what was expected, by the absolute and by the relative limit.

    Positive is fluid left over, negative is fluid missing. No percentage is given when too little was infused to judge.
    """
    if capacity is not None and start > capacity:
        what = f"{auto(start, VOLUME)} do not fit into a reservoir of {auto(capacity, VOLUME)}"
        raise refuse("contradiction", what, "start", "Check the volume that was filled, and the size of the pump.")
    if expected is None:
        expected = start - _flowed(flow, dose, concentration, time, flows) - boluses - prime
        _not_below(expected, start)
    elif time is not None or flow is not None or flows is not None:
        do = "Give expected, or flow and time."
        raise refuse("contradiction", "what was expected is said in two ways", "expected", do)
    seen = compare(floor(start), floor(expected), floor(found), None, floor(reading_error), accuracy, floor(limit))
    off, infused = found - expected, start - expected
    rows = [
        row("expected", expected, VOLUME, "mL"),
        row("infused_expected", infused, VOLUME, "mL"),
        row("infused", start - found, VOLUME, "mL"),
        words("reading", seen.reading),
        row(
            "limits_cross_at", limit / accuracy, VOLUME, "mL", "infused volume below which the absolute limit is looser"
        ),
    ]
    if seen.ratio is not None:
        ratio = (start - found) / infused
        ends = [max(start - found - reading_error, Fraction(0)), min(start - found + reading_error, start)]
        rows.insert(0, Row("ratio", ratio * 100, "%", "", ends[0] / infused * 100, ends[1] / infused * 100))
        rows.insert(1, percent("error", ratio - 1))
    if concentration is not None:
        rows.append(
            row("drug_missing", -off * concentration, MASS, "mg", "to be explained; negative is drug left over")
        )
    return Answer(row("discrepancy", off, VOLUME, "mL"), tuple(rows), (*seen.findings, *_small(off, capacity or start)))


def _small(off: Fraction, capacity: Fraction) -> tuple[Refusal, ...]:
    if capacity > 20_000_000 or not 1_000_000 < abs(off) <= 2_000_000:
        return ()
    return (
        warn(
            "over_1_ml",
            "more than 1 mL off, which one series takes as its limit for a 20 mL pump",
            "Trend it, and look again at the next refill.",
            MAINO,
        ),
    )


def _flowed(
    flow: Fraction | None,
    dose: Fraction | None,
    concentration: Fraction | None,
    time: Fraction | None,
    flows: Flows | None,
) -> Fraction:
    """The volume that flowed, nL. Raises Refused when neither one flow with its time nor the flows are given."""
    if flows is not None:
        if flow is not None or dose is not None or time is not None:
            raise refuse("contradiction", "the flow is given in two ways", "flows", "Give flows, or one flow and time.")
        return sum((over(rate, span) for span, rate in flows), Fraction(0))
    if time is None:
        raise refuse("input", "how long it flowed is not known", "time", "Give flow and time, or flows.")
    return over(one_flow(flow, dose, concentration), time)


def _not_below(left: Fraction, start: Fraction) -> Fraction:
    """What was infused. Raises Refused when more would have flowed than there was."""
    if left < 0:
        do = "The reservoir was empty before: check times and volumes."
        raise refuse("ran_empty", "more would have flowed than there was", "time", do)
    return start - left
