"""All figures of the pump in one run, as plain values, and as the page ``docs/pump/evidence.md``.

A figure says what was asked for, what was reached, the seeds, and whether it holds. Nothing is rounded up: what is not
measured here says so. Times depend on the machine, which is described; everything else depends on the seeds alone.
"""

import os
import platform
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from typing import Any

from thecal.pump.kernel import Load, Tick, step
from thecal.pump.proof import bits, cuts, detection, model, torture, years
from thecal.pump.proof.rig import PULSE_FG, T0, Rig

type Progress = Callable[[str], None]
CI = {"sequences": 50_000, "workloads": 2, "record_stride": 61, "years": 20}
FULL = {"sequences": 1_000_000, "workloads": 20, "record_stride": 1, "years": 1_000}


def evidence(seed: int, sizes: dict[str, int], processes: int, progress: Progress) -> dict[str, Any]:
    """Run everything of that size. ``progress`` is told a line now and then."""
    began = time.time()
    figures = [
        _timed(lambda: tortured(seed, sizes["sequences"], processes, progress)),
        _timed(lambda: cut(seed, sizes["workloads"], processes, progress)),
        _timed(lambda: flipped(seed, sizes["workloads"], sizes["record_stride"], processes, progress)),
        _timed(lambda: searched(progress)),
        _timed(lambda: lived(sizes["years"], processes, progress)),
        _timed(speed),
    ]
    progress("detection table")
    return {
        "format": 1,
        "seed": seed,
        "sizes": sizes,
        "supervisor": torture.SUPERVISED,
        "machine": machine(processes),
        "seconds": round(time.time() - began, 1),
        "figures": figures,
        "detection": [asdict(line) for line in detection.table(processes)],
    }


def machine(processes: int) -> dict[str, Any]:
    """What it ran on."""
    return {
        "python": platform.python_version(),
        "system": platform.system(),
        "architecture": platform.machine(),
        "cores": os.cpu_count(),
        "processes": processes,
    }


def tortured(seed: int, count: int, processes: int, progress: Progress) -> dict[str, Any]:
    """The figure of random fault sequences."""
    tally = torture.Tally(seed, seed - 1)
    for tally in torture.torture(seed, count, processes):
        if tally.sequences % 1_000 < torture.CHUNK:
            progress(f"torture: {tally.sequences} of {count} sequences, {len(tally.broken)} broken")
    return {
        "name": "random fault sequences",
        "asked": "200 steps, 0 to 8 faults: 0 excess beyond one pulse, 0 double pulses, 0 missed alarms",
        "reached": f"{tally.sequences} sequences, {tally.steps} steps, {tally.strokes} strokes, "
        f"{tally.restarts} restarts",
        "holds": not tally.broken,
        "seeds": [tally.first, tally.last],
        "digest": tally.digest,
        "most_beyond_a_cap_fg": tally.worst_excess_fg,
        "one_pulse_fg": PULSE_FG,
        "numbers_used_again_after_rot": tally.renumbered,
        "faults": dict(sorted(tally.faults.items())),
        "broken": tally.broken[:50],
    }


def cut(seed: int, workloads: int, processes: int, progress: Progress) -> dict[str, Any]:
    """The figure of power cuts."""
    total = cuts.Cuts()
    for done in _each(cuts.cut_everywhere, range(seed, seed + workloads), processes):
        total.add(done)
        progress(f"power cuts: {total.workloads} of {workloads} workloads, {total.points} points")
    return {
        "name": "power cut at every stored byte and pulse phase, three deep",
        "asked": "every point: excess 0, no pulse twice, at most one pulse lost per cut",
        "reached": f"{total.points} points ({total.distinct} distinct) "
        f"of {total.workloads} workloads of {total.bytes} bytes",
        "holds": not total.broken and total.most_lost <= 1,
        "seeds": [seed, seed + workloads - 1],
        "most_pulses_lost_by_a_cut": total.most_lost,
        "broken": total.broken[:50],
    }


def flipped(seed: int, workloads: int, stride: int, processes: int, progress: Progress) -> dict[str, Any]:
    """The figure of single bits."""
    progress("bits of the state and of the records")
    state, records = bits.Bits(), bits.Bits()
    for seed_of in range(seed, seed + workloads):
        state.add(bits.flip_state(seed_of))
    strides = [stride] * workloads
    for done in _each(bits.flip_records, range(seed, seed + workloads), processes, strides):
        records.add(done)
    return {
        "name": "every single bit of critical state and of each record",
        "asked": "100 % masked or found",
        "reached": f"state: {state.flips} flips, {state.found} found; "
        f"records (each {stride}. bit): {records.flips} flips, {records.found} found, {records.masked} masked",
        "holds": not state.silent and not records.silent,
        "seeds": [seed, seed + workloads - 1],
        "silent": (state.silent + records.silent)[:50],
    }


def searched(progress: Progress) -> dict[str, Any]:
    """The figure of the exhaustive search."""
    for found in model.search():
        progress(f"model: depth {found.depth}, {found.states} states")
    return {
        "name": "exhaustive search of the abstract state space",
        "asked": "at least 5 million states, complete; the cap and 'alarm or normal within k slots' hold",
        "reached": f"{found.states} states, {found.transitions} transitions, depth {found.depth}",
        "holds": found.complete and found.states >= 5_000_000 and not found.over_cap and not found.silent,
        "window_slots": model.WINDOW,
        "cap": model.CAP,
        "most_in_a_window": found.most_in_window,
        "k_slots": model.QUIET,
        "complete": found.complete,
    }


