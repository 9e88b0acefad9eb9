"""Events of a trial. The plan fixes the rule by which the trial is judged, before it starts.

Solutions are text with units, for example ``morphine 1 mg/mL``; doses in fg/day of the primary drug.
"""

from datetime import UTC, datetime
from fractions import Fraction
from typing import Annotated, Literal

from pydantic import Field

from thecal.therapy.events.common import (
    Code,
    Digest,
    DoseRate,
    Event,
    Level,
    Line,
    Mass,
    Name,
    Note,
    Rational,
    Spinal,
    Time,
    Value,
    Volume,
    Words,
)
from thecal.therapy.relief import Between

Method = Literal["single_shot", "repeated_single_shot", "continuous_epidural", "continuous_it", "external_long"]


class PassRule(Value):
    """How the trial will be judged.

    The mean (or the mean of each day's worst) score of the last ``window_days`` days of the trial is compared
    with that of the ``baseline_days`` days before it. A day counts when it has ``min_entries_day`` entries;
    ``completeness_pct`` of the days of each window must count, else there is no verdict.
    """

    statistic: Literal["mean", "worst"] = "mean"
    baseline_days: Annotated[int, Field(ge=1, le=60)] = 3
    window_days: Annotated[int, Field(ge=1, le=60)] = 2
    threshold_pct: Annotated[int, Field(ge=1, le=100)] = 50
    min_entries_day: Annotated[int, Field(ge=1, le=48)] = 3
    completeness_pct: Annotated[int, Field(ge=1, le=100)] = 70


SHOTS: tuple[Method, ...] = ("single_shot", "repeated_single_shot")
"""Methods that give the drug by hand, without a pump."""


class TrialPlanned(Event):
    """The plan: method, drug, dose, days, pump, catheter tip and the rule. A new plan replaces it until the start.

    A method by hand (``SHOTS``) has ``shot_fg``, the mass of one dose, and neither daily dose nor pump; any other has a
    daily dose and ``pump_profile``.
    """

    kind: Literal["trial_planned"] = "trial_planned"
    method: Method
    route: Spinal
    solution: Line
    dose_fg_day: DoseRate = 0
    shot_fg: Mass | None = None
    days: Annotated[int, Field(ge=1, le=365)]
    pump_profile: Code | None = None
    tip_level: Level
    path_nl: Volume = 0
    rule: PassRule = PassRule()
    setting: Literal["inpatient", "day_case", "home", "unknown"] = "unknown"
    blinding: Literal["open", "saline_arm", "crossover"] = "open"
    watch_hours: Annotated[int, Field(ge=1, le=240)] | None = None
    watch_reason: Note = ""
    note: Note = ""


class Injection(Value):
    """A dose by hand: drug, mass, where, by whom, and the watch after it: by which rule, until when."""

    drug: Code
    mass_fg: Mass
    level: Level
    given_by: Line
    watch_rule: Code
    watch_until: Time


class TrialStarted(Event):
    """The external pump runs ``prescription``, a digest on the chart, or the first dose was injected by hand."""

    kind: Literal["trial_started"] = "trial_started"
    pump: Name | None = None
    prescription: Digest | None = None
    fill_nl: Volume = 0
    injection: Injection | None = None


class TrialDoseChanged(Event):
    """A step of the trial dose, with the reason; a prescription for it is on the chart."""

    kind: Literal["trial_dose_changed"] = "trial_dose_changed"
    dose_fg_day: DoseRate
    prescription: Digest
    reason: Words


class MissingEntries(Value):
    """A day of 24 h from ``start`` (ms) that does not count, and how many entries it lacks."""

    window: Literal["baseline", "analysis window"]
    start: Time
    lacking: Annotated[int, Field(ge=1, le=48)]

    def __str__(self) -> str:
        when = datetime.fromtimestamp(self.start / 1000, UTC)
        entries = "1 entry" if self.lacking == 1 else f"{self.lacking} entries"
        return f"{entries} of the day from {when:%Y-%m-%d %H:%M} UTC ({self.window})"


class VerdictRecord(Value):
    """The verdict as it was reached; scores and relief are exact rationals such as ``20/3``. None: not decidable.

    ``passed`` is by the rule declared before the start, from the entries that there are. ``relief_low`` and
    ``relief_high`` are what the ``missing`` entries leave open; ``uncertain`` says that they could turn the verdict.
    """

    passed: bool | None
    uncertain: bool
    baseline: Rational | None
    result: Rational | None
    relief_pct: Rational | None
    relief_low: Rational | None
    relief_high: Rational | None
    baseline_days_counted: Annotated[int, Field(ge=0)]
    window_days_counted: Annotated[int, Field(ge=0)]
    missing: Annotated[tuple[MissingEntries, ...], Field(max_length=120)]
    reasons: Annotated[tuple[Words, ...], Field(max_length=50)]

    @property
    def outcome(self) -> str:
        """The verdict in words; one that is uncertain always says so."""
        words = {True: "passed", False: "not passed", None: "no verdict"}[self.passed]
        return f"{words}, uncertain" if self.uncertain else words

    @property
    def surely_passed(self) -> bool:
        """Passed, whatever the missing entries were."""
        return self.passed is True and not self.uncertain

    @property
    def relief(self) -> Between | None:
        """Relief in per cent as an interval; None without a verdict."""
        if self.relief_pct is None or self.relief_low is None or self.relief_high is None:
            return None
        return Between(Fraction(self.relief_low), Fraction(self.relief_pct), Fraction(self.relief_high))


class TrialConcluded(Event):
    """The trial is over. The verdict is computed by the plan's rule, never typed in."""

    kind: Literal["trial_concluded"] = "trial_concluded"
    verdict: VerdictRecord
    side_effects: Note = ""
    function: Note = ""
    comment: Note = ""
