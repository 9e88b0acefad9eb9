"""The fold of signed limits, what holds today, and the check of a solution and a dose against it.

Every limit in inner units. A site may sign a value up to the loosest published one and no looser: beyond what anybody
has published a signature does not reach. The version counts the events; its digest covers all of them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from types import MappingProxyType
from typing import NamedTuple

from thecal.formulary import (
    POPULATIONS,
    Basis,
    Finding,
    Limit,
    SignedLimit,
    Solution,
    check_concentration,
    check_dose,
    drug_ids,
    limits,
)
from thecal.quantity import Kind, Refusal, Refused, auto
from thecal.therapy.door import checked
from thecal.therapy.numbers import whole
from thecal.therapy.site.events import SiteEvent, SiteLimitSigned

ROUTES = ("intrathecal", "epidural")
CEILINGS = ("max_daily", "start_daily", "caution_above", "max_concentration", "trial_bolus", "trial_continuous_start")


class Key(NamedTuple):
    """Which limit: drug, route, key of the formulary, population."""

    drug: str
    route: str
    key: str
    population: str


@dataclass(frozen=True, slots=True)
class SiteFormulary:
    """The signed limits of a site. ``version`` names it: number of events and the first digits of their digest."""

    signed: Mapping[Key, SiteLimitSigned] = field(default_factory=lambda: MappingProxyType({}))
    events: int = 0
    digest: str = ""

    @property
    def version(self) -> str:
        """What a prescription names as the formulary that it was checked against."""
        return f"site-{self.events}-{self.digest[:12]}" if self.events else "published"


@dataclass(frozen=True, slots=True)
class Effective:
    """The limit that holds. ``signed`` False: nobody has; then it is the strictest published and unconfirmed here."""

    key: Key
    most: int
    kind: Kind
    signed: bool
    by: str
    source: str
    confirmed: bool
    version: str

    def __str__(self) -> str:
        state = f"signed by {self.by}" if self.signed else "strictest published, not confirmed by this site"
        return f"{auto(self.most, self.kind)} ({state})"


@dataclass(frozen=True, slots=True)
class Review:
    """One limit for the pharmacist: every published value side by side, and what holds today."""

    key: Key
    published: tuple[Limit, ...]
    strictest: int
    loosest: int
    kind: Kind
    holds: Effective
    disagree: bool
    unconfirmed: bool


NOTHING = SiteFormulary()


@checked
def fold_site(events: Iterable[SiteEvent]) -> SiteFormulary:
    """The site formulary after these events. Raises Refused at the first that cannot stand."""
    signed: dict[Key, SiteLimitSigned] = {}
    ids, count, digest = set[str](), 0, sha256()
    for event in events:
        found = _wrong(event, ids, signed)
        if found:
            raise Refused(*found)
        key = Key(event.drug, event.route, event.key, event.population)
        if isinstance(event, SiteLimitSigned):
            signed[key] = event
        else:
            del signed[key]
        ids.add(event.id)
        count += 1
        digest.update(event.model_dump_json().encode())
    return SiteFormulary(MappingProxyType(signed), count, digest.hexdigest() if count else "")


@checked
def signable(event: SiteEvent, site: SiteFormulary = NOTHING) -> tuple[Refusal, ...]:
    """Why this event could not join the site formulary; empty when it could."""
    return _wrong(event, {each.id for each in site.signed.values()}, site.signed)


@checked
def keys(drug_id: str) -> tuple[Key, ...]:
    """Every limit of a drug that can be signed. Raises Refused for a drug that is not in the formulary."""
    found = dict[Key, None]()
    for route in ROUTES:
        for limit in _published(drug_id, route):
            found[Key(drug_id, route, limit.key, limit.population)] = None
    return tuple(found)


@checked
def review(key: Key, site: SiteFormulary = NOTHING) -> Review:
    """A limit with all its published values. Raises Refused for one that nobody has published."""
    published = tuple(
        limit for limit in _published(key.drug, key.route) if (limit.key, limit.population) == (key.key, key.population)
    )
    if not published:
        what = f"Nobody has published {key.key} of {key.drug}, {key.route}, {key.population}."
        do = "Use a key of thecal.therapy.site.keys(drug)."
        raise Refused(Refusal("no_such_limit", what, "key", do))
    values = [_most(limit) for limit in published]
    highest = [limit.high for limit in published if limit.high is not None]
    strictest = min(published, key=_most)
    own = site.signed.get(key)
    holds = Effective(
        key,
        own.most if own else _most(strictest),
        published[0].kind,
        own is not None,
        own.pharmacist if own else "",
        "; ".join(own.seen) if own else strictest.source,
        own is not None,
        site.version,
    )
    return Review(
        key,
        published,
        min(values),
        max(highest),
        published[0].kind,
        holds,
        len(set(values)) > 1,
        any(not limit.confirmed for limit in published),
    )


@checked
def effective(key: Key, site: SiteFormulary = NOTHING) -> Effective:
    """The limit that holds today: the site's signed one, or the strictest published. Raises Refused without any."""
    return review(key, site).holds


