"""The worklist: who needs what today, worst first, with the reason and the age of the fact that it rests on.

Times are ms UTC. It proposes work for people; it changes nothing.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum

from thecal.quantity import DURATION, MS_PER_DAY, MS_PER_HOUR, Refused, show
from thecal.therapy.chart import Chart, Order, Trial
from thecal.therapy.door import checked
from thecal.therapy.refill import compare
from thecal.therapy.reservoir import next_refill

SEND_PATIENCE_MS = 15 * 60_000
REFILL_AHEAD_MS = 14 * MS_PER_DAY


class Urgency(IntEnum):
    """How urgent an item is; the lower, the worse."""

    NOW = 0
    TODAY = 1
    SOON = 2
    NEXT_STEP = 3


@dataclass(frozen=True, slots=True)
class Task:
    """One thing to do for one patient. ``since`` is when the fact arose, ``due`` when it must be done, if it must.

    ``lacks`` names facts that are missing or stale: while it is not empty, nothing is proposed.
    """

    urgency: Urgency
    patient: str
    name: str
    what: str
    reason: str
    since: int
    due: int | None = None
    lacks: tuple[str, ...] = ()

    @property
    def blocked(self) -> bool:
        """Facts are missing or stale, so nothing can be proposed."""
        return bool(self.lacks)

    def age(self, now: int) -> str:
        """How old the fact is, for people: whole days, or hours below two days."""
        age = max(now - self.since, 0)
        if age >= 2 * MS_PER_DAY:
            return show(age // MS_PER_DAY * MS_PER_DAY, DURATION, "days")
        return show(age // MS_PER_HOUR * MS_PER_HOUR, DURATION, "h")


@checked
def worklist(charts: Iterable[Chart], now: int) -> tuple[Task, ...]:
    """The tasks of all charts at ``now``: worst first, then by due date, then the oldest."""
    found = [task for chart in charts if chart.patient is not None for task in tasks(chart, now)]
    return tuple(sorted(found, key=lambda task: (task.urgency, task.due or task.since, task.since, task.patient)))


@checked
def tasks(chart: Chart, now: int) -> tuple[Task, ...]:
    """The tasks of one chart at ``now``, in no order."""
    from thecal.therapy.projection import later  # the rows are built on this list

    return (*(task for find in _FINDERS for task in find(chart, now)), *later(chart, now))


def _task(chart: Chart, urgency: Urgency, what: str, reason: str, since: int, due: int | None = None) -> Task:
    assert chart.patient is not None, "only registered patients are listed"
    return Task(urgency, chart.patient.patient, chart.patient.name, what, reason, since, due)


def _orders(chart: Chart, now: int) -> Iterator[Task]:
    newest = {order.event.pump: order for order in chart.orders}
    for order in newest.values():
        if order_over(chart, order):
            continue
        match order.state:
            case "disputed":
                yield _task(chart, Urgency.NOW, "Settle a disputed prescription", order.reason, order.changed)
            case "sent" if now - order.changed > SEND_PATIENCE_MS:
                reason = "The pump has not acknowledged the prescription: what it runs is not known."
                yield _task(chart, Urgency.NOW, "Find out what the pump runs", reason, order.changed)
            case "ordered":
                reason = "The prescription is written and not sent."
                yield _task(chart, Urgency.TODAY, "Send the prescription", reason, order.changed)
            case _:
                pass


def order_over(chart: Chart, order: Order) -> bool:
    """The pump that an order was written for is no longer in use."""
    if order.event.purpose == "trial":
        return chart.stage != "trial" and chart.plan is None
    return not chart.pump_in_place


def _gaps(chart: Chart, now: int) -> Iterator[Task]:
    in_use = {chart.implant.pump} if chart.implant is not None and chart.pump_in_place else set()
    if chart.stage == "trial" and chart.trial is not None and chart.trial.started.pump is not None:
        in_use.add(chart.trial.started.pump)
    for gap in chart.gaps:
        if gap.pump in in_use and gap.end is None:
            yield _task(chart, Urgency.NOW, "See to a pump that does not deliver", gap.cause, gap.start)
        elif gap.pump in in_use and gap.end is not None and now - gap.end < MS_PER_DAY:
            yield _task(chart, Urgency.TODAY, "Review a gap in delivery", gap.cause, gap.start)


def _closed_with_pump(chart: Chart, _now: int) -> Iterator[Task]:
    if chart.stage in ("declined", "withdrawn") and chart.pump_in_place:
        reason = f"The chart is {chart.stage} and a pump is still implanted: it needs refills, a taper or an explant."
        yield _task(chart, Urgency.NOW, "Decide about the pump in place", reason, chart.since)


def _refill(chart: Chart, now: int) -> Iterator[Task]:
    if chart.implant is None or not chart.pump_in_place or chart.running(chart.implant.pump) is None:
        return
    since = chart.refills[-1].meta.at if chart.refills else chart.implant.meta.at
    try:
        date = next_refill(chart, now)
    except Refused as refused:
        if "no_flow" in (refusal.code for refusal in refused.refusals):
            return
        yield _task(chart, Urgency.NOW, "Refill now, or check the volumes", str(refused), since, now)
        return
    if date.date_ms - now > REFILL_AHEAD_MS:
        return
    urgency = Urgency.NOW if date.date_ms <= now else Urgency.TODAY if date.appointment_ms <= now else Urgency.SOON
    what = "Refill overdue" if date.date_ms <= now else "Refill due"
    yield _task(chart, urgency, what, f"{date.reason}: {date.candidates[0].detail}", since, date.date_ms)


def _discrepancy(chart: Chart, now: int) -> Iterator[Task]:
    for refill in chart.refills[-1:]:
        found = compare(refill.start_nl, refill.expected_nl, refill.withdrawn_nl, reading_nl=refill.reading_nl)
        if found.reading == "investigate" and chart.pump_in_place and refill.meta.at <= now:
            reason = " ".join(finding.what for finding in found.findings)
            yield _task(chart, Urgency.TODAY, "Investigate the last refill", reason, refill.meta.at)


def _trial(chart: Chart, now: int) -> Iterator[Task]:
    trial = chart.trial
    if chart.stage != "trial" or trial is None:
        return
    end = trial.started.meta.at + trial.plan.days * MS_PER_DAY
    if now >= end:
        yield _task(chart, Urgency.TODAY, "Conclude the trial", "The planned days are over.", end, end)
        return
    missing = _missing_entries(chart, trial, now)
    if missing:
        reason = f"{missing} more diary entries are needed today, or the day will not count."
        last = max((entry.meta.at for entry in chart.diary), default=trial.started.meta.at)
        yield _task(chart, Urgency.TODAY, "Remind of the pain diary", reason, last)


def _missing_entries(chart: Chart, trial: Trial, now: int) -> int:
    day = (now - trial.started.meta.at) // MS_PER_DAY
    start = trial.started.meta.at + day * MS_PER_DAY
    made = sum(start <= entry.meta.at <= now for entry in chart.diary)
    late_in_day = now - start > MS_PER_DAY // 2
    return max(trial.plan.rule.min_entries_day - made, 0) if late_in_day else 0


def _next_step(chart: Chart, _now: int) -> Iterator[Task]:
    steps = {
        "referred": ("Review candidacy", "The patient is referred and not reviewed."),
        "assessed": ("Plan the trial", "Candidacy is reviewed and no trial is planned."),
        "decision": ("Decide together", "The trial is concluded and nothing is decided."),
        "implanted": ("Start the therapy", "The pump is implanted and has accepted no prescription."),
    }
    if chart.plan is not None:
        yield _task(chart, Urgency.NEXT_STEP, "Start the trial", "A trial is planned.", chart.plan.meta.at)
    elif chart.stage == "decision" and chart.decision is not None:
        reason = "The decision for a pump is recorded and no implant is."
        yield _task(chart, Urgency.NEXT_STEP, "Implant the pump", reason, chart.decision.meta.at)
    elif chart.stage in steps:
        what, reason = steps[chart.stage]
        urgency = Urgency.TODAY if chart.stage == "implanted" else Urgency.NEXT_STEP
        yield _task(chart, urgency, what, reason, chart.since)


_FINDERS: tuple[Callable[[Chart, int], Iterator[Task]], ...] = (
    _orders,
    _gaps,
    _closed_with_pump,
    _refill,
    _discrepancy,
    _trial,
    _next_step,
)
