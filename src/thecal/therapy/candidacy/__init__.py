"""Candidacy: what speaks for the criteria of a rule set in this chart, and what is not known yet.

It lists evidence; a clinician decides. A criterion without evidence is unknown, and unknown is never met.
Criteria and rule sets are data (data/candidacy.toml); each criterion names the check here that reads the chart for it.
"""

from thecal.therapy.candidacy.evaluate import (
    CHECKS,
    Ruleset,
    criteria,
    criterion,
    evaluate,
    ruleset,
    rulesets,
)
from thecal.therapy.candidacy.file import read_chart
from thecal.therapy.candidacy.model import Assessment, Item, Reading, Site
from thecal.therapy.candidacy.reads import antithrombotics, facts_of, groups, part_of

__all__ = [
    "CHECKS",
    "Assessment",
    "Item",
    "Reading",
    "Ruleset",
    "Site",
    "antithrombotics",
    "criteria",
    "criterion",
    "evaluate",
    "facts_of",
    "groups",
    "part_of",
    "read_chart",
    "ruleset",
    "rulesets",
]
