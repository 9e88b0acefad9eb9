"""A rig for the supervisor's tests: figures, orders as bytes, a storage that can be torn, and a supervised pump."""

import json
from dataclasses import dataclass, field
from hashlib import sha256

from thecal.pump.supervisor import (
    Action,
    Close,
    Drive,
    Event,
    Figures,
    Guard,
    Heartbeat,
    Install,
    Open,
    Permit,
    Raise,
    Refill,
    Request,
    Stroke,
    Veto,
)

HOUR, DAY = 3_600_000, 86_400_000
WINDOWS = (HOUR, 4 * HOUR, DAY, 7 * DAY)
T0 = 20_000 * DAY
PULSE = 2_500_000_000  # 250 nL of 10 mg/mL
FIGURES = Figures(250, 24_000_000, 48_000, 100_000, 20_000_000)
CONTINUOUS = {"kind": "simple_continuous", "dose": 1_600 * PULSE}


def plain(**fields: object) -> dict[str, object]:
    """4 mg/day of morphine 10 mg/mL: a pulse each 54 s, under caps of 80 pulses an hour and 1,700 a day."""
    order: dict[str, object] = {
        "format": 1,
        "id": "rx-1",
        "patient": "p-1",
        "author": "Dr Example",
        "written": 0,
        "route": "intrathecal",
        "solution": [["morphine", 10_000_000]],
        "anchor": T0,
        "program": CONTINUOUS,
        "caps": {"hour": 80 * PULSE, "day": 1_700 * PULSE},
    }
    return {name: value for name, value in (order | fields).items() if value is not None}


def order(**fields: object) -> bytes:
    return json.dumps(plain(**fields), sort_keys=True, separators=(",", ":")).encode()


def digest(data: bytes) -> str:
    return sha256(data).hexdigest()


class PowerCut(Exception):
    """The lights went out."""


class Store:
    """Two banks in memory. Power goes after ``budget`` more bytes; with ``zeros`` the rest of that write is zeros."""

    def __init__(self, budget: int | None = None, *, zeros: bool = False) -> None:
        self.banks, self.budget, self.zeros, self.fails = [bytearray(), bytearray()], budget, zeros, False

    def append(self, bank: int, data: bytes) -> None:
        if self.fails:
            raise OSError("no space")
        if self.budget is None or self.budget >= len(data):
            self.banks[bank] += data
            self.budget = None if self.budget is None else self.budget - len(data)
            return
        self.banks[bank] += data[: self.budget]
        if self.zeros:
            self.banks[bank] += bytes(len(data) - self.budget)
        self.budget = 0
        raise PowerCut

    def sync(self, bank: int) -> None:
        assert bank in (0, 1)

    def read(self, bank: int) -> bytes:
        return bytes(self.banks[bank])

    def truncate(self, bank: int, size: int) -> None:
        if self.budget == 0:
            raise PowerCut
        del self.banks[bank][size:]


@dataclass
class Pump:
    """A mechanism that moves for each permission, and an account of it that the supervisor does not see."""

    store: Store = field(default_factory=Store)
    figures: Figures = FIGURES
    now: int = T0
    data: bytes = b""
    fired: list[tuple[int, int, int]] = field(default_factory=list)  # at, seq, train
    alarms: set[int] = field(default_factory=set)
    switch: bool = False

    def __post_init__(self) -> None:
        self.guard = Guard(self.figures, self.store, self.now, new=True)

    def tell(self, event: Event) -> tuple[Action, ...]:
        answer = self.guard.tell(event)
        for action in answer:
            if isinstance(action, Raise):
                self.alarms.add(action.alarm)
            if isinstance(action, Open | Close):
                self.switch = isinstance(action, Close)
        return answer

    def start(self, data: bytes | None = None, volume: int = 20_000_000) -> "Pump":
        self.tell(Refill(volume, self.now))
        self.install(order() if data is None else data)
        return self

    def install(self, data: bytes) -> str | None:
        answer = self.tell(Install(data, self.now))
        refused = [action.reason for action in answer if isinstance(action, Veto)]
        if not refused:
            self.data = data
        return refused[0] if refused else None

    def restart(self) -> None:
        self.store.budget, self.switch = None, False
        self.guard = Guard(self.figures, self.store, self.now)
        self.alarms |= {action.alarm for action in self.guard.opening if isinstance(action, Raise)}

    def beat(self, count: int | None = None) -> None:
        self.tell(Heartbeat(self.now if count is None else count, self.now))

    def ask(self, seq: int, train: int = 0, *, name: str | None = None, at: int | None = None) -> str:
        """Ask for a pulse; the mechanism moves when it is permitted. The reason of a veto, or nothing."""
        answer = self.tell(Request(seq, train, digest(self.data) if name is None else name, at or self.now))
        if Permit(seq) not in answer:
            reason = next(action.reason for action in answer if isinstance(action, Veto))
            assert reason == "open" or not self.switch
            return reason
        assert self.switch
        self.fired.append((self.now, seq, train))
        return ""

    def stroke(self) -> None:
        """What the mechanism does with a permission."""
        self.tell(Drive(on=True, at=self.now))
        self.tell(Stroke(self.now))
        self.tell(Drive(on=False, at=self.now))
        assert not self.switch

    def give(self, seq: int, train: int = 0) -> str:
        """A heartbeat, a request, and the stroke when it is permitted."""
        self.beat()
        reason = self.ask(seq, train)
        if not reason:
            self.stroke()
        return reason

    def wait(self, ms: int) -> None:
        """Time passes, with heartbeats."""
        end = self.now + ms
        while self.now < end:
            self.now = min(end, self.now + 60_000)
            self.beat()


def worst(times: list[int], window: int) -> int:
    """The most events in any window of that length."""
    most = first = 0
    for index, at in enumerate(times):
        while times[first] <= at - window:
            first += 1
        most = max(most, index - first + 1)
    return most