@checked
def open_reviews(site: SiteFormulary = NOTHING) -> tuple[Review, ...]:
    """What the pharmacist has not signed: disagreeing sources first, then unconfirmed ones, then the rest."""
    found = [review(key, site) for name in drug_ids() for key in keys(name) if key not in site.signed]
    return tuple(sorted(found, key=lambda each: (not each.disagree, not each.unconfirmed, each.key)))


@checked
def basis(
    solution: Solution, route: str, site: SiteFormulary = NOTHING, populations: frozenset[str] = frozenset()
) -> Basis:
    """What an order of this solution and route is held to at this site: its signed limits and their version.

    ``populations``: those that the patient is surely in; with none, nothing is known and the limits of all count.
    """
    if route not in ROUTES:
        raise Refused(Refusal("route_not_known", f"{str(route)[:40]!r} is no route here.", "route", ", ".join(ROUTES)))
    if unknown := sorted(populations - set(POPULATIONS), key=str):
        do = f"Use some of {', '.join(POPULATIONS)}."
        raise Refused(Refusal("population", f"{str(unknown[0])[:40]!r} is no population.", "populations", do))
    signed = (SignedLimit(*key, event.most, event.pharmacist) for key, event in site.signed.items())
    return Basis(site.version, populations, tuple(signed)).narrowed(solution, route)


@checked
def check(
    solution: Solution,
    route: str,
    dose_fg_day: int,
    site: SiteFormulary = NOTHING,
    populations: frozenset[str] = frozenset(),
) -> tuple[str, tuple[Finding, ...]]:
    """The version of the formulary, and what is found against a solution and a dose (fg/day of the primary drug).

    Signed limits take the place of the published ones of the same key; one line names each ceiling that holds without
    a signature. No dose is cut down.
    """
    whole("dose", dose_fg_day, 1)
    held = basis(solution, route, site, populations)
    found = (*check_dose(solution, route, dose_fg_day, held), *check_concentration(solution, held))
    return site.version, (*found, *unsigned(solution, route, site, populations))


@checked
def unsigned(
    solution: Solution, route: str, site: SiteFormulary = NOTHING, populations: frozenset[str] = frozenset()
) -> tuple[Finding, ...]:
    """One line for each ceiling that holds for this patient without a signature of this site."""
    held, found = basis(solution, route, site, populations), []
    for name in solution.drugs:
        for key in keys(name):
            if (
                key.route != route
                or not key.key.startswith("max")
                or key in site.signed
                or not held.counts(key.population)
            ):
                continue
            what = f"{key.key} of {name}, {key.population}: {effective(key, site)}"
            do = "A pharmacist reviews and signs it."
            found.append(Finding("info", Refusal("limit_unsigned", what, name, do, confirmed=False)))
    return tuple(found)


def _published(drug_id: str, route: str) -> tuple[Limit, ...]:
    return tuple(limit for limit in limits(drug_id, route) if limit.key in CEILINGS and limit.high is not None)


def _most(limit: Limit) -> int:
    """The strict reading of a published ceiling: the low end of a range for a maximum, else its upper end."""
    assert limit.high is not None, "only limits with an upper bound are kept"
    if limit.key in ("max_daily", "max_concentration") and limit.low is not None:
        return limit.low
    return limit.high


def _wrong(event: SiteEvent, ids: set[str], signed: Mapping[Key, SiteLimitSigned]) -> tuple[Refusal, ...]:
    key = Key(event.drug, event.route, event.key, event.population)
    if event.id in ids:
        return (Refusal("event_twice", "This event is already in the site formulary.", "id", "Nothing more to do."),)
    if event.pharmacist.strip().lower() == event.second.strip().lower():
        return (Refusal("second_person", "The second person is the first one.", "second", "Ask another person."),)
    if not isinstance(event, SiteLimitSigned):
        return (
            () if key in signed else (Refusal("not_signed", "This limit is not signed.", "key", "Name a signed one."),)
        )
    try:
        seen = review(key)
    except Refused as refused:
        return refused.refusals
    if event.most > seen.loosest:
        what = f"{auto(event.most, seen.kind)} is looser than every published value ({auto(seen.loosest, seen.kind)})."
        do = f"At most {auto(seen.loosest, seen.kind)}."
        return (Refusal("looser_than_published", what, "most", do),)
    unseen = [limit.source for limit in seen.published if limit.source not in event.seen]
    if unseen:
        what = f"Not reviewed: {'; '.join(unseen)[:200]}."
        return (Refusal("sources_unseen", what, "seen", "Review every source side by side before signing."),)
    return ()
