"""The body of a patient on morphine behaves as published. Units: mg, h, ng/mL; sources in docs/body/model.md."""

import numpy as np
import pytest

from thecal.body import Bolus, Infusion, Input, Oral, Person, Tip, Trace, simulate
from thecal.body.inputs import CATHETER_ROUTES, CatheterRoute
from thecal.body.person import DISPERSIONS, DISPOSITIONS, Dispersion, Disposition

MINUTES = np.arange(1, 721) / 60


def settled(level: str = "L3", person: Person | None = None, route: CatheterRoute = "intrathecal") -> Trace:
    tip = Tip(level, route) if route in ("intrathecal", "epidural") else None
    inputs = [Infusion(0, 2400, 1 / 24, route, tip)]
    return simulate(person or Person(), "morphine", inputs, [2400.0])


def within(fold: float, seen: float, published: float) -> bool:
    return published / fold <= seen <= published * fold


@pytest.mark.parametrize("level", ["T8", "T10", "T12", "L1", "L3"])
def test_one_milligram_a_day_reaches_the_published_csf_and_plasma(level: str) -> None:
    trace = settled(level)
    assert within(2.0, trace.csf(level)[0], 2910.0)
    assert trace.plasma[0] == pytest.approx(0.56, rel=0.1)


@pytest.mark.parametrize("dispersion", DISPERSIONS)
@pytest.mark.parametrize("route", CATHETER_ROUTES)
def test_plasma_steady_state_is_rate_over_clearance_whatever_the_spine(
    dispersion: Dispersion, route: CatheterRoute
) -> None:
    trace = settled("T6", Person(dispersion=dispersion), route)
    clearance = trace.model.parameters.systemic.clearance_ml_h
    assert trace.plasma[0] == pytest.approx(1e6 / 24 / clearance, rel=1e-4)


def test_metabolites_follow_plasma_and_not_the_catheter() -> None:
    high, low, vein = settled("C5"), settled("L4"), settled(route="intravenous")
    for name in ("m3g", "m6g"):
        seen = [float(getattr(trace, name)[0]) for trace in (high, low, vein)]
        assert seen == pytest.approx([seen[0]] * 3, rel=1e-3)
    assert high.csf("L4")[0] < 0.5 * low.csf("L4")[0]


def test_intrathecal_bolus_gives_the_published_csf() -> None:
    trace = simulate(Person(), "morphine", [Bolus(0, 0.25, "intrathecal", Tip("L3"))], MINUTES)
    csf = trace.csf("L3")
    assert within(2.0, csf[59], 4228.0)
    assert within(2.0, 60 * 5 * np.log(2) / np.log(csf[179] / csf[479]), 196.0)
    assert trace.plasma.max() < 1.0
    head = trace.csf("C1")
    assert 3.0 <= MINUTES[head.argmax()] <= 8.0  # the late peak that makes intrathecal morphine dangerous to breathing


@pytest.mark.parametrize(("volume_ml", "published"), [(1.0, 33.0), (10.0, 40.0)])
def test_epidural_bolus_gives_the_published_plasma_and_csf(volume_ml: float, published: float) -> None:
    trace = simulate(Person(), "morphine", [Bolus(0, 3, "epidural", Tip("L3", "epidural"), volume_ml)], MINUTES)
    csf = trace.csf("L3")
    assert within(2.0, trace.plasma.max(), published)
    assert within(2.0, 60 * MINUTES[trace.plasma.argmax()], 5.0)
    assert within(2.0, 60 * MINUTES[csf.argmax()], 75.0)
    assert 45 / 2 <= csf[59] / trace.plasma[59] <= 100 * 2


def test_epidural_lumbar_dose_reaches_the_neck_late() -> None:
    trace = simulate(Person(), "morphine", [Bolus(0, 10, "epidural", Tip("L2", "epidural"), 10)], MINUTES)
    neck = trace.csf("C7")
    assert within(2.0, trace.plasma.max(), 110.0)
    assert within(2.0, neck[59], 300.0)
    assert within(1.5, 60 * MINUTES[neck.argmax()], 180.0)


def test_axial_gradient_matches_the_only_one_measured_in_man() -> None:
    trace = settled("L3")
    assert within(1.5, trace.csf("T2")[0] / trace.csf("T12")[0], 0.43)


def test_analgesia_ends_at_one_cord_concentration_after_three_epidural_doses() -> None:
    ends = []
    for mg, minutes in ((2, 514), (4, 778), (6, 938)):
        dose: list[Input] = [Bolus(0, mg, "epidural", Tip("L1", "epidural"), 5.0)]
        ends.append(float(simulate(Person(), "morphine", dose, [minutes / 60]).cord_at_dermatome("T6")[0]))
    assert max(ends) / min(ends) < 1.2
    assert within(1.5, float(np.mean(ends)), 56.0)


def test_blood_brings_csf_a_little_less_than_plasma_holds() -> None:
    trace = simulate(Person(), "morphine", [Infusion(0, 1, 10, "intravenous")], MINUTES)
    assert 2.0 <= MINUTES[trace.csf("L3").argmax()] <= 4.5
    assert trace.amounts_mg()["pool_from_blood"].max() / 10 < 1e-4
    steady = settled(route="intravenous")
    assert steady.csf("L3")[0] / steady.plasma[0] == pytest.approx(0.85, rel=1e-3)


@pytest.mark.parametrize("disposition", DISPOSITIONS)
def test_oral_bioavailability_and_metabolite_ratios(disposition: Disposition) -> None:
    person = Person(disposition=disposition)
    hours = np.concatenate([[0.0], np.geomspace(1e-3, 400.0, 3000)])
    mouth = simulate(person, "morphine", [Oral(0, 20)], hours)
    vein = simulate(person, "morphine", [Bolus(0, 5, "intravenous")], hours)
    assert within(1.05, 0.25 * np.trapezoid(mouth.plasma, hours) / np.trapezoid(vein.plasma[1:], hours[1:]), 0.292)
    ratio = np.trapezoid(mouth.m6g, hours) / np.trapezoid(mouth.plasma, hours)
    assert within(2.0, ratio, 3.6)
    assert within(2.0, np.trapezoid(mouth.m3g, hours) / np.trapezoid(mouth.plasma, hours), 29.9)


def test_failing_kidneys_keep_metabolites() -> None:
    well, ill = (settled(person=Person(egfr=egfr)) for egfr in (96.0, 20.0))
    assert ill.m6g[0] > 2 * well.m6g[0]
    assert ill.plasma[0] == pytest.approx(well.plasma[0], rel=1e-6)


def test_a_catheter_gives_the_cord_far_more_than_tablets_and_the_blood_far_less() -> None:
    times = np.arange(2352.0, 2400.0)
    pump = simulate(Person(), "morphine", [Infusion(0, 2400, 1 / 24, "intrathecal", Tip("T10"))], times)
    tablets = [Oral(12.0 * k, 150, "controlled") for k in range(200)]
    mouth = simulate(Person(), "morphine", tablets, times)
    assert pump.cord("T10").mean() > 20 * mouth.cord("T10").mean()
    assert mouth.plasma.mean() > 50 * pump.plasma.mean()
