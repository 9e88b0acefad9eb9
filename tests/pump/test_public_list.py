"""The room's public list: complete, light, and not hidden by a module of the same name."""

import subprocess
import sys
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

import thecal.pump


def test_every_public_name_is_there_whatever_was_imported_before() -> None:
    for module in iter_modules(thecal.pump.__path__):
        if module.name != "__main__":
            import_module(f"thecal.pump.{module.name}")
    for name in thecal.pump.__all__:
        assert not isinstance(getattr(thecal.pump, name), ModuleType), name


def test_no_module_of_the_room_has_the_name_of_something_public() -> None:
    assert {module.name for module in iter_modules(thecal.pump.__path__)} & set(thecal.pump.__all__) == set()


def test_importing_the_room_loads_no_heavy_library() -> None:
    code = "import sys, thecal.pump; print(sorted({'pint', 'pydantic', 'asyncio', 'numpy'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
