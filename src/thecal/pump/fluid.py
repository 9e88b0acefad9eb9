"""The fluid of a pump: the reservoir, and the path from its outlet to the catheter tip. Exact integers, mass conserved.

Units: nL and fg. Fluid moves as plugs: what entered the path when the pump had moved V nL leaves the tip when it has
moved V plus the volume of the path. So the fluid is a list of batches, each a stretch of moved volume, and everything
else is a question asked of it. Moving fluid changes nothing here; only a refill does.

The reservoir is well mixed. Its unreachable residual is there from the first fill on, of the same solution, since a new
pump is rinsed before its first fill; a later fill blends with it.
"""

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from thecal.formulary import Solution

Masses = tuple[tuple[str, int], ...]  # (drug, fg), each drug once


@dataclass(frozen=True, slots=True)
class Batch:
    """Well mixed fluid that leaves the reservoir from moved volume ``start`` on: ``masses`` in ``volume`` nL.

    ``passed`` is what had left the reservoir before it, the first contents of the path included.
    """

    start: int
    volume: int
    masses: Masses
    passed: Masses
    known: bool = True

    def part(self, drug: str, volume: int) -> int:
        """fg of ``drug`` in the first ``volume`` nL of it, rounded down."""
        assert 0 <= volume <= self.volume, "no more leaves a reservoir than is in it"
        return dict(self.masses).get(drug, 0) * volume // self.volume if self.volume else 0


@dataclass(frozen=True, slots=True)
class Refilled:
    """The fluid after a refill, and what the needle brought. ``discrepancy_nl`` is withdrawn less expected."""

    fluid: "Fluid"
    expected_nl: int
    discrepancy_nl: int
    total_nl: int
    contents: dict[str, int]


