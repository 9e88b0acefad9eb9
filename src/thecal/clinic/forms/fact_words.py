"""Plain words for the facts of a chart: their names, their questions and their answers.

What has no word here is shown by its own name, so a new kind of fact needs none.
"""

from collections.abc import Callable, Mapping

from thecal.formulary import Solution
from thecal.therapy.candidacy import antithrombotics
from thecal.therapy.conversion import mme_factors

GROUPS: Mapping[str, str] = {
    "conservative": "Care before a pump",
    "pain": "Pain and its cause",
    "psych": "Mind and consent",
    "opioid": "Opioids and other medicines",
    "medical": "Medical and surgical fitness",
    "trial": "Trial",
    "spasticity": "Spasticity",
    "replacement": "Replacement of a pump",
    "other": "Other",
}
TITLES: Mapping[str, str] = {
    "psych_evaluation": "Psychological evaluation",
    "lab_result": "Laboratory result",
    "neuro_exam": "Neurological examination",
    "leg_exam": "Examination of the legs",
    "spine_imaging": "Imaging of the spine",
    "tumour_progression": "Progression of the tumour",
    "therapy_plan": "Planned treatment",
    "off_label_reason": "Reason for off-label use",
    "adjuvant_decision": "Decision on adjuvants",
    "trial_tolerance": "Side effects of the trial accepted",
    "ashworth_test": "Test bolus of baclofen",
    "spasticity": "Origin of spasticity",
    "replacement_reason": "Reason for a replacement",
    "infection_check": "Examination for infection",
    "product_check": "Check of the product",
    "priorities": "What matters to the patient",
}
LABELS: Mapping[str, str] = {
    "Pathology.evidence": "Supported by",
    "Pathology.explains_pain": "Does it explain the pain?",
    "PainCourse.onset": "Pain since",
    "PainCourse.expected_days": "Expected to last, in days",
    "PainCourse.extent": "How far it spreads",
    "SurgicalOpinion.opinion": "Further corrective surgery is",
    "Prognosis.days": "Expected survival, in days",
    "SpineImaging.encroachment": "Does a tumour encroach on the thecal sac?",
    "SpineImaging.obstruction": "Is the canal obstructed?",
    "SpineImaging.fusion_or_deformity": "Is there a fusion or a deformity?",
    "PsychEvaluation.provider": "Evaluated by",
    "PsychEvaluation.uncontrolled_illness": "Is a major mental illness uncontrolled?",
    "PsychEvaluation.psychosis_history": "Is there a history of psychosis?",
    "Agreement.what": "Asked to agree to",
    "Agreement.given": "Was the agreement given?",
    "Consent.consented": "Understood and consented?",
    "Consent.refill_access": "Can every refill be attended?",
    "Goal.name": "Goal",
    "Goal.baseline": "Value before the trial",
    "Goal.reached": "Was it reached?",
    "SystemicOpioids.taken": "Opioids of one day",
    "OpioidExposure.status": "The patient is",
    "MedicineList.active": "Medicines taken now",
    "Medicine.drug_class": "Class",
    "TherapyPlan.patient_boluses": "Are patient-activated doses planned?",
    "OffLabelReason.compounding_source": "Who compounds it",
    "LabResult.value": "Value, as it stands in the report",
    "InfectionCheck.systemic": "Is there a systemic infection?",
    "InfectionCheck.local": "Is there an infection at the site of pump, catheter or needle?",
    "Coagulation.status": "Coagulation is",
    "Coagulation.cannot_stop": "Is there anticoagulation that cannot be stopped?",
    "AntithromboticPlan.agents": "Antithrombotics",
    "AgentPlan.stop_hours": "Stopped before, in hours",
    "AgentPlan.inr": "INR",
    "AgentPlan.restart_hours": "Restarted after, in hours",
    "SurgicalFit.body_sufficient": "Can the body take the pump?",
    "SurgicalFit.depth_mm": "Planned depth of the pump",
    "NeuroExam.raised_icp_suspected": "Is raised intracranial pressure suspected?",
    "NeuroExam.new_deficit": "Is there a new deficit?",
    "AllergyReview.drugs": "Allergies to drugs",
    "AllergyReview.materials": "Allergies to implant materials",
    "OtherDevices.devices": "Other implanted devices",
    "ImplantedDevice.programmable": "Programmable?",
    "ImplantedDevice.crosstalk_checked": "Crosstalk checked?",
    "BloodCount.neutrophils": "Neutrophils per microlitre",
    "BloodCount.platelets": "Platelets per microlitre",
    "RespiratoryRisk.sedatives": "Sedatives taken",
    "LegExam.oedema": "Is there oedema or venous disease?",
    "ProductCheck.preservative_free": "Is it free of preservative?",
    "ProductCheck.ph": "pH",
    "TrialTolerance.accepts": "Does the patient accept the side effects?",
    "AntispasticCourse.start": "From",
    "AntispasticCourse.end": "Until",
    "AntispasticCourse.outcome": "What came of it",
    "AshworthTest.dose_mcg": "Dose",
    "AshworthTest.before": "Score before",
    "AshworthTest.after": "Score after",
    "AshworthTest.hours": "Lasted, in hours",
    "ReplacementReason.replacement_indicated": "Does the pump say that it must be replaced?",
    "ReplacementReason.fault_confirmed": "Is a fault confirmed?",
    "ReplacementReason.abuse_evidence": "Is there evidence of abuse?",
    "Priorities.words": "In the patient's own words",
}
"""Questions by class and field."""
CHOICES: Mapping[str, str] = {
    "cbt": "Cognitive behavioural therapy",
    "pain_programme": "Pain programme",
    "halve_opioids": "Halving the systemic opioids",
    "pain_agreement": "A pain agreement",
    "active_untreated": "Active and untreated",
    "underlying_disease": "Other specialist in the underlying disease",
    "no_other_option": "No other reasonable option is left",
    "other_option_left": "Another option is left",
    "lh": "LH",
    "fsh": "FSH",
    "igf1": "IGF-1",
}
HINTS: Mapping[str, str] = {
    "TherapyPlan.solution": "Each drug with its concentration, for example morphine 10 mg/mL + bupivacaine 5 mg/mL.",
    "OpioidIntake.drug": "A name of the list can be counted in morphine equivalents; another one is kept, not counted.",
    "AgentPlan.agent": "Stop times are known for the names of the list.",
    "Priorities.words": "One a line, the most important first.",
}
SUGGESTED: Mapping[str, Callable[[], tuple[str, ...]]] = {
    "OpioidIntake.drug": lambda: tuple(name.removesuffix("_mcg_h") for name in mme_factors()),
    "AgentPlan.agent": antithrombotics,
}
"""Names to choose from where others may be written as well."""
READABLE: Mapping[str, Callable[[str], object]] = {"TherapyPlan.solution": Solution.parse}
"""What must be readable as more than text; each raises Refused."""


def sentence(name: str) -> str:
    """``no_other_option`` as ``No other option``."""
    text = name.replace("_", " ")
    return text[:1].upper() + text[1:]


def title(topic: str) -> str:
    """The name of a kind of fact."""
    return TITLES.get(topic, sentence(topic))


def label(owner: str, name: str) -> str:
    """The question of a field of the class ``owner``."""
    return LABELS.get(f"{owner}.{name}", sentence(name))


def choice(value: str) -> str:
    """An answer as people say it."""
    return CHOICES.get(value, sentence(value))
