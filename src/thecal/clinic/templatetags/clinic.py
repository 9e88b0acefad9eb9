"""Words that templates use: times, quantities, names, and the addresses of the project's own assets."""

from fractions import Fraction
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from django import template
from django.contrib.staticfiles import finders
from django.templatetags.static import static

from thecal.clinic import clock
from thecal.clinic.words import METHODS, WARNINGS
from thecal.quantity import KINDS, auto, decimal_text, show

register = template.Library()
_KINDS = {kind.name.replace(" ", "_"): kind for kind in KINDS}


@register.simple_tag
def asset(path: str) -> str:
    """The address of a static file, with a mark of its content so that a new version is fetched anew."""
    return f"{static(path)}?v={_mark(path)}"


@lru_cache(maxsize=64)
def _mark(path: str) -> str:
    found = finders.find(path)
    if not isinstance(found, str):
        raise template.TemplateSyntaxError(f"no static file {path!r}")
    return sha256(Path(found).read_bytes()).hexdigest()[:12]


@register.filter
def quantity(value: int | str | None, kind: str) -> str:
    """An exact inner value as people write it; ``unknown`` for None. ``kind`` may name a unit: ``flow:mL/day``."""
    if value is None or isinstance(value, str):
        return "unknown"
    name, _, unit = kind.partition(":")
    return show(value, _KINDS[name], unit, 4) if unit else auto(value, _KINDS[name], 4)


@register.filter
def stamp(ms: int | None) -> str:
    """Date and time."""
    return clock.stamp(ms)


@register.filter
def day(ms: int | None) -> str:
    """Date alone."""
    return clock.day(ms)


@register.filter
def iso(ms: int) -> str:
    """For the ``datetime`` attribute of a time element."""
    return clock.moment(ms).isoformat(timespec="seconds")


@register.filter
def ago(ms: int) -> str:
    """How long ago, or how soon."""
    return clock.ago(ms, clock.now())


@register.filter
def words(name: Any) -> str:
    """``in_therapy`` as ``in therapy``."""
    return str(name).replace("_", " ")


@register.filter
def sentence(name: Any) -> str:
    """``in_therapy`` as ``In therapy``."""
    text = words(name)
    return text[:1].upper() + text[1:]


@register.filter
def method(name: str) -> str:
    """A trial method as people say it."""
    return METHODS.get(name, sentence(name))


@register.filter
def warning(code: str) -> str:
    """A warning beside a trial as a heading."""
    return WARNINGS.get(code, sentence(code))


@register.filter
def drug(name: str) -> str:
    """A drug's identifier as its name."""
    return sentence(name)


@register.filter
def rational(text: str | None) -> str:
    """An exact rational such as ``20/3`` as ``6.67``."""
    return decimal_text(Fraction(text), 3) if text else ""
