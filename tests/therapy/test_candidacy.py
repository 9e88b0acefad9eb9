"""All criteria and rule sets: each is met, not met or unknown by what the chart holds; unknown is never met."""

import inspect
from typing import Any

import pytest
from candidacy_way import BY_TRIAL, MORPHINE, SITE, F, registered, status, with_facts
from hypothesis import given, settings
from hypothesis import strategies as st
from therapy_way import MG, ML, T0, Maker, whole_way

from thecal.quantity import MS_PER_DAY, Refused
from thecal.therapy import Chart, append, evaluate, fold, refusals, rulesets
from thecal.therapy import events as ev
from thecal.therapy.candidacy import CHECKS, Site, criteria, criterion, ruleset
from thecal.therapy.events import facts as f
from thecal.therapy.reference import load


def tried(treatment: str, outcome: str = "inadequate", start: str = "2024", end: str = "2025-03") -> F:
    return {"treatment": treatment, "outcome": outcome, "start": start, "end": end}


def opioid(mg: int) -> f.SystemicOpioids:
    return f.SystemicOpioids(taken=(f.OpioidIntake(drug="morphine", amount=f"{mg} mg"),))


ALLERGIC = f.AllergyReview(drugs=("morphine",))
PSYCHOTIC = f.PsychEvaluation(provider="Dr A", conclusion="suitable", psychosis_history=True)
LADDER = [tried("physiotherapy"), tried("oral_nsaid"), tried("oral_opioid")]
STOP = f.AgentPlan(agent="clopidogrel", stop_hours=168, restart_hours=24)
RISKS: F = {"sleep_apnoea": False, "obesity": False, "diabetes": False, "lung_disease": False, "sedatives": False}

