"""The site formulary: unsigned limits are the strictest published ones and say so; signatures are versioned."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from therapy_way import MG, T0

from thecal.formulary import PUBLISHED, Solution, drug_ids
from thecal.quantity import Refused
from thecal.therapy import site as s
from thecal.therapy import uuid7

MORPHINE = Solution.parse("morphine 10 mg/mL")
MAX = s.Key("morphine", "intrathecal", "max_daily", "all")


def signed(of: s.Key = MAX, number: int = 1, **changes: Any) -> s.SiteLimitSigned:
    found = s.review(of)
    fields: dict[str, Any] = {
        "id": uuid7(T0 + number, bytes(10)),
        "at": T0,
        "pharmacist": "Ph One",
        "second": "Ph Two",
        "reason": "Label and consensus read side by side.",
        "most": found.strictest,
        "seen": tuple(limit.source for limit in found.published),
        **of._asdict(),
    }
    return s.SiteLimitSigned(**(fields | changes))


def test_until_it_is_signed_the_strictest_published_value_holds_and_says_so() -> None:
    for name in drug_ids():
        for key in s.keys(name):
            found = s.review(key)
            assert found.holds.most == found.strictest <= found.loosest
            assert not found.holds.signed and not found.holds.confirmed and "not confirmed" in str(found.holds)
    first = s.open_reviews()[0]
    assert first.disagree and len(first.published) > 1


def test_a_signed_value_holds_and_every_check_names_the_version() -> None:
    version, findings = s.check(MORPHINE, "intrathecal", 12 * MG)
    assert version == "published"
    assert "limit_unsigned" in [each.refusal.code for each in findings]
    site = s.fold_site([signed(most=10 * MG)])
    assert site.version.startswith("site-1-") and s.effective(MAX, site).by == "Ph One"
    version, findings = s.check(MORPHINE, "intrathecal", 12 * MG, site)
    assert version == site.version
    refused = [each.refusal for each in findings if each.level == "refuse"]
    assert [each.code for each in refused] == ["above_max_daily"] and "Ph One" in refused[0].source
    assert not [each for each in s.check(MORPHINE, "intrathecal", 10 * MG, site)[1] if each.level == "refuse"]
    assert MAX not in [each.key for each in s.open_reviews(site)]


def test_a_signature_that_is_taken_back_gives_way_to_the_strictest_published_value() -> None:
    event = signed(most=10 * MG)
    fields = event.model_dump(exclude={"kind", "most", "seen", "id"})
    back = s.SiteLimitWithdrawn(id=uuid7(T0 + 9, bytes(10)), **fields)
    site = s.fold_site([event, back])
    assert site.events == 2 and s.effective(MAX, site).most == 15 * MG
    assert site.version != s.fold_site([event]).version
    assert [each.code for each in s.signable(back, site)] == ["not_signed"]


def test_a_secondary_drug_is_held_to_its_own_signed_limit() -> None:
    key = next(key for key in s.keys("bupivacaine") if key.key == "max_daily" and key.route == "intrathecal")
    site = s.fold_site([signed(key, most=5 * MG)])
    mixed = Solution.parse("morphine 10 mg/mL + bupivacaine 10 mg/mL")
    found = s.check(mixed, "intrathecal", 6 * MG, site)[1]
    refused = [each.refusal for each in found if each.level == "refuse"]
    assert [(each.code, "bupivacaine" in each.where, "Ph One" in each.source) for each in refused] == [
        ("above_max_daily", True, True)
    ]


def test_a_signed_value_above_the_strictest_published_one_holds() -> None:
    key = s.Key("ziconotide", "intrathecal", "max_daily", "all")
    seen, solution = s.review(key), Solution.parse("ziconotide 25 mcg/mL")
    assert seen.strictest < seen.loosest
    site = s.fold_site([signed(key, most=seen.loosest)])
    for held, most in ((s.NOTHING, seen.strictest), (site, seen.loosest)):
        for dose, codes in ((most, []), (most + 1, ["above_max_daily"])):
            found = s.check(solution, "intrathecal", dose, held)[1]
            assert [each.refusal.code for each in found if each.level == "refuse"] == codes


def test_what_an_order_is_held_to_names_the_version_and_its_own_drugs_alone() -> None:
    other = s.Key("ziconotide", "intrathecal", "max_daily", "all")
    site = s.fold_site([signed(), signed(other, 2)])
    held = s.basis(MORPHINE, "intrathecal", site, frozenset({"noncancer"}))
    assert (held.version, held.populations) == (site.version, frozenset({"noncancer"}))
    assert [(each.drug, each.key, each.most, each.by) for each in held.signed] == [
        ("morphine", "max_daily", 15 * MG, "Ph One")
    ]
    assert s.basis(MORPHINE, "intrathecal") == PUBLISHED
    with pytest.raises(Refused, match="population"):
        s.basis(MORPHINE, "intrathecal", site, frozenset({"martian"}))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"most": 16 * MG}, "looser_than_published"),
        ({"seen": ("something else",)}, "sources_unseen"),
        ({"second": "ph one"}, "second_person"),
        ({"drug": "aspirin"}, "drug_unknown"),
        ({"key": "colour"}, "no_such_limit"),
    ],
)
def test_a_signature_that_cannot_stand_is_refused(changes: dict[str, Any], code: str) -> None:
    found = s.signable(signed(**changes))
    assert found and (found[0].code == code or code == "drug_unknown")
    with pytest.raises(Refused):
        s.fold_site([signed(**changes)])


def test_an_event_counts_once_and_reads_back_the_same() -> None:
    event = signed()
    assert s.read_site_event(event.model_dump_json()) == event
    with pytest.raises(Refused, match="already"):
        s.fold_site([event, event])


@settings(deadline=None)
@given(st.binary(max_size=100) | st.text(max_size=100))
def test_any_bytes_are_an_event_or_a_named_refusal(data: Any) -> None:
    with pytest.raises(Refused) as refused:
        s.read_site_event(data)
    assert all(each.code and each.do for each in refused.value.refusals)


@settings(deadline=None)
@given(st.one_of(st.integers(max_value=0), st.floats(), st.none(), st.text(), st.just(2**63)))
def test_a_check_takes_no_dose_that_is_none(dose: Any) -> None:
    with pytest.raises(Refused):
        s.check(MORPHINE, "intrathecal", dose)
    with pytest.raises(Refused):
        s.check(MORPHINE, "oral", MG)
