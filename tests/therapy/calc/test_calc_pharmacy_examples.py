"""Sums as drug labels, pharmacy sheets, safety notices and constant-flow manuals pose them, worked by hand.

Ziconotide is labelled 25 and 100 mcg/mL with steps of 2.4 mcg/day; intrathecal baclofen 50, 500 and 2000 mcg/mL;
preservative-free morphine 10 and 25 mg/mL. The figures are arithmetic from those strengths, never dosing advice.
"""

import shlex
from fractions import Fraction

import pytest

from thecal.cli.calc import read_words
from thecal.quantity import Refused
from thecal.therapy.calc import Result, find

F = Fraction
type Wanted = dict[str, tuple[Fraction | int, str] | str]

EXAMPLES: list[tuple[str, Wanted]] = [
    # flow, dose, concentration
    ("flow daily_dose='2.4 mcg/day' conc='25 mcg/mL'", {"": (F(96, 1000), "mL/day"), "flow_per_hour": (4, "uL/h")}),
    ("flow dose='0.1 mcg/h' drug_concentration='25 mcg/mL'", {"": (F(96, 1000), "mL/day")}),
    ("flow dose='6 mg per day' concentration='2 %'", {"": (F(3, 10), "mL/day"), "dose_per_hour": (250, "mcg/h")}),
    ("dose rate='0.0125 mL/hr' c='20 mg/ml'", {"": (6, "mg/day")}),
    ("concentration dose='3 mg/day' pump_flow='1.3 mL/day'", {"": (F(30, 13), "mg/mL")}),
    ("concentration-for-interval dose='400 mcg/day' days='12 weeks' reservoir='18 mL'",
     {"": (F(400 * 84, 18_000), "mg/mL")}),
    # units and strengths
    ("convert value='19.2 mcg/day' to='mcg/hr'", {"": (F(8, 10), "mcg/h")}),
    ("convert value='0.75 %' to='mg/mL'", {"": (F(15, 2), "mg/mL")}),
    ("convert value='1 in 1000' to='mcg/mL'", {"": (1000, "mcg/mL")}),
    ("convert value='500 mcg/mL' to='%'", {"": (F(5, 100), "%")}),
    ("convert value='0.35 mL/day' to='uL/h'", {"": (F(350, 24), "uL/h")}),
    ("odd-ratio before='100 mcg/day' after='100 mg/day'", {"": (1000, "x"), "finding": "mcg taken for mg"}),
    ("odd-ratio current='2.4 mcg/day' proposed='2.4 mcg/h'", {"": (24, "x"), "finding": "per hour taken for per day"}),
    ("odd-ratio previous='8 h' new='8 min'", {"": (F(1, 60), "x"), "finding": "minutes for hours"}),
    ("odd-ratio old='0.5 mg/day' ordered='5 mg/day'", {"": (10, "x"), "finding": "decimal point"}),
    ("odd-ratio before='500 mcg/mL' after='0.05 %'", {"": (1, "x"), "finding": "no finger print"}),
    # dilution and mixing
    ("dilution stock='100 mcg/mL' target='25 mcg/mL' volume='20 mL'", {"": (5, "mL"), "diluent": (15, "mL")}),
    ("dilution stock_concentration='25 mg/mL' target_concentration='10 mg/mL' total_volume='20 mL'", {"": (8, "mL")}),
    ("dilution stock='2 %' target='0.25 %' final_volume='20 mL'", {"": (F(5, 2), "mL")}),
    ("dilution stock='2000 mcg/mL' target='500 mcg/mL' volume='18 mL'", {"": (F(9, 2), "mL")}),
    ("serial-dilution stock='10 mg/mL' target='50 mcg/mL' volume='10 mL'", {"ratio": "1:200"}),
    ("blend remaining='2 mL' old='10 mg/mL' added='18 mL' new='20 mg/mL'",
     {"": (19, "mg/mL"), "difference_from_label": (-5, "%")}),
    ("rinse residual='1.4 mL' concentration='25 mg/mL' rinse='2 mL' rinses='3'", {"": (25 * F(14, 34) ** 3, "mg/mL")}),
    ("admixture drugs='morphine 20 mg/mL, bupivacaine 10 mg/mL, clonidine 200 mcg/mL' dose='5 mg/day'",
     {"": (F(1, 4), "mL/day"), "bupivacaine_dose": (F(5, 2), "mg/day"), "clonidine_dose": (50, "mcg/day")}),
    ("admixture solution='hydromorphone 10 mg/mL and bupivacaine 2 %' primary_dose='1 mg/day'",
     {"bupivacaine_dose": (2, "mg/day")}),
    ("admixture-design doses='morphine 5 mg/day; bupivacaine 8 mg/day' flow='0.5 mL/day'",
     {"": (10, "mg/mL"), "bupivacaine_concentration": (16, "mg/mL")}),
    ("compounding targets='morphine 5 mg/mL + bupivacaine 7.5 mg/mL + clonidine 50 mcg/mL' "
     "stocks='morphine 25 mg/mL + bupivacaine 3.75 % + clonidine 500 mcg/mL' total_volume='40 mL'",
     {"": (20, "mL"), "morphine_stock": (8, "mL"), "bupivacaine_stock": (8, "mL"), "clonidine_stock": (4, "mL")}),
    ("recipe solution='ziconotide 2.5 mcg/mL + morphine 20 mg/mL' stocks='ziconotide 100 mcg/mL + morphine 50 mg/mL' "
     "volume='20 mL'", {"": (F(23, 2), "mL"), "ziconotide_stock": (F(1, 2), "mL"), "morphine_stock": (8, "mL")}),
    # titration and taper
    ("titration dose='200 mcg/day' increase='15 %' concentration='2000 mcg/mL'",
     {"": (F(23, 100), "mg/day"), "flow": (F(115, 1000), "mL/day")}),
    ("titration current_dose='200 mcg/day' decrease='20 %'", {"": (F(16, 100), "mg/day"), "change": (-20, "%")}),
    ("titration dose='2.4 mcg/day' by='2.4 mcg/day' limit='100 %' conc='25 mcg/mL'",
     {"": (F(48, 10_000), "mg/day"), "flow": (F(192, 1000), "mL/day")}),
    ("taper from='400 mcg/day' to='0 mcg/day' steps=4 interval='3 days'",
     {"": (9, "day"), "step_2": (F(2, 10), "mg/day")}),
    ("taper dose='5 mg/day' decrement='0.5 mg/day' every='1 week'", {"": (63, "day"), "step_10": (0, "mg/day")}),
    # constant-flow pumps
    ("constant-flow capacity='16 mL' flow='0.5 mL/day' dose='2 mg/day' stock='25 mg/mL' extra='0 mL'",
     {"": (4, "mg/mL"), "run_time": (32, "day"), "stock_volume": (F(64, 25), "mL"), "diluent": (F(336, 25), "mL")}),
    ("constant-flow-refill fill='50 mL' flow='1.7 mL/day' dose='3.4 mg/day'",
     {"": (2, "mg/mL"), "run_time": (F(500, 17), "day")}),
    ("measured-flow filled='16 mL' remaining='4 mL' days='28 days' concentration='2 mg/mL'",
     {"": (F(3, 7), "mL/day"), "dose_given": (F(6, 7), "mg/day")}),
    ("warm-flow flow='1 mL/day' temperature='39 degC' coefficient='13 %'", {"flow": (F(126, 100), "mL/day")}),
    ("warm-flow flow='1 mL/day' degrees='2 °C' coefficient='13 %'", {"flow": (F(126, 100), "mL/day")}),
    ("altitude-flow flow='1 mL/day' drive='760 mmHg' ambient='565 mmHg'", {"": (F(760, 565), "mL/day")}),
    # errors of filling
    ("wrong-concentration dose='400 mcg/day' programmed_concentration='500 mcg/mL' actual_concentration='2000 mcg/mL'",
     {"": (F(8, 5), "mg/day"), "error": (300, "%")}),
    ("pocket-fill volume='18 mL' concentration='25 mg/mL' dose='5 mg/day'",
     {"": (450, "mg"), "days_of_therapy": (90, "day")}),
    # external pumps and routes
    ("external-pulses rate='2 mL/h' pulse='0.05 mL'", {"": (40, "/h"), "period": (90, "s")}),
    ("hourly-limit bolus='0.2 mg' lockout='15 min' basal='0.5 mg/h'", {"": (4, "/h"), "worst_hour": (F(13, 10), "mg")}),
    ("reservoir-life bag='250 mL' rate='4 mL/h'", {"": (F(125, 2), "h")}),
    ("first-drug volume='0.6 mL' flow='1.2 mL/h'", {"": (30, "min")}),
    ("route-conversion dose='300 mg/day' ratio='300:1' cited='a teaching ladder'", {"start_low": "0.5 mg/day"}),
    ("washout half_life='90 min' time='6 h'", {"": (F(100, 16), "%")}),
]  # fmt: skip

