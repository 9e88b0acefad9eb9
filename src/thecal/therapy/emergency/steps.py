"""The steps of the emergency card, from ``data/emergency.toml``: by situation, and by kind of pump."""

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from thecal.pump import profiles

ANY = "any"


@cache
def load() -> Mapping[str, Any]:
    """The content of the file."""
    return tomllib.loads((files("thecal.therapy") / "data" / "emergency.toml").read_text("utf-8"))


def stops(model: str) -> list[Mapping[str, Any]]:
    """How this pump is stopped: what is written for its kind, else what holds for any."""
    rows = load()["stop"]
    return [row for row in rows if _fits(row, model)] or [row for row in rows if ANY in row["models"]]


def steps(situation: str, model: str, drugs: list[str]) -> list[Mapping[str, Any]]:
    """The steps of a situation for a pump and its drugs, in the file's order; of every kind for an unknown pump."""
    rows = [row for row in load()["step"] if row["situation"] == situation]
    rows = [row for row in rows if "drugs" not in row or not set(row["drugs"]).isdisjoint(drugs)]
    return [row for row in rows if "models" not in row or not model or _fits(row, model)]


def cite(key: str) -> str:
    """A source as one line for people."""
    source = load()["source"][key]
    return f"{source['title']} ({source['year']})"


def problems() -> list[str]:
    """Every entry without a known source, a confirmed flag or a known situation. Empty when all is well."""
    return list(_problems())


def _problems() -> Iterator[str]:
    data = load()
    known = {row["id"] for row in data["situation"]}
    for table in ("stop", "step"):
        for row in data[table]:
            where = f"{table}: {row.get('text', '?')[:40]}"
            if not isinstance(row.get("confirmed"), bool):
                yield f"{where}: no confirmed flag"
            if not row.get("src") or any(key not in data["source"] for key in row["src"]):
                yield f"{where}: no known source"
            if row.get("confirmed") and "memory" in row["src"]:
                yield f"{where}: confirmed from memory"
            if table == "step" and row["situation"] not in known:
                yield f"{where}: unknown situation {row['situation']}"


def _fits(row: Mapping[str, Any], model: str) -> bool:
    return any(model.startswith(kind) or kind == _actuation(model) for kind in row["models"] if kind != ANY)


@cache
def _actuation(model: str) -> str:
    """How the pump of the catalog moves fluid; empty for a model that is not in it."""
    return next((each.actuation for each in profiles() if each.id == model), "")
