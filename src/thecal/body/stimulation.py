"""Spinal cord stimulation as relief: drawn from what published trials found, no physiology.

Units: shares of pain relieved (1 = all; below 0, pain grew). The distribution between people is a line of straight
pieces through the published shares of responders; where no share above 80 % was published, it follows from the mean.
Source: ``data/stimulation.toml``. All of them count people who passed a trial period and were implanted: see ``notes``.
"""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from thecal.body.checks import one_of
from thecal.body.diary import stream
from thecal.body.reference import entries, entry

Array = npt.NDArray[np.float64]
Stimulator = Literal["ten_kilohertz", "traditional", "closed_loop", "open_loop"]
STIMULATORS: tuple[Stimulator, ...] = get_args(Stimulator)
SPREAD = (0.16, 0.5, 0.84)


@dataclass(frozen=True, slots=True)
class Stimulation:
    """How relief is spread between implanted people. ``low``, ``mid``, ``high``: the 16th, 50th and 84th percentile."""

    kind: Stimulator
    shares: tuple[float, ...]
    reliefs: tuple[float, ...]
    trial_passed: float
    months: float
    notes: tuple[str, ...]

    def relief(self, share: npt.ArrayLike) -> Array:
        """Relief of the person whom ``share`` of the others do worse than (0 to 1)."""
        found: Array = np.interp(np.array(share, dtype=np.float64), self.shares, self.reliefs)
        return found

    @property
    def band(self) -> tuple[float, float, float]:
        """Relief at the three percentiles."""
        low, mid, high = (float(x) for x in self.relief(SPREAD))
        return low, mid, high

    @property
    def mean(self) -> float:
        """Mean relief of implanted people."""
        return float(np.trapezoid(self.reliefs, self.shares))


def stimulation(kind: Stimulator = "ten_kilohertz") -> Stimulation:
    """The published spread of one kind of stimulator. Raises Refused for an unknown one."""
    one_of("stimulation", kind, STIMULATORS)
    half = entry("stimulation", f"{kind}.responders").value
    worst = entry("stimulation", "shared.worst").value
    if f"{kind}.over_80" in entries("stimulation"):
        most = entry("stimulation", f"{kind}.over_80").value
    else:
        below = (1 - half) * (worst + 0.5) / 2
        most = (entry("stimulation", f"{kind}.mean_relief").value - below - half * 0.65) / 0.25
    passed = entry("stimulation", f"{kind}.trial_passed").value
    months = entry("stimulation", f"{kind}.followed").value
    return Stimulation(
        kind,
        (0.0, 1 - half, 1 - most, 1.0),
        (worst, 0.5, 0.8, 1.0),
        passed,
        months,
        (
            f"Counted among people implanted after a trial period in which they had half their pain or less: "
            f"{passed:.0%} of those tried. Of all who are referred, fewer respond (PROCESS, all randomized: 48 % at "
            f"6 months, 37 % at 24).",
            f"Relief as seen at {months:g} months; trials are open, so placebo is counted in.",
            f"The worst relief, {worst:.0%}, and straight lines between the published shares are assumed.",
        ),
    )


def stimulation_relief(seed: int, patient: str, kind: Stimulator = "ten_kilohertz") -> float:
    """One person's relief once implanted, from a stream of its own."""
    return float(stimulation(kind).relief(stream(seed, patient, f"stimulation {kind}").random()))
