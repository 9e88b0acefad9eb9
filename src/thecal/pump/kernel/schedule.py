"""When the next pulse is due, exactly: prescribed mass as a function of time, and its inverse.

Times in ms of the device clock, masses in fg, flows in nL/day. Cumulative mass is rounded down to 1 fg at the point of
asking, never summed from rounded parts, so nothing drifts however long the program runs.
"""

from bisect import bisect_left, bisect_right

from thecal.pump.kernel.types import MS_PER_DAY, NEVER, Bolus, Config, Head, Part, Plan, Program, Rung, Segment


def make_plan(program: Program, ceiling: int = NEVER) -> Plan:
    """The program's base made ready, no segment above ``ceiling`` fg/day. It must have passed ``problem``."""
    before, sum_so_far, segments = [], 0, program.segments
    if ceiling != NEVER:
        segments = tuple(Segment(s, length, min(m, ceiling * length // MS_PER_DAY)) for s, length, m in segments)
    for segment in segments:
        before.append(sum_so_far)
        sum_so_far += segment.mass
    return Plan(program, segments, tuple(segment.start for segment in segments), tuple(before), sum_so_far)


def plan_for(program: Program, config: Config, rung: int, head: int = NEVER, done: int = 0) -> Plan:
    """The program as it runs on a rung, with its bridge or temporary change, if any, from ``head`` on.

    ``done`` is what the bridge gave before. On a rung with a highest rate a bridge gives its whole volume, more slowly.
    """
    ceiling = _ceiling(program, config, rung)
    plan = make_plan(program, ceiling)
    if head == NEVER:
        return plan
    once = program.once
    assert once is not None, "a head is what a program gives once"
    counted, length = program.pulse_fg, once.length
    if once.kind == Part.BRIDGE:
        left = _left_of(once.segments, done, ceiling)
        if not left:
            return plan
        length = left[-1].start + left[-1].length
        instead = make_plan(program._replace(anchor=head, period=length, segments=left))
        counted = once.counted_fg
    elif rung == Rung.NORMAL:
        steady = (Segment(0, MS_PER_DAY, once.mass),)
        instead = make_plan(program._replace(anchor=head, period=MS_PER_DAY, segments=steady))
    else:
        instead = make_plan(program, once.mass if ceiling == NEVER else min(once.mass, ceiling))
    end, low = head + length, mass_by(plan, head)
    into = low - mass_by(instead, head)
    high = mass_by(instead, end) + into
    return plan._replace(head=Head(head, end, low, high, instead, into, high - mass_by(plan, end), counted))


def _left_of(segments: tuple[Segment, ...], done: int, ceiling: int) -> tuple[Segment, ...]:
    """What is left of a bridge after ``done`` fg, no faster than ``ceiling``; nothing moves under a ceiling of 0."""
    left: list[Segment] = []
    start = 0
    for _, length, mass in segments:
        rest = max(mass - done, 0)
        done = max(done - mass, 0)
        if rest:
            span = -(-length * rest // mass)
            if ceiling > 0:
                span = max(span, -(-rest * MS_PER_DAY // ceiling))
            elif ceiling == 0:
                rest = 0
            left.append(Segment(start, span, rest))
            start += span
    return tuple(left)


def _ceiling(program: Program, config: Config, rung: int) -> int:
    """The highest rate of a rung in fg/day; NEVER when it has none."""
    if rung <= Rung.BASAL_ONLY:
        return NEVER
    least = config.minimum * (program.pulse_fg // config.pulse_nl)
    if rung == Rung.STOP:
        return 0
    if program.fallback == NEVER:
        return least
    return min(program.fallback, least) if rung == Rung.MIN_RATE else program.fallback


def mass_by(plan: Plan, at: int) -> int:
    """Mass prescribed from the anchor to ``at``, rounded down; negative before the anchor."""
    head = plan.head
    if head is not None and at > head.begin:
        if at < head.end:
            return mass_by(head.plan, at) + head.into
        return mass_by(plan._replace(head=None), at) + head.after
    program = plan.program
    periods, rest = divmod(at - program.anchor, program.period)
    mass = periods * plan.total
    index = bisect_right(plan.starts, rest) - 1
    if index < 0:
        return mass
    start, length, part = plan.segments[index]
    return mass + plan.before[index] + part * min(rest - start, length) // length


def due_at(plan: Plan, mass: int) -> int:
    """The first time at which ``mass_by`` reaches ``mass``; NEVER when the program delivers nothing."""
    head = plan.head
    if head is not None and mass > head.low:
        if mass <= head.high:
            return due_at(head.plan, mass - head.into)
        mass -= head.after
    if plan.total == 0:
        return NEVER
    program = plan.program
    periods, rest = divmod(mass - 1, plan.total)
    index = bisect_left(plan.before, rest + 1) - 1
    start, length, part = plan.segments[index]
    within = -((plan.before[index] - rest - 1) * length // part)
    return program.anchor + periods * program.period + start + within


def bolus_due(bolus: Bolus) -> int:
    """When the next pulse of a bolus is due."""
    return bolus.begin - (-(bolus.fired + 1) * bolus.length // bolus.pulses)


def counted_by(plan: Plan, at: int) -> int:
    """``mass_by`` as the windows count it: the pulses of a bridge count what they bring to the tip."""
    mass, head = mass_by(plan, at), plan.head
    if head is None or at <= head.begin:
        return mass
    inside = mass_by(plan, min(at, head.end)) - head.low
    return mass - inside - (-inside * head.counted_fg // plan.program.pulse_fg)


def edges(plan: Plan, low: int, high: int) -> tuple[int, ...]:
    """Every time in [low, high] at which the prescribed rate can change."""
    program, found = plan.program, set[int]()
    for start, length, _ in plan.segments:
        for edge in (program.anchor + start, program.anchor + start + length):
            first = edge - (edge - low) // program.period * program.period
            found.update(range(first, high + 1, program.period))
    if plan.head is not None:
        begin, end = plan.head.begin, plan.head.end
        found |= {edge for edge in (begin, end, *edges(plan.head.plan, begin, end)) if low <= edge <= high}
    return tuple(sorted(found))


def most_in(plan: Plan, window: int) -> int:
    """The most mass that the base program prescribes in any window of ``window`` ms.

    Mass is piecewise linear in time, so the most is found where the window begins or ends at an edge of a segment.
    """
    program = plan.program
    marks = {program.anchor + edge for s in program.segments for edge in (s.start, s.start + s.length)}
    begins = marks | {mark - window for mark in marks}
    return max(mass_by(plan, begin + window) - mass_by(plan, begin) for begin in begins)
