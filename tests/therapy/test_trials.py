"""Trials: every method, protocol, schedule, instrument, responder and complication; a diary read without filling in."""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thecal.quantity import MS_PER_DAY, MS_PER_HOUR, Refused
from thecal.therapy import Between, methods
from thecal.therapy import trials as t
from thecal.therapy.events import MissingEntries, PassRule
from thecal.therapy.reference import load

MG, MCG = 10**12, 10**9
PLAN = b"""
[trial]
method = "continuous_it"
route = "intrathecal"
solution = "morphine 1 mg/mL"
dose = "1 mg/day"
start = "2026-03-04T08:00Z"
days = 3
setting = "inpatient"

[rule]
baseline_days = 2
window_days = 2
min_entries_day = 2
"""
BY_HAND = PLAN.replace(b"continuous_it", b"repeated_single_shot").replace(b'dose = "1 mg/day"', b'shot = "0.2 mg"')
DIARY = b"""time,pain,side_effects,opioid,measures,goal,note
2026-03-02T09:00Z,8,,oxycodone 40 mg,bpi_interference=6.4,,
2026-03-02T18:00Z,8,,,,,
2026-03-03T09:00Z,8,,oxycodone 40 mg,odi=44,,
2026-03-03T18:00Z,8,,,,,
2026-03-04T12:00Z,4,itch=none; nausea=mild,oxycodone 20 mg,,,
2026-03-05T09:00Z,3,nausea=moderate,,,,
2026-03-05T13:00Z,3,,,,,
2026-03-05T17:00Z,3,,,,walk=reached,
2026-03-06T09:00Z,3,nausea=none,,bpi_interference=5.4; odi=40,,
2026-03-06T18:00Z,3,,,,,"slept well, at last"
"""


def analysis(plan: bytes = PLAN, diary: bytes = DIARY) -> t.Analysis:
    return t.analyse(t.read_plan(plan), t.read_diary(diary))


def test_a_trial_is_read_with_all_that_stands_beside_pain() -> None:
    found = analysis()
    assert found.verdict.passed and found.verdict.relief == Between.exactly(Fraction(125, 2))
    reached = {each.id: each.reached for each in found.responders}
    assert reached["moderate_30"] and reached["substantial_50"] and reached["strict_60"]
    assert found.lasting is not None and found.lasting.reached and found.lasting.longest_ms == 8 * MS_PER_HOUR
    interference = next(each for each in found.changes if each.name == "bpi_interference")
    assert interference.better == 1 and [done for _, done in interference.reached] == [True]
    assert found.function_improved and found.goals == (("walk", True),)
    assert found.side_effects == (("nausea", "moderate"), ("itch", "none"))
    assert "respiratory depression" in found.not_asked
    assert found.opioid_before == 60 and [day.mme for day in found.opioids] == [30, None, None]
    assert {"placebo_open", "statistic", "regression", "opioid_withdrawal"} <= {each.code for each in found.warnings}
    assert [watch.end - watch.start for watch in found.watches] == [24 * MS_PER_HOUR]
    assert [each.id for each in found.complications][:2] == ["infection_superficial", "infection_deep"]
    assert found.verdict.missing == () and found.lacks == ("systemic opioid on some days of the trial",)


def test_what_is_missing_is_named_and_never_filled_in() -> None:
    found = analysis(diary=b"time,pain\n2026-03-05T09:00Z,1\n")
    assert found.verdict.passed is None and found.verdict.relief is None
    assert [each.lacking for each in found.verdict.missing] == [2, 2, 1, 2]
    assert {each.reached for each in found.responders} == {None} and all(each.lacks for each in found.responders)
    assert len(found.lacks) == 6
    assert found.function_improved is None and found.opioid_before is None


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


