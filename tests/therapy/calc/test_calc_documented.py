"""The page of calculations says what the code does: it is compared with the table that it is written from."""

from pathlib import Path

from thecal.therapy.calc import CALCULATIONS, describe, listing, page

PAGE = Path(__file__).parents[3] / "docs" / "therapy" / "calculations.md"


def test_the_page_is_what_the_table_of_calculations_gives() -> None:
    assert PAGE.read_text("utf-8") == page(), "write it anew from thecal.therapy.calc.page()"


def test_every_calculation_is_on_the_page_with_formula_source_and_example() -> None:
    text = PAGE.read_text("utf-8")
    for name, each in CALCULATIONS.items():
        assert f"\n### {name}\n" in text and each.formula in text and each.source.text in text
        assert f"$ thecal calc {name} " in text


def test_list_and_help_name_every_calculation_and_input() -> None:
    assert len(listing()) == len(CALCULATIONS)
    for each in CALCULATIONS.values():
        text = "\n".join(describe(each))
        assert each.about and all(entry.help and f"  {entry.name}  " in text for entry in each.inputs)
