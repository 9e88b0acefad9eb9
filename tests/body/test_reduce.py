"""The reduced model of many patients stays within its stated error of the whole one, for patients it has not seen."""

from collections.abc import Sequence

import numpy as np
import pytest

from thecal.body import Bolus, Infusion, Person, Tip
from thecal.body.batch import Plan, basis_for, run_batch, wide_sample
from thecal.body.bench.whole import unreduced
from thecal.body.parameters import parameters
from thecal.body.person import Variation
from thecal.body.planned import Planned, PulseTrain, items_of
from thecal.body.reduce import frame_of, spine_of

STATED = 1e-3  # of the peak of each series


def strangers(count: int, seed: int) -> list[Person]:
    """People drawn apart from the sample that the basis was found on."""
    rng = np.random.default_rng(seed)
    people = []
    for _ in range(count):
        e = np.exp(rng.standard_normal(11) * [0.6, 0.2, 0.12, 0.5, 0.5, 0.5, 0.3, 0.5, 0.35, 0.3, 0.8])
        names = list(Variation.__dataclass_fields__)[:10]
        variation = Variation(**dict(zip(names, e[:10].tolist(), strict=True)), potency=float(e[10]))
        people.append(
            Person(
                weight_kg=float(rng.uniform(45, 130)),
                height_cm=float(rng.uniform(150, 195)),
                egfr=float(rng.uniform(25, 130)),
                prior_opioid_mg_day=float(rng.uniform(0, 300)),
                variation=variation,
            )
        )
    return people


def _worst(people: Sequence[Person], plan: Plan) -> dict[str, float]:
    found = run_batch(people, plan)
    assert not found.failed
    worst: dict[str, float] = {}
    for number, person in enumerate(people):
        for name, expected in unreduced(person, plan).items():
            error = np.abs(found.series[name][number] - expected).max() / np.abs(expected).max()
            worst[name] = max(worst.get(name, 0.0), float(error))
    return worst


@pytest.mark.parametrize("level", ["C5", "T10", "L3"])
def test_every_series_of_unseen_patients_is_within_the_stated_error(level: str) -> None:
    tip = Tip(level)
    program = (
        Infusion(0, 500, 1 / 24, "intrathecal", tip),
        Infusion(500, 1000, 2 / 24, "intrathecal", tip),
        Infusion(1000, 1500, 0.5 / 24, "intrathecal", tip),
    )
    worst = _worst(strangers(12, 1), Plan("morphine", program, 1500, tip, "T9"))
    assert set(worst) == {"csf_tip", "cord_tip", "csf_c1", "plasma", "cranial", "tolerance", "pain", "breathing"}
    assert max(worst.values()) < STATED


def test_boluses_and_pulses_are_within_the_stated_error() -> None:
    tip = Tip("T10")
    program: tuple[Planned, ...] = (
        PulseTrain(0, 6, 100, 0.25, "intrathecal", tip, 0.1),
        Bolus(100, 0.5, "intrathecal", tip, volume_ml=1.0, over_h=2.0),
    )
    assert max(_worst(strangers(6, 2), Plan("morphine", program, 700, tip, "T10")).values()) < STATED


def test_more_modes_bring_the_reduced_model_nearer() -> None:
    tip = Tip("T10")
    plan = Plan("morphine", (Infusion(0, 700, 1 / 24, "intrathecal", tip),), 700, tip, "T10")
    people = strangers(6, 3)
    whole = [unreduced(person, plan)["csf_c1"] for person in people]
    errors = []
    for modes in (16, 24, 32, 40):
        found = run_batch(people, plan, modes=modes).series["csf_c1"]
        errors.append(max(np.abs(f - w).max() / w.max() for f, w in zip(found, whole, strict=True)))
    assert errors == sorted(errors, reverse=True)


def test_the_reduced_spine_is_symmetric_and_only_decays() -> None:
    tip = Tip("T10")
    _, keys = items_of((Infusion(0, 1, 1.0, "intrathecal", tip),), 0.0)
    basis = basis_for("morphine", "three_compartment", tuple(keys), tip, "T10")
    assert basis.vectors.T @ basis.vectors == pytest.approx(np.eye(basis.vectors.shape[1]), abs=1e-10)
    frame = frame_of([parameters(person, "morphine") for person in strangers(20, 4)])
    matrices = basis.project(spine_of(frame))
    assert matrices == pytest.approx(np.swapaxes(matrices, 1, 2), abs=0)
    assert (np.linalg.eigvalsh(matrices) < 0).all()


def test_the_sample_of_the_basis_is_always_the_same_and_wider_than_people_are() -> None:
    sample = wide_sample("three_compartment")
    assert sample == wide_sample("three_compartment")
    spread = np.array([person.variation.dispersion for person in sample])
    assert spread.min() < 0.2
    assert spread.max() > 5