def test_every_schedule_is_reachable_and_the_labels_time_holds() -> None:
    hours: dict[str, Any] = {
        "label_morphine": 24,
        "asa_hydrophilic": 24,
        "asa_extended_release": 48,
        "asa_lipophilic": 2,
        "pacc_single_shot": 6,
        "baclofen": 8,
        "refill_or_pump_work": Fraction(1, 2),
    }
    assert {each.id: each.hours for each in t.watch_rules()} == hours
    for name in hours:
        found = t.plan_watch("morphine", 0, rule_id=name, reason="the site's rule")
        assert found.end == hours[name] * MS_PER_HOUR and found.checks[-1] == found.end and len(found.items) == 4
    full = t.plan_watch("morphine", 0)
    assert [at // MS_PER_HOUR for at in full.checks] == [*range(1, 13), *range(14, 25, 2)]
    assert t.plan_watch("fentanyl", 0).end == 2 * MS_PER_HOUR and t.plan_watch("fentanyl", 0).continual == (
        (0, 1_198_800),
    )
    assert t.plan_watch("fentanyl", 0, continuous=True).end == 24 * MS_PER_HOUR
    unknown = t.plan_watch("clonidine", 0)
    assert unknown.end == 48 * MS_PER_HOUR and unknown.warnings[0].code == "watch_unknown"
    assert "fewer than 10 breaths" in full.alarms[0]


def test_a_shorter_watch_needs_a_reason_and_is_refused_beside_a_risk() -> None:
    with pytest.raises(Refused) as refused:
        t.plan_watch("morphine", 0, hours=6)
    assert refused.value.refusals[0].code == "watch_reason"
    assert t.plan_watch("morphine", 0, hours=6, reason="PACC 2016, adult at home").end == 6 * MS_PER_HOUR
    with pytest.raises(Refused) as refused:
        t.plan_watch("morphine", 0, hours=6, reason="PACC 2016", risks=("sleep apnoea",))
    assert refused.value.refusals[0].code == "watch_short"
    longer = t.plan_watch("morphine", 0, hours=30, risks=("obesity",))
    assert longer.checks[-1] == 30 * MS_PER_HOUR and "watch_risk" in [each.code for each in longer.warnings]


def test_after_naloxone_the_watch_begins_again() -> None:
    again = t.after_naloxone(t.plan_watch("morphine", 0), 5 * MS_PER_HOUR)
    assert (again.start, again.end) == (5 * MS_PER_HOUR, 29 * MS_PER_HOUR) and "re-sedation" in again.reason


MARKS: dict[str, tuple[int | Fraction, int | Fraction, list[bool | None]]] = {
    "nrs": (8, 6, [True, False, False]),
    "vas100": (80, 61, [True, False]),
    "bpi_severity": (6, 5, [True]),
    "bpi_interference": (6, Fraction(51, 10), [False]),
    "odi": (44, 34, [True]),
    "rmdq": (15, 11, [False]),
    "promis_pain_interference": (65, 62, [True]),
    "promis_physical_function": (35, 36, [False]),
    "promis_sleep": (60, 58, [True]),
    "promis_depression": (60, 58, [True]),
    "promis_anxiety": (60, 58, [True]),
    "promis_fatigue": (60, 58, [True]),
    "gaf": (50, 60, []),
    "eq5d": (Fraction(1, 2), Fraction(574, 1000), [True]),
    "pgic": (4, 2, [True]),
    "sedation": (1, 0, []),
}


def test_every_instrument_has_its_range_its_way_and_its_smallest_meaningful_change() -> None:
    rows = {row["id"] for row in load("trial")["instrument"]}
    assert rows == {"nrs", "vas100", "bpi", "odi", "rmdq", "promis", "gaf", "eq5d", "pgic", "sedation"}
    assert {each.name for each in t.instruments()} == set(MARKS)
    assert {each.instrument for each in t.instruments()} == rows
    for name, (before, after, wanted) in MARKS.items():
        found = t.change(name, before, after)
        assert [reached for _, reached in found.reached] == wanted, name
        assert found.better > 0, name
        assert all(mark.source for mark, _ in found.reached)


def test_instruments_are_scored_as_published() -> None:
    assert t.bpi_severity(8, 4, 6, 5) == Fraction(23, 4)
    assert t.bpi_interference([8, None, 6, 4, None, 2, None]) == 5
    assert t.oswestry([2] * 10) == 40 and t.oswestry([2, None, *[2] * 8]) == 40
    assert [t.oswestry_band(score) for score in (20, 21, 60, 80, 100)] == [
        "minimal",
        "moderate",
        "severe",
        "crippled",
        "bed-bound or exaggerated",
    ]
    assert t.roland_morris(24) == 24
    with pytest.raises(Refused):
        t.bpi_interference([1, 2, 3, None, None, None, None])
    with pytest.raises(Refused):
        t.roland_morris(25)


def responder(name: str, seen: t.Seen) -> bool | None:
    return next(each.reached for each in t.responders(seen) if each.id == name)


def test_every_responder_definition_is_read_as_it_is_written() -> None:
    def of(above: int, below: int = 1) -> Between:
        return Between.exactly(Fraction(above, below))

    assert [each.id for each in t.responders(t.Seen())] == [row["id"] for row in load("trial")["responder"]]
    assert responder("moderate_30", t.Seen(of(30))) and not responder("moderate_30", t.Seen(of(29)))
    assert responder("substantial_50", t.Seen(of(50))) and not responder("substantial_50", t.Seen(of(499, 10)))
    assert responder("strict_60", t.Seen(of(60))) and responder("strict_60", t.Seen()) is None
    points = next(each for each in t.responders(t.Seen(of(60), of(3))) if each.id == "substantial_50")
    assert points.reached and points.points_reached is False

    def saline(pct: Between) -> tuple[t.Dose, ...]:
        return (t.Dose(of(80), False), t.Dose(pct, False, True))

    assert responder("strict_70_placebo", t.Seen(of(71), doses=saline(of(10))))
    assert responder("strict_70_placebo", t.Seen(of(71), doses=saline(of(40)))) is False
    assert responder("strict_70_placebo", t.Seen(of(71))) is None
    assert responder("strict_70_placebo", t.Seen(of(70), doses=saline(of(10)))) is False
    twice = (t.Dose(of(30), False), t.Dose(of(35), False))
    assert responder("repeat_30", t.Seen(doses=twice))
    assert responder("repeat_30", t.Seen(doses=(twice[0], t.Dose(of(35), True)))) is False
    assert responder("repeat_30", t.Seen(doses=twice[:1])) is None
    assert responder("cancer_20_both", t.Seen(of(20)))
    assert responder("cancer_20_both", t.Seen(of(0), toxicity_fall_pct=Fraction(20)))
    assert responder("cancer_20_both", t.Seen(of(0), toxicity_fall_pct=Fraction(19))) is False
    assert responder("cancer_20_both", t.Seen(of(-5))) is False
    assert responder("cancer_20_both", t.Seen(of(5))) is None


def test_a_mark_is_reached_by_the_whole_interval_missed_by_the_whole_and_uncertain_between() -> None:
    day = MissingEntries(window="baseline", start=0, lacking=2)
    seen = t.Seen(Between(Fraction(40), Fraction(55), Fraction(62)), missing=(day,))
    found = {each.id: each for each in t.responders(seen)}
    assert [found[name].words for name in ("moderate_30", "substantial_50", "strict_60", "strict_70_placebo")] == [
        *("reached", "uncertain", "uncertain", "not reached"),
    ]
    assert found["substantial_50"].reached is None and found["substantial_50"].uncertain
    assert "55 % (40 to 62 %)" in found["substantial_50"].lacks and str(day) in found["substantial_50"].lacks
    assert found["repeat_30"].words == "cannot be said" and not found["repeat_30"].uncertain


def test_points_a_second_dose_and_toxicity_are_uncertain_as_relief_is() -> None:
    def between(low: int, high: int) -> Between:
        return Between(Fraction(low), Fraction(low + high, 2), Fraction(high))

    def answer(name: str, seen: t.Seen) -> t.Responder:
        return next(each for each in t.responders(seen) if each.id == name)

    points = answer("substantial_50", t.Seen(between(60, 70), between(3, 5)))
    assert points.reached and points.points_reached is None
    good, open_dose = t.Dose(between(30, 40), False), t.Dose(between(20, 90), False)
    assert answer("repeat_30", t.Seen(doses=(good, open_dose))).words == "uncertain"
    assert answer("repeat_30", t.Seen(doses=(good, good, open_dose))).reached
    saline = t.Dose(between(10, 35), False, saline=True)
    assert answer("strict_70_placebo", t.Seen(between(71, 80), doses=(saline,))).words == "uncertain"
    certain = t.Dose(between(10, 20), False, saline=True)
    assert answer("strict_70_placebo", t.Seen(between(65, 80), doses=(certain,))).words == "uncertain"
    assert answer("cancer_20_both", t.Seen(between(10, 30))).words == "uncertain"
    assert answer("cancer_20_both", t.Seen(between(10, 30), toxicity_fall_pct=Fraction(20))).reached
    assert answer("cancer_20_both", t.Seen(between(-30, -10))).reached is False


@given(st.tuples(st.fractions(-100, 100), st.fractions(-100, 100), st.fractions(-100, 100)), st.fractions(-100, 100))
def test_a_definition_says_only_what_every_relief_in_the_interval_says(
    ends: tuple[Fraction, Fraction, Fraction], toxicity: Fraction
) -> None:
    low, centre, high = sorted(ends)
    whole = t.responders(t.Seen(Between(low, centre, high), toxicity_fall_pct=toxicity))
    for point in (low, centre, high):
        for wide, exact in zip(
            whole, t.responders(t.Seen(Between.exactly(point), toxicity_fall_pct=toxicity)), strict=True
        ):
            assert wide.reached is None or wide.reached == exact.reached


def test_single_doses_are_read_one_by_one() -> None:
    plan = BY_HAND
    diary = b"""time,pain,side_effects,dose
2026-03-02T09:00Z,8,,
2026-03-02T18:00Z,8,,
2026-03-03T09:00Z,8,,
2026-03-03T18:00Z,8,,
2026-03-04T08:00Z,,,drug
2026-03-04T12:00Z,4,nausea=none,
2026-03-05T08:00Z,,,saline
2026-03-05T12:00Z,8,nausea=none,
2026-03-05T20:00Z,8,,
2026-03-06T08:00Z,,,drug
2026-03-06T12:00Z,5,nausea=none,
2026-03-06T20:00Z,6,,
"""
    reached = {each.id: each.reached for each in analysis(plan, diary).responders}
    assert reached["repeat_30"] and reached["substantial_50"] is False


def test_eight_hours_are_eight_hours_and_a_gap_is_not_relief() -> None:
    hour = MS_PER_HOUR

    def at(*hours: int) -> list[tuple[int, int]]:
        return [(h * hour, 3) for h in hours]

    assert t.lasting_relief(Fraction(8), at(0, 4, 8)).reached
    assert t.lasting_relief(Fraction(8), at(0, 4, 7)).reached is False
    assert t.lasting_relief(Fraction(8), at(0, 8)).reached is None
    assert t.lasting_relief(Fraction(8), [*at(0, 4), (5 * hour, 4), *at(6, 9)]).reached is False
    assert t.lasting_relief(Fraction(8), [(0, 4), (4 * hour, 4), (8 * hour, 4)]).reached is False
    assert t.lasting_relief(Fraction(8), []).reached is None
    with pytest.raises(Refused):
        t.lasting_relief(Fraction(0), at(0))


@pytest.mark.parametrize(
    ("line", "where"),
    [
        (b"2026-03-04T08:00,5", "line 2, time"),
        (b"04/03/2026,5", "line 2, time"),
        (b"2026-03-04T08:00Z,11", "line 2, pain"),
        (b"2026-03-04T08:00Z,-1", "line 2, pain"),
        (b"2026-03-04T08:00Z,5.5", "line 2, pain"),
        (b"2026-03-04T08:00Z,NaN", "line 2, pain"),
        ("2026-03-04T08:00Z,٣".encode(), "line 2, pain"),
        (b"2026-03-04T08:00Z", "line 2"),
        (b'2026-03-04T08:00Z,"5', "line 2"),
    ],
)
def test_a_bad_line_of_a_diary_is_named(line: bytes, where: str) -> None:
    with pytest.raises(Refused) as refused:
        t.read_diary(b"time,pain\n" + line + b"\n")
    assert refused.value.refusals[0].where == where


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("side_effects", "nausea"),
        ("side_effects", "nausea=bad"),
        ("measures", "odi=101"),
        ("measures", "mood=3"),
        ("opioid", "oxycodone"),
        ("opioid", "oxycodone 20"),
        ("goal", "walk=maybe"),
        ("dose", "twice"),
        ("mood", "3"),
        ("time", "3"),
    ],
)
def test_a_bad_cell_is_a_named_refusal(column: str, cell: str) -> None:
    with pytest.raises(Refused) as refused:
        t.read_diary(f"time,{column}\n2026-03-04T08:00Z,{cell}\n".encode())
    assert all(each.code and each.where and each.do for each in refused.value.refusals)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"1 mg/day"', b'"1"'),
        (b'"1 mg/day"', b'"0 mg/day"'),
        (b'"1 mg/day"', b"1.5"),
        (b"days = 3", b"days = 0"),
        (b"days = 3", b"days = 1"),
        (b"days = 3", b'days = "3"'),
        (b"T08:00Z", b"T08:00"),
        (b'"intrathecal"', b'"epidural"'),
        (b'"continuous_it"', b'"hypnosis"'),
        (b"morphine 1 mg/mL", b"morphine 1"),
        (b"window_days = 2", b"window_days = nan"),
        (b"window_days = 2", b"window_hours = 2"),
        (b"[trial]", b"[study]"),
        (b"[rule]", b"[rule"),
        (b'setting = "inpatient"', b"watch_days = 1"),
        (b'setting = "inpatient"', b'risks = "sleep apnoea"'),
        (b'setting = "inpatient"', b'pain = "mild"'),
    ],
)
def test_a_bad_plan_is_a_named_refusal(old: bytes, new: bytes) -> None:
    assert old in PLAN
    with pytest.raises(Refused) as refused:
        t.read_plan(PLAN.replace(old, new))
    assert all(each.code and each.what for each in refused.value.refusals)


