"""``thecal pump ...``: make a pump, run it, ask it, and talk to it by hand."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from thecal.cli import pump_hardware, pump_mutants, pump_proof
from thecal.cli.pump_link import AsJson, Folder, linked, print_json
from thecal.quantity import Refusal, Refused

if TYPE_CHECKING:
    from thecal.pump import CommandReceipt
    from thecal.quantity import Kind

Text = Annotated[str, typer.Option(help="A quantity with its unit.")]

pump_app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Virtual pumps: each is a folder and, while it runs, a process of its own.\n\n"
    "A first try: 'thecal pump create --dir p1 --fill \"morphine 10 mg/mL\"', then 'thecal pump run --dir p1 &', "
    '\'thecal pump program p1 --dose "5 mg/day" --cap-day "6 mg" --cap-hour "1 mg"\', \'thecal pump status p1\', '
    "'thecal pump stop p1'. Every quantity is written with its unit. Errors go to standard error with exit code 2.",
)
pump_proof.register(pump_app)
pump_hardware.register(pump_app)
pump_mutants.register(pump_app)


@pump_app.command()
def models(as_json: AsJson = False) -> None:
    """List the pump models: which can run as a virtual pump, and what the others lack."""
    from thecal.pump import profiles

    rows = []
    for model in profiles():
        try:
            model.device()
            lacks: list[str] = []
        except Refused as refused:
            lacks = [
                refusal.where.removeprefix("profile.") if refusal.code == "profile_value_missing" else "a settable flow"
                for refusal in refused.refusals
            ]
        rows.append({"id": model.id, "name": model.name, "design": model.design, "lacks": lacks})
    if as_json:
        print_json(rows)
        return
    for row in rows:
        note = f"  cannot run, lacks: {', '.join(row['lacks'])}" if row["lacks"] else ""  # type: ignore[arg-type]
        print(f"{row['id']:24} {row['name']}{note}")


@pump_app.command()
def create(
    folder: Annotated[Path, typer.Option("--dir", help="The folder to make; its name is the pump's id.")],
    fill: Annotated[str, typer.Option(help="What is in it, for example 'morphine 10 mg/mL'.")],
    model: Annotated[str, typer.Option(help="A model of 'thecal pump models'.")] = "virtual_peristaltic_20",
    volume: Text = "18 mL",
    path: Annotated[str, typer.Option(help="Volume from reservoir to catheter tip, tubing included.")] = "0.4 mL",
    patient: Annotated[str, typer.Option(help="Whose pump it is: it then takes no order for anybody else.")] = "",
    proof_of_fill: Annotated[
        bool, typer.Option("--proof-of-fill", help="It takes no fill without two labels, and asks what shows it is in.")
    ] = False,
    speed: Annotated[int, typer.Option(help="Speed of the shared clock beside the folder; above 1 is a demo.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Make a new pump, filled, with an empty catheter and no program yet."""
    from thecal.formulary import Solution
    from thecal.pump import PumpConfig, SharedClock, create_pump
    from thecal.quantity import VOLUME, parse

    folder = folder.absolute()
    config = PumpConfig(
        model,
        parse(path, VOLUME),
        None,
        Solution.parse(fill),
        parse(volume, VOLUME),
        patient=patient or None,
        proof_of_fill=proof_of_fill,
    )
    if speed != 1:
        SharedClock.start(folder.parent, speed)
    made = create_pump(folder.parent, folder.name, config)
    _say({"created": str(made), **config.plain()}, f"{made} is ready: 'thecal pump run --dir {made}'", as_json)


@pump_app.command()
def run(folder: Annotated[Path, typer.Option("--dir", help="The pump's folder.")], as_json: AsJson = False) -> None:
    """Run a pump in this process until Ctrl-C or SIGTERM. Its therapy goes on at the next run."""
    from thecal.pump.daemon import run as run_pump

    _say({"running": str(folder)}, f"pump {folder} runs; Ctrl-C ends the process, not the therapy", as_json)
    sys.stdout.flush()
    run_pump(folder)
    _say({"ended": str(folder)}, f"pump {folder} ended", as_json)


