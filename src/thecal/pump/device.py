"""The virtual pump: controller, journal, reservoir and fluid path as one device. Daemon and course run the same one.

Units: nL, fg, ms of the device clock. It has no clock of its own: whoever holds it says what time it is, and time never
goes back. It is event-driven, from pulse to pulse. Whatever it answers is durable in its storage before it answers.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any, NamedTuple, Self, cast

from thecal.formulary import Component, Solution
from thecal.pump import journal, kernel
from thecal.pump.alarm_table import alarms
from thecal.pump.catalog import DeviceFigures
from thecal.pump.compile import compile_order
from thecal.pump.fluid import Fluid, Refilled
from thecal.pump.hours import HOURS_BANK, HourLog
from thecal.pump.kernel import Actuate, Record, Reject
from thecal.pump.prescription import Prescription
from thecal.pump.status import (
    AlarmCode,
    DeviceProfile,
    GapReasonCode,
    Hour,
    PathSlug,
    PumpGap,
    PumpState,
    Receipt,
    RefillReport,
    RungCode,
    Status,
)
from thecal.quantity import FLOW, MASS, MS_PER_HOUR, VOLUME, Kind, Refusal, Refused, auto

type Mechanism = Callable[[int, int], int]
"""Fires pulse number ``seq`` at a time in ms; how many strokes were sensed, or VETO when the supervisor refused it."""


def _sound_mechanism(_seq: int, _at: int) -> int:
    return 1


@dataclass(frozen=True, slots=True)
class _Body:
    """What the device is beside its controller: changed only by refills and by the end of an hour."""

    figures: DeviceFigures
    made: int
    fill: Solution
    fluid: Fluid


class _Mark(NamedTuple):
    """Where the hour now running began: the pulses given until then, and fg by drug that had left the tip."""

    start: int
    given: int
    tip: tuple[tuple[str, int], ...]


class Device:
    """A virtual pump. Made by ``create`` or ``open``. After an OSError of its storage it must be opened again."""

    rotate_after = journal.ROTATE_AFTER  # journal records between two checkpoints

    def __init__(
        self,
        kept: journal.Journal,
        hours: HourLog,
        body: _Body,
        state: kernel.State,
        mark: _Mark,
        mechanism: Mechanism,
        max_late_ms: int | None = None,
    ) -> None:
        self._journal = kept
        self._hours = hours
        self._body = body
        self._state = state
        self._mark = mark
        self._hour_end = mark.start + MS_PER_HOUR
        self._drug = body.fill.primary.drug if state.plan is None else state.plan.program.drug
        self._mechanism = mechanism
        self._now = state.now
        self.max_late_ms = max_late_ms

    @classmethod
    def create(
        cls,
        storage: journal.Storage,
        profile: DeviceProfile | DeviceFigures,
        path_nl: int,
        path_content: Solution | None,
        fill: Solution,
        fill_nl: int,
        now: int,
        *,
        mechanism: Mechanism = _sound_mechanism,
    ) -> Self:
        """A new pump, filled with ``fill_nl`` of ``fill``, with ``path_nl`` from its outlet to the catheter tip.

        ``path_content`` None means that the path holds no drug of ours. Raises Refused when the storage already holds a
        pump, when the model lacks a figure, or when a volume does not fit.
        """
        figures = profile if isinstance(profile, DeviceFigures) else profile.device()
        _check_fill(figures, fill_nl)
        if path_nl < 0:
            raise Refused(Refusal("path_volume", f"{path_nl} nL is not the volume of a path", "path_nl"))
        if any(journal.scan(storage.read(bank)).checkpoint for bank in journal.BANKS):
            raise Refused(Refusal("pump_exists", "a pump is already kept here", "storage", "Open it instead."))
        config = kernel.Config(
            figures.pulse_nl,
            figures.flow_min,
            figures.flow_max,
            figures.low_reservoir_nl,
            minimum=figures.minimum_rate,
            path_nl=path_nl,
        )
        state = kernel.start(config, fill_nl, now)
        fluid = Fluid.begin(path_nl, path_content, fill, fill_nl, figures.residual_nl)
        body = _Body(figures, now, fill, fluid)
        for bank in (*journal.BANKS, HOURS_BANK):
            storage.truncate(bank, 0)
        mark = _Mark(now // MS_PER_HOUR * MS_PER_HOUR, 0, ())
        kept = journal.create(storage, _checkpoint(body, state, mark), now, cls.rotate_after)
        return cls(kept, HourLog(storage), body, state, mark, mechanism)

    @classmethod
    def open(
        cls,
        storage: journal.Storage,
        now: int,
        *,
        max_late_ms: int | None = None,
        mechanism: Mechanism = _sound_mechanism,
    ) -> Self:
        """The pump kept in ``storage``, recovered. Time in which it did not run is told as a gap and not made up.

        ``max_late_ms`` None is for simulated time; a number is for a pump whose time really passes: see ``advance``.

        Raises Refused when no pump can be read there. A journal that is damaged opens with delivery ended, an alarm,
        and every lost record counted as a pulse for caps.
        """
        try:
            kept, checkpoint, records, lost = journal.recover(storage, cls.rotate_after)
        except journal.JournalError as error:
            do = "Do not use this pump: replace it, or create a new one in another place."
            raise Refused(Refusal("journal_unreadable", str(error), "storage", do)) from None
        body, state, mark = _from_checkpoint(checkpoint)
        damage = state.past.damage + lost
        device = cls(kept, HourLog(storage), body, state, mark, mechanism, max_late_ms)
        for record in records:
            device._state = kernel.apply(device._state, record)
            device._note(record)
        device._do(kernel.Restart(now, damage))
        device._journal.sync()
        device._now = max(now, device._state.now)
        return device

    @property
    def prescription(self) -> Prescription | None:
        """The prescription that is loaded, read back from the controller."""
        plan = self._state.plan
        return None if plan is None else Prescription.from_bytes(plan.program.label)

    @property
    def fill(self) -> Solution:
        """The solution of the last fill, as it was labelled. A residual of another one is blended with it."""
        return self._body.fill

    @property
    def next_due(self) -> int | None:
        """When the next pulse is due, ms; None when none is."""
        return None if self._state.due == kernel.NEVER else self._state.due

    @property
    def alarms(self) -> tuple[AlarmCode, ...]:
        """The alarms that stand."""
        faults = self._state.aside.faults
        own = tuple(_ALARMS[bit] for bit in kernel.Alarm if bit & self._state.alarms)
        return own + tuple(alarm.name for alarm in alarms() if faults >> alarm.number & 1)

    @property
    def gap_count(self) -> int:
        """Gaps in delivery since the pump was made."""
        return self._state.past.gap_count

    def load(self, prescription: Prescription, now: int) -> Receipt:
        """Run a prescription from ``now`` on.

        Raises Refused, with the old one still running, when the controller does not accept it.
        """
        self.advance(now)
        self._accept(kernel.Load(compile_order(prescription, self._body.figures.pulse_nl), now))
        return Receipt(prescription.digest(), now, self.next_due)

    def demand(self, now: int) -> int:
        """The patient asks for a bolus. When it will have ended, ms. Raises Refused, with nothing changed."""
        self.advance(now)
        self._accept(kernel.Demanded(now))
        bolus = self._state.bolus
        return now if bolus is None else bolus.begin + bolus.length

    def resume(self, now: int) -> None:
        """A person lets the pump go on as far as the alarms that are still active allow. Raises Refused."""
        self.advance(now)
        self._accept(kernel.Resume(now))

    def mark_path(self, now: int, *, empty: bool) -> None:
        """A person says whether the path from the outlet to the tip is empty. Raises Refused."""
        self.advance(now)
        self._accept(kernel.Path(empty, now))

    def heed(self, began: int, ended: int, now: int) -> None:
        """Alarms that began and ended, bit n for alarm n. Never refused; delivery can only become less by it."""
        self.advance(now)
        self._accept(kernel.Faults(began, ended, now))

    def stray(self, now: int) -> None:
        """A stroke was sensed that nobody asked for. Never refused."""
        self._accept(kernel.Stray(now))

    def stop(self, now: int) -> None:
        """Deliver nothing from ``now`` on. Never refused."""
        self.advance(now)
        self._accept(kernel.Stop(now))

    def refill(self, withdrawn_nl: int, fill: Solution, fill_nl: int, now: int) -> RefillReport:
        """Empty the reservoir down to its residual, and fill it. ``withdrawn_nl`` is what the syringe showed.

        Raises Refused, with nothing changed, for a volume that the reservoir cannot hold.
        """
        self.advance(now)
        figures = self._body.figures
        _check_fill(figures, fill_nl)
        if not 0 <= withdrawn_nl <= figures.reservoir_nl:
            do = f"It is between 0 and {auto(figures.reservoir_nl, VOLUME)}."
            what = f"{auto(withdrawn_nl, VOLUME)} cannot have been withdrawn"
            raise Refused(Refusal("withdrawn_volume", what, "withdrawn_nl", do))
        done = self._refilled(withdrawn_nl, fill, fill_nl)
        label = kernel.canonical([withdrawn_nl, _parts(fill)])
        self._accept(kernel.Refill(fill_nl, now, label))
        return RefillReport(
            now,
            done.expected_nl,
            withdrawn_nl,
            done.discrepancy_nl,
            figures.residual_nl,
            fill,
            fill_nl,
            done.total_nl,
            done.contents,
        )

    def advance(self, now: int) -> None:
        """Run every pulse that is due up to ``now``, each at its own time.

        With ``max_late_ms`` set, a pulse that is later than that is not made up: the schedule begins anew at ``now``
        and the gap is recorded. With None nothing is ever late: ``now`` is how far a simulated clock has come.
        """
        late = self.max_late_ms
        while True:
            if self._journal.full:
                self._rotate()
            due = self._state.due
            if due > now or due == kernel.NEVER:
                break
            self._do(kernel.Tick(due if late is None or now - due <= late else now))
        self._now = max(self._now, now)
        if self._now >= self._hour_end:
            self._end_hour(self._now)

    def status(self, now: int) -> Status:
        """The pump at ``now``, or at the last time that it was told, if that is later. Changes nothing."""
        state, body, moved = self._state, self._body, self._moved()
        fluid = body.fluid
        prescription = self.prescription
        path = tuple(PathSlug(volume, masses, known) for volume, masses, known in fluid.path(moved))
        return Status(
            now=max(now, self._now),
            profile_id=body.figures.id,
            state=cast(PumpState, kernel.Mode(state.mode).name.lower()),
            alarms=self.alarms,
            prescription_digest=None if prescription is None else prescription.digest(),
            next_due=self.next_due,
            delivered_pulses=state.given,
            delivered_nl=moved,
            doubtful_pulses=state.past.doubtful,
            failed_pulses=state.past.failed,
            missed_pulses=state.past.missed,
            tip_fg=fluid.tip(moved),
            pumped_fg=fluid.pumped(moved),
            reservoir_nl=fluid.reservoir_nl(moved) - fluid.residual_nl,
            reservoir_fg=fluid.reservoir(moved),
            residual_nl=fluid.residual_nl,
            filled_fg=dict(fluid.filled),
            withdrawn_fg=dict(fluid.withdrawn),
            unexplained_fg=dict(fluid.unexplained),
            path_nl=fluid.path_nl,
            path=path,
            path_known=all(slug.known for slug in path),
            gaps=tuple(
                PumpGap(g.start, g.end, g.missed, cast(GapReasonCode, kernel.GapReason(g.reason).name.lower()))
                for g in state.past.gaps
            ),
            gap_count=state.past.gap_count,
            journal_damage=state.past.damage,
            rung=cast(RungCode, kernel.Rung(state.aside.rung).name.lower()),
            bolus_until=None if state.bolus is None else state.bolus.begin + state.bolus.length,
            demand_from=self._demand_from(),
            vetoed_pulses=state.past.vetoed,
        )

    def hours(self, since: int) -> list[Hour]:
        """Every completed hour of the device clock that starts at ``since`` or later, from its first one on."""
        return self._hours.between(max(since, self._body.made // MS_PER_HOUR * MS_PER_HOUR), self._now)

    def _demand_from(self) -> int | None:
        """When the lockout of the patient's bolus is over; None when the order has none."""
        plan = self._state.plan
        return None if plan is None or plan.program.demand is None else self._state.aside.free_at

    def _moved(self) -> int:
        return self._state.given * self._body.figures.pulse_nl

    def _do(self, event: kernel.Event) -> Reject | None:
        """Take the controller through an event. A record is durable before the pulse that it announces is fired."""
        after, actions = kernel.step(self._state, event)
        for action in actions:
            if isinstance(action, Record):
                self._journal.append(action)
                self._state = after
                if action.at >= self._hour_end or action.kind in _NOTED:
                    self._note(action)
            elif isinstance(action, Actuate):
                self._journal.sync()
                self._do(kernel.Outcome(action.seq, self._mechanism(action.seq, after.now)))
            elif isinstance(action, Reject):
                return action
        return None

    def _accept(self, event: kernel.Event) -> None:
        reject = self._do(event)
        if reject is not None:
            raise Refused(_refusal(reject))
        self._journal.sync()

    def _note(self, record: Record) -> None:
        """What a record means for reservoir, path and hours. Recovery calls it again, with the same result."""
        if record.at >= self._hour_end:
            self._end_hour(record.at)
        if record.kind == kernel.RecordKind.LOAD and self._state.plan is not None:
            self._drug = self._state.plan.program.drug
        if record.kind == kernel.RecordKind.REFILL:
            withdrawn_nl, parts = json.loads(record.blob)
            fill = _solution(parts)
            self._body = replace(self._body, fill=fill, fluid=self._refilled(withdrawn_nl, fill, record.a).fluid)

    def _refilled(self, withdrawn_nl: int, fill: Solution, fill_nl: int) -> Refilled:
        return self._body.fluid.refill(self._moved(), withdrawn_nl, fill, fill_nl)

    def _end_hour(self, now: int) -> None:
        """Write the hour that ran, and begin the one that ``now`` is in."""
        mark, given, moved = self._mark, self._state.given, self._moved()
        tip = self._body.fluid.tip(moved)
        if given > mark.given:
            pulses = given - mark.given
            drug_fg = tip[self._drug] - dict(mark.tip).get(self._drug, 0) if self._drug in tip else 0
            self._hours.append(Hour(mark.start, pulses, pulses * self._body.figures.pulse_nl, drug_fg))
        self._mark = _Mark(now // MS_PER_HOUR * MS_PER_HOUR, given, tuple(sorted(tip.items())))
        self._hour_end = self._mark.start + MS_PER_HOUR

    def _rotate(self) -> None:
        self._hours.sync()
        self._journal.rotate(_checkpoint(self._body, self._state, self._mark), self._state.now)


_ALARMS: dict[kernel.Alarm, AlarmCode] = {
    kernel.Alarm.LOW_RESERVOIR: "low_reservoir",
    kernel.Alarm.EMPTY_RESERVOIR: "empty_reservoir",
    kernel.Alarm.STOPPED: "stopped",
    kernel.Alarm.GAP: "gap",
    kernel.Alarm.CAP: "cap",
    kernel.Alarm.STROKE_FAILED: "stroke_failed",
    kernel.Alarm.JOURNAL_DAMAGED: "journal_damaged",
}
_NOTED = frozenset({int(kernel.RecordKind.LOAD), int(kernel.RecordKind.REFILL)})


def _checkpoint(body: _Body, state: kernel.State, mark: _Mark) -> bytes:
    return kernel.canonical(
        {
            "figures": asdict(body.figures),
            "made": body.made,
            "fill": _parts(body.fill),
            "fluid": body.fluid.plain(),
            "state": kernel.state_to_bytes(state).decode("ascii"),
            "mark": mark,
        }
    )


def _from_checkpoint(data: bytes) -> tuple[_Body, kernel.State, _Mark]:
    plain: dict[str, Any] = json.loads(data)
    figures = DeviceFigures(**plain["figures"])
    body = _Body(figures, plain["made"], _solution(plain["fill"]), Fluid.from_plain(plain["fluid"]))
    start, given, tip = plain["mark"]
    mark = _Mark(start, given, tuple((drug, mass) for drug, mass in tip))
    return body, kernel.state_from_bytes(plain["state"].encode("ascii")), mark


def _parts(solution: Solution) -> list[list[Any]]:
    return [[part.drug, part.concentration] for part in solution.components]


def _solution(parts: list[list[Any]]) -> Solution:
    return Solution(tuple(Component(drug, concentration) for drug, concentration in parts))


def _check_fill(figures: DeviceFigures, fill_nl: int) -> None:
    if not 0 <= fill_nl <= figures.reservoir_nl:
        what = f"{auto(fill_nl, VOLUME)} does not go into this reservoir"
        do = f"It takes up to {auto(figures.reservoir_nl, VOLUME)}."
        raise Refused(Refusal("fill_volume", what, "fill_nl", do))


def _refusal(reject: Reject) -> Refusal:
    """The controller's reason, in words."""
    what, where, kind = _REASONS.get(reject.code, (f"the controller refused it ({reject.code})", "program", None))
    do = ""
    if kind is not None:
        what = f"{what}: {auto(reject.value, kind)} against {auto(reject.limit, kind)}"
        do = f"Stay within {auto(reject.limit, kind)}."
    return Refusal(reject.code, what, where, do, source="the pump's controller")


_REASONS: dict[str, tuple[str, str, Kind | None]] = {
    "clock_backwards": ("the time given is before what the pump has already done", "now", None),
    "outcome_awaited": ("a pulse is under way", "now", None),
    "flow_above_maximum": ("a part of the program is above the pump's highest flow", "program", FLOW),
    "flow_below_minimum": ("the program is below the pump's lowest flow", "program", FLOW),
    "cap": ("the program gives more in a sliding window than its cap", "caps", MASS),
    "segments": ("the segments of the program overlap, or do not fit in its period", "program", None),
    "caps": ("a cap or its window is out of range", "caps", None),
    "program_size": ("the program has too many parts", "program", None),
    "program_range": ("a figure of the program is out of range", "program", None),
    "rate_out_of_range": ("a fallback or temporary rate is outside what the pump can give", "program", FLOW),
    "bolus_below_pulse": ("a bolus is smaller than one pulse", "bolus", MASS),
    "safety": ("a reaction to an alarm is out of range", "safety", None),
    "demand": ("a figure of the patient's bolus is out of range", "patient_bolus", None),
    "once": ("a figure of what is given once is out of range", "once", None),
    "repeated": ("this order runs already, and what it gives once is not given twice", "once", None),
    "window_full": ("with the base filled in, a sliding window would hold more than its cap", "caps", MASS),
    "path_not_empty": ("the path is not marked empty, or the priming volume is above it", "once", VOLUME),
    "locked": ("an alarm or a safe state refuses boluses", "bolus", None),
    "reservoir": ("the reservoir does not hold so much", "reservoir", VOLUME),
    "not_running": ("the pump is not running", "bolus", None),
    "no_patient_bolus": ("the order has no bolus for the patient", "bolus", None),
    "something_runs": ("a bolus, a bridge or a temporary change is running", "bolus", None),
    "lockout": ("the lockout is not over", "bolus", None),
    "count": ("as many boluses as the order allows were given", "bolus", None),
}
