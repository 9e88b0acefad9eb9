"""The decision: options, the patient's priorities, evidence from every study; no pump is a full one."""

import pytest
from therapy_way import T0, Maker, whole_way

from thecal.quantity import Refused
from thecal.therapy import Chart, append, fold, options
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
