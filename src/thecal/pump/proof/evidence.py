"""All figures of the pump in one run, as plain values; ``page`` makes pages of them.

A figure says what was asked for, what was reached, the seeds, and whether it holds. Nothing is rounded up: what is not
measured here says so. Times depend on the machine, which is described; everything else depends on the seeds alone.
"""

import json
import os
import platform
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from thecal.pump.proof import bits, cuts, detection, model, torture, years
from thecal.pump.proof.orders import PULSE_FG
from thecal.pump.proof.workloads import THEMES

type Progress = Callable[[str], None]
type Figure = dict[str, Any]
CI = {"sequences": 50_000, "workloads": 26, "bits": 4, "years": 100}
FULL = {"sequences": 1_000_000, "workloads": 52, "bits": 26, "years": 1_000}
MUTANTS = "mutants.json"


def evidence(
    seed: int, sizes: dict[str, int], processes: int, progress: Progress, folder: Path | None = None
) -> dict[str, Any]:
    """Run everything of that size. ``progress`` is told a line now and then.

    ``folder`` holds the pages of an earlier run: its ledger of seeds goes on, and the mutants' figures are quoted.
    """
    began = time.time()
    made = datetime.now(UTC).strftime("%Y-%m-%d")
    figures = [
        _timed(lambda: tortured(seed, sizes["sequences"], processes, progress)),
        _timed(lambda: cut(seed, sizes["workloads"], processes, progress)),
        _timed(lambda: flipped(seed, sizes["bits"], processes, progress)),
        _timed(lambda: searched(progress)),
        _timed(lambda: proved(progress)),
        _timed(lambda: lived(sizes["years"], processes, progress)),
        _timed(lambda: speed(progress)),
        *quoted(folder),
    ]
    progress("detection table")
    table = [asdict(line) for line in detection.table(processes)]
    return {
        "format": 2,
        "made": made,
        "seed": seed,
        "sizes": sizes,
        "supervisor": torture.SUPERVISED,
        "machine": machine(processes),
        "seconds": round(time.time() - began, 1),
        "figures": figures,
        "ledger": ledger(folder, figures[0], made),
        "detection": table,
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


def ledger(folder: Path | None, figure: Figure, made: str) -> list[dict[str, Any]]:
    """Every range of seeds that was run, the earlier ones as they were written down then."""
    earlier = [] if folder is None else _read(folder / "evidence.json").get("ledger", [])
    line = {"made": made, "seeds": figure["seeds"], "digest": figure["digest"], "broken": len(figure["broken"])}
    return [*(each for each in earlier if each != line), line]


def tortured(seed: int, count: int, processes: int, progress: Progress) -> Figure:
    """The figure of random fault sequences."""
    tally = torture.Tally(seed, seed - 1)
    for tally in torture.torture(seed, count, processes):
        if tally.sequences % 1_000 < torture.CHUNK:
            progress(f"torture: {tally.sequences} of {count} sequences, {len(tally.broken)} broken")
    return {
        "name": "random fault sequences, controller with supervisor",
        "asked": "200 steps, 0 to 8 faults: 0 excess beyond one pulse, 0 double pulses, 0 missed alarms",
        "reached": f"{tally.sequences} sequences, {tally.steps} steps, {sum(tally.faults.values())} faults, "
        f"{tally.strokes} strokes, {tally.vetoed} vetoes, {tally.restarts} restarts; {len(tally.broken)} broken",
        "holds": not tally.broken and tally.worst_excess_fg <= PULSE_FG,
        "seeds": [tally.first, tally.last],
        "digest": tally.digest,
        "most_beyond_a_cap_fg": tally.worst_excess_fg,
        "one_pulse_fg": PULSE_FG,
        "numbers_used_again_after_both_lost_records": tally.renumbered,
        "faults": dict(sorted(tally.faults.items())),
        "alarms_of_the_supervisor": {str(alarm): count for alarm, count in sorted(tally.raised.items())},
        "broken": tally.broken[:50],
    }


def cut(seed: int, workloads: int, processes: int, progress: Progress) -> Figure:
    """The figure of power cuts."""
    total = cuts.Cuts()
    for done in _each(cuts.cut_everywhere, range(seed, seed + workloads), processes):
        total.add(done)
        progress(f"power cuts: {total.workloads} of {workloads} workloads, {total.points} points")
    return {
        "name": "power cut at every stored byte and pulse phase, three deep",
        "asked": "every point of at least 20 workloads: excess 0, no pulse twice, at most one pulse lost per cut",
        "reached": f"{total.points} points of {total.workloads} workloads ({min(workloads, len(THEMES))} themes) "
        f"of {total.bytes} bytes; {total.torn} inside a record, {total.distinct} others lived to the end; "
        f"{len(total.broken)} broken",
        "holds": not total.broken and total.most_lost <= 1 and total.workloads >= 20,
        "seeds": [seed, seed + workloads - 1],
        "most_pulses_lost_by_a_cut": total.most_lost,
        "broken": total.broken[:50],
    }


def flipped(seed: int, workloads: int, processes: int, progress: Progress) -> Figure:
    """The figure of single bits."""
    seeds = range(seed, seed + workloads)
    tallies = {}
    for name, flip in (("states", bits.flip_state), ("controller", bits.flip_records), ("supervisor", bits.flip_facts)):
        progress(f"every bit: {name}")
        tallies[name] = bits.Bits()
        for done in _each(flip, seeds, processes):
            tallies[name].add(done)
    told = "; ".join(
        f"{name}: {each.flips} flips, {each.found} found, {each.masked} masked, {len(each.silent)} silent"
        for name, each in tallies.items()
    )
    silent = [what for each in tallies.values() for what in each.silent]
    return {
        "name": "every single bit of the state of both parts, and of each record of both journals",
        "asked": "100 % masked or found",
        "reached": f"{workloads} workloads. {told}",
        "holds": not silent and all(each.flips for each in tallies.values()),
        "seeds": [seed, seed + workloads - 1],
        "silent": silent[:50],
    }


def searched(progress: Progress) -> Figure:
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


def proved(progress: Progress) -> Figure:
    """The figure of the rule that admits a bolus. Where the solver is not installed it says so, and claims nothing."""
    progress("window rule")
    figure: Figure = {
        "name": "window admission rule",
        "asked": "proved for all request times (premises satisfiable); the look-back rule fails",
    }
    try:
        from thecal.pump.proof.window_rule import CLAIMS
    except ImportError:
        return figure | {"reached": "not run here: the solver z3 is not installed", "holds": None}
    held = {claim.__name__: claim() for claim in CLAIMS}
    told = ", ".join(f"{name.replace('_', ' ')}: {'yes' if held[name] else 'NO'}" for name in held)
    return figure | {"reached": told, "holds": all(held.values())}


def lived(count: int, processes: int, progress: Progress) -> Figure:
    """The figure of pump-years."""
    total = years.Years()
    for done in _each(years.year, range(count), processes):
        total.add(done)
        if total.years % 10 == 0:
            progress(f"pump-years: {total.years} of {count}")
    drift = float(total.worst_drift)
    return {
        "name": "simulated pump-years without faults",
        "asked": "no false high alarm; drift under one pulse",
        "reached": f"{total.years} years, {total.supervised} of them with the supervisor; {total.strokes} strokes, "
        f"each at its own ms; {len(total.false_alarms)} false alarms",
        "holds": not total.false_alarms and total.worst_drift < 1,
        "seeds": [0, count - 1],
        "worst_drift_pulses": int(drift * 10**6) / 10**6,
        "models": list(years.MODELS),
        "flow_ul_day": [years.LEAST_UL, years.MOST_UL],
        "false_alarms": total.false_alarms[:50],
    }


def speed(progress: Progress) -> Figure:
    """How fast a device and the controller's step are, on one core of this machine as it is."""
    from thecal.pump.proof.speed import measure

    progress("speed")
    found = measure()
    return {
        "name": "speed",
        "asked": "a pump-year at 0.4 mL/day and 0.25 uL pulses in at most 10 s on one core; step median at most 15 us",
        "reached": f"year of a simulated device: {found.year_s:.1f} s for {found.pulses} pulses; step median "
        f"{found.step_us:.1f} us. With the supervisor beside it a year would take {found.supervised_year_s:.0f} s "
        "(ten times a tenth of a year), which no limit was set for",
        "holds": found.year_s <= 10 and found.step_us <= 15,
        **asdict(found),
    }


def quoted(folder: Path | None) -> list[Figure]:
    """Figures of mutants, which are made by commands of their own and kept in ``mutants.json``, with their seeds."""
    data = {} if folder is None else _read(folder / MUTANTS)
    found: list[Figure] = []
    for part, each in sorted(data.get("mutation", {}).items()):
        told = f"{each['score_percent']} %: {each['killed']} of {each['tried']} found (of {each['mutants']} mutants)"
        found.append(
            _quote(f"mutation score of the {part}", "at least 95 %, each survivor argued in a file", told, each)
        )
    for part, each in sorted(data.get("coverage", {}).items()):
        told = f"{each['percent']} %: {each['covered_branches']} of {each['num_branches']} branches"
        found.append(_quote(f"branch coverage of the {part}", "100 %", told, each))
    for part, each in sorted(data.get("campaigns", {}).items()):
        other = "supervisor" if part == "kernel" else "controller"
        told = f"{each['mutants']} mutants, {each['over_delivery']} with over-delivery"
        found.append(_quote(f"{part} mutants under a sound {other}", "1,000, no over-delivery", told, each))
    return found


def _quote(name: str, asked: str, reached: str, each: Figure) -> Figure:
    when = f"run of {each['made']}" if "made" in each else "an earlier run"
    seed = f", seed {each['seed']}" if "seed" in each else ""
    return {"name": name, "asked": asked, "reached": f"{reached}; {when}{seed}", "holds": each["holds"]}


def _read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text("utf-8")) if path.exists() else {}


def _timed(make: Callable[[], Figure]) -> Figure:
    began = time.time()
    figure = make()
    return {**figure, "seconds": round(time.time() - began, 1)}


def _each[T](run: Callable[[int], T], seeds: range, processes: int) -> Iterable[T]:
    if processes <= 1:
        yield from map(run, seeds)
        return
    with ProcessPoolExecutor(processes) as pool:
        yield from pool.map(run, seeds)
