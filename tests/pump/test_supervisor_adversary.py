"""Controllers that are wrong in every way that the port allows: the supervisor alone keeps every promise."""

from contextlib import suppress
from random import Random

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from supervisor_rig import DAY, HOUR, PULSE, WINDOWS, PowerCut, Pump, order, worst

from thecal.pump.supervisor import Drive, Heartbeat, Level, Limit, Request, Resume, Stop, Stroke, Tick

CAPS = {"hour": 12 * PULSE, "day": 60 * PULSE, "four_hours": 30 * PULSE, "week": 200 * PULSE}
LIMITS = (12, 30, 60, 200)
LOOSE = {"kind": "periodic_bolus", "bolus": 12 * PULSE, "every": DAY, "over": 12_000, "basal": 0}
GRANTS = {"dose": 12 * PULSE, "over": 12_000, "lockout": 0, "from": "start", "count": 100, "window": HOUR}


def keeps_its_promises(pump: Pump, limits: tuple[int, ...] = LIMITS) -> None:
    times = [at for at, _, train in pump.fired if train != 2]
    for window, limit in zip(WINDOWS, limits, strict=True):
        assert worst(times, window) <= limit + 1
    numbers = [seq for _, seq, _ in pump.fired]
    assert numbers == sorted(set(numbers))


@pytest.mark.parametrize("every", [900, 10_000, 61_000])
def test_a_controller_that_always_asks(every: int) -> None:
    pump = Pump().start(order(program=LOOSE, patient_bolus=GRANTS, caps=CAPS))
    for seq in range(1, 1_000):
        pump.give(seq, 1)
        pump.now += every
    keeps_its_promises(pump)
    assert len(pump.fired) >= 12


def test_a_controller_that_always_asks_reaches_every_cap_and_not_more() -> None:
    pump = Pump().start(order(program=LOOSE, patient_bolus=GRANTS, caps=CAPS))
    for seq in range(1, 3_400):
        pump.give(seq, 1)
        pump.now += 200_000
    times = [at for at, _, _ in pump.fired]
    assert tuple(worst(times, window) for window in WINDOWS) == (13, 31, 61, 201)


def test_a_controller_that_asks_twice_and_replays() -> None:
    pump = Pump().start(order(program=LOOSE, patient_bolus=GRANTS, caps=CAPS))
    for seq in range(1, 40):
        pump.beat()
        for again in (seq, seq, seq - 1, 1):
            if not pump.ask(again, 1):
                pump.stroke()
            pump.now += 900
    keeps_its_promises(pump)


def test_a_controller_that_lies_about_its_clock() -> None:
    pump = Pump().start(order(program=LOOSE, patient_bolus=GRANTS, caps=CAPS))
    for seq in range(1, 200):
        pump.now += 1_000
        pump.beat(pump.now * 1_000)
        if not pump.ask(seq, 1):
            pump.stroke()
    keeps_its_promises(pump)
    assert 25 in pump.alarms


def test_a_controller_whose_supervisor_restarts_at_each_step() -> None:
    pump = Pump().start(order(program=LOOSE, patient_bolus=GRANTS, caps=CAPS))
    for seq in range(1, 60):
        pump.beat()
        if not pump.ask(seq, 1) and seq % 2:
            pump.stroke()
        pump.restart()
        pump.now += 2_000
    keeps_its_promises(pump)
    assert len(pump.fired) == 13


def test_restarts_without_a_clock_that_ran_on_free_no_window() -> None:
    pump = Pump().start(order(program=LOOSE, patient_bolus=GRANTS, caps=CAPS))
    begin = pump.now
    for seq in range(1, 100):
        pump.now = begin + seq % 7
        pump.give(seq, 1)
        pump.restart()
    assert len(pump.fired) <= 13


