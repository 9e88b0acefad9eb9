"""The one gate: what it refuses, what it names, and that nothing that can change delivery goes round it."""

import ast
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pump_orders import CAPS, MG, MODEL, MORPHINE, make_pump, order

import thecal
from thecal.formulary import PUBLISHED, Basis, Finding, SignedLimit, Solution
from thecal.pump import (
    Caps,
    Device,
    MemoryStorage,
    MultiRate,
    PeriodicBolus,
    Prescription,
    Program,
    SimpleContinuous,
    Step,
    Stopped,
    admit,
    load,
    profile,
    refill,
    stop,
)
from thecal.pump.commands import COMMANDS, Pump, Session
from thecal.pump.protocol import (
    AcknowledgeRequest,
    AlarmCheckRequest,
    AlarmsRequest,
    BolusRequest,
    ClearRequest,
    CommitRequest,
    EchoRequest,
    FaultRequest,
    HardwareRequest,
    HoursRequest,
    LogRequest,
    PathRequest,
    ReadRequest,
    RefillRequest,
    Request,
    ResumeRequest,
    SilenceRequest,
    StageRequest,
    StatusRequest,
    StopRequest,
)
from thecal.quantity import CONCENTRATION, MS_PER_DAY, MS_PER_HOUR, Refused, parse

NOW = 1_800_000_000_000
PUMP = profile(MODEL)


def codes(findings: tuple[Finding, ...], level: str = "refuse") -> set[str]:
    return {finding.refusal.code for finding in findings if finding.level == level}


def new_device(fill: Solution = MORPHINE) -> Device:
    return Device.create(MemoryStorage(), PUMP, 400_000, None, fill, 18_000_000, NOW)


def test_a_sound_order_is_admitted() -> None:
    assert codes(admit(order(now=NOW), PUMP, MORPHINE, NOW)) == set()


def test_a_dose_over_a_published_limit_is_refused_with_its_source() -> None:
    strong = Solution.parse("morphine 20 mg/mL")
    high = order(SimpleContinuous(60 * MG), now=NOW, solution=strong, caps=Caps(10 * MG, 100 * MG))
    found = admit(high, PUMP, strong, NOW)
    assert "above_max_daily" in codes(found)
    assert all(f.refusal.source and f.refusal.do for f in found if f.refusal.code == "above_max_daily")


STRICT, LOOSE = 19_200 * 10**6, 21_600 * 10**6  # the published ceilings of ziconotide, fg/day


@pytest.mark.parametrize(
    ("signed", "dose", "code"),
    [
        (None, STRICT, ""),
        (None, STRICT + 1, "above_max_daily"),
        (20_000 * 10**6, 20_000 * 10**6, ""),
        (20_000 * 10**6, 20_000 * 10**6 + 1, "above_max_daily"),
        (LOOSE, LOOSE, ""),
        (LOOSE + 1, STRICT, "looser_than_published"),
        (10**10, 10**10 + 1, "above_max_daily"),
    ],
)
def test_the_pump_holds_an_order_to_the_limits_that_a_site_has_signed(
    tmp_path: Path, signed: int | None, dose: int, code: str
) -> None:
    ziconotide = Solution.parse("ziconotide 25 mcg/mL")
    rows = () if signed is None else (SignedLimit("ziconotide", "intrathecal", "max_daily", "all", signed, "Ph One"),)
    pump, session = Pump(make_pump(tmp_path, fill=ziconotide)), Session()
    basis = Basis("site-1-abc" if rows else "published", signed=rows)
    caps = Caps(2 * dose, 3 * dose)
    wanted = order(SimpleContinuous(dose), now=pump.clock.now_ms(), solution=ziconotide, caps=caps, basis=basis)
    reply = pump.answer(StageRequest(v=1, id=1, command="stage", prescription=json.loads(wanted.to_bytes())), session)
    assert [reason["code"] for reason in reply.refusals] == ([code] if code else [])
    if not code:
        assert pump.answer(EchoRequest(v=1, id=2, command="echo"), session).ok
        assert pump.answer(CommitRequest(v=1, id=3, command="commit", digest=wanted.digest()), session).ok
        assert pump.device.prescription == wanted
    pump.close()


