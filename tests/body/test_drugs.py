"""Ten drugs share one spine: each conserves mass, says what it borrows, and refuses what no source supports."""

from collections.abc import Callable

import numpy as np
import pytest

from thecal.body import (
    DRUGS,
    Bolus,
    Infusion,
    Oral,
    Person,
    Tip,
    Variation,
    breathing,
    predict,
    refused_outputs,
    simulate,
)
from thecal.body.parameters import parameters, unconfirmed
from thecal.body.reference import entries
from thecal.quantity import Refused

TIP = Tip("T10")


@pytest.mark.parametrize("drug", DRUGS)
def test_every_drug_conserves_mass_and_settles_at_rate_over_clearance(drug: str) -> None:
    trace = simulate(Person(), drug, [Infusion(0, 8000, 0.01, "intrathecal", TIP)], [1.0, 100.0, 8000.0])
    assert np.abs(trace.mass_error()).max() <= 1e-9
    assert (trace.states_mg() >= 0).all()
    clearance = parameters(Person(), drug).systemic.clearance_ml_h
    assert trace.plasma[-1] == pytest.approx(0.01e6 / clearance, rel=1e-3)
    assert trace.csf("T10")[-1] > 10 * trace.plasma[-1]


@pytest.mark.parametrize("drug", [name for name in DRUGS if name != "morphine"])
def test_what_a_drug_borrows_is_marked_in_its_results(drug: str) -> None:
    borrowed = [item for item in entries(drug).values() if item.borrowed_from]
    assert borrowed
    assert not any(item.confirmed for item in borrowed)
    notes = simulate(Person(), drug, [], [1.0]).notes
    for item in borrowed:
        assert any(item.key in note and ("borrowed" in note or "estimated" in note) for note in notes)
    assert len(notes) == len(unconfirmed(drug))


@pytest.mark.parametrize("drug", DRUGS)
def test_an_output_without_a_source_is_refused_with_the_reason(drug: str) -> None:
    acts: dict[str, Callable[[], object]] = {
        "metabolites": lambda: simulate(Person(), drug, [], [1.0]).m3g,
        "oral": lambda: simulate(Person(), drug, [Oral(0, 1)], [1.0]),
        "relief": lambda: predict(Person(), drug, [], [1.0], TIP),
        "breathing": lambda: breathing(simulate(Person(), drug, [], [1.0])),
        "epidural": lambda: simulate(Person(), drug, [Bolus(0, 1, "epidural", Tip("L3", "epidural"))], [1.0]),
    }
    for output, act in acts.items():
        reason = refused_outputs(drug).get(output)
        if reason is None:
            act()
            continue
        with pytest.raises(Refused) as caught:
            act()
        assert caught.value.refusals[0].code == "body.not_supported"
        assert reason in caught.value.refusals[0].what


def test_lipophilic_opioids_leave_the_fluid_faster_than_morphine() -> None:
    left = {}
    for drug in ("morphine", "fentanyl", "sufentanil"):
        trace = simulate(Person(), drug, [Bolus(0, 0.1, "intrathecal", Tip("L3"))], [1.0, 4.0])
        left[drug] = float(trace.csf("L3")[1])
    assert left["morphine"] > left["fentanyl"] > left["sufentanil"]


def test_failing_kidneys_hold_back_what_they_clear_unchanged() -> None:
    for drug, rises in (("baclofen", 2.0), ("clonidine", 1.3), ("fentanyl", 1.0)):
        well, ill = (
            simulate(Person(egfr=egfr), drug, [Infusion(0, 4000, 0.01, "intrathecal", TIP)], [4000.0]).plasma[0]
            for egfr in (96.0, 15.0)
        )
        assert ill >= rises * well


@pytest.mark.parametrize("cell_mm", [3.0, 5.0, 20.0])
def test_other_grids_give_the_same_answer(cell_mm: float) -> None:
    inputs = [Infusion(0, 24, 0.05, "intrathecal", TIP)]
    usual = simulate(Person(), "morphine", inputs, [24.0])
    other = simulate(Person(), "morphine", inputs, [24.0], cell_mm)
    assert np.abs(other.mass_error()).max() <= 1e-9
    assert other.csf("T10") == pytest.approx(usual.csf("T10"), rel=0.02)
    assert other.plasma == pytest.approx(usual.plasma, rel=0.01)


def test_people_differ_where_their_variation_says_so() -> None:
    inputs = [Infusion(0, 2000, 0.05, "intrathecal", TIP)]
    usual = simulate(Person(), "morphine", inputs, [2000.0])
    quick = simulate(Person(variation=Variation(clearance=2.0)), "morphine", inputs, [2000.0])
    wide = simulate(Person(variation=Variation(csf_area=1.5)), "morphine", inputs, [2000.0])
    assert quick.plasma == pytest.approx(usual.plasma / 2, rel=1e-3)
    assert wide.csf("T10")[0] < usual.csf("T10")[0]
    assert wide.plasma == pytest.approx(usual.plasma, rel=1e-3)
