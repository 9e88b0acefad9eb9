"""The page docs/body/model.md lists every parameter as it is in the data."""

from pathlib import Path

import pytest

from thecal.body.reference import TABLES, entries, table

PAGE = (Path(__file__).parents[2] / "docs" / "body" / "model.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", TABLES)
def test_the_model_page_lists_every_parameter_with_value_source_and_doubt(name: str) -> None:
    lines = [line for line in PAGE.splitlines() if line.startswith("| `")]
    for key, item in entries(name).items():
        (line,) = [line for line in lines if line.startswith(f"| `{key}` |")]
        assert f"| {item.value:g} {item.unit} |" in line
        assert f"| {item.source} | {'yes' if item.confirmed else 'no'} |" in line
    for source in table(name)["sources"]:
        assert f"* `{source}`: " in PAGE
