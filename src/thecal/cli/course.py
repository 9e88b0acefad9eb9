"""``thecal course FILE``: one patient's whole therapy from a scenario file, in simulated time."""

import json
import sys
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer

from thecal.quantity import Refusal, Refused


def course(
    file: Annotated[
        str, typer.Argument(help="A scenario file (TOML), or the name of one that ships; --list names them.")
    ] = "",
    out: Annotated[Path | None, typer.Option(help="Folder for table.csv, summary.json and report.html.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the JSON summary on standard output.")] = False,
    list_shipped: Annotated[bool, typer.Option("--list", help="Name the scenarios that ship, and stop.")] = False,
) -> None:
    """Run one patient's whole therapy: pump, body and care, in simulated time.

    Writes table.csv (one row an hour), summary.json and report.html (one file, with its plots) into a folder, by
    default one named after the scenario; with --json alone it writes no file. The format is in docs/course.md. A
    scenario that is refused writes nothing and ends with code 2.

    Examples: thecal course epidural-trial-then-implant, thecal course my.toml --out results --json
    """
    from thecal.course import read_scenario, run, summarise, to_csv, to_html  # heavy: --help stays quick

    if list_shipped:
        entries = (entry.name for entry in (files("thecal.course") / "examples").iterdir())
        names = sorted(name.removesuffix(".toml") for name in entries if name.endswith(".toml"))
        print(json.dumps(names) if as_json else "\n".join(names))
        return
    scenario = read_scenario(_read(file))
    outcome = run(scenario, None if as_json or not sys.stderr.isatty() else _progress)
    folder = out if out is not None else Path(Path(file).name.removesuffix(".toml"))
    if out is not None or not as_json:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "table.csv").write_text(to_csv(outcome), encoding="utf-8")
        (folder / "summary.json").write_text(_json(summarise(outcome)), encoding="utf-8")
        (folder / "report.html").write_text(to_html(outcome), encoding="utf-8")
    if as_json:
        print(_json(summarise(outcome)), end="")
    else:
        print(f"{scenario.title}: see {folder / 'report.html'}, {folder / 'table.csv'} and {folder / 'summary.json'}")


def _read(file: str) -> bytes:
    path = Path(file)
    if path.is_file():
        return path.read_bytes()
    shipped = files("thecal.course") / "examples" / f"{file}.toml"
    if file and "/" not in file and shipped.is_file():
        return shipped.read_bytes()
    do = "Name a TOML file, or one that ships: thecal course --list."
    raise Refused(Refusal("no_file", f"there is no scenario {file!r}", "FILE", do))


def _json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _progress(what: str, share: float) -> None:
    sys.stderr.write(f"\r\x1b[K{share:4.0%}  {what}")
    sys.stderr.flush()
