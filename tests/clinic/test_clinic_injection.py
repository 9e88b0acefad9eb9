"""A trial by hand in the clinic: planned, started with the first dose and its watch, followed by further ones."""

from clinic.way import DECISION, PLAN, Desk, Way, errors, kinds
from thecal.clinic import store
from thecal.clinic.models import PumpRecord
from thecal.quantity import MS_PER_DAY

SHOT = {**PLAN, "method": "repeated_single_shot", "dose": "", "shot": "0.2 mg", "pump_profile": "", "path": ""}
GIVEN = {"given_by": "Petra Salo", "level": "L3"}


def _planned(way: Way, desk: Desk) -> None:
    way.assessed()
    way.diary(3.5, 0, 8)
    answer = desk.send("trial-plan", way.chart, SHOT)
    assert answer.status_code == 302, errors(answer)


def test_a_trial_by_hand_goes_from_the_plan_to_the_decision_without_a_pump(way: Way, prescriber: Desk) -> None:
    _planned(way, prescriber)
    assert "Each dose by hand" in prescriber.read("trial", way.chart).content.decode()
    answer = prescriber.send("trial-start", way.chart, GIVEN)
    assert answer.status_code == 302, errors(answer)
    started = way.folded.trials[-1].started
    assert started.injection is not None and started.pump is None
    assert started.injection.watch_until - started.meta.at == MS_PER_DAY
    assert not PumpRecord.objects.filter(chart=way.chart).exists()
    page = prescriber.read("trial", way.chart).content.decode()
    assert "0.2 mg of morphine at L3" in page and "given by Petra Salo" in page and "Watch until" in page
    assert "Watch the patient after the injection" in prescriber.get("/").content.decode()
    for more in ({"mass": "0.3 mg"}, {"saline": "on", "blinded": "on"}):
        answer = prescriber.send("trial-dose", way.chart, GIVEN | more)
        assert answer.status_code == 302, errors(answer)
    page = prescriber.read("trial", way.chart).content.decode()
    assert "0.3 mg of morphine" in page and "Saline" in page and "blinded" in page
    assert prescriber.send("trial-conclude", way.chart, {}).status_code == 302
    assert prescriber.send("decision", way.chart, DECISION | {"choice": "none"}).status_code == 302
    assert kinds(way.chart)[-4:] == ["trial_shot_given", "trial_shot_given", "trial_concluded", "decision_recorded"]


def test_a_plan_asks_for_the_dose_that_its_method_gives(way: Way, prescriber: Desk) -> None:
    way.assessed()
    for changes, field in (
        ({"shot": ""}, "shot"),
        ({"dose": "1 mg/day"}, "dose"),
        ({"method": "continuous_it", "dose": "1 mg/day", "shot": ""}, "pump_profile"),
        ({"method": "continuous_it", "pump_profile": "virtual_external_trial", "dose": "1 mg/day"}, "shot"),
    ):
        answer = prescriber.send("trial-plan", way.chart, SHOT | changes)
        assert answer.status_code == 422
        assert field in errors(answer)
    assert store.load(way.chart).plan is None


def test_a_watch_shorter_than_the_rule_needs_a_reason_and_a_harmful_dose_is_refused(way: Way, prescriber: Desk) -> None:
    _planned(way, prescriber)
    answer = prescriber.send("trial-start", way.chart, GIVEN | {"hours": "8"})
    assert answer.status_code == 422 and errors(answer)
    answer = prescriber.send("trial-plan", way.chart, SHOT | {"shot": "20 mg"})
    assert answer.status_code == 302
    answer = prescriber.send("trial-start", way.chart, GIVEN)
    assert answer.status_code == 422 and errors(answer)
    assert way.folded.stage == "assessed"
