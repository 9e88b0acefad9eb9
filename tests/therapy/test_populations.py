"""Where a patient belongs: read from facts, never guessed; what is not known leaves every limit in force."""

import pytest
from therapy_way import T0, Maker, whole_way

from thecal.formulary import drug, drug_ids, shared
from thecal.quantity import MS_PER_DAY
from thecal.therapy import POPULATIONS, Chart, append, fold, population
from thecal.therapy import events as ev
from thecal.therapy.events import facts as f


def registered(**changes: object) -> tuple[Chart, Maker]:
    maker = Maker(41)
    return append(Chart(), maker.registered().model_copy(update=changes)), maker


def with_facts(chart: Chart, maker: Maker, *facts: ev.Value) -> Chart:
    for fact in facts:
        maker.now += MS_PER_DAY
        chart = append(chart, maker.make(ev.FactRecorded, fact=fact))
    return chart


NAIVE, TOLERANT = f.OpioidExposure(status="opioid_naive"), f.OpioidExposure(status="opioid_tolerant")
TAKES = f.SystemicOpioids(taken=(f.OpioidIntake(drug="oxycodone", amount="40 mg"),))
TAKES_NONE = f.SystemicOpioids(taken=())


def test_every_population_of_the_formulary_is_known_here() -> None:
    figures = [figure for name in drug_ids() for figure in drug(name).figures] + list(shared().figures)
    assert {figure.population for figure in figures} - {"all"} == set(POPULATIONS)


def test_an_empty_chart_belongs_nowhere_and_every_limit_counts() -> None:
    found = population(Chart())
    assert (found.names, found.name, str(found)) == (frozenset(), "all", "not known") and len(found.lacks) == 4


@pytest.mark.parametrize("cause", ["cancer", "noncancer"])
def test_the_cause_is_the_recorded_one_and_says_nothing_of_opioids(cause: str) -> None:
    found = population(registered(pain_cause=cause)[0])
    assert found.names == {"adult", cause} and found.name == cause
    assert any("recorded at registration" in reason for reason in found.reasons)
    assert any("used to opioids is not recorded" in lack for lack in found.lacks)


def test_a_patient_may_surely_be_of_several_populations() -> None:
    chart, maker = registered(pain_cause="cancer")
    found = population(with_facts(chart, maker, TOLERANT, f.Spasticity(origin="spinal")))
    assert found.names == {"adult", "cancer", "opioid_tolerant", "spinal"}
    assert found.name == "all" and found.lacks == ()
    assert str(found) == "adult, cancer, opioid tolerant, spinal"


def test_a_tumour_that_progresses_puts_pain_without_cancer_in_doubt() -> None:
    chart, maker = registered(pain_cause="noncancer")
    found = population(with_facts(chart, maker, f.TumourProgression()))
    assert not found.names & {"cancer", "noncancer"}
    assert any("a tumour has progressed" in lack for lack in found.lacks)


@pytest.mark.parametrize(
    "against",
    [TAKES, f.MedicineList(active=(f.Medicine(name="oxycodone", drug_class="opioid"),))],
)
@pytest.mark.parametrize("later", [True, False])
def test_a_naive_patient_who_takes_opioids_is_in_doubt(against: ev.Value, later: bool) -> None:
    chart, maker = registered()
    found = population(with_facts(chart, maker, *((NAIVE, against) if later else (against, NAIVE))))
    assert not found.names & {"opioid_naive", "opioid_tolerant"}
    assert any("record the opioid exposure again" in lack for lack in found.lacks)


@pytest.mark.parametrize("against", [TAKES_NONE, f.MedicineList(active=())])
def test_a_tolerant_patient_who_stopped_is_in_doubt(against: ev.Value) -> None:
    chart, maker = registered()
    assert "opioid_tolerant" in population(with_facts(chart, maker, against, TOLERANT)).names
    chart, maker = registered()
    found = population(with_facts(chart, maker, TOLERANT, against))
    assert "opioid_tolerant" not in found.names


def test_a_pump_that_gives_an_opioid_ends_being_naive() -> None:
    way, maker = whole_way(), Maker(42)
    maker.now = T0
    fact = maker.make(ev.FactRecorded, fact=NAIVE)
    chart = fold([way[0], fact, *way[1:]])
    assert "opioid_naive" in population(chart, T0 + MS_PER_DAY).names
    found = population(chart)
    assert "opioid_naive" not in found.names and any("a pump gives morphine" in lack for lack in found.lacks)


def test_a_dose_by_hand_ends_being_naive() -> None:
    chart, maker = registered()
    chart = with_facts(chart, maker, NAIVE)
    for event in (maker.review(), maker.plan_by_hand(), maker.injected()):
        chart = append(chart, event)
    assert "opioid_naive" not in population(chart).names


def test_a_pump_that_does_not_deliver_puts_tolerance_in_doubt() -> None:
    way, maker = whole_way(), Maker(43)
    maker.now = way[-1].meta.recorded
    chart = append(fold(way), maker.make(ev.FactRecorded, fact=TOLERANT))
    assert "opioid_tolerant" in population(chart).names
    gap = maker.make(ev.PumpGapNoted, "system", pump="implant-1", start=maker.now, end=None, cause="stalled")
    assert "opioid_tolerant" not in population(append(chart, gap)).names


def test_facts_after_the_time_asked_for_do_not_count() -> None:
    chart, maker = registered()
    chart = with_facts(chart, maker, TOLERANT)
    assert (
        "opioid_tolerant" not in population(chart, T0).names and "opioid_tolerant" in population(chart, maker.now).names
    )


@pytest.mark.parametrize(
    ("born", "adult"), [("2008-03-04", True), ("2008-03-05", False), ("2008", False), ("2007", True)]
)
def test_an_adult_is_one_who_surely_is(born: str, adult: bool) -> None:
    chart, maker = registered(birth_date=born)
    found = population(chart, maker.now)
    assert ("adult" in found.names) is adult
    assert adult or any("not surely an adult" in lack for lack in found.lacks)
