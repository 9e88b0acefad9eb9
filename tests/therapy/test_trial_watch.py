"""The watch after a dose: every schedule, the label's time, and what never shortens it."""

from fractions import Fraction
from typing import Any

import pytest

from thecal.quantity import MS_PER_HOUR, Refused
from thecal.therapy import trials as t


def test_every_schedule_is_reachable_and_the_labels_time_holds() -> None:
    hours: dict[str, Any] = {
        "label_morphine": 24,
        "asa_hydrophilic": 24,
        "asa_extended_release": 48,
        "asa_lipophilic": 2,
        "pacc_single_shot": 6,
        "baclofen": 8,
        "refill_or_pump_work": Fraction(1, 2),
    }
    assert {each.id: each.hours for each in t.watch_rules()} == hours
    for name in hours:
        found = t.plan_watch("morphine", 0, rule_id=name, reason="the site's rule")
        assert found.end == hours[name] * MS_PER_HOUR and found.checks[-1] == found.end and len(found.items) == 4
    full = t.plan_watch("morphine", 0)
    assert [at // MS_PER_HOUR for at in full.checks] == [*range(1, 13), *range(14, 25, 2)]
    assert t.plan_watch("fentanyl", 0).end == 2 * MS_PER_HOUR and t.plan_watch("fentanyl", 0).continual == (
        (0, 1_198_800),
    )
    assert t.plan_watch("fentanyl", 0, continuous=True).end == 24 * MS_PER_HOUR
    unknown = t.plan_watch("clonidine", 0)
    assert unknown.end == 48 * MS_PER_HOUR and unknown.warnings[0].code == "watch_unknown"
    assert "fewer than 10 breaths" in full.alarms[0]


def test_a_shorter_watch_needs_a_reason_and_is_refused_beside_a_risk() -> None:
    with pytest.raises(Refused) as refused:
        t.plan_watch("morphine", 0, hours=6)
    assert refused.value.refusals[0].code == "watch_reason"
    assert t.plan_watch("morphine", 0, hours=6, reason="PACC 2016, adult at home").end == 6 * MS_PER_HOUR
    with pytest.raises(Refused) as refused:
        t.plan_watch("morphine", 0, hours=6, reason="PACC 2016", risks=("sleep apnoea",))
    assert refused.value.refusals[0].code == "watch_short"
    longer = t.plan_watch("morphine", 0, hours=30, risks=("obesity",))
    assert longer.checks[-1] == 30 * MS_PER_HOUR and "watch_risk" in [each.code for each in longer.warnings]


def test_after_naloxone_the_watch_begins_again() -> None:
    again = t.after_naloxone(t.plan_watch("morphine", 0), 5 * MS_PER_HOUR)
    assert (again.start, again.end) == (5 * MS_PER_HOUR, 29 * MS_PER_HOUR) and "re-sedation" in again.reason
