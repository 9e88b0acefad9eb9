"""All numbers of one patient's linear model, resolved from the reference data and the person.

Units: h, cm, mL, mL/h, 1/h; concentrations elsewhere in ng/mL. Frozen and hashable, so that equal patients
share one model. Sources: ``data/anatomy.toml`` and the drug's own file; what that file lacks is borrowed and marked.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from thecal.body.checks import one_of, refuse
from thecal.body.person import Person
from thecal.body.reference import DRUGS, Entry, entries, refused_outputs, table

PER_HOUR = {
    "1/min": 60.0,
    "mL/min": 60.0,
    "cm2/s": 3600.0,
    "cm/min": 60.0,
    "mL/min/cm": 60.0,
    "L/min": 60.0,
}
"""What turns a unit of the data into the model's hour; every other unit is in hours or has no time in it."""
MILLI = {"L": 1e3, "L/kg": 1e3, "L/h": 1e3, "L/h/kg": 1e3, "L/min": 1e3}
DEFAULT_SET = "three_compartment"
Changes = Mapping[tuple[str, str], float]
NO_CHANGES: Changes = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Values:
    """The values of one drug and of the spine, some of them changed: keys are (table, key), as in the data.

    A change of morphine's value also changes what other drugs borrow of it.
    """

    drug: str
    changes: Changes = field(default_factory=lambda: NO_CHANGES)

    def of(self, name: str, key: str) -> float:
        """The value on the model's hour."""
        item = entries(name)[key]
        value = self.changes.get((item.borrowed_from or name, key), item.value)
        return value * PER_HOUR.get(item.unit, 1.0)

    def __call__(self, key: str) -> float:
        """A value of the drug's own file."""
        return self.of(self.drug, key)

    def has(self, key: str) -> bool:
        """Whether the drug's file holds ``key``."""
        return key in entries(self.drug)

    def or_zero(self, key: str) -> float:
        """The value, or 0 for what the drug does not have, such as a metabolite."""
        return self(key) if self.has(key) else 0.0

    def amount(self, key: str, weight_kg: float) -> float:
        """A volume in mL or a clearance in mL/h, whatever unit it was published in."""
        unit = entries(self.drug)[key].unit
        return self(key) * MILLI.get(unit, 1.0) * (weight_kg if unit.endswith("/kg") else 1.0)


@dataclass(frozen=True, slots=True)
class SpineParameters:
    """Transport along and out of the spine. Lengths scale with body height."""

    length_scale: float
    csf_scale: float
    cord_scale: float
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
    effect_drug_per_h: float
    effect_m6g_per_h: float
    breathing_drug_per_h: float
    breathing_m6g_per_h: float
    pocket_per_h: float
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


def parameters(person: Person, drug: str, clearance_factor: float = 1.0, changes: Changes = NO_CHANGES) -> Parameters:
    """The model of ``person`` for ``drug``; ``clearance_factor`` scales plasma clearance (for bands).

    ``changes`` replaces reference values, for estimation and sensitivity. Raises Refused for a drug that the body
    model does not know, and for a plasma set that the drug does not have.
    """
    one_of("drug", drug, DRUGS, "body.unknown_drug")
    values = Values(drug, changes)
    return Parameters(drug, _spine(person, values), _systemic(person, values, clearance_factor))


def unconfirmed(drug: str) -> tuple[Entry, ...]:
    """The parameters of ``drug`` and of the spine that nobody has confirmed in a source, borrowed ones too."""
    one_of("drug", drug, DRUGS, "body.unknown_drug")
    both = (*entries("anatomy").values(), *entries(drug).values())
    return tuple(item for item in both if not item.confirmed)


def require(drug: str, output: str) -> None:
    """Refuses an output that no source of ``drug`` supports, with the reason.

    ``output``: ``relief``, ``breathing``, ``oral``, ``epidural`` or ``metabolites``.
    """
    one_of("drug", drug, DRUGS, "body.unknown_drug")
    reason = refused_outputs(drug).get(output)
    if reason is not None:
        able = ", ".join(name for name in DRUGS if output not in refused_outputs(name))
        raise refuse(
            "drug", drug, f"Ask it of {able}.", "body.not_supported", f"has no {output} in this model: {reason}"
        )


def plasma_set(drug: str, disposition: str) -> str:
    """The plasma model that ``disposition`` chooses for ``drug``: its own, where the standard one is asked for."""
    sets: tuple[str, ...] = tuple(table(drug)["plasma"])
    if disposition in sets:
        return disposition
    if disposition != DEFAULT_SET:
        raise refuse(
            "disposition",
            disposition,
            f"Use {DEFAULT_SET}, which takes the drug's own set.",
            "body.not_supported",
            f"is no plasma set of {drug}",
        )
    return sets[0]


