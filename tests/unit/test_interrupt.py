"""A run that is interrupted must not look like one that ended."""

import contextlib
import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from deploys.interrupt import INTERRUPTED
from tests.runs import PROJECT, PYINFRA
from tests.waiting import wait_until

pytestmark = pytest.mark.integration

# What is under way when the signal comes; pyinfra itself waits for its end.
OPERATION = """
from pyinfra.operations import server
server.shell(name="Take long", commands=["touch begun; sleep 4"])
"""
PREPARING = """
import time
from pathlib import Path
Path("begun").touch()
time.sleep(4)
"""


@pytest.mark.parametrize("deploy", [OPERATION, PREPARING], ids=["operating", "preparing"])
def test_pyinfra_alone_gets_the_signal(tmp_path: Path, deploy: str) -> None:
    shutil.copy(PROJECT / "config.py", tmp_path)
    (tmp_path / "deploys").symlink_to(PROJECT / "deploys")
    (tmp_path / "long.py").write_text(deploy)
    with subprocess.Popen(
        [PYINFRA, "@local", "long.py", "-y"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(PROJECT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as running:
        try:
            wait_until((tmp_path / "begun").exists, 60)
            running.send_signal(signal.SIGINT)
            _, said = running.communicate(timeout=60)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(running.pid, signal.SIGKILL)
    assert running.returncode == INTERRUPTED
    assert "Interrupted." in said
