"""Section 16: schedules of a day and of a week, their scaling, and what a clock that drifts does."""

from fractions import Fraction
from itertools import pairwise

from thecal.quantity import DOSE_RATE, DURATION, FLOW, MASS, MS_PER_DAY, MS_PER_HOUR, Refusal, auto
from thecal.therapy.calc.calculation import calculation, needed, optional, refuse
from thecal.therapy.calc.flow import check_flow
from thecal.therapy.calc.parts import STEPS, clock_text
from thecal.therapy.calc.reading import PPM, counted, many
from thecal.therapy.calc.result import Answer, Row, count, row
from thecal.therapy.calc.shared_inputs import (
    A_DOSE,
    A_FLOW,
    A_MASS,
    A_TIME,
    MAYBE_PULSE,
    STRENGTH,
    floor,
    over,
    warn,
)
from thecal.therapy.calc.sources import DESIGN

RATIO_LIMIT = 4


@calculation(
    "multi-rate",
    16,
    "Multi-rate schedule",
    "D = sum(rate_i dur_i); Q_i = rate_i / C; scaled: rate_i D_new / D",
    (
        needed("steps", STEPS, "the steps of the day", aliases=("schedule", "rates")),
        STRENGTH,
        optional("scale_to", A_DOSE, "new daily dose to which all steps are scaled", aliases=("new_dose", "d_new")),
        MAYBE_PULSE,
        optional("flow_min", A_FLOW, "lowest flow of the pump", aliases=("q_min",)),
        optional("flow_max", A_FLOW, "highest flow of the pump", aliases=("q_max",)),
        optional("hour_limit", A_MASS, "most in any hour", aliases=("cap_hour",)),
        optional("most_steps", counted(1, 400), "most steps that the device takes", "13"),
    ),
    {"steps": "00-06 0.10 mg/h; 06-10 0.22 mg/h; 10-22 0.14 mg/h; 22-24 0.30 mg/h", "concentration": "8 mg/mL"},
    aliases=("flex", "schedule"),
)
def multi_rate(
    steps: tuple[tuple[int, Fraction], ...],
    concentration: Fraction,
    scale_to: Fraction | None,
    pulse: Fraction | None,
    flow_min: Fraction | None,
    flow_max: Fraction | None,
    hour_limit: Fraction | None,
    most_steps: int,
) -> Answer:
    """The daily dose of a schedule, the flow of each step, and the schedule scaled to another dose.

    Every step is checked against the pump's flows and the hourly limit, not the sum alone.
    """
    if len(steps) > most_steps:
        raise refuse("step_count", f"{len(steps)} steps; the device takes {most_steps}", "steps", "Join steps.")
    spans = _spans(steps)
    was = sum((over(rate, Fraction(time)) for _, time, rate in spans), Fraction(0))
    if not was:
        raise refuse("dose_zero", "every step gives nothing", "steps", "Stopping the pump is a command of its own.")
    factor = scale_to / was if scale_to is not None else Fraction(1)
    rows: list[Row] = [row("daily_flow", was * factor / concentration, FLOW, "mL/day")]
    if scale_to is not None:
        rows += [count("factor", factor), row("dose_before", was, DOSE_RATE, "mg/day")]
    whole = Fraction(0)
    for number, (start, time, rate) in enumerate(spans, 1):
        scaled = rate * factor
        if scaled:
            check_flow(scaled / concentration, scaled, flow_min, flow_max, f"steps.{number}")
        if hour_limit is not None and over(scaled, Fraction(MS_PER_HOUR)) > hour_limit:
            what = f"step {number} gives {auto(over(scaled, Fraction(MS_PER_HOUR)), MASS, 4)} in an hour"
            raise refuse("hour_limit", what, f"steps.{number}", f"At most {auto(hour_limit, MASS, 4)} in an hour.")
        rows += [
            row(f"step_{number}_rate", scaled, DOSE_RATE, "mg/h", f"from {clock_text(start)}"),
            row(f"step_{number}_dose", over(scaled, Fraction(time)), MASS, "mg"),
            row(f"step_{number}_flow", scaled / concentration, FLOW, "uL/h"),
        ]
        if pulse is not None:
            pulses = floor(over(scaled, Fraction(time)) / concentration / pulse)
            whole += pulses * pulse * concentration
            rows.append(count(f"step_{number}_pulses", pulses, note="whole pulses; an accumulator carries the rest on"))
    if pulse is not None:
        rows.append(row("dose_of_whole_pulses", whole, DOSE_RATE, "mg/day", "when each step is rounded down by itself"))
    return Answer(row("dose", was * factor, DOSE_RATE, "mg/day"), tuple(rows), _warnings(spans))


@calculation(
    "week-pattern",
    16,
    "Pattern of a week",
    "mean = sum(D_i) / 7; limits by max(D_i)",
    (needed("doses", many(A_DOSE, 7), "the doses of the seven days", aliases=("days",), zero=True),),
    {"doses": "4 mg/day; 4 mg/day; 4 mg/day; 4 mg/day; 4 mg/day; 6 mg/day; 6 mg/day"},
)
def week_pattern(doses: tuple[Fraction, ...]) -> Answer:
    """The mean of a week, which empties the reservoir, and its worst day, for which limits hold."""
    if len(doses) != 7:
        raise refuse("input", f"{len(doses)} days; a week has seven", "doses", "Give seven doses.")
    rows = (row("worst_day", max(doses), DOSE_RATE, "mg/day", "limits hold for this one"),)
    return Answer(row("mean", sum(doses, Fraction(0)) / 7, DOSE_RATE, "mg/day"), rows)


@calculation(
    "clock-drift",
    16,
    "Drift of a clock",
    "drift = ppm / 10^6 x time",
    (
        needed("drift", PPM, "error of the clock", aliases=("ppm", "error")),
        optional("time", A_TIME, "time since it was set", "1 day", aliases=("duration", "t")),
    ),
    {"drift": "50 ppm", "time": "1 day"},
)
def clock_drift(drift: Fraction, time: Fraction) -> Answer:
    """How far a clock is off after a time. It is corrected at each session, and the correction is logged."""
    off = drift * time / 10**6
    rows = (
        row("per_day", drift * MS_PER_DAY / 10**6, DURATION, "s"),
        row("per_year", drift * 365 * MS_PER_DAY / 10**6, DURATION, "min"),
    )
    return Answer(row("off", off, DURATION, "s"), rows)


def _spans(steps: tuple[tuple[int, Fraction], ...]) -> list[tuple[int, int, Fraction]]:
    """(start, length, rate) of each step."""
    ended = (*steps, (MS_PER_DAY, Fraction(0)))
    return [(start, end - start, rate) for (start, rate), (end, _) in pairwise(ended)]


def _warnings(spans: list[tuple[int, int, Fraction]]) -> tuple[Refusal, ...]:
    found = [
        warn(
            "clock_change",
            "the pump keeps elapsed time: where clocks change, local hours shift for the patient",
            "Say so, or reprogram.",
        )
    ]
    rates = [rate for _, _, rate in spans if rate]
    if max(rates) > RATIO_LIMIT * min(rates):
        what = f"the highest step is more than {RATIO_LIMIT} times the lowest"
        found.append(warn("step_ratio", what, "Check that this is meant.", DESIGN))
    if len(rates) < len(spans):
        found.append(
            warn(
                "step_zero",
                "a step gives nothing: a peristaltic tube must not stand still for long",
                "Use the lowest flow instead.",
            )
        )
    return tuple(found)
