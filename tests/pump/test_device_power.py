"""Promises of the virtual pump when its power goes: at any byte, again in recovery, in a stroke, or for hours."""

from collections.abc import Iterator

import pytest
from device_rig import (
    DAY,
    HOUR,
    MIX,
    ML,
    MORPHINE,
    SLOW,
    T0,
    CutStorage,
    Fired,
    PowerCut,
    Small,
    balance,
    copy,
    figures,
    new_device,
)

from thecal.pump.device import Device
from thecal.pump.storage import MemoryStorage
from thecal.quantity import Refused


def two_hours_of_events(storage: MemoryStorage, fired: Fired) -> None:
    device = Small.create(storage, figures(), 1_000, None, MORPHINE, 1_500, T0, mechanism=fired)
    device.load(SLOW, T0)
    device.advance(T0 + HOUR)  # the reservoir is empty by now
    device.refill(0, MIX, 10 * ML, T0 + HOUR)
    device.advance(T0 + HOUR + HOUR // 2)


class Film(MemoryStorage):
    """Keeps each write and the pulses fired before it, so that any moment can be shown again."""

    def __init__(self, fired: Fired) -> None:
        super().__init__()
        self._fired = fired
        self.writes: list[tuple[int, bytes | int, int]] = []

    def append(self, bank: int, data: bytes) -> None:
        self.writes.append((bank, data, len(self._fired.pulses)))
        super().append(bank, data)

    def truncate(self, bank: int, size: int) -> None:
        self.writes.append((bank, size, len(self._fired.pulses)))
        super().truncate(bank, size)

    def moments(self) -> Iterator[tuple[MemoryStorage, int]]:
        """The storage as a power cut at each byte leaves it, and the pulses fired by then."""
        shown = MemoryStorage()
        for bank, what, fired in self.writes:
            if isinstance(what, int):
                shown.truncate(bank, what)
                yield copy(shown), fired
                continue
            for byte in what:
                shown.banks[bank].append(byte)
                yield copy(shown), fired


def test_power_cut_at_every_byte_written_loses_at_most_one_pulse_and_adds_none() -> None:
    sure = Fired()
    film = Film(sure)
    two_hours_of_events(film, sure)
    cuts = pumps = 0
    for storage, begun in film.moments():
        cuts += 1
        fired = Fired()
        now = sure.pulses[begun - 1][1] if begun else T0
        try:
            device = Small.open(storage, now, mechanism=fired)
        except Refused:
            assert not begun and not pumps  # cut while it was made: there is no pump yet
            continue
        pumps += 1
        status = device.status(now)
        assert fired.pulses == []  # recovery fires nothing
        assert begun - 1 <= status.delivered_pulses <= begun <= status.delivered_pulses + status.doubtful_pulses
        assert status.doubtful_pulses <= 1
        assert status.journal_damage == 0
        assert device.prescription in ((SLOW,) if begun else (SLOW, None))
        if cuts % 64 in (0, 1, 63):
            balance(status)
            device.advance(T0 + HOUR)
            expected = [pulse for pulse in sure.pulses[begun:] if pulse[1] < T0 + HOUR]
            if device.prescription is not None:
                assert fired.pulses[: len(expected)] in (expected, expected[1:])
    assert cuts > 5_000 and pumps > 4_000


def film_bytes() -> int:
    film = Film(Fired())
    two_hours_of_events(film, Fired())
    return sum(len(what) for _, what, _ in film.writes if isinstance(what, bytes))


@pytest.mark.parametrize("second", [1, 63, 64, 65, 130, 500])
def test_a_second_power_cut_in_recovery_changes_nothing(second: int) -> None:
    for cut in range(8_000, film_bytes(), 487):
        storage, fired = CutStorage(cut), Fired()
        with pytest.raises(PowerCut):
            two_hours_of_events(storage, fired)
        begun, now = len(fired.pulses), T0 + 2 * HOUR
        storage.budget = second
        try:
            Small.open(storage, now, mechanism=fired)
        except PowerCut:
            storage.budget = None
            Small.open(storage, now, mechanism=fired)
        storage.budget = None
        bytes_before = [bytes(bank) for bank in storage.banks]
        status = Small.open(storage, now, mechanism=fired).status(now)
        assert [bytes(bank) for bank in storage.banks] == bytes_before
        assert len(fired.pulses) == begun
        assert begun - 1 <= status.delivered_pulses <= begun <= status.delivered_pulses + status.doubtful_pulses
        assert status.doubtful_pulses <= 1


def test_the_mechanism_breaking_off_leaves_a_pulse_in_doubt_that_is_not_repeated() -> None:
    storage = MemoryStorage()

    def breaks(seq: int, _: int) -> bool:
        if seq == 5:
            raise PowerCut
        return True

    device = new_device(storage, mechanism=breaks)
    device.load(SLOW, T0)
    with pytest.raises(PowerCut):
        device.advance(T0 + DAY)
    fired = Fired()
    device = Device.open(storage, T0 + HOUR // 2, mechanism=fired)
    device.advance(T0 + HOUR)
    assert [seq for seq, _ in fired.pulses] == [6, 7, 8, 9, 10]
    status = device.status(T0 + HOUR)
    assert (status.delivered_pulses, status.doubtful_pulses) == (9, 1)
    balance(status)


def test_every_damaged_bit_of_a_running_journal_ends_delivery_with_an_alarm() -> None:
    whole = MemoryStorage()
    device = new_device(whole)
    device.load(SLOW, T0)
    device.advance(T0 + HOUR)
    given = device.status(T0).delivered_pulses
    size = len(whole.banks[1])
    for bit in range(0, size * 8, 127):
        storage = copy(whole)
        storage.banks[1][bit // 8] ^= 1 << bit % 8
        fired = Fired()
        damaged = Device.open(storage, T0 + HOUR, mechanism=fired)
        damaged.advance(T0 + DAY)
        status = damaged.status(T0 + DAY)
        assert fired.pulses == []
        assert status.state == "fault" and "journal_damaged" in status.alarms
        assert status.journal_damage >= 1
        assert given - 1 <= status.delivered_pulses <= given <= status.delivered_pulses + status.doubtful_pulses
        again = Device.open(storage, T0 + DAY).status(T0 + DAY)
        assert (again.journal_damage, again.doubtful_pulses) == (status.journal_damage, status.doubtful_pulses)


def test_time_without_power_is_not_made_up_and_the_gap_is_told() -> None:
    storage = MemoryStorage()
    device = new_device(storage)
    device.load(SLOW, T0)
    device.advance(T0 + HOUR)
    device = Device.open(storage, T0 + 5 * HOUR)
    device.advance(T0 + 6 * HOUR)
    status = device.status(T0 + 6 * HOUR)
    assert status.delivered_pulses == 20
    gap = status.gaps[-1]
    assert (gap.start, gap.end, gap.missed, gap.reason) == (T0 + HOUR, T0 + 5 * HOUR, 40, "restart")
    assert "gap" in status.alarms and status.missed_pulses == 40


def test_a_live_pump_that_was_held_up_makes_nothing_up() -> None:
    device = new_device(MemoryStorage())
    device.max_late_ms = 5_000
    device.load(SLOW, T0)
    device.advance(T0 + 6 * 60_000 + 4_000)  # a little late: given
    assert device.status(T0).delivered_pulses == 1
    device.advance(T0 + 3 * HOUR)
    status = device.status(T0 + 3 * HOUR)
    assert (status.delivered_pulses, status.missed_pulses, status.gaps[-1].reason) == (1, 29, "late")
