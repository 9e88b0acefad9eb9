"""Sums as programming guides, pump manuals and refill protocols pose them, worked by hand from the printed rules.

Each expected figure is written out as a fraction from first principles: volume = mass / concentration, time = volume /
flow. The texts vary in unit, name and order as people vary them. Tubing of 0.199 mL and a bore of 0.0022 mL/cm are
figures that guides of peristaltic pumps print; nothing here is dosing advice.
"""

import shlex
from fractions import Fraction

import pytest

from thecal.cli.calc import read_words
from thecal.therapy.calc import Result, find

F = Fraction
type Wanted = dict[str, tuple[Fraction | int, str] | str]

EXAMPLES: list[tuple[str, Wanted]] = [
    # bridge: t = V C_old / D; the programmer's figure is V C_new; old drug really given is V C_old
    ("bridge old_concentration='500 mcg/mL' new_concentration='2000 mcg/mL' dose='200 mcg/day' volume='0.4 mL'",
     {"": (24, "h"), "drug_given": (F(2, 10), "mg"), "programmed_bolus": (F(8, 10), "mg"),
      "flow_afterwards": (F(1, 10), "mL/day"), "without_bridge_error": (-75, "%")}),
    ("bridge-bolus current_concentration='10 mg/mL' new_conc='20 mg/mL' daily_dose='5 mg/24h' "
     "tubing_volume='0.199 mL' catheter_volume='160 uL'",
     {"": (F(359, 1000) * 10 / 5 * 24, "h"), "drug_given": (F(359, 100), "mg"),
      "programmed_bolus": (F(718, 100), "mg")}),
    ("bridge old='2000 mcg/mL' new='500 mcg/mL' dose='300 mcg/day' pump_volume='199 uL' catheter_volume='0.181 mL'",
     {"": (F(38, 100) * 2000 / 300 * 24, "h"), "without_bridge_error": (300, "%"), "old_flow_kept_error": (-75, "%")}),
    ("bridge old='10 mg/mL' new='20 mg/mL' old_dose='5 mg/day' new_dose='6 mg/day' dead_volume='0.36 mL'",
     {"": (F(36, 100) * 10 / 6 * 24, "h"), "dose_during_bridge": (6, "mg/day")}),
    ("bridge old='10 mg/mL' new='20 mg/mL' dose='5 mg/day' new_dose='6 mg/day' bridge_dose='5 mg/day' volume='0.36 mL'",
     {"": (F(36, 100) * 10 / 5 * 24, "h"), "dose_during_bridge": (5, "mg/day"), "flow_afterwards": (F(3, 10),
      "mL/day")}),
    ("bridge old='10 mg/mL' new='20 mg/mL' dose='5 mg/day' volume='0.36 mL' elapsed='6 hr'",
     {"": (F(36, 100) * 10 / 5 * 24 - 6, "h")}),
    # priming: the volume up to the tip, at 1 mL/h
    ("prime variant='pump and catheter' path=empty tubing='sterile water' c='2000 mcg/mL' v_pump='0.199 mL' "
     "v_cat='0.152 mL'",
     {"": (F(351, 1000), "mL"), "drug_loaded": (F(702, 1000), "mg"), "time": (F(351 * 60, 1000), "min")}),
    ("prime variant='catheter only' path=csf tubing=drug concentration='10 mg/mL' catheter_volume='0.18 mL' "
     "dose='2 mg/day'",
     {"": (F(18, 100), "mL"), "loaded_of_daily_dose": (90, "%"), "drug_to_patient": (0, "mg")}),
    ("prime variant='pump replacement' path=empty tubing=water concentration='500 mcg/mL' tubing_volume='0.199 mL'",
     {"": (F(199, 1000), "mL"), "drug_to_patient": (F(199, 2000), "mg")}),
    ("prime variant='catheter revision' path=empty tubing=drug concentration='500 mcg/mL' replaced_volume='0.1 mL'",
     {"": (F(1, 10), "mL"), "drug_loaded": (F(5, 100), "mg")}),
    ("prime variant=full path=empty tubing=empty c='18 mg/mL' v_pump='0.2 mL' v_cat='0.18 mL' given='0.1 mL'",
     {"": (F(28, 100), "mL")}),
    # catheter: implanted length times bore
    ("catheter-volume length='89 cm' trimmed='20 cm' volume_per_length='0.0022 mL/cm'",
     {"": (69 * F(22, 10000), "mL")}),
    ("catheter-volume total_length='104.1 cm' removed='30 cm' per_cm='2.2 uL/cm'",
     {"": (F(741, 10) * F(22, 10000), "mL")}),
    ("catheter-volume supplied='38.1 cm + 66 cm' trimmed='5 cm + 10 cm' k='0.0022 mL/cm'",
     {"": (F(891, 10) * F(22, 10000), "mL")}),
    ("catheter-volume supplied='1141 mm' trimmed='200 millimetres' k='0.0022 mL/cm'",
     {"": (F(941, 10) * F(22, 10000), "mL")}),
    ("catheter-volume implanted='100 cm' inner_diameter='0.53 mm'", {"": "0.220618 mL"}),
    # time to the tip, refill interval and date
    ("time-to-tip tubing_volume='0.199 mL' catheter_volume='0.161 mL' dose='1 mg/day' concentration='10 mg/mL'",
     {"": (F(36, 100) * 10 * 24, "h")}),
    ("transit-time dead_volume='0.36 mL' rate='0.1 mL/24 hours'", {"plug_days": (F(36, 10), "day")}),
    ("refill-interval reservoir='20 mL' dose='400 mcg/day' concentration='2000 mcg/mL' low_reservoir='2 mL'",
     {"": (90, "day"), "empty_days": (100, "day")}),
    ("days-remaining current_volume='12.5 mL' flow='0.25 mL/day' low_reservoir_alarm='1 mL'", {"": (46, "day")}),
    ("interval dose='400 mcg/day' concentration='2000 mcg/mL' reservoir_volume='18 mL'", {"": (90, "day")}),
    ("low-reservoir-date volume='20 mL' date='2026-01-01' flow='0.9 mL/day' alarm='2 mL'",
     {"alarm_date": "2026-01-21 00:00"}),
    ("refill-date fill='18 mL' fill_date='2026-01-01' flow='0.2 mL/day' alarm='2 mL' stability_limit='60 days'",
     {"": (60, "day"), "reason": "stability", "refill_by": "2026-03-02", "appointment": "2026-02-26"}),
    ("refill-date volume='20 mL' start='2026-06-01' flow='0.1 mL/day' eri='2026-07-01'", {"reason": "battery"}),
    ("refill-date volume='40 mL' start='2026-01-31T08:00-05:00' flow='0.25 mL/day' stability='90 days' "
     "zone='America/New_York'",
     {"": (90, "day"), "local_day": "2026-05-01"}),
    # refill: expected against found, and the mean over refills
    ("expected-residual fill='18 mL' dose='400 mcg/day' concentration='2000 mcg/mL' days='60 days'", {"": (6, "mL")}),
    ("discrepancy filled='20 mL' expected_volume='4 mL' measured='7 mL'",
     {"": (3, "mL"), "error": (F(-3, 16) * 100, "%")}),
    ("flow-accuracy start='20 mL' expected='4 mL' aspirated='2.5 mL'",
     {"": (F(-3, 2), "mL"), "error": (F(15, 160) * 100, "%")}),
    ("discrepancy start='18 mL' found='0 mL' flow='0.5 mL/day' time='30 days'", {"": (-3, "mL"), "error": (20, "%")}),
    ("mean-flow-accuracy actual='16 mL; 15.5 mL; 16.8 mL' expected='16 mL; 16 mL; 16 mL'",
     {"cumulative_ratio": (F(483, 480) * 100, "%")}),
    # boluses: single, patient, periodic
    ("single-bolus amount='0.5 mg' concentration='10 mg/mL' duration='10 minutes'",
     {"": (50, "uL"), "rate": (300, "uL/h")}),
    ("ptm bolus_dose='0.1 mg' concentration='10 mg/mL' daily_dose='2 mg/day' lockout_interval='4 h' "
     "max_activations='6'",
     {"": (F(26, 10), "mg/day"), "boluses_per_day": (6, "")}),
    ("patient-bolus bolus='0.2 mg' concentration='20 mg/mL' dose='3 mg/day' lockout='1 hr' "
     "activations='4/day' volume='18 mL'",
     {"": (F(38, 10), "mg/day"), "days": (18 / F(19, 100), "day")}),
    ("boluses-in-window lockout='8 min' window='1 h'", {"": (8, ""), "rounded_down_would_be": "7 (wrong)"}),
    ("periodic-bolus dose='240 mcg/day' every='4 h' concentration='2000 mcg/mL' bolus_flow='1 mL/h'",
     {"": (F(4, 100), "mg"), "bolus_volume": (20, "uL"), "duration": (F(12, 10), "min"), "boluses_per_day": (6,
      "/day")}),
    ("periodic-flow dose='240 mcg/day' interval='6 h' concentration='2000 mcg/mL' duration='20 min'",
     {"": (F(6, 100), "mg"), "bolus_flow": (F(3, 100) * 3, "mL/h")}),
    # a day's schedule: as rates, as doses of the steps, over midnight
    ("flex steps='00:00-08:00 5 mcg/h; 08:00-20:00 10 mcg/h; 20:00-24:00 5 mcg/h' concentration='500 mcg/mL'",
     {"": (F(18, 100), "mg/day"), "daily_flow": (F(36, 100), "mL/day")}),
    ("flex steps='0-8 40 mcg; 8-20 120 mcg; 20-24 20 mcg' concentration='500 mcg/mL'",
     {"": (F(18, 100), "mg/day"), "step_2_flow": (20, "uL/h")}),
    ("flex steps='06:00 to 22:00 10 mcg/h; 22:00 to 06:00 5 mcg/h' concentration='500 mcg/mL'",
     {"": (F(2, 10), "mg/day"), "step_3_rate": (F(5, 1000), "mg/h")}),
    # side port, stall, averages
    ("aspiration catheter='0.18 mL' concentration='2000 mcg/mL'", {"": (F(36, 100), "mg"), "csf": (F(82, 100), "mL")}),
    ("contrast-dose contrast='2 mL' catheter_volume='0.2 mL' concentration='20 mg/mL' aspirated='0.05 mL'",
     {"": (3, "mg")}),
    ("wrong-port fill='18 mL' concentration='2000 mcg/mL' dose='400 mcg/day'",
     {"": (36, "mg"), "days_of_dose": (90, "day")}),
    ("drug-free-interval catheter_volume='0.18 mL' flow='0.2 mL/day'", {"": (F(216, 10), "h")}),
    ("missed-dose dose='400 mcg/day' concentration='2000 mcg/mL' time='1 day 12 h'",
     {"": (F(6, 10), "mg"), "volume": (F(3, 10), "mL")}),
    ("mri-stall dose='400 mcg/day' time='90 minutes'", {"": (F(25, 1000), "mg")}),
    ("average-dose dose='2 mg/day' time='30 days' boluses=60 bolus='0.1 mg'", {"": (F(22, 10), "mg/day")}),
]  # fmt: skip


def run(line: str) -> Result:
    """The result of a command line, as ``thecal calc`` reads it."""
    name, *words = shlex.split(line)
    return find(name).run(read_words(words)[0])


@pytest.mark.parametrize(("line", "wanted"), EXAMPLES, ids=[line[:70] for line, _ in EXAMPLES])
def test_a_sum_as_a_programming_guide_poses_it_comes_out_as_by_hand(line: str, wanted: Wanted) -> None:
    result = run(line)
    for name, figure in wanted.items():
        row = result.row(name) if name else result.main
        if isinstance(figure, str):
            assert figure in row.text, (name, row.text)
        else:
            assert (row.value, row.unit) == figure, (name, row.text)
