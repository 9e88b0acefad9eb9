"""What the supervisor knows, and how each durable fact changes it. Volumes nL, masses fg, times ms of its own clock.

``apply`` is the only way in which what must survive a loss of power changes, so reading the journal again gives the
same state. What is not durable (an open permission, a drive, heartbeats) begins anew at a restart, closed.
"""

from typing import Any, NamedTuple

from thecal.pump.supervisor.ledger import HOUR, Ledger
from thecal.pump.supervisor.order import Order, read_order
from thecal.pump.supervisor.types import BOLUS, DAY, PRIME, STATE_SUSPECT, Fact, Figures

EMPTY = Ledger()


class State(NamedTuple):
    """The supervisor between two events. ``seq`` -1: what was permitted before is not known."""

    figures: Figures
    now: int = 0
    data: bytes = b""  # the order as installed
    order: Order | None = None
    ledger: Ledger = EMPTY
    seq: int = 0
    last: int = -DAY  # the last permission
    installed: int = 0
    since: int = 0  # since when ``base`` counts: an order, a resumption, or another rung
    base: int = 0
    bolus: int = 0
    given: int = 0  # since the order was installed, primes left out
    volume: int = 0  # the lower bound of what the reservoir gives
    account: int = 0  # the same, without what the level sensor says
    drawn: int = 0  # since the last refill
    empty: bool = False  # the path was marked as empty
    prime: int = 0  # pulses that may still fill it
    lost: int = 0  # pulses that lost facts may have permitted; the next order counts them
    lost_fg: int = 0  # what each of them counts at least
    rung: int = 0
    stopped: bool = False
    latched: tuple[int, ...] = ()
    strays: int = 0
    trips: tuple[int, ...] = ()  # vetoes that count for GOVERNOR_TRIP
    restarts: tuple[int, ...] = ()
    opened: int | None = None  # when the permission that is open was given
    closed: bool = False  # the switch
    drive: int | None = None  # when the drive began
    beat: int = 0  # the last heartbeat, or the last restart
    heard: bool = False
    clocks: tuple[int, int] | None = None  # own and the controller's count when last compared

    def pulse_fg(self) -> int:
        """What the next pulse counts: the old fluid's mass while a bridge lasts."""
        if self.order is None:
            return 0
        return self.order.bridge_fg if self.given < self.order.bridge else self.order.pulse_fg

    def over_cap(self) -> bool:
        """Whether any window holds more than its cap and one pulse."""
        order = self.order
        return order is not None and any(
            total > cap + max(order.pulse_fg, order.bridge_fg)
            for (_, total), cap in zip(self.ledger.marks, order.caps, strict=True)
        )


def apply(state: State, fact: Fact) -> State:
    """The state after a durable fact. Facts are made by ``judge`` alone, or read from a journal that checks."""
    changed: State = _CHANGES[fact.kind](brought_to(state, fact.at), *fact.values)
    return changed


def brought_to(state: State, time: int) -> State:
    """The state at ``time``; time that goes back counts as standing still."""
    if time <= state.now:
        return state
    return state._replace(now=time, ledger=state.ledger.to(time))


def _install(state: State, text: str) -> State:
    data = text.encode()
    order = read_order(data, state.figures)
    ledger = state.ledger
    if state.lost:
        ledger = ledger.add(state.now, state.lost * max(state.lost_fg, order.pulse_fg, order.bridge_fg))
    return state._replace(
        data=data,
        order=order,
        ledger=ledger,
        lost=0,
        installed=state.now,
        since=state.now,
        base=0,
        bolus=0,
        given=0,
        prime=order.prime,
        rung=0,
        stopped=False,
    )


def _permit(state: State, seq: int, train: int) -> State:
    prime = train == PRIME
    return _drawn(state)._replace(
        seq=seq,
        last=state.now,
        ledger=state.ledger.add(state.now, 0 if prime else state.pulse_fg()),
        prime=state.prime - prime,
        empty=state.empty and not prime,
        given=state.given + (not prime),
        bolus=state.bolus + (train == BOLUS),
        base=state.base + (train not in (PRIME, BOLUS)),
    )


