"""Criteria of medical and surgical fitness. Lengths mm, counts per microlitre, stop times in hours."""

from collections.abc import Mapping
from typing import Any

from thecal.therapy.candidacy.look import UNKNOWN, absent, drugs, found, one, planned, said
from thecal.therapy.candidacy.model import Look, Reading
from thecal.therapy.events import Status
from thecal.therapy.events.facts import (
    AgentPlan,
    AllergyReview,
    AntithromboticPlan,
    BloodCount,
    Coagulation,
    InfectionCheck,
    LegExam,
    NeuroExam,
    OpioidExposure,
    OtherDevices,
    ProductCheck,
    ReplacementReason,
    RespiratoryRisk,
    SpineImaging,
    SurgicalFit,
    TherapyPlan,
)


def _any(*values: bool | None) -> bool | None:
    """True when one is true, False when all are false, None when it is not known."""
    if any(values):
        return True
    return None if None in values else False


def infection(look: Look) -> Reading:
    """Contraindicated while an infection is active, anywhere."""
    latest = found(look, InfectionCheck)
    if isinstance(latest, Reading):
        return latest
    return absent(latest[0], _any(latest[1].systemic, latest[1].local), "active infection, systemic or local")


def coagulopathy(look: Look) -> Reading:
    """Contraindicated when bleeding is uncorrected or anticoagulation cannot be stopped."""
    latest = found(look, Coagulation)
    if isinstance(latest, Reading):
        return latest
    event, fact = latest
    text = f"coagulation {fact.status}; anticoagulation that cannot be stopped: {fact.cannot_stop}"
    if fact.status == "uncorrected" or fact.cannot_stop:
        return Reading("not_met", (said(event, text),))
    return Reading("unknown" if fact.cannot_stop is None else "met", (said(event, text),))


def stop_plan(look: Look) -> Reading:
    """Met when each antithrombotic is stopped for long enough and has a restart."""
    latest = found(look, AntithromboticPlan)
    if isinstance(latest, Reading):
        return latest
    event, fact = latest
    if not fact.agents:
        return Reading("met", (said(event, "no antithrombotic is taken"),))
    readings = [_agent(agent, look) for agent in fact.agents]
    evidence = tuple(said(event, text) for _, text in readings)
    states = {state for state, _ in readings}
    return Reading("not_met" if "not_met" in states else "unknown" if "unknown" in states else "met", evidence)


def _agent(agent: AgentPlan, look: Look) -> tuple[str, str]:
    row: Mapping[str, Any] | None = next(
        (each for each in look.check["stop_table"] if each["agent"].lower() == agent.agent.lower()), None
    )
    own = look.site.stop_hours.get(agent.agent)
    if row is None and own is None:
        return "unknown", f"{agent.agent}: no stop time is known; the site must load its own"
    restart = f"restart after {agent.restart_hours} h" if agent.restart_hours is not None else "no restart planned"
    if row is not None and "rule" in row and own is None:
        text = f"{agent.agent}: INR {agent.inr or 'not recorded'}, asked for {row['rule']}; {restart}"
        if agent.inr is None:
            return "unknown", text
        enough = one(agent.inr) < one(str(row["rule"]).rpartition(" ")[2])
    else:
        hours = own if own is not None else _hours(row or {})
        text = f"{agent.agent}: stopped {agent.stop_hours} h before, asked for {hours} h; {restart}"
        if agent.stop_hours is None:
            return "unknown", text
        enough = agent.stop_hours >= hours
    if not enough:
        return "not_met", text
    return ("unknown" if agent.restart_hours is None else "met"), text


def _hours(row: Mapping[str, Any]) -> int:
    """The longest time that a row asks for, in hours."""
    return int(row.get("hours_max", row.get("hours", row.get("days", 0) * 24)))


def body_size(look: Look) -> Reading:
    """Contraindicated when the surgeon judges the body too small."""
    latest = found(look, SurgicalFit)
    if isinstance(latest, Reading):
        return latest
    enough = latest[1].body_sufficient
    return absent(latest[0], None if enough is None else not enough, "body too small for the pump")


def implant_depth(look: Look) -> Reading:
    """Contraindicated when the pump would lie deeper than telemetry and needle reach."""
    latest = found(look, SurgicalFit)
    if isinstance(latest, Reading):
        return latest
    event, fact = latest
    if fact.depth_mm is None:
        return UNKNOWN
    status: Status = "not_met" if fact.depth_mm > look.check["most_mm"] else "met"
    return Reading(status, (said(event, f"planned depth {fact.depth_mm} mm, at most {look.check['most_mm']} mm"),))


def anatomy(look: Look) -> Reading:
    """Contraindicated when the canal is obstructed; a caution after fusion or with deformity."""
    latest = found(look, SpineImaging)
    if isinstance(latest, Reading):
        return latest
    event, fact = latest
    reading = absent(event, fact.obstruction, "obstruction of the canal")
    caution = "Fusion or deformity: plan the entry of the catheter." if fact.fusion_or_deformity else ""
    return Reading(reading.status, reading.evidence, caution=caution)


def raised_icp(look: Look) -> Reading:
    """Contraindicated when raised intracranial pressure is suspected."""
    latest = found(look, NeuroExam)
    if isinstance(latest, Reading):
        return latest
    return absent(latest[0], latest[1].raised_icp_suspected, "suspicion of raised intracranial pressure")


