"""The one clock of this clinic, shared with its pumps, and how its times are written for people.

Times are ms since the Unix epoch of that clock; people read them in UTC.
"""

from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from thecal.pump import SharedClock
from thecal.quantity import MS_PER_DAY, MS_PER_HOUR


def now() -> int:
    """The present ms of the clinic's clock."""
    return shared().now_ms()


def speed() -> float:
    """How many clock seconds pass in one real second; 1 outside demonstrations."""
    return float(shared().speed)


def shared() -> SharedClock:
    """The clock itself; its file lies beside the pumps, which read the same one."""
    return _clock(settings.FOLDER.pumps)


@lru_cache(maxsize=8)
def _clock(pumps: Path) -> SharedClock:
    return SharedClock(pumps)


def moment(ms: int) -> datetime:
    """The instant as an aware UTC datetime."""
    return datetime.fromtimestamp(ms / 1000, UTC)


def stamp(ms: int | None) -> str:
    """``12 Nov 2026, 14:05``, or a dash for no time."""
    return f"{moment(ms):%-d %b %Y, %H:%M}" if ms is not None else "-"


def day(ms: int | None) -> str:
    """``12 Nov 2026``, or a dash for no time."""
    return f"{moment(ms):%-d %b %Y}" if ms is not None else "-"


def ago(ms: int, present: int) -> str:
    """How long before (or after) ``present`` something is, in the one unit that people would use."""
    gap = abs(present - ms)
    for size, name in ((MS_PER_DAY, "day"), (MS_PER_HOUR, "hour"), (60_000, "minute")):
        if gap >= size:
            count = gap // size
            text = f"{count} {name}{'' if count == 1 else 's'}"
            return f"{text} ago" if present >= ms else f"in {text}"
    return "just now" if present >= ms else "in under a minute"
