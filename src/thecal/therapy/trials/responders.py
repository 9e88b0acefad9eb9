"""Every published definition of a responder, each reached, not reached or not to be said from what is known.

Relief in per cent and pain in points, exact; None is unknown and is never taken for zero.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from thecal.therapy.door import checked
from thecal.therapy.reference import cite, load

SURPRISE = 70


@dataclass(frozen=True, slots=True)
class Dose:
    """What one single dose did: relief in per cent, and whether side effects came with it."""

    relief_pct: Fraction | None
    side_effects: bool | None
    saline: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """What a trial showed: relief (per cent and points), each single dose, and the change of toxicity in per cent."""

    relief_pct: Fraction | None = None
    relief_points: Fraction | None = None
    doses: tuple[Dose, ...] = field(default=())
    toxicity_fall_pct: Fraction | None = None


@dataclass(frozen=True, slots=True)
class Responder:
    """One definition: ``reached`` None when it cannot be said, and ``lacks`` names why.

    ``points_reached`` is the same by points, where the definition prints points as well.
    """

    id: str
    pct: int
    meaning: str
    reached: bool | None
    points_reached: bool | None
    lacks: str
    source: str
    confirmed: bool


@checked
def responders(seen: Seen) -> tuple[Responder, ...]:
    """Each definition against what was seen."""
    found = []
    for row in load("trial")["responder"]:
        reached, lacks = _RULES.get(row["id"], _by_relief)(seen, row["pct"])
        points = None
        if "points" in row and seen.relief_points is not None:
            points = seen.relief_points >= row["points"]
        found.append(
            Responder(
                row["id"],
                row["pct"],
                row["meaning"],
                reached,
                points,
                lacks,
                cite("trial", row["src"]),
                row["confirmed"],
            )
        )
    return tuple(found)


type Answer = tuple[bool | None, str]


def _by_relief(seen: Seen, pct: int) -> Answer:
    if seen.relief_pct is None:
        return None, "the relief is not known"
    return seen.relief_pct >= pct, ""


def _without_saline(seen: Seen, pct: int) -> Answer:
    """More than the mark, and no response to saline; a response to saline is one of 30 % or more."""
    if seen.relief_pct is None:
        return None, "the relief is not known"
    if seen.relief_pct <= pct:
        return False, ""
    saline = [dose.relief_pct for dose in seen.doses if dose.saline]
    if not saline or None in saline:
        return None, "no blinded saline dose was given"
    return all(relief is not None and relief < 30 for relief in saline), ""


def _twice(seen: Seen, pct: int) -> Answer:
    """The mark on two separate doses, without side effects."""
    doses = [dose for dose in seen.doses if not dose.saline]
    good = [d for d in doses if d.relief_pct is not None and d.relief_pct >= pct and d.side_effects is False]
    if len(good) >= 2:
        return True, ""
    unknown = [dose for dose in doses if dose.relief_pct is None or dose.side_effects is None]
    if len(doses) < 2 or len(good) + len(unknown) >= 2:
        return None, "two separate doses with relief and side effects are not known"
    return False, ""


def _composite(seen: Seen, pct: int) -> Answer:
    """The mark less pain, or equal pain with the mark less toxicity."""
    if seen.relief_pct is not None and seen.relief_pct >= pct:
        return True, ""
    if seen.relief_pct is None or (seen.relief_pct >= 0 and seen.toxicity_fall_pct is None):
        return None, "the relief or the change of toxicity is not known"
    return seen.relief_pct >= 0 and seen.toxicity_fall_pct is not None and seen.toxicity_fall_pct >= pct, ""


_RULES: Mapping[str, Callable[[Seen, int], Answer]] = {
    "strict_70_placebo": _without_saline,
    "repeat_30": _twice,
    "cancer_20_both": _composite,
}
