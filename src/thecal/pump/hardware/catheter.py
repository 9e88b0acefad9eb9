"""The fluid path of the virtual pump: a queue of slugs from the reservoir to the tip, and what a damaged one loses.

Volumes in pL, masses in fg by drug, all exact integers; places in ppm of the path from the outlet (0) to the tip.
Fluid moves as plugs here, and neighbours of one concentration (to 1 ppm) are one slug; how far the front may be smeared
is told by ``thecal.pump.arrival``. Mass is conserved: what entered is in the path, at the tip, or beside it.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any

from thecal.pump.hardware.faults import PPM

type Masses = dict[str, int]
type Slug = tuple[int, Masses, bool]
"""Volume, fg by drug, and whether that is known."""

_MOST_STEPS = 64


class Path:
    """A path of ``volume`` pL, holding ``content``; None when what is in it is not known (and counts as no drug)."""

    def __init__(self, volume: int, content: Masses | None) -> None:
        assert volume >= 0, "a path has a volume"
        self.volume = volume
        self.at_tip: Masses = {}
        self.beside: Masses = {}
        self.tip_pl = 0
        self.beside_pl = 0
        self._slugs: deque[Slug] = deque()
        if volume:
            self._slugs.append((volume, dict(content or {}), content is not None))

    @classmethod
    def of(cls, slugs: Iterable[Slug]) -> "Path":
        """A path that holds these slugs, from the outlet to the tip."""
        made = cls(0, None)
        made._slugs.extend((volume, dict(masses), known) for volume, masses, known in slugs)
        made.volume = sum(volume for volume, _, _ in made._slugs)
        return made

    def plain(self) -> list[Any]:
        """Plain values, to be kept."""
        return [self.at_tip, self.beside, self.tip_pl, self.beside_pl, list(self._slugs)]

    @classmethod
    def from_plain(cls, plain: list[Any]) -> "Path":
        """The path that ``plain`` described."""
        at_tip, beside, tip_pl, beside_pl, slugs = plain
        made = cls.of(slugs)
        made.at_tip, made.beside, made.tip_pl, made.beside_pl = at_tip, beside, tip_pl, beside_pl
        return made

    @property
    def known(self) -> bool:
        """Whether everything in the path is known."""
        return all(known for _, _, known in self._slugs)

    def held(self) -> Masses:
        """fg of each drug in the path."""
        total: Masses = {}
        for _, masses, _ in self._slugs:
            _add(total, masses)
        return total

    def push(self, volume: int, masses: Mapping[str, int], lost_ppm: int = 0, place_ppm: int = PPM) -> None:
        """Move ``volume`` pL with ``masses`` in; ``lost_ppm`` of what passes ``place_ppm`` of the path leaves there.

        A large volume is moved in parts of about a tenth of the path, so that a leak meets what really passes.
        """
        assert 0 <= lost_ppm <= PPM and 0 <= place_ppm <= PPM, "parts of one"
        if volume <= 0:
            return
        if not lost_ppm:
            self._append(volume, dict(masses))
            _add(self.at_tip, self._take_last(volume))
            self.tip_pl += volume
            return
        steps = min(-(-volume * 10 // self.volume), _MOST_STEPS) if self.volume else 1
        moved, given = 0, dict.fromkeys(masses, 0)
        for step in range(1, steps + 1):
            part = volume * step // steps - moved
            share = {drug: mass * step // steps - given[drug] for drug, mass in masses.items()}
            for drug, mass in share.items():
                given[drug] += mass
            moved += part
            self._push(part, share, lost_ppm, place_ppm)

    def _push(self, volume: int, masses: Masses, lost_ppm: int, place_ppm: int) -> None:
        self._append(volume, masses)
        lost = volume * lost_ppm // PPM
        if lost:
            # what leaves at the hole: the fluid that lies there now
            taken = self._take_at(self.volume * place_ppm // PPM, lost)
            _add(self.beside, taken)
            self.beside_pl += lost
        out = self._take_last(volume - lost)
        _add(self.at_tip, out)
        self.tip_pl += volume - lost

    def _append(self, volume: int, masses: Masses) -> None:
        slug = (volume, masses, True)
        if self._slugs and _alike(slug, self._slugs[0]):
            slug = _joined(slug, self._slugs.popleft())
        self._slugs.appendleft(slug)

    def _take_last(self, volume: int) -> Masses:
        """Take ``volume`` from the end of the queue."""
        out: Masses = {}
        while volume > 0:
            last, masses, known = self._slugs.pop()
            if last > volume:
                part = {drug: mass * volume // last for drug, mass in masses.items()}
                self._slugs.append((last - volume, {d: m - part[d] for d, m in masses.items()}, known))
                _add(out, part)
                return out
            volume -= last
            _add(out, masses)
        return out

    def _take_at(self, place: int, volume: int) -> Masses:
        """Take ``volume`` from the stretch that ends at ``place`` pL from the outlet (at least the volume itself)."""
        behind: list[Slug] = []
        beyond = sum(slug[0] for slug in self._slugs) - max(place, volume)
        while beyond > 0:
            last, masses, known = self._slugs.pop()
            if last > beyond:
                part = {drug: mass * beyond // last for drug, mass in masses.items()}
                self._slugs.append((last - beyond, {d: m - part[d] for d, m in masses.items()}, known))
                behind.append((beyond, part, known))
                break
            behind.append((last, masses, known))
            beyond -= last
        out = self._take_last(volume)
        for slug in reversed(behind):
            joins = self._slugs and _alike(self._slugs[-1], slug)
            self._slugs.append(_joined(self._slugs.pop(), slug) if joins else slug)
        return out


def _add(total: Masses, more: Mapping[str, int]) -> None:
    for drug, mass in more.items():
        total[drug] = total.get(drug, 0) + mass


def _alike(one: Slug, other: Slug) -> bool:
    """Whether both are known and of one concentration, to 1 ppm: what is rounded away at each stroke is no more."""
    (volume, masses, known), (beyond, held, also) = one, other
    if not (known and also):
        return False
    for drug in {*masses, *held}:
        here, there = masses.get(drug, 0) * beyond, held.get(drug, 0) * volume
        if abs(here - there) * PPM > max(here, there):
            return False
    return True


def _joined(one: Slug, other: Slug) -> Slug:
    _add(other[1], one[1])
    return one[0] + other[0], other[1], True
