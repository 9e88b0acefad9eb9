"""Charts and answers that tests of candidacy share."""

from typing import Any

from therapy_way import Maker

from thecal.therapy import Chart, Site, append
from thecal.therapy import events as ev
from thecal.therapy.candidacy import criterion
from thecal.therapy.events import facts as f

F = dict[str, Any]
SITE = Site(neutrophils=1000, platelets=100_000, pump_materials=("titanium", "silicone"))
MORPHINE = f.TherapyPlan(route="intrathecal", solution="morphine 10 mg/mL", patient_boluses=True)
BY_TRIAL = {
    "shared_decision",
    "trial_done",
    "trial_same_route",
    "trial_pain_50",
    "trial_pain_50_8h",
    "trial_function",
    "trial_side_effects",
    "trial_inpatient_1_2_days",
    "trial_not_placebo_only",
}


def registered(**changes: Any) -> tuple[Chart, Maker]:
    maker = Maker(8)
    return append(Chart(), maker.registered().model_copy(update=changes)), maker


def with_facts(*facts: Any, **changes: Any) -> Chart:
    chart, maker = registered(**changes)
    for each in facts:
        if isinstance(each, ev.Value):
            event: Any = maker.make(ev.FactRecorded, fact=each)
        else:
            event = maker.make(ev.HistoryRecorded, **each)
        chart = append(chart, event)
    return chart


def status(chart: Chart, name: str, rules: str = "source_document") -> str:
    return criterion(chart, name, rules, site=SITE).status
