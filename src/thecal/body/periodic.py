"""Closed-form answers of linear systems to infusions and trains of equal pulses, for many patients at once.

Units: h, mg, 1/h. A train of pulses ``tau`` apart is a geometric series in every mode: after ``N`` pulses, ``phase``
after the last, a mode of rate ``r`` holds ``(exp(r phase) - exp(r (phase + N tau))) / (1 - exp(r tau))``. The first
term repeats with the pulses, the second only decays, so the cost does not grow with the number of pulses. What
decays is read on an even time grid by one matrix product a patient: (blocks, modes) times (modes, steps x readings).
At one instant a reading comes first, then what ends, then what begins.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

BLOCK = 24  # grid steps read by one row of the product; a day of hours
_SAME = 1e-9  # of a step or period: times nearer than this are one instant
_STILL = 1e-10  # 1/h; a mode slower than this loses nothing that matters in a lifetime, and only collects


@dataclass(frozen=True, slots=True)
class Train:
    """``count`` equal pulses of ``mg``, the first at ``start_h``, ``period_h`` apart, entering by ``column``."""

    start_h: float
    period_h: float
    count: int
    mg: float
    column: int = 0

    @property
    def end_h(self) -> float:
        """One period after the last pulse; a single pulse ends as it begins."""
        return self.start_h + (self.count * self.period_h if self.count > 1 else 0.0)

    def given(self, times_h: Array) -> Array:
        """mg given before each time."""
        pulses = np.ceil((times_h - self.start_h) / self.period_h - _SAME)
        return self.mg * np.clip(pulses, 0, self.count)


@dataclass(frozen=True, slots=True)
class Rate:
    """A constant ``mg_h`` from ``start_h`` to ``end_h``, entering by ``column``."""

    start_h: float
    end_h: float
    mg_h: float
    column: int = 0

    def given(self, times_h: Array) -> Array:
        """mg given before each time."""
        return self.mg_h * (np.clip(times_h, self.start_h, self.end_h) - self.start_h)


Item = Train | Rate


@dataclass(frozen=True, slots=True)
class TimeGrid:
    """Even times ``start_h + k step_h``, k from 0 to ``count - 1``."""

    start_h: float
    step_h: float
    count: int

    @property
    def times_h(self) -> Array:
        """All times, shape (count,)."""
        times: Array = self.start_h + self.step_h * np.arange(self.count, dtype=np.float64)
        return times

    def after(self, hour: float) -> int:
        """Index of the first time later than ``hour``."""
        return int(np.clip(np.floor((hour - self.start_h) / self.step_h + _SAME) + 1, 0, self.count))


class Answer:
    """Readings of ``patients`` linear systems on one time grid, for any program, prepared once.

    ``rates`` (patients, modes), at most 0; ``columns`` (patients, columns, modes) is where 1 mg enters;
    ``readers`` (patients, readings, modes). A reading may look back by ``shifts_h`` (readings,), less than a step;
    then every change of input must lie on the grid (ValueError otherwise).
    """

    def __init__(
        self, rates: Array, columns: Array, readers: Array, grid: TimeGrid, shifts_h: Array | None = None
    ) -> None:
        self.grid = grid
        self._all = rates, columns, readers
        live = (rates < -_STILL).any(axis=0)
        # one memory layout whatever the number of patients, so that the products below take one path
        self._rates = np.ascontiguousarray(np.minimum(rates[:, live], -_STILL))
        self._columns = np.ascontiguousarray(columns[:, :, live])
        self._readers = np.ascontiguousarray(readers[:, :, live])
        self._shifts = shifts_h
        patients, modes = self._rates.shape
        self._readings = readers.shape[1]
        self._steps = min(BLOCK, grid.count)
        look = np.zeros(self._readings) if shifts_h is None else shifts_h
        ahead = (grid.step_h * np.arange(self._steps)[:, None] - look[None, :]).ravel()
        self._lift = np.empty((patients, modes + 1, ahead.size))
        lift = self._lift[:, :-1].reshape(patients, modes, self._steps, self._readings)
        weights = np.swapaxes(self._readers, 1, 2)[:, :, None, :]
        if shifts_h is None:
            hours = grid.step_h * np.arange(self._steps)
            np.multiply(np.exp(self._rates[:, :, None] * hours)[:, :, :, None], weights, out=lift)
        else:
            grown = np.exp(self._rates[:, :, None] * ahead).reshape(lift.shape)
            np.multiply(grown, weights, out=lift)
        blocks = max(grid.count // self._steps, 1)
        self._fall = np.exp(self._rates[:, None, :] * (self._steps * grid.step_h * np.arange(blocks))[:, None])

    def run(self, program: Sequence[Item], out: Array | None = None) -> Array:
        """Readings, shape (patients, times, readings)."""
        rates, grid = self._rates, self.grid
        if out is None:
            out = np.empty((rates.shape[0], grid.count, self._readings))
        marks = np.unique([mark for item in program for mark in (item.start_h, item.end_h)])
        self._check(marks, program)
        first = grid.after(marks[0]) if marks.size else grid.count
        out[:, :first] = 0.0
        state = np.zeros_like(rates)
        ends = [*marks[1:], grid.start_h + grid.step_h * grid.count]
        for index, (mark, end) in enumerate(zip(marks, ends, strict=False)):
            if index:
                state *= np.exp(rates * (mark - marks[index - 1]))
            self._change(state, program, float(mark))
            running = [item for item in program if item.start_h <= mark < item.end_h]
            low, high = grid.after(float(mark)), grid.after(float(end))
            if high > low:
                self._fill(out[:, low:high], state, running, float(mark), low)
        self._add_growth(out, program)
        return out

    def _check(self, marks: Array, program: Sequence[Item]) -> None:
        if self._shifts is None:
            return
        periods = [item.period_h for item in program if isinstance(item, Train) and item.count > 1]
        steps = np.concatenate([marks - self.grid.start_h, periods]) / self.grid.step_h
        if (np.abs(steps - np.rint(steps)) > 1e-6).any():
            raise ValueError("readings that look back need inputs that change on the time grid alone")

    def _change(self, state: Array, program: Sequence[Item], mark: float) -> None:
        """What begins at ``mark`` leaves its decaying part in ``state``; what ends hands over what it held."""
        for item in program:
            begins, over = item.start_h == mark, item.end_h == mark
            if not (begins or over):
                continue
            column = self._columns[:, item.column]
            if isinstance(item, Rate):
                state += (float(begins) - float(over)) * item.mg_h / self._rates * column
            elif item.count == 1:
                state += item.mg * column
            else:
                with np.errstate(over="ignore"):
                    held = item.mg / np.expm1(-self._rates * item.period_h) * column
                state += (float(over) - float(begins)) * held

    def _fill(self, out: Array, state: Array, running: list[Item], mark: float, low: int) -> None:
        patients, count, readings = out.shape
        first = self.grid.start_h + self.grid.step_h * low
        level = state * np.exp(self._rates * (first - mark))
        steady = np.zeros((patients, self._steps, readings))
        apart: list[Train] = []
        for item in running:
            if isinstance(item, Rate):
                push = -item.mg_h / self._rates * self._columns[:, item.column]
                steady += (self._readers @ push[:, :, None])[:, None, :, 0]
            elif _whole(self._steps * self.grid.step_h / item.period_h):
                steady += self._phases(item, low, self._steps)
            else:
                apart.append(item)
        self._lift[:, -1] = steady.reshape(patients, -1)
        blocks, rest = divmod(count, self._steps)
        rows = np.ones((patients, max(blocks, 1), self._rates.shape[1] + 1))
        np.multiply(self._fall[:, : max(blocks, 1)], level[:, None, :], out=rows[:, :, :-1])
        done = blocks * self._steps
        if blocks:
            np.matmul(rows, self._lift, out=out[:, :done].reshape(patients, blocks, -1))
        if rest:
            if blocks:
                rows = rows[:, -1:]
                rows[:, 0, :-1] *= np.exp(self._rates * (self._steps * self.grid.step_h))
            tail = self._lift[:, :, : rest * readings]
            out[:, done:] = np.matmul(rows[:, -1:], tail).reshape(patients, rest, readings)
        for item in apart:
            out += self._phases(item, low, count)

    def _phases(self, item: Train, low: int, count: int) -> Array:
        """The repeating part of a train at ``count`` times from index ``low``: each distinct phase once."""
        times = self.grid.start_h + self.grid.step_h * np.arange(low, low + count) - item.start_h
        since = times - item.period_h * (np.ceil(times / item.period_h - _SAME) - 1)
        _, first, place = np.unique(np.round(since / item.period_h, 9), return_index=True, return_inverse=True)
        distinct = since[first]
        look = np.zeros(self._readings) if self._shifts is None else self._shifts
        share = item.mg / -np.expm1(self._rates * item.period_h) * self._columns[:, item.column]
        weights = self._readers * share[:, None, :]
        table = np.empty((self._rates.shape[0], distinct.size, self._readings))
        for at in range(0, distinct.size, 256):
            phase = distinct[at : at + 256]
            if self._shifts is None:
                table[:, at : at + 256] = np.exp(self._rates[:, None, :] * phase[:, None]) @ np.ascontiguousarray(
                    np.swapaxes(weights, 1, 2)
                )
            else:
                back = np.exp(self._rates[:, None, None, :] * (phase[:, None] - look)[:, :, None])
                table[:, at : at + 256] = np.einsum("pkom,pom->pko", back, weights)
        return table[:, place]

    def _add_growth(self, out: Array, program: Sequence[Item]) -> None:
        """What collects in modes that do not decay: the amount given, times how it is read there."""
        rates, columns, readers = self._all
        still = (rates >= -_STILL).all(axis=0)
        if not still.any() or not readers[:, :, still].any():
            return
        for item in program:
            weight = (readers[:, :, still] @ columns[:, item.column, still][:, :, None])[:, :, 0]
            out += item.given(self.grid.times_h)[None, :, None] * weight[:, None, :]


def _whole(ratio: float) -> bool:
    return abs(ratio - round(ratio)) < _SAME * max(ratio, 1.0) and round(ratio) >= 1
