"""The emergency card: its figures from a chart, its doubt, its steps for each kind of pump, on one page."""

import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import typer
from therapy_way import MG, ML, Maker, whole_way
from typer.testing import CliRunner

from thecal.cli.emergency import emergency_card
from thecal.pump import profiles
from thecal.quantity import MS_PER_DAY, MS_PER_HOUR, QuantityError, Refused
from thecal.therapy import Chart, Ledger, append, fold
from thecal.therapy import events as ev
from thecal.therapy.emergency import Facts, card, from_chart, from_texts, problems

app = typer.Typer()
app.command()(emergency_card)
SITUATIONS = ["overdose", "withdrawal", "stall", "pocket_fill", "wrong_port", "meningitis"]
TYPED = {
    "patient": "p-9",
    "solution": "morphine 18 mg/mL + bupivacaine 9 mg/mL",
    "dose": "6.5 mg/day",
    "reservoir": "7 mL to 9 mL",
    "catheter_volume": "0.1885 mL",
    "pump_model": "synchromed_ii_20",
    "last_certain_delivery": "2026-03-04 10:30 UTC",
}


def running(days: int = 5) -> tuple[Chart, int]:
    """A chart in therapy, ``days`` after its first refill of 20 mL."""
    written = whole_way()
    return fold(written), written[-1].meta.at + days * MS_PER_DAY


def facts_of(*changes: Callable[[Maker], ev.Event], days: int = 5) -> tuple[Facts, int]:
    chart, now = running(days)
    maker = Maker(7)
    maker.now = now - MS_PER_DAY
    for change in changes:
        chart = append(chart, change(maker))  # type: ignore[arg-type]
    return from_chart(chart, now), now


def test_mass_in_reservoir_and_catheter_and_hours_since_delivery_by_hand() -> None:
    facts, now = facts_of()
    made = card(facts, now)
    (morphine,) = made.drugs
    left = 20 * ML - Fraction(6_500_000 * 5, 18)
    assert morphine.reservoir == (int(left) * 18 * ML, int(left) * 18 * ML)
    assert morphine.catheter == (188_500 * 18 * ML,) * 2
    assert morphine.doses == (Fraction(65 * MG, 10),)
    assert made.hours == 120 and "withdrawn" in facts.evidence


def test_a_gap_that_lasts_takes_the_last_certain_delivery_back_to_its_start() -> None:
    chart, now = running(0)
    maker = Maker(9)
    maker.now = now + MS_PER_DAY
    refill = chart.refills[-1].meta.at
    gap = maker.make(ev.PumpGapNoted, "system", pump="implant-1", start=refill - 2 * MS_PER_HOUR, cause="motor stall")
    facts = from_chart(append(chart, gap), maker.now)
    assert facts.last_certain == refill - 2 * MS_PER_HOUR and "motor stall" in facts.evidence


def test_a_new_concentration_makes_the_catheter_a_range_until_it_is_through() -> None:
    refilled = lambda maker: maker.refilled(  # noqa: E731
        solution="morphine 25 mg/mL", start_nl=20 * ML, expected_nl=18 * ML, withdrawn_nl=18 * ML
    )
    facts, now = facts_of(refilled)
    (morphine,) = card(facts, now).drugs
    assert morphine.concentration == 25 * ML
    assert morphine.catheter == (188_500 * 18 * ML, 188_500 * 25 * ML)


def test_while_a_prescription_is_in_doubt_both_doses_are_on_the_card() -> None:
    chart, now = running()
    maker = Maker(11)
    maker.now = now - MS_PER_DAY
    order = maker.written("implant-1", "therapy", 8 * MG)
    chart = append(chart, order)
    chart = append(chart, maker.step(ev.PrescriptionSent, order.digest, "nurse"))
    made = card(from_chart(chart, now), now)
    assert made.drugs[0].doses == (Fraction(65 * MG, 10), Fraction(8 * MG))
    assert "6.5 mg/day or 8 mg/day" in "\n".join(made.lines())


def test_a_reservoir_that_must_be_empty_by_the_chart_still_gives_a_card() -> None:
    facts, now = facts_of(days=400)
    assert facts.reservoir == (0, 20 * ML)
    assert any(warning.code == "ran_empty" for warning in facts.warnings)
    assert "The reservoir was empty before" in "\n".join(card(facts, now).lines())


