"""Promises of a process that hosts many pumps: each answers, each delivers, and all end and start again."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from pump_orders import make_pump, order

from thecal.pump import PumpLink
from thecal.pump.daemon import run_many
from thecal.pump.folder import answers, hold_lock, runner
from thecal.quantity import Refused

COUNT = 20
CODE = (
    "import sys; from pathlib import Path; from thecal.pump import pump_folders; "
    "from thecal.pump.daemon import run_many; run_many(pump_folders(Path(sys.argv[1])))"
)


def test_twenty_pumps_in_one_process_answer_deliver_and_end_together(tmp_path: Path) -> None:
    folders = [make_pump(tmp_path, speed=60, name=f"pump-{number}") for number in range(COUNT)]
    for _ in range(2):
        child = subprocess.Popen([sys.executable, "-c", CODE, str(tmp_path)])
        try:
            for folder in folders:
                while not answers(folder):
                    assert child.poll() is None, "the process runs"
                    time.sleep(0.05)
            assert {runner(folder) for folder in folders} == {child.pid}
            for folder in folders:
                link = PumpLink(folder)
                now = link.status().now
                assert link.program(order(now=now)).state == "confirmed"
            for folder in folders:
                while PumpLink(folder).status().delivered_pulses == 0:
                    assert child.poll() is None, "the process runs"
                    time.sleep(0.05)
        finally:
            os.kill(child.pid, signal.SIGTERM)
            assert child.wait() == 0
    assert all(runner(folder) is None for folder in folders)


def test_a_pump_that_runs_already_refuses_the_whole_ward_and_leaves_no_lock(tmp_path: Path) -> None:
    free, taken = (make_pump(tmp_path, name=name) for name in ("a-free", "b-taken"))
    lock = hold_lock(taken)
    try:
        code = f"from pathlib import Path; from thecal.pump.daemon import run_many; run_many([Path({str(free)!r}), Path({str(taken)!r})])"  # noqa: E501
        child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        assert child.returncode != 0 and "already" in child.stderr
        assert runner(free) is None
    finally:
        os.close(lock)
    with pytest.raises(Refused):
        run_many([tmp_path])
