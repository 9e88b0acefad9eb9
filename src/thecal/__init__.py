"""Thecal: the open software of an implanted drug infusion system."""

__version__ = "0.1.0"
