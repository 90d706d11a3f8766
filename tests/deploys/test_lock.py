"""One deploy at a time, and a lock that dies with its holder."""

import signal
import subprocess
import time

import pytest

from emulator import Droplet
from tests.runs import PROJECT, PYINFRA, deploy


def _started_deploy() -> subprocess.Popen[str]:
    """A deploy that has taken the lock and is at work."""
    running = subprocess.Popen(
        [PYINFRA, "inventory.py", "deploy.py", "-y"],
        cwd=PROJECT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert running.stderr
    for line in running.stderr:
        if "Starting operation" in line:
            return running
    raise AssertionError("the deploy ended before its first operation")


def test_one_deploy_at_a_time(droplet: Droplet) -> None:
    first = _started_deploy()
    second = deploy()
    assert second.code == 1
    assert "Another deploy is running" in second.said
    assert "since 20" in second.said
    assert "Traceback" not in second.said

    assert first.poll() is None, "the first must be running for the second to meet its lock"
    first.send_signal(signal.SIGKILL)
    first.communicate()
    time.sleep(1)
    third = _started_deploy()
    third.send_signal(signal.SIGKILL)
    third.communicate()


@pytest.mark.slow
def test_a_run_that_fell_silent_loses_it(droplet: Droplet) -> None:
    """As one whose machine is gone: its connection stands, and says nothing any more."""
    first = _started_deploy()
    first.send_signal(signal.SIGSTOP)
    silent_since = time.monotonic()
    try:
        early = deploy()
        assert early.code == 1
        assert "Another deploy is running" in early.said
        # Not so long that sshd itself gives the connection up.
        time.sleep(silent_since + 190 - time.monotonic())
        second = _started_deploy()
        second.send_signal(signal.SIGKILL)
        second.communicate()
    finally:
        first.send_signal(signal.SIGCONT)
    # It does not go on beside another.
    first.communicate(timeout=120)
    assert first.returncode
