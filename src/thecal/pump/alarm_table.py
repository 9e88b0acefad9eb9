"""The alarms as data, and the board on which those that are active stand. Table-driven and pure. Times in ms.

``data/alarms.toml`` (times in s) says for each alarm how urgent it is, what the pump does, whether it stays until a
person saw it, and what it becomes in time. Nothing is masked: whatever else is active, each alarm stays listed, is
escalated and repeated.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from thecal.quantity import Refusal, Refused

Priority = Literal["high", "medium", "low"]
Action = Literal["continue", "basal_only", "fallback", "min_rate", "stop"]
Channel = Literal["implant", "external"]

PRIORITIES: tuple[Priority, ...] = ("high", "medium", "low")
ACTIONS: tuple[Action, ...] = ("continue", "basal_only", "fallback", "min_rate", "stop")  # each more restrictive


@dataclass(frozen=True, slots=True)
class Escalation:
    """What an alarm becomes: a priority, or the alarm with that number, after ``after`` s or when a condition holds."""

    to: Priority | int
    after: int | None
    when: str
    action: Action | None = None


@dataclass(frozen=True, slots=True)
class Alarm:
    """One alarm of the table. ``reason`` is given where the priority is not what harm and onset ask for."""

    number: int
    name: str
    priority: Priority
    harm: str
    onset: str
    reason: str
    raised_by: str
    condition: str
    causes: tuple[str, ...]
    patient: str
    clinic: str
    action: Action
    of_the_pump: bool
    locks_bolus: bool
    latching: bool
    clears: str
    escalation: Escalation | None
    clinic_may_change: str
    hazards: tuple[str, ...]
    source: tuple[str, ...]
    confirmed: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """An alarm that is active. ``present`` is whether its condition still holds; ``count`` how often it began."""

    number: int
    since: int
    last: int
    priority: Priority
    action: Action
    count: int = 1
    present: bool = True
    acknowledged: bool = False
    escalated: bool = False
    sounded: int | None = None
    silent_until: int = 0


@dataclass(frozen=True, slots=True)
class Signal:
    """A tone or light that is due now on a channel, for that alarm."""

    number: int
    priority: Priority
    channel: Channel


Board = tuple[Entry, ...]
EMPTY: Board = ()


@cache
def alarms() -> tuple[Alarm, ...]:
    """Every alarm, in order of its number."""
    return tuple(sorted((_alarm(plain) for plain in _data()["alarm"]), key=lambda alarm: alarm.number))


def alarm(number: int) -> Alarm:
    """The alarm with that number. Raises KeyError."""
    return _by_number()[number]


def alarm_named(name: str) -> Alarm:
    """The alarm with that name. Raises Refused."""
    for each in alarms():
        if each.name == name:
            return each
    raise Refused(Refusal("alarm", f"no alarm is called {name[:60]!r}", "alarm"))


def by_matrix(harm: str, onset: str) -> Priority:
    """The priority that a harm and its onset ask for."""
    priority: Priority = _data()["matrix"][harm][onset]
    return priority


def begin(board: Board, number: int, now: int) -> Board:
    """Its condition holds from now on. An alarm that is active already is counted, and is not sounded anew by that."""
    known = alarm(number)
    entry = _entry(board, number)
    if entry is None:
        return _sorted((*board, Entry(number, now, now, known.priority, known.action)))
    if entry.present:
        return board
    again = replace(entry, last=now, count=entry.count + 1, present=True, acknowledged=False)
    return _with(board, again)


def end(board: Board, number: int, now: int) -> Board:
    """Its condition has gone. A latching alarm stays until it is acknowledged too."""
    entry = _entry(board, number)
    if entry is None:
        return board
    entry = replace(entry, present=False, last=max(now, entry.last))
    return _with(board, entry) if alarm(number).latching and not entry.acknowledged else _without(board, number)


def acknowledge(board: Board, number: int) -> Board:
    """A person has seen it. It goes when its condition has gone; while that holds it only rests."""
    entry = _entry(board, number)
    if entry is None:
        return board
    return _with(board, replace(entry, acknowledged=True)) if entry.present else _without(board, number)


def silence(board: Board, now: int, span: int, channel: Channel) -> Board:
    """Silence what is active now for ``span`` ms; a later alarm sounds. Raises Refused for longer than is allowed."""
    silent = []
    for entry in board:
        most = _longest_silence(entry.priority, channel)
        if not 0 < span <= most:
            do = f"At most {most // 1000} s for a {entry.priority} alarm."
            raise Refused(Refusal("silence", f"{span} ms is not a silence that is allowed", "span", do))
        silent.append(replace(entry, silent_until=now + span))
    return tuple(silent)


def link_lost(board: Board) -> Board:
    """The device that silenced is out of reach: every silence ends."""
    return tuple(replace(entry, silent_until=0) for entry in board)


def escalate(board: Board, number: int, now: int) -> Board:
    """The condition in words under which an alarm escalates holds now, whatever its time."""
    entry, rule = _entry(board, number), alarm(number).escalation
    if entry is None or rule is None or entry.escalated:
        return board
    if isinstance(rule.to, int):
        return begin(_with(board, replace(entry, escalated=True)), rule.to, now)
    action = entry.action if rule.action is None else max(entry.action, rule.action, key=ACTIONS.index)
    higher = replace(entry, priority=rule.to, action=action, escalated=True, silent_until=0, sounded=None)
    return _sorted(_with(board, higher))


def tick(
    board: Board, now: int, channel: Channel = "implant", second_of_day: int | None = None
) -> tuple[Board, tuple[Signal, ...]]:
    """What time does: escalations whose time has come, and the signals that are due now, most urgent first.

    A signal is due at once for a new alarm, and then by the rhythm of its priority. ``second_of_day`` lets medium and
    low tones of the implant rest at night, except in the first stretch of an alarm and after it escalated.
    """
    for entry in board:
        rule = alarm(entry.number).escalation
        if rule is not None and rule.after is not None and now - entry.since >= rule.after * 1000:
            board = escalate(board, entry.number, now)
    signals = tuple(Signal(e.number, e.priority, channel) for e in board if _due(e, now, channel, second_of_day))
    sounded = {signal.number for signal in signals}
    return tuple(replace(e, sounded=now) if e.number in sounded else e for e in board), signals


def action(board: Iterable[Entry], chosen: Mapping[str, Action] | None = None) -> Action:
    """The most restrictive action of all active alarms; ``chosen`` are the reactions that the order signed."""
    chosen = chosen or {}
    return max((chosen.get(alarm(e.number).name, e.action) for e in board), key=ACTIONS.index, default="continue")


def locks_bolus(board: Iterable[Entry]) -> bool:
    """Whether any active alarm refuses boluses."""
    return any(alarm(entry.number).locks_bolus for entry in board)


def bits(board: Iterable[Entry]) -> int:
    """The active alarms as the controller takes them: bit n for alarm n, without those that are not the pump's."""
    return sum(1 << entry.number for entry in board if alarm(entry.number).of_the_pump)


