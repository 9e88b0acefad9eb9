"""Every criterion, instrument, method, complication, conversion and section is reachable by code, each by its name."""

from fractions import Fraction
from typing import Any

import pytest
from therapy_way import Maker, whole_way

from thecal.quantity import Refused, decimal_text
from thecal.therapy import Chart, append, calc, conversion, criteria, criterion, evaluate, fold, methods, rulesets
from thecal.therapy import events as ev
from thecal.therapy import trials as tr
from thecal.therapy.conversion import equianalgesic, mme_factors
from thecal.therapy.reference import load

COUNTS = {
    ("candidacy", "criterion"): 57, ("candidacy", "ruleset"): 8, ("trial", "method"): 6, ("trial", "instrument"): 10,
    ("trial", "complication"): 31, ("trial", "escalation"): 7, ("trial", "monitoring"): 7, ("trial", "responder"): 6,
    ("trial", "pitfall"): 6, ("trial", "conversion"): 11, ("conversions", "route_ratio"): 19,
    ("conversions", "drug_ratio"): 7, ("conversions", "equianalgesic"): 8, ("conversions", "reduction"): 11,
    ("conversions", "cap"): 6, ("outcomes", "study"): 67, ("outcomes", "target"): 10,
}  # fmt: skip
"""How many entries the reference has: one that is lost on the way into the package fails here."""


def ids(file: str, table: str) -> list[str]:
    return [row["id"] for row in load(file)[table]]


@pytest.mark.parametrize(("file", "table"), COUNTS)
def test_no_entry_of_the_reference_is_lost(file: str, table: str) -> None:
    rows = load(file)[table]
    assert len(rows) == COUNTS[file, table] and len({str(row.get("id", row)) for row in rows}) == len(rows)


@pytest.mark.parametrize("section", range(1, 32))
def test_every_section_of_the_calculations_has_a_sum_that_runs_its_example(section: int) -> None:
    found = [each for each in calc.CALCULATIONS.values() if each.section == section]
    assert found and section in calc.SECTIONS
    for each in found:
        assert each.run(each.example).formula_id == each.name


@pytest.mark.parametrize("name", ids("candidacy", "criterion"))
def test_every_criterion_is_answered_and_is_unknown_where_nothing_is(name: str) -> None:
    assert name in criteria()
    assert criterion(Chart(), name).status == "unknown"
    assert criterion(fold(whole_way()), name).criterion == name


@pytest.mark.parametrize("name", ids("candidacy", "ruleset"))
def test_every_rule_set_is_evaluated(name: str) -> None:
    assert name in rulesets() and evaluate(Chart(), name).ruleset == name


@pytest.mark.parametrize("name", ids("trial", "instrument"))
def test_every_instrument_has_its_scores(name: str) -> None:
    known = {each.name for each in tr.instruments()}
    parts = [each for each in known if each == name or each.startswith(name)]
    assert parts
    for part in parts:
        low = decimal_text(tr.instrument(part).low)
        assert tr.read_score(part, low) == Fraction(low)


@pytest.mark.parametrize("name", ids("trial", "method"))
def test_every_method_can_be_planned_or_is_the_waiver(name: str) -> None:
    if name == "none":
        assert tr.waiver_reasons()
        return
    assert name in {each.method for each in methods()}
    maker, shot = Maker(5), name in ev.SHOTS
    changes: dict[str, Any] = {"method": name, "route": "epidural" if name == "continuous_epidural" else "intrathecal"}
    plan = maker.plan_by_hand(**changes) if shot else maker.plan(**changes)
    chart = fold([maker.registered(), maker.review(), plan])
    assert chart.plan is not None and chart.plan.method == name


@pytest.mark.parametrize("name", ids("trial", "complication"))
def test_every_complication_has_a_rate_and_can_be_recorded(name: str) -> None:
    assert name in {each.id for each in tr.complications()}
    maker = Maker(6)
    event = maker.make(ev.ComplicationRecorded, complication=name, grade="mild")
    chart = append(fold([maker.registered()]), event)
    assert chart.complications[0].complication == name


@pytest.mark.parametrize("name", ids("trial", "conversion"))
def test_every_series_of_trials_that_went_on_is_told(name: str) -> None:
    assert name in {each.id for each in tr.went_on()}


@pytest.mark.parametrize("name", ids("conversions", "route_ratio"))
def test_every_ratio_is_found_by_its_name(name: str) -> None:
    found = conversion.ratio(name)
    assert found.id == name and found.source and found.band.low <= found.band.centre <= found.band.high


@pytest.mark.parametrize("row", load("conversions")["drug_ratio"], ids=lambda row: row["id"])
def test_every_drug_ratio_rotates_its_drugs_or_is_refused_with_its_reason(row: dict[str, Any]) -> None:
    try:
        found = conversion.rotate(10**12, row["comparison"], row["drug"], row["route"])
    except Refused as refused:
        assert row.get("refuse") and row["refuse"] in str(refused)
    else:
        assert row["id"] in found.rows


@pytest.mark.parametrize("name", ids("conversions", "equianalgesic"))
def test_every_equianalgesic_dose_is_given(name: str) -> None:
    assert equianalgesic(name)


@pytest.mark.parametrize("name", ids("conversions", "reduction"))
def test_every_reduction_is_found_by_its_name(name: str) -> None:
    assert conversion.reduction(name).id == name


@pytest.mark.parametrize("name", ids("conversions", "cap"))
def test_every_cap_holds_for_its_drug(name: str) -> None:
    row = next(row for row in load("conversions")["cap"] if row["id"] == name)
    if row["unit"] == "mg/day":
        assert name in {each.id for each in conversion.caps(row["drug"], row["route"])}
    else:
        findings = conversion.single_dose_findings(row["drug"], 10**15)
        assert findings and findings[0].refusal.source


@pytest.mark.parametrize("name", sorted(load("conversions")["mme"]))
def test_every_set_of_factors_counts_or_says_that_it_does_not(name: str) -> None:
    if name == "europe2018":  # expert ratios between drugs and routes
        with pytest.raises(Refused, match="not factors"):
            mme_factors(name)
    else:
        assert mme_factors(name)
