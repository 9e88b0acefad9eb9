"""``thecal body`` answers with amounts, effect and mass balance, and refuses with field, value and what is accepted."""

import copy
import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from thecal.body.files import read_comparison, read_request
from thecal.cli.body import body_app
from thecal.quantity import Refused

RUNNER = CliRunner()
SHIPPED = sorted((Path(__file__).parents[2] / "src" / "thecal" / "body" / "examples").iterdir())
DOCS = Path(__file__).parents[2] / "docs" / "body"


def said(*words: str) -> str:
    result = RUNNER.invoke(body_app, list(words), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_ten_examples_are_shipped_and_listed() -> None:
    assert len(SHIPPED) == 10
    assert {row["name"] for row in json.loads(said("examples", "--json"))} == {path.stem for path in SHIPPED}
    commands = (DOCS / "commands.md").read_text(encoding="utf-8")
    assert all(path.stem in commands for path in SHIPPED)


@pytest.mark.parametrize("name", [path.stem for path in SHIPPED if path.stem != "pump_pills_stimulator"])
def test_every_example_simulates_with_its_mass_balance(name: str) -> None:
    found = json.loads(said("simulate", name, "--json"))
    assert found["mass_balance"]["largest_relative_error"] <= 1e-9
    times = len(found["times_h"])
    for by_level in found["concentrations_ng_ml"].values():
        for values in by_level.values():
            assert len(values) == times
            assert min(values) >= 0
    assert sum(values[-1] for values in found["amounts_mg"].values()) == pytest.approx(
        found["mass_balance"]["given_mg"][-1]
    )
    assert found["unconfirmed"]
    assert "mass balance" in said("simulate", name)


def test_the_table_holds_what_the_json_holds(tmp_path: Path) -> None:
    found = json.loads(said("simulate", "single_shot_trial", "--json"))
    rows = list(csv.DictReader(io.StringIO(said("simulate", "single_shot_trial", "--csv"))))
    c1 = [float(r["value"]) for r in rows if r["compartment"] == "csf" and r["level"] == "C1"]
    assert c1 == pytest.approx(found["concentrations_ng_ml"]["csf"]["C1"], rel=1e-8)
    assert {row["quantity"] for row in rows} == {"concentration", "amount", "pain"}
    said("simulate", "single_shot_trial", "--out", str(tmp_path / "a.csv"))
    assert len((tmp_path / "a.csv").read_text().splitlines()) == len(rows) + 1


def test_comparison_sets_the_four_therapies_side_by_side() -> None:
    found = json.loads(said("compare", "pump_pills_stimulator", "--json"))
    assert [arm["therapy"] for arm in found["arms"]] == ["intrathecal", "epidural", "oral", "stimulation"]
    for arm in found["arms"]:
        assert arm["figures"]["pain"]["low"] <= arm["figures"]["pain"]["mid"] <= arm["figures"]["pain"]["high"]
    assert "stimulation" in said("compare", "pump_pills_stimulator")


def test_the_worked_example_and_its_numbers_are_what_the_model_says_now(tmp_path: Path) -> None:
    said("one-against-three-hundred", "--out", str(tmp_path))
    name = "one-mg-against-three-hundred.md"
    assert (tmp_path / name).read_text() == (DOCS / name).read_text()


GOOD: dict[str, Any] = {
    "drug": "morphine",
    "tip": "T10",
    "input": [{"kind": "infusion", "start": "0 h", "end": "1 day", "rate": "1 mg/day"}],
    "output": {"until": "1 day"},
}
BAD: list[tuple[dict[str, Any], str, str]] = [
    ({"drug": "aspirin"}, "drug", "unknown_drug"),
    ({"tip": "S4"}, "tip.level", "tip_outside_canal"),
    ({"tip": "X9"}, "tip.level", "unknown_level"),
    ({"posture": "prone"}, "posture", "out_of_scope"),
    ({"baricity": "heavy"}, "baricity", "out_of_scope"),
    ({"person": {"age": "9 years"}}, "age", "out_of_scope"),
    ({"person": {"weight": 70}}, "person.weight", "no_unit"),
    ({"person": {"egfr": "90"}}, "person.egfr", "no_unit"),
    ({"person": {"weight": "70 mL"}}, "person.weight", "bad_quantity"),
    ({"person": {"shoe": "44"}}, "person.shoe", "unknown_field"),
    ({"input": [{"kind": "infusion", "start": "0 h", "end": "1 day", "rate": 1.0}]}, "input[0].rate", "no_unit"),
    ({"input": [{"kind": "infusion", "start": "0 h", "end": "1 day"}]}, "input[0].rate", "missing_field"),
    ({"input": [{"kind": "bolus", "mass": "-1 mg"}]}, "input[0].mass", "bad_quantity"),
    ({"input": [{"kind": "bolus", "mass": "1 mg", "route": "nasal"}]}, "route", "unknown_name"),
    ({"input": [{"kind": "oral", "mass": "5 mg", "count": 0}]}, "input[0].count", "bad_input"),
    ({"output": {"until": "1 day", "levels": ["C1", "S5"]}}, "output.levels[1]", "unknown_level"),
    ({"output": {"step": "1 h"}}, "output.until", "missing_field"),
    ({"output": {"until": "1 day", "step": "0 h"}}, "output.step", "bad_input"),
    ({"pain_baseline": 12}, "pain_baseline", "bad_input"),
    ({"patient": {"seed": 1, "id": "a"}, "person": {}}, "person", "bad_input"),
]


@pytest.mark.parametrize(("change", "where", "code"), BAD)
def test_a_bad_request_is_refused_with_field_value_and_what_is_accepted(
    change: dict[str, Any], where: str, code: str
) -> None:
    with pytest.raises(Refused) as caught:
        read_request({**GOOD, **change})
    (refusal,) = caught.value.refusals
    assert refusal.where == where
    assert refusal.code == f"body.{code}"
    assert refusal.do


FULL: dict[str, Any] = {
    **GOOD,
    "target": "T11",
    "pain_baseline": 7,
    "person": {"weight": "70 kg", "age": "50 years", "dispersion": "low", "prior_opioid": "10 mg/day"},
    "input": [
        {"kind": "bolus", "mass": "1 mg", "every": "1 h", "count": 2, "leak": {"share": "10 %", "into": "epidural L2"}},
        {"kind": "oral", "mass": "1 mg", "release": "controlled"},
        {"kind": "hours", "rates": ["1 mg/day", "2 mg/day"]},
    ],
    "output": {"times": ["1 h", "2 h"], "levels": ["T10"], "cell": "20 mm"},
}
JUNK = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8),
    st.sampled_from(["1 mg", "-5 h", "nan kg"]),
    st.lists(st.integers(), max_size=2), st.dictionaries(st.text(max_size=4), st.integers(), max_size=2),
)  # fmt: skip


