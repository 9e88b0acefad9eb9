"""What a simulation returns: concentrations and amounts at the asked times.

Units: ng/mL, mg, h. Amounts of metabolites are in mg of the drug that they were made from, so that
amounts add up to what was given; their concentrations are in ng/mL of the metabolite itself.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from thecal.body.checks import one_of
from thecal.body.model import Model
from thecal.body.parameters import require

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """States at ``times_h`` (shape (times,)); every method gives an array of that shape unless it says otherwise.

    A value within the rounding of the arithmetic is reported as zero (see ``Model.read``).
    """

    times_h: Array
    given_mg: Array
    model: Model
    modal: Array
    notes: tuple[str, ...]

    def csf(self, level: str) -> Array:
        """CSF concentration in ng/mL in the middle of a vertebral level. Refused for a level without CSF."""
        return self.output(self.model.csf_row(self.model.level_z(level)))

    def cord(self, level: str) -> Array:
        """Cord concentration in ng/mL at a vertebral level; below the conus that of the lowest cord."""
        return self.output(self.model.cord_row(self.model.level_z(level)))

    def cord_at_dermatome(self, dermatome: str) -> Array:
        """Cord concentration in ng/mL at the segment that serves ``dermatome``."""
        return self.output(self.model.cord_row(self.model.dermatome_z(dermatome)))

    def epidural(self, level: str) -> Array:
        """Epidural tissue concentration in ng/mL at a vertebral level."""
        return self.output(self.model.epidural_row(self.model.level_z(level)))

    @property
    def plasma(self) -> Array:
        """Drug in plasma, ng/mL."""
        return self.output(self.model.named_row("plasma"))

    @property
    def m3g(self) -> Array:
        """Morphine-3-glucuronide in plasma, ng/mL. Refused for drugs whose metabolites are not modelled."""
        require(self.model.parameters.drug, "metabolites")
        return self.output(self.model.named_row("m3g"))

    @property
    def m6g(self) -> Array:
        """Morphine-6-glucuronide in plasma, ng/mL. Refused for drugs whose metabolites are not modelled."""
        require(self.model.parameters.drug, "metabolites")
        return self.output(self.model.named_row("m6g"))

    @property
    def cranial(self) -> Array:
        """Cranial CSF concentration, ng/mL."""
        return self.output(self.model.named_row("cranial"))

    def effect_site(self, substance: str) -> Array:
        """Effect-site concentration in ng/mL of the drug (by its name) or of ``m6g``, carried there by blood.

        Refused where the drug has no effect site in the sources.
        """
        drug = self.model.parameters.drug
        require(drug, "metabolites" if substance == "m6g" else "relief")
        site = "m6g" if one_of("substance", substance, (drug, "m6g")) == "m6g" else "drug"
        return self.output(self.model.named_row(f"effect_{site}"))

    def output(self, row: Array) -> Array:
        """Any linear reading of the states: ``row`` has shape (states,), for example ``model.csf_row(z_mm)``."""
        return self.model.read(row[None, :], self.modal, self.given_mg)[:, 0]

    def states_mg(self) -> Array:
        """All states, shape (times, states), in the order of ``model.names``; effect sites are in ng/mL."""
        return self.model.read(np.eye(len(self.model.names)), self.modal, self.given_mg)

    def amounts_mg(self) -> dict[str, Array]:
        """Amount by compartment (csf, cord, meninges, epidural, fat, cranial, plasma, ...) and by way out."""
        return {name: self.output(row) for name, row in self.model.amount_rows().items()}

    def mass_error(self) -> Array:
        """(amounts found - amount given) / amount given; 0 before anything was given."""
        total: Array = self.modal @ (self.model.mass_row() @ self.model.modes.vectors)
        return np.divide(total - self.given_mg, self.given_mg, out=np.zeros_like(total), where=self.given_mg > 0)
