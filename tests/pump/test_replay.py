"""Promises of the replay: every example tells what it says, a case is deterministic, bad input is refused."""

import copy
import json
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from thecal.cli.pump import pump_app
from thecal.pump.hardware import fault_kinds
from thecal.pump.replay import replay
from thecal.pump.scenario import read_scenario, scenario_from_plain
from thecal.quantity import Refused

FOLDER = files("thecal.pump") / "examples"
EXAMPLES = sorted(path.name for path in FOLDER.iterdir() if path.name.endswith(".toml"))
HOUR = 3_600_000
CASE: dict[str, Any] = {
    "format": 1,
    "profile": "reference",
    "length": "2 h",
    "exact_flow": True,
    "pump": {"fill": "morphine 10 mg/mL", "volume": "18 mL", "path": "0 mL"},
    "prescription": {
        "program": {"kind": "simple_continuous", "dose": "4 mg/day"},
        "caps": {"hour": "0.5 mg", "day": "5 mg"},
    },
}


def run(name: str) -> dict[str, Any]:
    return replay(read_scenario((FOLDER / name).read_bytes()))


def case(**changed: Any) -> dict[str, Any]:
    return replay(scenario_from_plain({**copy.deepcopy(CASE), **changed}))


def fault(kind: str, at: str = "30 min", **of: Any) -> dict[str, Any]:
    return case(fault=[{"kind": kind, "at": at, **of}])


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_runs_is_safe_and_gives_the_same_bytes_again(name: str) -> None:
    told = run(name)
    assert told["truth"]["repeated_pulse_numbers"] == 0
    assert all(window["within_one_pulse"] for window in told["windows"])
    assert told["journal"]["sound"]
    assert json.dumps(told) == json.dumps(run(name))
    assert sum(hour["pulses"] for hour in told["hours"]) == told["truth"]["strokes"]


def test_there_are_ten_examples_and_the_page_lists_each_of_them_and_every_fault() -> None:
    page = (Path(__file__).parents[2] / "docs/pump/replay.md").read_text("utf-8")
    assert len(EXAMPLES) == 10
    for name in EXAMPLES:
        assert f"`{name.removesuffix('.toml')}`" in page
    for kind in fault_kinds():
        assert f"| `{kind}` |" in page


def test_a_sound_day_gives_exactly_what_was_ordered() -> None:
    told = run("01-sound-day.toml")
    assert told["truth"]["strokes"] == told["believed"]["delivered_pulses"] == 1_600
    assert told["truth"]["tip_fg"] == {"morphine": 4 * 10**12}
    assert told["alarms"] == []


def test_lost_time_is_never_made_up() -> None:
    for name in ("03-power-lost.toml", "04-stall.toml", "05-field.toml", "06-clock-jumps.toml"):
        told = run(name)
        most = max(hour["pulses"] for hour in told["hours"])
        assert most <= 67, name


def test_a_stall_and_a_gap_are_told_with_their_times() -> None:
    stalled = run("04-stall.toml")
    first = next(alarm for alarm in stalled["alarms"] if alarm["now"] == "on")
    assert 3 * HOUR <= first["at_ms"] <= 3 * HOUR + 10 * 60_000
    assert [hour["pulses"] for hour in stalled["hours"]][3:5] == [0, 0]
    cut = run("03-power-lost.toml")
    assert {"at_ms": 10 * HOUR, "state": "down"} in cut["states"]
    assert any(alarm["alarm"] == "gap" and alarm["at_ms"] == 11 * HOUR for alarm in cut["alarms"])


def test_what_no_sensor_sees_stands_in_the_truth_alone() -> None:
    broken = run("09-broken-catheter.toml")
    assert broken["truth"]["beside_tip_fg"]["morphine"] > 0
    assert broken["hours"][20]["tip_fg"] == {"morphine": 0}
    over = run("10-over-infusion.toml")
    refill = next(command for command in over["commands"] if command["do"] == "refill")
    assert refill["discrepancy_nl"] < -1_000_000


def test_a_refused_order_is_told_and_the_old_one_runs_on() -> None:
    told = run("08-refill-and-change.toml")
    first, second = (command for command in told["commands"] if command["do"] == "refill")
    assert (first["result"], second["result"]) == ("refused", "done")
    assert first["refusals"][0]["code"] == "solution_differs"
    assert told["hours"][12]["pulses"] > 60


def test_a_yes_or_no_of_a_fault_may_be_what_toml_and_json_call_true_and_false() -> None:
    assert fault("clock_jump", by="1 h", back=True) == fault("clock_jump", by="1 h", back="yes")
    assert fault("clock_jump", by="1 h", back=False) == fault("clock_jump", by="1 h")


