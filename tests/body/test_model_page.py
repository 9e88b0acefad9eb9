"""The page docs/body/parameters.md lists every parameter as it is in the data."""

from pathlib import Path

from thecal.body.parameter_page import parameter_page
from thecal.body.reference import TABLES, entries

DOCS = Path(__file__).parents[2] / "docs" / "body"


def test_the_parameter_page_is_what_the_data_say() -> None:
    assert (DOCS / "parameters.md").read_text(encoding="utf-8") == parameter_page()
    assert "(parameters.md)" in (DOCS / "model.md").read_text(encoding="utf-8")


def test_the_parameter_page_lists_every_value_with_its_doubt() -> None:
    page = parameter_page()
    for name in TABLES:
        for item in entries(name).values():
            assert f"| `{item.key}` | {item.value:g} {item.unit} |" in page
            assert item.confirmed or item.doubt()
