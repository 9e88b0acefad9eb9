"""The therapy: the chart's events and their fold, and the rules and sums of the pathway. Pure; exact."""

from thecal.therapy import events
from thecal.therapy.chart import Chart, Order, OrderState, Stage, Trial
from thecal.therapy.events import AnyEvent, EventMeta, Role, build, stamp
from thecal.therapy.fold import append, fold, refusals
from thecal.therapy.ids import uuid7
from thecal.therapy.ledger import Clash, Entry, Ledger
from thecal.therapy.stages import STEPS, StepRule, may
from thecal.therapy.trial import DiaryDay, Verdict, conclude, judge

__all__ = [
    "STEPS",
    "AnyEvent",
    "Chart",
    "Clash",
    "DiaryDay",
    "Entry",
    "EventMeta",
    "Ledger",
    "Order",
    "OrderState",
    "Role",
    "Stage",
    "StepRule",
    "Trial",
    "Verdict",
    "append",
    "build",
    "conclude",
    "events",
    "fold",
    "judge",
    "may",
    "refusals",
    "stamp",
    "uuid7",
]
