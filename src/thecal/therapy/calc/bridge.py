"""Section 7: the bridge bolus that holds the dose while old fluid stands between the new fluid and the tip."""

from fractions import Fraction

from thecal.quantity import CONCENTRATION, DOSE_RATE, DURATION, FLOW, MASS, VOLUME, Refusal, auto, show
from thecal.therapy.calc.calculation import calculation, needed, optional, refuse
from thecal.therapy.calc.flow import check_flow
from thecal.therapy.calc.parts import Mixture, mixture
from thecal.therapy.calc.result import Answer, Row, percent, row, words
from thecal.therapy.calc.shared_inputs import (
    A_DOSE,
    A_FLOW,
    A_TIME,
    A_VOLUME,
    DOSE,
    PARTS,
    ceiling,
    needs,
    path_volume,
    warn,
)
from thecal.therapy.calc.sources import TRANSITIONS

_MIX = mixture(CONCENTRATION)


@calculation(
    "bridge",
    7,
    "Bridge bolus for a new concentration",
    "Q_b = D_b / C_old; t_b = V_old / Q_b; D_prog = V_old C_new over t_b; then Q_new = D_new / C_new",
    (
        needed(
            "old_concentration",
            _MIX,
            "what the path holds; several drugs joined by '+'",
            aliases=("c_old", "old", "old_solution", "from"),
        ),
        needed(
            "new_concentration", _MIX, "what is in the reservoir now", aliases=("c_new", "new", "new_solution", "to")
        ),
        DOSE,
        optional(
            "volume",
            A_VOLUME,
            "old fluid between reservoir and tip",
            aliases=(
                "v_old",
                "path",
                "path_volume",
                "old_volume",
                "v_path",
                "dead_volume",
                "dead_space",
                "total_volume",
            ),
        ),
        *PARTS,
        optional("new_dose", A_DOSE, "daily dose afterwards, when it changes at once", aliases=("d_new",)),
        optional(
            "bridge_dose",
            A_DOSE,
            "daily dose of the old drug during the bridge; the new dose when left out",
            aliases=("d_bridge", "dose_during_bridge"),
        ),
        optional(
            "delivered",
            A_VOLUME,
            "old fluid that was given before an interruption",
            "0 mL",
            zero=True,
            aliases=("already_given", "given"),
        ),
        optional("elapsed", A_TIME, "time that the bridge ran before an interruption, instead", aliases=("ran",)),
        optional("flow_min", A_FLOW, "lowest flow of the pump", aliases=("q_min",)),
        optional("flow_max", A_FLOW, "highest flow of the pump", aliases=("q_max",)),
        optional("longest", A_TIME, "longest bridge that can be programmed at once", aliases=("max_time", "t_max")),
    ),
    {"old_concentration": "10 mg/mL", "new_concentration": "25 mg/mL", "dose": "3.2 mg/day", "volume": "0.3885 mL"},
    source=TRANSITIONS,
    aliases=("bridge-bolus",),
)
def bridge(  # noqa: PLR0913 - the facts of a change of concentration
    old_concentration: Mixture,
    new_concentration: Mixture,
    dose: Fraction,
    volume: Fraction | None,
    pump_volume: Fraction | None,
    catheter_volume: Fraction | None,
    new_dose: Fraction | None,
    bridge_dose: Fraction | None,
    delivered: Fraction,
    elapsed: Fraction | None,
    flow_min: Fraction | None,
    flow_max: Fraction | None,
    longest: Fraction | None,
) -> Answer:
    """How long old fluid is given at a flow that keeps the dose, and the mass that the programmer is told.

    A programmer counts the bridge in the new concentration. An interrupted bridge goes on with the old fluid that is
    left. Both ways of doing without a bridge are shown with the wrong dose that they give and for how long.
    """
    c_old, c_new = old_concentration[0][1], new_concentration[0][1]
    after = new_dose if new_dose is not None else dose
    held = bridge_dose if bridge_dose is not None else after
    bridge_flow, new_flow = held / c_old, after / c_new
    check_flow(bridge_flow, held, flow_min, flow_max, "dose")
    check_flow(new_flow, after, flow_min, flow_max, "new_concentration")
    whole = path_volume(volume, pump_volume, catheter_volume)
    left = _left(whole, bridge_flow, delivered, elapsed)
    time = needs(left, bridge_flow)
    rows = [
        row("bridge_flow", bridge_flow, FLOW, "mL/day"),
        row("bridge_flow_per_hour", bridge_flow, FLOW, "uL/h"),
        row("old_fluid_left", left, VOLUME, "mL"),
        row("programmed_bolus", left * c_new, MASS, "mg", "as the programmer counts it, in the new concentration"),
        row("programmed_rate", bridge_flow * c_new, DOSE_RATE, "mg/day", "the same as a rate"),
        row("drug_given", left * c_old, MASS, "mg", "old drug that the patient really gets"),
        row("flow_afterwards", new_flow, FLOW, "mL/day"),
        row("dose_during_bridge", bridge_flow * c_old, DOSE_RATE, "mg/day"),
    ]
    rows.append(
        words(
            "schedule",
            f"{auto(time, DURATION, 6)} at {auto(bridge_flow, FLOW)}, then {auto(new_flow, FLOW)}",
        )
    )
    rows += _stages(time, longest, left, c_new)
    rows += _without(dose, after, whole, c_old, c_new)
    rows += _others(old_concentration, new_concentration, bridge_flow, new_flow)
    return Answer(row("duration", time, DURATION, "h"), tuple(rows), _warnings(old_concentration, new_concentration))


