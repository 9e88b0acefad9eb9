"""Which of the formulary's populations a patient belongs to, read from recorded facts and from nothing else.

Published limits are for everybody, or for some patients. Only what the chart shows counts; what is not known, out of
date or contradictory is left open, so that the limits of every population it may be hold. Times ms UTC.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from thecal.formulary import Solution, drug
from thecal.quantity import Refused
from thecal.therapy.candidacy.look import bounds, day, said, today
from thecal.therapy.chart import Chart
from thecal.therapy.door import checked
from thecal.therapy.events.facts import (
    MedicineList,
    OpioidExposure,
    Spasticity,
    SystemicOpioids,
    TumourProgression,
)

POPULATIONS = (
    "adult",
    "cancer",
    "noncancer",
    "opioid_naive",
    "opioid_tolerant",
    "spinal",
    "cerebral",
    "postoperative",
)
"""Every population for which the formulary prints a figure; a test compares the two."""
ADULT_YEARS = 18


@dataclass(frozen=True, slots=True)
class Population:
    """Where a patient surely belongs: ``reasons`` say why, ``lacks`` what is not known.

    ``names`` is empty when nothing is known: then the limits of every population count.
    """

    names: frozenset[str]
    reasons: tuple[str, ...]
    lacks: tuple[str, ...]

    @property
    def name(self) -> str:
        """The one population beside that of adults; ``all`` when there is none or more than one."""
        special = self.names - {"adult"}
        return next(iter(special)) if len(special) == 1 else "all"

    def __str__(self) -> str:
        return ", ".join(name.replace("_", " ") for name in POPULATIONS if name in self.names) or "not known"


@dataclass(frozen=True, slots=True)
class _Answer:
    """One question: the population that was found, or None, and the line that says why or what is lacking."""

    found: str | None
    text: str


@checked
def population(chart: Chart, now: int | None = None) -> Population:
    """Where the patient of this chart belongs, by what was recorded up to ``now`` (ms; None: everything).

    Never guesses: each of cause of pain, opioid exposure, origin of spasticity and age is known or lacking by itself.
    """
    answers = (_cause(chart, now), _exposure(chart, now), _origin(chart, now), _age(chart, now))
    return Population(
        frozenset(answer.found for answer in answers if answer.found is not None),
        tuple(answer.text for answer in answers if answer.found is not None),
        tuple(answer.text for answer in answers if answer.found is None),
    )


def _cause(chart: Chart, now: int | None) -> _Answer:
    patient = chart.patient
    if patient is None or patient.pain_cause == "unknown":
        return _Answer(None, "The cause of the pain (cancer or not) is not recorded.")
    tumour = chart.latest(TumourProgression, now)
    if patient.pain_cause == "noncancer" and tumour is not None:
        what = f"Registered with pain that is not of cancer, and {said(tumour[0], 'a tumour has progressed')}"
        return _Answer(None, f"{what}: the cause of the pain must be settled.")
    return _Answer(patient.pain_cause, f"Cause of the pain: {patient.pain_cause}, recorded at registration.")


def _exposure(chart: Chart, now: int | None) -> _Answer:
    latest = chart.latest(OpioidExposure, now)
    if latest is None:
        return _Answer(None, "Whether the patient is used to opioids is not recorded.")
    event, fact = latest
    words = said(event, fact.status.replace("_", " "))
    against = _used(chart, now) if fact.status == "opioid_naive" else _unused(chart, event.meta.at, now)
    for each in against:
        return _Answer(None, f"{words}, and {each}: record the opioid exposure again.")
    return _Answer(fact.status, f"Opioid exposure: {words}.")


def _used(chart: Chart, now: int | None) -> Iterator[str]:
    """What speaks against a patient who was never used to opioids."""
    systemic, medicines = chart.latest(SystemicOpioids, now), chart.latest(MedicineList, now)
    if systemic is not None and systemic[1].taken:
        yield said(systemic[0], "systemic opioids are taken")
    if medicines is not None and any(each.drug_class == "opioid" for each in medicines[1].active):
        yield said(medicines[0], "an opioid is among the medicines")
    for taken in chart.opioids:
        if now is None or taken.meta.at <= now:
            yield f"an opioid was taken ({day(taken.meta.at)})"
    for order in chart.orders:
        accepted = order.accepted is not None and (now is None or order.accepted <= now)
        if accepted and _opioid(order.prescription.solution):
            yield f"a pump gives {order.prescription.solution} since {day(order.accepted or 0)}"
    for trial in chart.trials:
        given = trial.started.injection
        if given is not None and (now is None or trial.started.meta.at <= now) and drug(given.drug).opioid:
            yield f"{given.drug} was injected ({day(trial.started.meta.at)})"


def _unused(chart: Chart, since: int, now: int | None) -> Iterator[str]:
    """What speaks, at or after ``since``, against a patient who is used to opioids."""
    systemic, medicines = chart.latest(SystemicOpioids, now), chart.latest(MedicineList, now)
    if systemic is not None and not systemic[1].taken and systemic[0].meta.at >= since:
        yield said(systemic[0], "no systemic opioid is taken")
    listed = medicines is not None and any(each.drug_class == "opioid" for each in medicines[1].active)
    if medicines is not None and medicines[0].meta.at >= since and not listed:
        yield said(medicines[0], "no opioid is among the medicines")
    for gap in chart.gaps:
        if gap.end is None and (now is None or gap.start <= now):
            yield f"a pump has not delivered since {day(gap.start)}"


def _opioid(solution: Solution) -> bool:
    try:
        return any(drug(name).opioid for name in solution.drugs)
    except Refused:
        return True


def _origin(chart: Chart, now: int | None) -> _Answer:
    latest = chart.latest(Spasticity, now)
    if latest is None or latest[1].origin == "unknown":
        return _Answer(None, "The origin of spasticity (spinal or cerebral) is not recorded.")
    return _Answer(latest[1].origin, f"Spasticity: {said(latest[0], f'{latest[1].origin} origin')}.")


def _age(chart: Chart, now: int | None) -> _Answer:
    if chart.patient is None:
        return _Answer(None, "The birth date is not recorded.")
    moment = chart.events[-1].meta.recorded if now is None else now
    latest_birth = bounds(chart.patient.birth_date)[1]
    birthday = (latest_birth.year + ADULT_YEARS, latest_birth.month, latest_birth.day)
    on = today(moment)
    if (on.year, on.month, on.day) >= birthday:
        return _Answer("adult", f"Born {chart.patient.birth_date}: an adult.")
    return _Answer(None, f"Born {chart.patient.birth_date}: not surely an adult; published limits are for adults.")
