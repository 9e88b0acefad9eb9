"""A scenario file: one patient, and what people do, in order, each step at its time.

TOML. Every quantity is text with a unit (``"10 mg/mL"``, ``"12 h"``); unknown fields are refused. Times are counted
from the scenario's start. Checked whole before anything runs: ``read_scenario`` returns a Scenario or raises Refused
with one refusal for each field that is wrong.
"""

import tomllib
from datetime import UTC
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from thecal.formulary import Solution
from thecal.quantity import (
    BODY_WEIGHT,
    DOSE_RATE,
    DURATION,
    LENGTH,
    MASS,
    MS_PER_DAY,
    VOLUME,
    Kind,
    Refusal,
    Refused,
    parse,
)

MAX_BYTES = 256 * 1024
MAX_DAYS = 3660


def _quantity(kind: Kind) -> BeforeValidator:
    return BeforeValidator(lambda value: parse(value, kind))


def _solution(value: object) -> Solution:
    if isinstance(value, Solution):
        return value
    try:
        return Solution.parse(str(value))
    except Refused as refused:
        raise ValueError(str(refused)) from None


Mass = Annotated[int, _quantity(MASS)]
Volume = Annotated[int, _quantity(VOLUME)]
DoseRate = Annotated[int, _quantity(DOSE_RATE)]
Duration = Annotated[int, _quantity(DURATION)]
Length = Annotated[int, _quantity(LENGTH)]
Weight = Annotated[int, _quantity(BODY_WEIGHT)]
Mixture = Annotated[Solution, BeforeValidator(_solution)]
Text = Annotated[str, Field(min_length=1, max_length=400)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,79}$")]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class PatientPart(_Part):
    """The person: age in years, weight, height, eGFR in mL/min/1.73 m2, and pain (NRS 0 to 10) without this therapy."""

    age_years: Annotated[int, Field(ge=18, le=110)]
    weight: Weight = 70_000
    height: Length = 1720
    egfr_ml_min: Annotated[float, Field(ge=5, le=250, allow_inf_nan=False)] = 96.0
    pain_nrs: Annotated[float, Field(gt=0, le=10, allow_inf_nan=False)] = 7.0
    target_level: str | None = None
    failed: tuple[Literal["physiotherapy", "oral_nsaid", "oral_opioid", "chiropractic", "back_surgery"], ...] = ()


class SimpleContinuousPart(_Part):
    """The same rate all the time."""

    mode: Literal["simple_continuous"]
    dose: DoseRate


class PeriodicBolusPart(_Part):
    """A bolus at regular times, each given over a while, on top of a basal rate."""

    mode: Literal["periodic_bolus"]
    bolus: Mass
    every: Duration
    over: Duration
    basal: DoseRate = 0


class DayStep(_Part):
    """From ``start`` (after the pump's midnight) the rate is ``dose``."""

    start: Duration
    dose: DoseRate


class MultiRatePart(_Part):
    """A day schedule, repeated."""

    mode: Literal["multi_rate"]
    steps: Annotated[tuple[DayStep, ...], Field(min_length=1, max_length=48)]


ProgramPart = Annotated[SimpleContinuousPart | PeriodicBolusPart | MultiRatePart, Field(discriminator="mode")]


class CapsPart(_Part):
    """The most that may be given in any sliding hour and day, of the primary drug."""

    hour: Mass
    day: Mass


class _Step(_Part):
    at: Duration


class OralStep(_Step):
    """Oral doses at regular times, until ``until`` or the end. Gives drug to the body, not to a pump."""

    do: Literal["oral"]
    drug: Name
    dose: Mass
    every: Duration
    until: Duration | None = None
    release: Literal["immediate", "controlled"] = "immediate"


class RulePart(_Part):
    """How the trial is judged; fixed before it starts."""

    statistic: Literal["mean", "worst"] = "mean"
    baseline_days: Annotated[int, Field(ge=1, le=60)] = 3
    window_days: Annotated[int, Field(ge=1, le=60)] = 2
    threshold_pct: Annotated[int, Field(ge=1, le=100)] = 50


class TrialStep(_Step):
    """A trial with an external pump, for whole days; concluded by its rule when they have passed."""

    do: Literal["trial"]
    route: Literal["epidural", "intrathecal"]
    tip: str
    pump: Name
    solution: Mixture
    fill: Volume
    program: ProgramPart
    caps: CapsPart | None = None
    days: Annotated[int, Field(ge=1, le=60)]
    dead_volume: Volume = 0
    primed: bool = True
    rule: RulePart = RulePart()
    entries_per_day: Annotated[int, Field(ge=1, le=24)] = 6