def test_a_figure_outside_its_range_is_told_the_range() -> None:
    with pytest.raises(Refused, match="From 0 to 10"):
        fault("gain", gain=11)


@pytest.mark.parametrize("text", ["NaN mg/day", "inf mg/day", "Infinity mg/day", "-4 mg/day", "4"])
def test_what_is_no_quantity_is_said_to_be_none(text: str) -> None:
    with pytest.raises(Refused) as refused:
        case(prescription=CASE["prescription"] | {"program": {"kind": "simple_continuous", "dose": text}})
    (found,) = refused.value.refusals
    assert found.where == "prescription.program.dose" and "not a quantity" in found.what


def test_a_case_without_a_pump_running_is_still_told() -> None:
    told = case(prescription=CASE["prescription"], fault=[{"kind": "power_loss", "at": "0 h"}])
    assert told["believed"] == {"state": "down"} and told["truth"]["strokes"] == 0


@pytest.mark.parametrize("kind", [kind for kind in fault_kinds() if fault_kinds()[kind].lasts])
def test_every_lasting_fault_runs_with_an_end_and_without(kind: str) -> None:
    for more in ({}, {"until": "1 h"}):
        told = fault(kind, **more)
        assert told["truth"]["repeated_pulse_numbers"] == 0
        assert all(window["within_one_pulse"] for window in told["windows"])


@pytest.mark.parametrize("size", [0, 1, 31, 63, 64, 65, 127, 128, 200])
def test_a_cut_of_power_in_a_write_loses_at_most_one_pulse(size: int) -> None:
    told = fault("storage_cut", bytes=size)
    sound = case()
    assert (
        0 <= sound["truth"]["strokes"] - told["truth"]["strokes"] <= 1 + 1
    )  # the pulse, and the restart's fresh start
    assert told["truth"]["repeated_pulse_numbers"] == 0 and told["truth"]["restarts"] == 1


def test_events_and_faults_of_one_time_are_in_order() -> None:
    told = case(event=[{"at": "1 h", "do": "stop"}, {"at": "1 h", "do": "load", "prescription": CASE["prescription"]}])
    assert [command["do"] for command in told["commands"]] == ["load", "stop", "load"]
    assert told["believed"]["state"] == "running"


BAD: list[tuple[dict[str, Any], str]] = [
    ({"format": 2}, "format"),
    ({"format": True}, "format"),
    ({"profile": "nothing"}, "model"),
    ({"profile": "codman_3000"}, "profile"),
    ({"length": 48}, "length"),
    ({"length": "0 h"}, "length"),
    ({"length": "367 days"}, "length"),
    ({"length": "NaN h"}, "length"),
    ({"length": "-1 h"}, "length"),
    ({"seed": 1.5}, "seed"),
    ({"seed": -1}, "seed"),
    ({"title": 5}, "title"),
    ({"colour": "red"}, "file.colour"),
    ({"pump": None}, "pump"),
    ({"pump": {**CASE["pump"], "volume": "18"}}, "pump.volume"),
    ({"pump": {**CASE["pump"], "volume": 18}}, "pump.volume"),
    ({"pump": {**CASE["pump"], "fill": "water"}}, "pump.fill"),
    ({"pump": {**CASE["pump"], "path": "1 L"}}, "pump.path"),
    ({"prescription": {"program": {"kind": "simple_continuous", "dose": 4}}}, "prescription.program.dose"),
    ({"prescription": {**CASE["prescription"], "caps": {"hour": "1e999 mg", "day": "5 mg"}}}, "prescription.caps.hour"),
    ({"prescription": {**CASE["prescription"], "caps": {"hour": "1 mg"}}}, "prescription.caps"),
    ({"prescription": {**CASE["prescription"], "colour": "red"}}, "prescription"),
    ({"prescription": []}, "prescription"),
    ({"event": {}}, "event"),
    ({"event": [{"at": "1 h", "do": "dance"}]}, "event.0.do"),
    ({"event": [{"do": "stop"}]}, "event.0.at"),
    ({"event": [{"at": "3 h", "do": "stop"}]}, "event.0.at"),
    ({"event": [{"at": "1 h", "do": "refill"}]}, "event.0.volume"),
    ({"event": [{"at": "1 h", "do": "stop", "why": "x"}]}, "event.0.why"),
    ({"event": [{"at": "1 h", "do": "stop"}] * 1_001}, "event"),
    ({"fault": [{"at": "1 h", "kind": "gain", "gain": 11}]}, "fault.0.gain"),
    ({"fault": [{"at": "1 h", "kind": "gremlin"}]}, "fault.0.kind"),
    ({"fault": [{"at": "1 h", "kind": "stall", "until": "1 h"}]}, "fault.0.until"),
    ({"fault": ["stall"]}, "fault.0"),
]


