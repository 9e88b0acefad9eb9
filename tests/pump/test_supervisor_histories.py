"""The supervisor is deterministic on every machine and in every version: the same events, the same answers and bytes.

What it said is written down in data/supervisor_histories.json. A difference is either a fault, or a change of what
journals mean and of what is refused: look at it, and then write down the new answers with
``python tests/pump/supervisor_histories.py``.
"""

import json

import pytest
from supervisor_histories import FILE, LIVES, life, readings

WRITTEN = json.loads(FILE.read_text("utf-8"))


@pytest.mark.parametrize("first", range(0, LIVES, 5))
def test_a_life_gives_the_same_answers_and_bytes_as_ever(first: int) -> None:
    assert [life(seed) for seed in range(first, first + 5)] == WRITTEN["lives"][first : first + 5]


def test_orders_at_and_beside_every_limit_are_read_or_refused_as_ever() -> None:
    assert readings() == WRITTEN["readings"]
