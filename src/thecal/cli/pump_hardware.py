"""``thecal pump fault`` and ``truth``: the virtual hardware under a running pump, for demonstrations.

No real pump has such a command: what really happened is known because the hardware is virtual.
"""

from datetime import UTC, datetime
from typing import Annotated

import typer

from thecal.cli.pump_link import AsJson, Folder, linked, print_json
from thecal.quantity import Refusal, Refused


def register(app: typer.Typer) -> None:
    """Add the commands to ``thecal pump``."""
    app.command()(fault)
    app.command()(truth)


def fault(
    folder: Folder,
    kind: Annotated[str, typer.Argument(help="A kind of docs/pump/replay.md, for example stall, gain or leak.")] = "",
    set_: Annotated[list[str] | None, typer.Option("--set", help="A figure of it, for example gain=1.5.")] = None,
    at: Annotated[str, typer.Option(help="How long from now it begins, in the pump's time: '10 min'.")] = "",
    for_: Annotated[str, typer.Option("--for", help="How long it lasts; left out: until it is cleared.")] = "",
    clear: Annotated[
        bool, typer.Option("--clear", help="End the faults of that kind; of every kind without one.")
    ] = False,
    reset_valve: Annotated[
        bool, typer.Option("--reset-valve", help="Also open a valve that a field has shut.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """A DEMONSTRATION: let something go wrong with the virtual hardware of a running pump, and see who notices.

    The device is not told. What its sensors can see becomes an alarm; what they cannot stands in 'thecal pump truth'
    alone. A fault stays, through kills and restarts, until its time is over or it is cleared. Without a kind it lists
    what is wrong now.
    """
    from thecal.pump import PumpLink
    from thecal.quantity import DURATION, parse

    with linked():
        link = PumpLink(folder)
        if clear or reset_valve:
            told = link.clear_faults(kind if clear else "nothing", valve=reset_valve)
        elif kind:
            lasts = parse(for_, DURATION) if for_ else None
            told = link.put_fault(kind, _figures(set_ or []), parse(at, DURATION) if at else 0, lasts)
        else:
            told = link.hardware()
    if as_json:
        print_json(told)
        return
    print("DEMONSTRATION: the hardware of this pump is virtual, and it knows nothing of these faults")
    for each in told["faults"]:
        figures = ", ".join(f"{name} {value}" for name, value in each["of"].items())
        until = "until it is cleared" if each["until"] is None else f"until {_utc(each['until'])}"
        print(
            f"{each['kind']}{f' ({figures})' if figures else ''}: from {_utc(each['at'])} {until}\n    {each['title']}"
        )
    if not told["faults"]:
        print("nothing is wrong with it")


def truth(folder: Folder, as_json: AsJson = False) -> None:
    """A DEMONSTRATION: what the virtual hardware of a running pump really did, beside what the pump believes."""
    from thecal.pump import PumpLink
    from thecal.quantity import MASS, VOLUME, auto

    with linked():
        link = PumpLink(folder)
        really, believed = link.hardware(), link.status()
    if as_json:
        print_json({**really, "believed": {"moved_nl": believed.delivered_nl, "in_reach_nl": believed.reservoir_nl}})
        return

    def masses(plain: dict[str, int]) -> str:
        return ", ".join(f"{drug} {auto(mass, MASS)}" for drug, mass in plain.items() if mass) or "nothing"

    rows = (
        ("left the reservoir", auto(really["moved_nl"], VOLUME), auto(believed.delivered_nl, VOLUME)),
        ("in reach of a needle", auto(really["in_reach_nl"], VOLUME), auto(believed.reservoir_nl, VOLUME)),
        ("at the tip", masses(really["tip_fg"]), masses(believed.tip_fg)),
        ("beside the tip", masses(really["beside_tip_fg"]), "nothing"),
        ("faults", ", ".join(each["kind"] for each in really["faults"]) or "none", "not known to it"),
    )
    print(f"DEMONSTRATION: the hardware of this pump is virtual\n{'':21} {'really':32} as the pump believes")
    for name, really_so, as_believed in rows:
        print(f"{name:21} {really_so:32} {as_believed}")


def _figures(words: list[str]) -> dict[str, str]:
    figures = {}
    for word in words:
        name, is_set, value = word.partition("=")
        if not is_set:
            raise Refused(Refusal("figure", f"{word[:60]!r} sets nothing", "--set", "Write it like gain=1.5."))
        figures[name] = value
    return figures


def _utc(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1_000, UTC).strftime("%Y-%m-%d %H:%M:%S")
