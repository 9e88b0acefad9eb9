"""What a criterion is read from: the kinds of fact, and the other parts of the chart that a person can fill.

Declared for each check, so that a page can ask for what is lacking; a test reads the same out of the checks themselves.
"""

from collections.abc import Mapping
from typing import Literal

from thecal.quantity import Refusal, Refused
from thecal.therapy.door import checked
from thecal.therapy.events import Value, facts
from thecal.therapy.reference import load

Part = Literal["history", "trial", "decision"]

READS: Mapping[str, tuple[type[Value], ...]] = {
    "second_specialist": (facts.SpecialistConsult,),
    "antispastic": (facts.AntispasticCourse,),
    "pathology": (facts.Pathology,),
    "pain_duration": (facts.PainCourse,),
    "pain_category": (facts.PainCourse,),
    "surgical_opinion": (facts.SurgicalOpinion,),
    "life_expectancy": (facts.Prognosis,),
    "encroachment": (facts.SpineImaging, facts.TumourProgression),
    "psych": (facts.PsychEvaluation,),
    "behavioural": (facts.BehaviouralTherapy,),
    "mental_illness": (facts.PsychEvaluation,),
    "psychosis": (facts.PsychEvaluation, facts.TherapyPlan),
    "substance_use": (facts.SubstanceUse,),
    "agreement": (facts.Agreement,),
    "consent": (facts.Consent,),
    "goals": (facts.Goal,),
    "mme_lower": (facts.SystemicOpioids,),
    "mme_half": (facts.Agreement, facts.SystemicOpioids),
    "mme_caution": (facts.SystemicOpioids,),
    "sedatives": (facts.MedicineList,),
    "adjuvants": (facts.AdjuvantDecision,),
    "on_label": (facts.TherapyPlan, facts.OffLabelReason),
    "endocrine": (facts.LabResult,),
    "infection": (facts.InfectionCheck,),
    "coagulopathy": (facts.Coagulation,),
    "stop_plan": (facts.AntithromboticPlan,),
    "body_size": (facts.SurgicalFit,),
    "implant_depth": (facts.SurgicalFit,),
    "anatomy": (facts.SpineImaging,),
    "raised_icp": (facts.NeuroExam,),
    "allergy": (facts.AllergyReview, facts.TherapyPlan),
    "other_device": (facts.OtherDevices,),
    "bone_marrow": (facts.BloodCount,),
    "respiratory": (facts.RespiratoryRisk,),
    "oedema": (facts.LegExam,),
    "ptm_naive": (facts.TherapyPlan, facts.OpioidExposure),
    "formulation": (facts.ProductCheck,),
    "replacement": (facts.ReplacementReason,),
    "same_route": (facts.TherapyPlan,),
    "trial_function": (facts.Goal,),
    "trial_tolerance": (facts.TrialTolerance,),
    "ashworth": (facts.AshworthTest,),
}
"""The facts that a check reads, in the order in which to ask for them."""

PARTS: Mapping[str, Part] = {
    **dict.fromkeys(("history", "periods", "ladder", "antispastic"), "history"),
    **dict.fromkeys(("trial_done", "same_route", "trial_relief", "trial_8h", "trial_inpatient", "placebo"), "trial"),
    "shared_decision": "decision",
}
"""The other part of the chart that a person fills for a check."""


@checked
def facts_of(criterion_id: str) -> tuple[str, ...]:
    """The topics of the facts that a criterion is read from; empty when it rests on none. Raises Refused."""
    return tuple(str(fact.model_fields["topic"].default) for fact in READS.get(_check(criterion_id), ()))


@checked
def part_of(criterion_id: str) -> Part | None:
    """The other part of the chart that a criterion is read from; None when there is none. Raises Refused."""
    return PARTS.get(_check(criterion_id))


def antithrombotics() -> tuple[str, ...]:
    """The antithrombotics whose stop times are known, as plans for them name the agent."""
    rows = next(each["check"] for each in load("candidacy")["criterion"] if each["check"]["type"] == "stop_plan")
    return tuple(row["agent"] for row in rows["stop_table"])


def groups() -> dict[str, tuple[str, ...]]:
    """The topics of all facts by the group of the criterion that asks for them; ``other`` holds the rest.

    A criterion that asks for a fact first goes before one that reads it beside others.
    """
    rows, home = load("candidacy")["criterion"], dict[str, str]()
    for part in (slice(0, 1), slice(1, None)):
        for row in rows:
            for topic in facts_of(row["id"])[part]:
                home.setdefault(topic, row["group"])
    names = [*dict.fromkeys(row["group"] for row in rows), "other"]
    found = {name: tuple(topic for topic in facts.TOPICS if home.get(topic, "other") == name) for name in names}
    return {name: topics for name, topics in found.items() if topics}


def _check(criterion_id: str) -> str:
    for row in load("candidacy")["criterion"]:
        if row["id"] == criterion_id:
            return str(row["check"]["type"])
    what = f"There is no criterion {str(criterion_id)[:60]!r}."
    raise Refused(Refusal("criterion", what, "criterion", "Use an id of thecal.therapy.criteria()."))
