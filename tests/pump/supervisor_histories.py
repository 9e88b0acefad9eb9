"""Many lives of a supervisor, the same each time: events at and beside every edge of time, value and state.

``life`` gives a digest of everything that it answered, kept and wrote. Run as a program this file writes down what is
so now.
"""

import json
import random
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from supervisor_rig import DAY, FIGURES, HOUR, PULSE, T0, WINDOWS, Store, digest, order

from thecal.pump.supervisor import (
    Action,
    Drive,
    Event,
    Figures,
    Guard,
    Heartbeat,
    Install,
    Level,
    Limit,
    Permit,
    Refill,
    Request,
    Resume,
    Stop,
    Stroke,
    Tick,
    judge,
)
from thecal.pump.supervisor import Path as PathMarked
from thecal.pump.supervisor import journal as keeping
from thecal.pump.supervisor.journal import read_bank

FILE = Path(__file__).parent / "data" / "supervisor_histories.json"
LIVES = 60
MINUTE = 60_000
SAFE = {"fallback": 400 * PULSE, "reactions": [["motor_stall", "min_rate"]]}
PATIENT = {"dose": 4 * PULSE, "over": MINUTE, "lockout": 10 * MINUTE, "from": "start", "count": 3, "window": 2 * HOUR}
DAYTIME = {"kind": "multi_rate", "steps": [[0, 400 * PULSE], [8 * HOUR, 1_700 * PULSE], [20 * HOUR, 0]]}
PERIODIC = {"kind": "periodic_bolus", "bolus": 24 * PULSE, "every": 2 * HOUR, "over": 10 * MINUTE, "basal": 80 * PULSE}
TIGHT = {"hour": 68 * PULSE, "four_hours": 270 * PULSE, "day": 1_601 * PULSE, "week": 11_207 * PULSE}
BRIDGE: dict[str, object] = {
    "kind": "bridge",
    "concentration": 4_000_000,
    "steps": [[HOUR, 60_000], [2 * HOUR, 30_000]],
}
ONCE: tuple[dict[str, object], ...] = (
    {"kind": "bolus", "dose": 4 * PULSE + 1, "over": MINUTE},
    {"kind": "prime", "volume": 1_000, "over": MINUTE},
    BRIDGE,
    {"kind": "temporary", "dose": 1_650 * PULSE, "length": 2 * HOUR},
)


def _whole(number: int, once: dict[str, object]) -> dict[str, object]:
    return {"id": f"a{number}", "once": once, "safety": SAFE, "patient_bolus": PATIENT}


CHANGES: tuple[dict[str, object], ...] = (
    *(_whole(number, once) for number, once in enumerate(ONCE)),
    {"patient_bolus": PATIENT},
    {"safety": SAFE, "caps": TIGHT},
    {"program": DAYTIME, "safety": SAFE},
    {"program": PERIODIC, "patient_bolus": PATIENT | {"lockout": 0, "from": "end"}},
    {"program": {"kind": "stopped"}, "safety": SAFE},
    {"program": {"kind": "minimum_rate", "flow": 48_000}},
)
ORDERS = tuple(order(**changed) for changed in CHANGES)
MODELS = (FIGURES, FIGURES, Figures(250, 600_000, 0, 100_000, 20_000_000, 400))


def values(value: Any) -> Any:
    """Plain values of dataclasses, named tuples, bytes and numbers."""
    if is_dataclass(value):
        return [type(value).__name__, *(values(getattr(value, each.name)) for each in fields(value))]
    if isinstance(value, bytes):
        return value.decode("latin-1")
    return [values(each) for each in value] if isinstance(value, tuple | list) else value


class Digest:
    """A digest of values in order."""

    def __init__(self) -> None:
        self.hash = sha256()

    def add(self, *told: Any) -> None:
        self.hash.update(json.dumps([values(each) for each in told]).encode())

    def text(self) -> str:
        return self.hash.hexdigest()[:16]


class Logged(Store):
    """A storage that notes what is done to it."""

    def __init__(self, told: Digest, budget: int | None = None, *, zeros: bool = False) -> None:
        super().__init__(budget, zeros=zeros)
        self.told = told

    def append(self, bank: int, data: bytes) -> None:
        self.told.add("append", bank, data)
        super().append(bank, data)

    def sync(self, bank: int) -> None:
        self.told.add("sync", bank)
        super().sync(bank)

    def truncate(self, bank: int, size: int) -> None:
        self.told.add("truncate", bank, size)
        super().truncate(bank, size)


