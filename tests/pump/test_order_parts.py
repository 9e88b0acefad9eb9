"""What an order holds beside its program: canonical bytes, what the gate says of it, and what the pump does with it."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pump_orders import MG, MODEL, MORPHINE, order

from thecal.formulary import Finding, Solution
from thecal.pump import (
    Bridge,
    BridgeStep,
    Caps,
    Device,
    MemoryStorage,
    MinimumRate,
    PatientBolus,
    Prescription,
    PrimingBolus,
    Safety,
    SimpleContinuous,
    SingleBolus,
    Stopped,
    Temporary,
    admit,
    load,
    mark_path,
    profile,
    request_bolus,
    resume,
)
from thecal.pump.review import describe
from thecal.quantity import MS_PER_DAY, Refused

NOW = 20_000 * MS_PER_DAY
HOUR, MINUTE = 3_600_000, 60_000
PUMP = profile(MODEL)
PULSE = 250 * MORPHINE.primary.concentration
PATIENT = PatientBolus(dose=10 * PULSE, over=5 * MINUTE, lockout=HOUR, count=4)

parts = st.one_of(
    st.none(),
    st.builds(SingleBolus, st.integers(1, MG), st.integers(1, MS_PER_DAY)),
    st.builds(PrimingBolus, st.integers(1, 400_000), st.integers(1, MS_PER_DAY)),
    st.builds(Temporary, st.integers(0, 9 * MG), st.integers(1, 7 * MS_PER_DAY)),
    st.builds(
        Bridge,
        st.lists(st.builds(BridgeStep, st.integers(1, MS_PER_DAY), st.integers(1, 10**6)), min_size=1, max_size=4).map(
            tuple
        ),
        st.integers(1, 10**8),
    ),
)
patients = st.none() | st.builds(
    PatientBolus,
    st.integers(1, MG),
    st.integers(1, HOUR),
    st.integers(0, MS_PER_DAY),
    st.integers(1, 20),
    st.integers(1, 7 * MS_PER_DAY),
    st.sampled_from(["start", "end"]),
)
safeties = st.builds(
    Safety,
    st.none() | st.integers(0, MG),
    st.sampled_from([(), (("motor_stall", "min_rate"),), (("governor_trip", "stop"), ("sensor_fault", "continue"))]),
)


def codes(findings: tuple[Finding, ...], level: str = "refuse") -> set[str]:
    return {finding.refusal.code for finding in findings if finding.level == level}


def new_device(path_nl: int = 400_000) -> Device:
    return Device.create(MemoryStorage(), PUMP, path_nl, None, MORPHINE, 18_000_000, NOW)


@given(parts, patients, safeties, st.booleans())
def test_orders_with_every_part_have_one_byte_string(once: Any, patient: Any, safety: Safety, stated: bool) -> None:
    caps = Caps(MG, 8 * MG, 3 * MG, 50 * MG) if stated else Caps(MG, 8 * MG)
    written = order(now=NOW, once=once, patient_bolus=patient, safety=safety, caps=caps)
    again = Prescription.from_bytes(written.to_bytes())
    assert again == written and again.to_bytes() == written.to_bytes()
    assert describe(written, PUMP)


def test_an_order_without_parts_has_the_bytes_it_always_had() -> None:
    plain = json.loads(order(now=NOW).to_bytes())
    assert set(plain) == {
        "anchor", "author", "caps", "format", "id", "patient", "program", "route", "solution", "written",
    }  # fmt: skip
    assert set(plain["caps"]) == {"hour", "day"}


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"once": None}, "prescription"),
        ({"once": {"kind": "bolus", "dose": 1}}, "once"),
        ({"once": {"kind": "bolus", "dose": 1.5, "over": 1}}, "once.dose"),
        ({"once": {"kind": "bridge", "concentration": 1, "steps": [[1, 0]]}}, "once.steps.0.flow"),
        ({"once": {"kind": "nested"}}, "once.kind"),
        ({"safety": {"fallback": None, "reactions": []}}, "prescription"),
        ({"safety": {"fallback": -1, "reactions": []}}, "safety.fallback"),
        ({"safety": {"fallback": 1, "reactions": [["over_delivery", "continue"]]}}, "safety.reactions"),
        ({"safety": {"fallback": 1, "reactions": [["motor_stall", "faster"]]}}, "safety.reactions"),
        (
            {"safety": {"fallback": 1, "reactions": [["sensor_fault", "stop"], ["motor_stall", "stop"]]}},
            "safety.reactions",
        ),
        ({"patient_bolus": {"count": 1}}, "patient_bolus"),
        ({"caps": {"hour": 10, "day": 100, "week": 50}}, "caps.day"),
        ({"caps": {"hour": 10, "day": 100, "week": None}}, "caps"),
    ],
)
def test_a_part_that_is_not_well_formed_is_refused_where_it_stands(change: dict[str, Any], where: str) -> None:
    plain = json.loads(order(now=NOW).to_bytes())
    with pytest.raises(Refused) as caught:
        Prescription.from_plain(plain | change)
    assert where in {refusal.where for refusal in caught.value.refusals}


def test_a_cap_that_is_not_stated_follows_from_the_others() -> None:
    assert [cap for _, _, cap in Caps(2, 40).windows()] == [2, 8, 40, 280]
    assert [cap for _, _, cap in Caps(20, 40).windows()] == [20, 40, 40, 280]
    assert [cap for _, _, cap in Caps(2, 40, 5, 200).windows()] == [2, 5, 40, 200]


def test_the_most_boluses_of_a_day_count_the_window_that_slides() -> None:
    for minutes, count, most in ((200, 12, 8), (180, 12, 8), (200, 4, 4), (0, 30, 30)):
        assert PatientBolus(1, 1, minutes * MINUTE, count).most_in(MS_PER_DAY) == most
    assert PatientBolus(1, 20 * MINUTE, 180 * MINUTE, 99, since="end").most_in(MS_PER_DAY) == 8
    assert PatientBolus(1, HOUR, 0, 99).most_in(MS_PER_DAY) == 24  # one at a time


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"once": SingleBolus(PULSE - 1, HOUR)}, "bolus_below_pulse"),
        ({"once": SingleBolus(MG, 1_000)}, "flow_above_range"),
        ({"patient_bolus": PatientBolus(PULSE - 1, HOUR, 0, 1)}, "bolus_below_pulse"),
        ({"once": Temporary(1, HOUR)}, "flow_out_of_range"),
        ({"once": Bridge((BridgeStep(HOUR, 1),), 1)}, "flow_out_of_range"),
        ({"safety": Safety(fallback=1)}, "flow_out_of_range"),
        ({"program": MinimumRate(7_000)}, "minimum_rate"),
        ({"caps": Caps(5 * MG, 100 * MG, week=4 * MG * 7 - 1, four_hours=6 * MG)}, "caps_order"),
    ],
)
def test_the_gate_refuses_what_the_pump_cannot_give(fields: dict[str, Any], code: str) -> None:
    if code == "caps_order":
        with pytest.raises(Refused, match="cap of a day is above"):
            order(now=NOW, **fields)
        return
    program = fields.pop("program", None)
    assert code in codes(admit(order(program, now=NOW, **fields), PUMP, MORPHINE, NOW))


def test_a_week_has_a_cap_of_its_own() -> None:
    asked = order(SimpleContinuous(4 * MG), now=NOW, caps=Caps(5 * MG, 20 * MG, week=28 * MG - 1))
    assert "above_cap" in codes(admit(asked, PUMP, MORPHINE, NOW))


def test_the_minimum_rate_of_the_model_runs_and_only_that() -> None:
    device = new_device()
    least = PUMP.device().minimum_rate
    load(device, order(MinimumRate(least), now=NOW), PUMP, NOW)
    device.advance(NOW + MS_PER_DAY)
    assert device.status(NOW + MS_PER_DAY).delivered_nl == least


def test_a_patient_asks_for_a_bolus_and_sees_when_the_next_one_can_be_asked_for() -> None:
    device = new_device()
    load(device, order(now=NOW, patient_bolus=PATIENT), PUMP, NOW)
    with pytest.raises(Refused, match="lockout"):
        request_bolus(device, NOW + MINUTE)
    assert request_bolus(device, NOW + HOUR) == NOW + HOUR + 5 * MINUTE
    status = device.status(NOW + HOUR)
    assert (status.bolus_until, status.demand_from) == (NOW + HOUR + 5 * MINUTE, NOW + 2 * HOUR)
    before = status.delivered_pulses
    device.advance(NOW + HOUR + 6 * MINUTE)
    base = 6 * MINUTE * 4 * MG // MS_PER_DAY // PULSE
    assert device.status(NOW + HOUR + 6 * MINUTE).delivered_pulses - before in (10 + base, 11 + base)


def test_what_is_given_once_survives_a_restart_and_is_not_given_again() -> None:
    storage = MemoryStorage()
    device = Device.create(storage, PUMP, 400_000, None, MORPHINE, 18_000_000, NOW)
    asked = order(now=NOW, once=Temporary(8 * MG, 2 * HOUR), safety=Safety(fallback=MG))
    load(device, asked, PUMP, NOW)
    device.advance(NOW + HOUR)
    again = Device.open(storage, NOW + HOUR)
    again.advance(NOW + 4 * HOUR)
    device.advance(NOW + 4 * HOUR)
    assert again.status(NOW + 4 * HOUR).delivered_pulses == device.status(NOW + 4 * HOUR).delivered_pulses
    with pytest.raises(Refused, match="not given twice"):
        load(again, asked, PUMP, NOW + 4 * HOUR)


def test_a_prime_needs_a_path_that_a_person_marked_as_empty_and_happens_once() -> None:
    device = new_device()
    prime = order(Stopped(), now=NOW, once=PrimingBolus(400_000, HOUR))
    with pytest.raises(Refused, match="not marked empty"):
        load(device, prime, PUMP, NOW)
    mark_path(device, NOW, empty=True)
    load(device, prime, PUMP, NOW)
    device.advance(NOW + 2 * HOUR)
    status = device.status(NOW + 2 * HOUR)
    assert (status.delivered_nl, status.state, status.tip_fg.get("morphine", 0)) == (400_000, "stopped", 0)
    with pytest.raises(Refused, match="not marked empty"):
        load(device, order(Stopped(), now=NOW, once=PrimingBolus(400_000, HOUR), id="rx-2"), PUMP, NOW + 2 * HOUR)


def test_a_bridge_gives_the_old_fluid_at_its_own_flow_and_then_the_program_begins() -> None:
    """8 to 20 mg/mL at 3.2 mg/day, 0.3885 mL of old fluid: 23.31 h at 0.4 mL/day, then 0.16 mL/day."""
    weak, strong = Solution.parse("morphine 8 mg/mL"), Solution.parse("morphine 20 mg/mL")
    device = Device.create(MemoryStorage(), PUMP, 388_500, weak, strong, 18_000_000, NOW)
    length = 83_916_000
    bridge = Bridge((BridgeStep(length, 400_000),), 8_000_000)
    load(device, order(SimpleContinuous(32 * MG // 10), now=NOW, solution=strong, once=bridge), PUMP, NOW)
    device.advance(NOW + length)
    status = device.status(NOW + length)
    assert status.delivered_nl == 388_500
    assert status.tip_fg["morphine"] == 388_500 * 8_000_000
    device.advance(NOW + length + MS_PER_DAY)
    assert 159_500 <= device.status(NOW + length + MS_PER_DAY).delivered_nl - 388_500 <= 160_000


def test_a_pump_that_its_ladder_halted_goes_on_when_a_person_resumes_it() -> None:
    device = new_device()
    load(device, order(now=NOW), PUMP, NOW)
    device.heed(1 << 5, 0, NOW + HOUR)
    status = device.status(NOW + HOUR)
    assert (status.state, status.rung) == ("fault", "stop")
    assert {"motor_stall", "stopped"} <= set(status.alarms)
    device.heed(0, 1 << 5, NOW + 2 * HOUR)
    assert device.status(NOW + 2 * HOUR).next_due is None
    resume(device, PUMP, NOW + 3 * HOUR)
    assert device.status(NOW + 3 * HOUR).rung == "normal"
    assert device.status(NOW + 3 * HOUR).next_due is not None
