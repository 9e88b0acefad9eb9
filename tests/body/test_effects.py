"""Breathing, withdrawal, placebo, flares, side effects and stimulation behave as their sources say."""

import numpy as np
import pytest

from thecal.body import (
    STIMULATORS,
    Bolus,
    Infusion,
    Input,
    Oral,
    Person,
    Tip,
    breathing,
    compare,
    flares,
    organ_loads,
    placebo_relief,
    predict,
    side_effects,
    simulate,
    stimulation,
    stimulation_relief,
    withdrawal,
)
from thecal.body.effect import effect_parameters
from thecal.body.reference import entry
from thecal.quantity import Refused

HOURS = np.arange(0.05, 24, 0.05)
TIP = Tip("T10")


def test_drive_to_breathe_falls_late_after_a_lumbar_dose_and_early_after_an_intravenous_one() -> None:
    spinal = breathing(simulate(Person(), "morphine", [Bolus(0, 0.3, "intrathecal", Tip("L3"))], HOURS))
    vein = breathing(simulate(Person(), "morphine", [Bolus(0, 10, "intravenous")], HOURS))
    assert 2.5 < spinal.peak_at_h < 10
    assert vein.peak_at_h < spinal.peak_at_h
    assert spinal.flagged.any()
    assert (spinal.loss < 1).all()
    assert spinal.loss == pytest.approx(spinal.from_csf + spinal.from_blood)
    assert spinal.from_csf[100] > 10 * spinal.from_blood[100]


def test_breathing_of_a_drug_without_a_sourced_potency_is_refused() -> None:
    with pytest.raises(Refused, match="no breathing"):
        breathing(simulate(Person(), "clonidine", [], [1.0]))


@pytest.mark.parametrize(("drug", "start_mg_day"), [("hydromorphone", 0.1), ("fentanyl", 0.05), ("sufentanil", 0.015)])
def test_effects_of_other_opioids_rest_on_potency_and_every_figure_behind_them_is_marked(
    drug: str, start_mg_day: float
) -> None:
    inputs: list[Input] = [Infusion(0, 200, start_mg_day / 24, "intrathecal", TIP)]
    trace = simulate(Person(), drug, inputs, np.arange(150.0, 200.0))
    assert 0.3 < breathing(trace).loss[-1] < 0.9
    assert len(side_effects(trace)) == 8
    own = predict(Person(), drug, inputs, [199.0], TIP)
    morphine = predict(Person(), "morphine", [Infusion(0, 200, 0.5 / 24, "intrathecal", TIP)], [199.0], TIP)
    assert own.pain.low[0] < morphine.pain.mid[0] < own.pain.high[0]
    for key in ("EC50_cord", "C50_systemic", "C50_brainstem_csf"):
        assert any(key in note and "unconfirmed" in note for note in own.notes)


@pytest.mark.parametrize("drug", ["fentanyl", "sufentanil"])
def test_a_potency_that_no_trial_measured_at_the_cord_has_a_wider_band(drug: str) -> None:
    assert effect_parameters(drug).potency_log_sd > effect_parameters("morphine").potency_log_sd
    assert entry(drug, "effect.EC50_systemic").confirmed
    assert not entry(drug, "effect.EC50_cord").confirmed
    (low, high) = (entry(drug, "effect.EC50_cord").lo, entry(drug, "effect.EC50_cord").hi)
    assert low is not None
    assert high is not None
    assert high / low >= 25


@pytest.mark.parametrize("drug", ["oxycodone", "bupivacaine", "clonidine", "ziconotide", "baclofen", "dtpa"])
def test_relief_and_breathing_without_a_source_are_refused_with_the_reason(drug: str) -> None:
    for ask in (
        lambda: predict(Person(), drug, [], [1.0], TIP),
        lambda: breathing(simulate(Person(), drug, [], [1.0])),
    ):
        with pytest.raises(Refused) as caught:
            ask()
        assert caught.value.refusals[0].code == "body.not_supported"
        assert "fentanyl" in caught.value.refusals[0].do


def test_withdrawal_rises_after_a_stop_and_fades_in_weeks() -> None:
    hours = np.arange(0, 24 * 60.0)
    load = np.where(hours < 24 * 30, 5.0, 0.0)
    index = withdrawal(hours, load)
    assert index[: 24 * 30].max() == 0.0
    assert index[24 * 31] > 3.0
    assert index[-1] < 0.1
    assert withdrawal(hours, np.full(hours.size, 5.0), load_before=5.0).max() < 1e-9


