"""The virtual hardware under one running pump: what really moves, kept in the pump's folder as the world keeps things.

The device believes what it commanded and what its sensors say; here is what happened. It is written at every stroke, in
a file of its own that the device never reads, so it survives any kill, and a fault that was put in stays until it is
cleared. Faults of clock, memory and storage belong to the bench (``thecal pump replay``). Times in ms of the pump's
clock, volumes in nL, masses in fg.
"""

import json
from collections.abc import Mapping
from pathlib import Path as FilePath
from random import Random
from typing import Any

from thecal.pump.alarm_table import alarm_named
from thecal.pump.catalog import Profile
from thecal.pump.device import Device
from thecal.pump.hardware import Fault, Path, VirtualPump, fault_kinds, hardware_model, make_fault
from thecal.pump.hardware.pump import PL_PER_NL
from thecal.pump.senses import Senses
from thecal.pump.slots import Slots
from thecal.pump.watch import Watch
from thecal.quantity import MS_PER_DAY, Refusal, Refused

FILE = "hardware"
MOST_FAULTS = 20
_GROUPS = ("actuator", "catheter", "sensor", "environment", "refill")
_JSON = json.JSONEncoder(check_circular=False)  # this is done for every stroke
_FORGOTTEN_MS = 30 * MS_PER_DAY  # after its end a fault may still matter for a while: a rotor comes back late


