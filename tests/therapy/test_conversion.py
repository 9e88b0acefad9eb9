"""Conversions: bands with their sources, one-way ratios, caps, and refusals of what must not be converted."""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thecal.quantity import Refused
from thecal.therapy import conversion as c
from thecal.therapy.events import OpioidIntake
from thecal.therapy.reference import load

MG = 10**12


def mg(band: c.Band) -> tuple[float, float, float]:
    return tuple(float(each / MG) for each in (band.low, band.centre, band.high))  # type: ignore[return-value]


def code(*args: Any, **kwargs: Any) -> str:
    with pytest.raises(Refused) as refused:
        c.convert(*args, **kwargs)
    assert all(each.do or each.source for each in refused.value.refusals)
    return refused.value.refusals[0].code


RATIOS: dict[str, tuple[tuple[float, float, float], str]] = {
    "oral_it_300": ((300, 300, 300), "systemic_to_it"),
    "oral_it_krames_software": ((90, 90, 90), "both"),
    "oral_it_12_case": ((12, 12, 12), "it_to_systemic"),
    "oral_it_cancer_cohort": ((75, 105.5, 150), "systemic_to_it"),
    "oral_it_japan": ((10, 56.25, 125), "systemic_to_it"),
    "oral_it_400": ((400, 400, 400), "systemic_to_it"),
    "oral_it_75_uk": ((75, 75, 75), "systemic_to_it"),
    "oral_it_100_scand": ((100, 100, 100), "systemic_to_it"),
    "iv_it_100": ((100, 100, 100), "systemic_to_it"),
    "iv_epi_10": ((10, 10, 10), "systemic_to_it"),
    "epi_it_10": ((10, 10, 10), "both"),
    "epi_it_label_start": ((1, 9.25, 17.5), "none"),
    "epi_csf_fraction": ((53, 53, 53), "none"),
    "rat_systemic_it": ((200, 550, 900), "none"),
    "oral_parenteral_3": ((3, 3, 3), "both"),
    "oral_sc_2": ((2, 2, 2), "both"),
    "oral_parenteral_6_naive": ((6, 6, 6), "both"),
    "oral_parenteral_hm": ((4, 4, 4), "both"),
    "iv_epi_it_hm_fent": ((100, 100, 100), "systemic_to_it"),
}


def test_every_route_ratio_is_read_with_its_way_and_its_source() -> None:
    found = {each.id: each for each in c.ratios()}
    assert set(found) == set(RATIOS)
    for name, (band, direction) in RATIOS.items():
        each = found[name]
        assert (float(each.band.low), float(each.band.centre), float(each.band.high)) == band, name
        assert each.direction == direction and each.source


@pytest.mark.parametrize("name", [name for name, (_, way) in RATIOS.items() if way != "none"])
def test_every_ratio_converts_its_own_way(name: str) -> None:
    each = c.ratio(name)
    inward = each.usable(inward=True)
    start, end = (each.weaker, each.stronger) if inward else (each.stronger, each.weaker)
    dose = 3 * MG
    found = c.convert(dose, each.drugs[0], start, end, "opioid_tolerant", ratio_id=name)
    band = each.band
    wanted = (dose / band.high, dose / band.low) if inward else (dose * band.low, dose * band.high)
    assert (found.dose.low, found.dose.high) == wanted
    assert found.ratio.id == name and found.chosen and found.sign
    if each.direction != "both":
        assert code(dose, each.drugs[0], end, start, ratio_id=name) in ("one_way", "no_ratio")


@pytest.mark.parametrize("name", ["epi_it_label_start", "epi_csf_fraction", "rat_systemic_it"])
def test_pharmacology_converts_nothing(name: str) -> None:
    assert code(MG, "morphine", "epidural", "it", ratio_id=name) in ("one_way", "ratio_of_others")


