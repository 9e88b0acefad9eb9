"""Bad input: each public function of the room refuses by name what it cannot take, and never answers with a number.

The functions are found, not listed: one that has no right arguments in ``RIGHT`` fails the first test. Wrong values
are made from the type hints of each argument, one argument at a time, the others being right.
"""

import importlib
import inspect
import math
import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum
from fractions import Fraction
from typing import Any, Union, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel
from therapy_way import MG, ML, T0, Maker, whole_way

from thecal.formulary import PUBLISHED, Solution
from thecal.pump import Interval
from thecal.quantity import MS_PER_DAY, MS_PER_HOUR, Refused
from thecal.therapy import (
    Between,
    Chart,
    Ledger,
    Limit,
    OldFluid,
    Reservoir,
    Span,
    calc,
    conclude,
    emergency,
    fold,
    follow,
    project,
    row_text,
    site,
)
from thecal.therapy import events as ev
from thecal.therapy import trials as tr

PLACES = ("", ".dosing", ".refill", ".events", ".calc", ".candidacy", ".trials", ".conversion", ".site", ".follow",
          ".emergency")  # fmt: skip
WAY = whole_way()
CHART = fold(WAY)
NOW = CHART.events[-1].meta.recorded + MS_PER_HOUR
MORPHINE = Solution.parse("morphine 18 mg/mL")
MORPHINE_TEXT = "morphine 18 mg/mL"
FOUND = importlib.import_module("thecal.therapy").compare(20 * ML, 7 * ML, 8 * ML)
KEY = site.keys("morphine")[0]
START = Maker().registered()
PLAN = b"""
[trial]
method = "continuous_it"
route = "intrathecal"
solution = "morphine 1 mg/mL"
dose = "0.5 mg/day"
start = "2026-03-04T08:00Z"
days = 3
"""
CHART_FILE = b'now = "2026-03-04"\n[patient]\nbirth_date = "1960"\n'
TRIAL = tr.read_plan(PLAN)
DIARY = (tr.Entry(TRIAL.start - 1, 8), tr.Entry(TRIAL.start + 1, 3))
SIGNED = site.SiteLimitSigned(
    id=START.meta.id, at=T0, pharmacist="Ph One", second="Ph Two", reason="Read.", most=site.review(KEY).strictest,
    seen=tuple(limit.source for limit in site.review(KEY).published), **KEY._asdict(),
)  # fmt: skip
FIRST = follow.refill_steps()[0]
STEP = ev.StepDone(step=FIRST.id, at=T0, by="Nurse One", second="Nurse Two", proofs=FIRST.proofs)
DONE = follow.start_refill()
for each_step in follow.refill_steps():
    DONE = follow.take_step(DONE, STEP.model_copy(update={"step": each_step.id, "proofs": each_step.proofs}))
ROW = project(CHART)
assert ROW is not None
VERDICT = conclude(CHART, NOW)

