"""One reader for each kind of resource: from a validated resource to the fact that Thecal keeps of it.

Each reader gets the bundle (to follow references) and the entry, and returns the fact, or raises Unreadable with
the reason why the resource is not used. Times are ms UTC.
"""

from decimal import Decimal
from typing import Any

from thecal.exchange.bundle import Bundle, Entry
from thecal.exchange.fields import Concept, Moment, Tree, Unreadable, clean, concept, items, moment, period, string
from thecal.exchange.imported import Measurement, Medication, Procedure
from thecal.exchange.medications import classify
from thecal.exchange.procedures import classify_procedure
from thecal.therapy.events import ImportedItem, ImportedPain

PAIN = "72514-3"
MEASURES = {
    "29463-7": "weight",
    "3141-9": "weight",
    "8302-2": "height",
    "2160-0": "creatinine",
    "38483-4": "creatinine",
    "33914-3": "egfr",
    "48642-3": "egfr",
    "48643-1": "egfr",
    "62238-1": "egfr",
    "88293-6": "egfr",
    "98979-8": "egfr",
}
_NEVER_HAPPENED = ("entered-in-error",)


def read_condition(entry: Entry) -> ImportedItem:
    """A condition with onset, abatement and clinical status. Raises Unreadable for one that was refuted."""
    verified = concept(entry.tree.get("verificationStatus")).first.code
    if verified in ("refuted", "entered-in-error"):
        raise Unreadable(f"its verification status is {verified}", "verificationStatus")
    begin, begin_end = period(entry.tree, "onsetPeriod")
    finish, finish_end = period(entry.tree, "abatementPeriod")
    onset = moment(entry.tree, "onsetDateTime") or begin or begin_end or moment(entry.tree, "recordedDate")
    over = moment(entry.tree, "abatementDateTime") or finish_end or finish
    status = concept(entry.tree.get("clinicalStatus")).first.code
    return _item(entry, concept(entry.tree.get("code")), onset, over, status)


def read_allergy(entry: Entry) -> ImportedItem:
    """An allergy or intolerance, told apart from conditions by its text."""
    verified = concept(entry.tree.get("verificationStatus")).first.code
    if verified in ("refuted", "entered-in-error"):
        raise Unreadable(f"its verification status is {verified}", "verificationStatus")
    code = concept(entry.tree.get("code"))
    signs_seen = [sign for reaction in items(entry.tree, "reaction") for sign in items(reaction, "manifestation")]
    reactions = [text for sign in signs_seen if (text := concept(sign).text)]
    if not code.text:
        substances = (concept(reaction.get("substance")) for reaction in items(entry.tree, "reaction"))
        code = next((substance for substance in substances if substance.text), code)
    kind = "Intolerance" if string(entry.tree, "type") == "intolerance" else "Allergy"
    signs = f" ({', '.join(reactions)})" if reactions else ""
    text = clean(f"{kind}: {_named(code)}{signs}")
    onset = moment(entry.tree, "onsetDateTime") or moment(entry.tree, "recordedDate")
    status = concept(entry.tree.get("clinicalStatus")).first.code
    return _item(entry, Concept(text, code.codings), onset, None, status)


def read_medication(bundle: Bundle, entry: Entry) -> Medication:
    """A prescription or statement of a medication, with the treatments that it counts as and the rule for each."""
    tree = entry.tree
    status = string(tree, "status")
    if status in _NEVER_HAPPENED:
        raise Unreadable(f"its status is {status}", "status")
    drug, others = _drug(bundle, entry)
    doses = items(tree, "dosageInstruction") or items(tree, "dosage")
    route = next((found for dose in doses if (found := concept(dose.get("route"))).words), None)
    matches = classify(drug, others, route)
    started, ended = _medication_times(tree)
    item = _item(entry, drug, started, ended, status)
    untaken = _why_not_taken(tree, status)
    rule = "; ".join(match.rule for match in matches) + (f"; not counted: {untaken}" if matches and untaken else "")
    treatments = () if untaken else tuple((m.treatment, m.drug, m.rule) for m in matches if m.treatment is not None)
    return Medication(item, treatments, rule, (started, ended))


