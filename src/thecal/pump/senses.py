"""The glue between a device and its hardware: pulses go out through it, and what sensors say comes back as alarms.

The bench and a pump's process share it, so that both judge alike. Before a pulse it asks whether there is energy for a
whole one, whether a field is sensed, and whether a line that is shut has taken up enough; after it, it looks at current
and pressure. Every quarter of an hour it reads all sensors, and once a day it drives each switch alone. It decides no
dose: it can hold a pulse back, which the controller is told as a veto, and raise alarms, which the ladder answers.

Times in ms, volumes in nL. What it remembers is not kept over a restart: it is found again by the next reading.
"""

from dataclasses import replace

from thecal.pump.device import Device
from thecal.pump.hardware import VirtualPump, monitor, outlook
from thecal.pump.hardware.pump import Readings
from thecal.pump.supervisor.wiring import VETO
from thecal.pump.watch import Watch
from thecal.quantity import MS_PER_DAY, MS_PER_HOUR

HELD_PULSES, HELD_NL = 5, 10_000  # what may go into a line that seems shut, whichever is less
ODD_PULSES = 3
_SOUND_PPM, _BAND_PPM = (800_000, 1_200_000), (500_000, 1_500_000)
# these nobody else raises, so one that stands after a restart ends when its reading does
_OWN = frozenset(
    {
        monitor.MRI_STALL,
        monitor.OCCLUSION,
        monitor.LEAK,
        monitor.SENSOR_FAULT,
        monitor.BATTERY,
        monitor.TEMPERATURE,
        monitor.SELF_TEST,
        outlook.RESERVOIR_LOW,
        outlook.RESERVOIR_CRITICAL,
    }
)
_FOR_GOOD = frozenset({outlook.END_OF_SERVICE, outlook.REPLACEMENT_SOON, outlook.REPLACEMENT_90})


