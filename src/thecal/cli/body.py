"""``thecal body``: simulate, compare, qualify, estimate, and the pages that are written from data."""

import json
import tomllib
from pathlib import Path
from typing import Annotated, Any

import typer

from thecal.quantity import Refusal, Refused

File = Annotated[Path, typer.Argument(help="A request in TOML or JSON; see docs/body/commands.md.", show_default=False)]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")]
Folder = Annotated[Path, typer.Option("--out", help="Where the pages are written.")]

body_app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="The patient's body: where a drug goes, what it does, and how far that can be believed.\n\n"
    "A first try: 'thecal body examples', then 'thecal body simulate one_mg_a_day', "
    "'thecal body compare pump_pills_stimulator'. Every quantity is written with its unit.",
)
MOST_BYTES = 5_000_000


@body_app.command()
def simulate(
    file: File,
    out: Annotated[Path | None, typer.Option(help="Write the answer here instead: .json, or .csv for a table.")] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV on standard output.")] = False,
    as_json: AsJson = False,
) -> None:
    """Simulate a request: amounts and concentrations by compartment, level and time; effect; mass balance."""
    from thecal.body import answer as answers
    from thecal.body.files import read_request

    found = answers.answer(read_request(_read(file)))
    if out is not None:
        out.write_text(answers.as_csv(found) if out.suffix == ".csv" else json.dumps(found), encoding="utf-8")
        print(f"wrote {out}")
    elif as_csv:
        print(answers.as_csv(found), end="")
    elif as_json:
        print(json.dumps(found))
    else:
        _summary(found)


@body_app.command()
def compare(file: File, as_json: AsJson = False) -> None:
    """Compare the same person on a pump, an epidural catheter, tablets and a stimulator, side by side with bands."""
    from thecal.body import answer as answers
    from thecal.body.compare import compare as run
    from thecal.body.files import read_comparison

    found = run(**read_comparison(_read(file)))
    if as_json:
        print(json.dumps(answers.compared(found)))
        return
    print(f"{found.drug}, after {found.days:g} days, pain at {found.target}. Middle (low to high).\n")
    print(answers.comparison_table(found))
    for remark in dict.fromkeys(remark for arm in found.arms for remark in arm.remarks):
        print(f"* {remark}")
    print(f"* {len(found.notes)} parameters behind this are unconfirmed; --json lists them.")
    print(f"* {answers.WARNING}")


@body_app.command()
def qualify(out: Folder = Path("docs/body"), as_json: AsJson = False) -> None:
    """Set the model against every published dataset; write qualification.md with one figure a dataset."""
    from thecal.body.qualify import qualify as run
    from thecal.body.qualify.report import write_report

    found = run()
    written = write_report(found, out)
    if as_json:
        print(json.dumps(_qualified(found)))
        return
    print(f"AAFE over datasets {found.aafe:.2f}; {found.within_two_fold} of {found.numbers} numbers within two-fold;")
    print(f"{found.checks_held} of {found.checks} checks hold; wrote {written[0]} and {len(written) - 1} figures")


@body_app.command()
def estimate(
    out: Annotated[Path, typer.Option(help="Where the estimates are written.")] = Path("estimated.toml"),
    as_json: AsJson = False,
) -> None:
    """Estimate the unconfirmed parameters once more, from their priors; takes some minutes."""
    from dataclasses import asdict

    from thecal.body.qualify.estimate import as_toml
    from thecal.body.qualify.estimate import estimate as run

    found = run()
    out.write_text(as_toml(found), encoding="utf-8")
    print(json.dumps([asdict(item) for item in found]) if as_json else f"wrote {out}: {len(found)} values")


@body_app.command()
def parameters(out: Folder = Path("docs/body"), as_json: AsJson = False) -> None:
    """Write the page of all parameters with their sources."""
    from dataclasses import asdict

    from thecal.body.parameter_page import parameter_page
    from thecal.body.reference import TABLES, entries

    if as_json:
        print(json.dumps({name: [asdict(item) for item in entries(name).values()] for name in TABLES}))
        return
    (out / "parameters.md").write_text(parameter_page(), encoding="utf-8")
    print(f"wrote {out / 'parameters.md'}")


