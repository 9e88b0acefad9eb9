"""Made-up patients: the same bits whatever is drawn beside them, spread as published, failures reported."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from thecal.body import (
    Answer,
    DiaryEntry,
    Failure,
    Habit,
    Infusion,
    Patient,
    Tip,
    answers,
    recalled_pain,
    sample_diary,
    sample_habit,
    sample_patient,
    simulate,
    without_variation,
)
from thecal.quantity import Refusal, Refused

NAMES = [f"patient {k}" for k in range(6)]


def cord_of(patient: Patient) -> bytes:
    inputs = [Infusion(0, 100, 0.05, "intrathecal", Tip("T10"))]
    return simulate(patient.person, "morphine", inputs, [10.0, 100.0]).cord("T10").tobytes()


def test_the_same_bits_at_any_batch_size_and_number_of_threads() -> None:
    alone = [found.value for name in NAMES for found in answers(7, [name], cord_of) if isinstance(found, Answer)]
    together = [found.value for found in answers(7, NAMES, cord_of) if isinstance(found, Answer)]
    with ThreadPoolExecutor(4) as pool:
        threaded = [found.value for found in answers(7, NAMES, cord_of, pool) if isinstance(found, Answer)]
    assert alone == together == threaded
    assert len(set(alone)) == len(NAMES)


def test_a_patient_who_fails_is_reported_with_how_to_replay_and_the_others_go_on() -> None:
    def ask(patient: Patient) -> str:
        if patient.id == NAMES[2]:
            raise Refused(Refusal("body.test", "cannot be computed", "x"))
        return patient.id

    found = list(answers(7, NAMES, ask))
    assert len(found) == len(NAMES)
    failed = [item for item in found if isinstance(item, Failure)]
    assert [item.patient for item in failed] == [NAMES[2]]
    assert "cannot be computed" in failed[0].reason
    assert failed[0].replay == f"thecal.body.sample_patient(7, {NAMES[2]!r})"


def test_people_differ_as_the_sources_say() -> None:
    people = [sample_patient(1, f"p{k}") for k in range(1500)]
    age = np.array([p.person.age for p in people], dtype=float)
    csf = np.log([p.person.variation.csf_area for p in people])
    bmi = np.log([p.person.weight_kg / (p.person.height_cm / 100) ** 2 for p in people])
    egfr = np.array([p.person.egfr for p in people])
    opioid = np.array([p.person.prior_opioid_mg_day for p in people])
    assert age.mean() == pytest.approx(59, abs=1.5)
    assert np.corrcoef(csf, bmi)[0, 1] == pytest.approx(-0.28, abs=0.08)
    assert np.corrcoef(age, egfr)[0, 1] < -0.3
    assert opioid.mean() == pytest.approx(135, rel=0.1)
    assert np.std(np.log([p.person.variation.dispersion for p in people])) == pytest.approx(0.6, rel=0.1)
    rise = np.log([p.person.variation.slow_tolerance for p in people])
    young = rise[age <= 50].mean() - rise[age > 50].mean()
    assert young == pytest.approx(np.log(3.8), abs=0.25)
    parent, metabolite = (
        np.log([getattr(p.person.variation, name) for p in people]) for name in ("clearance", "glucuronide_clearance")
    )
    assert np.corrcoef(parent, metabolite)[0, 1] == pytest.approx(0.3, abs=0.08)
    assert without_variation(people[0]).person.variation.dispersion == 1.0


def test_habits_of_a_diary_are_correlated_as_published() -> None:
    habits = np.array([(h.stay, h.step_1, h.step_2) for h in (sample_habit(1, f"p{k}") for k in range(3000))])
    assert np.cov(habits.T) == pytest.approx(
        np.array([[2.697, 2.454, -0.755], [2.454, 3.565, 0.806], [-0.755, 0.806, 1.925]]), abs=0.3
    )


def test_a_diary_kept_longer_repeats_itself_more_and_steps_by_one_most() -> None:
    times = np.arange(20_000) * 24.0
    scores = np.array([e.score for e in sample_diary(5, "p", times, np.full(20_000, 6.0), missing=0.0)])
    steps = np.abs(np.diff(scores))
    assert (steps == 1).mean() > (steps == 2).mean() > (steps == 3).mean()
    steady = np.array([e.score for e in sample_diary(5, "p", times, np.full(20_000, 6.0), 0.0, habit=Habit(stay=3.0))])
    assert (np.diff(steady) == 0).mean() > (steps == 0).mean() + 0.2


def test_memory_leans_to_the_worst_and_the_latest_and_invents_nothing() -> None:
    week = [DiaryEntry(24.0 * k, score) for k, score in enumerate((2, 2, 2, 9, 2, 2, 6))]
    said = [recalled_pain(1, f"p{k}", week, 150.0) for k in range(300)]
    numbers = [value for value in said if value is not None]
    assert len(numbers) == 300
    assert all(value in range(11) for value in numbers)
    assert np.mean(numbers) > np.mean([entry.score for entry in week if entry.score is not None]) + 1
    assert recalled_pain(1, "p", [DiaryEntry(0.0, None)], 10.0) is None
