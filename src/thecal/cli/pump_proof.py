"""Commands that put the pump to the proof: replay, verify-journal, torture, model-check, detection-table, evidence."""

import json
import sys
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any

import typer

from thecal.quantity import Refusal, Refused

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")]
Processes = Annotated[int, typer.Option(min=1, max=256, help="How many processes to use.")]
Seed = Annotated[int, typer.Option(min=0, max=2**62, help="The first seed.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this file to ``thecal pump``."""
    for command in (replay, verify_journal, torture, model_check, detection_table, evidence):
        app.command()(command)


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


def verify_journal(folder: Annotated[Path, typer.Argument(help="A pump's folder.")], as_json: AsJson = False) -> None:
    """Check every record of a pump's journal and line of its log. Reads only; exit code 1 when any is damaged."""
    from thecal.pump import journal
    from thecal.pump.folder import JOURNAL
    from thecal.pump.log import log_problems
    from thecal.pump.storage import read_banks

    if not (folder / JOURNAL).is_dir():
        raise Refused(Refusal("no_journal", f"{folder} holds no journal", "DIR", "Give the folder of a pump."))
    banks = read_banks(folder / JOURNAL)
    problems = [*journal.check(banks), *log_problems(folder)]
    scans = [journal.scan(banks.read(bank)) for bank in journal.BANKS]
    told = {
        "sound": not problems,
        "problems": problems,
        "banks": [
            {"records": each.slots, "last": each.last_seq, "torn_tail": each.torn, "lost": each.lost} for each in scans
        ],
    }
    text = "\n".join(problems) or f"sound: {sum(each.slots for each in scans)} records"
    print(json.dumps(told) if as_json else text)
    if problems:
        raise typer.Exit(1)


def torture(
    sequences: Annotated[int, typer.Option(min=1, max=100_000_000, help="How many sequences.")] = 50_000,
    seed: Seed = 0,
    processes: Processes = 2,
    as_json: AsJson = False,
) -> None:
    """Run random fault sequences of 200 steps against an oracle. Exit code 1 when a promise does not hold."""
    from thecal.pump.proof.evidence import tortured

    _figure(tortured(seed, sequences, processes, _progress), as_json=as_json)


def model_check(as_json: AsJson = False) -> None:
    """Search the abstract state space to its end. Exit code 1 when a claim does not hold."""
    from thecal.pump.proof.evidence import searched

    _figure(searched(_progress), as_json=as_json)


def detection_table(processes: Processes = 2, as_json: AsJson = False) -> None:
    """Each fault on each pump at each rate: how long until it is known, and what it costs."""
    from dataclasses import asdict

    from thecal.pump.proof.detection import cases, table

    lines = []
    for found in table(processes):
        lines.append(asdict(found))
        if len(lines) % 20 == 0:
            _progress(f"{len(lines)} of {len(cases())} cases")
    if as_json:
        print(json.dumps(lines))
        return
    for line in lines:
        after = "not found" if line["after_ms"] is None else f"{line['after_ms'] / 60_000:.1f} min"
        print(
            f"{line['fault']:24} {line['profile']:24} {line['rate_ul_day']:6} uL/day  {after:>12}  "
            f"{line['error_ppm'] / 10_000:+9.1f} % of a day  {line['alarm'] or ''}"
        )


def evidence(
    full: Annotated[bool, typer.Option("--full", help="All sizes of the full run: hours.")] = False,
    seed: Seed = 0,
    sequences: Annotated[int, typer.Option(min=0, help="Another number of sequences; 0: that of the size.")] = 0,
    processes: Processes = 2,
    write: Annotated[Path | None, typer.Option(help="Write evidence.md, evidence.json and detection.md here.")] = None,
    as_json: AsJson = False,
) -> None:
    """Remake all figures of the pump and print them. Exit code 1 when one does not hold.

    Speed is told and fails nothing: it is the machine's.
    """
    from thecal.pump.proof.evidence import CI, FULL
    from thecal.pump.proof.evidence import evidence as run
    from thecal.pump.proof.page import detection_page, page

    sizes = dict(FULL if full else CI)
    if sequences:
        sizes["sequences"] = sequences
    data = run(seed, sizes, processes, _progress, write)
    if write is not None:
        (write / "evidence.json").write_text(json.dumps(data, indent=1) + "\n", "utf-8")
        (write / "evidence.md").write_text(page(data), "utf-8")
        (write / "detection.md").write_text(detection_page(data), "utf-8")
    print(json.dumps(data) if as_json else page(data))
    if any(figure["holds"] is False and figure["name"] != "speed" for figure in data["figures"]):
        raise typer.Exit(1)


def _figure(figure: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(figure))
    else:
        for name, value in figure.items():
            print(f"{name:28} {value}")
    if not figure["holds"]:
        raise typer.Exit(1)


def _progress(line: str) -> None:
    print(line, file=sys.stderr)


def _read(file: Path | None) -> bytes:
    if file is None:
        raise Refused(Refusal("no_file", "no case was given", "FILE", "Give a file, or --example NAME."))
    try:
        with file.open("rb") as opened:
            return opened.read(1_000_000)
    except OSError as error:
        raise Refused(Refusal("unreadable", f"{file} cannot be read: {error.strerror}", "FILE")) from None
