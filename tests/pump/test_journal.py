"""Promises of the journal: torn tails are dropped, damage is found, recovery can be repeated, its size is bounded."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thecal.pump.journal import BANKS, RECORD_BYTES, JournalError, check, create, recover, scan
from thecal.pump.kernel import Record, RecordKind
from thecal.pump.storage import FileStorage, MemoryStorage

NUMBERS = st.integers(-(2**63), 2**63 - 1)
PLAIN = st.builds(
    Record, st.sampled_from([4, 5, 6, 8, 9, 10]), NUMBERS, NUMBERS, NUMBERS, NUMBERS, NUMBERS, st.just(b"")
)
BLOBS = st.builds(
    Record, st.sampled_from([3, 7]), NUMBERS, NUMBERS, NUMBERS, NUMBERS, st.just(0), st.binary(max_size=130)
)


def written(records: list[Record], rotate_after: int = 1_000) -> MemoryStorage:
    storage = MemoryStorage()
    journal = create(storage, b"first", 0, rotate_after)
    for record in records:
        journal.append(record)
    journal.sync()
    return storage


def sample() -> list[Record]:
    return [
        Record(RecordKind.LOAD, 5, 0, blob=b"x" * 40),
        Record(RecordKind.INTENT, 6, 1, 9),
        Record(RecordKind.OUTCOME, 6, 1, 1, 1),
        Record(RecordKind.REFILL, 7, 44, blob=b""),
        Record(RecordKind.INTENT, 8, 2, 9),
    ]


def copy(storage: MemoryStorage) -> MemoryStorage:
    twin = MemoryStorage()
    twin.banks = [bytearray(bank) for bank in storage.banks]
    return twin


@given(st.lists(st.one_of(PLAIN, BLOBS), max_size=30))
def test_what_was_written_is_read_back(records: list[Record]) -> None:
    found = recover(written(records))
    assert (found.checkpoint, list(found.records), found.lost) == (b"first", records, 0)


def test_cut_at_every_byte_the_whole_records_before_the_cut_are_read() -> None:
    whole = written(sample())
    size = len(whole.banks[1])
    begin = 2 * RECORD_BYTES  # the checkpoint
    complete = [3, 4, 5, 6, 7]  # records with their parts, in slots after the checkpoint
    for cut in range(begin, size + 1):
        storage = copy(whole)
        storage.truncate(1, cut)
        found = recover(storage)
        slots = (cut - begin) // RECORD_BYTES
        assert found.lost == 0
        assert list(found.records) == sample()[: sum(1 for need in complete if slots >= need)]
        assert len(storage.banks[1]) % RECORD_BYTES == 0
        found.journal.append(sample()[1])  # and it goes on from there
        again = recover(storage)
        assert list(again.records) == [*found.records, sample()[1]]
        assert check(storage) == []


def test_a_tail_that_was_extended_with_zeros_is_torn_and_not_damaged() -> None:
    for kept in range(1, RECORD_BYTES + 1):
        storage = written(sample())
        del storage.banks[1][-kept:]
        storage.banks[1] += bytes(kept)
        found = recover(storage)
        assert (list(found.records), found.lost) == (sample()[:-1], 0)


def test_every_single_damaged_bit_is_found_and_never_taken_for_a_torn_tail() -> None:
    whole = written(sample())
    for bank in BANKS:
        for bit in range(len(whole.banks[bank]) * 8):
            storage = copy(whole)
            storage.banks[bank][bit // 8] ^= 1 << bit % 8
            assert check(storage), f"bit {bit} of bank {bank}"
            found = recover(storage)
            if bank == 1:
                assert found.lost >= 1
            else:  # the older bank is not needed
                assert (list(found.records), found.lost) == (sample(), 0)


def test_a_record_that_is_missing_or_swapped_is_found() -> None:
    whole = written(sample())
    first = 5 * RECORD_BYTES
    for change in ("missing", "swapped", "repeated"):
        storage = copy(whole)
        bank = storage.banks[1]
        one, two = bytes(bank[first : first + 64]), bytes(bank[first + 64 : first + 128])
        bank[first : first + 128] = {"missing": two, "swapped": two + one, "repeated": one + one}[change]
        assert recover(storage).lost >= 1, change


def test_a_record_forged_with_a_right_checksum_breaks_the_chain() -> None:
    one = written(sample())
    other = written([*sample()[:1], Record(RecordKind.INTENT, 6, 77, 9), *sample()[2:]])
    at = 5 * RECORD_BYTES
    one.banks[1][at : at + 64] = other.banks[1][at : at + 64]
    assert recover(one).lost == 1


def test_damage_in_the_newer_checkpoint_falls_back_on_the_older_bank() -> None:
    storage = written(sample())
    storage.banks[1][10] ^= 4
    found = recover(storage)
    assert found.checkpoint == b"first"
    assert list(found.records) == sample()
    assert found.lost >= 1


def test_a_cut_while_the_other_bank_is_begun_leaves_this_one_in_force() -> None:
    whole = written(sample())
    recovered = recover(whole)
    recovered.journal.rotate(b"second" * 20, 9)
    size = len(whole.banks[0])
    for cut in range(size + 1):
        storage = copy(whole)
        storage.truncate(0, cut)
        found = recover(storage)
        complete = cut == size
        assert found.checkpoint == (b"second" * 20 if complete else b"first")
        assert list(found.records) == ([] if complete else sample())
        assert found.lost == 0


def test_the_banks_stay_bounded_however_long_it_runs() -> None:
    storage = MemoryStorage()
    journal = create(storage, b"0" * 40, 0, 50)
    for number in range(5_000):
        if journal.full:
            journal.rotate(b"%040d" % number, number)
        journal.append(Record(RecordKind.INTENT, number, number))
        assert all(len(storage.banks[bank]) <= 60 * RECORD_BYTES for bank in BANKS)
    found = recover(storage, 50)
    assert found.lost == 0
    assert found.records[-1] == Record(RecordKind.INTENT, 4_999, 4_999)
    assert check(storage) == []


def test_without_a_readable_checkpoint_there_is_no_pump() -> None:
    with pytest.raises(JournalError):
        recover(MemoryStorage())
    assert check(MemoryStorage()) == ["no bank holds a readable checkpoint"]


class Stutter(MemoryStorage):
    """Writes half a record once, and says so."""

    fail = False

    def append(self, bank: int, data: bytes) -> None:
        if self.fail:
            self.fail = False
            super().append(bank, data[:20])
            raise OSError("no space left")
        super().append(bank, data)


def test_after_a_failed_write_nothing_follows_until_the_journal_is_read_back() -> None:
    storage = Stutter()
    journal = create(storage, b"first", 0)
    journal.append(sample()[1])
    storage.fail = True
    with pytest.raises(OSError, match="no space"):
        journal.append(sample()[2])
    with pytest.raises(JournalError):
        journal.append(sample()[2])
    found = recover(storage)
    found.journal.append(sample()[4])
    assert list(recover(storage).records) == [sample()[1], sample()[4]]
    assert check(storage) == []


@given(st.binary(max_size=400))
def test_any_bytes_can_be_scanned(data: bytes) -> None:
    found = scan(data)
    assert found.checkpoint == 0
    assert found.slots * RECORD_BYTES <= len(data)


@pytest.mark.parametrize("durable", [True, False])
def test_files_hold_the_same_bytes_as_memory(tmp_path: Path, durable: bool) -> None:
    files = FileStorage(tmp_path / "pump", durable=durable)
    journal = create(files, b"first", 0)
    for record in sample():
        journal.append(record)
    journal.sync()
    files.close()
    opened = FileStorage(tmp_path / "pump", durable=durable)
    assert [opened.read(bank) for bank in BANKS] == [bytes(bank) for bank in written(sample()).banks[:2]]
    assert list(recover(opened).records) == sample()
    opened.truncate(0, 3)
    assert len(opened.read(0)) == 3
    opened.close()