def test_the_worked_examples_of_the_reference() -> None:
    ids = {"example_1": "oral_it_300", "example_2": "oral_it_cancer_cohort", "example_4": "oral_it_100_scand"}
    rows = {row["id"]: row for row in load("conversions")["example"]}
    assert set(rows) == {f"example_{number}" for number in range(1, 7)}
    for name, ratio_id in ids.items():
        row = rows[name]
        found = c.convert(
            row["oral_morphine_mg_day"] * MG, "morphine", "oral", "it", "opioid_tolerant", ratio_id=ratio_id
        )
        assert float(found.dose.centre / MG) == pytest.approx(float(row["it_mg_day"]), abs=5e-7), name
    # example_3: the case ratio of 12, used the wrong way, would give 20 mg/day and is refused
    assert Fraction(rows["example_3"]["oral_morphine_mg_day"]) / 12 == 20
    assert code(240 * MG, "morphine", "oral", "it", ratio_id="oral_it_12_case") == "one_way"
    # example_5: oxycodone only by a factor that the clinician chose
    row = rows["example_5"]
    assert code(120 * MG, "oxycodone", "oral", "it") == "no_ratio_for_drug"
    found = c.convert(
        row["oral_oxycodone_mg_day"] * MG,
        "oxycodone",
        "oral",
        "it",
        "opioid_tolerant",
        ratio_id="oral_it_100_scand",
        factor=Fraction(row["mme_factor"]),
    )
    assert found.dose.centre == Fraction(row["it_mg_day"]) * MG
    assert "chosen_factor" in [each.code for each in found.warnings]
    # example_6: epidural to intrathecal
    found = c.convert(5 * MG, "morphine", "epidural", "intrathecal")
    assert mg(found.dose)[1] == 0.5


def test_never_one_dose_and_the_spread_is_that_of_all_sources() -> None:
    found = c.convert(240 * MG, "morphine", "oral", "intrathecal", "opioid_tolerant")
    assert not found.chosen and found.ratio.id == "oral_it_cancer_cohort"
    assert mg(found.spread)[0] == 0.6 and mg(found.spread)[2] == 24.0
    assert len(found.each) == 7
    assert found.ceiling is not None and found.ceiling.id == "pacc_start_it" and not found.ceiling.confirmed
    assert {"above_cap", "keep_part_systemic", "it_early_rise"} <= {each.code for each in found.warnings}


def test_every_cap_holds_for_its_population_and_nothing_is_cut_down() -> None:
    named = {each.id for route in ("it", "epidural") for each in c.caps("morphine", route)}
    assert named | {"single_dose_harm"} == {row["id"] for row in load("conversions")["cap"]}
    assert named == {"label_naive_it", "label_tolerant_it", "label_naive_epi", "label_tolerant_epi", "pacc_start_it"}
    assert [each.id for each in c.caps("morphine", "it", "opioid_tolerant")] == ["pacc_start_it", "label_tolerant_it"]
    assert code(401 * MG, "morphine", "oral", "it", "opioid_naive", ratio_id="oral_it_400") == "above_cap"
    edge = c.convert(400 * MG, "morphine", "oral", "it", "opioid_naive", ratio_id="oral_it_400")
    assert mg(edge.dose)[1] == 1.0
    assert code(76 * MG, "morphine", "iv", "epidural", "opioid_naive") == "above_cap"
    assert code(101 * MG, "morphine", "iv", "epidural", "opioid_tolerant") == "above_cap"


def test_a_single_dose_above_the_one_that_harmed_is_refused() -> None:
    (finding,) = c.single_dose_findings("morphine", 9 * 10**11 + 1, "opioid_naive")
    assert finding.level == "refuse" and finding.refusal.code == "single_dose_harm"
    assert c.single_dose_findings("morphine", 9 * 10**11) == ()
    assert c.single_dose_findings("morphine", MG, "opioid_tolerant") == ()


def test_after_a_break_the_patient_counts_as_naive() -> None:
    assert code(500 * MG, "morphine", "oral", "it", "interrupted", ratio_id="oral_it_400") == "above_cap"
    found = c.convert(60 * MG, "morphine", "oral", "it", "interrupted")
    assert "restart" in [each.code for each in found.warnings]
    assert "label_naive_it" in [each.id for each in found.ceilings]


def test_coming_out_uses_other_ratios_than_going_in() -> None:
    found = c.convert(MG, "morphine", "intrathecal", "oral")
    assert {each.id for each, _ in found.each} == {"oral_it_12_case", "oral_it_krames_software"}
    assert mg(found.spread) == (12.0, 12.0, 90.0)
    assert "coming_out" in [each.code for each in found.warnings]
    assert code(MG, "morphine", "it", "oral", ratio_id="oral_it_300") == "one_way"
    assert code(MG, "morphine", "it", "iv") == "no_ratio"


