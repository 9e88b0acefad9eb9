"""The facts of a chart: what is recorded, a form for each kind, and the correction of what was wrong."""

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from thecal.clinic import store
from thecal.clinic.access import CARERS, STAFF, page
from thecal.clinic.charting import Writer, show, take
from thecal.clinic.forms import fact_words
from thecal.clinic.forms.facts import BY_HAND, FactForm, TakeBackForm, correction_form, fact_form, recorded
from thecal.clinic.forms.rows import STEP
from thecal.clinic.said import Line, lines
from thecal.therapy import AnyEvent, Chart, build, events
from thecal.therapy.candidacy import groups


@dataclass(frozen=True, slots=True)
class Recorded:
    """One finding, as the list shows it; an ``older`` one has a later one of the same kind."""

    event: events.FactRecorded
    title: str
    lines: tuple[Line, ...]
    older: bool


@page(read=STAFF)
def facts(request: HttpRequest, chart: UUID) -> HttpResponse:
    """Everything that was found, newest first, and the kinds of fact that can be recorded."""
    folded = store.load(chart)
    kinds = [
        (fact_words.GROUPS.get(group, group), [(topic, fact_words.title(topic)) for topic in topics])
        for group, topics in groups().items()
    ]
    found = {"recorded": _recorded(folded), "waivers": folded.waivers, "kinds": kinds}
    return show(request, "clinic/facts.html", chart, folded, "facts", **found)


@page(read=CARERS, write=CARERS)
def record(request: HttpRequest, chart: UUID, topic: str) -> HttpResponse:
    """The form of one kind of fact; afterwards back to the criterion that asked for it."""
    if topic not in events.facts.TOPICS:
        raise Http404("there is no such kind of fact")
    folded = store.load(chart)
    asked = {name: request.GET.get(name, "") for name in ("criterion", "ruleset")}
    form = fact_form(topic)(request.POST or None, initial={"version": folded.version, **asked})
    if "more" in request.POST:
        form = _more(form)
    elif request.method == "POST":

        def made(author: Writer) -> list[AnyEvent]:
            return [_event(form, author, form.at)]

        done = ("facts", f"Recorded: {fact_words.title(topic)}.")
        answer = take(request, chart, form, made, done, lambda: form.back(chart))
        if answer is not None:
            return answer
    return show(request, "clinic/fact.html", chart, folded, "facts", form=form, **_about(topic))


@page(read=CARERS, write=CARERS)
def correct(request: HttpRequest, chart: UUID, event: UUID) -> HttpResponse:
    """Put another fact in the place of one that was wrong, or take it back. The entry itself stays in the ledger."""
    folded = store.load(chart)
    correctable: tuple[events.FactRecorded | events.CriterionWaived, ...] = (*folded.facts, *folded.waivers)
    found = next((each for each in correctable if each.meta.id == str(event)), None)
    if found is None:
        messages.warning(request, "This is not on the chart any more.", extra_tags="warn")
        return redirect("facts", chart)
    back, initial = "withdraw" in request.POST, {"version": folded.version}
    form: FactForm | None = None
    if isinstance(found, events.FactRecorded):
        values = initial | recorded(found)
        form = correction_form(found.fact.topic)(None if back else request.POST or None, initial=values)
    withdraw = TakeBackForm(request.POST if back else None, initial=initial, auto_id="id_back_%s")
    if form is not None and "more" in request.POST:
        form = _more(form)
    elif request.method == "POST":
        used = withdraw if form is None or back else form

        def made(author: Writer) -> list[AnyEvent]:
            new = _event(used, author, _when(used, found)) if isinstance(used, FactForm) else None
            reason = used.cleaned_data["reason"]
            return [build(events.Corrected, author.meta(), event=str(event), reason=reason, replacement=new)]

        answer = take(request, chart, used, made, ("facts", "The correction is recorded."))
        if answer is not None:
            return answer
    about = _about(found.fact.topic) if isinstance(found, events.FactRecorded) else {"title": "Waived criterion"}
    more = {"form": form, "withdraw": withdraw, "found": found, **about}
    status = 422 if withdraw.errors or (form is not None and form.errors) else 200
    return show(request, "clinic/fact_correct.html", chart, folded, "facts", status=status, **more)


def _event(form: FactForm, author: Writer, at: int | None) -> events.FactRecorded:
    source = form.cleaned_data["source"] or BY_HAND
    return build(events.FactRecorded, author.meta(at), fact=form.fact(), source=source)


def _when(form: FactForm, found: AnyEvent) -> int | None:
    """The time of a corrected fact: the old one to the millisecond when it was not touched."""
    touched = {"found_on", "found_at"} & set(form.changed_data)
    return form.at if touched else found.meta.at


def _more(form: FactForm) -> FactForm:
    """The same form with blank rows added, nothing judged yet."""
    asked = str(form.data["more"])
    raw = form.raw()
    blank: tuple[dict[str, str], ...] = tuple({} for _ in range(STEP))
    first = {name: tuple(each) if isinstance(each, list) else each for name, each in raw.items()}
    if isinstance(raw.get(asked), list):
        first[asked] += blank
    return type(form)(initial=first)


def _recorded(chart: Chart) -> list[Recorded]:
    seen, found = set[str](), list[Recorded]()
    for event in sorted(chart.facts, key=lambda each: (each.meta.at, each.meta.recorded), reverse=True):
        topic = event.fact.topic
        found.append(Recorded(event, fact_words.title(topic), lines(event.fact), topic in seen))
        seen.add(topic)
    return found


def _about(topic: str) -> dict[str, object]:
    model = events.facts.TOPICS[topic]
    fields = fact_form(topic).base_fields
    lists = [name for name, field in fields.items() if hasattr(field, "most") and hasattr(field.widget, "row")]
    return {"title": fact_words.title(topic), "about": model.__doc__, "lists": lists}
