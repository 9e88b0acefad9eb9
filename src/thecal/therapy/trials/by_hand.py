"""Doses given by hand in a trial: what each is held to, when the next may follow, and the watch after each.

Masses fg, times ms UTC. A dose is held to the site's signed limit of a trial bolus, and to the strictest published one
where nothing is signed. A further dose during the watch of the one before, or before its protocol's interval, needs a
written reason: label and protocols ask for one dose to be seen to its end before the next is given.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction

from thecal.formulary import Basis, Component, Finding, Limit, Solution
from thecal.quantity import DURATION, MASS, MS_PER_HOUR, Refusal, Refused, auto
from thecal.therapy.chart import Chart, Trial
from thecal.therapy.conversion.caps import single_dose_findings
from thecal.therapy.door import TIME_MAX, checked
from thecal.therapy.events import TrialShotGiven
from thecal.therapy.numbers import whole
from thecal.therapy.trials.escalation import escalations
from thecal.therapy.trials.watch import Watch, drug_rule, plan_watch

SPINAL = ("intrathecal", "epidural")
_DIGITS = 6


@dataclass(frozen=True, slots=True)
class HandDose:
    """One dose as it was given; ``mass_fg`` None is saline. ``watch_until`` None: it is not watched."""

    at: int
    drug: str
    mass_fg: int | None
    level: str | None
    given_by: str | None
    watch_rule: str | None
    watch_until: int | None
    blinded: bool = False
    early_reason: str = ""

    @property
    def saline(self) -> bool:
        """A control without the drug."""
        return self.mass_fg is None


@checked
def dose_findings(solution: Solution, route: str, mass_fg: int, basis: Basis) -> tuple[Finding, ...]:
    """What is to be said of a single dose (fg of the primary drug); the other drugs of the solution follow.

    A dose above what holds is refused, with the limit, its source and the most that is inside. A drug for which nobody
    has published a limit is a warning: unknown is not permission.
    """
    whole("mass", mass_fg, 1)
    if route not in SPINAL:
        raise Refused(Refusal("route", f"{route[:40]!r} is no route of a trial.", "route", f"{' or '.join(SPINAL)}."))
    found: list[Finding] = []
    for component in solution.components:
        share = Fraction(component.concentration, solution.primary.concentration)
        found += _held(component, solution, route, mass_fg * share, share, basis)
    exposure = "opioid_tolerant" if "opioid_tolerant" in basis.populations else "unknown"
    return (*found, *single_dose_findings(solution.primary.drug, mass_fg, exposure))


def _held(
    component: Component, solution: Solution, route: str, mass: Fraction, share: Fraction, basis: Basis
) -> list[Finding]:
    standing = [limit for limit in basis.standing(component.drug, route) if limit.key == "trial_bolus"]
    limits = [(limit.high, limit) for limit in standing if limit.high is not None]
    if not limits:
        what = f"No limit of a single dose of {component.drug} by the {route} route was found"
        do = "Unknown is not permission: a person must decide."
        return [Finding("warn", Refusal("no_ceiling", what, "mass", do))]
    most, limit = min(limits, key=lambda pair: (pair[0], not pair[1].confirmed))
    if mass <= most:
        what = f"A single dose of {component.drug} is held to {auto(most, MASS)}, {_whose(limit)}"
        return [Finding("info", Refusal("held_to", what, "mass", "", limit.source, _confirmed(limit)))]
    of = "" if component == solution.primary else f" of {solution.primary.drug}, because {component.drug} follows it"
    what = f"{_down(mass)} of {component.drug} is above {auto(most, MASS)}, {_whose(limit)}"
    do = f"At most {_down(most / share)}{of}."
    return [Finding("refuse", Refusal("above_trial_bolus", what, "mass", do, limit.source, _confirmed(limit)))]


def _whose(limit: Limit) -> str:
    """Whose limit it is, and for whom, in words."""
    if limit.by:
        return f"the limit of a trial bolus that {limit.by} signed for this site"
    people = "" if limit.population in ("all", "adult") else f" for {limit.population.replace('_', ' ')}"
    note = f" ({limit.note})" if limit.note else ""
    return f"the strictest published limit of a trial bolus{people}{note}; nobody has signed it for this site"


def _confirmed(limit: Limit) -> bool:
    return bool(limit.by) and limit.confirmed


def _down(mass: Fraction | int) -> str:
    """The mass for people, rounded down to six digits, so that what is offered is really inside."""
    fg = int(mass)
    step = 10 ** max(0, len(str(fg)) - _DIGITS)
    return auto(fg - fg % step, MASS)


@checked
def too_early(drug: str, given: int, watched_until: int, at: int) -> Refusal | None:
    """Why a further dose at ``at`` comes too early after the one at ``given``; None when it does not."""
    rule = drug_rule(drug)
    _calendar(given, watched_until, at)
    if at < watched_until:
        what = f"The dose before is watched until {_time(watched_until)}: a further one would hide what it did"
        do = "Wait for the end of the watch, or write why it cannot wait."
        return Refusal("dose_in_watch", what, "early_reason", do, rule.source, rule.confirmed)
    for steps in escalations():
        apart = steps.interval_ms if steps.drug == drug and steps.kind is MASS else None
        if apart is not None and at - given < apart:
            what = f"Doses of {drug} are given {auto(apart, DURATION)} apart; the one before was at {_time(given)}"
            do = f"Wait until {_time(given + apart)}, or write why it cannot wait."
            return Refusal("dose_before_interval", what, "early_reason", do, steps.source, steps.confirmed)
    return None


def _calendar(*times: int) -> None:
    for at in times:
        if at >= TIME_MAX:
            raise Refused(Refusal("time", f"{at} ms is no time.", "time", "A time before the year 9987."))


def given(trials: Sequence[Trial], shots: Iterable[TrialShotGiven]) -> tuple[HandDose, ...]:
    """Every dose by hand of the latest trial, in order of time; empty for a trial by a pump that had none."""
    if not trials:
        return ()
    start, plan = trials[-1].started, trials[-1].plan
    drug = Solution.parse(plan.solution).primary.drug
    found = []
    if start.injection is not None:
        first = start.injection
        found.append(
            HandDose(
                start.meta.at,
                first.drug,
                first.mass_fg,
                first.level,
                first.given_by,
                first.watch_rule,
                first.watch_until,
            )
        )
    found += [
        HandDose(
            each.meta.at,
            drug,
            each.mass_fg,
            each.level,
            each.given_by,
            each.watch_rule,
            each.watch_until,
            each.blinded,
            each.early_reason,
        )
        for each in shots
        if each.meta.at >= start.meta.at
    ]
    return tuple(sorted(found, key=lambda dose: dose.at))


@checked
def doses(chart: Chart) -> tuple[HandDose, ...]:
    """Every dose by hand of the chart's latest trial, in order of time."""
    return given(chart.trials, chart.shots)


