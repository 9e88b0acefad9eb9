"""A patient without a result, of a population or of a batch: reported with how to see it again, never dropped."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Failure:
    """``patient`` is the id in the population, or the row in the batch; ``replay`` is the call that shows it again."""

    patient: str
    reason: str
    replay: str