REDUCTIONS = {
    "rotation_start_fraction": (Fraction(33, 100), Fraction(1, 2)),
    "rotation_cut": (Fraction(1, 2), Fraction(3, 4)),
    "it_start_no_reduction_cancer": None,
    "it_early_rise": None,
    "pretrial_taper_payer": None,
    "pretrial_attempt_pacc2024": None,
    "microdose_opioid_free": None,
    "low_baseline_predicts_stop": None,
    "keep_part_systemic": (Fraction(1, 2), Fraction(1, 2)),
    "restart": None,
    "change_of_it_drug": (Fraction(1, 2), Fraction(1, 2)),
}


def test_every_reduction_is_reachable_and_only_shares_give_a_start() -> None:
    assert {each.id: each.share for each in c.reductions()} == REDUCTIONS
    for name, share in REDUCTIONS.items():
        assert c.reduction(name).source
        if share is None:
            assert code(60 * MG, "morphine", "oral", "it", reduction_id=name) == "no_share"
            continue
        found = c.convert(60 * MG, "morphine", "oral", "it", ratio_id="oral_it_100_scand", reduction_id=name)
        assert found.start is not None
        assert (found.start.low, found.start.high) == (found.dose.low * share[0], found.dose.high * share[1])


def test_every_drug_ratio_rotates_or_is_refused_with_its_reason() -> None:
    ids = {row["id"] for row in load("conversions")["drug_ratio"]}
    assert ids == {
        "it_hydromorphone_6",
        "it_hydromorphone_5",
        "it_fentanyl_100",
        "it_sufentanil_1000",
        "oral_hydromorphone_5",
        "oral_hydromorphone_4",
        "parenteral_hydromorphone_5",
    }
    found = c.rotate(6 * MG, "morphine", "hydromorphone", "intrathecal")
    assert set(found.rows) == {"it_hydromorphone_6", "it_hydromorphone_5"} and not found.confirmed
    assert mg(found.calculated) == (1.0, 1.1, 1.2)
    assert found.start.low == Fraction(33 * MG, 100) and found.start.high == Fraction(60 * MG, 100)
    back = c.rotate(MG, "hydromorphone", "morphine", "it")
    assert (mg(back.calculated)[0], mg(back.calculated)[2]) == (5.0, 6.0)
    oral = c.rotate(40 * MG, "morphine", "hydromorphone", "oral")
    assert {"oral_hydromorphone_5", "oral_hydromorphone_4"} <= set(oral.rows)
    assert mg(oral.calculated) == pytest.approx((8.0, 9.333333, 10.666667))
    assert "parenteral_hydromorphone_5" in c.rotate(MG, "morphine", "hydromorphone", "iv").rows
    for drug in ("fentanyl", "sufentanil"):
        with pytest.raises(Refused, match="must not be used"):
            c.rotate(MG, "morphine", drug, "it")


TABLE: dict[str, dict[str, Any]] = {
    "morphine": {"oral": (30, 30), "parenteral": (10, 10)},
    "hydromorphone": {"oral": (8, 8), "parenteral": (2, 2)},
    "oxycodone": {"oral": (20, 30)},
    "hydrocodone": {"oral": (30, 45)},
    "oxymorphone": {"oral": (10, 10), "parenteral": (1, 1)},
    "levorphanol": {"oral": (4, 4), "parenteral": (2, 2)},
    "codeine": {"oral": (200, 200), "parenteral": (100, 100)},
    "fentanyl": {"parenteral": (Fraction(1, 10), Fraction(1, 10))},
}


def test_the_equianalgesic_table_rotates_systemic_opioids() -> None:
    assert {row["id"] for row in load("conversions")["equianalgesic"]} == set(TABLE)
    for drug, wanted in TABLE.items():
        assert dict(c.equianalgesic(drug)) == wanted, drug
    found = c.rotate(60 * MG, "morphine", "oxycodone", "oral")
    assert (mg(found.calculated)[0], mg(found.calculated)[2]) == (40.0, 60.0)
    with pytest.raises(Refused, match="not in the table"):
        c.equianalgesic("tramadol")


@pytest.mark.parametrize("drug", ["ziconotide", "clonidine", "bupivacaine", "ropivacaine", "baclofen"])
def test_what_is_no_opioid_is_never_converted(drug: str) -> None:
    assert code(MG, drug, "oral", "it") == "not_convertible"
    assert code(MG, drug, "oral", "it", factor=1) == "not_convertible"
    for pair in ((drug, "morphine"), ("morphine", drug)):
        with pytest.raises(Refused, match="not an opioid"):
            c.rotate(MG, *pair, "it")


