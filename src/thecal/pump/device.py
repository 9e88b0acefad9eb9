"""The virtual pump: controller, journal, reservoir and fluid path as one device. Daemon and course run the same one.

Units: nL, fg, ms of the device clock. It has no clock of its own: whoever holds it says what time it is, and time never
goes back. It is event-driven, from pulse to pulse. Whatever it answers is durable in its storage before it answers.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from typing import Self, cast

from thecal.formulary import Solution
from thecal.pump import journal, kernel
from thecal.pump.account import Account, account, alarms_of, status_of
from thecal.pump.catalog import DeviceFigures
from thecal.pump.compile import compile_order
from thecal.pump.fluid import Fluid, Refilled
from thecal.pump.held import (
    Body,
    Mark,
    MemoryFault,
    check_fill,
    checkpoint,
    flipped,
    from_checkpoint,
    parts,
    solution,
)
from thecal.pump.hours import HOURS_BANK, HourLog
from thecal.pump.kernel import Actuate, Record, Reject
from thecal.pump.kernel.fold import CONTROLLER_FAILED, FREE_FLOW
from thecal.pump.prescription import Prescription
from thecal.pump.reasons import refusal_of
from thecal.pump.status import (
    AlarmCode,
    DeviceProfile,
    Hour,
    Receipt,
    RefillReport,
    Status,
)
from thecal.pump.watch import Watch
from thecal.quantity import MS_PER_HOUR, VOLUME, Refusal, Refused, auto

type Mechanism = Callable[[int, int], int]
"""Fires pulse number ``seq`` at a time in ms; how many strokes were sensed, or VETO when the supervisor refused it."""


def _sound_mechanism(_seq: int, _at: int) -> int:
    return 1


class Device:
    """A virtual pump. Made by ``create`` or ``open``. After an OSError or a MemoryFault it must be opened again.

    The controller's state is held twice, and a difference is found before the next event depends on it.
    """

    rotate_after = journal.ROTATE_AFTER  # journal records between two checkpoints

    def __init__(
        self,
        kept: journal.Journal,
        hours: HourLog,
        body: Body,
        state: kernel.State,
        mark: Mark,
        mechanism: Mechanism,
        watch: Watch | None = None,
        max_late_ms: int | None = None,
    ) -> None:
        self._journal = kept
        self._hours = hours
        self._body = body
        self._state = self._twin = state
        self._mark = mark
        self._hour_end = mark.start + MS_PER_HOUR
        self._drug = body.fill.primary.drug if state.plan is None else state.plan.program.drug
        self._watch = watch
        self._mechanism = mechanism if watch is None else watch.around(mechanism, self._claim)
        self._train = 0  # of the pulse that was begun last
        self.counted_fg = 0  # what that pulse counts in the windows; a priming pulse counts nothing
        self._digest = _digest(state)
        self._now = state.now
        self.max_late_ms = max_late_ms

    @classmethod
    def create(  # noqa: PLR0913 - all that a pump is made of
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
        watch: Watch | None = None,
    ) -> Self:
        """A new pump, filled with ``fill_nl`` of ``fill``, with ``path_nl`` from its outlet to the catheter tip.

        ``path_content`` None means that the path holds no drug of ours. ``watch`` is its supervisor, a new one; without
        one the controller stands alone, as in a course that simulates years. Raises Refused when the storage already
        holds a pump, when the model lacks a figure, or when a volume does not fit.
        """
        figures = profile if isinstance(profile, DeviceFigures) else profile.device()
        check_fill(figures, fill_nl)
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
        body = Body(figures, now, fill, fluid)
        for bank in (*journal.BANKS, HOURS_BANK):
            storage.truncate(bank, 0)
        mark = Mark(now // MS_PER_HOUR * MS_PER_HOUR, 0, ())
        kept = journal.create(storage, checkpoint(body, state, mark), now, cls.rotate_after)
        if watch is not None:
            watch.refill(fill_nl, now)
        return cls(kept, HourLog(storage), body, state, mark, mechanism, watch)

    @classmethod
    def open(
        cls,
        storage: journal.Storage,
        now: int,
        *,
        max_late_ms: int | None = None,
        mechanism: Mechanism = _sound_mechanism,
        watch: Callable[[DeviceFigures, int], Watch] | None = None,
    ) -> Self:
        """The pump kept in ``storage``, recovered. Time in which it did not run is told as a gap and not made up.

        ``watch`` opens its supervisor, from its figures and the volume of its path; a pump that was made with one
        needs it. ``max_late_ms`` None is for simulated time; a number is for a pump whose time really passes: see
        ``advance``.

        Raises Refused when no pump can be read there. A journal that is damaged opens with delivery ended, an alarm,
        and every lost record counted as a pulse for caps.
        """
        try:
            kept, stored, records, lost = journal.recover(storage, cls.rotate_after)
        except journal.JournalError as error:
            do = "Do not use this pump: replace it, or create a new one in another place."
            raise Refused(Refusal("journal_unreadable", str(error), "storage", do)) from None
        body, state, mark = from_checkpoint(stored)
        damage = state.past.damage + lost
        beside = None if watch is None else watch(body.figures, body.fluid.path_nl)
        device = cls(kept, HourLog(storage), body, state, mark, mechanism, beside, max_late_ms)
        for record in records:
            device._state = device._twin = kernel.apply(device._state, record)
            device._note(record)
        device._do(kernel.Restart(now, damage))
        device._journal.sync()
        device._now = max(now, device._state.now)
        device._digest = _digest(device._state)
        if beside is not None and device._state.plan is not None:
            beside.agree(device._state.plan.program.label, device._now)
        device._heed_watch()
        device._journal.sync()
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
        return alarms_of(self._state)

    @property
    def account(self) -> Account:
        """What the device believes of its reservoir and its mechanism."""
        return account(self._body, self._state)

    @property
    def fill_mark(self) -> str:
        """Changes with every refill, and with nothing else."""
        fluid = self._body.fluid
        return sha256(repr((fluid.filled, fluid.withdrawn)).encode()).hexdigest()[:32]

    @property
    def gap_count(self) -> int:
        """Gaps in delivery since the pump was made."""
        return self._state.past.gap_count

    def load(self, prescription: Prescription, now: int) -> Receipt:
        """Run a prescription from ``now`` on.

        Raises Refused, with the old one still running, when the controller does not accept it.
        """
        self.advance(now)
        event = kernel.Load(compile_order(prescription, self._body.figures.pulse_nl), now)
        if self._watch is not None:
            self._check(event)
            self._watch.install(event.program.label, now)
        self._accept(event)
        self._digest = _digest(self._state)
        self._heed_watch()
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
        self._check(kernel.Resume(now))
        if self._watch is not None:
            over = self._watch.latched & ~_ENDED_BY_RESUME
            self._watch.resume(now)
            self._accept(kernel.Faults(0, over, now))
        self._accept(kernel.Resume(now))
        self._heed_watch()

    def mark_path(self, now: int, *, empty: bool) -> None:
        """A person says whether the path from the outlet to the tip is empty. Raises Refused."""
        self.advance(now)
        self._accept(kernel.Path(empty, now))
        if self._watch is not None:
            self._watch.path(empty=empty, now=now)

    def heed(self, began: int, ended: int, now: int) -> None:
        """Alarms that began and ended, bit n for alarm n. Never refused; delivery can only become less by it."""
        self.advance(now)
        self._accept(kernel.Faults(began, ended, now))
        self._heed_watch()

    def stray(self, now: int) -> None:
        """A stroke was sensed that nobody asked for. Never refused."""
        self._accept(kernel.Stray(now))
        if self._watch is not None:
            self._watch.stray(now)
            self._heed_watch()

    def stop(self, now: int) -> None:
        """Deliver nothing from ``now`` on. Never refused; where one part fails in it, the other stops all the same."""
        try:
            self.advance(now)
            self._accept(kernel.Stop(now))
        finally:
            if self._watch is not None:
                self._watch.stop(now)

    def refill(self, withdrawn_nl: int, fill: Solution, fill_nl: int, now: int) -> RefillReport:
        """Empty the reservoir down to its residual, and fill it. ``withdrawn_nl`` is what the syringe showed.

        Raises Refused, with nothing changed, for a volume that the reservoir cannot hold.
        """
        self.advance(now)
        figures = self._body.figures
        check_fill(figures, fill_nl)
        if not 0 <= withdrawn_nl <= figures.reservoir_nl:
            do = f"It is between 0 and {auto(figures.reservoir_nl, VOLUME)}."
            what = f"{auto(withdrawn_nl, VOLUME)} cannot have been withdrawn"
            raise Refused(Refusal("withdrawn_volume", what, "withdrawn_nl", do))
        done = self._refilled(withdrawn_nl, fill, fill_nl)
        label = kernel.canonical([withdrawn_nl, parts(fill)])
        self._check(kernel.Refill(fill_nl, now, label))
        if self._watch is not None:
            self._watch.refill(fill_nl, now)
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
        self._check_memory()
        while True:
            if self._journal.full:
                self._rotate()
            due = self._state.due
            if due > now or due == kernel.NEVER:
                break
            self._do(kernel.Tick(due if late is None or now - due <= late else now))
            self._heed_watch()
        self._now = max(self._now, now)
        if self._watch is not None:
            self._watch.beat(now)
            self._heed_watch()
        if self._now >= self._hour_end:
            self._end_hour(self._now)

    def status(self, now: int) -> Status:
        """The pump at ``now``, or at the last time that it was told, if that is later. Changes nothing."""
        return status_of(self._body, self._state, self.alarms, max(now, self._now))

    def flip(self, bit: int) -> None:
        """A bit of the state flips in one of its two copies: a fault to be found."""
        self._state = flipped(self._state, bit)

    def hours(self, since: int) -> list[Hour]:
        """Every completed hour of the device clock that starts at ``since`` or later, from its first one on."""
        return self._hours.between(max(since, self._body.made // MS_PER_HOUR * MS_PER_HOUR), self._now)

    def _moved(self) -> int:
        return self._state.given * self._body.figures.pulse_nl

    def _do(self, event: kernel.Event) -> Reject | None:
        """Take the controller through an event. A record is durable before the pulse that it announces is fired."""
        self._check_memory()
        after, actions = kernel.step(self._state, event)
        for action in actions:
            if isinstance(action, Record):
                self._journal.append(action)
                self._state = self._twin = after
                if action.at >= self._hour_end or action.kind in _NOTED:
                    self._note(action)
            elif isinstance(action, Actuate):
                self._journal.sync()
                _, _, _, self.counted_fg, self._train, _, _ = cast(Record, actions[0])
                self._do(kernel.Outcome(action.seq, self._mechanism(action.seq, after.now)))
            elif isinstance(action, Reject):
                return action
        return None

    def _claim(self, _seq: int) -> tuple[int, str]:
        return self._train, self._digest

    def _heed_watch(self) -> None:
        """What the supervisor raised becomes alarms of the controller, and the controller's rung its limit."""
        watch = self._watch
        if watch is None:
            return
        if began := watch.take_raised():
            self._do(kernel.Faults(began, 0, self._state.now))
        watch.limit(self._state.aside.rung, self._state.now)

    def _check(self, event: kernel.Event) -> None:
        """Raise Refused when the controller would not accept the event; nothing is done yet."""
        _, actions = kernel.step(self._state, event)
        for action in actions:
            if isinstance(action, Reject):
                raise Refused(refusal_of(action))

    def _check_memory(self) -> None:
        if self._state is not self._twin and self._state != self._twin:
            raise MemoryFault

    def _accept(self, event: kernel.Event) -> None:
        reject = self._do(event)
        if reject is not None:
            raise Refused(refusal_of(reject))
        self._journal.sync()

    def _note(self, record: Record) -> None:
        """What a record means for reservoir, path and hours. Recovery calls it again, with the same result."""
        if record.at >= self._hour_end:
            self._end_hour(record.at)
        if record.kind == kernel.RecordKind.LOAD and self._state.plan is not None:
            self._drug = self._state.plan.program.drug
        if record.kind == kernel.RecordKind.REFILL:
            withdrawn_nl, filled = json.loads(record.blob)
            fill = solution(filled)
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
        self._mark = Mark(now // MS_PER_HOUR * MS_PER_HOUR, given, tuple(sorted(tip.items())))
        self._hour_end = self._mark.start + MS_PER_HOUR

    def _rotate(self) -> None:
        self._hours.sync()
        self._journal.rotate(checkpoint(self._body, self._state, self._mark), self._state.now)


# the controller ends these with its own record of the resume: ending them before would lose them if power went between
_ENDED_BY_RESUME = 1 << FREE_FLOW | 1 << CONTROLLER_FAILED
_NOTED = frozenset({int(kernel.RecordKind.LOAD), int(kernel.RecordKind.REFILL)})


def _digest(state: kernel.State) -> str:
    """Of the order that the controller runs, as both parts name it; empty when there is none."""
    return "" if state.plan is None else sha256(state.plan.program.label).hexdigest()