CASES: dict[str, tuple[list[Any], list[Any]]] = {
    "fail_physiotherapy": ([tried("physiotherapy")], [tried("physiotherapy", "adequate")]),
    "fail_oral_nsaid": ([tried("oral_nsaid", "contraindicated")], [tried("oral_nsaid", "adequate")]),
    "fail_narcotic": ([tried("oral_opioid", "not_tolerated")], [tried("oral_opioid", "adequate")]),
    "fail_chiropractic": ([tried("chiropractic")], [tried("chiropractic", "adequate")]),
    "fail_back_surgery": ([tried("back_surgery")], [tried("back_surgery", "adequate")]),
    "fail_scs_considered": (
        [tried("spinal_cord_stimulation", "contraindicated")],
        [tried("spinal_cord_stimulation", "adequate")],
    ),
    "conservative_6_months": (
        [
            tried("physiotherapy", start="2025-01-01", end="2025-04-01"),
            tried("oral_nsaid", start="2025-03", end="2025-08"),
        ],
        [tried("physiotherapy", start="2025-01-01", end="2025-05-01")],
    ),
    "less_invasive_failed": (LADDER, [*LADDER, tried("oral_nsaid", "adequate")]),
    "second_specialist_validation": (
        [f.SpecialistConsult(specialty="surgeon", conclusion="no_other_option")],
        [f.SpecialistConsult(specialty="oncologist", conclusion="other_option_left")],
    ),
    "objective_pathology": (
        [f.Pathology(diagnosis="failed back surgery", evidence="imaging", explains_pain=True)],
        [f.Pathology(diagnosis="failed back surgery", evidence="none", explains_pain=True)],
    ),
    "pain_duration_6_months": (
        [f.PainCourse(onset="2025-08")],
        [f.PainCourse(onset="2026-01-10", expected_days=60)],
    ),
    "pain_category_recorded": ([f.PainCourse(extent="localized")], []),
    "surgery_not_helpful": ([f.SurgicalOpinion(opinion="declined")], [f.SurgicalOpinion(opinion="indicated")]),
    "life_expectancy": ([f.Prognosis(days=92)], [f.Prognosis(days=91)]),
    "tumour_encroachment": ([f.SpineImaging(encroachment=False)], [f.SpineImaging(encroachment=True)]),
    "psych_evaluation": (
        [f.PsychEvaluation(provider="Dr A", conclusion="suitable")],
        [f.PsychEvaluation(provider="Dr A", conclusion="not_suitable")],
    ),
    "behavioural_amplification": ([f.BehaviouralTherapy(type="cbt")], []),
    "uncontrolled_mental_illness": (
        [f.PsychEvaluation(provider="Dr A", conclusion="suitable", uncontrolled_illness=False)],
        [f.PsychEvaluation(provider="Dr A", conclusion="suitable", uncontrolled_illness=True)],
    ),
    "psychosis_ziconotide": (
        [PSYCHOTIC, MORPHINE],
        [PSYCHOTIC, f.TherapyPlan(route="intrathecal", solution="ziconotide 25 mcg/mL")],
    ),
    "substance_use": ([f.SubstanceUse(status="remission")], [f.SubstanceUse(status="active_untreated")]),
    "pain_agreement": (
        [f.Agreement(what="pain_agreement", given=True)],
        [f.Agreement(what="pain_agreement", given=True), f.Agreement(what="pain_agreement", given=False)],
    ),
    "cognition_and_attendance": (
        [f.Consent(consented=True, refill_access=True)],
        [f.Consent(consented=True, refill_access=False)],
    ),
    "realistic_goals": ([f.Goal(name="walk", baseline="50", target="500")], []),
    "systemic_reduction_attempt": ([opioid(90), opioid(60)], []),
    "systemic_reduction_50": ([opioid(90), opioid(45)], [f.Agreement(what="halve_opioids", given=False)]),
    "baseline_mme_prognosis": ([opioid(49)], [opioid(50)]),
    "age_prognosis": ([], []),
    "sedatives_minimised": (
        [f.MedicineList(active=(f.Medicine(name="paracetamol", drug_class="other"),))],
        [f.MedicineList(active=(f.Medicine(name="diazepam", drug_class="benzodiazepine"),))],
    ),
    "adjuvants_balanced": ([f.AdjuvantDecision(decision="Amitriptyline is kept.")], []),
    "on_label_drug": ([MORPHINE], [f.TherapyPlan(route="intrathecal", solution="hydromorphone 10 mg/mL")]),
    "endocrine_baseline": ([f.LabResult(test="testosterone", value="12 nmol/L")], []),
    "infection": ([f.InfectionCheck(systemic=False, local=False)], [f.InfectionCheck(systemic=None, local=True)]),
    "coagulopathy": (
        [f.Coagulation(status="corrected", cannot_stop=False)],
        [f.Coagulation(status="normal", cannot_stop=True)],
    ),
    "anticoagulant_stop_plan": (
        [f.AntithromboticPlan(agents=(STOP,))],
        [f.AntithromboticPlan(agents=(STOP, f.AgentPlan(agent="warfarin", inr="1.4", restart_hours=24)))],
    ),
    "body_size": ([f.SurgicalFit(body_sufficient=True)], [f.SurgicalFit(body_sufficient=False)]),
    "implant_depth": ([f.SurgicalFit(depth_mm=25)], [f.SurgicalFit(depth_mm=26)]),
    "spinal_anatomy": ([f.SpineImaging(obstruction=False)], [f.SpineImaging(obstruction=True)]),
    "raised_icp": ([f.NeuroExam(raised_icp_suspected=False)], [f.NeuroExam(raised_icp_suspected=True)]),
    "allergy": ([f.AllergyReview()], [ALLERGIC, MORPHINE]),
    "other_device": (
        [f.OtherDevices(devices=(f.ImplantedDevice(name="pacemaker", programmable=True, crosstalk_checked=True),))],
        [f.OtherDevices(devices=(f.ImplantedDevice(name="pacemaker", programmable=True),))],
    ),
    "bone_marrow": (
        [f.BloodCount(neutrophils=1000, platelets=100_000)],
        [f.BloodCount(neutrophils=999, platelets=100_000)],
    ),
    "respiratory_risk": ([f.RespiratoryRisk(**RISKS)], [f.RespiratoryRisk(sleep_apnoea=True)]),
    "oedema_history": ([f.LegExam(oedema=False)], [f.LegExam(oedema=True)]),
    "ptm_opioid_naive": (
        [MORPHINE, f.OpioidExposure(status="opioid_tolerant")],
        [MORPHINE, f.OpioidExposure(status="opioid_naive")],
    ),
    "drug_formulation": (
        [f.ProductCheck(product="Infumorph", preservative_free=True, ph="4.5")],
        [f.ProductCheck(product="X", preservative_free=True, ph="3")],
    ),
    "spasticity_conservative": (
        [
            f.AntispasticCourse(start="2025-01-01", end="2025-02-11", outcome="inadequate"),
            tried("physiotherapy"),
        ],
        [f.AntispasticCourse(start="2025-01-01", end="2025-02-10", outcome="inadequate"), tried("physiotherapy")],
    ),
    "spasticity_trial": (
        [f.AshworthTest(dose_mcg=100, before="4", after="2", hours="4")],
        [f.AshworthTest(dose_mcg=100, before="4", after="2", hours="3.5")],
    ),
    "replacement": (
        [f.ReplacementReason(replacement_indicated=True, fault_confirmed=False, abuse_evidence=False)],
        [f.ReplacementReason(replacement_indicated=False, fault_confirmed=False, abuse_evidence=False)],
    ),
}


