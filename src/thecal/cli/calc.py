"""``thecal calc``: every sum of the pathway from the command line, with typed quantities in and out."""

import json
import sys
from pathlib import Path
from typing import Any

import typer

from thecal.quantity import Refusal, Refused

SETTINGS = {"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []}
"""How the command is wired: ``app.command("calc", context_settings=SETTINGS)(calc)``."""
FILE_MAX = 1_000_000
DEPTH_MAX = 8

_USAGE = """Usage: thecal calc NAME input='number unit' ...     run a calculation
       thecal calc NAME --json FILE                 inputs from a JSON object of texts with units ('-': standard input),
                                                    the result as JSON
       thecal calc NAME input='number unit' --json  the result as JSON
       thecal calc NAME --help                      inputs, formula, source and a worked example
       thecal calc list [--json]                    every calculation; with --json, with all that each one takes

Every sum of the pathway: flow, priming, bridge, boluses, refill dates, residuals, admixtures, dilution, and more.
Examples: thecal calc flow dose='6.5 mg/day' concentration='18 mg/mL'
          thecal calc refill-date volume='20 mL' start='2026-03-04 10:30 UTC' flow='0.361 mL/day'
Research, teaching and engineering software; nothing here is dosing advice."""


def calc(context: typer.Context) -> None:
    """Run any sum of the pathway: 'thecal calc list' names them, 'thecal calc NAME --help' explains one.

    Examples: thecal calc flow dose='6.5 mg/day' concentration='18 mg/mL', thecal calc bridge --json change.json
    """
    from thecal.therapy.calc import CALCULATIONS, describe, find, listing  # heavy: --help stays quick

    words = list(context.args)
    if not words or words[0] in ("--help", "-h", "help"):
        print(_USAGE)
        if not words:
            raise typer.Exit(2)
        return
    if words[0] == "list":
        rows = [each.plain() for each in CALCULATIONS.values()]
        print(json.dumps(rows, indent=2, ensure_ascii=False) if "--json" in words else "\n".join(listing()))
        return
    calculation = find(words[0])
    if any(word in ("--help", "-h") for word in words[1:]):
        told = json.dumps(calculation.plain(), indent=2, ensure_ascii=False) if "--json" in words else ""
        print(told or "\n".join(describe(calculation)))
        return
    given, as_json = read_words(words[1:])
    result = calculation.run(given)
    if as_json:
        print(json.dumps(result.plain(), indent=2, ensure_ascii=False, allow_nan=False))
    else:
        print("\n".join(result.lines()))


def read_words(words: list[str]) -> tuple[dict[str, Any], bool]:
    """The inputs of a command line: ``name=text``, ``--name text``, ``--name=text``, ``--json [FILE]``.

    Words that follow a value without a sign of their own belong to it, so that '6.5 mg/day' needs no quotes.
    """
    given: dict[str, Any] = {}
    as_json, name = False, ""
    rest = list(words)
    while rest:
        word = rest.pop(0)
        key, equals, text = word.partition("=")
        key = key.removeprefix("--").strip()
        if word == "--json" or word.startswith("--json="):
            as_json, name = True, ""
            if text or (rest and "=" not in rest[0] and not rest[0].startswith("--")):
                _join(given, _file(text or rest.pop(0)))
        elif equals and key.replace("_", "").replace("-", "").isalnum():
            _join(given, {key: text})
            name = key
        elif word.startswith("--") and len(word) > 2:
            _join(given, {key: ""})
            name = key
        elif name:
            given[name] = f"{given[name]} {word}".strip()
        else:
            do = "Write name='number unit', for example dose='6.5 mg/day'."
            raise Refused(Refusal("input", f"{word[:60]!r} is no input", "inputs", do))
    return given, as_json


def _join(given: dict[str, Any], more: dict[str, Any]) -> None:
    twice = [key for key in more if key in given]
    if twice:
        raise Refused(Refusal("input_twice", f"{twice[0]} is given twice", "inputs", "Give it once."))
    given |= more


def _file(name: str) -> dict[str, Any]:
    """The JSON object of a file. Raises Refused when it cannot be read, is too large, or is no object."""
    do = 'Give a JSON object of texts with units, for example {"dose": "6.5 mg/day"}.'
    try:
        raw = sys.stdin.buffer.read(FILE_MAX + 1) if name == "-" else _bytes(Path(name))
        if len(raw) > FILE_MAX:
            raise Refused(Refusal("input_file", f"{name} is larger than {FILE_MAX} bytes.", "--json", do))
        found = json.loads(raw.decode("utf-8-sig"), object_pairs_hook=_object, parse_float=_Number, parse_int=_Number)
    except RecursionError:
        raise Refused(Refusal("input_file", f"{name} is nested too deeply.", "--json", do)) from None
    except OSError as error:
        raise Refused(Refusal("input_file", f"{name} cannot be read: {error.strerror}.", "--json", do)) from None
    except ValueError as error:
        raise Refused(Refusal("input_file", f"{name} cannot be read as JSON: {error}.", "--json", do)) from None
    if not isinstance(found, dict):
        raise Refused(Refusal("input_file", f"{name} holds no JSON object.", "--json", do))
    return {key: _plain(value, name, do) for key, value in found.items()}


def _bytes(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(FILE_MAX + 1)


class _Number(str):
    """A number of a JSON file as it is written there, so that none is changed on its way."""

    __slots__ = ()


def _plain(value: Any, name: str, do: str, left: int = DEPTH_MAX) -> Any:
    """Texts stay texts. A bare number is whole, and stands for a count; one with a point needs a unit beside it."""
    if isinstance(value, _Number):
        return str(value)
    if isinstance(value, (list, dict)) and not left:
        raise Refused(Refusal("input_file", f"{name} is nested too deeply.", "--json", do))
    if isinstance(value, list):
        return [_plain(each, name, do, left - 1) for each in value]
    if isinstance(value, dict):
        return {key: _plain(each, name, do, left - 1) for key, each in value.items()}
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return found
