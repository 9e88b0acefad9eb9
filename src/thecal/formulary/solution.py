"""What is in a reservoir: one or several drugs, each at a concentration in fg/nL (the same number as ng/mL).

The first component is the primary drug: doses are prescribed in it and the others follow in proportion.
"""

from dataclasses import dataclass

from thecal.quantity import CONCENTRATION, QuantityError, Refusal, Refused, parse, show

COMPONENTS_MAX = 6
_MCG, _MG = 1_000, 1_000_000


@dataclass(frozen=True, slots=True)
class Component:
    """One drug of a solution. ``concentration`` in fg/nL, above zero. Raises Refused otherwise."""

    drug: str
    concentration: int

    def __post_init__(self) -> None:
        if not self.drug or self.drug != self.drug.strip():
            raise Refused(Refusal("drug_missing", "a component names no drug", "solution", "Name one drug."))
        if type(self.concentration) is not int or self.concentration <= 0:  # a float or a bool would pass a bare > 0
            raise Refused(
                Refusal(
                    "concentration_not_positive",
                    f"{self.concentration!r} is not a concentration of {self.drug}",
                    "solution",
                    "Give a concentration above zero, for example '10 mg/mL'.",
                )
            )

    def __str__(self) -> str:
        return f"{self.drug} {concentration_text(self.concentration)}"


@dataclass(frozen=True, slots=True)
class Solution:
    """A solution of one or several different drugs, the primary one first. Hashable; equal when all parts are.

    Raises Refused when it is empty, names a drug twice or has more than six drugs.
    """

    components: tuple[Component, ...]

    def __post_init__(self) -> None:
        names = [component.drug for component in self.components]
        if not names:
            raise Refused(Refusal("solution_empty", "a solution holds at least one drug", "solution"))
        if len(set(names)) != len(names):
            raise Refused(
                Refusal("drug_twice", f"a drug is named twice: {', '.join(names)}", "solution", "Name each drug once.")
            )
        if len(names) > COMPONENTS_MAX:
            raise Refused(
                Refusal(
                    "too_many_drugs", f"{len(names)} drugs in one solution", "solution", f"At most {COMPONENTS_MAX}."
                )
            )

    @property
    def primary(self) -> Component:
        """The drug that doses are prescribed in."""
        return self.components[0]

    @property
    def drugs(self) -> tuple[str, ...]:
        """The drug ids, primary first."""
        return tuple(component.drug for component in self.components)

    def masses(self, volume_nl: int) -> dict[str, int]:
        """Mass of each drug in ``volume_nl`` nL, in fg; exact."""
        return {component.drug: component.concentration * volume_nl for component in self.components}

    @classmethod
    def parse(cls, text: str) -> "Solution":
        """Read ``morphine 10 mg/mL + bupivacaine 5 mg/mL``. Raises Refused with the part that cannot be read.

        Reads the form alone; whether a drug is in the formulary is asked by ``drug`` and by the checks.
        """
        return cls(tuple(_component(part) for part in text.split("+")))

    def __str__(self) -> str:
        return " + ".join(str(component) for component in self.components)


def concentration_text(concentration: int) -> str:
    """``concentration`` in fg/nL as exact text in mg/mL, mcg/mL or ng/mL."""
    if concentration >= _MG // 2:
        return show(concentration, CONCENTRATION, "mg/mL")
    return show(concentration, CONCENTRATION, "mcg/mL" if concentration >= _MCG // 10 else "ng/mL")


def _component(part: str) -> Component:
    drug, _, concentration = part.strip().partition(" ")
    if not drug or not concentration.strip():
        raise Refused(
            Refusal(
                "solution_unreadable",
                f"{part.strip()[:64]!r} is not a drug with a concentration",
                "solution",
                "Write for example 'morphine 10 mg/mL + bupivacaine 5 mg/mL'.",
            )
        )
    try:
        return Component(drug.lower(), parse(concentration, CONCENTRATION))
    except QuantityError as error:
        raise Refused(Refusal("concentration_unreadable", str(error), "solution")) from error
