"""The site formulary: a pharmacist reviews each published limit beside its sources and signs the site's value.

Until a value is signed the strictest published one holds, and says that nobody has confirmed it. Pure values and
events; whoever keeps them (the clinic) folds them here. Masses fg, dose rates fg/day, concentrations fg/nL.
"""

from thecal.therapy.site.chain import SiteEntry, read_chain
from thecal.therapy.site.events import SiteEvent, SiteLimitSigned, SiteLimitWithdrawn, read_site_event
from thecal.therapy.site.formulary import (
    NOTHING,
    ROUTES,
    Effective,
    Key,
    Review,
    SiteFormulary,
    basis,
    check,
    effective,
    fold_site,
    keys,
    open_reviews,
    review,
    signable,
    unsigned,
)

__all__ = [
    "NOTHING",
    "ROUTES",
    "Effective",
    "Key",
    "Review",
    "SiteEntry",
    "SiteEvent",
    "SiteFormulary",
    "SiteLimitSigned",
    "SiteLimitWithdrawn",
    "basis",
    "check",
    "effective",
    "fold_site",
    "keys",
    "open_reviews",
    "read_chain",
    "read_site_event",
    "review",
    "signable",
    "unsigned",
]
