"""Other names that people give to the same input, in every calculation that has it.

By the name of the input and the kind of value that it wants, so that a word stands for one thing only: ``dose`` of a
bolus is not the daily dose. A calculation's own names and aliases come first.
"""

from collections.abc import Mapping

_D, _C, _Q, _V, _T = "dose rate", "concentration", "flow", "volume", "duration"
_MIX = "concentration of one or several drugs"

_COMMON: Mapping[tuple[str, str], str] = {
    ("dose", _D): "d daily_dose current_dose present_dose old_dose total_daily_dose dose_per_day dose_rate basal_dose",
    ("new_dose", _D): "d_new target_dose next_dose dose_new new_daily_dose",
    ("concentration", _C): "c conc strength drug_concentration reservoir_concentration solution_concentration",
    ("old_concentration", _MIX): "old_conc current_concentration previous_concentration old_drug_concentration from",
    ("new_concentration", _MIX): "new_conc next_concentration new_drug_concentration reservoir_concentration to",
    ("flow", _Q): "q rate flow_rate infusion_rate pump_flow daily_flow basal_flow",
    ("flow_min", _Q): "q_min minimum_flow min_flow lowest_flow",
    ("flow_max", _Q): "q_max maximum_flow max_flow highest_flow",
    ("pump_volume", _V): "v_pump tubing_volume pump_tubing_volume internal_volume internal_tubing_volume pump_tubing",
    ("catheter_volume", _V): "v_cat catheter cat_volume catheter_dead_volume",
    ("time", _T): "duration t elapsed elapsed_time days",
    ("interval", _T): "days refill_interval",
    ("lockout", _T): "l lockout_time lockout_interval lockout_period",
    ("bolus", "mass"): "b bolus_dose bolus_amount amount demand_dose ptm_dose patient_bolus bolus_mass",
    ("boluses", "whole number"): "n boluses_per_day number_of_boluses max_boluses activations max_activations",
    ("most", "whole number"): "n maximum max max_per_day max_boluses boluses_per_day activations max_activations"
    " activations_per_day max_activations_per_day max_boluses_per_day",
    ("number", "whole number"): "n boluses times boluses_per_day number_of_boluses",
    ("every", _T): "interval period bolus_interval step_interval",
    ("volume", _V): "v",
    ("start", _V): "v_start start_volume fill fill_volume filled initial_volume starting_volume reservoir volume",
    ("fill", _V): "v_fill fill_volume filled volume start added initial_volume starting_volume",
    ("found", _V): "v_found withdrawn actual measured residual actual_residual actual_volume measured_residual"
    " measured_volume aspirated returned remaining",
    ("expected", _V): "v_exp expected_residual expected_volume calculated_residual calculated_volume residual",
    ("residual", _V): "v_res residual_volume remaining remaining_volume left",
    ("alarm", _V): "v_alarm alarm_volume low_reservoir low_reservoir_volume low_reservoir_alarm low_alarm reserve"
    " low_reservoir_alarm_volume",
    ("start", "instant"): "filled t0 fill_date date filled_on date_filled last_refill refilled_on from",
    ("stability", _T): "stability_days stability_limit drug_stability",
    ("stock", _C): "s stock_concentration stock_strength from",
    ("target", _C): "c target_concentration final_concentration desired_concentration wanted to",
    ("solution", _MIX): "drugs mixture concentrations targets target",
    ("stocks", _MIX): "stock stock_solutions stock_concentrations",
    ("supplied", "list of length"): "length total_length supplied_length original_length catheter_length",
    ("trimmed", "list of length"): "trim trims cut removed trimmed_length length_removed length_trimmed cut_off",
    ("implanted", "list of length"): "left remaining implanted_length remaining_length final_length",
    ("volume_per_length", "list of volume per length"): "per_length per_cm volume_per_cm bore k",
    ("pulse", _V): "pulse_volume v_pulse stroke_volume",
    ("before", "quantity"): "old previous current present from last",
    ("after", "quantity"): "new next proposed ordered to",
    ("percent", "per cent"): "p change percent_change increase by_percent",
    ("programmed", _C): "c_prog programmed_concentration old_concentration old",
    ("true", _C): "c_true true_concentration actual_concentration filled_concentration actual filled new",
}


def common(name: str, kind: str) -> tuple[str, ...]:
    """Other names of an input of this name and kind."""
    return tuple(_COMMON.get((name, kind), "").split())
