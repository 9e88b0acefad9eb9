"""The benchmark checks before it shows a time, and its command says what it was asked."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from thecal.body.bench import table
from thecal.body.bench.copasi import copasi
from thecal.body.bench.exact import by_lsoda, by_matrix, worst
from thecal.body.bench.peers import PEERS, lsoda
from thecal.body.bench.problems import race_a, seven_states
from thecal.body.bench.races import run_a, run_b2
from thecal.body.bench.work import work_of
from thecal.body.engine import series
from thecal.cli.main import app


def test_the_first_patients_of_a_race_do_not_depend_on_how_many_there_are() -> None:
    few, many = seven_states(3), seven_states(50)
    for name, values in few.table.items():
        assert np.array_equal(values, many.table[name][:3])


def test_an_answer_that_is_wrong_shows_in_the_check() -> None:
    problem = race_a(2)
    found = series(problem.systems, problem.program, problem.grid)
    assert worst(found[1], by_matrix(problem, 1)) < 1e-9
    assert worst(found[0], by_matrix(problem, 1)) > 1e-3


def test_the_seven_states_over_ninety_days_are_within_a_tenth_of_the_tolerance() -> None:
    problem = seven_states(2)
    found = series(problem.systems, problem.program, problem.grid, problem.turnover)
    expected = by_lsoda(problem, 1)
    assert (np.abs(found[1] - expected) < 0.1 * (1e-9 + 1e-6 * np.abs(expected))).all()


def test_a_peer_does_the_same_work() -> None:
    work = work_of("A", 2)
    states, seconds = lsoda(work)
    assert seconds > 0
    read = np.einsum("prn,ptn->ptr", work.readers, states)
    assert read == pytest.approx(work.expected, rel=1e-5, abs=1e-8)


def test_a_line_holds_its_times_and_its_error() -> None:
    (line,) = run_a(1)
    assert line.error < line.allowed
    assert len(line.wall_s) == len(line.cpu_s) >= 1
    preview, what_if = run_b2(1, check_hours=2)
    assert 0.0 < preview.error == what_if.error < 1e-8
    assert "Radau" in preview.checked_against


def test_the_command_prints_the_table_as_text_and_as_data() -> None:
    text = CliRunner().invoke(app, ["bench", "body", "--only", "B", "--repeat", "1"])
    assert text.exit_code == 0
    assert "sixty-node chain" in text.stdout
    data = CliRunner().invoke(app, ["bench", "body", "--only", "B", "--repeat", "1", "--json"])
    (line,) = json.loads(data.stdout)["ours"]
    assert line["race"] == "B"
    assert line["accurate"]


def test_a_peer_that_is_not_installed_is_shown_as_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "PEERS", {"COPASI": ("no_such_engine", copasi, {"A": 1})})
    lines = {line["peer"]: line for line in table.run(1, True, ("A",), lambda _: None)["peers"]}
    assert lines["COPASI 4.48"]["recorded"]
    assert lines["COPASI 4.48"]["note"].startswith("recorded")
    assert set(PEERS) == {"SciPy LSODA", "libRoadRunner", "COPASI", "diffrax"}
