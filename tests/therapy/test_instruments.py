"""Instruments beside pain: range, direction, smallest meaningful change and scoring, as published."""

from fractions import Fraction

import pytest

from thecal.quantity import Refused
from thecal.therapy import trials as t
from thecal.therapy.reference import load

MARKS: dict[str, tuple[int | Fraction, int | Fraction, list[bool | None]]] = {
    "nrs": (8, 6, [True, False, False]),
    "vas100": (80, 61, [True, False]),
    "bpi_severity": (6, 5, [True]),
    "bpi_interference": (6, Fraction(51, 10), [False]),
    "odi": (44, 34, [True]),
    "rmdq": (15, 11, [False]),
    "promis_pain_interference": (65, 62, [True]),
    "promis_physical_function": (35, 36, [False]),
    "promis_sleep": (60, 58, [True]),
    "promis_depression": (60, 58, [True]),
    "promis_anxiety": (60, 58, [True]),
    "promis_fatigue": (60, 58, [True]),
    "gaf": (50, 60, []),
    "eq5d": (Fraction(1, 2), Fraction(574, 1000), [True]),
    "pgic": (4, 2, [True]),
    "sedation": (1, 0, []),
}


def test_every_instrument_has_its_range_its_way_and_its_smallest_meaningful_change() -> None:
    rows = {row["id"] for row in load("trial")["instrument"]}
    assert rows == {"nrs", "vas100", "bpi", "odi", "rmdq", "promis", "gaf", "eq5d", "pgic", "sedation"}
    assert {each.name for each in t.instruments()} == set(MARKS)
    assert {each.instrument for each in t.instruments()} == rows
    for name, (before, after, wanted) in MARKS.items():
        found = t.change(name, before, after)
        assert [reached for _, reached in found.reached] == wanted, name
        assert found.better > 0, name
        assert all(mark.source for mark, _ in found.reached)


def test_instruments_are_scored_as_published() -> None:
    assert t.bpi_severity(8, 4, 6, 5) == Fraction(23, 4)
    assert t.bpi_interference([8, None, 6, 4, None, 2, None]) == 5
    assert t.oswestry([2] * 10) == 40 and t.oswestry([2, None, *[2] * 8]) == 40
    assert [t.oswestry_band(score) for score in (20, 21, 60, 80, 100)] == [
        "minimal",
        "moderate",
        "severe",
        "crippled",
        "bed-bound or exaggerated",
    ]
    assert t.roland_morris(24) == 24
    with pytest.raises(Refused):
        t.bpi_interference([1, 2, 3, None, None, None, None])
    with pytest.raises(Refused):
        t.roland_morris(25)
