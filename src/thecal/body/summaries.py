"""What is worth keeping of a large cohort: per patient and day mean, least and largest; per hour the quantiles.

Time is walked in windows, patients in chunks; a window's series are dropped when they have been summed up, so memory
does not grow with the length of the course. Values are kept in 32 bits. Neither chunk nor thread changes a bit.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from thecal.body.engine import Solved, Systems, Turnover
from thecal.body.parallel import over_chunks
from thecal.body.periodic import Item, TimeGrid
from thecal.body.quantiles import quantiles

Kept = npt.NDArray[np.float32]

SHARES = np.array([0.05, 0.25, 0.5, 0.75, 0.95])
DAY = 24


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """Days from ``first_day``: ``mean``, ``least``, ``largest`` (readings, days, patients), ``bands``
    (readings, hours, shares)."""

    first_day: int
    mean: Kept
    least: Kept
    largest: Kept
    bands: Kept


def summarise(
    systems: Systems,
    turnover: Turnover,
    program: Sequence[Item],
    days: int,
    window_days: int = 10,
    threads: int | None = None,
    chunk: int = 256,
) -> Iterator[Window]:
    """Windows of at most ``window_days`` in order, from hour 0 in hourly steps; the last reading is the response."""
    patients, readings = systems.patients, systems.readings + 1
    solved: dict[int, Solved] = {}

    def solve(piece: slice) -> None:
        solved[piece.start] = Solved.of(systems, turnover, piece)

    over_chunks(patients, chunk, solve, threads)
    response = turnover.start.copy()
    series = np.empty((readings, window_days * DAY, patients), dtype=np.float32)
    for first in range(0, days, window_days):
        length = min(window_days, days - first)
        grid = TimeGrid(float(first * DAY), 1.0, length * DAY)
        hourly = series[:, : length * DAY]
        mean, least, largest = (np.empty((readings, length, patients), dtype=np.float32) for _ in range(3))
        bands = np.empty((readings, length * DAY, SHARES.size), dtype=np.float32)

        def fill(
            piece: slice,
            grid: TimeGrid = grid,
            hourly: Kept = hourly,
            mean: Kept = mean,
            least: Kept = least,
            largest: Kept = largest,
        ) -> None:
            out = np.empty((piece.stop - piece.start, grid.count, readings))
            response[piece] = solved[piece.start].write(program, grid, out, response[piece])
            turned = np.ascontiguousarray(out.transpose(2, 1, 0), dtype=np.float32)
            hourly[:, :, piece] = turned
            by_hour = turned.reshape(readings, -1, DAY, piece.stop - piece.start)
            total = np.zeros(by_hour[:, :, 0].shape)
            for hour in range(DAY):
                total += by_hour[:, :, hour]
            mean[:, :, piece] = total / DAY
            least[:, :, piece] = by_hour.min(axis=2)
            largest[:, :, piece] = by_hour.max(axis=2)

        def spread(piece: slice, hourly: Kept = hourly, bands: Kept = bands) -> None:
            for hour in range(piece.start, piece.stop):
                for reading in range(readings):
                    bands[reading, hour] = quantiles(hourly[reading, hour], SHARES)

        over_chunks(patients, chunk, fill, threads)
        over_chunks(length * DAY, 8, spread, threads)
        yield Window(first, mean, least, largest, bands)
