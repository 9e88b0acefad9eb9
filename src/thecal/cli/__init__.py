"""The ``thecal`` command."""

from thecal.cli.main import main

__all__ = ["main"]
