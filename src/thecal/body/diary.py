"""What a person writes into the pain diary, given the pain that the model expects.

Units: h, NRS 0 to 10. Entries are whole numbers; some are missing; a score tends to repeat the one before it,
as published diaries do. Source: ``data/diary.toml``. Random numbers come from a stream keyed by (seed, patient,
purpose), so one patient's diary is the same whatever else is drawn.
"""

import hashlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from thecal.body.checks import number, refuse
from thecal.body.reference import entry

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class DiaryEntry:
    """One asked entry; ``score`` None means that it was not made."""

    at_h: float
    score: int | None


def stream(seed: int, patient: str, purpose: str) -> np.random.Generator:
    """The random stream of this patient for this purpose; the same bits on every machine."""
    digest = hashlib.sha256(f"{seed}\x1f{patient}\x1f{purpose}".encode()).digest()
    return np.random.Generator(np.random.Philox(key=np.frombuffer(digest[:16], dtype=np.uint64)))


def sample_diary(
    seed: int,
    patient: str,
    times_h: npt.ArrayLike,
    expected_pain: npt.ArrayLike,
    missing: float | None = None,
    purpose: str = "diary",
) -> tuple[DiaryEntry, ...]:
    """One entry for each of ``times_h`` (rising), around ``expected_pain`` (same shape, NRS 0 to 10).

    ``missing`` is the chance that an entry is not made; None takes the reference value. Raises Refused for
    times that do not rise, pain outside 0 to 10 and a chance outside 0 to 1.
    """
    times, expected = np.array(times_h, dtype=np.float64), np.array(expected_pain, dtype=np.float64)
    _check(times, expected)
    lost = entry("diary", "entry.missing").value if missing is None else number("missing", missing, "chance", 0, 1)
    sd = entry("diary", "residual.sd").value
    per_hour = np.log(entry("diary", "residual.correlation_1_day").value) / 24
    random = stream(seed, patient, purpose)
    draws, repeats, made = random.standard_normal(times.size), random.random(times.size), random.random(times.size)
    found: list[DiaryEntry] = []
    deviation, before = 0.0, None
    for k in range(times.size):
        keep = 0.0 if k == 0 else float(np.exp(per_hour * (times[k] - times[k - 1])))
        deviation = keep * deviation + np.sqrt(1.0 - keep**2) * sd * draws[k]
        score = int(np.clip(np.rint(expected[k] + deviation), 0, 10))
        if before is not None and repeats[k] < stay_probability(before):
            score = before
        entered = bool(made[k] >= lost)
        found.append(DiaryEntry(float(times[k]), score if entered else None))
        before = score if entered else before
    return tuple(found)


def stay_probability(score: int) -> float:
    """The extra chance that the next entry repeats ``score``."""
    if score == 10:
        return entry("diary", "stay.at_10").value
    low, high = entry("diary", "stay.at_0").value, entry("diary", "stay.at_9").value
    return low + (high - low) * score / 9


def _check(times: Array, expected: Array) -> None:
    if times.ndim != 1 or not np.isfinite(times).all() or (np.diff(times) <= 0).any():
        raise refuse("times_h", times.tolist()[:3], "Give finite hours that rise.")
    if expected.shape != times.shape:
        raise refuse("expected_pain", expected.shape, f"Give one value for each of the {times.size} times.")
    outside = np.flatnonzero(~((expected >= 0) & (expected <= 10)))
    if outside.size:
        raise refuse(f"expected_pain[{outside[0]}]", float(expected[outside[0]]), "Give a pain from 0 to 10.")
