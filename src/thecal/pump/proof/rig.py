"""Controller, supervisor, journals and switches as one pump, with an oracle that counts what really left it.

The rig is the glue of a device without its fluid, as docs/pump/supervisor.md tells it: the supervisor hears of an
order first, a record is durable before what it announces, each pulse is asked for, what the supervisor raises goes to
the controller, and what its ladder demands goes back. Times in ms: ``true`` is true time, each part counts by its own
clock. Masses in fg. It breaks the run with ``Broken`` at the first promise that does not hold.
"""

from collections.abc import Callable

from thecal.pump.hardware.store import FaultyStorage, PowerCut
from thecal.pump.journal import Journal, JournalError, check, create, recover
from thecal.pump.kernel import (
    NEVER,
    VETO,
    Actuate,
    Alarm,
    Event,
    Faults,
    Load,
    Mode,
    Outcome,
    Path,
    Program,
    Record,
    RecordKind,
    Refill,
    Reject,
    Restart,
    Resume,
    State,
    Stop,
    Stray,
    Tick,
    apply,
    start,
    state_from_bytes,
    state_to_bytes,
    step,
)
from thecal.pump.proof.guard import Guarded
from thecal.pump.proof.oracle import Broken, Oracle, behind
from thecal.pump.proof.orders import CONFIG, T0, Given, by_label, digest_of
from thecal.pump.proof.watch import CLOCK_FAULT, STOPS, Clock, Watch
from thecal.pump.supervisor import Install, Limit
from thecal.pump.supervisor import Path as WatchPath
from thecal.pump.supervisor import Refill as WatchRefill
from thecal.pump.supervisor import Resume as WatchResume
from thecal.pump.supervisor import Stop as WatchStop

_INTENT, _LOAD = int(RecordKind.INTENT), int(RecordKind.LOAD)
_STALL = 1 << 5 | 1 << 20 | 1 << 24  # motor stall, under-delivery, sensor fault
_FREE_FLOW = 1 << 2
_STAYS = (*STOPS, 3, CLOCK_FAULT)  # raised by the supervisor, and not ended by an order
_ENDED_BY_RESUME = {2, 9}  # by the controller itself, in one record with the resumption
_ENDED = Alarm.STOPPED | Alarm.EMPTY_RESERVOIR | Alarm.JOURNAL_DAMAGED
_HARMLESS = 1 << 50 | 1 << 28  # a warning of the reservoir explains no loss of therapy

type Mechanism = Callable[[int], tuple[bool, int]]
"""Pulse number to (whether the stroke really happened, how many strokes the feedback saw). May raise PowerCut."""


