"""Section 22: a step of the dose and a taper, each step held against a relative and an absolute limit."""

from fractions import Fraction

from thecal.quantity import DOSE_RATE, DURATION, FLOW, Refusal, auto, decimal_text
from thecal.therapy.calc.calculation import calculation, needed, optional, refuse
from thecal.therapy.calc.reading import PERCENT, SHARE, counted
from thecal.therapy.calc.result import Answer, Row, count, percent, row, words
from thecal.therapy.calc.shared_inputs import A_CONCENTRATION, A_DOSE, A_TIME, A_VOLUME, DOSE, needs, warn
from thecal.therapy.calc.sources import DEER07, DESIGN

MOST_STEPS = 200


@calculation(
    "titration",
    22,
    "Titration step",
    "D_new = D (1 + p); Q_new = D_new / C; |p| <= limit, also from the dose 7 days ago",
    (
        DOSE,
        optional("percent", PERCENT, "change, for example '20 %' or '-10 %'", aliases=("p", "change")),
        optional("decrease", SHARE, "share that is taken off, instead: '10 %'", aliases=("lower_by", "reduction")),
        optional("increment", A_DOSE, "dose that is added, instead", aliases=("by", "step", "add")),
        optional("new_dose", A_DOSE, "new dose, instead", aliases=("d_new",)),
        optional("concentration", A_CONCENTRATION, "concentration in the reservoir", aliases=("c",)),
        optional(
            "limit",
            SHARE,
            "largest relative step (30 % is a published figure for non-malignant pain, 50 % for malignant)",
            "30 %",
        ),
        optional("step_limit", A_DOSE, "largest absolute step", aliases=("absolute_limit",)),
        optional("dose_week_ago", A_DOSE, "dose at the start of the last 7 days", aliases=("week_ago",)),
        optional(
            "bolus_dose", A_DOSE, "average of patient boluses, where policy counts them in", "0 mg/day", zero=True
        ),
        optional("volume", A_VOLUME, "usable volume, for the days that it lasts", aliases=("usable",)),
    ),
    {"dose": "6.5 mg/day", "percent": "20 %", "concentration": "18 mg/mL", "volume": "18 mL"},
    source=DEER07,
    aliases=("titrate", "dose-change", "dose-adjustment"),
)
def titration(  # noqa: PLR0913 - a step and the limits that it must keep
    dose: Fraction,
    percent: Fraction | None,
    decrease: Fraction | None,
    increment: Fraction | None,
    new_dose: Fraction | None,
    concentration: Fraction | None,
    limit: Fraction,
    step_limit: Fraction | None,
    dose_week_ago: Fraction | None,
    bolus_dose: Fraction,
    volume: Fraction | None,
) -> Answer:
    """A new dose, refused beyond a limit with the largest step that is inside it. Nothing is changed by itself."""
    if sum(each is not None for each in (percent, decrease, increment, new_dose)) != 1:
        do = "Give percent, decrease, increment, or new_dose."
        raise refuse("input", "a change or a new dose is wanted, one of them", "percent", do)
    total = dose + bolus_dose
    share = percent if percent is not None else -(decrease or Fraction(0))
    new = new_dose if new_dose is not None else dose + (increment if increment is not None else total * share)
    if new <= 0:
        raise refuse("dose_zero", "nothing would be given: that is a stop, or a taper", "percent", "Use taper.")
    _limits(new - dose, total, limit, step_limit, dose, dose_week_ago, new)
    rows: list[Row] = [
        _pct("change", (new - dose) / total),
        row("step", new - dose, DOSE_RATE, "mg/day"),
        words("counted_from", "the basal dose and average patient boluses" if bolus_dose else "the basal dose"),
    ]
    if concentration is not None:
        rows.append(row("flow", new / concentration, FLOW, "mL/day"))
        if volume is not None:
            rows += [
                row("days", needs(volume, new / concentration), DURATION, "day"),
                row("days_before", needs(volume, dose / concentration), DURATION, "day"),
            ]
    return Answer(row("dose", new, DOSE_RATE, "mg/day"), tuple(rows))


