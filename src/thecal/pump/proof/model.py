"""Exhaustive search of an abstract pump: every state that can be reached is visited, none is sampled.

Abstraction: time in slots, at most one pulse due in each; the windows are the last ``WINDOW`` slots; controller,
supervisor and truth each keep a bit for each slot. The five phases of a pulse, a loss of power in each of them, single
faults, and a person who acknowledges are steps of their own, chosen by an adversary. Two claims are checked in every
state: the strokes of any window are at most the cap and one, and therapy that fails for ``QUIET`` slots has its alarm.
It is a model of the specification, not of the code; what ties the code to it is the torture.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

WINDOW, CAP, QUIET = 11, 3, 4
MISSES = 3
_FIELDS = {
    "c": WINDOW,
    "s": WINDOW,
    "t": WINDOW,
    "phase": 2,
    "fault": 3,
    "alarm": 1,
    "quiet": 3,
    "due": 1,
    "miss": 2,
    "halted": 1,
}
NONE, WILD_CONTROLLER, WILD_SUPERVISOR, STALL, BLIND, NO_POWER = range(6)
IDLE, INTENT, PERMITTED, STROKED = range(4)

type Codes = NDArray[np.int64]
type States = dict[str, Codes]


@dataclass(frozen=True, slots=True)
class Searched:
    """How far the search came. ``complete``: nothing that can be reached was left out."""

    states: int
    transitions: int
    depth: int
    complete: bool
    most_in_window: int
    over_cap: int
    silent: int


def search(limit: int = 60_000_000) -> Iterator[Searched]:
    """The search, level by level; the last one is complete unless ``limit`` states were passed."""
    seen = _encode({name: np.zeros(1, dtype=np.int64) for name in _FIELDS})
    frontier, transitions, depth, most, over, silent = seen, 0, 0, 0, 0, 0
    while frontier.size:
        states = _decode(frontier)
        strokes = np.bitwise_count(states["t"])
        most = max(most, int(strokes.max()))
        over += int((strokes > CAP + 1).sum())
        silent += int(((states["quiet"] >= QUIET) & (states["alarm"] == 0)).sum())
        yield Searched(seen.size, transitions, depth, complete=False, most_in_window=most, over_cap=over, silent=silent)
        if seen.size > limit:
            return
        found = []
        for move in _MOVES:
            where, after = move(states)
            transitions += int(where.sum())
            found.append(_encode({name: values[where] for name, values in after.items()}))
        reached = _distinct(np.concatenate(found))
        place = np.searchsorted(seen, reached)
        frontier = reached[(place == seen.size) | (seen[np.minimum(place, seen.size - 1)] != reached)]
        seen = np.insert(seen, np.searchsorted(seen, frontier), frontier)  # both are sorted, and share nothing
        depth += 1
    yield Searched(seen.size, transitions, depth, complete=True, most_in_window=most, over_cap=over, silent=silent)


def _distinct(codes: Codes) -> Codes:
    """Each code once, in order. (Sorting is faster here than the library's way with a hash table.)"""
    codes = np.sort(codes)
    return codes[np.concatenate((np.ones(1, np.bool_), codes[1:] != codes[:-1]))] if codes.size else codes


def _with(states: States, **changed: Codes | int) -> States:
    size = states["c"].size
    return states | {
        name: value if isinstance(value, np.ndarray) else np.full(size, value, np.int64)
        for name, value in changed.items()
    }


def _tick(states: States, due: int) -> tuple[NDArray[np.bool_], States]:
    """The slot ends, and a pulse is due in the next one or not. What was due and did not come makes therapy quiet."""
    mask = (1 << WINDOW) - 1
    given = states["t"] & 1
    missed = (states["due"] == 1) & (given == 0)
    quiet = np.where(given == 1, 0, np.minimum(states["quiet"] + missed, QUIET))
    # the supervisor's watchdog, and the controller's own account of what it owes
    alarm = states["alarm"] | (quiet >= QUIET - 1)
    where = (states["phase"] == IDLE) | (states["fault"] == NO_POWER)
    shifted = {name: states[name] << 1 & mask for name in "cst"}
    return where, _with(states, **shifted, quiet=quiet, alarm=alarm, due=due)


def _request(states: States) -> tuple[NDArray[np.bool_], States]:
    """The controller's intent becomes durable, and is counted. A wild one asks whenever it likes and counts nothing."""
    wild = states["fault"] == WILD_CONTROLLER
    sound = (
        (states["due"] == 1) & (states["c"] & 1 == 0) & (np.bitwise_count(states["c"]) <= CAP) & (states["halted"] == 0)
    )
    where = (states["phase"] == IDLE) & (states["fault"] != NO_POWER) & (sound | wild)
    return where, _with(states, c=np.where(wild, 0, states["c"] | 1), phase=INTENT)


def _held(states: States) -> tuple[NDArray[np.bool_], States]:
    """A cap holds the pulse back: told, and not made up."""
    full = (np.bitwise_count(states["c"]) > CAP) & (states["due"] == 1)
    sound = (states["fault"] != WILD_CONTROLLER) & (states["fault"] != NO_POWER)
    return (states["phase"] == IDLE) & full & sound, _with(states, due=0, alarm=1)


def _permit(states: States) -> tuple[NDArray[np.bool_], States]:
    """The supervisor permits by its own ledger, or vetoes. A wild one permits everything and counts nothing."""
    wild = states["fault"] == WILD_SUPERVISOR
    room = (np.bitwise_count(states["s"]) <= CAP) & (states["s"] & 1 == 0)
    permitted = wild | room
    where = (states["phase"] == INTENT) & (states["fault"] != NO_POWER)
    counted = np.where(wild, 0, np.where(room, states["s"] | 1, states["s"]))
    phase = np.where(permitted, PERMITTED, IDLE)
    alarm = np.where(permitted, states["alarm"], 1)
    return where, _with(states, s=counted, phase=phase, alarm=alarm)


def _drive(states: States) -> tuple[NDArray[np.bool_], States]:
    """Both switches close. In a stall nothing moves."""
    where = (states["phase"] == PERMITTED) & (states["fault"] != NO_POWER)
    moved = np.where(states["fault"] == STALL, states["t"], states["t"] | 1)
    return where, _with(states, t=moved, phase=STROKED)


def _outcome(states: States) -> tuple[NDArray[np.bool_], States]:
    """The feedback is written down; three strokes in a row without it are a stall: alarm, and delivery ends."""
    unseen = (states["fault"] == STALL) | (states["fault"] == BLIND)
    miss = np.where(unseen, np.minimum(states["miss"] + 1, MISSES), 0)
    stalled = miss >= MISSES
    where = (states["phase"] == STROKED) & (states["fault"] != NO_POWER)
    return where, _with(
        states, miss=miss, alarm=states["alarm"] | stalled, halted=states["halted"] | stalled, phase=IDLE
    )


def _cut(states: States) -> tuple[NDArray[np.bool_], States]:
    """Power goes and comes back at once, in any phase: what was begun stays counted and is never repeated."""
    where = states["fault"] != NO_POWER
    return where, _with(states, phase=IDLE)


def _fault(kind: int) -> Callable[[States], tuple[NDArray[np.bool_], States]]:
    def begins(states: States) -> tuple[NDArray[np.bool_], States]:
        zero = {WILD_CONTROLLER: {"c": 0}, WILD_SUPERVISOR: {"s": 0}}.get(kind, {})
        phase = {"phase": IDLE} if kind == NO_POWER else {}
        return states["fault"] == NONE, _with(states, fault=kind, **zero, **phase)

    return begins


def _mended(states: States) -> tuple[NDArray[np.bool_], States]:
    """A stall, a blind sensor or a loss of power ends; a wild part stays wild."""
    return states["fault"] >= STALL, _with(states, fault=NONE)


def _person(states: States) -> tuple[NDArray[np.bool_], States]:
    """Somebody sees the alarm and resumes."""
    return states["alarm"] == 1, _with(states, alarm=0, halted=0, miss=0, quiet=0)


_MOVES: tuple[Callable[[States], tuple[NDArray[np.bool_], States]], ...] = (
    lambda states: _tick(states, 0),
    lambda states: _tick(states, 1),
    _request,
    _held,
    _permit,
    _drive,
    _outcome,
    _cut,
    *(_fault(kind) for kind in (WILD_CONTROLLER, WILD_SUPERVISOR, STALL, BLIND, NO_POWER)),
    _mended,
    _person,
)


def _encode(states: States) -> Codes:
    code = np.zeros(states["c"].size, np.int64)
    for name, bits in _FIELDS.items():
        code = code << bits | states[name].astype(np.int64)
    return code


def _decode(codes: Codes) -> States:
    states = {}
    for name, bits in reversed(_FIELDS.items()):
        states[name] = codes & ((1 << bits) - 1)
        codes = codes >> bits
    return {name: states[name] for name in _FIELDS}