@pytest.mark.parametrize("stopping", [Stop(0), Limit(4, 0)])
def test_a_controller_that_asks_while_the_pump_is_stopped(stopping: Stop | Limit) -> None:
    pump = Pump().start()
    pump.tell(stopping)
    for seq in range(1, 60):
        pump.wait(60_000)
        assert pump.give(seq, seq % 4) in ("latched", "order")
    assert pump.fired == []


def test_mutated_requests() -> None:
    random = Random(7)
    pump = Pump().start(order(program=LOOSE, patient_bolus=GRANTS, caps=CAPS))
    for _ in range(1_000):
        pump.now += random.choice((0, 1, 900, 60_000))
        pump.beat()
        seq = pump.guard.state.seq + 1
        asked = random.choice(
            (seq, -seq, seq + random.randrange(3), seq ^ (1 << random.randrange(70)) if seq % 9 else 0)
        )
        if not pump.ask(min(asked, seq + 9), random.randrange(-1, 4), name=random.choice((None, None, "", "0" * 64))):
            pump.stroke()
    keeps_its_promises(pump)
    assert pump.fired


class Adversary(RuleBasedStateMachine):
    """Anything that can reach the supervisor, in any order, through torn records and restarts."""

    def __init__(self) -> None:
        super().__init__()
        self.pump = Pump().start(order(program=LOOSE, patient_bolus=GRANTS, caps=CAPS))
        self.strays: list[int] = []

    @rule(step=st.sampled_from((-1, 0, 1, 2)), train=st.integers(-1, 3), many=st.integers(1, 20), lazy=st.booleans())
    def ask(self, step: int, train: int, many: int, *, lazy: bool) -> None:
        for _ in range(many):
            self.pump.beat()
            reason = self.pump.ask(max(0, self.pump.guard.state.seq) + step, train)
            if not reason and not lazy:
                self.pump.stroke()
            self.pump.now += 1_600

    @rule(ms=st.sampled_from((0, 891, 60_000, HOUR - 1, HOUR, 4 * HOUR, DAY, 7 * DAY)))
    def pass_time(self, ms: int) -> None:
        self.pump.now += ms

    @rule(back=st.sampled_from((1, HOUR, DAY)), seq=st.integers(0, 99))
    def lie_about_time(self, back: int, seq: int) -> None:
        self.pump.tell(Heartbeat(self.pump.now + back, self.pump.now - back))
        self.pump.tell(Request(0, seq, "", self.pump.now - back))
        self.pump.tell(Tick(self.pump.now - back))

    @rule(budget=st.integers(0, 200), zeros=st.booleans(), step=st.integers(1, 5))
    def cut_power(self, budget: int, step: int, *, zeros: bool) -> None:
        self.pump.store.budget, self.pump.store.zeros = budget, zeros
        with suppress(PowerCut):
            self.ask(1, 1, step, lazy=False)
        self.pump.restart()

    @rule()
    def restart(self) -> None:
        self.pump.restart()

    @rule(rung=st.integers(-1, 5))
    def limit(self, rung: int) -> None:
        self.pump.tell(Limit(rung, self.pump.now))

    @rule()
    def resume(self) -> None:
        self.pump.tell(Resume(self.pump.now))

    @rule()
    def stop(self) -> None:
        self.pump.tell(Stop(self.pump.now))

    @rule()
    def install_again(self) -> None:
        self.pump.install(self.pump.data)

    @rule(on=st.booleans())
    def drive(self, *, on: bool) -> None:
        self.pump.tell(Drive(on=on, at=self.pump.now))

    @rule()
    def stray(self) -> None:
        self.pump.tell(Stroke(self.pump.now))

    @rule(level=st.integers(0, 30_000_000))
    def level(self, level: int) -> None:
        self.pump.tell(Level(level, level, self.pump.now))

    @invariant()
    def promises(self) -> None:
        keeps_its_promises(self.pump)


Adversary.TestCase.settings = settings(max_examples=20, stateful_step_count=30, deadline=None)
TestAdversary = Adversary.TestCase
