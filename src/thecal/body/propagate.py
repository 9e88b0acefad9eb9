"""Runs a linear model through its inputs, exactly, from one change of input to the next.

Units: h, mg. Inputs are constant between changes, so each step is one exact propagation of the modes.
At one instant an output is read first, then infusions end, then they begin, then boluses enter.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from thecal.body.checks import refuse
from thecal.body.inputs import Bolus, HourlySeries, Infusion, Input, Oral
from thecal.body.model import Model
from thecal.body.person import Tip

Array = npt.NDArray[np.float64]
Key = tuple[str, Tip | None, float]

_CHUNK = 2048  # rows held at once, so that memory does not grow with the length of a course
_HOURS_KEPT = 12  # decimals of an hour that tell two step lengths apart (3.6 ns)


@dataclass(frozen=True, slots=True, eq=False)
class Schedule:
    """Inputs on one time axis. ``rates`` has shape (steps, columns) in mg/h, ``doses`` lists (step, column, mg)."""

    edges_h: Array
    keys: tuple[Key, ...]
    rates: Array
    doses: tuple[tuple[int, int, float], ...]


def start_of(inputs: Sequence[Input]) -> float | None:
    """When the first input begins; None without inputs."""
    return min((_span(item)[0] for item in inputs), default=None)


def check_times(times_h: npt.ArrayLike, inputs: Sequence[Input]) -> Array:
    """Output times as a rising array, or Refused: not finite, not rising, or before the first input."""
    times = np.array(times_h, dtype=np.float64)
    if times.ndim != 1 or times.size == 0:
        raise refuse("times_h", times.shape, "Give at least one output time, in a row.", what="is not a row of times")
    if not np.isfinite(times).all():
        raise refuse("times_h", float(times[~np.isfinite(times)][0]), "Give finite hours.")
    if (np.diff(times) <= 0).any():
        where = int(np.flatnonzero(np.diff(times) <= 0)[0]) + 1
        raise refuse(
            f"times_h[{where}]", float(times[where]), "Give times that rise.", what="does not come after the one before"
        )
    start = start_of(inputs)
    if start is not None and times[0] < start:
        raise refuse(
            "times_h[0]", float(times[0]), f"Ask for times from the first input, {start:g} h, on.", "body.before_input"
        )
    return times


def check_overlap(inputs: Sequence[Input]) -> None:
    """Refused when two slow boluses of one route overlap: a device gives one at a time."""
    slow = sorted((i for i in inputs if isinstance(i, Bolus) and i.over_h > 0), key=lambda i: (i.route, i.at_h))
    for first, second in pairwise(slow):
        if first.route == second.route and second.at_h < first.at_h + first.over_h:
            raise refuse(
                "at_h",
                second.at_h,
                f"Begin it at {first.at_h + first.over_h:g} h or later.",
                "body.overlapping_boluses",
                f"begins while the {first.route} bolus of {first.at_h:g} h still runs",
            )


def schedule(inputs: Sequence[Input], times_h: Array) -> Schedule:
    """All changes of input and all output times on one axis."""
    start = start_of(inputs)
    marks = [times_h, np.array([times_h[0] if start is None else start])]
    marks += [np.array(_marks(item)) for item in inputs]
    edges = np.unique(np.concatenate(marks))
    edges = edges[edges <= times_h[-1]]
    columns: dict[Key, int] = {}
    pieces: list[tuple[int, Array, Array]] = []
    doses: list[tuple[int, int, float]] = []
    for item in inputs:
        column = columns.setdefault(_key(item), len(columns))
        if isinstance(item, HourlySeries):
            pieces.append((column, _hour_edges(item), item.rates))
        elif isinstance(item, Infusion):
            pieces.append((column, np.array([item.start_h, item.end_h]), np.array([item.rate_mg_h])))
        elif isinstance(item, Bolus) and item.over_h > 0:
            pieces.append((column, np.array([item.at_h, item.at_h + item.over_h]), np.array([item.mg / item.over_h])))
        else:
            step = int(np.searchsorted(edges, item.at_h))
            if step < edges.size - 1:
                doses.append((step, column, item.mg))
    rates = np.zeros((max(edges.size - 1, 0), max(len(columns), 1)))
    for column, bounds, values in pieces:
        at = np.clip(np.searchsorted(edges, bounds), 0, rates.shape[0])
        rates[at[0] : at[-1], column] += np.repeat(values, np.diff(at))
    return Schedule(edges, tuple(columns), rates, tuple(doses))


def propagate(model: Model, plan: Schedule, times_h: Array) -> Iterator[tuple[slice, Array, Array]]:
    """Yields (which output times, modal states there, mg given so far), in order and in bounded pieces."""
    modes = model.modes
    modal_columns = np.array([modes.inverse @ model.column(*key) for key in plan.keys]).reshape(-1, modes.rates.size)
    steps = np.round(np.diff(plan.edges_h), _HOURS_KEPT)
    wanted = np.isin(plan.edges_h, times_h)
    waiting = _by_step(plan.doses)
    kernel = _kernel(modes.decay, modes.gain)
    state, given, done = np.zeros(modes.rates.size), 0.0, 0
    kept, kept_given = np.empty((min(_CHUNK, times_h.size), modes.rates.size)), np.empty(min(_CHUNK, times_h.size))
    totals = plan.rates.sum(axis=1) * steps
    push = np.empty((0, modes.rates.size))
    row = 0
    for k in range(plan.edges_h.size):
        if wanted[k]:
            kept[row], kept_given[row] = state, given
            row += 1
            if row == kept.shape[0] or done + row == times_h.size:
                yield slice(done, done + row), kept[:row].copy(), kept_given[:row].copy()
                done, row = done + row, 0
        if k == steps.size:
            break
        for column, mg in waiting.get(k, ()):
            state += mg * modal_columns[column]
            given += mg
        if plan.keys and k % _CHUNK == 0:
            push = plan.rates[k : k + _CHUNK] @ modal_columns
        decay, gain = kernel(float(steps[k]))
        state *= decay
        if totals[k]:
            state += gain * push[k % _CHUNK]
            given += float(totals[k])


def _kernel(decay: Callable[[float], Array], gain: Callable[[float], Array]) -> Callable[[float], tuple[Array, Array]]:
    known: dict[float, tuple[Array, Array]] = {}

    def at(hours: float) -> tuple[Array, Array]:
        if hours not in known:
            if len(known) > 256:
                known.clear()
            known[hours] = decay(hours), gain(hours)
        return known[hours]

    return at


def _by_step(doses: tuple[tuple[int, int, float], ...]) -> dict[int, list[tuple[int, float]]]:
    waiting: dict[int, list[tuple[int, float]]] = {}
    for step, column, mg in doses:
        waiting.setdefault(step, []).append((column, mg))
    return waiting


def _key(item: Input) -> Key:
    if isinstance(item, Oral):
        return item.release, None, 0.0
    spread = item.volume_ml if isinstance(item, Bolus) and item.tip is not None else 0.0
    return item.route, item.tip, spread


def _span(item: Input) -> tuple[float, float]:
    marks = _marks(item)
    return float(marks[0]), float(marks[-1])


def _marks(item: Input) -> Array:
    if isinstance(item, HourlySeries):
        return _hour_edges(item)
    if isinstance(item, Infusion):
        return np.array([item.start_h, item.end_h])
    over = item.over_h if isinstance(item, Bolus) else 0.0
    return np.array([item.at_h, item.at_h + over])


def _hour_edges(item: HourlySeries) -> Array:
    edges: Array = item.start_h + np.arange(item.rates.size + 1, dtype=np.float64)
    return edges
