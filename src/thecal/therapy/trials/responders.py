"""Every published definition of a responder: reached, not reached, uncertain, or not to be said from what is known.

Relief in per cent and pain in points, as exact intervals: a mark is reached when the whole interval reaches it, not
reached when the whole interval lies below it, and uncertain in between. None is unknown and never taken for zero.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from thecal.therapy.door import checked
from thecal.therapy.events import MissingEntries, VerdictRecord
from thecal.therapy.reference import cite, load
from thecal.therapy.relief import Between, every, some

SALINE_RESPONSE = 30
"""Relief (per cent) from which on saline has worked."""
MARKS = ("moderate_30", "substantial_50")
"""The marks that relief alone decides everywhere."""


@dataclass(frozen=True, slots=True)
class Dose:
    """What one single dose did: relief in per cent, and whether side effects came with it."""

    relief_pct: Between | None
    side_effects: bool | None
    saline: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """What a trial showed: relief (per cent and points), each single dose, and the change of toxicity in per cent.

    ``missing`` are the diary entries that leave relief open.
    """

    relief_pct: Between | None = None
    relief_points: Between | None = None
    doses: tuple[Dose, ...] = field(default=())
    toxicity_fall_pct: Fraction | None = None
    missing: tuple[MissingEntries, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Responder:
    """One definition: ``reached`` None when it cannot be said, and ``lacks`` names why.

    ``uncertain`` when it depends on diary entries that are missing. ``points_reached`` is the same by points, where the
    definition prints points as well.
    """

    id: str
    pct: int
    meaning: str
    reached: bool | None
    uncertain: bool
    points_reached: bool | None
    lacks: str
    source: str
    confirmed: bool

    @property
    def words(self) -> str:
        """How it stands, in words."""
        if self.uncertain:
            return "uncertain"
        return {True: "reached", False: "not reached", None: "cannot be said"}[self.reached]


@checked
def responders(seen: Seen) -> tuple[Responder, ...]:
    """Each definition against what was seen."""
    found = []
    for row in load("trial")["responder"]:
        answer = _RULES.get(row["id"], _by_relief)(seen, row["pct"])
        points = None
        if "points" in row and seen.relief_points is not None:
            points = seen.relief_points.reaches(row["points"])
        found.append(
            Responder(
                row["id"],
                row["pct"],
                row["meaning"],
                answer.reached,
                answer.uncertain,
                points,
                answer.lacks,
                cite("trial", row["src"]),
                row["confirmed"],
            )
        )
    return tuple(found)


@checked
def responses(verdict: VerdictRecord) -> tuple[Responder, ...]:
    """The relief of a verdict against the published marks of 30 and 50 %."""
    found = responders(Seen(verdict.relief, missing=verdict.missing))
    return tuple(each for each in found if each.id in MARKS)


@dataclass(frozen=True, slots=True)
class _Answer:
    reached: bool | None
    lacks: str = ""
    uncertain: bool = False


_UNKNOWN = _Answer(None, "the relief is not known")


def _open(seen: Seen) -> _Answer:
    """It depends on where in its interval the relief lies, and that on entries which are missing."""
    assert seen.relief_pct is not None, "what is not known is not open"
    relief = f"relief is {seen.relief_pct.percent}"
    missing = f": missing {'; '.join(map(str, seen.missing))}" if seen.missing else ""
    return _Answer(None, relief + missing, uncertain=True)


def _by_relief(seen: Seen, pct: int) -> _Answer:
    if seen.relief_pct is None:
        return _UNKNOWN
    reached = seen.relief_pct.reaches(pct)
    return _open(seen) if reached is None else _Answer(reached)


def _without_saline(seen: Seen, pct: int) -> _Answer:
    """More than the mark, and no response to saline."""
    if seen.relief_pct is None:
        return _UNKNOWN
    more = seen.relief_pct.exceeds(pct)
    if more is False:
        return _Answer(reached=False)
    saline = [dose.relief_pct for dose in seen.doses if dose.saline]
    answers = [None if relief is None else relief.reaches(SALINE_RESPONSE) for relief in saline]
    if True in answers:
        return _Answer(reached=False)
    if not saline or None in saline:
        return _Answer(None, "no blinded saline dose was given, or its relief is not known")
    if None in answers:
        return _Answer(None, "the relief after saline depends on entries that are missing", uncertain=True)
    return _open(seen) if more is None else _Answer(reached=True)


def _twice(seen: Seen, pct: int) -> _Answer:
    """The mark on two separate doses, without side effects."""
    doses = [dose for dose in seen.doses if not dose.saline]
    good = [_good(dose, pct) for dose in doses]
    if good.count(True) >= 2:
        return _Answer(reached=True)
    if len(doses) >= 2 and len(good) - good.count(False) < 2:
        return _Answer(reached=False)
    known = len(doses) >= 2 and all(d.relief_pct is not None and d.side_effects is not None for d in doses)
    if known:
        return _Answer(None, "the relief after a dose depends on entries that are missing", uncertain=True)
    return _Answer(None, "two separate doses with relief and side effects are not known")


def _good(dose: Dose, pct: int) -> bool | None:
    relieved = None if dose.relief_pct is None else dose.relief_pct.reaches(pct)
    return every(relieved, None if dose.side_effects is None else not dose.side_effects)


def _composite(seen: Seen, pct: int) -> _Answer:
    """The mark less pain, or equal pain with the mark less toxicity."""
    if seen.relief_pct is None:
        return _UNKNOWN
    milder = None if seen.toxicity_fall_pct is None else seen.toxicity_fall_pct >= pct
    reached = some(seen.relief_pct.reaches(pct), every(seen.relief_pct.reaches(0), milder))
    if reached is not None:
        return _Answer(reached)
    settled = [
        some(relief >= pct, every(relief >= 0, milder)) for relief in (seen.relief_pct.low, seen.relief_pct.high)
    ]
    return _Answer(None, "the change of toxicity is not known") if settled == [None, None] else _open(seen)


_RULES: Mapping[str, Callable[[Seen, int], _Answer]] = {
    "strict_70_placebo": _without_saline,
    "repeat_30": _twice,
    "cancer_20_both": _composite,
}