class Rig:
    """One pump. Restarts and faults are the caller's. ``watch`` None: the controller stands alone."""

    def __init__(
        self,
        mechanism: Mechanism,
        watch: Watch | None = None,
        rotate_after: int = 128,
        start_state: State | None = None,
    ) -> None:
        self.storage, self.clock = FaultyStorage(), Clock()
        self.mechanism, self.watch = mechanism, watch
        self.rotate_after = rotate_after
        self.true = T0
        self.oracle = Oracle()
        state = start_state or start(CONFIG, 18_000_000, T0)
        self.held: Guarded[State] = Guarded(state)
        self.journal: Journal | None = create(self.storage, state_to_bytes(state), T0, rotate_after)
        self.unread = 0  # strokes in a row that the feedback did not see, or that were vetoed
        self.strays = 0  # that the controller was told since the last resume
        self.owed = self.owed_true = T0  # since when the order in force was to run, by the controller and in truth
        self.gaps = 0  # gaps that had been told then
        self.looked = True  # the controller has looked what is due since it was last held up
        self.losses = 0
        self._lost = (0, 0)
        self.stuck = False  # the controller's switch stays closed
        self.pulses = 0
        self.restarts = 0
        self.rejects = 0
        self.vetoed = 0

    @property
    def state(self) -> State:
        """The controller's state. Raises MemoryFault when it was changed behind its back."""
        return self.held.get()

    @property
    def now(self) -> int:
        """What the controller's clock shows."""
        return self.clock.reading(self.true)

    @property
    def due(self) -> int:
        """When the next pulse is due, as far as the controller's memory can be believed; NEVER when it cannot."""
        return NEVER if self.held.differ else self.held.get().due

    @property
    def sound(self) -> bool:
        """Whether both copies of the state are the same."""
        return not self.held.differ

    @property
    def given(self) -> Given | None:
        """The order that the controller runs."""
        plan = self.held.get().plan
        return None if plan is None else by_label().get(plan.program.label)

    # ---- time

    def wait(self, true: int, *, alive: bool = True) -> None:
        """Time passes. ``alive``: the controller runs, and gives its heartbeats."""
        began, self.true = self.true, max(self.true, true)
        self.looked = alive
        watch = self.watch
        if watch is None:
            return
        if alive and self.journal is not None:
            watch.beats(self.true, self.clock)
            self.relay()
        else:
            watch.silence(began, self.true)

    def back(self) -> None:
        """The controller gives a heartbeat again."""
        if self.watch is not None and self.journal is not None:
            self.watch.returned(self.true, self.clock)
            self.relay()

    def tick(self, true: int) -> None:
        """It is ``true``, and the controller looks what is due."""
        journal = self.journal
        assert journal is not None, "the controller runs"
        self.wait(true)
        if journal.full:
            journal.rotate(state_to_bytes(self.state), self.state.now)
        self.do(Tick(self.now))

    # ---- what people do: the supervisor hears of it first

    def load(self, program: Program) -> bool:
        """An order. False when a part refused it; then both hold the old one."""
        if not self._told(Install(program.label, self._own())):
            return False
        taken = self.do(Load(program, self.now)) is None
        if taken:
            self.unread = 0
            self._owed()
        else:
            self.agree()
        self.limit()
        return taken

    def refill(self, volume: int) -> bool:
        """A refill."""
        return self._told(WatchRefill(volume, self._own())) and self.do(Refill(volume, self.now)) is None

    def path(self, *, empty: bool) -> bool:
        """A person marks the path."""
        return self._told(WatchPath(empty, self._own())) and self.do(Path(empty, self.now)) is None

    def stop(self) -> None:
        """Stop is never refused, by either part; one that is not there stands still anyway."""
        self._told(WatchStop(self._own()))
        self.do(Stop(self.now))

    def resume(self) -> bool:
        """A person who has seen the alarms lets the pump go on."""
        watch = self.watch
        if not self._told(WatchResume(self._own())):
            return False
        if watch is not None and watch.raised:
            ended = sum(1 << alarm for alarm in watch.raised - _ENDED_BY_RESUME)
            watch.raised.clear()
            self.do(Faults(0, ended, self.now))
        if self.do(Resume(self.now)) is not None:
            return False
        self.unread = self.strays = 0
        self.owed, self.owed_true = self.now, self.true  # a gap that was told before still explains what follows
        self.limit()
        return True

    def stray(self) -> None:
        """A stroke is sensed that nobody asked for, by both parts."""
        if self.watch is not None:
            self.watch.stray(self.true)
        self.do(Stray(self.now))
        self.strays += 1
        self.relay()

    # ---- between the parts

    def relay(self) -> None:
        """What the supervisor raised goes to the controller, and the rung that follows goes back."""
        watch = self.watch
        if watch is None or self.journal is None or not watch.raised:
            return
        began = sum(1 << alarm for alarm in watch.raised) & ~self.state.aside.faults
        if began:
            self.do(Faults(began, 0, self.now))
            self.limit()

    def limit(self) -> None:
        """The rung that the alarms demand, to the supervisor."""
        watch = self.watch
        if watch is not None and watch.guard is not None and watch.held.get().rung < self.state.aside.rung:
            watch.tell(Limit(self.state.aside.rung, self._own()))

    def agree(self) -> None:
        """After an act that only one part has taken: a stop holds for both, and both hold the controller's order.

        A supervisor that lost its records has no order. It gets one from a person, not from here.
        """
        watch = self.watch
        if watch is None or watch.guard is None or not watch.sound:
            return
        plan = self.state.plan
        other = watch.state
        if other.stopped and self.state.mode in (Mode.RUNNING, Mode.EMPTY):
            self.do(Stop(self.now))
        if plan is not None and other.order is not None and other.data != plan.program.label and not other.stopped:
            watch.tell(Install(plan.program.label, self._own()))
        self.limit()

    def do(self, event: Event) -> Reject | None:
        """An event. Raises PowerCut or OSError when the storage fails: then ``restart`` is due."""
        before = self.held.get()
        after, actions = step(before, event)
        journal = self.journal
        assert journal is not None, "the controller runs"
        intent: Record | None = None
        for action in actions:
            if isinstance(action, Record):
                journal.append(action)
                if action.kind == _INTENT:
                    intent = action
                elif action.kind == _LOAD and (
                    before.plan is None or after.plan is None or before.plan.program.drug != after.plan.program.drug
                ):
                    self.oracle.another_drug()
                self.held.put(after)
            elif isinstance(action, Actuate):
                journal.sync()
                assert intent is not None, "no pulse without its intent"
                self._fire(intent, after)
            elif isinstance(action, Reject):
                self.rejects += 1
                return action
        return None

    def restart(self, true: int) -> bool:
        """The controller's power is back. False when the storage cannot be read any more, or power goes again."""
        self.wait(true, alive=False)
        self.journal = None
        self.restarts += 1
        self.unread = 0
        try:
            journal, checkpoint, records, lost = recover(self.storage, self.rotate_after)
            state = state_from_bytes(checkpoint)
            damage = state.past.damage + lost
            for record in records:
                state = apply(state, record)
            self.held.put(state)
            self.journal = journal
            fresh = damage > state.past.damage
            self.do(Restart(self.now, damage))
            journal.sync()
        except JournalError:
            return False
        except (PowerCut, OSError):
            self.journal = None
            return False
        if fresh:
            self.losses += 1
            self.strays = 0
            if not self.state.alarms & Alarm.JOURNAL_DAMAGED:
                raise Broken("damage was found and no alarm stands")
        if (watch := self.watch) is not None:
            watch.returned(self.true, self.clock)
            self.agree()
            self.relay()
        self._owed()
        return True

    def _fire(self, intent: Record, after: State) -> None:
        plan, watch = after.plan, self.watch
        assert plan is not None, "a pulse has a program"
        seq, counted = intent.a, intent.b
        if watch is not None:
            if watch.ask(seq, intent.c, digest_of(plan.program.label), self.true):
                self.vetoed += 1
                self.unread += 1
                self.do(Outcome(seq, VETO))
                self.relay()
                return self._heard()
            if watch.stopped_by:
                raise Broken("a pulse is permitted after evidence of over-delivery")
        try:
            moved, seen = self.mechanism(seq)
        except PowerCut:
            if self.stuck:  # the supervisor's switch is closed already, and that is enough
                self._moved(seq, counted, plan.program)
            raise
        self.pulses += 1
        if moved and (watch is None or watch.switch):
            self._moved(seq, counted, plan.program)
        if watch is not None:
            watch.drive(seen, self.true, sensed=seen != 1 or not seq % 4)
        self.unread = 0 if seen else self.unread + 1
        self.do(Outcome(seq, seen))
        self.strays += max(seen - 1, 0)
        if watch is not None and watch.raised:
            self.relay()
        return self._heard()

    def _moved(self, seq: int, counted: int, program: Program) -> None:
        """The mechanism has really moved once, for that pulse."""
        lost = (self.losses, self.watch.losses if self.watch is not None else self.losses)
        if all(lost) and lost != self._lost:
            self._lost = lost
            self.oracle.numbers_lost()
        self.oracle.stroke(seq, self.true, counted, program.pulse_fg, program.caps)
        self._owed()

    def _heard(self) -> None:
        if self.unread >= 3 and not self.state.aside.faults & _STALL:
            raise Broken("three pulses in a row moved nothing, and no alarm stands")

    def _told(self, event: Install | WatchRefill | WatchPath | WatchStop | WatchResume) -> bool:
        return self.watch is None or self.watch.told(event)

    def _own(self) -> int:
        """What the supervisor's clock shows."""
        return self.true if self.watch is None else self.watch.clock.reading(self.true)

    def _owed(self) -> None:
        self.owed, self.owed_true = self.now, self.true
        self.gaps = self.held.get().past.gap_count

    # ---- what must stand

    def check_alarms(self) -> None:
        """Raises Broken when what happened calls for an alarm that does not stand."""
        watch = self.watch
        if watch is not None:
            watch.check()
        if self.journal is None or self.held.differ:
            return
        state = self.state
        _check_state(state)
        if self.strays > 1 and not state.aside.faults & _FREE_FLOW:
            raise Broken("two strays, and the controller raised no alarm")
        if watch is not None and watch.guard is not None and watch.sound:
            for alarm in watch.state.latched:
                if alarm in _STAYS and not state.aside.faults >> alarm & 1:
                    raise Broken(f"the supervisor's alarm {alarm} does not stand at the controller")
        self._silent_loss(state)

    def _silent_loss(self, state: State) -> None:
        """Therapy that stays away longer than its alarm time must be told, by any alarm that explains it."""
        given = self.given
        if given is None or not behind(given, self.owed, self.now) or not behind(given, self.owed_true, self.true):
            return
        told = (
            state.alarms & (_ENDED | Alarm.CAP) or state.aside.faults & ~_HARMLESS or state.past.gap_count > self.gaps
        )
        watch = self.watch
        if watch is not None and watch.guard is not None and watch.sound:
            told = told or bool(watch.state.latched)
        elif not self.looked:
            return  # both were away: the controller tells when it looks at the time
        if not told:
            raise Broken(f"therapy stays away since {self.now - self.owed} ms, and no alarm stands")