REFUSED = [
    ("dilution stock='25 mg/mL' target='50 mcg/mL' volume='20 mL'", "Dilute in steps"),
    ("recipe solution='morphine 20 mg/mL + bupivacaine 20 mg/mL' stocks='morphine 25 mg/mL + bupivacaine 37.5 mg/mL' "
     "volume='20 mL'", "do not fit"),
    ("admixture solution='morphine 20 mg/mL + bupivacaine 10 mg/mL' dose='5 mg/day' limits='bupivicaine 9 mg/day'",
     "no bupivicaine"),
    ("warm-flow flow='1 mL/day' degrees='39 degC'", "given as temperature"),
    ("warm-flow flow='1 mL/day' degrees='2 degC' temperature='39 degC'", "one of them"),
    ("titration dose='2.4 mcg/day' by='2.4 mcg/day'", "give its limit.*unconfirmed"),
    ("titration dose='10 mg/day' percent='-10 %' decrease='10 %'", "one of them"),
    ("periodic dose='1 mg/day' concentration='1 mg/mL' number=6 every='4 h'", "one of two ways"),
    ("periodic dose='1 mg/day' concentration='1 mg/mL' every='30 h'", "less than one bolus a day"),
    ("flex steps='22-06 5 mcg/h; 06-12 1 mcg/h; 13-22 2 mcg/h' concentration='500 mcg/mL'", "gap"),
    ("flex steps='22-06 40 mcg; 06-22 80 mcg' concentration='500 mcg/mL'", "over midnight"),
    ("catheter-volume implanted='60 cm' inner_diameter='0.53 mm' k='0.0022 mL/cm'", "two ways"),
    ("discrepancy start='40 mL' found='9 mL' expected='8 mL' capacity='20 mL'", "do not fit"),
    ("stall flow='0.2 mL/day' time='3 h'", "concentration"),
    ("concentration-for-interval dose='10 mg/day' interval='90 days' volume='18 mL' ceiling='20 mg/mL'", "36 days"),
]  # fmt: skip


