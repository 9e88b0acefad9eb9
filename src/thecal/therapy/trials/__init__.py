"""Beside the rule of a trial: lasting relief, responders, instruments, side effects, watch, escalation."""
