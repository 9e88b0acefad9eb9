"""Candidacy: the criteria of a rule set with their evidence, what to record next, the conclusion, and waivers."""

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from thecal import therapy
from thecal.clinic import clock, store
from thecal.clinic.access import PRESCRIBERS, STAFF, page
from thecal.clinic.charting import Writer, show, take
from thecal.clinic.forms import fact_words
from thecal.clinic.forms.facts import WaiverForm
from thecal.clinic.forms.patients import ReviewForm
from thecal.quantity import Refusal
from thecal.therapy import Item, build, evaluate, events, may, ruleset, rulesets
from thecal.therapy.candidacy import facts_of, part_of

PARTS = {"history": "Record a treatment", "trial": "To the trial", "decision": "To the decision"}
TONES = {"met": "tag--good", "not_met": "tag--bad", "unknown": "tag--unknown"}
FIRST = "source_document"
NEVER = Refusal(
    "not_waivable", "A contraindication is not waived.", "criterion", "Record the finding that it is absent."
)


@dataclass(frozen=True, slots=True)
class Link:
    """Where something that a criterion lacks can be recorded."""

    title: str
    url: str


@dataclass(frozen=True, slots=True)
class Row:
    """A criterion as the page shows it; ``open`` when it is unknown or not met."""

    item: Item
    tone: str
    open: bool
    waivable: bool
    links: tuple[Link, ...]


@page(read=STAFF, write=PRESCRIBERS)
def candidacy(request: HttpRequest, chart: UUID) -> HttpResponse:
    """The criteria, with links to what is lacking; the prescriber adds a conclusion of their own."""
    folded = store.load(chart)
    asked = request.POST.get("ruleset") or request.GET.get("ruleset") or FIRST
    assessment = evaluate(folded, asked, clock.now())
    form = ReviewForm(request.POST or None, initial={"version": folded.version, "ruleset": assessment.ruleset})
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
            lambda: f"{reverse('candidacy', args=[chart])}?ruleset={assessment.ruleset}",
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
        criteria=_rows(chart, asked, assessment.items),
        safety=_rows(chart, asked, assessment.safety),
        rulesets=[(each, ruleset(each).name) for each in rulesets()],
        form=form,
        too_late=may("candidacy_reviewed", folded.stage, "prescriber"),
    )


@page(read=PRESCRIBERS, write=PRESCRIBERS)
def waive(request: HttpRequest, chart: UUID, criterion: str) -> HttpResponse:
    """Set a criterion aside with a reason; a contraindication is never waived."""
    folded = store.load(chart)
    item = therapy.criterion(folded, criterion, now=clock.now())
    asked = {"criterion": criterion, "ruleset": request.GET.get("ruleset", "")}
    form = WaiverForm(request.POST or None, initial={"version": folded.version, **asked})
    if request.method == "POST":

        def made(author: Writer) -> list[events.AnyEvent]:
            reason = form.cleaned_data["reason"]
            return [build(events.CriterionWaived, author.meta(), criterion=criterion, reason=reason)]

        answer = take(request, chart, form, made, ("candidacy", "The waiver is recorded."), lambda: form.back(chart))
        if answer is not None:
            return answer
    shown = {"form": form, "item": item, "cannot": None if _waivable(item) else NEVER}
    return show(request, "clinic/waive.html", chart, folded, "candidacy", **shown)


def _waivable(item: Item) -> bool:
    return item.kind != "contraindication"


def _rows(chart: UUID, rules: str, items: Iterable[Item]) -> list[Row]:
    return [
        Row(
            item,
            TONES.get(item.status, "tag--info"),
            item.status in ("unknown", "not_met"),
            _waivable(item),
            _links(chart, rules, item.criterion),
        )
        for item in items
    ]


def _links(chart: UUID, rules: str, criterion_id: str) -> tuple[Link, ...]:
    back = urlencode({"criterion": criterion_id, "ruleset": rules})
    found = [
        Link(f"Record: {fact_words.title(topic)}", f"{reverse('fact', args=[chart, topic])}?{back}")
        for topic in facts_of(criterion_id)
    ]
    part = part_of(criterion_id)
    if part is not None:
        found.append(Link(PARTS[part], reverse(part, args=[chart])))
    return tuple(found)
