"""Programs and states as bytes, for the journal. Canonical: equal values give equal bytes.

The readers trust their input: the journal has checked every byte before they see it.
"""

import json
from itertools import groupby
from typing import Any

from thecal.pump.kernel.schedule import plan_for
from thecal.pump.kernel.types import Aside, Bolus, Config, Demand, Gap, Once, Past, Program, Segment, State
from thecal.pump.kernel.windows import Ledger

_PLAIN = ("mode", "now", "base", "fired", "due", "pending", "seq", "given", "reservoir_nl", "alarms", "roomy")
_PAST = ("failed", "doubtful", "missed", "gap_count", "empty_since", "damage", "vetoed")


def canonical(plain: object) -> bytes:
    """Plain values as compact ASCII JSON with sorted keys."""
    return json.dumps(plain, sort_keys=True, separators=(",", ":")).encode("ascii")


def program_to_bytes(program: Program) -> bytes:
    """A program as bytes; its label may be any bytes."""
    return canonical([*program[:6], program.label.decode("latin-1"), *program[7:]])


def program_from_bytes(data: bytes) -> Program:
    """The program that ``program_to_bytes`` wrote."""
    drug, pulse_fg, anchor, period, segments, caps, label, fallback, reactions, locks, demand, once = json.loads(data)
    return Program(
        drug,
        pulse_fg,
        anchor,
        period,
        _segments(segments),
        tuple((window, cap) for window, cap in caps),
        label.encode("latin-1"),
        fallback,
        tuple((number, rung) for number, rung in reactions),
        locks,
        None if demand is None else Demand(*demand),
        None if once is None else Once(once[0], once[1], once[2], _segments(once[3]), once[4]),
    )


def state_to_bytes(state: State) -> bytes:
    """A state as bytes."""
    plain: dict[str, Any] = {name: int(getattr(state, name)) for name in _PLAIN}
    plain["config"] = list(state.config)
    plain["past"] = {name: int(getattr(state.past, name)) for name in _PAST}
    plain["gaps"] = [list(gap) for gap in state.past.gaps]
    plain["program"] = None if state.plan is None else program_to_bytes(state.plan.program).decode("ascii")
    plain["ledger"] = _ledger_plain(state.ledger)
    plain["bolus"] = state.bolus
    plain["aside"] = {**state.aside._asdict(), "boluses": _ledger_plain(state.aside.boluses)}
    return canonical(plain)


def state_from_bytes(data: bytes) -> State:
    """The state that ``state_to_bytes`` wrote."""
    plain = json.loads(data)
    program, config, aside = plain["program"], Config(*plain["config"]), plain["aside"]
    aside["boluses"] = _ledger(aside["boluses"])
    for name in ("granted", "failed"):
        aside[name] = tuple(aside[name])
    aside = Aside(**aside)
    plan = None
    if program is not None:
        plan = plan_for(program_from_bytes(program.encode("ascii")), config, aside.rung, aside.head, aside.done)
    return State(
        config=config,
        plan=plan,
        bolus=None if plain["bolus"] is None else Bolus(*plain["bolus"]),
        aside=aside,
        ledger=_ledger(plain["ledger"]),
        past=Past(gaps=tuple(Gap(*gap) for gap in plain["gaps"]), **plain["past"]),
        **{name: plain[name] for name in _PLAIN},
    )


def _segments(plain: list[Any]) -> tuple[Segment, ...]:
    return tuple(Segment(*segment) for segment in plain)


def _ledger_plain(ledger: Ledger) -> list[Any]:
    chunks, last_time, last_total = [], 0, ledger.before
    for times, totals in (*ledger.chunks, (ledger.times, ledger.totals)):
        steps, masses = [], []
        for at, total in zip(times, totals, strict=True):
            steps.append(at - last_time)
            masses.append(total - last_total)
            last_time, last_total = at, total
        chunks.append([steps, [[mass, len(list(run))] for mass, run in groupby(masses)]])
    return [ledger.before, chunks]


def _ledger(plain: list[Any]) -> Ledger:
    before, chunks = plain
    read, last_time, last_total = [], 0, before
    for steps, runs in chunks:
        times, totals = [], []
        for gap in steps:
            last_time += gap
            times.append(last_time)
        for mass, count in runs:
            for _ in range(count):
                last_total += mass
                totals.append(last_total)
        read.append((tuple(times), tuple(totals)))
    *closed, (open_times, open_totals) = read
    return Ledger(before, last_total, tuple(t[0] for t, _ in closed), tuple(closed), open_times, open_totals)
