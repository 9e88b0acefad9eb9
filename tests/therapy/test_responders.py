"""Responders: a mark is reached by the whole interval of relief, missed by the whole, and uncertain between."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from thecal.therapy import Between
from thecal.therapy import trials as t
from thecal.therapy.events import MissingEntries
from thecal.therapy.reference import load


def responder(name: str, seen: t.Seen) -> bool | None:
    return next(each.reached for each in t.responders(seen) if each.id == name)


def test_every_responder_definition_is_read_as_it_is_written() -> None:
    def of(above: int, below: int = 1) -> Between:
        return Between.exactly(Fraction(above, below))

    assert [each.id for each in t.responders(t.Seen())] == [row["id"] for row in load("trial")["responder"]]
    assert responder("moderate_30", t.Seen(of(30))) and not responder("moderate_30", t.Seen(of(29)))
    assert responder("substantial_50", t.Seen(of(50))) and not responder("substantial_50", t.Seen(of(499, 10)))
    assert responder("strict_60", t.Seen(of(60))) and responder("strict_60", t.Seen()) is None
    points = next(each for each in t.responders(t.Seen(of(60), of(3))) if each.id == "substantial_50")
    assert points.reached and points.points_reached is False

    def saline(pct: Between) -> tuple[t.Dose, ...]:
        return (t.Dose(of(80), False), t.Dose(pct, False, True))

    assert responder("strict_70_placebo", t.Seen(of(71), doses=saline(of(10))))
    assert responder("strict_70_placebo", t.Seen(of(71), doses=saline(of(40)))) is False
    assert responder("strict_70_placebo", t.Seen(of(71))) is None
    assert responder("strict_70_placebo", t.Seen(of(70), doses=saline(of(10)))) is False
    twice = (t.Dose(of(30), False), t.Dose(of(35), False))
    assert responder("repeat_30", t.Seen(doses=twice))
    assert responder("repeat_30", t.Seen(doses=(twice[0], t.Dose(of(35), True)))) is False
    assert responder("repeat_30", t.Seen(doses=twice[:1])) is None
    assert responder("cancer_20_both", t.Seen(of(20)))
    assert responder("cancer_20_both", t.Seen(of(0), toxicity_fall_pct=Fraction(20)))
    assert responder("cancer_20_both", t.Seen(of(0), toxicity_fall_pct=Fraction(19))) is False
    assert responder("cancer_20_both", t.Seen(of(-5))) is False
    assert responder("cancer_20_both", t.Seen(of(5))) is None


def test_a_mark_is_reached_by_the_whole_interval_missed_by_the_whole_and_uncertain_between() -> None:
    day = MissingEntries(window="baseline", start=0, lacking=2)
    seen = t.Seen(Between(Fraction(40), Fraction(55), Fraction(62)), missing=(day,))
    found = {each.id: each for each in t.responders(seen)}
    assert [found[name].words for name in ("moderate_30", "substantial_50", "strict_60", "strict_70_placebo")] == [
        *("reached", "uncertain", "uncertain", "not reached"),
    ]
    assert found["substantial_50"].reached is None and found["substantial_50"].uncertain
    assert "55 % (40 to 62 %)" in found["substantial_50"].lacks and str(day) in found["substantial_50"].lacks
    assert found["repeat_30"].words == "cannot be said" and not found["repeat_30"].uncertain


def test_points_a_second_dose_and_toxicity_are_uncertain_as_relief_is() -> None:
    def between(low: int, high: int) -> Between:
        return Between(Fraction(low), Fraction(low + high, 2), Fraction(high))

    def answer(name: str, seen: t.Seen) -> t.Responder:
        return next(each for each in t.responders(seen) if each.id == name)

    points = answer("substantial_50", t.Seen(between(60, 70), between(3, 5)))
    assert points.reached and points.points_reached is None
    good, open_dose = t.Dose(between(30, 40), False), t.Dose(between(20, 90), False)
    assert answer("repeat_30", t.Seen(doses=(good, open_dose))).words == "uncertain"
    assert answer("repeat_30", t.Seen(doses=(good, good, open_dose))).reached
    saline = t.Dose(between(10, 35), False, saline=True)
    assert answer("strict_70_placebo", t.Seen(between(71, 80), doses=(saline,))).words == "uncertain"
    certain = t.Dose(between(10, 20), False, saline=True)
    assert answer("strict_70_placebo", t.Seen(between(65, 80), doses=(certain,))).words == "uncertain"
    assert answer("cancer_20_both", t.Seen(between(10, 30))).words == "uncertain"
    assert answer("cancer_20_both", t.Seen(between(10, 30), toxicity_fall_pct=Fraction(20))).reached
    assert answer("cancer_20_both", t.Seen(between(-30, -10))).reached is False


@given(st.tuples(st.fractions(-100, 100), st.fractions(-100, 100), st.fractions(-100, 100)), st.fractions(-100, 100))
def test_a_definition_says_only_what_every_relief_in_the_interval_says(
    ends: tuple[Fraction, Fraction, Fraction], toxicity: Fraction
) -> None:
    low, centre, high = sorted(ends)
    whole = t.responders(t.Seen(Between(low, centre, high), toxicity_fall_pct=toxicity))
    for point in (low, centre, high):
        for wide, exact in zip(
            whole, t.responders(t.Seen(Between.exactly(point), toxicity_fall_pct=toxicity)), strict=True
        ):
            assert wide.reached is None or wide.reached == exact.reached
