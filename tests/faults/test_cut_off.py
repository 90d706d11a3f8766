"""A first deploy is cut off at every one of its operations: each next run goes on, to one end."""

import os
import random
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator import Droplet, current
from tests.conftest import DOMAIN
from tests.outside import Outside
from tests.runs import PROJECT, PYINFRA, deploy
from tests.waiting import wait_until_stored

pytestmark = pytest.mark.slow

STARTS = "--> Starting operation: "
# After an operation's start, on average: most take less than a second, so that some cuts meet the
# next one, or the moment between the two.
MEAN_SECONDS = 0.7


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[Droplet]:
    """A droplet of this test's own that nothing has been deployed to."""
    monkeypatch.setenv("FREEHOLD_EMULATOR", str(PROJECT / ".cache" / "cut-off-droplet"))
    droplet = current()
    droplet.destroy()
    droplet.up()
    yield droplet
    droplet.destroy()


def _cut_off(cut: set[str], moments: random.Random, log: Path) -> str | None:
    """Run a deploy and kill it after the start of an operation that is not in `cut`.

    Returns the operation's name, or None when the deploy came to its end.

    Raises AssertionError when the deploy itself fails.
    """
    with log.open("w") as said:
        deploying = subprocess.Popen(
            [PYINFRA, "inventory.py", "deploy.py", "-y", "--limit", "emulated"],
            cwd=PROJECT,
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
        )
    while deploying.poll() is None:
        lines = log.read_text().splitlines()
        for name in (one.removeprefix(STARTS).strip() for one in lines if one.startswith(STARTS)):
            if name not in cut:
                time.sleep(moments.expovariate(1 / MEAN_SECONDS))
                os.killpg(deploying.pid, signal.SIGKILL)
                deploying.wait()
                return name
        time.sleep(0.02)
    assert deploying.returncode == 0, log.read_text()
    return None


def test_the_next_run_goes_on(fresh: Droplet, tmp_path: Path) -> None:
    seed = random.randrange(10**6)  # noqa: S311 - moments, no secrets
    print(f"seed {seed}")
    moments = random.Random(seed)  # noqa: S311 - moments, no secrets
    cut: set[str] = set()
    while name := _cut_off(cut, moments, tmp_path / "deploy.log"):
        cut.add(name)
        print(f"cut off {len(cut)}: {name}", flush=True)

    whole = deploy("--json", "--limit", "emulated")
    assert whole.code == 0, whole.said
    assert whole.changed() == []
    assert cut >= set(whole.operations()), sorted(set(whole.operations()) - cut)
    assert fresh.ports
    outside = Outside(DOMAIN, fresh.ports)
    assert outside.get("/").status == 200
    assert outside.send_event(name="after the cuts").status == 202
    wait_until_stored(fresh, "after the cuts", 1)
