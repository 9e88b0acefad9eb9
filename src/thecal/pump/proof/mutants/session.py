"""Runs the tests of a part against its mutants: one warm test process, and a fork of it for each mutant.

Started by ``score`` as a program: part, test files and the numbers of the mutants come as JSON on standard
input; a line of JSON goes to the descriptor named first for each mutant that is done. A mutant inside a function is put
into the running modules of the fork; one of a module's own statements lets the fork import the part and its tests anew.
Only tests that reach the changed lines are run, the most successful ones first, up to the first that fails. A test
that takes five times as long as without the mutant, and a second, counts as failed: the mutant may never end.
"""

import json
import os
import resource
import signal
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings

from thecal.pump.proof.mutants.source import Finder, Lines, Mutant, forget, mutants, patch, spanned

SURVIVED, KILLED, BOUND = "survived", "killed", "bound"
_FLAGS = ["-q", "-s", "-W", "ignore::pytest.PytestAssertRewriteWarning"]
_MEMORY = 6 << 30
_LONGEST_S = 600  # of one mutant, whatever happens


def flags(files: list[str]) -> list[str]:
    """How pytest is called."""
    without = ["cacheprovider", "randomly", "xdist"]
    return [*_FLAGS, *(f"-pno:{name}" for name in without), "--hypothesis-profile=mutants", *files]


def limit(seconds: float) -> None:
    """This process may use so much more processor time; then it ends."""
    used = time.process_time()
    resource.setrlimit(resource.RLIMIT_CPU, (int(used + seconds) + 1, resource.RLIM_INFINITY))


class Run:
    """What a pytest session of this file has in common: whether a test has failed, and how long each may take."""

    def __init__(self) -> None:
        self.failed = False
        self.took: dict[str, float] = defaultdict(float)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A part of a test has ended."""
        self.failed |= report.failed

    def run(self, item: pytest.Item, after: pytest.Item | None) -> bool:
        """Run a test; whether it passed."""
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=after)
        return not self.failed

    def first_failing(self, items: list[pytest.Item], pipe: int) -> None:
        """Run tests until one fails, each within its bound; tell the pipe which one is being run."""
        for item, after in zip(items, [*items[1:], None], strict=True):
            os.write(pipe, item.nodeid.encode() + b"\n")
            limit(1 + 5 * self.took[item.nodeid])
            if not self.run(item, after):
                os._exit(1)
        os._exit(0)


class Anew(Run):
    """A session inside a fork, for a mutant that is in place before anything of the part is imported."""

    def __init__(self, order: list[str], took: dict[str, float], pipe: int) -> None:
        super().__init__()
        self.order = {name: place for place, name in enumerate(order)}
        self.took, self.pipe = took, pipe

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run until a test fails."""
        if session.testsfailed:
            os._exit(1)
        self.first_failing(sorted(session.items, key=lambda item: self.order.get(item.nodeid, 0)), self.pipe)
        return True


class Warm(Run):
    """The session that is forked."""

    def __init__(self, part: str, files: list[str], chosen: list[int], out: int) -> None:
        super().__init__()
        self.part, self.files, self.chosen, self.out = part, files, chosen, out
        self.lines: dict[str, set[tuple[str, int]]] = {}
        self.kills: dict[str, int] = defaultdict(int)

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """All tests without a mutant, then some of them with each."""
        if session.testsfailed:
            self._tell({"error": "the tests cannot be collected"})
            return True
        self._watch(session.items)
        if self.failed:
            self._tell({"error": "the tests fail without any mutant"})
            return True
        every = mutants(self.part)
        for number in self.chosen:
            outcome, by = self._try(every[number], session.items)
            for near in (by, f"{every[number].function} {by}"):
                self.kills[near] += outcome != SURVIVED
            self._tell({"number": number, "outcome": outcome, "by": by})
        return True

    def _tell(self, line: dict[str, Any]) -> None:
        os.write(self.out, json.dumps(line).encode() + b"\n")

    def _watch(self, items: list[pytest.Item]) -> None:
        """Run every test once and note how long it takes and which lines of the part it reaches."""
        with Lines(self.part) as watched:
            for item, after in zip(items, [*items[1:], None], strict=True):
                begun = time.process_time()
                self.lines[item.nodeid] = watched.run_by(lambda item=item, after=after: self.run(item, after))  # type: ignore[misc]
                self.took[item.nodeid] = time.process_time() - begun

    def _try(self, mutant: Mutant, items: list[pytest.Item]) -> tuple[str, str]:
        reached = spanned(mutant)

        def promise(item: pytest.Item) -> float:
            """How soon this test is likely to find it: by what it found before, above all in the same function."""
            kills = self.kills[item.nodeid] + 20 * self.kills[f"{mutant.function} {item.nodeid}"]
            return (kills + 0.5) / (self.took[item.nodeid] + 0.005)

        ordered = sorted(items, key=promise, reverse=True)
        reader, pipe = os.pipe()
        pid = os.fork()
        if not pid:
            os.close(reader)
            self._child(mutant, ordered, reached, pipe)
        os.close(pipe)
        with os.fdopen(reader) as told:
            names = told.read().splitlines()
        _, status = os.waitpid(pid, 0)
        if status == 0:
            return SURVIVED, ""
        by = names[-1] if names else "import"
        return (BOUND if os.WIFSIGNALED(status) else KILLED), by

    def _child(self, mutant: Mutant, items: list[pytest.Item], reached: set[tuple[str, int]], pipe: int) -> None:
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
        signal.alarm(_LONGEST_S)
        try:
            if patch(mutant):
                self.first_failing([item for item in items if self.lines[item.nodeid] & reached], pipe)
            limit(30)
            forget()
            tests = str(Path(self.files[0]).parent)
            for name, module in list(sys.modules.items()):
                if (getattr(module, "__file__", None) or "").startswith(tests):
                    del sys.modules[name]
            sys.meta_path.insert(0, Finder(mutant))
            pytest.main(flags(self.files), [Anew([item.nodeid for item in items], self.took, pipe)])
        finally:
            os._exit(1)  # nothing was collected, or the fork itself failed: the mutant cannot even be imported


def main() -> None:
    """The program."""
    told = json.load(sys.stdin)
    settings.register_profile(
        "mutants",
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    run = Warm(told["part"], told["files"], told["chosen"], int(sys.argv[1]))
    pytest.main(flags(told["files"]), [run])


if __name__ == "__main__":
    main()
