"""The runner: one command that starts everything, refuses what cannot work, ends what it started, finds all again."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.cookiejar import CookieJar
from pathlib import Path

import pytest

from clinic.way import until
from thecal.formulary import Solution
from thecal.pump import PumpConfig, Ward, create_pump
from thecal.quantity import VOLUME, parse
from thecal.therapy import Ledger

pytestmark = pytest.mark.xdist_group("clinic-runner")
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


@dataclass
class Browser:
    """A browser with cookies that follows no redirect."""

    address: str
    _opener: urllib.request.OpenerDirector = field(init=False)

    def __post_init__(self) -> None:
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()), _Stay)

    def get(self, path: str) -> str:
        with self._opener.open(self.address + path, timeout=30) as answer:
            return str(answer.read().decode())

    def post(self, page: str, path: str, **fields: str) -> str:
        """Send a form of ``page``; the address that it leads to. Raises for any other answer."""
        found = TOKEN.search(self.get(page))
        assert found is not None
        data = urllib.parse.urlencode({**fields, "csrfmiddlewaretoken": found[1]}).encode()
        try:
            with self._opener.open(self.address + path, data, timeout=30) as answer:
                raise AssertionError(f"not taken: {answer.read().decode()}")
        except urllib.error.HTTPError as answer:
            assert answer.code == 302, answer.read().decode()
            return str(answer.headers["Location"])

    def sign_in(self, data: Path, name: str) -> None:
        found = re.search(rf"^\s+{name}\s+(\S+)", (data / "demo-accounts.txt").read_text(), re.MULTILINE)
        assert found is not None
        assert self.post("/sign-in/", "/sign-in/", username=name, password=found[1]) == "/"


def _port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


def _start(data: Path, port: int, *options: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "thecal.clinic.runner", "--port", str(port), "--data", str(data), *options]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("THECAL_", "DJANGO_"))}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment)


@contextlib.contextmanager
def _running(data: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], int, str]]:
    """A clinic that is open; ended at the latest at the end. With what it said so far."""
    port = _port()
    process = _start(data, port, *options)
    try:
        said = ""
        assert process.stdout is not None
        for line in process.stdout:
            said += line
            if "Ctrl-C stops everything" in line:
                break
        assert f"http://127.0.0.1:{port}/" in said, said
        yield process, port, said
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)


def _children(process: int) -> set[int]:
    """Every process below ``process``."""
    parents: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            if fields[0] != "Z":
                parents.setdefault(int(fields[1]), []).append(int(folder.name))
    found, left = set[int](), [process]
    while left:
        below = parents.get(left.pop(), [])
        found.update(below)
        left += below
    return found


def _alive(process: int) -> bool:
    try:
        return (Path("/proc") / str(process) / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_port_that_is_taken_is_refused_with_exit_code_2(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        process = _start(tmp_path / "data", port)
        said, _ = process.communicate(timeout=60)
    assert process.returncode == 2
    assert f"port {port} is in use" in said
    assert "--port" in said
    assert not (tmp_path / "data").exists()


def test_a_folder_that_cannot_be_used_is_refused_with_exit_code_2(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    process = _start(tmp_path / "file" / "data", _port())
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "cannot be used" in said


def test_an_empty_clinic_runs_refuses_a_second_and_is_found_again(tmp_path: Path) -> None:
    """One long story, since each start takes seconds: fast clock, pumps, a killed server, SIGTERM, a second start."""
    data = tmp_path / "data"
    fill = Solution.parse("morphine 2 mg/mL")
    create_pump(data / "pumps", "p-1", PumpConfig("reference", 387_500, None, fill, parse("15 mL", VOLUME)))
    with _running(data, "--empty", "--clock-speed", "50") as (process, port, said):
        assert "Sign in as" in said
        assert "50 times real time" in said
        assert {name: (data / name).stat().st_mode & 0o777 for name in ("secret-key", "demo-accounts.txt")} == {
            "secret-key": 0o600,
            "demo-accounts.txt": 0o600,
        }
        assert (data / "clinic.sqlite3").stat().st_mode & 0o077 == 0
        browser = Browser(f"http://127.0.0.1:{port}")
        assert "Demonstration clock: 50 times real time" in browser.get("/sign-in/")
        browser.sign_in(data, "nurse")
        assert "There is no patient yet" in browser.get("/")

        second = _start(data, _port())
        told, _ = second.communicate(timeout=60)
        assert second.returncode == 2
        assert "runs on" in told
        assert "already" in told
        assert process.poll() is None

        opened = browser.post(
            "/patients/new/",
            "/patients/new/",
            name="Rita Runner",
            birth_date="1960",
            sex="female",
            pain_cause="unknown",
        )
        acknowledged = _write_while_killed(browser, opened, process.pid)
        pumps = Ward(data / "pumps").running()
        assert set(pumps) == {"p-1"}
        os.kill(pumps["p-1"], signal.SIGKILL)
        until(lambda: Ward(data / "pumps").running().get("p-1") not in (None, pumps["p-1"]))
        started = _children(process.pid) | set(Ward(data / "pumps").running().values())
        assert len(started) >= 3

        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
        assert process.returncode == 0
        until(lambda: not any(_alive(each) for each in started))

    with _running(data) as (_, port, said):
        assert "Demonstration clock" not in said
        browser = Browser(f"http://127.0.0.1:{port}")
        browser.sign_in(data, "nurse")
        page = browser.get("/patients/")
        assert "Rita Runner" in page
        assert "Demonstration clock" not in page
        assert page.count("Rita Runner") == 1
        history = browser.get(opened + "history/")
        assert [note for note in acknowledged if note not in history] == []
        book = Ledger.load(browser.get(opened + "ledger/export/").encode())
        assert len(acknowledged) + 1 <= book.version <= len(acknowledged) + 1 + 2


def _write_while_killed(browser: Browser, chart: str, runner: int) -> list[str]:
    """Write entries while the web server is killed twice; those that were acknowledged."""
    acknowledged: list[str] = []
    for kill in range(2):
        for number in range(4):
            note = f"entry {kill}-{number} of the story"
            if number == 2:
                for each in _web(runner):
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(each, signal.SIGKILL)
            try:
                version = re.search(r'name="version" value="(\d+)"', browser.get(chart + "history/"))
                assert version is not None
                fields = {"treatment": "other", "outcome": "unknown", "detail": note, "version": version[1]}
                browser.post(chart + "history/", chart + "history/", **fields)
            except (OSError, urllib.error.URLError):
                until(lambda: _answers(browser))
            else:
                acknowledged.append(note)
    assert len(acknowledged) >= 6
    return acknowledged


def _web(runner: int) -> set[int]:
    found = set()
    for each in _children(runner):
        with contextlib.suppress(OSError):
            if b"thecal.clinic.server" in (Path("/proc") / str(each) / "cmdline").read_bytes():
                found |= {each} | _children(each)
    return found


def _answers(browser: Browser) -> bool:
    try:
        browser.get("/sign-in/")
    except urllib.error.HTTPError:
        return True  # signed in already: sent on
    except OSError:
        return False
    return True
