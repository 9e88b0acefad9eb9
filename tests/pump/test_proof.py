"""Promises of the proofs: a part of each runs here, planted faults are found, and a seed gives the same figures."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from thecal.cli.pump import pump_app
from thecal.formulary import Solution
from thecal.pump import PumpConfig, SharedClock, create_pump, journal, supervisor
from thecal.pump.kernel import RecordKind, start, step
from thecal.pump.proof import (
    bits,
    cuts,
    detection,
    evidence,
    model,
    oracle,
    page,
    rig,
    sequence,
    torture,
    workloads,
    years,
)
from thecal.pump.proof.guard import Guarded, MemoryFault, flips
from thecal.pump.proof.oracle import Broken
from thecal.pump.proof.orders import CONFIG, DAY, HOUR, PULSE_FG, T0, base_fg, pool
from thecal.pump.proof.watch import Watch
from thecal.pump.supervisor.ledger import Ledger
from thecal.quantity import Refused


def test_random_fault_sequences_keep_every_promise() -> None:
    tally = torture.sequences(0, 160)
    assert tally.broken == []
    assert tally.sequences == 160 and tally.steps == 160 * sequence.STEPS
    assert tally.strokes > 15_000 and 0 < tally.worst_excess_fg <= PULSE_FG
    assert set(tally.faults) == set(sequence.FAULTS)
    assert tally.vetoed and {3, 9, 25, 27} <= set(tally.raised)


def test_the_ledger_of_seeds_is_the_same_at_any_number_of_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torture, "CHUNK", 10)
    *_, one = torture.torture(900, 30, 1)
    *_, two = torture.torture(900, 30, 2)
    assert one == two and (one.first, one.last) == (900, 929)


def test_the_oracle_finds_a_pulse_that_fires_twice_and_one_beyond_the_cap() -> None:
    account = oracle.Oracle()
    caps = ((HOUR, 2 * PULSE_FG),)
    for seq in (1, 2, 3):
        account.stroke(seq, T0 + seq, PULSE_FG, PULSE_FG, caps)
    with pytest.raises(Broken, match="beyond the cap"):
        account.stroke(4, T0 + 4, PULSE_FG, PULSE_FG, caps)
    with pytest.raises(Broken, match="twice"):
        account.stroke(1, T0 + DAY, PULSE_FG, PULSE_FG, caps)


def careless_controller(monkeypatch: pytest.MonkeyPatch) -> None:
    """A controller that forgets what it gave, before each step."""
    real = step

    def careless(state: Any, event: Any) -> Any:
        return real(state._replace(ledger=start(CONFIG, 0, 0).ledger, roomy=2**60), event)

    monkeypatch.setattr(rig, "step", careless)


def test_the_supervisor_holds_a_controller_that_forgets_its_caps(monkeypatch: pytest.MonkeyPatch) -> None:
    careless_controller(monkeypatch)
    tally = torture.sequences(0, 40)
    assert not any("beyond the cap" in what for _, what in tally.broken) and tally.vetoed


def test_without_a_sound_supervisor_a_controller_that_forgets_its_caps_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    careless_controller(monkeypatch)
    monkeypatch.setattr(Ledger, "room", lambda _self, _caps: True)
    assert any("beyond the cap" in what for _, what in torture.sequences(0, 60).broken)


def test_a_controller_that_says_nothing_of_vetoed_pulses_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    real = step

    def quiet(state: Any, event: Any) -> Any:
        after, actions = real(state, event)
        return after._replace(aside=after.aside._replace(faults=0, failed=())), actions

    monkeypatch.setattr(rig, "step", quiet)
    assert any("no alarm stands" in what for _, what in torture.sequences(0, 40).broken)


def test_vetoed_pulses_become_an_alarm_of_under_delivery_and_no_stall() -> None:
    pump = rig.Rig(lambda _: (True, 1), Watch())
    assert pump.load(pool()[8].program)
    assert pump.watch is not None
    pump.watch.tell(supervisor.Stop(T0 + 1))  # it was stopped, and the controller never heard of it
    for _ in range(3):
        assert not pump.state.aside.faults
        pump.tick(pump.state.due)
    assert pump.state.aside.faults == 1 << 20 and pump.state.past.vetoed == 3 and not pump.oracle.times


@pytest.mark.parametrize("seed", [3, 10, 12])
def test_power_cut_at_every_byte_and_phase_three_deep(seed: int) -> None:
    done = cuts.cut_everywhere(seed, length=1)
    assert done.broken == [] and done.most_lost <= 1
    assert done.points > done.bytes > 1_500 and done.torn + done.distinct <= done.points


def test_a_cut_finds_a_journal_that_takes_a_torn_record_for_a_whole_one(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = journal._whole_slots
    monkeypatch.setattr(journal, "_whole_slots", lambda data: (whole(data)[0], False))
    assert any("torn tail" in what for what in cuts.cut_everywhere(0, length=1).broken)


def test_the_workloads_have_every_theme_and_each_stores_its_own_records() -> None:
    kinds: set[int] = set()
    for seed in range(len(workloads.THEMES)):
        life = workloads.Life(seed, 2)
        life.go()
        for bank in life.rig.storage.banks[:2]:
            kinds |= {record.kind for _, record in journal.scan(bytes(bank)).records}
    every = set(RecordKind) - {RecordKind.PART}
    assert every - kinds <= {RecordKind.DAMAGE, RecordKind.EMPTY, RecordKind.GAP}


@pytest.mark.parametrize("flip", [bits.flip_records, bits.flip_facts])
def test_every_bit_of_the_records_is_masked_or_found(flip: Any) -> None:
    done = flip(1, stride=23)
    assert done.silent == [] and done.flips > 200 and done.found


def test_every_bit_of_the_states_is_found() -> None:
    done = bits.flip_state(1)
    assert done.silent == [] and done.found == done.flips > 5_000


def test_a_flip_is_found_by_the_twin_and_nothing_else_is() -> None:
    state = start(CONFIG, 0, 0)
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


@pytest.mark.parametrize("number", [0, 1, 2, 3])
def test_years_without_faults_neither_drift_nor_alarm(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    monkeypatch.setattr(years, "YEAR", 40 * DAY)
    done = years.year(number)
    assert done.false_alarms == [] and 0 < done.worst_drift < 1 and done.strokes > 400
    assert done.supervised == (number == 1)


def test_a_year_with_a_pulse_too_early_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(years, "YEAR", 2 * DAY)
    monkeypatch.setattr(years, "prescribed", lambda segments, anchor, until: base_fg(segments, anchor, until - 5))
    assert years.year(0).false_alarms


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


def test_the_pages_tell_each_figure_its_seeds_and_what_it_does_not_show() -> None:
    figure = {"name": "n", "asked": "a", "reached": "r", "holds": False, "seeds": [1, 2]}
    other = {"name": "m", "asked": "a", "reached": "not run here", "holds": None}
    line = {"fault": "stall", "profile": "reference", "rate_ul_day": 400, "alarm": None, "after_ms": None}
    ledger = [{"made": "2026-01-02", "seeds": [1, 2], "broken": 0, "digest": "abc"}]
    data = {"made": "2026-01-02", "seed": 1, "machine": {"cores": 2}, "seconds": 1.0, "supervisor": False}
    told = page.page({**data, "figures": [figure, other], "ledger": ledger})
    assert "**no** | 1 to 2" in told and "not run |" in told and "stood alone" in told
    assert "What these figures do not show" in told and "`abc`" in told
    table = page.detection_page({**data, "detection": [{**line, "error_ppm": 12_345, "at_refill": False}]})
    assert "not in two days" in table and "+1.2 %" in table


def test_the_ledger_grows_and_the_figures_of_mutants_are_quoted(tmp_path: Path) -> None:
    figure = {"seeds": [0, 9], "digest": "d", "broken": []}
    first = evidence.ledger(tmp_path, figure, "2026-01-01")
    (tmp_path / "evidence.json").write_text(json.dumps({"ledger": first}), "utf-8")
    assert evidence.ledger(tmp_path, figure, "2026-01-01") == first
    assert len(evidence.ledger(tmp_path, {**figure, "seeds": [10, 19]}, "2026-01-01")) == 2
    assert evidence.quoted(tmp_path) == []
    score = {"score_percent": 96.5, "killed": 193, "tried": 200, "mutants": 900, "seed": 7, "holds": True}
    campaign = {"mutants": 1_000, "over_delivery": 1, "seed": 8, "holds": False, "made": "2026-01-01"}
    covered = {"percent": 99.5, "covered_branches": 199, "num_branches": 200, "holds": False}
    told = {"mutation": {"kernel": score}, "coverage": {"kernel": covered}, "campaigns": {"supervisor": campaign}}
    (tmp_path / "mutants.json").write_text(json.dumps(told), "utf-8")
    one, branches, two = evidence.quoted(tmp_path)
    assert "99.5 %: 199 of 200 branches" in branches["reached"] and not branches["holds"]
    assert "96.5 %" in one["reached"] and "seed 7" in one["reached"] and one["holds"]
    assert "1 with over-delivery; run of 2026-01-01, seed 8" in two["reached"] and not two["holds"]


def test_small_figures_hold_and_say_their_size() -> None:
    said: list[str] = []
    assert evidence.proved(said.append)["holds"]
    bitwise = evidence.flipped(0, 1, 1, said.append)
    assert bitwise["holds"] and "1 workloads" in bitwise["reached"]
    cut = evidence.cut(0, 1, 1, said.append)
    assert not cut["broken"] and not cut["holds"]  # one workload is fewer than was asked for
    assert said


def test_the_commands_print_json_and_fail_loudly(tmp_path: Path) -> None:
    runner = CliRunner()
    told = json.loads(runner.invoke(pump_app, ["torture", "--sequences", "8", "--processes", "1", "--json"]).stdout)
    assert told["holds"] and told["seeds"] == [0, 7]
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
