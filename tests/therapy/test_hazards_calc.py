"""The hazards that the sums and the card answer: every id is on the list, every code and test that is named exists."""

import ast
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


def read(name: str) -> dict[str, Any]:
    return tomllib.loads((files("thecal.therapy") / "data" / name).read_text("utf-8"))


HAZARDS = {row["id"]: row for row in read("hazards.toml")["hazard"]}
ANSWERS = read("hazards_calc.toml")["answer"]


def names_in(path: Path) -> set[str]:
    return {node.name for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.FunctionDef)}


def test_the_list_of_hazards_is_whole_and_every_entry_names_its_sources() -> None:
    data = read("hazards.toml")
    assert len(HAZARDS) == len(data["hazard"]) == 119
    for row in data["hazard"]:
        assert row["src"] and all(key in data["source"] for key in row["src"]) and isinstance(row["confirmed"], bool)
        assert row["requirement"] and row["requirement_id"] == "SR-" + row["id"].removeprefix("H-")


@pytest.mark.parametrize("answer", ANSWERS, ids=[row["hazard"] for row in ANSWERS])
def test_every_answer_names_a_hazard_its_requirement_code_and_tests_that_exist(answer: dict[str, Any]) -> None:
    assert answer["requirement"] == HAZARDS[answer["hazard"]]["requirement_id"] and answer["how"]
    assert answer["code"] and all((ROOT / path).is_file() for path in answer["code"])
    assert answer["tests"]
    for test in answer["tests"]:
        path, _, name = test.partition("::")
        assert name in names_in(ROOT / path)


def test_no_hazard_is_answered_twice_in_one_file() -> None:
    ids = [row["hazard"] for row in ANSWERS]
    assert len(ids) == len(set(ids)) >= 30
