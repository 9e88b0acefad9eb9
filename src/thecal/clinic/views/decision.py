"""The shared decision: all options side by side, this patient's trial, and what both decided, either way."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse

from thecal.clinic import store
from thecal.clinic.access import PRESCRIBERS, STAFF, page
from thecal.clinic.charting import Writer, show, take
from thecal.clinic.forms.decision import CHOICES, DecisionForm, DoubtfulDecisionForm
from thecal.therapy import AnyEvent, build, decision_lacks, events, options, priorities
from thecal.therapy.trials import responses


@page(read=STAFF, write=PRESCRIBERS)
def decision(request: HttpRequest, chart: UUID) -> HttpResponse:
    """The options, the trial's verdict, and the form; or the decision that was recorded."""
    folded = store.load(chart)
    verdict = folded.verdict
    doubtful = verdict is not None and not verdict.surely_passed
    kind = DoubtfulDecisionForm if doubtful else DecisionForm
    initial = {"version": folded.version, "discussed": list(CHOICES)}
    initial["patient_priorities"] = "\n".join(priorities(folded))
    form = kind(request.POST or None, initial=initial)
    if request.method == "POST":

        def made(writer: Writer) -> list[AnyEvent]:
            cleaned = form.cleaned_data
            return [
                build(
                    events.DecisionRecorded,
                    writer.meta(),
                    choice=cleaned["choice"],
                    discussed=tuple(cleaned["discussed"]),
                    physician=writer.person.name,
                    patient_agrees=cleaned["patient_agrees"] == "yes",
                    patient_priorities=cleaned["patient_priorities"],
                    reasons=cleaned["reasons"],
                    verdict_reason=cleaned.get("verdict_reason", ""),
                )
            ]

        answer = take(request, chart, form, made, ("decision", "The decision is recorded."))
        if answer is not None:
            return answer
    return show(
        request,
        "clinic/decision.html",
        chart,
        folded,
        "decision",
        form=form,
        choices=CHOICES,
        options=options(folded),
        doubtful=doubtful,
        lacks=decision_lacks(folded) if folded.decision is None else (),
        marks=responses(verdict) if verdict is not None else (),
        may_record=folded.stage == "decision",
    )
