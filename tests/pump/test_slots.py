"""Promise of the two places: whatever a kill or a bad disk spoils, a whole value is there, or it is refused."""

from pathlib import Path

import pytest

from thecal.pump.slots import SIZE, Slots
from thecal.quantity import Refused


def test_what_was_written_last_is_read_by_the_next_process(tmp_path: Path) -> None:
    first = Slots(tmp_path / "hardware", durable=True)
    assert first.read() is None
    for number in range(5):
        first.write(b"value %d" % number)
        assert Slots(tmp_path / "hardware", durable=False).read() == b"value %d" % number
    first.close()


@pytest.mark.parametrize("cut", [0, 1, 20, 34, 38])
def test_a_write_that_ends_in_the_middle_leaves_the_value_before(tmp_path: Path, cut: int) -> None:
    file = tmp_path / "hardware"
    slots = Slots(file, durable=False)
    slots.write(b"before")
    whole = file.read_bytes()
    slots.write(b"after it")
    after = file.read_bytes()
    file.write_bytes(after[:cut] + bytes(34 + 8 - cut) + after[42:])
    assert Slots(file, durable=False).read() == b"before"
    file.write_bytes(after)
    assert Slots(file, durable=False).read() == b"after it"
    file.write_bytes(whole)
    again = Slots(file, durable=False)
    again.read()
    again.write(b"later")
    assert Slots(file, durable=False).read() == b"later"


def test_two_spoiled_places_are_refused_and_not_taken_for_a_new_pump(tmp_path: Path) -> None:
    file = tmp_path / "hardware"
    slots = Slots(file, durable=False)
    slots.write(b"one")
    slots.write(b"two")
    data = bytearray(file.read_bytes())
    data[36] ^= 1
    data[SIZE + 36] ^= 1
    file.write_bytes(data)
    with pytest.raises(Refused, match="damaged"):
        Slots(file, durable=False).read()
