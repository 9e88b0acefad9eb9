"""The web server process: ``python -m thecal.clinic.server PORT``, started and restarted by the runner."""

import sys

from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from thecal.clinic.lifeline import tie_to_parent

THREADS = 4


def main(port: int) -> None:
    """Serve the clinic on this machine alone until told to stop."""
    tie_to_parent()
    Granian(
        "thecal.clinic.worker:application",
        address="127.0.0.1",
        port=port,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=THREADS,
        log_level=LogLevels.warning,
        log_access=False,
        websockets=False,
    ).serve()


if __name__ == "__main__":
    main(int(sys.argv[1]))
