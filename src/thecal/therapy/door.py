"""The door of every public function of the room: an argument is what its type says, or it is refused by name.

Whole numbers lie between 0 and 2**62, exact numbers too; a float, NaN or bool is no number here. Text is bounded.
Whatever a function asks beyond its types (a known drug, a time after another) it refuses itself.
"""

import types
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from fractions import Fraction
from functools import cache, wraps
from inspect import unwrap
from typing import Any, Literal, TypeAliasType, Union, cast, get_args, get_origin, get_type_hints

from thecal.quantity import Refusal, Refused
from thecal.therapy.numbers import MOST

TEXT_MAX = 1_000_000
TIME_MAX = 253_000_000_000_000
_SHOWN = 60
_NUMBERS = (f"a whole number from 0 to {MOST}", f"an exact number (int or Fraction) from 0 to {MOST}")


class _No(Exception):
    """This value is not what the type says; ``accepted`` says what would be."""

    def __init__(self, value: object, accepted: str) -> None:
        self.value, self.accepted = value, accepted


_Take = Callable[[Any], Any]


def checked[**P, R](function: Callable[P, R]) -> Callable[P, R]:
    """The function behind a door that refuses each argument that is not what its type says, before it is called."""
    code = unwrap(function).__code__
    names = code.co_varnames[: code.co_argcount]
    takes: dict[str, _Take] = {}

    @wraps(function)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        if not takes:
            hints = get_type_hints(unwrap(function))
            takes.update({name: _taker(hint) for name, hint in hints.items() if name != "return"})
            if "now" in takes:
                takes["now"] = _instant(takes["now"])
        found: dict[str, Any] = {}
        wrong: list[Refusal] = []
        for name, value in (*zip(names, args, strict=False), *kwargs.items()):
            try:
                found[name] = takes[name](value) if name in takes else value
            except _No as no:
                wrong.append(_refusal(f"{function.__name__}.{name}", no))
        if wrong:
            raise Refused(*wrong)
        placed = tuple(found.pop(name) for name in names[: len(args)])
        return function(*placed, *args[len(names) :], **found)  # type: ignore[arg-type]

    return guarded


def _refusal(where: str, no: _No) -> Refusal:
    try:
        shown = repr(no.value)
    except Exception:  # noqa: BLE001 - whatever it is, it cannot even be shown
        shown = f"a {type(no.value).__name__}"
    shown = shown if len(shown) <= _SHOWN else shown[: _SHOWN - 1] + "…"
    return Refusal("input", f"{shown} is not {no.accepted}.", where, f"Accepted: {no.accepted}.")


@cache
def _taker(hint: Any) -> _Take:
    """What checks a value of this type and gives it back; an iterable comes back as a tuple."""
    if isinstance(hint, TypeAliasType):
        return _taker(hint.__value__)
    origin, args = get_origin(hint), get_args(hint)
    if hint in _PLAIN:
        return _PLAIN[hint]
    if origin is Literal:
        return _literal(args)
    if origin in (Union, types.UnionType):
        return _union(args)
    if origin is tuple and (len(args) != 2 or args[1] is not Ellipsis):
        return _exactly(args)
    if origin in (tuple, list, Sequence, Iterable):
        return _many(origin, _taker(args[0]))
    if origin is frozenset:
        return _set(_taker(args[0]))
    if origin is Mapping:
        return _mapping(_taker(args[0]), _taker(args[1]))
    return _instance(hint) if isinstance(hint, type) else lambda value: value


def _whole(value: Any) -> int:
    if type(value) is not int or not 0 <= value <= MOST:
        raise _No(value, _NUMBERS[0])
    return value


def _instant(take: _Take) -> _Take:
    """``now`` of every function: a moment that a calendar has."""

    def taken(value: Any) -> Any:
        if take(value) is not None and value >= TIME_MAX:
            raise _No(value, "a time in ms before the year 9987")
        return value

    return taken


def _exact(value: Any) -> Fraction:
    if not isinstance(value, Fraction) or not 0 <= value <= MOST:
        raise _No(value, _NUMBERS[1])
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > TEXT_MAX:
        raise _No(value, f"text of at most {TEXT_MAX} characters")
    return value


