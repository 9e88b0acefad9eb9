"""Tell back operations, physiotherapy, chiropractic and spinal cord stimulation from other procedures, by rule.

Codes are those of SNOMED CT and CPT that name the operation itself; words are looked for in the record's own text.
Imaging, counselling and planning about an operation is not the operation.
"""

import re
from dataclasses import dataclass
from typing import Literal

from thecal.exchange.fields import Concept

ProcedureTreatment = Literal["back_surgery", "physiotherapy", "chiropractic", "spinal_cord_stimulation"]

_CODES: dict[str, tuple[ProcedureTreatment, str]] = {
    "387731002": ("back_surgery", "laminectomy"),
    "42515009": ("back_surgery", "excision of intervertebral disc"),
    "178625001": ("back_surgery", "primary lumbar microdiscectomy"),
    "55705006": ("back_surgery", "spinal fusion"),
    "426294006": ("back_surgery", "anterior lumbar interbody fusion"),
    "450436003": ("back_surgery", "lateral lumbar interbody fusion"),
    "11585007": ("back_surgery", "foraminotomy"),
    "392010000": ("back_surgery", "vertebroplasty"),
    "429616001": ("back_surgery", "kyphoplasty"),
    "22558": ("back_surgery", "anterior lumbar fusion"),
    "22612": ("back_surgery", "posterolateral lumbar fusion"),
    "22630": ("back_surgery", "posterior lumbar interbody fusion"),
    "22633": ("back_surgery", "combined lumbar fusion"),
    "63005": ("back_surgery", "lumbar laminectomy"),
    "63030": ("back_surgery", "lumbar discectomy"),
    "63042": ("back_surgery", "repeat lumbar discectomy"),
    "63047": ("back_surgery", "lumbar laminectomy"),
    "91251008": ("physiotherapy", "physical therapy procedure"),
}
_SYSTEMS = ("snomed", "2.16.840.1.113883.6.96", "cpt", "2.16.840.1.113883.6.12")

_SPINE = r"(?:spin\w*|lumb\w*|thorac\w*|cervic\w*|sacr\w*|vertebr\w*|back|interbody|l[1-5]\b|s1\b|t\d{1,2}\b)"
_BACK_SURGERY = re.compile(
    r"(?:hemi)?lamin(?:ectom|otom|oplast)\w*|(?:micro)?dis[ck]ectom\w*|spondylodesis|vertebrectom\w*|corpectom\w*"
    r"|facetectom\w*|kyphoplast\w*|vertebroplast\w*|interbody fusion|pedicle screw|interspinous"
    r"|\b(?:plif|tlif|alif|xlif|dlif|llif|olif|acdf)\b|post(?:er|ero)\w*lateral fusion"
    r"|(?:excision|removal|replacement) of (?:\w+ ){0,3}intervertebral dis[ck]"
    rf"|(?:fusion|arthrodesis|decompression|instrumentation|foraminotom\w*|stabili[sz]ation) of (?:\w+ ){{0,3}}{_SPINE}"
    rf"|{_SPINE}[\w ,/-]{{0,30}}(?:fusion|arthrodesis|decompression|instrumentation|foraminotom\w*|stabili[sz]ation)"
    rf"|(?:artificial|total|{_SPINE}) dis[ck] (?:replacement|arthroplast\w*|prosthesis)"
    r"|(?:back|spine|spinal|lumbar) (?:surgery|operation)|operations? (?:on|of) (?:the )?(?:\w+ )?(?:spine|vertebra\w*)"
)
_NOT_SURGERY = re.compile(
    r"imaging|radiograph|x-ray|\bmri\b|\bct\b|tomograph|ultrasound|scan\b|consult|counsel|education|planning|referral"
    r"|assessment|evaluation|history of|follow-up|aftercare|removal of sutures|temporomandibular|\bjaw\b|\bwrist\b"
    r"|\bknee\b|\bankle\b|\bcarpal\b|\bhip\b|thoracic (?:cavity|duct|aort\w*|outlet)|cervical (?:cerclage|cone|biopsy)"
    r"|cesarean|cervix|non-?surgical|traction|decompression (?:sickness|therapy)|infusion"
)
_PHYSIO = re.compile(
    r"physio\s?therap\w*|physical\s?therap\w*|physical rehabilitation|manual therapy|therapeutic exercise"
)
_NOT_PHYSIO = re.compile(r"chest|respirat|pulmonar|referral|assessment only|refus|declin")
_CHIRO = re.compile(r"chiropract\w*|spinal manipulat\w*|manipulation of (?:the )?(?:\w+ )?spine")
_STIMULATION = re.compile(r"(?:spinal cord|dorsal column|epidural)\b.{0,40}stimulat\w*|stimulat\w*.{0,40}spinal cord")


@dataclass(frozen=True, slots=True)
class ProcedureMatch:
    """What kind of treatment a procedure was, and the rule that says so."""

    treatment: ProcedureTreatment
    rule: str


def classify_procedure(procedure: Concept) -> ProcedureMatch | None:
    """The treatment that a procedure or care activity was; None for any other."""
    for coding in procedure.codings:
        known = _CODES.get(coding.code)
        if known and any(system in coding.system.lower() for system in _SYSTEMS):
            return ProcedureMatch(known[0], f"code {coding.code} is {known[1]}")
    words = procedure.words
    rules: tuple[tuple[ProcedureTreatment, re.Pattern[str], re.Pattern[str] | None], ...] = (
        ("spinal_cord_stimulation", _STIMULATION, _NOT_SURGERY),
        ("back_surgery", _BACK_SURGERY, _NOT_SURGERY),
        ("chiropractic", _CHIRO, None),
        ("physiotherapy", _PHYSIO, _NOT_PHYSIO),
    )
    for treatment, pattern, never in rules:
        found = pattern.search(words)
        if found and not (never and never.search(words)):
            return ProcedureMatch(treatment, f"the words '{found.group()[:60]}'")
    return None
