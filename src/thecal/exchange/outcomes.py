"""What a record itself says about how a treatment went; ``unknown`` when it says nothing.

A stopped prescription is not a failed one. Only a stated reason, an outcome code of SNOMED CT or a recorded failed
back surgery syndrome speaks; an operation called successful may still have left the pain, so it stays unknown.
"""

import re

from thecal.exchange.fields import Concept
from thecal.therapy.events import Outcome

_NEGATED = re.compile(r"\b(?:no|not|without|denies|nil)\b.{0,30}")
_RULES: tuple[tuple[Outcome, re.Pattern[str]], ...] = (
    ("contraindicated", re.compile(r"contra-?indicat")),
    ("not_tolerated", re.compile(r"not tolerat|intoleran|side effect|adverse|allerg|toxicity")),
    (
        "inadequate",
        re.compile(
            r"ineffective|not effective|lack of (?:\w+ )?(?:effect|efficacy|action|response)|unsuccessful"
            r"|(?:inadequate|insufficient|poor) (?:\w+ )?(?:relief|response|effect|analgesia|pain control)"
            r"|\bno (?:pain )?(?:relief|response|effect|benefit)\b"
            r"|treatment failure|therapy failure|therapeutic failure|failed (?:therapy|treatment)|did not (?:help|work)"
        ),
    ),
)
_CODES: dict[str, Outcome] = {"385671000": "inadequate"}  # SNOMED CT: unsuccessful
_FAILED_BACK = re.compile(
    r"failed back|post[- ]?laminectomy syndrome|persistent spinal pain syndrome(?: type)? (?:2|ii)\b"
)


def stated_outcome(*reasons: Concept) -> tuple[Outcome, str]:
    """The outcome that a record's stated reasons give, with the words that gave it."""
    for reason in reasons:
        for coding in reason.codings:
            if coding.code in _CODES:
                return _CODES[coding.code], reason.text
        words = reason.words
        for outcome, pattern in _RULES:
            found = pattern.search(words)
            if found and not _denied(words, found):
                return outcome, reason.text
    return "unknown", ""


def is_failed_back_surgery(condition: Concept) -> bool:
    """Whether a condition is persistent pain after back surgery, which says that surgery did not suffice."""
    return bool(_FAILED_BACK.search(condition.words)) or any(
        coding.code == "M96.1" and "icd-10" in coding.system.lower() for coding in condition.codings
    )


def _denied(words: str, found: re.Match[str]) -> bool:
    before = _NEGATED.search(words[: found.start() + 1])
    return before is not None and before.end() >= found.start()
