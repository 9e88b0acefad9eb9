"""A device with its supervisor: both hold the same order, and no pulse leaves without both, come what may."""

from dataclasses import replace

import pytest
from supervisor_rig import PowerCut, Store
from watch_rig import DAY, HOUR, MG, MODEL, MORPHINE, T0, device, order

from thecal.pump import (
    Device,
    DeviceFigures,
    MemoryStorage,
    MinimumRate,
    SimpleContinuous,
    kernel,
)
from thecal.pump.hardware.store import FaultyStorage
from thecal.pump.held import MemoryFault
from thecal.pump.parts import PatientBolus, PrimingBolus
from thecal.pump.watch import Watch
from thecal.quantity import Refused

ORDER = order()


class Rig:
    """A device, its supervisor, and where both keep their journals."""

    def __init__(self, path_nl: int = 0) -> None:
        self.storage, self.own = MemoryStorage(), Store()
        self.strokes: list[int] = []
        self.watch = Watch(MODEL, path_nl, self.own, T0, new=True)
        self.device = device(self.move, path_nl=path_nl, watch=self.watch, storage=self.storage)

    def move(self, seq: int, _at: int) -> int:
        self.strokes.append(seq)
        return 1

    def reopen(self, now: int) -> None:
        def again(figures: DeviceFigures, path_nl: int) -> Watch:
            self.watch = Watch(figures, path_nl, self.own, now)
            return self.watch

        self.device = Device.open(self.storage, now, mechanism=self.move, watch=again)


def test_a_day_with_both_gives_what_was_ordered_and_vetoes_nothing() -> None:
    rig = Rig()
    rig.device.load(ORDER, T0)
    rig.device.advance(T0 + DAY)
    status = rig.device.status(T0 + DAY)
    assert status.delivered_pulses == len(rig.strokes) == 1_600
    assert status.vetoed_pulses == 0
    assert status.alarms == ()
    assert rig.watch.take_vetoes() == {}


def test_what_one_part_refuses_changes_neither() -> None:
    rig = Rig()
    rig.device.load(ORDER, T0)
    too_much = replace(ORDER, program=SimpleContinuous(400 * MG))
    with pytest.raises(Refused):
        rig.device.load(too_much, T0 + HOUR)
    prime = replace(ORDER, once=PrimingBolus(10_000, HOUR))
    with pytest.raises(Refused):
        rig.device.load(prime, T0 + HOUR)
    rig.device.advance(T0 + 2 * HOUR)
    assert rig.device.prescription == ORDER
    assert rig.device.status(T0 + 2 * HOUR).vetoed_pulses == 0


def test_a_supervisor_that_cannot_store_stops_delivery_and_is_heard_of() -> None:
    rig = Rig()
    rig.device.load(ORDER, T0)
    rig.device.advance(T0 + HOUR)
    given = len(rig.strokes)
    rig.own.fails = True
    rig.device.advance(T0 + 2 * HOUR)
    assert len(rig.strokes) == given
    assert {"storage_degraded", "under_delivery"} <= set(rig.device.alarms)
    assert set(rig.watch.take_vetoes()) == {"storage"}


def test_a_stop_reaches_the_supervisor_when_the_controller_fails_in_it() -> None:
    store = FaultyStorage()
    watch = Watch(MODEL, 0, MemoryStorage(), T0, new=True)
    pump = device(lambda _seq, _at: 1, watch=watch, storage=store)
    pump.load(ORDER, T0)
    store.full = True
    assert not watch._guard.state.stopped
    with pytest.raises(OSError, match="no room"):
        pump.stop(T0 + 1_000)
    assert watch._guard.state.stopped


def test_after_a_restart_both_go_on_with_the_same_order() -> None:
    rig = Rig()
    rig.device.load(ORDER, T0)
    rig.device.advance(T0 + HOUR)
    rig.reopen(T0 + 2 * HOUR)
    rig.device.advance(T0 + 4 * HOUR)
    status = rig.device.status(T0 + 4 * HOUR)
    assert status.vetoed_pulses == 0
    assert status.state == "running"
    assert len(rig.strokes) == len(set(rig.strokes)) == status.delivered_pulses


def test_power_that_goes_between_the_two_records_of_an_order_leaves_them_agreeing() -> None:
    rig = Rig()
    rig.device.load(ORDER, T0)
    rig.device.advance(T0 + HOUR)
    later = replace(ORDER, id="rx-2", program=SimpleContinuous(2 * MG))
    rig.watch.install(later.to_bytes(), T0 + HOUR)  # and here the power goes, before the controller wrote it
    rig.reopen(T0 + HOUR)
    rig.device.advance(T0 + 2 * HOUR)
    assert rig.device.prescription == ORDER
    assert rig.device.status(T0 + 2 * HOUR).vetoed_pulses == 0
    assert rig.device.status(T0 + 2 * HOUR).delivered_pulses > 120


