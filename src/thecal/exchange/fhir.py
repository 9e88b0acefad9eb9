"""Read a FHIR R4 bundle of one patient: who they are, what was tried, and the pain scores as recorded.

Only the kinds of resource that are used are validated, each on its own with its FHIR model, so that one bad
resource is reported and not fatal. A bundle that is not one, or whose patient cannot be told, is refused whole.
"""

import hashlib
from collections import Counter
from collections.abc import Callable

from fhir.resources.R4B.allergyintolerance import AllergyIntolerance
from fhir.resources.R4B.careplan import CarePlan
from fhir.resources.R4B.condition import Condition
from fhir.resources.R4B.medicationrequest import MedicationRequest
from fhir.resources.R4B.medicationstatement import MedicationStatement
from fhir.resources.R4B.observation import Observation
from fhir.resources.R4B.patient import Patient
from fhir.resources.R4B.procedure import Procedure as FhirProcedure
from pydantic import BaseModel, ValidationError

from thecal.exchange.body_size import latest_g, latest_mm
from thecal.exchange.bundle import Bundle, Entry, open_bundle
from thecal.exchange.envelope import open_envelope, parse_json
from thecal.exchange.fields import Unreadable, clean, concept
from thecal.exchange.history import Course, gather
from thecal.exchange.imported import Imported, Measurement, Medication, PatientFacts, Problem, Procedure, Report
from thecal.exchange.outcomes import is_failed_back_surgery, stated_outcome
from thecal.exchange.patient import read_patient
from thecal.exchange.readers import (
    PAIN,
    observation_code,
    read_allergy,
    read_care_plan,
    read_condition,
    read_measurement,
    read_medication,
    read_pain,
    read_procedure,
    stated_reasons,
)
from thecal.quantity import Refusal, Refused
from thecal.therapy.events import ImportedItem, ImportedPain

_MODELS: dict[str, tuple[type[BaseModel], str]] = {
    "Condition": (Condition, "subject"),
    "AllergyIntolerance": (AllergyIntolerance, "patient"),
    "MedicationRequest": (MedicationRequest, "subject"),
    "MedicationStatement": (MedicationStatement, "subject"),
    "Procedure": (FhirProcedure, "subject"),
    "CarePlan": (CarePlan, "subject"),
    "Observation": (Observation, "subject"),
}
_REPORTED_MAX = 5_000


def read_bundle(data: bytes, now_ms: int | None = None) -> Imported:
    """Read a bundle (JSON, or gzip of it). With ``now_ms`` whatever lies after that time is left out and reported.

    Raises Refused, with path and reason, when it is not a FHIR R4 Bundle with exactly one readable patient; nothing
    is half-read. A single bad resource is reported in ``report.problems`` and the rest is read.
    """
    text = open_envelope(data)
    bundle = open_bundle(parse_json(text))
    imported = _Reading(bundle, now_ms).imported(hashlib.sha256(text).hexdigest())
    imported.events(0, "import", "system", entropy=bytes)  # whatever would not fit a chart is refused here, not later
    return imported


