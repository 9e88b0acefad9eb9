"""The supervisor's own reading of an order: canonical bytes in, what bounds delivery out. Section 4 of the page.

Masses fg, times ms, volumes nL. Anything that is not exactly canonical is a ValueError that names the field.
"""

import json
import re
from bisect import bisect_right
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise
from typing import Any

from thecal.pump.supervisor.ledger import WINDOWS
from thecal.pump.supervisor.types import DAY, MOST, Figures

MAX_BYTES = 16_384
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:@-]{0,79}", re.ASCII)
_ALARM = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)
_ACTIONS = ("continue", "basal_only", "fallback", "min_rate", "stop")
_NOT_FOR_ORDERS = frozenset(
    {"over_delivery", "free_flow", "actuator_fault", "reservoir_empty", "therapy_stopped", "emergency_used"}
)
_ROUTES = ("intrathecal", "epidural", "intravenous", "oral")
_TOP = ("format", "id", "patient", "author", "written", "route", "solution", "anchor", "program", "caps")
_ONCE: dict[str, tuple[str, ...]] = {
    "bolus": ("dose", "over"),
    "prime": ("volume", "over"),
    "bridge": ("concentration", "steps"),
    "temporary": ("dose", "length"),
}
_PROGRAM: dict[str, tuple[str, ...]] = {
    "simple_continuous": ("dose",),
    "periodic_bolus": ("bolus", "every", "over", "basal"),
    "multi_rate": ("steps",),
    "minimum_rate": ("flow",),
    "stopped": (),
}


@dataclass(frozen=True, slots=True)
class Order:
    """What an order lets a pump give. ``starts`` and ``sums``: the segments of one period and the fg before each."""

    digest: str
    pulse_fg: int
    caps: tuple[int, int, int, int]
    period: int
    starts: tuple[int, ...]
    sums: tuple[int, ...]
    fallback: int | None = None
    grants: tuple[int, int, int, int] | None = None  # pulses of a bolus, lockout, count, window
    bolus: int = 0  # pulses of the single bolus
    prime: int = 0  # pulses that fill the path
    bridge: int = 0  # pulses of the old fluid, and the fg that each counts
    bridge_fg: int = 0
    temporary: tuple[int, int] = (0, 0)  # fg/day, ms
    once: bool = False

    def _mass(self, time: int) -> tuple[int, int]:
        """The fg prescribed from the start of a period to ``time`` later, rounded down and rounded up."""
        whole, rest = divmod(time, self.period)
        index = bisect_right(self.starts, rest) - 1
        start, end = self.starts[index], (*self.starts, self.period)[index + 1]
        part = (self.sums[index + 1] - self.sums[index]) * (rest - start)
        before = whole * self.sums[-1] + self.sums[index]
        return before + part // (end - start), before - (-part // (end - start))

    def most(self, length: int) -> int:
        """The most fg that the program prescribes in any ``length`` ms, wherever they lie; rounded down."""
        edges = {*self.starts, *((start - length) % self.period for start in self.starts)}
        return max(self._mass(edge + length)[0] - self._mass(edge)[1] for edge in edges)


