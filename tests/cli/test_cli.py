"""The command: as documented, with JSON, and with code 2 and nothing written when input is bad."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from thecal import __version__

THECAL = Path(sys.executable).parent / "thecal"
SMALL = """
format = 1
title = "Tablets for two days"
start = 2026-01-05T08:00:00Z
length = "2 days"
[patient]
age_years = 50
[[step]]
at = "0 h"
do = "oral"
drug = "morphine"
dose = "10 mg"
every = "8 h"
"""


def thecal(*words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(THECAL), *words], capture_output=True, text=True, cwd=cwd, check=False)


def test_the_version_is_told() -> None:
    done = thecal("--version")
    assert (done.returncode, done.stdout.strip()) == (0, f"thecal {__version__}")


def test_a_course_writes_its_table_summary_and_report(tmp_path: Path) -> None:
    (tmp_path / "small.toml").write_text(SMALL)
    done = thecal("course", "small.toml", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in (tmp_path / "small").iterdir()) == ["report.html", "summary.json", "table.csv"]
    assert json.loads((tmp_path / "small" / "summary.json").read_text())["given_mg"]["oral"] == 60


def test_json_goes_to_standard_output_and_no_file_is_written(tmp_path: Path) -> None:
    (tmp_path / "small.toml").write_text(SMALL)
    done = thecal("course", "small.toml", "--json", cwd=tmp_path)
    assert json.loads(done.stdout)["title"] == "Tablets for two days"
    assert [path.name for path in tmp_path.iterdir()] == ["small.toml"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [(SMALL.replace('"10 mg"', "10"), "without a unit"), ("not toml [", "not TOML"), (SMALL + "\0", "not TOML")],
)
def test_a_refused_scenario_ends_with_code_2_on_standard_error_and_writes_nothing(
    tmp_path: Path, text: str, reason: str
) -> None:
    (tmp_path / "bad.toml").write_text(text)
    done = thecal("course", "bad.toml", cwd=tmp_path)
    assert done.returncode == 2
    assert reason in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert [path.name for path in tmp_path.iterdir()] == ["bad.toml"]


def test_a_file_that_is_not_there_is_refused_with_what_to_do() -> None:
    done = thecal("course", "nowhere.toml")
    assert done.returncode == 2
    assert "thecal course --list" in done.stderr


def test_shipped_scenarios_are_listed() -> None:
    assert "oral-opioid-alone" in json.loads(thecal("course", "--list", "--json").stdout)