def _due(entry: Entry, now: int, channel: Channel, second_of_day: int | None) -> bool:
    if now < entry.silent_until or (entry.acknowledged and channel == "implant"):
        return False
    if entry.sounded is None:
        return True
    rhythm = _data()[channel][entry.priority]
    early = now - entry.since < rhythm.get("first", 0) * 1000
    rest = not (early or entry.escalated or rhythm.get("at_night", True))
    if rest and second_of_day is not None and _is_night(second_of_day):
        return False
    every = rhythm["repeat"] if early or "later" not in rhythm else rhythm["later"]
    return bool(now - entry.sounded >= every * 1000)


def _is_night(second_of_day: int) -> bool:
    begins, ends = _data()["rules"]["night"]
    return bool(second_of_day >= begins or second_of_day < ends)


def _longest_silence(priority: Priority, channel: Channel) -> int:
    rules = _data()["rules"]
    if channel == "external":
        return int(rules["silence_external"]) * 1000
    return int(rules["silence_implant"].get(priority, 7 * 86_400)) * 1000


def _entry(board: Board, number: int) -> Entry | None:
    return next((entry for entry in board if entry.number == number), None)


def _with(board: Board, entry: Entry) -> Board:
    return tuple(entry if each.number == entry.number else each for each in board)


def _without(board: Board, number: int) -> Board:
    return tuple(each for each in board if each.number != number)


def _sorted(board: Iterable[Entry]) -> Board:
    return tuple(sorted(board, key=lambda e: (PRIORITIES.index(e.priority), e.since, e.number)))


@cache
def _by_number() -> dict[int, Alarm]:
    return {each.number: each for each in alarms()}


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads((files("thecal.pump") / "data" / "alarms.toml").read_text("utf-8"))


def _alarm(plain: dict[str, Any]) -> Alarm:
    rule = plain.get("escalates")
    escalation = None
    if rule is not None:
        escalation = Escalation(rule["to"], rule.get("after"), rule.get("when", ""), rule.get("action"))
    return Alarm(
        number=plain["number"],
        name=plain["name"],
        priority=plain["priority"],
        harm=plain["harm"],
        onset=plain["onset"],
        reason=plain.get("reason", ""),
        raised_by=plain["raised_by"],
        condition=plain["condition"],
        causes=tuple(plain["causes"]),
        patient=plain["patient"],
        clinic=plain["clinic"],
        action="continue" if plain["action"] == "none" else plain["action"],
        of_the_pump=plain["action"] != "none",
        locks_bolus=plain["locks_bolus"],
        latching=plain["latching"],
        clears=plain["clears"],
        escalation=escalation,
        clinic_may_change=plain.get("clinic_may_change", "no"),
        hazards=tuple(plain["hazards"]),
        source=tuple(plain["source"]),
        confirmed=plain["confirmed"],
    )
