"""The worked examples as printed: calculation, inputs, and each figure with its digits."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

from thecal.therapy.calc import Result

DRUG = {"dose": "6.5 mg/day", "concentration": "18 mg/mL"}
PRIMED = {"path": "empty", "concentration": "18 mg/mL", "pump_volume": "0.200 mL", "catheter_volume": "0.1885 mL"}
UP = {"old_concentration": "10 mg/mL", "new_concentration": "25 mg/mL", "dose": "3.2 mg/day", "volume": "0.3885 mL"}
DOWN = UP | {"old_concentration": "25 mg/mL", "new_concentration": "10 mg/mL"}
FILLED = DRUG | {"volume": "20 mL", "start": "2026-03-04 10:30 UTC"}
FOUND = DRUG | {"start": "20 mL", "time": "34.25 days"}
FLUSH = {"catheter_volume": "0.1885 mL", "concentration": "18 mg/mL", "injected": "2 mL", "dose": "6.5 mg/day"}
DAY = "00-06 0.10 mg/h; 06-10 0.22 mg/h; 10-22 0.14 mg/h; 22-24 0.30 mg/h"
THREE = "morphine 10 mg/mL + bupivacaine 17.5 mg/mL + clonidine 150 mcg/mL"
NIGHT = "2026-03-04 20:00 UTC; 2026-03-04 21:00 UTC; 2026-03-04 22:00 UTC; 2026-03-04 23:00 UTC"

# EX number, calculation, inputs, {row or '' for the result: printed figure}; a text is compared as text
EXAMPLES: list[tuple[str, str, dict[str, str], dict[str, str]]] = [
    ("1a", "flow", DRUG, {"": "0.361111", "flow_per_hour": "15.0463"}),
    ("1b", "flow", {"dose": "1.8 mg/day", "concentration": "12 mg/mL"}, {"": "0.150000", "flow_per_hour": "6.2500"}),
    (
        "1c",
        "flow",
        {"dose": "137.5 mcg/day", "concentration": "500 mcg/mL"},
        {"": "0.275000", "flow_per_hour": "11.4583"},
    ),
    ("1d", "flow", {"dose": "0.4 mg/day", "concentration": "20 mg/mL"}, {"": "0.020000", "flow_per_hour": "0.8333"}),
    (
        "1 interval",
        "concentration-for-interval",
        {"dose": "6.5 mg/day", "interval": "75 days", "volume": "18 mL"},
        {"": "27.08"},
    ),
    ("1 longest", "interval", {"dose": "6.5 mg/day", "concentration": "25 mg/mL", "volume": "18 mL"}, {"": "69.23"}),
    ("2 mg/day", "convert-units", {"value": "6.5 mg/day", "to": "mcg/h"}, {"": "270.83"}),
    ("2 mL/day", "convert-units", {"value": "0.361111 mL/day", "to": "uL/h"}, {"": "15.0463"}),
    ("2 per cent", "convert-units", {"value": "0.15 %", "to": "mg/mL"}, {"": "1.5"}),
    ("2 one in", "convert-units", {"value": "1:200 000", "to": "mg/mL"}, {"": "0.005"}),
    ("2 one in mcg", "convert-units", {"value": "1:200000", "to": "mcg/mL"}, {"": "5"}),
    (
        "3a",
        "pulse-rounding",
        DRUG | {"pulse": "2.5 uL"},
        {
            "": "6.50167",
            "pulses_per_day": "144.444",
            "exact_period": "598.154",
            "period": "598",
            "flow_given": "0.361204",
            "error": "0.026",
        },
    ),
    (
        "3b",
        "pulse-rounding",
        {"flow": "0.275 mL/day", "concentration": "500 mcg/mL", "pulse": "2.5 uL"},
        {
            "pulses_per_day": "110",
            "exact_period": "785.4545",
            "period": "785",
            "flow_given": "0.275159",
            "error": "0.058",
        },
    ),
    (
        "3c",
        "pulse-rounding",
        {"flow": "0.150 mL/day", "concentration": "12 mg/mL", "pulse": "2.5 uL"},
        {"pulses_per_day": "60", "period": "1440", "error": "0"},
    ),
    ("3d", "flow-rounding", DRUG, {"": "6.498", "error": "-0.031"}),
    (
        "3 slow",
        "pulse-rounding",
        {"flow": "0.048 mL/day", "concentration": "18 mg/mL", "pulse": "2.5 uL"},
        {"pulses_per_day": "19.2", "period": "4500", "mass_per_pulse": "45"},
    ),
    (
        "4a",
        "catheter-volume",
        {"supplied": "110 cm", "trimmed": "37.5 cm", "volume_per_length": "0.0026 mL/cm"},
        {"": "0.1885", "implanted_length": "72.5", "full_length_volume": "0.286", "full_length_error": "52"},
    ),
    (
        "4b",
        "catheter-volume",
        {"implanted": "31 cm; 52 cm", "volume_per_length": "0.0022 mL/cm"},
        {"": "0.1826", "implanted_length": "83"},
    ),
    (
        "4c",
        "catheter-volume",
        {
            "supplied": "110 cm",
            "trimmed": "37.5 cm",
            "volume_per_length": "0.0026 mL/cm",
            "further_trimmed": "2.5 cm",
        },
        {"": "0.1820", "implanted_length": "70"},
    ),
    (
        "6a",
        "prime",
        PRIMED | {"variant": "full", "tubing": "empty"},
        {"": "0.3885", "time": "23.31", "drug_loaded": "6.993", "drug_to_patient": "0"},
    ),
    (
        "6b",
        "prime",
        PRIMED | {"variant": "catheter", "tubing": "drug"},
        {"": "0.1885", "time": "11.31", "drug_loaded": "3.393"},
    ),
    (
        "6c",
        "prime",
        PRIMED | {"variant": "pump", "tubing": "empty"},
        {"": "0.200", "time": "12.00", "drug_loaded": "3.600", "drug_to_patient": "3.600"},
    ),
    (
        "6d kept",
        "prime",
        {
            "variant": "revision",
            "path": "empty",
            "tubing": "drug",
            "concentration": "18 mg/mL",
            "replaced_volume": "0.104 mL",
        },
        {"": "0.104"},
    ),
    (
        "6d replaced",
        "prime",
        PRIMED | {"variant": "revision", "tubing": "empty", "replaced_volume": "0.104 mL"},
        {"": "0.304", "drug_loaded": "5.472"},
    ),
    (
        "7a",
        "bridge",
        UP,
        {
            "": "29.1375",
            "bridge_flow": "0.32",
            "programmed_bolus": "9.7125",
            "flow_afterwards": "0.128",
            "without_bridge_dose": "1.28",
            "without_bridge_error": "-60",
            "without_bridge_time": "72.844",
        },
    ),
    (
        "7b",
        "bridge",
        DOWN,
        {
            "": "72.844",
            "bridge_flow": "0.128",
            "programmed_bolus": "3.885",
            "flow_afterwards": "0.32",
            "without_bridge_dose": "8.0",
            "without_bridge_error": "150",
            "without_bridge_time": "29.14",
        },
    ),
    (
        "7c",
        "bridge",
        UP | {"new_dose": "2.8 mg/day"},
        {"": "33.30", "bridge_flow": "0.28", "flow_afterwards": "0.112"},
    ),
    (
        "8a",
        "blend",
        {
            "residual": "1.4 mL",
            "old_concentration": "10 mg/mL",
            "fill": "18.6 mL",
            "new_concentration": "25 mg/mL",
            "flow": "0.128 mL/day",
        },
        {"": "23.95", "difference_from_label": "-4.2", "dose_given": "3.0656", "dose_by_label": "3.2"},
    ),
    (
        "8b",
        "rinse",
        {"residual": "1.4 mL", "concentration": "10 mg/mL", "rinse": "5 mL", "times": "2"},
        {"": "0.4785", "after_rinse_1": "2.1875"},
    ),
    ("9a", "time-to-tip", {"volume": "0.3885 mL", "flow": "0.128 mL/day"}, {"plug_days": "3.035"}),
    ("9b", "time-to-tip", {"volume": "0.3885 mL", "flow": "0.32 mL/day"}, {"": "29.14", "plug_days": "1.214"}),
    ("9c", "time-to-tip", DRUG | {"volume": "0.3885 mL", "moved": "0.300 mL"}, {"plug_days": "0.24508"}),
    ("9 lowest", "time-to-tip", {"volume": "0.3885 mL", "flow": "0.048 mL/day"}, {"plug_days": "8.09"}),
    (
        "10a",
        "refill-date",
        FILLED,
        {"alarm_days": "49.846", "alarm_date": "2026-04-23 06:48 UTC", "early_days": "43.53"},
    ),
    ("10b", "refill-date", FILLED | {"prime": "0.3885 mL"}, {"": "48.770", "alarm_date": "2026-04-22 04:59 UTC"}),
    (
        "10c",
        "refill-date",
        FILLED | {"bolus": "0.25 mg", "boluses": "4"},
        {"": "43.2", "alarm_date": "2026-04-16 15:18 UTC"},
    ),
    ("10 days", "days-remaining", DRUG | {"volume": "20 mL"}, {"": "49.846", "early_days": "43.53"}),
    (
        "10 earliest",
        "earliest-date",
        {"alarm_date": "2026-07-20", "filled": "2026-04-11", "stability": "90 days"},
        {"refill_by": "2026-07-10 00:00 UTC", "reason": "stability"},
    ),
    ("11 base", "expected-residual", FOUND, {"": "7.6319", "infused": "12.3681"}),
    (
        "11a",
        "discrepancy",
        FOUND | {"found": "9.1 mL"},
        {"": "1.468", "ratio": "88.13", "error": "-11.87", "reading": "trend it"},
    ),
    (
        "11b",
        "discrepancy",
        FOUND | {"found": "5.2 mL"},
        {"": "-2.432", "ratio": "119.66", "reading": "investigate", "drug_missing": "43.8"},
    ),
    (
        "11c",
        "discrepancy",
        FOUND | {"found": "7.0 mL"},
        {"": "-0.632", "ratio": "105.11", "reading": "as expected", "limits_cross_at": "13.79"},
    ),
    ("11 1 mL", "discrepancy", FOUND | {"found": "7.0 mL", "limit": "1 mL"}, {"limits_cross_at": "6.9"}),
    (
        "12",
        "trend",
        {"ratios": "1.09; 1.11; 1.12; 1.13"},
        {"s_plus_1": "0.04", "s_plus_2": "0.10", "s_plus_3": "0.17", "s_plus_4": "0.25", "alarm_at_refill": "4"},
    ),
    (
        "13",
        "clinician-bolus",
        {"bolus": "0.3 mg", "concentration": "18 mg/mL", "duration": "12 min", "flow_max": "1 mL/h", "pulse": "2.5 uL"},
        {
            "": "16.667",
            "rate": "83.33",
            "shortest": "60",
            "pulses": "6",
            "volume_given": "15",
            "dose_given": "0.270",
            "error": "-10",
        },
    ),
    (
        "14",
        "patient-bolus",
        DRUG | {"bolus": "0.25 mg", "most": "4", "volume": "18 mL"},
        {"": "7.5", "bolus_volume": "13.889", "worst_flow": "0.416667", "days": "43.2"},
    ),
    ("14b", "boluses-in-window", {"lockout": "200 min", "most": "12"}, {"": "8", "rounded_down_would_be": "7"}),
    ("14b exact", "boluses-in-window", {"lockout": "180 min", "most": "12"}, {"": "8"}),
    (
        "14 sliding",
        "next-bolus",
        {"times": NIGHT, "most": "4", "now": "2026-03-05 00:00 UTC"},
        {"allowed_at": "2026-03-05 20:00 UTC"},
    ),
    (
        "15",
        "periodic-flow",
        {"dose": "5 mg/day", "number": "12", "concentration": "20 mg/mL", "bolus_flow": "0.6 mL/h", "pulse": "2.5 uL"},
        {
            "": "0.41667",
            "bolus_volume": "20.833",
            "period": "2",
            "duration": "2.083",
            "pulses_per_bolus": "8.333",
            "pulse_pattern": "8, 8, 9: exact after 3 boluses",
        },
    ),
    (
        "15 basal",
        "periodic-flow",
        {"dose": "5 mg/day", "number": "12", "concentration": "20 mg/mL", "basal": "0.048 mL/day"},
        {"": "0.33667", "basal_dose": "0.96"},
    ),
    (
        "16",
        "multi-rate",
        {"steps": DAY, "concentration": "8 mg/mL"},
        {
            "": "3.76",
            "daily_flow": "0.47",
            "step_1_dose": "0.60",
            "step_2_dose": "0.88",
            "step_3_dose": "1.68",
            "step_4_dose": "0.60",
            "step_1_flow": "12.5",
            "step_2_flow": "27.5",
            "step_3_flow": "17.5",
            "step_4_flow": "37.5",
        },
    ),
    (
        "16 scaled",
        "multi-rate",
        {"steps": DAY, "concentration": "8 mg/mL", "scale_to": "4.136 mg/day"},
        {"": "4.136", "factor": "1.1", "step_1_rate": "0.11"},
    ),
    ("16 drift", "clock-drift", {"drift": "50 ppm"}, {"": "4.3", "per_year": "26"}),
    (
        "17",
        "aspiration",
        {"catheter_volume": "0.1885 mL", "concentration": "18 mg/mL", "aspirated": "1.0 mL"},
        {"": "3.393", "at_least": "0.1885", "csf": "0.81"},
    ),
    ("18a", "flush-dose", FLUSH, {"": "3.393", "of_daily_dose": "52"}),
    ("18b", "flush-dose", FLUSH | {"aspirated": "0.100 mL"}, {"": "1.593"}),
    ("18c", "flush-dose", FLUSH | {"injected": "0.05 mL"}, {"": "0.900", "drug_volume_left": "0.1385"}),
    ("18 wrong port", "wrong-port", DRUG | {"volume": "18 mL"}, {"": "324", "days_of_dose": "50"}),
    (
        "19",
        "drug-free-interval",
        DRUG | {"catheter_volume": "0.1885 mL"},
        {"": "12.53", "prime_if_not_empty": "3.393"},
    ),
    (
        "20a",
        "admixture-design",
        {"doses": "morphine 4 mg/day + bupivacaine 7 mg/day + clonidine 60 mcg/day", "flow": "0.4 mL/day"},
        {
            "": "10",
            "morphine_concentration": "10",
            "bupivacaine_concentration": "17.5",
            "clonidine_concentration": "150",
        },
    ),
    (
        "20b",
        "admixture-recipe",
        {
            "solution": THREE,
            "stocks": "morphine 25 mg/mL + bupivacaine 37.5 mg/mL + clonidine 2000 mcg/mL",
            "volume": "20 mL",
        },
        {"": "1.167", "morphine_stock": "8.000", "bupivacaine_stock": "9.333", "clonidine_stock": "1.500"},
    ),
    (
        "20c",
        "admixture-no-diluent",
        {"doses": "morphine 5 mg/day + bupivacaine 8 mg/day", "stocks": "morphine 25 mg/mL + bupivacaine 40 mg/mL"},
        {
            "": "0.4",
            "morphine_fraction": "50",
            "bupivacaine_fraction": "50",
            "morphine_concentration": "12.5",
            "bupivacaine_concentration": "20",
        },
    ),
    (
        "20d",
        "admixture",
        {"solution": THREE, "dose": "4.0 mg/day", "new_dose": "4.6 mg/day", "bolus": "0.25 mg"},
        {
            "change": "15",
            "bupivacaine_dose": "8.05",
            "clonidine_dose": "69",
            "bupivacaine_bolus": "0.4375",
            "clonidine_bolus": "3.75",
        },
    ),
    (
        "21a",
        "dilution",
        {"stock": "50 mg/mL", "target": "7.5 mg/mL", "volume": "40 mL"},
        {"": "6.0", "diluent": "34.0"},
    ),
    (
        "21b",
        "constant-flow-fill",
        {"volume": "30 mL", "flow": "1.0 mL/day", "dose": "3.6 mg/day", "stock": "25 mg/mL"},
        {
            "": "3.6",
            "run_time": "30",
            "drug_in_reservoir": "108",
            "drug_made": "118.8",
            "stock_volume": "4.752",
            "diluent": "28.248",
        },
    ),
    (
        "21c",
        "serial-dilution",
        {"stock": "10 mg/mL", "target": "20 mcg/mL", "volume": "10 mL"},
        {
            "": "2",
            "ratio": "1:500",
            "step_1_draw": "0.4",
            "step_1_concentration": "0.4",
            "step_2_draw": "0.5",
            "step_2_concentration": "20",
        },
    ),
    (
        "22",
        "titration",
        DRUG | {"percent": "20 %", "volume": "18 mL"},
        {"": "7.8", "flow": "0.433333", "days": "41.54"},
    ),
    ("23", "stall", DRUG | {"time": "9.5 h"}, {"": "2.573", "volume": "0.14294"}),
    (
        "24",
        "average",
        {"dose": "6.5 mg/day", "time": "30 days", "boluses": "41", "bolus": "0.25 mg", "stalled": "9.5 h"},
        {"": "6.756", "patient_requested": "10.25", "missed": "2.573"},
    ),
    (
        "25",
        "measured-flow",
        {"fill": "30 mL", "found": "8.2 mL", "time": "24 days", "concentration": "3.6 mg/mL", "dose": "3.6 mg/day"},
        {"": "0.9083", "dose_given": "3.27", "error": "-9.17", "next_concentration": "3.963"},
    ),
    (
        "25 fever",
        "warm-flow",
        {"flow": "1 mL/day", "degrees": "1.5 degC", "time": "2 days"},
        {"": "2.3", "change": "15", "volume_usual": "2.0"},
    ),
    (
        "26",
        "wrong-concentration",
        {"dose": "6.5 mg/day", "programmed": "18 mg/mL", "true": "25 mg/mL"},
        {"": "9.028", "error": "38.9"},
    ),
    ("27 pulses", "external-pulses", {"flow": "7 mL/h", "pulse": "0.05 mL"}, {"": "140", "period": "25.714"}),
    ("27 increment", "dose-increment", {"pulse": "0.05 mL", "concentration": "18 mg/mL"}, {"": "0.90"}),
    (
        "27 hourly",
        "hourly-limit",
        {"bolus": "0.1 mg", "limit": "1.2 mg", "basal": "0.3 mg/h", "lockout": "7 min"},
        {"": "9", "by_dose": "9", "by_lockout_worst": "9", "by_lockout_average": "8.57", "worst_hour": "1.2"},
    ),
    (
        "27 reservoir",
        "reservoir-life",
        {"volume": "100 mL", "flow": "2.5 mL/h", "bolus_volume": "1 mL", "boluses_per_hour": "2"},
        {"": "22.2"},
    ),
    (
        "27 gravimetric",
        "gravimetric",
        {"before": "128.40 g", "after": "103.15 g", "programmed": "25.00 mL"},
        {"": "1.0", "volume": "25.25"},
    ),
    ("28", "reservoir-mass", DRUG | {"volume": "20 mL"}, {"": "360", "days_of_therapy": "55.4"}),
    ("29", "uncertainty", {"errors": "14.5 %; 10 %"}, {"": "17.6", "worst_over": "25.95", "worst_under": "-23.05"}),
    ("31", "washout", {"half_life": "3 h", "time": "12 h"}, {"": "6.25"}),
]


def same(value: Fraction, printed: str) -> bool:
    """Whether ``printed`` is ``value`` rounded to the places that are printed."""
    places = -int(Decimal(printed).as_tuple().exponent)
    return abs(value - Fraction(printed)) <= Fraction(1, 2 * 10**places)


def figure(result: Result, name: str) -> Any:
    found = result.main if not name else result.row(name)
    return found.note if found.value is None else found.value