def _limits(
    step: Fraction,
    total: Fraction,
    limit: Fraction,
    step_limit: Fraction | None,
    dose: Fraction,
    week_ago: Fraction | None,
    new: Fraction,
) -> None:
    if limit <= 0:
        raise refuse("input", "a limit above zero is wanted", "limit", "For example '30 %'.")
    if abs(step) > limit * total:
        ends = f"{auto(dose - limit * total, DOSE_RATE)} to {auto(dose + limit * total, DOSE_RATE)}"
        raise refuse(
            "step_limit",
            f"the step is more than {decimal_text(limit * 100, 4)} %",
            "percent",
            f"Accepted: {ends}; where a label or the site allows more, give its limit.",
            DEER07,
        )
    if step_limit is not None and abs(step) > step_limit:
        raise refuse(
            "step_limit", f"the step is more than {auto(step_limit, DOSE_RATE)}", "step_limit", "A smaller step."
        )
    if week_ago is not None and new > week_ago * (1 + limit):
        what = f"more than {decimal_text(limit * 100, 4)} % above the dose of 7 days ago"
        raise refuse("week_limit", what, "dose_week_ago", f"At most {auto(week_ago * (1 + limit), DOSE_RATE)}.", DEER07)


@calculation(
    "taper",
    22,
    "Taper",
    "D_k = D (1 - p)^k, or D - k step, to the target",
    (
        needed("dose", A_DOSE, "daily dose at the start", aliases=("from", "start")),
        optional(
            "target",
            A_DOSE,
            "dose at which the taper ends; 0 is a stop",
            "0 mg/day",
            zero=True,
            aliases=("to", "target_dose", "final_dose", "end"),
        ),
        optional("percent", SHARE, "share taken off, of the present dose", aliases=("p", "reduction", "decrease")),
        optional("step", A_DOSE, "dose taken off at each step, instead", aliases=("decrement",)),
        optional("steps", counted(1, MOST_STEPS), "number of equal steps, instead", aliases=("n",)),
        optional("every", A_TIME, "time between steps", "7 days", aliases=("interval",)),
        optional("concentration", A_CONCENTRATION, "concentration in the reservoir", aliases=("c",)),
    ),
    {"dose": "5 mg/day", "target": "1 mg/day", "steps": "4", "every": "7 days"},
    source=DESIGN,
)
def taper(
    dose: Fraction,
    target: Fraction,
    percent: Fraction | None,
    step: Fraction | None,
    steps: int | None,
    every: Fraction,
    concentration: Fraction | None,
) -> Answer:
    """A table of doses that fall to a target. The value is the time that it takes until the target is reached.

    The size of a step is the prescriber's: nothing is proposed. The last step goes to the target itself.
    """
    if target >= dose:
        raise refuse("contradiction", "the target is not below the dose", "target", "Use titration for a rise.")
    if sum(each is not None for each in (percent, step, steps)) != 1:
        raise refuse("input", "one of percent, step and steps is wanted", "percent", "Give exactly one.")
    doses = _taper(dose, target, percent, (dose - target) / steps if steps else step)
    rows: list[Row] = []
    for number, each in enumerate(doses, 1):
        at = auto(every * (number - 1), DURATION, 6) if number > 1 else "now"
        flow = f", {auto(each / concentration, FLOW)}" if concentration is not None else ""
        rows.append(row(f"step_{number}", each, DOSE_RATE, "mg/day", f"from {at}{flow}"))
    rows.append(count("steps", len(doses)))
    return Answer(row("time", every * (len(doses) - 1), DURATION, "day"), tuple(rows), _taper_warnings(doses, dose))


def _taper(dose: Fraction, target: Fraction, share: Fraction | None, step: Fraction | None) -> list[Fraction]:
    if share is not None and not 0 < share < 1:
        raise refuse("input", "a share between 0 and 100 % is wanted", "percent", "For example '20 %'.")
    if share is not None and target == 0:
        raise refuse("input", "a share never reaches zero", "target", "Give a target above zero, or a step.")
    doses: list[Fraction] = []
    while not doses or doses[-1] > target:
        last = doses[-1] if doses else dose
        doses.append(max(last * (1 - share) if share is not None else last - (step or Fraction(0)), target))
        if len(doses) > MOST_STEPS:
            raise refuse("too_long", f"more than {MOST_STEPS} steps", "percent", "Larger steps.")
    return doses


def _taper_warnings(doses: list[Fraction], dose: Fraction) -> tuple[Refusal, ...]:
    found = [
        warn(
            "withdrawal",
            "watch for withdrawal at each step; some drugs must never be stopped at once",
            "The prescriber sets the step.",
        )
    ]
    steepest = max(1 - after / before for before, after in zip((dose, *doses), doses, strict=False))
    if steepest > Fraction(1, 2) and doses[-1]:
        found.append(warn("steep", "a step takes off more than half of the dose then", "Use smaller steps at the end."))
    return tuple(found)


def _pct(name: str, share: Fraction) -> Row:
    return percent(name, share)
