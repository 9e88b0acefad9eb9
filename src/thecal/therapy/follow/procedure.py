"""The eleven steps of a refill, one after the other, each with its proofs; a step without its proof is refused.

Times ms UTC. A run is a value: it can be kept, shown and gone on with.
"""

from dataclasses import dataclass, replace
from functools import cache

from thecal.quantity import Refusal, Refused
from thecal.therapy.door import checked
from thecal.therapy.events import StepDone
from thecal.therapy.reference import cite, load


@dataclass(frozen=True, slots=True)
class StepRule:
    """One step: what to do, the proofs to see, whether a second person checks, and the trap that it closes."""

    id: str
    title: str
    do: str
    proofs: tuple[str, ...]
    second: bool
    trap: str
    hazards: tuple[str, ...]
    source: str
    confirmed: bool


@dataclass(frozen=True, slots=True)
class RefillRun:
    """A refill on its way. ``next`` is the step to do now, None when all are done."""

    done: tuple[StepDone, ...] = ()

    @property
    def next(self) -> StepRule | None:
        """The step that comes now."""
        steps = refill_steps()
        return steps[len(self.done)] if len(self.done) < len(steps) else None

    @property
    def complete(self) -> bool:
        """All steps are done."""
        return self.next is None


@cache
def refill_steps() -> tuple[StepRule, ...]:
    """The steps in their order."""
    return tuple(
        StepRule(
            row["id"],
            row["title"],
            row["do"],
            tuple(row["proofs"]),
            row["second"],
            row["trap"],
            tuple(row["hazards"]),
            cite("refill", row["src"]),
            row["confirmed"],
        )
        for row in load("refill")["step"]
    )


def start_refill() -> RefillRun:
    """A refill that has not begun."""
    return RefillRun()


@checked
def take_step(run: RefillRun, step: StepDone) -> RefillRun:
    """The run after a step. Raises Refused out of order, without every proof, or without the second person."""
    rule = run.next
    if rule is None:
        raise Refused(Refusal("finished", "All steps are done.", "step", "Finish the refill."))
    if step.step != rule.id:
        do = f"Now: {rule.title}. {rule.do}"
        raise Refused(
            Refusal("out_of_order", f"{step.step!r} is not the step that comes now.", "step", do, rule.source)
        )
    found = []
    missing = [proof for proof in rule.proofs if proof not in step.proofs]
    if missing:
        what = f"Not seen: {', '.join(missing).replace('_', ' ')}."
        found.append(Refusal("no_proof", what, rule.id, f"{rule.do} Trap: {rule.trap}", rule.source, rule.confirmed))
    unknown = [proof for proof in step.proofs if proof not in rule.proofs]
    if unknown:
        what = f"{', '.join(unknown)[:80]} is no proof of this step."
        found.append(Refusal("unknown_proof", what, rule.id, f"Its proofs: {', '.join(rule.proofs)}."))
    if rule.second and (step.second is None or step.second.strip().lower() == step.by.strip().lower()):
        what = "A second person checks this step."
        found.append(Refusal("second_person", what, rule.id, "Name another person who read it.", rule.source))
    if run.done and step.at < run.done[-1].at:
        found.append(Refusal("time", "This step is earlier than the one before it.", rule.id, "Check the time."))
    if found:
        raise Refused(*found)
    return replace(run, done=(*run.done, step))


@checked
def finish(run: RefillRun) -> tuple[StepDone, ...]:
    """The steps of a complete refill, for its event. Raises Refused naming what is left, with its trap."""
    rule = run.next
    if rule is not None:
        left = ", ".join(each.title for each in refill_steps()[len(run.done) :])
        what = f"The refill is not finished: {left}."
        raise Refused(Refusal("not_finished", what, rule.id, f"Now: {rule.do} Trap: {rule.trap}", rule.source))
    return run.done
