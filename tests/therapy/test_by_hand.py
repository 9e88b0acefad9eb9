"""A trial by hand: no pump at all, each dose held to its limit, watched, and followed by the next when it is due."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from therapy_way import MG, T0, Maker

from thecal.formulary import PUBLISHED, Basis, SignedLimit, Solution
from thecal.quantity import MASS, MS_PER_DAY, MS_PER_HOUR, parse
from thecal.therapy import AnyEvent, Chart, append, board, fold, project, refusals, tasks
from thecal.therapy import events as ev
from thecal.therapy import trials as t

MORPHINE = Solution.parse("morphine 1 mg/mL")
HOUR = MS_PER_HOUR


def code_of(chart: Chart, event: AnyEvent) -> str:
    return refusals(chart, event)[0].code


def planned(**changes: Any) -> tuple[Chart, Maker]:
    maker = Maker(77)
    return fold([maker.registered(), maker.review(), maker.plan_by_hand(**changes)]), maker


def running(**changes: Any) -> tuple[Chart, Maker]:
    chart, maker = planned(**changes)
    return append(chart, maker.injected()), maker


@pytest.mark.parametrize("method", ev.SHOTS)
def test_a_trial_by_hand_starts_with_its_injection_and_never_with_a_pump(method: str) -> None:
    chart, maker = planned(method=method)
    pumped = fold([Maker(77).registered(), maker.review(), maker.plan()])
    assert code_of(pumped, maker.injected()) == "by_pump"
    assert code_of(chart, maker.make(ev.TrialStarted)) == "no_start"
    assert code_of(chart, maker.started("0" * 64)) == "by_hand"
    assert code_of(chart, maker.written()) == "by_hand"
    for changes, code in (
        ({"mass_fg": MG}, "other_dose"),
        ({"drug": "baclofen"}, "other_dose"),
        ({"watch_until": T0}, "watch"),
    ):
        assert code_of(chart, maker.injected(**changes)) == code
    chart = append(chart, maker.injected())
    assert chart.stage == "trial" and chart.trial is not None and chart.trial.started.pump is None
    assert code_of(chart, maker.refilled()) == "no_pump"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"shot_fg": None}, "shot"),
        ({"shot_fg": None, "dose_fg_day": MG, "pump_profile": "virtual_external_trial"}, "shot"),
        ({"dose_fg_day": MG}, "shot"),
        ({"pump_profile": "virtual_external_trial"}, "no_pump_by_hand"),
        ({"path_nl": 300_000}, "no_pump_by_hand"),
    ],
)
def test_a_plan_by_hand_has_one_dose_and_no_pump(changes: dict[str, Any], code: str) -> None:
    maker = Maker(78)
    chart = fold([maker.registered(), maker.review()])
    assert code_of(chart, maker.plan_by_hand(**changes)) == code


def test_a_plan_by_a_pump_names_its_pump() -> None:
    maker = Maker(79)
    chart = fold([maker.registered(), maker.review()])
    assert code_of(chart, maker.plan(pump_profile=None)) == "pump"
    assert code_of(chart, maker.plan(shot_fg=MG)) == "shot"


def codes(mass: str, basis: Basis = PUBLISHED, solution: Solution = MORPHINE) -> list[tuple[str, str]]:
    found = t.dose_findings(solution, "intrathecal", parse(mass, MASS), basis)
    return [(each.level, each.refusal.code) for each in found]


def test_a_dose_is_held_to_the_strictest_published_limit_until_one_is_signed() -> None:
    assert codes("0.3 mg") == [("info", "held_to")]
    (refused,) = t.dose_findings(MORPHINE, "intrathecal", parse("0.31 mg", MASS), PUBLISHED)
    assert (refused.level, refused.refusal.code) == ("refuse", "above_trial_bolus")
    text = refused.refusal
    assert "0.31 mg of morphine is above 0.3 mg" in text.what and "for noncancer" in text.what
    assert "nobody has signed it" in text.what and text.do == "At most 0.3 mg." and text.source and not text.confirmed


def test_what_the_patient_surely_is_not_leaves_its_limit_out() -> None:
    cancer = Basis(populations=frozenset({"cancer"}))
    assert codes("0.5 mg", cancer) == [("info", "held_to")] and codes("0.51 mg", cancer)[0][0] == "refuse"


def test_a_signed_limit_takes_the_place_of_the_published_one() -> None:
    signed = tuple(
        SignedLimit("morphine", "intrathecal", "trial_bolus", population, parse(most, MASS), "Ph One")
        for population, most in (("all", "0.8 mg"), ("noncancer", "0.6 mg"))
    )
    site = Basis("site-2", frozenset(), signed)
    assert codes("0.6 mg", site) == [("info", "held_to")]
    (refused,) = t.dose_findings(MORPHINE, "intrathecal", parse("0.7 mg", MASS), site)
    assert refused.level == "refuse" and "Ph One signed for this site" in refused.refusal.what
    assert refused.refusal.confirmed and refused.refusal.do == "At most 0.6 mg."
    strict = SignedLimit("morphine", "intrathecal", "trial_bolus", "all", MG // 10, "Ph One")
    lower = Basis("site-1", frozenset(), (strict,))
    assert codes("0.2 mg", lower)[0] == ("refuse", "above_trial_bolus")


def test_the_other_drugs_of_the_solution_are_held_as_well() -> None:
    mixed = Solution.parse("morphine 0.1 mg/mL + bupivacaine 5 mg/mL")
    found = t.dose_findings(mixed, "intrathecal", parse("0.1 mg", MASS), PUBLISHED)
    refused = [each.refusal for each in found if each.level == "refuse"]
    assert [each.do for each in refused] == ["At most 50 mcg of morphine, because bupivacaine follows it."]
    assert not [
        f for f in t.dose_findings(mixed, "intrathecal", parse("0.05 mg", MASS), PUBLISHED) if f.level == "refuse"
    ]


def test_a_drug_without_a_published_single_dose_is_a_warning_and_a_harmful_dose_a_refusal() -> None:
    assert codes("5 mg", solution=Solution.parse("ropivacaine 5 mg/mL")) == [("warn", "no_ceiling")]
    assert ("refuse", "single_dose_harm") in codes("20 mg")


def test_a_further_dose_has_a_watch_of_its_own() -> None:
    chart, maker = running()
    maker.now = T0 + 25 * HOUR
    assert code_of(chart, maker.shot(watch_until=None)) == "no_watch"
    assert code_of(chart, maker.shot(watch_rule=None)) == "no_watch"
    assert code_of(chart, maker.shot(watch_until=maker.now)) == "watch"
    assert code_of(chart, maker.shot(saline=True)) == "shot"
    chart = append(chart, maker.shot(mass_fg=MG // 4))
    maker.now = T0 + 30 * HOUR
    chart = append(chart, maker.make(ev.TrialShotGiven, saline=True))
    assert [dose.mass_fg for dose in t.doses(chart)] == [MG // 5, MG // 4, None]
    assert [(each.start, each.end) for each in t.watches(chart)] == [
        (T0, T0 + 24 * HOUR),
        (T0 + 25 * HOUR, T0 + 49 * HOUR),
    ]
    assert t.watched_until(chart) == T0 + 49 * HOUR


def test_the_next_dose_waits_for_the_end_of_the_watch_or_for_a_written_reason() -> None:
    chart, maker = running()
    maker.now = T0 + 24 * HOUR - 1
    (refusal,) = refusals(chart, maker.shot())
    assert refusal.code == "dose_in_watch" and "INFUMORPH" in refusal.source and refusal.confirmed
    assert "2026-03-05 10:30 UTC" in refusal.what
    assert code_of(chart, maker.shot(early_reason="  ")) == "dose_in_watch"
    assert not refusals(chart, maker.make(ev.TrialShotGiven, saline=True))
    assert not refusals(chart, maker.shot(early_reason="Severe pain; anaesthetist at the bedside."))
    maker.now = T0 + 24 * HOUR
    assert not refusals(chart, maker.shot())


def test_the_latest_end_of_all_watches_counts_for_the_next_dose() -> None:
    chart, maker = running()
    maker.now = T0 + 2 * HOUR
    early = maker.shot(early_reason="No effect at all.", watch_until=T0 + 8 * HOUR)
    chart = append(chart, early)
    assert t.watched_until(chart) == T0 + 24 * HOUR
    maker.now = T0 + 10 * HOUR
    assert code_of(chart, maker.shot()) == "dose_in_watch"


def test_a_protocol_that_prints_an_interval_is_held_to_it_after_the_watch() -> None:
    watched = T0 + 8 * HOUR
    found = t.too_early("baclofen", T0, watched, T0 + 23 * HOUR)
    assert found is not None and found.code == "dose_before_interval" and found.source and "24 h apart" in found.what
    assert t.too_early("baclofen", T0, watched, T0 + 24 * HOUR) is None
    assert t.too_early("morphine", T0, watched, watched) is None


def test_a_drug_is_not_given_by_hand_in_a_trial_by_a_pump() -> None:
    maker = Maker(80)
    order = maker.written()
    chart = fold([maker.registered(), maker.review(), maker.plan(), order])
    chart = append(append(chart, maker.step(ev.PrescriptionSent, order.digest, "nurse")), maker.started(order.digest))
    assert code_of(chart, maker.shot()) == "by_pump"
    assert not refusals(chart, maker.make(ev.TrialShotGiven, saline=True))
    assert t.watches(chart) == () and t.watched_until(chart) is None


def watching(chart: Chart, now: int) -> list[tuple[str, int | None]]:
    found = [(task.reason, task.due) for task in tasks(chart, now) if task.what.startswith("Watch the patient")]
    row = project(chart)
    assert row is not None
    listed = [(task.reason, task.due) for task in board([row], now) if task.what.startswith("Watch the patient")]
    assert found == listed
    return found


def test_the_worklist_shows_the_latest_dose_until_the_last_watch_has_ended() -> None:
    chart, maker = running()
    assert [due for _, due in watching(chart, T0 + HOUR)] == [T0 + 24 * HOUR]
    assert watching(chart, T0 + 24 * HOUR) == []
    maker.now = T0 + 20 * HOUR
    chart = append(chart, maker.shot(mass_fg=MG // 4, early_reason="No effect."))
    (shown,) = watching(chart, T0 + 21 * HOUR)
    assert shown == ("0.25 mg of morphine at L3, given by Dr Example.", T0 + 44 * HOUR)
    assert len(watching(chart, T0 + 44 * HOUR - 1)) == 1 and watching(chart, T0 + 44 * HOUR) == []


@given(st.lists(st.tuples(st.integers(1, 60), st.integers(1, 60)), max_size=6))
def test_at_any_time_somebody_is_named_exactly_while_a_watch_runs(further: list[tuple[int, int]]) -> None:
    chart, maker = running()
    ends = [T0 + 24 * HOUR]
    for after, hours in further:
        maker.now += after * HOUR
        ends.append(maker.now + hours * HOUR)
        chart = append(chart, maker.shot(watch_until=ends[-1], early_reason="Needed."))
    starts = [dose.at for dose in t.doses(chart)]
    for now in sorted({*starts, *ends, *(end - 1 for end in ends)}):
        runs = any(start <= now < end for start, end in zip(starts, ends, strict=True))
        assert len(watching(chart, now)) == runs


def test_each_dose_of_a_diary_is_watched_and_one_that_came_too_early_is_told() -> None:
    plan = b"""
[trial]
method = "repeated_single_shot"
route = "intrathecal"
solution = "morphine 1 mg/mL"
shot = "0.4 mg"
start = "2026-03-04T08:00Z"
days = 4
"""
    diary = b"time,pain,dose\n2026-03-04T08:00Z,,drug\n2026-03-05T07:00Z,,drug\n2026-03-06T07:00Z,,saline\n"
    found = t.analyse(t.read_plan(plan), t.read_diary(diary))
    assert [watch.start for watch in found.watches] == [found.watches[0].start, found.watches[0].start + 23 * HOUR]
    assert found.watched_until == found.watches[1].end
    told = {each.code for each in found.warnings}
    assert {"dose_in_watch", "above_trial_bolus"} <= told
    assert t.read_plan(plan).planned.pump_profile is None


def test_a_watch_is_counted_from_its_own_dose() -> None:
    chart, maker = running()
    maker.now = T0 + 2 * MS_PER_DAY
    chart = append(chart, maker.shot(watch_until=maker.now + 8 * HOUR))
    second = t.watches(chart)[1]
    assert second.checks[0] > maker.now and second.checks[-1] == second.end == maker.now + 8 * HOUR
