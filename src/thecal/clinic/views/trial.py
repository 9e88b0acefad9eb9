"""The trial: its plan with the rule declared beforehand, its start on an external pump, its doses, its verdict."""

import secrets
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from thecal.clinic import clock, orders, store
from thecal.clinic.access import PRESCRIBERS, STAFF, page
from thecal.clinic.charting import Writer, clashed, show, take, writer
from thecal.clinic.drawings.diary import diary_days
from thecal.clinic.forms.base import ChartForm
from thecal.clinic.forms.trial import TrialConcludeForm, TrialDoseForm, TrialPlanForm, TrialStartForm
from thecal.clinic.models import PumpRecord
from thecal.clinic.status import pump_view
from thecal.clinic.views import injection
from thecal.formulary import Solution
from thecal.pump import LinkDown, Prescription, PumpConfig, SimpleContinuous, profile, require
from thecal.quantity import Refused
from thecal.therapy import AnyEvent, Chart, Clash, build, events, judge, may, methods, warnings
from thecal.therapy import conclude as verdict_of
from thecal.therapy.events import facts
from thecal.therapy.trials import dose_findings, responses, watched_until


@page(read=STAFF)
def trial(request: HttpRequest, chart: UUID) -> HttpResponse:
    """The plan, the pump, the diary day by day, and where the rule stands so far."""
    folded, now = store.load(chart), clock.now()
    running = folded.trial
    record = PumpRecord.objects.filter(chart=chart, pump=running.started.pump).first() if running is not None else None
    return show(
        request,
        "clinic/trial.html",
        chart,
        folded,
        "trial",
        trial=running,
        plan=folded.plan or (running.plan if running is not None else None),
        verdict=verdict_of(folded, now).record() if running is not None and running.concluded is None else None,
        diary=diary_days(folded, now),
        pump=pump_view(folded, record, now) if record is not None else None,
        orders=[order for order in folded.orders if order.event.purpose == "trial"],
        doses=injection.given(folded),
        watched_until=watched_until(folded),
        marks=responses(running.concluded.verdict) if running is not None and running.concluded is not None else (),
        notes=injection.notes(folded, now),
        cannot_plan=may("trial_planned", folded.stage, "prescriber"),
    )


@page(read=PRESCRIBERS, write=PRESCRIBERS)
def plan(request: HttpRequest, chart: UUID) -> HttpResponse:
    """Declare the trial and its rule; both are fixed once it starts."""
    folded = store.load(chart)
    form = TrialPlanForm(request.POST or None, initial={"version": folded.version})
    if request.method == "POST":

        def made(author: Writer) -> list[AnyEvent]:
            cleaned = form.cleaned_data
            route = "epidural" if cleaned["method"] == "continuous_epidural" else "intrathecal"
            if cleaned["shot"] is not None:
                basis = orders.held(folded, cleaned["solution"], route, author.now)
                require(dose_findings(cleaned["solution"], route, cleaned["shot"], basis))
            return [
                build(
                    events.TrialPlanned,
                    author.meta(),
                    method=cleaned["method"],
                    route=route,
                    solution=str(cleaned["solution"]),
                    dose_fg_day=cleaned["dose"] or 0,
                    shot_fg=cleaned["shot"],
                    days=cleaned["days"],
                    pump_profile=cleaned["pump_profile"] or None,
                    tip_level=cleaned["tip_level"],
                    path_nl=cleaned["path"] or 0,
                    rule=events.PassRule(**{name: cleaned[name] for name in TrialPlanForm.RULE}),
                    note=cleaned["note"],
                )
            ]

        answer = take(request, chart, form, made, ("trial", "The trial is planned. Its rule is fixed once it starts."))
        if answer is not None:
            return answer
    return show(
        request,
        "clinic/trial_plan.html",
        chart,
        folded,
        "trial",
        form=form,
        methods=methods(),
        warnings=warnings("continuous_it"),
        refusal=may("trial_planned", folded.stage, "prescriber"),
    )


@page(read=PRESCRIBERS, write=PRESCRIBERS)
def start(request: HttpRequest, chart: UUID) -> HttpResponse:
    """Fill the external pump, prescribe the planned dose, and start."""
    folded = store.load(chart)
    if folded.plan is None:
        messages.error(request, "There is no trial plan to start.", extra_tags="bad")
        return redirect("trial", chart)
    if folded.plan.method in events.SHOTS:
        return injection.start(request, chart, folded)
    form = TrialStartForm(request.POST or None, initial={"version": folded.version})
    if request.method == "POST" and form.is_valid():
        answer = _start(request, chart, folded, form)
        if answer is not None:
            return answer
    return show(request, "clinic/trial_start.html", chart, folded, "trial", form=form, plan=folded.plan)


def _start(request: HttpRequest, chart: UUID, folded: Chart, form: TrialStartForm) -> HttpResponse | None:
    plan = folded.plan
    assert plan is not None and plan.pump_profile is not None, "the page is shown for a plan by a pump alone"
    author, solution = writer(request, chart), Solution.parse(plan.solution)
    pump = f"trial-{chart.hex[-8:]}-{secrets.token_hex(3)}"
    fill = form.cleaned_data["fill"]
    try:
        order = orders.write_order(
            folded,
            route=plan.route,
            solution=solution,
            program=SimpleContinuous(plan.dose_fg_day),
            caps=form.caps(),
            author=author.person.name,
            now=author.now,
        )
        orders.admitted(folded, order, profile(plan.pump_profile), solution, author.now, starting=True)
        config = PumpConfig(plan.pump_profile, plan.path_nl, None, solution, fill)
        with transaction.atomic():
            store.write(chart, form.cleaned_data["version"], _written(author, order, pump))
            orders.add_pump(chart, pump, PumpRecord.Role.EXTERNAL, config, author.now, order.basis)
        state = orders.send(author, order.digest())
        if state != "acknowledged":
            messages.error(
                request, "The pump did not take the prescription; the trial has not started.", extra_tags="bad"
            )
            return redirect("trial", chart)
        after = writer(request, chart)
        started = build(events.TrialStarted, after.meta(), pump=pump, prescription=order.digest(), fill_nl=fill)
        store.record(chart, started)
    except Clash as clash:
        return clashed(request, chart, form, clash)
    except Refused as refused:
        form.refuse(refused.refusals)
        return None
    messages.success(request, "The trial runs. Give the patient a diary link.", extra_tags="good")
    return redirect("trial", chart)


