"""A trial by hand: the first dose starts it, further ones follow, and the watch after each is planned and shown."""

from dataclasses import dataclass
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from thecal.clinic import clock, orders, store
from thecal.clinic.charting import Writer, show, take
from thecal.clinic.forms.injection import InjectionForm, ShotForm
from thecal.formulary import Finding, Solution
from thecal.pump import require
from thecal.quantity import Refused
from thecal.therapy import AnyEvent, Chart, build, events
from thecal.therapy.trials import HandDose, Watch, dose_findings, doses, plan_watch, too_early, watched_until, watches


@dataclass(frozen=True, slots=True)
class Given:
    """A dose with its watch, if it has one."""

    dose: HandDose
    watch: Watch | None


def start(request: HttpRequest, chart: UUID, folded: Chart) -> HttpResponse:
    """Record the first dose; the plan and its rule are fixed from then on."""
    plan = folded.plan
    assert plan is not None and plan.shot_fg is not None, "asked for a plan of doses by hand alone"
    form = InjectionForm(request.POST or None, initial={"version": folded.version, "level": plan.tip_level})
    solution, mass = Solution.parse(plan.solution), plan.shot_fg

    def made(author: Writer) -> list[AnyEvent]:
        cleaned = form.cleaned_data
        _held(folded, solution, plan.route, mass, author.now)
        reason = cleaned["watch_reason"] or plan.watch_reason
        drug = solution.primary.drug
        watch = plan_watch(drug, author.now, hours=cleaned["hours"] or plan.watch_hours, reason=reason)
        injection = events.Injection(
            drug=drug,
            mass_fg=mass,
            level=cleaned["level"],
            given_by=cleaned["given_by"],
            watch_rule=watch.rule.id,
            watch_until=watch.end,
        )
        return [build(events.TrialStarted, author.meta(), injection=injection)]

    answer = take(request, chart, form, made, ("trial", "The dose is recorded. Watch the patient as planned below."))
    if answer is not None:
        return answer
    more = {"form": form, "plan": plan, "notes": notes(folded, clock.now())}
    return show(request, "clinic/trial_start.html", chart, folded, "trial", **more)


def further(request: HttpRequest, chart: UUID, folded: Chart) -> HttpResponse:
    """Record a further dose by hand, with its own watch."""
    trial = folded.trial
    assert trial is not None and trial.started.injection is not None, "asked for a trial by hand alone"
    form = ShotForm(request.POST or None, initial={"version": folded.version, "level": trial.started.injection.level})
    plan, solution = trial.plan, Solution.parse(trial.plan.solution)

    def made(author: Writer) -> list[AnyEvent]:
        cleaned = form.cleaned_data
        fields = {name: cleaned[name] for name in ("saline", "blinded", "level", "given_by", "early_reason")}
        if cleaned["mass"]:
            _held(folded, solution, plan.route, cleaned["mass"], author.now)
        if cleaned["mass"] or cleaned["blinded"]:  # a patient who does not know which is watched alike
            hours, reason = cleaned["hours"] or plan.watch_hours, cleaned["watch_reason"] or plan.watch_reason
            watch = plan_watch(solution.primary.drug, author.now, hours=hours, reason=reason)
            fields |= {"watch_rule": watch.rule.id, "watch_until": watch.end}
        return [build(events.TrialShotGiven, author.meta(), mass_fg=cleaned["mass"] or None, **fields)]

    answer = take(request, chart, form, made, ("trial", "The dose is recorded, and its watch is planned below."))
    if answer is not None:
        return answer
    now = clock.now()
    early = _early(folded, now)
    more = {"form": form, "trial": trial, "notes": notes(folded, now), "early": early}
    return show(request, "clinic/trial_dose.html", chart, store.load(chart), "trial", **more)


def given(chart: Chart) -> list[Given]:
    """Each dose of the latest trial by hand with its watch, in order of time."""
    planned = {watch.start: watch for watch in watches(chart)}
    return [Given(dose, planned.get(dose.at)) for dose in doses(chart)]


def notes(chart: Chart, now: int) -> tuple[Finding, ...]:
    """What the planned dose by hand is held to, and what is not known of it; empty for a trial by a pump."""
    plan = chart.plan or (chart.trial.plan if chart.trial is not None else None)
    if plan is None or plan.shot_fg is None:
        return ()
    solution = Solution.parse(plan.solution)
    return dose_findings(solution, plan.route, plan.shot_fg, orders.held(chart, solution, plan.route, now))


def _held(chart: Chart, solution: Solution, route: str, mass: int, now: int) -> None:
    """Raise Refused when the dose is above what this site, or the strictest source, lets it be."""
    require(dose_findings(solution, route, mass, orders.held(chart, solution, route, now)))


def _early(chart: Chart, now: int) -> Refused | None:
    """Why a dose at this moment would come too early; None when it would not."""
    before = [dose for dose in doses(chart) if not dose.saline]
    found = too_early(before[-1].drug, before[-1].at, watched_until(chart) or 0, now) if before else None
    return None if found is None else Refused(found)
