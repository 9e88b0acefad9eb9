"""All of the linear model in one matrix: ``dx/dt = A x + B u``, x in mg, t in h.

Every transfer is written once, as a rate from one state to another, so that each column of ``A`` sums to
zero and nothing is lost: what leaves the body stays in states of its own. Effect sites (ng/mL) only listen.
Order of states: spine, gut and pocket, plasma, metabolites, effect sites, ways out;
later blocks never feed earlier ones.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from thecal.body.grid import Grid
from thecal.body.parameters import Parameters, SpineParameters, SystemicParameters

Array = npt.NDArray[np.float64]

SEGMENT_STATES = ("csf", "cord", "meninges", "epidural", "fat")
WAYS_OUT = ("kidney_unchanged", "liver_other", "urine_m3g", "urine_m6g", "faeces")
OBSERVERS = ("effect_drug", "effect_m6g", "breathing_drug", "breathing_m6g")
DEPOTS = ("gut_immediate", "gut_controlled", "pocket")
NG_PER_MG = 1e6


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """Names and places of the states. ``segment[name]`` holds one index a cell, -1 where there is no such tissue.

    ``blocks`` are the ranges of states that exchange drug both ways; each feeds only later ones.
    """

    names: tuple[str, ...]
    index: dict[str, int]
    segment: dict[str, npt.NDArray[np.intp]]
    blocks: tuple[tuple[int, int], ...]


def layout(grid: Grid, peripherals: int) -> Layout:
    """The states of a model on ``grid`` with that many peripheral plasma compartments."""
    names = ["cranial"]
    segment = {name: np.full(grid.cells, -1, dtype=np.intp) for name in SEGMENT_STATES}
    for cell in range(grid.cells):
        for name in SEGMENT_STATES:
            if name != "cord" or grid.cord_ml[cell] > 0:
                segment[name][cell] = len(names)
                names.append(f"{name}_{cell}")
    blocks = [(0, len(names))]
    plasma = ("plasma", *(f"plasma_peripheral_{i + 1}" for i in range(peripherals)), "pool_from_blood")
    for group in (*((d,) for d in DEPOTS), plasma, ("m3g",), ("m6g",), *((o,) for o in OBSERVERS)):
        blocks.append((len(names), len(names) + len(group)))
        names += group
    for way in WAYS_OUT:
        blocks.append((len(names), len(names) + 1))
        names.append(way)
    return Layout(tuple(names), {name: i for i, name in enumerate(names)}, segment, tuple(blocks))


def assemble(parameters: Parameters, grid: Grid, where: Layout) -> Array:
    """The matrix A in 1/h, shape (states, states)."""
    matrix = np.zeros((len(where.names), len(where.names)))
    plasma = where.index["plasma"]
    _csf(matrix, parameters.spine, grid, where, plasma)
    _walls(matrix, parameters.spine, grid, where, plasma)
    _blood(matrix, parameters.systemic, float(grid.csf_ml.sum()), where)
    _gut(matrix, parameters.systemic, where)
    _move(matrix, where.index["pocket"], plasma, parameters.systemic.pocket_per_h)
    _effect_sites(matrix, parameters.systemic, where)
    return matrix


def _move(matrix: Array, source: int, target: int, rate: float) -> None:
    matrix[target, source] += rate
    matrix[source, source] -= rate


def _csf(matrix: Array, p: SpineParameters, grid: Grid, where: Layout, plasma: int) -> None:
    """Dispersion, bulk flow downwards, and absorption with the fluid, in CSF from the head to S2."""
    csf = where.segment["csf"]
    volume, area = grid.csf_ml, grid.area_cm2
    absorbed = p.absorption_ml_h * grid.dura_cm2 / grid.dura_cm2.sum()
    flow_into = absorbed[::-1].cumsum()[::-1]
    steepness = np.log(p.dispersion_caudal_cm2_h / p.dispersion_rostral_cm2_h)
    edge = np.arange(grid.cells) / grid.cells
    dispersion = p.dispersion_rostral_cm2_h * np.exp(steepness * edge)
    above = np.concatenate([[area[0]], area[:-1]])
    exchange = dispersion * 2 * area * above / (area + above) / grid.cell_cm
    upper_volume = np.concatenate([[p.cranial_ml], volume[:-1]])
    upper = np.concatenate([[where.index["cranial"]], csf[:-1]])
    for cell in range(grid.cells):
        _move(matrix, upper[cell], csf[cell], (exchange[cell] + flow_into[cell]) / upper_volume[cell])
        _move(matrix, csf[cell], upper[cell], exchange[cell] / volume[cell])
        _move(matrix, csf[cell], plasma, absorbed[cell] / volume[cell])
    _move(matrix, where.index["cranial"], plasma, (p.production_ml_h - p.absorption_ml_h) / p.cranial_ml)


def _walls(matrix: Array, p: SpineParameters, grid: Grid, where: Layout, plasma: int) -> None:
    """Cord on one side of the CSF; meninges, epidural tissue and fat on the other; blood takes up from both."""
    epidural_ml = p.epidural_ml_cm * grid.cell_cm
    fat_back = p.epidural_to_fat_per_h / p.fat_over_epidural
    for cell in range(grid.cells):
        csf, cord, meninges, epidural, fat = (int(where.segment[name][cell]) for name in SEGMENT_STATES)
        if cord >= 0:
            exchange = p.cord_exchange_ml_h_cm * grid.cord_cm[cell]
            _move(matrix, csf, cord, exchange / grid.csf_ml[cell])
            _move(matrix, cord, csf, exchange / (p.cord_over_csf * grid.cord_ml[cell]))
            _move(matrix, cord, plasma, p.cord_to_plasma_per_h)
        half = 2 * p.dural_permeability_cm_h * grid.dura_cm2[cell]
        meninges_ml = p.meningeal_ml_per_cm2 * grid.dura_cm2[cell]
        _move(matrix, csf, meninges, half / grid.csf_ml[cell])
        _move(matrix, meninges, csf, half / meninges_ml)
        _move(matrix, meninges, epidural, half / meninges_ml)
        _move(matrix, epidural, meninges, half / epidural_ml)
        _move(matrix, epidural, plasma, p.epidural_to_plasma_per_h)
        _move(matrix, epidural, fat, p.epidural_to_fat_per_h)
        _move(matrix, fat, epidural, fat_back)


def _blood(matrix: Array, p: SystemicParameters, pool_ml: float, where: Layout) -> None:
    """Plasma and its peripherals, elimination, glucuronides, and the uniform pool that blood fills in CSF."""
    at = where.index
    for number, (out, back) in enumerate(p.peripherals, start=1):
        _move(matrix, at["plasma"], at[f"plasma_peripheral_{number}"], out)
        _move(matrix, at[f"plasma_peripheral_{number}"], at["plasma"], back)
    _move(matrix, at["plasma"], at["pool_from_blood"], p.pool_per_h * p.pool_over_plasma * pool_ml / p.plasma_ml)
    _move(matrix, at["pool_from_blood"], at["plasma"], p.pool_per_h)
    other = 1.0 - p.fraction_m3g - p.fraction_m6g - p.fraction_renal
    for name, share in (
        ("m3g", p.fraction_m3g),
        ("m6g", p.fraction_m6g),
        ("kidney_unchanged", p.fraction_renal),
        ("liver_other", other),
    ):
        _move(matrix, at["plasma"], at[name], share * p.elimination_per_h)
    _move(matrix, at["m3g"], at["urine_m3g"], p.m3g_per_h)
    _move(matrix, at["m6g"], at["urine_m6g"], p.m6g_per_h)


def _gut(matrix: Array, p: SystemicParameters, where: Layout) -> None:
    """Absorption: to plasma, to what the liver makes at first pass, and to faeces."""
    taken = p.absorbed - p.bioavailability
    shares = {
        "plasma": p.bioavailability,
        "m3g": taken * p.first_pass_m3g,
        "m6g": taken * p.first_pass_m6g,
        "liver_other": taken * (1.0 - p.first_pass_m3g - p.first_pass_m6g),
        "faeces": 1.0 - p.absorbed,
    }
    for gut, rate in (("gut_immediate", p.ka_immediate_per_h), ("gut_controlled", p.ka_controlled_per_h)):
        for target, share in shares.items():
            _move(matrix, where.index[gut], where.index[target], share * rate)


def _effect_sites(matrix: Array, p: SystemicParameters, where: Layout) -> None:
    """``dC_e/dt = k_e0 (C - C_e)``, in ng/mL: they listen to blood and take nothing from it."""
    at = where.index
    for site, source, rate, per_mg in (
        ("effect_drug", "plasma", p.effect_drug_per_h, NG_PER_MG / p.plasma_ml),
        ("effect_m6g", "m6g", p.effect_m6g_per_h, NG_PER_MG * p.glucuronide_mass_ratio / p.m6g_ml),
        ("breathing_drug", "plasma", p.breathing_drug_per_h, NG_PER_MG / p.plasma_ml),
        ("breathing_m6g", "m6g", p.breathing_m6g_per_h, NG_PER_MG * p.glucuronide_mass_ratio / p.m6g_ml),
    ):
        matrix[at[site], at[source]] += rate * per_mg
        matrix[at[site], at[site]] -= rate
