"""How much of the drive to breathe a drug takes away: the danger of opioids in CSF that travels to the head.

Units: h, ng/mL; loss of drive is a share from 0 to 1. ``B = C_C1 / C50_csf + C_e / C50 + C_e,M6G / C50_M6G``, loss
``B / (1 + B)``: CSF at C1 stands for the brainstem, effect sites for what blood brings. Source: table ``breathing`` of
the drug's file; for other opioids than morphine derived from potency, which their notes say. An index of a mean adult
new to opioids, never the chance of an event.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from thecal.body.model import Frame
from thecal.body.parameters import NO_CHANGES, Changes, Values, require
from thecal.body.trace import Trace

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Breathing:
    """Loss of drive at ``times_h``, by which path, and when it is largest.

    ``flagged`` is where the loss exceeds the mark above which a person new to opioids is watched; shape (times,).
    """

    times_h: Array
    loss: Array
    from_csf: Array
    from_blood: Array
    peak_loss: float
    peak_at_h: float
    csf_peak_at_h: float
    flagged: npt.NDArray[np.bool_]


def breathing(trace: Trace, changes: Changes = NO_CHANGES) -> Breathing:
    """The loss of drive along a trace. Raises Refused for drugs without a sourced potency on breathing."""
    drug = trace.model.parameters.drug
    require(drug, "breathing")
    rows = breathing_rows(trace.model, changes)
    csf, blood = (trace.output(row) for row in rows)
    total = csf + blood
    loss = total / (1.0 + total)
    share = np.divide(csf, total, out=np.zeros_like(csf), where=total > 0)
    top = int(np.argmax(loss))
    return Breathing(
        times_h=trace.times_h,
        loss=loss,
        from_csf=loss * share,
        from_blood=loss * (1.0 - share),
        peak_loss=float(loss[top]),
        peak_at_h=float(trace.times_h[top]),
        csf_peak_at_h=float(trace.times_h[int(np.argmax(csf))]),
        flagged=loss > Values(drug, changes)("breathing.flag_above"),
    )


def breathing_rows(model: Frame, changes: Changes = NO_CHANGES) -> tuple[Array, Array]:
    """Rows that read the two parts of B, by CSF at C1 and by blood, from the states; each of shape (states,)."""
    values = Values(model.parameters.drug, changes)
    csf = model.csf_row(model.level_z("C1"), from_blood=False) / values("breathing.C50_brainstem_csf")
    blood = model.named_row("breathing_drug") / values("breathing.C50_systemic")
    if values.has("breathing.C50_M6G"):
        blood += model.named_row("breathing_m6g") / values("breathing.C50_M6G")
    return csf, blood
