"""The one estimation: unconfirmed parameters, under the priors of the reference data, to all human datasets at once.

Rules: only values that nobody confirmed; only values of which at least two datasets speak, so that no study has a
parameter of its own; one value for all datasets. Least squares on logarithms: a residual is log(fold error) over its
uncertainty (standard error and a model error of 25 %), and the metrics of one study count as two at most, because they
are not independent. A soft L1 loss beyond one standard deviation keeps contradictory studies from pulling. Priors are
log-normal: the stated range is taken as four standard deviations (twice the way up, where it starts at 0). Uncertainty
by Laplace's approximation at the optimum.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import least_squares

from thecal.body.parameters import Changes
from thecal.body.qualify.laboratory import Laboratory
from thecal.body.qualify.observed import datasets
from thecal.body.qualify.score import predict_dataset
from thecal.body.reference import Entry, prior_entries

Array = npt.NDArray[np.float64]
Key = tuple[str, str]

MODEL_ERROR = 0.25
INDEPENDENT = 2.0
STEP = 0.05
ROBUST = 1.0
NOT_HUMAN = "pig"

ESTIMATED: tuple[Key, ...] = (
    ("anatomy", "dispersion.rostral"),
    ("anatomy", "dispersion.caudal"),
    ("anatomy", "csf.spinal_absorption"),
    ("anatomy", "csf.cranial_volume"),
    ("morphine", "spinal.dural_permeability"),
    ("morphine", "spinal.meningeal_volume"),
    ("morphine", "spinal.csf_to_cord_PS"),
    ("morphine", "spinal.cord_over_csf"),
    ("morphine", "spinal.cord_to_plasma"),
    ("morphine", "spinal.epidural_volume"),
    ("morphine", "spinal.epidural_to_plasma"),
    ("morphine", "spinal.epidural_to_fat"),
    ("morphine", "spinal.fat_over_epidural"),
    ("morphine", "spinal.bolus_sd"),
    ("morphine", "plasma.three_compartment.clearance_M3G"),
    ("morphine", "plasma.three_compartment.clearance_M6G"),
    ("morphine", "plasma.three_compartment.first_pass_M3G"),
    ("morphine", "plasma.three_compartment.first_pass_M6G"),
    ("morphine", "effect.Emax"),
    ("morphine", "effect.fast_max"),
    ("morphine", "effect.slow_max"),
)


@dataclass(frozen=True, slots=True)
class Estimate:
    """One estimated value with its prior; ``log_sd`` is what is left of the prior's uncertainty."""

    table: str
    key: str
    value: float
    prior: float
    prior_log_sd: float
    log_sd: float


def prior(key: Key) -> tuple[float, float]:
    """Value before estimation, and the sd of its natural logarithm."""
    item: Entry = prior_entries(key[0])[key[1]]
    if item.lo is not None and item.hi is not None and item.lo > 0:
        return item.value, float(np.log(item.hi / item.lo) / 4)
    if item.hi is None:
        raise ValueError(f"{key} has no range to make a prior of")
    return item.value, float(np.log(item.hi / item.value) / 2)


def changes_at(shifts: Array) -> Changes:
    """Parameters at ``shifts``, in prior standard deviations of their logarithm, one for each of ``ESTIMATED``."""
    found: dict[Key, float] = {}
    for key, shift in zip(ESTIMATED, shifts, strict=True):
        middle, log_sd = prior(key)
        found[key] = float(middle * np.exp(shift * log_sd))
    return found


def residuals(shifts: Array) -> Array:
    """Misfit of every number of every human dataset that is not held out, then the shifts themselves (the priors).

    A misfit beyond ``ROBUST`` counts in proportion, not squared; the priors are not softened.
    """
    lab = Laboratory(changes_at(shifts))
    found = []
    for dataset in datasets():
        if dataset.held_out or dataset.species == NOT_HUMAN:
            continue
        predicted = predict_dataset(dataset, lab).metrics
        numbers = [m for m in dataset.metrics if not m.check and m.label in predicted]
        weight = min(1.0, INDEPENDENT / max(len(numbers), 1)) ** 0.5
        for metric in numbers:
            sd = np.hypot(metric.relative_sem, MODEL_ERROR)
            found.append(weight * np.log(metric.fold_error(predicted[metric.label])) / sd)
    misfit = np.array(found)
    grown = ROBUST**2 * 2 * (np.sqrt(1 + (misfit / ROBUST) ** 2) - 1)
    return np.concatenate([np.sign(misfit) * np.sqrt(grown), shifts])


def jacobian(shifts: Array) -> Array:
    """Derivatives of ``residuals`` by central differences over a twentieth of a prior standard deviation each way."""
    columns = []
    for k in range(shifts.size):
        step = np.zeros(shifts.size)
        step[k] = STEP
        columns.append((residuals(shifts + step) - residuals(shifts - step)) / (2 * STEP))
    return np.array(columns).T


def estimate() -> tuple[Estimate, ...]:
    """Runs the estimation from the priors; takes a minute or two. The same bits on the same machine."""
    fit = least_squares(
        residuals,
        np.zeros(len(ESTIMATED)),
        jacobian,
        bounds=(-2.5, 2.5),
        xtol=1e-3,
        ftol=1e-4,
        max_nfev=12,
    )
    left = np.sqrt(np.diag(np.linalg.inv(fit.jac.T @ fit.jac)))
    found = changes_at(fit.x)
    return tuple(
        Estimate(*key, float(f"{found[key]:.4g}"), *prior(key), float(sd * prior(key)[1]))
        for key, sd in zip(ESTIMATED, left, strict=True)
    )


def as_toml(estimates: tuple[Estimate, ...]) -> str:
    """The text of ``data/estimated.toml``."""
    lines = [
        "# Values estimated once from the published human data, under the priors of the other files.",
        "# Made by `thecal body estimate`; source: estimated here; confirmed: no. log_sd: uncertainty left.",
        "schema = 1",
    ]
    for item in estimates:
        lines += [
            "",
            "[[estimate]]",
            f'table = "{item.table}"',
            f'key = "{item.key}"',
            f"value = {item.value!r}",
            f"prior = {item.prior!r}",
            f"prior_log_sd = {item.prior_log_sd:.3f}",
            f"log_sd = {item.log_sd:.3f}",
        ]
    return "\n".join(lines) + "\n"
