"""One patient's linear model: grid, matrix, modes, the columns that inputs enter by and the rows that are read.

Units: mg, h, ng/mL. Models of equal parameters are shared; building one takes some tens of milliseconds.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from thecal.body.assembly import DEPOTS, NG_PER_MG, OBSERVERS, SEGMENT_STATES, WAYS_OUT, Layout, assemble, layout
from thecal.body.checks import one_of
from thecal.body.grid import STANDARD_CELLS, Grid, make_grid
from thecal.body.modes import Modes, find_modes
from thecal.body.parameters import Parameters, SpineParameters
from thecal.body.person import Tip
from thecal.body.spine import dermatome, level, levels_with_csf

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """Where things are: the rows that read and the columns that inputs enter by, each of shape (states,).

    With parameters and grid of many patients (arrays of shape (patients, 1)) they have shape (patients, states).
    """

    parameters: Parameters
    grid: Grid
    where: Layout

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the states, in order."""
        return self.where.names

    def level_z(self, name: str) -> float:
        """Middle of a vertebral level in mm; Refused where there is no CSF."""
        return level(one_of("level", name, levels_with_csf(), "body.unknown_level")).z_mid_mm

    def dermatome_z(self, name: str) -> float:
        """Middle in mm of the cord segment that serves a dermatome; Refused for an unknown one."""
        return dermatome(name).z_mid_mm

    def csf_row(self, z_mm: float, from_blood: bool = True) -> Array:
        """Reads CSF in ng/mL at ``z_mm``."""
        return self._local("csf", self.grid.csf_ml, z_mm) + (self._pool(1.0) if from_blood else 0.0)

    def cord_row(self, z_mm: float, from_blood: bool = True) -> Array:
        """Reads cord in ng/mL at ``z_mm``, or at the lowest cord when that lies above."""
        pool = self._pool(self.parameters.spine.cord_over_csf) if from_blood else 0.0
        return self._local("cord", self.grid.cord_ml, z_mm) + pool

    def epidural_row(self, z_mm: float) -> Array:
        """Reads epidural tissue in ng/mL at ``z_mm``."""
        volume = self.parameters.spine.epidural_ml_cm * self.grid.cell_cm
        return self._local("epidural", np.broadcast_to(volume, self.grid.csf_ml.shape), z_mm)

    def named_row(self, name: str) -> Array:
        """Reads ``plasma``, ``m3g``, ``m6g``, ``cranial`` or an effect site in ng/mL."""
        systemic = self.parameters.systemic
        per_mg = {
            "plasma": NG_PER_MG / systemic.plasma_ml,
            "m3g": NG_PER_MG * systemic.glucuronide_mass_ratio / systemic.m3g_ml,
            "m6g": NG_PER_MG * systemic.glucuronide_mass_ratio / systemic.m6g_ml,
            "cranial": NG_PER_MG / self.parameters.spine.cranial_ml,
            **dict.fromkeys(OBSERVERS, 1.0),
        }
        row = self._empty()
        row[..., [self.where.index[one_of("reading", name, per_mg)]]] = per_mg[name]
        return row + (self._pool(1.0) if name == "cranial" else 0.0)

    def amount_rows(self) -> dict[str, Array]:
        """Rows that read the mg in each kind of compartment and each way out; together they hold all drug."""
        rows = {name: self._sum(self.where.segment[name]) for name in SEGMENT_STATES}
        for name in (
            "cranial",
            "plasma",
            "pool_from_blood",
            *DEPOTS,
            "m3g",
            "m6g",
            *WAYS_OUT,
        ):
            rows[name] = self._sum(np.array([self.where.index[name]]))
        far = [i for name, i in self.where.index.items() if name.startswith("plasma_peripheral")]
        rows["tissues"] = self._sum(np.array(far, dtype=np.intp))
        return rows

    def mass_row(self) -> Array:
        """Reads all drug, in the body and gone from it."""
        row = np.ones(len(self.names))
        row[[self.where.index[name] for name in OBSERVERS]] = 0.0
        return row

    def column(self, entry: str, tip: Tip | None = None, volume_ml: float = 0.0) -> Array:
        """Where 1 mg enters: at ``tip``, or without one ``intravenous``, ``pocket`` or an oral release.

        It is spread by the first mixing of ``volume_ml``. An infusion has volume 0: a pump's pulses are tiny boluses.
        """
        column = self._empty()
        if tip is None:
            single = {
                "intravenous": "plasma",
                "pocket": "pocket",
                "immediate": "gut_immediate",
                "controlled": "gut_controlled",
            }
            column[..., self.where.index[single[entry]]] = 1.0
            return column
        name = "csf" if tip.compartment == "intrathecal" else "epidural"
        z_mm = self.level_z(tip.level)
        column[..., self.where.segment[name]] = first_mixing(self.parameters.spine, self.grid, name, z_mm, volume_ml)
        return column

    def _empty(self) -> Array:
        return np.zeros((*self.grid.csf_ml.shape[:-1], len(self.names)))

    def _local(self, name: str, volume_ml: Array, z_mm: float) -> Array:
        states = self.where.segment[name]
        among = np.flatnonzero(states >= 0)
        row = self._empty()
        weights = self.grid.weights(z_mm, among)
        row[..., states[among]] = NG_PER_MG * weights[among] / volume_ml[..., among]
        return row

    def _pool(self, ratio: float) -> Array:
        row = self._empty()
        row[..., [self.where.index["pool_from_blood"]]] = NG_PER_MG * ratio / self.grid.csf_ml.sum(-1, keepdims=True)
        return row

    def _sum(self, states: npt.NDArray[np.intp]) -> Array:
        row = np.zeros(len(self.names))
        row[states[states >= 0]] = 1.0
        return row


