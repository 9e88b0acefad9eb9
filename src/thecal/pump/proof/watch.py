"""The supervisor's side of the rig: a real guard with a failing storage, a clock and a power of its own.

It keeps its own count of what the supervisor was told, and checks that each alarm which must follow stands. Its state
is kept twice, as the controller's is, so that a flip of memory is found before the next answer depends on it.
Times: ``true`` is true time, the supervisor counts by ``clock``. All in ms.
"""

from collections.abc import Iterable

from thecal.pump.hardware.store import FaultyStorage, PowerCut
from thecal.pump.proof.guard import Guarded
from thecal.pump.proof.oracle import Broken
from thecal.pump.proof.orders import DAY, FIGURES, HOUR, T0
from thecal.pump.supervisor import (
    Action,
    Close,
    Drive,
    Event,
    Figures,
    Guard,
    Heartbeat,
    Open,
    Permit,
    Raise,
    Refill,
    Request,
    Resume,
    State,
    Stroke,
    Tick,
    Veto,
)

FREE_FLOW, OVER_DELIVERY, ACTUATOR_FAULT, GOVERNOR_TRIP = 2, 1, 4, 3
CONTROLLER_FAILED, CLOCK_FAULT, STATE_SUSPECT = 9, 25, 27
STOPS = frozenset({OVER_DELIVERY, FREE_FLOW, ACTUATOR_FAULT})
SILENT_MS, COMPARE_MS = 180_000, 60_000
_TRIPS = ("cap", "spacing", "early")


