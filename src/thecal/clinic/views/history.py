"""The history: treatments tried and what came of them, what was imported, and pain as another system recorded it."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse

from thecal.clinic import store
from thecal.clinic.access import CARERS, STAFF, page
from thecal.clinic.charting import show, take
from thecal.clinic.forms.patients import TREATMENTS, HistoryForm
from thecal.therapy import build, events


@page(read=STAFF, write=CARERS)
def history(request: HttpRequest, chart: UUID) -> HttpResponse:
    """All of the history, and a form for one more treatment."""
    folded = store.load(chart)
    form = HistoryForm(request.POST or None, initial={"version": folded.version})
    if request.method == "POST":
        answer = take(
            request,
            chart,
            form,
            lambda writer: [
                build(
                    events.HistoryRecorded,
                    writer.meta(),
                    **{
                        name: form.cleaned_data[name]
                        for name in ("treatment", "outcome", "start", "end", "detail", "note")
                    },
                )
            ],
            ("history", "The treatment is recorded."),
        )
        if answer is not None:
            return answer
    return show(
        request,
        "clinic/history.html",
        chart,
        folded,
        "history",
        form=form,
        treatments=TREATMENTS,
        imported_pain=[pain for record in folded.imports for pain in record.pain],
    )
