"""The typed contents of the formulary: sources, figures, statements, drugs; and the results of its checks.

Figures keep the text they were published in, with its unit ("0.2 mg/day"), and are read exactly through
``thecal.quantity`` where a rule needs them: mass in fg, dose rate in fg/day, concentration in fg/nL, time in ms.
Models are frozen and refuse unknown fields.
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from thecal.quantity import CONCENTRATION, DOSE_RATE, DURATION, FLOW, MASS, Kind, Refusal, parse

Route = Literal["intrathecal", "epidural", "oral", "intravenous"]
ROUTES: tuple[Route, ...] = ("intrathecal", "epidural", "oral", "intravenous")
Level = Literal["refuse", "warn", "info"]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Number = re.compile(r"(\d+(?:\.\d+)?) (\S.*)")

KINDS_BY_UNIT: dict[str, Kind] = {
    unit: kind for kind in (DURATION, FLOW, CONCENTRATION, DOSE_RATE, MASS) for unit in kind.accepted
}
PLAIN_UNITS = frozenset(
    ("%", "ratio", "times", "log10", "g/mol", "pH", "mL", "mL/kg", "L/kg", "uL/kg/min", "mL/min", "L/h", "mm of 100 mm")
)


class Entry(BaseModel):
    """One entry of a data file: frozen, no unknown field."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Source(Entry):
    """A bibliographic record. ``seen``: excerpt = its text was read; title = the record alone; memory = neither."""

    title: Text
    authors: Text
    year: Text
    seen: Literal["excerpt", "title", "memory"]
    doi: str = ""
    url: str = ""

    def cite(self) -> str:
        """One line for people: authors, year, title."""
        return f"{self.authors} ({self.year}). {self.title}"


class Sourced(Entry):
    """An entry that names its sources and says whether the fact was read there."""

    source: Annotated[tuple[Text, ...], Field(min_length=1, strict=False)]
    confirmed: bool
    note: str = ""


class Figure(Sourced):
    """One published figure: a value, or a range ``low`` to ``high``, each text with its unit.

    ``key`` says what it is (see ``thecal.formulary.keys``), ``population`` for whom, ``condition`` under which
    further condition. ``sd`` and ``sem`` are copied where printed.
    """

    key: Text
    route: Literal["intrathecal", "epidural", "oral", "intravenous", "pump", "any"]
    population: Text = "all"
    condition: str = ""
    value: str = ""
    low: str = ""
    high: str = ""
    sd: str = ""
    sem: str = ""

    @model_validator(mode="after")
    def _has_amount(self) -> "Figure":
        if not (self.value or self.low or self.high):
            raise ValueError("a figure needs value, or low and/or high")
        return self

    def amounts(self) -> tuple[str, ...]:
        """Every amount written in this figure, as text with a unit."""
        return tuple(text for text in (self.value, self.low, self.high, self.sd, self.sem) if text)

    @property
    def kind(self) -> Kind | None:
        """The exact kind of its unit, or None for a plain number such as a ratio or a percentage."""
        return KINDS_BY_UNIT.get(split(self.amounts()[0])[1])

    def bounds(self) -> tuple[int | None, int | None]:
        """(low, high) in the inner unit of ``kind``; a bare value is an upper bound.

        Raises ValueError for a plain number.
        """
        kind = self.kind
        if kind is None:
            raise ValueError(f"{self.key} is a plain number")
        high = self.high or self.value
        return (parse(self.low, kind) if self.low else None, parse(high, kind) if high else None)


def split(text: str) -> tuple[Decimal, str]:
    """Number and unit of an amount such as ``0.2 mg/day``. Raises ValueError when it is not one."""
    match = Number.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not a number, one space and a unit")
    return Decimal(match[1]), match[2]


class Statement(Sourced):
    """A sentence that a person must know: a boxed warning, an antidote, an incompatibility."""

    topic: Literal[
        "boxed_warning",
        "contraindication",
        "overdose",
        "antidote",
        "withdrawal",
        "incompatibility",
        "granuloma",
        "evidence",
        "delivery",
        "monitoring",
        "admixture",
        "stability",
        "adverse_effects",
        "rule",
    ]
    text: Text


class Product(Sourced):
    """A supplied product and its strengths (text with units)."""

    name: Text
    strengths: Annotated[tuple[Text, ...], Field(min_length=1, strict=False)]
    for_pump: bool
    use: Text


class Label(Sourced):
    """Whether a route of infusion by pump is in the drug's US label."""

    route: Route
    status: Literal["labelled", "labelled_for_other_use", "off_label", "not_allowed", "unknown"]
    text: Text


class Code(Sourced):
    """The drug's id in a public code system."""

    system: Literal["atc", "unii", "rxnorm", "drugbank", "rxnorm_product"]
    code: Text


class Admixture(Sourced):
    """Evidence on a mixture (or one drug) in a pump or syringe.

    ``days_stable`` 0 = degradation was seen; absent = the time is not known.
    """

    drugs: Annotated[tuple[Text, ...], Field(min_length=1, strict=False)]
    days_stable: Annotated[int, Field(ge=0)] | None = None
    temperature_c: int | None = None
    remaining_percent: int | None = None


class Drug(Entry):
    """One drug as its file gives it; see docs/formulary.md."""

    id: Text
    name: Text
    drug_class: Text
    opioid: bool
    labels: tuple[Label, ...]
    products: tuple[Product, ...]
    codes: tuple[Code, ...]
    statements: tuple[Statement, ...]
    figures: tuple[Figure, ...]
    sources: dict[str, Source]

    def figures_of(self, key: str, route: str | None = None) -> tuple[Figure, ...]:
        """Its figures of that key, in the order of the file; of one route when given."""
        return tuple(f for f in self.figures if f.key == key and (route is None or f.route == route))

    def statements_on(self, topic: str) -> tuple[Statement, ...]:
        """Its statements on a topic, for example ``boxed_warning``."""
        return tuple(s for s in self.statements if s.topic == topic)

    def cite(self, entry: Sourced) -> str:
        """The sources of an entry of this drug, as one line for people."""
        return "; ".join(self.sources[source].cite() for source in entry.source)


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit. ``low`` and ``high`` are in the inner unit of ``kind``; None = not given.

    As published, unless ``by`` names who signed it for a site.
    """

    key: str
    drug: str
    route: str
    population: str
    low: int | None
    high: int | None
    kind: Kind
    source: str
    confirmed: bool
    note: str
    by: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One item of a check. ``refuse`` stops, ``warn`` asks a person to look, ``info`` tells."""

    level: Level
    refusal: Refusal


@dataclass(frozen=True, slots=True)
class Stability:
    """How long a solution is known to last in a pump. ``days`` None = no evidence found; 0 = degradation was seen."""

    days: int | None
    source: str
    confirmed: bool
    note: str
