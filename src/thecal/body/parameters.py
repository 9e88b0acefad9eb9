"""All numbers of one patient's linear model, resolved from the reference data and the person.

Units: h, cm, mL, mL/h, 1/h; concentrations elsewhere in ng/mL. Frozen and hashable, so that equal patients
share one model. Sources: ``data/anatomy.toml``, ``data/morphine.toml``.
"""

import math
from dataclasses import dataclass

from thecal.body.checks import one_of
from thecal.body.person import Person
from thecal.body.reference import Entry, entries, entry

DRUGS = ("morphine",)

PER_HOUR = {"1/min": 60.0, "mL/min": 60.0, "cm2/s": 3600.0, "cm/min": 60.0, "mL/min/cm": 60.0}


@dataclass(frozen=True, slots=True)
class SpineParameters:
    """Transport along and out of the spine. Lengths scale with body height."""

    length_scale: float
    production_ml_h: float
    absorption_ml_h: float
    cranial_ml: float
    dispersion_rostral_cm2_h: float
    dispersion_caudal_cm2_h: float
    dural_permeability_cm_h: float
    meningeal_ml_per_cm2: float
    cord_exchange_ml_h_cm: float
    cord_over_csf: float
    cord_to_plasma_per_h: float
    epidural_ml_cm: float
    epidural_to_plasma_per_h: float
    epidural_to_fat_per_h: float
    fat_over_epidural: float
    bolus_sd_cm: float


@dataclass(frozen=True, slots=True)
class SystemicParameters:
    """Plasma (mammillary), metabolites, gut, and the pool that blood fills. Peripherals as (k out, k back)."""

    plasma_ml: float
    elimination_per_h: float
    peripherals: tuple[tuple[float, float], ...]
    fraction_m3g: float
    fraction_m6g: float
    fraction_renal: float
    m3g_ml: float
    m6g_ml: float
    m3g_per_h: float
    m6g_per_h: float
    ka_immediate_per_h: float
    ka_controlled_per_h: float
    bioavailability: float
    absorbed: float
    first_pass_m3g: float
    first_pass_m6g: float
    pool_over_plasma: float
    pool_per_h: float
    effect_morphine_per_h: float
    effect_m6g_per_h: float
    glucuronide_mass_ratio: float

    @property
    def clearance_ml_h(self) -> float:
        """Clearance of drug from plasma."""
        return self.plasma_ml * self.elimination_per_h


@dataclass(frozen=True, slots=True)
class Parameters:
    """One patient's linear model, whole."""

    drug: str
    spine: SpineParameters
    systemic: SystemicParameters


def parameters(person: Person, drug: str, clearance_factor: float = 1.0) -> Parameters:
    """The model of ``person`` for ``drug``; ``clearance_factor`` scales plasma clearance (for bands).

    Raises Refused for a drug that the body model does not know.
    """
    one_of("drug", drug, DRUGS, "body.unknown_drug")
    return Parameters(drug, _spine(person, drug), _systemic(person, drug, clearance_factor))


def unconfirmed(drug: str) -> tuple[Entry, ...]:
    """The parameters of ``drug`` and of the spine that nobody has confirmed in a source."""
    one_of("drug", drug, DRUGS, "body.unknown_drug")
    both = (*entries("anatomy").values(), *entries(drug).values())
    return tuple(item for item in both if not item.confirmed)