class DecideStep(_Step):
    """What physician and patient decide together."""

    do: Literal["decide"]
    choice: Literal["implant", "oral", "stimulation", "none"]
    reasons: Text


class ImplantStep(_Step):
    """The implant, with its first program."""

    do: Literal["implant"]
    site: Literal["abdomen", "upper_buttock"]
    pump: Name
    catheter: Name
    trimmed: tuple[Length, ...]
    tip: str
    solution: Mixture
    fill: Volume
    primed: bool = False
    program: ProgramPart
    caps: CapsPart | None = None


class ProgramStep(_Step):
    """A new program for the implanted pump. ``solution`` is what the programmer is told is in the reservoir."""

    do: Literal["program"]
    program: ProgramPart
    caps: CapsPart | None = None
    solution: Mixture | None = None


class RefillStep(_Step):
    """A refill. ``withdrawn`` is what was found; left out, what the pump expects is found.

    With a ``program``, the pump is programmed at the same visit for the new solution. There is no bridge unless it is
    written as programs of its own: what is still in the tubing is given at the new flow.
    """

    do: Literal["refill"]
    solution: Mixture
    fill: Volume
    withdrawn: Volume | None = None
    program: ProgramPart | None = None
    caps: CapsPart | None = None


Step = Annotated[OralStep | TrialStep | DecideStep | ImplantStep | ProgramStep | RefillStep, Field(discriminator="do")]


class Scenario(_Part):
    """A whole scenario. ``start`` has a time zone; ``length`` is how long it is simulated; same seed, same result."""

    format: Literal[1]
    title: Text
    note: Annotated[str, Field(max_length=4000)] = ""
    start: AwareDatetime
    length: Duration
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    patient: PatientPart
    step: Annotated[tuple[Step, ...], Field(max_length=500)] = ()

    @property
    def start_ms(self) -> int:
        """The start in ms since the Unix epoch."""
        return int(self.start.astimezone(UTC).timestamp()) * 1000

    @property
    def end_ms(self) -> int:
        """The end in ms since the Unix epoch."""
        return self.start_ms + self.length


def read_scenario(data: bytes) -> Scenario:
    """The scenario in ``data``. Raises Refused; nothing is run and nothing is written."""
    if len(data) > MAX_BYTES:
        raise Refused(Refusal("too_long", f"a scenario has at most {MAX_BYTES} bytes", "scenario"))
    try:
        plain = tomllib.loads(data.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise Refused(
            Refusal("not_toml", f"this is not TOML: {error}", "scenario", "See docs/course.md for the format.")
        ) from None
    try:
        scenario = Scenario.model_validate(plain)
    except ValidationError as error:
        raise Refused(*_refusals(error)) from None
    problems = _order(scenario)
    if problems:
        raise Refused(*problems)
    return scenario


def _order(scenario: Scenario) -> list[Refusal]:
    found = []
    if scenario.start.minute or scenario.start.second or scenario.start.microsecond:
        found.append(Refusal("start", "the start is not on a whole hour", "start", "Start on a whole hour."))
    if not MS_PER_DAY <= scenario.length <= MAX_DAYS * MS_PER_DAY:
        found.append(Refusal("length", f"the length is not between 1 day and {MAX_DAYS} days", "length"))
    before = 0
    for index, step in enumerate(scenario.step):
        where = f"step.{index}.at"
        if step.at < before:
            found.append(Refusal("step_order", "this step is earlier than the end of the one before it", where))
        if step.at >= scenario.length:
            do = "Lengthen the scenario or take the step out."
            found.append(Refusal("step_late", "this step is after the end of the scenario", where, do))
        before = max(before, step.at + (step.days * MS_PER_DAY if isinstance(step, TrialStep) else 0))
    return found


def _refusals(error: ValidationError) -> list[Refusal]:
    def where(loc: tuple[Any, ...]) -> str:
        return ".".join(str(part) for part in loc)

    return [
        Refusal("field", item["msg"].removeprefix("Value error, "), where(item["loc"]), "See docs/course.md.")
        for item in error.errors(include_url=False, include_input=False)
    ]
