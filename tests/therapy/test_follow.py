"""Following a pump: eleven proven steps, residuals with causes, clocks, batteries, MRI sheets, prompts, tapers."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from therapy_way import MG, ML, T0, Maker, whole_way

from thecal.formulary import Solution
from thecal.pump import profiles
from thecal.quantity import MS_PER_DAY, Refused
from thecal.therapy import Chart, append, compare, fold
from thecal.therapy import events as ev
from thecal.therapy import follow as f
from thecal.therapy.reference import load

STEPS = (
    "identify",
    "label",
    "interrogate",
    "asepsis",
    "needle",
    "empty",
    "compare",
    "fill",
    "reaspirate",
    "program",
    "close",
)


def done(rule: f.StepRule, **changes: Any) -> ev.StepDone:
    fields: dict[str, Any] = {"step": rule.id, "at": T0, "by": "Nurse A", "second": "Nurse B", "proofs": rule.proofs}
    return ev.StepDone(**(fields | changes))


def test_a_refill_is_eleven_steps_and_each_asks_for_its_proofs() -> None:
    assert tuple(rule.id for rule in f.refill_steps()) == STEPS
    run = f.start_refill()
    for rule in f.refill_steps():
        assert run.next == rule and rule.trap and rule.hazards
        for proof in rule.proofs:
            with pytest.raises(Refused) as refused:
                f.take_step(run, done(rule, proofs=tuple(each for each in rule.proofs if each != proof)))
            assert refused.value.refusals[0].code == "no_proof" and rule.trap in refused.value.refusals[0].do
        if rule.second:
            for second in (None, "nurse a"):
                with pytest.raises(Refused, match="second person"):
                    f.take_step(run, done(rule, second=second))
        with pytest.raises(Refused, match="not finished"):
            f.finish(run)
        run = f.take_step(run, done(rule))
    assert run.complete and len(f.finish(run)) == 11
    with pytest.raises(Refused, match="All steps are done"):
        f.take_step(run, done(f.refill_steps()[0]))


def test_no_step_is_taken_out_of_order_or_back_in_time() -> None:
    run = f.take_step(f.start_refill(), done(f.refill_steps()[0]))
    with pytest.raises(Refused, match="comes now"):
        f.take_step(run, done(f.refill_steps()[4]))
    with pytest.raises(Refused, match="earlier"):
        f.take_step(run, done(f.refill_steps()[1], at=T0 - 1))


def test_a_procedure_is_kept_on_the_chart() -> None:
    chart, maker = fold(whole_way()), Maker(5)
    maker.now = chart.events[-1].meta.recorded
    steps = tuple(done(rule) for rule in f.refill_steps())
    event = maker.make(ev.ProcedureRecorded, procedure="refill", steps=steps, complete=True)
    assert append(chart, event).procedures[-1].steps[4].step == "needle"


def test_each_cause_is_offered_for_its_way_of_discrepancy() -> None:
    missing = compare(20 * ML, 7_631_944, 5_200_000)
    left = compare(20 * ML, 7_631_944, 10_631_944)
    assert [each.id for each in f.causes(missing)] == [
        "over_infusion",
        "pocket_fill",
        "leak",
        "removed",
        "overstated_fill",
        "boluses",
    ]
    assert [each.id for each in f.causes(left)] == [
        "stall",
        "blocked_catheter",
        "understated_program",
        "overstated_reading",
        "spinal_fluid",
    ]
    assert f.causes(compare(20 * ML, 7_631_944, 7_600_000)) == ()


def test_a_drift_is_found_that_no_single_refill_shows() -> None:
    maker, refills = Maker(3), list[ev.RefillRecorded]()
    for number, ratio in enumerate((109, 111, 112, 113)):
        maker.now = T0 + number * 40 * MS_PER_DAY
        refills.append(maker.refilled(expected_nl=8 * ML, withdrawn_nl=20 * ML - 12 * ML * ratio // 100))
    rows = f.residuals(refills)
    assert [float(round(row.over, 2)) for row in rows] == [0.04, 0.10, 0.17, 0.25]
    assert [row.alarm is not None for row in rows] == [False, False, False, True]
    assert all(row.comparison.reading != "investigate" for row in rows)
    assert float(rows[-1].cumulative or 0) == pytest.approx(1.1125)
    assert f.residuals(refills, since=refills[-1].meta.at)[-1].alarm is None


def test_a_stability_clock_runs_from_the_fill_and_unknown_is_the_policy() -> None:
    day = MS_PER_DAY
    known = Solution.parse("morphine 10 mg/mL")
    states = [f.stability_clock(known, T0, T0 + days * day).state for days in (0, 82, 83, 89, 90)]
    assert states == ["running", "running", "soon", "soon", "over"]
    assert f.stability_clock(known, T0, T0, policy_days=30).ends == T0 + 30 * day
    unknown = f.stability_clock(Solution.parse("sufentanil 50 mcg/mL"), T0, T0)
    assert not unknown.known and not unknown.confirmed and unknown.ends == T0 + 90 * day
    with pytest.raises(Refused):
        f.stability_clock(known, T0, T0 - 1)


def test_a_replacement_is_planned_by_kind_of_pump_and_by_its_indicator() -> None:
    plan = f.battery_plan("synchromed_ii_20", T0, T0 + 365 * MS_PER_DAY)
    assert plan.earliest is not None and plan.latest is not None and plan.earliest < plan.latest
    assert not plan.confirmed and plan.end_of_service is None
    seen = T0 + 2000 * MS_PER_DAY
    indicated = f.battery_plan("synchromed_ii_20", T0, seen, seen)
    assert indicated.end_of_service == seen + 90 * MS_PER_DAY
    late = f.battery_plan("synchromed_ii_20", T0, seen + 91 * MS_PER_DAY, seen)
    assert "replace now" in late.advice
    assert "not published" in f.battery_plan("prometra_ii_20", T0, seen, seen).advice
    assert f.battery_plan("codman_3000", T0, seen).advice == "No battery to replace."
    assert "Nothing is published" in f.battery_plan("minimed_2007", T0, seen).advice
    for wrong in ((T0, T0 - 1, None), (T0, T0, T0 + 1), (-1, T0, None)):
        with pytest.raises(Refused):
            f.battery_plan("synchromed_ii_20", *wrong)


def test_the_mri_sheet_is_that_of_the_model_and_an_unpublished_model_is_refused() -> None:
    morphine = Solution.parse("morphine 20 mg/mL")
    known = 0
    for profile in profiles():
        try:
            sheet = f.mri_sheet(profile.id, morphine)
        except Refused as refused:
            assert refused.refusals[0].code == "mri_unknown"
            continue
        known += 1
        assert sheet.before and sheet.after and (sheet.facts or sheet.warning)
    assert known >= 9
    assert f.mri_sheet("prometra_ii_20", morphine).leak == {"morphine": 10_000 * 20_000_000}
    assert "Do not program a stop" in f.mri_sheet("synchromed_ii_20").before[1]
    with pytest.raises(Refused, match="Do not scan"):
        f.mri_sheet("cadd_solis")


def test_a_step_above_the_limit_asks_for_a_reason() -> None:
    chart = fold(whole_way())
    now = chart.events[-1].meta.recorded
    current = chart.running("implant-1")
    assert current is not None
    dose = current.prescription.daily_dose()
    assert [each.id for each in f.dose_prompts(chart, dose * 13 // 10, now)] == []
    (prompt,) = f.dose_prompts(chart, dose * 14 // 10, now)
    assert prompt.id == "step" and prompt.lacks == ("a reason for the larger step",)
    assert f.dose_prompts(chart, dose * 14 // 10, now, "inpatient") == ()
    with pytest.raises(Refused, match="No prescription runs"):
        f.dose_prompts(Chart(), dose, now)


def raised(solution: str = "morphine 18 mg/mL", factor: int = 2, scores: tuple[int, int] = (3, 6)) -> tuple[Chart, int]:
    chart, maker = fold(whole_way()), Maker(21)
    start = chart.events[-1].meta.recorded
    for days in range(1, 121, 3):
        maker.now = start + days * MS_PER_DAY
        chart = append(chart, maker.pain(scores[0] if days <= 60 else scores[1]))
    maker.now += MS_PER_DAY
    running = chart.running("implant-1")
    assert running is not None
    chart = append(chart, maker.refilled(solution=solution, withdrawn_nl=7_631_944))
    order = maker.order(running.prescription.daily_dose() * factor, solution)
    written = maker.make(
        ev.PrescriptionWritten,
        "prescriber",
        prescription=order.to_bytes().decode(),
        digest=order.digest(),
        pump="implant-1",
        purpose="therapy",
        reason="The path was aspirated and filled anew, where the solution is another one.",
    )
    chart = append(append(chart, written), maker.step(ev.PrescriptionSent, order.digest(), "nurse"))
    return append(chart, maker.step(ev.PrescriptionAcknowledged, order.digest())), maker.now


def test_tolerance_and_escalation_are_asked_about_when_dose_and_pain_rise() -> None:
    chart, now = raised()
    assert [each.id for each in f.prompts(chart, now)] == ["tolerance", "escalation"]
    assert "mean pain rose from 3 to 6" in f.prompts(chart, now)[0].reasons[1]
    better, now = raised(scores=(6, 3), factor=1)
    assert f.prompts(better, now) == ()


def test_a_strong_solution_asks_for_a_neurological_check() -> None:
    chart, now = raised("morphine 20 mg/mL", 1, (5, 5))
    (prompt,) = f.prompts(chart, now)
    assert prompt.id == "granuloma" and prompt.lacks == ("a recorded neurological check",)
    maker = Maker(4)
    maker.now = now
    checked = append(chart, maker.make(ev.VisitRecorded, neurological_check=True))
    assert f.prompts(checked, now) == ()
    assert f.prompts(checked, now + 181 * MS_PER_DAY)[0].lacks == ("a neurological check that is recent enough",)


def test_a_taper_steps_down_to_the_stop_and_no_faster_than_published() -> None:
    for drug, days, count in (("morphine", 28, 5), ("baclofen", 9, 10), ("clonidine", 3, 4)):
        steps, warning = f.taper(drug, 10 * MG, T0)
        assert len(steps) == count and steps[-1] == f.TaperStep(T0 + days * MS_PER_DAY, 0)
        assert [step.dose for step in steps] == sorted((step.dose for step in steps), reverse=True)
        assert warning.code == "withdrawal"
        with pytest.raises(Refused, match="larger than the published"):
            f.taper(drug, MG, T0, 50)
    with pytest.raises(Refused, match="No taper"):
        f.taper("ziconotide", MG, T0)
    assert {row["id"] for row in load("refill")["taper"]} == {"morphine", "baclofen", "clonidine"}
    assert {row["id"] for row in load("refill")["prompt"]} == {"step", "tolerance", "granuloma", "escalation"}


JUNK = st.one_of(st.none(), st.integers(), st.floats(), st.text(), st.booleans(), st.just(2**70))


@settings(deadline=None)
@given(JUNK, JUNK)
def test_no_rule_takes_what_is_not_a_number_in_range(first: Any, second: Any) -> None:
    chart = fold(whole_way())
    solution = Solution.parse("morphine 10 mg/mL")
    calls: list[Any] = [
        lambda: f.taper("morphine", first, second),
        lambda: f.taper("morphine", MG, T0, first),
        lambda: f.stability_clock(solution, first, second),
        lambda: f.battery_plan("synchromed_ii_20", first, second),
        lambda: f.dose_prompts(chart, first, second),
        lambda: f.prompts(chart, first),
        lambda: f.mri_sheet(str(first)),
        lambda: f.taper(first, MG, T0),
    ]
    for call in calls:
        try:
            call()
        except Refused as refused:
            assert all(each.code and each.what for each in refused.refusals)
