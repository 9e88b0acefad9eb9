"""Every entry of the body's data carries unit, source and confirmed flag; the spine drawn is the spine computed."""

from itertools import pairwise

import pytest

from thecal.body import cord_segments, dermatomes_facing, level_names, levels_with_csf, problems, spine_levels
from thecal.body.grid import make_grid
from thecal.body.reference import TABLES, entries, table


def test_every_entry_carries_unit_source_and_confirmed_flag() -> None:
    assert problems() == []
    for name in TABLES:
        assert len(entries(name)) >= 6
        for item in entries(name).values():
            assert isinstance(item.confirmed, bool)
            assert isinstance(item.value, float)


def test_every_source_says_more_than_a_name() -> None:
    for name in TABLES:
        assert all(len(cite) > 20 for cite in table(name)["sources"].values())


def test_the_spine_runs_without_gaps_from_c1_to_s5() -> None:
    levels = spine_levels()
    assert (levels[0].name, levels[-1].name, len(levels)) == ("C1", "S5", 29)
    for upper, lower in pairwise(levels):
        assert upper.z_top_mm + upper.length_mm == pytest.approx(lower.z_top_mm)
    assert levels_with_csf() == level_names()[: level_names().index("S2") + 1]


def test_the_cord_is_shorter_than_the_spine() -> None:
    assert len(cord_segments()) == 30
    assert "T11" in dermatomes_facing("T10")
    assert dermatomes_facing("L4") == ()
    assert not any(level.has_cord for level in spine_levels() if level.name in ("L2", "L5", "S5"))


def test_cells_hold_the_volumes_of_the_levels_at_any_height() -> None:
    levels = [level for level in spine_levels() if level.has_csf]
    csf = sum(level.csf_area_mm2 * level.length_mm for level in levels) / 1e3
    assert 60 <= csf <= 125
    for scale in (0.9, 1.0, 1.2):
        grid = make_grid(scale)
        assert grid.csf_ml.sum() == pytest.approx(csf * scale, rel=1e-12)
        assert grid.cell_cm * grid.cells == pytest.approx(65.9 * scale)
        assert (grid.csf_ml > 0).all()