def _spine(person: Person, drug: str) -> SpineParameters:
    fold = {"low": -1, "mid": 0, "high": 1}[person.dispersion]
    factor = entry("anatomy", "dispersion.preset_fold").value ** fold
    return SpineParameters(
        length_scale=person.height_cm / entry("anatomy", "reference_height_cm").value,
        production_ml_h=_value("anatomy", "csf.production"),
        absorption_ml_h=_value("anatomy", "csf.spinal_absorption"),
        cranial_ml=_value("anatomy", "csf.cranial_volume"),
        dispersion_rostral_cm2_h=_value("anatomy", "dispersion.rostral") * factor,
        dispersion_caudal_cm2_h=_value("anatomy", "dispersion.caudal") * factor,
        dural_permeability_cm_h=_value(drug, "spinal.dural_permeability"),
        meningeal_ml_per_cm2=_value(drug, "spinal.meningeal_volume"),
        cord_exchange_ml_h_cm=_value(drug, "spinal.csf_to_cord_PS"),
        cord_over_csf=_value(drug, "spinal.cord_over_csf"),
        cord_to_plasma_per_h=_value(drug, "spinal.cord_to_plasma"),
        epidural_ml_cm=_value(drug, "spinal.epidural_volume"),
        epidural_to_plasma_per_h=_value(drug, "spinal.epidural_to_plasma"),
        epidural_to_fat_per_h=_value(drug, "spinal.epidural_to_fat"),
        fat_over_epidural=_value(drug, "spinal.fat_over_epidural"),
        bolus_sd_cm=_value(drug, "spinal.bolus_sd"),
    )


def _systemic(person: Person, drug: str, clearance_factor: float) -> SystemicParameters:
    def of_set(key: str) -> float:
        return _value(drug, f"plasma.{person.disposition}.{key}")

    plasma_ml, elimination, peripherals = _plasma(person, drug)
    albumin = of_set("albumin_reference") if person.albumin_g_l is None else person.albumin_g_l
    renal = (person.egfr / _value(drug, "metabolite.egfr_reference")) ** _value(drug, "metabolite.egfr_exponent")
    renal *= (albumin / of_set("albumin_reference")) ** _value(drug, "metabolite.albumin_exponent")
    m3g_ml, m6g_ml = 1e3 * _value(drug, "metabolite.V_M3G"), 1e3 * _value(drug, "metabolite.V_M6G")
    return SystemicParameters(
        plasma_ml=plasma_ml,
        elimination_per_h=elimination * clearance_factor,
        peripherals=peripherals,
        fraction_m3g=of_set("fraction_M3G"),
        fraction_m6g=of_set("fraction_M6G"),
        fraction_renal=of_set("fraction_renal"),
        m3g_ml=m3g_ml,
        m6g_ml=m6g_ml,
        m3g_per_h=renal * 1e3 * of_set("clearance_M3G") / m3g_ml,
        m6g_per_h=renal * 1e3 * of_set("clearance_M6G") / m6g_ml,
        ka_immediate_per_h=_value(drug, "gut.ka_immediate"),
        ka_controlled_per_h=_value(drug, "gut.ka_controlled"),
        bioavailability=of_set("F_oral"),
        absorbed=_value(drug, "gut.fraction_absorbed"),
        first_pass_m3g=of_set("first_pass_M3G"),
        first_pass_m6g=of_set("first_pass_M6G"),
        pool_over_plasma=_value(drug, "from_blood.csf_over_plasma"),
        pool_per_h=math.log(2) / _value(drug, "from_blood.half_time"),
        effect_morphine_per_h=math.log(2) / _value(drug, "effect.half_time_morphine"),
        effect_m6g_per_h=math.log(2) / _value(drug, "effect.half_time_M6G"),
        glucuronide_mass_ratio=_value(drug, "molecule.glucuronide_molar_mass") / _value(drug, "molecule.molar_mass"),
    )


def _plasma(person: Person, drug: str) -> tuple[float, float, tuple[tuple[float, float], ...]]:
    """Volume in mL, elimination in 1/h, and the (out, back) rates of each peripheral compartment."""
    key = f"plasma.{person.disposition}."
    if person.disposition == "palliative":
        v1, v2 = _value(drug, key + "V1"), _value(drug, key + "V2")
        q = _value(drug, key + "Q")
        return 1e3 * v1, _value(drug, key + "CL") / v1, ((q / v1, q / v2),)
    rates = {name: _value(drug, key + name) for name in ("k10", "k12", "k13", "k21", "k31")}
    volume = 1e3 * _value(drug, key + "V1") * person.weight_kg
    return volume, rates["k10"], ((rates["k12"], rates["k21"]), (rates["k13"], rates["k31"]))


def _value(name: str, key: str) -> float:
    """A reference value on the model's hour."""
    item = entry(name, key)
    return item.value * PER_HOUR.get(item.unit, 1.0)
