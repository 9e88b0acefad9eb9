"""Predictions with a band: what drug a patient meets where, and what pain may be left.

Units: h, ng/mL, NRS. Three members are computed: the person's own dispersion with the mean clearance, and the
two other presets with clearance one standard deviation up and down. The band of pain adds the spread of potency.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from thecal.body.checks import number
from thecal.body.effect import EffectParameters, effect_parameters, load_of_oral_morphine, load_row, pain, tolerance
from thecal.body.inputs import Input
from thecal.body.model import Model, build
from thecal.body.parameters import parameters, plasma_set, require
from thecal.body.person import DISPERSIONS, Person, Tip
from thecal.body.prediction import Band, Prediction, Profile
from thecal.body.propagate import check_overlap, check_times, propagate, schedule, start_of
from thecal.body.reference import entry
from thecal.body.simulate import check_routes, unconfirmed_notes
from thecal.body.spine import cord_segments, dermatome, level, levels_with_csf

Array = npt.NDArray[np.float64]

READINGS = ("csf_tip", "cord_tip", "cord_target", "plasma", "m6g", "load")


@dataclass(frozen=True, slots=True, eq=False)
class _Member:
    """One run: each reading at the series' times, and CSF and cord of every level at the profile's times."""

    readings: dict[str, Array]
    csf: Array
    cord: Array


def predict(
    person: Person,
    drug: str,
    inputs: Sequence[Input],
    times_h: npt.ArrayLike,
    tip: Tip,
    pain_baseline: float = 7.0,
    target: str | None = None,
    profile_times_h: npt.ArrayLike | None = None,
) -> Prediction:
    """Bands of drug and pain at ``times_h``, read at ``tip`` and at the cord of dermatome ``target``.

    ``target`` None takes the cord segment nearest to the tip. The profile along the spine is given at
    ``profile_times_h``, or at the last time. Tolerance is followed from the first input on, whatever the times.
    Raises Refused for an unknown drug, level or dermatome, a baseline outside 0 to 10, and bad times or inputs.
    """
    baseline = number("pain_baseline", pain_baseline, "NRS", 0, 10)
    parameters(person, drug)
    require(drug, "relief")
    check_routes(drug, inputs)
    times = check_times(times_h, inputs)
    profile_times = times[-1:] if profile_times_h is None else check_times(profile_times_h, inputs)
    check_overlap(inputs)
    segment = nearest_dermatome(tip) if target is None else dermatome(target).name
    effect = effect_parameters(drug, person)
    before = load_of_oral_morphine(person.prior_opioid_mg_day, person)
    grid = _with_hours(times, profile_times, inputs)
    models = [build(parameters(member, drug, factor)) for member, factor in band_members(person, drug)]
    runs = [_run(model, inputs, grid, profile_times, tip, segment, effect) for model in models]
    shown = np.searchsorted(grid, times)
    bands = {name: _band([run.readings[name][shown] for run in runs]) for name in READINGS}
    return Prediction(
        times_h=times,
        csf_tip=bands["csf_tip"],
        cord_tip=bands["cord_tip"],
        cord_target=bands["cord_target"],
        plasma=bands["plasma"],
        m6g=bands["m6g"],
        pain=_pain_band(baseline, grid, [run.readings["load"] for run in runs], shown, effect, before),
        target=segment,
        profile=Profile(
            profile_times, levels_with_csf(), _band([run.csf for run in runs]), _band([run.cord for run in runs])
        ),
        band_source=band_source(person, drug),
        notes=unconfirmed_notes(drug),
    )


def nearest_dermatome(tip: Tip) -> str:
    """The dermatome whose cord segment lies nearest to the tip."""
    return min(cord_segments(), key=lambda segment: abs(segment.z_mid_mm - level(tip.level).z_mid_mm)).name


def band_source(person: Person, drug: str) -> str:
    """One sentence on what the bands are made from, for the reader of a plot."""
    fold = entry("anatomy", "dispersion.preset_fold").value
    cv = entry(drug, f"plasma.{plasma_set(drug, person.disposition)}.clearance_cv").value
    spread = entry(drug, "effect.potency_log_sd").value
    low, high = effect_parameters(drug).emax_range
    return (
        f"Band: CSF mixing {fold:g}-fold slower and faster (unconfirmed), plasma clearance {1 + cv:.2g}-fold lower and "
        f"higher; for pain also potency {math.exp(spread):.1f}-fold either way and a largest relief of {low:.0%} to "
        f"{high:.0%} (both unconfirmed). About one standard deviation each way: one patient in three lies outside."
    )


def band_members(person: Person, drug: str) -> list[tuple[Person, float]]:
    """The members of a band, each with a factor on clearance: the person as is, then the other two presets.

    Slow mixing goes with slow clearance, as both raise levels.
    """
    spread = 1.0 + entry(drug, f"plasma.{plasma_set(drug, person.disposition)}.clearance_cv").value
    slow, fast = [name for name in DISPERSIONS if name != person.dispersion]
    return [(person, 1.0), (replace(person, dispersion=slow), 1.0 / spread), (replace(person, dispersion=fast), spread)]


def _with_hours(times: Array, profile_times: Array, inputs: Sequence[Input]) -> Array:
    """Output times with an hourly grid from the first input on, fine enough for tolerance to be followed."""
    start = start_of(inputs)
    first = times[0] if start is None else start
    last = max(times[-1], profile_times[-1])
    return np.unique(np.concatenate([times, profile_times, [first], np.arange(first, last)]))


def _run(
    model: Model,
    inputs: Sequence[Input],
    grid: Array,
    profile_times: Array,
    tip: Tip,
    segment: str,
    effect: EffectParameters,
) -> _Member:
    z_tip, z_target = model.level_z(tip.level), model.dermatome_z(segment)
    rows = {
        "csf_tip": model.csf_row(z_tip),
        "cord_tip": model.cord_row(z_tip),
        "cord_target": model.cord_row(z_target),
        "plasma": model.named_row("plasma"),
        "m6g": model.named_row("m6g"),
        "load": load_row(model, z_target, effect),
    }
    reader = np.array([rows[name] for name in READINGS])
    places = [model.level_z(name) for name in levels_with_csf()]
    along = np.array([model.csf_row(z) for z in places] + [model.cord_row(z) for z in places])
    read, profile = np.empty((grid.size, len(READINGS))), np.empty((profile_times.size, 2 * len(places)))
    for where, states, given in propagate(model, schedule(inputs, grid), grid):
        read[where] = model.read(reader, states, given)
        asked = np.isin(grid[where], profile_times)
        if asked.any():
            rows_asked = np.searchsorted(profile_times, grid[where][asked])
            profile[rows_asked] = model.read(along, states[asked], given[asked])
    half = len(places)
    return _Member({name: read[:, i] for i, name in enumerate(READINGS)}, profile[:, :half], profile[:, half:])


def _band(members: list[Array]) -> Band:
    stacked = np.stack(members)
    return Band(stacked.min(axis=0), members[0], stacked.max(axis=0))


def _pain_band(
    baseline: float,
    grid: Array,
    loads: list[Array],
    shown: npt.NDArray[np.intp],
    effect: EffectParameters,
    before: float,
) -> Band:
    """Spread of load between members and spread of potency, added as independent log deviations."""
    band = _band(loads)
    ends = []
    for other, sign in ((band.low, -1.0), (band.high, 1.0)):
        share = np.divide(other, band.mid, out=np.ones_like(other), where=(band.mid > 0) & (other > 0))
        ends.append(band.mid * np.exp(sign * np.hypot(np.log(share), effect.potency_log_sd)))
    cases = ((ends[0], effect.emax_range[0]), (band.mid, effect.emax), (ends[1], effect.emax_range[1]))
    most, middle, least = (
        pain(baseline, load, tolerance(grid, load, effect, before), replace(effect, emax=emax))[shown]
        for load, emax in cases
    )
    return Band(np.minimum(least, middle), middle, np.maximum(most, middle))
