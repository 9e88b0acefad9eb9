"""Catheters: models, the plan of an implanted one, and its dead volume as an interval.

Lengths in mm, bore in nL/mm, volumes in nL. Formula (maker's manual of the Flowonix REF 11823, and calculations by
piece): volume = (supplied - trimmed) * bore, summed over the pieces. A trim that nobody recorded makes the volume a
range; it is never taken for full length.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from thecal.pump.catalog import Fact, Known, Unknown, fact, figure, model_ids, read_model
from thecal.quantity import Refusal, Refused

USUAL_MM = (400, 1300)
"""The implanted length that is usual; outside it a plan carries a warning. Also the shortest when a trim is unknown."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of a catheter: length as supplied (mm) and volume per length (nL/mm)."""

    name: str
    supplied_mm: Known | Unknown
    nl_per_mm: Known | Unknown


@dataclass(frozen=True, slots=True)
class Catheter:
    """A catheter model. ``dead_space_nl`` replaces length and bore where only the whole volume is published."""

    id: str
    name: str
    use: Literal["implanted", "trial"]
    design: bool
    pieces: tuple[Piece, ...]
    dead_space_nl: Unknown | None
    facts: Mapping[str, Fact]


@dataclass(frozen=True, slots=True)
class Interval:
    """A volume in nL that is known to lie between ``low`` and ``high``; a point when they are equal."""

    low: int
    high: int

    def point(self) -> int:
        """The volume when it is one value. Raises Refused when it is a range: a person must choose, or measure."""
        if self.low != self.high:
            what = f"the volume is only known to lie between {self.low} nL and {self.high} nL"
            raise Refused(Refusal("volume_is_range", what, "catheter", "Record the trimmed length, or choose a value."))
        return self.low


@dataclass(frozen=True, slots=True)
class CatheterPlan:
    """An implanted catheter: ``supplied_mm`` per piece and ``trimmed_mm`` per piece (None where it was not recorded).

    Raises Refused when the lengths do not fit the model.
    """

    model_id: str
    supplied_mm: tuple[int, ...]
    trimmed_mm: tuple[int | None, ...] | None

    def __post_init__(self) -> None:
        pieces = catheter(self.model_id).pieces
        if len(self.supplied_mm) != len(pieces):
            raise Refused(_refusal("pieces", f"{self.model_id} has {len(pieces)} pieces: give one length for each"))
        if self.trimmed_mm is not None and len(self.trimmed_mm) != len(pieces):
            raise Refused(_refusal("pieces", "give one trimmed length for each piece, or none at all"))
        for supplied, trimmed in zip(self.supplied_mm, self._trims(), strict=True):
            if type(supplied) is not int or supplied <= 0:
                raise Refused(_refusal("length", f"{supplied!r} mm is not a length"))
            if trimmed is not None and (type(trimmed) is not int or not 0 <= trimmed < supplied):
                do = "The trimmed length is below the supplied one."
                raise Refused(_refusal("trim", f"{trimmed!r} mm cannot be trimmed from {supplied} mm", do))

    def volume(self) -> Interval:
        """The volume inside, nL. Raises Refused when the bore of a piece is not known."""
        model = catheter(self.model_id)
        if model.dead_space_nl is not None:
            low, high = model.dead_space_nl.low, model.dead_space_nl.high
            assert low is not None and high is not None, "a dead space is published as a range"
            return Interval(low, high)
        bores = [_value(piece.nl_per_mm, f"{model.name}, {piece.name} piece: the bore") for piece in model.pieces]
        lengths = list(zip(self.supplied_mm, self._trims(), strict=True))
        high = sum(bore * (s - (t or 0)) for bore, (s, t) in zip(bores, lengths, strict=True))
        known = sum(bore * (s - t) for bore, (s, t) in zip(bores, lengths, strict=True) if t is not None)
        if all(t is not None for _, t in lengths):
            return Interval(high, high)
        kept_mm = sum(s - t for s, t in lengths if t is not None)
        open_mm = sum(s for s, t in lengths if t is None)
        least_mm = min(max(USUAL_MM[0] - kept_mm, 0), open_mm)
        least_bore = min(bore for bore, (_, t) in zip(bores, lengths, strict=True) if t is None)
        return Interval(known + least_mm * least_bore, high)

    def warnings(self) -> tuple[Refusal, ...]:
        """What a person should look at: an unusual implanted length, an unrecorded trim."""
        trims = self._trims()
        if not trims:
            return ()
        if any(trim is None for trim in trims):
            return (_refusal("trim_unknown", "the trimmed length was not recorded: the volume is a range"),)
        implanted = sum(s - (t or 0) for s, t in zip(self.supplied_mm, trims, strict=True))
        if not USUAL_MM[0] <= implanted <= USUAL_MM[1]:
            do = f"Usual is {USUAL_MM[0] // 10} to {USUAL_MM[1] // 10} cm."
            return (_refusal("length_unusual", f"the implanted length is {implanted} mm", do),)
        return ()

    def _trims(self) -> tuple[int | None, ...]:
        return self.trimmed_mm if self.trimmed_mm is not None else (None,) * len(self.supplied_mm)


@cache
def catheter(model_id: str) -> Catheter:
    """The catheter model of that id. Raises Refused with the ids there are."""
    return read_model("catheters", model_id, _catheter)


@cache
def catheters() -> tuple[Catheter, ...]:
    """Every catheter model, in the order of the file."""
    return tuple(catheter(model_id) for model_id in model_ids("catheters"))


def _catheter(model_id: str, model: Mapping[str, Any]) -> Catheter:
    dead = figure("reservoir", model["dead_space"]) if "dead_space" in model else None
    assert dead is None or isinstance(dead, Unknown)
    return Catheter(
        id=model_id,
        name=model["name"],
        use=model["use"],
        design=model.get("design", False),
        pieces=tuple(
            Piece(name, figure("supplied", piece["supplied"]), figure("bore", piece["bore"]))
            for name, piece in model.get("pieces", {}).items()
        ),
        dead_space_nl=dead,
        facts={name: fact(entry) for name, entry in model["facts"].items()},
    )


def _value(figure: Known | Unknown, what: str) -> int:
    if isinstance(figure, Known):
        return figure.value
    do = "Choose a model that states it, or add the value with its source to the catalog."
    raise Refused(_refusal("bore_unknown", f"{what} is not known", do))


def _refusal(code: str, what: str, do: str = "") -> Refusal:
    return Refusal(code, what, "catheter", do)
