"""The commands of the pathway by hand: text for people, JSON for programs, refusals with what would be accepted."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from thecal.cli.therapy import candidacy, convert, trial_app
from thecal.quantity import QuantityError, Refused

DOCS = Path(__file__).parents[2] / "docs" / "therapy"
app = typer.Typer()
app.command()(candidacy)
app.command()(convert)
app.add_typer(trial_app, name="trial")


def run(*words: str) -> str:
    found = CliRunner().invoke(app, words)
    if found.exception is not None and not isinstance(found.exception, SystemExit):
        raise found.exception
    assert found.exit_code == 0, found.output
    return found.output


def block(page: str, language: str) -> str:
    """The first example of a language on a page of the documentation: what is documented is what runs."""
    found = re.search(rf"```{language}\n(.*?)```", (DOCS / page).read_text("utf-8"), re.DOTALL)
    assert found is not None
    return found[1]


def test_the_documented_chart_is_read(tmp_path: Path) -> None:
    file = tmp_path / "patient.toml"
    file.write_text(block("candidacy.md", "toml"))
    text = run("candidacy", str(file))
    assert "fail_physiotherapy" in text and "The prescriber concludes." in text
    found = json.loads(run("candidacy", str(file), "--ruleset", "aetna_0161", "--json"))
    status = {item["criterion"]: item["status"] for item in (*found["items"], *found["safety"])}
    assert status["psych_evaluation"] == "met" and status["infection"] == "met" and status["trial_done"] == "unknown"
    assert "us_medicare" in run("candidacy", "--list").split()


def test_the_documented_diary_and_plan_are_analysed(tmp_path: Path) -> None:
    diary, plan = tmp_path / "diary.csv", tmp_path / "plan.toml"
    diary.write_text(block("trial.md", "csv"))
    plan.write_text(block("trial.md", "toml"))
    text = run("trial", "analyse", str(diary), "--plan", str(plan))
    assert "relief 62.5 %" in text and "substantial_50 (50 %): reached" in text
    found = json.loads(run("trial", "analyse", str(diary), "--plan", str(plan), "--json"))
    assert found["verdict"]["passed"] is True and found["verdict"]["relief_pct"] == "125/2"


BY_HAND = """
[trial]
method = "repeated_single_shot"
route = "intrathecal"
solution = "morphine 1 mg/mL"
shot = "0.2 mg"
start = "2026-03-04T08:00Z"
days = 2

