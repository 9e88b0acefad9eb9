"""``thecal bench therapy``: how long a calculation, the fold of a long chart and a large worklist take, as data.

Each figure is the median of repeated runs after one that is not counted, with the load of the machine beside it.
"""

import json
import os
import platform
import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

import typer

from thecal.cli.bench import bench_app

EVENTS, CHARTS = 10_000, 5_000
GOALS = {"calculation_ms": 5, "fold_ms": 100, "worklist_ms": 150}


@bench_app.command()
def therapy(
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
    repeat: Annotated[int, typer.Option(min=1, help="How often each figure is measured.")] = 7,
) -> None:
    """Measure the rules: the slowest calculation, the fold of 10,000 events, the worklist of 5,000 charts.

    Docs: docs/therapy/figures.md.
    """
    found = measure(repeat)
    if as_json:
        typer.echo(json.dumps(found, indent=2))
        return
    for name, value in found["figures"].items():
        goal = GOALS.get(name)
        typer.echo(f"{name:<24} {value}" + ("" if goal is None else f"   (goal: below {goal})"))
    typer.echo(f"machine: {found['machine']}, load {found['load_before']} before, {found['load_after']} after")


def measure(repeat: int) -> dict[str, Any]:
    """The figures in ms, each the median of ``repeat`` runs, with the machine and its load."""
    from thecal.therapy import board, fold, project, read_row, row_text
    from thecal.therapy.calc import CALCULATIONS

    before = os.getloadavg()
    each = {name: _median(partial(calc.run, calc.example), repeat) for name, calc in CALCULATIONS.items()}
    slowest = max(each, key=lambda name: each[name])
    events = _events(EVENTS)
    chart = fold(events[:6])
    row = project(chart)
    assert row is not None, "the chart has a patient"
    texts, now = [row_text(row)] * CHARTS, chart.events[-1].meta.recorded
    rows = [read_row(text) for text in texts]
    figures = {
        "calculations": len(each),
        "calculation_ms": round(each[slowest], 3),
        "slowest_calculation": slowest,
        "fold_events": EVENTS,
        "fold_ms": round(_median(lambda: fold(events), repeat), 1),
        "worklist_charts": CHARTS,
        "worklist_ms": round(_median(lambda: board(rows, now), repeat), 1),
        "worklist_from_text_ms": round(_median(lambda: board([read_row(text) for text in texts], now), repeat), 1),
    }
    return {
        "figures": figures,
        "repeat": repeat,
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "load_before": [round(value, 1) for value in before],
        "load_after": [round(value, 1) for value in os.getloadavg()],
    }


def _median(run: Callable[[], object], repeat: int) -> float:
    run()
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        run()
        times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times)


def _events(count: int) -> list[Any]:
    """A long chart: ten years of a diary, with measures and side effects between."""
    from thecal.quantity import MS_PER_HOUR
    from thecal.therapy import build, stamp
    from thecal.therapy import events as ev

    start, step = 1_500_000_000_000, 9 * MS_PER_HOUR

    made: list[Any] = [
        build(
            ev.PatientRegistered,
            stamp(start, "bench", "nurse", None, (0).to_bytes),
            patient="bench",
            name="Long Chart",
            birth_date="1960",
        )
    ]
    for number in range(1, count):
        meta = stamp(start + number * step, "bench", "patient", None, number.to_bytes)
        if number % 10 == 3:
            made.append(build(ev.MeasureRecorded, meta, instrument="odi", score="44"))
        elif number % 10 == 7:
            made.append(build(ev.SideEffectRecorded, meta, effect="nausea", grade="mild"))
        else:
            made.append(build(ev.PainRecorded, meta, score=number % 11))
    return made
