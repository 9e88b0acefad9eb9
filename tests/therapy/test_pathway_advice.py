"""Candidacy, decision and worklist: evidence is listed, unknown is never met, the worst comes first."""

from fractions import Fraction

import pytest
from therapy_way import MG, ML, T0, Maker, whole_way

from thecal.quantity import MS_PER_DAY, MS_PER_HOUR, Refused
from thecal.therapy import (
    Chart,
    Urgency,
    append,
    check_implant,
    evaluate,
    fold,
    inside,
    next_refill,
    options,
    problems,
    worklist,
)
from thecal.therapy import events as ev


def registered() -> tuple[Chart, Maker]:
    maker = Maker(8)
    return append(Chart(), maker.registered()), maker


def at_end() -> tuple[Chart, Maker]:
    way, maker = whole_way(), Maker(9)
    maker.now = way[-1].meta.recorded
    return fold(way), maker


def test_every_entry_of_the_reference_files_has_its_source_and_flag() -> None:
    assert problems() == []


def test_nothing_recorded_is_unknown_and_never_met() -> None:
    chart, _ = registered()
    assessment = evaluate(chart)
    assert {item.status for item in assessment.items} == {"unknown"}
    assert len(assessment.missing_next) == 7 and all(assessment.missing_next)


@pytest.mark.parametrize(
    ("treatment", "criterion", "met"),
    [
        ("physiotherapy", "fail_physiotherapy", ("inadequate",)),
        ("oral_nsaid", "fail_oral_nsaid", ("inadequate", "not_tolerated", "contraindicated")),
        ("oral_opioid", "fail_narcotic", ("inadequate", "not_tolerated")),
        ("chiropractic", "fail_chiropractic", ("inadequate",)),
        ("back_surgery", "fail_back_surgery", ("inadequate",)),
    ],
)
def test_each_outcome_counts_as_the_criterion_says(treatment: str, criterion: str, met: tuple[str, ...]) -> None:
    for outcome in ("inadequate", "adequate", "not_tolerated", "contraindicated", "unknown"):
        chart, maker = registered()
        chart = append(chart, maker.history(treatment, outcome))
        (item,) = [each for each in evaluate(chart).items if each.criterion == criterion]
        wanted = "met" if outcome in met else "unknown" if outcome == "unknown" else "not_met"
        assert item.status == wanted, outcome
        assert len(item.evidence) == 1 and "entered by hand" in item.evidence[0]
        assert bool(item.missing) == (wanted == "unknown")
        assert item.source


def test_one_failed_operation_among_several_is_enough_and_one_unknown_keeps_the_question_open() -> None:
    chart, maker = registered()
    chart = append(append(chart, maker.history("back_surgery", "adequate")), maker.history("back_surgery", "unknown"))
    assert next(i for i in evaluate(chart).items if i.criterion == "fail_back_surgery").status == "unknown"
    chart = append(chart, maker.history("back_surgery", "inadequate"))
    item = next(each for each in evaluate(chart).items if each.criterion == "fail_back_surgery")
    assert item.status == "met" and len(item.evidence) == 3


def test_the_assessment_counts_and_never_says_yes() -> None:
    for chart in (registered()[0], at_end()[0]):
        text = evaluate(chart).advice.lower()
        assert "yes" not in text and "eligible" not in text and "candidate" not in text
        assert "the prescriber concludes" in text
    snapshot = evaluate(at_end()[0]).snapshot()
    assert {each.status for each in snapshot} == {"met"}


def test_an_unknown_rule_set_is_refused_with_those_there_are() -> None:
    with pytest.raises(Refused, match="source_document"):
        evaluate(registered()[0], "my_own")


def test_all_options_stand_side_by_side_with_no_pump_among_them() -> None:
    found = options(at_end()[0])
    assert [option.choice for option in found] == ["implant", "oral", "stimulation", "none"]
    for option in found:
        assert option.of("evidence") and option.of("burden")
        assert all(fact.source for fact in option.facts if fact.confirmed)
    assert "relief 62.5 %" in found[0].of("patient")[0].text
    assert {fact.text for fact in found[1].of("patient")} == {"oral_nsaid: inadequate", "oral_opioid: inadequate"}


def test_the_reservoir_by_the_chart_follows_the_running_prescription_and_its_gaps() -> None:
    chart, maker = at_end()
    later = maker.now + 10 * MS_PER_DAY
    full = inside(chart, maker.now)
    assert (full.low_nl, full.high_nl, full.filled_nl) == (20 * ML, 20 * ML, 20 * ML)
    left = inside(chart, later)
    assert left.low_nl == left.high_nl == 20 * ML - 3_611_112
    maker.now += MS_PER_HOUR
    gap = maker.make(
        ev.PumpGapNoted,
        "system",
        pump="implant-1",
        start=maker.now - 60_000,
        end=maker.now,
        missed_nl_low=100,
        missed_nl_high=700,
        cause="restart",
    )
    doubtful = inside(append(chart, gap), later)
    assert (doubtful.low_nl, doubtful.high_nl) == (left.low_nl + 100, left.high_nl + 700)


