"""A year of many different patients, hourly: concentrations, pain, tolerance and breathing, in a millisecond each.

Units: h, mg, ng/mL, NRS, shares from 0 to 1. The spine is reduced on one basis for all (``reduce``), the rest is
kept whole, and time is solved in closed form (``periodic``). Chunk and thread do not change a bit: every product
is made patient by patient, in one shape. Series are kept in 32 bits.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from thecal.body.breathing import breathing_rows
from thecal.body.checks import refuse
from thecal.body.effect import EffectParameters, effect_parameters, load_of_oral_morphine, load_row, pain
from thecal.body.failure import Failure
from thecal.body.model import Frame
from thecal.body.parallel import chunks, over_chunks
from thecal.body.parameters import parameters, require
from thecal.body.periodic import Answer, TimeGrid
from thecal.body.person import Person, Tip, Variation
from thecal.body.planned import Key, Planned, items_of
from thecal.body.reduce import MODES, Basis, Reduced, frame_of, reduce_to
from thecal.body.scan import first_order
from thecal.body.spine import dermatome
from thecal.body.stack import stack

Array = npt.NDArray[np.float64]
Kept = npt.NDArray[np.float32]

CONCENTRATIONS = ("csf_tip", "cord_tip", "csf_c1", "plasma", "cranial")
EFFECTS = ("tolerance", "pain", "breathing")
_SET_UP = 64  # patients whose models are made at once
_IN_CACHE = 8  # patients whose series are computed at once


@dataclass(frozen=True, slots=True)
class Plan:
    """What every patient gets, ``program`` from hour 0 on, and where it is read: at ``tip``, and at ``target``.

    ``target`` is the dermatome of the pain. Readings are hourly from 0 to ``hours``.
    """

    drug: str
    program: tuple[Planned, ...]
    hours: int
    tip: Tip
    target: str
    pain_baseline: float = 7.0

    @property
    def grid(self) -> TimeGrid:
        """The times of all readings."""
        return TimeGrid(0.0, 1.0, self.hours + 1)


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Series by name, shape (patients, times); those of a failed patient are NaN, and the patient is listed."""

    times_h: Array
    series: dict[str, Kept]
    failed: tuple[Failure, ...]


def run_batch(
    people: Sequence[Person], plan: Plan, threads: int | None = None, chunk: int = _SET_UP, modes: int = MODES
) -> Batch:
    """All ``people`` under ``plan``. They share one disposition, and the drug needs relief and breathing.

    Raises Refused where they do not. Error of the reduction: below 1e-3 of the peak of every series.
    """
    require(plan.drug, "relief")
    require(plan.drug, "breathing")
    if len({person.disposition for person in people}) > 1:
        raise refuse("disposition", "mixed", "Run the patients of each disposition in a batch of their own.")
    run = _Run(people, plan, modes)
    over_chunks(len(people), chunk, run.chunk, threads)
    return run.done()


class _Run:
    """What the chunks of one batch share, and the series that they fill."""

    def __init__(self, people: Sequence[Person], plan: Plan, modes: int) -> None:
        self._people, self._plan = people, plan
        self._items, self._keys = items_of(plan.program, 0.0)
        disposition = people[0].disposition if people else "three_compartment"
        self._basis = basis_for(plan.drug, disposition, tuple(self._keys), plan.tip, plan.target, modes)
        shape = len(people), plan.grid.count
        self._kept = {name: np.empty(shape, dtype=np.float32) for name in (*CONCENTRATIONS, *EFFECTS)}
        self._failed: dict[int, str] = {}

    def chunk(self, piece: slice) -> None:
        """Compute the patients ``piece``; where their models fail together, each alone."""
        try:
            reduced, effect, before = _models(self._people[piece], self._plan, self._keys, self._basis)
        except np.linalg.LinAlgError as error:
            if piece.stop - piece.start > 1:
                for index in range(piece.start, piece.stop):
                    self.chunk(slice(index, index + 1))
                return
            self._failed[piece.start] = str(error)
            for series in self._kept.values():
                series[piece] = np.nan
            return
        for part in chunks(piece.stop - piece.start, _IN_CACHE):
            into = slice(piece.start + part.start, piece.start + part.stop)
            answer = Answer(reduced.rates[part], reduced.columns[part], reduced.readers[part], self._plan.grid)
            self._keep(into, answer.run(self._items), effect[part], before[part])

    def _keep(self, into: slice, values: Array, effect: Sequence[EffectParameters], before: Array) -> None:
        values = np.ascontiguousarray(values.transpose(2, 0, 1))
        for name, found in zip(CONCENTRATIONS, values, strict=False):
            self._kept[name][into] = found
        load, drive = np.maximum(values[-2], 0.0), np.maximum(values[-1], 0.0)
        risen = _tolerance(load, effect, before)
        self._kept["tolerance"][into] = risen
        self._kept["pain"][into] = pain(self._plan.pain_baseline, load, risen, stack(effect))
        self._kept["breathing"][into] = drive / (1.0 + drive)

    def done(self) -> Batch:
        """The series, with every patient listed whose result is not finite."""
        unsound = ~np.isfinite(self._kept["pain"]).all(axis=1)
        for index in np.flatnonzero(unsound):
            self._failed.setdefault(int(index), "the result is not finite")
        failures = tuple(
            Failure(str(row), self._failed[row], f"thecal.body.run_batch([people[{row}]], plan)")
            for row in sorted(self._failed)
        )
        return Batch(self._plan.grid.times_h, self._kept, failures)


