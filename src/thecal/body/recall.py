"""What a person answers when asked about the pain of the past days: memory as an observer of its own.

Units: h, NRS. The answer leans towards the worst and the latest entry, wobbles, and is a whole number. Source:
``data/diary.toml``, table ``recall`` (weights assumed). The diary is not touched by it.
"""

from collections.abc import Sequence

from thecal.body.checks import refuse
from thecal.body.diary import DiaryEntry, stream
from thecal.body.reference import entry


def recalled_pain(
    seed: int, patient: str, entries: Sequence[DiaryEntry], at_h: float, window_h: float = 168.0
) -> int | None:
    """The whole number from 0 to 10 that is answered at ``at_h`` about the ``window_h`` before.

    None when the diary holds nothing there: a person who wrote nothing is not asked to invent. Refused for a window
    that is not positive.
    """
    if not window_h > 0:
        raise refuse("window_h", window_h, "Give a number of hours above 0.")
    scores = [item.score for item in entries if item.score is not None and at_h - window_h < item.at_h <= at_h]
    if not scores:
        return None
    worst, latest = entry("diary", "recall.worst").value, entry("diary", "recall.latest").value
    middle = worst * max(scores) + latest * scores[-1] + (1 - worst - latest) * sum(scores) / len(scores)
    random = stream(seed, patient, f"recall at {at_h!r}")
    said = round(middle + entry("diary", "recall.sd").value * float(random.standard_normal()))
    return 0 if said < 0 else 10 if said > 10 else said