OLD_FLUID = OldFluid(MORPHINE, Solution.parse("morphine 5 mg/mL"), 300_000, 400_000)
ADULTS = frozenset({"adult"})
RIGHT: dict[str, dict[str, Any]] = {
    "append": {"chart": Chart(), "event": START},
    "refusals": {"chart": Chart(), "event": START},
    "fold": {"events": WAY, "start": Chart()},
    "build": {"event": ev.PainRecorded, "meta": START.meta},
    "read": {"text": START.model_dump_json()},
    "stamp": {"now_ms": T0, "author": "one", "role": "nurse", "at": T0},
    "uuid7": {"now_ms": T0, "random_bytes": bytes(10)},
    "board": {"rows": (project(CHART),), "now": NOW},
    "project": {"chart": CHART},
    "row_text": {"row": ROW},
    "read_row": {"text": row_text(ROW)},
    "verify": {"entries": Ledger().append(START, 0).entries},
    "worklist": {"charts": (CHART,), "now": NOW},
    "tasks": {"chart": CHART, "now": NOW},
    "check_implant": {"implant": CHART.implant},
    "dead_volume": {"implant": CHART.implant},
    "time_to_tip": {"volume": Interval(1, 2), "flow_nl_day": 361_111},
    "compare": {
        "start_nl": 20 * ML, "expected_nl": 7 * ML, "withdrawn_nl": 8 * ML, "solution": MORPHINE,
        "reading_nl": 500_000, "accuracy": Fraction(1, 7), "limit_nl": 2 * ML,
    },
    "expected_residual": {"start_nl": 20 * ML, "spans": (Span(Fraction(361_111), T0, NOW),), "other_nl": 0},
    "missing_text": {"comparison": FOUND},
    "conclude": {"chart": CHART, "now": NOW},
    "judge": {"rule": ev.PassRule(), "days": 3, "started": T0, "diary": CHART.diary, "now": NOW},
    "may": {"kind": "declined", "stage": "trial", "role": "nurse"},
    "warnings": {"method": "single_shot", "verdict": VERDICT},
    "facts_of": {"criterion_id": "infection"},
    "part_of": {"criterion_id": "infection"},
    "old_fluid": {"chart": CHART},
    "bridge_over": {"fluid": OLD_FLUID, "dose_fg_day": MG},
    "criterion": {"chart": CHART, "criterion_id": "fail_physiotherapy", "ruleset": "source_document", "now": NOW},
    "evaluate": {"chart": CHART, "ruleset": "source_document", "now": NOW},
    "ruleset": {"ruleset_id": "source_document"},
    "read_chart": {"data": CHART_FILE},
    "decision_lacks": {"chart": CHART},
    "options": {"chart": CHART, "exposure": {"implant": "low"}},
    "priorities": {"chart": CHART},
    "population": {"chart": CHART, "now": NOW},
    "studies": {"topic": "it_opioid"},
    "inside": {"chart": CHART, "now": NOW},
    "next_refill": {"chart": CHART, "now": NOW, "policy": Limit(90, "site")},
    "refill_date": {
        "reservoir": Reservoir(T0, 20 * ML, 2 * ML), "flow_nl_day": 361_111, "bolus_nl_day": 0,
        "stability": Limit(90, "x"), "policy": Limit(90, "x"), "battery_ms": NOW,
    },
    "flow": {"dose": MG, "concentration": 18 * ML},
    "dose": {"flow_nl_day": 361_111, "concentration": 18 * ML},
    "flow_refusals": {"dose_fg_day": MG, "concentration": ML, "flow_min": 48_000, "flow_max": 24 * ML},
    "concentration_for": {"dose_fg_day": MG, "span_ms": MS_PER_DAY, "usable_nl": ML, "ceiling": 25 * ML},
    "held_period": {"dose_fg_day": MG, "concentration": ML, "pulse_nl": 2_500, "step_ms": 1_000},
    "whole_pulses": {"mass_fg": MG, "concentration": ML, "pulse_nl": 2_500},
    "describe": {"calculation": calc.CALCULATIONS["flow"]},
    "find": {"name": "flow"},
    "plan_watch": {
        "drug": "morphine", "start": T0, "rule_id": "asa_hydrophilic", "hours": 24, "reason": "as agreed",
        "risks": (), "continuous": False,
    },
    "after_naloxone": {"watch": tr.plan_watch("morphine", T0), "given": T0 + 1},
    "watch_rule": {"rule_id": "asa_hydrophilic"},
    "analyse": {"plan": TRIAL, "diary": DIARY, "now": TRIAL.start + MS_PER_DAY},
    "bpi_interference": {"items": (5, 5, 5, 5, None, 5, 5)},
    "bpi_severity": {"worst": 8, "least": 2, "average": 5, "now": 4},
    "change": {"name": "nrs", "before": 8, "after": 3},
    "complications": {"method": "single_shot"},
    "escalation": {"escalation_id": "raphael_steps"},
    "next_step": {
        "escalation_id": "raphael_steps", "current": None, "relieved": None, "side_effects": None, "since_ms": None,
    },
    "instrument": {"name": "nrs"},
    "lasting_relief": {
        "baseline": Fraction(8), "entries": ((T0, 3),), "pct": 50, "least_ms": MS_PER_HOUR, "gap_ms": MS_PER_HOUR,
    },
    "oswestry": {"items": (2,) * 10},
    "oswestry_band": {"score": 44},
    "panel_limit": {"current": MG, "new": MG, "population": "noncancer", "reason": "pain"},
    "read_diary": {"data": b"time,pain\n2026-03-04T08:00Z,8\n"},
    "read_plan": {"data": PLAN},
    "read_score": {"name": "nrs", "text": "8"},
    "responses": {"verdict": VERDICT.record()},
    "dose_findings": {"solution": MORPHINE, "route": "intrathecal", "mass_fg": MG // 5, "basis": PUBLISHED},
    "doses": {"chart": CHART},
    "watches": {"chart": CHART},
    "watched_until": {"chart": CHART},
    "too_early": {"drug": "morphine", "given": T0, "watched_until": T0 + 1, "at": T0 + 2},
    "drug_rule": {"drug": "morphine"},
    "responders": {"seen": tr.Seen(Between.exactly(Fraction(50)), Between.exactly(Fraction(4)))},
    "roland_morris": {"ticked": 12},
    "side_effect_list": {"drug_class": "opioid"},
    "caps": {"drug": "morphine", "route": "it", "population": "unknown"},
    "convert": {
        "dose_fg_day": 30 * MG, "drug": "morphine", "start": "oral", "end": "intrathecal", "population": "unknown",
        "ratio_id": "oral_it_300", "factor": None, "reduction_id": "rotation_cut",
    },
    "daily_mme": {"taken": (ev.OpioidIntake(drug="oxycodone", amount="20 mg"),), "factors": "cdc2022"},
    "equianalgesic": {"drug": "hydromorphone"},
    "mme_factors": {"factors": "cdc2022"},
    "read_day": {"text": "oxycodone 40 mg + fentanyl_transdermal 25 mcg/h"},
    "ratio": {"ratio_id": "oral_it_300"},
    "reduction": {"reduction_id": "rotation_cut"},
    "rotate": {"dose_fg_day": MG, "old": "morphine", "new": "hydromorphone", "route": "intrathecal"},
    "single_dose_findings": {"drug": "morphine", "mass_fg": MG, "population": "unknown"},
    "check": {"solution": MORPHINE, "route": "intrathecal", "dose_fg_day": MG, "populations": ADULTS},
    "basis": {"solution": MORPHINE, "route": "intrathecal", "populations": ADULTS},
    "unsigned": {"solution": MORPHINE, "route": "intrathecal", "populations": ADULTS},
    "read_chain": {"entries": (site.SiteEntry.of(SIGNED, ()),)},
    "effective": {"key": KEY, "site": site.SiteFormulary()},
    "fold_site": {"events": (SIGNED,)},
    "keys": {"drug_id": "morphine"},
    "open_reviews": {"site": site.SiteFormulary()},
    "read_site_event": {"text": SIGNED.model_dump_json()},
    "review": {"key": KEY, "site": site.SiteFormulary()},
    "signable": {"event": SIGNED, "site": site.SiteFormulary()},
    "battery_plan": {"profile_id": "synchromed_ii_20", "implanted": T0, "now": NOW, "indicated": None},
    "causes": {"comparison": FOUND},
    "dose_prompts": {"chart": CHART, "new_dose": 7 * MG, "now": NOW, "reason": "pain"},
    "finish": {"run": DONE},
    "mri_sheet": {"profile_id": "synchromed_ii_20", "solution": MORPHINE},
    "prompts": {"chart": CHART, "now": NOW},
    "residuals": {"refills": CHART.refills, "since": 0},
    "stability_clock": {"solution": MORPHINE, "filled": T0, "now": NOW, "first": False, "policy_days": 90},
    "take_step": {"run": follow.start_refill(), "step": STEP},
    "taper": {"drug": "morphine", "dose": MG, "start": T0, "step_pct": None},
    "card": {"facts": emergency.from_chart(CHART, NOW), "now": NOW},
    "from_chart": {"chart": CHART, "now": NOW},
    "from_texts": {"texts": {"solution": MORPHINE_TEXT}},
}  # fmt: skip
FREE = {"reason", "author", "read_score.text", "panel_limit.population"}
"""Text that a person words freely, or that the next test reads."""
MAY_BE_EMPTY = {"fold.events", "fold_site.events", "board.rows", "worklist.charts", "judge.diary", "residuals.refills"}
NEGATIVE = {"stamp.at"}
"""Times may lie before 1970."""


def public() -> dict[str, Callable[..., Any]]:
    """Every public function of the room, by its name; of a module without a list, those that it defines."""
    found: dict[str, Callable[..., Any]] = {}
    for place in PLACES:
        module = importlib.import_module("thecal.therapy" + place)
        names = getattr(module, "__all__", [name for name in vars(module) if not name.startswith("_")])
        for name in names:
            each = getattr(module, name)
            if inspect.isfunction(each) and each.__module__.startswith("thecal.therapy"):
                known = found.setdefault(name, each)
                assert known is each or not inspect.signature(each).parameters, f"two functions are called {name}"
    return {name: each for name, each in found.items() if name not in ("whole", "exact", "checked")}


FUNCTIONS = public()


def hints(function: Callable[..., Any]) -> dict[str, Any]:
    known = get_type_hints(inspect.unwrap(function))
    return {name: known[name] for name in inspect.signature(function).parameters if name in known}


ARGUMENTS = [
    (name, argument, hint)
    for name, function in FUNCTIONS.items()
    for argument, hint in hints(function).items()
    if argument in RIGHT.get(name, {})
]
EVERY = pytest.mark.parametrize(
    ("name", "argument", "hint"), ARGUMENTS, ids=[f"{name}.{argument}" for name, argument, _ in ARGUMENTS]
)
FLOATS = st.floats() | st.sampled_from([math.nan, math.inf, -math.inf, 1.5])
JUNK = FLOATS | st.binary(max_size=5) | st.just(object()) | st.just([object()]) | st.just({"a": 1}) | st.booleans()
FAR = st.integers(max_value=-1) | st.integers(min_value=2**62 + 1)


def members(hint: Any) -> tuple[Any, ...]:
    return get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)


