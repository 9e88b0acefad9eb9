"""A case to put to the pump, read from TOML or JSON: profile, filling, prescription, timed events, faults.

Every quantity is text with its unit. Whatever is missing, unknown, or not exactly readable is refused by field and
reason; nothing is guessed or clamped. Times inside are ms from the beginning of the run. The format is told in
``docs/pump/replay.md``.
"""

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from thecal.formulary import Solution
from thecal.pump.bench import Filling
from thecal.pump.catalog import Profile, profile
from thecal.pump.hardware import Fault, make_fault
from thecal.pump.prescription import Prescription
from thecal.quantity import (
    CONCENTRATION,
    DOSE_RATE,
    DURATION,
    FLOW,
    MASS,
    MS_PER_DAY,
    VOLUME,
    Kind,
    QuantityError,
    Refusal,
    Refused,
    parse,
)

FORMAT = 1
MAX_BYTES = 262_144
MAX_LENGTH_MS = 366 * MS_PER_DAY
MAX_EVENTS, MAX_FAULTS = 1_000, 100
START = 20_454 * MS_PER_DAY  # a midnight, UTC; every run begins there
_TOP = {"format", "title", "profile", "seed", "length", "exact_flow", "pump", "prescription", "event", "fault"}
_PUMP = {"fill", "volume", "path", "path_content"}
_KINDS: tuple[Kind, ...] = (MASS, DOSE_RATE, DURATION, FLOW, VOLUME, CONCENTRATION)
_EVENTS: dict[str, tuple[set[str], set[str]]] = {
    # what it is: (fields that it needs, fields that it may have)
    "load": ({"prescription"}, set()),
    "stop": (set(), set()),
    "refill": ({"volume"}, {"fill", "withdrawn", "prescription"}),
    "restart": (set(), {"off"}),
    "request": (set(), set()),
    "resume": (set(), set()),
    "path_empty": (set(), set()),
    "path_filled": (set(), set()),
    "reset_valve": (set(), set()),
}
_NUMBER_FIELDS = {"count"}
_QUANTITY = re.compile(r"[-+.\d]|(?:nan|inf(?:inity)?)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that a person does ``at`` ms after the beginning."""

    at: int
    do: str
    order: Prescription | None = None
    fill: Solution | None = None
    volume_nl: int = 0
    withdrawn_nl: int | None = None
    off_ms: int = 0


@dataclass(frozen=True, slots=True)
class Scenario:
    """A case, ready to run. Fault times are true times of the run, from ``START`` on; event times count from 0."""

    title: str
    profile: Profile
    filling: Filling
    length: int
    seed: int
    exact_flow: bool
    order: Prescription | None
    events: tuple[Event, ...]
    faults: tuple[Fault, ...]


def read_scenario(data: bytes) -> Scenario:
    """Read a case. Raises Refused naming every field that could not be read."""
    if len(data) > MAX_BYTES:
        raise Refused(Refusal("too_long", f"a case has at most {MAX_BYTES} bytes", "file"))
    return scenario_from_plain(_plain(data))


def scenario_from_plain(plain: object) -> Scenario:
    """A case from plain values. Raises Refused naming every field at fault."""
    reader = _Reader()
    top = reader.table(plain, "file", _TOP)
    if top.get("format") != FORMAT or isinstance(top.get("format"), bool):
        reader.refuse("format", "the format is not known", f"Write format = {FORMAT}.")
    title = reader.text(top, "title", default="")
    model = reader.attempt(lambda: profile(reader.text(top, "profile")), "profile")
    if model is not None:
        reader.attempt(model.device, "profile")
    length = reader.quantity(top, "length", DURATION)
    if length is not None and not 0 < length <= MAX_LENGTH_MS:
        reader.refuse("length", "a run lasts more than nothing and at most 366 days", "")
    seed = top.get("seed", 0)
    if type(seed) is not int or not 0 <= seed < 2**63:
        reader.refuse("seed", "a seed is a whole number from 0 on", "")
    exact = top.get("exact_flow", False)
    if type(exact) is not bool:
        reader.refuse("exact_flow", "write true or false", "")
    filling = _filling(reader, top.get("pump"))
    order = None
    if "prescription" in top and filling is not None:
        order = reader.order(top["prescription"], "prescription", filling.fill)
    events = _events(reader, top.get("event", []), filling, length)
    faults = _faults(reader, top.get("fault", []))
    if reader.found:
        raise Refused(*reader.found)
    assert model is not None and filling is not None and length is not None, "else something was refused"
    return Scenario(title, model, filling, length, seed, exact, order, events, faults)


def _plain(data: bytes) -> object:
    try:
        text = data.decode("utf-8")
        if text.lstrip()[:1] == "{":
            return json.loads(text, parse_constant=_no_constant)
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        do = "Write TOML, or JSON that begins with {."
        raise Refused(Refusal("unreadable", f"it is neither TOML nor JSON: {str(error)[:200]}", "file", do)) from None


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not a number")


def _filling(reader: "_Reader", plain: object) -> Filling | None:
    table = reader.table(plain, "pump", _PUMP)
    fill = reader.solution(table.get("fill"), "pump.fill")
    content = reader.solution(table["path_content"], "pump.path_content") if "path_content" in table else None
    volume = reader.quantity(table, "volume", VOLUME, "pump.")
    path = reader.quantity(table, "path", VOLUME, "pump.")
    if path is not None and path > 10_000_000:
        reader.refuse("pump.path", "a path holds at most 10 mL", "")
    if fill is None or volume is None or path is None:
        return None
    return Filling(fill, volume, path, content)


def _events(reader: "_Reader", plain: object, filling: Filling | None, length: int | None) -> tuple[Event, ...]:
    made = []
    for index, entry in enumerate(reader.listed(plain, "event", MAX_EVENTS)):
        where = f"event.{index}"
        do = entry.get("do") if isinstance(entry, dict) else None
        if not isinstance(do, str) or do not in _EVENTS:
            reader.refuse(f"{where}.do", f"{str(do)[:40]!r} is not an event", f"Use one of {', '.join(_EVENTS)}.")
            continue
        needs, may = _EVENTS[do]
        table = reader.table(entry, where, {"at", "do"} | needs | may)
        for name in sorted(needs - table.keys()):
            reader.refuse(f"{where}.{name}", "it is missing", "")
        at = reader.quantity(table, "at", DURATION, f"{where}.")
        if at is not None and length is not None and at > length:
            reader.refuse(f"{where}.at", "it comes after the end of the run", "Lengthen the run.")
        fill = reader.solution(table["fill"], f"{where}.fill") if "fill" in table else _held(filling)
        order = None
        if "prescription" in table and fill is not None:
            order = reader.order(table["prescription"], f"{where}.prescription", fill)
        volume = reader.quantity(table, "volume", VOLUME, f"{where}.") if "volume" in table else 0
        withdrawn = reader.quantity(table, "withdrawn", VOLUME, f"{where}.") if "withdrawn" in table else None
        off = reader.quantity(table, "off", DURATION, f"{where}.") if "off" in table else 0
        made.append(Event(at or 0, do, order, fill, volume or 0, withdrawn, off or 0))
    return tuple(sorted(made, key=lambda event: event.at))


def _held(filling: Filling | None) -> Solution | None:
    return None if filling is None else filling.fill


def _faults(reader: "_Reader", plain: object) -> tuple[Fault, ...]:
    made = []
    for index, entry in enumerate(reader.listed(plain, "fault", MAX_FAULTS)):
        where = f"fault.{index}"
        if not isinstance(entry, dict):
            reader.refuse(where, "a table is expected", "")
            continue
        table = dict(entry)
        at = reader.quantity(table, "at", DURATION, f"{where}.")
        until = reader.quantity(table, "until", DURATION, f"{where}.") if "until" in table else None
        kind = str(table.pop("kind", ""))
        figures = {str(name): value for name, value in table.items() if name not in ("at", "until")}
        if at is not None:
            end = None if until is None else START + until
            fault = reader.attempt(
                lambda k=kind, a=at, e=end, f=figures, w=where: make_fault(k, START + a, e, f, w),
                where,
            )
            if fault is not None:
                made.append(fault)
    return tuple(made)


class _Reader:
    """Reads fields, and gathers what is wrong instead of ending at the first fault."""

    def __init__(self) -> None:
        self.found: list[Refusal] = []

    def refuse(self, where: str, what: str, do: str) -> None:
        self.found.append(Refusal("case", what, where, do))

    def attempt[T](self, read: Any, where: str) -> Any:
        try:
            return read()
        except Refused as refused:
            self.found += refused.refusals
        except QuantityError as error:
            self.refuse(where, str(error)[:300], "")
        return None

    def table(self, plain: object, where: str, names: set[str]) -> dict[str, Any]:
        if not isinstance(plain, dict):
            self.refuse(where, "a table is expected", f"It holds {', '.join(sorted(names))}.")
            return {}
        for name in sorted(str(key) for key in plain.keys() - names):
            do = f"Known are {', '.join(sorted(names))}."
            self.refuse(f"{where}.{name[:40]}", "this field is not known", do)
        return {str(key): value for key, value in plain.items()}

    def listed(self, plain: object, where: str, most: int) -> list[Any]:
        if not isinstance(plain, list) or len(plain) > most:
            self.refuse(where, f"a list of at most {most} tables is expected", f"Write [[{where}]].")
            return []
        return plain

    def text(self, table: Mapping[str, Any], name: str, default: str | None = None) -> str:
        value = table.get(name, default)
        if not isinstance(value, str) or len(value) > 200 or not value.isprintable():
            self.refuse(name, "a text of at most 200 printable characters is expected", "")
            return ""
        return value

    def quantity(self, table: Mapping[str, Any], name: str, kind: Kind, under: str = "") -> int | None:
        if name not in table:
            self.refuse(f"{under}{name}", "it is missing", f"Write a {kind.name}, for example '{kind.example}'.")
            return None
        found: int | None = self.attempt(lambda: parse(table[name], kind), f"{under}{name}")
        return found

    def solution(self, value: object, where: str) -> Solution | None:
        if not isinstance(value, str) or len(value) > 200:
            self.refuse(where, "a solution is expected", "Write it like 'morphine 10 mg/mL'.")
            return None
        before = len(self.found)
        found: Solution | None = self.attempt(lambda: Solution.parse(value), where)
        for index in range(before, len(self.found)):
            refusal = self.found[index]
            self.found[index] = Refusal(refusal.code, refusal.what, where, refusal.do, refusal.source)
        return found

    def order(self, plain: object, where: str, fill: Solution) -> Prescription | None:
        """A prescription: what is left out is taken from the pump, and quantities become inner units."""
        if not isinstance(plain, dict):
            self.refuse(where, "a table is expected", "")
            return None
        before = len(self.found)
        table = {str(key): self._inner(value, f"{where}.{key}", str(key), 0) for key, value in plain.items()}
        if isinstance(table.get("program"), dict) and table["program"].get("kind") == "periodic_bolus":
            table["program"].setdefault("basal", 0)
        if isinstance(table.get("safety"), dict):
            table["safety"].setdefault("fallback", None)
            table["safety"].setdefault("reactions", [])
        solution: object = [[part.drug, part.concentration] for part in fill.components]
        if "solution" in plain:
            held = self.solution(plain["solution"], f"{where}.solution")
            solution = held and [[part.drug, part.concentration] for part in held.components]
        anchor = table.get("anchor", 0)
        table |= {"solution": solution, "anchor": START + anchor if type(anchor) is int else anchor}
        whole = {"format": 1, "id": "rx", "patient": "case", "author": "case", "written": START, "route": "intrathecal"}
        if len(self.found) > before:
            return None
        made: Prescription | None = self.attempt(lambda: Prescription.from_plain(whole | table), where)
        for index in range(before, len(self.found)):
            refusal = self.found[index]
            if not refusal.where.startswith(where):
                self.found[index] = Refusal(
                    refusal.code, refusal.what, f"{where}.{refusal.where}", refusal.do, refusal.source
                )
        return made

    def _inner(self, value: object, where: str, name: str, depth: int) -> Any:
        if depth > 8:
            self.refuse(where, "it is nested too deeply", "")
            return None
        if isinstance(value, dict):
            return {str(k): self._inner(v, f"{where}.{str(k)[:40]}", str(k), depth + 1) for k, v in value.items()}
        if isinstance(value, list):
            return [self._inner(each, f"{where}.{i}", name, depth + 1) for i, each in enumerate(value[:2_000])]
        if (
            isinstance(value, str)
            and name != "solution"
            and _QUANTITY.match(value)
            and name not in ("id", "patient", "author")
        ):
            return self._any_quantity(value, where)
        if isinstance(value, str) or value is None or (name in _NUMBER_FIELDS and type(value) is int):
            return value
        self.refuse(where, f"{str(value)[:40]!r} has no unit", "Write a number and a unit, for example '5 mg/day'.")
        return None

    def _any_quantity(self, text: str, where: str) -> int | None:
        for kind in _KINDS:
            try:
                return parse(text, kind)
            except QuantityError as error:
                reason = error.reason
                if "another kind" not in reason:
                    break
        self.refuse(where, f"{text[:60]!r} is not a quantity: {reason}", "")
        return None
