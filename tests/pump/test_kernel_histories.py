"""The controller is deterministic on every machine and in every version: the same events, the same records and state.

What it said is written down in data/kernel_histories.json. A difference is either a fault, or a change of what journals
mean and of what is refused: look at it, and then write down the new answers with
``python tests/pump/kernel_histories.py``.
"""

import json

import pytest
from kernel_histories import ANSWERS, FILE, LIVES, answer, life

WRITTEN = json.loads(FILE.read_text("utf-8"))


@pytest.mark.parametrize("first", range(0, LIVES, 5))
def test_a_life_gives_the_same_records_and_states_as_ever(first: int) -> None:
    for seed in range(first, first + 5):
        assert life(seed) == WRITTEN["lives"][seed]


@pytest.mark.parametrize("name", ANSWERS)
def test_limits_plans_windows_and_bytes_are_as_ever_at_and_beside_every_edge(name: str) -> None:
    assert answer(name) == WRITTEN["answers"][name]