def wrong(hint: Any, where: str) -> st.SearchStrategy[Any]:
    """Values that the type does not allow, or that no value of the type can be."""
    kinds, made = members(hint), [JUNK]
    if type(None) not in kinds:
        made.append(st.none())
    if str not in kinds:
        made.append(st.text(max_size=20))
    if bool in kinds or bytes in kinds or any(get_origin(each) in (Sequence, Iterable, tuple) for each in kinds):
        made = [FLOATS | st.just(object()) | st.integers()]
        if type(None) not in kinds:
            made.append(st.none())
    if any(get_origin(each) is Mapping for each in kinds):
        made = [FLOATS | st.integers() | st.text(max_size=9) | st.just({"a": object()})]
    if bytes in kinds and str in kinds:
        made = [FLOATS | st.integers() | st.none()]
    if {int, Fraction} & set(kinds):
        made.append(FAR.map(str) if where in NEGATIVE else FAR)
    if Fraction in kinds:
        made.append(st.fractions(max_value=Fraction(-1, 9)))
    if str in kinds and where not in FREE and where.partition(".")[2] not in FREE and bytes not in kinds:
        made.append(st.just("") | st.text(max_size=30).map(lambda text: f"{text}?"))  # no name here ends so
    return st.one_of(made)


def right(hint: Any) -> st.SearchStrategy[Any]:
    """Any value that the type allows, sensible or not."""
    made = {int: st.integers(-5, 2**63), Fraction: st.fractions(), str: st.text(max_size=40), bool: st.booleans(),
            bytes: st.binary(max_size=60), type(None): st.none()}  # fmt: skip
    found = [made[each] for each in members(hint) if each in made]
    return st.one_of(found) if found else st.nothing()


