"""A rig for device tests: a plain profile, orders, and a storage whose power can be cut."""

from thecal.formulary import Solution
from thecal.pump.catalog import DeviceFigures
from thecal.pump.device import Device, Mechanism
from thecal.pump.prescription import Caps, MultiRate, PeriodicBolus, Prescription, SimpleContinuous, Stopped
from thecal.pump.status import Status
from thecal.pump.storage import MemoryStorage

HOUR, DAY = 3_600_000, 86_400_000
T0 = 20_000 * DAY
MG, ML = 10**12, 10**6
MORPHINE = Solution.parse("morphine 10 mg/mL")
MIX = Solution.parse("morphine 20 mg/mL + bupivacaine 7.5 mg/mL")
PULSE = 250 * MORPHINE.primary.concentration


def figures(
    reservoir_nl: int = 20 * ML, pulse_nl: int = 250, residual_nl: int = 0, low_nl: int = 2 * ML
) -> DeviceFigures:
    return DeviceFigures("rig", reservoir_nl, pulse_nl, 1_000, 48 * ML, 0, low_nl, residual_nl)


def order(
    program: SimpleContinuous | PeriodicBolus | MultiRate | Stopped,
    caps: Caps | None = None,
    solution: Solution = MORPHINE,
    anchor: int = T0,
    name: str = "rx",
) -> Prescription:
    caps = caps or Caps(10**15, 10**16)
    return Prescription(name, "patient", "intrathecal", solution, program, caps, anchor, "Dr Example", T0)


SLOW = order(SimpleContinuous(24 * 10 * PULSE))  # a pulse each six minutes


class Small(Device):
    """Begins the other bank so often that power cuts fall into it too."""

    rotate_after = 16


class PowerCut(Exception):
    """The lights went out."""


class CutStorage(MemoryStorage):
    """Loses power when ``budget`` more bytes were written. What was written stays; then nothing works."""

    def __init__(self, budget: int | None = None) -> None:
        super().__init__()
        self.budget = budget

    def append(self, bank: int, data: bytes) -> None:
        if self.budget is None:
            super().append(bank, data)
            return
        super().append(bank, data[: self.budget])
        self.budget -= len(data)
        if self.budget <= 0:
            self.budget = 0
            raise PowerCut

    def truncate(self, bank: int, size: int) -> None:
        if self.budget == 0:
            raise PowerCut
        super().truncate(bank, size)

    def written(self) -> int:
        return sum(len(bank) for bank in self.banks)


class Fired:
    """A mechanism that keeps its own count of the pulses that were really fired, and when."""

    def __init__(self) -> None:
        self.pulses: list[tuple[int, int]] = []

    def __call__(self, seq: int, at: int) -> bool:
        self.pulses.append((seq, at))
        return True


def new_device(
    storage: MemoryStorage,
    *,
    fill_nl: int = 20 * ML,
    path_nl: int = 400_000,
    mechanism: Mechanism | None = None,
    **of: int,
) -> Device:
    sound: Mechanism = mechanism or Fired()
    return Device.create(storage, figures(**of), path_nl, None, MORPHINE, fill_nl, T0, mechanism=sound)


def copy(storage: MemoryStorage) -> MemoryStorage:
    """Another storage with the same bytes."""
    twin = MemoryStorage()
    twin.banks = [bytearray(bank) for bank in storage.banks]
    return twin


def balance(status: Status) -> None:
    """Nothing of any drug is lost or made."""
    for drug, filled in status.filled_fg.items():
        in_path = sum(slug.masses[drug] for slug in status.path)
        out = status.tip_fg[drug] + status.withdrawn_fg.get(drug, 0)
        assert status.reservoir_fg[drug] + in_path + out == filled + status.unexplained_fg.get(drug, 0)
        assert status.pumped_fg[drug] >= status.tip_fg[drug] >= 0
