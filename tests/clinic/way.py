"""What the tests share: a browser at a desk, a patient's way to each stage, the addresses, how a page is read."""

import re
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from thecal.clinic import clock, store
from thecal.clinic.access import Access
from thecal.clinic.models import LedgerEntry
from thecal.formulary import Solution
from thecal.pump import Caps, Prescription, SimpleContinuous
from thecal.quantity import DOSE_RATE, MASS, MS_PER_DAY, VOLUME, parse
from thecal.therapy import AnyEvent, Chart, Role, build, conclude, evaluate, events, fold, stamp, uuid7

PASSWORD = "plum-tree-in-the-long-rain"
AUTHORS: dict[Role, str] = {
    "nurse": "Noor Visser",
    "prescriber": "Petra Salo",
    "patient": "patient",
    "system": "Thecal",
}
TREATMENTS = ("physiotherapy", "oral_nsaid", "oral_opioid", "chiropractic", "back_surgery")

NEW = {"name": "Nina New", "birth_date": "1961-02-03", "sex": "female", "pain_cause": "unknown"}
HISTORY = {"treatment": "physiotherapy", "outcome": "inadequate", "detail": "twenty sessions of water gymnastics"}
PLAN = {
    "method": "continuous_it",
    "drug": "morphine",
    "concentration": "0.5 mg/mL",
    "dose": "1 mg/day",
    "days": "3",
    "pump_profile": "virtual_external_trial",
    "tip_level": "T10",
    "path": "0.3 mL",
    "statistic": "mean",
    "baseline_days": "3",
    "window_days": "2",
    "threshold_pct": "50",
    "min_entries_day": "3",
    "completeness_pct": "70",
}
START = {"fill": "50 mL", "cap_hour": "0.2 mg", "cap_day": "1.5 mg"}
DECISION = {
    "discussed": ["implant", "oral", "stimulation", "none"],
    "choice": "implant",
    "patient_agrees": "yes",
    "reasons": "The trial helped.",
}
IMPLANT = {
    "site": "abdomen",
    "route": "intrathecal",
    "pump_profile": "virtual_peristaltic_20",
    "serial": "SN-1",
    "catheter": "flowonix_11823",
    "supplied": "110 cm",
    "trimmed": "37.5 cm",
    "tip_level": "T10",
    "tip_checked": "fluoroscopy",
    "drug": "morphine",
    "concentration": "2 mg/mL",
    "fill": "18 mL",
    "path": "empty",
}
PRESCRIPTION = {"program": "simple_continuous", "dose": "0.6 mg/day", "cap_hour": "0.06 mg", "cap_day": "0.9 mg"}
REFILL = {"drug": "morphine", "concentration": "2 mg/mL", "withdrawn": "3 mL", "fill": "18 mL"}


@dataclass(frozen=True, slots=True)
class Desk:
    """Somebody at a browser."""

    client: Client

    def get(self, path: str, **more: Any) -> HttpResponse:
        answer: Any = self.client.get(path, **more)
        return answer  # type: ignore[no-any-return]

    def post(self, path: str, data: dict[str, Any] | None = None, **more: Any) -> HttpResponse:
        answer: Any = self.client.post(path, data or {}, **more)
        return answer  # type: ignore[no-any-return]

    def read(self, name: str, chart: UUID) -> HttpResponse:
        """A page of a chart."""
        return self.get(reverse(name, args=[chart]))

    def send(self, name: str, chart: UUID, fields: dict[str, Any], version: int | None = None) -> HttpResponse:
        """A form of a chart, as somebody fills it in who has just read the chart, or who read ``version``."""
        read = store.load(chart).version if version is None else version
        return self.post(reverse(name, args=[chart]), {**fields, "version": read})


