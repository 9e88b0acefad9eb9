"""The body's reference data: parameters as facts, each with unit, source and confirmed flag.

Files lie in ``data/``. ``entry`` reads one value, ``problems`` reads them all and says what is wrong.
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

TABLES = ("anatomy", "morphine", "diary")


@dataclass(frozen=True, slots=True)
class Entry:
    """One reference value. ``lo`` and ``hi`` bound what is plausible; ``cv`` is the spread between people."""

    key: str
    value: float
    unit: str
    source: str
    confirmed: bool
    lo: float | None = None
    hi: float | None = None
    cv: float | None = None
    note: str = ""


@cache
def table(name: str) -> dict[str, Any]:
    """The parsed file ``data/<name>.toml``."""
    return tomllib.loads((files("thecal.body") / "data" / f"{name}.toml").read_text(encoding="utf-8"))


@cache
def entries(name: str) -> dict[str, Entry]:
    """Every value of a file by its dotted key."""
    return {key: Entry(key=key, **node) for key, node in _leaves(table(name), "")}


def entry(name: str, key: str) -> Entry:
    """The value ``key`` of file ``name``; KeyError when absent, which is a fault of the program, not of a user."""
    return entries(name)[key]


def _leaves(node: dict[str, Any], prefix: str) -> list[tuple[str, dict[str, Any]]]:
    found: list[tuple[str, dict[str, Any]]] = []
    for key, child in node.items():
        if isinstance(child, dict) and "value" in child:
            found.append((prefix + key, child))
        elif isinstance(child, dict) and key != "sources":
            found += _leaves(child, f"{prefix}{key}.")
    return found


def problems() -> list[str]:
    """What is wrong with the data; empty when every value has a unit, a known source and a confirmed flag."""
    found: list[str] = []
    for name in TABLES:
        sources = table(name)["sources"]
        for item in entries(name).values():
            where = f"{name}:{item.key}"
            if not item.unit:
                found.append(f"{where} has no unit")
            if item.confirmed not in (True, False):
                found.append(f"{where} does not say whether it is confirmed")
            found += [f"{where}: unknown source {key!r}" for key in _split(item.source) if key not in sources]
            if item.lo is not None and item.hi is not None and not item.lo <= item.value <= item.hi:
                found.append(f"{where}: {item.value} lies outside {item.lo} to {item.hi}")
    for row in table("anatomy")["level"]:
        if len(row["confirmed"]) != 4:
            found.append(f"anatomy:level {row['name']}: confirmed needs four flags")
        found += [
            f"anatomy:level {row['name']}: {key!r}"
            for key in _split(row["source"])
            if key not in table("anatomy")["sources"]
        ]
    return found


def _split(source: str) -> list[str]:
    return [part.strip() for part in source.split(",")]
