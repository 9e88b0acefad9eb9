"""``thecal bench body``: the races of the body model, each checked before its time is shown, and the peers' beside."""

import json
from typing import Annotated, Any

import typer

from thecal.quantity import Refusal, Refused

bench_app = typer.Typer(help="Measure speed, memory and accuracy on named problems.", no_args_is_help=True)


@bench_app.callback()
def _bench() -> None:
    """Measure speed, memory and accuracy on named problems."""


@bench_app.command()
def body(
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
    peers: Annotated[bool, typer.Option("--peers", help="Race other engines too: those that can be imported.")] = False,
    repeat: Annotated[int, typer.Option(min=1, help="How often each race is timed; at least 5 for a record.")] = 5,
    only: Annotated[list[str] | None, typer.Option(help="Run these races alone: A, B, B1, B2, B3, B4.")] = None,
) -> None:
    """Race the solvers of the body model. Docs: docs/body/benchmarks.md."""
    from thecal.body.bench.races import RACES
    from thecal.body.bench.table import run

    chosen = tuple(only or ())
    for name in chosen:
        if name not in RACES:
            known = ", ".join(RACES)
            raise Refused(
                Refusal(code="bench.unknown_race", what=f"{name!r} is no race", where="only", do=f"Use {known}.")
            )
    table = run(repeat, peers, chosen, lambda line: typer.echo(f"running: {line}", err=True))
    typer.echo(json.dumps(table, indent=1) if as_json else _as_text(table))
    if not all(line.get("accurate", True) for line in table["ours"]):
        raise typer.Exit(1)


def _as_text(table: dict[str, Any]) -> str:
    about = table["machine"]
    load = " ".join(f"{value:.1f}" for value in (*about["load_before"], *table["load_after"]))
    lines = [
        f"{about['cpu']}, {about['cores']} cores, Python {about['python']}, NumPy {about['numpy']}; load 1/5/15 min "
        f"before and after: {load}",
        "",
        f"{'race':<6}"
        + "".join(f"{head:>10}" for head in ("to reach", "min", "median", "cpu", "first", "MB", "error")),
    ]
    for line in table["ours"]:
        timed = f"{line['race']:<6}{line['target_s']:>9.3f}s{line['min_s']:>9.4f}s{line['median_s']:>9.4f}s"
        timed += f"{line['least_cpu_s']:>9.4f}s"
        if "error" in line:
            timed += f"{line['first_s']:>9.3f}s{line['peak_memory_mb']:>10.0f}"
            timed += f"{line['error']:>10.1e} (at most {line['allowed']:.0e})"
        verdict = "reached" if line["reached"] else "NOT REACHED"
        lines.append(f"{timed}  {verdict}{'' if line.get('accurate', True) else ', WRONG'}: {line['work']}")
    for line in table["peers"]:
        seconds = "-" if line["seconds"] is None else f"{line['seconds']:.3f} s"
        apart = "" if line["recorded"] or line["seconds"] is None else f", compile {line['compile_s']:.1f} s"
        error = f", error {line['error']:.0e}" if "error" in line else ""
        note = f" ({line['note']})" if line["note"] else ""
        lines.append(f"{line['race']:<6}{line['peer']}: {seconds}{apart}{error}{note}")
    return "\n".join(lines)
