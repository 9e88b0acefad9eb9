"""Section 9: when new drug reaches the tip, as [earliest, plug, latest] and never as one time."""

from fractions import Fraction

from thecal.quantity import DURATION, FLOW, MS_PER_DAY, VOLUME, Refusal, auto
from thecal.therapy.calc.calculation import calculation, optional, refuse
from thecal.therapy.calc.parts import FLOWS
from thecal.therapy.calc.reading import SHARE
from thecal.therapy.calc.result import Answer, Row, row
from thecal.therapy.calc.shared_inputs import (
    A_VOLUME,
    MAYBE_DOSE,
    MAYBE_FLOW,
    MAYBE_STRENGTH,
    PARTS,
    needs,
    one_flow,
    over,
    path_volume,
    warn,
)
from thecal.therapy.calc.sources import PRIME

LATE_DAYS = 2


@calculation(
    "time-to-tip",
    9,
    "Time until new drug is at the tip",
    "t = sum over remaining slugs of V_i / Q_i; front mixed over m V: earliest at V (1 - m/2), latest at V (1 + m/2)",
    (
        optional(
            "volume",
            A_VOLUME,
            "fluid between the new drug and the tip",
            aliases=("v", "path", "path_volume", "v_path", "dead_volume", "dead_space", "total_volume"),
        ),
        *PARTS,
        MAYBE_FLOW,
        MAYBE_DOSE,
        MAYBE_STRENGTH,
        optional("moved", A_VOLUME, "volume that has moved already", "0 mL", zero=True, aliases=("given", "primed")),
        optional("first", FLOWS, "flows that run before it, for example '2 h 0.3 mL/day'", aliases=("flows", "steps")),
        optional(
            "mixing",
            SHARE,
            "share of the path over which the front is smeared; the default is this project's",
            "30 %",
            zero=True,
            aliases=("m",),
        ),
        optional("volume_high", A_VOLUME, "upper bound of the volume, where it is a range"),
    ),
    {"volume": "0.3885 mL", "flow": "0.128 mL/day"},
    source=PRIME,
    aliases=("tip-time", "time-to-catheter-tip", "transit-time", "catheter-transit", "dead-space-time", "delay"),
)
def time_to_tip(  # noqa: PLR0913 - flow and volume in two forms, and how far the fluid has moved
    volume: Fraction | None,
    pump_volume: Fraction | None,
    catheter_volume: Fraction | None,
    flow: Fraction | None,
    dose: Fraction | None,
    concentration: Fraction | None,
    moved: Fraction,
    first: tuple[tuple[Fraction, Fraction], ...] | None,
    mixing: Fraction,
    volume_high: Fraction | None,
) -> Answer:
    """When new drug reaches the tip. The value is plug flow; the range is a front smeared by a declared share."""
    if not 0 <= mixing <= 1:
        raise refuse("input", "a share of 0 to 100 % is wanted", "mixing", "For example '30 %'.")
    path = path_volume(volume, pump_volume, catheter_volume)
    high = path if volume_high is None else volume_high
    if high < path:
        raise refuse("contradiction", "the upper bound is below the volume", "volume_high", "Check both.")
    if moved >= path:
        raise refuse("arrived", "the fluid has moved this far already", "moved", "Drug is at the tip.")
    rate = one_flow(flow, dose, concentration)
    plug = _time(path - moved, first or (), rate)
    early = _time(max(path * (1 - mixing / 2) - moved, Fraction(0)), first or (), rate)
    late = _time(high * (1 + mixing / 2) - moved, first or (), rate)
    scale = DURATION.scale("h")
    rows = (
        row("plug_days", plug, DURATION, "day"),
        row("earliest", early, DURATION, "h"),
        row("latest", late, DURATION, "h"),
        row("volume_left", path - moved, VOLUME, "mL"),
        row("flow", rate, FLOW, "mL/day"),
    )
    warnings: tuple[Refusal, ...] = ()
    if plug > LATE_DAYS * MS_PER_DAY:
        what = f"{auto(plug, DURATION, 4)} pass before the new drug or dose is at the tip"
        warnings = (warn("late", what, "Say so before a low flow is accepted."),)
    return Answer(Row("time", plug / scale, "h", "", early / scale, late / scale), rows, warnings)


def _time(volume: Fraction, first: tuple[tuple[Fraction, Fraction], ...], flow: Fraction) -> Fraction:
    """ms for ``volume`` through the flows one after another, and the last one for the rest."""
    spent, left = Fraction(0), volume
    for time, rate in first:
        moves = over(rate, time)
        if moves >= left:
            return spent + (needs(left, rate) if left else 0)
        spent, left = spent + time, left - moves
    return spent + needs(left, flow)
