"""A batch gives every patient the same bits, in whatever company and on however many threads."""

from pathlib import Path

import numpy as np
import pytest

from thecal.body import Infusion, Person, Tip
from thecal.body.assembly import elements
from thecal.body.batch import Plan, run_batch
from thecal.body.bench.problems import seven_states
from thecal.body.engine import series
from thecal.body.model import build
from thecal.body.parameters import parameters
from thecal.body.parquet import ParquetWriter
from thecal.body.periodic import TimeGrid
from thecal.body.person import Variation
from thecal.body.quantiles import quantiles
from thecal.body.reduce import frame_of
from thecal.body.stack import stack
from thecal.body.summaries import SHARES, summarise
from thecal.quantity import Refused

TIP = Tip("T10")
PLAN = Plan("morphine", (Infusion(0, 200, 1 / 24, "intrathecal", TIP),), 240, TIP, "T10")
PEOPLE = [
    Person(weight_kg=50.0 + 2 * k, height_cm=150.0 + k, variation=Variation(dispersion=0.5 + 0.05 * k, potency=1 + k))
    for k in range(40)
]


@pytest.mark.parametrize(("threads", "chunk"), [(1, 1), (2, 7), (3, 16), (2, 40)])
def test_a_batch_has_the_same_bits_for_any_chunk_and_threads(threads: int, chunk: int) -> None:
    expected = run_batch(PEOPLE, PLAN, threads=1, chunk=40).series
    found = run_batch(PEOPLE, PLAN, threads=threads, chunk=chunk).series
    for name, values in expected.items():
        assert np.array_equal(found[name], values)


def test_a_patient_has_the_same_bits_alone_and_in_company() -> None:
    together = run_batch(PEOPLE, PLAN).series
    alone = run_batch([PEOPLE[23]], PLAN).series
    for name, values in together.items():
        assert np.array_equal(alone[name][0], values[23])


@pytest.mark.parametrize(("threads", "chunk"), [(1, 1), (2, 13), (2, 50)])
def test_small_systems_have_the_same_bits_for_any_chunk_and_threads(threads: int, chunk: int) -> None:
    problem = seven_states(50)
    inputs = problem.systems, problem.program, problem.grid, problem.turnover
    assert np.array_equal(series(*inputs, threads=1), series(*inputs, threads=threads, chunk=chunk))


def test_the_matrices_of_many_are_those_of_each() -> None:
    frame = frame_of([parameters(person, "morphine") for person in PEOPLE[:5]])
    found = elements(frame.parameters.spine, frame.parameters.systemic, frame.grid, frame.where)
    for number, person in enumerate(PEOPLE[:5]):
        model = build(parameters(person, "morphine"))
        matrix = np.zeros_like(model.matrix)
        np.add.at(matrix, (found.row, found.column), found.value[number])
        assert matrix == pytest.approx(model.matrix, rel=1e-12, abs=1e-12)
        assert frame.csf_row(300.0)[number] == pytest.approx(model.csf_row(300.0), rel=1e-12)
        assert frame.cord_row(300.0)[number] == pytest.approx(model.cord_row(300.0), rel=1e-12)
        column = frame.column("intrathecal", TIP, 2.0)[number]
        assert column == pytest.approx(model.column("intrathecal", TIP, 2.0), rel=1e-12)


@pytest.mark.filterwarnings("ignore:(overflow|invalid value):RuntimeWarning")
def test_a_patient_who_cannot_be_computed_is_listed_and_the_others_are_not_touched() -> None:
    absurd = Plan("morphine", (Infusion(0, 200, 1e125, "intrathecal", TIP),), 240, TIP, "T10")
    people = [*PEOPLE[:3], Person(variation=Variation(potency=1e-6)), *PEOPLE[3:6]]
    found, expected = run_batch(people, absurd), run_batch(PEOPLE[:6], absurd)
    (failure,) = found.failed
    assert (failure.patient, failure.replay) == ("3", "thecal.body.run_batch([people[3]], plan)")
    assert run_batch([people[3]], absurd).failed[0].reason == failure.reason == "the result is not finite"
    assert not expected.failed
    for name, values in expected.series.items():
        assert np.array_equal(found.series[name][[0, 1, 2, 4, 5, 6]], values)


def test_an_empty_batch_is_empty() -> None:
    found = run_batch([], PLAN)
    assert found.series["pain"].shape == (0, 241)


def test_what_cannot_share_a_batch_is_refused() -> None:
    with pytest.raises(Refused, match="disposition"):
        run_batch([Person(), Person(disposition="palliative")], PLAN)
    with pytest.raises(ValueError, match="share"):
        stack([parameters(Person(), "morphine"), parameters(Person(), "fentanyl")])


def test_quantiles_by_counting_are_the_quantiles() -> None:
    rng = np.random.default_rng(7)
    shares = np.array([0.0, 0.05, 0.5, 0.951, 1.0])
    rows = [rng.standard_normal(size).astype(np.float32) * 10.0**k for k, size in enumerate((1, 2, 3, 50, 4001))]
    for row in [*rows, np.zeros(9, dtype=np.float32), np.repeat(np.array([1, -2], dtype=np.float32), 20)]:
        assert quantiles(row, shares) == pytest.approx(np.quantile(row.astype(float), shares), rel=1e-12)


@pytest.mark.parametrize(("threads", "chunk", "window"), [(1, 100, 5), (2, 7, 5), (2, 64, 3)])
def test_summaries_are_those_of_the_series_for_any_window_chunk_and_threads(
    threads: int, chunk: int, window: int
) -> None:
    problem = seven_states(100, (0, 3))
    assert problem.turnover is not None
    whole = series(problem.systems, problem.program, TimeGrid(0, 1, 10 * 24), problem.turnover).transpose(2, 1, 0)
    found = list(summarise(problem.systems, problem.turnover, problem.program, 10, window, threads, chunk))
    daily = whole.astype(np.float32).reshape(3, 10, 24, 100)
    assert np.array_equal(np.concatenate([one.least for one in found], axis=1), daily.min(axis=2))
    assert np.array_equal(np.concatenate([one.largest for one in found], axis=1), daily.max(axis=2))
    mean = np.concatenate([one.mean for one in found], axis=1)
    assert mean == pytest.approx(daily.astype(float).mean(axis=2), rel=1e-6)
    bands = np.concatenate([one.bands for one in found], axis=1)
    assert bands == pytest.approx(np.moveaxis(np.quantile(whole, SHARES, axis=2), 0, 2), rel=1e-6, abs=1e-12)
    again = list(summarise(problem.systems, problem.turnover, problem.program, 10, window, 1, 100))
    assert all(np.array_equal(one.mean, other.mean) for one, other in zip(found, again, strict=True))
    assert all(np.array_equal(one.bands, other.bands) for one, other in zip(found, again, strict=True))


def test_a_parquet_file_holds_what_was_written(tmp_path: Path) -> None:
    path = tmp_path / "table.parquet"
    first, second = np.arange(3, dtype=np.int32), np.arange(20, dtype=np.int32)
    with ParquetWriter(path, ["patient", "value"], ["patient"]) as table:
        for rows in (first, second):
            table.write({"patient": rows, "value": rows.astype(np.float32)})
        with pytest.raises(ValueError, match="every column"):
            table.write({"patient": first})
    data = path.read_bytes()
    assert data[:4] == data[-4:] == b"PAR1"
    footer = data[-8 - int.from_bytes(data[-8:-4], "little") : -8]
    assert b"patient" in footer
    assert b"value" in footer
    for rows in (first, second):
        assert rows.tobytes() in data
        assert rows.astype(np.float32).tobytes() in data
