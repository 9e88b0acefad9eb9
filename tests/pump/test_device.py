"""Promises of the virtual pump: exact delivery, power cuts at every byte, conserved mass, hours that survive."""

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from device_rig import (
    DAY,
    HOUR,
    MG,
    ML,
    MORPHINE,
    T0,
    CutStorage,
    Fired,
    PowerCut,
    figures,
    new_device,
    order,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from thecal.formulary import Solution
from thecal.pump.device import Device
from thecal.pump.prescription import Caps, MultiRate, PeriodicBolus, Prescription, SimpleContinuous, Step, Stopped
from thecal.pump.status import Status
from thecal.pump.storage import FileStorage, MemoryStorage
from thecal.quantity import Refused

MIX = Solution.parse("morphine 20 mg/mL + bupivacaine 7.5 mg/mL")
PULSE = 250 * MORPHINE.primary.concentration
PROGRAMS = st.one_of(
    st.builds(SimpleContinuous, st.integers(MG // 10, 5 * MG)),
    st.builds(
        PeriodicBolus,
        st.integers(MG // 100, MG // 4),
        st.integers(HOUR // 2, 5 * HOUR),
        st.integers(60_000, HOUR // 2),
        st.integers(MG // 10, 3 * MG),
    ),
    st.builds(
        MultiRate,
        st.lists(
            st.tuples(st.integers(1, DAY - 1), st.integers(MG // 10, 5 * MG)),
            max_size=4,
            unique_by=lambda step: step[0],
        ).map(lambda steps: (Step(0, MG), *(Step(*step) for step in sorted(steps)))),
    ),
)


def balance(status: Status) -> None:
    for drug, filled in status.filled_fg.items():
        in_path = sum(slug.masses[drug] for slug in status.path)
        out = status.tip_fg[drug] + status.withdrawn_fg.get(drug, 0)
        assert status.reservoir_fg[drug] + in_path + out == filled + status.unexplained_fg.get(drug, 0)
        assert status.pumped_fg[drug] >= status.tip_fg[drug] >= 0


def prescribed(rx: Prescription, since: int, until: int) -> Fraction:
    period, spans = rx.segments()

    def by(at: int) -> Fraction:
        periods, rest = divmod(at - rx.anchor, period)
        return Fraction(periods * sum(m for _, _, m in spans)) + sum(
            Fraction(m * min(max(rest - s, 0), n), n) for s, n, m in spans
        )

    return by(until) - by(since)


@settings(max_examples=20, deadline=None)
@given(PROGRAMS, st.lists(st.integers(0, 2 * DAY), min_size=1, max_size=10))
def test_delivered_never_differs_from_prescribed_by_more_than_one_pulse(
    program: SimpleContinuous | PeriodicBolus | MultiRate, moments: list[int]
) -> None:
    fired = Fired()
    device = new_device(MemoryStorage(), mechanism=fired)
    rx = order(program, anchor=T0 - 12_345)
    device.load(rx, T0)
    for moment in sorted(moments):
        device.advance(T0 + moment)
        status = device.status(T0 + moment)
        difference = prescribed(rx, T0, T0 + moment) - status.delivered_pulses * PULSE
        assert -1 < difference <= PULSE
        balance(status)
    for count, (_, at) in enumerate(fired.pulses, 1):  # and at its worst moments: just before and just after each pulse
        assert prescribed(rx, T0, at) - count * PULSE > -1
        assert prescribed(rx, T0, at - 1) - (count - 1) * PULSE <= PULSE


@pytest.mark.parametrize("dose", [100_000_000_001, 123_456_789_013])
def test_there_is_no_drift_over_ten_years(dose: int) -> None:
    device = Device.create(MemoryStorage(), figures(10**10, 2_500), 0, None, MORPHINE, 10**10, T0)
    rx = order(SimpleContinuous(dose))
    device.load(rx, T0)
    for year in range(1, 11):
        end = T0 + year * 365 * DAY + 7
        device.advance(end)
        difference = prescribed(rx, T0, end) - device.status(end).delivered_pulses * 10 * PULSE
        assert -1 < difference <= 10 * PULSE


@settings(max_examples=12, deadline=None)
@given(PROGRAMS, st.sets(st.integers(0, DAY), max_size=30))
def test_splitting_time_at_any_point_gives_the_same_pulses_and_the_same_bytes(
    program: SimpleContinuous | PeriodicBolus | MultiRate, cuts: set[int]
) -> None:
    whole, split = MemoryStorage(), MemoryStorage()
    once, often = new_device(whole), new_device(split)
    once.load(order(program), T0)
    often.load(order(program), T0)
    once.advance(T0 + DAY)
    for cut in sorted(cuts):
        often.advance(T0 + cut)
    often.advance(T0 + DAY)
    assert whole.banks == split.banks
    assert once.status(T0 + DAY) == often.status(T0 + DAY)
    assert once.hours(T0) == often.hours(T0)


class Small(Device):
    """Begins the other bank so often that power cuts fall into it too."""

    rotate_after = 16


CUT_RX = order(SimpleContinuous(24 * 10 * PULSE))  # a pulse each six minutes


def two_hours_of_events(storage: MemoryStorage, fired: Fired) -> None:
    device = Small.create(storage, figures(), 1_000, None, MORPHINE, 1_500, T0, mechanism=fired)
    device.load(CUT_RX, T0)
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


def copy(storage: MemoryStorage) -> MemoryStorage:
    twin = MemoryStorage()
    twin.banks = [bytearray(bank) for bank in storage.banks]
    return twin


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
        assert device.prescription in ((CUT_RX,) if begun else (CUT_RX, None))
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
    device.load(CUT_RX, T0)
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
    device.load(CUT_RX, T0)
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
    device.load(CUT_RX, T0)
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
    device.load(CUT_RX, T0)
    device.advance(T0 + 6 * 60_000 + 4_000)  # a little late: given
    assert device.status(T0).delivered_pulses == 1
    device.advance(T0 + 3 * HOUR)
    status = device.status(T0 + 3 * HOUR)
    assert (status.delivered_pulses, status.missed_pulses, status.gaps[-1].reason) == (1, 29, "late")


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3 * HOUR), st.sampled_from(["open", "load", "stop"])), max_size=8))
def test_caps_hold_over_sliding_windows_through_restarts(events: list[tuple[int, str]]) -> None:
    storage, fired = MemoryStorage(), Fired()
    caps = Caps(12 * PULSE, 100 * PULSE)
    device = new_device(storage, mechanism=fired)
    now = T0
    device.load(order(SimpleContinuous(90 * PULSE), caps), now)
    for wait, event in events:
        now += wait
        device.advance(now)
        if event == "open":
            device = Device.open(storage, now, mechanism=fired)
        elif event == "stop":
            device.stop(now)
        else:
            device.load(order(PeriodicBolus(10 * PULSE, 3 * HOUR, HOUR // 2), caps, anchor=now), now)
    times = [at for _, at in fired.pulses]
    for end in times:
        assert sum(1 for at in times if end - HOUR < at <= end) <= 13
        assert sum(1 for at in times if end - DAY < at <= end) <= 101


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3 * HOUR), st.sampled_from(["open", "load", "refill", "none"])), max_size=10))
def test_hours_survive_restarts_and_add_up(events: list[tuple[int, str]]) -> None:
    storage = MemoryStorage()
    device = Small.create(storage, figures(), 5_000, None, MORPHINE, 20 * ML, T0)
    now = T0
    device.load(order(SimpleContinuous(480 * PULSE)), now)
    for wait, event in events:
        now += wait
        device.advance(now)
        if event == "open":
            device = Small.open(storage, now)
        elif event == "load":
            device.load(order(SimpleContinuous((wait + 1) % 400 * PULSE + PULSE * 40), solution=MORPHINE), now)
        elif event == "refill":
            device.refill(device.status(now).reservoir_nl, MIX, 20 * ML, now)
    now = (now // HOUR + 1) * HOUR
    device.advance(now - 1)
    status = device.status(now - 1)  # a pulse on the stroke of the hour belongs to the next one
    device.advance(now)
    hours = device.hours(T0)
    assert [hour.start for hour in hours] == list(range(T0, now, HOUR))
    assert sum(hour.pulses for hour in hours) == status.delivered_pulses
    assert sum(hour.nl for hour in hours) == status.delivered_nl
    assert sum(hour.tip_fg for hour in hours) == status.tip_fg["morphine"]
    assert Small.open(storage, now).hours(T0) == hours
    assert device.hours(now - HOUR) == hours[-1:]


def test_hours_are_made_again_when_their_record_was_lost() -> None:
    storage = MemoryStorage()
    device = new_device(storage)
    device.load(CUT_RX, T0)
    device.advance(T0 + 10 * HOUR)
    hours = device.hours(T0)
    assert [hour.pulses for hour in hours] == [9, *[10] * 9]
    for cut in range(len(storage.banks[2]) + 1):
        twin = copy(storage)
        twin.truncate(2, cut)
        assert Device.open(twin, T0 + 10 * HOUR).hours(T0) == hours


def test_drug_reaches_the_tip_when_the_dead_volume_has_passed_and_not_before() -> None:
    device = new_device(MemoryStorage(), path_nl=5_000)
    device.load(CUT_RX, T0)
    device.advance(T0 + 2 * HOUR)  # twenty pulses of 250 nL
    assert device.status(T0).tip_fg == {"morphine": 0}
    device.advance(T0 + 3 * HOUR)
    status = device.status(T0)
    assert status.tip_fg == {"morphine": 10 * PULSE}
    assert status.path_known
    assert [hour.tip_fg for hour in device.hours(T0)] == [0, 0, 9 * PULSE]


def test_several_drugs_follow_the_primary_one() -> None:
    device = Device.create(MemoryStorage(), figures(), 0, None, MIX, 20 * ML, T0)
    device.load(order(SimpleContinuous(2 * MG), solution=MIX), T0)
    device.advance(T0 + DAY)
    status = device.status(T0 + DAY)
    assert status.tip_fg == {"morphine": 2 * MG, "bupivacaine": 3 * MG // 4}
    balance(status)


def test_a_refill_reports_expected_and_withdrawn_and_blends_with_the_residual() -> None:
    device = new_device(MemoryStorage(), residual_nl=ML, fill_nl=19 * ML)
    device.load(order(SimpleContinuous(10 * MG)), T0)
    device.advance(T0 + 9 * DAY)
    report = device.refill(9_500_000, MIX, 19 * ML, T0 + 9 * DAY)
    assert (report.expected_nl, report.withdrawn_nl, report.discrepancy_nl) == (10 * ML, 9_500_000, -500_000)
    assert report.contents == {"morphine": 390 * MG, "bupivacaine": 142 * MG + MG // 2}
    status = device.status(T0 + 9 * DAY)
    assert (status.reservoir_nl, status.residual_nl) == (19 * ML, ML)
    assert device.fill == MIX
    balance(status)


def test_a_refused_command_changes_nothing() -> None:
    storage = MemoryStorage()
    device = new_device(storage)
    device.load(CUT_RX, T0)
    device.advance(T0 + HOUR)
    before, banks = device.status(T0 + HOUR), [bytes(bank) for bank in storage.banks]
    too_fast = order(SimpleContinuous(10**15), Caps(10**16, 10**16))
    over_cap = order(SimpleContinuous(10 * MG), Caps(MG, 9 * MG))
    for rx in (too_fast, over_cap):
        with pytest.raises(Refused):
            device.load(rx, T0 + HOUR)
    with pytest.raises(Refused):
        device.load(CUT_RX, T0)  # the past
    with pytest.raises(Refused):
        device.refill(0, MORPHINE, 21 * ML, T0 + HOUR)
    with pytest.raises(Refused):
        device.refill(-1, MORPHINE, ML, T0 + HOUR)
    with pytest.raises(Refused):
        new_device(storage)
    assert device.status(T0 + HOUR) == before
    assert [bytes(bank) for bank in storage.banks] == banks


def test_an_empty_place_holds_no_pump() -> None:
    with pytest.raises(Refused) as refused:
        Device.open(MemoryStorage(), T0)
    assert refused.value.refusals[0].code == "journal_unreadable"


def test_a_stopped_pump_says_so_and_runs_again_with_a_new_prescription() -> None:
    device = new_device(MemoryStorage())
    assert device.status(T0).state == "idle"
    device.load(order(Stopped()), T0)
    assert (device.status(T0).state, device.alarms, device.next_due) == ("stopped", ("stopped",), None)
    device.load(CUT_RX, T0)
    assert (device.status(T0).state, device.alarms) == ("running", ())
    device.stop(T0 + HOUR)
    assert device.status(T0).delivered_pulses == 10
    device.advance(T0 + DAY)
    assert device.status(T0).delivered_pulses == 10


def test_files_and_memory_hold_the_same_bytes_for_the_same_events(tmp_path: Path) -> None:
    memory, files = MemoryStorage(), FileStorage(tmp_path, durable=False)
    results = []
    for storage in (memory, files):
        device = Device.create(storage, figures(), 1_000, None, MORPHINE, 3 * ML, T0)
        device.load(CUT_RX, T0)
        device.advance(T0 + DAY)
        device.refill(2 * ML, MIX, 3 * ML, T0 + DAY)
        results.append(device.status(T0 + DAY))
    assert results[0] == results[1]
    assert [files.read(bank) for bank in range(3)] == [bytes(bank) for bank in memory.banks]
    opened = Device.open(files, T0 + DAY).status(T0 + DAY)
    assert opened == results[0]
    files.close()


def test_a_durable_pump_survives_in_its_files(tmp_path: Path) -> None:
    files = FileStorage(tmp_path)
    device = Device.create(files, figures(), 0, None, MORPHINE, 3 * ML, T0)
    device.load(CUT_RX, T0)
    device.advance(T0 + HOUR)
    files.close()
    status = Device.open(files, T0 + HOUR).status(T0 + HOUR)
    assert replace(status, gaps=()) == replace(device.status(T0 + HOUR), gaps=())
    files.close()