def test_there_are_57_criteria_and_8_rule_sets_and_each_criterion_has_its_case_here() -> None:
    assert len(criteria()) == 57 and len(rulesets()) == 8
    assert set(CASES) | BY_TRIAL == set(criteria()) and not set(CASES) & BY_TRIAL
    assert {each["check"]["type"] for each in load("candidacy")["criterion"]} == set(CHECKS)


@pytest.mark.parametrize("name", sorted(set(CASES) - {"age_prognosis"}))
def test_each_criterion_is_unknown_until_the_chart_says_otherwise(name: str) -> None:
    met, not_met = CASES[name]
    assert status(with_facts(pain_cause="cancer"), name) == "unknown"
    item = criterion(with_facts(*met, pain_cause="cancer"), name, site=SITE)
    assert item.status == "met" and item.evidence and item.source
    if not_met:
        item = criterion(with_facts(*not_met), name, site=SITE)
        assert item.status == "not_met" and item.evidence


def test_age_is_a_caution_at_50_and_unknown_while_the_birth_date_leaves_it_open() -> None:
    cases = {"1976-03-04": "not_met", "1975-03-04": "met", "1975-03-05": "not_met", "1975": "unknown", "1960": "met"}
    for born, wanted in cases.items():
        assert status(with_facts(birth_date=born), "age_prognosis") == wanted, born


def test_half_known_facts_stay_unknown() -> None:
    for name, fact in {
        "uncontrolled_mental_illness": f.PsychEvaluation(provider="Dr A", conclusion="suitable"),
        "infection": f.InfectionCheck(systemic=False),
        "coagulopathy": f.Coagulation(status="normal"),
        "anticoagulant_stop_plan": f.AntithromboticPlan(agents=(f.AgentPlan(agent="clopidogrel", stop_hours=168),)),
        "bone_marrow": f.BloodCount(neutrophils=5000),
        "respiratory_risk": f.RespiratoryRisk(obesity=False),
        "drug_formulation": f.ProductCheck(product="X", preservative_free=True),
        "cognition_and_attendance": f.Consent(consented=True),
        "replacement": f.ReplacementReason(replacement_indicated=True),
        "allergy": ALLERGIC,
        "psychosis_ziconotide": PSYCHOTIC,
        "tumour_encroachment": f.SpineImaging(obstruction=False),
        "pain_category_recorded": f.PainCourse(extent="diffuse"),
    }.items():
        item = criterion(with_facts(fact), name, site=SITE)
        assert (item.status, bool(item.missing)) == ("unknown", True), name


