"""The board of rows says what the worklist of charts says, fast, and blocks what lacks facts."""

import pytest
from therapy_way import T0, Maker, whole_way

from thecal.quantity import MS_PER_DAY, MS_PER_HOUR, Refused
from thecal.therapy import Chart, Task, Urgency, append, fold, worklist
from thecal.therapy import events as ev
from thecal.therapy.events import facts as f
from thecal.therapy.projection import Row, board, project, read_row, row_text


def row(chart: Chart) -> Row:
    found = project(chart)
    assert found is not None
    return found


def said(tasks: tuple[Task, ...]) -> list[tuple[object, ...]]:
    """What matters of tasks: a date is the same to the hour, since rows keep it as it was at their last event."""
    return sorted(
        (task.urgency, task.what, task.since, round((task.due or 0) / MS_PER_HOUR))
        for task in tasks
        if "check the volumes" not in task.what
    )


def charts() -> list[Chart]:
    chart, found = Chart(), list[Chart]()
    for event in whole_way():
        chart = append(chart, event)
        found.append(chart)
    maker = Maker(31)
    maker.now = chart.events[-1].meta.recorded + MS_PER_HOUR
    gap = maker.make(ev.PumpGapNoted, "system", pump="implant-1", start=maker.now, cause="no answer")
    order = chart.running("implant-1")
    assert order is not None
    doubt = maker.step(ev.PrescriptionDisputed, order.digest, reason="Counters do not fit.")
    gone = maker.make(ev.Withdrawn, by="patient", reason="Moves away.")
    end = maker.make(
        ev.PumpGapNoted, "system", pump="implant-1", start=maker.now, end=maker.now, cause="back", replaces=gap.meta.id
    )
    bad = maker.refilled(withdrawn_nl=5_000_000)
    return [
        *found,
        append(chart, gap),
        append(append(chart, gap), end),
        append(chart, doubt),
        append(chart, gone),
        append(chart, bad),
    ]


def test_rows_say_what_their_charts_say() -> None:
    for chart in charts():
        last = max(event.meta.recorded for event in chart.events)
        for hours in (0, 1, 13, 25, 13 + 24, 73, 24 * 20, 24 * 40, 24 * 47, 24 * 60):
            now = last + hours * MS_PER_HOUR
            assert said(board([row(chart)], now)) == said(worklist([chart], now)), (chart.stage, hours)


def test_a_row_is_kept_as_text_and_reads_back_the_same() -> None:
    for chart in charts():
        assert read_row(row_text(row(chart))) == row(chart)
    for text in ("", "[]", "[0]", '[1,"p","n",1,[[1]],null]', '{"a":1}', row_text(row(charts()[0]))[:-3]):
        with pytest.raises(Refused, match="no row"):
            read_row(text)


def test_a_pump_below_its_alarm_is_the_first_of_the_list() -> None:
    chart = fold(whole_way())
    last = chart.events[-1].meta.recorded
    for days, what in ((40, "Refill due"), (47, "Refill due"), (50, "Refill now, or check the volumes")):
        assert [task.what for task in board([row(chart)], last + days * MS_PER_DAY)] == [what]


def test_the_review_lacks_what_is_not_recorded_and_is_blocked() -> None:
    maker = Maker(8)
    chart = append(Chart(), maker.registered())
    (task,) = board([row(chart)], T0)
    assert task.what == "Review candidacy" and task.blocked and len(task.lacks) == 7


def test_a_stale_finding_blocks_the_procedure() -> None:
    chart, maker = Chart(), Maker(12)
    for event in whole_way():
        chart = append(chart, event)
        maker.now = event.meta.recorded
        if chart.decision is not None:
            break
    (task,) = board([row(chart)], maker.now)
    assert (task.what, len(task.lacks)) == ("Implant the pump", 2)
    for fact in (f.InfectionCheck(systemic=False, local=False), f.Coagulation(status="normal", cannot_stop=False)):
        chart = append(chart, maker.make(ev.FactRecorded, fact=fact))
    (task,) = board([row(chart)], maker.now + 14 * MS_PER_DAY)
    assert not task.blocked
    (task,) = board([row(chart)], maker.now + 16 * MS_PER_DAY)
    assert task.lacks == ("infection: the last finding is too old",)


def test_what_is_severe_and_what_the_battery_says_is_on_both_lists() -> None:
    chart, maker = fold(whole_way()), Maker(15)
    maker.now = chart.events[-1].meta.recorded
    severe = maker.make(ev.SideEffectRecorded, "patient", effect="drowsy", grade="severe")
    battery = maker.make(ev.BatteryNoted, "system", pump="implant-1", state="end_of_service")
    flag = maker.make(ev.VisitRecorded, red_flags=("fever with neck stiffness",))
    for event in (severe, battery, flag):
        chart = append(chart, event)
    found = board([row(chart)], maker.now)
    assert {task.what for task in found} == {"Answer a severe side effect", "Replace the pump", "Act on a red flag"}
    assert {task.urgency for task in found} == {Urgency.NOW}
    assert said(found) == said(worklist([chart], maker.now))


def test_a_new_pump_without_a_prescription_is_seen() -> None:
    chart, maker = fold(whole_way()), Maker(16)
    maker.now = chart.events[-1].meta.recorded
    new = maker.make(
        ev.PumpReplaced,
        "prescriber",
        reason="fault",
        pump_profile="virtual_peristaltic_20",
        serial="SN-2",
        pump="implant-2",
        solution="morphine 18 mg/mL",
        fill_nl=20_000_000,
    )
    chart = append(chart, new)
    assert [task.what for task in board([row(chart)], maker.now)] == ["Start the therapy on the new pump"]
    assert said(board([row(chart)], maker.now)) == said(worklist([chart], maker.now))


def test_five_thousand_rows_are_read_without_their_charts_and_in_order() -> None:
    rows = [row(chart) for chart in charts()]
    found = board((rows[index % len(rows)] for index in range(5_000)), T0 + 60 * MS_PER_DAY)
    assert len(found) > 4_000
    assert [task.urgency for task in found] == sorted(task.urgency for task in found)


@pytest.mark.parametrize("now", [-1, 2**63, float("nan"), None])
def test_a_wrong_time_is_refused(now: int) -> None:
    with pytest.raises(Refused):
        board([], now)
