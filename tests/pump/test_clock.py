"""The shared clock: never backwards, one speed for all readers, still while a fast demonstration is off."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pump_orders import Real

from thecal.pump.clock import RESERVE_REAL_MS, SharedClock
from thecal.quantity import Refused


def test_speed_one_is_real_time(tmp_path: Path) -> None:
    real = Real()
    clock = SharedClock(tmp_path, real)
    assert clock.now_ms() == real.now
    real.tick(12_345)
    assert clock.now_ms() == real.now
    assert not clock.demonstration


def test_speed_n_runs_n_times_as_fast_for_every_reader(tmp_path: Path) -> None:
    real = Real()
    clinic = SharedClock.start(tmp_path, 600, real)
    pump = SharedClock(tmp_path, real)
    start = clinic.now_ms()
    real.tick(1_000)
    assert clinic.now_ms() == pump.now_ms() == start + 600_000
    assert pump.demonstration
    assert pump.real_until(start + 660_000) == 100


def test_a_running_reader_follows_a_change_of_speed(tmp_path: Path) -> None:
    real = Real()
    pump = SharedClock(tmp_path, real)
    before = pump.now_ms()
    SharedClock.start(tmp_path, 10, real)
    assert pump.speed == 10
    base = pump.now_ms()
    assert base >= before
    real.tick(100)
    assert pump.now_ms() == base + 1_000


def test_a_correction_of_the_wall_clock_moves_nothing(tmp_path: Path) -> None:
    real = Real()
    clock = SharedClock(tmp_path, real)
    before = clock.now_ms()
    real.now -= 3_600_000
    assert clock.now_ms() == SharedClock(tmp_path, real).now_ms() == before


def test_a_fast_clock_stands_still_while_nothing_runs(tmp_path: Path) -> None:
    real = Real()
    last = 0
    clock = SharedClock.start(tmp_path, 1_000, real)
    for _ in range(100):
        real.tick(1_000)
        last = clock.now_ms()
    real.tick(1_000)
    again = SharedClock.start(tmp_path, 1_000, real).now_ms()
    assert last <= again <= last + 2 * RESERVE_REAL_MS * 1_000


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["tick", "back", "open", "reboot", "speed"]), st.integers(1, 10**7)), max_size=30
    )
)
def test_time_never_runs_backwards(tmp_path_factory: pytest.TempPathFactory, moves: list[tuple[str, int]]) -> None:
    folder = tmp_path_factory.mktemp("clock")
    real = Real()
    clock, last = SharedClock(folder, real), 0
    for move, amount in moves:
        if move == "tick":
            real.tick(amount)
        elif move == "back":
            real.now -= amount
        elif move in {"open", "reboot"}:
            if move == "reboot":
                real.reboot()
            clock = SharedClock(folder, real)
        else:
            clock = SharedClock.start(folder, 1 + amount % 1_000, real)
        now = clock.now_ms()
        assert now >= last
        last = now


@pytest.mark.parametrize("speed", [0, -1, 10**9, True])
def test_a_speed_out_of_range_is_refused(tmp_path: Path, speed: int) -> None:
    with pytest.raises(Refused, match="speed"):
        SharedClock.start(tmp_path, speed)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"up_ms": 1.5, "virtual_ms": 2, "speed": 1, "boot": "1"}', '{"speed": 1}']
)
def test_a_damaged_clock_file_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "clock.json").write_text(text)
    with pytest.raises(Refused, match="clock"):
        SharedClock(tmp_path)
