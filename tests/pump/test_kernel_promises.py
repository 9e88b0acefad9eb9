"""What the controller and its journal promise in corners that no ordinary day comes to."""

import pytest
from kernel_rig import CONFIG, DAY, HOUR, PULSE, T0, program

from thecal.pump.journal import JournalError, create
from thecal.pump.kernel import (
    EMPTY_LEDGER,
    Bolus,
    Record,
    RecordKind,
    Segment,
    apply,
    clear_time,
    crowded,
    make_plan,
    start,
)
from thecal.pump.storage import MemoryStorage

WEEK = 7 * DAY
BASE = 1_600 * 7 * PULSE


def test_records_whose_order_was_lost_are_still_counted() -> None:
    state = start(CONFIG, 20_000_000, T0)
    after = apply(state, Record(RecordKind.INTENT, T0 + 5, 1, PULSE))
    assert (after.seq, after.ledger.total, after.reservoir_nl) == (1, PULSE, 20_000_000 - 250)
    bolus = apply(state, Record(RecordKind.INTENT, T0 + 5, 1, PULSE, 1))
    assert (bolus.seq, bolus.ledger.total, bolus.aside.boluses.total, bolus.bolus) == (1, PULSE, PULSE, None)
    granted = apply(state, Record(RecordKind.GRANT, T0 + 5, 3, HOUR))
    assert (granted.now, granted.bolus) == (T0 + 5, None)


def test_a_window_that_can_never_clear_is_an_error_and_no_time() -> None:
    with pytest.raises(AssertionError, match="always clears"):
        clear_time(EMPTY_LEDGER, HOUR, -1, T0)


@pytest.mark.parametrize(("spare", "admitted"), [(2, False), (4, True)])
def test_a_program_of_very_many_short_periods_is_judged_on_the_safe_side(spare: int, admitted: bool) -> None:
    """A bolus of 2 pulses, and a pulse of base each 54 s: up to two periods are added to what a window holds."""
    short = program(period=54_000, segments=(Segment(0, 54_000, PULSE),), caps=((WEEK, BASE + spare * PULSE),))
    refused = crowded(make_plan(short), EMPTY_LEDGER, EMPTY_LEDGER, T0, end=T0 + HOUR, new=Bolus(1, T0, HOUR, 2))
    assert (refused is None) == admitted


def test_after_a_flush_that_failed_nothing_is_written_until_it_is_read_back() -> None:
    class Failing(MemoryStorage):
        failing = False

        def sync(self, bank: int) -> None:
            if self.failing:
                raise OSError("the disk is gone")

    storage = Failing()
    journal = create(storage, b"first", 0)
    journal.append(Record(RecordKind.STOP, 1))
    storage.failing = True
    with pytest.raises(OSError, match="disk"):
        journal.sync()
    with pytest.raises(JournalError):
        journal.append(Record(RecordKind.STOP, 2))