class Clock:
    """An oscillator: what it shows at a true time. It can jump, drift and stop."""

    __slots__ = ("ppm", "shown", "true")

    def __init__(self) -> None:
        self.true = self.shown = T0
        self.ppm = 1_000_000

    def reading(self, true: int) -> int:
        """What it shows."""
        return self.shown + (true - self.true) * self.ppm // 1_000_000

    def when(self, reading: int) -> int | None:
        """The first true time at which it shows that much; None when it stands still before."""
        if reading <= self.shown:
            return self.true
        return None if not self.ppm else self.true - (-(reading - self.shown) * 1_000_000 // self.ppm)

    def change(self, true: int, *, by: int = 0, ppm: int | None = None) -> None:
        """From ``true`` on it runs at another rate, or shows so much more."""
        self.true, self.shown = true, self.reading(true) + by
        self.ppm = self.ppm if ppm is None else ppm


class Watch:
    """One supervisor. ``guard`` is None while it has no power, or no storage that works."""

    def __init__(self, limit: int | None = None, figures: Figures = FIGURES, fill_nl: int = 18_000_000) -> None:
        self.storage: FaultyStorage = FaultyStorage()
        self.clock = Clock()
        self.limit = limit  # bytes after which its journal begins anew; None: as it is made
        self.figures = figures
        self.switch = False
        self.raised: set[int] = set()  # all alarms that it raised, for the glue to take on
        self.stopped_by: set[int] = set()  # those of them that stop, until a person resumes
        self.permitted = 0  # the highest number
        self.strays = 0
        self.vetoes: list[int] = []
        self.opened: list[int] = []  # its restarts
        self.beat = T0
        self.waits: int | None = None  # until when a permission waits for its stroke
        self.epoch = 0  # grows with what makes it compare the clocks anew, or forget its alarms
        self.losses = 0
        self.guard: Guard | None = Guard(figures, self.storage, T0, new=True)
        self._limited()
        self.held: Guarded[State] = Guarded(self.guard.state)
        self.tell(Refill(fill_nl, T0))

    @property
    def state(self) -> State:
        """What it knows. Raises MemoryFault when that was changed behind its back."""
        return self.held.get()

    @property
    def sound(self) -> bool:
        """Whether both copies of its state are the same."""
        return not self.held.differ

    def tell(self, event: Event) -> tuple[Action, ...] | None:
        """An event; None when nobody hears it, because its power is gone or goes now."""
        if self.guard is None:
            return None
        if self.held.differ and not self.restart(event.at):
            return None
        try:
            answer = self.guard.tell(event)
        except PowerCut:
            self.off()
            return None
        self.held.put(self.guard.state)
        self._heard(answer)
        if any(isinstance(action, Veto) and action.reason == "storage" for action in answer):
            self.guard = None
        return answer

    def told(self, event: Event) -> bool:
        """Whether an order, a refill or a person's command was taken."""
        answer = self.tell(event)
        if answer is None or any(isinstance(action, Veto) for action in answer):
            return False
        if isinstance(event, Resume):
            self.stopped_by.clear()
            self.epoch += 1
            self.strays, self.vetoes = 0, []
        return True

    def beats(self, true: int, other: Clock) -> None:
        """The controller lived until ``true`` and gave a heartbeat in each minute.

        Of heartbeats that say nothing new only the first two and the last are told: a jump before the first can hide
        what is wrong in one comparison; after the second both clocks run evenly, so that each would end as that did.
        """
        while self.guard is not None:
            apart = true - self.beat
            if apart < COMPARE_MS // 2 and self.guard.state.heard:
                return  # so soon after the last one it tells nothing that the next will not
            if apart > 4 * COMPARE_MS:
                self._beat(self.beat + COMPARE_MS + 1, other)
                self._beat(self.beat + COMPARE_MS + 1, other)
                if self.guard is not None:
                    self._skip(true - COMPARE_MS // 2, other)
            elif apart > COMPARE_MS:
                self._beat(self.beat + COMPARE_MS + 1, other)
            else:
                break
        self._beat(true, other)

    def silence(self, began: int, true: int) -> None:
        """The controller gave no heartbeat from ``began`` to ``true``; ticks tell the supervisor so."""
        if self.held.differ:  # the first tick finds it
            self.tell(Tick(self.clock.reading(began)))
        self.tell(Tick(self.clock.reading(true)))
        if self.guard is None or self.held.differ:
            return
        state = self.state
        if state.now - state.beat >= SILENT_MS and CONTROLLER_FAILED not in state.latched:
            raise Broken("the controller is silent, and no alarm stands")

    def returned(self, true: int, other: Clock) -> None:
        """The controller is back, with a heartbeat."""
        self._beat(true, other)

    def _beat(self, true: int, other: Clock) -> None:
        self.beat = true
        self.tell(Heartbeat(other.reading(true), self.clock.reading(true)))

    def _skip(self, true: int, other: Clock) -> None:
        guard = self.guard
        assert guard is not None, "somebody hears the heartbeats"
        own = max(self.clock.reading(true), guard.state.now)
        clocks = (own, other.reading(true))
        guard._journal.state = guard.state._replace(now=own, beat=own, clocks=clocks, ledger=guard.state.ledger.to(own))
        self.held.put(guard.state)
        self.beat = true

    def ask(self, seq: int, train: int, digest: str, true: int) -> str:
        """Nothing when the pulse may fire, else why not."""
        now = self.clock.reading(true)
        answer = self.tell(Request(seq, train, digest, now))
        if answer is None:
            return "nobody"
        if Permit(seq) in answer:
            if seq <= self.permitted:
                raise Broken(f"number {seq} is permitted twice")
            self.permitted = seq
            self.waits = now + self.figures.drive_max_ms + 1_000
            return ""
        reason = next(action.reason for action in answer if isinstance(action, Veto))
        if reason in _TRIPS and self.guard is not None:
            self.vetoes.append(now)
        return reason

    def drive(self, strokes: int, true: int, *, sensed: bool) -> None:
        """The drive was on, and so many strokes were seen. ``sensed``: it is told of the current too."""
        now = self.clock.reading(true)
        if sensed:
            self.tell(Drive(on=True, at=now))
        for _ in range(strokes):
            self._stroke(now)
        if sensed or strokes != 1:
            self.tell(Drive(on=False, at=now))

    def stray(self, true: int) -> None:
        """A stroke was sensed and nobody had asked."""
        self._stroke(self.clock.reading(true))

    def _stroke(self, now: int) -> None:
        """The first stroke that a permission waits for is its own; any other is a stray."""
        own = self.waits is not None and now <= self.waits
        heard = self.tell(Stroke(now)) is not None and self.guard is not None  # else it could not write it down
        if own:
            self.waits = None
        elif heard:
            self.strays += 1

    def off(self) -> None:
        """Its power is gone. Its switch falls open."""
        self.guard, self.switch, self.waits = None, False, None

    def restart(self, at: int) -> bool:
        """Its power is back, at ``at`` of its own clock. False when it went again, or the storage takes nothing."""
        self.off()
        try:
            guard = Guard(self.figures, self.storage, at)
        except PowerCut:
            return False
        if any(isinstance(action, Veto) for action in guard.opening):
            return False
        self.guard = guard
        self.epoch += 1
        self._limited()
        self.held.put(guard.state)
        self._heard(guard.opening)
        self.beat = max(self.beat, self.clock.when(at) or self.beat)
        state = guard.state
        if state.seq < 0:
            self._lost()
        elif state.seq < self.permitted:
            raise Broken("the supervisor forgot a permission, and no alarm stands")
        self.opened = [*(then for then in self.opened if then > state.now - HOUR), state.now]
        if len(self.opened) >= 5 and CONTROLLER_FAILED not in state.latched:
            raise Broken("five restarts of the supervisor in an hour, and no alarm stands")
        return True

    def _lost(self) -> None:
        """Records were lost, now or earlier: it may know of nothing that it was told, but it must have said so."""
        if self.permitted and STATE_SUSPECT not in self.state.latched:
            raise Broken("the supervisor lost records, and no alarm stands")
        self.losses += bool(self.permitted) or not self.losses
        self.strays, self.vetoes, self.opened, self.permitted = 0, [], [], 0

    def check(self) -> None:
        """Raises Broken when what it was told calls for an alarm that does not stand."""
        if self.guard is None or self.held.differ:
            return
        state = self.state
        latched = state.latched
        if self.strays > 1 and FREE_FLOW not in latched:
            raise Broken("two strays, and the supervisor raised no alarm")
        if sum(at > state.now - DAY for at in self.vetoes[-2:]) > 1 and GOVERNOR_TRIP not in latched:
            raise Broken("two vetoes of a cap in a day, and no alarm stands")
        if self.switch and STOPS.intersection(latched):
            raise Broken("its switch is closed after evidence of over-delivery")

    def _heard(self, actions: Iterable[Action]) -> None:
        for action in actions:
            if isinstance(action, Raise):
                self.raised.add(action.alarm)
                if action.alarm in STOPS:
                    self.stopped_by.add(action.alarm)
            elif isinstance(action, Open | Close):
                self.switch = isinstance(action, Close)

    def _limited(self) -> None:
        if self.limit is not None and self.guard is not None:
            self.guard._journal._limit = self.limit
