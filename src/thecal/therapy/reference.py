"""The room's reference files: read once, and checked so that every entry names its sources and says if confirmed."""

import tomllib
from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any

FILES = ("candidacy", "trial", "decision", "conversions", "outcomes", "refill")
_NO_SOURCE = ("option", "example", "target")


@cache
def load(name: str) -> Mapping[str, Any]:
    """The content of ``data/<name>.toml``, decimals exact. Raises KeyError for a name that is not in ``FILES``."""
    if name not in FILES:
        raise KeyError(name)
    return tomllib.loads((files("thecal.therapy") / "data" / f"{name}.toml").read_text("utf-8"), parse_float=Decimal)


def cite(name: str, keys: tuple[str, ...] | list[str]) -> str:
    """The sources of an entry as one line for people."""
    sources = load(name)["source"]
    return "; ".join(_line(sources[key]) for key in keys)


def problems() -> list[str]:
    """Every entry without a source, a known source or a confirmed flag. Empty when all is well."""
    return [problem for name in FILES for problem in _problems(name)]


def entries(name: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Each entry of a file with its table's name."""
    for table, rows in load(name).items():
        if isinstance(rows, list):
            yield from ((table, row) for row in rows)


def _problems(name: str) -> Iterator[str]:
    sources = load(name)["source"]
    for table, row in entries(name):
        where = f"{name}.{table}.{row.get('id', row.get('text', '?'))[:40]}"
        if table in _NO_SOURCE:
            continue
        if not isinstance(row.get("confirmed"), bool):
            yield f"{where}: no confirmed flag"
        if not row.get("src") and row.get("confirmed"):
            yield f"{where}: confirmed without a source"
        yield from (f"{where}: unknown source {key}" for key in row.get("src", ()) if key not in sources)


def _line(source: Mapping[str, Any]) -> str:
    where = source.get("doi") or source.get("url", "")
    return " ".join(part for part in (source["title"], f"({source['year']})", where) if part)