@dataclass(frozen=True, slots=True)
class Fluid:
    """Reservoir and path. ``moved`` in the questions is the volume that the pump has moved since it was made.

    At every moment, for each drug: reservoir + path + tip + withdrawn = filled + unexplained. The last is what refills
    found beyond the account (negative when less was found); it is zero when each refill finds what is expected.
    """

    path_nl: int
    residual_nl: int
    batches: tuple[Batch, ...]
    primed: Masses  # what was in the path at first; part of ``filled``
    filled: Masses
    withdrawn: Masses = ()
    unexplained: Masses = ()

    @classmethod
    def begin(
        cls, path_nl: int, path_content: Solution | None, fill: Solution, fill_nl: int, residual_nl: int
    ) -> "Fluid":
        """A first fill. ``path_content`` None: what is in the path is not known, and holds no drug of ours."""
        assert min(path_nl, fill_nl, residual_nl) >= 0, "volumes are not negative"
        in_path = () if path_content is None else _sorted(path_content.masses(path_nl))
        batches = []
        if path_nl:
            batches.append(Batch(-path_nl, path_nl, in_path, (), known=path_content is not None))
        first = _sorted(fill.masses(fill_nl + residual_nl))
        batches.append(Batch(0, fill_nl + residual_nl, first, in_path))
        return cls(path_nl, residual_nl, tuple(batches), in_path, _sum(in_path, first))

    def drugs(self) -> tuple[str, ...]:
        """Every drug that was ever in this fluid."""
        return tuple(drug for drug, _ in self.filled)

    def passed(self, at: int) -> dict[str, int]:
        """fg of each drug up to the point of the stream at ``at`` nL of moved volume."""
        return {drug: self.passed_of(drug, at) for drug in self.drugs()}

    def passed_of(self, drug: str, at: int) -> int:
        """fg of one drug up to the point of the stream at ``at`` nL of moved volume."""
        batch = next(batch for batch in reversed(self.batches) if batch.start <= at)
        return dict(batch.passed).get(drug, 0) + batch.part(drug, at - batch.start)

    def tip(self, moved: int) -> dict[str, int]:
        """fg of each drug that has left the catheter tip."""
        return self.passed(moved - self.path_nl)

    def pumped(self, moved: int) -> dict[str, int]:
        """fg of each drug that has left the reservoir."""
        return {drug: mass - dict(self.primed).get(drug, 0) for drug, mass in self.passed(moved).items()}

    def reservoir_nl(self, moved: int) -> int:
        """Volume in the reservoir, the residual included."""
        batch = self.batches[-1]
        return batch.volume - (moved - batch.start)

    def reservoir(self, moved: int) -> dict[str, int]:
        """fg of each drug in the reservoir."""
        batch = self.batches[-1]
        return {drug: dict(batch.masses).get(drug, 0) - batch.part(drug, moved - batch.start) for drug in self.drugs()}

    def path(self, moved: int) -> tuple[tuple[int, dict[str, int], bool], ...]:
        """Slugs (volume nL, fg by drug, known) from the reservoir outlet to the tip; together ``path_nl``."""
        tip = moved - self.path_nl
        edges = sorted({tip, moved, *(batch.start for batch in self.batches if tip < batch.start < moved)})
        slugs = []
        for low, high in pairwise(edges):
            before, after = self.passed(low), self.passed(high)
            batch = next(batch for batch in reversed(self.batches) if batch.start <= low)
            slugs.append((high - low, {drug: after[drug] - before[drug] for drug in after}, batch.known))
        return tuple(reversed(slugs))

    def refill(self, moved: int, withdrawn_nl: int, fill: Solution, fill_nl: int) -> Refilled:
        """Empty the reservoir down to its residual and fill it. ``withdrawn_nl`` is what the syringe showed.

        What was withdrawn beyond or below the account is booked as unexplained, so that nothing is lost from the sum.
        """
        assert withdrawn_nl >= 0 and fill_nl >= 0, "volumes are not negative"
        volume, masses = self.reservoir_nl(moved), self.reservoir(moved)
        expected = volume - self.residual_nl
        assert expected >= 0, "a pump never draws on its residual"
        left = {drug: mass * self.residual_nl // volume if volume else 0 for drug, mass in masses.items()}
        taken = {drug: masses[drug] - left[drug] for drug in masses}
        shown = taken
        if withdrawn_nl != expected:
            shown = {drug: mass * withdrawn_nl // volume if volume else 0 for drug, mass in masses.items()}
        added = fill.masses(fill_nl)
        contents = {drug: left.get(drug, 0) + added.get(drug, 0) for drug in {**left, **added}}
        total = self.residual_nl + fill_nl
        batch = Batch(moved, total, _sorted(contents), _sorted(self.passed(moved)))
        kept = [each for each, after in pairwise((*self.batches, batch)) if after.start > moved - self.path_nl]
        fluid = replace(
            self,
            batches=(*(each for each in kept if each.start < moved), batch),
            filled=_sum(self.filled, _sorted(added)),
            withdrawn=_sum(self.withdrawn, _sorted(shown)),
            unexplained=_sum(self.unexplained, _sorted({drug: shown[drug] - taken[drug] for drug in taken})),
        )
        return Refilled(fluid, expected, withdrawn_nl - expected, total, contents)

    def plain(self) -> list[Any]:
        """Plain values, for a checkpoint."""
        batches = [[b.start, b.volume, b.masses, b.passed, b.known] for b in self.batches]
        return [self.path_nl, self.residual_nl, batches, self.primed, self.filled, self.withdrawn, self.unexplained]

    @classmethod
    def from_plain(cls, plain: list[Any]) -> "Fluid":
        """The fluid that ``plain`` described."""
        path_nl, residual_nl, batches, primed, filled, withdrawn, unexplained = plain
        return cls(
            path_nl,
            residual_nl,
            tuple(Batch(start, volume, _masses(m), _masses(p), known) for start, volume, m, p, known in batches),
            _masses(primed),
            _masses(filled),
            _masses(withdrawn),
            _masses(unexplained),
        )


def _masses(plain: list[Any]) -> Masses:
    return tuple((drug, mass) for drug, mass in plain)


def _sorted(masses: dict[str, int]) -> Masses:
    return tuple(sorted(masses.items()))


def _sum(one: Masses, other: Masses) -> Masses:
    total = dict(one)
    for drug, mass in other:
        total[drug] = total.get(drug, 0) + mass
    return _sorted(total)