@pytest.mark.parametrize(("changed", "where"), BAD, ids=[f"{where}-{index}" for index, (_, where) in enumerate(BAD)])
def test_bad_input_is_refused_by_field_and_reason(changed: dict[str, Any], where: str) -> None:
    with pytest.raises(Refused) as refused:
        scenario_from_plain({**copy.deepcopy(CASE), **changed})
    assert any(refusal.where.startswith(where) for refusal in refused.value.refusals), refused.value.refusals
    assert all(refusal.what for refusal in refused.value.refusals)


LEAF = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(["1 h", "4 mg/day", "0 mL", "-1 h", "NaN mg", "1e9 mg", "5", "stop", "gain", "99999999999999 mg"]),
)
JUNK = st.recursive(
    LEAF,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def places(plain: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    if isinstance(plain, dict):
        for key in plain:
            found += places(plain[key], (*path, key))
    if isinstance(plain, list):
        for index in range(len(plain)):
            found += places(plain[index], (*path, index))
    return found


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data(), junk=JUNK, name=st.sampled_from(EXAMPLES))
def test_a_case_with_any_field_spoilt_is_read_or_refused_and_never_crashes(
    data: st.DataObject, junk: Any, name: str
) -> None:
    plain = tomllib.loads((FOLDER / name).read_text("utf-8"))
    place = data.draw(st.sampled_from(places(plain)))
    inner: Any = plain
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = junk
    try:
        scenario_from_plain(plain)
    except Refused as refused:
        assert refused.refusals and all(refusal.where and refusal.what for refusal in refused.refusals)


@settings(deadline=None, max_examples=60)
@given(
    data=st.one_of(
        st.binary(max_size=300), st.text(max_size=300).map(str.encode), JUNK.map(lambda j: json.dumps(j).encode())
    )
)
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        read_scenario(data)
    except Refused as refused:
        assert refused.refusals


@pytest.mark.parametrize(
    "data", [b"[" * 100_000, b'{"a":' * 50_000, b"{" + b"9" * 9_000, b'{"a":NaN}', b"\xff", b"x" * 300_000]
)
def test_hostile_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(Refused):
        read_scenario(data)


def test_json_and_toml_say_the_same(tmp_path: Path) -> None:
    text = (FOLDER / "04-stall.toml").read_text("utf-8")
    again = json.dumps(tomllib.loads(text)).encode()
    assert read_scenario(text.encode()) == read_scenario(again)


def test_the_command_runs_an_example_lists_them_and_names_what_it_refuses(tmp_path: Path) -> None:
    runner = CliRunner()
    told = json.loads(runner.invoke(pump_app, ["replay", "--example", "01-sound-day", "--json"]).stdout)
    assert told["truth"]["strokes"] == 1_600
    assert runner.invoke(pump_app, ["replay", "--examples"]).stdout.count("\n") == 10
    bad = tmp_path / "bad.toml"
    bad.write_text("format = 1\nlength = 5\n")
    answer = runner.invoke(pump_app, ["replay", str(bad), "--json"])
    assert isinstance(answer.exception, Refused)
    assert {"length", "pump"} <= {each["where"] for each in json.loads(answer.stdout)["refused"]}
    assert isinstance(runner.invoke(pump_app, ["replay", str(tmp_path / "none")]).exception, Refused)
    assert isinstance(runner.invoke(pump_app, ["replay"]).exception, Refused)
    assert isinstance(runner.invoke(pump_app, ["replay", "--example", "no"]).exception, Refused)


def test_the_reference_design_stops_an_over_infusion_that_a_stroke_sensor_never_sees() -> None:
    for profile, seen in (("reference", True), ("virtual_peristaltic_20", False)):
        told = case(profile=profile, length="12 h", fault=[{"at": "1 h", "kind": "gain", "gain": 3}])
        assert any(alarm["alarm"] == "over_delivery" for alarm in told["alarms"]) is seen
        assert (told["rungs"][-1]["rung"] == "stop") is seen


def test_a_patient_asks_for_a_bolus_and_the_answer_is_told() -> None:
    demand = {"dose": "10 mcg", "over": "1 min", "lockout": "20 min", "from": "start", "count": 2, "window": "24 h"}
    order = {**CASE["prescription"], "patient_bolus": demand}
    asks = [{"at": at, "do": "request"} for at in ("30 min", "40 min", "60 min", "90 min")]
    told = case(prescription=order, event=asks)
    assert [c["result"] for c in told["commands"]] == ["done", "done", "refused", "done", "refused"]
    assert told["truth"]["strokes"] == 133 + 8
