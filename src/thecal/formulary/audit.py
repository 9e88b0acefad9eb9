"""The check that reads every entry of the formulary's data files and lists each fault in one sentence."""

from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from thecal.formulary.keys import KEYS, POPULATIONS
from thecal.formulary.load import DATA, SCHEMA, DrugFile, read_file
from thecal.formulary.model import KINDS_BY_UNIT, PLAIN_UNITS, Figure, Sourced, split
from thecal.quantity import CONCENTRATION, parse


def problems(folder: Path = DATA) -> list[str]:
    """Every fault of every entry in the data files, one sentence each, naming file and entry; empty when sound.

    Reads each entry: known fields alone, unit and kind right, amounts readable exactly, sources present and
    recorded, a ``confirmed`` flag that its sources can bear, ranges in order.
    """
    paths = sorted(folder.glob("*.toml"))
    known = {path.stem for path in paths}
    faults = [] if paths else [f"{folder.name}: no drug file was found"]
    for path in [*paths, *sorted((folder / "shared").glob("*.toml"))]:
        try:
            file = read_file(path)
        except (ValidationError, ValueError, OSError) as error:
            faults.extend(f"{path.name}: {line}" for line in _lines(error))
            continue
        faults.extend(f"{path.name}: {fault}" for fault in _faults(file, path, known))
    return faults


def _lines(error: Exception) -> list[str]:
    if isinstance(error, ValidationError):
        return [f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors()]
    return [str(error)]


def _faults(file: DrugFile, path: Path, known: set[str]) -> Iterator[str]:
    if file.schema_ != SCHEMA:
        yield f"schema {file.schema_} is not {SCHEMA}"
    if path.stem in known and path.parent.name != "shared":
        yield from _drug_faults(file, path)
    yield from _source_faults(file)
    for number, figure in enumerate(file.figure):
        yield from (f"figure {number} ({figure.key}): {fault}" for fault in _figure_faults(figure))
    for product in file.product:
        for strength in product.strengths:
            try:
                parse(strength, CONCENTRATION)
            except ValueError as error:
                yield f"product {product.name}: {error}"
    for admixture in file.admixture:
        unknown = [name for name in admixture.drugs if name not in known]
        if unknown:
            yield f"admixture {' + '.join(admixture.drugs)}: {', '.join(unknown)} is not in the formulary"


def _source_faults(file: DrugFile) -> Iterator[str]:
    used: set[str] = set()
    for where, entry in _entries(file):
        used.update(entry.source)
        missing = [source for source in entry.source if source not in file.source]
        if missing:
            yield f"{where}: source {', '.join(missing)} has no record in this file"
        elif entry.confirmed and all(file.source[source].seen != "excerpt" for source in entry.source):
            yield f"{where}: marked confirmed, but no source of it was ever read"
    for unused in sorted(set(file.source) - used):
        yield f"source {unused} is used by no entry"


def _drug_faults(file: DrugFile, path: Path) -> Iterator[str]:
    if file.id != path.stem:
        yield f"id {file.id!r} is not the name of the file"
    if not file.name or not file.drug_class:
        yield "name and drug_class are needed"
    routes = [label.route for label in file.label]
    if len(set(routes)) != len(routes):
        yield "a route has two labels"
    for route in ("intrathecal", "epidural"):
        if route not in routes:
            yield f"no label entry for the {route} route"


def _entries(file: DrugFile) -> Iterator[tuple[str, Sourced]]:
    groups: tuple[tuple[str, tuple[Sourced, ...]], ...] = (
        ("label", file.label),
        ("product", file.product),
        ("code", file.code),
        ("statement", file.statement),
        ("figure", file.figure),
        ("admixture", file.admixture),
    )
    for name, entries in groups:
        for number, entry in enumerate(entries):
            yield f"{name} {number}", entry


def _figure_faults(figure: Figure) -> Iterator[str]:
    if figure.key not in KEYS:
        yield "the key is not one of those in keys.py"
    if figure.population not in POPULATIONS:
        yield f"population {figure.population!r} is not one of {', '.join(POPULATIONS)}"
    units = set()
    for text in figure.amounts():
        try:
            units.add(_checked_unit(figure.key, text))
        except ValueError as error:
            yield str(error)
    if len(units) > 1:
        yield f"one figure, several units: {', '.join(sorted(units))}"
    elif figure.low and figure.high and units and split(figure.low)[0] > split(figure.high)[0]:
        yield f"low {figure.low} is above high {figure.high}"


def _checked_unit(key: str, text: str) -> str:
    """The unit of an amount. Raises ValueError when amount, unit or the unit for this key is wrong."""
    _, unit = split(text)
    kind = KINDS_BY_UNIT.get(unit)
    if kind is not None:
        parse(text, kind)
    elif unit not in PLAIN_UNITS:
        raise ValueError(f"{text!r}: unit {unit!r} is not known")
    if key in KEYS and not KEYS[key].accepts(unit):
        raise ValueError(f"{text!r}: this key is written in {' or '.join(KEYS[key].units)}")
    return unit
