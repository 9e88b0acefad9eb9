"""The pump: its models, prescriptions, admission, controller, virtual hardware, process and link.

Units inside: nL, fg, fg/nL, nL/day, fg/day, mm, and ms of the device clock; all exact integers. This list is the public
face of the room. Names are loaded when they are first used, so that importing the room costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from thecal.pump.admission import admit, load, mark_path, refill, request_bolus, require, resume, stop
    from thecal.pump.alarm_table import alarm_named, alarms
    from thecal.pump.catalog import DeviceFigures, Fact, Known, Profile, Unknown, cite, problems, profile, profiles
    from thecal.pump.catheter_plan import Catheter, CatheterPlan, Interval, Piece, catheter, catheters
    from thecal.pump.clock import SharedClock
    from thecal.pump.device import Device
    from thecal.pump.folder import PumpConfig, create_pump, pump_folders, read_config, runner
    from thecal.pump.link import CommandReceipt, EndState, LinkDown, PumpInfo, PumpLink
    from thecal.pump.parts import (
        Bridge,
        BridgeStep,
        PatientBolus,
        PrimingBolus,
        Safety,
        SingleBolus,
        Temporary,
    )
    from thecal.pump.prescription import (
        Caps,
        MinimumRate,
        MultiRate,
        PeriodicBolus,
        Prescription,
        Program,
        SimpleContinuous,
        Step,
        Stopped,
    )
    from thecal.pump.review import describe, program_text
    from thecal.pump.status import Hour, PathSlug, PumpGap, Receipt, RefillReport, Status
    from thecal.pump.storage import FileStorage, MemoryStorage
    from thecal.pump.supervisor import Guard, supervised
    from thecal.pump.ward import Ward

__all__ = [
    "Bridge",
    "BridgeStep",
    "Caps",
    "Catheter",
    "CatheterPlan",
    "CommandReceipt",
    "Device",
    "DeviceFigures",
    "EndState",
    "Fact",
    "FileStorage",
    "Guard",
    "Hour",
    "Interval",
    "Known",
    "LinkDown",
    "MemoryStorage",
    "MinimumRate",
    "MultiRate",
    "PathSlug",
    "PatientBolus",
    "PeriodicBolus",
    "Piece",
    "Prescription",
    "PrimingBolus",
    "Profile",
    "Program",
    "PumpConfig",
    "PumpGap",
    "PumpInfo",
    "PumpLink",
    "Receipt",
    "RefillReport",
    "Safety",
    "SharedClock",
    "SimpleContinuous",
    "SingleBolus",
    "Status",
    "Step",
    "Stopped",
    "Temporary",
    "Unknown",
    "Ward",
    "admit",
    "alarm_named",
    "alarms",
    "catheter",
    "catheters",
    "cite",
    "create_pump",
    "describe",
    "load",
    "mark_path",
    "problems",
    "profile",
    "profiles",
    "program_text",
    "pump_folders",
    "read_config",
    "refill",
    "request_bolus",
    "require",
    "resume",
    "runner",
    "stop",
    "supervised",
]

_HOMES = {
    "admission": ("admit", "load", "mark_path", "refill", "request_bolus", "require", "resume", "stop"),
    "alarm_table": ("alarm_named", "alarms"),
    "catalog": ("DeviceFigures", "Fact", "Known", "Profile", "Unknown", "cite", "problems", "profile", "profiles"),
    "catheter_plan": ("Catheter", "CatheterPlan", "Interval", "Piece", "catheter", "catheters"),
    "clock": ("SharedClock",),
    "review": ("describe", "program_text"),
    "device": ("Device",),
    "folder": ("PumpConfig", "create_pump", "pump_folders", "read_config", "runner"),
    "link": ("CommandReceipt", "EndState", "LinkDown", "PumpInfo", "PumpLink"),
    "parts": ("Bridge", "BridgeStep", "PatientBolus", "PrimingBolus", "Safety", "SingleBolus", "Temporary"),
    "prescription": (
        "Caps",
        "MinimumRate",
        "MultiRate",
        "PeriodicBolus",
        "Prescription",
        "Program",
        "SimpleContinuous",
        "Step",
        "Stopped",
    ),
    "status": ("Hour", "PathSlug", "PumpGap", "Receipt", "RefillReport", "Status"),
    "storage": ("FileStorage", "MemoryStorage"),
    "supervisor": ("Guard", "supervised"),
    "ward": ("Ward",),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found: object = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = found
    return found