def test_an_agent_without_a_stop_time_is_unknown_until_the_site_loads_its_own() -> None:
    plan = f.AntithromboticPlan(agents=(f.AgentPlan(agent="cangrelor", stop_hours=6, restart_hours=6),))
    chart = with_facts(plan)
    assert status(chart, "anticoagulant_stop_plan") == "unknown"
    assert criterion(chart, "anticoagulant_stop_plan", site=Site(stop_hours={"cangrelor": 4})).status == "met"
    doac = f.AgentPlan(agent="direct oral anticoagulant", stop_hours=71, restart_hours=24)
    assert status(with_facts(f.AntithromboticPlan(agents=(doac,))), "anticoagulant_stop_plan") == "not_met"


def test_imaging_before_the_last_progression_no_longer_counts() -> None:
    chart, maker = registered()
    chart = append(chart, maker.make(ev.FactRecorded, fact=f.SpineImaging(encroachment=False)))
    maker.now += MS_PER_DAY
    chart = append(chart, maker.make(ev.FactRecorded, fact=f.TumourProgression()))
    assert status(chart, "tumour_encroachment") == "unknown"
    maker.now += MS_PER_DAY
    chart = append(chart, maker.make(ev.FactRecorded, fact=f.SpineImaging(encroachment=False)))
    assert status(chart, "tumour_encroachment") == "met"


def test_a_stale_finding_is_unknown_again_and_says_so() -> None:
    chart = with_facts(f.InfectionCheck(systemic=False, local=False))
    late = criterion(chart, "infection", now=T0 + 15 * MS_PER_DAY)
    assert (late.status, late.missing) == ("unknown", "Record it again: the last one is too old.")
    assert "15 days old" in late.evidence[0]
    assert criterion(chart, "infection", now=T0 + 14 * MS_PER_DAY).status == "met"


def test_what_is_found_later_does_not_count_before() -> None:
    chart = with_facts(f.InfectionCheck(systemic=True, local=False))
    assert criterion(chart, "infection", now=T0 - 1).status == "unknown"


def test_a_waiver_is_a_reason_and_never_met_and_no_contraindication_is_waived() -> None:
    chart, maker = registered()
    waiver = maker.make(ev.CriterionWaived, "prescriber", criterion="fail_chiropractic", reason="Unstable spine.")
    chart = append(chart, waiver)
    item = criterion(chart, "fail_chiropractic")
    assert item.status == "waived_with_reason" and "Unstable spine" in item.evidence[0]
    assert "1 are waived with a reason" in evaluate(chart).advice
    for name, code in (("infection", "not_waivable"), ("nothing", "criterion")):
        wrong = maker.make(ev.CriterionWaived, "prescriber", criterion=name, reason="Because.")
        assert [each.code for each in refusals(chart, wrong)] == [code]
    assert status(append(chart, maker.history("chiropractic")), "fail_chiropractic") == "met"


def test_the_rule_sets_ask_for_what_their_texts_ask() -> None:
    assert ruleset("source_document").require[0] == "fail_physiotherapy"
    assert ruleset("us_medicare").exclude == ("allergy", "infection", "body_size", "other_device")
    assert ruleset("aetna_0161").require[3] == "trial_done"
    assert ruleset("evicore_cmm210").alternate == ("trial_pain_50_8h",)
    assert ruleset("unicare_surg68_cancer").exclude == ("tumour_encroachment", "infection", "coagulopathy")
    assert ruleset("pacc2024_noncancer").require[0] == "psych_evaluation"
    assert not ruleset("england_noncancer").available
    assert not ruleset("bps2015").confirmed
    chart, _ = registered()
    for name in rulesets():
        found = evaluate(chart, name)
        assert found.version and found.source and len(found.items) + len(found.safety) >= 20
        assert not {item.status for item in found.items if item.criterion != "age_prognosis"} - {"unknown"}
    assert not evaluate(chart, "england_noncancer").available
    assert not evaluate(chart, "aetna_0161", site=Site(closed=("aetna_0161",))).available