@lru_cache(maxsize=8)
def basis_for(drug: str, disposition: str, keys: tuple[Key, ...], tip: Tip, target: str, modes: int = MODES) -> Basis:
    """The vectors for these entrances and readings, from a sample that does not depend on who is computed."""
    sample = [parameters(person, drug) for person in wide_sample(disposition)]
    effect = effect_parameters(drug)

    def entrances(frame: Frame) -> Array:
        return _entrances(frame, keys)

    def readings(frame: Frame) -> Array:
        return _readings(frame, tip, target, stack([effect] * len(sample)))

    return Basis.find(sample, entrances, readings, modes)


def wide_sample(disposition: str, count: int = 24) -> list[Person]:
    """People spread more widely than a population, always the same: dispersion tenfold, the rest about threefold."""
    names = [name for name in Variation.__dataclass_fields__ if name not in ("bioavailability", "potency")]
    draw = np.random.Generator(np.random.Philox(key=24)).random((count, len(names) + 2))
    ranks = (draw.argsort(axis=0).argsort(axis=0) + 0.5) / count * 2.0 - 1.0
    reach = {"dispersion": 2.3, "csf_area": 0.5, "cord_area": 0.35}
    people = []
    for rank in ranks:
        factors = {name: float(np.exp(reach.get(name, 1.1) * x)) for name, x in zip(names, rank, strict=False)}
        height, weight = 172.0 + 30.0 * rank[-2], 80.0 * float(np.exp(0.5 * rank[-1]))
        people.append(
            Person(
                weight_kg=weight,
                height_cm=float(height),
                disposition="palliative" if disposition == "palliative" else "three_compartment",
                variation=Variation(**factors),
            )
        )
    return people


def _models(
    people: Sequence[Person], plan: Plan, keys: Sequence[Key], basis: Basis
) -> tuple[Reduced, list[EffectParameters], Array]:
    frame = frame_of([parameters(person, plan.drug) for person in people])
    effect = [effect_parameters(plan.drug, person) for person in people]
    readings = _readings(frame, plan.tip, plan.target, stack(effect))
    before = np.array([load_of_oral_morphine(person.prior_opioid_mg_day, person) for person in people])
    return reduce_to(basis, frame, _entrances(frame, keys), readings), effect, before


def _entrances(frame: Frame, keys: Sequence[Key]) -> Array:
    return np.stack([frame.column(*key) for key in keys], axis=1)


def _readings(frame: Frame, tip: Tip, target: str, effect: EffectParameters) -> Array:
    here = frame.level_z(tip.level)
    from_csf, from_blood = breathing_rows(frame)
    rows = [
        frame.csf_row(here),
        frame.cord_row(here),
        frame.csf_row(frame.level_z("C1")),
        frame.named_row("plasma"),
        frame.named_row("cranial"),
        load_row(frame, dermatome(target).z_mid_mm, effect),
        from_csf + from_blood,
    ]
    return np.stack(rows, axis=1)


def _tolerance(load: Array, effect: Sequence[EffectParameters], before: Array) -> Array:
    """As ``effect.tolerance``, for hourly steps of many patients at once."""
    saturation = load / (1.0 + load)
    left = before / (1.0 + before)
    risen = np.zeros_like(load)
    for number in range(len(effect[0].tolerance)):
        rate, largest = (np.array([one.tolerance[number][k] for one in effect]) for k in (0, 1))
        keep = np.exp(-rate)
        lean = -np.expm1(-rate) / rate
        push = (largest * (lean - keep))[:, None] * saturation[:, :-1]
        push += (largest * (1.0 - lean))[:, None] * saturation[:, 1:]
        risen[:, 0] += largest * left
        risen[:, 1:] += first_order(keep, push, largest * left)
    return risen
