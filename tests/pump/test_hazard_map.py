"""Promise of the hazard map: every hazard is there, and whatever it names exists."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from thecal.pump.hardware import fault_kinds

ROOT = Path(__file__).parents[2]
HAZARDS: dict[str, dict[str, Any]] = tomllib.loads((ROOT / "src/thecal/pump/data/hazards.toml").read_text("utf-8"))[
    "hazards"
]


def test_all_119_hazards_are_mapped_each_to_its_requirement() -> None:
    assert len(HAZARDS) == 119
    for name, hazard in HAZARDS.items():
        assert hazard["requirement"] == name.replace("H-", "SR-", 1)
        assert hazard["situation"] and hazard["sources"] and type(hazard["confirmed"]) is bool
        assert 1 <= hazard["severity"] <= 5


@pytest.mark.parametrize("name", HAZARDS)
def test_what_meets_a_hazard_and_what_shows_it_exist(name: str) -> None:
    hazard = HAZARDS[name]
    assert hazard["status"] in ("met", "part", "outside")
    if hazard["status"] == "outside":
        assert hazard["why"].endswith(".")
        return
    assert ("lacks" in hazard) == (hazard["status"] == "part")
    assert hazard["code"] and hazard["tests"]
    for path in hazard["code"]:
        assert (ROOT / path).is_file(), path
    for test in hazard["tests"]:
        path, _, function = test.partition("::")
        text = (ROOT / path).read_text("utf-8")
        assert re.search(rf"^def {function or 'test_'}", text, re.MULTILINE), test


def test_every_fault_stands_for_hazards_that_exist() -> None:
    for kind in fault_kinds().values():
        assert kind.hazards and set(kind.hazards) <= HAZARDS.keys(), kind.id


def test_requirements_of_the_specification_are_requirements_of_the_map() -> None:
    text = (ROOT / "docs/pump/specification.md").read_text("utf-8")
    named = set(re.findall(r"SR-[A-Z]{2}-\d\d", text))
    assert named and named <= {hazard["requirement"] for hazard in HAZARDS.values()}
