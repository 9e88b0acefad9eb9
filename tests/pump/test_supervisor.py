"""The supervisor's rules, one by one: what is permitted, what is vetoed and why, what opens the switch."""

import pytest
from supervisor_rig import CONTINUOUS, DAY, FIGURES, HOUR, PULSE, T0, Pump, order

from thecal.pump.supervisor import (
    Drive,
    Heartbeat,
    Level,
    Limit,
    Open,
    Path,
    Raise,
    Refill,
    Request,
    Restart,
    Resume,
    State,
    Stop,
    Stroke,
    Tick,
    Veto,
    judge,
)

BOLUS = {"dose": 4 * PULSE, "over": 60_000, "lockout": HOUR, "from": "start", "count": 3, "window": DAY}


def test_a_sound_controller_is_never_vetoed_for_a_day() -> None:
    pump = Pump().start()
    for seq in range(1, 1_601):
        pump.now = T0 + 54_000 * seq
        assert pump.give(seq) == ""
    assert pump.alarms == set()
    assert pump.guard.state.volume == 20_000_000 - 1_600 * 250


def test_a_pulse_needs_an_order_and_its_digest() -> None:
    pump = Pump()
    pump.beat()
    assert pump.ask(1, name="") == "order"
    pump.start()
    assert pump.ask(1, name="0" * 64) == "order"
    assert pump.ask(1, 3) == "order"
    assert pump.ask(1) == ""


def test_a_number_is_permitted_once_even_after_restarts() -> None:
    pump = Pump().start()
    assert pump.give(5) == ""
    for _ in range(3):
        pump.wait(HOUR)
        assert [pump.give(seq) for seq in (5, 4, 0, -1, 2**63)] == ["sequence"] * 5
        pump.restart()
    pump.wait(HOUR)
    assert pump.give(6) == ""


def test_one_permission_is_open_at_a_time_and_ends_with_a_stroke_or_its_time() -> None:
    pump = Pump().start()
    pump.beat()
    assert pump.ask(1) == ""
    pump.now += 1_400
    assert pump.ask(2) == "open"
    pump.stroke()
    assert pump.ask(2) == ""
    pump.now += 1_501
    assert Open() in pump.tell(Tick(pump.now))
    assert not pump.switch


def test_pulses_keep_their_spacing_by_the_own_clock() -> None:
    pump = Pump().start()
    assert FIGURES.spacing_ms == 891
    assert pump.give(1) == ""
    pump.now += 890
    assert pump.ask(2, at=pump.now) == "spacing"
    pump.now += 1
    assert pump.give(2) == ""


def test_what_is_not_in_the_reservoir_is_not_permitted() -> None:
    pump = Pump().start(volume=749)
    for seq in (1, 2):
        pump.wait(54_000)
        assert pump.give(seq) == ""
    pump.wait(54_000)
    assert pump.give(3) == "reservoir"
    assert [action for action in pump.tell(Refill(20_000_001, pump.now)) if isinstance(action, Veto)]
    assert [action for action in pump.tell(Refill(-1, pump.now)) if isinstance(action, Veto)]
    pump.tell(Refill(250, pump.now))
    assert pump.give(3) == ""


def test_a_veto_names_the_cap_and_the_cap_frees_with_its_window() -> None:
    burst = {"kind": "periodic_bolus", "bolus": 4 * PULSE, "every": DAY, "over": 4_000, "basal": 0}
    pump = Pump().start(order(program=burst, caps={"hour": 4 * PULSE, "day": 8 * PULSE}))
    reasons = []
    for seq in range(1, 8):
        reasons.append(pump.give(seq))
        pump.now += 2_000
    assert reasons == ["", "", "", "", "", "cap", "cap"]
    assert pump.alarms == {3}
    pump.wait(T0 + HOUR - pump.now - 1)
    assert pump.give(8) == "cap"
    pump.wait(1)
    assert pump.give(9) == ""
    pump.wait(HOUR)
    assert pump.give(10) == "early"