@page(read=PRESCRIBERS, write=PRESCRIBERS)
def dose(request: HttpRequest, chart: UUID) -> HttpResponse:
    """Another dose for a running trial, sent to its pump."""
    folded = store.load(chart)
    running = folded.trial
    if folded.stage != "trial" or running is None:
        messages.error(request, "No trial is running.", extra_tags="bad")
        return redirect("trial", chart)
    pump = running.started.pump
    if pump is None:
        return injection.further(request, chart, folded)
    form = TrialDoseForm(request.POST or None, initial={"version": folded.version})
    if request.method == "POST" and form.is_valid():
        author = writer(request, chart)
        try:
            order = _dose_order(folded, pump, form, author)
            digest = order.digest()
            changed = build(
                events.TrialDoseChanged,
                author.meta(),
                dose_fg_day=form.cleaned_data["dose"],
                prescription=digest,
                reason=form.cleaned_data["reason"],
            )
            events_made = (_written(author, order, pump), changed)
            store.write(chart, form.cleaned_data["version"], *events_made)
            state = orders.send(author, digest)
        except Clash as clash:
            return clashed(request, chart, form, clash)
        except Refused as refused:
            form.refuse(refused.refusals)
        else:
            messages.success(
                request, f"The new dose is {state}.", extra_tags="good" if state == "acknowledged" else "bad"
            )
            return redirect("trial", chart)
    return show(request, "clinic/trial_dose.html", chart, folded, "trial", form=form, trial=running)


def _dose_order(folded: Chart, pump: str, form: TrialDoseForm, author: Writer) -> Prescription:
    assert folded.trial is not None, "a dose is changed in a running trial"
    plan = folded.trial.plan
    assert plan.pump_profile is not None, "a trial that runs on a pump was planned for one"
    running = folded.running(pump)
    solution = running.prescription.solution if running is not None else Solution.parse(plan.solution)
    order = orders.write_order(
        folded,
        route=plan.route,
        solution=solution,
        program=SimpleContinuous(form.cleaned_data["dose"]),
        caps=form.caps(),
        author=author.person.name,
        now=author.now,
    )
    orders.admitted(folded, order, profile(plan.pump_profile), solution, author.now)
    return order


@page(read=PRESCRIBERS, write=PRESCRIBERS)
def conclude(request: HttpRequest, chart: UUID) -> HttpResponse:
    """The verdict, by the rule that was declared; the prescriber adds what numbers do not say."""
    folded, now = store.load(chart), clock.now()
    running = folded.trial
    if folded.stage != "trial" or running is None:
        messages.error(request, "No trial is running.", extra_tags="bad")
        return redirect("trial", chart)
    form: ChartForm = TrialConcludeForm(request.POST or None, initial={"version": folded.version})
    if request.method == "POST":

        def made(author: Writer) -> list[AnyEvent]:
            diary = store.load(chart).diary
            verdict = judge(running.plan.rule, running.plan.days, running.started.meta.at, diary, author.now)
            said = {name: form.cleaned_data[name] for name in ("function", "side_effects", "comment")}
            concluded = build(events.TrialConcluded, author.meta(), verdict=verdict.record(), **said)
            return [concluded, *_learned(author, form.cleaned_data["accepts"], form.cleaned_data["priorities"])]

        answer = take(request, chart, form, made, ("decision", "The trial is concluded. The decision comes next."))
        if answer is not None:
            if store.load(chart).stage != "trial" and running.started.pump is not None:
                _end_pump(chart, running.started.pump)
            return answer
    verdict = verdict_of(folded, now)
    return show(
        request,
        "clinic/trial_conclude.html",
        chart,
        folded,
        "trial",
        form=form,
        trial=running,
        verdict=verdict.record(),
        marks=responses(verdict.record()),
        warnings=warnings(running.plan.method, verdict),
    )


def _learned(author: Writer, accepts: str, priorities: tuple[str, ...]) -> list[AnyEvent]:
    """What the patient said of the trial and of life, for the decision."""
    found: list[Any] = [facts.TrialTolerance(accepts=accepts == "yes")] if accepts else []
    found += [facts.Priorities(words=priorities)] if priorities else []
    return [build(events.FactRecorded, author.meta(), fact=fact, source="the patient, at the end") for fact in found]


def _end_pump(chart: UUID, pump: str) -> None:
    """The external pump has done its work: stop it and take it out of use."""
    record = PumpRecord.objects.filter(chart=chart, pump=pump, retired_ms=None).first()
    if record is None:
        return
    try:
        orders.link(record).stop()
    except LinkDown as down:
        record.trouble = str(down)[:300]
    record.retired_ms = clock.now()
    record.save(update_fields=["retired_ms", "trouble"])


def _written(author: Writer, order: Prescription, pump: str) -> AnyEvent:
    return build(
        events.PrescriptionWritten,
        author.meta(),
        prescription=order.to_bytes().decode("ascii"),
        digest=order.digest(),
        pump=pump,
        purpose="trial",
        formulary=order.basis.version,
    )
