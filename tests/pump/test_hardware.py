"""Promises of the virtual hardware: what is asked moves, mass is conserved, each fault does what its entry says."""

import json
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thecal.pump import profile
from thecal.pump.hardware import (
    PPM,
    FaultyStorage,
    Path,
    PowerCut,
    StorageFull,
    Timebase,
    VirtualPump,
    ambient_pa,
    fault_kinds,
    gas_flow,
    hardware_ids,
    hardware_model,
    hardware_problems,
    make_fault,
    monitor,
)
from thecal.pump.hardware.faults import Fault
from thecal.quantity import Refused

HOUR, DAY = 3_600_000, 86_400_000
NL = 1_000  # pL
PULSE = 250
CONTENT = {"morphine": 180 * 10**12}


def pump(*faults: Fault, model: str = "reference", path_nl: int = 400_000, seed: int = 1) -> VirtualPump:
    return VirtualPump(
        hardware_model(model),
        PULSE,
        18_000_000 * NL,
        dict(CONTENT),
        Random(seed),
        0,
        faults,
        path=Path(path_nl * NL, {"morphine": path_nl * 10**7}),
    )


def strokes(tried: VirtualPump, count: int, every: int = 54_000) -> list[bool]:
    return [tried.stroke(seq, seq * every) for seq in range(1, count + 1)]


def total(tried: VirtualPump) -> int:
    assert tried.path is not None
    parts = (tried.contents, tried.path.held(), tried.path.at_tip, tried.path.beside, tried.stored)
    return sum(part.get("morphine", 0) for part in parts)


def test_every_entry_of_the_hardware_data_has_a_source_and_can_be_read() -> None:
    assert hardware_problems() == []
    for model_id in hardware_ids():
        assert profile(model_id).sensors == hardware_model(model_id).sensors


def test_a_sound_pump_moves_what_is_asked() -> None:
    tried = pump()
    assert all(strokes(tried, 100))
    assert tried.passed_pl == 100 * PULSE * NL
    assert tried.path is not None and tried.path.at_tip == {"morphine": 100 * PULSE * 10**7}


def test_flow_accuracy_lies_in_the_published_band_and_the_seed_decides_it() -> None:
    for model_id in hardware_ids():
        model = hardware_model(model_id)
        if "flow_sigma" not in model.figures:
            with pytest.raises(Refused, match="flow_sigma"):
                model.draw_gain(Random(1))
            continue
        drawn = [model.draw_gain(Random(seed)) for seed in range(300)]
        clip = model.figures["flow_clip"]
        assert all(abs(gain - PPM) <= clip for gain in drawn)
        assert abs(sum(drawn) / 300 - PPM - model.figures["flow_mean"]) < clip / 10
        assert drawn == [model.draw_gain(Random(seed)) for seed in range(300)]


@pytest.mark.parametrize(
    ("kind", "figures", "moved", "seen"),
    [
        ("stall", {}, 0, False),
        ("partial_stroke", {"part": "0.4"}, 400_000, False),
        ("partial_stroke", {"part": "0.6"}, 600_000, True),
        ("gain", {"gain": "2.5"}, 2_500_000, True),
        ("gain", {"gain": "10"}, 10_000_000, True),
        ("gain", {"gain": "0"}, 0, True),
        ("open_switch", {"switch": "supervisor"}, 0, False),
        ("sensor_stuck", {"says": "no"}, PPM, False),
        ("sensor_late", {"delay": "5 s"}, PPM, False),
        ("sensor_scaled", {"sensor": "stroke", "gain": "0.4"}, PPM, False),
        ("mri_field", {}, 0, False),
    ],
)
def test_a_fault_of_the_stroke_does_what_the_catalogue_says(
    kind: str, figures: dict[str, str], moved: int, seen: bool
) -> None:
    tried = pump(make_fault(kind, 0, None, figures))
    assert strokes(tried, 10) == [seen] * 10
    assert tried.passed_pl == 10 * PULSE * NL * moved // PPM


def test_one_stuck_switch_moves_nothing_alone_and_two_move() -> None:
    one = pump(make_fault("stuck_switch", 0, None, {"switch": "controller"}))
    one.stroke(0, 1_000, controller=False, supervisor=False)
    assert one.passed_pl == 0
    one.stroke(0, 2_000, controller=False, supervisor=True)
    assert one.passed_pl == PULSE * NL
    both = pump(*(make_fault("stuck_switch", 0, None, {"switch": s}) for s in ("controller", "supervisor")))
    both.stroke(0, 1_000, controller=False, supervisor=False)
    assert both.passed_pl == PULSE * NL


