"""Promises of the virtual pump: exact delivery, conserved mass, caps and hours that survive restarts."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from device_rig import (
    DAY,
    HOUR,
    MG,
    MIX,
    ML,
    MORPHINE,
    PULSE,
    SLOW,
    T0,
    Fired,
    Small,
    balance,
    copy,
    figures,
    new_device,
    order,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from thecal.pump.device import Device
from thecal.pump.prescription import Caps, MultiRate, PeriodicBolus, Prescription, SimpleContinuous, Step, Stopped
from thecal.pump.storage import FileStorage, MemoryStorage
from thecal.quantity import Refused

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
    device.load(SLOW, T0)
    device.advance(T0 + 10 * HOUR)
    hours = device.hours(T0)
    assert [hour.pulses for hour in hours] == [9, *[10] * 9]
    for cut in range(len(storage.banks[2]) + 1):
        twin = copy(storage)
        twin.truncate(2, cut)
        assert Device.open(twin, T0 + 10 * HOUR).hours(T0) == hours


def test_drug_reaches_the_tip_when_the_dead_volume_has_passed_and_not_before() -> None:
    device = new_device(MemoryStorage(), path_nl=5_000)
    device.load(SLOW, T0)
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
    device.load(SLOW, T0)
    device.advance(T0 + HOUR)
    before, banks = device.status(T0 + HOUR), [bytes(bank) for bank in storage.banks]
    too_fast = order(SimpleContinuous(10**15), Caps(10**16, 10**16))
    over_cap = order(SimpleContinuous(10 * MG), Caps(MG, 9 * MG))
    for rx in (too_fast, over_cap):
        with pytest.raises(Refused):
            device.load(rx, T0 + HOUR)
    with pytest.raises(Refused):
        device.load(SLOW, T0)  # the past
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
    device.load(SLOW, T0)
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
        device.load(SLOW, T0)
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
    device.load(SLOW, T0)
    device.advance(T0 + HOUR)
    files.close()
    status = Device.open(files, T0 + HOUR).status(T0 + HOUR)
    assert replace(status, gaps=()) == replace(device.status(T0 + HOUR), gaps=())
    files.close()