class Way:
    """One patient's events, written through the store as they are told; each call goes one step further."""

    def __init__(self, name: str = "Ada Example") -> None:
        self.name = name
        self.now = clock.now()
        self.chart = UUID(uuid7(self.now, secrets.token_bytes(10)))

    @property
    def folded(self) -> Chart:
        return store.load(self.chart)

    def tell(self, kind: type[events.Event], role: Role, days_ago: float = 0.0, **fields: Any) -> "Way":
        at = self.now - round(days_ago * MS_PER_DAY)
        event: Any = build(kind, stamp(at, AUTHORS[role], role), **fields)
        store.write(self.chart, None if role in ("patient", "system") else entries(self.chart), event)
        return self

    def registered(self, days_ago: float = 20) -> "Way":
        return self.tell(
            *(events.PatientRegistered, "nurse", days_ago),
            patient=str(self.chart),
            name=self.name,
            birth_date="1960-05-04",
        )

    def assessed(self) -> "Way":
        self.registered()
        for treatment in TREATMENTS:
            self.tell(events.HistoryRecorded, "nurse", 19, treatment=treatment, outcome="inadequate")
        assessment = evaluate(self.folded)
        return self.tell(
            *(events.CandidacyReviewed, "prescriber", 18),
            ruleset=assessment.ruleset,
            snapshot=assessment.snapshot(),
            conclusion="A trial is reasonable.",
        )

    def planned(self) -> "Way":
        self.assessed()
        return self.tell(
            *(events.TrialPlanned, "prescriber", 14),
            method="continuous_it",
            route="intrathecal",
            solution="morphine 0.5 mg/mL",
            dose_fg_day=parse("1 mg/day", DOSE_RATE),
            days=3,
            pump_profile="virtual_external_trial",
            tip_level="T10",
            path_nl=parse("0.3 mL", VOLUME),
            rule=events.PassRule(),
        )

    def on_trial(self, days_ago: float = 5) -> "Way":
        """A trial that runs by the chart; its pump is told, and has no folder."""
        self.planned()
        self.diary(days_ago + 3.5, days_ago, 8)
        order = self.order("morphine 0.5 mg/mL", "1 mg/day", days_ago)
        self.written(order, "trial-told", "trial", days_ago)
        self.tell(events.PrescriptionSent, "nurse", days_ago, prescription=order.digest())
        self.tell(events.PrescriptionAcknowledged, "system", days_ago, prescription=order.digest())
        return self.tell(
            *(events.TrialStarted, "prescriber", days_ago),
            pump="trial-told",
            prescription=order.digest(),
            fill_nl=parse("50 mL", VOLUME),
        )

    def concluded(self) -> "Way":
        self.on_trial()
        self.diary(5, 2, 3)
        folded = self.folded
        verdict = conclude(fold(folded.events), self.now - 2 * MS_PER_DAY)
        return self.tell(events.TrialConcluded, "prescriber", 2, verdict=verdict.record())

    def decided(self, choice: str = "implant") -> "Way":
        self.concluded()
        return self.tell(
            *(events.DecisionRecorded, "prescriber", 1),
            choice=choice,
            discussed=("implant", "oral", "stimulation", "none"),
            physician="Petra Salo",
            patient_agrees=True,
            reasons="The trial helped.",
        )

    def diary(self, first: float, last: float, score: int, per_day: int = 4) -> "Way":
        times = [first - k / per_day for k in range(int((first - last) * per_day))]
        metas = [stamp(self.now - round(days_ago * MS_PER_DAY), "patient", "patient") for days_ago in times]
        store.write(self.chart, None, *(build(events.PainRecorded, meta, score=score) for meta in metas))
        return self

    def order(self, solution: str, dose: str, days_ago: float = 0.0) -> Prescription:
        now = self.now - round(days_ago * MS_PER_DAY)
        return Prescription(
            id=uuid7(now, secrets.token_bytes(10)),
            patient=str(self.chart),
            route="intrathecal",
            solution=Solution.parse(solution),
            program=SimpleContinuous(parse(dose, DOSE_RATE)),
            caps=Caps(parse("0.2 mg", MASS), parse("1.5 mg", MASS)),
            anchor=now - now % MS_PER_DAY,
            author="Petra Salo",
            written=now,
        )

    def written(self, order: Prescription, pump: str, purpose: str, days_ago: float = 0.0) -> "Way":
        return self.tell(
            *(events.PrescriptionWritten, "prescriber", days_ago),
            prescription=order.to_bytes().decode("ascii"),
            digest=order.digest(),
            pump=pump,
            purpose=purpose,
        )


