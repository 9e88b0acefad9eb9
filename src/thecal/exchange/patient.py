"""The Patient of a bundle: name, birth date, sex, ids, contacts, death. Raises Unreadable when one cannot be told."""

from thecal.exchange.fields import Tree, Unreadable, clean, items, moment, string
from thecal.exchange.imported import PatientFacts, Sex

_NAME_USES = ("official", "usual", "", "nickname", "anonymous", "temp", "old", "maiden")
_SEXES: dict[str, Sex] = {"female": "female", "male": "male", "other": "other"}
_IDS_MAX = 20


def read_patient(tree: Tree, reference: str) -> PatientFacts:
    """The facts of a Patient resource. The official name is taken before the usual one, a maiden name last.

    Raises Unreadable when name or birth date is missing.
    """
    birth = moment(tree, "birthDate")
    if birth is None:
        raise Unreadable("the patient has no birth date", "birthDate")
    return PatientFacts(
        name=_name(tree),
        birth_date=birth.day,
        sex=_SEXES.get(string(tree, "gender"), "unknown"),
        external_ids=_ids(tree),
        contacts=_contacts(tree),
        deceased=_deceased(tree),
        reference=reference,
    )


def _name(tree: Tree) -> str:
    names = [(_rank(name), _full(name)) for name in items(tree, "name")]
    named = sorted((rank, number, full) for number, (rank, full) in enumerate(names) if full)
    if not named:
        raise Unreadable("the patient has no name", "name")
    return named[0][2]


def _rank(name: Tree) -> int:
    use = string(name, "use")
    rank = _NAME_USES.index(use) if use in _NAME_USES else len(_NAME_USES)
    return rank + (
        len(_NAME_USES) if string(name, "period", "end") else 0
    )  # a name that has ended comes after all others


def _full(name: Tree) -> str:
    given = [clean(part) for part in name.get("given", []) if isinstance(part, str)]
    parts = [*given, string(name, "family")]
    return clean(" ".join(part for part in parts if part)) or string(name, "text")


def _ids(tree: Tree) -> tuple[str, ...]:
    """Ids that find the patient in another system; national numbers (social security, passport) are left out."""
    found = []
    for identifier in items(tree, "identifier"):
        kinds = {string(coding, "code") for coding in items(identifier.get("type") or {}, "coding")}
        system, value = string(identifier, "system"), string(identifier, "value")
        if value and not kinds & {"SS", "DL", "PPN", "NI", "NNUSA"} and "us-ssn" not in system:
            found.append(clean(f"{system}|{value}" if system else value))
    return tuple(dict.fromkeys(found))[:_IDS_MAX]


def _contacts(tree: Tree) -> tuple[str, ...]:
    """Telephone and mail of the patient and of the contact persons, as one line each."""
    own = [f"{string(t, 'system')} {string(t, 'value')}".strip() for t in items(tree, "telecom") if string(t, "value")]
    for person in items(tree, "contact"):
        name = _full(person["name"]) if isinstance(person.get("name"), dict) else ""
        own += [f"{name or 'contact'}: {string(t, 'value')}" for t in items(person, "telecom") if string(t, "value")]
    return tuple(clean(line) for line in own[:_IDS_MAX])


def _deceased(tree: Tree) -> str:
    when = moment(tree, "deceasedDateTime")
    if when is not None:
        return when.day
    return "yes" if tree.get("deceasedBoolean") is True else ""
