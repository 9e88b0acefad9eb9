"""Branch coverage of the two parts and of the controller's journal by their own tests, as the tool measures it."""

import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from thecal.pump.proof.mutants.score import TESTS, test_files

ASKED_PERCENT = 100
MEASURED = {"kernel": "kernel/", "supervisor": "supervisor/", "journal": "journal.py"}  # below thecal.pump


def coverage(home: Path) -> list[dict[str, Any]]:
    """A figure for each of ``MEASURED``. Raises RuntimeError when a test fails."""
    with TemporaryDirectory() as folder:
        told = Path(folder) / "coverage.json"
        run = subprocess.run(  # noqa: S603 - this program itself
            [
                *(sys.executable, "-m", "pytest", "-q", "-pno:cacheprovider", "-pno:randomly"),
                *(f"--cov=thecal.pump.{name}" for name in MEASURED),
                *("--cov-branch", f"--cov-report=json:{told}"),
                *(file for part in TESTS for file in test_files(home, part)),
            ],
            capture_output=True,
            text=True,
            check=False,
            cwd=home,
        )
        if run.returncode:
            raise RuntimeError(f"the tests fail: {run.stdout[-2_000:]}")
        files = json.loads(told.read_text("utf-8"))["files"]
    return [figure_of(part, below, files) for part, below in MEASURED.items()]


def figure_of(part: str, below: str, files: dict[str, Any]) -> dict[str, Any]:
    """The figure of a part from what the tool wrote of each file."""
    mine = {name.split("/")[-1]: each for name, each in files.items() if f"thecal/pump/{below}" in name}
    counts = {
        name: sum(each["summary"][name] for each in mine.values())
        for name in ("num_statements", "covered_lines", "num_branches", "covered_branches")
    }
    whole = counts["num_statements"] + counts["num_branches"]
    covered = counts["covered_lines"] + counts["covered_branches"]
    return {
        "part": part,
        "asked_for_percent": ASKED_PERCENT,
        **counts,
        "percent": round(100 * covered / whole, 2),
        "holds": covered == whole > 0,
        "missing_lines": {name: each["missing_lines"] for name, each in sorted(mine.items()) if each["missing_lines"]},
        "missing_branches": {
            name: each["missing_branches"] for name, each in sorted(mine.items()) if each["missing_branches"]
        },
    }
