"""Promises of the pump's log: what matters is kept however much else is written, and a changed line is found."""

from pathlib import Path

import pytest

from thecal.pump.log import MAX_BYTES, PumpLog, log_problems

DAY = 86_400_000


def test_thirty_days_of_alarms_outlast_any_flood_of_other_lines(tmp_path: Path) -> None:
    log = PumpLog(tmp_path)
    for day in range(30):
        for number in range(100):
            log.write(day * DAY + number, "alarm", {"name": "reservoir_critical", "priority": "medium"})
        for number in range(400):
            log.write(day * DAY + number, "refused", {"command": "stage", "reasons": ["above_cap"]})
    kept = [line for line in log.latest(20_000) if line["event"] == "alarm"]
    assert len(kept) == 3_000
    assert kept[0]["at"] == 0
    assert log_problems(tmp_path) == []


def test_the_log_is_bounded(tmp_path: Path) -> None:
    log = PumpLog(tmp_path)
    text = "x" * 2_000
    for at in range(6_000):
        log.write(at, "alarm", {"name": text})
        log.write(at, "refused", {"command": text})
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) < 2 * 9 * MAX_BYTES + 20_000
    latest = log.latest(10)
    assert [line["at"] for line in latest] == [5_995, 5_995, 5_996, 5_996, 5_997, 5_997, 5_998, 5_998, 5_999, 5_999]
    assert log_problems(tmp_path) == []


@pytest.mark.parametrize("spoil", ["changed", "missing", "swapped"])
def test_a_line_that_is_missing_or_changed_is_found(tmp_path: Path, spoil: str) -> None:
    log = PumpLog(tmp_path)
    for at in range(5):
        log.write(at, "program", {"dose": at})
    file = tmp_path / "log-kept.jsonl"
    lines = file.read_bytes().splitlines(keepends=True)
    if spoil == "changed":
        lines[2] = lines[2].replace(b'"dose": 2', b'"dose": 9')
    elif spoil == "missing":
        del lines[2]
    else:
        lines[1], lines[2] = lines[2], lines[1]
    file.write_bytes(b"".join(lines))
    assert log_problems(tmp_path)


@pytest.mark.parametrize("cut", [1, 10, 40])
def test_a_line_that_a_crash_cut_off_spoils_no_other(tmp_path: Path, cut: int) -> None:
    log = PumpLog(tmp_path)
    for at in range(3):
        log.write(at, "stop", {})
    file = tmp_path / "log-kept.jsonl"
    file.write_bytes(file.read_bytes()[:-cut])
    again = PumpLog(tmp_path)
    again.write(3, "stop", {})
    assert [line["at"] for line in again.latest(9)] in ([0, 1, 3], [0, 1, 2, 3])
    assert [line["at"] for line in again.latest(9)][-1] == 3
    assert log_problems(tmp_path) == []
