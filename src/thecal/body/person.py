"""Whom the body model is computed for, and where a catheter ends.

Units: kg, cm, years, mL/min/1.73 m2 (eGFR), g/L (albumin). Every field is checked when the value is made.
"""

from dataclasses import dataclass, field, fields
from typing import Literal

from thecal.body.checks import number, one_of, refuse
from thecal.body.spine import level_names, levels_with_csf

Dispersion = Literal["low", "mid", "high"]
Disposition = Literal["three_compartment", "palliative"]
Compartment = Literal["intrathecal", "epidural"]

DISPERSIONS: tuple[Dispersion, ...] = ("low", "mid", "high")
DISPOSITIONS: tuple[Disposition, ...] = ("three_compartment", "palliative")
COMPARTMENTS: tuple[Compartment, ...] = ("intrathecal", "epidural")


@dataclass(frozen=True, slots=True)
class Variation:
    """How one person differs from the mean: a factor on each quantity, 1 for the mean person.

    ``potency`` multiplies every concentration that halves pain (above 1: less sensitive); ``slow_tolerance`` the
    largest slow rise of it. Raises Refused for a factor that is not positive and finite.
    """

    dispersion: float = 1.0
    csf_area: float = 1.0
    cord_area: float = 1.0
    dural_permeability: float = 1.0
    cord_exchange: float = 1.0
    cord_uptake: float = 1.0
    epidural_volume: float = 1.0
    epidural_uptake: float = 1.0
    clearance: float = 1.0
    glucuronide_clearance: float = 1.0
    bioavailability: float = 1.0
    potency: float = 1.0
    slow_tolerance: float = 1.0

    def __post_init__(self) -> None:
        for item in fields(self):
            number(f"variation.{item.name}", getattr(self, item.name), "1", 1e-6, 1e6)


@dataclass(frozen=True, slots=True)
class Person:
    """An adult. ``dispersion`` chooses the axial mixing of CSF, ``disposition`` the plasma model.

    ``albumin_g_l`` None means the mean of the population that the plasma model was made from.
    ``prior_opioid_mg_day`` is what the person took by mouth before (mg of morphine a day): it leaves tolerance behind.
    Raises Refused for children (out of scope) and for values that no adult has.
    """

    weight_kg: float = 70.0
    height_cm: float = 172.0
    age: float | None = None
    egfr: float = 96.0
    albumin_g_l: float | None = None
    dispersion: Dispersion = "mid"
    disposition: Disposition = "three_compartment"
    prior_opioid_mg_day: float = 0.0
    variation: Variation = field(default_factory=Variation)

    def __post_init__(self) -> None:
        number("weight_kg", self.weight_kg, "kg", 30, 300)
        number("height_cm", self.height_cm, "cm", 120, 230)
        number("egfr", self.egfr, "mL/min/1.73 m2", 5, 250)
        if self.albumin_g_l is not None:
            number("albumin_g_l", self.albumin_g_l, "g/L", 10, 60)
        number("prior_opioid_mg_day", self.prior_opioid_mg_day, "mg/day", 0, 5000)
        one_of("dispersion", self.dispersion, DISPERSIONS)
        one_of("disposition", self.disposition, DISPOSITIONS)
        if self.age is not None and number("age", self.age, "years", 0, 120) < 18:
            raise refuse("age", self.age, "The model is for adults of 18 years or more.", "body.out_of_scope")


@dataclass(frozen=True, slots=True)
class Tip:
    """Where drug leaves a catheter: the vertebral level that the tip faces, and the space it lies in.

    Intrathecal tips lie between C1 and S2, where there is CSF; epidural tips between C1 and S2, where the
    model has epidural tissue. Raises Refused for anything else.
    """

    level: str = "T10"
    compartment: Compartment = "intrathecal"

    def __post_init__(self) -> None:
        one_of("tip.compartment", self.compartment, COMPARTMENTS)
        if self.level in level_names() and self.level not in levels_with_csf():
            raise refuse(
                "tip.level",
                self.level,
                f"Use a level from {levels_with_csf()[0]} to {levels_with_csf()[-1]}.",
                "body.tip_outside_canal",
                "lies below the dural sac, outside the modelled canal",
            )
        one_of("tip.level", self.level, levels_with_csf(), "body.unknown_level")
