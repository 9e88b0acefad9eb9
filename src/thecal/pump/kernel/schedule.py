"""When the next pulse is due, exactly: prescribed mass as a staircase-free function of time, and its inverse.

Times in ms of the device clock, masses in fg, flows in nL/day. Cumulative mass is rounded down to 1 fg at the point of
asking, never summed from rounded parts, so nothing drifts however long the program runs.
"""

from bisect import bisect_left, bisect_right

from thecal.pump.kernel.types import MS_PER_DAY, NEVER, Config, Plan, Program, Reject

MAX_SEGMENTS = 1024
MAX_CAPS = 8
MAX_WINDOW_MS = 7 * MS_PER_DAY
_INT_MAX = 2**62


def make_plan(program: Program) -> Plan:
    """The program made ready for asking. It must have passed ``problem``."""
    before, sum_so_far = [], 0
    for segment in program.segments:
        before.append(sum_so_far)
        sum_so_far += segment.mass
    return Plan(program, tuple(segment.start for segment in program.segments), tuple(before), sum_so_far)


def mass_by(plan: Plan, at: int) -> int:
    """Mass prescribed from the anchor to ``at``, rounded down; negative before the anchor."""
    program = plan.program
    periods, rest = divmod(at - program.anchor, program.period)
    mass = periods * plan.total
    index = bisect_right(plan.starts, rest) - 1
    if index < 0:
        return mass
    segment = program.segments[index]
    return mass + plan.before[index] + segment.mass * min(rest - segment.start, segment.length) // segment.length


def due_at(plan: Plan, mass: int) -> int:
    """The first time at which ``mass_by`` reaches ``mass``; NEVER when the program delivers nothing."""
    if plan.total == 0:
        return NEVER
    program = plan.program
    periods, rest = divmod(mass - 1, plan.total)
    index = bisect_left(plan.before, rest + 1) - 1
    segment = program.segments[index]
    within = -((plan.before[index] - rest - 1) * segment.length // segment.mass)
    return program.anchor + periods * program.period + segment.start + within


def most_in(plan: Plan, window: int) -> int:
    """The most mass that the program prescribes in any window of ``window`` ms.

    Mass is piecewise linear in time, so the most is found where the window begins or ends at an edge of a segment.
    """
    program = plan.program
    edges = {program.anchor + edge for s in program.segments for edge in (s.start, s.start + s.length)}
    begins = edges | {edge - window for edge in edges}
    return max((mass_by(plan, begin + window) - mass_by(plan, begin) for begin in begins), default=0)


def problem(program: Program, config: Config) -> Reject | None:
    """Why this pump may not run this program, or None."""
    shape = _shape_problem(program)
    if shape is not None:
        return shape
    concentration, left = divmod(program.pulse_fg, config.pulse_nl)
    if left:
        return Reject("pulse_mass", config.pulse_nl, program.pulse_fg)
    for segment in program.segments:
        flow, part = segment.mass * MS_PER_DAY, concentration * segment.length
        if flow > config.flow_max * part:
            return Reject("flow_above_maximum", config.flow_max, flow // part)
        if 0 < flow < config.flow_min * part:
            return Reject("flow_below_minimum", config.flow_min, flow // part)
    plan = make_plan(program)
    for window, cap in program.caps:
        most = most_in(plan, window)
        if most > cap:
            return Reject("cap", cap, most)
    return None


def _shape_problem(program: Program) -> Reject | None:
    if not 1 <= len(program.segments) <= MAX_SEGMENTS or not 1 <= len(program.caps) <= MAX_CAPS:
        return Reject("program_size", MAX_SEGMENTS, len(program.segments))
    if (
        not 0 < program.pulse_fg <= _INT_MAX
        or not 0 < program.period <= MAX_WINDOW_MS
        or abs(program.anchor) > _INT_MAX
    ):
        return Reject("program_range")
    end = 0
    for start, length, mass in program.segments:
        if start < end or length <= 0 or not 0 <= mass <= _INT_MAX:
            return Reject("segments")
        end = start + length
    if end > program.period:
        return Reject("segments", program.period, end)
    for window, cap in program.caps:
        if not 0 < window <= MAX_WINDOW_MS or not 0 < cap <= _INT_MAX:
            return Reject("caps")
    return None
