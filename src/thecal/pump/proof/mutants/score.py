"""The mutation score of a part: how many of its mutants the tests find, and which they do not.

All mutants, or a sample that takes each operator in its share, chosen by a seed. A survivor counts as not found, also
when ``docs/pump/survivors.toml`` argues why no test can find it; how many are argued is told beside the score.
"""

import json
import os
import platform
import random
import subprocess
import sys
import time
import tomllib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from thecal.pump.proof.mutants.source import Mutant, mutants

ASKED_PERCENT = 95
TESTS = {
    "kernel": (
        "kernel_histories", "kernel_edges", "kernel", "kernel_promises", "schedule", "boluses", "ladder", "order_parts",
        "specification", "journal", "window_rule",
    ),
    "supervisor": (
        "supervisor_histories", "supervisor_edges", "supervisor", "supervisor_adversary", "supervisor_journal",
        "supervisor_order", "supervisor_wiring",
    ),
}  # fmt: skip


def chosen(part: str, sample: int, seed: int) -> list[Mutant]:
    """All mutants for ``sample`` 0, else about so many, each operator in its share, in their order."""
    every = mutants(part)
    if not 0 < sample < len(every):
        return list(every)
    dice, strata = random.Random(f"{part} {seed}"), defaultdict[str, list[Mutant]](list)  # noqa: S311 - a sample
    for each in every:
        strata[each.operator].append(each)
    found: list[Mutant] = []
    for operator in sorted(strata):
        share = -(-sample * len(strata[operator]) // len(every))
        found += dice.sample(strata[operator], share)
    return sorted(found, key=lambda each: each.number)


def survivors_file(home: Path) -> Path:
    """Where survivors are argued."""
    return home / "docs" / "pump" / "survivors.toml"


def argued(home: Path) -> dict[tuple[str, ...], str]:
    """The reason of each survivor that is argued, by part and identity."""
    path = survivors_file(home)
    entries = tomllib.loads(path.read_text("utf-8")).get("survivor", []) if path.exists() else []
    names = ("part", "file", "function", "operator", "text", "before", "after")
    return {tuple(entry[name] for name in names): entry["reason"] for entry in entries}


def score(
    part: str, home: Path, sample: int, seed: int, progress: Callable[[str], None], processes: int = 1
) -> dict[str, Any]:
    """Try the mutants and count. Raises RuntimeError when the tests fail without any, or one is left out."""
    tried, began = chosen(part, sample, seed), time.monotonic()
    by_number = {each.number: each for each in tried}
    lines: list[dict[str, Any]] = []
    for line in _sessions(part, home, [each.number for each in tried], processes):
        if "error" in line:
            raise RuntimeError(line["error"])
        lines.append(line)
        if len(lines) % 50 == 0:
            progress(f"{part}: {len(lines)} of {len(tried)}, {sum(x['outcome'] == 'survived' for x in lines)} survived")
    if {line["number"] for line in lines} != set(by_number):
        raise RuntimeError(f"{len(lines)} of {len(tried)} mutants were tried: a session ended early")
    lines.sort(key=lambda line: int(line["number"]))
    reasons = argued(home)
    survived = [by_number[line["number"]] for line in lines if line["outcome"] == "survived"]
    tests = Counter(line["by"].split("::")[0].split("/")[-1] for line in lines if line["by"])
    killed = len(lines) - len(survived)
    return {
        "part": part,
        "asked_for_percent": ASKED_PERCENT,
        "mutants": len(mutants(part)),
        "tried": len(lines),
        "seed": seed,
        "killed": killed,
        "of_those_by_the_time_bound": sum(line["outcome"] == "bound" for line in lines),
        "survived": len(survived),
        "score_percent": round(100 * killed / len(lines), 2),
        "holds": 100 * killed >= ASKED_PERCENT * len(lines),
        "argued": sum((part, *each.identity) in reasons for each in survived),
        "killed_by": dict(tests.most_common()),
        "by_operator": _by_operator(tried, survived),
        "survivors": [
            {"number": each.number, "identity": each.identity, "reason": reasons.get((part, *each.identity), "")}
            for each in survived
        ],
        "seconds": round(time.monotonic() - began),
        "machine": f"python {platform.python_version()}, {platform.system()} {platform.machine()}",
        "processes": processes,
    }


def _by_operator(tried: list[Mutant], survived: list[Mutant]) -> dict[str, dict[str, int]]:
    every, left = Counter(each.operator for each in tried), Counter(each.operator for each in survived)
    return {name: {"tried": every[name], "survived": left[name]} for name in sorted(every)}


def test_files(home: Path, part: str) -> list[str]:
    """The tests of a part."""
    return [str(home / "tests" / "pump" / f"test_{name}.py") for name in TESTS[part]]


def _sessions(part: str, home: Path, numbers: list[int], processes: int) -> Iterator[dict[str, Any]]:
    """The lines that test sessions tell, each with its share of the mutants, as they come."""
    reader, pipe = os.pipe()
    with ExitStack() as running:
        for share in (numbers[first::processes] for first in range(processes)):
            session = running.enter_context(
                subprocess.Popen(  # noqa: S603 - this program itself
                    [sys.executable, "-m", "thecal.pump.proof.mutants.session", str(pipe)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    pass_fds=[pipe],
                    cwd=home,
                    env={**os.environ, "PYTHONHASHSEED": "0"},
                )
            )
            assert session.stdin is not None, "it reads what it is asked"
            session.stdin.write(json.dumps({"part": part, "files": test_files(home, part), "chosen": share}).encode())
            session.stdin.close()
        os.close(pipe)
        with os.fdopen(reader) as told:
            yield from map(json.loads, told)
