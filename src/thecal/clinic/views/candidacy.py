"""Candidacy: the criteria of the rule set with their evidence, what is missing, and the prescriber's conclusion."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse

from thecal.clinic import store
from thecal.clinic.access import PRESCRIBERS, STAFF, page
from thecal.clinic.charting import show, take
from thecal.clinic.forms.patients import ReviewForm
from thecal.therapy import build, evaluate, events, may


@page(read=STAFF, write=PRESCRIBERS)
def candidacy(request: HttpRequest, chart: UUID) -> HttpResponse:
    """The criteria; the prescriber adds a conclusion of their own."""
    folded = store.load(chart)
    assessment = evaluate(folded)
    form = ReviewForm(request.POST or None, initial={"version": folded.version})
    if request.method == "POST":
        answer = take(
            request,
            chart,
            form,
            lambda writer: [
                build(
                    events.CandidacyReviewed,
                    writer.meta(),
                    ruleset=assessment.ruleset,
                    snapshot=assessment.snapshot(),
                    conclusion=form.cleaned_data["conclusion"],
                )
            ],
            ("candidacy", "The review is recorded."),
        )
        if answer is not None:
            return answer
    return show(
        request,
        "clinic/candidacy.html",
        chart,
        folded,
        "candidacy",
        assessment=assessment,
        form=form,
        too_late=may("candidacy_reviewed", folded.stage, "prescriber"),
    )
