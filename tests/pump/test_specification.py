"""The specification against the code: its test vectors, its alarm table, its bounds, and the size of the kernel."""

import ast
import json
from pathlib import Path
from typing import Any

import pytest

import thecal.pump.kernel as kernel
from thecal.formulary import Component, Solution
from thecal.pump.alarm_table import alarms
from thecal.pump.compile import compile_order
from thecal.pump.kernel import Actuate, Config, Faults, Load, Outcome, Restart, State, Tick, start, step
from thecal.pump.prescription import Prescription

DAY = 86_400_000
T0 = 20_000 * DAY
PAGE = (Path(__file__).parents[2] / "docs" / "pump" / "specification.md").read_text("utf-8")
VECTORS: list[dict[str, Any]] = json.loads((Path(__file__).parent / "data" / "vectors.json").read_text("utf-8"))


def program_of(vector: dict[str, Any], order: dict[str, Any], name: str, anchor: int = T0) -> kernel.Program:
    caps = {"hour": 10**15, "day": 10**16}
    drug = Solution((Component("morphine", vector.get("concentration", 10_000_000)),))
    plain = {
        "format": 1, "id": name, "patient": "p", "route": "intrathecal", "anchor": anchor, "author": "Dr Example",
        "written": T0, "caps": caps, "solution": [[part.drug, part.concentration] for part in drug.components], **order,
    }  # fmt: skip
    return compile_order(Prescription.from_plain(plain), vector.get("pulse_nl", 250))


def pulses(state: State, until: int, fired: list[int]) -> State:
    while 0 <= state.due <= until:
        state, actions = step(state, Tick(state.due))
        for action in actions:
            if isinstance(action, Actuate):
                fired.append(state.now - T0)
                state, _ = step(state, Outcome(action.seq, 1))
    return state


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["case"])
def test_the_vectors_of_the_specification(vector: dict[str, Any]) -> None:
    config = Config(vector.get("pulse_nl", 250), 1_000, 24_000_000, 0, minimum=6_000)
    state, at, fired = start(config, 10**9, T0), vector.get("load_at", 0), list[int]()
    first = program_of(vector, vector["order"], "rx-1")
    state, _ = step(state, Load(first, T0 + at))
    if "then" in vector:
        then = vector["then"]
        state = pulses(state, T0 + then["at"], fired)
        order = {**vector["order"], "program": then["program"]}
        state, _ = step(state, Load(program_of(vector, order, "rx-2", T0 + then.get("anchor", 0)), T0 + then["at"]))
    if "restart" in vector:
        state = pulses(state, T0 + vector["restart"]["after"], fired)
        state, _ = step(state, Restart(T0 + vector["restart"]["at"]))
    if "alarm" in vector:
        state, _ = step(state, Faults(1 << vector["alarm"]["number"], 0, T0 + vector["alarm"]["at"]))
    state = pulses(state, T0 + vector["until"], fired)
    assert fired == vector.get("pulses", fired)
    assert fired[:3] == vector.get("pulses_begin", fired[:3])
    assert len(fired) == vector.get("count", len(fired))
    assert fired[-1] == vector.get("last", fired[-1])
    assert state.past.missed == vector.get("missed", state.past.missed)


def test_its_alarm_table_is_the_one_the_pump_has() -> None:
    for each in alarms():
        action = each.action if each.of_the_pump else "none"
        locks = "locks" if each.locks_bolus else ""
        latched = "latched" if each.latching else ""
        row = f"| {each.number} | {each.name.upper()} | {each.priority} | {action} | {locks} | {latched} |"
        assert row in PAGE, each.name


def test_every_promise_of_the_page_names_its_requirements() -> None:
    for section in ("SR-OP-06", "SR-OP-16", "SR-SW-03", "SR-EL-04", "SR-EL-05", "SR-HW-02", "SR-HW-12", "SR-SW-09"):
        assert section in PAGE


def _written_lines(file: Path) -> int:
    """Lines that are not blank: code, comments and docstrings."""
    return sum(1 for line in file.read_text("utf-8").splitlines() if line.strip())


def test_the_kernel_stays_small_and_so_does_each_function_of_it() -> None:
    sources = sorted(Path(kernel.__file__).parent.glob("*.py"))
    assert sum(_written_lines(file) for file in sources) <= 1_500
    for file in sources:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef):
                assert (node.end_lineno or 0) - node.lineno < 70, f"{file.name}: {node.name}"
