"""Put a case to the pump and tell what happened, as plain values for JSON. Deterministic: same case, same bytes.

Times in ms from the beginning, volumes in nL, masses in fg. ``believed`` is what the device says, ``truth`` what the
virtual hardware did; the two differ exactly where a fault could not be seen.
"""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from thecal.pump import journal
from thecal.pump.bench import Bench
from thecal.pump.hardware import fault_kinds
from thecal.pump.hardware.pump import PL_PER_NL
from thecal.pump.scenario import START, Event, Scenario
from thecal.quantity import MS_PER_HOUR, Refused


def replay(case: Scenario) -> dict[str, Any]:
    """Run a case. Raises Refused when the pump cannot be made at all, or makes more strokes than a run may."""
    bench = Bench(case.profile, case.filling, START, case.faults, case.seed, gain_spread=not case.exact_flow)
    commands: list[dict[str, Any]] = []
    if case.order is not None:
        commands.append(_carry_out(bench, Event(0, "load", case.order)))
    hours: list[dict[str, Any]] = []
    events = list(case.events)
    last = _mark(bench)
    edge = 0
    while edge < case.length:
        edge = min(edge + MS_PER_HOUR, case.length)
        while events and events[0].at < edge:
            event = events.pop(0)
            bench.run_to(START + event.at)
            commands.append(_carry_out(bench, event))
        bench.run_to(START + edge)
        after = _mark(bench)
        hours.append({"hour": len(hours), **{name: _less(after[name], last[name]) for name in after}})
        last = after
    for event in events:  # at the very end
        commands.append(_carry_out(bench, event))
    return {
        "format": 1,
        "title": case.title,
        "profile": case.profile.id,
        "seed": case.seed,
        "length_ms": case.length,
        "commands": commands,
        "hours": hours,
        "states": [{"at_ms": c.at - START, "state": c.now[0]} for c in bench.changes if c.what == "state"],
        "rungs": [{"at_ms": c.at - START, "rung": c.now[0]} for c in bench.changes if c.what == "rung"],
        "alarms": _alarms(bench),
        "believed": _believed(bench),
        "truth": _truth(bench),
        "windows": _windows(bench),
        "journal": _journal(bench),
        "faults": [_fault(fault) for fault in case.faults],
    }


def _carry_out(bench: Bench, event: Event) -> dict[str, Any]:
    told: dict[str, Any] = {"at_ms": bench.now - START, "do": event.do, "result": "done", "refusals": []}
    try:
        told |= _DONE[event.do](bench, event) or {}
    except Refused as refused:
        told["result"] = "refused"
        told["refusals"] = [
            {"code": each.code, "where": each.where, "what": each.what, "do": each.do} for each in refused.refusals
        ]
    return told


def _load(bench: Bench, event: Event) -> None:
    assert event.order is not None, "a load has an order"
    bench.load(event.order)


def _refill(bench: Bench, event: Event) -> dict[str, Any]:
    assert event.fill is not None, "a refill has a solution"
    report = bench.refill(event.fill, event.volume_nl, event.withdrawn_nl, event.order)
    return {"expected_nl": report.expected_nl, "discrepancy_nl": report.discrepancy_nl}


_DONE: dict[str, Callable[[Bench, Event], dict[str, Any] | None]] = {
    "load": _load,
    "stop": lambda bench, _: bench.stop(),
    "refill": _refill,
    "restart": lambda bench, event: bench.restart(event.off_ms),
    "request": lambda bench, _: bench.request(),
    "resume": lambda bench, _: bench.resume(),
    "path_empty": lambda bench, _: bench.mark_path(empty=True),
    "path_filled": lambda bench, _: bench.mark_path(empty=False),
    "reset_valve": lambda bench, _: bench.truth.reset_valve(),
}


