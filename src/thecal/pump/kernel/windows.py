"""Mass given in a sliding window of time, exactly, in a structure that is never changed in place.

Times in ms, masses in fg. Entries lie in chunks, so that adding one copies little; a lookup is two bisections.
"""

from bisect import bisect_right
from typing import NamedTuple

_CHUNK = 32


class Ledger(NamedTuple):
    """Times of pulses and the cumulative mass up to and with each, oldest first.

    ``before`` is the cumulative mass before the first entry that is kept. ``heads`` holds the first time of each
    closed chunk.
    """

    before: int = 0
    total: int = 0
    heads: tuple[int, ...] = ()
    chunks: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...] = ()
    times: tuple[int, ...] = ()
    totals: tuple[int, ...] = ()


EMPTY_LEDGER = Ledger()


def add(ledger: Ledger, at: int, mass: int, keep_ms: int) -> Ledger:
    """The ledger with ``mass`` at ``at``, not before the last entry. Forgets what is older than ``keep_ms``."""
    before, total, heads, chunks, times, totals = ledger
    assert mass >= 0, "a mass is not negative"
    assert not times or at >= times[-1], "entries come in order of time"
    total += mass
    if len(times) < _CHUNK:
        return Ledger(before, total, heads, chunks, (*times, at), (*totals, total))
    chunks = (*chunks, (times, totals))
    heads = (*heads, times[0])
    drop = 0
    while chunks[drop][0][-1] <= at - keep_ms and drop + 1 < len(chunks):
        before = chunks[drop][1][-1]
        drop += 1
    return Ledger(before, total, heads[drop:], chunks[drop:], (at,), (total,))


def mass_after(ledger: Ledger, since: int) -> int:
    """Mass at times later than ``since``, fg."""
    before, total, heads, chunks, times, totals = ledger
    if times and times[0] <= since:
        return total - totals[bisect_right(times, since) - 1]
    index = bisect_right(heads, since) - 1
    if index < 0:
        return total - before
    chunk_times, chunk_totals = chunks[index]
    return total - chunk_totals[bisect_right(chunk_times, since) - 1]


def entries(ledger: Ledger) -> tuple[tuple[int, int], ...]:
    """(time, mass) of every entry that is kept, oldest first."""
    found: list[tuple[int, int]] = []
    last = ledger.before
    for times, totals in (*ledger.chunks, (ledger.times, ledger.totals)):
        for at, total in zip(times, totals, strict=True):
            found.append((at, total - last))
            last = total
    return tuple(found)


def times_after(ledger: Ledger, since: int) -> tuple[int, ...]:
    """The times of the entries later than ``since``, oldest first."""
    first = max(bisect_right(ledger.heads, since) - 1, 0)
    chunks = (*(times for times, _ in ledger.chunks[first:]), ledger.times)
    return tuple(at for times in chunks for at in times if at > since)


def clear_time(ledger: Ledger, window: int, cap: int, at: int) -> int:
    """The first time, not before ``at``, when the mass in the past ``window`` ms is at most ``cap``."""
    if mass_after(ledger, at - window) <= cap:
        return at
    for when, _ in entries(ledger):
        if mass_after(ledger, when) <= cap:
            return when + window
    raise AssertionError("a window always clears: nothing is later than its last entry")
