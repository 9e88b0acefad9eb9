"""The virtual pump: what really moves when a pulse is asked for, and what the sensors make of it.

Volumes in pL inside (a stroke under a gain is a part of a nL), masses in fg, true time in ms. It is event-driven and
knows nothing of the controller: ``stroke`` is its only way in. Its account is the truth that tests compare with what
the controller believes. All chance comes from the ``Random`` passed in.
"""

from dataclasses import dataclass, field
from random import Random
from typing import Any, NamedTuple

from thecal.pump.hardware.catheter import Masses, Path
from thecal.pump.hardware.faults import PPM, Fault
from thecal.pump.hardware.model import AMBIENT_PA, HardwareModel, ambient_pa
from thecal.pump.hardware.store import PowerCut
from thecal.quantity import MS_PER_DAY

PL_PER_NL = 1_000
SEEN_WITHIN_MS = 1_000
STALLED_PPM = 1_400_000  # what a drive draws that stands still


class Stroke(NamedTuple):
    """One stroke that really happened, or was asked for. ``seq`` 0: nobody asked. ``pl``: what it moved."""

    at: int
    seq: int
    pl: int
    moved: bool
    seen: bool


@dataclass(frozen=True, slots=True)
class Readings:
    """What the sensors that this model has say. None: it has no such sensor."""

    level_nl: int | None
    pressure_pa: int | None
    field: bool | None
    temperature_mc: int | None
    battery_mv: int | None
    ambient_pa: int | None = None
    reference_ppm: int = PPM  # what the converter makes of its own reference; away from one, it measures wrongly


