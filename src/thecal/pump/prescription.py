"""What a pump is told to give: a solution, a program over time, and the caps that must never be passed.

Units: mass in fg and doses in fg/day of the primary drug (the other drugs of the solution follow), time in ms.
A program is reduced to segments, the only form that the kernel runs: contiguous spans of one period, each with the
whole fg that are spread evenly over it. What is smaller than 1 fg a segment is rounded down, against risk.
The bytes of a prescription are canonical: the same prescription has exactly one byte string, so it can be signed.
"""

import json
from dataclasses import dataclass
from fractions import Fraction
from hashlib import sha256
from itertools import pairwise
from typing import Any

from thecal.formulary import PUBLISHED, ROUTES, Basis, Component, Solution
from thecal.pump.basis import basis_from, basis_plain, basis_problems
from thecal.pump.fields import NAME, clip, keys, pairs, whole
from thecal.pump.parts import UNSIGNED, Once, PatientBolus, Safety, once_from, once_plain
from thecal.quantity import MS_PER_DAY, MS_PER_HOUR, Refusal, Refused

MAX_BYTES = 16_384
MAX_STEPS = 48
MAX_PERIOD_MS = 7 * MS_PER_DAY
FORMAT = 1

type Segments = tuple[int, tuple[tuple[int, int, int], ...]]
"""(period ms, ((start ms, length ms, mass fg), ...)): contiguous from 0 to the period."""


@dataclass(frozen=True, slots=True)
class SimpleContinuous:
    """The same rate all the time. ``dose``: fg/day of the primary drug."""

    dose: int

    def problems(self) -> list[Refusal]:
        """Every field that is not well formed."""
        return whole("program.dose", self.dose, least=1, zero="write the program 'stopped' to give nothing")

    def segments(self) -> Segments:
        """The spans of one period."""
        return MS_PER_DAY, ((0, MS_PER_DAY, self.dose),)


@dataclass(frozen=True, slots=True)
class PeriodicBolus:
    """``bolus`` fg every ``every`` ms, each given over ``over`` ms, on top of a ``basal`` of fg/day."""

    bolus: int
    every: int
    over: int
    basal: int = 0

    def problems(self) -> list[Refusal]:
        """Every field that is not well formed."""
        found = whole("program.bolus", self.bolus, least=1) + whole("program.basal", self.basal)
        found += whole("program.every", self.every, least=1, most=MAX_PERIOD_MS)
        found += whole("program.over", self.over, least=1)
        if not found and self.over > self.every:
            what = f"a bolus over {self.over} ms does not fit into its interval of {self.every} ms"
            found.append(Refusal("bolus_too_long", what, "program.over", "Shorten the bolus or lengthen the interval."))
        return found

    def segments(self) -> Segments:
        """The spans of one period."""
        head = self.basal * self.over // MS_PER_DAY
        whole = self.basal * self.every // MS_PER_DAY
        first = (0, self.over, self.bolus + head)
        if self.over == self.every:
            return self.every, (first,)
        return self.every, (first, (self.over, self.every - self.over, whole - head))


@dataclass(frozen=True, slots=True)
class Step:
    """From ``start`` (ms after the pump's midnight) the rate is ``dose`` (fg/day)."""

    start: int
    dose: int


