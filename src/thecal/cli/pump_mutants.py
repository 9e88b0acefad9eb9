"""Commands that try small faults in the pump's own source: mutation, mutant-campaign."""

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
    app.command()(mutation)
    app.command()(mutant_campaign)


def mutation(
    part: Part = "kernel",
    sample: Annotated[int, typer.Option(min=0, help="Try about so many, each operator in its share; 0: all.")] = 0,
    seed: Seed = 0,
    write: Write = None,
    as_json: AsJson = False,
) -> None:
    """Run the tests against mutants of a part. From a checkout. Exit code 1 when fewer than 95 % are found."""
    home = Path.cwd()
    if not (home / "tests" / "pump").is_dir():
        do = "Run it in the top folder of a checkout."
        raise Refused(Refusal("no_tests", "there is no folder tests/pump here", "the working folder", do))
    from thecal.pump.proof.mutants_score import score

    _figure("mutation", score(part, home, sample, seed, _progress), write, as_json=as_json)


def mutant_campaign(
    part: Part = "kernel",
    mutants: Annotated[int, typer.Option(min=1, max=1_000_000, help="How many.")] = 1_000,
    seed: Seed = 0,
    write: Write = None,
    as_json: AsJson = False,
) -> None:
    """Let mutants of one part run beside the sound other part. Exit code 1 when one delivers too much."""
    from thecal.pump.proof.mutants_campaign import campaign

    _figure("campaigns", campaign(part, mutants, seed, _progress), write, as_json=as_json)


def _figure(kind: str, figure: dict[str, Any], write: Path | None, *, as_json: bool) -> None:
    from thecal.pump.proof.mutants_page import write as keep

    if write is not None:
        keep(write, kind, figure)
    if as_json:
        print(json.dumps(figure))
    else:
        for name, value in figure.items():
            if name != "survivors":
                print(f"{name:28} {value}")
        for each in figure.get("survivors", []):
            print(f"survived {each['number']:5} {' | '.join(each['identity'])}")
    if not figure["holds"]:
        raise typer.Exit(1)


def _progress(line: str) -> None:
    print(line, file=sys.stderr)
