"""The spine cut into equal cells from C1 to S2, 10 mm each unless another grid is asked for.

Units: cm, cm2, mL. The number of cells does not change with body height, so states mean the same in everybody.
Volumes are exact integrals of the levels in ``data/anatomy.toml``.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from thecal.body.checks import number
from thecal.body.spine import spine_levels

Array = npt.NDArray[np.float64]

STANDARD_CELLS = 66


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """Cells from above downwards; every array has shape (cells,). ``z_mm`` are mid-points in the reference adult."""

    cell_cm: float
    z_mm: Array
    csf_ml: Array
    cord_ml: Array
    cord_cm: Array
    dura_cm2: Array

    @property
    def cells(self) -> int:
        """How many there are."""
        return int(self.z_mm.size)

    @property
    def area_cm2(self) -> Array:
        """Cross-section of the CSF."""
        return self.csf_ml / self.cell_cm

    def weights(self, z_mm: float, among: npt.NDArray[np.intp]) -> Array:
        """Weights, shape (cells,), that interpolate a quantity at ``z_mm`` from the cells ``among``; sum 1."""
        weights = np.zeros(self.cells)
        places = self.z_mm[among]
        right = int(np.searchsorted(places, z_mm))
        if right == 0 or right == places.size:
            weights[among[min(right, places.size - 1)]] = 1.0
            return weights
        share = (z_mm - places[right - 1]) / (places[right] - places[right - 1])
        weights[among[right - 1]], weights[among[right]] = 1.0 - share, share
        return weights


def cells_for(cell_mm: float) -> int:
    """How many cells of about ``cell_mm`` (in the reference adult) fill the canal. Refused outside 2 to 30 mm."""
    number("cell_mm", cell_mm, "mm", 2.0, 30.0)
    bottom = max(level.z_top_mm + level.length_mm for level in spine_levels() if level.has_csf)
    return max(1, round(bottom / cell_mm))


def make_grid(
    length_scale: float, cells: int = STANDARD_CELLS, csf_scale: float = 1.0, cord_scale: float = 1.0
) -> Grid:
    """The grid of an adult whose lengths are ``length_scale`` times those of the reference adult.

    ``csf_scale`` and ``cord_scale`` multiply the cross-sections of CSF and cord.
    """
    levels = [level for level in spine_levels() if level.has_csf]
    bottom = levels[-1].z_top_mm + levels[-1].length_mm
    edges = np.linspace(0.0, bottom, cells + 1)

    def integral(values: list[float]) -> Array:
        tops = np.array([level.z_top_mm for level in levels] + [bottom])
        total = np.concatenate([[0.0], np.cumsum(np.array(values) * np.diff(tops))])
        cut: Array = np.diff(np.interp(edges, tops, total)) * length_scale
        return cut

    return Grid(
        cell_cm=bottom / cells / 10 * length_scale,
        z_mm=(edges[1:] + edges[:-1]) / 2,
        csf_ml=integral([level.csf_area_mm2 for level in levels]) * csf_scale / 1e3,
        cord_ml=integral([level.cord_area_mm2 for level in levels]) * cord_scale / 1e3,
        cord_cm=integral([float(level.has_cord) for level in levels]) / 10,
        dura_cm2=integral([level.dural_perimeter_mm for level in levels]) / 1e2,
    )