@dataclass(frozen=True, slots=True)
class MultiRate:
    """A schedule of one day, repeated. The first step starts at 0; starts rise strictly and stay below 24 h."""

    steps: tuple[Step, ...]

    def problems(self) -> list[Refusal]:
        """Every field that is not well formed."""
        if not 1 <= len(self.steps) <= MAX_STEPS:
            return [Refusal("step_count", f"a day schedule has 1 to {MAX_STEPS} steps", "program.steps")]
        found: list[Refusal] = []
        for index, step in enumerate(self.steps):
            found += whole(f"program.steps.{index}.start", step.start, most=MS_PER_DAY - 1)
            found += whole(f"program.steps.{index}.dose", step.dose)
        if found:
            return found
        if self.steps[0].start != 0 or any(a.start >= b.start for a, b in pairwise(self.steps)):
            do = "Let the first step start at 0 and each later one after the one before it."
            return [Refusal("step_order", "the steps of the day are not in order", "program.steps", do)]
        if not any(step.dose for step in self.steps):
            do = "Write the program 'stopped' to give nothing."
            return [Refusal("dose_zero", "every step of the day gives nothing", "program.steps", do)]
        return []

    def segments(self) -> Segments:
        """The spans of one period."""
        ends = (*(step.start for step in self.steps[1:]), MS_PER_DAY)
        spans, given, exact = [], 0, 0
        for step, end in zip(self.steps, ends, strict=True):
            exact += step.dose * (end - step.start)
            spans.append((step.start, end - step.start, exact // MS_PER_DAY - given))
            given = exact // MS_PER_DAY
        return MS_PER_DAY, tuple(spans)


@dataclass(frozen=True, slots=True)
class Stopped:
    """Nothing is given. It is a program of its own, so that nobody stops a pump by entering a zero."""

    def problems(self) -> list[Refusal]:
        """Every field that is not well formed."""
        return []

    def segments(self) -> Segments:
        """The spans of one period."""
        return MS_PER_DAY, ((0, MS_PER_DAY, 0),)


@dataclass(frozen=True, slots=True)
class MinimumRate:
    """The mechanical minimum of the pump: it keeps the mechanism moving, and treats nothing. ``flow``: nL/day."""

    flow: int

    def problems(self) -> list[Refusal]:
        """Every field that is not well formed."""
        return whole("program.flow", self.flow, least=1)


Program = SimpleContinuous | PeriodicBolus | MultiRate | MinimumRate | Stopped


@dataclass(frozen=True, slots=True)
class Caps:
    """The most fg of the primary drug in any sliding window of 1 h and of 24 h, and where stated of 4 h and of 7 d.

    What is not stated follows from the others: four hours hold at most four times an hour's cap, a week seven days'.
    """

    hour: int
    day: int
    four_hours: int | None = None
    week: int | None = None

    def problems(self) -> list[Refusal]:
        """Every field that is not well formed."""
        stated = {name: value for name in CAP_WINDOWS if (value := getattr(self, name)) is not None}
        found = [refusal for name, value in stated.items() for refusal in whole(f"caps.{name}", value, least=1)]
        if found:
            return found
        for (shorter, low), (longer, high) in pairwise(stated.items()):
            if low > high:
                what = f"the cap of {_SPANS[shorter]} is above the cap of {_SPANS[longer]}"
                found.append(Refusal("caps_order", what, f"caps.{shorter}"))
        return found

    def windows(self) -> tuple[tuple[str, int, int], ...]:
        """(name, window ms, fg) of every window, shortest first."""
        four = min(4 * self.hour, self.day) if self.four_hours is None else self.four_hours
        week = 7 * self.day if self.week is None else self.week
        return tuple(zip(CAP_WINDOWS, CAP_WINDOWS.values(), (self.hour, four, self.day, week), strict=True))


CAP_WINDOWS = {"hour": MS_PER_HOUR, "four_hours": 4 * MS_PER_HOUR, "day": MS_PER_DAY, "week": 7 * MS_PER_DAY}
_SPANS = {"hour": "one hour", "four_hours": "four hours", "day": "a day", "week": "a week"}


@dataclass(frozen=True, slots=True)
class Prescription:
    """One order for one pump. ``anchor`` is the device time (ms) of a midnight of the pump; ``written`` is ms UTC.

    ``once`` is given once when the order starts, on top of the program or before it. ``basis`` is the formulary that
    the order was checked against, which every gate holds it to.

    Raises Refused, naming every field at fault, when it is not well formed. Whether it may run on a given pump is
    decided by ``thecal.pump.admit``.
    """

    id: str
    patient: str
    route: str
    solution: Solution
    program: Program
    caps: Caps
    anchor: int
    author: str
    written: int
    patient_bolus: PatientBolus | None = None
    once: Once | None = None
    safety: Safety = UNSIGNED
    basis: Basis = PUBLISHED

    def __post_init__(self) -> None:
        found = [*_names(self), *self.program.problems(), *self.caps.problems(), *self.safety.problems()]
        for part in (self.patient_bolus, self.once):
            found += part.problems() if part is not None else []
        found += whole("anchor", self.anchor) + whole("written", self.written)
        found += basis_problems(self.basis, self.solution)
        if self.route not in ROUTES:
            found.append(Refusal("route", f"{clip(self.route)!r} is not a route", "route", f"Use {', '.join(ROUTES)}."))
        if not self.solution.components:
            found.append(Refusal("solution_empty", "the solution holds no drug", "solution"))
        for component in self.solution.components:
            found += whole(f"solution.{clip(component.drug)}", component.concentration, least=1)
        if found:
            raise Refused(*found)

    def segments(self) -> Segments:
        """(period ms, ((start ms, length ms, mass fg), ...)): what the kernel runs, anchored at ``anchor``."""
        if isinstance(self.program, MinimumRate):
            return MS_PER_DAY, ((0, MS_PER_DAY, self.program.flow * self.solution.primary.concentration),)
        return self.program.segments()

    def dose_rate(self) -> Fraction:
        """The exact average rate in fg/day of what the segments give."""
        period, spans = self.segments()
        return Fraction(sum(mass for _, _, mass in spans) * MS_PER_DAY, period)

    def daily_dose(self) -> int:
        """Average fg of the primary drug in 24 h, rounded down to a whole fg."""
        return int(self.dose_rate())

    def daily_flow(self) -> Fraction:
        """Average flow in nL/day, exact."""
        return self.dose_rate() / self.solution.primary.concentration

    def peak_flow(self) -> Fraction:
        """The highest flow of any segment in nL/day, exact: a pump must be able to reach it."""
        return max(self.segment_flows(), default=Fraction(0))

    def segment_flows(self) -> tuple[Fraction, ...]:
        """The flow of each segment in nL/day, exact."""
        concentration = self.solution.primary.concentration
        return tuple(Fraction(mass * MS_PER_DAY, length * concentration) for _, length, mass in self.segments()[1])

    def worst_window(self, window: int) -> int:
        """The most fg that the program gives in any sliding window of ``window`` ms, rounded up."""
        period, spans = self.segments()
        whole, rest = divmod(window, period)
        mass = whole * sum(span[2] for span in spans)
        edges = {start for start, _, _ in spans} | {(start - rest) % period for start, _, _ in spans}
        worst = max(_given(spans, period, edge + rest) - _given(spans, period, edge) for edge in edges)
        return -int(-(mass + worst) // 1)

    def to_bytes(self) -> bytes:
        """The canonical bytes: compact ASCII JSON with sorted keys."""
        return json.dumps(self._plain(), sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode("ascii")

    def digest(self) -> str:
        """SHA-256 of the canonical bytes, in hexadecimal: the name under which a pump confirms it."""
        return sha256(self.to_bytes()).hexdigest()

    def _plain(self) -> dict[str, Any]:
        caps = {
            "hour": self.caps.hour,
            "four_hours": self.caps.four_hours,
            "day": self.caps.day,
            "week": self.caps.week,
        }
        plain: dict[str, Any] = {
            "format": FORMAT,
            "id": self.id,
            "patient": self.patient,
            "route": self.route,
            "solution": [[part.drug, part.concentration] for part in self.solution.components],
            "program": _program_plain(self.program),
            "caps": {name: value for name, value in caps.items() if value is not None},
            "anchor": self.anchor,
            "author": self.author,
            "written": self.written,
        }
        if self.patient_bolus is not None:
            plain["patient_bolus"] = self.patient_bolus.plain()
        if self.once is not None:
            plain["once"] = once_plain(self.once)
        if self.safety != UNSIGNED:
            plain["safety"] = self.safety.plain()
        if self.basis != PUBLISHED:
            plain["formulary"] = basis_plain(self.basis)
        return plain

    @classmethod
    def from_bytes(cls, data: bytes) -> "Prescription":
        """Read canonical bytes. Raises Refused for anything else, even for the same content written differently."""
        if len(data) > MAX_BYTES:
            raise Refused(Refusal("too_long", f"a prescription has at most {MAX_BYTES} bytes", "prescription"))
        try:
            plain = json.loads(data)
        except (ValueError, RecursionError) as error:
            raise Refused(Refusal("not_json", f"the bytes are not JSON: {error}", "prescription")) from None
        prescription = cls.from_plain(plain)
        if prescription.to_bytes() != bytes(data):
            what = "the bytes are not in canonical form"
            raise Refused(Refusal("not_canonical", what, "prescription", "Write them with Prescription.to_bytes."))
        return prescription

    @classmethod
    def from_plain(cls, plain: object) -> "Prescription":
        """Read plain values as ``to_bytes`` writes them. Raises Refused naming the field."""
        fields = keys(plain, "prescription", _FIELDS, ("patient_bolus", "once", "safety", "formulary"))
        if fields["format"] != FORMAT:
            raise Refused(Refusal("format", f"format {fields['format']!r} is not known", "format", f"Use {FORMAT}."))
        caps = keys(fields["caps"], "caps", ("hour", "day"), ("four_hours", "week"))
        return cls(
            id=fields["id"],
            patient=fields["patient"],
            route=fields["route"],
            solution=_solution(fields["solution"]),
            program=_program(fields["program"]),
            caps=Caps(**caps),
            anchor=fields["anchor"],
            author=fields["author"],
            written=fields["written"],
            patient_bolus=PatientBolus.from_plain(fields["patient_bolus"]) if "patient_bolus" in fields else None,
            once=once_from(fields["once"]) if "once" in fields else None,
            safety=Safety.from_plain(fields["safety"]) if "safety" in fields else UNSIGNED,
            basis=basis_from(fields["formulary"]) if "formulary" in fields else PUBLISHED,
        )


_FIELDS = ("format", "id", "patient", "route", "solution", "program", "caps", "anchor", "author", "written")
_KINDS: dict[str, tuple[str, ...]] = {
    "simple_continuous": ("dose",),
    "periodic_bolus": ("bolus", "every", "over", "basal"),
    "multi_rate": ("steps",),
    "minimum_rate": ("flow",),
    "stopped": (),
}


def _program_plain(program: Program) -> dict[str, Any]:
    match program:
        case SimpleContinuous(dose):
            return {"kind": "simple_continuous", "dose": dose}
        case PeriodicBolus(bolus, every, over, basal):
            return {"kind": "periodic_bolus", "bolus": bolus, "every": every, "over": over, "basal": basal}
        case MultiRate(steps):
            return {"kind": "multi_rate", "steps": [[step.start, step.dose] for step in steps]}
        case MinimumRate(flow):
            return {"kind": "minimum_rate", "flow": flow}
        case Stopped():
            return {"kind": "stopped"}


def _program(plain: object) -> Program:
    kind = plain.get("kind") if isinstance(plain, dict) else None
    if not isinstance(kind, str) or kind not in _KINDS:
        raise Refused(
            Refusal("program_kind", "the kind of program is unknown", "program.kind", f"Use {', '.join(_KINDS)}.")
        )
    fields = keys(plain, "program", ("kind", *_KINDS[kind]))
    if kind == "simple_continuous":
        return SimpleContinuous(fields["dose"])
    if kind == "periodic_bolus":
        return PeriodicBolus(fields["bolus"], fields["every"], fields["over"], fields["basal"])
    if kind == "minimum_rate":
        return MinimumRate(fields["flow"])
    if kind == "stopped":
        return Stopped()
    return MultiRate(tuple(Step(start, dose) for start, dose in pairs(fields["steps"], "program.steps")))


def _solution(plain: object) -> Solution:
    parts = pairs(plain, "solution")
    for drug, concentration in parts:
        found = whole("solution", concentration, least=1)
        if not isinstance(drug, str) or not NAME.fullmatch(drug):
            found.append(Refusal("drug", f"{clip(drug)!r} is not the name of a drug", "solution"))
        if found:
            raise Refused(*found)
    if len({drug for drug, _ in parts}) < len(parts) or not parts:
        raise Refused(Refusal("solution_drugs", "name each drug of the solution once, and at least one", "solution"))
    return Solution(tuple(Component(drug, concentration) for drug, concentration in parts))


def _names(prescription: Prescription) -> list[Refusal]:
    found = []
    for where in ("id", "patient"):
        value = getattr(prescription, where)
        if not isinstance(value, str) or not NAME.fullmatch(value):
            do = "Use 1 to 80 letters, digits, or any of _ . : @ -"
            found.append(Refusal("name", f"{clip(value)!r} cannot be used here", where, do))
    author = prescription.author
    if type(author) is not str or not author.isprintable() or not 1 <= len(author.strip()) <= 120:
        found.append(Refusal("name", f"{clip(author)!r} is not a name", "author", "Use 1 to 120 printable characters."))
    return found


def _given(spans: tuple[tuple[int, int, int], ...], period: int, until: int) -> Fraction:
    """fg given from the start of a period to ``until`` ms after it."""
    whole, rest = divmod(until, period)
    given = Fraction(whole * sum(mass for _, _, mass in spans))
    for start, length, mass in spans:
        given += Fraction(mass * min(max(rest - start, 0), length), length)
    return given
