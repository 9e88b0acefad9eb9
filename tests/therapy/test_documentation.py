"""Every rule is explained: a criterion, figure or step that is on no page fails here."""

from pathlib import Path

import pytest

from thecal.therapy.decision import TOPICS
from thecal.therapy.events import KINDS
from thecal.therapy.reference import entries, load

DOCS = Path(__file__).parents[2] / "docs" / "therapy"
PAGES = {
    ("candidacy", "criterion"): "candidacy.md",
    ("candidacy", "ruleset"): "candidacy.md",
    ("trial", "method"): "trial.md",
    ("trial", "escalation"): "trial.md",
    ("trial", "monitoring"): "trial.md",
    ("trial", "instrument"): "trial.md",
    ("trial", "responder"): "trial.md",
    ("trial", "pitfall"): "trial.md",
    ("trial", "complication"): "trial.md",
    ("trial", "conversion"): "trial.md",
    ("conversions", "route_ratio"): "conversion.md",
    ("conversions", "drug_ratio"): "conversion.md",
    ("conversions", "equianalgesic"): "conversion.md",
    ("conversions", "reduction"): "conversion.md",
    ("conversions", "cap"): "conversion.md",
    ("conversions", "example"): "conversion.md",
    ("outcomes", "study"): "decision.md",
    ("outcomes", "target"): "decision.md",
    ("refill", "step"): "follow-up.md",
    ("refill", "cause"): "follow-up.md",
    ("refill", "battery"): "follow-up.md",
    ("refill", "mri"): "follow-up.md",
    ("refill", "prompt"): "follow-up.md",
    ("refill", "taper"): "follow-up.md",
}


@pytest.mark.parametrize(("file", "table"), PAGES)
def test_every_entry_is_on_its_page(file: str, table: str) -> None:
    page = (DOCS / PAGES[file, table]).read_text("utf-8")
    named = [row["id"] for name, row in entries(file) if name == table]
    assert named
    assert not [each for each in named if f"`{each}`" not in page]


def test_every_page_has_a_formula_or_rule_and_a_worked_example() -> None:
    for name in {*PAGES.values(), "site-formulary.md", "worklist.md"} - {"decision.md"}:
        page = (DOCS / name).read_text("utf-8")
        assert "Example" in page, name
        assert "ormula" in page or "S = " in page or "relief = " in page, name


def test_every_event_and_topic_is_on_a_page() -> None:
    pathway = (DOCS / "pathway.md").read_text("utf-8")
    assert not [kind for kind in KINDS if f"`{kind}`" not in pathway]
    decision = (DOCS / "decision.md").read_text("utf-8")
    assert not [topic for topic in TOPICS if f"## {topic}" not in decision]
    assert set(load("conversions")["mme"]) == {"cdc2022", "vonkorff2008", "cdc2016", "europe2018"}