@settings(deadline=None)
@given(st.binary(max_size=300) | st.text(max_size=200).map(lambda text: f"time,pain\n{text}".encode(errors="ignore")))
def test_any_bytes_are_a_diary_and_a_plan_or_a_named_refusal(data: bytes) -> None:
    for read in (t.read_diary, t.read_plan):
        try:
            read(data)
        except Refused as refused:
            assert all(each.code for each in refused.refusals)


JUNK = st.one_of(
    st.none(), st.integers(), st.floats(), st.text(), st.booleans(), st.just(2**70), st.lists(st.integers())
)


@settings(deadline=None)
@given(JUNK, JUNK, st.sampled_from(sorted(MARKS)))
def test_no_sum_of_a_trial_takes_what_is_not_a_number_in_range(first: Any, second: Any, name: str) -> None:
    calls: list[Any] = [
        lambda: t.change(name, first, second),
        lambda: t.roland_morris(first),
        lambda: t.bpi_severity(first, second, 1, 1),
        lambda: t.oswestry_band(first),
        lambda: t.plan_watch("morphine", first, hours=second),
        lambda: t.panel_limit(first, second, "cancer"),
        lambda: t.lasting_relief(first, [(second, 1)]),
        lambda: t.next_step("raphael_steps", first, relieved=False, side_effects=False, since_ms=second),
        lambda: t.read_score(name, first),
        lambda: t.instrument(first),
        lambda: t.escalation(first),
        lambda: t.watch_rule(first),
    ]
    for call in calls:
        try:
            call()
        except Refused as refused:
            assert all(each.code and each.what for each in refused.refusals)


def test_the_rule_of_a_plan_is_the_rule_of_the_chart() -> None:
    plan = t.read_plan(PLAN)
    assert plan.planned.rule == PassRule(baseline_days=2, window_days=2, min_entries_day=2)