def _drawn(state: State) -> State:
    one = state.figures.pulse_nl
    volume, account = max(0, state.volume - one), max(0, state.account - one)
    return state._replace(volume=volume, account=account, drawn=state.drawn + one)


def _stray(state: State) -> State:
    state = state._replace(ledger=state.ledger.add(state.now, state.pulse_fg()), strays=state.strays + 1)
    return _drawn(state._replace(given=state.given + 1))


def _resume(state: State) -> State:
    return state._replace(latched=(), strays=0, trips=(), rung=0, since=state.now, base=0, prime=0)


def _limit(state: State, rung: int) -> State:
    return state._replace(rung=rung, since=state.now, base=0, prime=0)


def _refill(state: State, volume: int) -> State:
    return state._replace(volume=volume, account=volume, drawn=0, prime=0)


def _restart(state: State) -> State:
    recent = tuple(at for at in state.restarts if at > state.now - HOUR)[-4:]
    return state._replace(
        restarts=(*recent, state.now),
        prime=0,
        opened=None,
        drive=None,
        beat=state.now,
        heard=False,
        clocks=None,
    )


def _path(state: State, empty: int) -> State:
    return state._replace(empty=bool(empty), prime=state.prime if empty else 0)


def _damage(state: State, lost: int, known: int) -> State:
    """Up to ``lost`` facts are lost: each counts as a pulse, no number is known, and only a new order starts again.

    ``known`` 0: nothing could be read at all, so what was permitted has no bound, and every cap counts as reached.
    """
    gone = lost * state.figures.pulse_nl
    units = () if state.order is None else (state.order.pulse_fg, state.order.bridge_fg)
    return state._replace(
        data=b"",
        order=None,
        ledger=state.ledger if known else Ledger(full=state.now),
        lost=state.lost + lost,
        lost_fg=max((state.lost_fg, *units)),
        seq=-1,
        last=state.now,
        volume=max(0, state.volume - gone),
        drawn=state.drawn + gone,
        account=max(0, state.account - gone),
        empty=False,
        prime=0,
        latched=tuple(sorted({*state.latched, STATE_SUSPECT})),
    )


_SAVED = (
    "seq", "last", "installed", "since", "base", "bolus", "given", "volume", "account", "drawn", "empty", "prime",
    "lost", "lost_fg", "rung", "stopped", "latched", "strays", "trips", "restarts",
)  # fmt: skip


def snapshot(state: State) -> Fact:
    """Everything durable as one fact, so that a journal can begin anew with it."""
    full = -1 if state.ledger.full is None else state.ledger.full
    saved: list[Any] = [state.data.decode(), full, state.ledger.entries()]
    return Fact("snapshot", state.now, (*saved, *(getattr(state, name) for name in _SAVED)))


def _snapshot(state: State, text: str, full: int, entries: tuple[tuple[int, int], ...], *saved: Any) -> State:
    ledger = Ledger(full=None if full < 0 else full)
    for at, mass in entries:
        ledger = ledger.add(at, mass)
    data = text.encode()
    order = read_order(data, state.figures) if data else None
    plain = (tuple(each) if isinstance(each, list) else each for each in saved)  # JSON knows no tuples
    fields: dict[str, Any] = dict(zip(_SAVED, plain, strict=True))
    return State(state.figures, state.now, data, order, ledger.to(state.now))._replace(**fields)


_CHANGES: dict[str, Any] = {
    "install": _install,
    "permit": _permit,
    "stray": _stray,
    "latch": lambda state, alarm: state._replace(latched=tuple(sorted({*state.latched, alarm}))),
    "trip": lambda state: state._replace(trips=(*(at for at in state.trips if at > state.now - DAY), state.now)),
    "number": lambda state, seq: state._replace(seq=seq),
    "level": lambda state, low: state._replace(volume=min(state.volume, low)),
    "limit": _limit,
    "stop": lambda state: state._replace(stopped=True, prime=0),
    "resume": _resume,
    "refill": _refill,
    "path": _path,
    "restart": _restart,
    "damage": _damage,
    "snapshot": _snapshot,
}
