"""Treatments are recognised by name, code and route, and what only resembles them is not."""

import pytest

from thecal.exchange.fields import Coding, Concept
from thecal.exchange.medications import classify
from thecal.exchange.outcomes import is_failed_back_surgery, stated_outcome
from thecal.exchange.procedures import classify_procedure

RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"


def named(text: str) -> Concept:
    return Concept(text, ())


MEDICATIONS = {
    "Acetaminophen 300 MG / HYDROcodone Bitartrate 5 MG [Vicodin]": "oral_opioid",
    "12 HR Oxycodone Hydrochloride 15 MG Extended Release Oral Tablet": "oral_opioid",
    "Acetaminophen 300 MG / Codeine Phosphate 30 MG Oral Tablet": "oral_opioid",
    "tramadol hydrochloride 50 MG Oral Tablet": "oral_opioid",
    "Tramadol 100 mg/mL oral drops": "oral_opioid",
    "Morphine Sulfate 15 MG Extended Release Oral Tablet": "oral_opioid",
    "MS Contin 30 mg tablets": "oral_opioid",
    "tapentadol 50 MG Oral Tablet [Nucynta]": "oral_opioid",
    "Hydromorphone Hydrochloride 2 MG Oral Tablet": "oral_opioid",
    "Methadone Hydrochloride 10 MG Oral Tablet": "oral_opioid",
    "Meperidine Hydrochloride 50 MG Oral Tablet": "oral_opioid",
    "Oxycodone 10 mg / naloxone 5 mg prolonged-release tablet": "oral_opioid",
    "72 HR Fentanyl 0.025 MG/HR Transdermal System": None,
    "Duragesic 25 mcg/h patch": None,
    "fentanyl 0.2 MG Oral Transmucosal Lozenge": None,
    "1 ML Morphine Sulfate 10 MG/ML Injection": None,
    "morphine": None,
    "buprenorphine 8 MG / naloxone 2 MG Sublingual Film": None,
    "Naloxone Hydrochloride 4 MG Nasal Spray": None,
    "naltrexone hydrochloride 50 MG Oral Tablet": None,
    "apomorphine 10 MG Oral Tablet": None,
    "Dextromethorphan 15 MG Oral Capsule": None,
    "Codeine 2 MG/ML / guaifenesin 20 MG/ML Oral Solution": None,
    "Ibuprofen 200 MG Oral Tablet": "oral_nsaid",
    "Naproxen sodium 220 MG Oral Tablet": "oral_nsaid",
    "Celecoxib 200 MG Oral Capsule": "oral_nsaid",
    "meloxicam 15 MG Oral Tablet": "oral_nsaid",
    "Diclofenac Sodium 75 MG Delayed Release Oral Tablet": "oral_nsaid",
    "Aspirin 500 MG Oral Tablet": "oral_nsaid",
    "Aspirin 81 MG Oral Tablet": None,
    "Diclofenac Sodium 0.01 MG/MG Topical Gel": None,
    "ketorolac tromethamine 30 MG/ML Injection": None,
    "ketorolac 5 MG/ML Ophthalmic Solution": None,
    "Acetaminophen 325 MG Oral Tablet": None,
    "gabapentin 300 MG Oral Capsule": None,
    "Simvistatin 10 MG": None,
}


@pytest.mark.parametrize("text", MEDICATIONS)
def test_oral_opioids_and_nsaids_are_told_from_all_else(text: str) -> None:
    treatments = {match.treatment for match in classify(named(text))} - {None}
    assert treatments == ({MEDICATIONS[text]} - {None})


def test_every_match_says_which_rule_made_it() -> None:
    for text in MEDICATIONS:
        assert all(match.rule and match.drug for match in classify(named(text)))
    (fentanyl,) = classify(named("Duragesic 25 mcg/h patch"))
    assert fentanyl.rule == "the name 'duragesic' is fentanyl; the word 'patch' tells its form"


def test_a_code_without_a_name_is_enough_and_a_code_of_another_system_is_not() -> None:
    codeine = Concept("2670", (Coding(RXNORM, "2670", ""),))
    assert [match.treatment for match in classify(codeine)] == ["oral_opioid"]
    assert classify(Concept("2670", (Coding("http://snomed.info/sct", "2670", ""),))) == ()
    etoricoxib = Concept("M01AH05", (Coding("http://www.whocc.no/atc", "M01AH05", ""),))
    assert [match.family for match in classify(etoricoxib)] == ["nsaid"]


