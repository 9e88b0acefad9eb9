"""Read the data files of the formulary, strictly: an unknown field, a missing source or a bad unit is a named fault.

One drug a file (``data/<drug>.toml``) with its own sources; facts that hold for every drug in ``data/shared``.
Nothing is corrected or filled in on the way.
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from thecal.formulary.model import (
    Admixture,
    Code,
    Drug,
    Figure,
    Label,
    Product,
    Source,
    Sourced,
    Statement,
)
from thecal.quantity import Refusal, Refused

DATA = Path(__file__).parent / "data"
SCHEMA = 1


class DrugFile(BaseModel):
    """The layout of a data file, checked field by field. ``id`` and what follows belong to a drug's file alone."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    schema_: int
    label: tuple[Label, ...] = ()
    product: tuple[Product, ...] = ()
    code: tuple[Code, ...] = ()
    statement: tuple[Statement, ...] = ()
    figure: tuple[Figure, ...] = ()
    admixture: tuple[Admixture, ...] = ()
    source: dict[str, Source]
    id: str = ""
    name: str = ""
    drug_class: str = ""
    opioid: bool = False


@dataclass(frozen=True, slots=True)
class Shared:
    """What holds for every drug: rules, figures and the studied mixtures, with their sources."""

    figures: tuple[Figure, ...]
    statements: tuple[Statement, ...]
    admixtures: tuple[Admixture, ...]
    sources: dict[str, Source]

    def cite(self, entry: Sourced) -> str:
        """The sources of an entry, as one line for people."""
        return "; ".join(self.sources[source].cite() for source in entry.source)


@cache
def drug_ids() -> tuple[str, ...]:
    """The ids of all drugs of the formulary, in alphabetical order."""
    return tuple(path.stem for path in sorted(DATA.glob("*.toml")))


@cache
def drug(drug_id: str) -> Drug:
    """The drug of that id. Raises Refused when the formulary does not have it."""
    if drug_id not in drug_ids():
        raise Refused(
            Refusal(
                "drug_unknown",
                f"{drug_id[:64]!r} is not in the formulary",
                "solution",
                f"Drugs known: {', '.join(drug_ids())}.",
            )
        )
    file = read_file(DATA / f"{drug_id}.toml")
    return Drug(
        id=file.id,
        name=file.name,
        drug_class=file.drug_class,
        opioid=file.opioid,
        labels=file.label,
        products=file.product,
        codes=file.code,
        statements=file.statement,
        figures=file.figure,
        sources=file.source,
    )


@cache
def shared() -> Shared:
    """The facts that hold for every drug, and the mixtures."""
    files = [read_file(path) for path in sorted((DATA / "shared").glob("*.toml"))]
    return Shared(
        figures=tuple(figure for file in files for figure in file.figure),
        statements=tuple(statement for file in files for statement in file.statement),
        admixtures=tuple(admixture for file in files for admixture in file.admixture),
        sources={key: source for file in files for key, source in file.source.items()},
    )


def read_file(path: Path) -> DrugFile:
    """One data file. Raises ValueError (pydantic's ValidationError among them) or OSError."""
    tree: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    tree["schema_"] = tree.pop("schema", None)
    return DrugFile.model_validate(tree)