def test_while_it_is_in_doubt_what_the_pump_runs_the_volume_is_an_interval_and_the_worst_case_dates_the_refill() -> (
    None
):
    chart, maker = at_end()
    later = maker.now + 10 * MS_PER_DAY
    order = maker.written("implant-1", "therapy", 13 * MG)
    sent = append(append(chart, order), maker.step(ev.PrescriptionSent, order.digest, "nurse"))
    seen = inside(sent, later)
    assert (seen.high_nl, seen.low_nl) == (20 * ML - 3_611_112, 20 * ML - 7_222_223)
    assert seen.flow == 2 * inside(chart, later).flow
    assert next_refill(sent, later).date_ms < next_refill(chart, later).date_ms
    settled = append(sent, maker.step(ev.PrescriptionAcknowledged, order.digest))
    assert inside(settled, later).low_nl == inside(settled, later).high_nl == seen.low_nl
    doubted = append(settled, maker.step(ev.PrescriptionDisputed, order.digest, reason="Counters do not fit."))
    assert inside(doubted, later) == seen


def test_a_pump_that_has_accepted_nothing_keeps_its_fill_and_has_no_refill_date() -> None:
    chart = Chart()
    for event in whole_way():
        chart = append(chart, event)
        if chart.stage == "implanted":
            break
    seen = inside(chart, chart.since + 10 * MS_PER_DAY)
    assert (seen.low_nl, seen.high_nl, seen.flow) == (20 * ML, 20 * ML, Fraction(0))
    with pytest.raises(Refused, match="Nothing flows"):
        next_refill(chart, chart.since)
    assert [task.what for task in worklist([chart], chart.since)] == ["Start the therapy"]
    with pytest.raises(Refused, match="No pump is implanted"):
        inside(registered()[0], T0)


def test_the_refill_date_of_a_chart_has_its_reason() -> None:
    chart, maker = at_end()
    date = next_refill(chart, maker.now)
    assert date.reason == "low reservoir alarm"
    assert (date.date_ms - maker.now) / MS_PER_DAY == pytest.approx(49.846, abs=1e-3)
    assert abs(next_refill(chart, maker.now + 7 * MS_PER_DAY).date_ms - date.date_ms) < 1000


def test_an_implant_that_cannot_be_is_refused_before_it_is_recorded() -> None:
    maker = Maker(2)
    assert check_implant(maker.implanted()) == ()
    assert [each.code for each in check_implant(maker.implanted(fill_nl=21 * ML))] == ["overfill"]
    assert [each.code for each in check_implant(maker.implanted(pump_profile="none"))] == ["model_unknown"]
    two = ev.CatheterRecord(model="flowonix_11823", supplied_mm=(400, 500), trimmed_mm=(0, 0))
    assert [each.code for each in check_implant(maker.implanted(catheter=two))] == ["pieces"]


def test_the_worst_comes_first_and_each_task_has_its_reason() -> None:
    chart, maker = at_end()
    maker.now += 40 * MS_PER_DAY
    waiting, other = registered()
    order = chart.running("implant-1")
    assert order is not None
    doubt = maker.step(ev.PrescriptionDisputed, order.digest, reason="Counters do not fit.")
    found = worklist([waiting, append(chart, doubt)], maker.now)
    assert [(task.urgency, task.what) for task in found] == [
        (Urgency.NOW, "Settle a disputed prescription"),
        (Urgency.SOON, "Refill due"),
        (Urgency.NEXT_STEP, "Review candidacy"),
    ]
    assert all(task.reason and task.age(maker.now) for task in found)
    assert found[2].since == other.now == T0


@pytest.mark.parametrize(
    ("days", "urgency", "what"),
    [
        (20, None, ""),
        (40, Urgency.SOON, "Refill due"),
        (47, Urgency.TODAY, "Refill due"),
        (50, Urgency.NOW, "Refill now, or check the volumes"),
        (80, Urgency.NOW, "Refill now, or check the volumes"),
    ],
)
def test_a_refill_grows_more_urgent_as_its_date_comes(days: int, urgency: Urgency | None, what: str) -> None:
    chart, maker = at_end()
    found = worklist([chart], maker.now + days * MS_PER_DAY)
    assert [(task.urgency, task.what) for task in found] == ([] if urgency is None else [(urgency, what)])


def test_a_trial_asks_for_its_diary_and_for_its_conclusion() -> None:
    chart = Chart()
    for event in whole_way():
        if isinstance(event, ev.PainRecorded) and chart.stage == "trial":
            break
        chart = append(chart, event)
    start = T0 + 3 * MS_PER_DAY
    assert worklist([chart], start + MS_PER_HOUR) == ()
    assert [task.what for task in worklist([chart], start + 13 * MS_PER_HOUR)] == ["Remind of the pain diary"]
    assert [task.what for task in worklist([chart], start + 3 * MS_PER_DAY)] == ["Conclude the trial"]


def test_a_silent_pump_an_open_gap_and_a_bad_refill_are_seen() -> None:
    chart, maker = at_end()
    order = maker.written("implant-1", "therapy", 7 * MG)
    chart = append(append(chart, order), maker.step(ev.PrescriptionSent, order.digest, "nurse"))
    maker.now += MS_PER_HOUR
    gap = maker.make(ev.PumpGapNoted, "system", pump="implant-1", start=maker.now, cause="no answer from the pump")
    chart = append(append(chart, gap), maker.refilled(withdrawn_nl=5 * ML))
    whats = [task.what for task in worklist([chart], maker.now)]
    assert whats == [
        "Find out what the pump runs",
        "See to a pump that does not deliver",
        "Investigate the last refill",
    ]
    closed = append(chart, maker.make(ev.Withdrawn, by="patient", reason="Moves away."))
    assert "Decide about the pump in place" in [task.what for task in worklist([closed], maker.now)]
    done = maker.make(
        ev.PumpGapNoted,
        "system",
        pump="implant-1",
        start=gap.start,
        end=maker.now,
        cause="it answers",
        replaces=gap.meta.id,
    )
    assert [each.cause for each in append(chart, done).gaps] == ["restart", "it answers"]
