"""Fields of plain values, read strictly: a wrong shape is refused, naming the field. Nothing is converted or cut."""

import re
from typing import Any

from thecal.quantity import Refusal, Refused

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:@-]{0,79}")
_INT_MAX = 2**62


def pairs(plain: object, where: str) -> list[tuple[Any, Any]]:
    """A list of pairs. Raises Refused."""
    if not isinstance(plain, list) or any(not isinstance(item, list) or len(item) != 2 for item in plain):
        raise Refused(Refusal("shape", "a list of pairs is expected", where))
    return [(item[0], item[1]) for item in plain]


def keys(plain: object, where: str, names: tuple[str, ...], optional: tuple[str, ...] = ()) -> dict[str, Any]:
    """An object with exactly the fields ``names``, and those of ``optional`` that it likes. Raises Refused.

    An optional field that is there is not null.
    """
    if not isinstance(plain, dict) or not set(names) <= set(plain) <= {*names, *optional}:
        more = f", and if used {', '.join(optional)}" if optional else ""
        raise Refused(Refusal("fields", f"exactly these fields are expected: {', '.join(names)}{more}", where))
    if empty := [name for name in optional if name in plain and plain[name] is None]:
        raise Refused(Refusal("fields", f"leave out what is not used: {', '.join(empty)}", where))
    return plain


def whole(where: str, value: object, least: int = 0, most: int = _INT_MAX, zero: str = "") -> list[Refusal]:
    """What is wrong with a number that must be an integer from ``least`` to ``most``; empty when nothing is."""
    if type(value) is not int:
        return [Refusal("not_whole", f"{clip(value)!r} is not a whole number", where)]
    if not least <= value <= most:
        return [
            Refusal("out_of_range", f"{value} is not between {least} and {most}", where, zero if value == 0 else "")
        ]
    return []


def clip(value: object) -> str:
    """A value for a message, cut short."""
    return str(value)[:60]
