"""Steps of a trial dose as protocols print them: the next step, or the reason why there is none.

Masses fg, dose rates fg/day, exact. A step is never cut down to a limit: beyond the last one there is no step. The
panel's limit of 30 or 50 % is soft: a larger step asks for a reason.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any

from thecal.quantity import DOSE_RATE, DURATION, MASS, Kind, Refusal, Refused, auto, parse
from thecal.therapy.door import checked
from thecal.therapy.numbers import whole
from thecal.therapy.reference import cite, load


@dataclass(frozen=True, slots=True)
class Escalation:
    """One protocol. ``kind`` is mass (single doses) or dose rate, None where it prints no steps."""

    id: str
    drug: str
    kind: Kind | None
    first: int | None
    step: int | None
    most: int | None
    ladder: tuple[int, ...]
    interval_ms: int | None
    stop: str
    limits_pct: Mapping[str, int]
    text: str
    source: str
    confirmed: bool


@dataclass(frozen=True, slots=True)
class Step:
    """The next step of a protocol; ``dose`` None when there is none, and ``reason`` says why."""

    dose: int | None
    reason: str
    source: str
    confirmed: bool


@cache
def escalations() -> tuple[Escalation, ...]:
    """Every protocol of the file."""
    return tuple(_escalation(row) for row in load("trial")["escalation"])


@checked
def escalation(escalation_id: str) -> Escalation:
    """A protocol by its id. Raises Refused for an unknown one."""
    found = next((each for each in escalations() if each.id == escalation_id), None)
    if found is None:
        do = f"Use one of {', '.join(each.id for each in escalations())}."
        raise Refused(Refusal("escalation", f"There is no protocol {str(escalation_id)[:60]!r}.", "escalation", do))
    return found


@checked
def next_step(
    escalation_id: str,
    current: int | None,
    *,
    relieved: bool | None,
    side_effects: bool | None,
    since_ms: int | None = None,
) -> Step:
    """The step after ``current`` (None: the first). It rises only when relief and side effects are both known.

    ``since_ms`` is the time since the last step. Raises Refused for a protocol that prints no steps, and for a dose
    that is none of it.
    """
    rule = escalation(escalation_id)
    if rule.kind is None or (not rule.ladder and rule.first is None):
        what = f"{rule.id} prints no steps: {rule.text}"
        raise Refused(Refusal("no_steps", what, "escalation", "Use a protocol with steps.", rule.source))
    end = Step(None, "", rule.source, rule.confirmed)
    if current is None:
        first = rule.ladder[0] if rule.ladder else rule.first
        return Step(first, "the first step of the protocol", rule.source, rule.confirmed)
    whole("dose", current, 1)
    if relieved is None or side_effects is None:
        return _with(end, "relief and side effects of this step are not known yet: unknown is no reason to rise")
    if relieved or side_effects:
        return _with(end, f"the protocol stops here: {rule.stop or 'relief or side effects'}")
    if rule.interval_ms is not None and (since_ms is None or whole("time", since_ms) < rule.interval_ms):
        return _with(end, f"the next step is not due: one each {auto(rule.interval_ms, DURATION)}")
    return _after(rule, current, end)


def _after(rule: Escalation, current: int, end: Step) -> Step:
    if rule.kind is None:
        raise Refused(Refusal("no_steps", rule.text, "escalation"))
    if rule.ladder:
        if current not in rule.ladder:
            do = f"Its steps are {', '.join(auto(dose, rule.kind) for dose in rule.ladder)}."
            raise Refused(Refusal("not_a_step", f"{auto(current, rule.kind)} is no step of {rule.id}.", "dose", do))
        index = rule.ladder.index(current) + 1
        if index == len(rule.ladder):
            return _with(end, f"{auto(current, rule.kind)} is the last step: {rule.stop}")
        return Step(rule.ladder[index], "the next step of the ladder", rule.source, rule.confirmed)
    if rule.step is None:
        return _with(end, f"the protocol prints no step after the first dose: {rule.stop}")
    following = current + rule.step
    if rule.most is not None and following > rule.most:
        return _with(end, f"{auto(following, rule.kind)} would be above its limit of {auto(rule.most, rule.kind)}")
    return Step(following, "one step more", rule.source, rule.confirmed)


@checked
def panel_limit(current: int, new: int, population: str, reason: str = "") -> tuple[Refusal, ...]:
    """A rise against the panel's limit of 30 % (noncancer) or 50 % (cancer): empty when inside, or with a reason.

    Raises Refused for doses that are none and for another population.
    """
    rule = escalation("panel_limit")
    whole("current dose", current, 1)
    whole("new dose", new, 1)
    if population not in rule.limits_pct:
        do = f"Use one of {', '.join(rule.limits_pct)}."
        raise Refused(Refusal("population", f"{str(population)[:40]!r} has no limit.", "population", do))
    most, rise = rule.limits_pct[population], Fraction(new - current, current) * 100
    if rise <= most or reason.strip():
        return ()
    highest = current * (100 + most) // 100
    what = f"A rise of {float(rise):.3g} % is above the panel's limit of {most} % for {population} pain."
    do = f"At most {highest} inner units, or state the reason: the limit is soft, practice exceeds it in hospital."
    return (Refusal("step_above_panel_limit", what, "dose", do, rule.source, rule.confirmed),)


def _with(step: Step, reason: str) -> Step:
    return Step(step.dose, reason, step.source, step.confirmed)


def _escalation(row: Mapping[str, Any]) -> Escalation:
    kind = {"mass": MASS, "dose": DOSE_RATE}.get(row["quantity"])

    def read(name: str) -> int | None:
        return parse(row[name], kind) if kind is not None and name in row else None

    text = "; ".join(str(row[name]) for name in ("precondition", "stop", "result", "observed", "note") if name in row)
    return Escalation(
        id=row["id"],
        drug=row["drug"],
        kind=kind,
        first=read("start"),
        step=read("step"),
        most=read("most"),
        ladder=tuple(parse(each, kind) for each in row.get("ladder", ())) if kind is not None else (),
        interval_ms=parse(row["interval"], DURATION) if "interval" in row else None,
        stop=row.get("stop", ""),
        limits_pct=row.get("max_step_pct", {}),
        text=text,
        source=cite("trial", row["src"]),
        confirmed=row["confirmed"],
    )
