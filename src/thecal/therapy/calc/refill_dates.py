"""Section 10: the low-reservoir date, the refill date with its reason, the dates of a fast and of an empty pump."""

from datetime import UTC, datetime
from fractions import Fraction
from zoneinfo import ZoneInfo

from thecal.quantity import DURATION, FLOW, MS_PER_DAY, VOLUME, Refusal, auto
from thecal.therapy.calc.calculation import Input, calculation, needed, optional, refuse
from thecal.therapy.calc.parts import INSTANT, ZONE, instant_text
from thecal.therapy.calc.reading import SHARE, counted, or_unknown
from thecal.therapy.calc.result import Answer, Row, row, words
from thecal.therapy.calc.shared_inputs import (
    A_MASS,
    A_TIME,
    A_VOLUME,
    MAYBE_DOSE,
    MAYBE_FLOW,
    MAYBE_STRENGTH,
    ceiling,
    floor,
    needs,
    one_flow,
    volume_input,
    warn,
)
from thecal.therapy.calc.sources import FSN16, GILLETTE
from thecal.therapy.due import Limit, Reservoir, refill_date

_FILL = volume_input(
    "volume",
    "volume in the reservoir after the fill",
    "fill",
    "v_fill",
    "fill_volume",
    "filled",
    "reservoir",
    "reservoir_volume",
    "capacity",
    "current_volume",
)
_ALARM = optional(
    "alarm",
    A_VOLUME,
    "volume at which the low-reservoir alarm sounds",
    "2 mL",
    zero=True,
    aliases=("v_alarm", "alarm_volume", "low_reservoir"),
)
_PRIME = optional("prime", A_VOLUME, "volume that a prime took", "0 mL", zero=True, aliases=("v_prime",))
_PURGE = optional("purge", A_VOLUME, "volume that a purge took", "0 mL", zero=True)
_RESIDUAL = optional("residual", A_VOLUME, "volume that cannot be delivered", "0 mL", zero=True)
_BOLUS: tuple[Input, ...] = (
    optional("bolus", A_MASS, "mass of one patient bolus", aliases=("patient_bolus", "b")),
    optional("boluses", counted(0, 1000), "most boluses in 24 h", zero=True, aliases=("n", "boluses_per_day")),
)
_ERROR = optional("accuracy", SHARE, "labelled error of the flow", "14.5 %", aliases=("error", "label_error"))
_STABILITY = optional(
    "stability",
    or_unknown(A_TIME),
    "how long the drug lasts in the pump, counted from the fill",
    aliases=("stability_days", "drug_stability", "stability_limit"),
)
_ADMIXTURE = optional("admixture_stability", A_TIME, "how long the mixture lasts, counted from the fill")
_POLICY = optional("policy", A_TIME, "longest interval of the clinic, counted from the fill", aliases=("policy_days",))
_BATTERY = optional(
    "battery", INSTANT, "date at which the pump must be replaced", aliases=("eri", "eos", "replacement")
)
_MARGIN = optional("margin", A_TIME, "how long before the date the appointment is", "4 days", zero=True)
_ZONE = optional("zone", ZONE, "the clinic's time zone, for local days", "UTC")


