"""Every hazard that the rules address leads to code that exists and to tests that exist."""

import ast
import importlib
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from thecal.therapy.reference import load

ROOT = Path(__file__).parents[2]
DATA: dict[str, Any] = tomllib.loads((files("thecal.therapy") / "data" / "hazards_rules.toml").read_text("utf-8"))


@pytest.mark.parametrize("hazard", DATA["hazard"], ids=lambda row: row["id"])
def test_a_hazard_leads_from_requirement_to_code_and_tests(hazard: dict[str, Any]) -> None:
    assert hazard["requirement"] == hazard["id"].replace("H-", "SR-", 1)
    assert hazard["rule"] and 1 <= hazard["severity"] <= 5
    assert hazard["code"] and hazard["tests"]
    for path in hazard["code"]:
        module, _, name = path.rpartition(".")
        assert callable(getattr(importlib.import_module(module), name)), path
    for path in hazard["tests"]:
        file, _, name = path.partition("::")
        tree = ast.parse((ROOT / file).read_text("utf-8"))
        assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, path


def test_hazards_are_named_once_and_those_of_the_refill_are_all_mapped() -> None:
    named = [row["id"] for row in DATA["hazard"]]
    assert len(named) == len(set(named))
    steps = {hazard for row in load("refill")["step"] for hazard in row["hazards"]}
    asked = steps - set(named)
    assert asked <= {"H-OP-17", "H-SW-12", "H-SW-14"}, "these belong to the sums and to the clinic"