def test_a_refill_is_held_to_the_concentration_that_the_order_names_as_signed() -> None:
    weak, strong = Solution.parse("sufentanil 50 mcg/mL"), Solution.parse("sufentanil 100 mcg/mL")
    key = ("sufentanil", "intrathecal", "max_concentration", "all", 100_000)
    signed = Basis("site-1-abc", signed=(SignedLimit(*key, "Ph One"),))
    dose = 20 * 10**9
    for basis, code in ((PUBLISHED, "above_max_concentration"), (signed, "")):
        device = new_device(weak)
        asked = order(SimpleContinuous(dose), now=NOW, solution=strong, caps=Caps(dose, dose), basis=basis)
        if code:
            with pytest.raises(Refused) as refused:
                refill(device, PUMP, 1_000_000, strong, 10_000_000, NOW, asked)
            assert code in {each.code for each in refused.value.refusals}
            assert device.fill == weak and device.prescription is None
        else:
            refill(device, PUMP, 1_000_000, strong, 10_000_000, NOW, asked)
            assert device.prescription == asked
            refill(device, PUMP, 1_000_000, strong, 5_000_000, NOW)  # the running order still names it


def test_the_worst_day_counts_against_the_limit_not_the_average() -> None:
    strong = Solution.parse("morphine 20 mg/mL")
    program = PeriodicBolus(bolus=28 * MG, every=2 * MS_PER_DAY, over=4 * MS_PER_HOUR)
    uneven = order(program, now=NOW, solution=strong, caps=Caps(10 * MG, 40 * MG))
    assert uneven.daily_dose() == 14 * MG
    assert "above_max_daily" in codes(admit(uneven, PUMP, strong, NOW))


@pytest.mark.parametrize(
    ("fill", "code"),
    [
        (None, "reservoir_unknown"),
        (Solution.parse("morphine 2 mg/mL"), "solution_differs"),
        (Solution.parse("hydromorphone 1 mg/mL"), "solution_differs"),
    ],
)
def test_an_unknown_or_other_concentration_is_refused(fill: Solution | None, code: str) -> None:
    assert code in codes(admit(order(now=NOW), PUMP, fill, NOW))


def test_a_drug_that_is_not_in_the_formulary_is_refused() -> None:
    nothing = Solution.parse("unobtainium 1 mg/mL")
    assert codes(admit(order(now=NOW, solution=nothing), PUMP, nothing, NOW))


