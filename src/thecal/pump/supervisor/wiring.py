"""The supervisor before a mechanism: every pulse that a controller drives is asked for here first. Times in ms."""

from collections.abc import Callable

from thecal.pump.supervisor.journal import Journal, Storage
from thecal.pump.supervisor.judge import judge
from thecal.pump.supervisor.state import State
from thecal.pump.supervisor.types import (
    Action,
    Drive,
    Event,
    Figures,
    Heartbeat,
    Open,
    Permit,
    Record,
    Request,
    Restart,
    Stroke,
    Veto,
)

VETO = -1


class Guard:
    """The supervisor with its journal. What it returns is already durable."""

    def __init__(self, figures: Figures, storage: Storage, now: int, *, new: bool = False) -> None:
        """Open the guard of a pump; ``new`` for one that has no journal yet. ``opening``: what its restart answers."""
        self._journal = Journal(storage, figures, now, new=new)
        self.opening = self.tell(Restart(now))

    @property
    def state(self) -> State:
        """What the supervisor knows."""
        return self._journal.state

    def tell(self, event: Event) -> tuple[Action, ...]:
        """Judge an event, make its facts durable, and return what is to be done. Without its journal it only opens."""
        state, answer = judge(self.state, event)
        try:
            self._journal.keep(state, [action.fact for action in answer if isinstance(action, Record)])
        except OSError:
            seq = event.seq if isinstance(event, Request) else 0
            return (Open(), Veto(seq, "storage"))
        return tuple(action for action in answer if not isinstance(action, Record))


def supervised(
    mechanism: Callable[[int, int], int],
    guard: Guard,
    running: Callable[[int], tuple[int, str]],
    *,
    clock: Callable[[int], int] = lambda at: at,
    heard: Callable[[Action], None] = lambda _: None,
) -> Callable[[int, int], int]:
    """A mechanism like the one given, ``(seq, at) -> strokes sensed or VETO``, that moves only what the guard permits.

    ``running``: the train and the digest of the order that the controller claims for a pulse. ``clock``: the
    supervisor's count for a time of the controller; its own oscillator in a pump, the same time in a simulation.
    ``heard`` gets every action, alarms and vetoes among them.
    """

    def tell(event: Event) -> tuple[Action, ...]:
        answer = guard.tell(event)
        for action in answer:
            heard(action)
        return answer

    def fire(seq: int, at: int) -> int:
        now = clock(at)
        tell(Heartbeat(at, now))
        train, digest = running(seq)
        if Permit(seq) not in tell(Request(seq, train, digest, now)):
            return VETO
        tell(Drive(on=True, at=now))
        try:
            strokes = mechanism(seq, at)
            for _ in range(strokes):
                tell(Stroke(now))
        finally:
            tell(Drive(on=False, at=now))  # whatever broke down in it, no current flows any more
        return strokes

    return fire
