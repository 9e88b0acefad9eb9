"""Commands that put the pump to the proof: replay, verify-journal, torture, model-check, detection-table, evidence."""

import json
import sys
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer

from thecal.quantity import Refusal, Refused

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this file to ``thecal pump``."""
    app.command()(replay)


def replay(
    file: Annotated[Path | None, typer.Argument(help="A case, TOML or JSON.", show_default=False)] = None,
    example: Annotated[str, typer.Option(help="Run one of the examples instead.")] = "",
    examples: Annotated[bool, typer.Option("--examples", help="List the examples.")] = False,
    as_json: AsJson = False,
) -> None:
    """Put a case to the pump: profile, prescription, events and faults in; pulses, states and alarms out, as JSON.

    The format is told in docs/pump/replay.md. With --json a refused case is told on standard output too.
    """
    from thecal.pump.replay import replay as run
    from thecal.pump.scenario import read_scenario

    shipped = {path.name.removesuffix(".toml"): path for path in (files("thecal.pump") / "examples").iterdir()}
    if examples:
        for name in sorted(shipped):
            print(f"{name:24} {shipped[name].read_text('utf-8').splitlines()[0].removeprefix('# ')}")
        return
    try:
        if example and example not in shipped:
            do = f"Use one of {', '.join(sorted(shipped))}."
            raise Refused(Refusal("example", f"there is no example {example[:60]!r}", "--example", do))
        told = run(read_scenario(shipped[example].read_bytes() if example else _read(file)))
    except Refused as refused:
        if as_json:
            plain = [{"code": r.code, "where": r.where, "what": r.what, "do": r.do} for r in refused.refusals]
            print(json.dumps({"refused": plain}))
        raise
    json.dump(told, sys.stdout, indent=None if as_json else 1)
    print()


def _read(file: Path | None) -> bytes:
    if file is None:
        raise Refused(Refusal("no_file", "no case was given", "FILE", "Give a file, or --example NAME."))
    try:
        with file.open("rb") as opened:
            return opened.read(1_000_000)
    except OSError as error:
        raise Refused(Refusal("unreadable", f"{file} cannot be read: {error.strerror}", "FILE")) from None
