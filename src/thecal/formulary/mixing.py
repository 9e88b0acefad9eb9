"""How long a solution lasts in a pump, and what is known against mixing its drugs.

Time in whole days. No evidence is None, never a number; evidence of degradation is 0. The shortest published
time that fits holds, since a refill date must not rest on a longer one.
"""

from typing import Literal

from thecal.formulary.load import drug, shared
from thecal.formulary.model import Drug, Figure, Finding, Stability
from thecal.formulary.solution import Solution
from thecal.quantity import DURATION, MS_PER_DAY, Refusal, parse

Fill = Literal["unknown", "first", "later_diluted", "later_undiluted"]
_CONDITIONS: dict[str, Fill] = {
    "first fill of a new pump": "first",
    "later fills, diluted": "later_diluted",
    "later fills, undiluted": "later_undiluted",
}


def stability(solution: Solution, fill: Fill = "unknown") -> Stability:
    """The longest time that the solution is known to last in a pump, strictest evidence first.

    ``fill`` matters for a drug whose label separates the first fill of a new pump from later ones; while it is
    unknown the shortest time holds. Raises Refused for a drug that is not in the formulary.
    """
    entries = [drug(name) for name in solution.drugs]
    if len(entries) > 1:
        return _mixture(solution)
    figures = [f for f in entries[0].figures_of("stability") if _fits(f, fill)]
    if not figures:
        return _unstudied(entries[0])
    days, figure = min(((_days(f), f) for f in figures), key=lambda item: item[0])
    note = "; ".join(text for text in (figure.condition, figure.note) if text)
    return Stability(days, entries[0].cite(figure), figure.confirmed, note)


def admixture_warnings(solution: Solution) -> tuple[Finding, ...]:
    """What is known against this mixture: label rules, incompatibilities, seen degradation; empty for one drug.

    A mixture whose degradation was seen in a pump is refused: no refill date could be given for it.
    """
    entries = [drug(name) for name in solution.drugs]
    if len(entries) == 1:
        return ()
    where = "solution"
    findings: list[Finding] = []
    found = _mixture(solution)
    if found.days == 0:
        what = f"{' + '.join(solution.drugs)}: {found.note}"
        do = "Leave one of the drugs out."
        findings.append(Finding("refuse", Refusal("incompatible", what, where, do, found.source, found.confirmed)))
    for pair, note, source, confirmed in _known_bad_parts(solution):
        what = f"the mixture holds {' + '.join(pair)}: {note}"
        findings.append(Finding("warn", Refusal("incompatible_part", what, where, "", source, confirmed)))
    if found.days is None:
        what = f"how long {' + '.join(solution.drugs)} lasts in a pump is not known"
        findings.append(Finding("warn", Refusal("stability_unknown", what, where, "Unknown is not permission.")))
    for entry in entries:
        for statement in entry.statements_on("incompatibility"):
            what = f"{entry.id}: {statement.text}"
            refusal = Refusal("incompatibility", what, where, "", entry.cite(statement), statement.confirmed)
            findings.append(Finding("warn", refusal))
    book = shared()
    for rule in book.statements:
        if rule.text.startswith("Any mixture"):
            findings.append(Finding("warn", Refusal("mixture", rule.text, where, "", book.cite(rule), rule.confirmed)))
    return tuple(findings)


def _fits(figure: Figure, fill: Fill) -> bool:
    condition = _CONDITIONS.get(figure.condition)
    return condition is None or fill in ("unknown", condition)


def _days(figure: Figure) -> int:
    return parse(figure.value or figure.low, DURATION) // MS_PER_DAY


def _unstudied(entry: Drug) -> Stability:
    for statement in entry.statements_on("stability"):
        return Stability(None, entry.cite(statement), statement.confirmed, statement.text)
    return Stability(None, "", confirmed=False, note=f"no published time was found for {entry.id} alone")


def _mixture(solution: Solution) -> Stability:
    book = shared()
    studied = [a for a in book.admixtures if set(a.drugs) == set(solution.drugs)]
    if not studied:
        return Stability(None, "", confirmed=False, note="this mixture was not studied in the sources of the formulary")
    known = [a for a in studied if a.days_stable is not None]
    entry = min(known, key=lambda a: a.days_stable or 0) if known else studied[0]
    return Stability(entry.days_stable, book.cite(entry), entry.confirmed, entry.note)


def _known_bad_parts(solution: Solution) -> list[tuple[tuple[str, ...], str, str, bool]]:
    """Smaller mixtures inside this one in which degradation was seen."""
    book = shared()
    return [
        (a.drugs, a.note, book.cite(a), a.confirmed)
        for a in book.admixtures
        if a.days_stable == 0 and set(a.drugs) < set(solution.drugs)
    ]
