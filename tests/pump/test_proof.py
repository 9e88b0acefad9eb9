"""Promises of the proofs: a part of each runs here, planted faults are found, and a seed gives the same figures."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from thecal.cli.pump import pump_app
from thecal.formulary import Solution
from thecal.pump import PumpConfig, SharedClock, create_pump
from thecal.pump.kernel import start, step
from thecal.pump.proof import bits, cuts, detection, evidence, model, rig, torture, years
from thecal.pump.proof.guard import Guarded, MemoryFault, flips
from thecal.quantity import Refused


def test_random_fault_sequences_keep_every_promise() -> None:
    tally = torture.sequences(0, 300)
    assert tally.broken == []
    assert tally.sequences == 300 and tally.steps == 300 * torture.STEPS
    assert tally.strokes > 20_000 and tally.worst_excess_fg <= rig.PULSE_FG
    assert set(tally.faults) == set(torture._FAULTS)


def test_the_ledger_of_seeds_is_the_same_at_any_number_of_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torture, "CHUNK", 20)
    *_, one = torture.torture(900, 60, 1)
    *_, two = torture.torture(900, 60, 2)
    assert one == two and (one.first, one.last) == (900, 959)


def test_the_oracle_finds_a_pulse_that_fires_twice_and_one_beyond_the_cap() -> None:
    oracle = rig.Oracle()
    caps = ((rig.HOUR, 2 * rig.PULSE_FG),)
    for seq in (1, 2, 3):
        oracle.stroke(seq, rig.T0 + seq, rig.PULSE_FG, rig.PULSE_FG, caps)
    with pytest.raises(rig.Broken, match="beyond the cap"):
        oracle.stroke(4, rig.T0 + 4, rig.PULSE_FG, rig.PULSE_FG, caps)
    with pytest.raises(rig.Broken, match="twice"):
        oracle.stroke(1, rig.T0 + rig.DAY, rig.PULSE_FG, rig.PULSE_FG, caps)


def test_a_rig_whose_controller_forgets_its_caps_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    real = step

    def careless(state: Any, event: Any) -> Any:
        return real(state._replace(ledger=start(rig.CONFIG, 0, 0).ledger, roomy=2**60), event)

    monkeypatch.setattr(rig, "step", careless)
    assert any("beyond the cap" in what for _, what in torture.sequences(0, 60).broken)


def test_power_cut_at_every_byte_and_phase_three_deep() -> None:
    done = cuts.cut_everywhere(3, length=3)
    assert done.broken == [] and done.most_lost <= 1
    assert done.points > done.bytes > 1_500


def test_every_bit_of_the_state_is_found_and_of_the_records_masked_or_found() -> None:
    state, records = bits.flip_state(1), bits.flip_records(1, stride=53)
    assert state.silent == [] and state.found == state.flips > 5_000
    assert records.silent == [] and records.flips > 500 and records.found and records.masked


def test_a_flip_is_found_by_the_twin_and_nothing_else_is() -> None:
    state = start(rig.CONFIG, 0, 0)
    held = Guarded(state)
    assert held.get() == state
    held.flip(next(flips(state)))
    with pytest.raises(MemoryFault):
        held.get()


def test_the_abstract_search_is_complete_and_its_claims_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model, "WINDOW", 6)
    monkeypatch.setattr(model, "_FIELDS", {**model._FIELDS, "c": 6, "s": 6, "t": 6})
    *_, found = model.search()
    assert found.complete and found.states > 300_000
    assert found.most_in_window == model.CAP + 1 and not found.over_cap and not found.silent


def test_the_abstract_search_finds_a_supervisor_that_is_wild_with_a_controller_that_is_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(model, "WINDOW", 6)
    monkeypatch.setattr(model, "_FIELDS", {**model._FIELDS, "c": 6, "s": 6, "t": 6})
    wild = model._request

    def both(states: Any) -> Any:
        where, after = wild(states)
        return where, model._with(after, s=0)

    monkeypatch.setattr(model, "_MOVES", tuple(both if move is wild else move for move in model._MOVES))
    *_, found = model.search(3_000_000)
    assert found.over_cap > 0


def test_years_without_faults_neither_drift_nor_alarm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(years, "YEAR", 60 * rig.DAY)
    done = years.year(3)
    assert done.false_alarms == [] and 0 <= done.worst_drift < 1 and done.strokes > 10_000


def test_a_stall_is_in_the_detection_table_at_once_and_a_gain_is_not_found_by_a_stroke_sensor() -> None:
    found = {(line.fault, line.rate_ul_day): line for line in map(detection.detect, _some())}
    assert found["stall", 400].after_ms is not None and found["stall", 400].after_ms < 600_000
    assert found["gain 1.5", 400].alarm is None and found["gain 1.5", 400].error_ppm > 900_000


def _some() -> list[Any]:
    wanted = ("stall", "gain")
    return [
        case
        for case in detection.cases()
        if case[0] in wanted and case[2:] == ("virtual_peristaltic_20", 400) and case[1] in ((), (("gain", "1.5"),))
    ]


def test_the_page_tells_each_figure_its_seeds_and_what_it_does_not_show() -> None:
    figure = {"name": "n", "asked": "a", "reached": "r", "holds": False, "seeds": [1, 2]}
    line = {"fault": "stall", "profile": "reference", "rate_ul_day": 400, "alarm": None, "after_ms": None}
    data = {"seed": 1, "sizes": {}, "machine": {"cores": 2}, "seconds": 1.0, "supervisor": False, "figures": [figure]}
    told = evidence.page({**data, "detection": [{**line, "error_ppm": 12_345, "at_refill": False}]})
    assert "**no**" in told and "not in two days" in told and "stood alone" in told and "+1.2 %" in told


def test_the_commands_print_json_and_fail_loudly(tmp_path: Path) -> None:
    runner = CliRunner()
    told = json.loads(runner.invoke(pump_app, ["torture", "--sequences", "20", "--processes", "1", "--json"]).stdout)
    assert told["holds"] and told["seeds"] == [0, 19]
    SharedClock.start(tmp_path, 1)
    fill = Solution.parse("morphine 10 mg/mL")
    folder = create_pump(tmp_path, "p", PumpConfig("reference", 400_000, None, fill, 18_000_000))
    sound = runner.invoke(pump_app, ["verify-journal", str(folder), "--json"])
    assert sound.exit_code == 0 and json.loads(sound.stdout)["sound"]
    bank = folder / "journal" / "journal-a"
    spoilt = bytearray(bank.read_bytes())
    spoilt[70] ^= 1
    bank.write_bytes(spoilt)
    bad = runner.invoke(pump_app, ["verify-journal", str(folder)])
    assert bad.exit_code == 1 and "damaged" in bad.stdout
    assert isinstance(runner.invoke(pump_app, ["verify-journal", str(tmp_path / "none")]).exception, Refused)