class Senses:
    """What one pump senses. ``next_at``: when its sensors are read next, in the time of the hardware."""

    def __init__(self, truth: VirtualPump, now: int, standing: frozenset[int] = frozenset()) -> None:
        """``standing``: the alarms that stood before a restart."""
        self.truth = truth
        self.next_at = self._test_at = now
        self.strange_air = False
        self.least_nl: int | None = None  # the lower end of what is left
        self.service_left: int | None = None
        # since a field ended, with no stroke sensed after it; a restart in between proves no flow
        self.flowless_since: int | None = now if monitor.MRI_STALL in standing else None
        self._read: Readings | None = None
        self._judged = standing & (_OWN | _FOR_GOOD)
        self._moved_alone = 0  # tests in a row in which a switch alone moved something
        self._moved_idle = self._in_field = False
        self._blocked = self._unseen = self._odd = 0  # pulses in a row
        self._dry_since: int | None = None  # since when no stroke was sensed
        has = truth.model.sensors
        self._feels_current, self._feels_pressure, self._feels_field = (
            "current" in has,
            "pressure" in has,
            "field" in has,
        )
        self._valve = truth.model.field == "valve"
        self._least_mv = truth.model.figures.get("brown_out_mv", 0)
        self._most_blocked = max(1, min(HELD_PULSES, HELD_NL // truth.pulse_nl))

    def fire(self, watch: Watch, seq: int, at: int) -> int:
        """Drive pulse ``seq`` at the hardware's time ``at``: strokes sensed, or VETO when it is held back."""
        truth = self.truth
        if self._least_mv and truth.under_load_mv(at) < self._least_mv:
            self._report(watch, monitor.BATTERY)
            return VETO
        if self._feels_field and self._field(watch, at):
            return VETO
        if self._blocked >= self._most_blocked and self._shut(at):
            return VETO
        seen = truth.stroke(seq, at)
        if seen:
            self.flowless_since = self._dry_since = None
        elif self._dry_since is None:
            self._dry_since = at
        if self._feels_current:
            self._judge_current(watch, seen=seen)
        if self._feels_pressure:
            self._blocked = self._blocked + 1 if self._shut(at) else 0
            if self._blocked:
                self._report(watch, monitor.OCCLUSION)
        return int(seen)

    def look(self, device: Device, watch: Watch, at: int, now: int) -> None:
        """Read every sensor at the hardware's time ``at``, the device's ``now``, and tell device and supervisor."""
        self.next_at = at + monitor.EVERY_MS
        account, model = device.account, self.truth.model
        read, before = self.truth.read(at), self._read
        found = monitor.judge(model, read, account.left_nl, account.given_nl, before)
        if self._in_field and not read.field:
            self._in_field, self.flowless_since = False, at
        self._in_field = self._in_field or bool(read.field)
        if self.flowless_since is not None:
            found |= {monitor.MRI_STALL}
        self._read, self.strange_air = read, monitor.strange_air(read)
        self.least_nl = outlook.least_left(model, account.left_nl, account.given_nl, read.level_nl)
        found |= outlook.supply(self.least_nl, account.low_nl, account.daily_nl)
        a_day = account.daily_nl // self.truth.pulse_nl
        self.service_left = outlook.service_left(model, now - account.made, account.asked, a_day)
        found |= outlook.ageing(self.service_left)
        if at >= self._test_at:
            self._try_switches(device, at, now)
        found |= self._failed()
        if read.level_nl is not None:
            watch.level(read.level_nl, read.level_nl + model.need("level_step")[0], now)
        began, ended = found - self._judged, self._judged - found - _FOR_GOOD
        self._judged = (self._judged & _FOR_GOOD) | found
        if began or ended:
            device.heed(_bits(began), _bits(ended), now)

    def filled(self, device: Device, watch: Watch, at: int, now: int) -> None:
        """Right after a refill: the emptied reservoir's level was nothing, so what is read is what went in."""
        read = self.truth.read(at)
        self._read = None if self._read is None else replace(self._read, level_nl=None)
        if monitor.beside_the_pump(self.truth.model, read, device.account.fill_nl):
            device.heed(1 << monitor.POCKET_FILL, 0, now)
        self.look(device, watch, at, now)

    def settle(self, device: Device, now: int) -> None:
        """A person has seen to the pump and lets it go on: drives and switches are judged anew, from now on."""
        over = self._failed() & self._judged
        self._odd = self._unseen = self._moved_alone = 0
        self._dry_since = None
        self._moved_idle, self._test_at, self.next_at = False, self.truth.now, self.truth.now
        self._judged -= over
        if over:
            device.heed(0, _bits(over), now)

    @property
    def flow_is_late(self) -> bool:
        """Whether an hour has passed since a field ended, and no stroke was sensed."""
        return self.flowless_since is not None and self.truth.now - self.flowless_since >= MS_PER_HOUR

    def _field(self, watch: Watch, at: int) -> bool:
        """Whether there is a field now. A pulse is held back in it: it would be a stall."""
        if self.truth.in_field(at):
            self._in_field = True
            self._report(watch, monitor.MRI_STALL)
            return True
        return False

    def _report(self, watch: Watch, alarm: int) -> None:
        watch.report(1 << alarm)
        self._judged |= {alarm}

    def _shut(self, at: int) -> bool:
        pressure = self.truth.pressure(at)
        return pressure is not None and monitor.blocked(pressure, None if self._read is None else self._read.ambient_pa)

    def _judge_current(self, watch: Watch, *, seen: bool) -> None:
        """Three drives out of their band: the actuator is at fault. Three sound ones without stroke: the sensor is."""
        current = self.truth.current_ppm
        self._odd = 0 if _BAND_PPM[0] <= current <= _BAND_PPM[1] else self._odd + 1
        self._unseen = self._unseen + 1 if not seen and _SOUND_PPM[0] <= current <= _SOUND_PPM[1] else 0
        for alarm in self._failed():
            self._report(watch, alarm)

    def _failed(self) -> frozenset[int]:
        """What drives and tests have shown, until a person lets the pump go on."""
        found = set()
        if self._odd >= ODD_PULSES or self._moved_alone > 1:
            found.add(monitor.ACTUATOR_FAULT)
        elif self._moved_alone:
            found.add(monitor.SELF_TEST)
        if self._unseen >= ODD_PULSES or self._moved_idle:
            found.add(monitor.SENSOR_FAULT)
        if self._valve and self._dry_since is not None and self.truth.now - self._dry_since >= MS_PER_HOUR:
            found.add(monitor.VALVE_LOCKED)
        return frozenset(found)

    def _try_switches(self, device: Device, at: int, now: int) -> None:
        """Drive with both switches open, then with each alone: nothing may move. What fails is tried at each reading.

        A stroke with both open is the sensor's fault. One with a switch alone counts as a stray; a sensor may err once,
        so the second test in a row that shows it is a fault of the actuator.
        """
        self._test_at = at
        self._moved_idle = self.truth.stroke(0, at, controller=False, supervisor=False)
        if self._moved_idle:
            return
        for alone in (True, False):
            if self.truth.stroke(0, at, controller=alone, supervisor=not alone):
                self._moved_alone += 1
                if self._moved_alone > 1:
                    self._test_at = at + MS_PER_DAY  # what is known is not paid for again
                device.stray(now)
                return
        self._moved_alone = 0
        self._test_at = at + MS_PER_DAY


def _bits(numbers: frozenset[int]) -> int:
    return sum(1 << number for number in numbers)