def test_a_controller_that_is_wrong_below_its_caps_is_found() -> None:
    pump = Pump().start()
    reasons = []
    for seq in range(1, 11):
        reasons.append(pump.give(seq))
        pump.now += 10_000
    assert reasons[:2] == ["", ""]
    assert "early" in reasons
    assert 3 in pump.alarms


def test_an_order_to_give_nothing_permits_nothing() -> None:
    pump = Pump().start(order(program={"kind": "stopped"}))
    pump.wait(7 * HOUR)
    assert pump.give(1) == "early"


def test_an_hour_of_silence_and_a_restart_need_a_heartbeat_first() -> None:
    pump = Pump().start()
    assert pump.ask(1) == "watchdog"
    pump.beat()
    assert pump.ask(1) == ""
    pump.now += 90_000
    assert pump.ask(2) == "watchdog"
    pump.now += 90_000
    assert Raise(9) in pump.tell(Tick(pump.now))
    assert pump.tell(Tick(pump.now)) == ()
    pump.beat()
    assert pump.ask(2) == ""
    pump.restart()
    assert 9 in pump.alarms
    pump.now += 54_000
    assert pump.ask(3) == "watchdog"


def test_silence_opens_a_closed_switch() -> None:
    figures = FIGURES.__class__(250, 24_000_000, 48_000, 100_000, 20_000_000, drive_max_ms=120_000)
    pump = Pump(figures=figures).start()
    pump.beat()
    assert pump.ask(1) == ""
    pump.now += 90_000
    assert pump.tell(Tick(pump.now)) == (Open(),)


def test_stop_is_never_refused_and_only_an_order_starts_again() -> None:
    pump = Pump().start()
    pump.beat()
    assert pump.ask(1) == ""
    assert Open() in pump.tell(Stop(-5))
    assert not pump.switch
    pump.tell(Resume(pump.now))
    pump.restart()
    pump.wait(HOUR)
    assert pump.give(2) == "latched"
    assert pump.install(order()) is None
    assert pump.give(2) == ""


def test_drive_current_without_a_permission_stops() -> None:
    pump = Pump().start()
    assert pump.give(1) == ""
    answer = pump.tell(Drive(on=True, at=pump.now))
    assert Open() in answer
    assert Raise(4) in answer
    pump.restart()
    assert 4 in pump.alarms
    pump.wait(HOUR)
    assert pump.install(order()) is None
    assert pump.give(2) == "latched"
    pump.tell(Resume(pump.now))
    assert pump.give(2) == ""


def test_drive_current_that_lasts_too_long_stops() -> None:
    pump = Pump().start()
    pump.beat()
    assert pump.ask(1) == ""
    assert pump.tell(Drive(on=True, at=pump.now)) == ()
    pump.now += 500
    assert pump.tell(Drive(on=True, at=pump.now)) == ()
    pump.now += 1
    assert pump.tell(Tick(pump.now)) == (Open(), Raise(4))
    assert pump.tell(Tick(pump.now)) == (Open(),)


def test_strays_count_as_given_and_stop() -> None:
    pump = Pump().start()
    assert pump.tell(Stroke(pump.now)) == ()
    assert pump.guard.state.ledger.marks[0][1] == PULSE
    assert pump.guard.state.volume == 20_000_000 - 250
    pump.restart()
    assert Raise(2) in pump.tell(Stroke(pump.now))
    assert Raise(1) in pump.tell(Stroke(pump.now))
    assert pump.tell(Stroke(pump.now)) == (Open(), Open())
    assert pump.give(1) == "latched"


def test_a_stray_that_passes_a_cap_by_more_than_a_pulse_is_over_delivery() -> None:
    burst = {"kind": "periodic_bolus", "bolus": 4 * PULSE, "every": DAY, "over": 4_000, "basal": 0}
    pump = Pump().start(order(program=burst, caps={"hour": 4 * PULSE, "day": 8 * PULSE}))
    for seq in range(1, 6):
        assert pump.give(seq) == ""
        pump.now += 2_000
    assert Raise(1) in pump.tell(Stroke(pump.now))


