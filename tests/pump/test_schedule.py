"""Promises of the schedule: exact, without drift, and the same however time is cut."""

from fractions import Fraction
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from thecal.pump.kernel import NEVER, Config, Program, Segment, due_at, make_plan, mass_by, most_in, problem

DAY = 86_400_000
TEN_YEARS = 3653 * DAY
CONFIG = Config(pulse_nl=250, flow_min=1_000, flow_max=48_000_000, low_nl=2_000_000)
PULSE = 250 * 10_000_000
T0 = 20_000 * DAY


@st.composite
def programs(draw: st.DrawFn) -> Program:
    period = draw(st.integers(2, 7 * DAY))
    edges = sorted(draw(st.sets(st.integers(0, period), min_size=2, max_size=9)))
    spans = [(a, b - a) for a, b in pairwise(edges)]
    masses = draw(st.lists(st.integers(0, 10**14), min_size=len(spans), max_size=len(spans)))
    segments = tuple(Segment(start, length, mass) for (start, length), mass in zip(spans, masses, strict=True))
    return Program("morphine", PULSE, draw(st.integers(0, 10**13)), period, segments, ((DAY, 10**17),))


def exact(program: Program, at: int) -> Fraction:
    periods, rest = divmod(at - program.anchor, program.period)
    mass = Fraction(periods * sum(s.mass for s in program.segments))
    for s in program.segments:
        mass += Fraction(s.mass * min(max(rest - s.start, 0), s.length), s.length)
    return mass


@given(programs(), st.integers(-DAY, TEN_YEARS))
def test_cumulative_mass_is_the_exact_one_rounded_down_even_after_ten_years(program: Program, after: int) -> None:
    at = program.anchor + after
    assert mass_by(make_plan(program), at) == exact(program, at) // 1


@given(programs(), st.integers(-(10**13), 10**20))
def test_a_pulse_is_due_at_the_first_ms_that_reaches_its_mass(program: Program, mass: int) -> None:
    plan = make_plan(program)
    due = due_at(plan, mass)
    if plan.total == 0:
        assert due == NEVER
    else:
        assert mass_by(plan, due) >= mass > mass_by(plan, due - 1)


@given(programs(), st.integers(1, 7 * DAY), st.integers(-DAY, 30 * DAY))
def test_no_window_anywhere_holds_more_than_the_most(program: Program, window: int, begin: int) -> None:
    plan = make_plan(program)
    at = program.anchor + begin
    assert exact(program, at + window) - exact(program, at) < most_in(plan, window) + 1


def daily(mass: int, **changes: object) -> Program:
    base = Program("morphine", PULSE, T0, DAY, (Segment(0, DAY, mass),), ((DAY, 10**17),))
    return base._replace(**changes)  # type: ignore[arg-type]


def test_a_rate_that_does_not_divide_the_day_has_not_drifted_after_ten_years() -> None:
    plan = make_plan(daily(4_000_000_000_007))
    count = plan.total * 3653 // PULSE
    assert due_at(plan, mass_by(plan, T0) + count * PULSE) <= T0 + TEN_YEARS
    assert due_at(plan, mass_by(plan, T0) + (count + 1) * PULSE) > T0 + TEN_YEARS


def code(program: Program) -> str | None:
    reject = problem(program, CONFIG)
    return None if reject is None else reject.code


def test_a_program_beyond_flow_or_cap_is_rejected_and_one_at_the_edge_is_not() -> None:
    ceiling = 48_000_000 * 10_000_000
    assert code(daily(ceiling)) is None
    assert code(daily(ceiling + 1)) == "flow_above_maximum"
    floor = 1_000 * 10_000_000
    assert code(daily(floor)) is None
    assert code(daily(floor - 1)) == "flow_below_minimum"
    assert code(daily(10**13, caps=((DAY, 10**13),))) is None
    assert code(daily(10**13, caps=((DAY, 10**13 - 1),))) == "cap"


def test_a_malformed_program_is_rejected_with_a_reason() -> None:
    assert code(daily(10**13, segments=())) == "program_size"
    assert code(daily(10**13, period=0)) == "program_range"
    assert code(daily(10**13, pulse_fg=0)) == "program_range"
    assert code(daily(10**13, pulse_fg=PULSE + 1)) == "pulse_mass"
    assert code(daily(10**13, caps=())) == "program_size"
    assert code(daily(10**13, caps=((0, 5),))) == "caps"
    assert code(daily(0, segments=(Segment(0, 10, 1), Segment(5, 10, 1)))) == "segments"
    assert code(daily(0, segments=(Segment(0, DAY + 1, 1),))) == "segments"
    assert code(daily(0, segments=(Segment(0, 10, -1),))) == "segments"
