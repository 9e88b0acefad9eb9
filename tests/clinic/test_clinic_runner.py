"""What ``./run`` starts, asked as a user would: the real runner, its web server and its processes, over HTTP."""

import http.cookiejar
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

_UP_S = 120
_ENV = {name: value for name, value in os.environ.items() if name not in ("THECAL_DATA", "DJANGO_SETTINGS_MODULE")}
_RUNNER = (sys.executable, "-m", "thecal.clinic.runner")


def free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        port: int = asked.getsockname()[1]
        return port


class Started:
    """A runner on a data folder, and what it wrote."""

    def __init__(self, data: Path) -> None:
        self.data, self.log, self.port = data, data.parent / "runner.log", free_port()
        self.start()

    def start(self) -> None:
        command = [*_RUNNER, "--port", str(self.port), "--data", str(self.data), "--empty"]
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(command, stdout=output, stderr=output, env=_ENV)
        self.wait_for("the greeting", lambda: "The clinic is open" in self.log.read_text())

    def wait_for(self, what: str, holds: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _UP_S
        while not holds():
            assert time.monotonic() < deadline, f"{what} did not come:\n{self.log.read_text()[-3000:]}"
            time.sleep(0.1)

    @property
    def passwords(self) -> dict[str, str]:
        return dict(re.findall(r"^\s+(\w+)\s+(\S+-\S+-\S+)\s", self.log.read_text(), re.MULTILINE))

    def servers(self) -> list[int]:
        """The processes of the web server: the one that the runner started, then its worker."""
        found = _children(self.process.pid, "thecal.clinic.server")
        return [*found, *(child for server in found for child in _children(server, "thecal"))]

    def end(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(timeout=60)


class Browser:
    """A person at the real address, with cookies and the tokens of the forms."""

    def __init__(self, port: int) -> None:
        self.address = f"http://127.0.0.1:{port}"
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self._opener = urllib.request.build_opener(jar)

    def get(self, path: str) -> str:
        with self._opener.open(self.address + path, timeout=30) as answer:
            return str(answer.read().decode())

    def fill_in(self, path: str, **fields: str) -> str:
        """Open the page, fill in its form, send it; the page that comes back."""
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', self.get(path))
        assert token is not None
        data = urllib.parse.urlencode({"csrfmiddlewaretoken": token[1], **fields}).encode()
        with self._opener.open(self.address + path, data, timeout=30) as answer:
            return str(answer.read().decode())

    def sign_in(self, password: str) -> None:
        assert "Worklist" in self.fill_in("/sign-in/", username="nurse", password=password)

    def open_chart(self, name: str) -> None:
        page = self.fill_in("/patients/new/", name=name, birth_date="1960", sex="unknown", pain_cause="unknown")
        assert "The chart is open." in page


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/sign-in/", timeout=5):
            return True
    except OSError:
        return False


def _alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _children(parent: int, words: str) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            line = path.with_name("cmdline").read_bytes().replace(b"\0", b" ").decode()
            above = int(path.read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError):
            continue  # it has ended meanwhile
        if above == parent and words in line:
            found.append(int(path.parent.name))
    return found


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    made = Started(tmp_path_factory.mktemp("runner") / "data")
    yield made
    assert made.end(signal.SIGTERM) == 0
    assert not _answers(made.port)


@pytest.mark.xdist_group("clinic-runner")
def test_the_clinic_says_where_it_is_and_how_to_sign_in_and_keeps_its_data_private(started: Started) -> None:
    said = started.log.read_text()
    assert f"http://127.0.0.1:{started.port}/" in said
    assert set(started.passwords) == {"nurse", "prescriber", "auditor"}
    assert "not a cleared medical device" in said
    for name in ("clinic.sqlite3", "secret-key", "demo-accounts.txt"):
        assert (started.data / name).stat().st_mode & 0o077 == 0, name


@pytest.mark.xdist_group("clinic-runner")
def test_a_second_runner_on_the_port_or_the_folder_is_refused_and_disturbs_nothing(started: Started) -> None:
    other = started.data.parent / "other"
    taken_port = ["--port", str(started.port), "--data", str(other)]
    taken_folder = ["--port", str(free_port()), "--data", str(started.data)]
    for options, said in ((taken_port, f"port {started.port} is in use"), (taken_folder, "a clinic runs on")):
        refused = subprocess.run([*_RUNNER, *options], env=_ENV, capture_output=True, text=True, check=False)
        assert refused.returncode == 2
        assert said in refused.stderr
        assert "Traceback" not in refused.stderr
    assert not other.exists(), "nothing was begun"
    assert _answers(started.port)


@pytest.mark.xdist_group("clinic-runner")
@pytest.mark.parametrize("who", ["server", "worker"])
def test_a_killed_web_server_comes_back_and_has_lost_nothing_that_it_acknowledged(started: Started, who: str) -> None:
    nurse = Browser(started.port)
    nurse.sign_in(started.passwords["nurse"])
    nurse.open_chart(f"Kept by {who}")
    before = started.servers()
    assert len(before) >= 2
    os.kill(before[0 if who == "server" else 1], signal.SIGKILL)
    started.wait_for("the end of the old server", lambda: not any(map(_alive, before)))
    started.wait_for("another server", lambda: len(started.servers()) >= 2 and _answers(started.port))
    assert f"Kept by {who}" in nurse.get("/patients/"), "still signed in, and the chart is there"


@pytest.mark.xdist_group("clinic-runner")
def test_ctrl_c_ends_all_that_it_started_and_a_second_start_finds_all_data(started: Started) -> None:
    nurse = Browser(started.port)
    nurse.sign_in(started.passwords["nurse"])
    nurse.open_chart("Found again")
    passwords, processes = started.passwords, started.servers()
    assert started.end(signal.SIGINT) == 0
    assert not _answers(started.port)
    assert not any(map(_alive, processes))
    started.start()
    assert started.passwords == passwords
    again = Browser(started.port)
    again.sign_in(passwords["nurse"])
    assert "Found again" in again.get("/patients/")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--port", "eighty"], "--port"),
        (["--clock-speed", "0"], "--clock-speed"),
        (["--what"], "--what"),
        (["--data", "/proc/nowhere"], "/proc/nowhere"),
    ],
)
def test_a_wrong_option_is_refused_with_its_name(options: list[str], said: str, tmp_path: Path) -> None:
    command = [*_RUNNER, "--port", str(free_port()), "--data", str(tmp_path / "data"), *options]
    refused = subprocess.run(command, env=_ENV, capture_output=True, text=True, check=False)
    assert refused.returncode == 2
    assert said in re.sub(r"[│\n]|\x1b\[[0-9;]*m", "", refused.stderr)
    assert not (tmp_path / "data" / "clinic.sqlite3").exists()
