"""Published observations, as data: one dataset a study, one metric a reported number.

Sources: ``data/validation.toml``, and ``data/external.toml`` for studies that were kept apart.
"""

import math
from dataclasses import dataclass
from functools import cache
from typing import Any

from thecal.body.reference import table


@dataclass(frozen=True, slots=True)
class Metric:
    """One reported number, in ``unit``. ``label`` is unique in its dataset.

    ``value`` is a mean; without one, ``lo`` and ``hi`` bound what was seen. ``check`` metrics are true or false.
    ``fold`` is how far off the source material allows a model to be.
    """

    label: str
    name: str
    unit: str
    value: float | None
    lo: float | None
    hi: float | None
    relative_sem: float
    fold: float
    check: bool
    confirmed: bool
    note: str

    def fold_error(self, predicted: float) -> float:
        """Predicted over observed; over the nearest bound for a range, and 1 inside it."""
        if self.value is not None:
            return predicted / self.value
        if self.hi is not None and predicted > self.hi:
            return predicted / self.hi
        if self.lo is not None and predicted < self.lo:
            return predicted / self.lo
        return 1.0

    def observed(self) -> str:
        """What was seen, in words."""
        if self.check:
            return "holds"
        if self.value is not None:
            return f"{self.value:g}"
        if self.lo is None:
            return f"at most {self.hi:g}"
        return f"{self.lo:g} to {self.hi:g}" if self.hi is not None else f"at least {self.lo:g}"


@dataclass(frozen=True, slots=True)
class Dataset:
    """One study: what was given to whom, and what was seen."""

    id: str
    kind: str
    species: str
    drug: str
    route: str
    source: str
    metrics: tuple[Metric, ...]
    held_out: bool


@cache
def datasets() -> tuple[Dataset, ...]:
    """Every dataset of ``data/validation.toml``, then those of ``data/external.toml``, which estimate nothing."""
    return tuple(
        _dataset(row, name == "external") for name in ("validation", "external") for row in table(name)["dataset"]
    )


def _dataset(row: dict[str, Any], held_out: bool) -> Dataset:
    metrics = [metric for node in row["metrics"] for metric in _metrics(node)]
    labels = [metric.label for metric in metrics]
    if len(set(labels)) != len(labels):
        raise ValueError(f"{row['id']}: two metrics share a label")
    return Dataset(
        row["id"], row["kind"], row["species"], row["drug"], row["route"], row["source"], tuple(metrics), held_out
    )


def _metrics(node: dict[str, Any]) -> list[Metric]:
    """A value that is a list stands for one metric a dose group; a value beside lo and hi is a mean with its range."""
    given = node.get("value")
    grouped = isinstance(given, list)
    values: list[float | None] = given if isinstance(given, list) else [given]
    found = []
    for k, value in enumerate(values):
        sem = node.get("sem", [0.0] * 9)[k] if grouped else node.get("sem", 0.0)
        parts = [node["name"], node.get("group"), f"{node['time_min']} min" if "time_min" in node else None]
        parts.append(f"group {k + 1}" if grouped else None)
        found.append(
            Metric(
                label=", ".join(part for part in parts if part),
                name=node["name"],
                unit=node.get("unit", ""),
                value=value,
                lo=node.get("lo") if value is None else None,
                hi=node.get("hi") if value is None else None,
                relative_sem=math.sqrt(math.log1p((sem / value) ** 2)) if value else 0.0,
                fold=node.get("fold", 2.0),
                check=bool(node.get("check")),
                confirmed=node["confirmed"],
                note=node.get("note", ""),
            )
        )
    return found
