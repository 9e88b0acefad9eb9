"""``thecal pump``: what a person types, what it prints, and how it says no."""

import io
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest
from pump_orders import make_pump

from thecal.cli import main
from thecal.pump import PumpLink, Ward, runner
from thecal.pump.folder import answers


@dataclass(frozen=True)
class Done:
    """How the command ended, and what it wrote."""

    returncode: int
    stdout: str
    stderr: str


def thecal(*arguments: str | Path) -> Done:
    """Run ``thecal pump`` with these arguments, by its own entry point."""
    out, err, code = io.StringIO(), io.StringIO(), 0
    before, sys.argv = sys.argv, ["thecal", "pump", *map(str, arguments)]
    try:
        with redirect_stdout(out), redirect_stderr(err):
            main()
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 0
    finally:
        sys.argv = before
    return Done(code, out.getvalue(), err.getvalue())


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    base = tmp_path_factory.mktemp("commands")
    folder = make_pump(base, 100)
    ward = Ward(base)
    ward.start(folder.name)
    yield folder
    ward.stop_all()


def test_a_pump_is_programmed_read_refilled_and_stopped_by_hand(running: Path) -> None:
    done = thecal("program", running, "--dose", "4 mg/day", "--cap-day", "6 mg", "--cap-hour", "1 mg", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["state"] == "confirmed"
    status = json.loads(thecal("status", running, "--json").stdout)
    assert status["state"] == "running"
    assert status["link"]["fill"] == "morphine 1 mg/mL"
    shown = thecal("status", running).stdout
    assert "DEMONSTRATION, 100 times real time" in shown
    refilled = thecal("refill", running, "--withdrawn", "18 mL", "--volume", "18 mL", "--json")
    assert json.loads(refilled.stdout)["state"] == "confirmed", refilled.stderr
    stopped = thecal("stop", running, "--json")
    assert json.loads(stopped.stdout)["state"] == "confirmed"
    assert "tube" in stopped.stderr
    events = [line["event"] for line in json.loads(thecal("log", running, "--json").stdout)]
    assert [event for event in events if event in {"program", "refill", "stop"}] == ["program", "refill", "stop"]
    assert isinstance(json.loads(thecal("hours", running, "--json").stdout), list)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--dose", "4", "--cap-day", "6 mg", "--cap-hour", "1 mg"), "without a unit"),
        (("--dose", "4 mg/day", "--cap-day", "3 mg", "--cap-hour", "1 mg"), "cap"),
        (("--dose", "0.00001 mg/day", "--cap-day", "6 mg", "--cap-hour", "1 mg"), "highest concentration"),
    ],
)
def test_what_is_refused_is_said_on_standard_error_with_code_2(
    running: Path, arguments: tuple[str, ...], said: str
) -> None:
    before = PumpLink(running).running()
    done = thecal("program", running, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert PumpLink(running).running() == before


def test_a_pump_that_does_not_run_is_named_with_what_to_do(tmp_path: Path) -> None:
    folder = make_pump(tmp_path)
    done = thecal("status", folder)
    assert (done.returncode, done.stdout) == (2, "")
    assert "thecal pump run --dir" in done.stderr


def test_a_pump_is_made_and_run_by_hand(tmp_path: Path) -> None:
    made = thecal("create", "--dir", tmp_path / "p1", "--fill", "morphine 10 mg/mL", "--json")
    assert json.loads(made.stdout)["profile"] == "virtual_peristaltic_20", made.stderr
    again = thecal("create", "--dir", tmp_path / "p1", "--fill", "morphine 10 mg/mL")
    assert again.returncode == 2
    assert "already" in again.stderr
    command = [
        sys.executable,
        "-c",
        "from thecal.cli import main; main()",
        "pump",
        "run",
        "--dir",
        str(tmp_path / "p1"),
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert "Ctrl-C ends the process" in process.stdout.readline()
    while not answers(tmp_path / "p1"):
        assert process.poll() is None, "it ended by itself"
        time.sleep(0.01)
    assert runner(tmp_path / "p1") == process.pid
    process.terminate()
    rest, errors = process.communicate()
    assert (process.returncode, errors) == (0, "")
    assert "ended" in rest


def test_the_models_are_listed_with_what_they_lack() -> None:
    rows = {row["id"]: row["lacks"] for row in json.loads(thecal("models", "--json").stdout)}
    assert rows["virtual_peristaltic_20"] == []
    assert rows["synchromed_ii_20"] == ["pulse_nl"]
    assert rows["codman_3000"] == ["a settable flow"]


@pytest.mark.parametrize(
    "command", ["models", "create", "run", "status", "log", "hours", "program", "stop", "refill", "fault", "truth"]
)
def test_every_command_explains_itself(command: str) -> None:
    done = thecal(command, "--help")
    assert done.returncode == 0
    assert "--json" in done.stdout
