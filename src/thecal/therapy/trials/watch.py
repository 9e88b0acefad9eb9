"""How a patient is watched after a dose: for how long, how often, what is looked at, and when somebody is called.

Times ms UTC. The label's time holds unless the site chose another with a reason. What raises the risk never shortens.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any

from thecal import formulary
from thecal.quantity import MS_PER_HOUR, Refusal, Refused
from thecal.therapy.door import checked
from thecal.therapy.numbers import whole
from thecal.therapy.reference import cite, load

DRUG_RULES: Mapping[str, str] = {
    "morphine": "label_morphine",
    "hydromorphone": "asa_hydrophilic",
    "fentanyl": "asa_lipophilic",
    "sufentanil": "asa_lipophilic",
    "baclofen": "baclofen",
}
"""The rule that holds for a drug when the site has chosen none."""
CONTINUAL_MS = 60_000 * 5
HOURS_MOST = 240


@dataclass(frozen=True, slots=True)
class WatchRule:
    """One published schedule. ``rows`` are (from, to, every) in ms; every 0 is continual."""

    id: str
    hours: Fraction
    rows: tuple[tuple[int, int, int], ...]
    when: str
    source: str
    confirmed: bool
    note: str


@dataclass(frozen=True, slots=True)
class Watch:
    """The watch of one patient: its end, the times of each check (ms), what is looked at, and what calls for help.

    ``continual`` are spans without a break. ``reason`` says why this long; ``warnings`` what is not settled.
    """

    rule: WatchRule
    start: int
    end: int
    checks: tuple[int, ...]
    continual: tuple[tuple[int, int], ...]
    items: tuple[str, ...]
    alarms: tuple[str, ...]
    reason: str
    risks: tuple[str, ...]
    warnings: tuple[Refusal, ...]


@cache
def watch_rules() -> tuple[WatchRule, ...]:
    """Every published schedule."""
    return tuple(_rule(row) for row in load("trial")["monitoring"])


@checked
def watch_rule(rule_id: str) -> WatchRule:
    """A schedule by its id. Raises Refused for an unknown one."""
    found = next((each for each in watch_rules() if each.id == rule_id), None)
    if found is None:
        do = f"Use one of {', '.join(each.id for each in watch_rules())}."
        raise Refused(Refusal("watch_rule", f"There is no schedule {str(rule_id)[:60]!r}.", "rule", do))
    return found


@checked
def drug_rule(drug: str) -> WatchRule:
    """The schedule that holds for a drug when the site has chosen none: its own, else the longest one.

    Raises Refused for a drug that is not in the formulary.
    """
    formulary.drug(drug)
    return watch_rule(DRUG_RULES.get(drug, "asa_extended_release"))


def risk_factors() -> tuple[str, ...]:
    """What raises the risk of respiratory depression."""
    return tuple(load("trial")["monitoring_items"]["risk_factors"])


def depression_facts() -> tuple[tuple[str, str], ...]:
    """What is known of late respiratory depression, each with its source."""
    return tuple((row["fact"], cite("trial", row["src"])) for row in load("trial")["depression_facts"])


@checked
def plan_watch(
    drug: str,
    start: int,
    *,
    rule_id: str | None = None,
    hours: int | None = None,
    reason: str = "",
    risks: tuple[str, ...] = (),
    continuous: bool = False,
) -> Watch:
    """The watch after a dose of ``drug`` at ``start`` (ms).

    ``hours`` or ``rule_id`` is the site's choice; one that is shorter than the drug's own rule needs a ``reason``, and
    is refused beside a risk factor. A drug without a rule is watched by the longest one. ``continuous`` is an infusion.
    """
    whole("start", start)
    if hours is not None and whole("hours", hours, 1) > HOURS_MOST:
        raise Refused(Refusal("hours", f"{hours} h is no watch.", "hours", f"At most {HOURS_MOST} h."))
    own = drug_rule(drug)
    chosen = watch_rule(rule_id) if rule_id is not None else own
    least = max(own.hours, Fraction(24)) if continuous and drug in ("fentanyl", "sufentanil") else own.hours
    floor = least if chosen == own else Fraction(0)
    wanted = Fraction(hours) if hours is not None else max(chosen.hours, floor)
    unknown = [risk for risk in risks if risk not in risk_factors()]
    if unknown:
        do = f"Use some of {', '.join(risk_factors())}."
        raise Refused(Refusal("risk", f"{', '.join(unknown)[:80]!r} is no listed risk.", "risks", do))
    if wanted < least:
        _shorter(own, least, reason, risks)
    end = start + int(wanted * MS_PER_HOUR)
    rows = chosen.rows or watch_rule("asa_hydrophilic").rows
    checks, continual = _checks(rows, start, end)
    why = f"{float(wanted):g} h: {reason.strip() or chosen.when or chosen.id.replace('_', ' ')}"
    return Watch(
        rule=chosen,
        start=start,
        end=end,
        checks=checks,
        continual=continual,
        items=tuple(load("trial")["monitoring_items"]["each_check"]),
        alarms=_alarms(),
        reason=why,
        risks=risks,
        warnings=_warnings(drug, wanted, risks, chosen),
    )


@checked
def after_naloxone(watch: Watch, given: int) -> Watch:
    """The watch begins again after a dose of naloxone, which is shorter than a neuraxial opioid."""
    if not watch.start <= whole("time of naloxone", given):
        raise Refused(Refusal("before", "Naloxone was given before the watch began.", "given", "Check the time."))
    length = watch.end - watch.start
    rows = watch.rule.rows or watch_rule("asa_hydrophilic").rows
    checks, continual = _checks(rows, given, given + length)
    return Watch(
        rule=watch.rule,
        start=given,
        end=given + length,
        checks=checks,
        continual=continual,
        items=watch.items,
        alarms=watch.alarms,
        reason="naloxone wears off before the opioid: re-sedation is to be expected, so the watch begins again",
        risks=watch.risks,
        warnings=watch.warnings,
    )


def _shorter(own: WatchRule, least: Fraction, reason: str, risks: tuple[str, ...]) -> None:
    if risks:
        what = f"A watch below {float(least):g} h beside {', '.join(risks)} is refused."
        raise Refused(Refusal("watch_short", what, "hours", f"At least {float(least):g} h.", own.source, own.confirmed))
    if not reason.strip():
        what = f"The rule for this drug is {float(least):g} h."
        do = f"Use at least {float(least):g} h, or state the site's reason for less."
        raise Refused(Refusal("watch_reason", what, "hours", do, own.source, own.confirmed))


def _checks(
    rows: tuple[tuple[int, int, int], ...], start: int, end: int
) -> tuple[tuple[int, ...], tuple[tuple[int, int], ...]]:
    checks, continual = set[int](), list[tuple[int, int]]()
    for first, last, every in rows:
        begin, until = start + first, min(start + last, end)
        if every == 0:
            continual.append((begin, until))
            checks |= set(range(begin, until, CONTINUAL_MS))
        else:
            checks |= set(range(begin + every, until + 1, every))
    last_every = next((every for _, _, every in reversed(rows) if every), MS_PER_HOUR)
    at = start + max(last for _, last, _ in rows)
    while at + last_every <= end:
        at += last_every
        checks.add(at)
    return tuple(sorted({*(each for each in checks if each <= end), end})), tuple(continual)


def _alarms() -> tuple[str, ...]:
    alarm = load("trial")["monitoring_items"]["alarm"]
    breath, oxygen = alarm["resp_rate_low"], alarm["spo2_low"]
    return (
        f"fewer than {breath['max']} breaths a minute (some use {breath['alt']})",
        f"oxygen saturation below {oxygen['max']} % (some use {oxygen['alt']} %)",
    )


def _warnings(drug: str, hours: Fraction, risks: tuple[str, ...], rule: WatchRule) -> tuple[Refusal, ...]:
    found = []
    if drug not in DRUG_RULES:
        what = f"No schedule is published here for {drug[:40]}: the longest one is used."
        found.append(Refusal("watch_unknown", what, "drug", "Ask the pharmacist.", confirmed=False))
    if not rule.confirmed:
        found.append(Refusal("unconfirmed", f"{rule.id}: {rule.note}", "rule", "", rule.source, confirmed=False))
    if risks:
        what = f"{', '.join(risks)}: go on as the condition asks, beyond {float(hours):g} h."
        found.append(Refusal("watch_risk", what, "risks", "Plan a longer watch.", _risk_source()))
    return tuple(found)


def _risk_source() -> str:
    return cite("trial", load("trial")["monitoring_items"]["risk_src"])


def _rule(row: Mapping[str, Any]) -> WatchRule:
    hours = row["hours"][-1] if isinstance(row["hours"], list) else row["hours"]
    rows = tuple((_ms(each["from_h"]), _ms(each["to_h"]), _ms(each["every_h"])) for each in row.get("schedule", ()))
    when = row.get("when", row.get("then", ""))
    return WatchRule(
        row["id"], Fraction(hours), rows, when, cite("trial", row["src"]), row["confirmed"], row.get("note", "")
    )


def _ms(hours: Any) -> int:
    return int(Fraction(hours) * MS_PER_HOUR)
