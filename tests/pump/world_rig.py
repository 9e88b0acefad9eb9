"""A pump's process without a process: the commands of a folder's pump on a clock that is turned by hand."""

import json
from pathlib import Path
from typing import Any

from pump_orders import MORPHINE, Real, order

from thecal.formulary import Solution
from thecal.pump import PumpConfig, SharedClock, SimpleContinuous, create_pump
from thecal.pump.commands import Pump, Session
from thecal.pump.protocol import Reply, read_request

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
SPEED = 1_000


class Bedside:
    """The pump in ``base``, 18 mL of morphine 1 mg/mL, and whoever talks to it."""

    def __init__(self, base: Path, model: str = "reference", made_ago: int = 0, speed: int = SPEED, **of: Any) -> None:
        self.real = Real()
        clock = SharedClock.start(base, speed, self.real)
        config = PumpConfig(model, 400_000, MORPHINE, MORPHINE, 18_000_000, **of)
        self.folder = create_pump(base, "p", config, self.real, made=clock.now_ms() - made_ago)
        self.pump = Pump(self.folder, self.real)
        self.real.tick(1)
        self._number = 0
        self._session = Session()

    @property
    def now(self) -> int:
        return self.pump.clock.now_ms()

    @property
    def alarms(self) -> set[str]:
        return set(self.pump.device.alarms)

    @property
    def board(self) -> dict[str, str]:
        return {row["name"]: row["priority"] for row in self.pump.annunciator.rows()}

    def ask(self, command: str, **values: Any) -> Reply:
        self._number += 1
        plain = {"v": 1, "id": self._number, "command": command, **values}
        return self.pump.answer(read_request(json.dumps(plain).encode()), self._session)

    def run(self) -> None:
        """Order 0.4 mg a day: a pulse each 54 s."""
        self.pump.advance()
        made = order(SimpleContinuous(4 * 10**11), now=self.now)
        assert self.ask("stage", prescription=json.loads(made.to_bytes())).ok
        assert self.ask("echo").ok
        assert self.ask("commit", digest=made.digest()).ok

    def let(self, span: int) -> None:
        """Let the pump's time pass, a look each 100 s of it."""
        end = self.now + span
        while (left := end - self.now) > 0:
            self.real.tick(max(1, min(left, 100_000) // SPEED))
            self.pump.advance()

    def fault(self, kind: str, **figures: str) -> None:
        assert self.ask("fault", kind=kind, figures=figures).ok

    def truth(self) -> dict[str, Any]:
        return self.ask("hardware").value()

    def refill(self, withdrawn_nl: int, fill_nl: int, fill: Solution = MORPHINE, **fields: Any) -> Reply:
        mark = self.ask("status").value()["fill_mark"]
        return self.ask("refill", withdrawn_nl=withdrawn_nl, fill_nl=fill_nl, fill=str(fill), mark=mark, **fields)

    def killed(self) -> None:
        """The process is gone without a word, and another one starts."""
        self.pump.close()
        self.pump = Pump(self.folder, self.real)
        self._number, self._session = 0, Session()
