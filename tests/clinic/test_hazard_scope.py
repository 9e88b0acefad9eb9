"""No hazard is left out: each is met by a room, in part, or outside with why, and whatever a map names exists."""

import ast
import importlib
import tomllib
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

ROOT = Path(__file__).parents[2]


def read(room: str, name: str) -> dict[str, Any]:
    return tomllib.loads((files(f"thecal.{room}") / "data" / name).read_text("utf-8"))


HAZARDS = {row["id"]: row for row in read("therapy", "hazards.toml")["hazard"]}
PUMP = read("pump", "hazards.toml")["hazards"]
SUMS = {row["hazard"]: row for row in read("therapy", "hazards_calc.toml")["answer"]}
RULES = {row["id"]: row for row in read("therapy", "hazards_rules.toml")["hazard"]}
CLINIC = read("clinic", "hazards.toml")
PAGES = {row["id"]: row for row in CLINIC["hazard"]}
OUTSIDE = {row["id"]: row["why"] for row in CLINIC["outside"]}
SCOPE = sorted(name for name, row in HAZARDS.items() if row["component"] in CLINIC["scope"])


@cache
def functions(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def test_the_scope_of_the_pathway_is_stated_by_component() -> None:
    assert set(CLINIC["scope"]) <= {row["component"] for row in HAZARDS.values()}
    assert len(SCOPE) > 35
    page = (ROOT / "docs" / "therapy" / "hazards.md").read_text("utf-8")
    assert not [name for name in [*CLINIC["scope"], *OUTSIDE] if name not in page]


@pytest.mark.parametrize("name", SCOPE)
def test_every_hazard_in_the_scope_is_mapped_to_requirement_code_and_tests(name: str) -> None:
    if name in OUTSIDE:
        assert OUTSIDE[name].endswith(".") and name not in PAGES
        return
    rows = [each[name] for each in (SUMS, RULES, PAGES) if name in each]
    assert rows, name
    for row in rows:
        assert row["requirement"] == HAZARDS[name]["requirement_id"]
        assert row["code"] and row["tests"]


@pytest.mark.parametrize("name", PAGES)
def test_what_the_clinics_map_names_can_be_imported_and_its_tests_exist(name: str, clinic: dict[str, User]) -> None:
    row = PAGES[name]
    assert row["requirement"] == HAZARDS[name]["requirement_id"] and row["how"].endswith(".")
    for path in row["code"]:
        module, _, part = path.rpartition(".")
        assert callable(getattr(importlib.import_module(module), part)), path
    for test in row["tests"]:
        path, _, function = test.partition("::")
        assert function in functions(path), test


def test_every_hazard_of_the_system_is_somewhere_or_outside_with_why() -> None:
    assert set(PUMP) == set(HAZARDS) and len(HAZARDS) == 119
    mapped = set(SUMS) | set(RULES) | set(PAGES)
    assert mapped | set(OUTSIDE) <= set(HAZARDS)
    for name, row in PUMP.items():
        if row["status"] == "outside" and name not in mapped:
            assert row["why"].endswith("."), name
            assert HAZARDS[name]["component"] not in CLINIC["scope"] or name in OUTSIDE, name
