"""Many lives of a controller, the same each time: events at and beside every edge of time, value and state.

``lives`` and ``answers`` give one digest each of everything that the controller said and held. The journal's records
are read back by ``apply``, maybe by a later version: what a record means must not change unnoticed, and neither must
the edge at which something is refused. Run as a program this file writes down what is so now.
"""

import json
import random
from collections.abc import Callable, Iterator
from functools import partial
from hashlib import sha256
from itertools import product
from pathlib import Path
from typing import Any

from kernel_rig import CONFIG, DAY, HOUR, MG, PULSE, T0

from thecal.pump.kernel import (
    NEVER,
    Actuate,
    Bolus,
    Config,
    Demand,
    Demanded,
    Event,
    Faults,
    Ledger,
    Load,
    Once,
    Outcome,
    Part,
    Plan,
    Program,
    Record,
    Refill,
    Restart,
    Resume,
    Segment,
    State,
    Stop,
    Stray,
    Tick,
    add,
    apply,
    clear_time,
    crowded,
    due_at,
    entries,
    mass_after,
    mass_by,
    most_in,
    plan_for,
    problem,
    program_from_bytes,
    program_to_bytes,
    start,
    state_from_bytes,
    state_to_bytes,
    step,
)
from thecal.pump.kernel import Path as PathMarked
from thecal.pump.kernel.schedule import counted_by, edges

