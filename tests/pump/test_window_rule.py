"""The rule by which a bolus is admitted: proved for all times and searched; the rule that looks back is shown wrong.

The proof speaks of real times and masses and of any number of requests: cumulative mass is an unknown function that
only grows, and the rule is used where the argument needs it. The search runs the kernel's own function on pumps with
windows of a few ms, against an account that simply adds up.
"""

from itertools import combinations, product

import pytest
import z3  # type: ignore[import-untyped]

from thecal.pump.kernel import EMPTY_LEDGER, Bolus, Ledger, Program, Segment, add, crowded, make_plan

# ---- the proof

W, CAP, S, D, E = z3.Reals("window cap request duration end")
BASE = z3.Function("base_prescribed", z3.RealSort(), z3.RealSort())
GIVEN = z3.Function("base_given", z3.RealSort(), z3.RealSort())
EXTRA = z3.Function("boluses_given", z3.RealSort(), z3.RealSort())
POINTS = (S, S + D, E, E - W, S - W, S + D + W)


def least(one: z3.ArithRef, other: z3.ArithRef) -> z3.ArithRef:
    return z3.If(one <= other, one, other)


def most(one: z3.ArithRef, other: z3.ArithRef) -> z3.ArithRef:
    return z3.If(one >= other, one, other)


def premises() -> list[z3.BoolRef]:
    """A pump as the controller makes it.

    Mass only grows. The base never gives more than is prescribed over the same time from the request on: it may stop at
    any time. The request is the last one before the window ends: after it and its duration no bolus flows. The base
    alone passes no cap. What was given before the request is anything at all.
    """
    found = [W > 0, D > 0, CAP > 0]
    for low, high in product(POINTS, POINTS):
        grows = [function(low) <= function(high) for function in (BASE, GIVEN, EXTRA)]
        found.append(z3.Implies(low <= high, z3.And(*grows)))
        after = z3.And(low >= S, low <= high)
        found.append(z3.Implies(after, GIVEN(high) - GIVEN(low) <= BASE(high) - BASE(low)))
        found.append(z3.Implies(z3.And(low >= S + D, low <= high), EXTRA(low) == EXTRA(high)))
    found.append(BASE(E) - BASE(E - W) <= CAP)
    return found


def admitted_forward(end: z3.ArithRef) -> z3.BoolRef:
    """What the rule promised at the request about the window that ends at ``end``."""
    since, reached = end - W, most(S, end - W)
    filled = most(GIVEN(S) - GIVEN(least(since, S)), BASE(S) - BASE(least(since, S)))
    mass = filled + EXTRA(S) - EXTRA(least(since, S)) + BASE(end) - BASE(reached) + EXTRA(end) - EXTRA(reached)
    return z3.Implies(z3.And(end >= S, end <= S + D + W), mass <= CAP)


def admitted_backward() -> z3.BoolRef:
    """What was given in the past window, and the bolus, pass no cap."""
    past = GIVEN(S) - GIVEN(S - W) + EXTRA(S) - EXTRA(S - W)
    return z3.And(past + EXTRA(S + D) - EXTRA(S) <= CAP)


def overfull() -> z3.BoolRef:
    """A window that ends at or after the last request holds more than its cap."""
    return z3.And(E >= S, GIVEN(E) - GIVEN(E - W) + EXTRA(E) - EXTRA(E - W) > CAP)


def verdict(*claims: z3.BoolRef) -> z3.CheckSatResult:
    solver = z3.Solver()
    solver.add(*premises(), *claims)
    return solver.check()


def test_the_forward_rule_keeps_every_window_for_all_times() -> None:
    assert verdict(admitted_forward(E), overfull()) == z3.unsat


def test_its_premises_can_be_met_with_a_bolus_and_a_base_that_stops() -> None:
    bolus = EXTRA(S + D) - EXTRA(S) > 0
    stopped = z3.And(GIVEN(S) == GIVEN(S - W), BASE(S) > BASE(S - W), GIVEN(E) > GIVEN(S), S <= E, E <= S + D)
    assert verdict(admitted_forward(E), bolus, stopped, E - W > S - W) == z3.sat


def test_each_part_of_the_rule_is_needed() -> None:
    only_future = z3.Implies(E - W >= S, admitted_forward(E))
    assert verdict(only_future, overfull()) == z3.sat
    assert verdict(overfull()) == z3.sat


def test_the_backward_rule_overfills_a_window_after_a_stop() -> None:
    stop_before = GIVEN(S) == GIVEN(S - W)
    assert verdict(admitted_backward(), stop_before, overfull()) == z3.sat


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