def _spine(person: Person, values: Values) -> SpineParameters:
    fold = {"low": -1, "mid": 0, "high": 1}[person.dispersion]
    own = person.variation
    factor = values.of("anatomy", "dispersion.preset_fold") ** fold * own.dispersion

    def anatomy(key: str) -> float:
        return values.of("anatomy", key)

    return SpineParameters(
        length_scale=person.height_cm / anatomy("reference_height_cm"),
        csf_scale=own.csf_area,
        cord_scale=own.cord_area,
        production_ml_h=anatomy("csf.production"),
        absorption_ml_h=anatomy("csf.spinal_absorption"),
        cranial_ml=anatomy("csf.cranial_volume"),
        dispersion_rostral_cm2_h=anatomy("dispersion.rostral") * factor,
        dispersion_caudal_cm2_h=anatomy("dispersion.caudal") * factor,
        dural_permeability_cm_h=values("spinal.dural_permeability") * own.dural_permeability,
        meningeal_ml_per_cm2=values("spinal.meningeal_volume"),
        cord_exchange_ml_h_cm=values("spinal.csf_to_cord_PS") * own.cord_exchange,
        cord_over_csf=values("spinal.cord_over_csf"),
        cord_to_plasma_per_h=values("spinal.cord_to_plasma") * own.cord_uptake,
        epidural_ml_cm=values("spinal.epidural_volume") * own.epidural_volume,
        epidural_to_plasma_per_h=values("spinal.epidural_to_plasma") * own.epidural_uptake,
        epidural_to_fat_per_h=values("spinal.epidural_to_fat"),
        fat_over_epidural=values("spinal.fat_over_epidural"),
        bolus_sd_cm=values("spinal.bolus_sd"),
    )


def _systemic(person: Person, values: Values, clearance_factor: float) -> SystemicParameters:
    key = f"plasma.{plasma_set(values.drug, person.disposition)}."
    own = person.variation
    plasma_ml, elimination, peripherals = _plasma(person, values, key)
    eliminated, renal_share = _kidney(person, values, key)
    m3g, m6g = _glucuronides(person, values, key)
    absorbed = values.or_zero("gut.fraction_absorbed")
    return SystemicParameters(
        plasma_ml=plasma_ml,
        elimination_per_h=elimination * eliminated * clearance_factor * own.clearance,
        peripherals=peripherals,
        fraction_m3g=values.or_zero(key + "fraction_M3G"),
        fraction_m6g=values.or_zero(key + "fraction_M6G"),
        fraction_renal=renal_share,
        m3g_ml=m3g[0],
        m6g_ml=m6g[0],
        m3g_per_h=m3g[1],
        m6g_per_h=m6g[1],
        ka_immediate_per_h=values("gut.ka_immediate") if absorbed else 1.0,
        ka_controlled_per_h=values("gut.ka_controlled") if absorbed else 1.0,
        bioavailability=min(values.or_zero(key + "F_oral") * own.bioavailability, absorbed),
        absorbed=absorbed,
        first_pass_m3g=values.or_zero(key + "first_pass_M3G"),
        first_pass_m6g=values.or_zero(key + "first_pass_M6G"),
        pool_over_plasma=values("from_blood.csf_over_plasma"),
        pool_per_h=math.log(2) / values("from_blood.half_time"),
        effect_drug_per_h=_site(values, "effect.half_time_systemic"),
        effect_m6g_per_h=_site(values, "effect.half_time_M6G"),
        breathing_drug_per_h=_site(values, "breathing.half_time_systemic"),
        breathing_m6g_per_h=_site(values, "breathing.half_time_M6G"),
        pocket_per_h=values.of("morphine", "pocket.ka"),
        glucuronide_mass_ratio=values.or_zero("molecule.glucuronide_molar_mass") / values("molecule.molar_mass"),
    )


def _site(values: Values, key: str) -> float:
    """Rate of an effect site; 0, so that it stays empty, where the drug has none."""
    return math.log(2) / values(key) if values.has(key) else 0.0


def _kidney(person: Person, values: Values, key: str) -> tuple[float, float]:
    """Elimination over that of the reference kidney, and the share of it that the kidney does unchanged."""
    share = values(key + "fraction_renal")
    renal = share * (person.egfr / values.of("morphine", "metabolite.egfr_reference")) ** values(
        key + "egfr_exponent_unchanged"
    )
    whole = 1.0 - share + renal
    return whole, renal / whole


def _glucuronides(person: Person, values: Values, key: str) -> tuple[tuple[float, float], tuple[float, float]]:
    """Volume in mL and elimination in 1/h of M3G and M6G; of drugs without them any volume that stays empty."""
    if not values.has("metabolite.V_M3G"):
        return (1.0, 1.0), (1.0, 1.0)
    reference = values(key + "albumin_reference")
    albumin = reference if person.albumin_g_l is None else person.albumin_g_l
    renal = (person.egfr / values("metabolite.egfr_reference")) ** values("metabolite.egfr_exponent")
    renal *= (albumin / reference) ** values("metabolite.albumin_exponent") * person.variation.glucuronide_clearance
    m3g, m6g = 1e3 * values("metabolite.V_M3G"), 1e3 * values("metabolite.V_M6G")
    return (
        (m3g, renal * 1e3 * values(key + "clearance_M3G") / m3g),
        (m6g, renal * 1e3 * values(key + "clearance_M6G") / m6g),
    )


def _plasma(person: Person, values: Values, key: str) -> tuple[float, float, tuple[tuple[float, float], ...]]:
    """Volume in mL, elimination in 1/h, and the (out, back) rates of each peripheral compartment.

    A set is published either as rates (k10, k12, ...) or as clearances and volumes (CL, V1, Q2, V2, ...).
    """
    volume = values.amount(key + "V1", person.weight_kg)
    if values.has(key + "k10"):
        rates = {name: values(key + name) for name in ("k10", "k12", "k13", "k21", "k31")}
        return volume, rates["k10"], ((rates["k12"], rates["k21"]), (rates["k13"], rates["k31"]))
    far = []
    for number in (2, 3):
        if values.has(f"{key}V{number}"):
            flow = values.amount(f"{key}Q{number}", person.weight_kg)
            far.append((flow / volume, flow / values.amount(f"{key}V{number}", person.weight_kg)))
    return volume, values.amount(key + "CL", person.weight_kg) / volume, tuple(far)