def _bool(value: Any) -> bool:
    if type(value) is not bool:
        raise _No(value, "True or False")
    return value


def _none(value: Any) -> None:
    if value is not None:
        raise _No(value, "nothing (None)")


def _bytes(value: Any) -> bytes:
    if not isinstance(value, bytes):
        raise _No(value, "bytes")
    return value


_PLAIN: Mapping[Any, _Take] = {
    int: _whole,
    Fraction: _exact,
    str: _text,
    bool: _bool,
    bytes: _bytes,
    type(None): _none,
    Any: lambda value: value,
    object: lambda value: value,
}


def _literal(allowed: tuple[Any, ...]) -> _Take:
    def take(value: Any) -> Any:
        if isinstance(value, str) and value in allowed:
            return value
        raise _No(value, f"one of {', '.join(map(str, allowed))}")

    return take


def _union(members: tuple[Any, ...]) -> _Take:
    if all(isinstance(each, type) and each not in _PLAIN for each in members):
        return _instance(members)
    takes = tuple(_taker(each) for each in members)

    def take(value: Any) -> Any:
        accepted = []
        for each in takes:
            try:
                return each(value)
            except _No as no:
                accepted.append(no.accepted)
        raise _No(value, " or ".join(dict.fromkeys(accepted)))

    return take


def _exactly(members: tuple[Any, ...]) -> _Take:
    takes = tuple(_taker(each) for each in members)

    def take(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, tuple) or len(value) != len(takes):
            raise _No(value, f"a tuple of {len(takes)}")
        return tuple(each(item) for each, item in zip(takes, value, strict=True))

    return take


def _many(origin: Any, each: _Take) -> _Take:
    wanted = "several, in a list or tuple" if origin is not Iterable else "several, one after another"

    def take(value: Any) -> tuple[Any, ...]:
        if isinstance(value, (str, bytes, Mapping)) or not isinstance(value, origin):
            raise _No(value, wanted)
        return tuple(each(item) for item in value)

    return take


def _set(each: _Take) -> _Take:
    def take(value: Any) -> frozenset[Any]:
        if not isinstance(value, frozenset):
            raise _No(value, "a frozenset")
        return frozenset(each(item) for item in value)

    return take


def _mapping(key: _Take, item: _Take) -> _Take:
    def take(value: Any) -> Any:
        if not isinstance(value, Mapping):
            raise _No(value, "a mapping of names to values")
        for name, each in value.items():
            key(name)
            item(each)
        return value

    return take


def _instance(wanted: Any) -> _Take:
    names = [each.__name__ for each in (wanted if isinstance(wanted, tuple) else (wanted,))]
    accepted = f"a {' or a '.join(names[:3])}" + (" or another event" if len(names) > 3 else "")

    plain: set[type] = set()

    def take(value: Any) -> Any:
        kind = type(value)
        if kind in plain:  # the short way of events, which come by the thousand
            return value
        if not isinstance(value, wanted):
            raise _No(value, accepted)
        numbers = _numbers(cast(Hashable, kind))
        for name, allowed in numbers:
            _inside(name, getattr(value, name), allowed, kind.__name__)
        if not numbers:
            plain.add(kind)
        return value

    return take


@cache
def _numbers(kind: Hashable) -> tuple[tuple[str, tuple[type, ...]], ...]:
    """The fields of a plain value that hold one number, with the types that it may have; they may be below zero."""
    if not isinstance(kind, type) or not is_dataclass(kind):
        return ()
    hints = get_type_hints(kind)
    found = []
    for each in fields(kind):
        hint = hints[each.name]
        members = get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)
        if set(members) <= {int, Fraction, type(None)} and members != (type(None),):
            found.append((each.name, members))
    return tuple(found)


def _inside(name: str, item: Any, allowed: tuple[type, ...], kind: str) -> None:
    if type(item) not in allowed or (item is not None and abs(item) > MOST):
        known = " or ".join("nothing" if each is type(None) else each.__name__ for each in allowed)
        raise _No(item, f"{name} of a {kind} ({known}, at most {MOST})")