def _check_state(state: State) -> None:
    """What the controller's state calls for by itself."""
    if state.reservoir_nl <= state.config.low_nl and not state.alarms & Alarm.LOW_RESERVOIR:
        raise Broken("low reservoir without its alarm")
    if state.mode == Mode.EMPTY and not state.alarms & Alarm.EMPTY_RESERVOIR:
        raise Broken("empty without its alarm")
    if state.plan is not None and state.due == NEVER and state.mode == Mode.RUNNING:
        raise Broken("running, and no pulse will ever come")
    if state.plan is not None and state.mode != Mode.RUNNING and not state.alarms & _ENDED:
        raise Broken("therapy has ended without an alarm")
    if state.past.missed and not state.past.gap_count:
        raise Broken("missed pulses without a gap")


def recovered_is_live(rig: Rig, *, twice: bool) -> bool:
    """Whether what the journal gives back is what the controller holds; ``twice``: and reading it changes nothing.

    A journal that rotted after it was last read is not what the controller holds; then it must say so.
    """
    folded = []
    for _ in range(1 + twice):
        try:
            _, checkpoint, records, lost = recover(rig.storage, rig.rotate_after)
        except JournalError:  # both banks rotted
            return bool(check(rig.storage))
        if lost:
            return bool(check(rig.storage))
        state = state_from_bytes(checkpoint)
        for record in records:
            state = apply(state, record)
        folded.append(state)
    return all(state == rig.state for state in folded)