@dataclass(slots=True)
class VirtualPump:
    """Reservoir, mechanism, line and sensors of one pump, under a list of faults."""

    model: HardwareModel
    pulse_nl: int
    reservoir_pl: int
    contents: Masses
    random: Random
    now: int
    faults: tuple[Fault, ...] = ()
    residual_pl: int = 0
    path: Path | None = None
    gain_ppm: int = PPM
    strokes: list[Stroke] = field(default_factory=list)
    passed_pl: int = 0  # left the reservoir
    uncommanded_pl: int = 0
    moves: int = 0  # strokes that moved something
    locked: bool = False  # a flow-activated valve has shut
    stored_pl: int = 0  # taken up by a line that is shut at its end
    stored: Masses = field(default_factory=dict)
    current_ppm: int = PPM  # of the last drive, in parts of a sound one
    last_level: int | None = None
    _stroke_faults: tuple[Fault, ...] = ()

    def __post_init__(self) -> None:
        self.set_faults(self.faults)

    def plain(self) -> list[Any]:
        """What must be kept of it so that it is the same afterwards, as plain values; not its model, nor its chance."""
        return [
            self.now,
            self.reservoir_pl,
            self.contents,
            None if self.path is None else self.path.plain(),
            self.gain_ppm,
            self.passed_pl,
            self.uncommanded_pl,
            self.moves,
            self.locked,
            self.stored_pl,
            self.stored,
            self.last_level,
            [[fault.kind, fault.at, fault.until, fault.of] for fault in self.faults],
        ]

    @classmethod
    def from_plain(
        cls, plain: list[Any], model: HardwareModel, pulse_nl: int, residual_nl: int, random: Random
    ) -> "VirtualPump":
        """The pump that ``plain`` described. Raises KeyError, TypeError or ValueError when it is none."""
        now, reservoir, contents, path, gain, passed, uncommanded, moves, locked, stored, masses, level, faults = plain
        return cls(
            model,
            pulse_nl,
            reservoir,
            contents,
            random,
            now,
            tuple(Fault(kind, at, until, tuple((name, value) for name, value in of)) for kind, at, until, of in faults),
            residual_nl * PL_PER_NL,
            None if path is None else Path.from_plain(path),
            gain,
            passed_pl=passed,
            uncommanded_pl=uncommanded,
            moves=moves,
            locked=locked,
            stored_pl=stored,
            stored=masses,
            last_level=level,
        )

    def set_faults(self, faults: tuple[Fault, ...]) -> None:
        """Put these faults in place of the ones before."""
        self.faults = faults
        self._stroke_faults = tuple(each for each in faults if each.kind in _AT_STROKE)

    def stroke(self, seq: int, at: int, *, controller: bool = True, supervisor: bool = True) -> bool:
        """A stroke is driven at true time ``at``, with these switches closed. Whether the stroke sensor saw it.

        Raises PowerCut when the battery breaks down under it: part of the stroke may have happened.
        """
        if self.faults:
            self.run_to(at)
        else:
            self.now = max(self.now, at)
        motion, gain, broken, self.current_ppm = PPM, self.gain_ppm, False, PPM
        if self._stroke_faults or self.locked:
            motion, gain, broken = self._driven(at, controller=controller, supervisor=supervisor)
        elif not (controller and supervisor):
            motion = 0
        moved = self._move(self.pulse_nl * PL_PER_NL * motion // PPM * gain // PPM)
        seen = motion * 2 >= PPM
        if self._stroke_faults:
            seen = self._sensed(seen, at)
        self.moves += motion > 0
        if seq or motion:  # a test of the switches that moves nothing is no stroke
            self.strokes.append(Stroke(at, seq, moved, motion > 0, seen))
        if broken:
            raise PowerCut("the battery broke down under a stroke")
        return seen

    def _driven(self, at: int, *, controller: bool, supervisor: bool) -> tuple[int, int, bool]:
        """What the mechanism makes of a stroke: the part of it that happens, its gain, and whether the power breaks."""
        active = [fault for fault in self._stroke_faults if fault.active(at)]
        kinds = {fault.kind for fault in active}
        self.current_ppm = max((fault.number("current") for fault in active if fault.kind == "short"), default=PPM)
        closed = {fault.word("switch") for fault in active if fault.kind == "stuck_switch"}
        driven = (controller or "controller" in closed) and (supervisor or "supervisor" in closed)
        held = "mri_field" in kinds and self.model.field != "none"
        if not driven or "open_switch" in kinds:
            self.current_ppm = 0
            return 0, PPM, False
        if held or self.locked or "stall" in kinds or self._recovering(at):
            self.current_ppm = max(self.current_ppm, STALLED_PPM)
            return 0, PPM, False
        motion = min((fault.number("part") for fault in active if fault.kind == "partial_stroke"), default=PPM)
        gain = self.gain_ppm
        for fault in active:
            if fault.kind == "gain":
                gain = gain * fault.number("gain") // PPM
            elif fault.kind == "temperature":
                gain = gain * (PPM + self.model.need("heat")[0] * (fault.number("celsius") - 37_000) // 1_000) // PPM
        broken = "battery_sag" in kinds and self.under_load_mv(at) < self.model.need("brown_out_mv")[0]
        if broken:
            motion = motion * self.random.randrange(PPM) // PPM
        return motion, gain, broken

    def run_to(self, at: int) -> None:
        """Let time pass to ``at``: what runs out by itself, and what a line gives back when it opens."""
        begin, self.now = self.now, max(self.now, at)
        for fault in self.faults:
            if fault.kind == "leak":
                until = self.now if fault.until is None else min(fault.until, self.now)
                # the difference of two totals: the same however often anybody looks
                flow, before = fault.number("flow") * PL_PER_NL, max(begin - fault.at, 0)
                if until - fault.at > before:
                    ran = flow * (until - fault.at) // MS_PER_DAY - flow * before // MS_PER_DAY
                    self.uncommanded_pl += self._move(ran)
            elif fault.kind == "mri_field" and self.model.field == "valve" and begin <= fault.at < self.now:
                if not self.locked:
                    self.uncommanded_pl += self._move(self.model.need("field_leak")[0] * PL_PER_NL)
                self.locked = True
            elif fault.kind == "catheter_kink" and fault.until is not None and begin < fault.until <= self.now:
                released, masses = self.stored_pl, self.stored
                self.stored_pl, self.stored = 0, {}
                self._along(released, masses)

    def reset_valve(self) -> None:
        """Open a flow-activated valve that has shut."""
        self.locked = False

    @property
    def in_reach_nl(self) -> int:
        """What a needle could bring back."""
        return max(0, self.reservoir_pl - self.residual_pl) // PL_PER_NL

    def refill(self, fill_nl: int, contents: Masses, at: int) -> int:
        """Empty the reservoir down to its residual, fill it, and return what came out, nL.

        Under ``misfill`` a part of the fill goes beside the pump, or more goes in than was meant.
        """
        self.run_to(at)
        part = next((f.number("part") for f in self.faults if f.kind == "misfill" and f.active(at)), PPM)
        fill_nl = fill_nl * part // PPM
        contents = {drug: mass * part // PPM for drug, mass in contents.items()}
        out = max(0, self.reservoir_pl - self.residual_pl)
        left = self.reservoir_pl - out
        kept = {d: m * left // self.reservoir_pl if self.reservoir_pl else 0 for d, m in self.contents.items()}
        self.contents = {d: kept.get(d, 0) + contents.get(d, 0) for d in {**kept, **contents}}
        self.reservoir_pl = left + fill_nl * PL_PER_NL
        return out // PL_PER_NL

    def read(self, at: int) -> Readings:
        """What the sensors say at true time ``at``."""
        self.run_to(at)
        active = [fault for fault in self.faults if fault.active(at)]
        has = self.model.sensors
        converted = max((f.number("gain") for f in active if f.kind == "converter"), default=PPM)
        warm = next((fault.number("celsius") for fault in active if fault.kind == "temperature"), 37_000)
        return Readings(
            self._level(active),
            self.pressure(at),
            self.in_field(at) if "field" in has else None,
            warm if "temperature" in has else None,
            self.under_load_mv(at) * converted // PPM if "battery_mv" in self.model.figures else None,
            self._ambient(active) if "ambient" in has else None,
            converted,
        )

    def in_field(self, at: int) -> bool:
        """Whether a strong magnetic field is there."""
        return any(fault.kind == "mri_field" and fault.active(at) for fault in self.faults)

    def under_load_mv(self, at: int) -> int:
        """The battery's voltage under the load of a stroke, mV."""
        (full,) = self.model.need("battery_mv")
        if not self.faults:
            return full
        sag = max((f.number("sag") for f in self.faults if f.kind == "battery_sag" and f.active(at)), default=0)
        return full * (PPM - sag) // PPM

    def _move(self, volume: int) -> int:
        """Take fluid from the reservoir into the line; what is not there does not move. Returns pL moved."""
        active = [fault for fault in self.faults if fault.kind in _OF_LINE and fault.active(self.now)]
        kink = next((fault for fault in active if fault.kind == "catheter_kink"), None)
        if kink is not None:
            volume = min(volume, max(0, kink.number("compliance") * PL_PER_NL - self.stored_pl))
        volume = min(volume, self.reservoir_pl)
        if volume <= 0:
            return 0
        if self.path is None and kink is None:
            self.reservoir_pl -= volume
            self.passed_pl += volume
            return volume
        masses = {drug: mass * volume // self.reservoir_pl for drug, mass in self.contents.items()}
        for drug, mass in masses.items():
            self.contents[drug] -= mass
        self.reservoir_pl -= volume
        self.passed_pl += volume
        if kink is not None:
            self.stored_pl += volume
            for drug, mass in masses.items():
                self.stored[drug] = self.stored.get(drug, 0) + mass
        else:
            self._along(volume, masses)
        return volume

    def _along(self, volume: int, masses: Masses) -> None:
        if self.path is None:
            return
        lost, place = 0, PPM
        for fault in self.faults:
            if not fault.active(self.now):
                continue
            if fault.kind == "catheter_leak":
                lost, place = max(lost, fault.number("part")), fault.number("place")
            elif fault.kind == "catheter_break":
                lost, place = PPM, fault.number("place")
            elif fault.kind == "catheter_migration":
                lost, place = PPM, PPM
        self.path.push(volume, masses, lost, place)

    def _recovering(self, at: int) -> bool:
        """A rotor that stood in a field starts again some time after it."""
        if self.model.field != "stall":
            return False
        wait = self.model.need("field_recovery")[0]
        return any(
            fault.kind == "mri_field" and fault.until is not None and fault.until <= at < fault.until + wait
            for fault in self.faults
        )

    def _sensed(self, seen: bool, at: int) -> bool:
        for fault in self._stroke_faults:
            if fault.kind in _SENSOR and fault.word("sensor") == "stroke" and fault.active(at):
                if fault.kind == "sensor_stuck":
                    seen = fault.word("says") == "yes"
                elif fault.kind == "sensor_late":
                    seen = seen and fault.number("delay") <= SEEN_WITHIN_MS
                elif fault.kind == "sensor_scaled":
                    seen = seen and fault.number("gain") * 2 >= PPM
                elif self.random.randrange(PPM) < fault.number("part"):
                    seen = not seen
        return seen

    def _level(self, active: list[Fault]) -> int | None:
        if "level" not in self.model.sensors:
            return None
        (step,) = self.model.need("level_step")
        level = max(0, self.reservoir_pl - self.residual_pl) // PL_PER_NL
        value = self._through("level", level, 20_000_000, active)
        self.last_level = value
        return value // step * step

    def pressure(self, at: int) -> int | None:
        """What the pressure sensor at the outlet says, Pa; None without one."""
        if "pressure" not in self.model.sensors:
            return None
        active = [fault for fault in self.faults if fault.active(at)]
        (step,) = self.model.need("pressure_step")
        kinks = [fault for fault in active if fault.kind == "catheter_kink"]
        rise = 100_000 * self.stored_pl // max(1, kinks[0].number("compliance") * PL_PER_NL) if kinks else 0
        open_line = any(fault.kind in ("catheter_break", "catheter_leak") for fault in active)
        back = 0 if open_line else 2_000  # what the fluid around the cord and the catheter's own resistance add
        value = self._through("pressure", self._ambient(active) + back + rise, 200_000, active)
        return value // step * step

    def _ambient(self, active: list[Fault]) -> int:
        height = next((fault.number("height") for fault in active if fault.kind == "altitude"), 0)
        return ambient_pa(height) if height else AMBIENT_PA

    def _through(self, sensor: str, value: int, full: int, active: list[Fault]) -> int:
        for fault in active:
            if fault.kind in _SENSOR and fault.word("sensor") == sensor:
                if fault.kind == "sensor_stuck" and sensor == "level" and self.last_level is not None:
                    value = self.last_level
                elif fault.kind == "sensor_scaled":
                    value = value * fault.number("gain") // PPM
                elif fault.kind == "sensor_noisy":
                    spread = full * fault.number("part") // PPM
                    value = max(0, value + self.random.randint(-spread, spread))
        return value


_SENSOR = frozenset({"sensor_stuck", "sensor_late", "sensor_scaled", "sensor_noisy"})
_OF_LINE = frozenset({"catheter_kink"})
_AT_STROKE = _SENSOR | {
    "stall",
    "mri_field",
    "partial_stroke",
    "gain",
    "open_switch",
    "stuck_switch",
    "short",
    "battery_sag",
    "temperature",
}
