"""What ``import thecal.body`` brings along: NumPy, and nothing heavy that a first result does not need."""

import subprocess
import sys

HEAVY = (
    "scipy", "pydantic", "pint", "matplotlib", "django", "typer",
    "numpy.random", "numpy.polynomial", "concurrent.futures", "importlib.resources",
)  # fmt: skip


def test_the_body_is_imported_without_what_is_heavy() -> None:
    code = "import sys, thecal.body; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "thecal.body.predict" in loaded
    assert {name for name in HEAVY if name in loaded} == set()
