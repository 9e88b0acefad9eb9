"""A pump's folder: what pump it is, its lock, its socket. One folder is one pump for its whole life.

``pump.json`` says what the pump is; ``journal/`` is the controller's and ``supervisor/`` the supervisor's;
``pump.sock`` is where it listens; ``pump.lock``
is held by the one process that runs it. Volumes in nL.
"""

import fcntl
import json
import os
import re
import shutil
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from thecal.formulary import PUBLISHED, Basis, Solution, check_concentration
from thecal.pump.admission import require
from thecal.pump.catalog import profile
from thecal.pump.clock import RealTime, SharedClock
from thecal.quantity import Refusal, Refused

CONFIG, LOCK, SOCKET, JOURNAL = "pump.json", "pump.lock", "pump.sock", "journal"
SUPERVISOR = "supervisor"  # its own journal, beside the controller's
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_FLOCK = "@hhqqi4x"  # struct flock of Linux on 64 bits


@dataclass(frozen=True, slots=True)
class PumpConfig:
    """A pump as it is set up: its model, the whole volume from reservoir to tip, and what is in it at first.

    ``path_nl`` is the pump's tubing and the catheter together; ``path_content`` None means saline or unknown.
    ``clock`` is the folder of the shared clock, as seen from the pump's folder. ``patient`` is whose pump it is: it
    takes no order for anybody else. None is a pump that belongs to nobody yet. ``proof_of_fill``: it takes no fill
    without two labels that agree, and one that nothing shows to be in the reservoir is an alarm.
    """

    profile: str
    path_nl: int
    path_content: Solution | None
    fill: Solution
    fill_nl: int
    clock: str = ".."
    patient: str | None = None
    proof_of_fill: bool = False

    def plain(self) -> dict[str, object]:
        """Plain values, for JSON."""
        return {
            "format": 1,
            "profile": self.profile,
            "path_nl": self.path_nl,
            "path_content": None if self.path_content is None else str(self.path_content),
            "fill": str(self.fill),
            "fill_nl": self.fill_nl,
            "clock": self.clock,
            "patient": self.patient,
            "proof_of_fill": self.proof_of_fill,
        }


def create_pump(
    base: Path | str,
    pump_id: str,
    config: PumpConfig,
    real: RealTime | None = None,
    made: int | None = None,
    basis: Basis = PUBLISHED,
) -> Path:
    """Write the folder of a new pump below ``base``, all or nothing, and return it.

    ``made`` is the device ms of its making; None is the shared clock's now. An earlier one is for made-up clinics.
    ``basis`` says which limits a site has signed. Raises Refused when the id cannot be a folder's name, the pump
    exists, its model cannot run, or the fill is not one that the formulary allows.
    """
    from thecal.pump.device import Device
    from thecal.pump.hardware import hardware_model
    from thecal.pump.storage import FileStorage
    from thecal.pump.watch import Watch

    if not _ID.fullmatch(pump_id):
        do = "Use 1 to 64 letters, digits, _ or -."
        raise Refused(Refusal("pump_id", f"{pump_id[:80]!r} cannot name a pump", "pump", do))
    folder = Path(base) / pump_id
    if folder.exists():
        raise Refused(Refusal("pump_exists", f"there is a pump {pump_id!r} already", "pump", "Choose another id."))
    model = profile(config.profile)
    model.device()
    hardware_model(model.id).need("flow_clip")
    require(check_concentration(config.fill, basis))
    draft = folder.with_name(f".{pump_id}.{os.getpid()}.new")
    draft.mkdir(parents=True, mode=0o700)
    try:
        (draft / CONFIG).write_text(json.dumps(config.plain(), indent=1), "utf-8")
        now = SharedClock(draft / config.clock, real).now_ms() if made is None else made
        storage, own = FileStorage(draft / JOURNAL), FileStorage(draft / SUPERVISOR)
        watch = Watch(model.device(), config.path_nl, own, now, new=True)
        content, fill, volume = config.path_content, config.fill, config.fill_nl
        Device.create(storage, model, config.path_nl, content, fill, volume, now, watch=watch)
        storage.close()
        own.close()
        draft.rename(folder)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    return folder


def read_config(folder: Path) -> PumpConfig:
    """The set-up of the pump in ``folder``. Raises Refused when there is none or it cannot be read."""
    try:
        plain = json.loads((folder / CONFIG).read_text("utf-8"))
        content = plain["path_content"]
        return PumpConfig(
            profile=plain["profile"],
            path_nl=plain["path_nl"],
            path_content=None if content is None else Solution.parse(content),
            fill=Solution.parse(plain["fill"]),
            fill_nl=plain["fill_nl"],
            clock=plain["clock"],
            patient=plain.get("patient"),
            proof_of_fill=plain.get("proof_of_fill", False),
        )
    except FileNotFoundError:
        do = "Give the folder of a pump, or create one."
        raise Refused(Refusal("no_pump", f"{folder} is not the folder of a pump", "dir", do)) from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Refused(Refusal("config_unreadable", f"{folder / CONFIG} cannot be read: {error}", "dir")) from None


def pump_folders(base: Path) -> list[Path]:
    """Every pump folder below ``base``, by name."""
    return sorted(path.parent for path in base.glob(f"*/{CONFIG}") if not path.parent.name.startswith("."))


def hold_lock(folder: Path) -> int:
    """Take the pump's lock for the life of this process and return its file. Raises Refused when another holds it."""
    file = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(file)
        what = f"another process runs the pump in {folder} already"
        raise Refused(Refusal("already_running", what, "dir", "Talk to that one, or stop it first.")) from None
    return file


def runner(folder: Path) -> int | None:
    """The id of the process that runs the pump now, or None. Taken from the lock, so it is never stale."""
    try:
        file = os.open(folder / LOCK, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        asked = struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
        kind, _, _, _, process = struct.unpack(_FLOCK, fcntl.fcntl(file, fcntl.F_GETLK, asked))
    finally:
        os.close(file)
    return None if kind == fcntl.F_UNLCK else process


@contextmanager
def socket_address(folder: Path) -> Iterator[str]:
    """A short path to the pump's socket: a socket's own path may have 107 bytes only, a folder's any number."""
    file = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{file}/{SOCKET}"
    finally:
        os.close(file)


def answers(folder: Path) -> bool:
    """Whether a process listens on the pump's socket; one that was killed leaves a socket that nobody listens on."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asked:
        try:
            with socket_address(folder) as address:
                asked.connect(address)
        except OSError:
            return False
    return True


def listen(folder: Path) -> socket.socket:
    """The pump's listening socket, in place of one that a killed process left behind."""
    (folder / SOCKET).unlink(missing_ok=True)
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with socket_address(folder) as address:
        made.bind(address)
    (folder / SOCKET).chmod(0o600)
    made.listen(16)
    return made


def may_talk(link: socket.socket) -> bool:
    """Whether the process at the other end runs as the user of this pump, or as root; the kernel vouches for it."""
    credentials = link.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    _, user, _ = struct.unpack("3i", credentials)
    return user in (0, os.geteuid())
