"""A named reason why something was not accepted: what, where, and what to do.

Every room refuses with these; none raises a bare exception for a thing that a person can put right.
"""

from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Refusal:
    """One reason. ``code`` is stable and for machines, the rest is for people.

    ``where`` is the field or place; ``do`` says what would be accepted, with the nearest feasible choice;
    ``source`` is where a limit comes from and ``confirmed`` whether anybody read it there.
    """

    code: str
    what: str
    where: str = ""
    do: str = ""
    source: str = ""
    confirmed: bool = True

    def __str__(self) -> str:
        parts = [f"{self.where}: {self.what}" if self.where else self.what]
        if self.do:
            parts.append(self.do)
        if self.source:
            parts.append(f"(source: {self.source}{'' if self.confirmed else ', unconfirmed'})")
        return " ".join(parts)

    def as_dict(self) -> dict[str, object]:
        """Plain values, for JSON."""
        return asdict(self)


class Refused(Exception):
    """Raised with one or more refusals; nothing was changed."""

    def __init__(self, *refusals: Refusal) -> None:
        assert refusals, "a refusal names at least one reason"
        self.refusals = refusals
        super().__init__("; ".join(str(refusal) for refusal in refusals))
