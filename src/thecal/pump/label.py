"""Labels of a fill, read by machine: the order's and the syringe's must agree with each other and with what is typed.

A label is text as a scanner gives it: ``morphine 10 mg/mL; lot A123; 18 mL``. Volumes in nL.
"""

import re
from dataclasses import dataclass

from thecal.formulary import Solution
from thecal.quantity import VOLUME, QuantityError, Refusal, Refused, auto, parse

MISMATCH = "label_mismatch"
_LOT = re.compile(r"lot ([A-Za-z0-9][A-Za-z0-9./-]{0,39})")


@dataclass(frozen=True, slots=True)
class Label:
    """What a label says."""

    solution: Solution
    lot: str
    volume_nl: int


def read_label(text: str, where: str = "labels") -> Label:
    """One label. Raises Refused naming the part that cannot be read."""
    parts = [part.strip() for part in text.split(";")]
    do = "A label reads like 'morphine 10 mg/mL; lot A123; 18 mL'."
    if len(parts) != 3 or not (lot := _LOT.fullmatch(parts[1])):
        raise Refused(Refusal("label_unreadable", f"{text[:80]!r} is not a label", where, do))
    try:
        return Label(Solution.parse(parts[0]), lot[1], parse(parts[2], VOLUME))
    except QuantityError as error:
        raise Refused(Refusal("label_unreadable", str(error)[:200], where, do)) from None


def check_labels(texts: tuple[str, ...], fill: Solution, fill_nl: int, *, needed: bool = False) -> tuple[Label, ...]:
    """The labels of a fill: two, or none where they are not ``needed``.

    Raises Refused when they differ, or are of another fill than this.
    """
    if not texts and not needed:
        return ()
    if len(texts) != 2:
        do = "Give the label of the order and that of the syringe."
        raise Refused(Refusal("label_count", f"{len(texts)} labels were read", "labels", do))
    of_order, of_syringe = (read_label(text, f"labels.{index}") for index, text in enumerate(texts))
    found = []
    for name, ordered, drawn, typed in (
        ("solution", str(of_order.solution), str(of_syringe.solution), str(fill)),
        ("lot", of_order.lot, of_syringe.lot, None),
        ("volume", auto(of_order.volume_nl, VOLUME), auto(of_syringe.volume_nl, VOLUME), auto(fill_nl, VOLUME)),
    ):
        said = {ordered, drawn} | ({typed} if typed is not None else set())
        if len(said) > 1:
            what = f"the {name} is {ordered} on the order, {drawn} on the syringe"
            what += "" if typed is None else f" and {typed} as recorded"
            found.append(Refusal(MISMATCH, what, f"labels.{name}", "Fill nothing until it is known what this is."))
    if found:
        raise Refused(*found)
    return of_order, of_syringe
