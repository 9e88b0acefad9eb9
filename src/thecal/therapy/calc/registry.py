"""Every calculation by its name: the one table that the commands, the clinic and the documentation read."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from types import MappingProxyType

from thecal.quantity import Refusal, Refused
from thecal.therapy.calc import (
    admixture,
    blend,
    bridge,
    catheter_volume,
    clinician_bolus,
    constant_flow,
    conversions,
    external_pump,
    flow,
    multi_rate,
    path,
    patient_bolus,
    periodic,
    priming,
    recipes,
    refill_dates,
    residual,
    rounding,
    side_port,
    stall,
    tip,
    titration,
    trend,
    uncertainty,
    what_if,
)
from thecal.therapy.calc.calculation import Calculation
from thecal.therapy.door import checked

SECTIONS: Mapping[int, str] = MappingProxyType(
    {
        1: "Flow from dose and concentration",
        2: "Conversions",
        3: "Rounding, and the dose really given",
        4: "Catheter volume",
        5: "The fluid path as a queue",
        6: "Priming bolus",
        7: "Bridge bolus",
        8: "Blend with the residual",
        9: "Time to tip",
        10: "Refill date",
        11: "Residual and discrepancy",
        12: "Trend across refills",
        13: "Clinician bolus",
        14: "Patient bolus",
        15: "Periodic flow",
        16: "Multi-rate schedules",
        17: "Aspirating the catheter",
        18: "Flush, contrast, wrong port",
        19: "Drug-free interval",
        20: "Admixtures",
        21: "Dilution recipes",
        22: "Titration and taper",
        23: "Stop, stall, reconciliation",
        24: "Reported averages",
        25: "Constant-flow pump",
        26: "Wrong concentration",
        27: "External trial pump",
        28: "Reservoir mass",
        29: "Uncertainty",
        30: "Route conversion",
        31: "Washout",
    }
)


def _table(found: Iterable[Calculation]) -> Mapping[str, Calculation]:
    return MappingProxyType({each.name: each for each in sorted(found, key=lambda each: each.section)})


CALCULATIONS: Mapping[str, Calculation] = _table(
    (
        flow.flow,
        flow.dose,
        flow.concentration,
        flow.concentration_for_interval,
        flow.interval,
        conversions.convert_units,
        conversions.odd_ratio,
        rounding.pulse_rounding,
        rounding.flow_rounding,
        rounding.bolus_rounding,
        catheter_volume.catheter_volume,
        path.path_preview,
        priming.prime,
        bridge.bridge,
        blend.blend,
        blend.rinse,
        tip.time_to_tip,
        refill_dates.days_remaining,
        refill_dates.refill_by,
        refill_dates.earliest_date,
        residual.expected_residual,
        residual.discrepancy,
        trend.trend,
        clinician_bolus.clinician_bolus,
        patient_bolus.patient_bolus,
        patient_bolus.boluses_in_window,
        patient_bolus.next_bolus,
        periodic.periodic_flow,
        multi_rate.multi_rate,
        multi_rate.week_pattern,
        multi_rate.clock_drift,
        side_port.aspiration,
        side_port.flush_dose,
        side_port.wrong_port,
        side_port.drug_free,
        admixture.admixture,
        admixture.admixture_design,
        admixture.admixture_no_diluent,
        recipes.admixture_recipe,
        recipes.dilution,
        recipes.serial_dilution,
        constant_flow.constant_flow_fill,
        titration.titration,
        titration.taper,
        stall.stall,
        stall.reconciliation,
        stall.average,
        constant_flow.measured_flow,
        constant_flow.warm_flow,
        constant_flow.altitude_flow,
        what_if.wrong_concentration,
        external_pump.external_pulses,
        external_pump.dose_increment,
        external_pump.hourly_limit,
        external_pump.reservoir_life,
        external_pump.gravimetric,
        external_pump.first_drug,
        what_if.reservoir_mass,
        uncertainty.uncertainty,
        what_if.route_conversion,
        what_if.washout,
    )
)
"""Name to calculation, in the order of the sections."""

_WORDS = {_word: each for each in CALCULATIONS.values() for _word in (*each.aliases, each.name)}


@checked
def find(name: str) -> Calculation:
    """The calculation of that name or alias. Raises Refused with the nearest names when there is none."""
    key = name.strip().lower().replace("_", "-").replace(" ", "-")
    found = _WORDS.get(key)
    if found is not None:
        return found
    near = get_close_matches(key, list(_WORDS), 4, 0.5)
    do = f"Did you mean {', '.join(near)}? " if near else ""
    raise Refused(
        Refusal(
            "unknown_calculation",
            f"there is no calculation {name[:60]!r}.",
            "NAME",
            f"{do}All names: thecal calc list.",
        )
    )
