"""Facts on which criteria rest: what an examination, a consult, a laboratory or the patient said, one at a time.

``meta.at`` of the event is when it was found. None in a field means that it was not looked for. Lengths in mm, counts
per microlitre, amounts as text with a unit ("20 mg"), plain numbers as decimal text. ``source`` says where it was read.
"""

from collections.abc import Mapping
from typing import Annotated, Literal, get_args

from pydantic import Field

from thecal.therapy.events.common import Code, Day, Event, Length, Line, Note, Spinal, Value, Words

Decimal = Annotated[
    str, Field(pattern=r"^-?\d{1,9}(\.\d{1,9})?$", description="A plain number with a point, such as 7.4.")
]
Amount = Annotated[
    str,
    Field(
        pattern=r"^\d{1,9}(\.\d{1,9})? (mg|mcg|g|mcg/h)$",
        description="What is taken in a day, such as 40 mg; for a patch 25 mcg/h.",
    ),
]
Count = Annotated[int, Field(ge=0, le=10_000_000)]
CourseOutcome = Literal["inadequate", "adequate", "not_tolerated", "unknown"]


class SpecialistConsult(Value):
    """A specialist in the underlying disease says whether another reasonable option is left."""

    topic: Literal["specialist_consult"] = "specialist_consult"
    specialty: Literal["surgeon", "neurologist", "oncologist", "underlying_disease", "other"]
    conclusion: Literal["no_other_option", "other_option_left", "undecided"]


class Pathology(Value):
    """A diagnosis, and what was found that supports it."""

    topic: Literal["pathology"] = "pathology"
    diagnosis: Line
    evidence: Literal["imaging", "examination", "histology", "none"]
    explains_pain: bool | None = None


class PainCourse(Value):
    """Since when there is pain, how long it is expected to last, and how far it spreads."""

    topic: Literal["pain_course"] = "pain_course"
    onset: Day | None = None
    expected_days: Annotated[int, Field(ge=0, le=40_000)] | None = None
    extent: Literal["localized", "diffuse"] | None = None


class SurgicalOpinion(Value):
    """Whether further corrective surgery is indicated."""

    topic: Literal["surgical_opinion"] = "surgical_opinion"
    opinion: Literal["not_indicated", "declined", "indicated", "undecided"]


class Prognosis(Value):
    """Expected survival, in days."""

    topic: Literal["prognosis"] = "prognosis"
    days: Annotated[int, Field(ge=0, le=40_000)]


class SpineImaging(Value):
    """An imaging report of the spine."""

    topic: Literal["spine_imaging"] = "spine_imaging"
    encroachment: bool | None = None
    obstruction: bool | None = None
    fusion_or_deformity: bool | None = None


class TumourProgression(Value):
    """The tumour has progressed: imaging before this no longer counts."""

    topic: Literal["tumour_progression"] = "tumour_progression"


class PsychEvaluation(Value):
    """A psychological or behavioural-health evaluation."""

    topic: Literal["psych_evaluation"] = "psych_evaluation"
    provider: Line
    conclusion: Literal["suitable", "not_suitable", "undecided"]
    uncontrolled_illness: bool | None = None
    psychosis_history: bool | None = None


class BehaviouralTherapy(Value):
    """Treatment of what amplifies pain."""

    topic: Literal["behavioural_therapy"] = "behavioural_therapy"
    type: Literal["cbt", "psychology", "pain_programme"]


class SubstanceUse(Value):
    """The state of substance use."""

    topic: Literal["substance_use"] = "substance_use"
    status: Literal["none", "remission", "treated", "active_untreated"]


class Agreement(Value):
    """Something the patient agreed to, or refused, in writing."""

    topic: Literal["agreement"] = "agreement"
    what: Literal["pain_agreement", "halve_opioids"]
    given: bool


class Consent(Value):
    """The patient, or a carer, understands, consents and can attend every refill."""

    topic: Literal["consent"] = "consent"
    consented: bool | None = None
    refill_access: bool | None = None


class Goal(Value):
    """A goal of function, with its value before the trial and whether it was reached."""

    topic: Literal["goal"] = "goal"
    name: Line
    baseline: Decimal | None = None
    target: Decimal | None = None
    reached: bool | None = None


