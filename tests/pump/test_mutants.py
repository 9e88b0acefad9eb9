"""The mutants: numbered the same alike, one fault each, nothing written; the oracle beside them sees every stroke."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from kernel_rig import program

from thecal.pump import kernel
from thecal.pump.kernel.limits import bolus_of
from thecal.pump.prescription import SimpleContinuous
from thecal.pump.proof.mutants import pair as together
from thecal.pump.proof.mutants.campaign import Sound, campaign, picked, suited
from thecal.pump.proof.mutants.coverage import MEASURED, figure_of
from thecal.pump.proof.mutants.page import write
from thecal.pump.proof.mutants.pair import PULSE_FG, T0
from thecal.pump.proof.mutants.score import argued, chosen, score
from thecal.pump.proof.mutants.script import Script
from thecal.pump.proof.mutants.source import PARTS, Lines, folder, mutants, mutated, spanned
from thecal.pump.proof.mutants.strokes import Oracle, OverDelivery

HOME = Path(__file__).parents[2]


@pytest.mark.parametrize("part", PARTS)
def test_each_mutant_differs_from_the_source_in_one_place_and_nothing_is_written(part: str) -> None:
    before = {path: path.read_bytes() for path in folder(part).glob("*.py")}
    every = mutants(part)
    assert [each.number for each in every] == list(range(len(every))) and len(every) > 1_000
    for mutant in every[::97]:
        assert compile(before[folder(part) / mutant.file], mutant.file, "exec") != mutated(mutant)
        assert mutant.before != mutant.after
    assert {path: path.read_bytes() for path in before} == before


def test_a_mutant_changes_what_a_process_runs_and_no_other_process() -> None:
    mutant = next(each for each in mutants("kernel") if (each.function, each.operator) == ("bolus_of", "arithmetic"))
    source = (
        "from thecal.pump.proof.mutants.source import mutants, patch\n"
        "from thecal.pump.kernel.limits import bolus_of\n"
        "import sys; sys.path.insert(0, '.')\nfrom kernel_rig import program\n"
        f"before = bolus_of(program(), 10**10, 1, 0, 0).pulses; assert patch(mutants('kernel')[{mutant.number}])\n"
        "print(before, bolus_of(program(), 10**10, 1, 0, 0).pulses)"
    )
    told = subprocess.run(
        [sys.executable, "-c", source], capture_output=True, text=True, check=True, cwd=HOME / "tests" / "pump"
    )
    assert told.stdout.split() == ["4", str(10**10 * 2_500_000_000)]
    assert bolus_of(program(), 10**10, 1, 0, 0).pulses == 4


def test_a_sample_takes_each_operator_in_its_share_and_the_same_each_time() -> None:
    every, some = Counter(m.operator for m in mutants("kernel")), chosen("kernel", 500, 3)
    assert some == chosen("kernel", 500, 3) != chosen("kernel", 500, 4)
    assert 500 <= len(some) <= 500 + len(every)
    for operator, count in Counter(m.operator for m in some).items():
        assert abs(count - 500 * every[operator] / sum(every.values())) <= 1
    assert len(chosen("kernel", 0, 0)) == sum(every.values())


def test_each_argued_survivor_still_names_a_place_in_the_source() -> None:
    known = {(part, *mutant.identity) for part in PARTS for mutant in mutants(part)}
    reasons = argued(HOME)
    assert not [entry for entry in reasons if entry not in known]
    assert all(len(reason) > 20 for reason in reasons.values())


@pytest.mark.parametrize("seed", [0, 1, 4, 9, 14])
def test_two_sound_parts_neither_crash_nor_deliver_too_much_through_a_random_script(seed: int) -> None:
    pair = Script(seed)
    pair.run()
    assert len(pair.times) > 200
    assert pair.crashes == 0
    assert pair.oracle.worst <= PULSE_FG


def test_a_supervisor_vetoes_nothing_that_a_sound_controller_asks_for_in_quiet_times() -> None:
    pair, alone = Script(1), Script(1, alone=True)
    for each in (pair, alone):
        each.install(SimpleContinuous(together.MG), None)
        each.until(T0 + together.HOUR)
        each.do_demand()
        each.until(T0 + together.DAY)
    assert pair.behaviour() == alone.behaviour()
    assert len(pair.times) >= 404 and not pair.vetoes


def test_the_oracle_sees_a_stroke_too_many_and_a_second_one_after_a_stop() -> None:
    oracle = Oracle(PULSE_FG)
    oracle.order(((3_600_000, 10 * PULSE_FG),), 2)
    for at in range(11):
        oracle.stroke(T0 + at, prime=False)
    oracle.stroke(T0 + 11, prime=True)
    oracle.stroke(T0 + 12, prime=True)
    with pytest.raises(OverDelivery, match="above the cap"):
        oracle.stroke(T0 + 13, prime=True)  # more primes than the path holds are strokes like any other
    oracle.stop()
    oracle.stroke(T0 + 10**9, prime=False)
    with pytest.raises(OverDelivery, match="after a stop"):
        oracle.stroke(T0 + 2 * 10**9, prime=False)


def test_a_controller_that_asks_each_second_delivers_too_much_alone_and_not_under_the_supervisor(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def greedy(state: kernel.State, event: kernel.Event) -> tuple[kernel.State, tuple[Any, ...]]:
        state, actions = kernel.step(state, event)
        if isinstance(event, kernel.Tick) and not any(isinstance(action, kernel.Actuate) for action in actions):
            state = state._replace(seq=state.seq + 1, pending=state.seq + 1)
            actions = (*actions, kernel.Actuate(state.seq))
        return state._replace(due=max(state.due, 0)), actions

    class Twisted:
        step = staticmethod(greedy)

        def __getattr__(self, name: str) -> Any:
            return getattr(kernel, name)

    monkeypatch.setattr(together, "kernel", Twisted())
    with pytest.raises(OverDelivery):
        Script(1, alone=True).run()
    pair = Script(1)
    pair.run()
    assert sum(pair.vetoes.values()) > 50 and len(pair.times) > 20


def test_a_campaign_is_the_same_for_the_same_seed_and_its_figure_makes_the_page(tmp_path: Path) -> None:
    assert picked("kernel", 5, 1) == picked("kernel", 5, 1) != picked("kernel", 5, 2)
    assert len(picked("kernel", 5_000, 1)) == 5_000  # more than there are: all again
    figure = campaign("supervisor", 2, 1, lambda _: None, scripts=2)
    assert figure["holds"] and figure["over_delivery"] == 0 and sum(figure["outcomes"].values()) == 2
    write(tmp_path, "campaigns", figure)
    assert json.loads((tmp_path / "mutants.json").read_text("utf-8"))["campaigns"]["supervisor"] == figure
    assert f"| supervisor | 2 | {figure['reached']} |" in (tmp_path / "mutants.md").read_text("utf-8")


def test_a_mutant_gets_a_script_that_runs_its_lines_where_there_is_one() -> None:
    mutant = next(each for each in mutants("kernel") if each.function == "bolus_of")
    dull, lively = Sound(1, set(), []), Sound(2, spanned(mutant), [])
    assert suited(mutant, [dull, lively], 0) == suited(mutant, [dull, lively], 1) == (lively, True)
    assert suited(mutant, [dull], 5) == (dull, False)
    with Lines("kernel") as watched:
        assert spanned(mutant) & watched.run_by(lambda: bolus_of(program(), 10**10, 1, 0, 0))
        assert not watched.run_by(lambda: None)


def test_a_score_tries_each_mutant_once_in_several_processes_as_in_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("thecal.pump.proof.mutants.score.TESTS", {"kernel": ("schedule",)})
    told = [score("kernel", HOME, 3, 1, lambda _: None, processes=count) for count in (1, 2)]
    assert told[0]["tried"] == len(chosen("kernel", 3, 1)) == told[0]["killed"] + len(told[0]["survivors"])
    assert told[0]["survivors"] == told[1]["survivors"] and told[0]["by_operator"] == told[1]["by_operator"]


def test_coverage_counts_the_branches_of_a_part_and_names_what_is_missing(tmp_path: Path) -> None:
    summary = {"num_statements": 5, "covered_lines": 5, "num_branches": 4, "covered_branches": 3}
    each = {"summary": summary, "missing_lines": [], "missing_branches": [[3, 5]]}
    files = {"src/thecal/pump/kernel/fold.py": each, "src/thecal/pump/journal.py": each}
    figure = figure_of("kernel", MEASURED["kernel"], files)
    assert figure["percent"] == 88.89 and figure["missing_branches"] == {"fold.py": [[3, 5]]} and not figure["holds"]
    whole = figure_of(
        "journal",
        MEASURED["journal"],
        {"src/thecal/pump/journal.py": {**each, "summary": {**summary, "covered_branches": 4}, "missing_branches": []}},
    )
    assert whole["holds"] and whole["percent"] == 100
    write(tmp_path, "coverage", figure)
    assert "| kernel | 5 | 5 | 4 | 3 | 88.89 % | **no** |" in (tmp_path / "mutants.md").read_text("utf-8")