def run(line: str) -> Result:
    """The result of a command line, as ``thecal calc`` reads it."""
    name, *words = shlex.split(line)
    return find(name).run(read_words(words)[0])


@pytest.mark.parametrize(("line", "wanted"), EXAMPLES, ids=[line[:70] for line, _ in EXAMPLES])
def test_a_sum_as_a_label_or_a_pharmacy_sheet_poses_it_comes_out_as_by_hand(line: str, wanted: Wanted) -> None:
    result = run(line)
    for name, figure in wanted.items():
        row = result.row(name) if name else result.main
        if isinstance(figure, str):
            assert figure in row.text, (name, row.text)
        else:
            assert (row.value, row.unit) == figure, (name, row.text)


@pytest.mark.parametrize(("line", "told"), REFUSED, ids=[line[:70] for line, _ in REFUSED])
def test_what_cannot_be_meant_is_refused_with_the_reason(line: str, told: str) -> None:
    with pytest.raises(Refused, match=told):
        run(line)


def test_slips_of_units_are_asked_about_beside_the_result() -> None:
    def warned(line: str) -> set[str]:
        return {warning.code for warning in run(line).warnings}

    assert "flow_unusual" in warned("flow dose='6500 mg/day' concentration='18 mg/mL'")
    assert "flow_unusual" in warned("dose flow='0.0004 mL/day' concentration='18 mg/mL'")
    assert warned("flow dose='6.5 mg/day' concentration='18 mg/mL'") == set()
    lockout = "ptm bolus='0.2 mg' concentration='20 mg/mL' dose='3 mg/day' lockout='4 {}' most={}"
    assert warned(lockout.format("h", 6)) == set()
    assert warned(lockout.format("min", 1000)) == {"boluses_above_basal"}
    assert "no_number" in warned("ptm bolus='0.2 mg' concentration='20 mg/mL' dose='3 mg/day' lockout='4 h'")
    assert "interval" in warned("periodic dose='240 mcg/day' concentration='2 mg/mL' every='4 min'")
    assert warned("periodic dose='240 mcg/day' concentration='2 mg/mL' every='4 h'") == set()
    assert "nominal_bore" in warned("catheter-volume implanted='60 cm' inner_diameter='0.53 mm'")
