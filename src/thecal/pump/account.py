"""What a device says of itself, from its state: its status, its alarms, and the account of its reservoir.

Units: nL, fg, ms. Nothing is changed here.
"""

from hashlib import sha256
from typing import NamedTuple, cast

from thecal.pump import kernel
from thecal.pump.alarm_table import alarms
from thecal.pump.held import Body
from thecal.pump.status import AlarmCode, GapReasonCode, PathSlug, PumpGap, PumpState, RungCode, Status
from thecal.quantity import MS_PER_DAY


class Account(NamedTuple):
    """What a device believes: nL in reach of a needle, given since the fill, and of the fill; its age and strokes."""

    left_nl: int
    given_nl: int
    fill_nl: int
    daily_nl: int  # what the running order gives
    low_nl: int
    made: int
    asked: int  # pulses since it was made, whatever became of them


def account(body: Body, state: kernel.State) -> Account:
    """The account of a device."""
    figures, fluid, plan = body.figures, body.fluid, state.plan
    moved, batch = state.given * figures.pulse_nl, body.fluid.batches[-1]
    daily = 0
    if plan is not None and state.mode == kernel.Mode.RUNNING:
        program = plan.program
        mass = sum(segment.mass for segment in program.segments)
        daily = mass * MS_PER_DAY * figures.pulse_nl // (program.period * program.pulse_fg)
    return Account(
        fluid.reservoir_nl(moved) - fluid.residual_nl,
        moved - batch.start,
        batch.volume - fluid.residual_nl,
        daily,
        figures.low_reservoir_nl,
        body.made,
        state.seq,
    )


def alarms_of(state: kernel.State) -> tuple[AlarmCode, ...]:
    """The alarms that stand: the controller's own conditions, then those of the table."""
    own = tuple(_ALARMS[bit] for bit in kernel.Alarm if bit & state.alarms)
    return own + tuple(alarm.name for alarm in alarms() if state.aside.faults >> alarm.number & 1)


def status_of(body: Body, state: kernel.State, standing: tuple[AlarmCode, ...], now: int) -> Status:
    """The status of a device at ``now``, with the alarms that stand."""
    fluid, plan, moved = body.fluid, state.plan, state.given * body.figures.pulse_nl
    path = tuple(PathSlug(volume, masses, known) for volume, masses, known in fluid.path(moved))
    return Status(
        now=now,
        profile_id=body.figures.id,
        state=cast(PumpState, kernel.Mode(state.mode).name.lower()),
        alarms=standing,
        prescription_digest=None if plan is None else sha256(plan.program.label).hexdigest(),
        next_due=None if state.due == kernel.NEVER else state.due,
        delivered_pulses=state.given,
        delivered_nl=moved,
        doubtful_pulses=state.past.doubtful,
        failed_pulses=state.past.failed,
        missed_pulses=state.past.missed,
        tip_fg=fluid.tip(moved),
        pumped_fg=fluid.pumped(moved),
        reservoir_nl=fluid.reservoir_nl(moved) - fluid.residual_nl,
        reservoir_fg=fluid.reservoir(moved),
        residual_nl=fluid.residual_nl,
        filled_fg=dict(fluid.filled),
        withdrawn_fg=dict(fluid.withdrawn),
        unexplained_fg=dict(fluid.unexplained),
        path_nl=fluid.path_nl,
        path=path,
        path_known=all(slug.known for slug in path),
        gaps=tuple(
            PumpGap(g.start, g.end, g.missed, cast(GapReasonCode, kernel.GapReason(g.reason).name.lower()))
            for g in state.past.gaps
        ),
        gap_count=state.past.gap_count,
        journal_damage=state.past.damage,
        rung=cast(RungCode, kernel.Rung(state.aside.rung).name.lower()),
        bolus_until=None if state.bolus is None else state.bolus.begin + state.bolus.length,
        demand_from=None if plan is None or plan.program.demand is None else state.aside.free_at,
        vetoed_pulses=state.past.vetoed,
        path_empty=state.aside.path_empty,
    )


_ALARMS: dict[kernel.Alarm, AlarmCode] = {
    kernel.Alarm.LOW_RESERVOIR: "low_reservoir",
    kernel.Alarm.EMPTY_RESERVOIR: "empty_reservoir",
    kernel.Alarm.STOPPED: "stopped",
    kernel.Alarm.GAP: "gap",
    kernel.Alarm.CAP: "cap",
    kernel.Alarm.STROKE_FAILED: "stroke_failed",
    kernel.Alarm.JOURNAL_DAMAGED: "journal_damaged",
}