@pump_app.command()
def ward(
    base: Annotated[Path, typer.Option("--dir", help="The folder whose pumps are run.")], as_json: AsJson = False
) -> None:
    """Run every pump of a folder in this one process, for demonstrations and load tests, until Ctrl-C or SIGTERM."""
    from thecal.pump import pump_folders
    from thecal.pump.daemon import run_many

    folders = pump_folders(base)
    if not folders:
        raise Refused(Refusal("no_pump", f"{base} holds no pumps", "dir", "Create one with 'thecal pump create'."))
    _say({"running": [str(folder) for folder in folders]}, f"{len(folders)} pumps run; Ctrl-C ends them all", as_json)
    sys.stdout.flush()
    run_many(folders)
    _say({"ended": len(folders)}, f"{len(folders)} pumps ended", as_json)


@pump_app.command()
def status(folder: Folder, as_json: AsJson = False) -> None:
    """Say how a running pump is: state, alarms, delivered, left in the reservoir, and missed."""
    from thecal.pump import PumpLink
    from thecal.quantity import MASS, VOLUME, auto

    with linked():
        link = PumpLink(folder)
        now, info = link.status(), link.info()
    if as_json:
        print_json({**asdict(now), "link": {**asdict(info), "fill": str(info.fill)}})
        return
    at_tip = ", ".join(f"{drug} {auto(mass, MASS)}" for drug, mass in now.tip_fg.items()) or "nothing yet"
    least = "not yet read" if info.least_nl is None else f"at least {auto(info.least_nl, VOLUME)}"
    rows = {
        "state": now.state,
        "alarms": ", ".join(now.alarms) or "none",
        "model": info.profile,
        "patient": f"{info.patient or 'nobody yet'}, pump {info.serial}",
        "filled with": str(info.fill),
        "reservoir": f"{auto(now.reservoir_nl, VOLUME)} that a needle can bring back; {least}",
        "delivered": f"{now.delivered_pulses} pulses, {auto(now.delivered_nl, VOLUME)}; at the tip: {at_tip}",
        "missed": f"{now.missed_pulses} pulses in {now.gap_count} gaps, {now.doubtful_pulses} pulses in doubt",
        "prescription": now.prescription_digest or "none",
    }
    if info.speed != 1:
        rows["clock"] = f"DEMONSTRATION, {info.speed} times real time; not synced to the disk at each pulse"
    if info.faults:
        rows["hardware"] = f"DEMONSTRATION of faults: {', '.join(info.faults)}"
    for label, text in rows.items():
        print(f"{label:13} {text}")


@pump_app.command()
def log(folder: Folder, limit: Annotated[int, typer.Option(min=1, max=200)] = 50, as_json: AsJson = False) -> None:
    """Show the latest lines of a running pump's log: starts, programs, refills, alarms, gaps, refusals."""
    from thecal.pump import PumpLink

    with linked():
        lines = PumpLink(folder).log(limit)
    if as_json:
        print_json(lines)
        return
    for line in lines:
        rest = {key: value for key, value in line.items() if key not in {"at", "event"}}
        print(f"{_utc(line['at'])}  {line['event']:9} {json.dumps(rest)}")


@pump_app.command()
def hours(folder: Folder, since: Annotated[int, typer.Option(min=0)] = 0, as_json: AsJson = False) -> None:
    """List what each completed hour delivered, from --since (ms since 1970, UTC) on."""
    from thecal.pump import PumpLink
    from thecal.quantity import MASS, VOLUME, auto

    with linked():
        found = PumpLink(folder).hours(since)
    if as_json:
        print_json([asdict(hour) for hour in found])
        return
    for hour in found:
        print(
            f"{_utc(hour.start)}  {hour.pulses:6} pulses  {auto(hour.nl, VOLUME):>12}  {auto(hour.tip_fg, MASS)} at tip"
        )


