"""From single prescriptions and procedures to the treatments that a person would name, with outcome and span.

Prescriptions of one drug become one entry; each operation stays one of its own. The outcome is ``unknown`` unless
the record says otherwise.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace

from thecal.exchange.fields import clean
from thecal.exchange.imported import History, Span
from thecal.therapy.events import ImportedItem, Outcome, Treatment

_REFERENCES_MAX = 20
_ONGOING = ("active", "in-progress", "on-hold")


@dataclass(frozen=True, slots=True)
class Course:
    """One resource that counts as a treatment: what, of which drug, what the record says of it, by which rule."""

    treatment: Treatment
    subject: str
    item: ImportedItem
    span: Span
    outcome: Outcome
    reason: str
    rule: str


def gather(courses: Iterable[Course], failed_back_ms: int | None) -> tuple[History, ...]:
    """Histories in order of their start. ``failed_back_ms``: onset of a recorded failed back surgery syndrome.

    Back operations done before that onset did not suffice, by the record's own words.
    """
    groups: dict[tuple[str, str, str], list[Course]] = defaultdict(list)
    for course in courses:
        judged = _judge(course, failed_back_ms)
        single = judged.item.reference if judged.treatment in ("back_surgery", "spinal_cord_stimulation") else ""
        groups[judged.treatment, single or judged.subject, judged.outcome].append(judged)
    return tuple(sorted((_history(group) for group in groups.values()), key=lambda h: (h.start or "9", h.treatment)))


def _judge(course: Course, failed_back_ms: int | None) -> Course:
    done = course.item.start
    if course.treatment != "back_surgery" or course.outcome != "unknown" or failed_back_ms is None or done is None:
        return course
    if done > failed_back_ms:
        return course
    reason = "failed back surgery syndrome is recorded after it"
    return replace(course, outcome="inadequate", reason=reason)


def _history(group: list[Course]) -> History:
    first, named = group[0], group[0].item.text
    starts = [start for course in group if (start := course.span[0]) is not None]
    ends = [end for course in group if (end := course.span[1]) is not None]
    over = len(ends) == len(group) and not any(course.item.status in _ONGOING for course in group)
    references = [course.item.reference for course in group]
    more = [f"and {len(references) - _REFERENCES_MAX} more"] if len(references) > _REFERENCES_MAX else []
    statuses = ", ".join(sorted({course.item.status for course in group if course.item.status}))
    told = f"The record says: {first.reason}." if first.reason else "The record does not say how it went."
    count = f"{len(group)} entries" if len(group) > 1 else "1 entry"
    return History(
        treatment=first.treatment,
        outcome=first.outcome,
        start=min(starts, key=lambda start: start.ms).day if starts else None,
        end=max(ends, key=lambda end: end.ms).day if over else None,
        detail=clean(named if first.subject in named.lower() else f"{first.subject}: {named}"),
        note=clean(f"{count}, status {statuses or 'not recorded'}. {told} Recognised by: {first.rule}.", 2_000),
        references=tuple(references[:_REFERENCES_MAX] + more),
    )
