"""Commands that try small faults in the pump's own source: mutation, mutant-campaign, coverage."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from thecal.quantity import Refusal, Refused

Part = Annotated[Literal["kernel", "supervisor"], typer.Option(help="The part whose source is changed.")]
Seed = Annotated[int, typer.Option(min=0, max=2**62, help="The first seed.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")]
Write = Annotated[Path | None, typer.Option(help="Keep the figure in mutants.json and mutants.md of this folder.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this file to ``thecal pump``."""
    app.command()(coverage)
    app.command()(mutation)
    app.command()(mutant_campaign)


def mutation(
    part: Part = "kernel",
    sample: Annotated[int, typer.Option(min=0, help="Try about so many, each operator in its share; 0: all.")] = 0,
    seed: Seed = 0,
    processes: Annotated[int, typer.Option(min=1, max=64, help="So many at once.")] = 1,
    write: Write = None,
    as_json: AsJson = False,
) -> None:
    """Run the tests against mutants of a part. From a checkout. Exit code 1 when fewer than 95 % are found."""
    home = _checkout()
    from thecal.pump.proof.mutants.score import score

    _figures("mutation", [score(part, home, sample, seed, _progress, processes)], write, as_json=as_json)


def mutant_campaign(
    part: Part = "kernel",
    mutants: Annotated[int, typer.Option(min=1, max=1_000_000, help="How many.")] = 1_000,
    seed: Seed = 0,
    write: Write = None,
    as_json: AsJson = False,
) -> None:
    """Let mutants of one part run beside the sound other part. Exit code 1 when one delivers too much."""
    from thecal.pump.proof.mutants.campaign import campaign

    _figures("campaigns", [campaign(part, mutants, seed, _progress)], write, as_json=as_json)


def coverage(write: Write = None, as_json: AsJson = False) -> None:
    """Measure which branches of both parts their tests run. From a checkout. Exit code 1 when one is left out."""
    home = _checkout()
    from thecal.pump.proof.mutants.coverage import coverage as measured

    _figures("coverage", measured(home), write, as_json=as_json)


def _checkout() -> Path:
    """The working folder, when it is the top of a checkout."""
    home = Path.cwd()
    if not (home / "tests" / "pump").is_dir():
        do = "Run it in the top folder of a checkout."
        raise Refused(Refusal("no_tests", "there is no folder tests/pump here", "the working folder", do))
    return home


def _figures(kind: str, figures: list[dict[str, Any]], write: Path | None, *, as_json: bool) -> None:
    from thecal.pump.proof.mutants.page import write as keep

    for figure in figures:
        if write is not None:
            keep(write, kind, figure)
        if as_json:
            print(json.dumps(figure))
            continue
        for name, value in figure.items():
            if name != "survivors":
                print(f"{name:28} {value}")
        for each in figure.get("survivors", []):
            print(f"survived {each['number']:5} {' | '.join(each['identity'])}")
    if not all(figure["holds"] for figure in figures):
        raise typer.Exit(1)


def _progress(line: str) -> None:
    print(line, file=sys.stderr)