class _Reading:
    """The state of one reading: facts so far, and what was left out."""

    def __init__(self, bundle: Bundle, now_ms: int | None) -> None:
        self.bundle = bundle
        self.now_ms = now_ms
        self.problems: list[Problem] = [Problem("entry", "", path, reason) for path, reason in bundle.odd]
        self.read = Counter(entry.kind for entry in bundle.entries)
        self.used: Counter[str] = Counter()
        self.notes: list[str] = []
        self.conditions: list[ImportedItem] = []
        self.allergies: list[ImportedItem] = []
        self.medications: list[Medication] = []
        self.procedures: list[Procedure] = []
        self.care_plans: list[Procedure] = []
        self.pain: list[ImportedPain] = []
        self.measurements: list[Measurement] = []
        self.courses: list[Course] = []
        self.failed_back: list[int] = []
        self.readers: dict[str, Callable[[Entry], None]] = {
            "Condition": self._condition,
            "AllergyIntolerance": self._allergy,
            "MedicationRequest": self._medication,
            "MedicationStatement": self._medication,
            "Procedure": self._procedure,
            "CarePlan": self._care_plan,
            "Observation": self._observation,
        }

    def imported(self, digest: str) -> Imported:
        """Everything, read. Raises Refused when the patient cannot be told."""
        patient = self._patient()
        seen: set[tuple[str, str]] = set()
        for entry in self.bundle.entries:
            if entry.kind not in self.readers or (entry.kind == "Observation" and not observation_code(entry.tree)):
                continue
            if entry.id and (entry.kind, entry.id) in seen:
                self._problem(entry, "", "the bundle holds this resource twice; the first one counts")
                continue
            seen.add((entry.kind, entry.id))
            self._one(entry)
        if patient.deceased:
            self.notes.append(f"The patient is recorded as deceased ({patient.deceased}).")
        if self.bundle.incomplete:
            self.notes.append("The bundle is one page of several: it names a next page.")
        return Imported(
            patient=patient,
            conditions=tuple(self.conditions),
            allergies=tuple(self.allergies),
            medications=tuple(self.medications),
            procedures=tuple(self.procedures),
            care_plans=tuple(self.care_plans),
            pain=tuple(sorted(self.pain, key=lambda pain: pain.at)),
            measurements=tuple(sorted(self.measurements, key=lambda measurement: measurement.at)),
            weight_g=latest_g(self.measurements),
            height_mm=latest_mm(self.measurements),
            history=gather(self.courses, min(self.failed_back, default=None)),
            report=Report(dict(self.read), dict(self.used), tuple(self.problems[:_REPORTED_MAX]), tuple(self.notes)),
            digest=digest,
        )

    def _patient(self) -> PatientFacts:
        entry = self.bundle.patient
        try:
            Patient.model_validate(entry.tree)
            facts = read_patient(entry.tree, entry.reference)
        except _READ_ERRORS as error:
            path, reason = _where(error)
            where = f"{entry.path}.{path}" if path else entry.path
            do = "Correct the Patient resource; nothing was imported."
            raise Refused(Refusal("import_patient", reason, where, do)) from None
        self.used["Patient"] += 1
        return facts

    def _one(self, entry: Entry) -> None:
        model, subject = _MODELS[entry.kind]
        elsewhere = self.bundle.about_patient(entry, subject)
        if elsewhere:
            self._problem(entry, subject, elsewhere)
            return
        try:
            model.model_validate(entry.tree)
            self.readers[entry.kind](entry)
        except _READ_ERRORS as error:
            self._problem(entry, *_where(error))
        else:
            self.used[entry.kind] += 1

    def _problem(self, entry: Entry, path: str, reason: str) -> None:
        where = f"{entry.path}.{path}" if path else entry.path
        self.problems.append(Problem(entry.kind, entry.id, where, reason))

    def _condition(self, entry: Entry) -> None:
        item = read_condition(entry)
        self._not_later(item.start)
        self.conditions.append(item)
        code = concept(entry.tree.get("code"))
        if is_failed_back_surgery(code) and item.start is not None:
            self.failed_back.append(item.start)

    def _allergy(self, entry: Entry) -> None:
        self.allergies.append(read_allergy(entry))

    def _medication(self, entry: Entry) -> None:
        medication = read_medication(self.bundle, entry)
        self._not_later(medication.item.start)
        self.medications.append(medication)
        outcome, reason = stated_outcome(*stated_reasons(entry.tree))
        self.courses.extend(
            Course(treatment, drug, medication.item, medication.span, outcome, reason, rule)
            for treatment, drug, rule in medication.treatments
        )

    def _procedure(self, entry: Entry) -> None:
        self.procedures.append(self._treated(entry, read_procedure(entry)))

    def _care_plan(self, entry: Entry) -> None:
        self.care_plans.append(self._treated(entry, read_care_plan(entry)))

    def _treated(self, entry: Entry, procedure: Procedure) -> Procedure:
        self._not_later(procedure.item.start)
        if procedure.treatment is not None:
            outcome, reason = stated_outcome(*stated_reasons(entry.tree))
            subject = procedure.treatment.replace("_", " ")
            item, span = procedure.item, procedure.span
            self.courses.append(Course(procedure.treatment, subject, item, span, outcome, reason, procedure.rule))
        return procedure

    def _observation(self, entry: Entry) -> None:
        code = observation_code(entry.tree)
        if code == PAIN:
            pain = read_pain(entry)
            self._not_later(pain.at)
            self.pain.append(pain)
        else:
            measurement = read_measurement(entry, code)
            self._not_later(measurement.at)
            self.measurements.append(measurement)

    def _not_later(self, at: int | None) -> None:
        if self.now_ms is not None and at is not None and at > self.now_ms:
            raise Unreadable("it lies in the future")


# What a FHIR model or a reader raises on a bad resource; the models are known to let more than ValueError through.
_READ_ERRORS = (ValueError, TypeError, AttributeError, KeyError, IndexError, ArithmeticError, RecursionError)


def _where(error: Exception) -> tuple[str, str]:
    if isinstance(error, Unreadable):
        return error.path, error.reason
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False, include_input=False)[0]
        return clean(".".join(str(part) for part in first["loc"]), 120), clean(str(first["msg"]), 200)
    return "", clean(f"it cannot be read ({type(error).__name__})", 200)