def call(name: str, arguments: dict[str, Any]) -> Any:
    if name == "build":
        return FUNCTIONS[name](arguments["event"], arguments["meta"], score=3)
    return FUNCTIONS[name](**arguments)


def refused(name: str, arguments: dict[str, Any]) -> None:
    with pytest.raises(Refused) as caught:
        call(name, arguments)
    for refusal in caught.value.refusals:
        assert refusal.code and refusal.what and refusal.where
        assert refusal.do or refusal.source


def test_every_public_function_of_the_room_is_tried_with_bad_input() -> None:
    asked = {name for name, function in FUNCTIONS.items() if inspect.signature(function).parameters}
    assert asked == set(RIGHT)
    for name, arguments in RIGHT.items():
        left = set(hints(FUNCTIONS[name])) - set(arguments) - {"entropy", "site", "fields"}
        assert not left, (name, left)


def test_every_public_class_is_a_value_without_rules_of_its_own_or_checks_its_own_fields() -> None:
    for place in PLACES:
        module = importlib.import_module("thecal.therapy" + place)
        for name in getattr(module, "__all__", ()):
            each = getattr(module, name)
            if inspect.isclass(each) and not issubclass(each, Refused | Enum | BaseModel | tuple):
                parameters: Any = vars(each)["__dataclass_params__"]
                assert parameters.frozen, name