def test_a_leak_runs_by_itself_for_exactly_its_time() -> None:
    tried = pump(make_fault("leak", HOUR, 3 * HOUR, {"flow": "2.4 mL/day"}))
    tried.run_to(2 * HOUR)
    assert tried.uncommanded_pl == 100_000 * NL
    tried.run_to(30 * HOUR)
    assert tried.uncommanded_pl == 200_000 * NL


def test_a_valve_pump_in_a_field_leaks_once_and_stays_shut_until_reset() -> None:
    tried = pump(make_fault("mri_field", HOUR, 2 * HOUR), model="virtual_valve_gated_20")
    tried.run_to(3 * HOUR)
    assert tried.uncommanded_pl == 10_000 * NL and tried.locked
    assert tried.stroke(1, 4 * HOUR) is False
    tried.reset_valve()
    assert tried.stroke(2, 5 * HOUR) is True


def test_a_rotor_comes_back_some_time_after_the_field() -> None:
    tried = pump(make_fault("mri_field", 0, HOUR))
    assert [tried.stroke(1, at) for at in (HOUR, 2 * HOUR, 3 * HOUR)] == [False, False, True]


def test_a_kink_takes_up_its_compliance_and_gives_it_back_at_once() -> None:
    tried = pump(make_fault("catheter_kink", 0, DAY, {"compliance": "10 uL"}))
    strokes(tried, 100)
    assert tried.stored_pl == 10_000 * NL and tried.path is not None and tried.path.tip_pl == 0
    assert (tried.read(HOUR).pressure_pa or 0) > 190_000
    tried.run_to(DAY)
    assert tried.stored_pl == 0 and tried.path.tip_pl == 10_000 * NL
    assert total(tried) == CONTENT["morphine"] + 400_000 * 10**7


def test_a_broken_catheter_loses_everything_there_and_a_leak_its_part() -> None:
    broken = pump(make_fault("catheter_break", 0, None, {"place": "0.5"}))
    strokes(broken, 200)
    assert broken.path is not None and broken.path.tip_pl == 0 and broken.path.beside_pl == 200 * PULSE * NL
    leaking = pump(make_fault("catheter_leak", 0, None, {"part": "0.25"}))
    strokes(leaking, 200)
    assert leaking.path is not None and leaking.path.beside_pl == 50 * PULSE * NL


@given(
    pushes=st.lists(
        st.tuples(st.integers(0, 10**8), st.integers(0, 10**12), st.integers(0, PPM), st.integers(0, PPM)), max_size=12
    ),
    volume=st.integers(0, 10**8),
)
def test_the_path_conserves_volume_and_mass_under_any_leak(
    pushes: list[tuple[int, int, int, int]], volume: int
) -> None:
    path = Path(volume, {"a": 10**9})
    given_in = 10**9 if volume else 0
    for pushed, mass, lost, place in pushes:
        path.push(pushed, {"a": mass}, lost, place)
        given_in += mass if pushed else 0
    assert path.held().get("a", 0) + path.at_tip.get("a", 0) + path.beside.get("a", 0) == given_in
    assert path.tip_pl + path.beside_pl == sum(pushed for pushed, *_ in pushes)


def test_unknown_contents_stay_unknown_until_they_have_left() -> None:
    path = Path(1_000, None)
    path.push(999, {"a": 5})
    assert not path.known
    path.push(1, {"a": 5})
    assert path.known


def test_battery_breakdown_under_a_stroke_is_a_loss_of_power_with_a_part_of_the_stroke() -> None:
    tried = pump(make_fault("battery_sag", 0, None, {"sag": "0.3"}))
    with pytest.raises(PowerCut):
        tried.stroke(1, 1_000)
    assert 0 <= tried.passed_pl < PULSE * NL
    assert tried.read(2_000).battery_mv == 2_100