@pytest.mark.parametrize("table", ["cdc2022", "vonkorff2008", "cdc2016", "europe2018", "mme"])
def test_a_table_of_morphine_equivalents_never_converts(table: str) -> None:
    assert code(MG, "morphine", "oral", "it", ratio_id=table) == "mme_not_for_conversion"


def intake(drug: str, amount: str) -> tuple[OpioidIntake, ...]:
    return (OpioidIntake(drug=drug, amount=amount),)


def test_morphine_equivalents_are_counted_by_each_set() -> None:
    assert c.factor_sets() == ("cdc2022", "vonkorff2008", "cdc2016", "europe2018")
    for drug, factor in c.mme_factors().items():
        unit = "mcg/h" if drug.endswith("_mcg_h") else "mg"
        name = drug.removesuffix("_mcg_h")
        assert c.daily_mme(intake(name, f"10 {unit}")).total == 10 * factor, drug
    both = (*intake("oxycodone", "40 mg"), *intake("fentanyl_transdermal", "25 mcg/h"))
    assert c.daily_mme(both).total == 120
    assert c.daily_mme(intake("methadone", "10 mg")).total == 47
    assert c.daily_mme(intake("methadone", "10 mg"), "vonkorff2008").total == 30
    assert c.daily_mme(intake("methadone", "30 mg"), "cdc2016").total == 240
    assert c.daily_mme(intake("fentanyl_transmucosal", "400 mcg"), "vonkorff2008").total == 50
    assert c.daily_mme(()).total == 0
    assert "not for converting" in c.daily_mme(()).use
    for wrong in (intake("heroin", "10 mg"), intake("morphine", "10 mcg/h")):
        with pytest.raises(Refused, match="has no factor"):
            c.daily_mme(wrong)
    with pytest.raises(Refused, match="expert ratios"):
        c.daily_mme((), "europe2018")


def test_the_teaching_ladder_is_shown_and_converts_nothing() -> None:
    steps, note, _ = c.ladder()
    assert steps == {"oral": 300, "iv": 100, "epidural": 10, "intrathecal": 1} and note
    assert code(MG, "morphine", "oral", "it", ratio_id="ladder") == "ratio"


BAD: list[Any] = [0, -1, 2**63, 1.5, float("nan"), float("inf"), None, "240 mg", True, [], Fraction(1, 2)]


@pytest.mark.parametrize("dose", BAD)
def test_a_wrong_dose_is_refused(dose: Any) -> None:
    code(dose, "morphine", "oral", "it")
    with pytest.raises(Refused):
        c.rotate(dose, "morphine", "hydromorphone", "it")
    with pytest.raises(Refused):
        c.single_dose_findings("morphine", dose)


@settings(deadline=None)
@given(
    st.one_of(st.integers(), st.floats(), st.none(), st.text()),
    st.sampled_from(["morphine", "hydromorphone", "fentanyl", "oxycodone", "ziconotide", "", "x"]),
    st.sampled_from(["oral", "iv", "sc", "epidural", "it", "", "rectal"]),
    st.sampled_from(["oral", "iv", "sc", "epidural", "it", "", "rectal"]),
    st.sampled_from(["opioid_naive", "opioid_tolerant", "unknown", "", "child"]),
)
def test_any_input_gives_a_band_in_order_or_a_named_refusal(
    dose: Any, drug: str, start: str, end: str, people: str
) -> None:
    try:
        found = c.convert(dose, drug, start, end, people)
    except Refused as refused:
        assert all(each.code and each.what for each in refused.refusals)
        return
    assert 0 < found.spread.low <= found.dose.low <= found.dose.centre <= found.dose.high <= found.spread.high
    assert found.each and found.sign


@settings(deadline=None)
@given(st.integers(1, 10**15), st.integers(1, 10**15))
def test_more_in_gives_more_out_and_scaling_is_exact(dose: int, factor: int) -> None:
    one = c.convert(dose, "hydromorphone", "oral", "iv")
    if dose * factor <= 2**62:
        many = c.convert(dose * factor, "hydromorphone", "oral", "iv")
        assert many.dose.centre == one.dose.centre * factor
