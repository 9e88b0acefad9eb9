"""Controller and journal on a failing storage, with an oracle that keeps its own account of what really left the pump.

Times in ms, masses in fg. The rig is the glue of the device without its fluid: a record is durable before the pulse
that it announces, an outcome follows it. The oracle counts strokes, not what the controller says of them, and
breaks the run with ``Broken`` at the first promise that does not hold.
"""

from collections.abc import Callable

from thecal.pump.hardware.store import FaultyStorage, PowerCut
from thecal.pump.journal import Journal, JournalError, check, create, recover
from thecal.pump.kernel import (
    NEVER,
    VETO,
    Actuate,
    Alarm,
    Config,
    Event,
    Mode,
    Outcome,
    Record,
    RecordKind,
    Reject,
    Restart,
    State,
    Tick,
    apply,
    start,
    state_from_bytes,
    state_to_bytes,
    step,
)
from thecal.pump.proof.guard import Guarded, MemoryFault

DAY, HOUR = 86_400_000, 3_600_000
T0 = 20_000 * DAY
CONFIG = Config(250, 48_000, 24_000_000, 2_000_000)
PULSE_FG = 250 * 10**7
_INTENT, _LOAD = int(RecordKind.INTENT), int(RecordKind.LOAD)
_ATTENDED = frozenset({_LOAD, int(RecordKind.RESUME)})  # a person has heard the alarm
_STALL = 1 << 5 | 1 << 20 | 1 << 24  # motor stall, under-delivery, sensor fault

type Mechanism = Callable[[int], tuple[bool, int]]
"""Pulse number to (whether the stroke really happened, how many strokes the feedback saw). May raise PowerCut."""

type Permission = Callable[[int, int, int], bool]
"""Pulse number, mass it counts, time: whether a second, independent part permits the pulse."""


class Broken(Exception):
    """A promise did not hold."""


class Oracle:
    """What really left the pump, and what must follow from it."""

    def __init__(self) -> None:
        self.times: list[int] = []
        self.masses: list[int] = []
        self.sums = [0]
        self.seqs: set[int] = set()
        self.since = 0  # strokes before this one were of another drug
        self.worst_excess = 0
        self.forgotten: set[int] = set()
        self.renumbered = 0  # pulse numbers used again after their records were lost

    def stroke(self, seq: int, at: int, mass: int, pulse: int, caps: tuple[tuple[int, int], ...]) -> None:
        """A stroke really happened. Raises Broken for a number fired twice, or more than a pulse beyond a cap."""
        if seq in self.seqs:
            raise Broken(f"pulse {seq} fired twice")
        self.seqs.add(seq)
        self.renumbered += seq in self.forgotten
        times, sums = self.times, self.sums
        times.append(at)
        self.masses.append(mass)
        sums.append(sums[-1] + mass)
        for window, cap in caps:
            first = len(times)
            # from the newest back: windows of an hour are short, and this is done for every stroke
            low = at - window
            if times[self.since] > low:
                first = self.since
            else:
                lo, hi = self.since, len(times)
                while lo < hi:
                    mid = (lo + hi) // 2
                    if times[mid] <= low:
                        lo = mid + 1
                    else:
                        hi = mid
                first = lo
            excess = sums[-1] - sums[first] - cap
            if excess > self.worst_excess:
                self.worst_excess = excess
            if excess > pulse:
                raise Broken(f"{excess} fg beyond the cap of {window} ms at {at}")

    def records_lost(self) -> None:
        """Numbers that only the lost records knew may be given to new pulses; it is counted, not hidden."""
        self.forgotten |= self.seqs
        self.seqs.clear()

    def another_drug(self) -> None:
        """What was given before says nothing of the drug that is given now."""
        self.since = len(self.times)

    def copy(self) -> "Oracle":
        """One of its own with the same account."""
        twin = Oracle()
        twin.times, twin.masses, twin.sums = [*self.times], [*self.masses], [*self.sums]
        twin.seqs, twin.forgotten = {*self.seqs}, {*self.forgotten}
        twin.since, twin.worst_excess, twin.renumbered = self.since, self.worst_excess, self.renumbered
        return twin


