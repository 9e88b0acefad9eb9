"""The one clock that a clinic and its pumps share: real time, or a demonstration's faster time.

``DIR/clock.json`` holds an instant of the machine's uptime, the shared instant at that moment (ms since the Unix
epoch), and the speed between them. Uptime, not wall time: a correction of the wall clock moves nothing. Time never runs
backwards, within a process, between processes or across runs: before an instant is handed out, ``DIR/clock.reserved``
says that it may have been, written a little ahead of need. After a restart of the machine a fast clock goes on from
where it stood, and a clock at speed 1 from wall time.
"""

import fcntl
import json
import os
import time
from pathlib import Path

from thecal.quantity import Refusal, Refused

RESERVE_REAL_MS = 2_000
SPEED_MAX = 1_000_000
_BOOT = Path("/proc/sys/kernel/random/boot_id")


class RealTime:
    """The machine's own clocks, in ms. Tests pass another with the same three methods."""

    def wall(self) -> int:
        """Wall time since the Unix epoch; may be corrected at any moment."""
        return time.time_ns() // 1_000_000

    def up(self) -> int:
        """Time since the machine started, also while it slept; never corrected, the same in every process."""
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000

    def boot(self) -> str:
        """A name for this run of the machine."""
        return _BOOT.read_text("ascii").strip()


class SharedClock:
    """Reads the shared clock of a folder; starts one at speed 1 when there is none.

    Raises Refused when ``clock.json`` cannot be read.
    """

    def __init__(self, folder: Path | str, real: RealTime | None = None) -> None:
        self._folder = Path(folder)
        self._real = real or RealTime()
        self._file = self._folder / "clock.json"
        self._mark: tuple[int, int] = (0, 0)
        self._last = 0
        self._speed = 1
        self._up_base = self._virtual_base = 0
        self._reserved = 0
        self._write(None)
        self._reload()

    @classmethod
    def start(cls, folder: Path | str, speed: int = 1, real: RealTime | None = None) -> "SharedClock":
        """Set the speed from now on; the shared time goes on from where it was. Raises Refused for a bad speed."""
        if type(speed) is not int or not 1 <= speed <= SPEED_MAX:
            do = f"Use a whole number from 1 to {SPEED_MAX}."
            raise Refused(Refusal("clock_speed", f"{speed!r} is not a speed", "clock speed", do))
        clock = cls(folder, real)
        clock._write(speed)
        clock._reload()
        return clock

    @property
    def speed(self) -> int:
        """Shared ms for each real ms."""
        self._reload()
        return self._speed

    @property
    def demonstration(self) -> bool:
        """Whether the clock runs faster than real time, which every page and status says."""
        return self.speed != 1

    def now_ms(self) -> int:
        """The shared time, ms since the Unix epoch; never before what any reader was told earlier."""
        self._reload()
        ahead = max(self._real.up() - self._up_base, 0) * self._speed
        self._last = max(self._last, self._virtual_base + ahead)
        if self._last >= self._reserved:
            self._reserve(self._last)
        return self._last

    def real_until(self, shared_ms: int) -> int:
        """Real ms from now until the shared time is ``shared_ms``; 0 when it has passed."""
        left = shared_ms - self.now_ms()
        return max(-(-left // self._speed), 0)

    def _reload(self) -> None:
        stat = self._file.stat()
        mark = (stat.st_mtime_ns, stat.st_ino)
        if mark != self._mark:
            self._up_base, self._virtual_base, self._speed, _ = self._read()
            self._mark = mark

    def _read(self) -> tuple[int, int, int, str]:
        try:
            plain = json.loads(self._file.read_text("ascii"))
            up, virtual, speed, boot = (plain[key] for key in ("up_ms", "virtual_ms", "speed", "boot"))
        except (ValueError, KeyError, TypeError) as error:
            what = f"{self._file} cannot be read as a clock: {error}"
            raise Refused(
                Refusal("clock_unreadable", what, "clock", "Restore it, or remove it to start anew.")
            ) from None
        if any(type(value) is not int for value in (up, virtual, speed)) or not 1 <= speed <= SPEED_MAX:
            raise Refused(Refusal("clock_unreadable", f"{self._file} holds no whole numbers", "clock"))
        return up, virtual, speed, str(boot)

    def _reserve(self, now: int) -> None:
        with _locked(self._folder):
            self._reserved = max(_reserved(self._folder), now + RESERVE_REAL_MS * self._speed)
            _replace(self._folder / "clock.reserved", str(self._reserved))

    def _write(self, speed: int | None) -> None:
        """Set a speed, or with None only make sure that there is a clock of this run of the machine."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with _locked(self._folder):
            boot = self._real.boot()
            if speed is None:
                _, _, speed, written = self._read() if self._file.exists() else (0, 0, 1, "")
                if written == boot:
                    return
            virtual = max(_reserved(self._folder), self._real.wall())
            plain = {"up_ms": self._real.up(), "virtual_ms": virtual, "speed": speed, "boot": boot}
            _replace(self._file, json.dumps(plain))


class _locked:  # noqa: N801 - reads as a statement: with _locked(folder)
    def __init__(self, folder: Path) -> None:
        self._path = folder / "clock.lock"

    def __enter__(self) -> None:
        self._fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._fd, fcntl.LOCK_EX)

    def __exit__(self, *_: object) -> None:
        os.close(self._fd)


def _reserved(folder: Path) -> int:
    try:
        return int((folder / "clock.reserved").read_text("ascii"))
    except (FileNotFoundError, ValueError):
        return 0


def _replace(path: Path, text: str) -> None:
    draft = path.with_name(f"{path.name}.{os.getpid()}.new")
    draft.write_text(text, "ascii")
    draft.replace(path)
