"""Drugs for intrathecal and epidural infusion: figures with sources, limits, solutions and their checks.

Reference data for engineering and teaching; a pharmacist or physician checks every number against the current
label before any clinical use. Units: mass fg, dose rate fg/day, concentration fg/nL, time ms, all exact integers.
"""

from thecal.formulary.audit import problems
from thecal.formulary.basis import PUBLISHED, Basis, SignedLimit, limits
from thecal.formulary.checks import check_concentration, check_dose, label_status
from thecal.formulary.keys import POPULATIONS
from thecal.formulary.load import drug, drug_ids, shared
from thecal.formulary.mixing import admixture_warnings, stability
from thecal.formulary.model import (
    ROUTES,
    Admixture,
    Drug,
    Figure,
    Finding,
    Limit,
    Route,
    Source,
    Stability,
    Statement,
)
from thecal.formulary.solution import Component, Solution, concentration_text

__all__ = [
    "POPULATIONS",
    "PUBLISHED",
    "ROUTES",
    "Admixture",
    "Basis",
    "Component",
    "Drug",
    "Figure",
    "Finding",
    "Limit",
    "Route",
    "SignedLimit",
    "Solution",
    "Source",
    "Stability",
    "Statement",
    "admixture_warnings",
    "check_concentration",
    "check_dose",
    "concentration_text",
    "drug",
    "drug_ids",
    "label_status",
    "limits",
    "problems",
    "shared",
    "stability",
]
