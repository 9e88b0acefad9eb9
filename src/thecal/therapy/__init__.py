"""The therapy: the chart's events and their fold, and the rules and sums of the pathway. Pure; exact."""

from thecal.therapy import events

__all__ = ["events"]
