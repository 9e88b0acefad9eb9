"""Many patients' parameters as one: every number becomes an array of shape (patients, 1), so that formulas written
for one patient compute all of them."""

from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from typing import Any, cast

import numpy as np


def stack[T](items: Sequence[T]) -> T:
    """One value of the same type as each of ``items``; text is taken from the first, which all must equal."""
    first: Any = items[0]
    if isinstance(first, (int, float)):
        return cast("T", np.array(items, dtype=np.float64)[:, None])
    if isinstance(first, tuple):
        return cast("T", tuple(stack([cast("tuple[Any, ...]", item)[k] for item in items]) for k in range(len(first))))
    if is_dataclass(first):
        parts = {part.name: stack([getattr(item, part.name) for item in items]) for part in fields(first)}
        kind: Any = type(first)
        return cast("T", kind(**parts))
    if any(item != first for item in items):
        raise ValueError(f"patients of one batch must share {first!r}")
    return cast("T", first)