def test_the_recorded_route_comes_before_the_words() -> None:
    assert [m.treatment for m in classify(named("morphine"), route=named("Oral"))] == ["oral_opioid"]
    assert [m.treatment for m in classify(named("hydrocodone"), route=named("Intravenous"))] == [None]
    oral_code = Concept("26643006", (Coding("http://snomed.info/sct", "26643006", ""),))
    assert [m.treatment for m in classify(named("methadone"), route=oral_code)] == ["oral_opioid"]


def test_a_product_of_both_families_counts_as_both() -> None:
    matches = classify(named("hydrocodone bitartrate 7.5 MG / ibuprofen 200 MG Oral Tablet"))
    assert {match.treatment for match in matches} == {"oral_opioid", "oral_nsaid"}


PROCEDURES = {
    "Laminectomy": "back_surgery",
    "Lumbar microdiscectomy L5/S1": "back_surgery",
    "Discectomy of lumbar intervertebral disc": "back_surgery",
    "Excision of intervertebral disc": "back_surgery",
    "Spinal fusion": "back_surgery",
    "Posterior fusion of lumbar spine": "back_surgery",
    "Transforaminal lumbar interbody fusion (TLIF)": "back_surgery",
    "Arthrodesis of lumbar vertebrae": "back_surgery",
    "Decompression of lumbar spinal canal": "back_surgery",
    "Kyphoplasty": "back_surgery",
    "Total disc replacement L4-5": "back_surgery",
    "Back surgery": "back_surgery",
    "Insertion of spinal cord stimulator": "spinal_cord_stimulation",
    "Physical therapy procedure": "physiotherapy",
    "Physiotherapy": "physiotherapy",
    "Chest physiotherapy": None,
    "Chiropractic adjustment": "chiropractic",
    "Manipulation of lumbar spine": "chiropractic",
    "Magnetic resonance imaging after laminectomy": None,
    "Discectomy of temporomandibular joint": None,
    "Arthrodesis of ankle": None,
    "Fusion of wrist joint": None,
    "Carpal tunnel decompression": None,
    "Lumbar epidural steroid injection": None,
    "Lumbar puncture": None,
    "Knee arthroscopy": None,
    "Total hip replacement": None,
    "Appendectomy": None,
    "Bone density scan (procedure)": None,
    "Consultation for spinal fusion": None,
    "Respiratory therapy": None,
}


@pytest.mark.parametrize("text", PROCEDURES)
def test_back_operations_and_physical_treatments_are_told_from_all_else(text: str) -> None:
    match = classify_procedure(named(text))
    assert (match.treatment if match else None) == PROCEDURES[text]
    assert match is None or match.rule


def test_an_operation_is_known_by_its_code_alone() -> None:
    operation = Concept("x", (Coding("http://snomed.info/sct", "387731002", ""),))
    match = classify_procedure(operation)
    assert match is not None
    assert match.treatment == "back_surgery"
    assert classify_procedure(Concept("x", (Coding("http://example.org", "387731002", ""),))) is None


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("Lack of effect", "inadequate"),
        ("inadequate pain relief", "inadequate"),
        ("no relief", "inadequate"),
        ("Unsuccessful", "inadequate"),
        ("Adverse reaction", "not_tolerated"),
        ("no side effects", "unknown"),
        ("Contraindicated (renal failure)", "contraindicated"),
        ("Course completed", "unknown"),
        ("Successful", "unknown"),
        ("Cost", "unknown"),
        ("", "unknown"),
    ],
)
def test_only_what_the_record_says_becomes_an_outcome(text: str, outcome: str) -> None:
    assert stated_outcome(named(text))[0] == outcome


def test_failed_back_surgery_syndrome_is_recognised() -> None:
    assert is_failed_back_surgery(named("Postlaminectomy syndrome, lumbar region"))
    assert is_failed_back_surgery(Concept("x", (Coding("http://hl7.org/fhir/sid/icd-10-cm", "M96.1", ""),)))
    assert not is_failed_back_surgery(named("Chronic pain"))