class Life:
    """One supervisor with what is around it."""

    def __init__(self, seed: int) -> None:
        self.dice, self.told = random.Random(seed), Digest()
        self.store = Logged(self.told)
        self.figures, self.now, self.seq = self.dice.choice(MODELS), T0, 0
        self.data = self.dice.choice(ORDERS)
        self.guard = Guard(self.figures, self.store, T0, new=True)
        self.told.add(self.guard.opening)
        self.tell(Refill(self.dice.choice((18_000_000, 18_000_000, 2_600)), T0))
        self.tell(PathMarked(empty=True, at=T0))
        self.tell(Install(self.data, T0))
        self.data = self.guard.state.data

    def tell(self, event: Event) -> bool:
        self.told.add(judge(self.guard.state, event)[1])
        answer = self.guard.tell(event)
        self.note(answer)
        return Permit(self.seq) in answer

    def note(self, answer: tuple[Action, ...]) -> None:
        """An answer and the state after it; of the ledger its sums."""
        state = self.guard.state
        known = [getattr(state, name) for name in state._fields if name not in ("figures", "data", "order", "ledger")]
        order = "" if state.order is None else state.order.digest
        self.told.add(answer, known, order, state.ledger.first, state.ledger.marks, state.ledger.full)

    def run(self) -> str:
        for _ in range(120):
            self.dice.choice((self.pulse,) * 20 + (self.event,) * 8 + (self.edge,) * 3 + (self.power, self.harm))()
        self.told.add(bytes(self.store.banks[0]), bytes(self.store.banks[1]))
        return self.told.text()

    def pulse(self) -> None:
        """Some pulses, each as a sound glue brings them, at this or that pace."""
        pace, train = self.dice.choice((900, 892, 891, 15_000, 54_000, 54_000)), self.dice.choice((0, 0, 0, 1, 2))
        for _ in range(self.dice.choice((1, 2, 8, 40))):
            self.now += pace
            self.seq = max(self.seq, self.guard.state.seq) + 1
            if self.dice.randrange(30):
                self.tell(Heartbeat(self.now + self.dice.choice((0, 0, 0, 0, 601)), self.now))
            if not self.tell(Request(self.seq, train, digest(self.data), self.now)):
                if self.dice.randrange(3):
                    self.person()
                return
            if not self.dice.randrange(12):
                self.edge()
            self.tell(Drive(on=True, at=self.now))
            if not self.dice.randrange(40):
                self.edge()
            for _ in range(self.dice.choice((1,) * 40 + (0, 2))):
                self.tell(Stroke(self.now))
            if self.dice.randrange(150):
                self.tell(Drive(on=False, at=self.now))

    def person(self) -> None:
        """A person makes all well again."""
        self.tell(Resume(self.now))
        self.tell(Refill(18_000_000, self.now))
        self.tell(PathMarked(empty=True, at=self.now))
        if not self.guard.state.data or not self.dice.randrange(4):
            self.tell(self.order())
            self.data = self.guard.state.data

    def edge(self) -> None:
        """Time passes up to, at or just beyond where something changes."""
        state, longest = self.guard.state, self.figures.drive_max_ms
        marks = [self.now, state.beat + 90_000, state.beat + 180_000, state.last + 60_000]
        marks += [state.opened + longest + 1_000] if state.opened is not None else []
        marks += [state.drive + longest] if state.drive is not None else []
        marks += [at + window for window in WINDOWS for at, _ in state.ledger.blocks[0][:1]]
        at = max(self.now, self.dice.choice(marks) + self.dice.choice((-1, 0, 1)))
        self.now = at if at < self.now + 9 * DAY else self.now
        self.tell(self.dice.choice((Tick(self.now), Heartbeat(self.now, self.now), Stroke(self.now))))

    def event(self) -> None:
        dice, at = self.dice, self.now + self.dice.choice((-5, 0, 0, 1, MINUTE))
        state = self.guard.state
        account = state.account - 3 * self.figures.pulse_nl - state.drawn // 10
        makers: tuple[Callable[[], Event], ...] = (
            lambda: Request(state.seq + dice.choice((-1, 0, 1, 2**63)), dice.randrange(4), digest(self.data), at),
            lambda: Request(state.seq + 1, 0, "", at),
            lambda: Drive(on=bool(dice.randrange(2)), at=at),
            lambda: Stroke(at),
            lambda: Level(
                dice.choice((-1, 0, state.volume - 1, state.volume, 999)), account + dice.randrange(-1, 2), at
            ),
            lambda: Heartbeat(at + dice.choice((-1, 0, 1)) * dice.choice((0, 599, 600, 606, 60_000)), at),
            lambda: Limit(dice.randrange(6), at),
            lambda: Stop(at),
            lambda: Resume(at),
            lambda: Resume(at),
            lambda: Refill(dice.choice((-1, 0, 250, 18_000_000, 20_000_000, 20_000_001)), at),
            lambda: PathMarked(empty=bool(dice.randrange(3)), at=at),
            self.order,
            self.order,
        )
        self.tell(dice.choice(makers)())
        self.data = self.guard.state.data
        self.now = max(self.now, at)

    def order(self) -> Event:
        return Install(self.dice.choice((self.data, *ORDERS)), self.now)

    def power(self) -> None:
        """Power goes and comes back, at once or later; the last record may be torn."""
        tail = self.store.banks[max((0, 1), key=lambda bank: len(self.store.banks[bank]))]
        if not self.dice.randrange(3) and len(tail) > 3_000:
            del tail[-self.dice.choice((1, 5, 20)) :]
        self.now += self.dice.choice((0, 1, MINUTE, HOUR - 1, HOUR))
        self.guard = Guard(self.figures, self.store, self.now)
        self.note(self.guard.opening)

    def harm(self) -> None:
        """A byte rots, seldom, and power goes."""
        if self.dice.randrange(4):
            return
        bank = self.store.banks[self.dice.randrange(2)]
        if bank:
            bank[self.dice.randrange(len(bank))] ^= 1 << self.dice.randrange(8)
        for each in self.store.banks:
            self.told.add(read_bank(bytes(each)))
        self.guard = Guard(self.figures, self.store, self.now)
        self.note(self.guard.opening)


def life(seed: int) -> str:
    """One life; in one of four the journal begins anew after little growth."""
    with pytest.MonkeyPatch.context() as patched:
        if seed % 4 == 1:
            patched.setattr(keeping, "GROWTH", 900)
        return Life(seed).run()


if __name__ == "__main__":
    FILE.write_text(json.dumps({"lives": [life(seed) for seed in range(LIVES)]}, indent=1) + "\n", "utf-8")
