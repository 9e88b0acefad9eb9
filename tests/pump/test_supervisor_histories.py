"""The supervisor is deterministic on every machine and in every version: the same events, the same answers and bytes.

What it said is written down in data/supervisor_histories.json, supervisor_readings.json and supervisor_banks.json. A
difference is either a fault, or a change of what journals mean and of what is refused: look at it, and then write down
the new answers by running ``supervisor_histories.py``, ``supervisor_readings.py`` or ``supervisor_banks.py``.
"""

import json

import pytest
import supervisor_banks
import supervisor_readings
from supervisor_histories import FILE, LIVES, life

WRITTEN = json.loads(FILE.read_text("utf-8"))


@pytest.mark.parametrize("first", range(0, LIVES, 5))
def test_a_life_gives_the_same_answers_and_bytes_as_ever(first: int) -> None:
    for seed in range(first, first + 5):
        assert life(seed) == WRITTEN["lives"][seed]


def test_orders_at_and_beside_every_limit_are_read_or_refused_as_ever() -> None:
    assert supervisor_readings.readings() == json.loads(supervisor_readings.FILE.read_text("utf-8"))["readings"]


def test_banks_that_are_torn_rotten_or_older_are_opened_as_ever_also_when_power_goes_meanwhile() -> None:
    assert supervisor_banks.openings() == json.loads(supervisor_banks.FILE.read_text("utf-8"))["openings"]
