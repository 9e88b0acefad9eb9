"""A race as any engine takes it, and how far its answer is from ours. Units of the race: h, mg."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from thecal.body.bench.problems import Problem, race_a, race_b, seven_states
from thecal.body.engine import series
from thecal.body.periodic import Train

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Work:
    """The numbers of a race: ``y' = M y + r``, then the response for B1; boluses at ``stops`` but the last.

    ``matrices`` (p, n, n), ``infusion`` and ``bolus`` (p, n); readings (p, r, n) are of the linear states.
    """

    matrices: Array
    infusion: Array
    bolus: Array
    readers: Array
    kin: Array | None
    kout: Array | None
    starts: tuple[int, ...]
    last: int
    rtol: float
    atol: float
    expected: Array


def work_of(race: str, patients: int) -> Work:
    """Race ``race`` for its first ``patients``."""
    problem: Problem = {"A": race_a, "B1": seven_states}[race](patients) if race != "B" else race_b()
    systems, turnover = problem.systems, problem.turnover
    (train,) = [item for item in problem.program if isinstance(item, Train)]
    begin, period = int(train.start_h), int(train.period_h)
    last = problem.grid.count - 1
    starts = tuple(range(begin, min(last, begin + period * train.count), period))
    readers = np.eye(systems.matrices.shape[1])[None] if systems.readers is None else systems.readers
    expected = series(systems, problem.program, problem.grid, turnover)
    infusion = systems.columns[:, 0] if turnover else np.zeros(systems.columns[:, 0].shape)
    tight = (1e-6, 1e-9) if turnover else (1e-8, 1e-10)
    bolus = train.mg * systems.columns[:, train.column]
    kin, kout = (turnover.kin, turnover.kout) if turnover else (None, None)
    return Work(systems.matrices, infusion, bolus, readers, kin, kout, starts, last, tight[0], tight[1], expected)


def segments(work: Work) -> list[tuple[int, int]]:
    """From stop to stop; a bolus enters at the start of every segment but one that begins before the first."""
    stops = [*([0] if work.starts[0] > 0 else []), *work.starts, work.last]
    return list(pairwise(stops))


def _readings(work: Work, states: Array) -> Array:
    linear = work.matrices.shape[1]
    read = np.einsum("prn,ptn->ptr", work.readers, states[:, :, :linear])
    return read if work.kin is None else np.concatenate([read, states[:, :, linear:]], axis=2)


def error(work: Work, states: Array) -> float:
    """Largest difference from our answer over the peak of its reading; ``states`` (patients, times, states)."""
    found = _readings(work, states)
    peak = np.abs(work.expected[: found.shape[0]]).max(axis=1, keepdims=True)
    return float((np.abs(found - work.expected[: found.shape[0]]) / peak).max())


def begin(work: Work) -> Array:
    """The states at time 0."""
    return np.append(np.zeros(work.matrices.shape[1]), [] if work.kin is None else [1.0])
