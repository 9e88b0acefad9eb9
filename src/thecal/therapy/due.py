"""When the next refill is due: the earliest of the alarm, the stability of the fill, the battery and the policy.

Units: volumes nL, flows nL/day (exact rationals), times ms UTC. A date rounds down to the earlier ms. Every
candidate is listed with its source, so the reason can be read off. Formula: docs/therapy/dosing.md.
"""

from dataclasses import dataclass
from fractions import Fraction

from thecal.quantity import FLOW, MS_PER_DAY, VOLUME, Refusal, Refused, show
from thecal.therapy.door import checked
from thecal.therapy.numbers import exact, whole

LABEL_ERROR = Fraction(145, 1000)
"""Flow error that the label of a common peristaltic pump allows; the source is ``ACCURACY_SOURCE``."""
ACCURACY_SOURCE = "Medtronic field safety notice FA596 phase II (2016): over-infusion is more than 14.5 % over program"
POLICY_DAYS = 90
POLICY_SOURCE = "this project's default; a site sets its own"
MARGIN_DAYS = 4
MARGIN_SOURCE = "Gillette Children's, pump refills (2020): an appointment 3 to 5 days before the alarm date"


@dataclass(frozen=True, slots=True)
class Reservoir:
    """A reservoir filled at ``filled_ms`` that held ``volume_nl`` then, or at ``known_ms`` when that is given.

    ``alarm_nl`` sets off the low-reservoir alarm, ``residual_nl`` cannot be delivered, ``prime_nl`` went into the path.
    Raises Refused for a volume below zero and for one that is below the alarm from the start.
    """

    filled_ms: int
    volume_nl: int
    alarm_nl: int
    residual_nl: int = 0
    prime_nl: int = 0
    known_ms: int | None = None

    def __post_init__(self) -> None:
        for name in ("filled_ms", "volume_nl", "alarm_nl", "residual_nl", "prime_nl"):
            whole(name, getattr(self, name))
        if self.known_ms is not None:
            whole("known_ms", self.known_ms)
        if self.usable_nl < 0:
            what = f"{show(self.left_nl, VOLUME, 'mL')} is already below the alarm volume."
            do = f"Fill above {show(self.alarm_nl + self.prime_nl, VOLUME, 'mL')}."
            raise Refused(Refusal("below_alarm", what, "volume", do))

    @property
    def left_nl(self) -> int:
        """What is left after priming."""
        return self.volume_nl - self.prime_nl

    @property
    def usable_nl(self) -> int:
        """What can flow before the alarm."""
        return self.left_nl - self.alarm_nl


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit in days that is counted from the fill: what sets it, where it was read, whether that was confirmed."""

    days: int | None
    source: str
    confirmed: bool = False


@dataclass(frozen=True, slots=True)
class Candidate:
    """One date by which the refill must be done, and why."""

    reason: str
    date_ms: int
    detail: str
    source: str = ""
    confirmed: bool = True


@dataclass(frozen=True, slots=True)
class RefillDate:
    """The refill date. ``candidates`` are in order of time, the first is the one that holds.

    ``appointment_ms`` is the margin before it; ``empty_ms`` is when nothing can be delivered any more; ``early_ms``
    is the alarm date of a pump that runs fast by the labelled error, whose own alarm would come too late.
    """

    date_ms: int
    reason: str
    candidates: tuple[Candidate, ...]
    appointment_ms: int
    alarm_ms: int
    early_ms: int
    empty_ms: int
    warnings: tuple[Refusal, ...] = ()


@checked
def refill_date(
    reservoir: Reservoir,
    flow_nl_day: Fraction | int,
    *,
    bolus_nl_day: Fraction | int = 0,
    stability: Limit | None = None,
    policy: Limit | None = None,
    battery_ms: int | None = None,
) -> RefillDate:
    """The refill date of a reservoir that runs at ``flow_nl_day``.

    ``bolus_nl_day`` is the worst case of patient boluses. ``stability`` None or without days is unknown: the
    policy then holds and a warning says so. Raises Refused when nothing flows or nothing is usable.
    """
    start = reservoir.filled_ms if reservoir.known_ms is None else reservoir.known_ms
    worst = exact("flow", flow_nl_day) + exact("bolus", bolus_nl_day)
    if worst == 0:
        raise Refused(Refusal("no_flow", "Nothing flows, so no refill date follows from the volume.", "flow"))
    usable = reservoir.usable_nl
    alarm = start + _ms(usable / worst)
    detail = f"{show(usable, VOLUME, 'mL')} usable at {show(worst, FLOW, 'mL/day', 6)}, boluses at their worst case"
    found = [Candidate("low reservoir alarm", alarm, detail)]
    policy = policy or Limit(POLICY_DAYS, POLICY_SOURCE)
    for reason, limit in (("stability", stability), ("policy", policy)):
        if limit is not None and limit.days is not None:
            date = reservoir.filled_ms + limit.days * MS_PER_DAY
            found.append(Candidate(reason, date, f"{limit.days} days after the fill", limit.source, limit.confirmed))
    if battery_ms is not None:
        found.append(Candidate("battery", battery_ms, "replacement indicated by the battery"))
    found.sort(key=lambda candidate: candidate.date_ms)
    first = found[0]
    return RefillDate(
        date_ms=first.date_ms,
        reason=first.reason,
        candidates=tuple(found),
        appointment_ms=first.date_ms - MARGIN_DAYS * MS_PER_DAY,
        alarm_ms=alarm,
        early_ms=start + _ms(usable / worst / (1 + LABEL_ERROR)),
        empty_ms=start + _ms(max(reservoir.left_nl - reservoir.residual_nl, 0) / worst),
        warnings=_unknown(stability),
    )


def _unknown(stability: Limit | None) -> tuple[Refusal, ...]:
    if stability is not None and stability.days is not None:
        return ()
    what = "How long this solution lasts in a pump is not known; the policy limit holds instead."
    return (Refusal("stability_unknown", what, "solution", "Ask the pharmacist.", confirmed=False),)


def _ms(days: Fraction) -> int:
    exact = days * MS_PER_DAY
    return exact.numerator // exact.denominator