FILE = Path(__file__).parent / "data" / "kernel_histories.json"
LIVES = 160
ROOMS = 8
MINUTE = 60_000
CAPS = ((HOUR, 70 * PULSE), (4 * HOUR, 280 * PULSE), (DAY, 1_602 * PULSE), (7 * DAY, 11_300 * PULSE))
TIGHT = ((HOUR, 67 * PULSE), (DAY, 1_601 * PULSE))
BASES = (
    (DAY, (Segment(0, DAY, 4 * MG),)),
    (DAY, (Segment(0, DAY, 3 * MG + 1),)),
    (DAY, (Segment(0, 6 * HOUR, MG // 10), Segment(6 * HOUR, 12 * HOUR, 2 * MG), Segment(20 * HOUR, 4 * HOUR, 0))),
    (2 * HOUR, (Segment(0, 10 * MINUTE, 24 * PULSE), Segment(10 * MINUTE, 110 * MINUTE, 7 * PULSE))),
    (HOUR, (Segment(0, 30 * MINUTE, 10 * PULSE),)),
    (DAY, (Segment(0, DAY, 0),)),
)
ONCE = (
    Once(Part.BOLUS, MINUTE, 4 * PULSE + 1),
    Once(Part.BOLUS, 10 * MINUTE, 30 * PULSE),
    Once(Part.PRIME, HOUR, 40 * PULSE),
    Once(Part.PRIME, HOUR, 401 * PULSE),
    Once(Part.BRIDGE, 3 * HOUR, 0, (Segment(0, HOUR, 9 * PULSE + 5), Segment(HOUR, 2 * HOUR, 7 * PULSE)), PULSE // 3),
    Once(Part.BRIDGE, HOUR, 0, (Segment(0, HOUR, 5 * PULSE),), PULSE * 2),
    Once(Part.TEMPORARY, 5 * HOUR, 5 * MG),
    Once(Part.TEMPORARY, 2 * HOUR, 0),
)
DEMANDS = (
    Demand(3 * PULSE, MINUTE, 10 * MINUTE, True, 5, DAY),
    Demand(4 * PULSE, 2 * MINUTE, 0, False, 2, 2 * HOUR),
    Demand(2 * PULSE, MINUTE, HOUR, False, 3, 5 * HOUR),
)
REACTIONS = ((1, 4), (2, 4), (4, 4), (5, 4), (9, 2), (20, 1), (24, 1), (30, 2), (40, 3))
NUMBERS = (1, 2, 4, 5, 9, 20, 24, 30, 36, 40, 61)
CONFIGS = (
    CONFIG,
    CONFIG._replace(minimum=0, low_nl=2_000_000, flow_max=2_400_000),
    Config(250, 0, 24_000_000, 1_000, 500, 6_000, 10_000),
)


def plain(value: Any) -> Any:
    """Plain integers, texts and lists."""
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if isinstance(value, bool | int):
        return int(value)
    return [type(value).__name__, *map(plain, value)] if isinstance(value, tuple | list) else value


class Digest:
    """A digest of values in order."""

    def __init__(self) -> None:
        self.hash = sha256()

    def add(self, *values: Any) -> None:
        self.hash.update(json.dumps([plain(value) for value in values]).encode())

    def text(self) -> str:
        return self.hash.hexdigest()[:16]


def program(dice: random.Random) -> Program:
    period, segments = dice.choice(BASES)
    return Program(
        dice.choice(("morphine",) * 5 + ("ziconotide",)),
        dice.choice((PULSE,) * 4 + (2 * PULSE,)),
        T0 + dice.choice((0, 0, 1, HOUR + 7)),
        period,
        segments,
        dice.choice((CAPS, CAPS, TIGHT)),
        bytes([dice.randrange(3)]),
        dice.choice((NEVER, 0, MG, 2 * MG)),
        dice.choice(((), REACTIONS, REACTIONS)),
        dice.choice((0, 1 << 36 | 1 << 24, (1 << 61) - 2)),
        dice.choice((None, *DEMANDS)),
        dice.choice((None, None, *ONCE)),
    )


def moment(dice: random.Random, state: State) -> int:
    """A time at or beside an edge."""
    head = state.plan.head if state.plan is not None else None
    marks = [state.now, state.due, state.due + 1_000, state.aside.free_at, state.now + HOUR, state.now + DAY]
    marks += [head.begin, head.end] if head is not None else []
    marks += [state.aside.granted[-1] + 2 * HOUR] if state.aside.granted else []
    at = (
        dice.choice(marks) + dice.choice((-1, 0, 0, 0, 1))
        if dice.randrange(3)
        else state.now + dice.randrange(9 * HOUR)
    )
    return at if at > state.now - 3 else state.now + dice.randrange(MINUTE)


def event(dice: random.Random, state: State, *, calm: bool) -> Event:
    at = moment(dice, state)
    bits = sum(1 << number for number in set(dice.choices(NUMBERS, k=dice.randrange(3))))
    makers: tuple[Callable[[], Event], ...] = (
        lambda: Load(program(dice), at),
        lambda: Load(state.plan.program if state.plan is not None else program(dice), at),
        lambda: Demanded(at),
        lambda: Demanded(at),
        lambda: Tick(at),
        lambda: Stop(at),
        lambda: Refill(
            dice.choice((-1, 0, 1, 249, 250, 500, 750, 1_000, 1_250, 2_000_000, 2_000_001, 18_000_000)), at, b"l"
        ),
        lambda: Restart(at, state.past.damage + dice.choice((0, 0, 0, 0, 0, 1, 3))),
        lambda: Stray(at),
        lambda: Faults(bits, 0, at),
        lambda: Faults(bits, bits & -bits, at),
        lambda: Faults(0, (1 << 62) - 1, at),
        lambda: Resume(at),
        lambda: Resume(at),
        lambda: PathMarked(dice.choice((True, True, False)), at),
        lambda: Outcome(state.pending + dice.choice((0, 1)), dice.choice((-2, -1, 0, 1, 2, 999, 1_000, 1_001))),
    )
    return dice.choice(makers[2:9] if calm else makers)()


def life(seed: int) -> str:
    """One life: 70 events, with up to 60 pulses between two of them."""
    dice, told = random.Random(seed), Digest()
    reservoir = dice.choice((18_000_000, 18_000_000, 5_000, 2_010_000, 2_000_000, 1_000))
    state = start(dice.choice(CONFIGS), reservoir, T0)
    told.add(state_to_bytes(state))
    state, actions = step(state, Load(program(dice), T0))
    told.add(actions)
    for _ in range(70):
        for _ in range(dice.choice((0, 1, 3, 60))):
            if state.due == NEVER:
                break
            state, actions = step(state, Tick(state.due))
            told.add(actions)
            strokes = dice.choice((1,) * 30 + (0, 0, -1, 2))
            if any(isinstance(action, Actuate) for action in actions) and dice.randrange(60):
                state, actions = step(state, Outcome(state.pending, strokes))
                told.add(actions)
        before = state
        state, actions = step(state, event(dice, state, calm=seed % 4 == 3))
        told.add(actions, state_to_bytes(state))
        folded = before
        for action in actions:
            folded = apply(folded, action) if isinstance(action, Record) else folded
        assert folded == state
        assert state_from_bytes(state_to_bytes(state)) == state
    return told.text()


# ---- answers to single questions


def steps(count: int) -> tuple[Segment, ...]:
    """So many minutes of a pulse each."""
    return tuple(Segment(k * MINUTE, MINUTE, PULSE) for k in range(count))


def programs() -> Iterator[tuple[Program, Config]]:
    """Programs at and beside each limit."""
    good = Program("d", PULSE, T0, DAY, (Segment(0, DAY, 4 * MG),), CAPS)
    top, week, small = 2**62, 7 * DAY, Once(Part.BRIDGE, 2 * HOUR, 0, (Segment(0, 2 * HOUR, PULSE),), PULSE)
    fields: dict[str, tuple[Any, ...]] = {
        "pulse_fg": (-1, 0, 1, 250, 251, 500, PULSE, PULSE + 1, top - top % 250, top, top + 250),
        "anchor": (-top - 1, -top, -1, 0, top, top + 1),
        "period": (-1, 0, 1, DAY - 1, DAY, week, week + 1),
        "fallback": (-2, -1, 0, 1, 10**10, 10**10 - 1, 240 * MG, 240 * MG + 1, top, top + 1),
        "locks": (-1, 0, 1, 2**62 - 1, 2**62),
        "reactions": tuple(((number, rung),) for number in (0, 1, 2, 3, 4, 5, 61, 62) for rung in (-1, 0, 3, 4, 5)),
        "segments": (
            (), tuple(Segment(k, 1, 1) for k in range(1024)), tuple(Segment(k, 1, 1) for k in range(1025)),
            *((Segment(a, b, c),) for a, b, c in
              product((-1, 0, 1), (-1, 0, 1, DAY - 1, DAY), (-1, 0, 1, MG, top, top + 1))),
            (Segment(0, HOUR, PULSE), Segment(HOUR - 1, HOUR, PULSE)),
            (Segment(0, HOUR, PULSE), Segment(HOUR, HOUR, PULSE)),
            *((Segment(0, DAY, 10**10 * k + j),) for k in (1_000, 6_000, 24_000_000) for j in (-1, 0, 1)),
        ),
        "caps": (
            (), *((cap,) for cap in product((-1, 0, 1, week, week + 1), (-1, 0, 1, MG, top, top + 1))),
            *(tuple((DAY, 10 * MG) for _ in range(count)) for count in (8, 9)),
            *(((HOUR, -(-4 * MG // 24) + k), (DAY, 4 * MG + j)) for k in (-1, 0) for j in (-1, 0)),
        ),
        "demand": (
            *(Demand(mass, span, 0, False, 1, 1) for mass in (-1, 0, 1, PULSE - 1, PULSE, top, top + 1)
              for span in (HOUR, DAY)),
            *(Demand(PULSE, span, HOUR, True, 1, HOUR) for span in (-1, 0, 1, 900, 901, DAY, DAY + 1)),
            *(Demand(PULSE, HOUR, lockout, False, 1, HOUR) for lockout in (-1, 0, week, week + 1)),
            *(Demand(PULSE, HOUR, 0, False, most, HOUR) for most in (-1, 0, 1, 512, 513)),
            *(Demand(PULSE, HOUR, 0, False, 1, window) for window in (-1, 0, 1, week, week + 1)),
            *(Demand(k * PULSE, DAY, 0, False, 1, 1) for k in (94_399, 94_400, 94_401)),
            *(Demand(k * PULSE, HOUR, 0, False, 1, 1) for k in (3_930, 3_933, 3_934, 3_999, 4_000, 4_001)),
        ),
        "once": (
            *(Once(kind, span, mass) for kind in (0, 1, 2, 3, 4, 5) for span in (-1, 0, 1, HOUR, 2 * week, 2 * week + 1)
              for mass in (-1, 0, 1, PULSE - 1, PULSE, MG, 240 * MG, 240 * MG + 1, top, top + 1)),
            *(Once(kind, HOUR, MG, (Segment(0, HOUR, 10**17),)) for kind in (1, 2, 4)),
            small._replace(mass=-1),
            *(small._replace(length=n, segments=(Segment(0, n, 100 * MG),)) for n in (2 * week, 2 * week + 1)),
            *(small._replace(length=length) for length in (2 * HOUR - 1, 2 * HOUR + 1)),
            *(small._replace(segments=(Segment(0, b, 5), Segment(b, 2 * HOUR - b, PULSE))) for b in (-5, -1, 0, 1)),
            *(small._replace(counted_fg=counted) for counted in (-1, 0, 1, top, top + 1)),
            *(small._replace(segments=(Segment(a, b, c),), length=max(a + b, 1)) for a, b, c in
              product((-1, 0, 1), (-1, 0, 1, HOUR), (-1, 0, 1, PULSE, top, top + 1))),
            *(small._replace(segments=steps(n), length=n * MINUTE) for n in (1, 2, 1024, 1025)),
            *(small._replace(segments=(Segment(0, DAY, 10**10 * flow + k),), length=DAY)
              for flow in (1_000, 24_000_000) for k in (-1, 0, 1)),
        ),
    }  # fmt: skip
    for config in (CONFIG, CONFIG._replace(minimum=24_000)):
        for name, values in fields.items():
            for value in values:
                yield good._replace(**{name: value}), config
        for demand, once in product((None, DEMANDS[0], Demand(3_999 * PULSE, HOUR, 0, False, 1, 1)), ONCE):
            yield good._replace(demand=demand, once=once), config


def told_of_programs(told: Digest) -> None:
    for each, config in programs():
        told.add(problem(each, config))


def plans() -> Iterator[Plan]:
    short = (40_000, (Segment(0, 20_000, PULSE // 2), Segment(20_000, 20_000, 0)))  # of very many periods
    for (period, segments), once, rung in product((*BASES, short), (None, *ONCE[4:]), range(5)):
        for fallback, done in ((NEVER, 0), (MG, 4 * PULSE), (10 * MG, 9 * PULSE + 5), (0, 50 * PULSE), (1, 0)):
            base = Program("d", PULSE, T0 + 5, period, segments, CAPS, b"", fallback, once=once)
            yield plan_for(base, CONFIG, rung, NEVER if once is None else T0 + 3 * HOUR, done)


def told_of_plans(told: Digest) -> None:
    """What is prescribed, counted, due and at most in a window, at and beside every edge."""
    for plan in plans():
        told.add(
            plan,
            edges(plan, T0, T0 + 9 * HOUR),
            edges(plan, T0 + 5, T0 + DAY + 5),
            most_in(plan, HOUR),
            most_in(plan, 3 * DAY + 1),
        )
        for edge in edges(plan, T0 - DAY, T0 + 2 * DAY)[:24]:
            for at in (edge - 1, edge, edge + 1):
                mass = mass_by(plan, at)
                told.add(mass, counted_by(plan, at), due_at(plan, mass), due_at(plan, mass + 1), due_at(plan, mass - 1))


def told_of_room(told: Digest, slice_: int) -> None:
    """Whether the windows have room, with past boluses, stops and heads, and caps at and beside what is needed."""
    dice = random.Random(5 + slice_)
    for plan in plans():
        if dice.randrange(9 * ROOMS):
            continue
        ledger, extra = _past(dice)
        at = T0 + dice.choice((2 * HOUR, 3 * HOUR, 3 * HOUR + 1, 7 * HOUR))
        new = dice.choice((None, Bolus(1, at, HOUR, 9), Bolus(1, at, MINUTE, 1)))
        end = at + (new.length if new is not None else HOUR)
        for window in (HOUR, 4 * HOUR, DAY):
            low, high = 0, 10**15
            while low < high:  # the least cap that has room
                cap = (low + high) // 2
                within = plan._replace(program=plan.program._replace(caps=((window, cap),)))
                refused = crowded(within, ledger, extra, at, end=end, new=new)
                low, high = (cap + 1, high) if refused else (low, cap)
            told.add(low, crowded(plan, ledger, extra, at, end=end, new=new))


def _past(dice: random.Random) -> tuple[Ledger, Ledger]:
    ledger, extra, at = Ledger(), Ledger(), T0 - HOUR
    for _ in range(dice.choice((0, 1, 40, 90))):
        at += dice.randrange(4 * MINUTE)
        ledger = add(ledger, at, PULSE, 7 * DAY)
        extra = add(extra, at, PULSE, 7 * DAY) if dice.randrange(2) else extra
    return ledger, extra


def told_of_ledgers(told: Digest) -> None:
    dice = random.Random(7)
    for keep in (HOUR, 10, 7 * DAY):
        ledger, at = Ledger(), 0
        for _ in range(300):
            at += dice.choice((0, 0, 1, 5, 30))
            ledger = add(ledger, at, dice.randrange(4), keep)
            for since in (at - 11, at - 10, at - 1, at, at + 1):
                told.add(mass_after(ledger, since), clear_time(ledger, 10, dice.randrange(5), at))
        told.add(ledger, entries(ledger))


def told_of_bytes(told: Digest) -> None:
    for each, _ in programs():
        data = program_to_bytes(each)
        assert program_from_bytes(data) == each
        told.add(data)


ANSWERS: dict[str, Callable[[Digest], None]] = {
    "programs": told_of_programs,
    "plans": told_of_plans,
    **{f"room {number}": partial(told_of_room, slice_=number) for number in range(ROOMS)},
    "ledgers": told_of_ledgers,
    "bytes": told_of_bytes,
}


def answer(name: str) -> str:
    told = Digest()
    ANSWERS[name](told)
    return told.text()


def now_so() -> dict[str, Any]:
    return {"lives": [life(seed) for seed in range(LIVES)], "answers": {name: answer(name) for name in ANSWERS}}


if __name__ == "__main__":
    FILE.write_text(json.dumps(now_so(), indent=1) + "\n", "utf-8")
