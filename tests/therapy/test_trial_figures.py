"""Published figures of trials: every method, complication, series and protocol, each reachable and as printed."""

import pytest

from thecal.quantity import MS_PER_DAY, Refused
from thecal.therapy import methods
from thecal.therapy import trials as t
from thecal.therapy.reference import load


def test_all_methods_have_their_facts_and_complications() -> None:
    named = {row["id"] for row in load("trial")["method"]}
    assert named == {
        "single_shot",
        "repeated_single_shot",
        "continuous_epidural",
        "continuous_it",
        "external_long",
        "none",
    }
    assert {each.method for each in methods()} == named - {"none"}
    assert t.waiver_reasons() == ("advanced cancer with limited survival", "high procedural risk")
    assert t.complications("none") == ()
    for name in named - {"none"}:
        assert t.complications(name), name
    with pytest.raises(Refused, match="single_shot"):
        t.complications("hypnosis")


RATES = {
    "death_3d": "0.088 % (7.5 times the expected mortality)",
    "death_1mo": "0.39 % (3.4 times the expected mortality)",
    "death_1yr": "3.89 % (2.7 times the expected mortality)",
    "pdph": "22.9 % (73 of 319; 79 % settled without a blood patch, 21 % needed one)",
    "infection_superficial": "2.3 % (95 % interval 0.8 to 6.1)",
    "infection_deep": "1.4 % (95 % interval 0.5 to 3.8)",
    "bleeding_external": "0.9 %",
    "neuro_injury_external": "0.4 %",
    "infection_implant_per_year": "0.7 % per year",
    "surgical_per_year": "10.5 % per year",
    "catheter_9mo": "78.9 %",
    "registry_pump_5y": "at least 90 %",
    "registry_catheter_5y": "at least 81 %",
    "registry_exit": "10.2 %",
    "granuloma_surveillance": "2.9 % (6 of 208",
    "granuloma_hydromorphone": "8.7 % (of 69)",
    "granuloma_fast": "5 weeks",
    "granuloma_conc": "20 to 25 mg/mL morphine",
    "granuloma_seen_by_doctors": "63.9 %",
    "pocket_fill": "0.0101 % of refills",
    "maude_mix": "infection or erosion 15.7 %",
    "single_centre_mix": "44.3 % (43 of 97; pharmacological 33",
    "motor_stall_onlabel": "2.4 %",
    "motor_stall_offlabel": "7.0 %",
    "overinfusion": "0.16 % (under)",
    "meningitis_external_ziconotide": "7.0 % (5 of 71)",
    "stopped_for_ae": "8.9 % (95 % interval 4.0 to 26.1)",
    "stopped_for_inefficacy": "7.6 %",
    "withdrawal_blinded_taper": "70 % (7 of 10)",
    "respiratory_depression_first_dose": "0.1 to 3.0 %",
    "cancer_registry_exit": "4.3 % (57 of 1311",
}


def test_every_complication_has_its_rate() -> None:
    found = {each.id: each for each in t.complications()}
    assert set(found) == set(RATES)
    for name, rate in RATES.items():
        assert found[name].rate.startswith(rate), name
        assert found[name].source and found[name].what
    assert not found["respiratory_depression_first_dose"].confirmed


def test_every_series_says_how_many_went_on_to_an_implant() -> None:
    found = {each.id: each for each in t.went_on()}
    assert set(found) == {
        "deer2004",
        "hamza2012",
        "anderson1999",
        "anderson2003_it",
        "anderson2003_epi",
        "kumar2001",
        "hassenbusch2002_clonidine",
        "angel1998",
        "rauck2003_cancer",
        "scs_alkaisy",
        "scs_senza",
    }
    for each in found.values():
        assert round(each.implanted * 100 / each.trialled) == each.pct, each.id
    assert set(t.predictors()) == {"it_vs_epidural_6mo", "predictors"}
    assert set(t.lessons()) == {"concentration_change", "minutes_hours", "session_left_open", "computed_alarm"}
    assert set(t.pitfalls()) == {
        "statistic",
        "placebo_open",
        "dropout",
        "regression",
        "opioid_withdrawal",
        "surprising_response",
    }
    assert len(t.home_trial_fields()) == 9 and len(t.red_flags()) == 7 and len(t.depression_facts()) == 4
    for name in ("opioid", "local_anaesthetic", "ziconotide", "clonidine", "baclofen", "procedure"):
        assert t.side_effect_list(name)


MG = 10**12
MCG = 10**9


def step(name: str, dose: int | None, since: int | None = None) -> int | None:
    return t.next_step(name, dose, relieved=False, side_effects=False, since_ms=since).dose


def test_every_protocol_gives_its_steps_and_stops_at_its_limit() -> None:
    assert {each.id for each in t.escalations()} == {
        "raphael_steps",
        "grider_microdose",
        "flexible_single",
        "baclofen_screen",
        "ziconotide_slow",
        "panel_limit",
        "cancer_first_days",
    }
    assert [step("raphael_steps", dose) for dose in (None, MG // 5, MG * 4 // 5, MG)] == [
        MG // 5,
        MG * 2 // 5,
        MG,
        None,
    ]
    ladder = [None, 25 * MCG, 50 * MCG, 100 * MCG, 200 * MCG, 400 * MCG]
    assert [step("grider_microdose", dose) for dose in ladder] == [*ladder[1:], None]
    assert [step("flexible_single", dose) for dose in (None, MG // 10)] == [MG // 10, None]
    assert step("baclofen_screen", 50 * MCG, MS_PER_DAY - 1) is None
    assert [step("baclofen_screen", d, MS_PER_DAY) for d in (50 * MCG, 75 * MCG, 100 * MCG)] == [
        75 * MCG,
        100 * MCG,
        None,
    ]
    assert step("ziconotide_slow", 1200 * 10**6, 6 * MS_PER_DAY) is None
    assert step("ziconotide_slow", 1200 * 10**6, 7 * MS_PER_DAY) == 2400 * 10**6
    for name in ("panel_limit", "cancer_first_days"):
        with pytest.raises(Refused, match="prints no steps"):
            step(name, MG)
    with pytest.raises(Refused, match="no step of grider_microdose"):
        step("grider_microdose", 60 * MCG)


def test_a_protocol_rises_only_when_relief_and_side_effects_are_known() -> None:
    for relieved, effects in ((None, False), (False, None), (True, False), (False, True)):
        found = t.next_step("raphael_steps", MG // 5, relieved=relieved, side_effects=effects)
        assert found.dose is None and found.reason


def test_the_panels_limit_is_soft_with_a_reason() -> None:
    assert t.panel_limit(MG, MG * 13 // 10, "noncancer") == ()
    assert [each.code for each in t.panel_limit(MG, MG * 13 // 10 + 1, "noncancer")] == ["step_above_panel_limit"]
    assert t.panel_limit(MG, MG * 3 // 2, "cancer") == ()
    assert t.panel_limit(MG, 2 * MG, "cancer", reason="first day in hospital") == ()
    with pytest.raises(Refused):
        t.panel_limit(MG, MG, "children")