def test_placebo_takes_its_published_share_in_its_published_time() -> None:
    relief = placebo_relief([0.0, 27.7 * 24, 1e6], begin_h=0.0)
    assert relief == pytest.approx([0.0, 0.095, 0.19], abs=1e-6)
    assert placebo_relief([5.0], begin_h=10.0)[0] == 0.0


def test_flares_do_not_depend_on_what_is_asked() -> None:
    hours = np.arange(0, 24 * 200.0)
    whole = flares(3, "a", hours)
    assert (whole == np.concatenate([flares(3, "a", part) for part in np.array_split(hours, 7)])).mean() > 0.999
    assert 0.01 < (whole > 0).mean() < 0.15
    assert not np.array_equal(whole, flares(3, "b", hours))


def test_prior_opioids_leave_tolerance_behind() -> None:
    inputs = [Infusion(0, 48, 0.2 / 24, "intrathecal", TIP)]
    naive, used = (
        predict(Person(prior_opioid_mg_day=mg), "morphine", inputs, [24.0], TIP, 7.5).pain.mid[0] for mg in (0.0, 150.0)
    )
    assert used > naive + 0.5


def test_side_effects_are_ranked_by_route_and_claim_no_probability() -> None:
    pump = simulate(Person(), "morphine", [Infusion(0, 500, 1 / 24, "intrathecal", TIP)], np.arange(450, 500.0))
    doses: list[Input] = [Oral(12.0 * k, 150, "controlled") for k in range(41)]
    mouth = simulate(Person(), "morphine", doses, np.arange(450, 500.0))
    ranks = [{item.name: item for item in side_effects(trace)} for trace in (pump, mouth)]
    assert sorted(item.rank for item in ranks[0].values()) == list(range(1, len(ranks[0]) + 1))
    assert ranks[0]["constipation"].index < ranks[1]["constipation"].index
    assert ranks[0]["retention_of_urine"].index > ranks[1]["retention_of_urine"].index
    assert all("not the chance" in item.wording for item in ranks[0].values())


def test_liver_and_kidney_clear_a_day_what_is_given_a_day() -> None:
    trace = simulate(Person(), "morphine", [Infusion(0, 3000, 1 / 24, "intrathecal", TIP)], [2900.0, 3000.0])
    loads = organ_loads(trace)
    p = trace.model.parameters.systemic
    assert loads.liver_mg_day[0] == pytest.approx(1 - p.fraction_renal, rel=1e-3)
    assert loads.kidney_mg_day[0] == pytest.approx(p.fraction_renal + p.fraction_m3g + p.fraction_m6g, rel=1e-3)


@pytest.mark.parametrize("kind", STIMULATORS)
def test_stimulation_reproduces_the_published_responders(kind: str) -> None:
    spread = stimulation(kind)  # type: ignore[arg-type]
    drawn = np.array([stimulation_relief(1, f"p{k}", kind) for k in range(1500)])  # type: ignore[arg-type]
    assert (drawn >= 0.5).mean() == pytest.approx(1 - spread.shares[1], abs=0.04)
    assert drawn.mean() == pytest.approx(spread.mean, abs=0.03)
    assert any("implanted after a trial" in note for note in spread.notes)
    assert list(spread.shares) == sorted(spread.shares)


def test_therapies_stand_side_by_side_with_bands() -> None:
    found = compare(Person(), {"intrathecal": 1.0, "oral": 300.0}, days=20)
    by_name = {arm.therapy: arm for arm in found.arms}
    assert set(by_name) == {"intrathecal", "oral", "stimulation"}
    for arm in found.arms:
        for figure in arm.figures.values():
            assert figure.low <= figure.mid <= figure.high
    spine, mouth = by_name["intrathecal"].figures, by_name["oral"].figures
    assert spine["cord at the painful segment"].mid > 10 * mouth["cord at the painful segment"].mid
    assert spine["liver load"].mid < mouth["liver load"].mid / 100
    with pytest.raises(Refused, match="stimulation"):
        compare(Person(), {"stimulation": 1.0})
