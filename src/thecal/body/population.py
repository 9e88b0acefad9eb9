"""Made-up patients that differ as real ones do, and what the model says of each of them.

Covariates: age, height, BMI, renal function, albumin, prior opioid dose. Random effects are log-normal, correlated as
``data/people.toml`` and the drugs' files state. Every patient has random streams of their own, keyed by (seed,
patient, purpose), and is computed alone: the same bits at any batch size or number of threads. A patient who fails is
reported with how to replay, never dropped.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from thecal.body.diary import Habit, sample_habit, stream
from thecal.body.failure import Failure
from thecal.body.person import Dispersion, Disposition, Person, Variation
from thecal.body.reference import entry
from thecal.quantity import Refused

if TYPE_CHECKING:
    from concurrent.futures import Executor

Array = npt.NDArray[np.float64]

YOUNGEST, OLDEST = 18.0, 95.0
_TRIES = 1000


@dataclass(frozen=True, slots=True)
class Patient:
    """One made-up patient. Pain on the NRS; placebo as the share of pain it takes in the end and its half-time."""

    id: str
    seed: int
    person: Person
    pain_baseline: float
    placebo_largest: float
    placebo_half_time_days: float
    habit: Habit


@dataclass(frozen=True, slots=True, eq=False)
class Answer[T]:
    """What was computed for one patient."""

    patient: Patient
    value: T


def sample_patient(
    seed: int, patient: str, dispersion: Dispersion = "mid", disposition: Disposition = "three_compartment"
) -> Patient:
    """The patient called ``patient`` of the population ``seed``: the same one whatever else is drawn."""
    random = stream(seed, patient, "covariates")
    age = _between(random, _people("age.mean"), _people("age.sd"), YOUNGEST, OLDEST)
    height = _between(random, _people("height.mean"), _people("height.sd"), 140.0, 210.0)
    body, csf = _pair(random, _people("bmi.correlation_with_csf"))
    bmi = _people("bmi.mean") * math.exp(_people("bmi.log_sd") * body)
    egfr = _people("egfr.at_40") + _people("egfr.per_year") * max(age - 40.0, 0.0)
    egfr *= math.exp(_people("egfr.log_sd") * random.standard_normal())
    albumin = _between(random, _people("albumin.mean"), _people("albumin.sd"), 20.0, 55.0)
    opioid_sd = math.sqrt(math.log1p(_people("prior_opioid.cv") ** 2))
    opioid = _people("prior_opioid.mean") * math.exp(opioid_sd * random.standard_normal() - opioid_sd**2 / 2)
    person = Person(
        weight_kg=bmi * (height / 100) ** 2,
        height_cm=height,
        age=age,
        egfr=egfr,
        albumin_g_l=albumin if disposition == "three_compartment" else None,
        dispersion=dispersion,
        disposition=disposition,
        prior_opioid_mg_day=opioid,
        variation=_variation(stream(seed, patient, "variation"), csf, age, disposition),
    )
    outlook = stream(seed, patient, "outlook")
    pain = _between(outlook, _people("pain.baseline_mean"), _people("pain.baseline_sd"), 0.0, 10.0)
    largest = entry("diary", "placebo.largest").value
    odds = largest / (1 - largest) * math.exp(_root("placebo.largest_logit_variance") * outlook.standard_normal())
    half = entry("diary", "placebo.half_time").value
    half *= math.exp(_root("placebo.half_time_log_variance") * outlook.standard_normal())
    return Patient(patient, seed, person, pain, odds / (1 + odds), half, sample_habit(seed, patient))


def answers[T](
    seed: int, patients: Iterable[str], ask: Callable[[Patient], T], executor: "Executor | None" = None
) -> Iterator[Answer[T] | Failure]:
    """What ``ask`` says of each patient, in order, one at a time, so that memory does not grow with the population.

    ``executor`` runs patients side by side (a process pool needs an ``ask`` that can be pickled). A refusal or an
    arithmetic fault of one patient becomes a ``Failure``; the others go on.
    """
    job = _Job(seed, ask)
    yield from (map(job, patients) if executor is None else executor.map(job, patients))


@dataclass(frozen=True, slots=True)
class _Job[T]:
    seed: int
    ask: Callable[[Patient], T]

    def __call__(self, patient: str) -> Answer[T] | Failure:
        try:
            someone = sample_patient(self.seed, patient)
            return Answer(someone, self.ask(someone))
        except (Refused, ArithmeticError, np.linalg.LinAlgError, ValueError) as fault:
            replay = f"thecal.body.sample_patient({self.seed}, {patient!r})"
            return Failure(patient, f"{type(fault).__name__}: {fault}", replay)


def _variation(random: "np.random.Generator", csf: float, age: float, disposition: Disposition) -> Variation:
    """Random effects; ``csf`` is the standard normal of the CSF's width, already drawn with the BMI."""

    def spread(log_sd: float) -> float:
        return math.exp(log_sd * random.standard_normal())

    def of_morphine(key: str) -> float:
        return _log_sd(entry("morphine", key).cv or 0.0)

    parent, glucuronide = _pair(random, _people("spread.parent_with_glucuronide"))
    older = age > _people("tolerance.split_age")
    rise = math.sqrt(_people("tolerance.young_over_old"))
    clearance_cv = entry("morphine", f"plasma.{disposition}.clearance_cv").value
    return Variation(
        dispersion=spread(_people("spread.dispersion")),
        csf_area=math.exp(_log_sd(_people("spread.csf_area_cv")) * csf),
        cord_area=spread(_log_sd(_people("spread.cord_area_cv"))),
        dural_permeability=spread(of_morphine("spinal.dural_permeability")),
        cord_exchange=spread(of_morphine("spinal.csf_to_cord_PS")),
        cord_uptake=spread(of_morphine("spinal.cord_to_plasma")),
        epidural_volume=spread(of_morphine("spinal.epidural_volume")),
        epidural_uptake=spread(of_morphine("spinal.epidural_to_plasma")),
        clearance=math.exp(_log_sd(clearance_cv) * parent),
        glucuronide_clearance=math.exp(of_morphine("plasma.palliative.clearance_M6G") * glucuronide),
        bioavailability=spread(of_morphine("plasma.palliative.F_oral")),
        potency=spread(_people("spread.potency")),
        slow_tolerance=spread(_people("spread.slow_tolerance")) * (1 / rise if older else rise),
    )


def _pair(random: "np.random.Generator", correlation: float) -> tuple[float, float]:
    first, other = random.standard_normal(2)
    return float(first), float(correlation * first + math.sqrt(1 - correlation**2) * other)


def _between(random: "np.random.Generator", mean: float, sd: float, low: float, high: float) -> float:
    """A normal deviate that lies inside its bounds; drawn again, not moved, when it does not."""
    for _ in range(_TRIES):
        value = mean + sd * float(random.standard_normal())
        if low <= value <= high:
            return value
    raise ArithmeticError(f"no draw of mean {mean:g}, sd {sd:g} fell inside {low:g} to {high:g}")


def _log_sd(cv: float) -> float:
    return math.sqrt(math.log1p(cv**2))


def _root(key: str) -> float:
    return math.sqrt(entry("diary", key).value)


def _people(key: str) -> float:
    return entry("people", key).value


def without_variation(patient: Patient) -> Patient:
    """The same covariates in a person who is otherwise the mean, to see what covariates alone explain."""
    return replace(patient, person=replace(patient.person, variation=Variation()))