STAGES: dict[str, Callable[[Way], Way]] = {
    "referred": Way.registered,
    "assessed": Way.assessed,
    "planned": Way.planned,
    "trial": Way.on_trial,
    "concluded": Way.concluded,
    "decided": Way.decided,
}


def entries(chart: UUID | None = None) -> int:
    """How many ledger entries there are, of one chart or of all."""
    found = LedgerEntry.objects.all()
    return (found if chart is None else found.filter(chart=chart)).count()


def kinds(chart: UUID) -> list[str]:
    """The kinds of a chart's events, oldest first."""
    return [event.kind for event in told(chart)]


def told(chart: UUID) -> tuple[AnyEvent, ...]:
    """A chart's events, oldest first."""
    return tuple(entry.event for entry in store.ledger(chart).entries)


@dataclass(frozen=True, slots=True)
class Address:
    """One address of the clinic: its name, the names of what stands in it, and who may open it."""

    name: str
    route: str
    arguments: tuple[str, ...]
    access: Access | None

    def path(self, chart: UUID) -> str:
        filled = {"chart": chart, "link": 1, "digest": "0" * 64, "token": "x" * 43}
        filled |= {"drug": "morphine", "route": "intrathecal", "key": "max_daily", "population": "all"}
        filled |= {"topic": "goal", "criterion": "realistic_goals", "event": UUID(int=0)}
        return reverse(self.name, kwargs={name: filled[name] for name in self.arguments})


def addresses(patterns: list[URLPattern | URLResolver] | None = None, before: str = "") -> Iterator[Address]:
    """Every address that the given patterns answer; those of the clinic when none are given."""
    for each in get_resolver().url_patterns if patterns is None else patterns:
        route = before + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from addresses(each.url_patterns, route)
        else:
            names = tuple(part.split(":")[1].split(">")[0] for part in route.split("<")[1:])
            yield Address(each.name or "", route, names, getattr(each.callback, "access", None))


_ELSEWHERE = re.compile(r"\s*(//|[a-z]+:)", re.IGNORECASE)


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.wrong: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        have = dict(attrs)
        if tag == "style" or "style" in have:
            self.wrong.append(f"style in <{tag}>")
        if tag == "script" and not have.get("src") and have.get("type") != "application/json":
            self.wrong.append("a script without src")
        for name, value in attrs:
            if name.startswith("on"):
                self.wrong.append(f"{name} in <{tag}>")
            if name in ("src", "href", "action", "hx-get", "hx-post") and value and _ELSEWHERE.match(value):
                self.wrong.append(f"{name}={value} in <{tag}>")


def inline(response: HttpResponse) -> list[str]:
    """What stands in a page that its content security policy would not run, or that another host would have to give."""
    page = _Page()
    page.feed(response.content.decode())
    return page.wrong


def errors(response: HttpResponse) -> dict[str, list[str]]:
    """The errors of the page's form, by field."""
    context: Any = response.context  # type: ignore[attr-defined]
    assert context is not None, f"no page was drawn: {response.status_code} {response.content[:300]!r}"
    return {name: [str(each) for each in found] for name, found in context["form"].errors.items()}


def until(true: Callable[[], object], patience_s: float = 60.0) -> None:
    """Wait for a condition; fails when it does not come."""
    deadline = time.monotonic() + patience_s
    while not true():
        assert time.monotonic() < deadline, "what was waited for did not come"
        time.sleep(0.02)