@body_app.command("one-against-three-hundred")
def one_against_three_hundred(out: Folder = Path("docs/body"), as_json: AsJson = False) -> None:
    """Write the worked example: 1 mg a day into the spine beside 300 mg a day by mouth."""
    from thecal.body.worked_example import figures, page

    if as_json:
        print(json.dumps(figures()))
        return
    (out / "one-mg-against-three-hundred.md").write_text(page(), encoding="utf-8")
    print(f"wrote {out / 'one-mg-against-three-hundred.md'}")


@body_app.command()
def examples(as_json: AsJson = False) -> None:
    """List the example requests; their names can stand for a file."""
    rows = [(path.stem, _about(path)) for path in _examples()]
    if as_json:
        print(json.dumps([{"name": name, "about": about} for name, about in rows]))
        return
    for name, about in rows:
        print(f"{name:28} {about}")


def _examples() -> list[Path]:
    import thecal.body

    return sorted((Path(thecal.body.__file__).parent / "examples").glob("*.*"))


def _about(path: Path) -> str:
    text = path.read_text(encoding="utf-8")
    return str(json.loads(text)["about"]) if path.suffix == ".json" else text.splitlines()[0].lstrip("# ")


def _read(file: Path) -> dict[str, Any]:
    """The parsed file; a bare name of an example stands for it. Refused when it is not there or not TOML or JSON."""
    named = {path.stem: path for path in _examples()}
    place = file if file.exists() else named.get(str(file), file)
    if not place.is_file():
        raise Refused(Refusal("body.no_file", f"{file} is not a file", "FILE", "Give a file, or a name of an example."))
    if place.stat().st_size > MOST_BYTES:
        raise Refused(Refusal("body.too_large", f"{file} is too large", "FILE", f"Give at most {MOST_BYTES} bytes."))
    text = place.read_bytes()
    try:
        data = json.loads(text) if place.suffix == ".json" else tomllib.loads(text.decode("utf-8"))
    except (ValueError, RecursionError) as error:  # the latter: brackets nested thousands deep
        raise Refused(Refusal("body.bad_file", f"{file} cannot be read: {error}", "FILE", "Mend it.")) from None
    if not isinstance(data, dict):
        raise Refused(
            Refusal("body.bad_file", f"{file} is not a table of fields", "FILE", "See docs/body/commands.md.")
        )
    return data


def _summary(found: dict[str, Any]) -> None:
    last = len(found["times_h"]) - 1
    print(f"{found['drug']} at {found['times_h'][last]:g} h (highest of all times in brackets), ng/mL")
    for compartment, by_level in found["concentrations_ng_ml"].items():
        for level, values in by_level.items():
            name = compartment if level == "body" else f"{compartment} {level}"
            print(f"  {name:16} {values[last]:12.4g}  ({max(values):.4g})")
    print(f"mass balance: largest relative error {found['mass_balance']['largest_relative_error']:.1e}")
    if "breathing" in found:
        drive = found["breathing"]
        print(f"drive to breathe: largest loss {drive['peak_loss']:.0%} at {drive['peak_at_h']:g} h")
    if "effect" in found:
        pain = found["effect"]["pain_nrs"]
        print(f"pain at the end: {pain['mid'][last]:.1f} ({pain['low'][last]:.1f} to {pain['high'][last]:.1f})")
    for output, reason in found["not_supported"].items():
        print(f"not supported, {output}: {reason}")
    print(f"{len(found['unconfirmed'])} parameters are unconfirmed, borrowed or estimated; --json lists them")
    print(found["warning"])


def _qualified(found: Any) -> dict[str, Any]:
    return {
        "aafe": found.aafe,
        "within_two_fold": found.within_two_fold,
        "numbers": found.numbers,
        "checks_held": found.checks_held,
        "checks": found.checks,
        "datasets": [
            {
                "id": result.dataset.id,
                "held_out": result.dataset.held_out,
                "aafe": result.aafe,
                "metrics": [
                    {
                        "metric": row.metric.label,
                        "observed": row.metric.observed(),
                        "predicted": row.predicted,
                        "low": row.low,
                        "high": row.high,
                        "fold_error": row.fold_error,
                        "holds": row.holds,
                    }
                    for row in result.metrics
                ],
            }
            for result in found.results
        ],
    }