def read_procedure(entry: Entry) -> Procedure:
    """A procedure, with the treatment that it was. Raises Unreadable for one that was not done."""
    status = string(entry.tree, "status")
    if status in (*_NEVER_HAPPENED, "not-done", "preparation"):
        raise Unreadable(f"its status is {status}", "status")
    start, end = period(entry.tree, "performedPeriod")
    start = moment(entry.tree, "performedDateTime") or start
    code = concept(entry.tree.get("code"))
    match = classify_procedure(code)
    item = _item(entry, code, start, end, status)
    if match is None:
        return Procedure(item, None, "", (start, end))
    if match.treatment in ("back_surgery", "spinal_cord_stimulation") and status != "completed":
        return Procedure(item, None, f"{match.rule}; not counted: its status is {status}", (start, end))
    return Procedure(item, match.treatment, match.rule, (start, end))


def read_care_plan(entry: Entry) -> Procedure:
    """A care plan; its treatment is physiotherapy or chiropractic when category, title or an activity says so."""
    tree = entry.tree
    status, intent = string(tree, "status"), string(tree, "intent")
    if status in (*_NEVER_HAPPENED, "draft"):
        raise Unreadable(f"its status is {status}", "status")
    activities = [item["detail"] for item in items(tree, "activity") if isinstance(item.get("detail"), dict)]
    undone = ("not-started", "scheduled", "cancelled", "entered-in-error")
    done = [concept(detail.get("code")) for detail in activities if string(detail, "status") not in undone]
    concepts = [*map(concept, items(tree, "category")), Concept(string(tree, "title"), ()), *done]
    named = [item for item in concepts if item.text]
    matched = [(item, match) for item in named if (match := classify_procedure(item)) is not None]
    start, end = period(tree, "period")
    main = matched[0][0] if matched else (named[0] if named else Concept("care plan", ()))
    item = _item(entry, main, start, end, status)
    if not matched or matched[0][1].treatment not in ("physiotherapy", "chiropractic"):
        return Procedure(item, None, "", (start, end))
    if intent in ("proposal", "option") or status == "revoked":
        return Procedure(item, None, f"{matched[0][1].rule}; not counted: {status} {intent}", (start, end))
    return Procedure(item, matched[0][1].treatment, matched[0][1].rule, (start, end))


def observation_code(tree: Tree) -> str:
    """The LOINC code of an observation that Thecal uses; empty for every other one. Looks at codings alone."""
    code = tree.get("code")
    for coding in items(code, "coding") if isinstance(code, dict) else []:
        value = coding.get("code")
        if isinstance(value, str) and (value == PAIN or value in MEASURES) and "loinc" in str(coding.get("system")):
            return value
    return ""


def read_pain(entry: Entry) -> ImportedPain:
    """A pain score, 0 to 10, with its number as recorded. Raises Unreadable for any other."""
    value, at = _value(entry), _when(entry)
    if not 0 <= value <= 10:
        raise Unreadable(f"a pain score of {value} is outside 0 to 10", "valueQuantity.value")
    return ImportedPain(at=at.ms, score=_plain(value), reference=entry.reference)


def read_measurement(entry: Entry, code: str) -> Measurement:
    """A weight, height, creatinine or filtration rate as recorded, with its unit."""
    quantity = entry.tree.get("valueQuantity")
    unit = string(quantity, "code") or string(quantity, "unit")
    if not unit:
        raise Unreadable("a number without a unit", "valueQuantity")
    what: Any = MEASURES[code]
    return Measurement(what, _plain(_value(entry)), unit, _when(entry).ms, entry.reference)