@checked
def watches(chart: Chart) -> tuple[Watch, ...]:
    """The watch after each dose by hand that is watched, in order of time; the latest end of all counts."""
    return tuple(
        plan_watch(
            dose.drug,
            dose.at,
            rule_id=dose.watch_rule,
            hours=-(-(dose.watch_until - dose.at) // MS_PER_HOUR),
            reason="as planned at the dose",
        )
        for dose in doses(chart)
        if dose.watch_until is not None
    )


@checked
def watched_until(chart: Chart) -> int | None:
    """When the last watch of the doses by hand ends (ms); None when there is none."""
    return max((dose.watch_until for dose in doses(chart) if dose.watch_until is not None), default=None)


def early(trials: Sequence[Trial], shots: Iterable[TrialShotGiven], at: int) -> Refusal | None:
    """Why a dose of the drug at ``at`` would come too early after those that were given; None when it would not."""
    before = [dose for dose in given(trials, shots) if not dose.saline and dose.at <= at]
    ends = [(dose.watch_until or dose.at) for dose in before]
    return too_early(before[-1].drug, before[-1].at, max(ends), at) if before else None


def _time(at: int) -> str:
    return f"{datetime.fromtimestamp(at / 1000, UTC):%Y-%m-%d %H:%M} UTC"
