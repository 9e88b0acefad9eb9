"""Section 14: the patient's bolus in the worst case of a sliding window, and when the next one is allowed."""

from fractions import Fraction

from thecal.quantity import DOSE_RATE, DURATION, FLOW, MASS, VOLUME, Refusal, auto, decimal_text
from thecal.therapy.calc.calculation import calculation, needed, optional, refuse
from thecal.therapy.calc.parts import INSTANT, instant_text
from thecal.therapy.calc.reading import choice, counted, many
from thecal.therapy.calc.result import Answer, Row, count, percent, row, words
from thecal.therapy.calc.rounding import whole_pulses
from thecal.therapy.calc.shared_inputs import (
    A_MASS,
    A_TIME,
    A_VOLUME,
    MAYBE_DOSE,
    MAYBE_FLOW,
    MAYBE_PULSE,
    STRENGTH,
    ceiling,
    needs,
    one_flow,
    warn,
)
from thecal.therapy.calc.sources import LINDLEY, MINUTES_HOURS, PTC, SLIDING

_FROM = choice(start="from start|beginning", end="from end")
_LOCKOUT = (
    optional("lockout", A_TIME, "lockout after a bolus", aliases=("l", "lockout_time")),
    optional(
        "lockout_from",
        _FROM,
        "whether the lockout runs from the start or the end of a bolus",
        "start",
        aliases=("from", "runs_from"),
    ),
    optional("duration", A_TIME, "time that one bolus takes", aliases=("bolus_duration",)),
    optional(
        "most",
        counted(0, 1000),
        "most boluses in the window",
        zero=True,
        aliases=("n", "maximum", "max", "boluses", "max_per_day"),
    ),
    optional("window", A_TIME, "length of the sliding window", "24 h", aliases=("w",)),
)


@calculation(
    "boluses-in-window",
    14,
    "Boluses that can start in a sliding window",
    "n = min(N, ceil(W / L_eff)); L_eff = lockout from the start, or lockout + duration from the end",
    _LOCKOUT,
    {"lockout": "200 min", "most": "12"},
    source=SLIDING,
    aliases=("bolus-count",),
)
def boluses_in_window(
    lockout: Fraction | None, lockout_from: str, duration: Fraction | None, most: int | None, window: Fraction
) -> Answer:
    """How many boluses can start in any window of that length. Rounding down would count one too few."""
    number, rows = in_window(lockout, lockout_from, duration, most, window)
    return Answer(count("boluses", number), rows)


@calculation(
    "patient-bolus",
    14,
    "Patient bolus, worst case",
    "n = min(N, ceil(W / L_eff)); D_max = D + n b; Q_worst = Q + n b / C",
    (
        needed("bolus", A_MASS, "mass of one bolus", aliases=("b", "dose_per_bolus")),
        STRENGTH,
        MAYBE_DOSE,
        MAYBE_FLOW,
        *_LOCKOUT,
        optional("volume", A_VOLUME, "usable volume, for the days that it lasts", aliases=("usable",)),
        MAYBE_PULSE,
    ),
    {"bolus": "0.25 mg", "concentration": "18 mg/mL", "dose": "6.5 mg/day", "most": "4", "volume": "18 mL"},
    source=PTC,
    aliases=("ptm", "ptc", "demand-bolus", "pca", "ptm-limits", "ptm-bolus"),
)
def patient_bolus(  # noqa: PLR0913 - the parameters of a demand button
    bolus: Fraction,
    concentration: Fraction,
    dose: Fraction | None,
    flow: Fraction | None,
    lockout: Fraction | None,
    lockout_from: str,
    duration: Fraction | None,
    most: int | None,
    window: Fraction,
    volume: Fraction | None,
    pulse: Fraction | None,
) -> Answer:
    """The most that a patient can get in 24 h with every bolus taken, and the flow that then empties the reservoir."""
    basal = one_flow(flow, dose, concentration)
    number, counting = in_window(lockout, lockout_from, duration, most, window)
    if window != 86_400_000:
        raise refuse(
            "input", "the worst day is that of a window of 24 h", "window", "Use boluses-in-window for another."
        )
    given, rows = bolus, []
    if pulse is not None:
        given, pulses, _ = whole_pulses(bolus, concentration, pulse)
        rows += [count("pulses", pulses), row("bolus_given", given, MASS, "mg")]
    daily = basal * concentration
    worst = basal + number * given / concentration
    rows += [
        row("bolus_volume", given / concentration, VOLUME, "uL"),
        row("worst_flow", worst, FLOW, "mL/day"),
        row("basal_dose", daily, DOSE_RATE, "mg/day"),
        percent("bolus_of_daily_dose", given / daily),
        count("boluses_per_day", number),
        *counting,
    ]
    if volume is not None:
        rows.append(row("days", needs(volume, worst), DURATION, "day"))
    warnings = _warnings(number * given, given, daily, lockout, most)
    return Answer(row("worst_day", worst * concentration, DOSE_RATE, "mg/day"), tuple(rows), warnings)