def lived(count: int, processes: int, progress: Progress) -> dict[str, Any]:
    """The figure of pump-years."""
    total = years.Years()
    for done in _each(years.year, range(count), processes):
        total.add(done)
        if total.years % 10 == 0:
            progress(f"pump-years: {total.years} of {count}")
    return {
        "name": "simulated pump-years without faults",
        "asked": "no false high alarm; drift under one pulse",
        "reached": f"{total.years} years, {total.strokes} strokes",
        "holds": not total.false_alarms and total.worst_drift < 1,
        "seeds": [0, count - 1],
        "worst_drift_pulses": float(total.worst_drift),
        "false_alarms": total.false_alarms[:50],
    }


def speed() -> dict[str, Any]:
    """How fast the controller is: the median of ``step``, over a tenth of a year at 0.4 mL/day."""
    rig = Rig(lambda _: (True, 1), rotate_after=32_768)
    rig.do(Load(torture.programs()[5], T0))
    took = []
    began = time.perf_counter()
    for _ in range(58_400):
        due = rig.state.due
        if rig.pulses % 50 == 0:
            start = time.perf_counter_ns()
            step(rig.state, Tick(due))
            took.append(time.perf_counter_ns() - start)
        rig.tick(due)
    lasted = time.perf_counter() - began
    median = sorted(took)[len(took) // 2] / 1_000
    return {
        "name": "speed",
        "asked": "a pump-year at 0.4 mL/day and 0.25 uL pulses in at most 10 s on one core; step median at most 15 us",
        "reached": f"year: {lasted * 10:.1f} s (controller and journal, from a tenth of it); "
        f"step median {median:.1f} us",
        "holds": lasted * 10 <= 10 and median <= 15,
        "pulses": rig.pulses,
    }


def page(data: dict[str, Any]) -> str:
    """The figures as a page."""
    lines = [
        "# Evidence of the pump",
        "",
        f"Made by the parts of `thecal pump evidence` with seed {data['seed']}; numbers and seeds are kept in",
        "`evidence.json` beside this page. Times are of the machine named below, the rest follows from the seeds.",
        "The size of a figure is what it says under reached: the default run has 50,000 sequences and 20 years,",
        "`--full` has 1,000,000 and 1,000, every bit of the records, and 20 workloads. What was not run in that",
        "size is not claimed.",
        "",
        "Machine: "
        + ", ".join(f"{name} {value}" for name, value in data["machine"].items())
        + f"; {data['seconds']} s in all.",
        ""
        if data["supervisor"]
        else "\n**In this run the controller stood alone: the supervisor took no part in it.**\n",
        "| figure | asked for | reached | holds | seeds |",
        "| --- | --- | --- | --- | --- |",
    ]
    for each in data["figures"]:
        seeds = "to".join(f" {seed} " for seed in each.get("seeds", ())) or "-"
        holds = "yes" if each["holds"] else "**no**"
        lines.append(f"| {each['name']} | {each['asked']} | {each['reached']} | {holds} | {seeds} |")
    lines += ["", *_LIMITS, "", "## Detection table", "", *_TABLE_HEAD]
    for line in data["detection"]:
        after = "not in two days" if line["after_ms"] is None else _span(line["after_ms"])
        told = line["alarm"] or ("the needle at a refill" if line["at_refill"] else "nobody")
        error = f"{line['error_ppm'] / 10_000:+.1f} %"
        lines.append(
            f"| {line['fault']} | {line['profile']} | {line['rate_ul_day'] / 1_000:g} | {after} | {told} | {error} |"
        )
    return "\n".join(lines) + "\n"


_LIMITS = (
    "## What these figures do not show",
    "",
    "* The sequences run controller, journal and oracle. Faults of metering itself (gain, leak, a released kink) are",
    "  no strokes, and no stroke sensor sees them: what they cost is in the detection table, not in the excess.",
    "* After a rotten journal has lost records, pulse numbers that only those knew can be used again for new pulses.",
    "  It is counted (`numbers_used_again_after_rot`), gives no pulse twice, and happens behind a damage alarm.",
    "* Cuts fall on every byte that a workload stores, on every byte of a recovery, and of the recovery of that.",
    "  A later second cut is a first cut of the life that was recovered, and is left to the random sequences.",
    "* The twin of the state, by which flips of memory are found, is part of this proof; the device has none.",
    "* The search is of a model of the specification; what ties the model to the code is the sequences alone.",
    "* Mutation scores, mutants under a sound other part, coverage and the window rule's proof are not made here.",
)
_TABLE_HEAD = (
    "The fault begins after six hours of therapy. Time is to the first new alarm. The dose error is drug at the tip",
    "after the fault, less what was ordered to the end of the hour of the alarm (or of two days), in parts of a day's",
    "dose.",
    "",
    "| fault | pump | mL/day | found after | by | dose error |",
    "| --- | --- | --- | --- | --- | --- |",
)


def _span(ms: int) -> str:
    return (
        f"{ms / 3_600_000:.1f} h"
        if ms >= 3_600_000
        else f"{ms / 60_000:.1f} min"
        if ms >= 60_000
        else f"{ms / 1_000:g} s"
    )


def _timed(make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    began = time.time()
    figure = make()
    return {**figure, "seconds": round(time.time() - began, 1)}


def _each[T](run: Callable[..., T], seeds: range, processes: int, *more: list[int]) -> Iterable[T]:
    if processes <= 1:
        yield from map(run, seeds, *more)
        return
    with ProcessPoolExecutor(processes) as pool:
        yield from pool.map(run, seeds, *more)
