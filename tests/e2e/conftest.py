"""A real clinic for browser tests: the runner as a process of its own, with its web server, database and pumps."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]


@dataclass(frozen=True)
class RunningClinic:
    """Where the clinic answers, where its data is, and how to sign in."""

    address: str
    data: Path
    process: subprocess.Popen[bytes]

    @property
    def passwords(self) -> dict[str, str]:
        text = (self.data / "demo-accounts.txt").read_text()
        return dict(re.findall(r"^\s+(\w+)\s+(\S+)\s", text, re.MULTILINE))


@contextmanager
def clinic(data: Path, *options: str) -> Iterator[RunningClinic]:
    """Start a clinic on a free port, wait until it answers, and end it, with all that it started, at the end."""
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        port = asked.getsockname()[1]
    command = [sys.executable, "-m", "thecal.clinic.runner", "--port", str(port), "--data", str(data), *options]
    with (data.parent / "runner.log").open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, "OPENBLAS_NUM_THREADS": "1"})
    try:
        address = f"http://127.0.0.1:{port}"
        _await(address + "/sign-in/", process, data.parent / "runner.log")
        yield RunningClinic(address, data, process)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)


def _await(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise AssertionError(f"the clinic did not come up:\n{log.read_text()[-4000:]}")


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    return {"executable_path": CHROMIUM, "args": FLAGS}


@pytest.fixture
def person(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Make a page of a fresh browser profile; whatever its console complains of fails the test at the end."""
    complaints: list[str] = []
    contexts = []

    def open_page(clinic: RunningClinic, user: str = "", width: int = 1280, height: int = 900, **more: Any) -> Page:
        context = browser.new_context(viewport={"width": width, "height": height}, base_url=clinic.address, **more)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        if user:
            sign_in(page, user, clinic.passwords[user])
        return page

    yield open_page
    for context in contexts:
        context.close()
    expected = re.compile(r"status of (4\d\d)")  # refusals that a test asked for
    assert [text for text in complaints if not expected.search(text)] == []


def sign_in(page: Page, user: str, password: str) -> None:
    page.goto("/sign-in/")
    page.get_by_label("Username").fill(user)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Worklist").wait_for()
