"""Doses and concentrations are accepted inside the published limits and refused above the strictest one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thecal.formulary import (
    Basis,
    Component,
    Finding,
    Solution,
    admixture_warnings,
    check_concentration,
    check_dose,
    drug_ids,
    label_status,
    limits,
    stability,
)
from thecal.quantity import DOSE_RATE, Refused, parse

MG = 10**12
MCG = 10**9


def codes(findings: tuple[Finding, ...], level: str) -> list[str]:
    return [finding.refusal.code for finding in findings if finding.level == level]


def check(solution: str, route: str, dose: str, *populations: str, starting: bool = False) -> tuple[Finding, ...]:
    basis = Basis(populations=frozenset(populations))
    return check_dose(Solution.parse(solution), route, parse(dose, DOSE_RATE), basis, starting=starting)


def test_a_dose_at_the_ceiling_is_accepted_and_the_smallest_step_above_it_refused() -> None:
    solution = Solution.parse("morphine 10 mg/mL")
    assert check_dose(solution, "intrathecal", 15 * MG, starting=False) == ()
    (finding,) = check_dose(solution, "intrathecal", 15 * MG + 1, starting=False)
    assert finding.level == "refuse"
    assert "15 mg/day" in finding.refusal.what
    assert finding.refusal.do == "At most 15 mg/day."
    assert "Polyanalgesic Consensus" in finding.refusal.source
    assert not finding.refusal.confirmed
    assert "unconfirmed" in str(finding.refusal)


def test_the_strictest_of_several_ceilings_holds() -> None:
    assert codes(check("ziconotide 25 mcg/mL", "intrathecal", "19.2 mcg/day"), "refuse") == []
    (finding,) = check("ziconotide 25 mcg/mL", "intrathecal", "20 mcg/day")
    assert "19.2 mcg/day" in finding.refusal.what
    assert finding.refusal.confirmed
    published = [limit.high for limit in limits("ziconotide", "intrathecal") if limit.key == "max_daily"]
    assert published == [19_200 * 10**6, 21_600 * 10**6]


def test_a_ceiling_printed_as_a_range_is_read_at_its_low_end_and_shown_whole() -> None:
    assert codes(check("morphine 10 mg/mL", "epidural", "20 mg/day"), "refuse") == []
    (finding,) = check("morphine 10 mg/mL", "epidural", "25 mg/day")
    assert "30 mg/day" in finding.refusal.what


def test_above_the_label_caution_is_refused_by_the_stricter_ceiling_and_warned() -> None:
    found = check("morphine 10 mg/mL", "intrathecal", "21 mg/day")
    assert codes(found, "refuse") == ["above_max_daily"]
    assert codes(found, "warn") == ["caution_above"]


def test_starting_ranges_warn_and_never_refuse() -> None:
    found = check("morphine 1 mg/mL", "intrathecal", "0.6 mg/day", starting=True)
    assert codes(found, "warn") == ["above_start_range"]
    assert codes(found, "refuse") == []
    assert check("morphine 1 mg/mL", "intrathecal", "0.6 mg/day") == ()


def test_a_limit_for_other_patients_does_not_hold_and_an_unknown_patient_meets_all() -> None:
    solution = "bupivacaine 20 mg/mL"
    assert codes(check(solution, "intrathecal", "16 mg/day", "noncancer"), "refuse") == ["above_max_daily"]
    assert codes(check(solution, "intrathecal", "16 mg/day", "all"), "refuse") == ["above_max_daily"]
    assert codes(check(solution, "intrathecal", "16 mg/day", "cancer"), "warn") == ["no_ceiling"]


def test_the_other_drugs_of_a_solution_follow_and_are_checked_too() -> None:
    found = check("morphine 1 mg/mL + bupivacaine 30 mg/mL", "intrathecal", "1 mg/day")
    (refusal,) = [f.refusal for f in found if f.level == "refuse"]
    assert "bupivacaine" in refusal.where
    assert refusal.do == "At most 0.5 mg/day of morphine, because bupivacaine follows it."


@given(st.sampled_from(drug_ids()), st.integers(1, 30_000_000), st.integers(1, 30_000_000), st.integers(1, 100 * MG))
def test_the_nearest_feasible_dose_is_itself_accepted(other: str, primary: int, secondary: int, dose: int) -> None:
    parts = [Component("morphine", primary)] + ([Component(other, secondary)] if other != "morphine" else [])
    solution = Solution(tuple(parts))
    offers = [
        parse(f.refusal.do.removeprefix("At most ").split(" of ")[0].rstrip("."), DOSE_RATE)
        for f in check_dose(solution, "intrathecal", dose, starting=False)
        if f.level == "refuse"
    ]
    if offers and min(offers) > 0:
        assert codes(check_dose(solution, "intrathecal", min(offers), starting=False), "refuse") == []


@given(
    st.sampled_from(drug_ids()),
    st.sampled_from(["intrathecal", "epidural"]),
    st.integers(1, 10**15),
    st.integers(0, 10**15),
)
def test_a_larger_dose_never_passes_where_a_smaller_one_is_refused(name: str, route: str, dose: int, more: int) -> None:
    solution = Solution((Component(name, 1_000_000),))
    if codes(check_dose(solution, route, dose), "refuse"):
        assert codes(check_dose(solution, route, dose + more), "refuse")


@pytest.mark.parametrize("name", ["ziconotide", "baclofen"])
def test_a_route_that_the_source_excludes_is_refused(name: str) -> None:
    found = check(f"{name} 25 mcg/mL", "epidural", "1 mcg/day")
    assert codes(found, "refuse") == ["route_not_allowed"]
    assert found[0].refusal.source
    mixed = check(f"morphine 1 mg/mL + {name} 1 mcg/mL", "epidural", "1 mg/day")
    assert "route_not_allowed" in codes(mixed, "refuse")


@pytest.mark.parametrize(
    ("name", "route"),
    [
        ("ropivacaine", "intrathecal"),
        ("hydromorphone", "epidural"),
        ("fentanyl", "epidural"),
        ("clonidine", "epidural"),
    ],
)
def test_no_published_ceiling_is_said_and_not_taken_for_permission(name: str, route: str) -> None:
    found = check(f"{name} 1 mg/mL", route, "0.1 mg/day")
    assert codes(found, "warn") == ["no_ceiling"]
    assert "no published ceiling was found" in found[0].refusal.what


def test_a_dose_that_is_not_above_zero_is_refused() -> None:
    solution = Solution.parse("morphine 1 mg/mL")
    for dose in (0, -1, 1.5, True):
        assert codes(check_dose(solution, "intrathecal", dose), "refuse") == ["dose_not_positive"]  # type: ignore[arg-type]


def test_a_route_that_does_not_exist_is_refused() -> None:
    assert codes(check("morphine 1 mg/mL", "spinal", "1 mg/day"), "refuse") == ["route_not_known"]


def test_a_drug_outside_the_formulary_is_refused_by_every_check() -> None:
    solution = Solution.parse("midazolam 1 mg/mL")
    for ask in (
        lambda: check_dose(solution, "intrathecal", MG),
        lambda: check_concentration(solution),
        lambda: stability(solution),
        lambda: admixture_warnings(solution),
        lambda: label_status(solution, "intrathecal"),
        lambda: limits("midazolam", "intrathecal"),
    ):
        with pytest.raises(Refused, match="not in the formulary"):
            ask()


def test_concentration_ceilings_hold_and_name_their_source() -> None:
    assert codes(check_concentration(Solution.parse("morphine 20 mg/mL")), "refuse") == []
    (finding,) = [f for f in check_concentration(Solution.parse("morphine 25 mg/mL")) if f.level == "refuse"]
    assert finding.refusal.do == "At most 20 mg/mL."
    assert not finding.refusal.confirmed


def test_of_two_ceilings_that_differ_a_hundredfold_the_lower_one_holds() -> None:
    published = sorted(
        limit.high or 0 for limit in limits("sufentanil", "intrathecal") if limit.key == "max_concentration"
    )
    assert published == [50_000, 5_000_000]
    assert codes(check_concentration(Solution.parse("sufentanil 50 mcg/mL")), "refuse") == []
    assert codes(check_concentration(Solution.parse("sufentanil 51 mcg/mL")), "refuse") == ["above_max_concentration"]


def test_above_the_highest_supplied_strength_is_a_warning_to_compound() -> None:
    assert codes(check_concentration(Solution.parse("clonidine 0.5 mg/mL")), "warn") == []
    assert codes(check_concentration(Solution.parse("clonidine 0.6 mg/mL")), "warn") == ["above_supplied_strength"]


def test_use_outside_the_label_is_told_by_route() -> None:
    assert label_status(Solution.parse("morphine 10 mg/mL"), "epidural") == ()
    assert codes(label_status(Solution.parse("hydromorphone 10 mg/mL"), "intrathecal"), "info") == ["off_label"]
    assert codes(label_status(Solution.parse("baclofen 1 mg/mL"), "intrathecal"), "info") == ["off_label"]
    assert codes(label_status(Solution.parse("ziconotide 25 mcg/mL"), "epidural"), "refuse") == ["route_not_allowed"]


def test_the_shortest_known_time_in_a_pump_holds_until_the_fill_is_known() -> None:
    ziconotide = Solution.parse("ziconotide 25 mcg/mL")
    assert stability(ziconotide).days == 14
    assert stability(ziconotide, "first").days == 14
    assert stability(ziconotide, "later_diluted").days == 40
    assert stability(ziconotide, "later_undiluted").days == 84
    assert stability(Solution.parse("hydromorphone 10 mg/mL")).days == 120
    assert stability(Solution.parse("morphine 10 mg/mL")).days == 90


def test_a_time_that_nobody_published_is_unknown_and_not_a_number() -> None:
    for text in ("fentanyl 1 mg/mL", "clonidine 0.5 mg/mL", "baclofen 2 mg/mL", "morphine 1 mg/mL + fentanyl 1 mg/mL"):
        assert stability(Solution.parse(text)).days is None
    found = admixture_warnings(Solution.parse("morphine 1 mg/mL + fentanyl 1 mg/mL"))
    assert "stability_unknown" in codes(found, "warn")


def test_the_order_of_the_drugs_does_not_change_what_is_known_of_a_mixture() -> None:
    assert stability(Solution.parse("morphine 1 mg/mL + clonidine 0.1 mg/mL")).days == 90
    assert stability(Solution.parse("clonidine 0.1 mg/mL + morphine 1 mg/mL")).days == 90
    assert stability(Solution.parse("clonidine 1 mg/mL + bupivacaine 1 mg/mL + morphine 1 mg/mL")).days == 90


def test_known_incompatible_mixtures_are_refused_and_any_mixture_warns() -> None:
    for text in ("hydromorphone 5 mg/mL + ziconotide 1 mcg/mL", "baclofen 1 mg/mL + ziconotide 1 mcg/mL"):
        assert codes(admixture_warnings(Solution.parse(text)), "refuse") == ["incompatible"]
    three = admixture_warnings(Solution.parse("hydromorphone 5 mg/mL + ziconotide 1 mcg/mL + clonidine 1 mg/mL"))
    assert "incompatible_part" in codes(three, "warn")
    assert "mixture" in codes(admixture_warnings(Solution.parse("morphine 1 mg/mL + clonidine 1 mg/mL")), "warn")
    assert admixture_warnings(Solution.parse("morphine 1 mg/mL")) == ()
