"""The supervisor beside a device's controller: both get the same orders and commands, and a pulse needs both.

Units: ms of the device's clock outside; ``clock`` turns them into the supervisor's own. What the supervisor raises
becomes an alarm of the controller, which climbs its ladder by it; the rung goes back as a limit. See
docs/pump/supervisor.md, whose list of what the glue must do is kept here.
"""

from collections.abc import Callable

from thecal.pump.catalog import DeviceFigures
from thecal.pump.journal import Storage
from thecal.pump.supervisor import (
    Action,
    Event,
    Figures,
    Guard,
    Heartbeat,
    Install,
    Level,
    Limit,
    Path,
    Raise,
    Refill,
    Resume,
    Stop,
    Stroke,
    Tick,
    Veto,
    supervised,
)
from thecal.quantity import Refusal, Refused

STORAGE_DEGRADED = 26
BEAT_MS = 60_000


def _same(at: int) -> int:
    return at


class Watch:
    """One pump's supervisor. ``raised`` and ``vetoes`` gather what it said since they were last taken."""

    def __init__(
        self,
        figures: DeviceFigures,
        path_nl: int,
        storage: Storage,
        now: int,
        *,
        new: bool = False,
        clock: Callable[[int], int] = _same,
        reading: Callable[[int], int] | None = _same,
    ) -> None:
        """Open it; ``new`` for a pump that is being made.

        ``clock``: the supervisor's time for a time of the device. ``reading``: what the controller's clock says at a
        time of the supervisor, from which the heartbeats between two calls are made up: a device runs hours in one
        call. None where they really come, by ``heartbeat``.
        """
        known = Figures(figures.pulse_nl, figures.flow_max, figures.minimum_rate, path_nl, figures.reservoir_nl)
        self._clock, self._reading = clock, reading
        self._raised = 0
        self._vetoes: dict[str, int] = {}
        self._guard = Guard(known, storage, clock(now), new=new)
        for action in self._guard.opening:
            self._hear(action)

    def around(
        self, mechanism: Callable[[int, int], int], running: Callable[[int], tuple[int, str]]
    ) -> Callable[[int, int], int]:
        """The mechanism behind the supervisor. ``running``: train and order's digest that a pulse claims."""
        fire = supervised(mechanism, self._guard, running, clock=self._clock, heard=self._hear)

        def asked(seq: int, at: int) -> int:
            self.beat(at)
            return fire(seq, at)

        return asked

    def beat(self, now: int) -> None:
        """The controller has come to ``now`` (device ms): the heartbeats until then, where they are made up."""
        if self._reading is None:
            return
        own = self._clock(now)
        for beat in range(self._guard.state.beat + BEAT_MS, own + 1, BEAT_MS):
            self._tell(Heartbeat(self._reading(beat), beat))

    def heartbeat(self, controller_ms: int, own: int) -> None:
        """A heartbeat that really came, at the supervisor's ``own`` time."""
        self._tell(Heartbeat(controller_ms, own))

    def tick(self, own: int) -> None:
        """Nothing came, and it is ``own`` of the supervisor's time: so it notices a controller that is silent."""
        self._tell(Tick(own))

    def install(self, order: bytes, now: int) -> None:
        """Hold this order. Raises Refused, with nothing changed, when it is not accepted."""
        self._accept(Install(order, self._clock(now)), "prescription")

    def agree(self, order: bytes, now: int) -> None:
        """After a restart: the order that the controller runs, where power went between the two parts' records.

        A supervisor that lost its order to damage gets none here: that needs a person.
        """
        if self._guard.state.order is not None and self._guard.state.data != order:
            self._tell(Install(order, self._clock(now)))

    def refill(self, usable_nl: int, now: int) -> None:
        """The reservoir will give this much. Raises Refused when it cannot."""
        self._accept(Refill(usable_nl, self._clock(now)), "fill_nl")

    def path(self, *, empty: bool, now: int) -> None:
        """A person marked the path to the tip."""
        self._tell(Path(empty, self._clock(now)))

    def stop(self, now: int) -> None:
        """A person stopped the pump."""
        self._tell(Stop(self._clock(now)))

    def resume(self, now: int) -> None:
        """A person lets the pump go on: what it raised is over, unless it finds it again."""
        self._tell(Resume(self._clock(now)))

    def stray(self, now: int) -> None:
        """A stroke was sensed that nobody asked for."""
        self._tell(Stroke(self._clock(now)))

    def level(self, low_nl: int, high_nl: int, now: int) -> None:
        """The level sensor says that the reservoir holds this much."""
        self._tell(Level(low_nl, high_nl, self._clock(now)))

    def report(self, alarms: int) -> None:
        """What the hardware around it has found, bit n for alarm n: it goes the way of what the supervisor raises."""
        self._raised |= alarms

    def limit(self, rung: int, now: int) -> None:
        """The controller stands on this rung; the supervisor permits no more than that gives."""
        if rung > self._guard.state.rung:
            self._tell(Limit(rung, self._clock(now)))

    @property
    def raised(self) -> int:
        """The alarms that it raised and that nobody took yet, bit n for alarm n."""
        return self._raised

    @property
    def beaten(self) -> int:
        """When the last heartbeat came, in the supervisor's own time."""
        return self._guard.state.beat

    @property
    def latched(self) -> int:
        """The alarms that it holds until a person resumes, bit n for alarm n."""
        return sum(1 << number for number in self._guard.state.latched)

    def take_raised(self) -> int:
        """The alarms that it raised since this was last asked, bit n for alarm n."""
        raised, self._raised = self._raised, 0
        return raised

    def take_vetoes(self) -> dict[str, int]:
        """Why pulses were refused since this was last asked, and how many."""
        vetoes, self._vetoes = self._vetoes, {}
        return vetoes

    def _accept(self, event: Event, where: str) -> None:
        for action in self._tell(event):
            if isinstance(action, Veto):
                do = "Nothing was changed. Put the order right, or read the pump's alarms."
                what = f"the supervisor does not accept it: {action.reason}"
                raise Refused(Refusal("supervisor", what, where, do, source="the pump's supervisor"))

    def _tell(self, event: Event) -> tuple[Action, ...]:
        answer = self._guard.tell(event)
        for action in answer:
            self._hear(action)
        return answer

    def _hear(self, action: Action) -> None:
        if isinstance(action, Raise):
            self._raised |= 1 << action.alarm
        elif isinstance(action, Veto):
            self._vetoes[action.reason] = self._vetoes.get(action.reason, 0) + 1
            if action.reason == "storage":
                self._raised |= 1 << STORAGE_DEGRADED
