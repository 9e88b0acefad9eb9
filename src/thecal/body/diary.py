"""What a person writes into the pain diary, given the pain that the model expects.

Units: h, NRS 0 to 10. Entries are whole numbers; some are missing; a score tends to repeat the one before it or to
differ by one, more so the longer a diary is kept, as published diaries do. Source: ``data/diary.toml``. Random
numbers come from a stream keyed by (seed, patient, purpose), so one patient's diary is the same whatever else is drawn.
"""

import hashlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from thecal.body.checks import number, refuse
from thecal.body.reference import entries, entry

Array = npt.NDArray[np.float64]


OBSERVED_DAYS = 126.0


@dataclass(frozen=True, slots=True)
class Habit:
    """How one person fills in a diary: shifts of the logits of staying, and of moving by 1, 2 or 3; 0 is typical."""

    stay: float = 0.0
    step_1: float = 0.0
    step_2: float = 0.0


@dataclass(frozen=True, slots=True)
class DiaryEntry:
    """One asked entry; ``score`` None means that it was not made."""

    at_h: float
    score: int | None


def stream(seed: int, patient: str, purpose: str) -> "np.random.Generator":
    """The random stream of this patient for this purpose; the same bits on every machine."""
    digest = hashlib.sha256(f"{seed}\x1f{patient}\x1f{purpose}".encode()).digest()
    return np.random.Generator(np.random.Philox(key=np.frombuffer(digest[:16], dtype=np.uint64)))


def sample_habit(seed: int, patient: str) -> Habit:
    """The habit of one person, drawn from the published spread between people (correlated)."""
    value = {key: entry("diary", key).value for key in entries("diary")}
    off = (value["stay.covariance_with_step_1"], value["stay.covariance_with_step_2"], value["step.covariance_1_2"])
    spread = np.array(
        [
            [value["stay.variance"], off[0], off[1]],
            [off[0], value["step.by_1_variance"], off[2]],
            [off[1], off[2], value["step.by_2_variance"]],
        ]
    )
    normal = stream(seed, patient, "diary habit").standard_normal(3)
    return Habit(*(float(x) for x in np.linalg.cholesky(spread) @ normal))


def sample_diary(
    seed: int,
    patient: str,
    times_h: npt.ArrayLike,
    expected_pain: npt.ArrayLike,
    missing: float | None = None,
    purpose: str = "diary",
    habit: Habit | None = None,
) -> tuple[DiaryEntry, ...]:
    """One entry for each of ``times_h`` (rising), around ``expected_pain`` (same shape, NRS 0 to 10).

    ``missing`` is the chance that an entry is not made; None takes the reference value. ``habit`` None is the typical
    person. Raises Refused for times that do not rise, pain outside 0 to 10 and a chance outside 0 to 1.
    """
    times, expected = np.array(times_h, dtype=np.float64), np.array(expected_pain, dtype=np.float64)
    _check(times, expected)
    lost = entry("diary", "entry.missing").value if missing is None else number("missing", missing, "chance", 0, 1)
    sd = entry("diary", "residual.sd").value
    per_hour = np.log(entry("diary", "residual.correlation_1_day").value) / 24
    random = stream(seed, patient, purpose)
    draws, moves, made = random.standard_normal(times.size), random.random(times.size), random.random(times.size)
    own = Habit() if habit is None else habit
    found: list[DiaryEntry] = []
    deviation, before = 0.0, None
    for k in range(times.size):
        keep = 0.0 if k == 0 else float(np.exp(per_hour * (times[k] - times[k - 1])))
        deviation = keep * deviation + np.sqrt(1.0 - keep**2) * sd * draws[k]
        score = int(np.clip(np.rint(expected[k] + deviation), 0, 10))
        if before is not None:
            score = _inflated(score, before, float(moves[k]), own, (times[k] - times[0]) / 24)
        entered = bool(made[k] >= lost)
        found.append(DiaryEntry(float(times[k]), score if entered else None))
        before = score if entered else before
    return tuple(found)


def stay_probability(score: int, days: float = 0.0, habit: float = 0.0) -> float:
    """The extra chance that the next entry repeats ``score`` after ``days`` of diary."""
    if score == 10:
        chance = entry("diary", "stay.at_10").value
    else:
        low, high = entry("diary", "stay.at_0").value, entry("diary", "stay.at_9").value
        chance = low + (high - low) * score / 9
    drift = entry("diary", "stay.drift").value * min(days, OBSERVED_DAYS)
    return _shifted(chance, drift + habit)


def _inflated(score: int, before: int, move: float, habit: Habit, days: float) -> int:
    """``score``, or the one before, or one 1, 2 or 3 away from it, by the published chances.

    ``move`` is one uniform draw; each chance is a share of what the ones before it left. A step out of 0 to 10 is not
    taken.
    """
    left = 1.0
    steps = (
        (0, stay_probability(before, days, habit.stay)),
        (1, _shifted(entry("diary", "step.by_1").value, habit.step_1)),
        (2, _shifted(entry("diary", "step.by_2").value, habit.step_2)),
        (3, entry("diary", "step.by_3").value),
    )
    for size, chance in steps:
        part = left * chance
        if move < part:
            there = before + (size if score > before else -size if score < before else _side(size, move < part / 2))
            return there if 0 <= there <= 10 else score
        move -= part
        left -= part
    return score


def _side(size: int, up: bool) -> int:
    return size if up else -size


def _shifted(chance: float, shift: float) -> float:
    odds = chance / (1.0 - chance) * float(np.exp(shift))
    return odds / (1.0 + odds)


def _check(times: Array, expected: Array) -> None:
    if times.ndim != 1 or not np.isfinite(times).all() or (np.diff(times) <= 0).any():
        raise refuse("times_h", times.tolist()[:3], "Give finite hours that rise.")
    if expected.shape != times.shape:
        raise refuse("expected_pain", expected.shape, f"Give one value for each of the {times.size} times.")
    outside = np.flatnonzero(~((expected >= 0) & (expected <= 10)))
    if outside.size:
        raise refuse(f"expected_pain[{outside[0]}]", float(expected[outside[0]]), "Give a pain from 0 to 10.")