@pump_app.command()
def program(
    folder: Folder,
    dose: Text = "",
    cap_day: Text = "",
    cap_hour: Text = "",
    file: Annotated[Path | None, typer.Option(help="A whole order as JSON instead, of any kind.")] = None,
    patient: Annotated[str, typer.Option(help="Whose order it is; left out, of the patient of the pump.")] = "",
    author: Annotated[str, typer.Option(help="Who orders it.")] = "by hand",
    route: str = "intrathecal",
    as_json: AsJson = False,
) -> None:
    """Order a dose: stage, echo, commit, and read back.

    A simple continuous dose is told by --dose, --cap-day and --cap-hour. Every other kind (boluses, day schedules,
    bridges, a patient's bolus, reactions to alarms) is a JSON file in the form of docs/pump/specification.md,
    section 4. The order is for the solution that the pump was filled with. It is refused when it is above a limit,
    above its own caps, or outside the pump's range; then what ran before runs on.
    """
    from thecal.pump import Caps, Prescription, PumpLink, SimpleContinuous, describe, profile
    from thecal.quantity import DOSE_RATE, MASS, MS_PER_DAY

    with linked():
        link = PumpLink(folder)
        info, now = link.info(), link.status().now
        if info.fill is None:
            raise Refused(Refusal("reservoir_unknown", "nobody recorded what is in the reservoir", "dir"))
        if file is not None:
            order = Prescription.from_plain(_json_file(file))
        else:
            order = Prescription(
                id=f"by-hand-{now}",
                patient=patient or info.patient or "by-hand",
                route=route,
                solution=info.fill,
                program=SimpleContinuous(_amount("--dose", dose, DOSE_RATE)),
                caps=Caps(_amount("--cap-hour", cap_hour, MASS), _amount("--cap-day", cap_day, MASS)),
                anchor=now - now % MS_PER_DAY,
                author=author,
                written=now,
            )
        receipt = link.program(order)
    rows = describe(order, profile(info.profile))
    text = "\n".join(f"{label:18} {value}" for label, value in rows.items())
    _say({**_receipt(receipt), "order": rows}, f"{text}\n{'State':18} {receipt.state}", as_json)
    _warn(receipt)


