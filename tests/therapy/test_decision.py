"""The decision: options, the patient's priorities, evidence from every study; no pump is a full one."""

import pytest
from therapy_way import T0, Maker, doubtful, whole_way

from thecal.quantity import Refused
from thecal.therapy import Chart, append, board, conclude, fold, options, project, refusals
from thecal.therapy import events as ev
from thecal.therapy.decision import TOPICS, decision_lacks, priorities, studies, targets
from thecal.therapy.events import facts as f
from thecal.therapy.reference import load


def test_every_study_is_reachable_by_its_topic_and_prints_what_it_found() -> None:
    found = [study for topic in TOPICS for study in studies(topic)]
    assert {study.id for study in found} == {row["id"] for row in load("outcomes")["study"]} and len(found) == 67
    silent = {"duarte2012_model", "thimineur2004", "hayes2012", "raphael2002"}
    for study in found:
        assert study.source and (study.lines or study.id in silent), study.id
    assert studies("scs")[0].kind == "rct"
    hamza = next(study for study in found if study.id == "hamza2012")
    assert "bpi_avg at 36 months: 3.41" in hamza.lines
    assert "oral opioid before: 126.7 mg/day, unconfirmed" in hamza.lines
    assert len(targets()) == 10 and targets()["placebo_share"][1] == "0.34 (0.19 to 0.5) ratio"
    with pytest.raises(Refused, match="it_opioid"):
        studies("magic")


def test_a_prediction_is_shown_as_predicted_beside_the_evidence() -> None:
    (exposure,) = options(fold(whole_way()), {"implant": "CSF at the tip 0.5 to 3 mcg/mL"})[0].of("exposure")
    assert not exposure.confirmed and "predicted" in exposure.source
    assert options(fold(whole_way()))[0].of("exposure") == ()


def test_the_decision_names_what_it_lacks_until_the_patient_was_asked() -> None:
    chart, maker = Chart(), Maker(41)
    for event in whole_way():
        chart = append(chart, event)
        maker.now = event.meta.recorded
        if chart.stage == "decision":
            break
    assert decision_lacks(chart) == (
        "the patient's own priorities",
        "whether the side effects of the trial are accepted",
    )
    for fact in (f.Priorities(words=("walk to the shop", "sleep")), f.TrialTolerance(accepts=True)):
        chart = append(chart, maker.make(ev.FactRecorded, fact=fact))
    assert decision_lacks(chart) == () and priorities(chart) == ("walk to the shop", "sleep")
    assert decision_lacks(Chart())[0] == "a trial, or why it is waived"


@pytest.mark.parametrize("choice", ["oral", "stimulation", "none"])
def test_no_pump_is_written_as_a_pump_is(choice: str) -> None:
    chart, maker = Chart(), Maker(42)
    for event in whole_way():
        chart = append(chart, event)
        maker.now = event.meta.recorded
        if chart.stage == "decision":
            break
    decided = append(chart, maker.decided(choice))
    assert decided.stage == "declined" and decided.decision is not None
    assert decided.decision.meta.at >= T0


def test_the_decision_shows_relief_as_an_interval_and_names_the_doubt() -> None:
    chart, _ = doubtful()
    assert chart.verdict is not None and chart.verdict.outcome == "passed, uncertain"
    own = [fact.text for fact in options(chart)[0].of("patient")]
    assert "Trial: relief 62.5 % (25 to 66.7 %); passed, uncertain by the rule of 50 %." in own
    assert any("missing are 2 entries of the day from" in text for text in own)
    assert [text for text in own if text.startswith("Relief of")] == [
        "Relief of 30 %, moderate improvement: uncertain.",
        "Relief of 50 %, substantial improvement; the usual trial pass mark: uncertain.",
    ]
    assert "diary entries that could turn the verdict of the trial" in decision_lacks(chart)


REASON = "Two nurses saw the patient walk without pain; one day was not written down."


@pytest.mark.parametrize(
    ("scores", "outcome"),
    [((3, 3), "passed, uncertain"), ((5, 4), "not passed, uncertain"), ((9, 9), "not passed"), ((3,), "no verdict")],
)
def test_an_implant_on_a_verdict_that_is_not_surely_passed_needs_the_physicians_reason(
    scores: tuple[int, ...], outcome: str
) -> None:
    chart, maker = doubtful(scores)
    assert chart.verdict is not None and chart.verdict.outcome == outcome
    (refusal,) = refusals(chart, maker.decided("implant"))
    assert (refusal.code, refusal.where) == ("verdict_reason", "verdict_reason") and outcome in refusal.what
    assert refusals(chart, maker.decided("implant", verdict_reason=" \n"))[0].code == "verdict_reason"
    after = append(chart, maker.decided("implant", verdict_reason=REASON))
    assert after.decision is not None and after.decision.verdict_reason == REASON
    for choice in ("oral", "stimulation", "none"):
        assert not refusals(chart, maker.decided(choice))
        assert refusals(chart, maker.decided(choice, verdict_reason=REASON))[0].code == "no_verdict_reason"


def test_a_surely_passed_verdict_asks_for_no_further_reason() -> None:
    way = whole_way()
    index = next(i for i, event in enumerate(way) if event.kind == "decision_recorded")
    chart, maker = fold(way[:index]), Maker(62)
    maker.now = way[index - 1].meta.recorded
    assert chart.verdict is not None and chart.verdict.surely_passed and not refusals(chart, maker.decided("implant"))
    assert refusals(chart, maker.decided("implant", verdict_reason=REASON))[0].code == "no_verdict_reason"


def test_a_verdict_cannot_be_written_down_as_surer_than_it_is() -> None:
    chart, maker = doubtful()
    running = fold(chart.events[:-1])
    verdict = conclude(running, maker.now).record()
    for changes in ({"uncertain": False}, {"missing": ()}, {"relief_low": verdict.relief_pct}):
        event = maker.make(ev.TrialConcluded, "prescriber", verdict=verdict.model_copy(update=changes))
        assert refusals(running, event)[0].code == "verdict"
    assert not refusals(running, maker.make(ev.TrialConcluded, "prescriber", verdict=verdict))


def test_the_worklist_says_that_the_decision_lacks_what_the_verdict_lacks() -> None:
    chart, maker = doubtful()
    row = project(chart)
    assert row is not None
    (task,) = [each for each in board([row], maker.now) if each.what == "Decide together"]
    assert task.blocked and "diary entries that could turn the verdict of the trial" in task.lacks
