"""What a dose is checked against: the published limits, and in their place those that a site has signed.

Limits in inner units: dose rates fg/day, concentrations fg/nL, masses fg. A signature reaches as far as the loosest
value that anybody has published for its key, and no further. What is not known of a patient takes no limit away.
"""

from dataclasses import dataclass, replace

from thecal.formulary.load import drug
from thecal.formulary.model import Drug, Figure, Limit
from thecal.formulary.solution import Solution
from thecal.quantity import Refusal, auto

LIMIT_KEYS = (
    "start_daily",
    "maintenance",
    "max_daily",
    "caution_above",
    "max_concentration",
    "trial_bolus",
    "trial_continuous_start",
    "titration_step",
)
EVERYBODY = ("all", "adult")
OPPOSED = (
    frozenset({"cancer", "noncancer"}),
    frozenset({"opioid_naive", "opioid_tolerant"}),
    frozenset({"spinal", "cerebral"}),
)
"""Populations of which a patient is in one: whoever is surely in one is not in the others of its set."""


@dataclass(frozen=True, slots=True, order=True)
class SignedLimit:
    """A site's own limit, ``most`` in the inner unit of its key, and who signed it (``by``)."""

    drug: str
    route: str
    key: str
    population: str
    most: int
    by: str


@dataclass(frozen=True, slots=True)
class Basis:
    """The version of the formulary, the populations that the patient is surely in, and the limits signed there.

    No population named: nothing is known, so that the limits of every population count.
    """

    version: str = "published"
    populations: frozenset[str] = frozenset()
    signed: tuple[SignedLimit, ...] = ()

    def narrowed(self, solution: Solution, route: str) -> "Basis":
        """What of it an order of this solution and route can be held to: the smallest basis that checks it alike."""
        kept = (
            each
            for each in self.signed
            if each.drug in solution.drugs and (each.route == route or each.key == "max_concentration")
        )
        return Basis(self.version, self.populations, tuple(sorted(kept)))

    def standing(self, drug_id: str, route: str | None = None) -> tuple[Limit, ...]:
        """The limits of a drug that hold, of one route or of all. Raises Refused for an unknown drug."""
        own = {
            (each.route, each.key, each.population): each
            for each in self.signed
            if each.drug == drug_id and route in (None, each.route)
        }
        published = limits(drug_id, route)
        kept = [limit for limit in published if (limit.route, limit.key, limit.population) not in own]
        for limit in published:
            signed = own.pop((limit.route, limit.key, limit.population), None)
            if signed is not None:
                kept.append(_as_limit(signed, limit, self.version))
        return tuple(limit for limit in kept if self.counts(limit.population))

    def counts(self, population: str) -> bool:
        """Whether a limit given for that population counts for this patient."""
        if population in EVERYBODY or population in self.populations:
            return True
        return not any(population in opposed and opposed & self.populations for opposed in OPPOSED)

    def problems(self, *, concentration: bool) -> tuple[Refusal, ...]:
        """Every signed limit that cannot stand: nobody has published it, or every published value is tighter.

        Those of a concentration, or all others: each check asks for its own.
        """
        found: list[Refusal] = []
        for each in self.signed:
            if (each.key == "max_concentration") is not concentration:
                continue
            where = f"{each.key} of {each.drug}, {each.route}, {each.population}"
            own = [x for x in limits(each.drug, each.route) if (x.key, x.population) == (each.key, each.population)]
            highs = [(limit.high, limit) for limit in own if limit.high is not None]
            if not highs:
                do = "Only a published limit can be signed."
                found.append(Refusal("no_such_limit", f"Nobody has published {where}.", "formulary", do))
                continue
            loosest, limit = max(highs, key=lambda pair: pair[0])
            if each.most > loosest:
                most, top = auto(each.most, limit.kind), auto(loosest, limit.kind)
                what = f"{where}: {most} is looser than every published value ({top})."
                found.append(Refusal("looser_than_published", what, "formulary", f"At most {top}.", limit.source))
        return tuple(found)


PUBLISHED = Basis()


def limits(drug_id: str, route: str | None = None) -> tuple[Limit, ...]:
    """Every published limit of the drug for the route (None: for every route), in the order of its file.

    Empty when none was found; nothing is averaged or left out. Raises Refused for a drug that is not in the formulary.
    """
    entry = drug(drug_id)
    figures = (figure for key in LIMIT_KEYS for figure in entry.figures_of(key, route))
    return tuple(_limit(entry, figure) for figure in figures if figure.kind is not None)


def _limit(entry: Drug, figure: Figure) -> Limit:
    low, high = figure.bounds()
    kind = figure.kind
    assert kind is not None, "limits() chooses figures that have a kind"
    note = "; ".join(text for text in (figure.condition, figure.note) if text)
    source, confirmed = entry.cite(figure), figure.confirmed
    return Limit(figure.key, entry.id, figure.route, figure.population, low, high, kind, source, confirmed, note)


def _as_limit(signed: SignedLimit, published: Limit, version: str) -> Limit:
    source = f"signed by {signed.by}, formulary {version}"
    return replace(published, low=None, high=signed.most, source=source, confirmed=True, note="", by=signed.by)
