"""Virtual hardware of a pump: what really moves, what the sensors say, and everything that can go wrong with it."""

from thecal.pump.hardware import monitor, outlook
from thecal.pump.hardware.catheter import Path
from thecal.pump.hardware.faults import PPM, Fault, FaultKind, Figure, fault_kinds, make_fault
from thecal.pump.hardware.model import (
    HardwareModel,
    alarms_of,
    ambient_pa,
    gas_flow,
    hardware_ids,
    hardware_model,
    hardware_problems,
)
from thecal.pump.hardware.pump import Readings, Stroke, VirtualPump
from thecal.pump.hardware.store import FaultyStorage, PowerCut, StorageFull
from thecal.pump.hardware.timebase import NEVER, Timebase

__all__ = [
    "NEVER",
    "PPM",
    "Fault",
    "FaultKind",
    "FaultyStorage",
    "Figure",
    "HardwareModel",
    "Path",
    "PowerCut",
    "Readings",
    "StorageFull",
    "Stroke",
    "Timebase",
    "VirtualPump",
    "alarms_of",
    "ambient_pa",
    "fault_kinds",
    "gas_flow",
    "hardware_ids",
    "hardware_model",
    "hardware_problems",
    "make_fault",
    "monitor",
    "outlook",
]