def test_level_sensor_only_where_it_is_declared_and_stuck_keeps_its_last_reading() -> None:
    assert pump(model="virtual_peristaltic_20").read(0).level_nl is None
    stuck = pump(make_fault("sensor_stuck", HOUR, None, {"sensor": "level"}))
    before = stuck.read(0).level_nl
    for seq in range(1, 2_000):
        stuck.stroke(seq, HOUR + seq)
    assert stuck.read(2 * HOUR).level_nl == before == 18_000_000


def test_warmth_and_height_change_a_gas_pump_and_nothing_else_is_guessed() -> None:
    gas = hardware_model("virtual_gas")
    assert gas_flow(1_000_000, gas, 37_000, 101_325) == 1_000_000
    assert gas_flow(1_000_000, gas, 38_000, 101_325) == 1_100_000
    assert 1_300_000 < gas_flow(1_000_000, gas, 37_000, ambient_pa(2_500)) < 1_500_000
    with pytest.raises(Refused, match="drive"):
        gas_flow(1_000_000, hardware_model("reference"), 37_000, 101_325)


def test_clock_faults_are_exact_and_true_time_is_found_again() -> None:
    base = Timebase.under(
        (
            make_fault("clock_drift", 0, HOUR, {"rate": "1.5"}),
            make_fault("clock_jump", 2 * HOUR, None, {"by": "1 h"}),
            make_fault("clock_stop", 3 * HOUR, 4 * HOUR),
        ),
        0,
    )
    assert base.reading(HOUR) == HOUR * 3 // 2
    assert base.reading(2 * HOUR) == HOUR * 7 // 2
    assert base.reading(3 * HOUR) == base.reading(4 * HOUR) == HOUR * 9 // 2
    assert base.when(HOUR, 0) == HOUR * 2 // 3
    assert base.when(HOUR * 9 // 2 + 1, 0) == 4 * HOUR + 1


@given(st.integers(0, 5 * HOUR), st.integers(0, 5 * HOUR))
def test_the_clock_shows_a_reading_when_it_is_said_to(reading: int, after: int) -> None:
    base = Timebase.under((make_fault("clock_drift", HOUR, None, {"rate": "0.7"}),), 0)
    true = base.when(reading, after)
    assert true >= after and base.reading(true) >= reading
    assert true == after or base.reading(true - 1) < reading


def test_storage_loses_power_at_the_byte_it_was_told_and_can_be_full() -> None:
    store = FaultyStorage(budget=10)
    store.append(0, b"12345678")
    with pytest.raises(PowerCut):
        store.append(0, b"abcdef")
    assert store.read(0) == b"12345678ab"
    with pytest.raises(PowerCut):
        store.sync(0)
    store.power_on()
    store.append(0, b"x")
    store.full = True
    with pytest.raises(StorageFull):
        store.append(0, b"y")
    assert store.rot(0) and store.read(0)[-1] == ord("x") ^ 1
    store.tear(3)
    assert store.read(0) == b"12345678"
    store.sync(0)
    store.tear(3)
    assert store.read(0) == b"12345678", "what was durable is not torn"


@pytest.mark.parametrize("kind", fault_kinds())
def test_every_fault_can_be_made_with_its_defaults(kind: str) -> None:
    made = make_fault(kind, 5)
    assert made.active(5) and not made.active(4)


@pytest.mark.parametrize(
    ("kind", "until", "figures", "where"),
    [
        ("nonsense", None, {}, "fault.kind"),
        ("gain", None, {"gain": "10.1"}, "fault.gain"),
        ("gain", None, {"gain": "-1"}, "fault.gain"),
        ("gain", None, {"gain": float("nan")}, "fault.gain"),
        ("gain", None, {"gain": "0.0000001"}, "fault.gain"),
        ("leak", None, {"flow": "5"}, "fault.flow"),
        ("leak", None, {"flow": 5}, "fault.flow"),
        ("memory_flip", None, {"bit": 1.5}, "fault.bit"),
        ("memory_flip", 9, {}, "fault.until"),
        ("stall", 5, {}, "fault.until"),
        ("stall", None, {"depth": "1"}, "fault.depth"),
        ("sensor_stuck", None, {"sensor": "nose"}, "fault.sensor"),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused_by_field(
    kind: str, until: int | None, figures: dict[str, object], where: str
) -> None:
    with pytest.raises(Refused) as refused:
        make_fault(kind, 5, until, figures)
    assert [refusal.where for refusal in refused.value.refusals] == [where]


def test_level_and_pressure_are_judged_where_they_are_and_noise_of_a_step_is_no_alarm() -> None:
    model = hardware_model("reference")
    sound = pump().read(0)
    assert monitor.judge(model, sound, 18_000_000, 0) == frozenset()
    assert monitor.judge(model, sound, 18_050_000, 100_000) == frozenset()
    assert monitor.judge(model, sound, 18_070_000, 100_000) == {monitor.OVER_DELIVERY}
    assert monitor.judge(model, sound, 17_900_000, 100_000) == {monitor.UNDER_DELIVERY}
    shut = pump(make_fault("catheter_kink", 0, DAY))
    strokes(shut, 100)
    assert monitor.judge(model, shut.read(HOUR), 17_975_000, 25_000) == {monitor.OCCLUSION}
    broken = pump(make_fault("catheter_break", 0))
    assert monitor.judge(model, broken.read(HOUR), 18_000_000, 0) == {monitor.LEAK}
    blind = hardware_model("virtual_peristaltic_20")
    assert monitor.judge(blind, pump(model="virtual_peristaltic_20").read(0), 0, 0) == frozenset()


def test_a_converter_off_its_reference_measures_nothing() -> None:
    model = hardware_model("reference")
    wrong = pump(make_fault("converter", 0, None, {"gain": "0.8"})).read(1)
    assert wrong.battery_mv == 2_400
    assert monitor.judge(model, wrong, 18_000_000, 0) == {monitor.SELF_TEST}
    hidden = pump(
        make_fault("converter", 0, None, {"gain": "1.25"}), make_fault("battery_sag", 0, None, {"sag": "0.2"})
    )
    assert hidden.read(1).battery_mv == 3_000
    assert monitor.judge(model, hidden.read(1), 18_000_000, 0) == {monitor.SELF_TEST}
    near = pump(make_fault("converter", 0, None, {"gain": "1.005"})).read(1)
    assert monitor.judge(model, near, 18_000_000, 0) == frozenset()


@pytest.mark.parametrize(("part", "inside"), [("0", 0), ("0.2", 3_600_000), ("1", 18_000_000), ("1.5", 27_000_000)])
def test_a_fill_may_go_beside_the_pump_or_be_more_than_was_meant(part: str, inside: int) -> None:
    tried = pump(make_fault("misfill", 0, None, {"part": part}))
    assert tried.refill(18_000_000, {"morphine": 36 * 10**12}, 1) == 18_000_000
    assert tried.in_reach_nl == inside
    assert tried.contents["morphine"] == 2 * inside * 10**6


def test_what_is_kept_of_a_pump_is_the_pump() -> None:
    faults = (make_fault("catheter_kink", 0, DAY), make_fault("leak", HOUR, None), make_fault("gain", 0, None))
    tried = pump(*faults)
    strokes(tried, 50)
    tried.read(2 * HOUR)
    kept = json.loads(json.dumps(tried.plain()))
    again = VirtualPump.from_plain(kept, tried.model, PULSE, 0, Random(1))
    for one in (tried, again):
        one.stroke(51, 3 * HOUR)
        one.run_to(2 * DAY)
    assert again.plain() == tried.plain()
    assert total(again) == total(tried) == CONTENT["morphine"] + 400_000 * 10**7


def test_a_path_holds_few_slugs_whatever_the_strokes_are() -> None:
    tried = pump(make_fault("gain", 0, None, {"gain": "1.03"}), make_fault("catheter_leak", 0, None, {"place": "0.3"}))
    tried.contents = {"morphine": 123_456_789_012_345}
    begun = total(tried)
    strokes(tried, 3_000)
    assert tried.path is not None
    assert len(tried.path.plain()[4]) < 40
    assert total(tried) == begun


@pytest.mark.parametrize(
    ("pressure", "ambient", "found"), [(103_300, 101_325, None), (130_000, 101_325, "shut"), (76_000, 74_000, None)]
)
def test_pressure_is_judged_against_the_air_around(pressure: int, ambient: int, found: str | None) -> None:
    assert monitor.blocked(pressure, ambient) == (found == "shut")
    high = pump(make_fault("altitude", 0, None, {"height": "2500 m"})).read(1)
    assert monitor.judge(hardware_model("reference"), high, 18_000_000, 0) == frozenset()