def test_contraindications_count_whatever_the_rule_set_says_and_nothing_says_yes() -> None:
    chart = with_facts(f.InfectionCheck(systemic=True), f.SubstanceUse(status="remission"))
    for name in rulesets():
        found = evaluate(chart, name)
        assert [item.criterion for item in found.contraindications] == ["infection"]
        assert "substance_use" in [item.criterion for item in found.cautions]
        text = found.advice.lower()
        assert "1 are present" in text and not {"yes", "eligible", "candidate"} & set(text.split())
        assert found.missing_safety


def test_a_site_has_its_own_ladder() -> None:
    chart = with_facts(*LADDER)
    item = criterion(chart, "less_invasive_failed", site=Site(ladder=("physiotherapy", "back_surgery")))
    assert (item.status, item.missing) == ("unknown", "Record a result for back_surgery.")


@settings(deadline=None)
@given(st.sampled_from(criteria()), st.sampled_from(rulesets()))
def test_an_empty_chart_meets_nothing(name: str, rules: str) -> None:
    assert criterion(Chart(), name, rules).status == "unknown"


@pytest.mark.parametrize("name", ["", "x" * 999, "fail"])
def test_unknown_names_are_refused_with_what_there_is(name: Any) -> None:
    with pytest.raises(Refused, match="fail_physiotherapy"):
        criterion(Chart(), name)
    with pytest.raises(Refused, match="source_document"):
        evaluate(Chart(), name)


@pytest.mark.parametrize("now", [-1, 2**63, float("nan"), "now", True])
def test_a_wrong_time_is_refused(now: Any) -> None:
    with pytest.raises(Refused):
        evaluate(Chart(), now=now)


def test_a_new_pump_and_a_new_catheter_are_the_implant_from_then_on() -> None:
    chart = fold(whole_way())
    maker = Maker(77)
    maker.now = chart.events[-1].meta.recorded + MS_PER_DAY
    fields: F = {"reason": "battery", "pump_profile": "virtual_peristaltic_40", "serial": "SN-2", "fill_nl": 30 * ML}
    new = maker.make(ev.PumpReplaced, "prescriber", pump="implant-2", solution="morphine 10 mg/mL", **fields)
    chart = append(chart, new)
    assert chart.implant is not None
    assert (chart.implant.pump, chart.implant.serial, chart.implant.tip_level) == ("implant-2", "SN-2", "T10")
    order = maker.order(3 * MG, "morphine 10 mg/mL")
    written = maker.make(
        ev.PrescriptionWritten,
        "prescriber",
        prescription=order.to_bytes().decode(),
        digest=order.digest(),
        pump="implant-2",
        purpose="therapy",
        formulary="site-3",
    )
    assert append(chart, written).orders[-1].event.formulary == "site-3"
    assert [each.code for each in refusals(chart, new.model_copy(update={"meta": maker.meta("prescriber")}))] == [
        "same_pump"
    ]
    catheter = ev.CatheterRecord(model="flowonix_11823", supplied_mm=(1100,), trimmed_mm=(400,))
    revised = maker.make(ev.CatheterRevised, "prescriber", reason="It leaked.", catheter=catheter, tip_level="T8")
    after = append(chart, revised)
    assert after.implant is not None and (after.implant.tip_level, after.implant.path) == ("T8", "unknown")


def test_every_finding_has_a_criterion_or_a_page_that_reads_it() -> None:
    source = "".join(
        inspect.getsource(module) for module in {inspect.getmodule(check) for check in CHECKS.values()} if module
    )
    for topic in f.__dict__.values():
        if (
            isinstance(topic, type)
            and "topic" in getattr(topic, "model_fields", {})
            and topic not in (f.Priorities, f.Spasticity)
        ):
            assert topic.__name__ in source or topic.__name__ == "SystemicOpioids", topic
