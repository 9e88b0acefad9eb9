"""The sheet for a magnetic resonance scan, by pump model: what to do before and after, and what is known of it.

A model of which nothing is published is refused: unknown is not permission. Volumes nL, masses fg.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from thecal.formulary import Solution
from thecal.pump import Fact, profile
from thecal.quantity import Refusal, Refused
from thecal.therapy.door import checked
from thecal.therapy.reference import cite, load

LEAK_NL = 10_000
"""The most that a valve-gated pump with a shut-off valve may let through (Flowonix Prometra II manual, 10 uL)."""


@dataclass(frozen=True, slots=True)
class MriSheet:
    """The sheet. ``facts`` are the model's own; ``leak`` is the mass of each drug that may leak at a scan, in fg."""

    model: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    facts: Mapping[str, Fact]
    leak: Mapping[str, int]
    hazards: tuple[str, ...]
    source: str
    confirmed: bool
    warning: str


@checked
def mri_sheet(profile_id: str, solution: Solution | None = None) -> MriSheet:
    """The sheet of a model, with what is in its reservoir. Raises Refused for an unknown or unpublished model."""
    model = profile(profile_id)
    row = next((each for each in load("refill")["mri"] if each["id"] == model.actuation), None)
    facts = {name: fact for name, fact in model.facts.items() if name.startswith("mri") or name == "has_fav"}
    if row is None or (not facts and not model.design):
        what = f"Nothing is published here on {model.name} in a magnetic field."
        raise Refused(Refusal("mri_unknown", what, "profile", "Do not scan before the maker has answered."))
    gated = model.actuation == "valve_gated"
    leak = solution.masses(LEAK_NL) if gated and solution is not None else {}
    warning = "A design profile of this project: no real pump." if model.design else ""
    return MriSheet(
        model.name,
        tuple(row["before"]),
        tuple(row["after"]),
        facts,
        leak,
        tuple(row["hazards"]),
        cite("refill", row["src"]),
        row["confirmed"],
        warning,
    )
