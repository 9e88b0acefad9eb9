"""The ``thecal`` command: its parts, its version, and one way to answer bad input (standard error, exit code 2)."""

import sys
from typing import Annotated

import typer

from thecal import __version__
from thecal.cli.bench import bench_app
from thecal.cli.body import body_app
from thecal.cli.calc import SETTINGS, calc
from thecal.cli.course import course
from thecal.cli.emergency import emergency_card
from thecal.cli.pump import pump_app
from thecal.cli.therapy import candidacy, convert, trial_app
from thecal.quantity import QuantityError, Refused

app = typer.Typer(
    name="thecal",
    help="Thecal: pump, body and care of an implanted drug infusion system, in one model.\n\n"
    "Research, teaching and engineering software; not a cleared medical device.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.add_typer(pump_app, name="pump")
app.add_typer(body_app, name="body")
app.add_typer(bench_app, name="bench")
app.add_typer(trial_app, name="trial")
app.command(no_args_is_help=True)(course)
app.command("calc", context_settings=SETTINGS)(calc)
app.command(no_args_is_help=True)(convert)
app.command(no_args_is_help=True)(candidacy)
app.command("emergency-card", no_args_is_help=True)(emergency_card)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"thecal {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    del version


def main() -> None:
    """Run the command. A refusal goes to standard error with exit code 2, and nothing is half-written."""
    try:
        app()
    except Refused as refused:
        for refusal in refused.refusals:
            print(f"refused: {refusal}", file=sys.stderr)
        sys.exit(2)
    except QuantityError as error:
        print(f"refused: {error}", file=sys.stderr)
        sys.exit(2)
