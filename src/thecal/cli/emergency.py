"""``thecal emergency-card``: one page for the worst hour, from a chart export or from typed facts."""

import json
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from thecal.quantity import Refusal, Refused

FILE_MAX = 200_000_000


def emergency_card(
    file: Annotated[
        Path | None, typer.Argument(help="A chart export, or a JSON object of facts with units.", show_default=False)
    ] = None,
    chart: Annotated[Path | None, typer.Option(help="A chart export (ledger), one line an entry.")] = None,
    at: Annotated[
        str, typer.Option(help="For which moment, for example '2026-03-04 10:30 UTC'; now when left out.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")] = False,
) -> None:
    """Print the emergency card of a patient: drug, dose, what is in pump and catheter, since when, and what to do.

    FILE without a chart is a JSON object such as {"solution": "morphine 18 mg/mL", "dose": "6.5 mg/day",
    "reservoir": "7 mL to 9 mL", "catheter_volume": "0.1885 mL", "pump_model": "synchromed_ii_20",
    "last_certain_delivery": "2026-03-04 10:30 UTC"}; only the solution is needed, the rest is UNKNOWN when left out.
    A hyphen in place of FILE reads standard input.
    """
    from thecal.therapy import Ledger  # heavy: --help stays quick
    from thecal.therapy.calc.parts import INSTANT
    from thecal.therapy.calc.reading import Unread
    from thecal.therapy.emergency import card, from_chart, from_texts

    if (file is None) == (chart is None):
        raise Refused(Refusal("input", "One file is wanted.", "FILE", "Name a chart export, or a JSON file of facts."))
    try:
        now = INSTANT.read(at) if at else time.time_ns() // 1_000_000
    except Unread as error:
        raise Refused(Refusal("input", str(error), "--at")) from None
    path = chart if chart is not None else file
    assert path is not None, "one of the two was given"
    raw = _read(path)
    facts = from_chart(Ledger.load(raw).chart, now) if chart or _is_ledger(raw) else from_texts(_object(raw, path))
    made = card(facts, now)
    print(
        json.dumps(made.plain(), indent=2, ensure_ascii=False, allow_nan=False) if as_json else "\n".join(made.lines())
    )


def _read(path: Path) -> bytes:
    try:
        if str(path) == "-":
            raw = sys.stdin.buffer.read(FILE_MAX + 1)
        else:
            with path.open("rb") as file:
                raw = file.read(FILE_MAX + 1)
    except OSError as error:
        raise Refused(Refusal("input_file", f"{path} cannot be read: {error.strerror}.", "FILE")) from None
    if not raw or len(raw) > FILE_MAX:
        raise Refused(Refusal("input_file", f"{path} is empty, or larger than {FILE_MAX} bytes.", "FILE"))
    return raw


def _is_ledger(raw: bytes) -> bool:
    try:
        first = json.loads(raw.partition(b"\n")[0])
    except (ValueError, RecursionError):
        return False
    return isinstance(first, dict) and {"event", "hash", "previous", "seq"} <= set(first)


def _object(raw: bytes, path: Path) -> dict[str, Any]:
    try:
        found = json.loads(raw.decode("utf-8-sig"), parse_float=str, parse_int=str)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        do = 'Give a chart export, or a JSON object of texts with units such as {"solution": "morphine 18 mg/mL"}.'
        raise Refused(Refusal("input_file", f"{path} is neither a chart export nor a JSON object.", "FILE", do))
    return found
