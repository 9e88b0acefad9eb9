"""A trial by hand: the first dose starts it, further ones follow, and the watch after a dose is planned and shown."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse

from thecal.clinic import store
from thecal.clinic.charting import Writer, show, take
from thecal.clinic.forms.injection import InjectionForm, ShotForm
from thecal.formulary import Solution
from thecal.pump import require
from thecal.quantity import MS_PER_HOUR
from thecal.therapy import AnyEvent, Chart, build, events
from thecal.therapy.conversion import single_dose_findings
from thecal.therapy.trials import Watch, plan_watch


def start(request: HttpRequest, chart: UUID, folded: Chart) -> HttpResponse:
    """Record the first dose; the plan and its rule are fixed from then on."""
    plan = folded.plan
    assert plan is not None and plan.shot_fg is not None, "asked for a plan of doses by hand alone"
    form = InjectionForm(request.POST or None, initial={"version": folded.version, "level": plan.tip_level})
    drug, mass = Solution.parse(plan.solution).primary.drug, plan.shot_fg

    def made(author: Writer) -> list[AnyEvent]:
        cleaned = form.cleaned_data
        require(single_dose_findings(drug, mass))
        reason = cleaned["watch_reason"] or plan.watch_reason
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
    return show(request, "clinic/trial_start.html", chart, folded, "trial", form=form, plan=plan)


def further(request: HttpRequest, chart: UUID, folded: Chart) -> HttpResponse:
    """Record a further dose by hand."""
    trial = folded.trial
    assert trial is not None and trial.started.injection is not None, "asked for a trial by hand alone"
    form = ShotForm(request.POST or None, initial={"version": folded.version, "level": trial.started.injection.level})
    drug = trial.started.injection.drug

    def made(author: Writer) -> list[AnyEvent]:
        cleaned = form.cleaned_data
        if cleaned["mass"]:
            require(single_dose_findings(drug, cleaned["mass"]))
        given = {name: cleaned[name] for name in ("saline", "blinded", "level", "given_by")}
        return [build(events.TrialShotGiven, author.meta(), mass_fg=cleaned["mass"] or None, **given)]

    answer = take(request, chart, form, made, ("trial", "The dose is recorded."))
    if answer is not None:
        return answer
    return show(request, "clinic/trial_dose.html", chart, store.load(chart), "trial", form=form, trial=trial)


def watch_of(chart: Chart) -> Watch | None:
    """The watch after the first dose of the latest trial; None for a trial by a pump."""
    given = chart.trial.started.injection if chart.trial is not None else None
    if given is None or chart.trial is None:
        return None
    begin = chart.trial.started.meta.at
    hours = (given.watch_until - begin) // MS_PER_HOUR
    return plan_watch(given.drug, begin, rule_id=given.watch_rule, hours=hours, reason="as planned at the dose")
