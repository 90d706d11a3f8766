"""apt is busy, as it is after a fresh boot: the deploy waits."""

import subprocess

import pytest

from emulator import Droplet
from tests.runs import deploy

# Holds dpkg's lock as unattended-upgrades does.
HOLD = (
    "import fcntl, time; lock = open('/var/lib/dpkg/lock-frontend', 'w');"
    " fcntl.lockf(lock, fcntl.LOCK_EX); print('held', flush=True); time.sleep(30)"
)


@pytest.mark.slow
def test_a_package_is_installed_when_the_lock_is_free_again(droplet: Droplet) -> None:
    droplet.run("dpkg", "--remove", "--force-depends", "rsync")
    holding = subprocess.Popen(
        droplet.login.command(f'python3 -c "{HOLD}"'), stdout=subprocess.PIPE, text=True
    )
    assert holding.stdout
    assert holding.stdout.readline() == "held\n"
    mended = deploy("--json")
    holding.communicate()
    assert mended.code == 0, mended.said
    # The first deploy of a clone also writes where its own keys are.
    keys = "Backups | Write what is to be backed up (/etc/freehold/settings.json)"
    assert set(mended.changed()) - {keys} == {"Base | Install the system's packages"}
    assert "ok installed" in droplet.run("dpkg-query", "--show", "-f", "'${Status}'", "rsync")
