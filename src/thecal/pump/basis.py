"""The part of an order that names the formulary it was checked against: plain form and well-formedness.

``{"version": name, "populations": [...], "signed": [[drug, route, key, population, most, by], ...]}``, both lists in
rising order, nothing twice. Limits in inner units. Whether the signed limits can stand is asked by the gate.
"""

from itertools import pairwise
from typing import Any

from thecal.formulary import Basis, SignedLimit, Solution
from thecal.pump.fields import NAME, clip, keys, whole
from thecal.quantity import Refusal, Refused

MAX_SIGNED = 64
_WHERE = "formulary"


def basis_plain(basis: Basis) -> dict[str, Any]:
    """Plain values."""
    signed = [[each.drug, each.route, each.key, each.population, each.most, each.by] for each in basis.signed]
    return {"version": basis.version, "populations": sorted(basis.populations), "signed": signed}


def basis_from(plain: object) -> Basis:
    """Read plain values as ``basis_plain`` writes them. Raises Refused naming the field."""
    fields = keys(plain, _WHERE, ("version", "populations", "signed"))
    names, rows = fields["populations"], fields["signed"]
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise Refused(Refusal("shape", "a list of names is expected", f"{_WHERE}.populations"))
    if not isinstance(rows, list) or not all(isinstance(row, list) and len(row) == 6 for row in rows):
        do = "Give drug, route, key, population, most and by of each."
        raise Refused(Refusal("shape", "a list of signed limits is expected", f"{_WHERE}.signed", do))
    return Basis(fields["version"], frozenset(names), tuple(SignedLimit(*row) for row in rows))


def basis_problems(basis: Basis, solution: Solution) -> list[Refusal]:
    """Every field that is not well formed."""
    found = _name(basis.version, "version")
    for name in sorted(basis.populations, key=str):
        found += _name(name, "populations")
    if len(basis.signed) > MAX_SIGNED or len(basis.populations) > MAX_SIGNED:
        found.append(Refusal("too_many", f"at most {MAX_SIGNED} are taken", f"{_WHERE}.signed"))
    for each in basis.signed:
        for value in (each.drug, each.route, each.key, each.population):
            found += _name(value, "signed")
        found += whole(f"{_WHERE}.signed.most", each.most, least=1)
        if type(each.by) is not str or not each.by.isprintable() or not 1 <= len(each.by.strip()) <= 120:
            do = "Use 1 to 120 printable characters."
            found.append(Refusal("name", f"{clip(each.by)!r} is not a name", f"{_WHERE}.signed.by", do))
        elif each.drug not in solution.drugs:
            found.append(Refusal("drug", f"{clip(each.drug)} is not in the solution", f"{_WHERE}.signed"))
    places = [(each.drug, each.route, each.key, each.population) for each in basis.signed]
    if not found and any(a >= b for a, b in pairwise(places)):
        found.append(Refusal("order", "signed limits stand in rising order, each once", f"{_WHERE}.signed"))
    return found


def _name(value: object, field: str) -> list[Refusal]:
    if isinstance(value, str) and NAME.fullmatch(value):
        return []
    do = "Use 1 to 80 letters, digits, or any of _ . : @ -"
    return [Refusal("name", f"{clip(value)!r} cannot be used here", f"{_WHERE}.{field}", do)]
