"""What an order can hold beside its program: a patient's bolus, something given once, and the reactions to faults.

Units: fg and fg/day of the primary drug, nL, nL/day, fg/nL, ms. Plain forms as in the specification, 4.3 to 4.5.
"""

from dataclasses import dataclass
from typing import Any, Literal

from thecal.pump.alarm_table import ACTIONS, Action, alarm_named, alarms
from thecal.pump.fields import clip, keys, pairs, whole
from thecal.quantity import MS_PER_DAY, Refusal, Refused

MAX_SPAN_MS = 7 * MS_PER_DAY
MAX_COUNT = 512
MAX_BRIDGE_STEPS = 48
FIXED = ("over_delivery", "free_flow", "actuator_fault", "reservoir_empty", "therapy_stopped", "emergency_used")


@dataclass(frozen=True, slots=True)
class PatientBolus:
    """A bolus that the patient may ask for: ``dose`` over ``over`` ms.

    The lockout runs from the start or from the end of a bolus. At most ``count`` are granted in any ``window`` ms.
    """

    dose: int
    over: int
    lockout: int
    count: int
    window: int = MS_PER_DAY
    since: Literal["start", "end"] = "start"

    def problems(self) -> list[Refusal]:
        """Every field that is not well formed."""
        found = whole("patient_bolus.dose", self.dose, least=1)
        found += whole("patient_bolus.over", self.over, least=1, most=MS_PER_DAY)
        found += whole("patient_bolus.lockout", self.lockout, most=MAX_SPAN_MS)
        found += whole("patient_bolus.count", self.count, least=1, most=MAX_COUNT)
        found += whole("patient_bolus.window", self.window, least=1, most=MAX_SPAN_MS)
        if self.since not in ("start", "end"):
            found.append(Refusal("since", "a lockout runs from the start or from the end", "patient_bolus.from"))
        return found

    def most_in(self, window: int) -> int:
        """The most boluses that can begin in any ``window`` ms, by count and by lockout."""
        apart = max(self.lockout + (self.over if self.since == "end" else 0), self.over, 1)
        by_lockout = -(-window // apart)
        return min(by_lockout, self.count * -(-window // self.window))

    def plain(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "count": self.count,
            "dose": self.dose,
            "from": self.since,
            "lockout": self.lockout,
            "over": self.over,
            "window": self.window,
        }

    @classmethod
    def from_plain(cls, plain: object) -> "PatientBolus":
        """Read plain values. Raises Refused."""
        read = keys(plain, "patient_bolus", ("count", "dose", "from", "lockout", "over", "window"))
        return cls(read["dose"], read["over"], read["lockout"], read["count"], read["window"], read["from"])


@dataclass(frozen=True, slots=True)
class SingleBolus:
    """``dose`` fg over ``over`` ms, once, on top of the program."""

    dose: int
    over: int

    def problems(self) -> list[Refusal]:
        """Every field that is not well formed."""
        return whole("once.dose", self.dose, least=1) + whole("once.over", self.over, least=1, most=MS_PER_DAY)


@dataclass(frozen=True, slots=True)
class PrimingBolus:
    """``volume`` nL over ``over`` ms, to fill a path that a person marked as empty. Counts in no dose window."""

    volume: int
    over: int

    def problems(self) -> list[Refusal]:
        """Every field that is not well formed."""
        return whole("once.volume", self.volume, least=1) + whole("once.over", self.over, least=1, most=MS_PER_DAY)


@dataclass(frozen=True, slots=True)
class BridgeStep:
    """``flow`` nL/day for ``length`` ms."""

    length: int
    flow: int


@dataclass(frozen=True, slots=True)
class Bridge:
    """Old fluid behind new: steps of flow before the program. An interrupted bridge resumes with what is left.

    ``concentration`` (fg/nL) is what a bridge pulse counts in the windows: that of the same drug in the old fluid, or
    that of the new solution when the drug changes.
    """

    steps: tuple[BridgeStep, ...]
    concentration: int

    def problems(self) -> list[Refusal]:
        """Every field that is not well formed."""
        if not 1 <= len(self.steps) <= MAX_BRIDGE_STEPS:
            return [Refusal("step_count", f"a bridge has 1 to {MAX_BRIDGE_STEPS} steps", "once.steps")]
        found = whole("once.concentration", self.concentration, least=1)
        for index, step in enumerate(self.steps):
            found += whole(f"once.steps.{index}.length", step.length, least=1, most=MAX_SPAN_MS)
            found += whole(f"once.steps.{index}.flow", step.flow, least=1)
        if not found and sum(step.length for step in self.steps) > 2 * MAX_SPAN_MS:
            found.append(Refusal("bridge_too_long", "a bridge lasts at most 14 days", "once.steps", "Do it in stages."))
        return found


@dataclass(frozen=True, slots=True)
class Temporary:
    """``dose`` fg/day in the place of the program for ``length`` ms; then the program goes on by itself."""

    dose: int
    length: int

    def problems(self) -> list[Refusal]:
        """Every field that is not well formed."""
        return whole("once.dose", self.dose) + whole("once.length", self.length, least=1, most=MAX_SPAN_MS)


Once = SingleBolus | PrimingBolus | Bridge | Temporary


@dataclass(frozen=True, slots=True)
class Safety:
    """The fallback rate in fg/day (None: none was signed), and reactions to alarms, where not as their table says."""

    fallback: int | None = None
    reactions: tuple[tuple[str, Action], ...] = ()

    def problems(self) -> list[Refusal]:
        """Every field that is not well formed."""
        found = [] if self.fallback is None else whole("safety.fallback", self.fallback)
        numbers: list[int] = []
        choosable = {alarm.name for alarm in alarms()} - set(FIXED)
        for name, action in self.reactions:
            if str(name) not in choosable:
                what = f"an order cannot choose the reaction to {clip(name)!r}"
                found.append(Refusal("reaction", what, "safety.reactions", "Evidence of over-delivery always stops."))
                continue
            numbers.append(alarm_named(name).number)
            if action not in ACTIONS:
                do = f"Use {', '.join(ACTIONS)}."
                found.append(Refusal("reaction", f"{clip(action)!r} is no reaction", "safety.reactions", do))
        if numbers != sorted(set(numbers)):
            found.append(Refusal("reaction_order", "name each alarm once, in order of number", "safety.reactions"))
        return found

    def reaction(self, name: str) -> Action:
        """What the pump does while that alarm is active."""
        return dict(self.reactions).get(name, alarm_named(name).action)

    def plain(self) -> dict[str, Any]:
        """Plain values."""
        return {"fallback": self.fallback, "reactions": [list(pair) for pair in self.reactions]}

    @classmethod
    def from_plain(cls, plain: object) -> "Safety":
        """Read plain values. Raises Refused."""
        read = keys(plain, "safety", ("fallback", "reactions"))
        safety = cls(read["fallback"], tuple(pairs(read["reactions"], "safety.reactions")))
        if safety == cls():
            raise Refused(Refusal("fields", "leave out what is not used: safety", "prescription"))
        return safety


UNSIGNED = Safety()


_FIELDS: dict[str, tuple[str, ...]] = {
    "bolus": ("dose", "over"),
    "prime": ("volume", "over"),
    "bridge": ("concentration", "steps"),
    "temporary": ("dose", "length"),
}


def once_plain(once: Once) -> dict[str, Any]:
    """Plain values."""
    match once:
        case SingleBolus(dose, over):
            return {"kind": "bolus", "dose": dose, "over": over}
        case PrimingBolus(volume, over):
            return {"kind": "prime", "volume": volume, "over": over}
        case Bridge(steps, concentration):
            listed = [[step.length, step.flow] for step in steps]
            return {"kind": "bridge", "concentration": concentration, "steps": listed}
        case Temporary(dose, length):
            return {"kind": "temporary", "dose": dose, "length": length}


def once_from(plain: object) -> Once:
    """Read plain values. Raises Refused."""
    kind = plain.get("kind") if isinstance(plain, dict) else None
    if not isinstance(kind, str) or kind not in _FIELDS:
        raise Refused(Refusal("once_kind", "this is nothing to give once", "once.kind", f"Use {', '.join(_FIELDS)}."))
    read = keys(plain, "once", ("kind", *_FIELDS[kind]))
    if kind == "bolus":
        return SingleBolus(read["dose"], read["over"])
    if kind == "prime":
        return PrimingBolus(read["volume"], read["over"])
    if kind == "temporary":
        return Temporary(read["dose"], read["length"])
    steps = tuple(BridgeStep(length, flow) for length, flow in pairs(read["steps"], "once.steps"))
    return Bridge(steps, read["concentration"])