def _left(volume: Fraction, flow: Fraction, delivered: Fraction, elapsed: Fraction | None) -> Fraction:
    given = delivered
    if elapsed is not None:
        if delivered:
            raise refuse("contradiction", "what was given is said twice", "elapsed", "Give elapsed or delivered.")
        given = flow * elapsed / 86_400_000
    if given >= volume:
        raise refuse("bridge_done", "all old fluid has left already", "delivered", "No bridge is needed any more.")
    return volume - given


def _stages(time: Fraction, longest: Fraction | None, left: Fraction, c_new: Fraction) -> list[Row]:
    if longest is None or time <= longest:
        return []
    number = ceiling(time / longest)
    said = f"{auto(longest, DURATION, 6)}, {auto(left * longest / time, VOLUME, 6)}, "
    said += f"programmed as {auto(left * c_new * longest / time, MASS, 6)}"
    rest = time - longest * (number - 1)
    last = f"{auto(rest, DURATION, 6)}, {auto(left * rest / time, VOLUME, 6)}, "
    last += f"programmed as {auto(left * c_new * rest / time, MASS, 6)}"
    return [
        Row("stages", Fraction(number)),
        words("each_full_stage", f"{number - 1} x {said}"),
        words("last_stage", last),
    ]


def _without(dose: Fraction, after: Fraction, volume: Fraction, c_old: Fraction, c_new: Fraction) -> list[Row]:
    """The two naive errors: new flow at once behind old fluid; and the old flow kept, with the new fluid behind."""
    new_flow, old_flow = after / c_new, dose / c_old
    first, first_time = new_flow * c_old, needs(volume, new_flow)
    second, second_time = old_flow * c_new, needs(volume, old_flow)
    return [
        row("without_bridge_dose", first, DOSE_RATE, "mg/day", "new flow at once: old fluid at the new flow"),
        percent("without_bridge_error", first / after - 1),
        row("without_bridge_time", first_time, DURATION, "h"),
        words(
            "without_bridge_course",
            f"0 to {auto(first_time, DURATION, 4)}: {auto(first, DOSE_RATE, 4)}; then {auto(after, DOSE_RATE, 4)}",
        ),
        row(
            "old_flow_kept_dose",
            second,
            DOSE_RATE,
            "mg/day",
            "flow not changed: new fluid at the old flow, without end",
        ),
        percent("old_flow_kept_error", second / after - 1),
        row("old_flow_kept_from", second_time, DURATION, "h"),
        words(
            "old_flow_kept_course",
            f"0 to {auto(second_time, DURATION, 4)}: {auto(dose, DOSE_RATE, 4)}; then "
            f"{auto(second, DOSE_RATE, 4)} until somebody notices",
        ),
    ]


def _others(old: Mixture, new: Mixture, bridge_flow: Fraction, new_flow: Fraction) -> list[Row]:
    """The drugs beside the primary one: one flow serves all, so only the first is held."""
    names = list(dict.fromkeys([name for name, _ in old[1:]] + [name for name, _ in new[1:]]))
    if old[0][0] != new[0][0]:
        names = list(dict.fromkeys([old[0][0], new[0][0], *names]))
    rows = []
    for name in names:
        during, then = dict(old).get(name, Fraction(0)) * bridge_flow, dict(new).get(name, Fraction(0)) * new_flow
        said = f"{auto(during, DOSE_RATE, 6)} during the bridge, then {auto(then, DOSE_RATE, 6)}"
        rows.append(Row("other_drug_" + name.replace(" ", "_"), during / DOSE_RATE.scale("mg/day"), "mg/day", said))
    return rows


def _warnings(old: Mixture, new: Mixture) -> tuple[Refusal, ...]:
    found = [
        warn("bolus_off", "a patient bolus during the bridge draws old fluid", "Lock boluses out until it has ended.")
    ]
    if old[0][0] != new[0][0]:
        what = f"the drug changes: {old[0][0]} must stay within its own limits, and {new[0][0]} starts at the end"
        found.append(warn("drug_changes", what, "Consider to aspirate the path instead."))
    if len(old) + len(new) > 2:
        held = show(old[0][1], CONCENTRATION, "mg/mL", 4)
        found.append(
            warn("one_held", f"only {old[0][0]} ({held}) is held; the others follow the flow", "Read each row.")
        )
    return tuple(found)
