"""The end of the way: no pump (declined), or withdrawn. As easy to record as the implant."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse

from thecal.clinic import store
from thecal.clinic.access import CARERS, page
from thecal.clinic.charting import Writer, show, take
from thecal.clinic.forms.patients import ClosingForm
from thecal.therapy import AnyEvent, build, events


@page(read=CARERS, write=CARERS)
def closing(request: HttpRequest, chart: UUID) -> HttpResponse:
    """Record that there will be no pump, or that the patient or the clinic ends the way."""
    folded = store.load(chart)
    form = ClosingForm(request.POST or None, initial={"version": folded.version})
    if request.method == "POST":

        def made(writer: Writer) -> list[AnyEvent]:
            by, reason = form.cleaned_data["by"], form.cleaned_data["reason"]
            if form.cleaned_data["kind"] == "declined":
                return [build(events.Declined, writer.meta(), by=by, reason=reason)]
            whose = "patient" if by == "patient" else "clinic"
            return [build(events.Withdrawn, writer.meta(), by=whose, reason=reason)]

        answer = take(request, chart, form, made, ("summary", "The end of the way is recorded."))
        if answer is not None:
            return answer
    return show(request, "clinic/closing.html", chart, folded, "", form=form)
