"""A trial by hand in the clinic: planned, started with the first dose and its watch, followed by further ones."""

import pytest

from clinic.way import DECISION, PLAN, Desk, Way, errors, kinds
from thecal.clinic import clock, store
from thecal.clinic.models import PumpRecord
from thecal.quantity import MS_PER_DAY
from thecal.therapy import build, decision_lacks, events, priorities, stamp
from thecal.therapy.trials import doses, watched_until

SHOT = {**PLAN, "method": "repeated_single_shot", "dose": "", "shot": "0.2 mg", "pump_profile": "", "path": ""}
GIVEN = {"given_by": "Petra Salo", "level": "L3"}
URGENT = {"early_reason": "Severe pain, no effect; the anaesthetist stays."}


def _planned(way: Way, desk: Desk, **changes: str) -> None:
    way.assessed()
    way.diary(3.5, 0, 8)
    answer = desk.send("trial-plan", way.chart, SHOT | changes)
    assert answer.status_code == 302, errors(answer)


def test_a_trial_by_hand_goes_from_the_plan_to_the_decision_without_a_pump(way: Way, prescriber: Desk) -> None:
    _planned(way, prescriber)
    page = prescriber.read("trial", way.chart).content.decode()
    assert "Each dose by hand" in page and "held to 0.3 mg" in page and "(unconfirmed)" in page
    answer = prescriber.send("trial-start", way.chart, GIVEN)
    assert answer.status_code == 302, errors(answer)
    started = way.folded.trials[-1].started
    assert started.injection is not None and started.pump is None
    assert started.injection.watch_until - started.meta.at == MS_PER_DAY
    assert not PumpRecord.objects.filter(chart=way.chart).exists()
    page = prescriber.read("trial", way.chart).content.decode()
    assert "0.2 mg of morphine at L3" in page and "given by Petra Salo" in page and "Watch until" in page
    assert "Watch the patient after the injection" in prescriber.get("/").content.decode()
    for more in ({"mass": "0.3 mg", **URGENT}, {"saline": "on", "blinded": "on"}):
        answer = prescriber.send("trial-dose", way.chart, GIVEN | more)
        assert answer.status_code == 302, errors(answer)
    page = prescriber.read("trial", way.chart).content.decode()
    assert "0.3 mg of morphine" in page and "Saline" in page and "blinded" in page and "the anaesthetist stays" in page
    assert page.count("Watched until") == 3
    assert prescriber.send("trial-conclude", way.chart, {}).status_code == 302
    assert prescriber.send("decision", way.chart, DECISION | {"choice": "none"}).status_code == 302
    assert kinds(way.chart)[-4:] == ["trial_shot_given", "trial_shot_given", "trial_concluded", "decision_recorded"]


def test_a_plan_asks_for_the_dose_that_its_method_gives(way: Way, prescriber: Desk) -> None:
    way.assessed()
    for changes, field in (
        ({"shot": ""}, "shot"),
        ({"dose": "1 mg/day"}, "dose"),
        ({"pump_profile": "virtual_external_trial"}, "pump_profile"),
        ({"path": "0.3 mL"}, "path"),
        ({"method": "continuous_it", "dose": "1 mg/day", "shot": ""}, "pump_profile"),
        ({"method": "continuous_it", "pump_profile": "virtual_external_trial", "dose": "1 mg/day"}, "shot"),
    ):
        answer = prescriber.send("trial-plan", way.chart, SHOT | changes)
        assert answer.status_code == 422
        assert field in errors(answer)
    assert store.load(way.chart).plan is None


def test_a_watch_shorter_than_the_rule_needs_a_reason(way: Way, prescriber: Desk) -> None:
    _planned(way, prescriber)
    answer = prescriber.send("trial-start", way.chart, GIVEN | {"hours": "8"})
    assert answer.status_code == 422 and errors(answer)
    assert prescriber.send("trial-start", way.chart, GIVEN | {"hours": "8", "watch_reason": "ward"}).status_code == 302
    answer = prescriber.send("trial-dose", way.chart, GIVEN | URGENT | {"mass": "0.2 mg", "hours": "6"})
    assert answer.status_code == 422 and "hours" in errors(answer)
    more = {"mass": "0.2 mg", "hours": "30"}
    assert prescriber.send("trial-dose", way.chart, GIVEN | URGENT | more).status_code == 302
    second = doses(way.folded)[1]
    assert second.watch_until == second.at + 30 * 3_600_000 == watched_until(way.folded)


