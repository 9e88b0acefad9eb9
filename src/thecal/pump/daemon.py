"""One process that is one pump: it delivers what is due, and answers its socket in between.

``python -m thecal.pump.daemon DIR``, or ``thecal pump run --dir DIR``. SIGTERM and SIGINT end the process, not the
therapy: the journal holds it, and the next start goes on from there. SIGKILL may come at any moment, and a disk
that takes no more ends the process. Lateness is made
up to ``LATE_REAL_MS`` of real time; what is later than that is a gap, recorded and never given.
"""

import asyncio
import contextlib
import os
import signal
import sys
from pathlib import Path

from thecal.pump.commands import Pump, Session
from thecal.pump.folder import SOCKET, hold_lock, listen, may_talk
from thecal.pump.protocol import MAX_FRAME, Reply, frame_id, read_request, refuse, too_long, write
from thecal.quantity import Refused

MAX_CONNECTIONS = 64
IDLE_S = 120.0
_TICK_S = (0.01, 0.5)  # the shortest and the longest wait between two looks at the clock


def run(folder: Path) -> None:
    """Run the pump of ``folder`` until SIGTERM or SIGINT. Raises Refused when it cannot be run, or already is."""
    lock = hold_lock(folder)
    try:
        pump = Pump(folder)
        try:
            asyncio.run(_serve_all([_Daemon(pump, folder)]))
        finally:
            pump.close()
    finally:
        os.close(lock)


def run_many(folders: list[Path]) -> None:
    """Run the pumps of many folders in this one process, for demonstrations and load tests, until SIGTERM or SIGINT.

    A pump that fails ends, and the others go on; its failure is raised when all have ended. A therapy that matters has
    a process of its own. Raises Refused, with none of them running, when one cannot be run or already is.
    """
    with contextlib.ExitStack() as held:
        daemons = []
        for folder in folders:
            held.callback(os.close, hold_lock(folder))
            pump = Pump(folder)
            held.callback(pump.close)
            daemons.append(_Daemon(pump, folder))
        asyncio.run(_serve_all(daemons))


async def _serve_all(daemons: list["_Daemon"]) -> None:
    loop = asyncio.get_running_loop()

    def end() -> None:
        for daemon in daemons:
            daemon.end()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end)
    ended = await asyncio.gather(*(daemon.serve() for daemon in daemons), return_exceptions=True)
    for failure in ended:
        if isinstance(failure, BaseException):
            raise failure


class _Daemon:
    def __init__(self, pump: Pump, folder: Path) -> None:
        self._pump = pump
        self._folder = folder
        self._ended = asyncio.Event()
        self._open: set[asyncio.Task[None]] = set()
        self._failure: Exception | None = None

    def end(self) -> None:
        """Ask it to end; the therapy goes on at the next start."""
        self._ended.set()

    async def serve(self) -> None:
        self._pump.advance()
        server = await asyncio.start_unix_server(self._talk, sock=listen(self._folder), limit=MAX_FRAME)
        try:
            await self._deliver()
        finally:
            server.close()
            (self._folder / SOCKET).unlink(missing_ok=True)
            for task in self._open:
                task.cancel()
            await asyncio.gather(*self._open, return_exceptions=True)
        if self._failure is not None:
            raise self._failure

    async def _deliver(self) -> None:
        while not self._ended.is_set():
            self._pump.advance()
            shortest, longest = _TICK_S
            wait = min(max(self._pump.real_until_due() / 1_000, shortest), longest)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._ended.wait(), wait)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None, "a connection is served by a task"
        self._open.add(task)
        try:
            if len(self._open) <= MAX_CONNECTIONS and may_talk(writer.get_extra_info("socket")):
                await self._converse(reader, writer)
        except (ConnectionError, TimeoutError, asyncio.CancelledError):
            pass  # the programmer has gone, or the pump ends; what was staged goes with the session
        finally:
            self._open.discard(task)
            writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = Session()
        while True:
            try:
                line = await asyncio.wait_for(reader.readuntil(b"\n"), IDLE_S)
            except asyncio.LimitOverrunError:
                await _send(writer, refuse(0, too_long()))
                return  # where the next frame begins is not known
            except asyncio.IncompleteReadError:
                return  # closed; half a frame is no frame
            await _send(writer, self._answer(line, session))

    def _answer(self, line: bytes, session: Session) -> Reply:
        try:
            return self._pump.answer(read_request(line), session)
        except Refused as refused:
            return refuse(frame_id(line), *refused.refusals)
        except Exception as error:
            # a device that failed half-way is not trusted: the process ends, and the next one starts from the journal
            self._failure = error
            self._ended.set()
            raise ConnectionAbortedError from error


async def _send(writer: asyncio.StreamWriter, reply: Reply) -> None:
    try:
        line = write(reply)
    except Refused as refused:
        line = write(refuse(reply.id, *refused.refusals))
    writer.write(line)
    await asyncio.wait_for(writer.drain(), IDLE_S)


def main(arguments: list[str]) -> int:
    """Run the pump whose folder is the only argument; 0 when it was asked to end, 2 when it was refused."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m thecal.pump.daemon DIR\n")
        return 2
    try:
        run(Path(arguments[0]))
    except Refused as refused:
        sys.stderr.write("".join(f"{refusal}\n" for refusal in refused.refusals))
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
