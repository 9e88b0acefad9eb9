"""The rule by which a bolus is admitted, proved for all times with an SMT solver; the rule that looks back fails.

The proof speaks of real times and masses and of any number of requests: cumulative mass is an unknown function that
only grows, and the rule is used where the argument needs it. Beside the proof stand claims that must fail, and one that
shows that the premises can be met: a proof from premises that contradict each other would prove anything.
"""

from collections.abc import Callable
from itertools import product

import z3  # type: ignore[import-untyped]

W, CAP, S, D, E = z3.Reals("window cap request duration end")
BASE = z3.Function("base_prescribed", z3.RealSort(), z3.RealSort())
GIVEN = z3.Function("base_given", z3.RealSort(), z3.RealSort())
EXTRA = z3.Function("boluses_given", z3.RealSort(), z3.RealSort())
POINTS = (S, S + D, E, E - W, S - W, S + D + W)


def least(one: z3.ArithRef, other: z3.ArithRef) -> z3.ArithRef:
    """The smaller of two."""
    return z3.If(one <= other, one, other)


def most(one: z3.ArithRef, other: z3.ArithRef) -> z3.ArithRef:
    """The larger of two."""
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


def forward_keeps_every_window() -> bool:
    """No window can be overfull where the forward rule admitted."""
    return bool(_verdict(admitted_forward(E), overfull()) == z3.unsat)


def premises_can_be_met() -> bool:
    """With a bolus, and a base that was stopped before and goes on."""
    bolus = EXTRA(S + D) - EXTRA(S) > 0
    stopped = z3.And(GIVEN(S) == GIVEN(S - W), BASE(S) > BASE(S - W), GIVEN(E) > GIVEN(S), S <= E, E <= S + D)
    return bool(_verdict(admitted_forward(E), bolus, stopped, E - W > S - W) == z3.sat)


def each_part_is_needed() -> bool:
    """Without the rule, or with the part of it that looks into the future alone, a window can be overfull."""
    only_future = z3.Implies(E - W >= S, admitted_forward(E))
    return bool(_verdict(only_future, overfull()) == z3.sat and _verdict(overfull()) == z3.sat)


def backward_overfills() -> bool:
    """The rule that looks back admits a bolus after a stop that overfills a window."""
    return bool(_verdict(admitted_backward(), GIVEN(S) == GIVEN(S - W), overfull()) == z3.sat)


CLAIMS: tuple[Callable[[], bool], ...] = (
    forward_keeps_every_window,
    premises_can_be_met,
    each_part_is_needed,
    backward_overfills,
)


def _verdict(*claims: z3.BoolRef) -> z3.CheckSatResult:
    solver = z3.Solver()
    solver.add(*premises(), *claims)
    return solver.check()
