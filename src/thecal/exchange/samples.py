"""The made-up example bundles that the project ships; nobody in them exists."""

from pathlib import Path


def example_bundles() -> tuple[Path, ...]:
    """The files of the example bundles, in alphabetical order."""
    return tuple(sorted((Path(__file__).parent / "examples").glob("*.json")))
