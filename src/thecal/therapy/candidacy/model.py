"""What an assessment is made of: readings of the chart, items, and the choices that a site makes itself.

Counts are per microlitre, times ms UTC.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from thecal.therapy.chart import Chart
from thecal.therapy.events import CriterionSnapshot, Status


@dataclass(frozen=True, slots=True)
class Site:
    """What the criteria leave to the site. None and empty mean that the site has not said.

    ``ladder`` replaces the ladder of less invasive treatments; ``neutrophils`` and ``platelets`` are the least counts
    per microlitre; ``pump_materials`` what the chosen pump and catheter are made of; ``stop_hours`` the site's own
    stop times of antithrombotics; ``closed`` are rule sets that the site does not offer.
    """

    ladder: tuple[str, ...] = ()
    neutrophils: int | None = None
    platelets: int | None = None
    pump_materials: tuple[str, ...] = ()
    stop_hours: Mapping[str, int] = field(default_factory=dict)
    closed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """How a criterion stands, on what evidence; ``caution`` and ``missing`` say what else a reader must know."""

    status: Status
    evidence: tuple[str, ...] = ()
    caution: str = ""
    missing: str = ""


@dataclass(frozen=True, slots=True)
class Look:
    """What a check may look at: the chart as it stood at ``now`` (ms), its settings, its rule set and the site."""

    chart: Chart
    now: int
    check: Mapping[str, Any]
    rules: Mapping[str, Any]
    site: Site


@dataclass(frozen=True, slots=True)
class Item:
    """One criterion: how it stands, on what evidence, and what is missing (empty when nothing is).

    A contraindication or a caution is ``met`` when its absence is on record and ``not_met`` when it is present;
    ``applies_here`` is None while the cause of the pain is not recorded.
    """

    criterion: str
    statement: str
    kind: str
    applies: str
    status: Status
    evidence: tuple[str, ...]
    missing: str
    source: str
    confirmed: bool
    note: str = ""
    caution: str = ""
    applies_here: bool | None = None

    @property
    def words(self) -> str:
        """The status in words that fit the kind of criterion."""
        if self.kind not in ("contraindication", "caution"):
            return {"met": "met", "not_met": "not met", "unknown": "unknown"}.get(self.status, "waived with a reason")
        present = "contraindicated" if self.kind == "contraindication" else "caution: present"
        return {"met": "absent on record", "not_met": present, "unknown": "not known to be absent"}.get(
            self.status, "waived with a reason"
        )


@dataclass(frozen=True, slots=True)
class Assessment:
    """All criteria of one rule set, with what to record next. ``advice`` counts; it never concludes.

    ``safety`` holds the contraindications and cautions that the rule set does not name itself; they count all the
    same. ``available`` is False when the pathway is closed. ``missing_next`` speaks of the rule set's own items,
    ``missing_safety`` of the others.
    """

    ruleset: str
    name: str
    version: str
    items: tuple[Item, ...]
    missing_next: tuple[str, ...]
    advice: str
    safety: tuple[Item, ...] = ()
    missing_safety: tuple[str, ...] = ()
    available: bool = True
    source: str = ""
    confirmed: bool = True
    note: str = ""

    @property
    def contraindications(self) -> tuple[Item, ...]:
        """The contraindications that are present."""
        return tuple(item for item in (*self.items, *self.safety) if _present(item, "contraindication"))

    @property
    def cautions(self) -> tuple[Item, ...]:
        """The cautions that are present, and the items that carry one."""
        return tuple(item for item in (*self.items, *self.safety) if _present(item, "caution") or item.caution)

    def snapshot(self) -> tuple[CriterionSnapshot, ...]:
        """How the criteria stood, as a review event carries it."""
        return tuple(
            CriterionSnapshot(
                criterion=item.criterion,
                status=item.status,
                evidence=tuple(text[:300] or "-" for text in item.evidence[:200]),
            )
            for item in self.items
        )


def _present(item: Item, kind: str) -> bool:
    return item.kind == kind and item.status == "not_met"
