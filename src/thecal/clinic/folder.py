"""The clinic's data folder: where the database, the secret key, the clock and the pumps live.

Nothing of a clinic is kept anywhere else, so copying the folder copies the clinic.
"""

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

VARIABLE = "THECAL_DATA"


@dataclass(frozen=True, slots=True)
class Folder:
    """Paths inside one data folder."""

    root: Path

    @classmethod
    def from_environment(cls) -> "Folder":
        """The folder that ``THECAL_DATA`` names, else ``data`` below the working folder."""
        return cls(Path(os.environ.get(VARIABLE, "data")).resolve())

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.root / "clinic.sqlite3"

    @property
    def pumps(self) -> Path:
        """One folder per virtual pump."""
        return self.root / "pumps"

    @property
    def demo_file(self) -> Path:
        """Sign-in of the made-up people; absent in a real clinic."""
        return self.root / "demo-accounts.txt"

    @property
    def _key_file(self) -> Path:
        return self.root / "secret-key"

    def prepare(self) -> None:
        """Make the folder and its secret key, readable by the owner alone, where they are missing."""
        self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.pumps.mkdir(exist_ok=True, mode=0o700)
        if not self._key_file.exists():
            write_private(self._key_file, secrets.token_urlsafe(48))

    def secret_key(self) -> str:
        """The kept key; a throw-away one where the folder was never prepared (type checks, ``--help``)."""
        if self._key_file.exists():
            return self._key_file.read_text(encoding="ascii").strip()
        return secrets.token_urlsafe(48)


def write_private(path: Path, text: str) -> None:
    """Write ``text`` to a new file that only the owner may read; whole or not at all."""
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
