"""What a site has signed takes the place of what is published, as far as anybody has published it and no further."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thecal.formulary import (
    POPULATIONS,
    PUBLISHED,
    Basis,
    SignedLimit,
    Solution,
    check_concentration,
    check_dose,
    drug_ids,
    limits,
)
from thecal.formulary.basis import OPPOSED
from thecal.quantity import CONCENTRATION, parse

MCG = 10**9
ZICONOTIDE = Solution.parse("ziconotide 25 mcg/mL")
SUFENTANIL = Solution.parse("sufentanil 100 mcg/mL")
STRICT, LOOSE = 19_200 * 10**6, 21_600 * 10**6  # the two published ceilings of ziconotide, fg/day


def signed(most: int, key: str = "max_daily", drug: str = "ziconotide", population: str = "all") -> Basis:
    return Basis("site-1-abc", frozenset(), (SignedLimit(drug, "intrathecal", key, population, most, "Filipa Costa"),))


def refusals(solution: Solution, dose: int, basis: Basis = PUBLISHED) -> list[str]:
    found = check_dose(solution, "intrathecal", dose, basis, starting=False)
    return [finding.refusal.code for finding in found if finding.level == "refuse"]


def test_a_signed_ceiling_above_the_strictest_published_one_lets_more_be_given_up_to_itself() -> None:
    assert refusals(ZICONOTIDE, STRICT + 1) == ["above_max_daily"]
    basis = signed(20_000 * 10**6)
    assert refusals(ZICONOTIDE, 20_000 * 10**6, basis) == []
    (finding,) = check_dose(ZICONOTIDE, "intrathecal", 20_000 * 10**6 + 1, basis, starting=False)
    assert finding.level == "refuse" and "the site's ceiling of 20 mcg/day" in finding.refusal.what
    assert "Filipa Costa" in finding.refusal.source and "site-1-abc" in finding.refusal.source
    assert finding.refusal.confirmed


def test_a_signed_ceiling_below_the_published_ones_holds_as_well() -> None:
    assert refusals(ZICONOTIDE, 10 * MCG) == []
    assert refusals(ZICONOTIDE, 10 * MCG, signed(9 * MCG)) == ["above_max_daily"]


def test_a_signature_looser_than_every_published_value_refuses_whatever_is_asked() -> None:
    assert refusals(ZICONOTIDE, LOOSE, signed(LOOSE)) == []
    assert refusals(ZICONOTIDE, MCG, signed(LOOSE + 1)) == ["looser_than_published"]
    found = check_concentration(ZICONOTIDE, signed(101 * 10**5, "max_concentration"))
    assert next(each.refusal.code for each in found if each.level == "refuse") == "looser_than_published"


@pytest.mark.parametrize(("key", "population"), [("colour", "all"), ("max_daily", "postoperative")])
def test_a_signature_for_what_nobody_has_published_refuses_whatever_is_asked(key: str, population: str) -> None:
    assert refusals(ZICONOTIDE, MCG, signed(MCG, key, population=population)) == ["no_such_limit"]


def test_a_signed_concentration_takes_the_place_of_the_published_ones() -> None:
    published = [found.refusal.code for found in check_concentration(SUFENTANIL) if found.level == "refuse"]
    assert published == ["above_max_concentration"]
    basis = signed(parse("100 mcg/mL", CONCENTRATION), "max_concentration", "sufentanil")
    assert [found for found in check_concentration(SUFENTANIL, basis) if found.level == "refuse"] == []
    more = Solution.parse("sufentanil 101 mcg/mL")
    assert [x.refusal.code for x in check_concentration(more, basis) if x.level == "refuse"] == published


def test_a_signature_changes_nothing_for_another_drug_route_key_or_population() -> None:
    for name in drug_ids():
        for route in ("intrathecal", "epidural"):
            kept = [
                x for x in limits(name, route) if (name, route, x.key) != ("ziconotide", "intrathecal", "max_daily")
            ]
            standing = signed(STRICT).standing(name, route)
            assert [x for x in standing if not x.by] == kept


@given(st.sets(st.sampled_from(POPULATIONS)))
def test_more_that_is_known_of_a_patient_never_adds_a_limit_and_only_the_opposite_is_left_out(known: set[str]) -> None:
    basis = Basis(populations=frozenset(known))
    for population in POPULATIONS:
        opposite = {other for opposed in OPPOSED if population in opposed for other in opposed - {population}}
        assert basis.counts(population) is (population in known or not opposite & known)
    for name in drug_ids():
        assert set(basis.standing(name)) <= set(PUBLISHED.standing(name)) == set(limits(name))


def test_a_narrowed_basis_checks_its_order_alike_and_names_no_other_drug() -> None:
    rows = tuple(
        SignedLimit(name, limit.route, limit.key, limit.population, limit.high, "Filipa Costa")
        for name in drug_ids()
        for limit in {(x.route, x.key, x.population): x for x in limits(name)}.values()
        if limit.high is not None
    )
    basis = Basis("site-9-abc", frozenset({"cancer"}), rows)
    for solution in (ZICONOTIDE, Solution.parse("morphine 10 mg/mL + bupivacaine 5 mg/mL")):
        narrow = basis.narrowed(solution, "intrathecal")
        assert {each.drug for each in narrow.signed} == set(solution.drugs) and len(narrow.signed) < len(rows)
        assert narrow.narrowed(solution, "intrathecal") == narrow
        for dose in (1, MCG, 10**12, 10**14):
            assert check_dose(solution, "intrathecal", dose, narrow) == check_dose(solution, "intrathecal", dose, basis)
        assert check_concentration(solution, narrow) == check_concentration(solution, basis)
