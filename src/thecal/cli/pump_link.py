"""What the commands that talk to a running pump share: its folder, JSON, and a link that is down said as a refusal."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from thecal.quantity import Refusal, Refused

Folder = Annotated[Path, typer.Argument(help="The pump's folder.", show_default=False)]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")]


@contextmanager
def linked() -> Iterator[None]:
    """Turns a link that is down into a refusal that says what to do."""
    from thecal.pump import LinkDown

    try:
        yield
    except LinkDown as down:
        do = "Start it with 'thecal pump run --dir DIR'." if down.state == "intended" else ""
        raise Refused(Refusal("link_down", str(down), "pump", do)) from None


def print_json(plain: object) -> None:
    """Write it as one line of JSON."""
    print(json.dumps(plain))