[rule]
baseline_days = 2
window_days = 1
min_entries_day = 2
completeness_pct = 50
"""
HAND_DIARY = """time,pain,dose
2026-03-03T09:00Z,8,
2026-03-03T18:00Z,8,
2026-03-05T07:00Z,,drug
2026-03-05T09:00Z,3,
2026-03-05T18:00Z,3,
"""


def test_an_uncertain_verdict_and_the_watch_of_each_dose_are_told_in_text_and_json(tmp_path: Path) -> None:
    diary, plan = tmp_path / "diary.csv", tmp_path / "plan.toml"
    diary.write_text(HAND_DIARY)
    plan.write_text(BY_HAND)
    text = run("trial", "analyse", str(diary), "--plan", str(plan))
    assert "Verdict: passed, uncertain" in text and "substantial_50 (50 %): uncertain (relief is 62.5 % (25 to" in text
    assert "missing 2 entries of the day from 2026-03-02 08:00 UTC (baseline)" in text
    assert "Watch from 2026-03-05 07:00 UTC to 2026-03-06 07:00 UTC" in text
    assert "Watched until 2026-03-06 07:00 UTC" in text and "The dose before is watched until" in text
    found = json.loads(run("trial", "analyse", str(diary), "--plan", str(plan), "--json"))
    verdict = found["verdict"]
    assert (verdict["outcome"], verdict["passed"], verdict["uncertain"]) == ("passed, uncertain", True, True)
    assert (verdict["relief_low"], verdict["relief_pct"], verdict["relief_high"]) == ("25", "125/2", "200/3")
    assert verdict["missing"] == [{"window": "baseline", "start": 1772438400000, "lacking": 2}]
    half = next(each for each in found["responders"] if each["id"] == "substantial_50")
    assert half["reached"] is None and half["uncertain"] is True
    assert len(found["watches"]) == 2 and found["watched_until"] == found["watches"][1]["end"]


def test_the_documented_conversion_gives_its_band() -> None:
    text = run("convert", "60 mg/day", "morphine", "--ratio", "oral_it_100_scand")
    assert text.startswith("morphine, oral to it: 0.6 mg/day (one published figure, no spread)")
    found = json.loads(run("convert", "240 mg/day", "--population", "opioid_tolerant", "--json"))
    assert found["ratio"]["id"] == "oral_it_cancer_cohort" and found["chosen"] is False
    turned = json.loads(run("convert", "6 mg/day", "--from", "it", "--to-drug", "hydromorphone", "--json"))
    assert turned["calculated"]["low"] == "1000000000000"
    assert "oral_it_12_case" in run("convert", "--list")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("convert", "240"), "unit"),
        (("convert", "-1 mg/day"), "No such option"),
        (("convert", "240 mg/day", "ziconotide"), "not an opioid"),
        (("convert", "240 mg/day", "--ratio", "oral_it_12_case"), "direction|is for"),
        (("convert", "240 mg/day", "--ratio", "cdc2022"), "never converts"),
        (("convert", "120 mg/day", "oxycodone", "--factor", "x"), "factor"),
        (("candidacy", "nothing.toml"), "no file"),
        (("trial", "analyse", "nothing.csv", "--plan", "nothing.toml"), "no file"),
    ],
)
def test_bad_input_is_refused_by_name(words: tuple[str, ...], says: str) -> None:
    found = CliRunner().invoke(app, words)
    assert found.exit_code != 0
    wrong: Any = found.exception
    text = str(wrong) if isinstance(wrong, Refused | QuantityError) else found.output
    assert re.search(says, text), text


@pytest.mark.parametrize(
    "text", ["{", "[patient", "now = 1\n[patient]", "[patient]\nbirth_date='1960'", "now='2026-03-04'"]
)
def test_a_bad_chart_file_is_refused_by_name(text: str, tmp_path: Path) -> None:
    file = tmp_path / "patient.toml"
    file.write_text(text)
    with pytest.raises(Refused) as refused:
        run("candidacy", str(file))
    assert all(each.code and each.what for each in refused.value.refusals)


def test_convert_reads_routes_drugs_and_doses_as_people_write_them_and_a_ratio_by_its_number() -> None:
    text = run("convert", "300 mg/24h", "Morphine", "--from", "ORAL", "--to", "IT", "--ratio", "300:1")
    assert text.startswith("morphine, oral to it: 1 mg/day (one published figure") and "oral_it_300 (chosen)" in text
    for ratio in ("200", "12", "12:1"):
        with pytest.raises(Refused, match=r"route-conversion"):
            run("convert", "300 mg/day", "--ratio", ratio)
    with pytest.raises(Refused, match="above zero"):
        run("convert", "0 mg/day")


def test_a_change_of_drug_shows_its_sources_what_is_unconfirmed_and_that_nobody_chose() -> None:
    text = run("convert", "12 mg/day", "--from", "it", "--to-drug", "Hydromorphone")
    assert "low 2 mg/day, centre 2.2 mg/day, high 2.4 mg/day [unconfirmed]" in text
    assert "source:" in text and "Nobody has chosen" in text and "start after change_of_it_drug" in text


def test_morphine_equivalents_of_a_day_are_counted_by_drug_and_never_called_a_conversion() -> None:
    text = run("convert", "--mme", "oxycodone 40 mg + fentanyl transdermal 25 mcg/h; hydrocodone 10 mg/day")
    assert "of a day: 130 mg (cdc2022)" in text and "never to convert a dose" in text  # 40 x 1.5 + 25 x 2.4 + 10
    assert json.loads(run("convert", "--mme", "morphine 30 mg", "--factors", "cdc2016", "--json"))["confirmed"] is False
    for wrong in ("fentanyl 25 mcg/h", "x", "oxycodone", "oxycodone 40", "oxycodone 40 mL", "oxycodone -1 mg", ""):
        with pytest.raises(Refused):
            run("convert", "--mme", wrong)