class OpioidIntake(Value):
    """One systemic opioid of a day: the drug as ``mme_factors`` names it, and its daily amount."""

    drug: Code
    amount: Amount


class SystemicOpioids(Value):
    """All systemic opioids of one day; an empty list says that none is taken."""

    topic: Literal["systemic_opioids"] = "systemic_opioids"
    taken: Annotated[tuple[OpioidIntake, ...], Field(max_length=20)]


class OpioidExposure(Value):
    """Whether the patient is used to opioids."""

    topic: Literal["opioid_exposure"] = "opioid_exposure"
    status: Literal["opioid_naive", "opioid_tolerant"]


class Medicine(Value):
    """One medicine that is taken now."""

    name: Line
    drug_class: Literal[
        "benzodiazepine", "gabapentinoid", "alcohol", "sedative", "antidepressant", "anticonvulsant", "opioid", "other"
    ]


class MedicineList(Value):
    """The reviewed list of all medicines taken now, alcohol included; empty when there is none."""

    topic: Literal["medicine_list"] = "medicine_list"
    active: Annotated[tuple[Medicine, ...], Field(max_length=100)]


class AdjuvantDecision(Value):
    """What was decided about antidepressants and anticonvulsants before the trial."""

    topic: Literal["adjuvant_decision"] = "adjuvant_decision"
    decision: Words


class TherapyPlan(Value):
    """The planned treatment: route, solution, patient-activated doses."""

    topic: Literal["therapy_plan"] = "therapy_plan"
    route: Spinal
    solution: Line
    patient_boluses: bool | None = None


class OffLabelReason(Value):
    """Why a drug is used off label, and who compounds it."""

    topic: Literal["off_label_reason"] = "off_label_reason"
    reason: Words
    compounding_source: Line | None = None


class LabResult(Value):
    """One laboratory value as it stands in the report."""

    topic: Literal["lab_result"] = "lab_result"
    test: Literal["testosterone", "cortisol", "lh", "fsh", "igf1", "oestradiol", "other"]
    value: Line


class InfectionCheck(Value):
    """An examination for infection, of the whole body and of the sites of pump, catheter and needle."""

    topic: Literal["infection_check"] = "infection_check"
    systemic: bool | None = None
    local: bool | None = None


class Coagulation(Value):
    """Coagulation, and whether anticoagulation can be stopped."""

    topic: Literal["coagulation"] = "coagulation"
    status: Literal["normal", "corrected", "uncorrected"]
    cannot_stop: bool | None = None


class AgentPlan(Value):
    """One antithrombotic: how long it is stopped before the procedure (or the INR), and when it starts again."""

    agent: Code
    stop_hours: Annotated[int, Field(ge=0, le=2_400)] | None = None
    inr: Decimal | None = None
    restart_hours: Annotated[int, Field(ge=0, le=2_400)] | None = None


class AntithromboticPlan(Value):
    """The stop and restart of each antithrombotic; empty when none is taken."""

    topic: Literal["antithrombotic_plan"] = "antithrombotic_plan"
    agents: Annotated[tuple[AgentPlan, ...], Field(max_length=20)]


class SurgicalFit(Value):
    """Whether the body can take the pump, and how deep it will lie."""

    topic: Literal["surgical_fit"] = "surgical_fit"
    body_sufficient: bool | None = None
    depth_mm: Length | None = None


class NeuroExam(Value):
    """A neurological examination."""

    topic: Literal["neuro_exam"] = "neuro_exam"
    raised_icp_suspected: bool | None = None
    new_deficit: bool | None = None


class AllergyReview(Value):
    """Allergies to drugs and implant materials; both empty when none is known."""

    topic: Literal["allergy_review"] = "allergy_review"
    drugs: Annotated[tuple[Line, ...], Field(max_length=50)] = ()
    materials: Annotated[tuple[Line, ...], Field(max_length=50)] = ()


class ImplantedDevice(Value):
    """Another device in the body."""

    name: Line
    programmable: bool
    crosstalk_checked: bool = False


