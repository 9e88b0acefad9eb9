"""What this pump may not run, and whether the windows have room for a bolus, a bridge or a temporary change.

Times in ms, masses in fg, flows in nL/day. A window of length W that ends at e holds what lies later than e - W and not
later than e. Room is looked for forward: in every window that overlaps what is new, with the base filled in, both where
it was stopped in the past and where it is yet to come.
"""

from thecal.pump.kernel.schedule import counted_by, edges, make_plan, most_in
from thecal.pump.kernel.types import MS_PER_DAY, NEVER, Bolus, Config, Demand, Once, Part, Plan, Program, Reject, Rung
from thecal.pump.kernel.windows import Ledger, mass_after, times_after

MAX_SEGMENTS = 1024
MAX_CAPS = 8
MAX_COUNT = 512
MAX_WINDOW_MS = 7 * MS_PER_DAY
MAX_ALARM = 61
ALWAYS_STOP = (1, 2, 4)  # over-delivery, free flow, actuator fault
_INT_MAX = 2**62
_EDGES = 4_096


def problem(program: Program, config: Config) -> Reject | None:
    """Why this pump may not run this program, or None."""
    shape = _shape_problem(program) or _parts_problem(program)
    if shape is not None:
        return shape
    concentration, left = divmod(program.pulse_fg, config.pulse_nl)
    if left:
        return Reject("pulse_mass", config.pulse_nl, program.pulse_fg)
    refusal = _flow_problem(program, config, concentration)
    if refusal is not None:
        return refusal
    plan = make_plan(program)
    for window, cap in program.caps:
        most = most_in(plan, window)
        if most > cap:
            return Reject("cap", cap, most)
    return None


def bolus_of(program: Program, mass: int, length: int, at: int, train: int) -> Bolus:
    """The whole pulses of a bolus that begins at ``at``."""
    return Bolus(train, at, length, mass // program.pulse_fg)


def crowded(
    plan: Plan, ledger: Ledger, boluses: Ledger, at: int, *, end: int, new: Bolus | None = None
) -> Reject | None:
    """The first cap that something new from ``at`` to ``end`` would pass, or None.

    ``new`` is a bolus on top of ``plan``; None when what is new is the head of the plan. ``boluses`` is that part of
    ``ledger`` that was no base.
    """

    def ahead(when: int) -> int:
        base = counted_by(plan, when)
        if new is None:
            return base
        return base - (-new.pulses * plan.program.pulse_fg * min(when - at, new.length) // new.length)

    def most(window: int, first: int, last: int) -> int:
        """No window that ends in [first, last] holds more; for one end it is exact."""
        since = first - window
        extra = mass_after(boluses, since)
        past = extra + max(mass_after(ledger, since) - extra, counted_by(plan, at) - counted_by(plan, min(since, at)))
        return past + ahead(last) - ahead(max(since, at))

    for window, cap in plan.program.caps:
        ends, slack = _ends(plan, ledger, at, window, end + window)
        spans = [(0, len(ends) - 1)]
        while spans:
            low, high = spans.pop()
            mass = most(window, ends[low], ends[high]) + slack
            if mass > cap and low == high:
                return Reject("window_full", cap, mass)
            if mass > cap:
                spans += [((low + high) // 2 + 1, high), (low, (low + high) // 2)]
    return None


def _ends(plan: Plan, ledger: Ledger, at: int, window: int, last: int) -> tuple[list[int], int]:
    """The ends of windows up to ``last`` in which the mass can be the most, and what is added when there are too many.

    Mass grows and falls in straight lines between the edges of the plan and of the new part, seen from both ends of the
    window, and drops when a pulse of the past leaves it: so it is the most just before, or at one of the edges.
    """
    low, slack = at - window, 0
    if (last - low) // plan.program.period * len(plan.segments) > _EDGES:
        marks: tuple[int, ...] = () if plan.head is None else (plan.head.begin, plan.head.end)
        slack = 2 * plan.total  # within a period the base is never further from a straight line than that
    else:
        marks = edges(plan, low, last)
    marks = (at, last - window, *marks)
    ends = {when for mark in marks for when in (mark, mark + window)}
    ends |= {when + window - 1 for when in times_after(ledger, low)}
    return sorted(when for when in {*ends, last} if at <= when <= last), slack


def _flow_problem(program: Program, config: Config, concentration: int) -> Reject | None:
    once = program.once
    bridge = once.segments if once is not None and once.kind == Part.BRIDGE else ()
    peaks = []
    for segment in (*program.segments, *bridge):
        flow, part = segment.mass * MS_PER_DAY, concentration * segment.length
        if flow > config.flow_max * part:
            return Reject("flow_above_maximum", config.flow_max, flow // part)
        if flow and flow < config.flow_min * part and flow != config.minimum * part:
            return Reject("flow_below_minimum", config.flow_min, flow // part)
        peaks.append(-(-flow // part))
    rates = [] if program.fallback == NEVER else [program.fallback]
    if once is not None and once.kind == Part.TEMPORARY:
        rates.append(once.mass)
    for rate in rates:
        if not (rate == 0 or config.flow_min * concentration <= rate <= config.flow_max * concentration):
            return Reject("rate_out_of_range", config.flow_max, rate // concentration)
    return _bolus_problem(program, config, max(peaks))


def _bolus_problem(program: Program, config: Config, peak: int) -> Reject | None:
    once = program.once
    boluses = [] if program.demand is None else [program.demand[:2]]
    if once is not None and once.kind in (Part.BOLUS, Part.PRIME):
        boluses.append((once.mass, once.length))
    for mass, length in boluses:
        pulses = mass // program.pulse_fg
        if not pulses:
            return Reject("bolus_below_pulse", program.pulse_fg, mass)
        flow = peak - (-pulses * config.pulse_nl * MS_PER_DAY // length)
        if flow > config.flow_max:
            return Reject("flow_above_maximum", config.flow_max, flow)
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


def _parts_problem(program: Program) -> Reject | None:
    if not NEVER <= program.fallback <= _INT_MAX or not 0 <= program.locks < 2 ** (MAX_ALARM + 1):
        return Reject("safety")
    for number, rung in program.reactions:
        if not 1 <= number <= MAX_ALARM or rung not in Rung or (number in ALWAYS_STOP and rung != Rung.STOP):
            return Reject("safety", 0, number)
    if program.demand is not None and not _sound_demand(program.demand):
        return Reject("demand")
    if program.once is not None and not _sound_once(program.once):
        return Reject("once")
    return None


def _sound_demand(demand: Demand) -> bool:
    mass, length, lockout, _, most, window = demand
    spans = 0 < length <= MS_PER_DAY and 0 <= lockout <= MAX_WINDOW_MS and 0 < window <= MAX_WINDOW_MS
    return spans and 0 < mass <= _INT_MAX and 0 < most <= MAX_COUNT


def _sound_once(once: Once) -> bool:
    sound = once.kind in Part and 0 < once.length <= 2 * MAX_WINDOW_MS and 0 <= once.mass <= _INT_MAX
    if once.kind != Part.BRIDGE:
        return sound and (once.kind == Part.TEMPORARY or once.mass > 0)
    ends = [0, *(start + length for start, length, _ in once.segments)]
    joined = all(
        start == end and length > 0 and 0 < mass <= _INT_MAX
        for (start, length, mass), end in zip(once.segments, ends, strict=False)
    )
    return sound and joined and ends[-1] == once.length and _countable(once)


def _countable(bridge: Once) -> bool:
    return len(bridge.segments) <= MAX_SEGMENTS and 0 < bridge.counted_fg <= _INT_MAX
