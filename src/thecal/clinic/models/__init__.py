"""Everything that the clinic keeps: accounts, the chart ledger, diary links, and what can be rebuilt."""

from thecal.clinic.models.accounts import Profile, SignInAttempt
from thecal.clinic.models.diary import DiaryLink
from thecal.clinic.models.ledger import FormularyEntry, LedgerEntry
from thecal.clinic.models.projections import ChartRow, PumpHour, PumpRecord

__all__ = [
    "ChartRow",
    "DiaryLink",
    "FormularyEntry",
    "LedgerEntry",
    "Profile",
    "PumpHour",
    "PumpRecord",
    "SignInAttempt",
]
