"""The supervisor before the mechanism of the real virtual pump: silent when all is well, and a wall when it is not."""

import ast
from dataclasses import replace
from pathlib import Path

import pytest
from supervisor_rig import FIGURES, Store
from watch_rig import DAY, HOUR, MG, STEADY, T0, device, order

import thecal.pump.supervisor as room
from thecal.pump import (
    Caps,
    MultiRate,
    Prescription,
    SimpleContinuous,
    Step,
    kernel,
)
from thecal.pump.alarm_table import alarms
from thecal.pump.parts import FIXED, Safety
from thecal.pump.supervisor import VETO, Action, Guard, Heartbeat, Install, Raise, Refill, Veto, supervised
from thecal.pump.supervisor.order import read_order

DAILY = MultiRate((Step(0, 2 * MG), Step(8 * HOUR, 8 * MG), Step(20 * HOUR, MG)))


class Supervised:
    """A device whose every stroke passes the guard."""

    def __init__(self) -> None:
        self.strokes: list[tuple[int, int]] = []
        self.said: list[Action] = []
        self.guard = Guard(FIGURES, Store(), T0, new=True)
        self.guard.tell(Refill(18_000_000, T0))
        self.claim = (0, "")
        self.hear = self.said.append
        self.fire = supervised(self.move, self.guard, lambda _: self.claim, heard=self.hear)
        self.device = device(self.asked)

    def asked(self, seq: int, at: int) -> int:
        for beat in range(self.guard.state.beat + 60_000, at, 60_000):
            self.guard.tell(Heartbeat(beat, beat))
        return self.fire(seq, at)

    def move(self, seq: int, at: int) -> int:
        self.strokes.append((seq, at))
        return 1

    def load(self, prescription: Prescription, at: int) -> None:
        self.device.load(prescription, at)
        self.guard.tell(Install(prescription.to_bytes(), at))
        self.claim = (0, prescription.digest())


@pytest.mark.parametrize("program", [STEADY, DAILY])
def test_a_sound_pump_gives_the_same_with_the_supervisor_as_without(program: SimpleContinuous | MultiRate) -> None:
    pump = Supervised()
    alone = device()
    prescription = order(program, Caps(MG, 10 * MG))
    pump.load(prescription, T0)
    alone.load(prescription, T0)
    pump.device.advance(T0 + DAY // 2)
    alone.advance(T0 + DAY // 2)
    assert pump.device.status(T0 + DAY // 2).delivered_pulses == alone.status(T0 + DAY // 2).delivered_pulses > 500
    assert not [action for action in pump.said if isinstance(action, Veto | Raise)]
    assert pump.guard.state.seq == pump.strokes[-1][0]


def test_an_order_that_the_supervisor_does_not_hold_moves_nothing() -> None:
    pump = Supervised()
    pump.device.load(order(STEADY, Caps(MG, 10 * MG)), T0)
    pump.device.advance(T0 + HOUR)
    assert pump.strokes == []
    assert {action.reason for action in pump.said if isinstance(action, Veto)} == {"order"}


def test_a_controller_that_runs_more_than_was_ordered_is_held_back() -> None:
    pump = Supervised()
    prescription = order(STEADY, Caps(MG, 10 * MG))
    pump.load(order(SimpleContinuous(40 * MG), Caps(10 * MG, 100 * MG)), T0)
    pump.guard.tell(Install(prescription.to_bytes(), T0))
    pump.claim = (0, prescription.digest())
    pump.device.advance(T0 + 6 * HOUR)
    assert len(pump.strokes) <= 406
    assert Raise(3) in pump.said


def test_in_a_pump_the_heartbeats_are_the_controllers_own() -> None:
    said: list[Action] = []
    guard = Guard(FIGURES, Store(), T0, new=True)
    fire = supervised(lambda _seq, _at: 1, guard, lambda _: (0, ""), clock=lambda at: at + 5, heard=said.append)
    assert fire(1, T0 + 200_000) == VETO == kernel.VETO
    assert Raise(9) in said
    assert guard.state.beat == T0 + 200_005


def test_the_supervisor_imports_the_standard_library_alone() -> None:
    folder = Path(room.__file__).parent
    found = set()
    for file in folder.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                found.add(node.module or "")
    ours = {name for name in found if name.startswith("thecal")}
    assert all(name.startswith("thecal.pump.supervisor.") for name in ours)
    assert found - ours <= {
        "ast", "bisect", "collections.abc", "dataclasses", "hashlib", "itertools", "json", "re", "struct", "typing",
        "zlib",
    }  # fmt: skip


def test_the_supervisor_holds_no_float() -> None:
    for file in Path(room.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            assert not (isinstance(node, ast.Constant) and isinstance(node.value, float)), file
            assert not isinstance(node, ast.Div), file


def test_every_reaction_that_an_order_may_sign_is_read_by_both_parts() -> None:
    """The supervisor was written from the page alone: where the page leaves a spelling open, they may differ."""
    free = [each for each in alarms() if each.name not in FIXED]
    assert len(free) + len(FIXED) == 45
    signed = Safety(MG, tuple((each.name, "min_rate" if each.number % 2 else "stop") for each in free))
    whole = replace(order(STEADY, Caps(MG, 10 * MG)), safety=signed)
    assert read_order(whole.to_bytes(), FIGURES).fallback == MG
    for name in FIXED:
        forged = whole.to_bytes().replace(signed.reactions[0][0].encode(), name.encode(), 1)
        with pytest.raises(ValueError, match="reactions"):
            read_order(forged, FIGURES)
