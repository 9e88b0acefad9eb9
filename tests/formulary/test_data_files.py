"""Every entry of the formulary has unit, source and confirmed flag, and the check that says so can fail."""

import shutil
from pathlib import Path

import pytest

from thecal.formulary import drug, drug_ids, problems, shared
from thecal.formulary.load import DATA

NINE = {
    "baclofen",
    "bupivacaine",
    "clonidine",
    "fentanyl",
    "hydromorphone",
    "morphine",
    "ropivacaine",
    "sufentanil",
    "ziconotide",
}


def test_the_nine_drugs_are_there_and_every_entry_is_sound() -> None:
    assert set(drug_ids()) == NINE
    assert problems() == []


def test_every_entry_names_a_recorded_source_and_says_whether_it_was_read() -> None:
    counted = 0
    for drug_id in drug_ids():
        entry = drug(drug_id)
        for item in (*entry.figures, *entry.statements, *entry.labels, *entry.products, *entry.codes):
            counted += 1
            assert item.source
            assert isinstance(item.confirmed, bool)
            assert entry.cite(item)
    assert counted > 280
    assert all(shared().cite(entry) for entry in shared().admixtures)


def test_a_confirmed_flag_needs_a_source_that_somebody_read(tmp_path: Path) -> None:
    shutil.copytree(DATA, tmp_path / "data")
    path = tmp_path / "data" / "morphine.toml"
    text = path.read_text(encoding="utf-8")
    memory_only = 'source = ["pacc2012_mgmt", "pacc2017_best"]\nconfirmed = false'
    assert memory_only in text
    path.write_text(text.replace(memory_only, memory_only.replace("false", "true"), 1), encoding="utf-8")
    assert any("no source of it was ever read" in line for line in problems(tmp_path / "data"))


FAULTS = [
    ("a number without a unit", 'value = "15 mg/day"', 'value = "15"', "max_daily"),
    ("a unit of another kind", 'value = "15 mg/day"', 'value = "15 mg/mL"', "this key is written in dose rate"),
    ("an unknown unit", 'value = "15 mg/day"', 'value = "15 mg/fortnight"', "mg/fortnight"),
    ("a decimal comma", 'value = "15 mg/day"', 'value = "15,5 mg/day"', "max_daily"),
    ("an unknown field", 'value = "15 mg/day"', 'value = "15 mg/day"\nceiling = true', "ceiling"),
    ("no amount", 'value = "15 mg/day"\n', "", "needs value"),
    ("no source", 'source = ["pacc2012_mgmt", "pacc2017_best"]', "source = []", "source"),
    ("an unrecorded source", 'source = ["pacc2012_mgmt", "pacc2017_best"]', 'source = ["nobody1999"]', "nobody1999"),
    ("an unknown key", 'key = "caution_above"', 'key = "caution"', "keys.py"),
    ("an unknown population", 'population = "opioid_naive"', 'population = "everyone"', "everyone"),
    ("a range upside down", 'low = "0.2 mg/day"', 'low = "2 mg/day"', "above high"),
    ("no label for a route", 'route = "epidural"\nstatus', 'route = "oral"\nstatus', "epidural route"),
    ("another drug's id", 'id = "morphine"', 'id = "morphin"', "name of the file"),
    ("another schema", "schema = 1", "schema = 2", "schema"),
    ("broken TOML", "schema = 1", "schema = = 1", "morphine.toml"),
]


@pytest.mark.parametrize(("name", "old", "new", "says"), FAULTS, ids=[fault[0] for fault in FAULTS])
def test_a_planted_fault_is_found(tmp_path: Path, name: str, old: str, new: str, says: str) -> None:
    folder = tmp_path / "data"
    shutil.copytree(DATA, folder)
    path = folder / "morphine.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    found = problems(folder)
    assert any("morphine.toml" in line and says in line for line in found), found


def test_a_missing_confirmed_flag_is_found_wherever_it_is_missing(tmp_path: Path) -> None:
    lines = (DATA / "baclofen.toml").read_text(encoding="utf-8").splitlines()
    flags = [number for number, line in enumerate(lines) if line.startswith("confirmed = ")]
    shutil.copytree(DATA, tmp_path / "data")
    path = tmp_path / "data" / "baclofen.toml"
    for flag in flags:
        path.write_text("\n".join(lines[:flag] + lines[flag + 1 :]), encoding="utf-8")
        assert any("confirmed" in line for line in problems(tmp_path / "data")), lines[flag - 3 : flag + 1]


def test_an_empty_folder_is_a_fault(tmp_path: Path) -> None:
    assert problems(tmp_path)