def test_a_flow_below_the_range_names_the_highest_feasible_concentration() -> None:
    strong = Solution.parse("morphine 20 mg/mL")
    low = order(SimpleContinuous(4 * MG // 10), now=NOW, solution=strong)
    found = [f.refusal for f in admit(low, PUMP, strong, NOW) if f.refusal.code == "flow_below_range"]
    assert "0.02 mL/day" in found[0].what
    assert "8.33333 mg/mL" in found[0].do


@given(st.integers(10**9, 15 * MG), st.integers(1_000, 40_000_000))
def test_the_concentration_that_is_offered_is_feasible(dose: int, concentration: int) -> None:
    solution = Solution.parse(f"morphine {concentration} ng/mL")
    found = [f.refusal for f in admit(order(SimpleContinuous(dose), now=NOW, solution=solution), PUMP, solution)]
    for refusal in found:
        if refusal.code in {"flow_below_range", "flow_above_range"}:
            text = re.search(r"at is (\S+ \S+/mL)", refusal.do)
            assert text is not None
            offered = Solution.parse(f"morphine {text[1]}")
            again = admit(order(SimpleContinuous(dose), now=NOW, solution=offered), PUMP, offered)
            assert not codes(again) & {"flow_below_range", "flow_above_range"}
            assert parse(text[1], CONCENTRATION) > 0


def test_each_step_of_a_day_is_checked_against_the_range_not_only_the_sum() -> None:
    program = MultiRate((Step(0, 4 * MG), Step(12 * MS_PER_HOUR, MG // 1_000)))
    assert "flow_below_range" in codes(admit(order(program, now=NOW), PUMP, MORPHINE, NOW))


def test_a_bolus_faster_than_the_pump_is_refused() -> None:
    program = PeriodicBolus(bolus=MG, every=MS_PER_DAY, over=60_000)
    assert "flow_above_range" in codes(admit(order(program, now=NOW), PUMP, MORPHINE, NOW))


@given(st.integers(MG, 9 * MG))
def test_a_program_above_its_caps_is_refused_and_one_at_its_caps_is_not(dose: int) -> None:
    plain = order(SimpleContinuous(dose), now=NOW)
    hour, day = plain.worst_window(MS_PER_HOUR), plain.worst_window(MS_PER_DAY)
    assert "above_cap" not in codes(admit(replace(plain, caps=Caps(hour, day)), PUMP, MORPHINE, NOW))
    assert "above_cap" in codes(admit(replace(plain, caps=Caps(hour - 1, day)), PUMP, MORPHINE, NOW))
    assert "above_cap" in codes(admit(replace(plain, caps=Caps(hour, day - 1)), PUMP, MORPHINE, NOW))


def test_a_cap_above_a_published_limit_is_pointed_out() -> None:
    roomy = order(now=NOW, caps=Caps(10 * MG, 500 * MG))
    assert "cap_above_limit" in codes(admit(roomy, PUMP, MORPHINE, NOW), "warn")


@pytest.mark.parametrize("anchor", [0, NOW + 3 * MS_PER_DAY])
def test_a_midnight_that_is_not_near_the_pumps_time_is_refused(anchor: int) -> None:
    assert "anchor" in codes(admit(order(now=NOW, anchor=anchor), PUMP, MORPHINE, NOW))


def test_a_route_that_a_pump_cannot_serve_is_refused() -> None:
    assert "route_of_pump" in codes(admit(order(now=NOW, route="oral"), PUMP, MORPHINE, NOW))


def test_a_model_with_missing_values_admits_nothing() -> None:
    assert codes(admit(order(now=NOW), profile("synchromed_ii_20"), MORPHINE, NOW)) == {"profile_value_missing"}
    assert codes(admit(order(now=NOW), profile("codman_3000"), MORPHINE, NOW)) == {"not_programmable"}


def test_a_refused_order_leaves_the_device_as_it_was() -> None:
    device = new_device()
    running = order(now=NOW)
    load(device, running, PUMP, NOW)
    before = device.status(NOW)
    bad = [
        order(SimpleContinuous(9 * MG), now=NOW, caps=Caps(MG, 8 * MG)),
        order(SimpleContinuous(MG // 10_000), now=NOW),
        order(now=NOW, solution=Solution.parse("morphine 2 mg/mL")),
        order(now=NOW, anchor=0),
    ]
    for refused in bad:
        with pytest.raises(Refused):
            load(device, refused, PUMP, NOW)
        assert device.status(NOW) == before
        assert device.prescription == running


programs: st.SearchStrategy[Program] = st.one_of(
    st.integers(1, 12 * MG).map(SimpleContinuous),
    st.builds(
        lambda bolus, every, share, basal: PeriodicBolus(bolus, every, max(every * share // 100, 1), basal),
        st.integers(1, 3 * MG),
        st.integers(60_000, 3 * MS_PER_DAY),
        st.integers(1, 100),
        st.integers(0, 5 * MG),
    ),
    st.lists(st.integers(MG // 10, 12 * MG), min_size=1, max_size=6).map(
        lambda doses: MultiRate(tuple(Step(i * 4 * MS_PER_HOUR, dose) for i, dose in enumerate(doses)))
    ),
    st.just(Stopped()),
)


@settings(max_examples=200)
@given(programs, st.integers(1, 3 * MG), st.integers(3 * MG, 15 * MG))
def test_the_controller_accepts_whatever_the_gate_admits(program: Program, hour: int, day: int) -> None:
    asked = order(program, now=NOW, caps=Caps(hour, day))
    if codes(admit(asked, PUMP, MORPHINE, NOW)):
        with pytest.raises(Refused):
            load(new_device(), asked, PUMP, NOW)
    else:
        receipt, _ = load(new_device(), asked, PUMP, NOW)
        assert receipt.digest == asked.digest()


def test_a_change_of_solution_needs_a_new_order_or_a_stopped_pump() -> None:
    device = new_device()
    load(device, order(now=NOW), PUMP, NOW)
    strong = Solution.parse("morphine 10 mg/mL")
    with pytest.raises(Refused, match="reservoir was filled with"):
        refill(device, PUMP, 17_000_000, strong, 18_000_000, NOW)
    assert device.fill == MORPHINE
    assert device.status(NOW).state == "running"
    new = order(now=NOW, solution=strong)
    refill(device, PUMP, 17_000_000, strong, 18_000_000, NOW, new)
    assert device.fill == strong
    assert device.prescription == new
    assert device.status(NOW).state == "running"
    stop(device, PUMP, NOW)
    refill(device, PUMP, 17_000_000, MORPHINE, 18_000_000, NOW)
    assert device.fill == MORPHINE
    assert device.status(NOW).state == "stopped"


@pytest.mark.parametrize("volumes", [(-1, 1), (1, -1), (1, 20_000_001), (20_000_001, 1), (1, True)])
def test_a_refill_that_cannot_be_is_refused(volumes: tuple[int, int]) -> None:
    device = new_device()
    before = device.status(NOW)
    with pytest.raises(Refused):
        refill(device, PUMP, volumes[0], MORPHINE, volumes[1], NOW)
    assert device.status(NOW) == before


def test_stopping_a_peristaltic_pump_says_what_it_can_lead_to() -> None:
    device = new_device()
    load(device, order(now=NOW), PUMP, NOW)
    assert codes(stop(device, PUMP, NOW), "warn") == {"tube_set"}
    assert device.status(NOW).state == "stopped"


# ---- nothing goes round the gate

GATED = ("load", "stop", "refill", "demand", "resume", "mark_path")
_SOURCE = Path(thecal.__file__).parent


def _calls_on_a_device(tree: ast.AST) -> list[str]:
    """Calls of a gated method whose receiver is called device: ``device.load(...)``, ``self.device.stop(...)``."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in GATED:
            receiver = ast.unparse(node.func.value)
            if receiver.rsplit(".", 1)[-1].strip("_").lower().endswith("device"):
                found.append(f"{receiver}.{node.func.attr}")
    return found


def test_the_device_is_changed_nowhere_but_behind_the_gate() -> None:
    round_the_gate = {
        str(file.relative_to(_SOURCE)): calls
        for file in _SOURCE.rglob("*.py")
        if (calls := _calls_on_a_device(ast.parse(file.read_text("utf-8"))))
    }
    assert set(round_the_gate.pop(str(Path("pump", "admission.py")))) == {f"device.{name}" for name in GATED}
    assert round_the_gate == {}


def test_the_search_for_ways_round_the_gate_finds_one() -> None:
    assert _calls_on_a_device(ast.parse("self._device.load(order, now)")) == ["self._device.load"]


def _bad_requests(pump: Pump) -> dict[type[Request], list[Request]]:
    """For each command that can change delivery, requests that must be refused; for the others, any request."""
    now = pump.clock.now_ms()
    over = order(SimpleContinuous(60 * MG), now=now, caps=Caps(10 * MG, 100 * MG))
    plain = Prescription.from_bytes(over.to_bytes())
    body = ast.literal_eval(plain.to_bytes().decode("ascii"))
    strong = "morphine 10 mg/mL"
    mark = str(pump.answer(StatusRequest(v=1, id=1, command="status"), Session()).value()["fill_mark"])
    full = {"v": 1, "id": 1, "command": "refill", "withdrawn_nl": 0, "mark": mark}
    return {
        StageRequest: [StageRequest(v=1, id=1, command="stage", prescription=body)],
        CommitRequest: [CommitRequest(v=1, id=1, command="commit", digest=over.digest())],
        RefillRequest: [
            RefillRequest.model_validate({**full, "fill": strong, "fill_nl": 1_000_000}),
            RefillRequest.model_validate({**full, "fill": str(MORPHINE), "fill_nl": 10**9}),
            RefillRequest.model_validate({**full, "fill": str(MORPHINE), "fill_nl": 1, "prescription": body}),
        ],
        StatusRequest: [StatusRequest(v=1, id=1, command="status")],
        EchoRequest: [EchoRequest(v=1, id=1, command="echo")],
        ReadRequest: [ReadRequest(v=1, id=1, command="read")],
        HoursRequest: [HoursRequest(v=1, id=1, command="hours")],
        LogRequest: [LogRequest(v=1, id=1, command="log")],
        BolusRequest: [BolusRequest(v=1, id=1, command="bolus")],
        ResumeRequest: [ResumeRequest(v=1, id=1, command="resume", seen=[])],
        PathRequest: [PathRequest(v=1, id=1, command="path", empty=False)],
        AlarmsRequest: [AlarmsRequest(v=1, id=1, command="alarms")],
        AcknowledgeRequest: [AcknowledgeRequest(v=1, id=1, command="acknowledge", alarm="free_flow")],
        SilenceRequest: [SilenceRequest(v=1, id=1, command="silence", span=1)],
        AlarmCheckRequest: [AlarmCheckRequest(v=1, id=1, command="alarm_check", heard=True)],
        HardwareRequest: [HardwareRequest(v=1, id=1, command="hardware")],
        FaultRequest: [FaultRequest(v=1, id=1, command="fault", kind="power_loss")],
        ClearRequest: [ClearRequest(v=1, id=1, command="clear")],
    }


# what changes no delivery, or here nothing: the path holds drug already
_HARMLESS = {
    StatusRequest, ReadRequest, HoursRequest, LogRequest, PathRequest, AlarmsRequest, SilenceRequest,
    AlarmCheckRequest, HardwareRequest, ClearRequest,
}  # fmt: skip


def test_every_command_of_the_link_that_can_change_delivery_passes_the_gate(tmp_path: Path) -> None:
    pump = Pump(make_pump(tmp_path))
    now = pump.clock.now_ms()
    running = order(now=now)
    load(pump.device, running, pump.profile, now)
    requests = _bad_requests(pump)
    assert set(requests) | {StopRequest} == set(COMMANDS), "a new command needs its place here"
    for kind, bad in requests.items():
        for request in bad:
            reply = pump.answer(request, Session())
            assert reply.ok == (kind in _HARMLESS), (kind, reply)
            assert pump.device.prescription == running
            assert pump.device.fill == MORPHINE
            assert pump.device.status(pump.clock.now_ms()).state == "running"
    pump.close()


def test_a_staged_order_is_admitted_again_when_it_is_committed(tmp_path: Path) -> None:
    pump, session = Pump(make_pump(tmp_path)), Session()
    good = order(now=pump.clock.now_ms(), caps=CAPS)
    body = ast.literal_eval(good.to_bytes().decode("ascii"))
    assert pump.answer(StageRequest(v=1, id=1, command="stage", prescription=body), session).ok
    assert pump.answer(EchoRequest(v=1, id=2, command="echo"), session).ok
    refill(pump.device, pump.profile, 0, Solution.parse("morphine 5 mg/mL"), 1_000_000, pump.clock.now_ms())
    reply = pump.answer(CommitRequest(v=1, id=3, command="commit", digest=good.digest()), session)
    assert [reason["code"] for reason in reply.refusals] == ["solution_differs"]
    assert pump.device.prescription is None
    pump.close()