class OtherDevices(Value):
    """All other implanted devices; empty when there is none."""

    topic: Literal["other_devices"] = "other_devices"
    devices: Annotated[tuple[ImplantedDevice, ...], Field(max_length=20)]


class BloodCount(Value):
    """Neutrophils and platelets, per microlitre."""

    topic: Literal["blood_count"] = "blood_count"
    neutrophils: Count | None = None
    platelets: Count | None = None


class RespiratoryRisk(Value):
    """What raises the risk of late respiratory depression, each looked for or not."""

    topic: Literal["respiratory_risk"] = "respiratory_risk"
    sleep_apnoea: bool | None = None
    obesity: bool | None = None
    diabetes: bool | None = None
    lung_disease: bool | None = None
    sedatives: bool | None = None


class LegExam(Value):
    """Leg oedema or venous disease."""

    topic: Literal["leg_exam"] = "leg_exam"
    oedema: bool


class ProductCheck(Value):
    """Preservative and pH of the product that goes into the pump."""

    topic: Literal["product_check"] = "product_check"
    product: Line
    preservative_free: bool | None = None
    ph: Decimal | None = None


class TrialTolerance(Value):
    """Whether the patient accepts the side effects of the trial."""

    topic: Literal["trial_tolerance"] = "trial_tolerance"
    accepts: bool
    daily_activities: Note = ""


class AntispasticCourse(Value):
    """A course of oral antispastic drugs."""

    topic: Literal["antispastic_course"] = "antispastic_course"
    start: Day
    end: Day
    outcome: CourseOutcome


class AshworthTest(Value):
    """A test bolus of baclofen: dose in mcg, Ashworth or spasm score before and after, hours that the fall lasted."""

    topic: Literal["ashworth_test"] = "ashworth_test"
    dose_mcg: Annotated[int, Field(ge=1, le=10_000)]
    before: Decimal
    after: Decimal
    hours: Decimal


class Spasticity(Value):
    """Where spasticity comes from; limits of baclofen differ by it."""

    topic: Literal["spasticity"] = "spasticity"
    origin: Literal["spinal", "cerebral", "unknown"]


class ReplacementReason(Value):
    """Why a pump is to be replaced."""

    topic: Literal["replacement_reason"] = "replacement_reason"
    replacement_indicated: bool | None = None
    fault_confirmed: bool | None = None
    abuse_evidence: bool | None = None


class Priorities(Value):
    """What matters to the patient, in the patient's own words, the most important first."""

    topic: Literal["priorities"] = "priorities"
    words: Annotated[tuple[Line, ...], Field(min_length=1, max_length=20)]


Finding = Annotated[
    SpecialistConsult
    | Pathology
    | PainCourse
    | SurgicalOpinion
    | Prognosis
    | SpineImaging
    | TumourProgression
    | PsychEvaluation
    | BehaviouralTherapy
    | SubstanceUse
    | Agreement
    | Consent
    | Goal
    | SystemicOpioids
    | OpioidExposure
    | MedicineList
    | AdjuvantDecision
    | TherapyPlan
    | OffLabelReason
    | LabResult
    | InfectionCheck
    | Coagulation
    | AntithromboticPlan
    | SurgicalFit
    | NeuroExam
    | AllergyReview
    | OtherDevices
    | BloodCount
    | RespiratoryRisk
    | LegExam
    | ProductCheck
    | TrialTolerance
    | AntispasticCourse
    | AshworthTest
    | Spasticity
    | ReplacementReason
    | Priorities,
    Field(discriminator="topic"),
]

TOPICS: Mapping[str, type[Value]] = {
    str(fact.model_fields["topic"].default): fact for fact in get_args(get_args(Finding)[0])
}
"""Every kind of fact by its topic."""


class FactRecorded(Event):
    """One finding, at the time at which it was found. A later finding on the same topic takes its place."""

    kind: Literal["fact_recorded"] = "fact_recorded"
    fact: Finding
    source: Line = "entered by hand"


class CriterionWaived(Event):
    """A prescriber sets a criterion aside, with the reason; the criterion then stands as waived, never as met."""

    kind: Literal["criterion_waived"] = "criterion_waived"
    criterion: Code
    reason: Words
