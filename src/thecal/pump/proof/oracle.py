"""What really left the pump, by true time, and what must follow from it. Times in ms, masses in fg.

The oracle counts strokes, not what either part says of them, and breaks the run with ``Broken`` at the first promise
that does not hold: a number that fires twice, a window that holds more than its cap and one pulse, a stroke after
evidence of over-delivery, and therapy that stays away longer than its alarm time without an alarm.
"""

from bisect import bisect_right

from thecal.pump.proof.orders import Given

BEHIND_PULSES, BEHIND_MS = 5, 240_000  # three pulses until a stall is told, 180 s until silence is; and the next look


class Broken(Exception):
    """A promise did not hold."""


class Oracle:
    """The account of one pump."""

    def __init__(self) -> None:
        self.times: list[int] = []
        self.sums = [0]
        self.order: list[int] = []  # numbers of the strokes
        self.seqs: set[int] = set()  # of them, those that must not come again
        self.since = 0  # strokes before this one were of another drug
        self.worst_excess = 0
        self.forgotten: set[int] = set()
        self.renumbered = 0  # pulse numbers used again after both parts had lost records

    def stroke(self, seq: int, at: int, mass: int, pulse: int, caps: tuple[tuple[int, int], ...]) -> None:
        """A stroke really happened. Raises Broken for a number fired twice, or more than a pulse beyond a cap."""
        if seq in self.seqs:
            raise Broken(f"pulse {seq} fired twice")
        self.seqs.add(seq)
        self.renumbered += seq in self.forgotten
        times, sums = self.times, self.sums
        times.append(at)
        self.order.append(seq)
        sums.append(sums[-1] + mass)
        for window, cap in caps:
            first = bisect_right(times, at - window, self.since)
            excess = sums[-1] - sums[first] - cap
            if excess > self.worst_excess:
                self.worst_excess = excess
            if excess > pulse:
                raise Broken(f"{excess} fg beyond the cap of {window} ms at {at}")

    def numbers_lost(self) -> None:
        """Both parts lost records: numbers that only those knew may be given again; counted, not hidden."""
        self.forgotten |= self.seqs
        self.seqs.clear()

    def another_drug(self) -> None:
        """What was given before says nothing of the drug that is given now."""
        self.since = len(self.times)

    def copy(self) -> "Oracle":
        """One of its own with the same account."""
        twin = Oracle()
        twin.times, twin.sums, twin.order = [*self.times], [*self.sums], [*self.order]
        twin.seqs, twin.forgotten = {*self.seqs}, {*self.forgotten}
        twin.since, twin.worst_excess, twin.renumbered = self.since, self.worst_excess, self.renumbered
        return twin


def behind(given: Given, since: int, now: int) -> bool:
    """Whether an order that was to run from ``since`` on has fallen behind by more than any alarm time allows."""
    if now - since <= BEHIND_MS:
        return False
    return given.base_fg(now - BEHIND_MS) - given.base_fg(since) >= BEHIND_PULSES * given.program.pulse_fg
