"""The frame of every chart page: who the patient is, how far along, and which sections there are.

Also the one way in which a form on a chart is taken: checked, written, refused at its fields, or met with a clash.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from thecal.clinic import clock, store
from thecal.clinic.access import Person, person
from thecal.clinic.forms.base import ChartForm
from thecal.quantity import Refused
from thecal.therapy import AnyEvent, Chart, Clash, EventMeta, stamp

SECTIONS = (
    ("summary", "Summary"),
    ("history", "History"),
    ("facts", "Facts"),
    ("candidacy", "Candidacy"),
    ("trial", "Trial"),
    ("decision", "Decision"),
    ("implant", "Implant"),
    ("prescription", "Prescription"),
    ("pump", "Pump"),
    ("refill", "Refill"),
    ("diary-links", "Diary"),
    ("ledger", "Ledger"),
)
JOURNEY = (
    ("referred", "Referred"),
    ("assessed", "Assessed"),
    ("trial", "Trial"),
    ("decision", "Decision"),
    ("implanted", "Implanted"),
    ("in_therapy", "In therapy"),
)


@dataclass(frozen=True, slots=True)
class Section:
    """One tab of the chart."""

    name: str
    title: str
    url: str
    current: bool


@dataclass(frozen=True, slots=True)
class Writer:
    """Who writes on which chart, and when: makes the meta data of new events."""

    chart: UUID
    person: Person
    now: int

    def meta(self, at: int | None = None) -> EventMeta:
        """Meta data of an event written now that happened at ``at``."""
        return stamp(self.now, self.person.name, self.person.role, at)


def writer(request: HttpRequest, chart: UUID) -> Writer:
    """The signed-in person at this chart, at this moment of the clinic's clock."""
    return Writer(chart, person(request), clock.now())


def system(now: int) -> EventMeta:
    """Meta data of what the machine itself observed."""
    return stamp(now, "Thecal", "system")


def frame(chart: UUID, folded: Chart, current: str, **more: Any) -> dict[str, Any]:
    """Template values for a chart page whose section is ``current``."""
    assert folded.patient is not None, "a loaded chart has a patient"
    names = [name for name, _ in JOURNEY]
    place = names.index(folded.stage) if folded.stage in names else -1
    return {
        "chart": folded,
        "chart_id": chart,
        "patient": folded.patient,
        "sections": [Section(name, title, reverse(name, args=[chart]), name == current) for name, title in SECTIONS],
        "journey": [
            {"title": title, "done": index < place, "current": index == place}
            for index, (_, title) in enumerate(JOURNEY)
        ],
        "closed": place < 0,
        **more,
    }


def show(request: HttpRequest, template: str, chart: UUID, folded: Chart, current: str, **more: Any) -> HttpResponse:
    """A chart page. A ``form`` that has errors makes it a 422."""
    form = more.get("form")
    status = more.pop("status", 422 if form is not None and form.is_bound and form.errors else 200)
    return render(request, template, frame(chart, folded, current, **more), status=status)


def take(
    request: HttpRequest,
    chart: UUID,
    form: ChartForm,
    events: Callable[[Writer], Sequence[AnyEvent]],
    done: tuple[str, str],
    then: Callable[[], str] | None = None,
) -> HttpResponse | None:
    """Write the events of a valid form and go to ``done`` (url name, message); None when the form must be shown again.

    ``then`` gives another address to go to, asked for once the form is valid. A clash is answered with a page that
    names what changed, with the entry kept for sending again.
    """
    if not form.is_valid():
        return None
    try:
        store.write(chart, form.cleaned_data["version"], *events(writer(request, chart)))
    except Clash as clash:
        return clashed(request, chart, form, clash)
    except Refused as refused:
        form.refuse(refused.refusals)
        return None
    messages.success(request, done[1], extra_tags="good")
    return redirect(then() if then is not None else reverse(done[0], args=[chart]))


def clashed(request: HttpRequest, chart: UUID, form: ChartForm, clash: Clash) -> HttpResponse:
    """What somebody else wrote in between, and the own entry ready to be sent again on top of it."""
    folded = store.load(chart)
    data = form.data.copy()  # type: ignore[attr-defined]
    data[form.add_prefix("version")] = str(folded.version)
    again = type(form)(data)
    again.is_valid()
    return show(request, "clinic/clash.html", chart, folded, "", form=again, meanwhile=clash.meanwhile, status=409)
