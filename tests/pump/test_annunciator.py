"""Who hears of an alarm: it is listed once, kept over kills, silenced for a while at most, and gone only when seen."""

from pathlib import Path

import pytest

from thecal.pump.annunciator import FILE, STOPPED_AFTER_MS, Annunciator
from thecal.quantity import Refused

T0, MINUTE = 20_000 * 86_400_000, 60_000


def names(board: Annunciator) -> list[str]:
    return [row["name"] for row in board.rows()]


def test_an_alarm_sounds_at_once_and_stays_listed_until_it_is_over_and_seen(tmp_path: Path) -> None:
    board = Annunciator(tmp_path, T0)
    assert [signal.number for signal in board.update(["under_delivery"], T0)] == [20]
    assert board.update(["under_delivery"], T0 + 1) == ()
    board.update([], T0 + MINUTE)
    assert names(board) == ["under_delivery"]  # it latches
    board.acknowledge("under_delivery")
    assert names(board) == []


def test_a_storm_masks_nothing_and_the_most_urgent_comes_first(tmp_path: Path) -> None:
    board = Annunciator(tmp_path, T0)
    storm = ["low_reservoir", "under_delivery", "sensor_fault", "free_flow", "state_suspect", "cap"]
    assert len(board.update(storm, T0)) == 6
    assert names(board)[0] == "free_flow"
    assert len(names(board)) == 6


def test_what_stood_still_stands_after_a_kill(tmp_path: Path) -> None:
    board = Annunciator(tmp_path, T0)
    board.update(["free_flow"], T0)
    board.acknowledge("free_flow")
    again = Annunciator(tmp_path, T0 + MINUTE)
    assert again.rows() == [{**board.rows()[0], "sounded": again.rows()[0]["sounded"]}]
    assert again.rows()[0]["acknowledged"]


def test_a_file_that_cannot_be_read_is_an_alarm_and_not_silence(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b'[{"number":')
    board = Annunciator(tmp_path, T0)
    assert names(board) == ["self_test_warning"]
    board.acknowledge("self_test_warning")
    assert names(board) == []


def test_a_stop_becomes_an_alarm_when_it_lasts(tmp_path: Path) -> None:
    board = Annunciator(tmp_path, T0)
    board.update(["stopped"], T0)
    board.update(["stopped"], T0 + STOPPED_AFTER_MS - 1)
    assert names(board) == []
    board.update(["stopped"], T0 + STOPPED_AFTER_MS)
    assert names(board) == ["therapy_stopped"]


def test_a_silence_that_is_too_long_is_refused_and_a_later_alarm_sounds_in_it(tmp_path: Path) -> None:
    board = Annunciator(tmp_path, T0)
    board.update(["free_flow"], T0)
    with pytest.raises(Refused, match="silence"):
        board.silence(11 * MINUTE, T0)
    board.silence(10 * MINUTE, T0)
    assert [signal.number for signal in board.update(["free_flow", "sensor_fault"], T0 + MINUTE)] == [24]
    later = board.update(["free_flow", "sensor_fault"], T0 + 11 * MINUTE)
    assert 2 in [signal.number for signal in later]


def test_an_alarm_that_does_not_stand_cannot_be_seen(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="does not stand"):
        Annunciator(tmp_path, T0).acknowledge("free_flow")
    with pytest.raises(Refused):
        Annunciator(tmp_path, T0).acknowledge("nonsense")
