"""Checks at the door of the body model: each refuses with the field, the value and what is accepted.

Nothing is clamped. Units are named by the caller.
"""

import math
from collections.abc import Iterable

from thecal.quantity import Refusal, Refused


def refuse(field: str, value: object, do: str, code: str = "body.bad_input", what: str = "is not accepted") -> Refused:
    """A Refused that names ``field``, shows ``value`` and says what would be accepted."""
    return Refused(Refusal(code=code, what=f"{value!r} {what}", where=field, do=do))


def number(field: str, value: object, unit: str, low: float = 0.0, high: float = math.inf) -> float:
    """``value`` as a finite float inside ``[low, high]``; raises Refused otherwise."""
    accepted = f"Give a finite number of {unit} between {low:g} and {high:g}."
    if math.isinf(high):
        accepted = f"Give a finite number of {unit}, {low:g} or more."
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise refuse(field, value, accepted)
    if not math.isfinite(value) or not low <= value <= high:
        raise refuse(field, value, accepted)
    return float(value)


def one_of(field: str, value: object, accepted: Iterable[str], code: str = "body.unknown_name") -> str:
    """``value`` if it is one of ``accepted``; raises Refused otherwise."""
    names = tuple(accepted)
    if not isinstance(value, str) or value not in names:
        raise refuse(field, value, f"Use one of: {', '.join(names)}.", code, "is not known")
    return value
