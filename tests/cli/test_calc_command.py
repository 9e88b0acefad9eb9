"""``thecal calc`` by hand: list, help, inputs in every form, JSON in and out, and refusals with exit code 2."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from thecal.cli.calc import SETTINGS, calc
from thecal.quantity import Refused
from thecal.therapy.calc import CALCULATIONS

app = typer.Typer()
app.command("calc", context_settings=SETTINGS)(calc)
app.command("other")(lambda: None)
DRUG = ["flow", "dose=6.5 mg/day", "concentration=18 mg/mL"]


def run(*words: str, text: str | None = None) -> str:
    found = CliRunner().invoke(app, ["calc", *words], input=text, catch_exceptions=False)
    assert found.exit_code == 0
    return found.stdout


def test_list_names_every_calculation() -> None:
    assert all(name in run("list") for name in CALCULATIONS)
    assert [row["name"] for row in json.loads(run("list", "--json"))] == list(CALCULATIONS)


def test_help_of_one_names_its_inputs_and_shows_an_example() -> None:
    shown = run("bridge", "--help")
    assert "old_concentration" in shown and "29.1375 h" in shown and "source:" in shown
    assert "thecal calc NAME" in run("--help")


@pytest.mark.parametrize(
    "words",
    [
        DRUG,
        ["flow", "--dose", "6.5 mg/day", "--concentration=18 mg/mL"],
        ["flow", "dose=6.5", "mg/day", "concentration=18", "mg/mL"],
        ["FLOW", "D=6500 mcg/day", "C=18 g/L"],
    ],
)
def test_inputs_are_taken_in_several_shapes(words: list[str]) -> None:
    assert "0.361111 mL/day" in run(*words)


def test_json_in_and_json_out(tmp_path: Path) -> None:
    file = tmp_path / "in.json"
    file.write_text(json.dumps({"dose": "6.5 mg/day", "concentration": {"value": 18, "unit": "mg/mL"}}))
    for shown in (run("flow", "--json", str(file)), run("flow", f"--json={file}"), run(*DRUG, "--json")):
        found = json.loads(shown)
        assert found["value"] == 0.361111111111111 and found["value_exact"] == "13/36" and found["unit"] == "mL/day"
        assert found["formula"]["id"] == "flow" and found["formula"]["version"] == 1
        assert {row["name"] for row in found["rows"]} >= {"flow_per_hour", "dose_per_hour"}
    found = json.loads(run("trend", "--json", "-", text='{"ratios": ["1.09", "1.11", "1.12", "1.13"]}'))
    assert found["value_exact"] == "1/4" and found["warnings"][0]["code"] == "trend"


def test_numbers_of_a_json_file_are_never_changed_on_their_way() -> None:
    text = '{"dose": {"value": 0.1000000000001, "unit": "mg/day"}, "concentration": "1 mg/mL"}'
    assert json.loads(run("flow", "--json", "-", text=text))["value_exact"] == "1000000000001/10000000000000"


@pytest.mark.parametrize(
    "text",
    ["[]", "{", '{"dose": 6.5, "concentration": "18 mg/mL"}', '{"dose": "1 mg/day", "dose": "2 mg/day"}', "", "nan",
     '{"dose": null, "concentration": "18 mg/mL"}', '{"dose": ["1 mg/day", 2], "concentration": "18 mg/mL"}',
     "[" * 100_000, '{"dose": 1e400, "concentration": NaN}'],
)  # fmt: skip
def test_a_file_that_is_no_object_of_texts_with_units_is_refused(text: str) -> None:
    with pytest.raises(Refused):
        run("flow", "--json", "-", text=text)


@pytest.mark.parametrize(
    "words", [["flow"], ["nonsense"], ["flow", "6.5"], [*DRUG, "dose=1 mg/day"], ["flow", "--json", "/nowhere/x.json"]]
)
def test_what_cannot_be_run_is_refused(words: list[str]) -> None:
    with pytest.raises(Refused):
        run(*words)


def test_without_a_name_the_usage_is_shown_and_the_code_is_two() -> None:
    found = CliRunner().invoke(app, ["calc"])
    assert found.exit_code == 2 and "thecal calc list" in found.output


@pytest.mark.parametrize("depth", [20, 300, 990, 1200, 3000, 60_000])
def test_a_file_that_is_nested_too_deeply_is_refused_at_any_depth(depth: int) -> None:
    for text in ('{"dose":' * depth + "1" + "}" * depth, '{"dose":' + "[" * depth + "]" * depth + "}"):
        with pytest.raises(Refused, match="nested too deeply"):
            run("flow", "--json", "-", text=text)


def test_a_file_that_is_too_large_or_no_text_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "in.json"
    for content, told in ((b" " * 10_000_000, "larger"), (b"\xff\xfe{}", "utf-8"), (b"", "JSON")):
        file.write_bytes(content)
        with pytest.raises(Refused, match=told):
            run("flow", "--json", str(file))
    file.write_bytes(b'\xef\xbb\xbf{"dose": "6.5 mg/day", "concentration": "18 mg/mL"}')
    assert json.loads(run("flow", "--json", str(file)))["value_exact"] == "13/36"


def test_list_and_help_tell_as_json_what_each_calculation_takes() -> None:
    rows = {row["name"]: row for row in json.loads(run("list", "--json"))}
    dose = rows["bridge"]["inputs"][2]
    assert dose["name"] == "dose" and dose["required"] and "mg/day" in dose["accepts"] and "old_dose" in dose["aliases"]
    assert rows["bridge"]["example"] and "bridge-bolus" in rows["bridge"]["aliases"]
    assert json.loads(run("bridge", "--help", "--json")) == rows["bridge"]
