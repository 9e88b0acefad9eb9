"""The supervisor's memory: cut at every byte, flipped at every bit, begun anew; nothing permitted is ever forgotten."""

import pytest
from supervisor_rig import DAY, FIGURES, HOUR, PULSE, T0, PowerCut, Pump, Store, digest, order

from thecal.pump.supervisor import Fact, Guard, Install, Open, Path, Permit, Raise, Refill, Request, Stroke, Veto
from thecal.pump.supervisor.journal import Journal, encode, read_bank
from thecal.pump.supervisor.ledger import Ledger

PULSES = 3


def short() -> bytes:
    return order(caps={"hour": 80 * PULSE, "day": 1_700 * PULSE}, safety={"fallback": 1, "reactions": []})


def run(pump: Pump) -> None:
    """A workload with every kind of fact that a sound day has."""
    pump.tell(Refill(20_000_000, pump.now))
    pump.tell(Path(empty=False, at=pump.now))
    pump.install(short())
    for seq in range(1, PULSES + 1):
        pump.now += 54_000
        pump.give(seq)
    pump.tell(Stroke(pump.now))


def begun(store: Store) -> Pump:
    return Pump(store)


def test_power_cut_at_every_byte_loses_no_permission_and_permits_none_twice() -> None:
    whole = begun(Store())
    run(whole)
    total = len(whole.store.banks[1])
    created = len(begun(Store()).store.banks[1])
    for cut in range(created, total):
        pump = begun(Store())
        pump.store.budget, pump.store.zeros = cut - created, cut % 2 == 0
        with pytest.raises(PowerCut):
            run(pump)
        given = len(pump.fired)
        pump.restart()
        assert pump.guard.state.ledger.full is None
        assert pump.guard.state.seq >= given
        assert pump.guard.state.base >= given
        assert 27 not in pump.alarms
        pump.data, pump.now = short(), pump.now + HOUR
        assert all(pump.give(seq) != "" for seq in range(given + 1))


def test_recovery_that_is_cut_again_and_again_ends_in_the_same_state() -> None:
    pump = begun(Store())
    run(pump)
    sound = pump.guard.state
    del pump.store.banks[1][-5:]  # the stray's record is torn
    for budget in range(40):
        pump.store.budget = budget
        with pytest.raises(PowerCut):
            Guard(FIGURES, pump.store, pump.now)
        pump.store.budget = None
        state = Journal(pump.store, FIGURES, pump.now).state
        assert (state.seq, state.base, state.strays) == (sound.seq, sound.base, 0)
        assert state.restarts == ((T0,))