def test_a_damaged_supervisor_lets_nothing_pass_until_a_person_orders_and_is_heard_of() -> None:
    rig = Rig()
    rig.device.load(ORDER, T0)
    rig.device.advance(T0 + HOUR)
    rig.own.banks[1][-30] ^= 1
    rig.reopen(T0 + HOUR)
    given = len(rig.strokes)
    rig.device.advance(T0 + 2 * HOUR)
    assert len(rig.strokes) == given
    assert {"state_suspect", "under_delivery"} <= set(rig.device.alarms)
    rig.device.load(replace(ORDER, id="rx-2"), T0 + 2 * HOUR)
    rig.device.advance(T0 + 4 * HOUR)
    assert len(rig.strokes) > given + 100


def test_two_strays_stop_both_parts_until_a_person_resumes() -> None:
    rig = Rig()
    rig.device.load(ORDER, T0)
    rig.device.advance(T0 + HOUR)
    rig.device.stray(T0 + HOUR)
    rig.device.stray(T0 + HOUR)
    given = len(rig.strokes)
    rig.device.advance(T0 + 2 * HOUR)
    assert len(rig.strokes) == given
    assert "free_flow" in rig.device.alarms
    assert rig.watch.latched
    rig.device.resume(T0 + 2 * HOUR)
    assert not rig.watch.latched
    rig.device.advance(T0 + 3 * HOUR)
    assert len(rig.strokes) > given + 60


def test_a_rung_of_the_ladder_is_the_supervisors_limit_too() -> None:
    rig = Rig()
    rig.device.load(ORDER, T0)
    rig.device.heed(1 << 24, 0, T0 + HOUR)  # a sensor fault: base alone
    assert rig.device.status(T0 + HOUR).rung == "basal_only"
    rig.reopen(T0 + HOUR)
    rig.device.advance(T0 + 3 * HOUR)
    assert rig.device.status(T0 + 3 * HOUR).vetoed_pulses == 0
    assert len(rig.strokes) > 150


@pytest.mark.parametrize("act", ["bolus", "prime", "minimum", "stop", "refill"])
def test_each_kind_of_delivery_passes_both_parts(act: str) -> None:
    rig = Rig(path_nl=100_000)
    rig.device.load(ORDER, T0)
    match act:
        case "bolus":
            bolus = PatientBolus(MG // 10, 60_000, HOUR, 4)
            rig.device.load(replace(ORDER, patient_bolus=bolus), T0 + 1)
            rig.device.demand(T0 + 2 * HOUR)
        case "prime":
            rig.device.mark_path(T0 + 1, empty=True)
            rig.device.load(replace(ORDER, once=PrimingBolus(100_000, HOUR)), T0 + 2)
        case "minimum":
            rig.device.load(replace(ORDER, program=MinimumRate(48_000)), T0 + 1)
        case "stop":
            rig.device.stop(T0 + HOUR)
            rig.device.load(replace(ORDER, id="rx-3"), T0 + 2 * HOUR)
        case _:
            rig.device.refill(17_000_000, MORPHINE, 19_000_000, T0 + HOUR)
    rig.device.advance(T0 + 6 * HOUR)
    status = rig.device.status(T0 + 6 * HOUR)
    assert status.vetoed_pulses == 0, rig.watch.take_vetoes()
    assert status.delivered_pulses == len(rig.strokes) > 40
    assert not [name for name in status.alarms if name not in ("gap", "stopped")]


def test_power_cut_at_every_byte_of_the_supervisors_journal_never_gives_a_pulse_twice() -> None:
    whole = Rig()
    whole.device.load(ORDER, T0)
    size = len(whole.own.banks[1])
    whole.device.advance(T0 + 200_000)
    for cut in range(0, len(whole.own.banks[1]) - size, 3):
        rig = Rig()
        rig.device.load(ORDER, T0)
        rig.own.budget = cut
        with pytest.raises(PowerCut):
            rig.device.advance(T0 + 200_000)
        rig.own.budget = None
        rig.reopen(T0 + 200_000)
        rig.device.advance(T0 + HOUR)
        assert len(rig.strokes) == len(set(rig.strokes))
        assert rig.device.status(T0 + HOUR).doubtful_pulses <= 1
        assert len(rig.strokes) > 55
        assert kernel.Mode.RUNNING.name.lower() == rig.device.status(T0 + HOUR).state


@pytest.mark.parametrize("bit", range(0, 620, 31))
def test_a_flipped_bit_of_the_controllers_memory_is_found_before_a_pulse_depends_on_it(bit: int) -> None:
    rig = Rig()
    rig.device.load(ORDER, T0)
    rig.device.advance(T0 + HOUR)
    given = len(rig.strokes)
    rig.device.flip(bit)
    with pytest.raises(MemoryFault):
        rig.device.advance(T0 + HOUR + 1)
    assert len(rig.strokes) == given
    rig.reopen(T0 + HOUR)
    rig.device.advance(T0 + 2 * HOUR)
    assert len(rig.strokes) == len(set(rig.strokes)) > given + 60
