"""The rule by which a bolus is admitted: proved for all times and searched; the rule that looks back is shown wrong.

The proof is in ``thecal.pump.proof.window_rule``, where the evidence runs it too. The search runs the kernel's own
function on pumps with
windows of a few ms, against an account that simply adds up.
"""

from collections.abc import Callable
from itertools import combinations, product

import pytest

from thecal.pump.kernel import EMPTY_LEDGER, Bolus, Ledger, Program, Segment, add, crowded, make_plan
from thecal.pump.proof import window_rule

# ---- the proof


@pytest.mark.parametrize("claim", window_rule.CLAIMS, ids=lambda claim: claim.__name__)
def test_the_proof_of_the_window_rule_holds(claim: Callable[[], bool]) -> None:
    assert claim()


def test_a_weaker_rule_is_not_proved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(window_rule, "admitted_forward", lambda _: window_rule.admitted_backward())
    assert not window_rule.forward_keeps_every_window()


# ---- the search

type Case = tuple[Program, frozenset[int], tuple[int, ...], int]

WINDOW = 4
SHAPES = [(1, (1,)), (2, (2, 0)), (3, (0, 1, 2))]  # mass of each ms of a period


def small(rates: tuple[int, ...], cap: int) -> Program:
    segments = tuple(Segment(at, 1, mass) for at, mass in enumerate(rates))
    return Program("d", 1, 0, len(rates), segments, ((WINDOW, cap),))


def rate(program: Program, at: int) -> int:
    """What the base prescribes in the ms that ends at ``at``."""
    return program.segments[(at - 1) % program.period].mass


def ledger_of(masses: dict[int, int]) -> Ledger:
    ledger = EMPTY_LEDGER
    for at in sorted(masses):
        ledger = add(ledger, at, masses[at], 100)
    return ledger


def worst(masses: dict[int, int], until: int) -> int:
    return max(sum(m for at, m in masses.items() if end - WINDOW < at <= end) for end in range(until + 1))


def play(program: Program, stopped: frozenset[int], requests: tuple[int, ...], length: int, *, forward: bool) -> int:
    """Run base and requests for 12 ms, the base off in ``stopped``; the most mass in any window."""
    plan, cap = make_plan(program), program.caps[0][1]
    base, extra = dict[int, int](), dict[int, int]()
    busy = 0
    for now in range(13):
        if now in requests and now >= busy:
            bolus = Bolus(1, now, length, 2)
            past = {at: base.get(at, 0) + extra.get(at, 0) for at in {*base, *extra}}
            if forward:
                no = crowded(plan, ledger_of(past), ledger_of(extra), now, end=now + length, new=bolus) is not None
            else:
                no = sum(mass for at, mass in past.items() if at > now - WINDOW) + 2 > cap
            if not no:
                busy = now + length
                for k in (1, 2):
                    at = now - (-k * length // 2)
                    extra[at] = extra.get(at, 0) + 1
        if now + 1 not in stopped:
            base[now + 1] = rate(program, now + 1)
    together = {at: base.get(at, 0) + extra.get(at, 0) for at in {*base, *extra}}
    return worst(together, 20)


def cases() -> list[Case]:
    found: list[Case] = []
    for _, rates in SHAPES:
        base = max(sum(rates[(at + k) % len(rates)] for k in range(WINDOW)) for at in range(len(rates)))
        for spare, length, begin, end in product((1, 2, 3, 4), (1, 2, 3), (0, 2, 4), (5, 7)):
            for requests in combinations((1, 3, 4, 6, 8), 2):
                found.append((small(rates, base + spare), frozenset(range(begin, end)), requests, length))
    return found


def test_on_every_small_pump_the_forward_rule_keeps_every_window() -> None:
    admitted = 0
    for program, stopped, requests, length in cases():
        most_in_window = play(program, stopped, requests, length, forward=True)
        assert most_in_window <= program.caps[0][1], (program, stopped, requests, length)
        admitted += most_in_window > 0 and program.caps[0][1] - most_in_window <= 1
    assert admitted > 100  # and it is no rule that refuses everything


def test_on_small_pumps_the_backward_rule_overfills_windows() -> None:
    broken = [case for case in cases() if play(*case, forward=False) > case[0].caps[0][1]]
    assert broken


@pytest.mark.parametrize("spare", [1, 2, 3])
def test_a_bolus_is_admitted_exactly_when_the_fullest_window_has_room(spare: int) -> None:
    program = small((1,), WINDOW + spare)
    no = crowded(make_plan(program), EMPTY_LEDGER, EMPTY_LEDGER, 10, end=12, new=Bolus(1, 10, 2, 2)) is not None
    assert no == (spare < 2)
