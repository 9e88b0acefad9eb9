"""Section 13: a bolus that a clinician gives: volume, rate, shortest time, and what whole pulses make of it."""

from fractions import Fraction

from thecal.quantity import DURATION, FLOW, MASS, VOLUME, Refusal, auto
from thecal.therapy.calc.calculation import calculation, needed, optional, refuse
from thecal.therapy.calc.result import Answer, Row, percent, row, words
from thecal.therapy.calc.rounding import whole_pulses
from thecal.therapy.calc.shared_inputs import A_CONCENTRATION, A_FLOW, A_MASS, A_TIME, MAYBE_PULSE, STRENGTH, needs


@calculation(
    "clinician-bolus",
    13,
    "Clinician bolus",
    "v = dose / C; rate = v / duration; shortest = v / Q_max",
    (
        needed("bolus", A_MASS, "mass of the bolus", aliases=("dose", "b", "mass")),
        STRENGTH,
        optional("duration", A_TIME, "time over which it is given", aliases=("time", "over", "t")),
        optional("flow_max", A_FLOW, "highest flow of the pump", aliases=("q_max", "max_flow", "maximum_flow")),
        MAYBE_PULSE,
        optional(
            "basal", A_FLOW, "basal flow, which goes on beside it", "0 mL/day", zero=True, aliases=("basal_flow",)
        ),
        optional("tip_concentration", A_CONCENTRATION, "what stands at the tip, when it differs", zero=True),
    ),
    {"bolus": "0.3 mg", "concentration": "18 mg/mL", "duration": "12 min", "flow_max": "1 mL/h", "pulse": "2.5 uL"},
    aliases=("bolus", "single-bolus", "test-bolus"),
)
def clinician_bolus(
    bolus: Fraction,
    concentration: Fraction,
    duration: Fraction | None,
    flow_max: Fraction | None,
    pulse: Fraction | None,
    basal: Fraction,
    tip_concentration: Fraction | None,
) -> Answer:
    """The volume and rate of a bolus. It adds to the basal flow, and the highest flow holds for the sum.

    With a pulse volume the bolus is rounded down to whole pulses, and that dose is shown.
    """
    volume = bolus / concentration
    rows: list[Row] = []
    if duration is not None:
        rate = volume * 86_400_000 / duration
        rows += [row("rate", rate, FLOW, "uL/h"), row("rate_with_basal", rate + basal, FLOW, "uL/h")]
        if flow_max is not None and rate + basal > flow_max:
            what = f"{auto(rate + basal, FLOW)} with the basal flow is above the highest flow of {auto(flow_max, FLOW)}"
            shortest = auto(needs(volume, flow_max - basal), DURATION, 4) if flow_max > basal else "none"
            raise refuse("flow_high", what, "duration", f"Shortest duration: {shortest}.")
    if flow_max is not None and flow_max > basal:
        rows.append(row("shortest", needs(volume, flow_max - basal), DURATION, "s"))
    if pulse is not None:
        given, number, moved = whole_pulses(bolus, concentration, pulse)
        rows += [
            Row("pulses", Fraction(number)),
            row("dose_given", given, MASS, "mg", "whole pulses, rounded down"),
            row("volume_given", moved, VOLUME, "uL"),
            percent("error", given / bolus - 1),
        ]
    if tip_concentration is not None:
        rows.append(row("dose_at_tip", volume * tip_concentration, MASS, "mg", "what stands at the tip leaves it"))
    rows.append(words("basal", "goes on: the bolus adds to it, and the flow limit holds for the sum"))
    warnings: tuple[Refusal, ...] = ()
    return Answer(row("volume", volume, VOLUME, "uL"), tuple(rows), warnings)