@pump_app.command()
def stop(
    folder: Folder,
    emergency: Annotated[
        bool,
        typer.Option("--emergency", help="You are not of its clinic: it raises an alarm that the clinic must see."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Stop delivery, and read back that it stopped. The process goes on running."""
    from thecal.pump import PumpLink

    with linked():
        receipt = PumpLink(folder).stop(emergency=emergency)
    _say(_receipt(receipt), f"stopped: {receipt.state}", as_json)
    _warn(receipt)


@pump_app.command()
def bolus(folder: Folder, as_json: AsJson = False) -> None:
    """Ask for the patient's bolus, as the patient would. Refused with the reason when it is not allowed now."""
    from thecal.pump import PumpLink

    with linked():
        receipt = PumpLink(folder).request_bolus()
    _say(_receipt(receipt), f"bolus: {receipt.state}", as_json)


@pump_app.command()
def resume(
    folder: Folder,
    seen: Annotated[list[str], typer.Option(help="An alarm that you have read; once for each that stands.")],
    as_json: AsJson = False,
) -> None:
    """Let a pump go on that its safe states hold back. Name every alarm that stands, so that none is overlooked."""
    from thecal.pump import PumpLink

    with linked():
        receipt = PumpLink(folder).resume(tuple(seen))
    _say(_receipt(receipt), f"resume: {receipt.state}", as_json)
    _warn(receipt)


@pump_app.command()
def path(
    folder: Folder,
    empty: Annotated[bool, typer.Option("--empty/--filled", help="Whether the path holds no drug.")],
    as_json: AsJson = False,
) -> None:
    """Record whether the path from pump to tip is empty. Only an empty one may be primed."""
    from thecal.pump import PumpLink

    with linked():
        receipt = PumpLink(folder).mark_path(empty=empty)
    _say(_receipt(receipt), f"path: {receipt.state}", as_json)


@pump_app.command()
def alarms(
    folder: Folder,
    acknowledge: Annotated[str, typer.Option(help="Say that you have seen the alarm of this name.")] = "",
    silence: Annotated[str, typer.Option(help="No sound for so long, for example '10 min'.")] = "",
    check: Annotated[
        bool | None, typer.Option("--heard/--not-heard", help="The alarm was tried, and the patient heard it or not.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the alarms that stand, the most urgent first, with what to do; acknowledge, silence or try them."""
    from thecal.pump import PumpLink
    from thecal.quantity import DURATION, parse

    with linked():
        link = PumpLink(folder)
        rows = link.alarms()
        if acknowledge:
            rows = link.acknowledge(acknowledge)
        if silence:
            rows = link.silence(parse(silence, DURATION))
        if check is not None:
            rows = link.alarm_check(heard=check)
    if as_json:
        print_json(rows)
        return
    for row in rows or [{}]:
        if not row:
            print("no alarm stands")
            continue
        state = "stands" if row["present"] else "is over"
        seen = "seen" if row["acknowledged"] else "not yet seen"
        print(f"{row['priority']:7} {row['name']}: {state} since {_utc(row['since'])}, {seen}\n        {row['clinic']}")


@pump_app.command()
def refill(
    folder: Folder,
    withdrawn: Text,
    volume: Text,
    fill: Annotated[str, typer.Option(help="Another solution than before needs a stopped pump.")] = "",
    label: Annotated[
        list[str] | None,
        typer.Option(help="As scanned, of the order and of the syringe: 'morphine 10 mg/mL; lot A123; 18 mL'."),
    ] = None,
    reaspirated: Annotated[
        bool | None,
        typer.Option("--reaspirated/--nothing-came-back", help="What the needle brought when drawn on again."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Record a refill: what the needle brought back, and how much of what went in."""
    from thecal.formulary import Solution
    from thecal.pump import PumpLink
    from thecal.quantity import VOLUME, auto, parse

    taken, given = parse(withdrawn, VOLUME), parse(volume, VOLUME)
    with linked():
        link = PumpLink(folder)
        held = Solution.parse(fill) if fill else link.info().fill
        if held is None:
            raise Refused(Refusal("reservoir_unknown", "say what is filled in", "fill"))
        receipt = link.refill(taken, held, given, labels=tuple(label or ()), reaspirated=reaspirated)
    report = receipt.refill
    assert report is not None, "a refill brings its report"
    text = (
        f"expected {auto(report.expected_nl, VOLUME)}, withdrawn {auto(report.withdrawn_nl, VOLUME)}: {receipt.state}"
    )
    _say({**_receipt(receipt), "report": {**asdict(report), "fill": str(report.fill)}}, text, as_json)
    _warn(receipt)


def _amount(name: str, text: str, kind: "Kind") -> int:
    from thecal.quantity import parse

    if not text:
        do = "Give --dose, --cap-day and --cap-hour, or a whole order with --file."
        raise Refused(Refusal("amount_missing", "it was not given", name, do))
    return parse(text, kind)


def _json_file(file: Path) -> object:
    try:
        with file.open("rb") as opened:
            return json.loads(opened.read(65_536))
    except (OSError, ValueError) as error:
        raise Refused(Refusal("unreadable", f"{file} holds no order: {error}", "--file")) from None


def _receipt(receipt: "CommandReceipt") -> dict[str, object]:
    return {key: value for key, value in asdict(receipt).items() if key != "refill"}


def _warn(receipt: "CommandReceipt") -> None:
    for warning in receipt.warnings:
        print(f"note: {warning}", file=sys.stderr)


def _utc(ms: int) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(ms / 1_000, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _say(plain: dict[str, object], text: str, as_json: bool) -> None:
    if as_json:
        print_json(plain)
    else:
        print(text)
