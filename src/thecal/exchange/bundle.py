"""The shape of a FHIR R4 bundle: its entries, its one patient, and which entries are about that patient.

References are resolved inside the bundle alone: ``urn:uuid:``, relative (``Patient/1``), absolute, versioned and
contained ones. Nothing is fetched.
"""

from dataclasses import dataclass
from typing import Any

from thecal.exchange.fields import Tree, clean, items, string
from thecal.quantity import Refusal, Refused

ENTRIES_MAX = 50_000
_TYPES = ("batch", "collection", "document", "message", "searchset", "transaction")


@dataclass(frozen=True, slots=True)
class Entry:
    """One resource of a bundle, with its place and the addresses that it may be referred to by."""

    path: str
    kind: str
    id: str
    tree: Tree
    addresses: frozenset[str]

    @property
    def reference(self) -> str:
        """Where it came from, for people: ``Procedure/<id>``, or its place when it has no id."""
        return f"{self.kind}/{self.id}" if self.id else self.path


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle with exactly one patient. ``odd`` are entries without a readable resource: (path, reason).

    ``places`` finds a resource by each of its addresses.
    """

    patient: Entry
    entries: tuple[Entry, ...]
    odd: tuple[tuple[str, str], ...]
    incomplete: bool
    places: dict[str, Tree]

    def find(self, reference: str, base: Entry) -> Tree | None:
        """The resource that ``reference`` in ``base`` points to; None when the bundle does not hold it."""
        if reference.startswith("#"):
            inside = items(base.tree, "contained")
            return next((tree for tree in inside if f"#{string(tree, 'id')}" == reference), None)
        return self.places.get(_plain(reference))

    def about_patient(self, entry: Entry, field: str) -> str:
        """Empty when the entry's subject is the patient, else the reason why it cannot be counted as such."""
        subject = entry.tree.get(field)
        if not isinstance(subject, dict):
            return "it does not say which patient it is about"
        reference = string(subject, "reference")
        if reference:
            return "" if _plain(reference) in self.patient.addresses else "it is about another patient"
        value = string(subject, "identifier", "value")
        known = {string(identifier, "value") for identifier in items(self.patient.tree, "identifier")}
        return "" if value and value in known else "it does not say which patient it is about"


def open_bundle(tree: Any) -> Bundle:
    """A JSON tree as a bundle. Raises Refused with path and reason when it is not one with one patient."""
    if not isinstance(tree, dict):
        raise _refused("not_bundle", "the file is not a JSON object", "$")
    if tree.get("resourceType") != "Bundle":
        raise _refused("not_bundle", f"this is a {tree.get('resourceType')!r:.60}, not a Bundle", "resourceType")
    if tree.get("type") not in _TYPES:
        kinds = ", ".join(_TYPES)
        raise _refused("bundle_type", f"bundle type {tree.get('type')!r:.60} is not one of {kinds}", "type")
    listed = tree.get("entry", [])
    if not isinstance(listed, list):
        raise _refused("not_bundle", "the entries are not a list", "entry")
    if len(listed) > ENTRIES_MAX:
        raise _refused("too_many", f"more than {ENTRIES_MAX} entries", "entry")
    entries: list[Entry] = []
    odd: list[tuple[str, str]] = []
    for number, item in enumerate(listed):
        path = f"entry[{number}]"
        entry = _entry(item, f"{path}.resource")
        if entry is None:
            odd.append((path, "the entry holds no resource"))
        else:
            entries.append(entry)
    patients = [entry for entry in entries if entry.kind == "Patient"]
    if not patients:
        raise _refused("no_patient", "the bundle holds no Patient", "entry")
    if len(patients) > 1:
        where = ", ".join(patient.path for patient in patients[:5])
        raise _refused("several_patients", f"the bundle holds {len(patients)} patients ({where})", "entry")
    more = any(string(link, "relation") == "next" for link in items(tree, "link"))
    places = {address: entry.tree for entry in reversed(entries) for address in entry.addresses}
    return Bundle(patients[0], tuple(entries), tuple(odd), more, places)


def _entry(item: Any, path: str) -> Entry | None:
    tree = item.get("resource") if isinstance(item, dict) else None
    kind = string(tree, "resourceType")
    if not isinstance(tree, dict) or not kind:
        return None
    identity, full = string(tree, "id"), string(item, "fullUrl")
    addresses = {f"{kind}/{identity}", f"urn:uuid:{identity}"} if identity else set()
    if full:
        addresses.add(full)
        if "://" in full:
            addresses.add("/".join(full.split("/")[-2:]))
    return Entry(path, clean(kind, 60), identity, tree, frozenset(addresses))


def _plain(reference: str) -> str:
    """A reference without its version, and without its server where it names one."""
    plain = reference.split("/_history/")[0]
    return "/".join(plain.split("/")[-2:]) if "://" in plain else plain


def _refused(code: str, what: str, where: str) -> Refused:
    return Refused(Refusal(f"import_{code}", what, where, "Give a FHIR R4 Bundle with exactly one Patient."))