class Rig:
    """One controller. ``now`` is the time of its clock; restarts and faults are the caller's."""

    def __init__(self, mechanism: Mechanism, permit: Permission | None = None, rotate_after: int = 128) -> None:
        self.storage = FaultyStorage()
        self.mechanism = mechanism
        self.permit = permit
        self.rotate_after = rotate_after
        self.now = T0
        self.oracle = Oracle()
        state = start(CONFIG, 18_000_000, T0)
        self.held = Guarded(state)
        self.journal: Journal | None = create(self.storage, state_to_bytes(state), T0, rotate_after)
        self.unread = 0  # strokes in a row that the feedback did not see
        self.damage = 0
        self.pulses = 0
        self.restarts = 0
        self.rejects = 0

    @property
    def state(self) -> State:
        """The controller's state. Raises MemoryFault when it was changed behind its back."""
        return self.held.get()

    @property
    def due(self) -> int:
        """When the next pulse is due, as far as the controller's memory can be believed; NEVER when it cannot."""
        try:
            return self.held.get().due
        except MemoryFault:
            return NEVER

    @property
    def sound(self) -> bool:
        """Whether both copies of the state are the same."""
        try:
            self.held.get()
        except MemoryFault:
            return False
        return True

    def do(self, event: Event) -> Reject | None:
        """An event. Raises PowerCut or OSError when the storage fails: then ``restart`` is due."""
        before = self.held.get()
        after, actions = step(before, event)
        journal = self.journal
        assert journal is not None, "the controller runs"
        counted = 0
        for action in actions:
            if isinstance(action, Record):
                journal.append(action)
                if action.kind == _INTENT:
                    counted = action.b
                elif action.kind == _LOAD and (
                    before.plan is None or after.plan is None or before.plan.program.drug != after.plan.program.drug
                ):
                    self.oracle.another_drug()
                if action.kind in _ATTENDED:
                    self.unread = 0
                self.held.put(after)
            elif isinstance(action, Actuate):
                journal.sync()
                self._fire(action.seq, counted, after)
            elif isinstance(action, Reject):
                self.rejects += 1
                return action
        return None

    def tick(self, now: int) -> None:
        """It is ``now``."""
        self.now = max(self.now, now)
        journal = self.journal
        assert journal is not None, "the controller runs"
        if journal.full:
            journal.rotate(state_to_bytes(self.state), self.state.now)
        self.do(Tick(now))

    def restart(self, now: int) -> bool:
        """Power comes back. False when the storage cannot be read any more, or power goes again."""
        self.now = max(self.now, now)
        self.journal = None
        self.restarts += 1
        try:
            journal, checkpoint, records, lost = recover(self.storage, self.rotate_after)
            state = state_from_bytes(checkpoint)
            damage = state.past.damage + lost
            for record in records:
                state = apply(state, record)
            self.held.put(state)
            self.journal = journal
            fresh = damage > state.past.damage
            self.do(Restart(now, damage))
            journal.sync()
        except JournalError:
            return False
        except (PowerCut, OSError):
            self.journal = None
            return False
        if fresh:
            self.oracle.records_lost()
        if fresh and not self.state.alarms & Alarm.JOURNAL_DAMAGED:
            raise Broken("damage was found and no alarm stands")
        return True

    def _fire(self, seq: int, counted: int, after: State) -> None:
        plan = after.plan
        assert plan is not None, "a pulse has a program"
        if self.permit is not None and not self.permit(seq, counted, after.now):
            self.do(Outcome(seq, VETO))
            return
        moved, seen = self.mechanism(seq)
        self.pulses += 1
        if moved:
            self.oracle.stroke(seq, after.now, counted, plan.program.pulse_fg, plan.program.caps)
        self.unread = 0 if seen else self.unread + 1
        self.do(Outcome(seq, seen))
        if self.unread >= 3 and not self.state.aside.faults & _STALL:
            raise Broken("three pulses in a row were not seen, and no alarm stands")

    def check_alarms(self) -> None:
        """Raises Broken when the state calls for an alarm that does not stand."""
        state = self.state
        if state.reservoir_nl <= state.config.low_nl and not state.alarms & Alarm.LOW_RESERVOIR:
            raise Broken("low reservoir without its alarm")
        if state.mode == Mode.EMPTY and not state.alarms & Alarm.EMPTY_RESERVOIR:
            raise Broken("empty without its alarm")
        if state.plan is not None and state.due == NEVER and state.mode == Mode.RUNNING:
            raise Broken("running, and no pulse will ever come")
        quiet = state.plan is not None and state.mode != Mode.RUNNING
        if quiet and not state.alarms & (Alarm.STOPPED | Alarm.EMPTY_RESERVOIR | Alarm.JOURNAL_DAMAGED):
            raise Broken("therapy has ended without an alarm")
        if state.past.missed and not state.past.gap_count:
            raise Broken("missed pulses without a gap")


def recovered_is_live(rig: Rig) -> bool:
    """Whether what the journal gives back is what the controller holds, and reading it twice changes nothing.

    A journal that rotted after it was last read is not what the controller holds; then it must say so.
    """
    folded = []
    for _ in range(2):
        _, checkpoint, records, lost = recover(rig.storage, rig.rotate_after)
        if lost:
            return bool(check(rig.storage))
        state = state_from_bytes(checkpoint)
        for record in records:
            state = apply(state, record)
        folded.append(state)
    return folded[0] == folded[1] == rig.state
