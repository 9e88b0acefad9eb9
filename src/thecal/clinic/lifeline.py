"""A child process that ends when its parent does, so that a killed runner leaves no web server behind."""

import os
import signal
import threading
import time

_EVERY_S = 0.25


def tie_to_parent() -> None:
    """Watch the parent from a thread; when it is gone, end this process at once.

    Safe for the ledger: what was acknowledged is already on the disk, what was not is rolled back.
    """
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_EVERY_S)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=watch, name="lifeline", daemon=True).start()
