"""The worklist of many charts: one small row a chart, made when the chart changes, read at any time without it.

A row holds what will be due and from when, so a list of thousands is read in milliseconds. It says the same as the
worklist of the charts; a test compares the two. Times ms UTC. A task that lacks facts proposes nothing.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import astuple, dataclass
from typing import Any

from thecal.quantity import MASS, MS_PER_DAY, Refusal, Refused, auto
from thecal.therapy.candidacy import criterion, evaluate
from thecal.therapy.chart import Chart
from thecal.therapy.decision import decision_lacks
from thecal.therapy.door import checked
from thecal.therapy.events.facts import Coagulation, InfectionCheck
from thecal.therapy.follow.prompts import prompts
from thecal.therapy.numbers import whole
from thecal.therapy.refill import compare
from thecal.therapy.reservoir import next_refill
from thecal.therapy.trials.by_hand import doses
from thecal.therapy.worklist import REFILL_AHEAD_MS, SEND_PATIENCE_MS, Task, Urgency, order_over

_EXPIRES = {"infection": 14, "coagulopathy": 90}
"""Findings that must be fresh on the day of a procedure, and for how many days they count."""


FORMAT = 2
"""Counts up when a row says something else than before, so that kept rows are made again."""


@dataclass(frozen=True, slots=True)
class Phase:
    """From ``start`` (ms) on this is how urgent it is; None ends it."""

    start: int
    urgency: Urgency | None
    what: str
    reason: str


@dataclass(frozen=True, slots=True)
class Timed:
    """One thing that is or will be due, with its phases in order of time, and the facts that it lacks.

    ``expires`` are facts that are there and go stale: from when, and what to record again.
    """

    since: int
    phases: tuple[Phase, ...]
    due: int | None = None
    lacks: tuple[str, ...] = ()
    expires: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class DiaryWatch:
    """A running trial's diary: start, planned days, entries asked for a day, and the times of those there are."""

    start: int
    days: int
    least: int
    times: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """The projection of one chart at a version."""

    patient: str
    name: str
    version: int
    timed: tuple[Timed, ...]
    diary: DiaryWatch | None = None


@checked
def project(chart: Chart) -> Row | None:
    """The row of a chart; None before its patient is registered. Make it again whenever the chart changes."""
    if chart.patient is None:
        return None
    found = tuple(timed for find in _FINDERS for timed in find(chart))
    return Row(chart.patient.patient, chart.patient.name, chart.version, found, _diary(chart))


@checked
def row_text(row: Row) -> str:
    """The row as one line of JSON, to be kept beside the chart."""
    return json.dumps([FORMAT, *astuple(row)], separators=(",", ":"), ensure_ascii=False)


