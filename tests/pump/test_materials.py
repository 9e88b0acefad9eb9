"""Promise of the pump's bill of materials: what it imports is the standard library, or locked by version and hash."""

import ast
import re
import sys
from importlib.metadata import packages_distributions, version
from pathlib import Path

ROOT = Path(__file__).parents[2]


def locked() -> dict[str, tuple[str, int]]:
    """Each distribution of the lock: its version and how many hashes it has."""
    found: dict[str, tuple[str, int]] = {}
    name = ""
    for line in (ROOT / "requirements.lock").read_text("utf-8").splitlines():
        if pinned := re.match(r"([a-z0-9_.-]+)==([^ ;\\]+)", line):
            name = pinned[1]
            found[name] = (pinned[2], 0)
        elif name and "--hash=sha256:" in line:
            found[name] = (found[name][0], found[name][1] + 1)
    return found


def imported(folder: Path) -> set[str]:
    """The top-level names of other packages that the files of a folder import."""
    found = set()
    for file in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.level == 0:
                names = [node.module or ""]
            found |= {name.partition(".")[0] for name in names}
    return found - set(sys.stdlib_module_names) - {"thecal"}


def test_every_package_is_pinned_with_a_hash() -> None:
    lock = locked()
    assert len(lock) > 10
    assert all(hashes for _, hashes in lock.values())


def test_what_a_running_pump_imports_is_the_locked_version() -> None:
    rooms = [ROOT / "src/thecal" / room for room in ("pump", "formulary", "quantity")]
    proof = imported(ROOT / "src/thecal/pump/proof")
    names = set().union(*(imported(room) for room in rooms))
    assert names - proof <= {"pydantic", "pint"}, "a new package of the pump needs a review, and its place here"
    lock, made = locked(), packages_distributions()
    for name in names - proof:
        (distribution,) = set(made[name])
        assert lock[distribution.lower()][0] == version(distribution)