def _places(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return found + [deeper for key, child in items for deeper in _places(child, (*path, key))]


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(_places(FULL)), JUNK)
def test_whatever_stands_in_a_file_is_read_or_refused(place: tuple[Any, ...], junk: object) -> None:
    request = copy.deepcopy(FULL)
    node: Any = request
    for key in place[:-1]:
        node = node[key]
    node[place[-1]] = junk
    try:
        made = read_request(request)
    except Refused as refused:
        assert refused.refusals[0].where
        assert refused.refusals[0].do or refused.refusals[0].what
    else:
        assert made.drug == "morphine"


NAMES = sorted(
    {key for place in _places(FULL) for key in place if isinstance(key, str)}
    | {"patient", "seed", "id", "dose", "days", "posture", "baricity", "at", "over", "route", "tip", "volume", "step"}
    | {"intrathecal", "epidural", "stimulator", "level", "egfr", "height", "albumin", "disposition"}
)
ANYTHING = st.recursive(
    JUNK | st.sampled_from(["morphine", "T10", "epidural L3", "bolus", "infusion", "oral", "hours", "1 mg/day", "2 h"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(NAMES), inner, max_size=6)
        | st.dictionaries(st.text(max_size=4), inner, max_size=2)
    ),
    max_leaves=25,
)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.sampled_from(NAMES), ANYTHING, max_size=8))
def test_any_table_whatever_is_read_or_refused(table: dict[str, Any]) -> None:
    for read, whole in ((read_request, {**GOOD, **table}), (read_request, table), (read_comparison, table)):
        try:
            read(copy.deepcopy(whole))
        except Refused as refused:
            assert all(refusal.where for refusal in refused.refusals)


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=60), st.sampled_from([".toml", ".json"]))
def test_any_bytes_are_a_request_or_refused(tmp_path_factory: pytest.TempPathFactory, data: bytes, suffix: str) -> None:
    path = tmp_path_factory.mktemp("any") / f"request{suffix}"
    path.write_bytes(data)
    with pytest.raises(Refused):
        RUNNER.invoke(body_app, ["simulate", str(path)], catch_exceptions=False)


@pytest.mark.parametrize(("suffix", "text"), [(".toml", "a = " + "[" * 5000), (".json", "[" * 100_000)])
def test_brackets_without_end_are_refused(tmp_path: Path, suffix: str, text: str) -> None:
    path = tmp_path / f"deep{suffix}"
    path.write_text(text)
    with pytest.raises(Refused, match="cannot be read"):
        RUNNER.invoke(body_app, ["simulate", str(path)], catch_exceptions=False)


def test_overlapping_boluses_and_early_outputs_of_a_file_are_refused(tmp_path: Path) -> None:
    row = {"kind": "bolus", "mass": "1 mg", "over": "1 h", "every": "30 min", "count": 3}
    late = {"kind": "bolus", "mass": "1 mg", "at": "5 h"}
    for inputs, reason in (([row], "begins while"), ([late], "0.0")):
        path = tmp_path / "request.json"
        path.write_text(json.dumps({**GOOD, "input": inputs}))
        with pytest.raises(Refused, match=reason):
            RUNNER.invoke(body_app, ["simulate", str(path)], catch_exceptions=False)


def test_files_that_are_not_there_or_not_readable_are_refused(tmp_path: Path) -> None:
    (tmp_path / "broken.toml").write_text("drug = ")
    for name, reason in ((tmp_path / "none.toml", "is not a file"), (tmp_path / "broken.toml", "cannot be read")):
        with pytest.raises(Refused, match=reason):
            RUNNER.invoke(body_app, ["simulate", str(name)], catch_exceptions=False)
    with pytest.raises(Refused, match="is missing"):
        read_comparison({})