def _warnings(
    boluses: Fraction, bolus: Fraction, daily: Fraction, lockout: Fraction | None, most: int | None
) -> tuple[Refusal, ...]:
    found = []
    if not Fraction(5, 100) <= bolus / daily <= Fraction(20, 100):
        what = "the bolus is outside 5 to 20 % of the daily dose; about 10 % is the rule of thumb in print"
        found.append(warn("bolus_size", what, "Check that this is meant.", LINDLEY))
    if boluses > daily:
        what = f"with every bolus taken the day holds {decimal_text(1 + boluses / daily, 3)} times the basal dose"
        do = "Read the unit of the lockout again: minutes where hours are meant has killed."
        found.append(warn("boluses_above_basal", what, do, MINUTES_HOURS))
    if most is None and lockout is not None:
        found.append(warn("no_number", "only the lockout bounds the boluses of a day", "Give a highest number too."))
    return tuple(found)


@calculation(
    "next-bolus",
    14,
    "When the next bolus is allowed",
    "allowed when fewer than N started in the last window, and the lockout is over",
    (
        needed("times", many(INSTANT), "when boluses started", aliases=("given", "boluses", "starts")),
        needed("most", counted(1, 1000), "most boluses in the window", aliases=("n", "maximum", "max")),
        needed("now", INSTANT, "now", aliases=("at",)),
        optional("lockout", A_TIME, "lockout from the start of a bolus", "0 min", zero=True, aliases=("l",)),
        optional("window", A_TIME, "length of the sliding window", "24 h", aliases=("w",)),
    ),
    {
        "times": "2026-03-04 20:00 UTC; 2026-03-04 21:00 UTC; 2026-03-04 22:00 UTC; 2026-03-04 23:00 UTC",
        "most": "4",
        "now": "2026-03-04 23:30 UTC",
    },
    source=SLIDING,
)
def next_bolus(times: tuple[int, ...], most: int, now: int, lockout: Fraction, window: Fraction) -> Answer:
    """How long to wait. The window slides: a clock day that begins anew at midnight would allow twice the number."""
    given = sorted(times)
    if given[-1] > now:
        raise refuse("contradiction", "a bolus lies in the future", "times", "Check the times.")
    free = given[-most] + ceiling(window) if len(given) >= most else now
    allowed = max(now, free, given[-1] + ceiling(lockout))
    inside = sum(1 for at in given if at > now - window)
    rows = (
        words("allowed_at", instant_text(allowed)),
        count("in_last_window", inside),
        words("reason", "allowed now" if allowed == now else "count" if free == allowed else "lockout"),
    )
    return Answer(row("wait", Fraction(allowed - now), DURATION, "min"), rows)


def in_window(
    lockout: Fraction | None, lockout_from: str, duration: Fraction | None, most: int | None, window: Fraction
) -> tuple[int, tuple[Row, ...]]:
    """How many can start in any half-open window, and the rows that say why. Raises Refused when nothing bounds it."""
    if lockout is None and most is None:
        raise refuse(
            "input", "nothing bounds the number of boluses", "most", "Give a lockout, a highest number, or both."
        )
    rows: list[Row] = []
    number = most if most is not None else 10**9
    if lockout is not None:
        if lockout_from == "end" and duration is None:
            raise refuse("input", "the lockout runs from the end of a bolus", "duration", "Give the time of one bolus.")
        effective = lockout + (duration or 0) if lockout_from == "end" else lockout
        by_lockout = ceiling(window / effective)
        number = min(number, by_lockout)
        rows += [count("by_lockout", by_lockout), row("effective_lockout", effective, DURATION, "min")]
        rows.append(count("rounded_down_would_be", window // effective, note="wrong" if window % effective else ""))
    rows.append(words("window", auto(window, DURATION, 4) + ", sliding"))
    return number, tuple(rows)
