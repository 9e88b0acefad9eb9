"""The controller's critical state, kept twice: a copy that differs is found before the next pulse depends on it.

A flip of memory is simulated by putting a changed value in one of the copies. What was found is not repaired from the
other copy, since nobody knows which one is right: the state is made again from the journal.
"""

from collections.abc import Iterator
from typing import Any

from thecal.pump.kernel import State


class MemoryFault(Exception):
    """The two copies of the state differ."""


class Guarded:
    """A state and its twin."""

    __slots__ = ("_state", "_twin")

    def __init__(self, state: State) -> None:
        self._state = self._twin = state

    def put(self, state: State) -> None:
        """Both copies become ``state``."""
        self._state = self._twin = state

    def get(self) -> State:
        """The state. Raises MemoryFault when the copies differ."""
        if self._state != self._twin:
            raise MemoryFault
        return self._state

    def flip(self, state: State) -> None:
        """One copy becomes ``state``, the other stays."""
        self._state = state


def flips(value: Any) -> Iterator[Any]:
    """Every value that differs from ``value`` in one bit of one integer, through all its tuples."""
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        for bit in range(63):
            yield value ^ (1 << bit)
    elif isinstance(value, tuple):
        remake = getattr(type(value), "_make", tuple)
        for index, inner in enumerate(value):
            for flipped in flips(inner):
                yield remake((*value[:index], flipped, *value[index + 1 :]))