def test_without_a_pump_there_is_no_card() -> None:
    with pytest.raises(Refused, match="No pump"):
        from_chart(fold(whole_way()[:3]), 0)


@pytest.mark.parametrize("model", [*(each.id for each in profiles()), "", "some_other_pump"])
def test_every_pump_has_every_situation_with_steps_and_sources_on_one_page(model: str) -> None:
    facts = from_texts(TYPED | {"pump_model": model})
    made = card(facts, 1_772_900_000_000)
    assert [each.id for each in made.situations] == SITUATIONS
    for each in made.situations:
        assert each.steps and all(step.text and step.sources for step in each.steps)
    lines = made.lines()
    assert len(lines) <= 90 and max(map(len, lines)) <= 120


def test_a_pump_whose_flow_is_fixed_can_only_be_emptied() -> None:
    fixed = card(from_texts(TYPED | {"pump_model": "codman_3000"}), 1_772_900_000_000)
    text = " ".join(step.text for step in fixed.situations[0].steps)
    assert "only emptying" in text and "programmer" not in text


def test_antidote_and_withdrawal_of_every_drug_come_from_the_formulary_with_their_flags() -> None:
    made = card(from_texts({"solution": "morphine 5 mg/mL + clonidine 100 mcg/mL + unheard 1 mg/mL"}), 0)
    overdose, withdrawal = made.situations[:2]
    texts = [step.text for step in overdose.steps]
    assert any(text.startswith("morphine: naloxone") for text in texts)
    assert any(text.startswith("clonidine:") for text in texts)
    assert any("not in the formulary" in step.text and not step.confirmed for step in withdrawal.steps)


def test_a_step_that_holds_for_one_kind_of_drug_is_left_out_for_another() -> None:
    def text(solution: str) -> str:
        return " ".join(
            step.text for each in card(from_texts({"solution": solution}), 0).situations for step in each.steps
        )

    assert "Naloxone is shorter" in text("fentanyl 50 mcg/mL + clonidine 100 mcg/mL")
    assert "Naloxone" not in text("baclofen 500 mcg/mL")


def test_unconfirmed_steps_are_marked_and_unknown_facts_printed_as_unknown() -> None:
    made = card(from_texts({"solution": "morphine 10 mg/mL"}), 0)
    text = "\n".join(made.lines())
    assert "(?)" in text and "Last certain delivery: UNKNOWN" in text and "Reservoir UNKNOWN" in text
    marked = sum(not step.confirmed for each in made.situations for step in each.steps)
    assert text.count("(?) ") + text.count("(?)\n") >= marked > 0


def test_every_entry_of_the_file_names_a_source_and_says_whether_it_was_confirmed() -> None:
    assert problems() == []


@pytest.mark.parametrize(
    "bad",
    [
        {},
        {"solution": ""},
        {"solution": "morphine"},
        {"solution": "morphine 10"},
        TYPED | {"dose": "6.5"},
        TYPED | {"dose": 6.5},
        TYPED | {"reservoir": "9 mL to 7 mL"},
        TYPED | {"reservoir": "-1 mL"},
        TYPED | {"last_certain_delivery": "yesterday"},
        TYPED | {"weight": "70 kg"},
    ],
)
def test_facts_that_are_wrong_are_refused(bad: dict[str, Any]) -> None:
    with pytest.raises((Refused, QuantityError)):
        from_texts(bad)


def test_the_command_reads_a_chart_export_and_typed_facts(tmp_path: Path) -> None:
    ledger = Ledger()
    for event in whole_way():
        ledger = ledger.append(event, ledger.version)
    export, typed = tmp_path / "chart.jsonl", tmp_path / "facts.json"
    export.write_bytes(ledger.export())
    typed.write_text(json.dumps(TYPED))
    at = ["--at", "2026-04-20 10:30 UTC"]
    for words in ([str(export)], ["--chart", str(export)]):
        found = CliRunner().invoke(app, [*words, *at, "--json"], catch_exceptions=False)
        plain = json.loads(found.stdout)
        assert plain["drugs"][0]["catheter_mg"] == [3.393, 3.393]
        assert plain["hours_since_last_certain_delivery"] == 120
        assert [each["id"] for each in plain["situations"]] == SITUATIONS
    page = CliRunner().invoke(app, [str(typed), *at], catch_exceptions=False).stdout
    assert "BUPIVACAINE 9 mg/mL; dose 3.25 mg/day; in the reservoir 63 mg to 81 mg" in page


