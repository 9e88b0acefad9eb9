"""All of the linear model in one matrix: ``dx/dt = A x + B u``, x in mg, t in h.

Every transfer is written once, as a rate from one state to another, so that each column of ``A`` sums to
zero and nothing is lost: what leaves the body stays in states of its own. Effect sites (ng/mL) only listen.
The same lines write the matrices of many patients, whose parameters and grid then are arrays of shape (patients, 1).
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
            if name != "cord" or (grid.cord_ml[..., cell] > 0).all():
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
    found = elements(parameters.spine, parameters.systemic, grid, where)
    matrix = np.zeros((len(where.names), len(where.names)))
    np.add.at(matrix, (found.row, found.column), found.value)
    return matrix


@dataclass(frozen=True, slots=True, eq=False)
class Elements:
    """What adds up to the matrix: ``value[..., k]`` at ``(row[k], column[k])``."""

    row: npt.NDArray[np.intp]
    column: npt.NDArray[np.intp]
    value: Array


class _Transfers:
    """Collects rates from states to states; a rate has shape (moves,), or (patients, moves) for many patients."""

    def __init__(self) -> None:
        self._row: list[npt.NDArray[np.intp]] = []
        self._column: list[npt.NDArray[np.intp]] = []
        self._value: list[Array] = []

    def add(self, row: npt.ArrayLike, column: npt.ArrayLike, value: npt.ArrayLike) -> None:
        rows, columns, values = np.atleast_1d(row), np.atleast_1d(column), np.atleast_1d(value)
        count = max(rows.size, columns.size)
        self._row.append(np.broadcast_to(rows, (count,)))
        self._column.append(np.broadcast_to(columns, (count,)))
        self._value.append(np.broadcast_to(values, (*values.shape[:-1], count)))

    def move(self, source: npt.ArrayLike, target: npt.ArrayLike, rate: npt.ArrayLike) -> None:
        self.add(target, source, rate)
        self.add(source, source, -np.asarray(rate))

    def done(self) -> Elements:
        patients = max((value.shape[:-1] for value in self._value), key=len)
        values = [np.broadcast_to(value, (*patients, value.shape[-1])) for value in self._value]
        return Elements(np.concatenate(self._row), np.concatenate(self._column), np.concatenate(values, axis=-1))


def elements(spine: SpineParameters, systemic: SystemicParameters, grid: Grid, where: Layout) -> Elements:
    """The elements of A in 1/h, those of one place to be added up."""
    moves = _Transfers()
    _csf(moves, spine, grid, where)
    _walls(moves, spine, grid, where)
    _blood(moves, systemic, grid.csf_ml.sum(axis=-1, keepdims=True), where)
    _gut(moves, systemic, where)
    moves.move(where.index["pocket"], where.index["plasma"], systemic.pocket_per_h)
    _effect_sites(moves, systemic, where)
    return moves.done()


def _csf(moves: _Transfers, p: SpineParameters, grid: Grid, where: Layout) -> None:
    """Dispersion, bulk flow downwards, and absorption with the fluid, in CSF from the head to S2."""
    csf, plasma, cranial = where.segment["csf"], where.index["plasma"], where.index["cranial"]
    volume, area = grid.csf_ml, grid.area_cm2
    absorbed = p.absorption_ml_h * grid.dura_cm2 / grid.dura_cm2.sum(axis=-1, keepdims=True)
    flow_into = absorbed[..., ::-1].cumsum(axis=-1)[..., ::-1]
    steepness = np.log(p.dispersion_caudal_cm2_h / p.dispersion_rostral_cm2_h)
    edge = np.arange(grid.cells) / grid.cells
    dispersion = p.dispersion_rostral_cm2_h * np.exp(steepness * edge)
    above = np.concatenate([area[..., :1], area[..., :-1]], axis=-1)
    exchange = dispersion * 2 * area * above / (area + above) / grid.cell_cm
    head = np.broadcast_to(p.cranial_ml, (*volume.shape[:-1], 1))
    upper_volume = np.concatenate([head, volume[..., :-1]], axis=-1)
    upper = np.concatenate([[cranial], csf[:-1]])
    moves.move(upper, csf, (exchange + flow_into) / upper_volume)
    moves.move(csf, upper, exchange / volume)
    moves.move(csf, plasma, absorbed / volume)
    moves.move(cranial, plasma, (p.production_ml_h - p.absorption_ml_h) / p.cranial_ml)


def _walls(moves: _Transfers, p: SpineParameters, grid: Grid, where: Layout) -> None:
    """Cord on one side of the CSF; meninges, epidural tissue and fat on the other; blood takes up from both."""
    csf, cord, meninges, epidural, fat = (where.segment[name] for name in SEGMENT_STATES)
    plasma = where.index["plasma"]
    has = cord >= 0
    exchange = p.cord_exchange_ml_h_cm * grid.cord_cm[..., has]
    moves.move(csf[has], cord[has], exchange / grid.csf_ml[..., has])
    moves.move(cord[has], csf[has], exchange / (p.cord_over_csf * grid.cord_ml[..., has]))
    moves.move(cord[has], plasma, p.cord_to_plasma_per_h)
    half = 2 * p.dural_permeability_cm_h * grid.dura_cm2
    meninges_ml = p.meningeal_ml_per_cm2 * grid.dura_cm2
    moves.move(csf, meninges, half / grid.csf_ml)
    moves.move(meninges, csf, half / meninges_ml)
    moves.move(meninges, epidural, half / meninges_ml)
    moves.move(epidural, meninges, half / (p.epidural_ml_cm * grid.cell_cm))
    moves.move(epidural, plasma, p.epidural_to_plasma_per_h)
    moves.move(epidural, fat, p.epidural_to_fat_per_h)
    moves.move(fat, epidural, p.epidural_to_fat_per_h / p.fat_over_epidural)


def _blood(moves: _Transfers, p: SystemicParameters, pool_ml: Array, where: Layout) -> None:
    """Plasma and its peripherals, elimination, glucuronides, and the uniform pool that blood fills in CSF."""
    at = where.index
    for number, (out, back) in enumerate(p.peripherals, start=1):
        moves.move(at["plasma"], at[f"plasma_peripheral_{number}"], out)
        moves.move(at[f"plasma_peripheral_{number}"], at["plasma"], back)
    moves.move(at["plasma"], at["pool_from_blood"], p.pool_per_h * p.pool_over_plasma * pool_ml / p.plasma_ml)
    moves.move(at["pool_from_blood"], at["plasma"], p.pool_per_h)
    other = 1.0 - p.fraction_m3g - p.fraction_m6g - p.fraction_renal
    for name, share in (
        ("m3g", p.fraction_m3g),
        ("m6g", p.fraction_m6g),
        ("kidney_unchanged", p.fraction_renal),
        ("liver_other", other),
    ):
        moves.move(at["plasma"], at[name], share * p.elimination_per_h)
    moves.move(at["m3g"], at["urine_m3g"], p.m3g_per_h)
    moves.move(at["m6g"], at["urine_m6g"], p.m6g_per_h)


def _gut(moves: _Transfers, p: SystemicParameters, where: Layout) -> None:
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
            moves.move(where.index[gut], where.index[target], share * rate)


def _effect_sites(moves: _Transfers, p: SystemicParameters, where: Layout) -> None:
    """``dC_e/dt = k_e0 (C - C_e)``, in ng/mL: they listen to blood and take nothing from it."""
    at = where.index
    for site, source, rate, per_mg in (
        ("effect_drug", "plasma", p.effect_drug_per_h, NG_PER_MG / p.plasma_ml),
        ("effect_m6g", "m6g", p.effect_m6g_per_h, NG_PER_MG * p.glucuronide_mass_ratio / p.m6g_ml),
        ("breathing_drug", "plasma", p.breathing_drug_per_h, NG_PER_MG / p.plasma_ml),
        ("breathing_m6g", "m6g", p.breathing_m6g_per_h, NG_PER_MG * p.glucuronide_mass_ratio / p.m6g_ml),
    ):
        moves.add(at[site], at[source], rate * per_mg)
        moves.add(at[site], at[site], -np.asarray(rate))
