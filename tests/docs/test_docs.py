"""The documents speak of what is there: links lead somewhere, rooms and commands are named, settings are told."""

import re
from pathlib import Path

import pytest
import typer

from thecal.cli.main import app

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


@pytest.mark.parametrize("document", PAGES, ids=lambda document: str(document.relative_to(ROOT)))
def test_every_link_leads_to_a_file_that_is_there(document: Path) -> None:
    targets = [target.split("#")[0] for target in LINK.findall(document.read_text("utf-8"))]
    missing = [t for t in targets if t and "://" not in t and not (document.parent / t).exists()]
    assert missing == []


def test_every_page_can_be_reached_from_the_readme() -> None:
    seen, ahead = set(), [ROOT / "README.md"]
    while ahead:
        page = ahead.pop().resolve()
        if page in seen or page.suffix != ".md" or not page.exists():
            continue
        seen.add(page)
        ahead += [page.parent / target.split("#")[0] for target in LINK.findall(page.read_text("utf-8"))]
    lost = [str(page.relative_to(ROOT)) for page in PAGES if page.resolve() not in seen and page.parent != ROOT]
    assert lost == []


def test_every_room_stands_in_the_map_and_in_the_architecture() -> None:
    rooms = sorted(path.parent.name for path in (ROOT / "src" / "thecal").glob("*/__init__.py"))
    for page in ("README.md", "docs/architecture.md"):
        text = (ROOT / page).read_text("utf-8")
        assert [room for room in rooms if f"| `{room}` |" not in text] == [], page


def test_every_command_is_documented() -> None:
    text = "\n".join(page.read_text("utf-8") for page in PAGES)
    command = typer.main.get_command(app)
    names = [f"thecal {name}" for name in command.commands]  # type: ignore[attr-defined]
    assert [name for name in names if name not in text] == []


def test_the_commands_of_the_readme_exist_and_can_be_run() -> None:
    for name in ("run", "test", ".ci/run", "scripts/setup", "scripts/lock"):
        assert (ROOT / name).stat().st_mode & 0o111, name