@pytest.mark.parametrize("mass", ["0.31 mg", "20 mg"])
def test_a_dose_above_its_limit_is_refused_with_the_limit_its_source_and_what_is_inside(
    way: Way, prescriber: Desk, mass: str
) -> None:
    way.assessed()
    answer = prescriber.send("trial-plan", way.chart, SHOT | {"shot": mass})
    assert answer.status_code == 422
    said = " ".join(errors(answer)["shot"])
    assert "above 0.3 mg" in said and "At most 0.3 mg." in said and "(unconfirmed)" in said and "Source:" in said
    assert prescriber.send("trial-plan", way.chart, SHOT).status_code == 302
    assert prescriber.send("trial-start", way.chart, GIVEN).status_code == 302
    answer = prescriber.send("trial-dose", way.chart, GIVEN | URGENT | {"mass": mass})
    assert answer.status_code == 422 and "At most 0.3 mg." in " ".join(errors(answer)["mass"])
    assert len(doses(way.folded)) == 1


def test_a_further_dose_in_the_watch_of_the_one_before_needs_a_reason(way: Way, prescriber: Desk) -> None:
    _planned(way, prescriber)
    assert prescriber.send("trial-start", way.chart, GIVEN).status_code == 302
    page = prescriber.read("trial-dose", way.chart).content.decode()
    assert "The dose before is watched until" in page
    answer = prescriber.send("trial-dose", way.chart, GIVEN | {"mass": "0.2 mg"})
    assert answer.status_code == 422 and "watched until" in " ".join(errors(answer)["early_reason"])
    assert prescriber.send("trial-dose", way.chart, GIVEN | URGENT | {"mass": "0.2 mg"}).status_code == 302
    first, second = doses(way.folded)
    assert second.early_reason and second.watch_until is not None and first.watch_until is not None
    assert watched_until(way.folded) == second.watch_until >= first.watch_until


def test_an_implant_on_an_uncertain_verdict_asks_for_the_reason_at_its_field(way: Way, prescriber: Desk) -> None:
    way.assessed()
    way.diary(0.9, 0.1, 8)
    rule = {"days": "1", "baseline_days": "2", "window_days": "1", "completeness_pct": "50", "min_entries_day": "2"}
    assert prescriber.send("trial-plan", way.chart, SHOT | rule).status_code == 302
    assert prescriber.send("trial-start", way.chart, GIVEN).status_code == 302
    for _ in range(2):
        store.write(way.chart, None, build(events.PainRecorded, stamp(clock.now(), "patient", "patient"), score=3))
    page = prescriber.read("trial-conclude", way.chart).content.decode()
    assert "Passed, uncertain" in page and "2 entries of the day from" in page
    told = {"accepts": "yes", "priorities": "sleep\n\nwalk the dog"}
    assert prescriber.send("trial-conclude", way.chart, told).status_code == 302
    assert priorities(way.folded) == ("sleep", "walk the dog")
    assert decision_lacks(way.folded) == ("diary entries that could turn the verdict of the trial",)
    page = prescriber.read("decision", way.chart).content.decode()
    assert "Passed, uncertain" in page and "needs the physician's written reason" in page and "walk the dog" in page
    answer = prescriber.send("decision", way.chart, DECISION)
    assert answer.status_code == 422 and "passed, uncertain" in " ".join(errors(answer)["verdict_reason"])
    assert prescriber.send("decision", way.chart, DECISION | {"verdict_reason": "Seen to walk."}).status_code == 302
    page = prescriber.read("decision", way.chart).content.decode()
    assert "Seen to walk." in page and "Verdict of the trial" in page