def allergy(look: Look) -> Reading:
    """Contraindicated when an allergy matches a planned drug or a material of the implant."""
    latest = found(look, AllergyReview)
    if isinstance(latest, Reading):
        return latest
    event, fact = latest
    text = f"allergies: {', '.join((*fact.drugs, *fact.materials)) or 'none known'}"
    if not fact.drugs and not fact.materials:
        return Reading("met", (said(event, text),))
    plan = planned(look.chart, look.now)
    inside = drugs(plan[1]) if plan is not None else ()
    hits = [name for name in fact.drugs if any(each in name.lower() or name.lower() in each for each in inside)]
    materials = [each.lower() for each in look.site.pump_materials]
    hits += [name for name in fact.materials if any(name.lower() in each or each in name.lower() for each in materials)]
    if hits:
        return Reading("not_met", (said(event, f"{text}; match: {', '.join(hits)}"),))
    open_drug, open_material = bool(fact.drugs) and not inside, bool(fact.materials) and not materials
    if open_drug or open_material:
        missing = "Record the planned drug." if open_drug else "Name the materials of the chosen pump and catheter."
        return Reading("unknown", (said(event, text),), missing=missing)
    return Reading("met", (said(event, f"{text}; no match"),))


def other_device(look: Look) -> Reading:
    """Contraindicated beside another programmable device until crosstalk was checked; then a caution."""
    latest = found(look, OtherDevices)
    if isinstance(latest, Reading):
        return latest
    event, fact = latest
    programmable = [device for device in fact.devices if device.programmable]
    text = said(event, f"other programmable devices: {', '.join(each.name for each in programmable) or 'none'}")
    if not programmable:
        return Reading("met", (text,))
    if all(device.crosstalk_checked for device in programmable):
        return Reading("met", (text,), caution="Crosstalk was checked: check it again after each change of a device.")
    return Reading("not_met", (text,), missing="Record the crosstalk check.")


def bone_marrow(look: Look) -> Reading:
    """A caution when neutrophils or platelets are below the site's limits; unknown while the site has none."""
    latest = found(look, BloodCount)
    if isinstance(latest, Reading):
        return latest
    event, fact = latest
    pairs = (
        (fact.neutrophils, look.site.neutrophils, "neutrophils"),
        (fact.platelets, look.site.platelets, "platelets"),
    )
    evidence = tuple(
        said(event, f"{name} {'not measured' if value is None else value}/uL, limit {limit or 'not set'}")
        for value, limit, name in pairs
    )
    low = [value < limit for value, limit, _ in pairs if value is not None and limit is not None]
    if any(low):
        return Reading("not_met", evidence)
    missing = "" if look.site.neutrophils and look.site.platelets else "The site has not set its limits."
    return Reading("met", evidence) if len(low) == 2 else Reading("unknown", evidence, missing=missing)


def respiratory(look: Look) -> Reading:
    """A caution when anything raises the risk of late respiratory depression; it lengthens the watch of a trial."""
    latest = found(look, RespiratoryRisk)
    if isinstance(latest, Reading):
        return latest
    event, fact = latest
    named = {
        "sleep apnoea": fact.sleep_apnoea,
        "obesity": fact.obesity,
        "diabetes": fact.diabetes,
        "lung disease": fact.lung_disease,
        "sedatives": fact.sedatives,
    }
    present = [name for name, value in named.items() if value]
    open_ = [name for name, value in named.items() if value is None]
    text = f"present: {', '.join(present) or 'none'}; not looked for: {', '.join(open_) or 'none'}"
    if present:
        return Reading("not_met", (said(event, text),), caution="Plan a longer watch in the trial.")
    return Reading("unknown" if open_ else "met", (said(event, text),))


def oedema(look: Look) -> Reading:
    """A caution when the legs are swollen or the veins diseased."""
    latest = found(look, LegExam)
    if isinstance(latest, Reading):
        return latest
    return absent(latest[0], latest[1].oedema, "leg oedema or venous disease")


def ptm_naive(look: Look) -> Reading:
    """Contraindicated when patient-activated doses are planned for a patient who is not used to opioids."""
    plan, exposure = look.chart.latest(TherapyPlan, look.now), look.chart.latest(OpioidExposure, look.now)
    if plan is not None and plan[1].patient_boluses is False:
        return Reading("met", (said(plan[0], "no patient-activated doses are planned"),))
    if exposure is not None and exposure[1].status == "opioid_tolerant":
        return Reading("met", (said(exposure[0], "opioid tolerant"),))
    if plan is None or plan[1].patient_boluses is None or exposure is None:
        return UNKNOWN
    return Reading("not_met", (said(plan[0], "patient-activated doses planned"), said(exposure[0], "opioid naive")))


def formulation(look: Look) -> Reading:
    """Contraindicated with a preservative, or at a pH of 3 or below."""
    latest = found(look, ProductCheck)
    if isinstance(latest, Reading):
        return latest
    event, fact = latest
    evidence = (
        said(event, f"{fact.product}: preservative-free {fact.preservative_free}, pH {fact.ph or 'not known'}"),
    )
    if fact.preservative_free is False or (fact.ph is not None and one(fact.ph) <= 3):
        return Reading("not_met", evidence)
    return Reading("unknown" if fact.preservative_free is None or fact.ph is None else "met", evidence)


def replacement(look: Look) -> Reading:
    """Met when the pump says that its life ends or a fault is confirmed, without evidence of abuse."""
    latest = found(look, ReplacementReason)
    if isinstance(latest, Reading):
        return latest
    event, fact = latest
    text = (
        f"replacement indicated: {fact.replacement_indicated}, fault confirmed: {fact.fault_confirmed}, "
        f"evidence of abuse: {fact.abuse_evidence}"
    )
    cause = _any(fact.replacement_indicated, fact.fault_confirmed)
    if fact.abuse_evidence or cause is False:
        return Reading("not_met", (said(event, text),))
    return Reading("met" if cause and fact.abuse_evidence is False else "unknown", (said(event, text),))