def test_a_stray_before_any_order_is_counted_as_a_stray() -> None:
    pump = Pump()
    assert pump.tell(Stroke(pump.now)) == ()
    assert pump.guard.state.strays == 1


def test_a_level_below_what_was_permitted_stops_and_lowers_the_bound() -> None:
    pump = Pump().start(volume=10_000)
    assert pump.tell(Level(9_300, 9_300, pump.now)) == ()
    assert pump.guard.state.volume == 9_300
    assert pump.tell(Level(12_000, 12_500, pump.now)) == ()
    assert pump.guard.state.volume == 9_300
    assert Raise(1) in pump.tell(Level(-5, 9_249, pump.now))
    assert pump.give(1) == "latched"


def test_two_clocks_that_part_raise_an_alarm_and_time_never_goes_back() -> None:
    pump = Pump().start()
    pump.tell(Heartbeat(0, pump.now))
    pump.tell(Heartbeat(59_000, pump.now + 59_000))
    pump.tell(Heartbeat(60_600, pump.now + 60_000))
    assert pump.guard.opening == (Open(),)
    assert pump.tell(Heartbeat(121_000, pump.now + 120_000)) == ()
    assert Raise(25) in pump.tell(Heartbeat(182_000, pump.now + 180_000))
    assert pump.guard.tell(Heartbeat(182_000, 0)) == ()
    assert pump.guard.state.now == T0 + 180_000


@pytest.mark.parametrize("count", [-1, 7 * DAY])
def test_a_clock_that_jumps_is_found_at_once(count: int) -> None:
    pump = Pump().start()
    pump.tell(Heartbeat(0, pump.now))
    assert Raise(25) in pump.tell(Heartbeat(count, pump.now + 1_000))


def test_the_ladder_rises_by_itself_and_falls_by_a_person() -> None:
    pump = Pump().start(order(safety={"fallback": 160 * PULSE, "reactions": []}, patient_bolus=BOLUS))
    pump.tell(Limit(1, pump.now))
    pump.wait(HOUR)
    assert pump.give(1, 1) == "latched"
    assert pump.give(1) == ""
    pump.tell(Limit(2, pump.now))
    assert pump.tell(Limit(1, pump.now)) == ()
    given = 0
    for seq in range(2, 242):
        pump.wait(54_000)
        given += not pump.give(seq)
    assert 24 <= given <= 27
    assert Open() in pump.tell(Limit(9, pump.now))
    pump.wait(HOUR)
    assert pump.give(300) == "latched"
    pump.tell(Resume(pump.now))
    assert pump.give(300) == ""


@pytest.mark.parametrize(("rung", "minimum", "given"), [(2, 48_000, 7), (3, 48_000, 7), (3, 0, 0), (2, 0, 0)])
def test_without_a_signed_fallback_the_minimum_rate_counts(rung: int, minimum: int, given: int) -> None:
    pump = Pump(figures=FIGURES.__class__(250, 24_000_000, minimum, 0, 20_000_000)).start()
    pump.tell(Limit(rung, pump.now))
    for seq in range(1, 61):
        pump.wait(54_000)
        pump.give(seq)
    assert given <= len(pump.fired) <= given + 2 * bool(given)


def test_boluses_come_after_their_lockout_and_not_more_than_their_count() -> None:
    pump = Pump().start(order(patient_bolus=BOLUS))
    assert pump.give(1, 1) == "early"
    pump.wait(HOUR)
    reasons = []
    for seq in range(2, 7):
        reasons.append(pump.give(seq, 1))
        pump.wait(15_000)
    assert reasons == ["", "", "", "", "early"]
    pump.wait(20 * HOUR)
    reasons = []
    for seq in range(10, 20):
        reasons.append(pump.give(seq, 1))
        pump.wait(15_000)
    assert reasons.count("") == 8


def test_a_single_bolus_is_given_once() -> None:
    data = order(once={"kind": "bolus", "dose": 2 * PULSE, "over": 60_000})
    pump = Pump().start(data)
    assert pump.give(1, 1) == ""
    pump.wait(30_000)
    assert pump.give(2, 1) == ""
    pump.wait(30_000)
    assert pump.give(3, 1) == "early"
    assert pump.install(data) == "once: the order runs already"
    pump.tell(Stop(pump.now))
    assert pump.install(data) is None


