"""The oracle beside a pair of parts: every stroke of the mechanism, and what they must not come to. ms, fg."""

from bisect import bisect_right


class OverDelivery(Exception):
    """More left the pump than a cap and one pulse, or than one pulse after a stop."""


class Oracle:
    """Knows strokes and the caps of the order that both parts took, and nothing of what the parts say of themselves."""

    def __init__(self, pulse_fg: int) -> None:
        self.pulse_fg = pulse_fg
        self.at: list[int] = []
        self.caps: tuple[tuple[int, int], ...] = ()
        self.stopped = True  # nothing may come before an order
        self.since_stop = 0
        self.primes = 0  # strokes that may still fill an empty path; they are in no window
        self.worst = 0  # fg above a cap

    def order(self, caps: tuple[tuple[int, int], ...], primes: int) -> None:
        """Both parts took an order."""
        self.caps, self.primes, self.stopped, self.since_stop = caps, primes, False, 0

    def stop(self) -> None:
        """A person stopped the pump, or evidence of over-delivery did."""
        self.stopped, self.since_stop = True, 0

    def stroke(self, at: int, *, prime: bool) -> None:
        """The mechanism moved. Raises OverDelivery."""
        self.since_stop += 1
        if self.stopped and self.since_stop > 1:
            raise OverDelivery(f"{self.since_stop} strokes after a stop")
        if prime and self.primes:
            self.primes -= 1
            return
        self.at.append(at)
        for window, cap in self.caps:
            held = self.pulse_fg * (len(self.at) - bisect_right(self.at, at - window))
            self.worst = max(self.worst, held - cap)
            if held - cap > self.pulse_fg:
                raise OverDelivery(f"{held} fg in {window} ms up to {at} ms, {held - cap} above the cap")