@pytest.mark.parametrize("name", RIGHT)
def test_the_right_arguments_are_right(name: str) -> None:
    call(name, RIGHT[name])


@EVERY
@settings(max_examples=12)
@given(data=st.data())
def test_one_wrong_argument_is_refused_by_name(name: str, argument: str, hint: Any, data: st.DataObject) -> None:
    value = data.draw(wrong(hint, f"{name}.{argument}"))
    refused(name, RIGHT[name] | {argument: value})


SIMPLE = [(name, argument, hint) for name, argument, hint in ARGUMENTS if not right(hint).is_empty]


@pytest.mark.parametrize(
    ("name", "argument", "hint"), SIMPLE, ids=[f"{name}.{argument}" for name, argument, _ in SIMPLE]
)
@settings(max_examples=12)
@given(data=st.data())
def test_any_value_of_the_right_type_is_answered_or_refused_and_nothing_else(
    name: str, argument: str, hint: Any, data: st.DataObject
) -> None:
    value = data.draw(right(hint))
    try:
        found = call(name, RIGHT[name] | {argument: value})
    except Refused as caught:
        assert all(refusal.code and refusal.what for refusal in caught.refusals)
    else:
        assert "nan" not in str(found).lower().split()


@settings(max_examples=50)
@given(st.data(), st.sampled_from(ev.EVENTS))
def test_an_event_with_a_wrong_field_is_refused_at_that_field(data: st.DataObject, kind: type[ev.Event]) -> None:
    names = [name for name in kind.model_fields if name != "meta"]
    name = data.draw(st.sampled_from(names))
    with pytest.raises(Refused) as caught:
        ev.build(kind, START.meta, **{name: data.draw(st.just(math.nan) | st.just(object()))})
    assert any(name in refusal.where for refusal in caught.value.refusals)


@given(st.integers(max_value=-1) | st.integers(min_value=1) | st.floats() | st.text(max_size=5))
def test_a_ledger_takes_no_version_but_its_own(version: Any) -> None:
    with pytest.raises(Refused):
        Ledger().append(START, version)
    with pytest.raises(Refused):
        Ledger.load(str(version).encode() + b"\n")