def test_every_flipped_bit_is_found_and_then_nothing_is_permitted() -> None:
    pump = begun(Store())
    run(pump)
    bank = bytes(pump.store.banks[1])
    now = pump.now + HOUR
    for bit in range(8 * len(bank)):
        if bit % 8 and bit // 8 < len(bank) - 150:
            continue  # one bit of each older byte, every bit of the newer ones
        flipped = bytearray(bank)
        flipped[bit // 8] ^= 1 << bit % 8
        found = read_bank(bytes(flipped))
        assert found.lost, bit
    for place in (3, 30):  # in the head, or in the first record: nothing can be read
        store = Store()
        store.banks[1] += bank
        store.banks[1][place] ^= 1
        again = Pump.__new__(Pump)
        again.__dict__ |= {"store": store, "figures": FIGURES, "now": now, "data": short(), "fired": []}
        again.alarms, again.switch = set(), False
        again.restart()
        assert 27 in again.alarms
        assert again.give(PULSES + 1) == "sequence"
        assert again.give(PULSES + 2) == "order"
        assert again.install(short()) is None
        again.tell(Refill(20_000_000, again.now))
        again.now += 1_000
        assert again.give(PULSES + 3) == "cap"
        again.restart()
        again.wait(HOUR)
        again.now = now + 7 * DAY
        assert again.give(PULSES + 4) == ""


def test_lost_facts_count_as_a_pulse_each_and_only_a_new_order_starts_delivery() -> None:
    for from_end in (1, 300):
        pump = begun(Store())
        run(pump)
        for seq in range(PULSES + 1, 60):
            pump.now += 1_000
            assert pump.give(seq) in ("", "early")
        fired = len(pump.fired)
        pump.store.banks[1][-from_end] ^= 1
        assert read_bank(bytes(pump.store.banks[1])).lost >= 1
        pump.restart()
        assert 27 in pump.alarms
        assert pump.give(1_000) == "sequence"
        assert pump.give(1_001) == "order"
        assert pump.guard.state.volume <= 20_000_000 - fired * FIGURES.pulse_nl
        assert pump.install(short()) is None
        sum_of_hour = pump.guard.state.ledger.marks[0][1]
        assert sum_of_hour >= fired * PULSE
        pump.now += DAY
        assert pump.give(1_002) == ""


def test_lost_facts_lower_the_bound_of_the_volume() -> None:
    pump = begun(Store())
    run(pump)
    pump.store.banks[1][-1] ^= 1
    before = pump.guard.state.volume
    pump.restart()
    assert 0 < before - pump.guard.state.volume <= 250 * 4


def test_a_pump_whose_memory_is_gone_permits_nothing() -> None:
    pump = begun(Store())
    run(pump)
    for bank in (0, 1):
        pump.store.truncate(bank, 0)
    pump.restart()
    assert 27 in pump.alarms
    assert pump.guard.state.volume == 0
    pump.restart()
    assert pump.guard.state.seq == -1
    assert [pump.give(seq) for seq in (0, -1, 2**63)] == ["order"] * 3
    assert pump.guard.state.seq == -1
    assert pump.give(1) == "sequence"
    assert pump.guard.state.seq == 1


def test_the_journal_begins_anew_before_it_grows_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("thecal.pump.supervisor.journal.GROWTH", 500)
    pump = begun(Store()).start()
    most = 0
    for seq in range(1, 200):
        pump.now += HOUR
        assert pump.give(seq) == ""
        most = max(most, sum(map(len, pump.store.banks)))
        if seq % 50 == 0:
            before = pump.guard.state
            pump.restart()
            assert pump.guard.state.ledger.entries() == before.ledger.entries()
            assert pump.guard.state.ledger.marks[0][1] == before.ledger.marks[0][1]
    assert most < 30_000


def test_power_cut_at_every_byte_of_beginning_anew_forgets_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("thecal.pump.supervisor.journal.GROWTH", 300)
    for budget in range(0, 1_800, 19):
        pump = begun(Store()).start(short())
        pump.store.budget = budget
        try:
            for seq in range(1, 15):
                pump.now += 54_000
                pump.give(seq)
        except PowerCut:
            pump.store.budget = 1
            with pytest.raises(PowerCut):
                pump.guard = Guard(FIGURES, pump.store, pump.now)
        pump.restart()
        assert 27 not in pump.alarms
        assert pump.guard.state.base >= len(pump.fired)


def test_damage_of_the_newer_bank_is_not_forgotten_when_power_goes_while_it_is_cleared() -> None:
    older, newer = begun(Store()), begun(Store())
    run(older)
    run(newer)
    head = bytearray(newer.store.banks[1])
    head[20] ^= 1
    for budget in range(40):
        store = Store()
        store.banks[0] += older.store.banks[1] + b"\0"
        store.banks[1] += head
        store.banks[1][3] ^= 1
        store.budget = budget
        with pytest.raises(PowerCut):
            Guard(FIGURES, store, T0 + HOUR)
        store.budget = None
        assert 27 in Guard(FIGURES, store, T0 + HOUR).state.latched


def test_a_damaged_older_bank_does_not_matter() -> None:
    pump = begun(Store())
    run(pump)
    pump.guard._journal._begin(pump.guard.state)
    old = begun(Store())
    old.store.banks[1][-1] ^= 1
    pump.store.banks[1] += old.store.banks[1]
    pump.restart()
    assert 27 not in pump.alarms
    assert pump.guard.state.seq == PULSES


def test_a_bank_that_was_torn_at_its_head_was_never_used() -> None:
    whole = bytes(begun(Store()).store.banks[1])
    for size in range(20):
        assert read_bank(whole[:size]) == read_bank(b"")
        assert read_bank(whole[:size] + bytes(30)).lost == 0
    torn = read_bank(whole[:24] + bytes(30))
    assert (torn.facts, torn.lost) == ((), 0)


def test_a_storage_that_fails_permits_nothing_until_it_is_opened_again() -> None:
    pump = begun(Store()).start()
    assert pump.give(1) == ""
    pump.now += 54_000
    pump.store.fails = True
    assert pump.give(2) == "storage"
    pump.store.fails = False
    pump.now += 54_000
    assert pump.give(3) == "storage"
    assert pump.tell(Install(order(), pump.now)) == (Open(), Veto(0, "storage"))
    pump.restart()
    pump.wait(54_000)
    assert pump.give(3) == ""


def test_what_is_returned_is_already_durable() -> None:
    pump = begun(Store()).start()
    pump.beat()
    before = len(pump.store.banks[1])
    assert Permit(1) in pump.guard.tell(Request(1, 0, digest(pump.data), pump.now))
    assert len(pump.store.banks[1]) > before
    assert read_bank(bytes(pump.store.banks[1])).facts[-1] == Fact("permit", pump.now, (1, 0))


def test_records_are_chained() -> None:
    fact = Fact("stop", 5)
    one, chain = encode(fact, b"a")
    two, _ = encode(fact, chain)
    assert one != two


def test_a_full_ledger_frees_only_when_the_longest_window_has_passed() -> None:
    full = Ledger(full=T0)
    assert not full.to(T0 + 7 * DAY - 1).room((1, 1, 1, 1))
    assert full.to(T0 + 7 * DAY).room((0, 0, 0, 0))


def test_an_empty_storage_is_damage_unless_the_pump_is_being_made() -> None:
    assert Raise(27) in Guard(FIGURES, Store(), T0).opening
    assert Raise(27) not in Guard(FIGURES, Store(), T0, new=True).opening


def test_caps_that_count_as_reached_still_do_after_another_restart() -> None:
    store = Store()
    Guard(FIGURES, store, T0)  # nothing could be read
    again = Guard(FIGURES, store, T0 + DAY)
    assert again.state.ledger.full == T0
    assert not again.state.ledger.room((1, 1, 1, 1))


def test_the_ledger_forgets_what_no_window_holds() -> None:
    ledger = Ledger()
    for pulse in range(2_000):
        ledger = ledger.to(T0 + pulse * HOUR).add(T0 + pulse * HOUR, 1)
    assert len(ledger.entries()) == 168
    assert len(ledger.blocks) <= 3
