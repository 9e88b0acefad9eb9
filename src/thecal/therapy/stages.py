"""Which event may be written from which stage, by which role, and what is missing when it may not.

The table ``STEPS`` is the pathway; docs/therapy/pathway.md shows it and a test compares the two.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from thecal.quantity import Refusal, Refused
from thecal.therapy.chart import Stage
from thecal.therapy.door import checked
from thecal.therapy.events import Role

WAY: tuple[Stage, ...] = ("new", "referred", "assessed", "trial", "decision", "implanted", "in_therapy")
CLOSED: tuple[Stage, ...] = ("declined", "withdrawn", "explanted")
ALL: tuple[Stage, ...] = WAY[1:] + CLOSED
_PUMP: tuple[Stage, ...] = ("implanted", "in_therapy", "declined", "withdrawn")
_STAFF: tuple[Role, ...] = ("nurse", "prescriber")
_WRITERS: tuple[Role, ...] = ("nurse", "prescriber", "system")


@dataclass(frozen=True, slots=True)
class StepRule:
    """One row of the pathway. ``needs`` names the step that must come first; ``leads_to`` the stage after it.

    ``leads_to`` None leaves the stage as it is. ``late`` says why the step is refused when its time has passed.
    """

    roles: tuple[Role, ...]
    stages: tuple[Stage, ...]
    leads_to: Stage | None
    title: str
    needs: str
    late: str = "The chart is past this step."


STEPS: Mapping[str, StepRule] = {
    "patient_registered": StepRule(
        _WRITERS, ("new",), "referred", "register the patient", "a chart of its own", "The patient is registered."
    ),
    "history_recorded": StepRule(_WRITERS, ALL, None, "record a treatment", "the patient's registration"),
    "record_imported": StepRule(_WRITERS, ALL, None, "import a record", "the patient's registration"),
    "pain_recorded": StepRule(
        ("patient", "nurse", "prescriber", "system"), ALL, None, "record pain", "the patient's registration"
    ),
    "candidacy_reviewed": StepRule(
        ("prescriber",), ("referred", "assessed"), "assessed", "review candidacy", "the patient's registration"
    ),
    "trial_planned": StepRule(
        ("prescriber",),
        ("assessed", "decision"),
        None,
        "plan the trial",
        "the candidacy review by a prescriber",
        "The trial has started: its plan and its rule cannot change any more.",
    ),
    "trial_started": StepRule(
        _STAFF, ("assessed", "decision"), "trial", "start the trial", "a trial plan", "A trial has already started."
    ),
    "trial_dose_changed": StepRule(
        ("prescriber",), ("trial",), None, "change the trial dose", "a running trial", "The trial is over."
    ),
    "trial_concluded": StepRule(
        ("prescriber",), ("trial",), "decision", "conclude the trial", "a running trial", "The trial is concluded."
    ),
    "decision_recorded": StepRule(
        ("prescriber",),
        ("decision",),
        None,
        "record the shared decision",
        "a concluded trial",
        "The pump is implanted: the decision was carried out.",
    ),
    "implant_recorded": StepRule(
        ("prescriber",),
        ("decision",),
        "implanted",
        "record the implant",
        "the shared decision for an implant",
        "An implant is already recorded; correct it if it is wrong.",
    ),
    "prescription_written": StepRule(
        ("prescriber",),
        ("assessed", "trial", "decision", *_PUMP),
        None,
        "write a prescription",
        "a trial plan or an implant",
    ),
    "prescription_sent": StepRule(
        _STAFF,
        ("assessed", "trial", "decision", *_PUMP),
        None,
        "send a prescription",
        "a written prescription",
    ),
    "prescription_acknowledged": StepRule(
        ("system",),
        ("assessed", "trial", "decision", *_PUMP),
        None,
        "acknowledge a prescription",
        "a sent prescription",
    ),
    "prescription_confirmed": StepRule(
        ("system",),
        ("assessed", "trial", "decision", *_PUMP),
        None,
        "confirm a prescription",
        "an acknowledged prescription",
    ),
    "prescription_disputed": StepRule(
        _WRITERS,
        ("assessed", "trial", "decision", *_PUMP),
        None,
        "dispute a prescription",
        "a sent prescription",
    ),
    "refill_recorded": StepRule(_STAFF, ("trial", *_PUMP), None, "record a refill", "an implanted or trial pump"),
    "pump_gap_noted": StepRule(_WRITERS, ("trial", *_PUMP), None, "note a gap", "an implanted or trial pump"),
    "explanted": StepRule(("prescriber",), _PUMP, "explanted", "record the explant", "an implanted pump"),
    "declined": StepRule(_STAFF, WAY[1:], "declined", "record that there will be no pump", "a registered patient"),
    "withdrawn": StepRule(_STAFF, (*WAY[1:], "declined"), "withdrawn", "record the withdrawal", "a registered patient"),
    "fact_recorded": StepRule(_WRITERS, ALL, None, "record a finding", "the patient's registration"),
    "criterion_waived": StepRule(("prescriber",), ALL, None, "waive a criterion", "the patient's registration"),
    "measure_recorded": StepRule(
        ("patient", "nurse", "prescriber", "system"), ALL, None, "record a measure", "the patient's registration"
    ),
    "side_effect_recorded": StepRule(
        ("patient", "nurse", "prescriber", "system"), ALL, None, "record a side effect", "the patient's registration"
    ),
    "opioid_taken": StepRule(
        ("patient", "nurse", "prescriber", "system"), ALL, None, "record an opioid", "the patient's registration"
    ),
    "complication_recorded": StepRule(_STAFF, ALL, None, "record a complication", "the patient's registration"),
    "visit_recorded": StepRule(_STAFF, ALL, None, "record a visit", "the patient's registration"),
    "trial_waived": StepRule(
        ("prescriber",), ("assessed",), "decision", "waive the trial", "the candidacy review by a prescriber"
    ),
    "trial_shot_given": StepRule(_STAFF, ("trial",), None, "record a trial dose", "a running trial"),
    "procedure_recorded": StepRule(_STAFF, ("trial", *_PUMP), None, "record a procedure", "an implanted or trial pump"),
    "pump_replaced": StepRule(("prescriber",), _PUMP, None, "record a new pump", "an implanted pump"),
    "catheter_revised": StepRule(("prescriber",), _PUMP, None, "record a catheter revision", "an implanted pump"),
    "battery_noted": StepRule(_WRITERS, _PUMP, None, "record the battery", "an implanted pump"),
    "corrected": StepRule(_STAFF, ALL, None, "correct an event", "the event that is wrong"),
}

FACTS = frozenset(
    {
        "history_recorded",
        "record_imported",
        "pain_recorded",
        "fact_recorded",
        "criterion_waived",
        "measure_recorded",
        "side_effect_recorded",
        "opioid_taken",
        "complication_recorded",
        "visit_recorded",
    }
)
"""Kinds that are allowed at every stage and move none, so that one can be taken back without touching any other."""

FIXED = frozenset(
    {
        "trial_started",
        "trial_concluded",
        "prescription_written",
        "prescription_sent",
        "prescription_acknowledged",
        "prescription_confirmed",
        "prescription_disputed",
        "pump_replaced",
        "catheter_revised",
        "trial_waived",
        "corrected",
    }
)
"""Kinds that say what a pump or a rule did: these are never corrected, only followed by what happened next."""


@checked
def may(kind: str, stage: Stage, role: Role) -> Refusal | None:
    """None when the table lets ``role`` write ``kind`` from ``stage``; else why not, and what is missing.

    Raises Refused for a kind that the table does not know.
    """
    if kind not in STEPS:
        raise Refused(Refusal("kind", f"{kind[:60]!r} is no step.", "may.kind", f"Use one of {', '.join(STEPS)}."))
    return permission(kind, stage, role)


@cache
def permission(kind: str, stage: Stage, role: Role) -> Refusal | None:
    """As ``may``, for a kind, a stage and a role that are known: the fold asks it of every event."""
    step = STEPS[kind]
    if role not in step.roles:
        return Refusal(
            code="role",
            what=f"The role {role} may not {step.title}.",
            where=kind,
            do=f"Ask a {' or a '.join(step.roles)}.",
        )
    if stage in step.stages:
        return None
    return Refusal(
        code="stage", what=f"It is not possible to {step.title} at stage {stage}.", where=kind, do=_do(step, stage)
    )


def _do(step: StepRule, stage: Stage) -> str:
    if stage in CLOSED:
        return f"The chart is closed ({stage})."
    first = min(WAY.index(each) for each in step.stages if each in WAY)
    return f"Missing first: {step.needs}." if WAY.index(stage) < first else step.late