def _mark(bench: Bench) -> dict[str, Any]:
    """The running totals of which hours are differences."""
    truth = bench.truth
    assert truth.path is not None, "a bench has a path"
    return {
        "pulses": truth.moves,
        "nl": truth.passed_pl // PL_PER_NL,
        "tip_fg": dict(truth.path.at_tip),
        "beside_fg": dict(truth.path.beside),
    }


def _less(after: Any, before: Any) -> Any:
    if isinstance(after, dict):
        return {drug: mass - before.get(drug, 0) for drug, mass in sorted(after.items())}
    return after - before


def _alarms(bench: Bench) -> list[dict[str, Any]]:
    told, active = [], set[str]()
    for change in bench.changes:
        if change.what == "alarms":
            now = set(change.now)
            told += [{"at_ms": change.at - START, "alarm": code, "now": "on"} for code in sorted(now - active)]
            told += [{"at_ms": change.at - START, "alarm": code, "now": "off"} for code in sorted(active - now)]
            active = now
    return told


def _believed(bench: Bench) -> dict[str, Any]:
    if bench.device is None:
        return {"state": "down"}
    status = asdict(bench.device.status(bench.now))
    for name in ("now", "profile_id", "path", "next_due"):
        status.pop(name)
    gaps = [{**gap, "start": gap["start"] - START, "end": gap["end"] - START} for gap in status["gaps"]]
    return {**status, "gaps": gaps}


def _truth(bench: Bench) -> dict[str, Any]:
    truth = bench.truth
    assert truth.path is not None, "a bench has a path"
    asked = [stroke.seq for stroke in truth.strokes if stroke.seq]
    return {
        "strokes": truth.moves,
        "repeated_pulse_numbers": len(asked) - len(set(asked)),
        "moved_nl": truth.passed_pl // PL_PER_NL,
        "uncommanded_nl": truth.uncommanded_pl // PL_PER_NL,
        "tip_fg": dict(sorted(truth.path.at_tip.items())),
        "beside_tip_fg": dict(sorted(truth.path.beside.items())),
        "in_path_fg": dict(sorted(truth.path.held().items())),
        "reservoir_nl": max(0, truth.reservoir_pl - truth.residual_pl) // PL_PER_NL,
        "flow_gain_ppm": truth.gain_ppm,
        "restarts": bench.restarts,
    }


def _windows(bench: Bench) -> list[dict[str, Any]]:
    """The most that strokes put into any window, as pulses count there, against the highest cap of the run."""
    if not bench.orders:
        return []
    given = [(stroke.at, bench.counted.get(stroke.seq, 0)) for stroke in bench.truth.strokes if stroke.moved]
    pulse = max((mass for _, mass in given), default=0)
    caps: dict[int, int] = {}
    for _, order in bench.orders:
        for _, window, cap in order.caps.windows():
            caps[window] = max(cap, caps.get(window, 0))
    told = []
    for window, cap in sorted(caps.items()):
        worst = most_in_window(given, window)
        told.append({"window_ms": window, "cap_fg": cap, "worst_fg": worst, "within_one_pulse": worst <= cap + pulse})
    return told


def most_in_window(given: list[tuple[int, int]], window: int) -> int:
    """The most mass in any window of ``window`` ms, of (time, mass) in order of time."""
    most = total = first = 0
    for at, mass in given:
        total += mass
        while given[first][0] <= at - window:
            total -= given[first][1]
            first += 1
        most = max(most, total)
    return most


def _journal(bench: Bench) -> dict[str, Any]:
    problems = journal.check(bench.storage)
    sizes = [len(bench.storage.read(bank)) for bank in journal.BANKS]
    return {"sound": not problems, "problems": problems, "bytes": sizes}


def _fault(fault: Any) -> dict[str, Any]:
    until = None if fault.until is None else fault.until - START
    title = fault_kinds()[fault.kind].title
    return {"kind": fault.kind, "at_ms": fault.at - START, "until_ms": until, "of": dict(fault.of), "title": title}