PRIME = {"kind": "prime", "volume": 1_000, "over": 60_000}


def test_an_empty_path_is_filled_once_and_counts_for_no_window() -> None:
    pump = Pump().start()
    assert pump.install(order(once=PRIME)) == "once.volume: the path is not marked as empty"
    pump.tell(Path(True, pump.now))
    assert pump.install(order(once=PRIME)) is None
    for seq in range(1, 6):
        assert pump.give(seq, 2) == ("" if seq < 5 else "cap")
        pump.wait(1_000)
    assert pump.guard.state.ledger.marks[3][1] == 0
    assert pump.guard.state.volume == 20_000_000 - 1_000
    assert pump.install(order(once=PRIME, id="rx-2")) == "once.volume: the path is not marked as empty"


@pytest.mark.parametrize("end", [Stop, Resume, lambda at: Limit(1, at), lambda at: Refill(5_000, at), Restart])
def test_a_prime_that_is_interrupted_is_not_resumed(end: type[Stop]) -> None:
    pump = Pump().start()
    pump.tell(Path(True, pump.now))
    pump.install(order(once=PRIME))
    assert pump.give(1, 2) == ""
    pump.tell(end(pump.now))
    pump.wait(2_000)
    assert pump.give(2, 2) in ("cap", "latched")


def test_a_path_marked_as_holding_drug_ends_a_prime() -> None:
    pump = Pump().start()
    pump.tell(Path(True, pump.now))
    pump.install(order(once=PRIME))
    pump.tell(Path(False, pump.now))
    assert pump.give(1, 2) == "cap"


def test_the_pulses_of_a_bridge_count_the_old_fluid() -> None:
    bridge = {"kind": "bridge", "concentration": 40_000_000, "steps": [[HOUR, 24 * 500]]}
    pump = Pump().start(order(once=bridge))
    for seq in range(1, 4):
        assert pump.give(seq) == ""
        pump.wait(60_000)
    assert pump.guard.state.ledger.marks[0][1] == 4 * PULSE * 2 + PULSE


def test_a_temporary_change_adds_its_own_pulses_and_no_more() -> None:
    temporary = {"kind": "temporary", "dose": 160 * PULSE, "length": 6 * HOUR}
    pump = Pump().start(order(program={"kind": "stopped"}, once=temporary))
    given = 0
    for seq in range(1, 200):
        pump.wait(540_000)
        given += not pump.give(seq)
    assert 40 <= given <= 43


def test_an_order_that_cannot_be_read_changes_nothing() -> None:
    pump = Pump().start()
    assert pump.install(b"{}") == "order: keys"
    assert pump.give(1) == ""


def test_five_restarts_in_one_hour_are_told_and_older_ones_forgotten() -> None:
    pump = Pump().start()
    for _ in range(3):
        pump.now += 20_000
        pump.restart()
    assert 9 not in pump.alarms
    pump.now += 2 * HOUR
    for _ in range(4):
        pump.restart()
    assert 9 not in pump.alarms
    pump.restart()
    assert 9 in pump.alarms
    pump.restart()


def test_the_judge_is_a_function_of_state_and_event() -> None:
    state, answer = judge(State(FIGURES), Restart(T0))
    assert judge(State(FIGURES), Restart(T0)) == (state, answer)
    assert judge(state, Request(1, 0, "", T0)) == judge(state, Request(1, 0, "", T0))
    assert judge(state, Tick(T0 - 5))[0].now == T0


def test_the_ledger_is_bounded_by_a_week_of_pulses() -> None:
    pump = Pump().start(order(program={**CONTINUOUS, "dose": 24 * PULSE}))
    for seq in range(1, 500):
        pump.now += HOUR
        assert pump.give(seq) == ""
    entries = pump.guard.state.ledger
    assert len(entries.entries()) == 168
    assert sum(len(block) for block in entries.blocks) <= 168 + 128
