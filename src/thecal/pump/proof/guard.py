"""The critical state of a part, kept twice: a copy that differs is found before the next pulse depends on it.

A flip of memory is simulated by putting a changed value in one of the copies. What was found is not repaired from the
other copy, since nobody knows which one is right: the state is made again from the journal.
"""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any


class MemoryFault(Exception):
    """The two copies of the state differ."""


class Guarded[S]:
    """A state and its twin."""

    __slots__ = ("_state", "_twin")

    def __init__(self, state: S) -> None:
        self._state = self._twin = state

    def put(self, state: S) -> None:
        """Both copies become ``state``."""
        self._state = self._twin = state

    def get(self) -> S:
        """The state. Raises MemoryFault when the copies differ."""
        if self._state != self._twin:
            raise MemoryFault
        return self._state

    @property
    def differ(self) -> bool:
        """Whether the copies differ."""
        return bool(self._state != self._twin)

    def flip(self, state: S) -> None:
        """One copy becomes ``state``, the other stays."""
        self._state = state


def flips(value: Any) -> Iterator[Any]:
    """Every value that differs from ``value`` in one bit of what it holds, through all that it is made of."""
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        for bit in range(63):
            yield value ^ (1 << bit)
    elif isinstance(value, bytes | str):
        yield from _of_text(value)
    elif isinstance(value, tuple):
        yield from _of_parts(value)
    elif is_dataclass(value) and not isinstance(value, type):
        yield from _of_fields(value)


def _of_parts(value: tuple[Any, ...]) -> Iterator[Any]:
    remake = getattr(type(value), "_make", tuple)
    for index, inner in enumerate(value):
        for flipped in flips(inner):
            yield remake((*value[:index], flipped, *value[index + 1 :]))


def _of_fields(value: Any) -> Iterator[Any]:
    for each in fields(value):
        for flipped in flips(getattr(value, each.name)):
            yield replace(value, **{each.name: flipped})


def _of_text(value: bytes | str) -> Iterator[bytes | str]:
    raw = value if isinstance(value, bytes) else value.encode()
    for bit in range(len(raw) * 8):
        flipped = bytearray(raw)
        flipped[bit // 8] ^= 1 << bit % 8
        yield bytes(flipped) if isinstance(value, bytes) else flipped.decode("utf-8", "surrogateescape")