@dataclass(frozen=True, slots=True, eq=False)
class Model(Frame):
    """One patient's frame with ``matrix``, shape (states, states) in 1/h, and its modes."""

    matrix: Array
    modes: Modes

    def read(self, rows: Array, modal: Array, given_mg: Array) -> Array:
        """Readings, shape (times, rows), from modal states (times, states) and the mg given by then (times,).

        A reading below 1e-12 of what all the drug given would read in its smallest compartment is rounding, and is
        returned as zero.
        """
        values: Array = modal @ (rows @ self.modes.vectors).T
        rounding = 1e-12 * given_mg[:, None] * np.abs(rows).max(axis=1)[None, :]
        return np.where(np.abs(values) < rounding, 0.0, values)


def first_mixing(spine: SpineParameters, grid: Grid, name: str, z_mm: float, volume_ml: float) -> Array:
    """Gaussian shares, sum 1, of drug that enters ``name`` (csf or epidural) at ``z_mm``.

    Variance of the small-bolus width plus that of a plug as long as the volume. Shape (..., cells).
    """
    here = grid.weights(z_mm, np.arange(grid.cells))
    area = (grid.area_cm2 * here).sum(axis=-1, keepdims=True) if name == "csf" else spine.epidural_ml_cm
    sd = np.sqrt(spine.bolus_sd_cm**2 + (volume_ml / area) ** 2 / 12)
    distance = (grid.z_mm - z_mm) / 10 * spine.length_scale
    share: Array = np.exp(-0.5 * (distance / sd) ** 2)
    return share / share.sum(axis=-1, keepdims=True)


@lru_cache(maxsize=24)
def build(parameters: Parameters, cells: int = STANDARD_CELLS) -> Model:
    """The model of these parameters on a grid of ``cells``; the same object for equal parameters."""
    grid = make_grid(parameters.spine.length_scale, cells, parameters.spine.csf_scale, parameters.spine.cord_scale)
    where = layout(grid, len(parameters.systemic.peripherals))
    matrix = assemble(parameters, grid, where)
    matrix.setflags(write=False)
    return Model(parameters, grid, where, matrix, find_modes(matrix, where.blocks))
