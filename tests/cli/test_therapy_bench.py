"""The figures of the rules are measured by a command, kept as data, and the page says what the data say."""

import json
from pathlib import Path

from thecal.cli.therapy_bench import GOALS, measure

DOCS = Path(__file__).parents[2] / "docs" / "therapy"


def test_the_page_shows_the_kept_figures_and_the_command_measures_the_same_ones() -> None:
    kept = json.loads((DOCS / "figures.json").read_text("utf-8"))
    page = (DOCS / "figures.md").read_text("utf-8")
    for name, value in kept["figures"].items():
        assert f"| `{name}` | {value} |" in page
    now = measure(1)
    assert now.keys() == kept.keys() and now["figures"].keys() == kept["figures"].keys()
    assert set(GOALS) <= now["figures"].keys()
    assert (now["figures"]["fold_events"], now["figures"]["worklist_charts"]) == (10_000, 5_000)
    assert all(value for value in now["figures"].values())
