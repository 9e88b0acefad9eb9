"""Promises of the time to the tip: an interval with the plug inside, wider with doubt, and unknown stays unknown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thecal.pump.arrival import arrival, at_tip
from thecal.quantity import Refused

VOLUME = st.integers(0, 10**7)


@given(low=VOLUME, more=VOLUME, flow=st.integers(1, 10**8), moved=VOLUME)
def test_the_plug_lies_between_earliest_and_latest(low: int, more: int, flow: int, moved: int) -> None:
    found = arrival(low, low + more, flow, moved)
    assert 0 <= found.earliest_nl <= found.plug_nl[0] <= found.plug_nl[1] <= found.latest_nl
    assert found.plug_ms is not None and found.earliest_ms is not None and found.latest_ms is not None
    assert found.earliest_ms <= found.plug_ms[0] <= found.plug_ms[1] <= found.latest_ms


@given(low=VOLUME, more=VOLUME, extra=VOLUME, moved=VOLUME)
def test_more_doubt_about_the_path_never_narrows_the_interval(low: int, more: int, extra: int, moved: int) -> None:
    narrow, wide = arrival(low, low + more, 1, moved), arrival(low, low + more + extra, 1, moved)
    assert wide.earliest_nl <= narrow.earliest_nl and wide.latest_nl >= narrow.latest_nl


def test_worked_sum_of_a_catheter_of_0_1885_ml_at_6_5_mg_a_day_of_18_mg_ml() -> None:
    found = arrival(188_500, 188_500, 361_111)
    assert found.plug_ms is not None and abs(found.plug_ms[0] / 3_600_000 - 12.53) < 0.01
    assert (found.earliest_nl, found.latest_nl) == (160_225, 216_775)


def test_a_pump_that_stands_still_never_gets_it_there() -> None:
    found = arrival(100, 200, 0)
    assert (found.earliest_ms, found.plug_ms, found.latest_ms) == (None, None, None)


def test_unknown_contents_stay_unknown_until_the_last_of_them_has_left() -> None:
    assert at_tip(1_000, 1_000, 0, None, 7) == (0, None)
    assert at_tip(1_000, 1_000, 1_149, None, 7) == (0, None)
    assert at_tip(1_000, 1_000, 1_150, None, 7) == (7, 7)
    assert at_tip(1_000, 1_000, 849, 3, 7) == (3, 3)
    assert at_tip(1_000, 1_000, 850, 3, 7) == (3, 7)


@pytest.mark.parametrize("bad", [(-1, 0, 1, 0), (5, 4, 1, 0), (0, 1, -1, 0), (0, 1, 1, -1)])
def test_volumes_that_make_no_sense_are_refused(bad: tuple[int, int, int, int]) -> None:
    with pytest.raises(Refused):
        arrival(*bad)