def read_order(data: bytes, figures: Figures) -> Order:
    """The order in these bytes. Raises ValueError("field: reason") for anything that is not canonical and complete."""
    if len(data) > MAX_BYTES:
        raise ValueError(f"order: more than {MAX_BYTES} bytes")
    try:
        plain = json.loads(data)
        again = json.dumps(plain, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()
    except (ValueError, RecursionError):
        raise ValueError("order: not JSON") from None
    if again != bytes(data):
        raise ValueError("order: not canonical")
    _keys("order", plain, _TOP, ("patient_bolus", "once", "safety", "formulary"))
    _head(plain)
    if "formulary" in plain:
        _formulary(plain["formulary"])
    concentration = _solution(plain["solution"])
    pulse_fg = figures.pulse_nl * concentration
    period, spans = _segments(plain["program"], concentration, figures)
    sums = [0]
    for _, mass in spans:
        sums.append(sums[-1] + mass)
    more = _once(plain["once"], pulse_fg, figures) if "once" in plain else {}
    if "patient_bolus" in plain:
        more["grants"] = _grants(plain["patient_bolus"], pulse_fg)
    if "safety" in plain:
        more["fallback"] = _safety(plain["safety"])
    starts = tuple(start for start, _ in spans)
    order = Order(sha256(data).hexdigest(), pulse_fg, _caps(plain["caps"]), period, starts, tuple(sums), **more)
    if any(order.most(window) > cap for window, cap in zip(WINDOWS, order.caps, strict=True)):
        raise ValueError("caps: the program passes them")
    return order


def _keys(where: str, plain: Any, needed: tuple[str, ...], optional: tuple[str, ...] = ()) -> None:
    if not isinstance(plain, dict) or not set(needed) <= set(plain) <= {*needed, *optional}:
        raise ValueError(f"{where}: keys")


def _kind(where: str, plain: Any, kinds: dict[str, tuple[str, ...]]) -> str:
    kind = plain.get("kind") if isinstance(plain, dict) else None
    if not isinstance(kind, str) or kind not in kinds:
        raise ValueError(f"{where}: kind")
    _keys(where, plain, ("kind", *kinds[kind]))
    return kind


def _whole(where: str, value: Any, least: int = 0, most: int = MOST) -> int:
    if type(value) is not int or not least <= value <= most:
        raise ValueError(f"{where}: not a whole number in its range")
    return value


def _pairs(where: str, plain: Any, most: int = MOST) -> list[Any]:
    if not isinstance(plain, list) or not 1 <= len(plain) <= most:
        raise ValueError(f"{where}: not a list of the right length")
    if any(not isinstance(pair, list) or len(pair) != 2 for pair in plain):
        raise ValueError(f"{where}: not pairs")
    return plain


def _head(plain: Any) -> None:
    for name in ("id", "patient"):
        if not isinstance(plain[name], str) or not _NAME.fullmatch(plain[name]):
            raise ValueError(f"{name}: not a name")
    _person("author", plain["author"])
    if plain["route"] not in _ROUTES:
        raise ValueError("route: unknown")
    _whole("format", plain["format"], 1, 1)
    _whole("written", plain["written"])
    _whole("anchor", plain["anchor"])


def _person(where: str, name: Any) -> None:
    if not isinstance(name, str) or not name.isprintable() or not 1 <= len(name.strip()) <= len(name) <= 120:
        raise ValueError(f"{where}: not 1 to 120 printable characters")


def _formulary(plain: Any) -> None:
    """What the order was checked against binds the gate, not the supervisor: its form alone is read."""
    _keys("formulary", plain, ("version", "populations", "signed"))
    populations, signed = plain["populations"], plain["signed"]
    if not isinstance(populations, list) or not isinstance(signed, list):
        raise ValueError("formulary: not lists")
    names = [plain["version"], *populations]
    for row in signed:
        if not isinstance(row, list) or len(row) != 6:
            raise ValueError("formulary.signed: not six values")
        names += row[:4]
        _whole("formulary.signed", row[4], 1)
        _person("formulary.signed", row[5])
    if any(not isinstance(name, str) or not _NAME.fullmatch(name) for name in names):
        raise ValueError("formulary: not a name")


def _solution(plain: Any) -> int:
    for drug, concentration in _pairs("solution", plain):
        if not isinstance(drug, str) or not _NAME.fullmatch(drug):
            raise ValueError("solution: not the name of a drug")
        _whole("solution", concentration, 1)
    if len({drug for drug, _ in plain}) < len(plain):
        raise ValueError("solution: a drug named twice")
    return int(plain[0][1])


def _segments(plain: Any, concentration: int, figures: Figures) -> tuple[int, list[tuple[int, int]]]:
    """(period, [(start, fg to the next start), ...])."""
    kind = _kind("program", plain, _PROGRAM)
    if kind == "simple_continuous":
        return DAY, [(0, _whole("program.dose", plain["dose"], 1))]
    if kind == "minimum_rate":
        flow = _whole("program.flow", plain["flow"], 1)
        if flow != figures.minimum_rate:
            raise ValueError("program.flow: not the minimum rate of the model")
        return DAY, [(0, flow * concentration)]
    if kind == "stopped":
        return DAY, [(0, 0)]
    if kind == "multi_rate":
        return DAY, _day(_pairs("program.steps", plain["steps"], 48))
    every = _whole("program.every", plain["every"], 1, 7 * DAY)
    over = _whole("program.over", plain["over"], 1, every)
    bolus, basal = _whole("program.bolus", plain["bolus"], 1), _whole("program.basal", plain["basal"])
    head = basal * over // DAY
    rest = [(over, basal * every // DAY - head)] if over < every else []
    return every, [(0, bolus + head), *rest]


def _day(steps: list[Any]) -> list[tuple[int, int]]:
    for start, dose in steps:
        _whole("program.steps", start, 0, DAY - 1)
        _whole("program.steps", dose)
    if steps[0][0] != 0 or any(a[0] >= b[0] for a, b in pairwise(steps)) or not any(dose for _, dose in steps):
        raise ValueError("program.steps: not rising from 0, or all nothing")
    spans, exact = [], 0
    for (start, dose), end in zip(steps, [*(start for start, _ in steps[1:]), DAY], strict=True):
        before = exact // DAY
        exact += dose * (end - start)
        spans.append((start, exact // DAY - before))
    return spans


def _caps(plain: Any) -> tuple[int, int, int, int]:
    _keys("caps", plain, ("hour", "day"), ("four_hours", "week"))
    for name, value in plain.items():
        _whole(f"caps.{name}", value, 1)
    hour, day = plain["hour"], plain["day"]
    return hour, plain.get("four_hours", min(4 * hour, day)), day, plain.get("week", 7 * day)


def _grants(plain: Any, pulse_fg: int) -> tuple[int, int, int, int]:
    _keys("patient_bolus", plain, ("dose", "over", "lockout", "from", "count", "window"))
    for name in ("dose", "over", "lockout", "count", "window"):
        _whole(f"patient_bolus.{name}", plain[name], int(name != "lockout"))
    if plain["from"] not in ("start", "end"):
        raise ValueError("patient_bolus.from: neither start nor end")
    return _pulses("patient_bolus.dose", plain["dose"], pulse_fg), plain["lockout"], plain["count"], plain["window"]


def _pulses(where: str, amount: int, pulse: int) -> int:
    if amount < pulse:
        raise ValueError(f"{where}: less than one pulse")
    return amount // pulse


def _once(plain: Any, pulse_fg: int, figures: Figures) -> dict[str, Any]:
    kind, found = _kind("once", plain, _ONCE), {"once": True}
    if kind == "bridge":
        concentration = _whole("once.concentration", plain["concentration"], 1)
        steps = _pairs("once.steps", plain["steps"])
        flown = sum(_whole("once.steps", ms, 1) * _whole("once.steps", flow) for ms, flow in steps)
        return found | {
            "bridge": flown // (DAY * figures.pulse_nl),
            "bridge_fg": figures.pulse_nl * concentration,
        }
    if kind == "temporary":
        length = _whole("once.length", plain["length"], 1, 7 * DAY)
        return found | {"temporary": (_whole("once.dose", plain["dose"]), length)}
    _whole("once.over", plain["over"], 1)
    if kind == "bolus":
        return found | {"bolus": _pulses("once.dose", _whole("once.dose", plain["dose"], 1), pulse_fg)}
    volume = _whole("once.volume", plain["volume"], 1, figures.path_nl)
    return found | {"prime": _pulses("once.volume", volume, figures.pulse_nl)}


def _safety(plain: Any) -> int | None:
    _keys("safety", plain, ("fallback", "reactions"))
    fallback, reactions = plain["fallback"], plain["reactions"]
    if fallback is not None:
        _whole("safety.fallback", fallback)
    if not isinstance(reactions, list) or (fallback is None and not reactions):
        raise ValueError("safety: no list of reactions, or a default written out")
    named = _pairs("safety.reactions", reactions) if reactions else []
    names = [name for name, action in named if action in _ACTIONS]
    if len(names) < len(reactions) or any(not isinstance(name, str) or not _ALARM.fullmatch(name) for name in names):
        raise ValueError("safety.reactions: not an alarm and its action")
    if len(set(names)) < len(names) or _NOT_FOR_ORDERS.intersection(names):
        raise ValueError("safety.reactions: an alarm named twice, or one that no order may choose")
    return None if fallback is None else int(fallback)