@calculation(
    "days-remaining",
    10,
    "Days until the low-reservoir alarm",
    "V_usable = V - V_alarm - V_prime - V_purge; days = V_usable / (Q + n b / C); early = days / (1 + error)",
    (_FILL, MAYBE_FLOW, MAYBE_DOSE, MAYBE_STRENGTH, _ALARM, _PRIME, _PURGE, _RESIDUAL, *_BOLUS, _ERROR),
    {"volume": "20 mL", "flow": "0.4 mL/day", "alarm": "2 mL"},
    source=FSN16,
    aliases=("reservoir-days", "refill-interval", "days-to-refill", "days-until-refill"),
)
def days_remaining(  # noqa: PLR0913 - all that takes volume out of a reservoir
    volume: Fraction,
    flow: Fraction | None,
    dose: Fraction | None,
    concentration: Fraction | None,
    alarm: Fraction,
    prime: Fraction,
    purge: Fraction,
    residual: Fraction,
    bolus: Fraction | None,
    boluses: int | None,
    accuracy: Fraction,
) -> Answer:
    """How many days until the alarm, with every allotted bolus taken, and how many if the pump runs fast."""
    rate = one_flow(flow, dose, concentration)
    worst = rate + _boluses(bolus, boluses, concentration)
    usable = volume - alarm - prime - purge
    if usable <= 0:
        raise refuse("below_alarm", "the volume is not above the alarm", "volume", "Fill more, or check the volumes.")
    rows = (
        row("usable", usable, VOLUME, "mL"),
        row("worst_flow", worst, FLOW, "mL/day"),
        row("early_days", needs(usable, worst) / (1 + accuracy), DURATION, "day", "a pump that runs fast by the label"),
        row("empty_days", needs(volume - prime - purge - residual, worst), DURATION, "day"),
    )
    return Answer(row("days", needs(usable, worst), DURATION, "day"), rows)


@calculation(
    "refill-date",
    10,
    "Refill date",
    "alarm = start + (V - V_alarm - V_prime - V_purge) / (Q + n b / C); refill by the earliest of alarm, stability, "
    "mixture, battery, policy",
    (
        _FILL,
        needed("start", INSTANT, "when the reservoir was filled", aliases=("t0", "fill_date", "from")),
        MAYBE_FLOW,
        MAYBE_DOSE,
        MAYBE_STRENGTH,
        _ALARM,
        _PRIME,
        _PURGE,
        _RESIDUAL,
        *_BOLUS,
        _STABILITY,
        _ADMIXTURE,
        _POLICY,
        _BATTERY,
        _MARGIN,
        _ZONE,
    ),
    {"volume": "20 mL", "start": "2026-03-04 10:30 UTC", "dose": "6.5 mg/day", "concentration": "18 mg/mL"},
    source=FSN16,
    aliases=("low-reservoir-date", "alarm-date", "low-reservoir-alarm-date", "refill-by"),
)
def refill_by(  # noqa: PLR0913 - all that can set a refill date
    volume: Fraction,
    start: int,
    flow: Fraction | None,
    dose: Fraction | None,
    concentration: Fraction | None,
    alarm: Fraction,
    prime: Fraction,
    purge: Fraction,
    residual: Fraction,
    bolus: Fraction | None,
    boluses: int | None,
    stability: Fraction | str | None,
    admixture_stability: Fraction | None,
    policy: Fraction | None,
    battery: int | None,
    margin: Fraction,
    zone: str,
) -> Answer:
    """The date by which the refill must be done, with the reason, every candidate, and the date of a fast pump.

    All dates round down: to the earlier minute, and to the earlier local day. Unknown stability is said.
    """
    rate = one_flow(flow, dose, concentration)
    worst = _boluses(bolus, boluses, concentration)
    held = Reservoir(start, floor(volume), ceiling(alarm), ceiling(residual), ceiling(prime + purge))
    known = stability if isinstance(stability, Fraction) else None
    date = refill_date(
        held,
        rate,
        bolus_nl_day=worst,
        stability=_limit(known, "given"),
        policy=_limit(policy, "given"),
        battery_ms=battery,
    )
    candidates = [(each.date_ms, each.reason, each.detail) for each in date.candidates]
    if policy is None:
        candidates = [each for each in candidates if each[1] != "policy"]
    if admixture_stability is not None:
        until = start + floor(admixture_stability)
        candidates.append((until, "admixture stability", f"{auto(admixture_stability, DURATION, 4)} after the fill"))
    candidates.sort()
    by, reason, _ = candidates[0]
    rows = [
        words("refill_by", instant_text(by, zone)),
        words("reason", reason),
        words("local_day", _day(by, zone)),
        words("appointment", _day(by - floor(margin), zone)),
        words("alarm_date", instant_text(date.alarm_ms, zone)),
        words("early_date", instant_text(date.early_ms, zone) + " if the pump runs fast by the labelled 14.5 %"),
        words("empty_date", instant_text(date.empty_ms, zone)),
        Row("alarm_days", Fraction(held.usable_nl) / (rate + worst), "day"),
        Row("early_days", Fraction(held.usable_nl) / (rate + worst) / (1 + Fraction(145, 1000)), "day"),
        row("worst_flow", rate + worst, FLOW, "mL/day"),
    ]
    rows += [words("candidate", f"{why}: {instant_text(at, zone)}, {detail}") for at, why, detail in candidates]
    warnings = list(date.warnings) if known is None and admixture_stability is None else []
    if policy is None:
        warnings = [_unknown()] if warnings else []
    if date.early_ms < by:
        what = "a pump that runs fast by the label is at its alarm volume earlier, and its own alarm stays silent"
        warnings.append(warn("fast_pump", what, f"Watch from {_day(date.early_ms, zone)}.", FSN16))
    return Answer(
        Row("days_until_refill", Fraction(by - start, MS_PER_DAY), "day", reason), tuple(rows), tuple(warnings)
    )


