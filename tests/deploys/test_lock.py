"""One deploy at a time, and a lock that dies with its holder."""

import signal
import subprocess
import time

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


def test_a_second_deploy_stops_and_says_who_holds_the_lock(droplet: Droplet) -> None:
    first = _started_deploy()
    second = deploy()
    _, rest = first.communicate()
    assert second.code == 1
    assert "Another deploy is running" in second.said
    assert "since 20" in second.said
    assert "Traceback" not in second.said
    assert first.returncode == 0, rest


def test_the_lock_of_a_killed_deploy_is_no_lock(droplet: Droplet) -> None:
    killed = _started_deploy()
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    time.sleep(1)
    assert deploy().code == 0
