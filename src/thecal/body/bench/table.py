"""Runs the races and gathers the lines of the table, each with its accuracy, and what the machine was doing.

Every race and every peer runs in a process of its own, with one thread for linear algebra, so that none slows another
and peak memory is its own.
"""

import importlib.util
import json
import os
import platform
import statistics
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

from thecal.body.bench.peers import PEERS
from thecal.body.bench.races import RACES

IMPORT_TARGET_S, COLD_TARGET_S = 0.5, 3.0
_IMPORT = (
    "import time; clocks = time.perf_counter, time.process_time; began = [clock() for clock in clocks];"
    "import thecal.body; print(*(clock() - before for clock, before in zip(clocks, began)))"
)
_FIRST = (
    "from thecal.body import Infusion, Person, Tip, predict;"
    "tip = Tip('T10'); predict(Person(), 'morphine', [Infusion(0, 720, 1 / 24, 'intrathecal', tip)], range(721), tip)"
)


def run(repeat: int, peers: bool, only: tuple[str, ...], say: Callable[[str], None]) -> dict[str, Any]:
    """Everything that ``thecal bench body`` shows, as plain data; ``say`` is told what is running."""
    table: dict[str, Any] = {"machine": machine(), "ours": [], "peers": []}
    for name in only or tuple(RACES):
        say(f"race {name}")
        for line in _child("thecal.body.bench", name, str(repeat)):
            table["ours"].append(_line(line))
    if not only:
        say("import and first result")
        table["ours"] += _start(repeat)
    if peers:
        for name in ("A", "B", "B1"):
            if not only or name in only:
                table["peers"] += _peers(name, say)
    table["load_after"] = os.getloadavg()
    return table


def machine() -> dict[str, Any]:
    """What the times were measured on, and how busy it was."""
    return {
        "cpu": _cpu(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "python": platform.python_version(),
        "numpy": importlib.import_module("numpy").__version__,
        "load_before": os.getloadavg(),
    }


def _cpu() -> str:
    if sys.platform == "linux":
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def _child(module: str, *words: str) -> Any:
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-m", module, *words]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)  # noqa: S603 - our own modules
    return json.loads(done.stdout)


def _line(line: dict[str, Any]) -> dict[str, Any]:
    wall = line["wall_s"]
    return {
        **line,
        "min_s": min(wall),
        "median_s": statistics.median(wall),
        "least_cpu_s": min(line["cpu_s"]),
        "reached": min(wall) <= line["target_s"],
        "accurate": line["error"] <= line["allowed"],
    }


def _start(repeat: int) -> list[dict[str, Any]]:
    imports, firsts = [], []
    for _ in range(repeat):
        imports.append([float(word) for word in _python(_IMPORT).split()])
        spent, began = os.times(), time.perf_counter()
        _python(_FIRST)
        after = os.times()
        cpu = after.children_user - spent.children_user + after.children_system - spent.children_system
        firsts.append([time.perf_counter() - began, cpu])
    return [
        _start_line("import of thecal.body", IMPORT_TARGET_S, imports),
        _start_line("first prediction, from the start of Python", COLD_TARGET_S, firsts),
    ]


def _python(code: str) -> str:
    command = [sys.executable, "-c", code]
    return subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout  # noqa: S603 - our own code


def _start_line(work: str, target: float, times: list[list[float]]) -> dict[str, Any]:
    wall, cpu = [one[0] for one in times], [one[1] for one in times]
    return {
        "race": "start",
        "work": work,
        "target_s": target,
        "wall_s": wall,
        "cpu_s": cpu,
        "min_s": min(wall),
        "median_s": statistics.median(wall),
        "least_cpu_s": min(cpu),
        "reached": min(wall) <= target,
    }


def _peers(race: str, say: Callable[[str], None]) -> list[dict[str, Any]]:
    recorded = tomllib.loads((files("thecal.body.bench") / "recorded.toml").read_text(encoding="utf-8"))
    lines: list[dict[str, Any]] = []
    for peer, (module, _, _) in PEERS.items():
        if importlib.util.find_spec(module) is None:
            continue
        say(f"race {race}: {peer}")
        try:
            lines.append({**_child("thecal.body.bench.peers", peer, race), "recorded": False})
        except subprocess.CalledProcessError as error:
            lines.append({"peer": peer, "race": race, "seconds": None, "note": f"failed: {error}", "recorded": False})
    raced = {line["peer"] for line in lines if line["seconds"] is not None}
    for name, seconds in recorded[race].items():
        if not any(name.startswith(peer) for peer in raced):
            note = f"recorded: {recorded['source']}"
            lines.append({"peer": name, "race": race, "seconds": seconds, "note": note, "recorded": True})
    return lines