def test_a_file_that_is_no_card_is_refused(tmp_path: Path) -> None:
    for content in (b"", b"[]", b"nonsense", b'{"solution": "morphine 1 mg/mL"', b"\xff"):
        file = tmp_path / "bad"
        file.write_bytes(content)
        with pytest.raises(Refused):
            CliRunner().invoke(app, [str(file)], catch_exceptions=False)
    with pytest.raises(Refused):
        CliRunner().invoke(app, ["--at", "soon", str(tmp_path / "bad")], catch_exceptions=False)
    with pytest.raises(Refused):
        CliRunner().invoke(app, [], catch_exceptions=False)


def test_a_changed_chart_export_is_refused(tmp_path: Path) -> None:
    ledger = Ledger()
    for event in whole_way()[:4]:
        ledger = ledger.append(event, ledger.version)
    file = tmp_path / "chart.jsonl"
    file.write_bytes(ledger.export().replace(b"Ada", b"Bob"))
    with pytest.raises(Refused, match="cannot be trusted"):
        CliRunner().invoke(app, [str(file)], catch_exceptions=False)


@pytest.mark.parametrize(
    "typed",
    [
        {"drug": "Baclofen", "concentration": "2000 mcg/ml", "daily_dose": "400 mcg per 24 h", "reservoir": "7-9 mL"},
        {"solution": {"baclofen": {"value": 2, "unit": "mg/mL"}}, "dose": {"value": "400", "unit": "mcg/day"},
         "Reservoir-Volume": "7 to 9 ml"},
        {"solution": "baclofen 0.2 %", "dose": "0.4 mg/d", "reservoir": "7 mL to 9000 uL", "serial": ""},
    ],
)  # fmt: skip
def test_typed_facts_may_be_written_as_labels_and_charts_write_them(typed: dict[str, Any]) -> None:
    facts = from_texts(typed)
    assert str(facts.solution) == "baclofen 2 mg/mL" and facts.reservoir == (7 * ML, 9 * ML)
    assert list(facts.doses) == [400 * 10**9]


@pytest.mark.parametrize(
    "bad",
    [
        {"solution": "18 mg/mL"}, {"drug": "morphine"}, {"concentration": "18 mg/mL"}, {"solution": ["morphine"]},
        TYPED | {"drug": "morphine", "concentration": "18 mg/mL"}, TYPED | {"daily_dose": "1 mg/day"},
        TYPED | {"dose": "6,5 mg/day"}, TYPED | {"reservoir": "7 mL or 9 mL"}, TYPED | {"reservoir": {"low": 1}},
        TYPED | {"patient": 3}, TYPED | {"patient": "x\x00"}, TYPED | {"solution": "morphine 0 mg/mL"},
    ],
)  # fmt: skip
def test_typed_facts_that_can_be_read_in_two_ways_are_refused_with_the_names_there_are(bad: dict[str, Any]) -> None:
    with pytest.raises(Refused, match="names: patient"):
        from_texts(bad)


def test_a_delivery_after_the_moment_of_the_card_is_refused() -> None:
    facts = from_texts({"solution": "morphine 18 mg/mL", "last_certain_delivery": "2026-03-06"})
    assert facts.last_certain is not None
    assert card(facts, facts.last_certain).hours == 0
    with pytest.raises(Refused, match="lies after"):
        card(facts, facts.last_certain - 1)


def test_a_pump_that_is_not_in_the_catalog_is_said_in_a_warning() -> None:
    facts = from_texts({"solution": "morphine 18 mg/mL", "pump": "synchromed II"})
    assert [warning.code for warning in facts.warnings] == ["pump_unknown"]
    assert "The catalog has no pump" in "\n".join(card(facts, 0).lines())


def test_the_command_reads_standard_input() -> None:
    found = CliRunner().invoke(
        app, ["-", "--at", "2026-04-20 10:30 UTC"], input='\ufeff{"solution": "morphine 1 mg/mL"}'
    )
    assert found.exit_code == 0 and "MORPHINE 1 mg/mL" in found.stdout
