"""The therapy: the chart's events and their fold, and the rules and sums of the pathway.

Pure: no clock, no I/O beyond the room's own reference files, no framework. Exact: integers and rationals in inner
units (nL, fg, fg/nL, nL/day, fg/day, mm, ms UTC). Everything refuses with named reasons.
"""

from thecal.therapy import conversion, dosing, events, follow, refill, site, trials
from thecal.therapy.bridging import OldFluid, bridge_over, old_fluid
from thecal.therapy.candidacy import Assessment, Item, Site, criteria, criterion, evaluate, ruleset, rulesets
from thecal.therapy.chart import Chart, Order, OrderState, Stage, Trial
from thecal.therapy.decision import Fact, Option, Study, decision_lacks, options, priorities, studies, targets
from thecal.therapy.dosing import flow
from thecal.therapy.due import Candidate, Limit, RefillDate, Reservoir, refill_date
from thecal.therapy.events import AnyEvent, EventMeta, Role, build, read, stamp
from thecal.therapy.fold import append, fold, refusals
from thecal.therapy.ids import uuid7
from thecal.therapy.implant import SITES, TIP_LEVELS, DeadVolume, check_implant, dead_volume, time_to_tip
from thecal.therapy.ledger import Clash, Entry, Ledger, verify
from thecal.therapy.populations import POPULATIONS, Population, population
from thecal.therapy.projection import Row, board, project, read_row, row_text
from thecal.therapy.reference import problems
from thecal.therapy.refill import Comparison, Span, compare, expected_residual, missing_text
from thecal.therapy.relief import Between
from thecal.therapy.reservoir import Inside, inside, next_refill
from thecal.therapy.stages import STEPS, StepRule, may
from thecal.therapy.trial import DiaryDay, Verdict, conclude, judge
from thecal.therapy.trial_advice import MethodFacts, methods, warnings
from thecal.therapy.worklist import Task, Urgency, tasks, worklist

__all__ = [
    "POPULATIONS",
    "SITES",
    "STEPS",
    "TIP_LEVELS",
    "AnyEvent",
    "Assessment",
    "Between",
    "Candidate",
    "Chart",
    "Clash",
    "Comparison",
    "DeadVolume",
    "DiaryDay",
    "Entry",
    "EventMeta",
    "Fact",
    "Inside",
    "Item",
    "Ledger",
    "Limit",
    "MethodFacts",
    "OldFluid",
    "Option",
    "Order",
    "OrderState",
    "Population",
    "RefillDate",
    "Reservoir",
    "Role",
    "Row",
    "Site",
    "Span",
    "Stage",
    "StepRule",
    "Study",
    "Task",
    "Trial",
    "Urgency",
    "Verdict",
    "append",
    "board",
    "bridge_over",
    "build",
    "check_implant",
    "compare",
    "conclude",
    "conversion",
    "criteria",
    "criterion",
    "dead_volume",
    "decision_lacks",
    "dosing",
    "evaluate",
    "events",
    "expected_residual",
    "flow",
    "fold",
    "follow",
    "inside",
    "judge",
    "may",
    "methods",
    "missing_text",
    "next_refill",
    "old_fluid",
    "options",
    "population",
    "priorities",
    "problems",
    "project",
    "read",
    "read_row",
    "refill",
    "refill_date",
    "refusals",
    "row_text",
    "ruleset",
    "rulesets",
    "site",
    "stamp",
    "studies",
    "targets",
    "tasks",
    "time_to_tip",
    "trials",
    "uuid7",
    "verify",
    "warnings",
    "worklist",
]