def stated_reasons(tree: Tree) -> tuple[Concept, ...]:
    """What a prescription or procedure says of its end or outcome."""
    single = [concept(tree.get(name)) for name in ("statusReason", "outcome")]
    several = [concept(item) for item in items(tree, "statusReason")]
    return tuple(item for item in (*single, *several) if item.words)


def _value(entry: Entry) -> Decimal:
    status = string(entry.tree, "status")
    if status in (*_NEVER_HAPPENED, "cancelled", "registered"):
        raise Unreadable(f"its status is {status}", "status")
    quantity = entry.tree.get("valueQuantity")
    value = quantity.get("value") if isinstance(quantity, dict) else entry.tree.get("valueInteger")
    if isinstance(quantity, dict) and string(quantity, "comparator"):
        raise Unreadable("a bound instead of a value", "valueQuantity.comparator")
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        raise Unreadable("it has no number as its value", "valueQuantity.value")
    number = Decimal(value)
    if not number.is_finite() or abs(number.adjusted()) > 18:
        raise Unreadable(f"{value!r:.40} cannot be right", "valueQuantity.value")
    return number


def _plain(value: Decimal) -> str:
    text = format(value, "f")
    if len(text) > 22:
        raise Unreadable("more digits than are kept", "valueQuantity.value")
    return text


def _when(entry: Entry) -> Moment:
    start, end = period(entry.tree, "effectivePeriod")
    when = moment(entry.tree, "effectiveDateTime") or moment(entry.tree, "effectiveInstant") or start or end
    if when is None:
        raise Unreadable("it has no time", "effectiveDateTime")
    if not when.has_day:
        raise Unreadable(f"its time is known only as {when.day}", "effectiveDateTime")
    return when


def _item(entry: Entry, code: Concept, start: Moment | None, end: Moment | None, status: str) -> ImportedItem:
    return ImportedItem(
        text=_named(code),
        system=code.first.system,
        code=clean(code.first.code, 100),
        start=start.ms if start else None,
        end=end.ms if end else None,
        status=clean(status, 100),
        reference=entry.reference,
    )


def _named(code: Concept) -> str:
    if not code.text:
        raise Unreadable("it has neither a text nor a code", "code")
    return code.text


def _drug(bundle: Bundle, entry: Entry) -> tuple[Concept, tuple[Concept, ...]]:
    """The medication and its ingredients and form, from the resource or from the Medication that it refers to."""
    own = concept(entry.tree.get("medicationCodeableConcept"))
    if own.text:
        return own, ()
    reference = entry.tree.get("medicationReference")
    if not isinstance(reference, dict):
        raise Unreadable("it names no medication", "medicationCodeableConcept")
    found = bundle.find(string(reference, "reference"), entry)
    display = string(reference, "display")
    if found is None or string(found, "resourceType") != "Medication":
        if display:
            return Concept(display, ()), ()
        raise Unreadable("its medication is not in the bundle", "medicationReference")
    drug = concept(found.get("code"))
    parts = [concept(part.get("itemCodeableConcept")) for part in items(found, "ingredient")]
    parts = [part for part in parts if part.text]
    named = drug if drug.text else Concept(display or " + ".join(part.text for part in parts), ())
    form = concept(found.get("form"))
    return named, (*parts, *([form] if form.text else []))


def _medication_times(tree: Tree) -> tuple[Moment | None, Moment | None]:
    start, end = period(tree, "effectivePeriod")
    request = tree.get("dispenseRequest")
    valid = period(request, "validityPeriod") if isinstance(request, dict) else (None, None)
    started = moment(tree, "effectiveDateTime") or start or moment(tree, "authoredOn") or valid[0]
    return started or moment(tree, "dateAsserted"), end or valid[1]


def _why_not_taken(tree: Tree, status: str) -> str:
    if tree.get("doNotPerform") is True:
        return "it says not to give it"
    if status in ("cancelled", "draft", "not-taken", "intended"):
        return f"its status is {status}"
    if string(tree, "intent") in ("proposal", "plan", "option"):
        return f"it is a {string(tree, 'intent')}"
    return ""
