"""Runs the clinic: ``python -m thecal.clinic.runner [--port N] [--data DIR] [--empty] [--clock-speed N]``.

One process that keeps all others: it prepares the data folder and the database, starts the web server and every pump,
starts again what dies, and on Ctrl-C or SIGTERM ends all that it started. A second start finds all data again.
"""

import fcntl
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Annotated

import typer

from thecal.clinic.folder import VARIABLE, Folder
from thecal.pump import SharedClock
from thecal.quantity import Refusal, Refused

ADDRESS = "127.0.0.1"
_TURN_S = 1.0
_UP_S = 60.0
_log = logging.getLogger("thecal.clinic.runner")


def run(
    port: Annotated[int, typer.Option(help="Port on this machine.", min=1, max=65535)] = 8000,
    data: Annotated[Path, typer.Option(help="Folder for all data of the clinic.")] = Path("data"),
    empty: Annotated[bool, typer.Option("--empty", help="Begin without the made-up clinic.")] = False,
    clock_speed: Annotated[
        int, typer.Option(help="Demonstrations: how many seconds pass on the clinic's clock in one real second.", min=1)
    ] = 1,
) -> None:
    """Start the clinic and its virtual pumps; Ctrl-C stops everything that was started."""
    try:
        _run(port, Folder(data.resolve()), clock_speed, empty=empty)
    except Refused as refused:
        for refusal in refused.refusals:
            typer.echo(f"refused: {refusal}", err=True)
        raise typer.Exit(2) from None


def _run(port: int, folder: Folder, speed: int, *, empty: bool) -> None:
    _check_port(port)
    try:
        folder.prepare()
    except OSError as error:
        raise Refused(Refusal("data_folder", f"{folder.root} cannot be used: {error}", "--data")) from None
    held = _hold(folder.root / "runner.lock")
    os.environ[VARIABLE] = str(folder.root)
    os.environ["DJANGO_SETTINGS_MODULE"] = "thecal.clinic.settings"
    SharedClock.start(folder.pumps, speed)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    _prepare_database(folder, empty=empty)

    from thecal.clinic.keeper import Keeper  # needs Django to be set up

    keeper, server = Keeper(folder), _Server(port)
    try:
        keeper.turn()
        server.keep()
        if server.answers(stop):
            _greet(port, folder, speed)
        while not stop.wait(_TURN_S):
            server.keep()
            try:
                keeper.turn()
            except Exception:  # noqa: BLE001 - one bad turn must not leave every pump unkept; the next one tries again
                _log.exception("a turn of the keeper failed")
    finally:
        typer.echo("Stopping the clinic and its pumps.", err=True)
        server.stop()
        keeper.stop()
        os.close(held)


class _Server:
    """The web server's process."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._process: subprocess.Popen[bytes] | None = None

    def keep(self) -> None:
        """Start it, or start it again when it has ended."""
        if self._process is not None and self._process.poll() is None:
            return
        if self._process is not None:
            _log.warning("the web server ended with code %s; starting it again", self._process.returncode)
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-m", "thecal.clinic.server", str(self._port)], start_new_session=True
        )

    def answers(self, stop: threading.Event) -> bool:
        """Wait until the sign-in page is served."""
        deadline = time.monotonic() + _UP_S
        while time.monotonic() < deadline and not stop.is_set():
            try:
                with urllib.request.urlopen(f"http://{ADDRESS}:{self._port}/sign-in/", timeout=5):
                    return True
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        return False

    def stop(self) -> None:
        """Ask it to end; insist when it does not."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _check_port(port: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as asked:
        asked.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            asked.bind((ADDRESS, port))
        except OSError:
            do = "Stop the other program, or choose another: --port N."
            raise Refused(Refusal("port_taken", f"port {port} is in use or not allowed", "--port", do)) from None


def _hold(path: Path) -> int:
    """Take the folder's lock for the life of this process; two runners would keep the same pumps."""
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(file)
        do = "Stop it first, or choose another folder: --data DIR."
        raise Refused(Refusal("already_running", f"a clinic runs on {path.parent} already", "--data", do)) from None
    return file


def _prepare_database(folder: Folder, *, empty: bool) -> None:
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0, interactive=False)
    folder.database.chmod(0o600)

    from django.contrib.auth.models import User
    from django.db import transaction

    from thecal.clinic import demo  # these need Django to be set up

    if User.objects.exists():
        return
    typer.echo("Making the accounts." if empty else "Making a made-up clinic; this takes a moment.", err=True)
    with transaction.atomic():  # a start that is broken off here begins again
        demo.make_accounts(folder)
        if not empty:
            demo.make_patients(folder)


def _greet(port: int, folder: Folder, speed: int) -> None:
    typer.echo(f"\nThe clinic is open: http://{ADDRESS}:{port}/\n")
    if folder.demo_file.exists():
        typer.echo(folder.demo_file.read_text("utf-8"))
    if speed != 1:
        typer.echo(f"Demonstration clock: {speed} times real time.")
    typer.echo("Research, teaching and engineering software; not a cleared medical device. Ctrl-C stops everything.")


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING, format="{asctime} {levelname} {name}: {message}", style="{")
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(run)
    app()