class World:
    """The hardware of the pump in ``folder``. A pump that has none yet gets it as the device believes itself to be.

    Raises Refused when nothing is known of the model's hardware, or the file is damaged.
    """

    def __init__(self, folder: FilePath, profile: Profile, device: Device, now: int, *, durable: bool) -> None:
        model, figures = hardware_model(profile.id), profile.device()
        random = Random(now)  # noqa: S311 - a simulation
        self._kept = Slots(folder / FILE, durable=durable)
        self._fill_mark = device.fill_mark
        if (data := self._kept.read()) is None:
            self.truth = _as_believed(device, VirtualPump(model, figures.pulse_nl, 0, {}, random, now), now)
        else:
            self._fill_mark, plain = json.loads(data)
            self.truth = VirtualPump.from_plain(plain, model, figures.pulse_nl, figures.residual_nl, random)
        self._now = now
        self.senses = Senses(self.truth, now, frozenset(_numbers(device)))
        self._refilled(device, now)
        self._keep()

    def close(self) -> None:
        """Give the file back."""
        self._kept.close()

    def fire(self, watch: Watch, seq: int, at: int) -> int:
        """Drive a pulse: strokes sensed, or VETO. What it did is kept before this returns."""
        sensed = self.senses.fire(watch, seq, at)
        self.truth.strokes.clear()
        self._keep()
        return sensed

    def run(self, device: Device, watch: Watch, now: int) -> None:
        """Let the device deliver until ``now``, with every reading at its time; one that is too late comes now."""
        late = device.max_late_ms
        while (at := max(self.senses.next_at, self._now)) <= now:
            if late is not None and now - self._now > late:
                at = now
            device.advance(at)
            self._look(device, watch, at)
        device.advance(now)
        self._now = max(self._now, now)

    def refill(self, device: Device, watch: Watch, now: int) -> None:
        """Do what the device has recorded: the needle empties the reservoir and fills it."""
        if self._refilled(device, now):
            self._keep()
            self.senses.filled(device, watch, now, now)

    @property
    def shows_fills(self) -> bool:
        """Whether this model has a sensor in which a fill shows."""
        return "level" in self.truth.model.sensors

    def put(self, kind: str, figures: Mapping[str, str], at: int, until: int | None) -> Fault:
        """Something goes wrong from ``at`` on. Raises Refused for a fault that only the bench can have."""
        fault = make_fault(kind, at, until, figures)
        if fault_kinds()[kind].group not in _GROUPS and kind != "battery_sag":
            do = "Put it to the bench with 'thecal pump replay', or kill the process: that is a loss of power."
            raise Refused(Refusal("fault_of_bench", f"{kind} cannot be put into a running pump", "kind", do))
        kept = [each for each in self.truth.faults if each.until is None or each.until > at - _FORGOTTEN_MS]
        if len(kept) >= MOST_FAULTS:
            raise Refused(Refusal("fault_count", f"a pump has at most {MOST_FAULTS} faults", "kind", "Clear some."))
        self._set((*kept, fault))
        return fault

    def clear(self, kind: str, now: int) -> int:
        """The faults of that kind are over; how many that were. An empty ``kind`` is every one."""
        over = max(now, self.truth.now + 1)  # what a line gives back at the end is given back then
        ended = [each for each in self.truth.faults if kind in ("", each.kind) and (each.until or over + 1) > over]
        changed = []
        for each in self.truth.faults:
            if each not in ended:
                changed.append(each)
            elif each.at < over:
                changed.append(Fault(each.kind, each.at, over, each.of))
        self._set(tuple(changed))
        self.truth.run_to(over)
        self._keep()
        return len(ended)

    def reset_valve(self) -> None:
        """Open a flow-activated valve that has shut."""
        self.truth.reset_valve()
        self._keep()

    def plain(self, now: int) -> dict[str, Any]:
        """The truth for people, and the faults in place; the device knows none of it."""
        truth = self.truth
        now = max(now, truth.now)
        assert truth.path is not None, "a pump has a path"
        return {
            "at": now,
            "strokes": truth.moves,
            "moved_nl": truth.passed_pl // PL_PER_NL,
            "uncommanded_nl": truth.uncommanded_pl // PL_PER_NL,
            "in_reach_nl": truth.in_reach_nl,
            "tip_fg": dict(sorted(truth.path.at_tip.items())),
            "beside_tip_fg": dict(sorted(truth.path.beside.items())),
            "valve_shut": truth.locked,
            "faults": [_told(fault, now) for fault in truth.faults if fault.until is None or fault.until > now],
        }

    def _look(self, device: Device, watch: Watch, at: int) -> None:
        self.senses.look(device, watch, at, at)
        self.truth.strokes.clear()
        self._now = at
        self._keep()

    def _refilled(self, device: Device, now: int) -> bool:
        """Power may have gone between the device's record of a refill and the needle's work: then it is done now."""
        if self._fill_mark == device.fill_mark:
            return False
        fill_nl = device.account.fill_nl
        self.truth.refill(fill_nl, device.fill.masses(fill_nl), max(now, self.truth.now))
        self._fill_mark = device.fill_mark
        return True

    def _set(self, faults: tuple[Fault, ...]) -> None:
        self.truth.set_faults(faults)
        self.senses.next_at = self._now  # so that what can be seen at once is seen at once
        self._keep()

    def _keep(self) -> None:
        self._kept.write(_JSON.encode([self._fill_mark, self.truth.plain()]).encode())


def _as_believed(device: Device, truth: VirtualPump, now: int) -> VirtualPump:
    """Hardware that is as the device believes it to be, without a flow error of its own."""
    status = device.status(now)
    truth.reservoir_pl = (status.reservoir_nl + status.residual_nl) * PL_PER_NL
    truth.residual_pl = status.residual_nl * PL_PER_NL
    truth.contents = dict(status.reservoir_fg)
    truth.path = Path.of((slug.volume_nl * PL_PER_NL, slug.masses, slug.known) for slug in status.path)
    truth.path.at_tip = dict(status.tip_fg)
    truth.moves = status.delivered_pulses
    truth.passed_pl = status.delivered_nl * PL_PER_NL
    return truth


def _numbers(device: Device) -> list[int]:
    found = []
    for name in device.alarms:
        try:
            found.append(alarm_named(name).number)
        except Refused:
            continue  # the controller's own conditions are not in the table
    return found


def _told(fault: Fault, now: int) -> dict[str, Any]:
    title = fault_kinds()[fault.kind].title
    return {
        "kind": fault.kind,
        "at": fault.at,
        "until": fault.until,
        "of": fault.said(),
        "active": fault.active(now),
        "title": title,
    }