@checked
def read_row(text: str) -> Row:
    """A row from its text. Raises Refused for one that this version did not write: project the chart again."""
    try:
        mark, patient, name, version, timed, diary = json.loads(text)
        if mark != FORMAT:
            raise ValueError("written by another version")
        return Row(patient, name, version, tuple(map(_timed, timed)), _watched(diary))
    except (ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
        do = "Project the chart again."
        raise Refused(Refusal("row", f"This is no row of the worklist: {error}.", "read_row.text", do)) from None


def _watched(plain: list[Any] | None) -> DiaryWatch | None:
    if plain is None:
        return None
    start, days, least, times = plain
    return DiaryWatch(start, days, least, tuple(times))


def _timed(plain: list[Any]) -> Timed:
    since, phases, due, lacks, expires = plain
    made = (Phase(start, None if how is None else Urgency(how), what, why) for start, how, what, why in phases)
    return Timed(since, tuple(made), due, tuple(lacks), tuple((at, text) for at, text in expires))


@checked
def board(rows: Iterable[Row], now: int) -> tuple[Task, ...]:
    """The tasks of all rows at ``now``: worst first, then by due date, then the oldest."""
    whole("now", now)
    found = [task for row in rows for task in _tasks(row, now)]
    found.sort(key=lambda task: (task.urgency, task.due or task.since, task.since, task.patient))
    return tuple(found)


def _tasks(row: Row, now: int) -> Iterator[Task]:
    for timed in row.timed:
        phase = None
        for each in timed.phases:
            if each.start > now:
                break
            phase = each
        if phase is None or phase.urgency is None:
            continue
        stale = tuple(text for at, text in timed.expires if at < now)
        yield Task(
            phase.urgency, row.patient, row.name, phase.what, phase.reason, timed.since, timed.due, timed.lacks + stale
        )
    if row.diary is not None:
        yield from _reminder(row, row.diary, now)


def _reminder(row: Row, diary: DiaryWatch, now: int) -> Iterator[Task]:
    day = (now - diary.start) // MS_PER_DAY
    start = diary.start + day * MS_PER_DAY
    if day >= diary.days or now < diary.start or now - start <= MS_PER_DAY // 2:
        return
    missing = diary.least - sum(start <= at <= now for at in diary.times)
    if missing > 0:
        reason = f"{missing} more diary entries are needed today, or the day will not count."
        since = max(diary.times, default=diary.start)
        yield Task(Urgency.TODAY, row.patient, row.name, "Remind of the pain diary", reason, since)


def _once(since: int, urgency: Urgency, what: str, reason: str, lacks: tuple[str, ...] = ()) -> Timed:
    return Timed(since, (Phase(since, urgency, what, reason),), lacks=lacks)


def _orders(chart: Chart) -> Iterator[Timed]:
    newest = {order.event.pump: order for order in chart.orders}
    for order in newest.values():
        if order_over(chart, order):
            continue
        if order.state == "disputed":
            yield _once(order.changed, Urgency.NOW, "Settle a disputed prescription", order.reason)
        elif order.state == "ordered":
            reason = "The prescription is written and not sent."
            yield _once(order.changed, Urgency.TODAY, "Send the prescription", reason)
        elif order.state == "sent":
            reason = "The pump has not acknowledged the prescription: what it runs is not known."
            late = order.changed + SEND_PATIENCE_MS + 1
            phase = Phase(late, Urgency.NOW, "Find out what the pump runs", reason)
            yield Timed(order.changed, (phase,))


def _gaps(chart: Chart) -> Iterator[Timed]:
    in_use = {chart.implant.pump} if chart.implant is not None and chart.pump_in_place else set()
    if chart.stage == "trial" and chart.trial is not None and chart.trial.started.pump is not None:
        in_use.add(chart.trial.started.pump)
    for gap in chart.gaps:
        if gap.pump not in in_use:
            continue
        if gap.end is None:
            yield _once(gap.start, Urgency.NOW, "See to a pump that does not deliver", gap.cause)
        else:
            what = "Review a gap in delivery"
            phases = (
                Phase(gap.start, Urgency.TODAY, what, gap.cause),
                Phase(gap.end + MS_PER_DAY, None, what, gap.cause),
            )
            yield Timed(gap.start, phases)


def _closed_with_pump(chart: Chart) -> Iterator[Timed]:
    if chart.stage in ("declined", "withdrawn") and chart.pump_in_place:
        reason = f"The chart is {chart.stage} and a pump is still implanted: it needs refills, a taper or an explant."
        yield _once(chart.since, Urgency.NOW, "Decide about the pump in place", reason)


def _refill(chart: Chart) -> Iterator[Timed]:
    if chart.implant is None or not chart.pump_in_place:
        return
    if chart.running(chart.implant.pump) is None:
        return
    since = chart.refills[-1].meta.at if chart.refills else chart.implant.meta.at
    check = "Refill now, or check the volumes"
    try:
        date = next_refill(chart, _last(chart))
    except Refused as refused:
        if "no_flow" not in (refusal.code for refusal in refused.refusals):
            yield Timed(since, (Phase(since, Urgency.NOW, check, str(refused)),), since)
        return
    reason = f"{date.reason}: {date.candidates[0].detail}"
    ahead = Phase(date.date_ms - REFILL_AHEAD_MS, Urgency.SOON, "Refill due", reason)
    phases = [
        ahead,
        Phase(date.appointment_ms, Urgency.TODAY, "Refill due", reason),
        Phase(date.date_ms, Urgency.NOW, "Refill overdue", reason),
        Phase(date.alarm_ms + 1, Urgency.NOW, check, "The volume is below the alarm."),
    ]
    yield Timed(since, tuple(phases), date.date_ms)


def _new_pump(chart: Chart) -> Iterator[Timed]:
    if chart.implant is None or not chart.pump_in_place or chart.stage != "in_therapy":
        return
    if chart.running(chart.implant.pump) is None:
        reason = "The pump was replaced and the new one has accepted no prescription."
        yield _once(chart.implant.meta.at, Urgency.NOW, "Start the therapy on the new pump", reason)


def _last(chart: Chart) -> int:
    return max(event.meta.recorded for event in chart.events)


def _discrepancy(chart: Chart) -> Iterator[Timed]:
    for refill in chart.refills[-1:]:
        found = compare(refill.start_nl, refill.expected_nl, refill.withdrawn_nl, reading_nl=refill.reading_nl)
        if found.reading == "investigate" and chart.pump_in_place:
            reason = " ".join(finding.what for finding in found.findings)
            yield _once(refill.meta.at, Urgency.TODAY, "Investigate the last refill", reason)


def _trial(chart: Chart) -> Iterator[Timed]:
    if chart.stage == "trial" and chart.trial is not None:
        end = chart.trial.started.meta.at + chart.trial.plan.days * MS_PER_DAY
        yield Timed(end, (Phase(end, Urgency.TODAY, "Conclude the trial", "The planned days are over."),), end)


def _diary(chart: Chart) -> DiaryWatch | None:
    if chart.stage != "trial" or chart.trial is None:
        return None
    trial = chart.trial
    start = trial.started.meta.at
    before = [entry.meta.at for entry in chart.diary if entry.meta.at < start]
    times = (*before[-1:], *(entry.meta.at for entry in chart.diary if entry.meta.at >= start))
    return DiaryWatch(start, trial.plan.days, trial.plan.rule.min_entries_day, times)


def _next_step(chart: Chart) -> Iterator[Timed]:
    if chart.plan is not None:
        at = chart.plan.meta.at
        lacks = _unknown_safety(chart)
        yield Timed(
            at, (Phase(at, Urgency.NEXT_STEP, "Start the trial", "A trial is planned."),), None, lacks, _stale(chart)
        )
    elif chart.stage == "decision" and chart.decision is not None:
        at, reason = chart.decision.meta.at, "The decision for a pump is recorded and no implant is."
        phase = Phase(at, Urgency.NEXT_STEP, "Implant the pump", reason)
        yield Timed(at, (phase,), None, _unknown_safety(chart), _stale(chart))
    elif chart.stage == "referred":
        lacks = evaluate(chart).missing_next
        reason = "The patient is referred and not reviewed."
        yield _once(chart.since, Urgency.NEXT_STEP, "Review candidacy", reason, lacks)
    elif chart.stage == "assessed":
        reason = "Candidacy is reviewed and no trial is planned."
        yield _once(chart.since, Urgency.NEXT_STEP, "Plan the trial", reason)
    elif chart.stage == "decision":
        reason = "The trial is concluded and nothing is decided."
        yield _once(chart.since, Urgency.NEXT_STEP, "Decide together", reason, decision_lacks(chart))
    elif chart.stage == "implanted":
        reason = "The pump is implanted and has accepted no prescription."
        yield _once(chart.since, Urgency.TODAY, "Start the therapy", reason)


def _unknown_safety(chart: Chart) -> tuple[str, ...]:
    """What is not known of the contraindications that must be absent on the day of a procedure."""
    return tuple(
        item.missing for name in _EXPIRES if (item := criterion(chart, name)).status == "unknown" and item.missing
    )


def _stale(chart: Chart) -> tuple[tuple[int, str], ...]:
    """When the findings of the day's contraindications stop counting."""
    found = []
    for name, latest in (
        ("infection", chart.latest(InfectionCheck)),
        ("coagulopathy", chart.latest(Coagulation)),
    ):
        if latest is not None:
            text = f"{name}: the last finding is too old"
            found.append((latest[0].meta.at + (_EXPIRES[name] + 1) * MS_PER_DAY - 1, text))
    return tuple(found)


def _watch(chart: Chart) -> Iterator[Timed]:
    """Each watched dose by hand, until its watch ends, or until the next dose; the latest end of all counts."""
    watched = [dose for dose in doses(chart) if dose.watch_until is not None]
    what, end = "Watch the patient after the injection", 0
    for index, dose in enumerate(watched):
        end = max(end, dose.watch_until or 0)
        following = watched[index + 1].at if index + 1 < len(watched) else end
        given = "Saline" if dose.mass_fg is None else f"{auto(dose.mass_fg, MASS)} of {dose.drug}"
        reason = f"{given}{f' at {dose.level}' if dose.level else ''}"
        reason += f", given by {dose.given_by}." if dose.given_by else "."
        over = Phase(min(end, following), None, what, reason)
        yield Timed(dose.at, (Phase(dose.at, Urgency.NOW, what, reason), over), end)


def _alerts(chart: Chart) -> Iterator[Timed]:
    latest = {each.effect: each for each in chart.side_effects}
    for each in latest.values():
        if each.grade == "severe" and not each.resolved:
            what = "Answer a severe side effect"
            yield _once(each.meta.at, Urgency.NOW, what, f"{each.effect}: severe and not resolved")
    for visit in chart.visits[-1:]:
        if visit.red_flags:
            yield _once(visit.meta.at, Urgency.NOW, "Act on a red flag", ", ".join(visit.red_flags))
    for battery in chart.batteries[-1:]:
        if chart.implant is not None and chart.pump_in_place and battery.pump == chart.implant.pump:
            if battery.state == "end_of_service":
                yield _once(battery.meta.at, Urgency.NOW, "Replace the pump", "Its battery is at the end of service.")
            elif battery.state == "replacement_indicated":
                reason = "Its battery asks for replacement."
                yield _once(battery.meta.at, Urgency.SOON, "Plan the replacement of the pump", reason)


def _prompts(chart: Chart) -> Iterator[Timed]:
    if not chart.pump_in_place or not chart.events:
        return
    for prompt in prompts(chart, _last(chart)):
        what = f"Think of {prompt.id} before the next dose"
        yield _once(_last(chart), Urgency.NEXT_STEP, what, "; ".join((prompt.text, *prompt.reasons)), prompt.lacks)


_FINDERS: tuple[Callable[[Chart], Iterator[Timed]], ...] = (
    _orders,
    _gaps,
    _closed_with_pump,
    _refill,
    _discrepancy,
    _trial,
    _next_step,
    _watch,
    _alerts,
    _prompts,
    _new_pump,
)


def later(chart: Chart, now: int) -> Iterator[Task]:
    """The tasks at ``now`` that only rows know how to find, for the list of charts."""
    if chart.patient is None:
        return
    found = (timed for find in (_watch, _alerts, _prompts, _new_pump) for timed in find(chart))
    yield from _tasks(Row(chart.patient.patient, chart.patient.name, chart.version, tuple(found)), now)