@calculation(
    "earliest-date",
    10,
    "Earliest of the dates that set a refill",
    "min(alarm, fill + stability, battery, fill + policy)",
    (
        needed("alarm_date", INSTANT, "when the low-reservoir alarm is due", aliases=("alarm",)),
        needed("filled", INSTANT, "when the reservoir was filled", aliases=("fill_date", "start", "from")),
        _STABILITY,
        _ADMIXTURE,
        _POLICY,
        _BATTERY,
        _ZONE,
    ),
    {"alarm_date": "2026-07-20", "filled": "2026-04-11", "stability": "90 days"},
    source=GILLETTE,
)
def earliest_date(
    alarm_date: int,
    filled: int,
    stability: Fraction | str | None,
    admixture_stability: Fraction | None,
    policy: Fraction | None,
    battery: int | None,
    zone: str,
) -> Answer:
    """The earliest of dates that are known already, with its reason."""
    if alarm_date < filled:
        raise refuse("contradiction", "the alarm date is before the fill", "alarm_date", "Check both.")
    known = stability if isinstance(stability, Fraction) else None
    spans = (("stability", known), ("admixture stability", admixture_stability), ("policy", policy))
    found = [(alarm_date, "low reservoir alarm")]
    found += [(filled + floor(span), reason) for reason, span in spans if span is not None]
    found += [(battery, "battery")] if battery is not None else []
    by, reason = min(found)
    rows = [words("refill_by", instant_text(by, zone)), words("local_day", _day(by, zone)), words("reason", reason)]
    rows += [words("candidate", f"{why}: {instant_text(at, zone)}") for at, why in sorted(found)]
    warnings = () if known is not None or admixture_stability is not None else (_unknown(),)
    return Answer(Row("days_until_refill", Fraction(by - filled, MS_PER_DAY), "day", reason), tuple(rows), warnings)


def _boluses(bolus: Fraction | None, boluses: int | None, concentration: Fraction | None) -> Fraction:
    """Worst-case nL/day of patient boluses."""
    if bolus is None and not boluses:
        return Fraction(0)
    if bolus is None or boluses is None or concentration is None:
        raise refuse("input", "bolus, boluses and concentration go together", "bolus", "Give all three, or no bolus.")
    return boluses * bolus / concentration


def _limit(span: Fraction | None, source: str) -> Limit | None:
    if span is None:
        return None
    if span < MS_PER_DAY:
        raise refuse("input", "a limit of less than one day", "stability", "Give whole days, for example '90 days'.")
    return Limit(floor(span / MS_PER_DAY), source)


def _day(ms: int, zone: str) -> str:
    return datetime.fromtimestamp(ms // 1000, UTC).astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d")


def _unknown() -> Refusal:
    what = "how long this solution lasts in a pump is not known here"
    return warn("stability_unknown", what, "Give stability, or hold to the clinic's policy limit.", confirmed=False)
