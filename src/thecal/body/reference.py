"""The body's reference data: parameters as facts, each with unit, source and confirmed flag.

Files lie in ``data/``. ``entry`` reads one value, ``problems`` reads them all and says what is wrong. Three layers,
lowest first: what a drug's file states; what it borrows from morphine, marked so; what was estimated once from the
published human data (``data/estimated.toml``), which keeps the value below as its prior.
"""

import tomllib
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

DRUGS = (
    "morphine",
    "hydromorphone",
    "fentanyl",
    "sufentanil",
    "oxycodone",
    "clonidine",
    "baclofen",
    "ziconotide",
    "bupivacaine",
    "dtpa",
)
TABLES = ("anatomy", "diary", "people", "stimulation", *DRUGS)
LENDER = "morphine"
NEVER_LENT = ("M6G", "MEC_cord")  # a metabolite, and a concentration, that are morphine's alone
ESTIMATED = "estimated here"


@dataclass(frozen=True, slots=True)
class Entry:
    """One reference value. ``lo`` and ``hi`` bound what is plausible; ``cv`` is the spread between people.

    ``borrowed_from`` names the drug that lent it. ``prior`` is the value before estimation, with
    ``log_sd`` the uncertainty (natural log) that is left after it.
    """

    key: str
    value: float
    unit: str
    source: str
    confirmed: bool
    lo: float | None = None
    hi: float | None = None
    cv: float | None = None
    note: str = ""
    borrowed_from: str = ""
    prior: float | None = None
    log_sd: float | None = None

    def doubt(self) -> str:
        """Why this value is not a confirmed fact, in a few words; empty when it is one."""
        if self.confirmed:
            return ""
        if self.prior is not None:
            return f"{ESTIMATED}, prior {self.prior:g} from {self.source}"
        if self.borrowed_from:
            return f"borrowed from {self.borrowed_from}; there {self.source}"
        return self.source


@cache
def table(name: str) -> dict[str, Any]:
    """The parsed file ``data/<name>.toml``."""
    return tomllib.loads((Path(__file__).parent / "data" / f"{name}.toml").read_text(encoding="utf-8"))


@cache
def prior_entries(name: str) -> dict[str, Entry]:
    """Every value of a file by its dotted key, with what it borrows, before estimation."""
    own = {key: Entry(key=key, **node) for key, node in _leaves(table(name), "")}
    for group in table(name).get("borrows", ()):
        for key, item in prior_entries(LENDER).items():
            if key.startswith(f"{group}.") and key not in own and "M6G" not in key:
                own[key] = replace(item, confirmed=False, borrowed_from=LENDER)
    return own


@cache
def entries(name: str) -> dict[str, Entry]:
    """Every value of a file by its dotted key, as the model uses it."""
    found = dict(prior_entries(name))
    for row in table("estimated").get("estimate", ()):
        item = found.get(row["key"])
        if item is None or row["table"] != (item.borrowed_from or name):
            continue
        found[row["key"]] = replace(
            item, value=row["value"], confirmed=False, prior=item.value, log_sd=row["log_sd"], cv=item.cv
        )
    return found


def entry(name: str, key: str) -> Entry:
    """The value ``key`` of file ``name``; KeyError when absent, which is a fault of the program, not of a user."""
    return entries(name)[key]


def refused_outputs(drug: str) -> dict[str, str]:
    """Outputs that the sources of ``drug`` do not support, each with the reason."""
    return dict(table(drug).get("refused", {}))


def _leaves(node: dict[str, Any], prefix: str) -> list[tuple[str, dict[str, Any]]]:
    found: list[tuple[str, dict[str, Any]]] = []
    for key, child in node.items():
        if isinstance(child, dict) and "value" in child:
            found.append((prefix + key, child))
        elif isinstance(child, dict) and key not in ("sources", "refused"):
            found += _leaves(child, f"{prefix}{key}.")
    return found


def problems() -> list[str]:
    """What is wrong with the data; empty when every value has a unit, a known source and a confirmed flag."""
    found: list[str] = []
    for name in TABLES:
        for item in entries(name).values():
            where = f"{name}:{item.key}"
            sources = table(item.borrowed_from or name)["sources"]
            if not item.unit:
                found.append(f"{where} has no unit")
            if item.confirmed not in (True, False):
                found.append(f"{where} does not say whether it is confirmed")
            found += [f"{where}: unknown source {key!r}" for key in _split(item.source) if key not in sources]
            told = item.value if item.prior is None else item.prior
            if item.lo is not None and item.hi is not None and not item.lo <= told <= item.hi:
                found.append(f"{where}: {told} lies outside {item.lo} to {item.hi}")
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
