"""Small faults put into a part of the pump's source, one at a time, and the part with such a fault ready to run.

A mutant is one change of one place: a comparison, a number, an operator, a branch, a statement. They are numbered by
file, line and operator, the same for the same source. Nothing is written: a mutant lives in the memory of a process.
"""

import ast
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.abc import InspectLoader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

import thecal.pump
from thecal.pump.proof.mutants.sites import MODULE, changes

PARTS = ("kernel", "supervisor")
_TOOL = 3  # the number under which lines are watched
_RUNNING = "thecal.pump.proof.mutants"  # the package of this file
_WITH_PARTS = tuple(f"{_RUNNING}.{name}" for name in ("pair", "script"))  # those of its modules that hold a part


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change. ``text``: the source line it is in; ``before`` and ``after``: what is changed, and into what."""

    part: str
    number: int
    file: str
    line: int
    span: tuple[int, int]  # the lines of its statement, or of the head of a compound one
    function: str
    operator: str
    text: str
    before: str
    after: str

    @property
    def identity(self) -> tuple[str, str, str, str, str, str]:
        """What names it when lines move."""
        return self.file, self.function, self.operator, self.text, self.before, self.after

    @property
    def module(self) -> str:
        """The module that it is in."""
        return f"thecal.pump.{self.part}.{self.file.removesuffix('.py')}"


def folder(part: str) -> Path:
    """Where the source of a part lies."""
    return Path(thecal.pump.__path__[0]) / part


@cache
def _source(part: str, file: str) -> str:
    """A source file as it was when it was first read: it may be edited while mutants of it are tried."""
    return (folder(part) / file).read_text("utf-8")


@cache
def mutants(part: str) -> tuple[Mutant, ...]:
    """Every mutant of a part, in order."""
    found: list[Mutant] = []
    for file in sorted(path.name for path in folder(part).glob("*.py") if path.name != "__init__.py"):
        source = _source(part, file)
        lines = source.splitlines()
        for each in changes(ast.parse(source)):
            told = each.function, each.operator, lines[each.line - 1].strip(), each.before, each.after
            found.append(Mutant(part, len(found), file, each.line, each.span, *told))
    return tuple(found)


def mutated(mutant: Mutant) -> CodeType:
    """The code of the module with the change in it."""
    first = next(other.number for other in mutants(mutant.part) if other.file == mutant.file)
    tree = ast.parse(_source(mutant.part, mutant.file))
    changes(tree)[mutant.number - first].make()
    return compile(ast.fix_missing_locations(tree), str(folder(mutant.part) / mutant.file), "exec")


def patch(mutant: Mutant) -> bool:
    """Put the mutant into the modules that this process has imported. False when it is not inside a function."""
    if mutant.function == MODULE:
        return False
    place: Any = sys.modules[mutant.module]
    for name in mutant.function.split("."):
        place = vars(place)[name]
    function = place.fget if isinstance(place, property) else place
    assert isinstance(function, FunctionType), "a function is changed where it stands"
    function.__code__ = next(code for code in _codes(mutated(mutant)) if code.co_qualname == mutant.function)
    return True


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _codes(inner)


class Finder(MetaPathFinder, InspectLoader):
    """Finds the module of a mutant, changed; everything else is found as ever. Goes first in ``sys.meta_path``."""

    def __init__(self, mutant: Mutant) -> None:
        self._mutant = mutant

    def find_spec(self, fullname: str, path: Any = None, target: ModuleType | None = None) -> ModuleSpec | None:
        """The changed module, when it is asked for."""
        del path, target
        return spec_from_loader(fullname, self) if fullname == self._mutant.module else None

    def get_source(self, fullname: str) -> str:
        """The source without the change."""
        del fullname
        return _source(self._mutant.part, self._mutant.file)

    def get_code(self, fullname: str) -> CodeType:
        """The code with the change."""
        del fullname
        return mutated(self._mutant)


def forget() -> None:
    """Forget what this process has imported of the pump, so that the next import finds the mutant.

    The package itself goes as well, since it holds what it imported; this file stays the one that is running.
    """
    for name in list(sys.modules):
        if f"{name}.".startswith("thecal.pump.") and (not name.startswith(_RUNNING) or name in _WITH_PARTS):
            del sys.modules[name]


def spanned(mutant: Mutant) -> set[tuple[str, int]]:
    """The lines, with their file, of which one must be reached for the mutant to do anything."""
    first, last = mutant.span
    return {(mutant.file, number) for number in range(first, last + 1)}


class Lines:
    """Watches which lines of a part are run."""

    def __init__(self, part: str) -> None:
        self._home, self._seen = str(folder(part)), set[tuple[str, int]]()

    def __enter__(self) -> "Lines":
        """Begin to watch."""
        sys.monitoring.use_tool_id(_TOOL, "mutants")
        sys.monitoring.register_callback(_TOOL, sys.monitoring.events.LINE, self._line)
        sys.monitoring.set_events(_TOOL, sys.monitoring.events.LINE)
        return self

    def __exit__(self, *_: object) -> None:
        """Watch no more."""
        sys.monitoring.set_events(_TOOL, 0)
        sys.monitoring.free_tool_id(_TOOL)

    def _line(self, code: CodeType, number: int) -> Any:
        if code.co_filename.startswith(self._home):
            self._seen.add((Path(code.co_filename).name, number))
        return sys.monitoring.DISABLE

    def run_by(self, act: Callable[[], object]) -> set[tuple[str, int]]:
        """The lines that something runs, with their file."""
        self._seen.clear()
        sys.monitoring.restart_events()
        act()
        return set(self._seen)
